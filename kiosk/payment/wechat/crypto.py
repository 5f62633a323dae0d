"""Keys, signatures and AES-GCM in our own words: the only file of kiosk/payment that imports `cryptography`.

Knows no header, no message and no clock. A key is parsed once and kept; nothing here prints or returns key material.
"""

from __future__ import annotations

import base64
import binascii
from dataclasses import dataclass, field

from cryptography.exceptions import InternalError, InvalidSignature, InvalidTag, UnsupportedAlgorithm
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import padding, rsa
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.kdf.hkdf import HKDF
from cryptography.hazmat.primitives.serialization import load_pem_private_key, load_pem_public_key

from kiosk.core.errors import ConfigError

_SMALLEST_KEY_BITS = 2048


class MerchantKey:
    """The merchant's RSA key: signs, and shows itself to nobody."""

    __slots__ = ("__key",)

    def __init__(self, pem: bytes) -> None:
        """Parse the PEM once; ConfigError when it holds anything but an unencrypted RSA private key."""
        try:
            # The library would look whether the primes are primes, for 50 ms of each start and more on a Pi.
            key = load_pem_private_key(pem, password=None, unsafe_skip_rsa_key_validation=True)
        except (ValueError, TypeError, UnsupportedAlgorithm):  # TypeError: the PEM is encrypted
            key = None  # the library's text is dropped: it may quote the file
        if not isinstance(key, rsa.RSAPrivateKey) or key.key_size < _SMALLEST_KEY_BITS or not _signs(key):
            problem = "the file is no RSA private key (PEM, 2048 bits or more, no password)"
            raise ConfigError(
                [f"wechat_pay.merchant_key: {problem}; put the apiclient_key.pem of the merchant API certificate there"]
            )
        self.__key = key

    def sign(self, message: bytes) -> str:
        """Base64 of RSASSA-PKCS1-v1_5 with SHA-256 over `message` (contract 1.3). Any thread may call it."""
        return base64.b64encode(self.__key.sign(message, padding.PKCS1v15(), hashes.SHA256())).decode("ascii")

    def __repr__(self) -> str:
        return "<merchant key>"


def _signs(key: rsa.RSAPrivateKey) -> bool:
    """Whether what it signs is what its public half verifies: not so when a digit of the file was lost."""
    try:
        signature = key.sign(b"kiosk", padding.PKCS1v15(), hashes.SHA256())
        key.public_key().verify(signature, b"kiosk", padding.PKCS1v15(), hashes.SHA256())
    except (InvalidSignature, InternalError, ValueError):
        return False
    return True


class PlatformKey:
    """One of WeChat Pay's public keys."""

    __slots__ = ("__key",)

    def __init__(self, key: rsa.RSAPublicKey) -> None:
        self.__key = key

    def verifies(self, signature: str, message: bytes) -> bool:
        """Whether `signature` (Base64, strictly) is this key's over `message` (contract 1.4)."""
        try:
            self.__key.verify(_from_base64(signature), message, padding.PKCS1v15(), hashes.SHA256())
        except (binascii.Error, ValueError, InvalidSignature):  # ValueError: characters outside ASCII
            return False
        return True

    def __repr__(self) -> str:
        return "<platform key>"


@dataclass(frozen=True, slots=True)
class Certificate:
    """A platform certificate: its serial number, the end of its validity in Unix ms, its public key."""

    serial: int
    expires_at: int
    key: PlatformKey = field(repr=False)


def platform_key(key_id: str, pem: bytes) -> PlatformKey:
    """A public key the owner configured (contract 1.8); `key_id` names it in the ConfigError."""
    try:
        key = load_pem_public_key(pem)
    except (ValueError, UnsupportedAlgorithm):
        key = None
    if not isinstance(key, rsa.RSAPublicKey):
        raise ConfigError(
            [f"wechat_pay.platform_keys: the file of {key_id} is no RSA public key (PEM); download it from the merchant portal"]
        )
    return PlatformKey(key)


def read_certificate(pem: bytes) -> Certificate:
    """Parse a platform certificate; ValueError when it is none, or holds no RSA key."""
    from cryptography import x509  # noqa: PLC0415  most kiosks with a public key never need the X.509 parser

    certificate = x509.load_pem_x509_certificate(pem)
    try:
        key = certificate.public_key()
    except UnsupportedAlgorithm as error:
        raise ValueError("a certificate of an unknown kind of key") from error
    if not isinstance(key, rsa.RSAPublicKey):
        raise ValueError("a certificate without an RSA key")  # noqa: TRY004  a value of the wrong kind, not our own type error
    expires_at = int(certificate.not_valid_after_utc.timestamp()) * 1000
    return Certificate(certificate.serial_number, expires_at, PlatformKey(key))


def certificate_end(pem: bytes) -> int:
    """The end of the validity of a certificate of anybody's, Unix ms; ValueError when it is none."""
    from cryptography import x509  # noqa: PLC0415  as above

    return int(x509.load_pem_x509_certificate(pem).not_valid_after_utc.timestamp()) * 1000


def certificate_serial(pem: bytes) -> int | None:
    """The serial number of a certificate; None when it is none."""
    from cryptography import x509  # noqa: PLC0415  as above

    try:
        return x509.load_pem_x509_certificate(pem).serial_number
    except ValueError:
        return None


def check_api_v3_key(key: bytes) -> None:
    """ConfigError unless `key` is the 32 ASCII characters set in the merchant portal (contract 1.7)."""
    if len(key) != 32 or not all(0x21 <= byte <= 0x7E for byte in key):  # noqa: PLR2004  the contract's number, and ASCII's
        raise ConfigError(
            [f"wechat_pay.api_v3_key: {len(key)} bytes, not 32 letters and digits; copy the APIv3 key from the merchant portal"]
        )


def open_sealed(api_v3_key: bytes, nonce: str, associated_data: str, ciphertext: str) -> bytes:
    """AES-GCM: Base64 of cipher and 16-byte tag -> plain bytes; ValueError when anything of it is wrong (contract 1.6, 7.3).

    Takes any AES key length, because published vectors use 16 bytes; `check_api_v3_key` is where 32 is asked for.
    """
    try:
        sealed, extra = _from_base64(ciphertext), associated_data.encode("utf-8")
        return AESGCM(api_v3_key).decrypt(nonce.encode("ascii"), sealed, extra)
    except (InvalidTag, binascii.Error, UnicodeError, ValueError, OverflowError):
        raise ValueError("the sealed part does not open with the APIv3 key") from None


def derive(secret: bytes, purpose: str, length: int) -> bytes:
    """So many bytes for a purpose of the kiosk's own, each time the same, that tell nothing of the secret (HKDF, RFC 5869)."""
    return HKDF(hashes.SHA256(), length, salt=None, info=purpose.encode("utf-8")).derive(secret)


def _from_base64(text: str) -> bytes:
    """The bytes that `text` is the one spelling of; ValueError for others: the last letter may hold bits that decoding drops."""
    raw = base64.b64decode(text, validate=True)
    if base64.b64encode(raw).decode("ascii") != text:
        raise ValueError("a second spelling in Base64")
    return raw
