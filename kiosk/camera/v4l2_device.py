"""A video device of Linux: the one file that knows videodev2 (V4L2's structures and numbers).

It asks, maps and waits, and chooses nothing. What the kernel refuses comes as OSError. Linux media documentation, part "Video for
Linux API": querying capabilities, data formats, streaming I/O (memory mapping), user controls.
"""

from __future__ import annotations

import contextlib
import ctypes
import errno
import fcntl
import mmap
import os
import re
import select
from dataclasses import dataclass
from enum import Enum, StrEnum
from pathlib import Path
from typing import Protocol

from kiosk.core.errors import DriverError

try:
    import videodev2 as v4l2
except ImportError as error:  # the scanner process alone loads this file, and only for driver = "v4l2"
    raise DriverError(
        f"videodev2 cannot be imported ({error}): `apt install python3-videodev2` on a Pi, else `pip install videodev2`"
    ) from None

Argument = ctypes.Structure | ctypes.c_int
BUFFERS = 4
_CAPTURE = v4l2.V4L2_BUF_TYPE_VIDEO_CAPTURE
_MMAP = v4l2.V4L2_MEMORY_MMAP
_NUMBERED = re.compile(r"video([0-9]+)")
_MOST_BYTES = 64 * 1024 * 1024  # of one buffer


class PixelFormat(StrEnum):
    """What the kiosk can read, the best first.

    MJPEG alone gets 30 large pictures a second through USB 2. What has only grey is often an infrared sensor, blind to phones.
    """

    MJPEG = "MJPG"
    YUYV = "YUYV"
    GREY = "GREY"


class Control(Enum):
    """The user and camera controls that matter to reading a phone; a device has some of them or none."""

    FOCUS_AUTO = v4l2.V4L2_CID_FOCUS_AUTO
    FOCUS_RANGE = v4l2.V4L2_CID_AUTO_FOCUS_RANGE
    EXPOSURE_AUTO = v4l2.V4L2_CID_EXPOSURE_AUTO
    EXPOSURE_MAY_SLOW = v4l2.V4L2_CID_EXPOSURE_AUTO_PRIORITY
    BACKLIGHT = v4l2.V4L2_CID_BACKLIGHT_COMPENSATION
    MAINS = v4l2.V4L2_CID_POWER_LINE_FREQUENCY


@dataclass(frozen=True, slots=True)
class Shape:
    """What a device has agreed to send. `row`: bytes from one row to the next; means nothing for MJPEG."""

    form: PixelFormat
    width: int
    height: int
    row: int


class Kernel(Protocol):
    """The system calls a video device needs; OSError as they come."""

    def devices(self) -> list[Path]:
        """The video devices there are, by number."""

    def open(self, path: Path) -> int: ...

    def ioctl(self, fd: int, request: int, argument: Argument) -> None:
        """`argument` is read and filled in."""

    def mmap(self, fd: int, length: int, offset: int) -> mmap.mmap: ...

    def readable(self, fd: int, wait_s: float) -> bool:
        """Whether something came within `wait_s`, be it a picture or the device's end."""

    def close(self, fd: int) -> None: ...


class Linux:
    """The real Kernel."""

    def devices(self) -> list[Path]:
        found = [(int(match[1]), path) for path in Path("/dev").glob("video*") if (match := _NUMBERED.fullmatch(path.name))]
        return [path for _, path in sorted(found)]

    def open(self, path: Path) -> int:
        return os.open(path, os.O_RDWR | os.O_NONBLOCK | os.O_CLOEXEC)

    def ioctl(self, fd: int, request: int, argument: Argument) -> None:
        fcntl.ioctl(fd, request & 0xFFFFFFFF, argument, True)

    def mmap(self, fd: int, length: int, offset: int) -> mmap.mmap:
        return mmap.mmap(fd, length, offset=offset)

    def readable(self, fd: int, wait_s: float) -> bool:
        return bool(select.select([fd], [], [], wait_s)[0])

    def close(self, fd: int) -> None:
        os.close(fd)


class VideoDevice:
    """One video device, open. `card`: its maker's name for it; `usb`: it hangs on USB; `captures`: it is a source of pictures."""

    def __init__(self, path: Path, kernel: Kernel) -> None:
        self.path = path
        self._kernel = kernel
        self._fd = kernel.open(path)
        self._maps: list[mmap.mmap] = []
        try:
            able = self._capability()
        except OSError:
            self.close()
            raise
        caps = able.device_caps if able.capabilities & v4l2.V4L2_CAP_DEVICE_CAPS else able.capabilities
        self.captures = bool(caps & v4l2.V4L2_CAP_VIDEO_CAPTURE and caps & v4l2.V4L2_CAP_STREAMING)
        self.card = bytes(able.card).partition(b"\0")[0].decode("ascii", "replace")
        self.usb = bytes(able.bus_info).startswith(b"usb-")

    def check(self) -> None:
        """OSError when it is gone."""
        self._capability()

    def formats(self) -> list[PixelFormat]:
        """Those of its formats that can be read, the best first."""
        offered = set()
        for index in range(64):  # no device has so many
            entry = v4l2.v4l2_fmtdesc(index=index, type=_CAPTURE)
            try:
                self._ask(v4l2.VIDIOC_ENUM_FMT, entry)
            except OSError as error:
                if error.errno != errno.EINVAL:  # EINVAL: there is no further one
                    raise
                break
            offered.add(int(entry.pixelformat).to_bytes(4, "little"))
        return [form for form in PixelFormat if form.encode() in offered]

    def shape(self, form: PixelFormat, width: int, height: int, frames_per_s: int) -> Shape | None:
        """Agree on a format and on what lies nearest to a size and a rate; None when it insists on another format."""
        wanted = v4l2.v4l2_format(type=_CAPTURE)
        pixels = wanted.fmt.pix
        pixels.width, pixels.height, pixels.field = width, height, v4l2.V4L2_FIELD_ANY
        pixels.pixelformat = int.from_bytes(form.encode(), "little")
        self._ask(v4l2.VIDIOC_S_FMT, wanted)
        if int(pixels.pixelformat).to_bytes(4, "little") != form.encode():
            return None
        with contextlib.suppress(OSError):  # a device whose rate is fixed
            rate = v4l2.v4l2_streamparm(type=_CAPTURE)
            rate.parm.capture.timeperframe.numerator, rate.parm.capture.timeperframe.denominator = 1, frames_per_s
            self._ask(v4l2.VIDIOC_S_PARM, rate)
        return Shape(form, pixels.width, pixels.height, pixels.bytesperline)

    def set(self, control: Control, *values: int) -> bool:
        """Set a control to the first of `values` that it takes; False when it is not there or takes none of them."""
        about = v4l2.v4l2_queryctrl(id=control.value)
        try:
            self._ask(v4l2.VIDIOC_QUERYCTRL, about)
        except OSError:
            return False
        for value in values:
            if not about.flags & v4l2.V4L2_CTRL_FLAG_DISABLED and about.minimum <= value <= about.maximum:
                with contextlib.suppress(OSError):  # a menu may have gaps
                    self._ask(v4l2.VIDIOC_S_CTRL, v4l2.v4l2_control(id=control.value, value=value))
                    return True
        return False

    def start(self) -> None:
        """Stream into buffers of the device's own."""
        asked = v4l2.v4l2_requestbuffers(count=BUFFERS, type=_CAPTURE, memory=_MMAP)
        self._ask(v4l2.VIDIOC_REQBUFS, asked)
        for index in range(asked.count):
            buffer = v4l2.v4l2_buffer(index=index, type=_CAPTURE, memory=_MMAP)
            self._ask(v4l2.VIDIOC_QUERYBUF, buffer)
            if not 0 < buffer.length <= _MOST_BYTES:
                raise OSError(errno.EINVAL, f"a buffer of {buffer.length} bytes")
            self._maps.append(self._kernel.mmap(self._fd, buffer.length, buffer.m.offset))
            self._ask(v4l2.VIDIOC_QBUF, buffer)
        self._ask(v4l2.VIDIOC_STREAMON, ctypes.c_int(_CAPTURE))

    def newest(self, wait_s: float) -> bytes | None:
        """The newest whole picture, waiting at most `wait_s` for one; those that came before it are lost."""
        if not self._kernel.readable(self._fd, wait_s):
            return None
        newest = None
        for _ in self._maps:
            buffer = v4l2.v4l2_buffer(type=_CAPTURE, memory=_MMAP)
            try:
                self._ask(v4l2.VIDIOC_DQBUF, buffer)
            except BlockingIOError:
                break
            if not buffer.flags & v4l2.V4L2_BUF_FLAG_ERROR and buffer.bytesused:
                newest = self._maps[buffer.index][: buffer.bytesused]  # a copy: the buffer goes back
            self._ask(v4l2.VIDIOC_QBUF, buffer)
        return newest

    def stop(self) -> None:
        """End the stream and give the buffers back; a device that is gone has none any more."""
        for mapped in self._maps:
            mapped.close()
        self._maps.clear()
        with contextlib.suppress(OSError):
            self._ask(v4l2.VIDIOC_STREAMOFF, ctypes.c_int(_CAPTURE))
        with contextlib.suppress(OSError):
            self._ask(v4l2.VIDIOC_REQBUFS, v4l2.v4l2_requestbuffers(count=0, type=_CAPTURE, memory=_MMAP))

    def close(self) -> None:
        """Give the device back."""
        if self._fd >= 0:
            self._kernel.close(self._fd)
            self._fd = -1

    def _capability(self) -> v4l2.v4l2_capability:
        able = v4l2.v4l2_capability()
        self._ask(v4l2.VIDIOC_QUERYCAP, able)
        return able

    def _ask(self, request: int, argument: Argument) -> None:
        self._kernel.ioctl(self._fd, request, argument)
