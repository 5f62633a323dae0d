"""The page's own certificate, made here. The page's one file with `cryptography`."""

from __future__ import annotations

import datetime as dt
import ipaddress
from collections.abc import Sequence
from pathlib import Path

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import ExtendedKeyUsageOID, NameOID

from kiosk.written import put

LASTS = dt.timedelta(days=820)  # some browsers refuse more than 825 days
RENEW_BEFORE = dt.timedelta(days=60)
_EARLIER = dt.timedelta(days=2)  # this machine's clock may be ahead of the browser's


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
