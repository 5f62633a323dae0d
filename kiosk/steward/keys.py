"""The merchant's key and certificate: made, and held against each other, before anything of them is kept.

The one file of the steward that knows cryptography. A key leaves here as bytes to be sealed, and in no message.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, datetime
from pathlib import Path

from cryptography import x509
from cryptography.exceptions import UnsupportedAlgorithm
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import rsa

from kiosk.steward.words import StewardRefused

BITS = 2048  # what WeChat Pay's platform takes
_API_V3_KEY_BYTES = 32


class BadCredential(StewardRefused):
    """What was given is not what its name says, or does not fit the rest."""


def make_key(common_name: str, organization: str) -> tuple[bytes, str]:
    """A new private key (PKCS #8, PEM) and its PKCS #10 request (PEM), which holds nothing secret."""
    key = rsa.generate_private_key(public_exponent=65537, key_size=BITS)
    subject = x509.Name(
        [
            x509.NameAttribute(x509.NameOID.COMMON_NAME, common_name),
            x509.NameAttribute(x509.NameOID.ORGANIZATION_NAME, organization),
        ]
    )
    request = x509.CertificateSigningRequestBuilder().subject_name(subject).sign(key, hashes.SHA256())
    pem = key.private_bytes(serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption())
    return pem, request.public_bytes(serialization.Encoding.PEM).decode("ascii")


def fitting_key(name: str, content: bytes) -> None:
    """Raise BadCredential unless the secret `name` can be what it should be."""
    if name == "merchant_key.pem":
        key = _private(content)
        if key.key_size < BITS:
            raise BadCredential(f"{name} has {key.key_size} bits, and WeChat Pay wants {BITS}.")
    elif name == "api_v3_key.txt":
        text = content.removesuffix(b"\n").removesuffix(b"\r")
        if len(text) != _API_V3_KEY_BYTES or not text.isascii() or not text.isalnum():
            raise BadCredential(f"{name} is not {_API_V3_KEY_BYTES} ASCII letters and digits, as the merchant platform has it.")


def fitting_certificate(content: bytes, keys: Mapping[Path, bytes]) -> Path | None:
    """Which of the keys the certificate belongs to; None when there is no key yet. BadCredential when it fits none of them."""
    try:
        certificate = x509.load_pem_x509_certificate(content)
    except ValueError:
        raise BadCredential("merchant_cert.pem holds no certificate in PEM form.") from None
    if certificate.not_valid_after_utc < datetime.now(UTC):
        raise BadCredential(f"The certificate ended on {certificate.not_valid_after_utc:%Y-%m-%d}. Fetch the new one.")
    public = certificate.public_key()
    for path, pem in keys.items():
        if _private(pem).public_key() == public:
            return path
    if keys:
        raise BadCredential("The certificate belongs to another private key than the one in this kiosk.")
    return None


def public_key(content: bytes) -> None:
    """Raise BadCredential unless it holds WeChat Pay's public key or certificate."""
    if b"PRIVATE KEY-----" in content:
        raise BadCredential("wechat_pub.pem holds a private key. Give WeChat Pay's public key; keep yours to yourself.")
    try:
        if b"-----BEGIN CERTIFICATE-----" in content:
            x509.load_pem_x509_certificate(content)
        else:
            serialization.load_pem_public_key(content)
    except (ValueError, UnsupportedAlgorithm):
        raise BadCredential("wechat_pub.pem holds neither a public key nor a certificate in PEM form.") from None


def _private(content: bytes) -> rsa.RSAPrivateKey:
    try:
        key = serialization.load_pem_private_key(content, password=None)
    except (ValueError, TypeError, UnsupportedAlgorithm):
        raise BadCredential("merchant_key.pem holds no private key in PEM form without a pass phrase.") from None
    if not isinstance(key, rsa.RSAPrivateKey):
        raise BadCredential("merchant_key.pem holds no RSA key; WeChat Pay signs with RSA.")
    return key
