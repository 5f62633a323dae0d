"""The Pi camera's driver, as far as it goes without a Pi: how it takes YUV420 apart, and what it says when it cannot."""

from __future__ import annotations

import importlib.util
from enum import Enum

import numpy as np
import pytest

from kiosk.camera.picamera2_source import PiCamera, coloured, luma, wishes
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


class Known:
    """libcamera's enums, of which an older one lacks the flicker; they do not compare with numbers."""

    AfModeEnum = Enum("AfModeEnum", {"Manual": 0, "Auto": 1, "Continuous": 2})
    AfRangeEnum = Enum("AfRangeEnum", {"Normal": 0, "Macro": 1, "Full": 2})
    AfSpeedEnum = Enum("AfSpeedEnum", {"Normal": 0, "Fast": 1})
    AeMeteringModeEnum = Enum("AeMeteringModeEnum", {"CentreWeighted": 0, "Spot": 1})
    AeConstraintModeEnum = Enum("AeConstraintModeEnum", {"Normal": 0, "Highlight": 1})
    AeExposureModeEnum = Enum("AeExposureModeEnum", {"Normal": 0, "Short": 1})
    for enum in (AfModeEnum, AfRangeEnum, AfSpeedEnum, AeMeteringModeEnum, AeConstraintModeEnum, AeExposureModeEnum):
        enum.__int__ = lambda self: self.value


class KnownToday(Known):
    AeFlickerModeEnum = Enum("AeFlickerModeEnum", {"Off": 0, "Manual": 1, "Auto": 2})
    AeFlickerModeEnum.__int__ = lambda self: self.value


EXPOSURE = {
    "AeMeteringMode": (0, 3, 0),
    "AeConstraintMode": (0, 3, 0),
    "AeExposureMode": (0, 3, 0),
    "AnalogueGain": (1.0, 16.0, None),
}
FOCUS = {"AfMode": (0, 2, 0), "AfRange": (0, 2, 0), "AfSpeed": (0, 1, 0), "LensPosition": (0.0, 32.0, 1.0)}
FLICKER = {"AeFlickerMode": (0, 1, 0), "AeFlickerPeriod": (100, 1000000, None)}
A_PHONE = {"AeMeteringMode": 0, "AeConstraintMode": 1, "AeExposureMode": 1}


def test_a_module_with_autofocus_looks_near_by_and_meters_for_a_lit_phone():
    near = {"AfMode": 2, "AfRange": 1, "AfSpeed": 1}
    lamps = {"AeFlickerMode": 1, "AeFlickerPeriod": 10_000}
    assert wishes(KnownToday, EXPOSURE | FOCUS | FLICKER, 50) == A_PHONE | near | lamps
    assert wishes(KnownToday, EXPOSURE | FOCUS | FLICKER, 60)["AeFlickerPeriod"] == 8_333


def test_a_module_is_asked_for_nothing_that_it_does_not_advertise():
    assert wishes(KnownToday, EXPOSURE, 50) == A_PHONE
    assert wishes(KnownToday, {}, 50) == {}
    assert wishes(Known, EXPOSURE | FLICKER, 50) == A_PHONE  # this libcamera does not know the word
    assert wishes(KnownToday, EXPOSURE | {"AeFlickerMode": (0, 1, 0)}, 50) == A_PHONE  # without the period it would mean nothing
    assert wishes(KnownToday, {"AeExposureMode": (0, 0, 0)}, 50) == {}
