"""The camera: a scanner process that looks (everything that touches pixels) and a link that listens to it.

`open_scanner` is the door for the money process and imports nothing that decodes; `kiosk decode` uses command.py.
"""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING

from kiosk.camera.drivers import MAINS_HZ, check_driver
from kiosk.camera.unit import scanner_socket

if TYPE_CHECKING:
    from kiosk.camera.link import OnView
    from kiosk.core.ports import Post, Scanner

__all__ = ["open_scanner"]


def open_scanner(
    post: Post,
    on_view: OnView,
    *,
    driver: str,
    folder: Path | None,
    device: Path | None = None,
    mains_hz: int = MAINS_HZ[0],
    beat: Callable[[], None] = lambda: None,
) -> Scanner:
    """The scanner of [camera] in kiosk.toml; ConfigError for a driver that does not exist or a folder that is not named.

    A camera that cannot be opened is no exception: it is reported as Health(Part.CAMERA, words) and tried again, because a kiosk
    without a camera still sells by QR. `on_view` gets mirrored pictures, and what to mark on
    them, while scanning and must not block; `beat` is called at least twice a second while the link's thread lives.
    """
    from kiosk.camera.link import ScannerLink, scanner_command  # noqa: PLC0415  the scanner's process imports this file, too

    check_driver(driver, folder)
    scanner = scanner_socket() or scanner_command(driver, folder, device, mains_hz)
    return ScannerLink(post, on_view, scanner, beat)
