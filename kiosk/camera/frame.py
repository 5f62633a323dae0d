"""What a camera yields: a grey picture to read codes in, and a small coloured one for the screen. Knows numpy."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from kiosk.camera.decode import Grey
from kiosk.camera.wire import Picture
from kiosk.core.errors import DriverError
from kiosk.core.scanning import ScanHint

VIEW_WIDTH, VIEW_HEIGHT = 320, 240  # the box a view fits into; 320 x 180 of a 16:9 camera


class Spent(DriverError):
    """The camera fails, and its library with it: only a new process gets it going again."""


class Unplugged(DriverError):
    """There is no camera, or no more."""


class Frozen(DriverError):
    """It shows the same picture all the time."""


def hint_of(error: DriverError) -> ScanHint:
    """What people are told of a camera that does not work."""
    match error:
        case Unplugged():
            return ScanHint.UNPLUGGED
        case Frozen():
            return ScanHint.FROZEN
        case _:
            return ScanHint.NO_CAMERA


@dataclass(frozen=True, slots=True, repr=False)
class Frame:
    """One moment. `grey`: as large as the camera gives it. `view`: the same field, mirrored, as of a screen that faces people."""

    grey: Grey
    view: Picture


def mirrored(rgb: NDArray[np.uint8]) -> Picture:
    """The view of a coloured picture [row, column, red-green-blue] that fits the box already."""
    height, width = rgb.shape[:2]
    return Picture(width, height, rgb[:, ::-1].tobytes())


def rgb(light: NDArray[np.uint8], blue: NDArray[np.uint8], red: NDArray[np.uint8]) -> NDArray[np.uint8]:
    """Y, U and V (full range, BT.601), each [row, column] of the same size, as [row, column, red-green-blue]."""
    y, u, v = light.astype(np.int32), blue.astype(np.int32) - 128, red.astype(np.int32) - 128
    colours = (y + (359 * v >> 8), y - (88 * u + 183 * v >> 8), y + (454 * u >> 8))
    picture: NDArray[np.uint8] = np.clip(np.stack(colours, axis=2), 0, 255).astype(np.uint8)
    return picture


def nothing() -> Frame:
    """What a camera that sees nothing yields: an even grey."""
    return Frame(np.full((180, 320), 96, np.uint8), mirrored(np.full((180, 320, 3), 96, np.uint8)))
