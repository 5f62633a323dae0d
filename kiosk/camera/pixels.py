"""From a webcam's bytes to a Frame, where they are no JPEG: YUYV and grey. Pure. Too few bytes are a PictureError."""

from __future__ import annotations

import numpy as np

from kiosk.camera.decode import Grey
from kiosk.camera.frame import VIEW_HEIGHT, VIEW_WIDTH, Frame, mirrored, rgb
from kiosk.camera.pictures import PictureError


def yuyv(data: bytes, width: int, height: int, row: int) -> Frame:
    """Two pixels in four bytes: light, blue, light, red. `row`: bytes from one row to the next."""
    pairs = _rows(data, width * 2, height, row)
    step = _view_step(width, height)
    few = pairs[::step]
    light, blue, red = few[:, :: 2 * step], few[:, 1 :: 2 * step], few[:, 3 :: 2 * step]
    return Frame(np.ascontiguousarray(pairs[:, ::2]), mirrored(rgb(light[:, : red.shape[1]], blue[:, : red.shape[1]], red)))


def grey(data: bytes, width: int, height: int, row: int) -> Frame:
    """One byte a pixel."""
    light = _rows(data, width, height, row)
    step = _view_step(width, height)
    return Frame(np.ascontiguousarray(light), mirrored(np.repeat(light[::step, ::step, None], 3, axis=2)))


def _rows(data: bytes, length: int, height: int, row: int) -> Grey:
    """`height` rows of `length` bytes, without what pads them."""
    row = max(row, length)  # some drivers leave it 0
    if len(data) < row * (height - 1) + length:
        raise PictureError(f"{len(data)} bytes are too few for a picture")
    flat = np.frombuffer(data, np.uint8)
    return np.lib.stride_tricks.as_strided(flat, (height, length), (row, 1), writeable=False)


def _view_step(width: int, height: int) -> int:
    """Of so many pixels one makes the view fit its box; even, as YUYV shares its colours between two."""
    step = max(-(-width // VIEW_WIDTH), -(-height // VIEW_HEIGHT))
    return step + step % 2
