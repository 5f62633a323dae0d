"""The steady clock: Unix milliseconds that advance with the monotonic clock and never jump by themselves."""

from __future__ import annotations

import time
from collections.abc import Callable


class SteadyClock:
    """Reads the wall clock once; from then on only the monotonic one. `correct` is the single jump, before the first sale."""

    def __init__(self, wall: Callable[[], float] = time.time, monotonic: Callable[[], float] = time.monotonic) -> None:
        self._wall = wall
        self._monotonic = monotonic
        self._base_ms = round(wall() * 1000) - round(monotonic() * 1000)

    def now(self) -> int:
        """Milliseconds of Unix time."""
        return self._base_ms + round(self._monotonic() * 1000)

    def correct(self, offset_ms: int) -> None:
        """Jump by what was learnt about the true time."""
        self._base_ms += offset_ms

    def behind_wall(self) -> int:
        """How far the operating system's clock is ahead of this one, in ms: NTP may have set it since."""
        return round(self._wall() * 1000) - self.now()
