"""A USB webcam: which one, in which format, set up for reading a phone, and its failures in words.

The kernel is asked by v4l2_device.py.
"""

from __future__ import annotations

import contextlib
import errno
import logging
import time
from collections.abc import Generator
from pathlib import Path

from kiosk.camera import pixels
from kiosk.camera.frame import Frame, Unplugged
from kiosk.camera.pictures import PictureError, jpeg_frame
from kiosk.camera.v4l2_device import Control, Kernel, Linux, PixelFormat, Shape, VideoDevice
from kiosk.core.errors import DriverError

READ_SIZE = (1280, 720)
LEAST_WIDTH = 640  # of the phone's barcode, fewer pixels than a reader needs are left on a smaller picture
FRAMES_PER_S = 30
FRAME_WAIT_S = 2.0  # less than the silence after which the link gives the process up, so that the words below get out
_MAINS = {50: 1, 60: 2}  # V4L2_CID_POWER_LINE_FREQUENCY
_MAINS_AUTO = 3
_AUTO_APERTURE, _AUTO = 3, 0  # V4L2_CID_EXPOSURE_AUTO: webcams have no aperture to move, and call their automatic the first
_RANGE_MACRO = 2  # V4L2_CID_AUTO_FOCUS_RANGE
_GONE = "the camera was unplugged: plug it in again, and see that its plug sits firmly"
_log = logging.getLogger(__name__)


class WebCamera:
    """A Camera over the device that [camera] device names, or the first on USB. It streams only while `frames` is being read."""

    live = True

    def __init__(self, device: Path | None, mains_hz: int, kernel: Kernel | None = None) -> None:
        self._device = _named(device, kernel or Linux()) if device is not None else _first(kernel or Linux())
        try:
            self._shape = _agree(self._device)
            _set_up(self._device, mains_hz)
        except OSError as error:
            self._device.close()
            raise _in_words(error, self._device.path) from None
        except DriverError:
            self._device.close()
            raise

    def frames(self) -> Generator[Frame, None, None]:
        """Frame after frame, the newest each time; those that came while the last was being read are lost."""
        good_at = time.monotonic()
        try:
            try:
                self._device.start()
                while True:
                    data = self._device.newest(FRAME_WAIT_S)
                    frame = None if data is None else self._frame(data)
                    if frame is not None:
                        good_at = time.monotonic()
                        yield frame
                    elif time.monotonic() - good_at >= FRAME_WAIT_S:
                        raise DriverError(
                            f"the camera {self._device.path} gave no picture for {FRAME_WAIT_S:g} s: unplug it and plug it in "
                            "again, without a hub between"
                        )
            finally:
                self._device.stop()
        except OSError as error:
            raise _in_words(error, self._device.path) from None

    def check(self) -> None:
        """Whether it is still plugged in."""
        try:
            self._device.check()
        except OSError as error:
            raise _in_words(error, self._device.path) from None

    def close(self) -> None:
        """Give the device back."""
        self._device.close()

    def _frame(self, data: bytes) -> Frame | None:
        """None for bytes that are no picture: a bad cable loses some of them."""
        width, height, row = self._shape.width, self._shape.height, self._shape.row
        try:
            match self._shape.form:
                case PixelFormat.MJPEG:
                    return jpeg_frame(data, (width, height))
                case PixelFormat.YUYV:
                    return pixels.yuyv(data, width, height, row)
                case PixelFormat.GREY:
                    return pixels.grey(data, width, height, row)
        except PictureError as error:
            _log.debug("a frame that is no picture: %s", error)
            return None


def _named(path: Path, kernel: Kernel) -> VideoDevice:
    try:
        device = VideoDevice(path, kernel)
    except OSError as error:
        if error.errno == errno.ENOENT:
            raise Unplugged(
                f"[camera] device {path} is not there: plug the camera in, or leave the key out for the first camera on USB"
            ) from None
        raise _in_words(error, path) from None
    if not device.captures:
        device.close()
        raise DriverError(f"[camera] device {path} is no source of pictures: `v4l2-ctl --list-devices` shows those there are")
    return device


def _first(kernel: Kernel) -> VideoDevice:
    """The camera on USB with the lowest number, before those that show only grey. What else a Pi calls video is no webcam."""
    found: list[tuple[bool, int, Path]] = []
    refused: OSError | None = None
    for number, path in enumerate(kernel.devices()):
        try:
            with contextlib.closing(VideoDevice(path, kernel)) as device:
                forms = device.formats() if device.usb and device.captures else []
        except OSError as error:
            refused = refused or error
            continue
        if forms:
            found.append((forms == [PixelFormat.GREY], number, path))
    if found:
        return _named(min(found)[2], kernel)
    if refused is not None and refused.errno in {errno.EACCES, errno.EPERM}:
        raise _in_words(refused, Path("/dev/video*"))
    raise Unplugged(
        "no camera is found on USB: plug one in (`v4l2-ctl --list-devices` lists them); a camera on a ribbon cable wants "
        '[camera] driver = "picamera2"'
    )


def _agree(device: VideoDevice) -> Shape:
    for form in device.formats():
        shape = device.shape(form, *READ_SIZE, FRAMES_PER_S)
        if shape is not None and shape.width >= LEAST_WIDTH:
            return shape
    names = ", ".join(form.value for form in PixelFormat)
    raise DriverError(
        f"the camera {device.path} ({device.card}) offers nothing {LEAST_WIDTH} pixels wide or wider in {names}: use another"
    )


def _set_up(device: VideoDevice, mains_hz: int) -> None:
    """Each control that is there.

    A lit phone is the subject: nothing may brighten the dark shop behind it, and no picture may take longer because of it.
    """
    for control, values in (
        (Control.FOCUS_AUTO, (1,)),
        (Control.FOCUS_RANGE, (_RANGE_MACRO,)),
        (Control.EXPOSURE_AUTO, (_AUTO_APERTURE, _AUTO)),
        (Control.EXPOSURE_MAY_SLOW, (0,)),
        (Control.BACKLIGHT, (0,)),
        (Control.MAINS, (_MAINS_AUTO, _MAINS[mains_hz])),
    ):
        device.set(control, *values)


def _in_words(error: OSError, path: Path) -> DriverError:
    match error.errno:
        case errno.ENODEV | errno.ENXIO | errno.ENOENT:
            return Unplugged(_GONE)
        case errno.EACCES | errno.EPERM:
            return DriverError(f"the camera {path} may not be opened: give it to the kiosk's user with `usermod -aG video USER`")
        case errno.EBUSY:
            return DriverError(f"another program holds the camera {path}: end it; `fuser {path}` names it")
        case errno.ENOSPC:
            return DriverError(
                f"USB has no room for the pictures of the camera {path}: plug it into another port, without a hub between"
            )
        case _:
            return DriverError(f"the camera {path} fails ({error.strerror}): unplug it and plug it in again, or use another")
