"""Cheap ways of preparing a grey picture for a decoder: a part of it, softened, halved, enlarged, inverted. Knows numpy only.

A Pi's core is slow, so each works in bytes, and the search for the part worth looking at in a sixteenth of the pixels.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from kiosk.camera.decode import Grey
from kiosk.camera.symbol import Corners, Symbol

_STEP = 4  # busyness is measured on every fourth pixel of every fourth row
_BLOCK = 8  # of those, in blocks of so many squared
_EDGE = 16  # levels: a smaller difference between neighbours is grain or shade,
_CLEAR = 0.25  # and so is one smaller than this share of the greatest
_LEAST = 2.0  # mean difference in a block and its neighbours below which there is nothing to read
_BUSY = 0.35  # of the busiest block
_NEAR = 8  # blocks

Blocks = NDArray[np.float64]


@dataclass(frozen=True, slots=True, repr=False)
class Part:
    """A part of a frame: its pixel (x, y) lies at (left + x * scale, top + y * scale) of the frame."""

    grey: Grey
    left: int = 0
    top: int = 0
    scale: float = 1.0

    def cut(self, left: int, top: int, right: int, bottom: int) -> Part:
        """From (left, top) to before (right, bottom), in pixels of this part; what lies outside is let go."""
        left, top = max(0, left), max(0, top)
        grey = self.grey[top : max(top, bottom), left : max(left, right)]
        return Part(grey, self.left + round(left * self.scale), self.top + round(top * self.scale), self.scale)

    def softened(self) -> Part:
        """Each pixel with its three neighbours: takes out the grain, which costs time and hides the code."""
        rows = _mean(self.grey[:-1], self.grey[1:])
        return Part(_mean(rows[:, :-1], rows[:, 1:]), self.left, self.top, self.scale)

    def halved(self) -> Part:
        """Half as wide and high, each pixel the mean of four."""
        height, width = (side // 2 * 2 for side in self.grey.shape)
        even, odd = self.grey[:height:2, :width], self.grey[1:height:2, :width]
        rows = _mean(even, odd)
        return Part(_mean(rows[:, ::2], rows[:, 1::2]), self.left, self.top, self.scale * 2)

    def enlarged(self) -> Part:
        """Twice as wide and high, what is new between its neighbours: bars and modules thinner than two pixels come apart."""
        height, width = self.grey.shape
        wide = np.empty((height, max(0, 2 * width - 1)), np.uint8)
        wide[:, ::2] = self.grey
        wide[:, 1::2] = _mean(self.grey[:, :-1], self.grey[:, 1:])
        large = np.empty((max(0, 2 * height - 1), wide.shape[1]), np.uint8)
        large[::2] = wide
        large[1::2] = _mean(wide[:-1], wide[1:])
        return Part(large, self.left, self.top, self.scale / 2)

    def inverted(self) -> Part:
        """Dark for light: a phone in dark mode, for a decoder that does not look for that itself."""
        return Part(~self.grey, self.left, self.top, self.scale)

    def around(self, corners: Corners, share: float) -> Part:
        """What lies within these corners (of the frame), and to each side of it as much as this share of its longer side."""
        (left, right), (top, bottom) = (
            (min(point[axis] for point in corners), max(point[axis] for point in corners)) for axis in (0, 1)
        )
        room = 8 + share * max(right - left, bottom - top)
        sides = (left - room - self.left, top - room - self.top, right + room - self.left, bottom + room - self.top)
        return self.cut(*(round(side / self.scale) for side in sides))

    def busiest(self) -> Part | None:
        """All that is nearly as full of edges as its busiest place: where codes are, if there are any; None without edges."""
        if min(self.grey.shape) <= _STEP * (_BLOCK + 1):
            return self
        blocks = _busyness(self.grey)
        return self._of(blocks > _BUSY * blocks.max()) if blocks.max() >= _LEAST else None

    def busiest_spot(self) -> Part:
        """Only what hangs together with the busiest place, and is near it."""
        if min(self.grey.shape) <= _STEP * (_BLOCK + 1):
            return self
        blocks = _busyness(self.grey)
        if not blocks.any():
            return self
        busy = blocks > _BUSY * blocks.max()
        spot = blocks == blocks.max()
        for _ in range(_NEAR):
            grown = np.pad(spot, 1)
            spot = (grown[:-2, 1:-1] | grown[2:, 1:-1] | grown[1:-1, :-2] | grown[1:-1, 2:] | spot) & busy
        return self._of(spot)

    def _of(self, busy: NDArray[np.bool_]) -> Part:
        size = _STEP * _BLOCK
        down, across = np.flatnonzero(busy.any(1)), np.flatnonzero(busy.any(0))
        return self.cut(
            (int(across[0]) - 1) * size, (int(down[0]) - 1) * size, (int(across[-1]) + 2) * size, (int(down[-1]) + 2) * size
        )

    def placed(self, symbols: list[Symbol]) -> list[Symbol]:
        """What was read in this part, as seen in the frame."""
        return [symbol.placed(self.left, self.top, self.scale) for symbol in symbols]


def _busyness(grey: Grey) -> Blocks:
    """How full of edges each block and its neighbours are: the mean difference, in levels, of those that count."""
    small = grey[::_STEP, ::_STEP].astype(np.int16)
    edges = np.abs(np.diff(small, axis=1))[:-1] + np.abs(np.diff(small, axis=0))[:, :-1]
    rows, columns = edges.shape[0] // _BLOCK, edges.shape[1] // _BLOCK
    edges = np.where(edges > max(_EDGE, _CLEAR * edges.max()), edges, 0)[: rows * _BLOCK, : columns * _BLOCK]
    blocks = np.pad(edges.reshape(rows, _BLOCK, columns, _BLOCK).mean((1, 3)), 1, mode="edge")
    around: Blocks = sum((blocks[i : i + rows, j : j + columns] for i in range(3) for j in range(3)), np.zeros((rows, columns)))
    return around / 9


def _mean(one: Grey, other: Grey) -> Grey:
    """Rounded down, and without leaving the eight bits: four times as fast as a wider type."""
    mean: Grey = (one & other) + ((one ^ other) >> 1)
    return mean
