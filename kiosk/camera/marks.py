"""From the frame that is read to the picture on the screen: where the outlines of what is seen stand on the view. Pure.

The view shows the same as the frame, smaller and mirrored. A code that is read in every other frame only would make its outline
flicker, so an outline outlives what it was about by a moment.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from kiosk.camera.symbol import Corners, Point
from kiosk.camera.wire import MAX_OUTLINES, Picture
from kiosk.core.scanning import Outline, Reading

KEEP_S = 0.4


class Marks:
    """The outlines of one scan."""

    def __init__(self) -> None:
        self._last: tuple[Outline, ...] = ()
        self._at = 0.0

    def on(self, view: Picture, frame: tuple[int, int], readings: Sequence[tuple[Reading, Corners]], at: float) -> Picture:
        """The view with its outlines; `frame`: width and height of the frame in whose pixels `readings` are; `at` in seconds."""
        placed = [(reading, corners) for reading, corners in readings if len(set(corners)) == len(corners)]
        outlines = tuple(Outline(reading, _mirrored(corners, frame, view)) for reading, corners in placed[:MAX_OUTLINES])
        if outlines:
            self._last, self._at = outlines, at
        elif at - self._at > KEEP_S:
            self._last = ()
        return replace(view, outlines=self._last)


def _mirrored(corners: Corners, frame: tuple[int, int], view: Picture) -> Corners:
    """Clockwise from the upper left again: left and right have changed places."""
    first, second, third, fourth = (_point(point, frame, view) for point in corners)
    return second, first, fourth, third


def _point(point: Point, frame: tuple[int, int], view: Picture) -> Point:
    across = min(max(point[0] * view.width // frame[0], 0), view.width - 1)
    down = min(max(point[1] * view.height // frame[1], 0), view.height - 1)
    return view.width - 1 - across, down
