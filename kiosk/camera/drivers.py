"""Which cameras there are, by the name in kiosk.toml. Imports none of them until it is asked to open one."""

from __future__ import annotations

import contextlib
import importlib
from pathlib import Path
from typing import TYPE_CHECKING

from kiosk.core.errors import ConfigError, DriverError

if TYPE_CHECKING:
    from kiosk.camera.process import Camera

DRIVERS = ("picamera2", "v4l2", "folder")
MAINS_HZ = (50, 60)
_MODULES = {
    "picamera2": ("kiosk.camera.picamera2_source", "picamera2"),
    "v4l2": ("kiosk.camera.v4l2",),
    "folder": ("kiosk.camera.folder",),
}


def check_driver(driver: str, folder: Path | None) -> None:
    """ConfigError unless `driver` is one of DRIVERS and the folder camera has its folder. Opens nothing."""
    if driver not in DRIVERS:
        raise ConfigError([f"[camera] driver = {driver!r}: there is no such driver; set one of {', '.join(DRIVERS)}"])
    if driver == "folder" and folder is None:
        raise ConfigError(['[camera] driver = "folder" needs [camera] folder: the folder whose images are the frames'])


def load(driver: str) -> None:
    """Import all that this driver needs, as far as it is there: a spare scanner waits with it."""
    with contextlib.suppress(ImportError, DriverError):  # said in words by open_camera
        for module in _MODULES[driver]:
            importlib.import_module(module)


def open_camera(driver: str, folder: Path | None, device: Path | None = None, mains_hz: int = MAINS_HZ[0]) -> Camera:
    """The camera itself, inside the scanner process; DriverError says what to do when it cannot be opened.

    `device`: the webcam, None for the first; `mains_hz`: one of MAINS_HZ, so that the shop's lamps do not flicker in the picture.
    """
    check_driver(driver, folder)
    if driver == "folder" and folder is not None:
        from kiosk.camera.folder import FolderCamera  # noqa: PLC0415  Pillow belongs into the scanner process alone

        return FolderCamera(folder)
    if driver == "v4l2":
        from kiosk.camera.v4l2 import WebCamera  # noqa: PLC0415  as above

        return WebCamera(device, mains_hz)
    from kiosk.camera.picamera2_source import PiCamera  # noqa: PLC0415  only a Pi can

    return PiCamera(mains_hz)
