"""Keypads: what is pressed becomes logical keys. Drivers are looked up by name; none is chosen silently in another's place.

Those of the matrix and of the number pad are loaded only when they are asked for.
"""

from __future__ import annotations

from pathlib import Path

from kiosk.core.errors import DriverError
from kiosk.core.ports import Keypad, Post
from kiosk.keypad.keyboard import KeyboardKeypad
from kiosk.keypad.presses import DEBOUNCE_MS, STUCK_MS
from kiosk.keypad.scripted import ScriptedKeypad
from kiosk.keypad.touch import TouchKeypad
from kiosk.keypad.wiring import Wiring

__all__ = ["DRIVERS", "KeyboardKeypad", "ScriptedKeypad", "TouchKeypad", "Wiring", "open_keypad"]

DRIVERS = ("keyboard", "matrix", "evdev", "touch", "scripted")


def open_keypad(
    driver: str,
    post: Post,
    *,
    script: Path | None = None,
    device: str | None = None,
    wiring: Wiring | None = None,
    debounce_ms: int = DEBOUNCE_MS,
    stuck_ms: int = STUCK_MS,
) -> Keypad:
    """The keypad of this name, which its `start` opens. `script` is for scripted, `device` for evdev, `wiring` for matrix.

    Raises DriverError for a name that is none. No library is loaded before `start`.
    """
    match driver:
        case "keyboard":
            return KeyboardKeypad(post, stuck_ms=stuck_ms)
        case "matrix":
            from kiosk.keypad.matrix import MatrixKeypad  # noqa: PLC0415  see the top

            return MatrixKeypad(post, wiring or Wiring(), debounce_ms=debounce_ms, stuck_ms=stuck_ms)
        case "evdev":
            from kiosk.keypad.number_pad import NumberPad  # noqa: PLC0415  see the top

            return NumberPad(post, device, debounce_ms=debounce_ms, stuck_ms=stuck_ms)
        case "touch":
            return TouchKeypad(post, stuck_ms=stuck_ms)
        case "scripted":
            return ScriptedKeypad(post, script)
    known = " or ".join(f'"{name}"' for name in DRIVERS)
    raise DriverError(f'[keypad] driver = "{driver}" is not in this version of the kiosk: write {known}')
