"""What a decoder found in a picture: a value, and nothing of who found it."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from enum import StrEnum

Point = tuple[int, int]
Corners = tuple[Point, Point, Point, Point]
NOWHERE: Corners = ((0, 0), (0, 0), (0, 0), (0, 0))

GS1_MARKS = ("]C1", "]Q3")  # AIM's identifiers (ISO/IEC 15424) of a Code 128 and a QR that begin with FNC1


class Format(StrEnum):
    """The two symbologies a phone's payment page shows; no other is ever looked for."""

    QR = "QRCode"
    CODE128 = "Code128"


@dataclass(frozen=True, slots=True)
class Symbol:
    """One code in one picture. `data` may be a payment code, so it is kept out of repr.

    `data` begins with the mark of GS1_MARKS when the symbol does with FNC1: best before and batch, `(15)260101(10)12345678`,
    are 18 digits that would else be a payment code. `corners`: (x, y) in pixels of the whole frame, clockwise as one looks at
    it, from the one nearest its upper left; of a barcode the bars' ends. Where it was seen makes no other symbol of it.
    """

    format: Format
    data: bytes = field(repr=False)
    corners: Corners = field(default=NOWHERE, compare=False)

    @property
    def text(self) -> str:
        """The data as UTF-8, for classing and for people; what is not UTF-8 is replaced, so it never equals a payment code."""
        return self.data.decode("utf-8", "replace")

    @property
    def printed(self) -> str:
        """The text as the code's maker meant it, without the mark in front."""
        return self.text.removeprefix(GS1_MARKS[0]).removeprefix(GS1_MARKS[1])

    def placed(self, left: int, top: int, scale: float) -> Symbol:
        """As seen in the frame of which a part, `scale` times as large in the frame and at (left, top), was looked at."""
        first, second, third, fourth = ((left + round(x * scale), top + round(y * scale)) for x, y in self.corners)
        return replace(self, corners=(first, second, third, fourth))


def around(points: Sequence[Point]) -> Corners:
    """The four corners, in the order of Symbol.corners, of what four or more points outline; NOWHERE for fewer."""
    if len(points) < 4:  # noqa: PLR2004  corners
        return NOWHERE
    if len(points) > 4:  # noqa: PLR2004  corners
        points = max(_extremes(points, turned=False), _extremes(points, turned=True), key=_area)
    middle_x, middle_y = sum(x for x, _ in points) / 4, sum(y for _, y in points) / 4
    ring = sorted(points, key=lambda point: math.atan2(point[1] - middle_y, point[0] - middle_x))
    first = min(range(4), key=lambda place: sum(ring[place]))
    return ring[first], ring[first - 3], ring[first - 2], ring[first - 1]


def _extremes(points: Sequence[Point], *, turned: bool) -> list[Point]:
    """Those farthest out: to the sides and up and down when `turned`, else towards the picture's corners."""
    ways = ((0, -1), (1, 0), (0, 1), (-1, 0)) if turned else ((-1, -1), (1, -1), (1, 1), (-1, 1))
    return [max(points, key=lambda point: point[0] * way_x + point[1] * way_y) for way_x, way_y in ways]


def _area(ring: Sequence[Point]) -> float:
    return abs(sum(ring[i - 1][0] * ring[i][1] - ring[i][0] * ring[i - 1][1] for i in range(len(ring)))) / 2
