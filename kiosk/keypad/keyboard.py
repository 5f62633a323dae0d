"""A keyboard or a USB number pad whose keys reach the kiosk's window. Knows names of keys, nothing of windows."""

from __future__ import annotations

import threading
from collections.abc import Callable

from kiosk.core.events import Key
from kiosk.core.ports import Post
from kiosk.keypad.presses import STUCK_MS, Presses
from kiosk.keypad.telling import steady_ms, tell

TICK_S = 0.1  # how exactly CLEAR is told to be held

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
    """Turns key names into Pressed events. `raw` is called by whoever owns the window. `now`: monotonic ms.

    Nothing is taken for a bounce here: the window hands keys on when it comes to it, so their distances mean nothing.
    """

    def __init__(self, post: Post, *, stuck_ms: int = STUCK_MS, now: Callable[[], int] = steady_ms) -> None:
        self._post = post
        self._now = now
        self._presses = Presses(stuck_ms)
        self._lock = threading.Lock()  # the window's thread brings keys, ours the time
        self._stopping = threading.Event()

    def start(self) -> None:
        """Nothing to open: the window's owner brings the keys."""

    def run(self, beat: Callable[[], None]) -> None:
        """Notice keys that are held, until `stop`."""
        while not self._stopping.wait(TICK_S):
            beat()
            self.look()

    def stop(self) -> None:
        """From now on keys mean nothing."""
        self._stopping.set()

    def look(self) -> None:
        """What has come of the keys that are held."""
        with self._lock:
            tell(self._post, self._presses.pass_time(self._now()))

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
