"""What a person should do so that the code can be read, told from what the picture shows. Pure: measures and times in, words out.

The measures are look.py's. The thresholds stand between the pictures of tests/test_camera_advice.py that are read and those that
are not. A hint is told when it persists, is not replaced by another at once, and is no more repeated when its cause has gone.
"""

from __future__ import annotations

from collections import Counter, deque
from dataclasses import dataclass

from kiosk.camera.symbol import Corners
from kiosk.core.scanning import ScanHint

CELL = 16  # pixels of the camera's picture: nothing is measured finer
SILENT_S = 1.0  # without a read: then words may help
AGAIN_S = 1.0  # a hint whose cause goes on is told again
HOLD_S = 1.5  # no other hint takes its place before
AGREE = 3  # of the last LOOKS looks must say the same
LOOKS = 4

Box = tuple[int, int, int, int]
"""Left, top, width and height, in pixels of the camera's picture."""

_SMALL = (7 * CELL, 13 * CELL)  # a code no wider and no higher is too far away; nearer ones are read when nothing else is wrong
_SHORT = 11 * CELL  # bars no longer than this are too far away
_NEAR = 0.3  # of the picture's width: what is wider and not wholly seen, or not sharp, is too near
_BLURRED = 0.16  # of the contrast, from one pixel to the next: 0.33 is sharp, 0.19 is the last that is read
_LONG = 1.8  # times as long as wide: bars, which have edges in one direction only
_FAINT = 45  # of 255 between ink and paper
_DARK = 110  # of 255: paper darker than this is a screen that shines too little
_UNLIT = 60  # of 255: nothing lighter stands in the middle of a phone that is hardly lit
_LIT = 180  # of 255: the white of a screen; a face is darker
_HOLLOW = 0.5  # less of the box is filled by an outline
_SOLID = 0.55  # a code fills its box
_CONTRAST = 80  # of 255 between ink and paper: the scenery seldom has it
_ALL = 0.85  # of the picture: what covers so much is the shop, seen by a camera that was moved
_WASHED, _WHITE_AROUND = 0.5, 0.1  # of the area, of it and its surroundings: blown out


@dataclass(frozen=True, slots=True)
class Area:
    """The thing that looks most like a code, or like a phone. Levels are 0 to 255."""

    box: Box
    picture: tuple[int, int]  # width and height
    fill: float  # of the box, by busy cells
    ink: int
    paper: int
    sharp: tuple[float, float]  # the steepest step from pixel to pixel across and down, in shares of the contrast
    blown: float  # of the box: white, with nothing in it
    blown_around: float  # the same of the box and as much again around it
    inside: int  # the lightest in its middle

    @property
    def corners(self) -> Corners:
        """Of the box, clockwise from the upper left, within the picture."""
        left, top, width, height = self.box
        right, bottom = min(left + width, self.picture[0]) - 1, min(top + height, self.picture[1]) - 1
        return (left, top), (right, top), (right, bottom), (left, bottom)


class Advice:
    """The looks of one scan: what they agree on, once nothing was read for a while."""

    def __init__(self) -> None:
        self._since: float | None = None  # when something was read last, or the looks began
        self._said: deque[ScanHint | None] = deque(maxlen=LOOKS)
        self.found: Corners | None = None
        """Where the code is that the last advice is about."""

    def read(self, at: float) -> None:
        """Something was read in the frame of this time."""
        self._since, self.found = at, None
        self._said.clear()

    def on(self, area: Area | None, at: float) -> ScanHint | None:
        """The advice after one more frame in which nothing was read; `at` in seconds of a clock that does not go back."""
        if self._since is None:
            self._since = at
        now = None if area is None else advise(area)
        self._said.append(now)
        hint, votes = Counter(self._said).most_common(1)[0]
        steady = hint if votes >= AGREE and at - self._since >= SILENT_S else None
        self.found = area.corners if area is not None and steady is not None and now is steady else None
        return steady


def advise(area: Area) -> ScanHint | None:
    """What to tell of this picture, or None: it is no code, or nothing is wrong with it that words would mend."""
    _, _, width, height = area.box
    contrast, near = area.paper - area.ink, width >= _NEAR * area.picture[0]
    if area.blown >= _WASHED:
        return ScanHint.GLARE
    if area.fill < _SOLID:
        return _advise_outline(area, contrast)
    if contrast < _CONTRAST or width * height > _ALL * area.picture[0] * area.picture[1]:
        return ScanHint.BRIGHTER if contrast < _FAINT and area.paper < _DARK else None
    if _touches(area):  # what is cut off looks small
        return ScanHint.FURTHER if near else ScanHint.MIDDLE
    if _is_small(area):
        return ScanHint.CLOSER
    if _is_blurred(area):
        return ScanHint.FURTHER if near else ScanHint.STILL
    return ScanHint.GLARE if area.blown_around >= _WHITE_AROUND else None


def _advise_outline(area: Area, contrast: int) -> ScanHint | None:
    """Of a thing of which only the outline is busy: a phone so dark, so blurred or so near that its code is not."""
    if area.fill < _HOLLOW and area.inside < _UNLIT:
        return ScanHint.BRIGHTER
    if contrast < _CONTRAST or area.paper < _LIT:
        return None
    if _is_blurred(area):
        return None if _touches(area) else ScanHint.STILL
    return ScanHint.FURTHER if area.box[2] >= _NEAR * area.picture[0] and area.box[3] >= area.picture[1] // 2 else None


def _is_small(area: Area) -> bool:
    _, _, width, height = area.box
    return (width <= _SMALL[0] and height <= _SMALL[1]) or (_is_long(area) and max(width, height) <= _SHORT)


def _is_long(area: Area) -> bool:
    _, _, width, height = area.box
    return max(width, height) > _LONG * min(width, height)


def _touches(area: Area) -> bool:
    left, top, width, height = area.box
    return left == 0 or top == 0 or left + width > area.picture[0] - CELL or top + height > area.picture[1] - CELL


def _is_blurred(area: Area) -> bool:
    """In either direction; bars have edges in one only, and moving along them does no harm."""
    return (max if _is_long(area) else min)(area.sharp) < _BLURRED
