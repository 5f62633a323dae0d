"""Before "ready": each thing that can be wrong with what was given is found and named, by WeChat's stand-in over real HTTP."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest

from kiosk.clock import SteadyClock
from kiosk.core.model import Answer, Paid, Unknown, Why
from kiosk.core.setup_screens import Told
from kiosk.setup.proof import Flaw, flaw, judged
from tests.set_up_kit import Desk, certificate, key_pem, open_desk


@pytest.fixture(scope="module")
def served(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Desk]:
    desk = open_desk(tmp_path_factory.mktemp("desk"))
    yield desk
    desk.server.stop()


@pytest.fixture
def desk(served: Desk) -> Desk:
    """With everything given, and right."""
    steward = served.steward()
    for folder in (steward.etc, steward.sealed):
        shutil.rmtree(folder)
    steward = served.steward()
    for name in ("merchant_key.pem", "api_v3_key.txt"):
        steward.credential(name, (served.given / name).read_bytes())
    return served


def _flaw(desk: Desk, toml: str | None = None, clock: SteadyClock | None = None) -> Flaw | None:
    steward = desk.steward()
    return flaw(toml or desk.toml(), steward.etc, steward.sealed, desk.folder, clock or SteadyClock())


def _told(found: Flaw | None) -> Told | None:
    return None if found is None else found.told


def _serial(desk: Desk) -> int:
    return int(desk.server.keys.merchant_serial, 16)


def test_what_is_right_is_proven_with_a_certificate_and_without(desk: Desk) -> None:
    assert _flaw(desk) is None
    pem = certificate((desk.given / "merchant_key.pem").read_bytes(), _serial(desk))
    desk.steward().credential("merchant_cert.pem", pem)
    assert _flaw(desk, desk.toml(desk.merchant().replace("merchant_serial", "#"))) is None  # the certificate has it
    assert not list(desk.folder.glob("setup-*"))
    assert not (desk.steward().etc / "kiosk.toml").exists()


def test_a_mistake_in_the_merchants_numbers_is_told_in_words_all_at_once(desk: Desk) -> None:
    found = _flaw(desk, desk.toml().replace('"HKD"', '"HK"').replace('"1900007777"', '"19o"'))
    assert _told(found) is Told.SETTINGS
    assert found is not None
    assert "currency" in found.detail
    assert "sp_mchid" in found.detail
    assert str(desk.folder) not in found.detail


def test_a_certificate_of_another_key_does_not_belong_to_it(desk: Desk) -> None:
    (desk.steward().etc / "merchant_cert.pem").write_bytes(certificate(key_pem(), _serial(desk)))
    assert _told(_flaw(desk)) is Told.PAIR


def test_a_serial_number_that_is_not_the_certificates_is_named(desk: Desk) -> None:
    pem = certificate((desk.given / "merchant_key.pem").read_bytes(), _serial(desk) + 1)
    desk.steward().credential("merchant_cert.pem", pem)
    assert _told(_flaw(desk)) is Told.SERIAL


def test_a_certificate_that_has_ended_by_wechats_time_is_not_good(desk: Desk) -> None:
    """Even where the machine's clock is behind: the signed answer tells the time."""
    pem = certificate((desk.given / "merchant_key.pem").read_bytes(), _serial(desk), days=-2)
    (desk.steward().etc / "merchant_cert.pem").write_bytes(pem)
    clock = SteadyClock()
    clock.correct(-30 * 24 * 3600 * 1000)
    assert _told(_flaw(desk, clock=clock)) is Told.EXPIRED
    assert abs(clock.behind_wall()) < 10_000


def test_a_clock_that_is_years_behind_is_set_by_the_signed_answer(desk: Desk) -> None:
    clock = SteadyClock()
    clock.correct(-5 * 365 * 24 * 3600 * 1000)
    assert _flaw(desk, clock=clock) is None
    assert abs(clock.behind_wall()) < 10_000


def test_another_key_than_the_merchants_is_refused_by_wechat(desk: Desk) -> None:
    desk.steward().credential("merchant_key.pem", key_pem())
    assert _told(_flaw(desk)) is Told.SIGNATURE


def test_another_serial_number_without_a_certificate_is_refused_by_wechat(desk: Desk) -> None:
    assert _told(_flaw(desk, desk.toml().replace(desk.server.keys.merchant_serial, "5157F09EFDC096DE"))) is Told.SIGNATURE


def test_wechats_answer_does_not_open_with_another_apiv3_key(desk: Desk) -> None:
    desk.steward().credential("api_v3_key.txt", b"A" * 32)
    assert _told(_flaw(desk)) is Told.API_KEY


def test_with_a_public_key_the_answer_must_fit_that(desk: Desk) -> None:
    keys = desk.server.keys
    steward = desk.steward()
    entry = f'platform_keys = [{{ id = "{keys.pub_key_id}", file = "wechat_pub.pem" }}]'
    toml = desk.toml().replace('platform_keys = "certificates"', entry)
    steward.credential("wechat_pub.pem", (desk.folder / "platform_public_key.pem").read_bytes())
    assert _flaw(desk, toml) is None
    steward.credential("wechat_pub.pem", keys.next.public_pem())
    assert _told(_flaw(desk, toml)) is Told.PLATFORM


def test_nobody_at_the_address_is_no_network(desk: Desk) -> None:
    found = _flaw(desk, desk.toml().replace(desk.server.url, "http://127.0.0.1:9"))
    assert _told(found) is Told.OFFLINE


@pytest.mark.parametrize("why", Why)
def test_every_answer_without_an_end_has_a_remedy(why: Why) -> None:
    found = judged(Answer(Unknown(why, "")), listed=True)
    assert found is not None
    assert found.told not in (Told.READY, Told.STICK_READ, Told.KEY_MADE)


def test_an_answer_that_is_none_to_this_question_is_somebody_elses() -> None:
    assert _told(judged(Answer(Unknown(Why.UNVERIFIED, "unsigned")), listed=True)) is Told.PORTAL
    assert _told(judged(Answer(Paid("4200001", None)), listed=True)) is Told.PORTAL  # type: ignore[arg-type]


def test_merchant_toml_wins_over_what_is_guessed_but_not_over_where_things_lie(desk: Desk, tmp_path: Path) -> None:
    more = (
        desk.merchant()
        + '\n[till]\ndefault_tender = "native"\n\n[ledger]\npath = "/tmp/elsewhere.db"\n\n[camera]\nmains_hz = 60\n'
    )
    text = desk.toml(more)
    assert 'default_tender = "native"' in text
    assert "mains_hz = 60" in text
    assert "elsewhere" not in text
    assert _flaw(desk, text) is None
    assert tmp_path.exists()
