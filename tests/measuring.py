"""A canvas that measures what would be drawn and draws none of it: ten languages are asked whether they fit, two are painted.

Grounds are kept as rectangles, as a text's contrast is with what lies under it. Text leaves the ink that its glyphs would (Thai,
which is shaped, is drawn), reckoned from the font's own figures as FreeType does: to set each glyph at each size of ten screens
took most of a minute. test_display_gallery.py holds the two against each other.
"""

from __future__ import annotations

from collections.abc import Sequence
from functools import cache
from typing import Any
from unittest.mock import patch

from kiosk.display import canvas as drawn
from kiosk.display.canvas import Canvas, Rect
from kiosk.display.fonts import FACE_OF, Script, runs
from kiosk.display.icons import Icon
from kiosk.display.painter import Painter
from kiosk.display.theme import Colour

_UNITS = 1000  # of an em in both weights of the wide family: at this size its metrics are the font's own whole numbers
_shaped = drawn._advance


class MeasuringCanvas(Canvas):
    """As a Canvas, but for icons, round corners, lines, pictures and glyphs."""

    def __init__(self, size: tuple[int, int]) -> None:
        super().__init__((1, 1))
        self.size = size
        self._grounds: list[tuple[Rect, Colour]] = []

    def fill(self, rect: Rect, colour: Colour) -> None:
        if rect == (0, 0, *self.size):
            self._grounds.clear()  # nothing of them is left
        self._grounds.append((rect, colour))

    def panel(self, rect: Rect, colour: Colour, radius: int) -> None:
        del radius
        self.fill(rect, colour)

    def icon(self, icon: Icon, rect: Rect, colour: Colour) -> None:
        """No text stands on one."""

    def across(self, lines: Sequence[tuple[str, str]], rect: Rect, colour: Colour) -> None:
        """So thin that it is no ground."""

    def colour_at(self, x: int, y: int) -> Colour:
        for (left, top, width, height), colour in reversed(self._grounds):
            if left <= x < left + width and top <= y < top + height:
                return colour
        return (0, 0, 0)

    def text(self, text: str, at: tuple[int, int], language: str, size: int, colour: Colour, *, bold: bool) -> Rect:
        pen, base = at
        sides: list[tuple[int, int, int, int]] = []  # left, top, right, bottom of each glyph's ink
        for script, run in runs(text):
            if script is Script.THAI:
                _, right, up, box = drawn._rendered(script, run, language, size, colour, bold=bold)
                sides.append((pen + right + box.left, base - up + box.top, pen + right + box.right, base - up + box.bottom))
                pen += round(_shaped(script, run, language, size, bold=bold))
                continue
            face = FACE_OF[language]
            for char in run:
                left, right, low, high, advance = _glyph(char, face, size, bold=bold)
                if right > left:
                    sides.append((pen + left, base - high, pen + right, base - low))
                pen += advance
        if not sides:
            return (*at, 0, 0)
        lefts, tops, rights, bottoms = zip(*sides, strict=True)
        x, y = min(lefts), min(tops)
        return (x, y, max(rights) - x, max(bottoms) - y)

    def rgb(self) -> bytes:
        """There is none."""
        raise NotImplementedError


def measuring(painter: Painter) -> Painter:
    """The same painter on such a canvas, and lines broken and set by the same reckoning."""
    painter.canvas = MeasuringCanvas(painter.canvas.size)
    paint = painter.paint

    def measure(*args: Any, **named: Any) -> None:
        with patch.object(drawn, "_advance", advance):
            paint(*args, **named)

    painter.paint = measure  # type: ignore[method-assign]  # of this one painter
    return painter


def advance(script: Script, run: str, language: str, size: int, *, bold: bool) -> float:
    """What canvas.py asks the font for, to the pixel."""
    if script is Script.THAI:
        return _shaped(script, run, language, size, bold=bold)
    face = FACE_OF[language]
    return float(sum(_glyph(char, face, size, bold=bold)[4] for char in run))


@cache
def _glyph(char: str, face: int, size: int, *, bold: bool) -> tuple[int, int, int, int, int]:
    """Left, right, lowest, highest of its ink and its advance, in pixels from the pen on the baseline.

    Of the ink the pixels that the outline touches; hinting, which moves it up and down alone, makes a pixel or two of that. The
    advance as FreeType rounds it: FT_MulFix of 16.16 to 26.6, then to whole pixels.
    """
    left, right, low, high, across = _outline(char, face, bold=bold)
    scale = (size * 64 * 65536 + _UNITS // 2) // _UNITS
    advance = ((across * scale + 0x8000 >> 16) + 32) >> 6
    return left * size // _UNITS, -(-right * size // _UNITS), low * size // _UNITS, -(-high * size // _UNITS), advance


@cache
def _outline(char: str, face: int, *, bold: bool) -> tuple[int, int, int, int, int]:
    """The same in units of the font."""
    metric = drawn._face(face, bold=bold).get_metrics(char, size=_UNITS)[0]
    if metric is None:
        return 0, 0, 0, 0, 0
    left, right, low, high = (side - 2**32 if side > 2**31 else side for side in metric[:4])  # pygame forgets their sign
    return left, right, low, high, round(metric[4])
