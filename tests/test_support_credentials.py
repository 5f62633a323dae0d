"""Every date is found where it stands and judged by the day; what is unknown is said, and is no fault."""

from __future__ import annotations

import os
from contextlib import closing
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import Encoding

from kiosk import config as configuration
from kiosk.config import Config
from kiosk.config.wechat import PlatformKey
from kiosk.core.checkup import Kind, Verdict
from kiosk.core.expiry import DAY, Ends, Lasting
from kiosk.doctor.checks import Check
from kiosk.payment.wechat.crypto import certificate_end, certificate_serial
from kiosk.sandbox.server import open_sandbox
from kiosk.support import credentials
from tests.rig import Rig

NOW = 1_800_000_000_000
SERIAL = 0x5157F09EFDC096DE15EBE81A47057A7232F1B8E1


def certificate(days: float, serial: int = SERIAL) -> bytes:
    """PEM of one that ends so many days after NOW."""
    key, now = ec.generate_private_key(ec.SECP256R1()), datetime.fromtimestamp(NOW / 1000, UTC)
    name = x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, "Harbour Snacks")])
    made = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(key.public_key())
        .serial_number(serial)
        .not_valid_before(now - timedelta(days=1000))
        .not_valid_after(now + timedelta(days=days))
        .sign(key, hashes.SHA256())
    )
    return made.public_bytes(Encoding.PEM)


@pytest.fixture
def config(tmp_path: Path) -> Config:
    """A kiosk.toml whose serial is SERIAL."""
    server, prepared = open_sandbox(tmp_path)
    server.stop()
    read = configuration.load(prepared.config)
    return replace(read, wechat_pay=replace(read.wechat_pay, merchant_serial=f"{SERIAL:X}"))


def with_certificate(config: Config, pem: bytes | None) -> Config:
    """The same with this merchant's certificate."""
    return replace(config, wechat_pay=replace(config.wechat_pay, merchant_certificate=pem))


def found(config: Config, platform: int | None = None, page: Path = Path("/nowhere")) -> dict[Kind | None, Check]:
    """The checks by kind."""
    return {check.kind: check for check in credentials.checks(config, platform, NOW, page)}


@pytest.mark.parametrize(
    ("days", "verdict"), [(31, Verdict.OK), (30, Verdict.WARN), (8, Verdict.WARN), (7, Verdict.FAIL), (-1, Verdict.FAIL)]
)
def test_the_merchants_certificate_is_judged_by_its_day(config: Config, days: int, verdict: Verdict) -> None:
    """As the idle screen counts."""
    check = found(with_certificate(config, certificate(days)))[Kind.MERCHANT_CERTIFICATE]
    assert (check.verdict, bool(check.remedy)) == (verdict, verdict is not Verdict.OK)
    assert check.value == f"{datetime.fromtimestamp(NOW / 1000 + days * 86_400).astimezone():%Y-%m-%d}"


def test_one_that_is_not_named_or_another_ones_is_said(config: Config) -> None:
    """Unknown is no fault; a serial that is not merchant_serial is."""
    unknown = found(with_certificate(config, None))[Kind.MERCHANT_CERTIFICATE]
    assert (unknown.verdict, unknown.value) == (Verdict.OK, "?")
    assert "merchant_certificate" in unknown.found
    other = found(with_certificate(config, certificate(300, serial=7)))[Kind.MERCHANT_CERTIFICATE]
    assert (other.verdict, "another than merchant_serial" in other.found) == (Verdict.WARN, True)
    broken = b"-----BEGIN CERTIFICATE-----\nMIIB\n-----END CERTIFICATE-----\n"
    assert found(with_certificate(config, broken))[Kind.MERCHANT_CERTIFICATE].value == "?"


def test_wechats_own_are_a_date_or_a_key_without_one(config: Config) -> None:
    """The newest counts: an older one ends while the next is there."""
    assert found(config, NOW + 5 * DAY)[Kind.PLATFORM_CERTIFICATE].verdict is Verdict.FAIL
    assert "none was fetched yet" in found(config)[Kind.PLATFORM_CERTIFICATE].found
    given = replace(config, wechat_pay=replace(config.wechat_pay, platform_keys=(PlatformKey("PUB_KEY_ID_1", b""),)))
    assert "has no end" in found(given)[Kind.PLATFORM_CERTIFICATE].found


def test_the_apiv3_keys_age_is_its_files(config: Config) -> None:
    """It has no end; very old, it is known to too many."""
    file = config.wechat_pay.api_v3_key_file
    assert file is not None
    for days, verdict in ((3, Verdict.OK), (800, Verdict.WARN)):
        os.utime(file, (NOW / 1000 - days * 86_400,) * 2)
        check = found(config)[Kind.API_KEY]
        assert (check.verdict, f"{days} days ago" in check.found) == (verdict, True)
    handed_over = replace(config, wechat_pay=replace(config.wechat_pay, api_v3_key_file=None))
    assert "not known" in found(handed_over)[Kind.API_KEY].found


def test_the_pages_certificate_is_read_where_it_may_be(config: Config, tmp_path: Path) -> None:
    """Its key behind it in the same file is nobody's business."""
    assert Kind.PAGE_CERTIFICATE not in found(config)
    page = tmp_path / "page.pem"
    page.write_bytes(certificate(20) + b"-----BEGIN PRIVATE KEY-----\n")
    assert found(config, page=page)[Kind.PAGE_CERTIFICATE].verdict is Verdict.WARN
    told = credentials.checks(config, None, NOW, page_ends_at=NOW + 5 * DAY)  # by the page itself, where its file is closed
    assert {check.kind: check for check in told}[Kind.PAGE_CERTIFICATE].verdict is Verdict.FAIL
    ends = credentials.ends(with_certificate(config, certificate(100)), NOW + 50 * DAY, page)
    wanted = {Lasting.MERCHANT: 100, Lasting.PLATFORM: 50, Lasting.PAGE: 20}
    assert set(ends) == {Ends(what, NOW + days * DAY) for what, days in wanted.items()}


def test_a_certificate_is_read_or_it_is_none() -> None:
    """Of whatever kind of key."""
    assert certificate_end(certificate(3)) == NOW + 3 * DAY
    assert (certificate_serial(certificate(3)), certificate_serial(b"x")) == (SERIAL, None)
    with pytest.raises(ValueError, match="PEM"):
        certificate_end(b"x")


def test_a_running_client_knows_when_the_newest_of_wechats_ends(tmp_path: Path) -> None:
    """As soon as it has fetched them."""
    rig = Rig(tmp_path)
    rig.start()
    with closing(rig):
        ends_at = rig.provider.platform_ends_at
        assert ends_at is not None
        assert ends_at > rig.clock.now()
