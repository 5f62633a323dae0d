"""Whether the pictures that come are pictures: one that stands still or shows nothing is told from the world. Pure.

A sensor's noise never repeats itself, so the same bytes for seconds are no still life but a camera that hangs. Only what is
looked through while scanning is judged: a dark shop at night alarms nobody.
"""

from __future__ import annotations

from enum import Enum

import numpy as np
from numpy.typing import NDArray

from kiosk.camera.decode import Grey

FROZEN_S = 2.0
DARK_S = 2.0  # longer than an automatic exposure needs to find its way out of the dark
DARK_WORDS = "the camera sees nothing: is something before its lens, or is it dark?"
FROZEN_WORDS = "the camera shows the same picture all the time: unplug it and plug it in again, or switch the kiosk off and on"
_STEP = 8  # every so many pixels, to the right and down, one is looked at: 14,400 of 1280 x 720, in a few microseconds
_DARK = 48  # what a covered sensor's noise stays below, even at full gain
_LIGHT_SHARE = 500  # one lit pixel in so many is a picture: a phone is a hundred times that, a hot pixel a tenth


class Sight(Enum):
    """How the pictures are."""

    FINE = "fine"
    DARK = "dark"
    FROZEN = "frozen"


class Vigil:
    """Watches the frames of one scan. `live`: they come from a sensor; stills may stand as long as they like."""

    def __init__(self, *, live: bool) -> None:
        self._live = live
        self._before: NDArray[np.uint8] | None = None
        self.moved = False  # two frames were not the same
        self._moved_at = self._light_at = 0.0

    def look(self, grey: Grey, at: float) -> Sight:
        """The next frame; `at` in seconds of any clock that does not go back. A dark picture that stands still is dark."""
        few = grey[::_STEP, ::_STEP]
        if self._before is None:
            self._light_at = at
        if self._before is None or not np.array_equal(few, self._before):
            self.moved = self._before is not None
            self._moved_at = at
            self._before = few.copy()  # a view would keep the whole frame
        if lit(few):
            self._light_at = at
        if at - self._light_at >= DARK_S:
            return Sight.DARK
        if self._live and at - self._moved_at >= FROZEN_S and self._light_at == at:
            return Sight.FROZEN
        return Sight.FINE


def lit(grey: Grey) -> bool:
    """Whether anything in the picture is brighter than a covered sensor's noise."""
    return int(np.count_nonzero(grey > _DARK)) * _LIGHT_SHARE >= grey.size
