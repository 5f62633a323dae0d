"""A desk where nothing is given yet: WeChat's stand-in, a merchant's folder, a steward's stand-in; and certificates for keys."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import rsa

from kiosk.sandbox.server import SandboxServer, open_sandbox
from kiosk.setup.board import Board
from kiosk.setup.desk import lay_out
from kiosk.setup.proof import serial_of
from kiosk.setup.settings import Places, whole
from kiosk.steward import stick
from kiosk.steward.fake import FakeSteward
from tests.lent_keys import lent


def certificate(key_pem: bytes, serial: int, *, days: int = 365) -> bytes:
    """A certificate of this key, in PEM, good for so many days from now."""
    key = serialization.load_pem_private_key(key_pem, None)
    assert isinstance(key, rsa.RSAPrivateKey)
    name = x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, "1900007777")])
    start = datetime.now(UTC) - timedelta(days=400)
    made = x509.CertificateBuilder().subject_name(name).issuer_name(name).public_key(key.public_key()).serial_number(serial)
    signed = made.not_valid_before(start).not_valid_after(datetime.now(UTC) + timedelta(days=days)).sign(key, hashes.SHA256())
    return signed.public_bytes(serialization.Encoding.PEM)


def key_pem() -> bytes:
    """Another key."""
    key = rsa.generate_private_key(65537, 2048)
    return key.private_bytes(serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption())


@dataclass
class Desk:
    """`given`: the merchant's folder, as on a stick."""

    folder: Path
    server: SandboxServer

    @property
    def given(self) -> Path:
        return self.folder / "stick" / stick.FOLDER

    @property
    def places(self) -> Places:
        return Places(self.folder, self.folder / "steward" / "etc", self.folder / "kiosk.db.sock")

    def merchant(self) -> str:
        return (self.given / stick.MERCHANT).read_text("utf-8")

    def steward(self) -> FakeSteward:
        return FakeSteward(self.folder / "steward")

    def toml(self, merchant: str | None = None) -> str:
        """The kiosk.toml that the set-up would write."""
        return whole(merchant or self.merchant(), "en", "Asia/Hong_Kong", serial_of(self.places.settings), Board(), self.places)


def open_desk(folder: Path) -> Desk:
    """Serve WeChat's stand-in over `folder`; close it by `server.stop()`."""
    server, prepared = open_sandbox(lent(folder))
    lay_out(prepared)
    return Desk(folder, server)
