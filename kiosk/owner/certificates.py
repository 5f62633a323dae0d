"""Certificates: the page's own, made here, and whether the merchant's belongs to a key. The page's one file with `cryptography`.

Nothing of a merchant's key stays here: it is looked at, handed to the steward, and forgotten.
"""

from __future__ import annotations

import datetime as dt
import ipaddress
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from cryptography import x509
from cryptography.exceptions import UnsupportedAlgorithm
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec, rsa
from cryptography.x509.oid import ExtendedKeyUsageOID, NameOID

from kiosk.core.errors import KioskError
from kiosk.written import put

LASTS = dt.timedelta(days=820)  # some browsers refuse more than 825 days
RENEW_BEFORE = dt.timedelta(days=60)
_EARLIER = dt.timedelta(days=2)  # this machine's clock may be ahead of the browser's
_LEAST_BITS = 2048


class NotTheirs(KioskError):
    """What was uploaded is not what it should be. `reason` names the words for it."""

    def __init__(self, reason: str) -> None:
        self.reason = reason
        super().__init__(reason)


@dataclass(frozen=True, slots=True)
class MerchantCertificate:
    """What a merchant's certificate says: its serial as WeChat writes it, and until when it is good (UTC)."""

    serial: str
    until: dt.datetime


class PageCertificate:
    """The page's certificate and key, as one PEM file in `folder`. Made on this device, signed by itself."""

    def __init__(self, folder: Path) -> None:
        self.path = folder / "page.pem"

    def refresh(self, names: Sequence[str], addresses: Sequence[str], now: dt.datetime) -> bool:
        """Make one when there is none that is good for these names and addresses for two more months. Returns whether it did.

        May raise OSError.
        """
        old = self._read()
        if old is not None and _good(old, names, addresses, now):
            return False
        key = ec.generate_private_key(ec.SECP256R1())
        subject = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, (names or addresses or ["kiosk"])[0][:64])])
        alternatives: list[x509.GeneralName] = [x509.DNSName(name) for name in names]
        alternatives += [x509.IPAddress(ipaddress.ip_address(address)) for address in addresses]
        builder = (
            x509.CertificateBuilder()
            .subject_name(subject)
            .issuer_name(subject)
            .public_key(key.public_key())
            .serial_number(x509.random_serial_number())
            .not_valid_before(now - _EARLIER)
            .not_valid_after(now + LASTS)
            .add_extension(x509.BasicConstraints(ca=False, path_length=None), critical=True)
            .add_extension(x509.ExtendedKeyUsage([ExtendedKeyUsageOID.SERVER_AUTH]), critical=False)
            .add_extension(x509.SubjectAlternativeName(alternatives), critical=False)
        )
        certificate = builder.sign(key, hashes.SHA256())
        secret = key.private_bytes(serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption())
        put(self.path, certificate.public_bytes(serialization.Encoding.PEM) + secret, mode=0o600)
        return True

    @property
    def fingerprint(self) -> str:
        """SHA-256 of the certificate as browsers show it, 64 hex digits in capitals without colons; empty without one."""
        certificate = self._read()
        return "" if certificate is None else certificate.fingerprint(hashes.SHA256()).hex().upper()

    @property
    def until(self) -> dt.datetime | None:
        """Until when it is good."""
        certificate = self._read()
        return None if certificate is None else certificate.not_valid_after_utc

    def _read(self) -> x509.Certificate | None:
        try:
            return x509.load_pem_x509_certificate(self.path.read_bytes())
        except (FileNotFoundError, ValueError):
            return None


def _good(old: x509.Certificate, names: Sequence[str], addresses: Sequence[str], now: dt.datetime) -> bool:
    if not old.not_valid_before_utc <= now <= old.not_valid_after_utc - RENEW_BEFORE:
        return False
    try:
        said = old.extensions.get_extension_for_class(x509.SubjectAlternativeName).value
    except x509.ExtensionNotFound:
        return False
    here = {ipaddress.ip_address(address) for address in addresses}
    return set(names) <= set(said.get_values_for_type(x509.DNSName)) and here <= set(said.get_values_for_type(x509.IPAddress))


def merchant_certificate(content: bytes, now: dt.datetime) -> MerchantCertificate:
    """What this file, a merchant's certificate, says. NotTheirs: `certificate_form`, `certificate_old`, `certificate_early`."""
    certificate = _certificate(content)
    if not isinstance(certificate.public_key(), rsa.RSAPublicKey):
        raise NotTheirs("certificate_form")
    if now > certificate.not_valid_after_utc:
        raise NotTheirs("certificate_old")
    if now < certificate.not_valid_before_utc - _EARLIER:
        raise NotTheirs("certificate_early")
    return MerchantCertificate(f"{certificate.serial_number:X}", certificate.not_valid_after_utc)


def belongs_to_key(certificate: bytes, key: bytes) -> None:
    """NotTheirs unless the key is an RSA key, not locked, and this certificate's: `key_form`, `key_locked`, `pair`."""
    if b"ENCRYPTED" in key:
        raise NotTheirs("key_locked")
    try:
        private = serialization.load_pem_private_key(key, password=None)
    except (ValueError, TypeError, UnsupportedAlgorithm):
        raise NotTheirs("key_form") from None
    if not isinstance(private, rsa.RSAPrivateKey) or private.key_size < _LEAST_BITS:
        raise NotTheirs("key_form")
    if _certificate(certificate).public_key() != private.public_key():
        raise NotTheirs("pair")


def _certificate(content: bytes) -> x509.Certificate:
    try:
        return x509.load_pem_x509_certificate(content)
    except ValueError:
        raise NotTheirs("certificate_form") from None
