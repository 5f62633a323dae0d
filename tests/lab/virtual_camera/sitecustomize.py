"""Read by Python as it starts: what picamera2 misses in libcamera's virtual camera, given to it as soon as it is imported.

The virtual camera has no raw modes, and knows NV12 alone: its buffers are two planes, while in YUV420, which the kiosk asks for,
U and V lie apart. And its pictures are there before picamera2 says that it has started, which never gives such buffers back: a
sensor takes its time.
"""

from __future__ import annotations

import sys
import time
from importlib.abc import Loader, MetaPathFinder
from importlib.machinery import ModuleSpec, PathFinder
from types import ModuleType, SimpleNamespace
from typing import Any

SIZE = (1280, 720)
FRAME_S = 1 / 30


class _WithPicamera2(MetaPathFinder, Loader):
    """Imports it as ever, then adds what is missing."""

    def find_spec(self, fullname: str, path: Any, target: ModuleType | None = None) -> ModuleSpec | None:
        if fullname != "picamera2":
            return None
        found = PathFinder.find_spec(fullname, path, target)
        if found is not None:
            self._real, found.loader = found.loader, self
        return found

    def create_module(self, _spec: ModuleSpec) -> ModuleType | None:
        return None

    def exec_module(self, module: ModuleType) -> None:
        self._real.exec_module(module)
        _complete(module)


def _complete(picamera2: ModuleType) -> None:
    from picamera2 import request  # noqa: PLC0415  loaded where it is used
    from picamera2.allocators import dmaallocator  # noqa: PLC0415  loaded where it is used

    picamera2.Picamera2._get_raw_modes = lambda _self: [{"format": "SRGGB10", "size": SIZE}]
    manager = sys.modules["picamera2.picamera2"].CameraManager
    manager.handle_request = _unhurried(manager.handle_request)
    dmaallocator.libcamera = SimpleNamespace(FrameBuffer=_two_planes(dmaallocator.libcamera.FrameBuffer))
    make = request.CompletedRequest.make_array
    request.CompletedRequest.make_array = lambda self, name: _apart(make(self, name), self.config[name])


def _unhurried(handle: Any) -> Any:
    def handled(self: Any, *words: Any) -> None:
        time.sleep(FRAME_S)
        handle(self, *words)

    return handled


def _two_planes(buffer_of: Any) -> Any:
    """A FrameBuffer of one plane, made one of two in the same memory: the luma is two thirds of it."""

    def made(planes: list[Any]) -> Any:
        (light,) = planes
        colours = buffer_of.Plane()
        colours.fd, colours.offset, colours.length = light.fd, light.length * 2 // 3, light.length // 3
        light.length = colours.offset
        return buffer_of([light, colours])

    made.Plane = buffer_of.Plane
    return made


def _apart(nv12: Any, config: dict[str, Any]) -> Any:
    """NV12 [3/2 height, width] as the YUV420 that was asked for: all of U, then all of V."""
    assert config["format"] == "NV12", config
    height = config["size"][1]
    pairs = nv12[height:].reshape(-1, 2).T
    planar = nv12.copy()
    planar[height:] = pairs.reshape(nv12[height:].shape)
    return planar


sys.meta_path.insert(0, _WithPicamera2())
