"""The Pi camera's driver, as far as it goes without a Pi: how it takes YUV420 apart, and what it says when it cannot."""

from __future__ import annotations

import importlib.util

import numpy as np
import pytest

from kiosk.camera.picamera2_source import PiCamera, coloured, luma
from kiosk.core.errors import DriverError


def yuv420(colours: np.ndarray, padding: int) -> np.ndarray:
    """A picture [row, column, red-green-blue] of 2 x 2 even blocks as YUV420 (JFIF), each row padded on the right."""
    red, green, blue = (colours[:, :, i].astype(float) for i in range(3))
    y = 0.299 * red + 0.587 * green + 0.114 * blue
    u, v = (blue - y) / 1.772 + 128, (red - y) / 1.402 + 128
    height, width = y.shape
    stride = width + padding
    plane = np.full((height, stride), 77.0)
    plane[:, :width] = y
    halves = []
    for chroma in (u, v):
        half = np.full((height // 2, stride // 2), 77.0)
        half[:, : width // 2] = chroma[::2, ::2]
        halves.append(half.reshape(height // 4, stride))
    return np.clip(np.round(np.vstack([plane, *halves])), 0, 255).astype(np.uint8)


@pytest.mark.parametrize("padding", [0, 64])
def test_colours_survive_the_journey_through_yuv420(padding: int):
    small = np.random.default_rng(3).integers(0, 256, (10, 16, 3), dtype=np.uint8)[:8]
    colours = np.repeat(np.repeat(small, 2, 0), 2, 1)
    array = yuv420(colours, padding)
    height, width = colours.shape[:2]
    assert array.shape == (height * 3 // 2, width + padding)
    assert np.abs(coloured(array, width, height).astype(int) - colours).max() <= 4
    assert np.array_equal(luma(array, width, height), array[:height, :width])


@pytest.mark.skipif(importlib.util.find_spec("picamera2") is not None, reason="picamera2 is installed here")
def test_without_picamera2_the_error_says_what_to_install():
    with pytest.raises(DriverError, match="apt install python3-picamera2"):
        PiCamera(50)
