"""A canvas that measures what would be drawn and draws little of it: ten languages are asked whether they fit, two are painted.

Grounds are filled, as a text's contrast is with what lies under it. Text leaves the ink that its glyphs would (Thai, which is
shaped, is drawn), from the font's own figures at that size; test_display_gallery.py holds the two against each other.
"""

from __future__ import annotations

from collections.abc import Sequence
from functools import cache

from kiosk.display import canvas as drawn
from kiosk.display.canvas import Canvas, Rect, _advance, _wide
from kiosk.display.fonts import FACE_OF, Script, runs
from kiosk.display.icons import Icon
from kiosk.display.painter import Painter
from kiosk.display.theme import Colour


class MeasuringCanvas(Canvas):
    """As a Canvas, but for icons, round corners and glyphs."""

    def panel(self, rect: Rect, colour: Colour, radius: int) -> None:
        del radius
        self.fill(rect, colour)

    def icon(self, icon: Icon, rect: Rect, colour: Colour) -> None:
        """No text stands on one."""

    def across(self, lines: Sequence[tuple[str, str]], rect: Rect, colour: Colour) -> None:
        """So thin that it is no ground."""

    def text(self, text: str, at: tuple[int, int], language: str, size: int, colour: Colour, *, bold: bool) -> Rect:
        pen, base = at
        ink: tuple[int, int, int, int] | None = None  # left, top, right, bottom
        for script, run in runs(text):
            if script is Script.THAI:
                _, right, up, box = drawn._rendered(script, run, language, size, colour, bold=bold)
                found = (pen + right + box.left, base - up + box.top, pen + right + box.right, base - up + box.bottom)
                ink = found if ink is None else _union(ink, found)
                pen += round(_advance(script, run, language, size, bold=bold))
                continue
            along = float(pen)
            for char in run:
                left, right, low, high, advance = _glyph(char, FACE_OF[language], size, bold=bold)
                if right > left:
                    found = (round(along) + left, base - high, round(along) + right, base - low)
                    ink = found if ink is None else _union(ink, found)
                along += advance
            pen += round(_advance(script, run, language, size, bold=bold))
        return (*at, 0, 0) if ink is None else (ink[0], ink[1], ink[2] - ink[0], ink[3] - ink[1])


def measuring(painter: Painter) -> Painter:
    """The same painter on such a canvas."""
    painter.canvas = MeasuringCanvas(painter.canvas.size)
    return painter


@cache
def _glyph(char: str, face: int, size: int, *, bold: bool) -> tuple[int, int, int, int, float]:
    """Left, right, lowest, highest of its ink and its advance, in pixels from the pen on the baseline."""
    language = next(name for name, its in FACE_OF.items() if its == face)
    metric = _wide(language, bold=bold).get_metrics(char, size=size)[0]
    if metric is None:
        return 0, 0, 0, 0, 0.0
    left, right, low, high = (side - 2**32 if side > 2**31 else side for side in metric[:4])  # pygame forgets their sign
    return left, right, low, high, metric[4]


def _union(one: tuple[int, int, int, int], other: tuple[int, int, int, int]) -> tuple[int, int, int, int]:
    return min(one[0], other[0]), min(one[1], other[1]), max(one[2], other[2]), max(one[3], other[3])
