"""The merchant's key and certificate: made, read, and held against each other. The one place that says whether they are a pair.

Steward, owner's page and set-up ask here. The one file of the steward that knows cryptography. A key leaves here as bytes to be
sealed, and in no message.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path

from cryptography import x509
from cryptography.exceptions import UnsupportedAlgorithm
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import rsa

from kiosk.steward.words import StewardRefused

BITS = 2048  # what WeChat Pay's platform takes
_API_V3_KEY_BYTES = 32
_EARLIER = timedelta(days=2)  # this machine's clock may be behind whoever made the certificate


class BadCredential(StewardRefused):
    """What was given is not what its name says, or does not fit the rest."""


class Unfit(BadCredential):
    """Why exactly: `reason` is one of REASONS, for whoever has own words for it."""

    def __init__(self, reason: str, more: str = "") -> None:
        self.reason = reason
        super().__init__(REASONS[reason].format(more))


REASONS = {
    "key_form": "merchant_key.pem holds no RSA private key of 2048 bits or more in PEM form; WeChat Pay signs with RSA.",
    "key_locked": "merchant_key.pem holds no private key without a pass phrase. Give the one that the merchant platform made.",
    "certificate_form": "merchant_cert.pem holds no certificate of an RSA key in PEM form.",
    "certificate_old": "The certificate ended on {}. Fetch the new one.",
    "certificate_early": "The certificate begins on {}. Is the clock right?",
    "api_key": f"api_v3_key.txt is not {_API_V3_KEY_BYTES} ASCII letters and digits, as the merchant platform has it.",
    "pair": "The certificate belongs to another private key than the one in this kiosk.",
}


@dataclass(frozen=True, slots=True)
class MerchantCertificate:
    """What a merchant's certificate says: its serial number as WeChat writes it, and from when until when it is good (UTC)."""

    serial: str
    since: datetime
    until: datetime

    def not_over(self, now: datetime) -> None:
        """Unfit when it has ended. Whether it has begun is not asked: a new kiosk may not know the time yet."""
        if now > self.until:
            raise Unfit("certificate_old", f"{self.until:%Y-%m-%d}")

    def in_force(self, now: datetime) -> None:
        """Unfit unless it is good at this time."""
        self.not_over(now)
        if now < self.since - _EARLIER:
            raise Unfit("certificate_early", f"{self.since:%Y-%m-%d}")


def merchant_certificate(content: bytes) -> MerchantCertificate:
    """What this file, a merchant's certificate, says. Unfit when it is none."""
    certificate, _ = _certificate(content)
    return MerchantCertificate(
        f"{certificate.serial_number:040X}", certificate.not_valid_before_utc, certificate.not_valid_after_utc
    )


def belong_together(certificate: bytes, key: bytes) -> None:
    """Unfit unless the key is fit to sign with, and the certificate is this key's."""
    if _certificate(certificate)[1] != _private(key).public_key():
        raise Unfit("pair")


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
        _private(content)
    elif name == "api_v3_key.txt":
        text = content.removesuffix(b"\n").removesuffix(b"\r")
        if len(text) != _API_V3_KEY_BYTES or not text.isascii() or not text.isalnum():
            raise Unfit("api_key")


def fitting_certificate(content: bytes, keys: Mapping[Path, bytes]) -> Path | None:
    """Which of the keys the certificate belongs to; None when there is no key yet. BadCredential when it fits none of them."""
    merchant_certificate(content).not_over(datetime.now(UTC))
    for path, pem in keys.items():
        try:
            belong_together(content, pem)
        except Unfit:
            continue
        return path
    if keys:
        raise Unfit("pair")
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
    except TypeError:  # it is encrypted
        raise Unfit("key_locked") from None
    except (ValueError, UnsupportedAlgorithm):
        raise Unfit("key_locked" if b"ENCRYPTED" in content else "key_form") from None
    if not isinstance(key, rsa.RSAPrivateKey) or key.key_size < BITS:
        raise Unfit("key_form")
    return key


def _certificate(content: bytes) -> tuple[x509.Certificate, rsa.RSAPublicKey]:
    try:
        certificate = x509.load_pem_x509_certificate(content)
        key = certificate.public_key()
    except (ValueError, UnsupportedAlgorithm):
        raise Unfit("certificate_form") from None
    if not isinstance(key, rsa.RSAPublicKey):
        raise Unfit("certificate_form")
    return certificate, key
