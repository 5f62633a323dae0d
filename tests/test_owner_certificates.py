"""The page's certificate is made, kept, renewed in time; a merchant's is held against its key before anything is given away."""

from __future__ import annotations

import datetime as dt
from pathlib import Path

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec, rsa

from kiosk.owner.certificates import PageCertificate
from kiosk.steward.keys import Unfit, belong_together, fitting_key, merchant_certificate

NOW = dt.datetime(2026, 11, 26, tzinfo=dt.UTC)
DAY = dt.timedelta(days=1)
SERIAL = 0xAB12CD34


def pem(key: rsa.RSAPrivateKey | ec.EllipticCurvePrivateKey, password: bytes | None = None) -> bytes:
    how = serialization.BestAvailableEncryption(password) if password else serialization.NoEncryption()
    return key.private_bytes(serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, how)


def certificate(
    key: rsa.RSAPrivateKey | ec.EllipticCurvePrivateKey,
    first: dt.datetime = NOW,
    last: dt.datetime = NOW + 365 * DAY,
    serial: int = SERIAL,
) -> bytes:
    name = x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, "1900007777")])
    builder = x509.CertificateBuilder().subject_name(name).issuer_name(name).public_key(key.public_key()).serial_number(serial)
    return (
        builder.not_valid_before(first).not_valid_after(last).sign(key, hashes.SHA256()).public_bytes(serialization.Encoding.PEM)
    )


def other_key() -> bytes:
    """A private key of nobody's."""
    return pem(rsa.generate_private_key(65537, 2048))


def certificate_for(key: bytes, serial: int = SERIAL) -> bytes:
    """One that is good today, for this private key in PEM."""
    private = serialization.load_pem_private_key(key, None)
    assert isinstance(private, rsa.RSAPrivateKey)
    today = dt.datetime.now(dt.UTC)
    return certificate(private, today - DAY, today + DAY, serial)


@pytest.fixture(scope="module")
def keys() -> list[rsa.RSAPrivateKey]:
    return [rsa.generate_private_key(65537, 2048) for _ in range(2)]


def test_it_is_made_once_and_again_before_it_ends(tmp_path: Path):
    made = PageCertificate(tmp_path)
    assert made.fingerprint == ""
    assert made.refresh(["kiosk.local"], ["192.168.1.5"], NOW)
    first = made.fingerprint
    assert len(first) == 64
    assert not made.refresh(["kiosk.local"], ["192.168.1.5"], NOW + 700 * DAY)
    assert made.fingerprint == first
    assert made.refresh(["kiosk.local"], ["192.168.1.5"], NOW + 765 * DAY)
    assert made.fingerprint != first


def test_a_new_address_or_name_or_a_clock_that_was_wrong_makes_another(tmp_path: Path):
    made = PageCertificate(tmp_path)
    made.refresh(["kiosk.local"], ["192.168.1.5"], NOW)
    assert made.refresh(["kiosk.local"], ["192.168.1.6"], NOW)
    assert made.refresh(["till.local"], ["192.168.1.6"], NOW)
    assert made.refresh(["till.local"], ["192.168.1.6"], NOW - 800 * DAY)
    assert made.refresh(["till.local"], ["192.168.1.6"], NOW)


def test_a_file_that_is_no_certificate_is_replaced(tmp_path: Path):
    made = PageCertificate(tmp_path)
    made.path.write_text("nothing")
    assert made.refresh(["kiosk.local"], [], NOW)


def test_a_pair_is_a_pair(keys: list[rsa.RSAPrivateKey]):
    belong_together(certificate(keys[0]), pem(keys[0]))
    read = merchant_certificate(certificate(keys[0]))
    read.in_force(NOW)
    assert read.serial == f"{SERIAL:040X}"


def test_what_is_none_is_told_by_its_reason(keys: list[rsa.RSAPrivateKey]):
    small = rsa.generate_private_key(65537, 1024)
    curve = ec.generate_private_key(ec.SECP256R1())
    ours = certificate(keys[0])
    for key, reason in [
        (pem(keys[1]), "pair"),
        (pem(keys[0], b"secret"), "key_locked"),
        (pem(curve), "key_form"),
        (pem(small), "key_form"),
        (ours, "key_form"),
        (b"\x00\xff", "key_form"),
    ]:
        with pytest.raises(Unfit) as caught:
            belong_together(ours, key)
        assert caught.value.reason == reason
    for content, reason in [
        (b"", "certificate_form"),
        (pem(keys[0]), "certificate_form"),
        (certificate(curve), "certificate_form"),
        (certificate(keys[0], NOW - 9 * DAY, NOW - DAY), "certificate_old"),
        (certificate(keys[0], NOW + 9 * DAY, NOW + 99 * DAY), "certificate_early"),
    ]:
        with pytest.raises(Unfit) as caught:
            merchant_certificate(content).in_force(NOW)
        assert caught.value.reason == reason
    with pytest.raises(Unfit) as caught:
        fitting_key("api_v3_key.txt", b"0123456789abcdefghijklmnopqrstu!")
    assert caught.value.reason == "api_key"
