"""From a slip's pieces to black and white dots. The one file of the printer that knows Pillow.

A receipt printer has 8 dots to a millimetre: sizes are dots, the same on both widths of paper.
"""

from __future__ import annotations

import io
from collections.abc import Sequence
from functools import cache
from typing import assert_never

from PIL import Image, ImageChops, ImageDraw, ImageFont

from kiosk.printer.layout import Code, House, Line, Pair, Piece, Rule, Size, Span

Font = ImageFont.FreeTypeFont
Run = tuple[Font, str]

_SIZES = {Size.SMALL: 20, Size.BODY: 24, Size.HEAD: 34, Size.HUGE: 66}
_LEAST = 0.5  # of its size: smaller no line is made to fit the paper; then it is broken
_MODULE = 8  # dots of a QR's module, if the paper is wide enough: a millimetre
_QUIET = 4  # modules of white around it (ISO/IEC 18004, 6.3.8)
_GAP = 8  # between a label and its value, and around a rule
_BLACK = 150  # of 255: what is lighter stays white; the strokes come out as heavy as they were drawn
_SPACE = "  "


def render(pieces: Sequence[Piece], house: House, dots: int) -> Image.Image:
    """The slip, `dots` wide (a multiple of 8) and as long as it takes; mode "1", black is 0."""
    strips = [_strip(piece, house, dots) for piece in pieces]
    whole = Image.new("L", (dots, sum(strip.height for strip in strips)), 255)
    top = 0
    for strip in strips:
        whole.paste(strip, (0, top))
        top += strip.height
    return whole.point(lambda level: 255 if level > _BLACK else 0, mode="1")


def png(image: Image.Image) -> bytes:
    """As a file."""
    file = io.BytesIO()
    image.save(file, "PNG", optimize=True)
    return file.getvalue()


def _strip(piece: Piece, house: House, dots: int) -> Image.Image:
    match piece:
        case Line():
            strip = _lines(piece, house, dots)
            return ImageChops.invert(strip) if piece.reversed else strip
        case Pair():
            return _pair(piece, house, dots)
        case Rule():
            strip = Image.new("L", (dots, 2 * _GAP + 2), 255)
            strip.paste(0, (0, _GAP, dots, _GAP + 2))
            return strip
        case Code(text):
            return _code(house.modules(text), dots)
        case _:
            assert_never(piece)


def _lines(line: Line, house: House, dots: int) -> Image.Image:
    """The languages beside each other if they fit, else one under the other, then smaller, then broken."""
    size = _SIZES[line.size]
    beside = _set(line.spans, house, size, bold=line.bold)
    if _width(beside) <= dots:
        return _row([(beside, 0.5)], size, dots)
    return _stack([_fitted(span, house, size, dots, bold=line.bold) for span in line.spans], dots)


def _fitted(span: Span, house: House, size: int, dots: int, *, bold: bool, align: float = 0.5) -> Image.Image:
    least = max(round(size * _LEAST), min(size, _SIZES[Size.SMALL]))
    for smaller in range(size, least - 1, -2):
        runs = _set((span,), house, smaller, bold=bold)
        if _width(runs) <= dots:
            return _row([(runs, align)], smaller, dots)
    broken = [
        _set((Span(part, span.language),), house, least, bold=bold) for part in _broken(span, house, least, dots, bold=bold)
    ]
    return _stack([_row([(runs, align)], least, dots) for runs in broken], dots)


def _broken(span: Span, house: House, size: int, dots: int, *, bold: bool) -> list[str]:
    """Lines that fit, broken at spaces where there are any; a piece of one character always fits."""
    lines, rest = [], span.text
    while rest:
        end = len(rest)
        while end > 1 and _width(_set((Span(rest[:end], span.language),), house, size, bold=bold)) > dots:
            end -= 1
        space = rest.rfind(" ", 1, end)
        end = space if end < len(rest) and space > 0 else end
        lines.append(rest[:end].strip())
        rest = rest[end:].lstrip()
    return lines


def _pair(pair: Pair, house: House, dots: int) -> Image.Image:
    size = _SIZES[Size.BODY]
    value = _set((pair.value,), house, size, bold=pair.bold)
    for label_size in (size, _SIZES[Size.SMALL]):
        label = _set(pair.label, house, label_size, bold=pair.bold)
        if _width(label) + 2 * _GAP + _width(value) <= dots:
            return _row([(label, 0.0), (value, 1.0)], size, dots)
    labels = [_fitted(span, house, label_size, dots, bold=pair.bold, align=0.0) for span in pair.label]
    if _width(label) <= dots:
        labels = [_row([(label, 0.0)], label_size, dots)]
    return _stack([*labels, _fitted(pair.value, house, size, dots, bold=pair.bold, align=1.0)], dots)


def _code(rows: tuple[tuple[bool, ...], ...], dots: int) -> Image.Image:
    across = len(rows) + 2 * _QUIET
    module = max(1, min(_MODULE, dots // across))
    small = Image.new("L", (across, across), 255)
    for down, row in enumerate(rows):
        for right, dark in enumerate(row):
            if dark:
                small.putpixel((right + _QUIET, down + _QUIET), 0)
    side = across * module
    strip = Image.new("L", (dots, side), 255)
    strip.paste(small.resize((side, side), Image.Resampling.NEAREST), ((dots - side) // 2, 0))
    return strip


def _row(texts: Sequence[tuple[list[Run], float]], size: int, dots: int) -> Image.Image:
    """One line of text; each with where it stands: 0 at the left, 1 at the right."""
    strip = Image.new("L", (dots, round(size * 1.45)), 255)
    draw = ImageDraw.Draw(strip)
    for runs, align in texts:
        pen = (dots - _width(runs)) * align
        for font, text in runs:
            draw.text((round(pen), round(size * 1.08)), text, font=font, fill=0, anchor="ls")
            pen += font.getlength(text)
    return strip


def _stack(strips: Sequence[Image.Image], dots: int) -> Image.Image:
    whole = Image.new("L", (dots, sum(strip.height for strip in strips)), 255)
    top = 0
    for strip in strips:
        whole.paste(strip, (0, top))
        top += strip.height
    return whole


def _set(spans: Sequence[Span], house: House, size: int, *, bold: bool) -> list[Run]:
    runs: list[Run] = []
    for span in spans:
        if runs:
            runs.append((runs[-1][0], _SPACE))
        runs += [(_font(file, face, size), text) for file, face, text in house.runs(span.text, span.language, bold)]
    return runs


def _width(runs: Sequence[Run]) -> float:
    return sum(font.getlength(text) for font, text in runs)


@cache
def _font(file: str, face: int, size: int) -> Font:
    return ImageFont.truetype(file, size, index=face)
