"""A barcode ironed: its bars averaged along their length, onto a grid finer than the pixels. Knows numpy only.

Bars thinner than two pixels are lost in grain and in the grid, row by row; yet a phone shows each of them forty rows long and
never quite upright, so that the rows sample it at many places. Of 120 drawn frames with small barcodes a decoder reads 38 as
they are and 77 ironed.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from kiosk.camera.decode import Grey
from kiosk.camera.parts import Part
from kiosk.camera.symbol import Point, Symbol, around

_FINE = 3  # columns of the ironed picture to one of the part's
_BAND = 16  # rows that are averaged
_STEP = 8  # rows from one band to the next
_ROWS = 4  # of the ironed picture to each band: a decoder reads some, and all are the same
_TALL, _END = 24, 4  # the lean is that between the first and the last few rows of so many that are all bars
_FINER = 2  # steps of that shift to a pixel
_MOST_LEAN = 0.3  # columns to a row: 17 degrees

Profile = NDArray[np.float64]


@dataclass(frozen=True, slots=True, repr=False)
class Ironed:
    """`grey`: the bands of a part one below the other, upright. `turned`: the part lay on its side."""

    grey: Grey
    part: Part
    turned: bool

    def placed(self, symbols: list[Symbol]) -> list[Symbol]:
        """What was read, as seen in the frame; as far as one can say of rows that were averaged."""
        return [replace(symbol, corners=around([self._of_part(point) for point in symbol.corners])) for symbol in symbols]

    def _of_part(self, point: Point) -> Point:
        along, row = point[0] / _FINE, point[1] // _ROWS * _STEP + _BAND / 2
        x, y = (row, along) if self.turned else (along, row)
        return self.part.left + round(x * self.part.scale), self.part.top + round(y * self.part.scale)


def ironed(part: Part, sharpen: float) -> Ironed | None:
    """The part with its bars, if there are any, ironed; None when it is too small for that.

    `sharpen`: how much of what averaging and the lens have blurred is put back; 0 for nothing.
    """
    if min(part.grey.shape) <= _TALL:
        return None
    levels = part.grey.astype(np.int16)
    across, down = np.abs(np.diff(levels, axis=1)), np.abs(np.diff(levels, axis=0))
    turned = bool(down.sum() > across.sum())
    if turned:
        levels, across, down = levels.T, down.T, across.T
    rows = across[:-1].sum(1) - down.sum(1)  # much of bars, little of anything else
    before = np.concatenate(([0], np.cumsum(rows)))
    top = int(np.argmax(before[_TALL:] - before[:-_TALL]))
    bands = list(_bands(levels, _lean(levels[top : top + _TALL]), sharpen))
    return Ironed(np.repeat(np.array(bands, np.uint8), _ROWS, axis=0), part, turned)


def _lean(bars: NDArray[np.int16]) -> float:
    """By how many columns the bars go to the left from one row to the next: where the last rows' edges fit the first rows'."""
    first, last = (np.diff(rows.mean(0)) for rows in (bars[:_END], bars[-_END:]))
    at = np.arange(0, len(first) - 1, 1 / _FINER)
    first, last = (np.interp(at, np.arange(len(edges)), edges) for edges in (first, last))
    most = round(_MOST_LEAN * _TALL * _FINER)
    fits = np.correlate(np.pad(first, most), last, "valid")
    return (int(np.argmax(fits)) - most) / _FINER / (_TALL - _END)


def _bands(levels: NDArray[np.int16], lean: float, sharpen: float) -> Iterator[Profile]:
    """One profile of the whole width for each band."""
    height, width = levels.shape
    shift = lean * (np.arange(_BAND) - _BAND / 2)
    margin = _FINE * _BAND
    place = np.rint(_FINE * (np.arange(width) + shift[:, None])).astype(np.intp).ravel() + margin
    size = _FINE * width + 2 * margin
    counts = np.bincount(place, minlength=size)
    hit = np.flatnonzero(counts)
    for top in range(0, height - _BAND + 1, _STEP):
        sums = np.bincount(place, weights=levels[top : top + _BAND].ravel(), minlength=size)
        profile = _mean(np.interp(np.arange(size), hit, sums[hit] / counts[hit]), _FINE)
        sharp = profile + sharpen * (profile - _mean(profile, 3 * _FINE))
        yield np.clip(sharp[margin:-margin], 0, 255)


def _mean(profile: Profile, over: int) -> Profile:
    return np.convolve(profile, np.full(over, 1 / over), "same")
