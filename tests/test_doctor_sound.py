"""What `kiosk doctor` says of sound: the device, and the voice for the language that amounts are spoken in."""

from __future__ import annotations

import stat
import sys
from dataclasses import replace
from pathlib import Path

import pytest

from kiosk.config import Config, load
from kiosk.config.sound import SoundConfig
from kiosk.display import espeak
from kiosk.doctor import sound as doctor_sound
from kiosk.doctor.checks import Verdict
from kiosk.sandbox.server import open_sandbox

RUNNING: dict[str, object] = {"screen": "Idle"}
CARDS = """ 0 [Headphones     ]: bcm2835_headpho - bcm2835 Headphones
                      bcm2835 Headphones
 1 [vc4hdmi0       ]: vc4-hdmi - vc4-hdmi-0
                      vc4-hdmi-0
"""


@pytest.fixture(scope="module")
def desk(tmp_path_factory: pytest.TempPathFactory) -> Config:
    server, prepared = open_sandbox(tmp_path_factory.mktemp("desk"))
    server.stop()
    config = load(prepared.config)
    return replace(config, display=replace(config.display, driver="pygame", merchant_language="ko", customer_language="th"))


def test_a_device_is_opened_and_given_back(desk: Config) -> None:
    for _ in range(2):
        check = doctor_sound.device(desk, None)
        assert (check.verdict, check.found) == (Verdict.OK, "a sound device opens, the volume is 100")


def test_no_device_is_a_warning_with_the_remedy(desk: Config, monkeypatch: pytest.MonkeyPatch) -> None:
    """The kiosk sells without it."""
    monkeypatch.setenv("SDL_AUDIODRIVER", "nothing-of-this-name")
    check = doctor_sound.device(desk, None)
    assert check.verdict is Verdict.WARN
    assert "the kiosk is silent" in check.found
    assert "group audio" in check.remedy


def test_the_running_kiosks_device_is_left_alone_and_its_cards_are_named(
    desk: Config, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("SDL_AUDIODRIVER", "nothing-of-this-name")  # opening one would fail
    cards = tmp_path / "cards"
    cards.write_text(CARDS)
    check = doctor_sound.device(desk, RUNNING, cards)
    assert check.verdict is Verdict.OK
    assert check.found.startswith("bcm2835_headpho - bcm2835 Headphones, vc4-hdmi - vc4-hdmi-0;")
    for text in (None, "--- no soundcards ---\n"):
        cards.unlink() if text is None else cards.write_text(text)
        assert doctor_sound.device(desk, RUNNING, cards).verdict is Verdict.WARN


def test_a_display_without_a_window_is_silent_on_purpose(desk: Config) -> None:
    offscreen = replace(desk, display=replace(desk.display, driver="offscreen"))
    assert doctor_sound.device(offscreen, None).verdict is Verdict.OK


@pytest.mark.voice
def test_the_voice_is_let_speak(desk: Config) -> None:
    check = doctor_sound.voice(desk)
    assert (check.verdict, check.found) == (Verdict.OK, "spoken in ko, by the voice ko")


@pytest.mark.voice
def test_a_language_without_a_voice_is_a_warning(desk: Config) -> None:
    """English is spoken instead, and the owner may choose otherwise."""
    check = doctor_sound.voice(replace(desk, sound=SoundConfig("customer")))
    assert (check.verdict, check.found) == (Verdict.WARN, "no voice speaks th: English is spoken")
    assert '"none"' in check.remedy


@pytest.mark.voice
def test_the_voice_that_guides_customers_is_let_speak_too(desk: Config) -> None:
    theirs = replace(desk, display=replace(desk.display, customer_language="de"), sound=SoundConfig(guide="customer"))
    check = doctor_sound.voice(theirs)
    assert (check.verdict, check.found) == (Verdict.OK, "spoken in ko, by the voice ko; in de, by the voice de")
    assert doctor_sound.voice(replace(desk, sound=SoundConfig("none", guide="customer"))).verdict is Verdict.WARN


def test_who_wants_tones_needs_no_voice(desk: Config, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(espeak, "PROGRAM", "no-such-voice")
    assert doctor_sound.voice(replace(desk, sound=SoundConfig("none"))).verdict is Verdict.OK


def test_a_missing_or_silent_voice_is_a_warning_with_the_remedy(
    desk: Config, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(espeak, "PROGRAM", "no-such-voice")
    check = doctor_sound.voice(desk)
    assert (check.verdict, check.remedy) == (Verdict.WARN, "Install it: sudo apt install espeak-ng")
    assert check.found == "no-such-voice is not there: only tones are heard"
    mute = tmp_path / "mute"
    mute.write_text(
        f"#!{sys.executable}\nimport sys, wave\nsys.stdin.read()\nsound = wave.open(sys.stdout.buffer, 'wb')\n"
        "sound.setparams((1, 2, 22050, 0, 'NONE', ''))\nsound.writeframes(bytes(2000))\n"
    )
    mute.chmod(mute.stat().st_mode | stat.S_IXUSR)
    monkeypatch.setattr(espeak, "PROGRAM", str(mute))
    check = doctor_sound.voice(desk)
    assert (check.verdict, check.found) == (Verdict.WARN, "the voice ko is silent")
