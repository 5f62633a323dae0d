"""Which keypad stands behind each name of kiosk.toml, and that what is written there reaches it."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

from kiosk.config.keypad import KEYPADS, KeypadConfig
from kiosk.core.errors import DriverError
from kiosk.core.events import Event, Key, Pressed
from kiosk.keypad import DRIVERS, KeyboardKeypad, ScriptedKeypad, TouchKeypad, Wiring, open_keypad
from kiosk.keypad.matrix import MatrixKeypad
from kiosk.keypad.number_pad import NumberPad
from kiosk.parts import make_keypad
from tests.keypad_kits import MatrixKit, Ports, mocked


def nowhere(_event: Event) -> None:
    """Nobody listens."""


def test_the_configuration_and_the_drivers_know_the_same_names_and_defaults() -> None:
    assert KEYPADS == DRIVERS
    kinds = [type(make_keypad(KeypadConfig(driver, remote=False), nowhere)) for driver in DRIVERS]
    assert kinds == [KeyboardKeypad, MatrixKeypad, NumberPad, TouchKeypad, ScriptedKeypad]
    written = KeypadConfig("matrix", remote=False)
    assert Wiring() == Wiring(written.rows, written.columns, written.keys, written.settle_ms, written.freed_pins)


def test_a_name_that_is_none_is_refused_with_those_there_are() -> None:
    with pytest.raises(DriverError, match=r'"joystick" is not .* "keyboard" or "matrix" or "evdev" or "touch" or "scripted"'):
        open_keypad("joystick", nowhere)


def test_pins_layout_and_device_are_those_of_kiosk_toml() -> None:
    wiring = Wiring((4, 17, 27, 22), (23, 24, 25, 26), ("ABCD", "*0#9", "5678", "1234"), 3, (2,))
    wanted = KeypadConfig(
        "matrix", False, None, None, wiring.rows, wiring.columns, wiring.keys, 40, wiring.settle_ms, 7, wiring.freed_pins
    )
    keypad = make_keypad(wanted, nowhere)
    assert isinstance(keypad, MatrixKeypad)
    assert (keypad._wiring, keypad._debounce_ms, keypad._presses._stuck_ms) == (wiring, 40, 7000)
    pad = make_keypad(KeypadConfig("evdev", remote=False, device="Pad", debounce_ms=0), nowhere)
    assert isinstance(pad, NumberPad)
    assert (pad._device, pad._chatter._debounce_ms) == ("Pad", 0)


def test_naming_a_keypad_loads_no_library() -> None:
    program = (
        "import sys; from kiosk.keypad import DRIVERS, open_keypad; [open_keypad(name, print) for name in DRIVERS];"
        "assert not {'gpiozero', 'lgpio', 'evdev'} & set(sys.modules)"
    )
    subprocess.run([sys.executable, "-c", program], check=True)


def test_a_keypad_that_never_started_can_be_stopped() -> None:
    """The start list may end anywhere, and the same list is walked backwards."""
    kit = MatrixKit()
    with mocked(kit.copper):
        for keypad in (kit.keypad, NumberPad(nowhere, evdev=Ports().evdev), KeyboardKeypad(nowhere), ScriptedKeypad(nowhere)):
            keypad.stop()


def test_the_words_of_a_script_are_pressed_in_their_order_and_a_missing_one_is_told(tmp_path: Path, until: object) -> None:
    script = tmp_path / "keys.txt"
    script.write_text("1 2 ; twelve\nOK\n", "ascii")
    events: list[Event] = []
    keypad = ScriptedKeypad(events.append, script)
    keypad.start()
    until(lambda: len(events) == 3)  # type: ignore[operator]
    assert events == [Pressed(Key.D1), Pressed(Key.D2), Pressed(Key.OK)]
    with pytest.raises(DriverError, match=r"gone\.txt' does not exist: write it"):
        ScriptedKeypad(nowhere, tmp_path / "gone.txt").start()
