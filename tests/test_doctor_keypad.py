"""What `kiosk doctor` says of each keypad: of the device itself, not of its library alone."""

from __future__ import annotations

import sys
from dataclasses import replace
from pathlib import Path

import gpiozero
import pytest

from kiosk.config.keypad import KeypadConfig
from kiosk.core.events import Key
from kiosk.doctor import keypad as doctor_keypad
from kiosk.doctor.checks import Check, Verdict
from kiosk.keypad.number_pad import NumberPad
from tests.keypad_kits import MatrixKit, PipePad, Ports, mocked

MATRIX = KeypadConfig("matrix", remote=False)
EVDEV = KeypadConfig("evdev", remote=False)
RUNNING: dict[str, object] = {"screen": "Idle"}


def seen(check: Check) -> tuple[str, Verdict]:
    return check.name, check.verdict


def test_a_keyboard_is_taken_at_its_word_and_a_script_must_be_there(tmp_path: Path) -> None:
    assert seen(doctor_keypad.keypad(KeypadConfig("keyboard", remote=False), None)) == ("keypad", Verdict.OK)
    gone = doctor_keypad.keypad(KeypadConfig("scripted", remote=False, script=tmp_path / "gone"), None)
    assert gone.failed
    assert "gone is not there" in gone.found


def test_keys_from_the_bench_page_are_worth_a_warning_in_a_shop() -> None:
    check = doctor_keypad.keypad(KeypadConfig("keyboard", remote=True), None)
    assert (check.verdict, check.remedy) == (Verdict.WARN, "In a shop set [keypad] remote = false.")


def test_a_matrix_is_looked_at_and_given_back() -> None:
    kit = MatrixKit()
    with mocked(kit.copper):
        well = doctor_keypad.keypad(MATRIX, None)
        assert (well.verdict, well.found) == (
            Verdict.OK,
            "matrix, no key is down: rows on GPIO 5, 6, 13, 19, columns on 12, 16, 20, 21",
        )
        kit.down(Key.D5)
        stuck = doctor_keypad.keypad(MATRIX, None)
        assert stuck.verdict is Verdict.WARN
        assert 'key "5" (GPIO 6 and 16)' in stuck.found
        gpiozero.LED(5, pin_factory=kit.copper.factory).close()


def test_a_matrix_that_cannot_be_opened_fails_with_the_remedy(monkeypatch: pytest.MonkeyPatch) -> None:
    with mocked(MatrixKit().copper):
        taken = doctor_keypad.keypad(replace(MATRIX, rows=(5, 6, 13, 2)), None)
    assert taken.failed
    assert "GPIO 2 belongs to I2C" in taken.found
    monkeypatch.setitem(sys.modules, "gpiozero", None)
    missing = doctor_keypad.keypad(MATRIX, None)
    assert missing.failed
    assert "apt install python3-gpiozero" in missing.found


def test_a_number_pad_is_named_and_one_chosen_by_nobody_is_a_warning(monkeypatch: pytest.MonkeyPatch) -> None:
    pad = PipePad()
    monkeypatch.setattr(
        doctor_keypad,
        "make_keypad",
        lambda wanted, post: NumberPad(post, wanted.device, evdev=Ports(pad).evdev),
    )
    any_pad = doctor_keypad.keypad(EVDEV, None)
    assert any_pad.verdict is Verdict.WARN
    assert any_pad.remedy == 'Let it be this one alone: [keypad] device = "/dev/input/event3"'
    chosen = doctor_keypad.keypad(replace(EVDEV, device="SIGMACHIP USB Keypad"), None)
    assert (chosen.verdict, chosen.found) == (Verdict.OK, "evdev: SIGMACHIP USB Keypad, /dev/input/event3")
    missing = doctor_keypad.keypad(replace(EVDEV, device="Another"), None)
    assert missing.failed
    assert missing.found == "no number pad called 'Another' is plugged in: plug it in"


@pytest.mark.parametrize("wanted", [MATRIX, EVDEV])
def test_what_the_running_kiosk_holds_is_not_taken_from_it(wanted: KeypadConfig, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(doctor_keypad, "make_keypad", None)
    check = doctor_keypad.keypad(wanted, RUNNING)
    assert check.verdict is Verdict.OK
    assert "held by the running kiosk" in check.found
