"""What the keypads share whose keys the window's owner brings: a thread for what follows from the time alone."""

from __future__ import annotations

import threading
from collections.abc import Callable

from kiosk.core.ports import Post
from kiosk.keypad.presses import STUCK_MS, Presses
from kiosk.keypad.telling import steady_ms, tell

TICK_S = 0.1  # how exactly CLEAR is told to be held


class HandedKeypad:
    """Presses from another thread. `now`: monotonic ms."""

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
