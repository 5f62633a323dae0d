"""A keyboard or a USB number pad whose keys reach the kiosk's window. Knows names of keys, nothing of windows."""

from __future__ import annotations

import threading

from kiosk.core.events import Key, Pressed
from kiosk.core.ports import Post

CLEAR_HELD_S = 0.8

# Names as SDL gives them; those in brackets or with "keypad" are the number block.
NAMES: dict[str, Key] = {
    **{digit: Key(digit) for digit in "0123456789"},
    **{f"[{digit}]": Key(digit) for digit in "0123456789"},
    **{f"keypad {digit}": Key(digit) for digit in "0123456789"},
    "return": Key.OK,
    "enter": Key.OK,
    "keypad enter": Key.OK,
    "backspace": Key.CLEAR,
    "f1": Key.SCAN,
    "a": Key.SCAN,
    "[+]": Key.SCAN,
    "keypad +": Key.SCAN,
    "f2": Key.QR,
    "b": Key.QR,
    "[-]": Key.QR,
    "keypad -": Key.QR,
    "f3": Key.CANCEL,
    "escape": Key.CANCEL,
    "c": Key.CANCEL,
    "[*]": Key.CANCEL,
    "keypad *": Key.CANCEL,
    "f4": Key.MENU,
    "d": Key.MENU,
    "[/]": Key.MENU,
    "keypad /": Key.MENU,
}


class KeyboardKeypad:
    """Turns key names into Pressed events. `raw` is called by whoever owns the window."""

    def __init__(self, post: Post, held_s: float = CLEAR_HELD_S) -> None:
        self._post = post
        self._held_s = held_s
        self._holding: threading.Timer | None = None

    def start(self) -> None:
        """Nothing to open: the window's owner brings the keys."""

    def stop(self) -> None:
        """Forget a key still held."""
        self._release()

    def raw(self, name: str, down: bool) -> None:  # noqa: FBT001  the shape of a key event
        """A key of this name went down or up. Names that mean nothing here are ignored."""
        key = NAMES.get(name.lower())
        if key is None:
            return
        if key is Key.CLEAR:
            self._release()
            if down:
                self._holding = threading.Timer(self._held_s, self._post, [Pressed(Key.CLEAR_ALL)])
                self._holding.daemon = True
                self._holding.start()
        if down:
            self._post(Pressed(key))

    def _release(self) -> None:
        if self._holding is not None:
            self._holding.cancel()
            self._holding = None
