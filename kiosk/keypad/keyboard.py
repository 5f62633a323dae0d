"""A keyboard or a USB number pad whose keys reach the kiosk's window. Knows names of keys, nothing of windows."""

from __future__ import annotations

from kiosk.core.events import Key
from kiosk.keypad.handed import HandedKeypad
from kiosk.keypad.telling import tell

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


class KeyboardKeypad(HandedKeypad):
    """Turns key names into Pressed events. `raw` is called by whoever owns the window.

    Nothing is taken for a bounce here: the window hands keys on when it comes to it, so their distances mean nothing.
    """

    def raw(self, name: str, down: bool) -> None:  # noqa: FBT001  the shape of a key event
        """A key of this name went down or up. Names that mean nothing here are ignored."""
        switch = name.lower()
        key = NAMES.get(switch)
        if key is None or self._stopping.is_set():
            return
        with self._lock:
            if down:
                tell(self._post, self._presses.down(switch, key, self._now()))
            else:
                self._presses.up(switch, self._now())
