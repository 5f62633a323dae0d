"""A kernel with webcams that are none: answers the ioctls of V4L2 as uvcvideo does, on videodev2's own structures.

What a webcam sends is what the test puts into `scene`; it can be unplugged, held by somebody else, frozen or silent.
"""

from __future__ import annotations

import ctypes
import errno
import io
import itertools
import mmap
import os
import time
from collections.abc import Callable
from pathlib import Path

import numpy as np
import videodev2 as v4l2
from PIL import Image

FOURCC = {"MJPG": v4l2.V4L2_PIX_FMT_MJPEG, "YUYV": v4l2.V4L2_PIX_FMT_YUYV, "GREY": v4l2.V4L2_PIX_FMT_GREY, "H264": 0x34363248}
LENGTH = 4 * 1024 * 1024


class Webcam:
    """One device. `sizes`: what it can do; `controls`: id -> [least, most, value]."""

    def __init__(self, *formats: str, sizes: tuple[tuple[int, int], ...] = ((640, 480), (1280, 720)), usb: bool = True) -> None:
        self.formats, self.sizes, self.usb = formats, sizes, usb
        self.caps = v4l2.V4L2_CAP_VIDEO_CAPTURE | v4l2.V4L2_CAP_STREAMING
        self.controls: dict[int, list[int]] = {}
        self.plugged, self.held, self.allowed, self.silent, self.frozen, self.garbled = True, False, True, False, False, False
        self.scene: Callable[[], Image.Image] = lambda: Image.new("RGB", (64, 36), "grey")
        self.form, self.size, self.streaming, self.due = "", (0, 0), False, False
        self.noise = np.random.default_rng(7)
        self.queued: list[int] = []
        self.memory = [mmap.mmap(-1, LENGTH) for _ in range(4)]
        self.last = b""

    def picture(self) -> bytes:
        """What the sensor sees now, with its noise, in the format agreed on."""
        if self.frozen and self.last:
            return self.last
        seen = np.asarray(self.scene().convert("RGB").resize(self.size, Image.Resampling.NEAREST)).astype(int)
        seen = np.clip(seen + self.noise.integers(-3, 4, (self.size[1], self.size[0], 1)), 0, 255).astype(np.uint8)
        self.last = encoded(Image.fromarray(seen), self.form, row=self.row)
        return self.last

    @property
    def row(self) -> int:
        """Bytes from one row to the next: YUYV and grey are padded, as some devices do."""
        return {"YUYV": self.size[0] * 2 + 64, "GREY": self.size[0] + 32}.get(self.form, 0)


def encoded(picture: Image.Image, form: str, row: int) -> bytes:
    """A picture in one of the formats."""
    if form == "MJPG":
        out = io.BytesIO()
        picture.save(out, "JPEG", quality=90)
        return out.getvalue()
    light, blue, red = (np.asarray(plane) for plane in picture.convert("YCbCr").split())
    if form == "GREY":
        return np.pad(light, ((0, 0), (0, row - light.shape[1]))).tobytes()
    pairs = np.stack([light[:, ::2], blue[:, ::2], light[:, 1::2], red[:, ::2]], axis=2).reshape(light.shape[0], -1)
    return np.pad(pairs, ((0, 0), (0, row - pairs.shape[1]))).tobytes()


class FakeKernel:
    """A Kernel over webcams by path."""

    def __init__(self, **webcams: Webcam) -> None:
        self.webcams = {Path("/dev", name): webcam for name, webcam in webcams.items()}
        self.open_files: dict[int, Webcam] = {}
        self._numbers = itertools.count(1000)

    def devices(self) -> list[Path]:
        return [path for path, webcam in self.webcams.items() if webcam.plugged]

    def open(self, path: Path) -> int:
        webcam = self.webcams.get(path)
        if webcam is None or not webcam.plugged:
            raise _error(errno.ENOENT)
        if not webcam.allowed:
            raise _error(errno.EACCES)
        fd = next(self._numbers)
        self.open_files[fd] = webcam
        return fd

    def close(self, fd: int) -> None:
        del self.open_files[fd]

    def mmap(self, fd: int, length: int, offset: int) -> mmap.mmap:
        assert length == LENGTH
        return _Shared(self.open_files[fd].memory[offset // LENGTH])  # type: ignore[return-value]

    def readable(self, fd: int, wait_s: float) -> bool:
        webcam = self.open_files[fd]
        webcam.due = webcam.plugged and not webcam.silent
        if not webcam.due:
            time.sleep(min(wait_s, 0.01))
        return webcam.due or not webcam.plugged

    def ioctl(self, fd: int, request: int, argument: ctypes.Structure | ctypes.c_int) -> None:
        webcam = self.open_files[fd]
        if not webcam.plugged:
            raise _error(errno.ENODEV)
        _ANSWERS[request](webcam, argument)


class _Shared:
    """A mapping that only its owner closes."""

    def __init__(self, memory: mmap.mmap) -> None:
        self._memory = memory

    def __getitem__(self, part: slice) -> bytes:
        return self._memory[part]

    def close(self) -> None:
        """The memory is the webcam's."""


def _error(number: int) -> OSError:
    return OSError(number, os.strerror(number))


def _capability(webcam: Webcam, able) -> None:
    able.driver, able.card = _text(able.driver, b"uvcvideo"), _text(able.card, b"A webcam: a webcam")
    able.bus_info = _text(able.bus_info, b"usb-0000:01:00.0-1.2" if webcam.usb else b"platform:bcm2835-isp")
    able.device_caps = webcam.caps
    able.capabilities = webcam.caps | v4l2.V4L2_CAP_DEVICE_CAPS


def _text(field, words: bytes):
    return type(field)(*words.ljust(len(field), b"\0")) if not isinstance(field, bytes) else words


def _formats(webcam: Webcam, entry) -> None:
    if entry.index >= len(webcam.formats):
        raise _error(errno.EINVAL)
    entry.pixelformat = FOURCC[webcam.formats[entry.index]]


def _format(webcam: Webcam, wanted) -> None:
    if webcam.held:
        raise _error(errno.EBUSY)
    pixels = wanted.fmt.pix
    names = {number: name for name, number in FOURCC.items()}
    webcam.form = names[pixels.pixelformat] if names.get(pixels.pixelformat) in webcam.formats else webcam.formats[0]
    webcam.size = min(webcam.sizes, key=lambda size: abs(size[0] - pixels.width))
    pixels.pixelformat, (pixels.width, pixels.height) = FOURCC[webcam.form], webcam.size
    pixels.bytesperline = webcam.row


def _about(webcam: Webcam, about) -> None:
    if about.id not in webcam.controls:
        raise _error(errno.EINVAL)
    about.minimum, about.maximum, _ = webcam.controls[about.id]


def _control(webcam: Webcam, control) -> None:
    if control.id not in webcam.controls:
        raise _error(errno.EINVAL)
    webcam.controls[control.id][2] = control.value


def _buffers(webcam: Webcam, asked) -> None:
    asked.count = min(asked.count, 4)
    webcam.queued.clear()


def _buffer(_: Webcam, buffer) -> None:
    buffer.length, buffer.m.offset = LENGTH, buffer.index * LENGTH


def _queue(webcam: Webcam, buffer) -> None:
    assert buffer.index not in webcam.queued
    webcam.queued.append(buffer.index)


def _dequeue(webcam: Webcam, buffer) -> None:
    assert webcam.streaming
    if not webcam.due:
        raise _error(errno.EAGAIN)
    webcam.due = False
    buffer.index = webcam.queued.pop(0)
    data = b"\xff\xd8 no picture" if webcam.garbled else webcam.picture()
    webcam.memory[buffer.index][: len(data)] = data
    buffer.bytesused, buffer.flags = len(data), 0


def _stream(*, on: bool) -> Callable[[Webcam, object], None]:
    def switch(webcam: Webcam, _: object) -> None:
        webcam.streaming = on

    return switch


_ANSWERS = {
    v4l2.VIDIOC_QUERYCAP: _capability,
    v4l2.VIDIOC_ENUM_FMT: _formats,
    v4l2.VIDIOC_S_FMT: _format,
    v4l2.VIDIOC_S_PARM: lambda *_: None,
    v4l2.VIDIOC_QUERYCTRL: _about,
    v4l2.VIDIOC_S_CTRL: _control,
    v4l2.VIDIOC_REQBUFS: _buffers,
    v4l2.VIDIOC_QUERYBUF: _buffer,
    v4l2.VIDIOC_QBUF: _queue,
    v4l2.VIDIOC_DQBUF: _dequeue,
    v4l2.VIDIOC_STREAMON: _stream(on=True),
    v4l2.VIDIOC_STREAMOFF: _stream(on=False),
}
