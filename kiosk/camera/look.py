"""What a picture shows where no code could be read: how large, sharp, bright the thing is that looks like one. Knows numpy.

A code is the busiest thing in a picture, and a phone is not where it was a moment ago: what has not changed since the scan began
is the shop. All of it on a copy of a quarter of the size, in cells of CELL pixels of the whole picture.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from kiosk.camera.advice import CELL, Area, Box
from kiosk.camera.decode import Grey

_QUARTER = 4  # pixels of the whole picture to one of the copy, each way
_PER_CELL = CELL // _QUARTER
_LEAST_SIDE = 8 * CELL
_NOISE = 16  # of 255: a smaller difference across 4 pixels, both ways added, is grain
_BUSY = 8  # of 255: the mean difference in the busiest 3 x 3 cells of something that may be a code
_EDGE = 0.35  # of the busiest cells: what is less busy does not belong to the thing
_MOVED = 8  # of 255: the mean difference from the picture that the scan began with, by which a thing is not the shop's
_BLOWN = 250  # of 255: white, and nothing can be told from it any more
_LIGHT = 220  # of 255: what was darker than this when the scan began was not white already
_WHITE = 0.06  # of the picture: a white patch so large is a phone whose screen blinds the camera
_SAMPLES = 4000  # pixels that stand for all in a percentile

Ints = NDArray[np.int16]
Cells = NDArray[np.bool_]


class Looker:
    """Looks at the pictures of one scan."""

    def __init__(self) -> None:
        self._first: Ints | None = None

    def look(self, grey: Grey) -> Area | None:
        """The thing in this picture that looks most like a code or a phone, or None; the first picture is only remembered."""
        if min(grey.shape) < _LEAST_SIDE:
            return None
        small = quarter(grey)
        if self._first is None or self._first.shape != small.shape:
            self._first = small
            return None
        cells = _busiest(small)
        if cells is None:
            return self._blinding(small)
        box = _bounds(cells)
        part, before = _cut(small, box), _cut(self._first, box)
        if np.abs(part - before).mean() < _MOVED:
            return self._blinding(small)
        ink, paper = _percentiles(part, 5, 95)
        contrast = max(1, paper - ink)
        across, down = _steepness(grey, box)
        around = _cut(small, _grown(box, grey.shape))
        return Area(
            box,
            (grey.shape[1], grey.shape[0]),
            fill=float(cells.sum()) * CELL * CELL / (box[2] * box[3]),
            ink=ink,
            paper=paper,
            sharp=(across / contrast, down / contrast),
            blown=float((part >= _BLOWN).mean()),
            blown_around=float((around >= _BLOWN).mean()),
            inside=_inside(small, box),
        )

    def _blinding(self, small: Ints) -> Area | None:
        """A large white patch that was not there when the scan began: a screen of which nothing but light is seen."""
        assert self._first is not None
        white = (small >= _BLOWN) & (self._first < _LIGHT)
        if white.mean() < _WHITE:
            return None
        height, width = (side // _PER_CELL * _PER_CELL for side in white.shape)
        shares = white[:height, :width].reshape(height // _PER_CELL, _PER_CELL, width // _PER_CELL, _PER_CELL).mean((1, 3))
        cells: Cells = shares > 0.5  # noqa: PLR2004  more than half
        if not cells.any():
            return None
        size = (white.shape[1] * _QUARTER, white.shape[0] * _QUARTER)
        return Area(_bounds(cells), size, fill=1.0, ink=255, paper=255, sharp=(1.0, 1.0), blown=1.0, blown_around=1.0, inside=255)


def quarter(grey: Grey) -> Ints:
    """A quarter of the width and height, a mean of four pixels for each; whole cells only."""
    height, width = (side // CELL * CELL for side in grey.shape)
    small = grey[0:height:4, 0:width:4].astype(np.int16)
    for row, column in ((1, 2), (2, 1), (3, 3)):
        small += grey[row:height:4, column:width:4]
    small >>= 2
    return small


def _busiest(small: Ints) -> Cells | None:
    """The cells of the thing with most edges: those around the busiest place, as far as they hang together."""
    edges = np.zeros_like(small)
    edges[:, :-1] = np.abs(small[:, 1:] - small[:, :-1])
    edges[:-1] += np.abs(small[1:] - small[:-1])
    edges *= edges > _NOISE
    rows = edges[0::4] + edges[1::4] + edges[2::4] + edges[3::4]
    busy = (rows[:, 0::4] + rows[:, 1::4] + rows[:, 2::4] + rows[:, 3::4]).astype(np.int32)
    padded = np.pad(busy, 1)
    threes = padded[:-2] + padded[1:-1] + padded[2:]
    around = threes[:, :-2] + threes[:, 1:-1] + threes[:, 2:]
    most = int(around.max())
    if most < _BUSY * 9 * _PER_CELL * _PER_CELL:
        return None
    allowed = around > _EDGE * most
    cells = np.zeros_like(allowed)
    cells[np.unravel_index(int(around.argmax()), around.shape)] = True
    count = 0
    while (size := int(np.count_nonzero(cells))) != count:
        count = size
        cells[1:] |= cells[:-1]
        cells[:-1] |= cells[1:]
        cells[:, 1:] |= cells[:, :-1]
        cells[:, :-1] |= cells[:, 1:]
        cells &= allowed
    own: Cells = cells & (busy > _EDGE / 9 * most)  # the sums over nine cells reach one cell too far
    return own if own.any() else cells


def _bounds(cells: Cells) -> Box:
    down, across = np.flatnonzero(cells.any(1)), np.flatnonzero(cells.any(0))
    left, top = int(across[0]) * CELL, int(down[0]) * CELL
    return left, top, (int(across[-1]) + 1) * CELL - left, (int(down[-1]) + 1) * CELL - top


def _grown(box: Box, shape: tuple[int, ...]) -> Box:
    """Half of its size more to each side, within the picture."""
    left, top = max(0, box[0] - box[2] // 2), max(0, box[1] - box[3] // 2)
    right, bottom = min(shape[1], box[0] + box[2] * 3 // 2), min(shape[0], box[1] + box[3] * 3 // 2)
    return left, top, right - left, bottom - top


def _cut(small: Ints, box: Box) -> Ints:
    left, top, width, height = (side // _QUARTER for side in box)
    return small[top : top + height, left : left + width]


def _inside(small: Ints, box: Box) -> int:
    """How light the lightest is in the middle of the box: next to nothing where a dark phone stands against a light shop."""
    left, top, width, height = box
    middle = _cut(small, (left + width // 4, top + height // 4, width // 2, height // 2))
    return _percentiles(middle, 95)[0] if middle.size else 255


def _percentiles(part: Ints, *wanted: int) -> tuple[int, ...]:
    values = np.sort(part.ravel()[:: max(1, part.size // _SAMPLES)])
    return tuple(int(values[(len(values) - 1) * one // 100]) for one in wanted)


def _steepness(grey: Grey, box: Box) -> tuple[float, float]:
    """The steepest change from pixel to pixel, across and down; the mean of four lines, so that grain is not taken for it."""
    left, top, width, height = box
    part = grey[top : top + height, left : left + width]
    across = part[0::16].astype(np.int16) + part[1::16] + part[2::16] + part[3::16]
    down = part[:, 0::16].astype(np.int16) + part[:, 1::16] + part[:, 2::16] + part[:, 3::16]
    return _steepest(np.abs(np.diff(across, axis=1))), _steepest(np.abs(np.diff(down, axis=0)))


def _steepest(steps: Ints) -> float:
    return _percentiles(steps, 97)[0] / 4
