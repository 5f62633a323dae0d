"""Shapes as numbers: each icon is a tuple of strokes in a square of side 1, y downwards. Knows no colour and no pixels."""

from __future__ import annotations

import math
from dataclasses import dataclass, replace

Point = tuple[float, float]


@dataclass(frozen=True, slots=True)
class Stroke:
    """A line of `width` with round ends through `points`; or, `solid`, a filled polygon with that outline. `hole` erases."""

    points: tuple[Point, ...]
    width: float = 0.09
    solid: bool = False
    hole: bool = False


Icon = tuple[Stroke, ...]


def _line(*points: Point, width: float = 0.09) -> Stroke:
    return Stroke(points, width)


def _arc(x: float, y: float, radius: float, start: float, end: float, width: float = 0.09) -> Stroke:
    """Degrees clockwise from the right; positive angles go down."""
    steps = max(8, round(abs(end - start) / 6))
    turns = (math.radians(start + (end - start) * step / steps) for step in range(steps + 1))
    return Stroke(tuple((x + radius * math.cos(turn), y + radius * math.sin(turn)) for turn in turns), width)


def _disc(x: float, y: float, radius: float, *, hole: bool = False) -> Stroke:
    return replace(_arc(x, y, radius, 0, 354, 0.0), solid=True, hole=hole)


def _box(left: float, top: float, right: float, bottom: float, *, round_: float = 0.0, hole: bool = False) -> Stroke:
    """A filled rectangle; `round_` is the radius of its corners."""
    left, top, right, bottom = left + round_, top + round_, right - round_, bottom - round_
    return Stroke(((left, top), (right, top), (right, bottom), (left, bottom)), round_ * 2, solid=True, hole=hole)


def _hollow(left: float, top: float, right: float, bottom: float, width: float, round_: float) -> Icon:
    inner = max(0.0, round_ - width)
    return (
        _box(left, top, right, bottom, round_=round_),
        _box(left + width, top + width, right - width, bottom - width, round_=inner, hole=True),
    )


def _ring(x: float, y: float, radius: float, width: float) -> Stroke:
    return _arc(x, y, radius, 0, 360, width)


def _holes(*strokes: Stroke) -> Icon:
    return tuple(replace(stroke, hole=True) for stroke in strokes)


TICK: Icon = (_disc(0.5, 0.5, 0.48), *_holes(_line((0.27, 0.53), (0.43, 0.69), (0.74, 0.35), width=0.11)))
CROSS: Icon = (
    _disc(0.5, 0.5, 0.48),
    *_holes(_line((0.33, 0.33), (0.67, 0.67), width=0.11), _line((0.67, 0.33), (0.33, 0.67), width=0.11)),
)
BARRED: Icon = (_ring(0.5, 0.5, 0.42, 0.1), _line((0.21, 0.79), (0.79, 0.21), width=0.1))
QUESTION: Icon = (
    _disc(0.5, 0.5, 0.48),
    *_holes(_arc(0.5, 0.385, 0.145, -170, 70, 0.1), _line((0.55, 0.52), (0.5, 0.58), (0.5, 0.62), width=0.1)),
    _disc(0.5, 0.77, 0.062, hole=True),
)
WARNING: Icon = (
    Stroke(((0.5, 0.11), (0.93, 0.86), (0.07, 0.86)), 0.1, solid=True),
    *_holes(_line((0.5, 0.37), (0.5, 0.6), width=0.1)),
    _disc(0.5, 0.765, 0.06, hole=True),
)
HOURGLASS: Icon = (
    _line((0.2, 0.08), (0.8, 0.08), width=0.1),
    _line((0.2, 0.92), (0.8, 0.92), width=0.1),
    _line((0.27, 0.1), (0.27, 0.26), (0.47, 0.5), (0.27, 0.74), (0.27, 0.9), width=0.075),
    _line((0.73, 0.1), (0.73, 0.26), (0.53, 0.5), (0.73, 0.74), (0.73, 0.9), width=0.075),
    Stroke(((0.38, 0.29), (0.62, 0.29), (0.5, 0.44)), 0.02, solid=True),
    Stroke(((0.5, 0.64), (0.64, 0.84), (0.36, 0.84)), 0.02, solid=True),
)
CALENDAR: Icon = (
    *_hollow(0.08, 0.14, 0.92, 0.94, 0.09, 0.1),
    _box(0.08, 0.14, 0.92, 0.4, round_=0.1),
    _line((0.3, 0.06), (0.3, 0.24), width=0.09),
    _line((0.7, 0.06), (0.7, 0.24), width=0.09),
    _box(0.3, 0.54, 0.46, 0.7),
    _box(0.56, 0.54, 0.72, 0.7),
)
LOCK: Icon = (
    _arc(0.5, 0.36, 0.2, -180, 0, 0.1),
    _line((0.3, 0.36), (0.3, 0.48), width=0.1),
    _line((0.7, 0.36), (0.7, 0.48), width=0.1),
    _box(0.15, 0.43, 0.85, 0.95, round_=0.08),
    _disc(0.5, 0.64, 0.075, hole=True),
    *_holes(_line((0.5, 0.66), (0.5, 0.78), width=0.07)),
)
PHONE: Icon = (
    *_hollow(0.24, 0.03, 0.76, 0.97, 0.075, 0.1),
    _line((0.43, 0.13), (0.57, 0.13), width=0.04),
    _disc(0.5, 0.83, 0.045),
)
PHONE_LOCK: Icon = (
    *_hollow(0.2, 0.02, 0.8, 0.98, 0.065, 0.1),
    _line((0.43, 0.12), (0.57, 0.12), width=0.035),
    _arc(0.5, 0.42, 0.1, -180, 0, 0.055),
    _box(0.33, 0.44, 0.67, 0.68, round_=0.035),
    *(_disc(x, 0.82, 0.032) for x in (0.35, 0.45, 0.55, 0.65)),
)
PHONE_CODE: Icon = (
    *_hollow(0.2, 0.02, 0.8, 0.98, 0.065, 0.1),
    *(
        _box(x, 0.18, x + width, 0.42)
        for x, width in ((0.31, 0.04), (0.38, 0.02), (0.43, 0.05), (0.51, 0.02), (0.56, 0.04), (0.64, 0.05))
    ),
    *(
        _box(0.34 + 0.08 * column, 0.51 + 0.08 * row, 0.42 + 0.08 * column, 0.59 + 0.08 * row)
        for row, column in ((0, 0), (0, 1), (0, 3), (1, 0), (1, 2), (2, 1), (2, 3), (3, 0), (3, 2), (3, 3))
    ),
)
CAMERA: Icon = (
    _box(0.04, 0.25, 0.96, 0.86, round_=0.1),
    Stroke(((0.33, 0.28), (0.4, 0.15), (0.6, 0.15), (0.67, 0.28)), 0.06, solid=True),
    _disc(0.5, 0.55, 0.22, hole=True),
    _disc(0.5, 0.55, 0.13),
)
QR: Icon = (
    *(
        part
        for x, y in ((0.06, 0.06), (0.58, 0.06), (0.06, 0.58))
        for part in (*_hollow(x, y, x + 0.36, y + 0.36, 0.08, 0.03), _box(x + 0.14, y + 0.14, x + 0.22, y + 0.22))
    ),
    *(_box(x, y, x + 0.12, y + 0.12) for x, y in ((0.58, 0.58), (0.82, 0.58), (0.7, 0.7), (0.58, 0.82), (0.82, 0.82))),
)
SCAN: Icon = (
    _line((0.08, 0.3), (0.08, 0.1), (0.28, 0.1)),
    _line((0.72, 0.1), (0.92, 0.1), (0.92, 0.3)),
    _line((0.92, 0.7), (0.92, 0.9), (0.72, 0.9)),
    _line((0.28, 0.9), (0.08, 0.9), (0.08, 0.7)),
    _line((0.2, 0.5), (0.8, 0.5), width=0.1),
)
PRINTER: Icon = (
    _box(0.26, 0.06, 0.74, 0.3, round_=0.02),
    _box(0.05, 0.32, 0.95, 0.72, round_=0.07),
    _box(0.22, 0.52, 0.78, 0.96, hole=True),
    _box(0.28, 0.58, 0.72, 0.94, round_=0.02),
    *_holes(_line((0.37, 0.68), (0.63, 0.68), width=0.05), _line((0.37, 0.81), (0.55, 0.81), width=0.05)),
)
KEYPAD: Icon = tuple(
    _box(0.12 + 0.28 * column, 0.04 + 0.24 * row, 0.32 + 0.28 * column, 0.2 + 0.24 * row, round_=0.04)
    for row in range(4)
    for column in range(3)
)
SHOP: Icon = (
    Stroke(((0.16, 0.1), (0.84, 0.1), (0.94, 0.36), (0.06, 0.36)), 0.05, solid=True),
    _disc(0.18, 0.38, 0.13),
    _disc(0.5, 0.38, 0.13),
    _disc(0.82, 0.38, 0.13),
    _box(0.12, 0.36, 0.88, 0.94, round_=0.03),
    _box(0.2, 0.53, 0.48, 0.76, hole=True),
    _box(0.58, 0.55, 0.78, 0.95, hole=True),
)
BACK_ARROW: Icon = (
    _line((0.12, 0.34), (0.6, 0.34), width=0.11),
    _arc(0.6, 0.58, 0.24, -90, 90, 0.11),
    _line((0.3, 0.82), (0.6, 0.82), width=0.11),
    _line((0.32, 0.12), (0.1, 0.34), (0.32, 0.56), width=0.11),
)
CLOCK: Icon = (_ring(0.5, 0.5, 0.42, 0.1), _line((0.5, 0.26), (0.5, 0.5), (0.66, 0.6), width=0.09))
CLOCK_UNKNOWN: Icon = (*CLOCK, *_holes(_line((0.12, 0.12), (0.9, 0.9), width=0.2)), _line((0.12, 0.12), (0.88, 0.88), width=0.09))

_WAVES = (_arc(0.5, 0.82, 0.28, -135, -45, 0.11), _arc(0.5, 0.82, 0.5, -135, -45, 0.11), _arc(0.5, 0.82, 0.72, -135, -45, 0.11))
ONLINE: Icon = (_disc(0.5, 0.82, 0.09), *_WAVES)
CONNECTING: Icon = (_disc(0.5, 0.82, 0.09), _WAVES[0])
OFFLINE: Icon = (*ONLINE, *_holes(_line((0.14, 0.1), (0.86, 0.9), width=0.24)), _line((0.14, 0.1), (0.86, 0.9), width=0.1))
CORNERS: Icon = (
    _line((0.02, 0.16), (0.02, 0.02), (0.16, 0.02), width=0.015),
    _line((0.84, 0.02), (0.98, 0.02), (0.98, 0.16), width=0.015),
    _line((0.98, 0.84), (0.98, 0.98), (0.84, 0.98), width=0.015),
    _line((0.16, 0.98), (0.02, 0.98), (0.02, 0.84), width=0.015),
)


def _arrow(start: Point, tip: Point) -> Icon:
    """From `start` to `tip`."""
    (x1, y1), (x2, y2) = start, tip
    length = math.hypot(x2 - x1, y2 - y1)
    along, aside = ((x1 - x2) / length, (y1 - y2) / length), ((y1 - y2) / length, (x2 - x1) / length)
    barbs = [(x2 + 0.14 * along[0] + way * 0.14 * aside[0], y2 + 0.14 * along[1] + way * 0.14 * aside[1]) for way in (1, -1)]
    return _line(start, tip, width=0.085), _line(barbs[0], tip, barbs[1], width=0.085)


_LENS_AND_PHONE = (_ring(0.17, 0.5, 0.13, 0.085), _disc(0.17, 0.5, 0.05), *_hollow(0.74, 0.16, 0.98, 0.84, 0.075, 0.06))
CLOSER: Icon = (*_LENS_AND_PHONE, *_arrow((0.65, 0.5), (0.4, 0.5)))
FURTHER: Icon = (*_LENS_AND_PHONE, *_arrow((0.39, 0.5), (0.65, 0.5)))
MIDDLE: Icon = (
    _ring(0.5, 0.5, 0.3, 0.085),
    _disc(0.5, 0.5, 0.1),
    *(
        _line(*ends)
        for ends in (((0.5, 0.05), (0.5, 0.2)), ((0.95, 0.5), (0.8, 0.5)), ((0.5, 0.95), (0.5, 0.8)), ((0.05, 0.5), (0.2, 0.5)))
    ),
)
STILL: Icon = (
    *_hollow(0.31, 0.06, 0.69, 0.94, 0.075, 0.09),
    *(_line((x, 0.5 - high), (x, 0.5 + high), width=0.075) for x, high in ((0.04, 0.1), (0.17, 0.22), (0.83, 0.22), (0.96, 0.1))),
)
TILT: Icon = (
    Stroke(((0.3, 0.24), (0.6, 0.12), (0.84, 0.76), (0.54, 0.88)), 0.08, solid=True),
    *_holes(Stroke(((0.35, 0.28), (0.57, 0.19), (0.78, 0.73), (0.56, 0.81)), 0.0, solid=True)),
    _arc(0.5, 0.5, 0.44, 120, 205, 0.085),
    _line((0.02, 0.5), (0.1, 0.315), (0.27, 0.42), width=0.085),
)
BRIGHT: Icon = (
    _disc(0.5, 0.5, 0.22),
    *(
        _line((0.5 + 0.34 * across, 0.5 + 0.34 * down), (0.5 + 0.45 * across, 0.5 + 0.45 * down))
        for across, down in ((math.cos(turn * math.pi / 4), math.sin(turn * math.pi / 4)) for turn in range(8))
    ),
)
