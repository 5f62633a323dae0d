"""What `kiosk doctor` finds of the keys: the library, the device, and keys that are down although nobody presses them."""

from __future__ import annotations

from kiosk.config.keypad import KeypadConfig
from kiosk.control.unix_socket import Answer as Told
from kiosk.core.errors import DriverError
from kiosk.core.ports import Keypad
from kiosk.doctor.checks import Check, Verdict
from kiosk.keypad.matrix import MatrixKeypad
from kiosk.keypad.number_pad import NumberPad
from kiosk.parts import make_keypad


def keypad(wanted: KeypadConfig, running: Told | None) -> Check:
    """Opens the keypad as the kiosk would, unless a running kiosk has it. Nothing is pressed."""
    if wanted.script is not None and not wanted.script.exists():
        return Check("keypad", Verdict.FAIL, f"{wanted.script} is not there", "Write it, or leave [keypad] script out.")
    if running is not None and wanted.driver in _HELD:
        return _well(wanted, f"{wanted.driver}, held by the running kiosk; its screen tells when it fails")
    try:
        return _looked_at(wanted, make_keypad(wanted, lambda _event: None))
    except DriverError as error:
        return Check("keypad", Verdict.FAIL, str(error), "Until then nothing can be keyed; this sentence says what to do.")


def _looked_at(wanted: KeypadConfig, opened: Keypad) -> Check:
    match opened:
        case MatrixKeypad():
            opened.start()
            try:
                down = opened.seen()
            finally:
                opened.stop()
            if down:
                remedy = "Let go of it; if nobody holds it, look at the wiring, and for dirt or liquid."
                return Check("keypad", Verdict.WARN, f"matrix: down is {', '.join(down)}", remedy)
            return _well(wanted, f"matrix, no key is down: rows on GPIO {_list(wanted.rows)}, columns on {_list(wanted.columns)}")
        case NumberPad():
            pad = opened.look()
            if wanted.device is None:
                remedy = f'Let it be this one alone: [keypad] device = "{pad.path}"'
                return Check(
                    "keypad", Verdict.WARN, f"evdev: {pad.name}, as the only number pad; another might be one day", remedy
                )
            return _well(wanted, f"evdev: {pad.name}, {pad.path}")
        case _:
            return _well(wanted, wanted.driver)


def _well(wanted: KeypadConfig, found: str) -> Check:
    if wanted.remote:
        return Check(
            "keypad", Verdict.WARN, f"{found}; the bench page may press keys too", "In a shop set [keypad] remote = false."
        )
    return Check("keypad", Verdict.OK, found)


def _list(pins: tuple[int, ...]) -> str:
    return ", ".join(map(str, pins))


_HELD = ("matrix", "evdev")
