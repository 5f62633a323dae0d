"""Keypads: what is pressed becomes logical keys. Drivers are looked up by name; none is chosen silently in another's place."""

from __future__ import annotations

from pathlib import Path

from kiosk.core.errors import DriverError
from kiosk.core.ports import Post
from kiosk.keypad.keyboard import KeyboardKeypad
from kiosk.keypad.scripted import ScriptedKeypad

DRIVERS = ("keyboard", "scripted")


def open_keypad(driver: str, post: Post, *, script: Path | None = None) -> KeyboardKeypad | ScriptedKeypad:
    """The keypad of this name. Raises DriverError for one that this version does not have."""
    if driver == "keyboard":
        return KeyboardKeypad(post)
    if driver == "scripted":
        return ScriptedKeypad(post, script)
    known = " or ".join(f'"{name}"' for name in DRIVERS)
    raise DriverError(f'[keypad] driver = "{driver}" is not in this version of the kiosk: write {known}')
