"""What a camera yields: a grey picture to read codes in, and a small coloured one for the screen. Knows numpy."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from kiosk.camera.decode import Grey
from kiosk.camera.wire import Picture

VIEW_WIDTH, VIEW_HEIGHT = 320, 240  # the box a view fits into; 320 x 180 of a 16:9 camera


@dataclass(frozen=True, slots=True, repr=False)
class Frame:
    """One moment. `grey`: as large as the camera gives it. `view`: the same field, mirrored, as of a screen that faces people."""

    grey: Grey
    view: Picture


def mirrored(rgb: NDArray[np.uint8]) -> Picture:
    """The view of a coloured picture [row, column, red-green-blue] that fits the box already."""
    height, width = rgb.shape[:2]
    return Picture(width, height, rgb[:, ::-1].tobytes())


def nothing() -> Frame:
    """What a camera that sees nothing yields: an even grey."""
    return Frame(np.full((180, 320), 96, np.uint8), mirrored(np.full((180, 320, 3), 96, np.uint8)))
