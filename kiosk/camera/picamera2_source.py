"""The Raspberry Pi's camera: the one file that knows picamera2 (and libcamera, which comes with it).

Two streams of each exposure: a large YUV420 one whose luma is read, scaled by the Pi's ISP, and a small one for the screen. Both
are YUV420 because before the Pi 5 the second stream can be nothing else (Picamera2 manual, "Configuring lores").

What the camera is asked to do is a table of libcamera's controls (its reference, "Camera controls"). Modules differ: a Camera
Module 2 has no lens that moves, an older libcamera knows no flicker. Each is asked for what it advertises, no more.
"""

from __future__ import annotations

from collections.abc import Generator, Mapping
from typing import Any

import numpy as np
from numpy.typing import NDArray

from kiosk.camera.decode import Grey
from kiosk.camera.frame import Frame, Spent, Unplugged, mirrored, rgb
from kiosk.core.errors import DriverError

READ_SIZE = (1280, 720)
VIEW_SIZE = (320, 180)
FRAME_US = 33_333  # always 30 frames a second: in a dark shop the gain makes up for the light, not a picture that smears
FRAME_WAIT_S = 2.0  # less than the silence after which the link gives the process up, so that the words below get out
_PHONE = (
    # Only near distances are searched: on a Camera Module 3 from 7 to 33 cm, beginning at 25 (imx708.json, rpi.af), and its depth
    # of field reaches beyond 40. The far wall, which the phone comes in front of, is never what it is sharp for.
    ("AfMode", "AfModeEnum", "Continuous"),
    ("AfRange", "AfRangeEnum", "Macro"),
    ("AfSpeed", "AfSpeedEnum", "Fast"),
    # A lit phone before a dark shop: the light parts are kept from washing out, however small they are, and rather by gain than
    # by a long exposure, in which a hand smears the code.
    ("AeMeteringMode", "AeMeteringModeEnum", "CentreWeighted"),
    ("AeConstraintMode", "AeConstraintModeEnum", "Highlight"),
    ("AeExposureMode", "AeExposureModeEnum", "Short"),
    ("AeFlickerMode", "AeFlickerModeEnum", "Manual"),  # the Pi's has no Auto; the period below tells it the lamps'
)
_REMEDY = "see that its ribbon cable sits firmly at both ends and that `rpicam-hello --list-cameras` lists it"


class PiCamera:
    """A Camera over the first camera. Opened and set up at once; it streams only while `frames` is being read."""

    live = True

    def __init__(self, mains_hz: int) -> None:
        self._stuck = False  # it waits for a picture that does not come; whatever it is asked would wait behind that, for ever
        try:
            from libcamera import ColorSpace, controls  # noqa: PLC0415  only a Pi has it
            from picamera2 import Picamera2  # noqa: PLC0415  only a Pi has it, and it takes a second
        except ImportError as error:
            raise DriverError(
                f"picamera2 cannot be imported ({error}): on Raspberry Pi OS `apt install python3-picamera2`, in a venv with "
                'system site packages; without a Pi set [camera] driver = "folder"'
            ) from None
        if not Picamera2.global_camera_info():
            raise Unplugged(f"no camera is connected: {_REMEDY}, then switch the kiosk off and on")
        try:
            self._camera = Picamera2(0)
            self._camera.configure(
                self._camera.create_video_configuration(
                    main={"size": READ_SIZE, "format": "YUV420"},
                    lores={"size": VIEW_SIZE, "format": "YUV420"},
                    colour_space=ColorSpace.Sycc(),  # full range, as a phone shows it
                    buffer_count=4,
                    controls={"FrameDurationLimits": (FRAME_US, FRAME_US)},
                )
            )
            self._camera.set_controls(wishes(controls, self._camera.camera_controls, mains_hz))
        except (RuntimeError, OSError, IndexError) as error:
            raise Spent(f"the camera cannot be set up ({error}): another program may hold it; {_REMEDY}") from None

    def frames(self) -> Generator[Frame, None, None]:
        """Frame after frame, the newest each time; those that came while the last was being read are lost."""
        try:
            self._camera.start()
        except (RuntimeError, OSError) as error:
            raise Spent(f"the camera does not start ({error}): {_REMEDY}") from None
        try:
            while True:
                yield self._next()
        finally:
            if not self._stuck:
                self._camera.stop()

    def check(self) -> None:
        """A ribbon cable is not unplugged while the Pi is on; a camera that fails gives no picture."""

    def close(self) -> None:
        """Give the camera back."""
        if not self._stuck:
            self._camera.close()

    def _next(self) -> Frame:
        try:
            request: Any = self._camera.capture_request(wait=FRAME_WAIT_S)
        except TimeoutError:
            self._stuck = True
            raise Spent(f"the camera gave no picture for {FRAME_WAIT_S:g} s: {_REMEDY}") from None
        try:  # copies, so that the buffer goes back to the camera before anything is decoded
            large, small = request.make_array("main"), request.make_array("lores")
        finally:
            request.release()
        width, height = READ_SIZE
        return Frame(luma(large, width, height), mirrored(coloured(small, *VIEW_SIZE)))


def wishes(known: object, able: Mapping[str, tuple[Any, Any, Any]], mains_hz: int) -> dict[str, int]:
    """The controls to set, of those a camera advertises.

    `able`: name -> (least, most, default); `known`: libcamera's enums, of which older ones have fewer.
    """
    asked: dict[str, int] = {}
    for name, group, member in _PHONE:
        value = getattr(getattr(known, group, None), member, None)
        # int: libcamera's enums do not compare with numbers
        if name in able and value is not None and int(able[name][0]) <= int(value) <= int(able[name][1]):
            asked[name] = int(value)
    if "AeFlickerMode" in asked:
        if "AeFlickerPeriod" in able:
            asked["AeFlickerPeriod"] = 1_000_000 // (2 * mains_hz)  # microseconds; a lamp is bright twice in each period
        else:
            del asked["AeFlickerMode"]
    return asked


def luma(yuv: NDArray[np.uint8], width: int, height: int) -> Grey:
    """The grey picture in a YUV420 array of 3/2 height whose rows may be padded."""
    return yuv[:height, :width]


def coloured(yuv: NDArray[np.uint8], width: int, height: int) -> NDArray[np.uint8]:
    """A YUV420 array (full range, BT.601; two rows of U or V in each row below the luma) as [row, column, red-green-blue].

    `height` is a multiple of 4, so that each plane ends with a row.
    """
    stride, quarter = yuv.shape[1], height // 4
    blue, red = (
        yuv[height + i * quarter : height + (i + 1) * quarter].reshape(height // 2, stride // 2)[:, : width // 2]
        for i in range(2)
    )
    return rgb(luma(yuv, width, height), *(np.repeat(np.repeat(plane, 2, 0), 2, 1) for plane in (blue, red)))
