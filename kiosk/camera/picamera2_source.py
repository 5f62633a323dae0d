"""The Raspberry Pi's camera: the one file that knows picamera2 (and libcamera, which comes with it).

Two streams of each exposure: a large YUV420 one whose luma is read, scaled by the Pi's ISP, and a small one for the screen. Both
are YUV420 because before the Pi 5 the second stream can be nothing else (Picamera2 manual, "Configuring lores").
"""

from __future__ import annotations

from collections.abc import Generator
from typing import Any

import numpy as np
from numpy.typing import NDArray

from kiosk.camera.decode import Grey
from kiosk.camera.frame import Frame, mirrored
from kiosk.core.errors import DriverError

READ_SIZE = (1280, 720)
VIEW_SIZE = (320, 180)
FRAME_US = 50_000  # 20 frames a second: more than a Pi decodes, and long enough to expose by shop light
FRAME_WAIT_S = 2.0  # less than the silence after which the link gives the process up, so that the words below get out
_REMEDY = "see that its ribbon cable sits firmly at both ends and that `rpicam-hello --list-cameras` lists it"


class PiCamera:
    """A Camera over the first camera. Opened and set up at once; it streams only while `frames` is being read."""

    def __init__(self) -> None:
        try:
            from libcamera import ColorSpace, controls  # noqa: PLC0415  only a Pi has it
            from picamera2 import Picamera2  # noqa: PLC0415  only a Pi has it, and it takes a second
        except ImportError as error:
            raise DriverError(
                f"picamera2 cannot be imported ({error}): on Raspberry Pi OS `apt install python3-picamera2`, in a venv with "
                'system site packages; without a Pi set [camera] driver = "folder"'
            ) from None
        if not Picamera2.global_camera_info():
            raise DriverError(f"no camera is connected: {_REMEDY}, then switch the kiosk off and on")
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
            if "AfMode" in self._camera.camera_controls:
                self._camera.set_controls({"AfMode": controls.AfModeEnum.Continuous, "AfSpeed": controls.AfSpeedEnum.Fast})
        except (RuntimeError, OSError, IndexError) as error:
            raise DriverError(f"the camera cannot be set up ({error}): another program may hold it; {_REMEDY}") from None

    def frames(self) -> Generator[Frame, None, None]:
        """Frame after frame, the newest each time; those that came while the last was being read are lost."""
        try:
            self._camera.start()
        except (RuntimeError, OSError) as error:
            raise DriverError(f"the camera does not start ({error}): {_REMEDY}") from None
        try:
            while True:
                yield self._next()
        finally:
            self._camera.stop()

    def close(self) -> None:
        """Give the camera back."""
        self._camera.close()

    def _next(self) -> Frame:
        try:
            request: Any = self._camera.capture_request(wait=FRAME_WAIT_S)
        except TimeoutError:
            raise DriverError(f"the camera gave no picture for {FRAME_WAIT_S:g} s: {_REMEDY}") from None
        try:  # copies, so that the buffer goes back to the camera before anything is decoded
            large, small = request.make_array("main"), request.make_array("lores")
        finally:
            request.release()
        width, height = READ_SIZE
        return Frame(luma(large, width, height), mirrored(rgb(small, *VIEW_SIZE)))


def luma(yuv: NDArray[np.uint8], width: int, height: int) -> Grey:
    """The grey picture in a YUV420 array of 3/2 height whose rows may be padded."""
    return yuv[:height, :width]


def rgb(yuv: NDArray[np.uint8], width: int, height: int) -> NDArray[np.uint8]:
    """A YUV420 array (full range, BT.601; two rows of U or V in each row below the luma) as [row, column, red-green-blue].

    `height` is a multiple of 4, so that each plane ends with a row.
    """
    stride, quarter = yuv.shape[1], height // 4
    planes = [
        yuv[height + i * quarter : height + (i + 1) * quarter].reshape(height // 2, stride // 2)[:, : width // 2]
        for i in range(2)
    ]
    light = yuv[:height, :width].astype(np.int32)
    blue, red = (np.repeat(np.repeat(plane, 2, 0), 2, 1).astype(np.int32) - 128 for plane in planes)
    colours = (light + (359 * red >> 8), light - (88 * blue + 183 * red >> 8), light + (454 * blue >> 8))
    picture: NDArray[np.uint8] = np.clip(np.stack(colours, axis=2), 0, 255).astype(np.uint8)
    return picture
