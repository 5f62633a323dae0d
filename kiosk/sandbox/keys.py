"""WeChat's keys and the merchant's: made once, kept in a folder, used to sign, verify and encrypt.

The one file of the stand-in that knows `cryptography`. Sources: contract 1.3 (requests), 1.4 (answers), 1.6 (certificates),
1.8 (public key).
"""

from __future__ import annotations

import base64
import binascii
import secrets
import threading
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

from cryptography import x509
from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import padding, rsa
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.x509.oid import NameOID

from kiosk.sandbox.clock import BEIJING, DAY

_LETTERS = "ABCDEFGHJKLMNPQRSTUVWXYZabcdefghijkmnopqrstuvwxyz23456789"
_LIFE = timedelta(days=5 * 365)
LISTED_BEFORE_USE = DAY  # contract 1.6


@dataclass(frozen=True, slots=True)
class Pair:
    """A platform key with its certificate. `serial`: 40 hex digits, upper case."""

    serial: str
    key: rsa.RSAPrivateKey
    certificate: x509.Certificate

    def public_pem(self) -> bytes:
        """The public key, as the portal hands it out."""
        return _public_pem(self.key.public_key())

    def sign(self, message: bytes) -> str:
        """Base64 of the SHA-256 PKCS#1 v1.5 signature."""
        return base64.b64encode(self.key.sign(message, padding.PKCS1v15(), hashes.SHA256())).decode()


class Keys:
    """All keys of one stand-in. The next platform pair is made when it is first wanted."""

    def __init__(self, folder: Path) -> None:
        """Read the keys of `folder`, and make those that are missing: the merchant's beside it, the bank's in `bank/`."""
        bank = folder / "bank"
        bank.mkdir(parents=True, exist_ok=True)
        merchant = _key(folder / "merchant_key.pem")
        self.merchant_key = merchant.public_key()
        self.merchant_serial = _kept(bank / "merchant_serial.txt", _serial)
        self.api_v3_key = _kept(folder / "api_v3_key.txt", lambda: "".join(secrets.choice(_LETTERS) for _ in range(32)))
        self.pub_key_id = _kept(bank / "pub_key_id.txt", lambda: "PUB_KEY_ID_" + str(secrets.randbelow(9 * 10**27) + 10**27))
        self.current = _pair(bank, "platform")
        self._bank = bank
        self._next: Pair | None = None
        self._lock = threading.Lock()
        self._announced_at: int | None = None
        _kept(folder / "platform_public_key.pem", lambda: self.current.public_pem().decode())

    @property
    def next(self) -> Pair:
        """The pair that follows the current one."""
        with self._lock:
            if self._next is None:
                self._next = _pair(self._bank, "next_platform")
            return self._next

    def knows(self, serial: str) -> bool:
        """Whether a request may name this serial in its Wechatpay-Serial header."""
        return serial in {self.pub_key_id, self.current.serial} or (self._next is not None and serial == self._next.serial)

    def listed(self, rotation: str, at: int) -> list[Pair]:
        """The pairs that the certificate list shows; `rotation` is the switch, `at` the bank's time."""
        if rotation == "current":
            self._announced_at = None
            return [self.current]
        if self._announced_at is None:
            self._announced_at = at
        return [self.current, self.next]

    def signer(self, rotation: str, at: int) -> Pair:
        """The pair that signs: the next one when switched, or a day after it was announced."""
        self.listed(rotation, at)
        due = self._announced_at is not None and at - self._announced_at >= LISTED_BEFORE_USE
        return self.next if rotation == "switched" or due else self.current

    def verify_merchant(self, message: bytes, signature: str) -> bool:
        """Whether the merchant signed this; malformed Base64 is a no."""
        try:
            self.merchant_key.verify(base64.b64decode(signature, validate=True), message, padding.PKCS1v15(), hashes.SHA256())
        except (InvalidSignature, binascii.Error, ValueError):
            return False
        return True

    def encrypt(self, plain: bytes, aad: str) -> dict[str, str]:
        """The `resource` of a notification, or the `encrypt_certificate` of the list: AES-256-GCM with the APIv3 key."""
        nonce = secrets.token_hex(6)
        sealed = AESGCM(self.api_v3_key.encode()).encrypt(nonce.encode(), plain, aad.encode())
        return {
            "algorithm": "AEAD_AES_256_GCM",
            "ciphertext": base64.b64encode(sealed).decode(),
            "nonce": nonce,
            "associated_data": aad,
        }

    def certificate_list(self, rotation: str, at: int) -> dict[str, Any]:
        """The body of GET /v3/global/certificates."""
        return {"data": [self._listed(pair) for pair in self.listed(rotation, at)]}

    def _listed(self, pair: Pair) -> dict[str, Any]:
        pem = pair.certificate.public_bytes(serialization.Encoding.PEM)
        return {
            "serial_no": pair.serial,
            "effective_time": pair.certificate.not_valid_before_utc.astimezone(BEIJING).isoformat(),
            "expire_time": pair.certificate.not_valid_after_utc.astimezone(BEIJING).isoformat(),
            "encrypt_certificate": self.encrypt(pem, "certificate"),
        }


def _pair(folder: Path, name: str) -> Pair:
    key = _key(folder / f"{name}_key.pem")
    file = folder / f"{name}_certificate.pem"
    if file.exists():
        certificate = x509.load_pem_x509_certificate(file.read_bytes())
    else:
        certificate = _certificate(key)
        file.write_bytes(certificate.public_bytes(serialization.Encoding.PEM))
    return Pair(f"{certificate.serial_number:040X}", key, certificate)


def _certificate(key: rsa.RSAPrivateKey) -> x509.Certificate:
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "WeChat Pay stand-in, not WeChat Pay")])
    start = datetime.now(UTC) - timedelta(days=1)
    return (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(key.public_key())
        .serial_number(int(_serial(), 16))
        .not_valid_before(start)
        .not_valid_after(start + _LIFE)
        .sign(key, hashes.SHA256())
    )


def _serial() -> str:
    """40 hex digits that begin with no zero, so that nobody's way of writing the number differs."""
    return f"{secrets.randbelow(7 * 16**39 - 16**39) + 16**39:040X}"


def _key(file: Path) -> rsa.RSAPrivateKey:
    """The RSA key of this file; made, readable by its owner only, when there is none."""
    if file.exists():
        key = serialization.load_pem_private_key(file.read_bytes(), None, unsafe_skip_rsa_key_validation=True)  # made here
        if not isinstance(key, rsa.RSAPrivateKey):
            raise ValueError(f"{file} holds no RSA key; remove it and a new one is made")
        return key
    key = rsa.generate_private_key(public_exponent=65537, key_size=2048)
    file.touch(mode=0o600)
    file.write_bytes(
        key.private_bytes(serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption())
    )
    return key


def _kept(file: Path, make: Callable[[], str]) -> str:
    if not file.exists():
        file.touch(mode=0o600)
        file.write_text(make())
    return file.read_text().strip()


def _public_pem(key: rsa.RSAPublicKey) -> bytes:
    return key.public_bytes(serialization.Encoding.PEM, serialization.PublicFormat.SubjectPublicKeyInfo)
