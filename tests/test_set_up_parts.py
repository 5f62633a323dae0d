"""The set-up's parts by themselves: what the board has, what lies on the disk, the acts, and the tool that makes QR codes."""

from __future__ import annotations

import tomllib
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest
from click.testing import CliRunner

from kiosk.cli import main
from kiosk.clock import SteadyClock
from kiosk.core.enrolment import MOST_PARTS, PASSPHRASE_DIGITS, Collected, read_part
from kiosk.core.errors import ConfigError
from kiosk.core.setup_nouns import (
    Done,
    Failed,
    JoinNetwork,
    KeepLanguage,
    MakeKey,
    OpenEnrolment,
    OpenHotspot,
    Prove,
    ReadStick,
    SetZone,
    StartAnew,
)
from kiosk.core.setup_screens import Told
from kiosk.core.wifi import WifiNetwork
from kiosk.setup import vault, wanted
from kiosk.setup.board import Board, camera_driver, guess
from kiosk.setup.built import built
from kiosk.setup.deeds import Deeds
from kiosk.setup.enrol import enrolment, page
from kiosk.setup.given import Given, Kept
from kiosk.setup.settings import NotMerchantData, Places, read_merchant, whole
from kiosk.steward.fake import FakeSteward
from kiosk.steward.words import StewardRefused
from tests.set_up_kit import Desk, certificate, key_pem, open_desk

# --- the board ---


def _put(path: Path, text: str) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text)


def test_a_camera_on_its_ribbon_goes_before_a_webcam(tmp_path: Path) -> None:
    assert camera_driver(tmp_path) == "v4l2"
    _put(tmp_path / "class/video4linux/video0/name", "HD Pro Webcam C920\n")
    assert camera_driver(tmp_path) == "v4l2"
    _put(tmp_path / "class/video4linux/video4/name", "rp1-cfe-csi2_ch0\n")
    assert camera_driver(tmp_path) == "picamera2"


@pytest.mark.parametrize(
    ("abilities", "touch"), [("3", False), ("2608000 3", False), ("260800000000003", True), ("20000000000000 0 0", False)]
)
def test_a_touch_screen_tells_of_fingers(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, abilities: str, touch: bool) -> None:
    for name in ("DISPLAY", "WAYLAND_DISPLAY"):
        monkeypatch.delenv(name, raising=False)
    _put(tmp_path / "class/input/event3/device/capabilities/abs", abilities)
    assert guess(tmp_path, tmp_path).touch is touch


def test_pins_are_looked_at_on_a_pi_only_and_a_desktop_keeps_its_number_pad(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("DISPLAY", raising=False)
    monkeypatch.delenv("WAYLAND_DISPLAY", raising=False)
    _put(tmp_path / "gpiochip0", "")
    assert not guess(tmp_path, tmp_path).pins
    _put(tmp_path / "firmware/devicetree/base/model", "Raspberry Pi 5 Model B Rev 1.0\x00")
    board = guess(tmp_path, tmp_path)
    assert (board.pins, board.pads, board.fullscreen) == (True, True, True)
    monkeypatch.setenv("DISPLAY", ":0")
    board = guess(tmp_path, tmp_path)
    assert (board.pins, board.pads, board.fullscreen) == (False, False, False)


def test_what_the_builder_knows_goes_before_a_guess_and_the_merchants_data_before_that(tmp_path: Path) -> None:
    assert built(Board(), tmp_path) == Board()
    told = """
        display = { driver = "offscreen", size = [1280, 720] }
        keypad = { driver = "matrix", remote = true, rows = [5, 6] }
        camera = { driver = "folder", folder = "frames" }
        wechat_pay = { hosts = ["https://relay.example.net"], ca_file = "relay.pem" }
        ledger = { path = "/elsewhere" }
    """
    (tmp_path / "board.toml").write_text(told)
    board = built(Board(), tmp_path)
    assert (board.screen, board.size, board.remote) == ("offscreen", (1280, 720), True)
    assert (board.camera_driver, board.frames) == ("folder", tmp_path / "frames")
    merchant = '[merchant]\n[wechat_pay]\nhosts = ["https://another.example.net"]\n'
    text = whole(merchant, "en", "Asia/Tokyo", None, board, Places(tmp_path, tmp_path, tmp_path / "s"))
    tables = tomllib.loads(text)
    assert tables["keypad"] == {"driver": "matrix", "remote": True, "rows": [5, 6]}
    assert tables["wechat_pay"]["hosts"] == ["https://another.example.net"]
    assert tables["wechat_pay"]["ca_file"] == "relay.pem"
    assert tables["ledger"]["path"] == str(tmp_path / "kiosk.db")


@pytest.mark.parametrize("content", [b"[display", b"\xff", b"display = 5\n", b"display = { size = [1, 2, 3] }\n"])
def test_a_builders_file_with_mistakes_is_as_good_as_none(tmp_path: Path, content: bytes) -> None:
    (tmp_path / "board.toml").write_bytes(content)
    board = built(Board(), tmp_path)
    assert (board.screen, board.size, board.remote) == ("pygame", Board().size, False)


# --- on the disk ---


def test_what_was_given_is_there_again_and_only_the_kiosk_may_read_it(tmp_path: Path) -> None:
    kept = Kept(tmp_path / "setup.json")
    kept.keep(Given("ja", "Asia/Tokyo", "[merchant]\n", "PEM", "matrix", restarted=True))
    assert Kept(tmp_path / "setup.json").given == kept.given
    assert (tmp_path / "setup.json").stat().st_mode & 0o777 == 0o600
    kept.forget()
    assert Kept(tmp_path / "setup.json").given == Given()


@pytest.mark.parametrize("content", [b"", b"{", b"[]", b"\xff", b'{"language": 5, "zone": null, "restarted": 1}', b"[" * 100_000])
def test_a_damaged_file_is_the_same_as_none(tmp_path: Path, content: bytes) -> None:
    (tmp_path / "setup.json").write_bytes(content)
    assert Kept(tmp_path / "setup.json").given == Given()


def test_a_half_written_file_leaves_the_one_before(tmp_path: Path) -> None:
    kept = Kept(tmp_path / "setup.json")
    kept.keep(Given("ja"))
    (tmp_path / ".setup.json.new").write_bytes(b'{"langu')  # the plug, between writing and renaming
    assert Kept(tmp_path / "setup.json").given == Given("ja")


# --- merchant.toml ---


@pytest.mark.parametrize(
    "text", ["", "[wechat_pay]\n", "merchant = 5\n", "[merchant", "name = 1\n[merchant]\n", "[merchant]\n" + "#" * 40_000]
)
def test_what_is_no_merchants_data_is_said_so(text: str) -> None:
    with pytest.raises(NotMerchantData, match=r"merchant\.toml|above all tables"):
        read_merchant(text)


def test_awkward_values_come_through_as_they_are(tmp_path: Path) -> None:
    merchant = '[merchant]\nname = "港 \\"quoted\\" \\\\ \\u007f"\nodd = [1, true, { a = "b" }]\n'
    text = whole(merchant, "en", "Asia/Tokyo", None, Board(), Places(tmp_path, tmp_path, tmp_path / "s"))
    tables = tomllib.loads(text)
    assert tables["merchant"]["name"] == '港 "quoted" \\ \x7f'
    assert tables["merchant"]["odd"] == [1, True, {"a": "b"}]
    assert tables["display"]["merchant_language"] == "en"


# --- the acts ---


@pytest.fixture(scope="module")
def served(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Desk]:
    desk = open_desk(tmp_path_factory.mktemp("desk"))
    yield desk
    desk.server.stop()


@pytest.fixture
def deeds(tmp_path: Path) -> Deeds:
    """Over a steward of its own, to whom nothing was given."""
    steward = FakeSteward(tmp_path / "steward", cable=False)
    places = Places(tmp_path, steward.etc, tmp_path / "kiosk.sock")
    return Deeds(steward, Kept(places.given), Board(), places, steward.sealed, SteadyClock())


def test_the_facts_are_what_steward_and_disk_say(deeds: Deeds) -> None:
    assert deeds.facts().missing == ("merchant.toml", "merchant_key.pem", "api_v3_key.txt")
    assert isinstance(deeds.do(KeepLanguage("ko"), "matrix"), Done)
    assert isinstance(deeds.do(SetZone("Asia/Seoul")), Done)
    done = deeds.do(JoinNetwork(WifiNetwork("Harbour Snacks", "12345678")))
    assert isinstance(done, Done)
    assert (done.facts.language, done.facts.zone, done.facts.online) == ("ko", "Asia/Seoul", True)
    assert deeds.kept.given.keypad == "matrix"
    assert deeds.steward.status().time_zone == "Asia/Seoul"


def test_a_refusal_of_the_stewards_is_told_with_its_words(deeds: Deeds) -> None:
    failed = deeds.do(JoinNetwork(WifiNetwork("Harbour Snacks", "wrong pass")))
    assert isinstance(failed, Failed)
    assert failed.told is Told.WIFI
    assert "password" in failed.detail
    assert isinstance(deeds.do(SetZone("Mars/Olympus")), Failed)
    assert deeds.kept.given.zone is None


def test_a_machine_whose_own_time_zone_cannot_be_set_still_has_a_shop_in_one(
    deeds: Deeds, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A read-only root: what counts is [merchant] time_zone."""

    def refuse(_steward: FakeSteward, _name: str) -> None:
        raise StewardRefused("The time zone could not be set: Read-only file system")

    monkeypatch.setattr(FakeSteward, "time_zone", refuse)
    assert isinstance(deeds.do(SetZone("Asia/Seoul")), Done)
    assert deeds.kept.given.zone == "Asia/Seoul"
    assert isinstance(deeds.do(SetZone("Mars/Olympus")), Failed)


def test_the_kiosks_own_wifi_leads_nowhere(deeds: Deeds, monkeypatch: pytest.MonkeyPatch) -> None:
    deeds.do(OpenHotspot())
    status = deeds.steward.status()
    for addresses, online in ((("10.42.0.1",), False), (("10.42.0.1", "192.0.2.7"), True)):
        told = replace(status, addresses=addresses)
        monkeypatch.setattr(FakeSteward, "status", lambda _, told=told: told)
        assert deeds.facts().online is online


def test_a_card_that_cannot_be_written_is_told(deeds: Deeds, monkeypatch: pytest.MonkeyPatch) -> None:
    def full(*_: object, **__: object) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr("kiosk.setup.given.put", full)
    failed = deeds.do(KeepLanguage("en"))
    assert isinstance(failed, Failed)
    assert "No space left" in failed.detail


def test_keys_given_now_are_read_by_the_next_process_and_stuck_is_told_once(deeds: Deeds, served: Desk) -> None:
    for name in ("merchant_key.pem", "api_v3_key.txt"):
        deeds.steward.credential(name, (served.given / name).read_bytes())
    assert not deeds.facts().stale  # there since the start
    deeds.do(MakeKey("1900007777"))
    assert deeds.facts().stale
    assert not deeds.facts().stuck
    deeds.do(StartAnew(sell=False))
    next_life = replace(deeds, kept=Kept(deeds.places.given), sealed_here=False, credentials=None)
    assert next_life.facts().stuck


def test_an_enrolment_is_opened_checked_and_kept(deeds: Deeds, served: Desk) -> None:
    digits, texts = enrolment(served.given)
    collected = Collected()
    for text in texts:
        part = read_part(text)
        assert part is not None
        collected = collected.add(part)
    assert collected.whole is not None
    wrong = "0" * PASSPHRASE_DIGITS if digits[0] != "0" else "1" * PASSPHRASE_DIGITS
    failed = deeds.do(OpenEnrolment(collected.whole, wrong))
    assert isinstance(failed, Failed)
    assert failed.told is Told.PASSPHRASE
    done = deeds.do(OpenEnrolment(collected.whole, digits))
    assert isinstance(done, Done)
    assert done.facts.missing == ()
    assert done.facts.stale
    assert "BEGIN" not in deeds.places.given.read_text()


def test_an_enrolment_with_something_else_in_it_is_refused(deeds: Deeds) -> None:
    digits = vault.new_passphrase()
    for files, told in (
        ({"merchant.toml": b"[merchant"}, Told.ENROLMENT),
        ({"merchant_key.pem": b"no key"}, Told.REFUSED),
        ({"../../etc/passwd": b"root"}, None),
    ):
        came = deeds.do(OpenEnrolment(vault.seal(files, digits), digits))
        assert (came.told if isinstance(came, Failed) else None) is told
    assert not list(deeds.places.state.rglob("passwd"))


def test_no_repr_of_an_act_or_of_what_came_of_it_has_a_secret() -> None:
    shown = repr([OpenEnrolment("SEALED", "4719206355810046"), JoinNetwork(WifiNetwork("x", "12345678"))])
    assert not any(secret in shown for secret in ("SEALED", "4719", "12345678"))


def test_no_merchants_data_are_proven_without_their_keys_being_read(deeds: Deeds, served: Desk) -> None:
    """All of it by acts, to the kiosk.toml that the steward writes; what was given is forgotten then."""
    folder = deeds.places.state / "steward" / "stick" / "kiosk"
    folder.mkdir(parents=True)
    for file in served.given.iterdir():
        (folder / file.name).write_bytes(file.read_bytes())
    done = deeds.do(ReadStick(), "evdev")
    assert isinstance(done, Done)
    assert done.about == "merchant.toml, merchant_key.pem, api_v3_key.txt"
    proven = deeds.do(Prove())
    assert isinstance(proven, Done)
    assert (proven.told, proven.about) == (Told.READY, "Harbour Snacks")
    written = tomllib.loads((deeds.places.settings / "kiosk.toml").read_text())
    assert written["keypad"] == {"driver": "evdev"}
    assert written["camera"] == {"driver": "v4l2"}
    assert not deeds.places.given.exists()


# --- the tool ---


def test_a_whole_enrolment_fits_few_qr_codes(served: Desk, tmp_path: Path) -> None:
    for file in served.given.iterdir():
        (tmp_path / file.name).write_bytes(file.read_bytes())
    key = (tmp_path / "merchant_key.pem").read_bytes()
    (tmp_path / "merchant_cert.pem").write_bytes(certificate(key, int(served.server.keys.merchant_serial, 16)))
    digits, texts = enrolment(tmp_path)
    assert len(digits) == PASSPHRASE_DIGITS
    assert len(texts) <= MOST_PARTS // 2
    (tmp_path / "merchant_key.pem").unlink()  # made on the device
    assert len(enrolment(tmp_path)[1]) < len(texts)


def test_what_the_kiosk_would_refuse_the_tool_refuses_first(served: Desk, tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match=r"has no merchant\.toml"):
        enrolment(tmp_path)
    text = served.merchant()
    (tmp_path / "merchant.toml").write_text(text.replace('"HKD"', '"HK"').replace("5814", "58"))
    with pytest.raises(ConfigError) as wrong:
        enrolment(tmp_path)
    assert len(wrong.value.problems) == 2
    (tmp_path / "merchant.toml").write_text(text)
    (tmp_path / "merchant_key.pem").write_bytes((served.given / "merchant_key.pem").read_bytes())
    (tmp_path / "merchant_cert.pem").write_bytes(certificate(key_pem(), int(served.server.keys.merchant_serial, 16)))
    with pytest.raises(ConfigError, match="do not belong together"):
        enrolment(tmp_path)


def test_the_command_writes_a_page_and_tells_the_digits_once(served: Desk, tmp_path: Path) -> None:
    out = tmp_path / "sheet.html"
    done = CliRunner().invoke(main, ["enrol-code", str(served.given), "--out", str(out)])
    assert done.exit_code == 0, done.output
    digits = done.output.split("shown only now: ")[1].splitlines()[0].replace(" ", "")
    assert len(digits) == PASSPHRASE_DIGITS
    html = out.read_text("utf-8")
    assert digits not in html
    assert html.count("<svg") == int(done.output.split(": ")[1].split()[0])
    assert (served.given / "api_v3_key.txt").read_text() not in html
    assert "<script" not in page(["A"], "<script>alert(1)</script>")


# --- when ---


def test_the_set_up_is_for_an_appliance_without_kiosk_toml(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    socket, settings = tmp_path / "steward.sock", tmp_path / "kiosk.toml"
    monkeypatch.setattr("kiosk.steward.client.SOCKET", socket)
    monkeypatch.setattr(wanted, "SETTINGS", settings)
    monkeypatch.setattr("kiosk.config.PLACES", (settings, tmp_path / "other.toml"))
    assert not wanted.wanted(None)  # no steward: a developer's machine, where it is a mistake
    assert not wanted.wanted(settings)
    socket.touch()
    assert wanted.wanted(None)
    assert wanted.wanted(settings)
    assert not wanted.wanted(tmp_path / "typo.toml")
    settings.touch()
    assert not wanted.wanted(None)
    assert not wanted.wanted(settings)


def test_where_nothing_can_be_set_up_the_command_says_so(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setattr("kiosk.steward.client.SOCKET", tmp_path / "none.sock")
    done = CliRunner().invoke(main, ["setup"])
    assert done.exit_code == 1
    assert "kiosk setup --demo" in done.stderr
