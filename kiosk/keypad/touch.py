"""The keys on the screen. The display says on which key a finger lies; what counts as a press is said here and in presses.py.

A key counts when the finger lifts from it, or has lain on it for a moment: one that slides off at once has pressed nothing.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from kiosk.core.events import Key
from kiosk.core.ports import Post
from kiosk.keypad.handed import HandedKeypad
from kiosk.keypad.presses import STUCK_MS
from kiosk.keypad.telling import steady_ms, tell

LIES_MS = 150  # a tap is shorter; a finger on its way across the glass has left the key by then
FINGERS_MOST = 2  # quick fingers roll from key to key; more at once are a hand, or a cloth that wipes


@dataclass(slots=True)
class _Finger:
    key: Key
    since: int
    counted: bool = False


class TouchKeypad(HandedKeypad):
    """Turns fingers into Pressed events. `finger` is called by whoever owns the window."""

    def __init__(self, post: Post, *, stuck_ms: int = STUCK_MS, now: Callable[[], int] = steady_ms) -> None:
        super().__init__(post, stuck_ms=stuck_ms, now=now)
        self._fingers: dict[int, _Finger] = {}
        self._hand = False  # too many at once: none counts until all are gone

    def finger(self, number: int, key: Key | None, down: bool) -> None:  # noqa: FBT001  the shape of a finger's event
        """The finger came down on the key, or lifted from it; without a key it has slid off."""
        if self._stopping.is_set():
            return
        with self._lock:
            if down and key is not None:
                self._down(number, key)
            else:
                self._gone(number, lifted=key is not None)

    def look(self) -> None:
        """What has come of the fingers that lie there."""
        with self._lock:
            at = self._now()
            for each in [each for each in self._fingers.values() if at - each.since >= LIES_MS]:
                self._count(each)
            tell(self._post, self._presses.pass_time(at))

    def _down(self, number: int, key: Key) -> None:
        self._fingers[number] = _Finger(key, self._now())
        self._hand = self._hand or len(self._fingers) > FINGERS_MOST

    def _gone(self, number: int, *, lifted: bool) -> None:
        gone = self._fingers.get(number)
        if gone is None:
            return
        if lifted:
            self._count(gone)
        del self._fingers[number]
        if gone.counted and all(each.key is not gone.key or not each.counted for each in self._fingers.values()):
            self._presses.up(_name(gone.key), self._now())
        self._hand = self._hand and bool(self._fingers)

    def _count(self, finger: _Finger) -> None:
        """It counts, and so do those that came down before it: that is their order."""
        for each in self._fingers.values():
            if not each.counted and not self._hand:
                each.counted = True
                tell(self._post, self._presses.down(_name(each.key), each.key, each.since))
            if each is finger:
                return


def _name(key: Key) -> str:
    return f'key "{key}" on the screen'
