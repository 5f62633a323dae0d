"""Receipts and bills on paper. Drivers: a receipt printer (escpos), a folder of pictures (paper).

No library of a driver is loaded before it is used the first time, and then beside the threads that sell.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from pathlib import Path

from kiosk.core.errors import DriverError
from kiosk.core.ports import Post
from kiosk.printer.device import Device, Place
from kiosk.printer.lane import PrinterLane
from kiosk.printer.layout import House, lay_out

__all__ = ["DRIVERS", "House", "Place", "PrinterLane", "open_device", "open_printer"]

DRIVERS = ("escpos", "paper")
DOTS = {58: 384, 80: 576}
"""Width of the paper in mm, and of a line of dots on it."""


def open_printer(opens: Callable[[], Device], house: House, post: Post) -> PrinterLane:
    """The lane to the printer that `opens` will open. Nothing is loaded or opened before its `run`."""
    return PrinterLane(post, opens, partial(lay_out, house=house))


def open_device(
    driver: str,
    house: House,
    *,
    place: Place,
    width_mm: int = 58,
    chinese: str = "raster",
    answers: bool = True,
    folder: Path | None = None,
) -> Device:
    """The printer itself; its library is loaded. `place`, `chinese`, `answers` are for escpos, `folder` for paper."""
    match driver:
        case "escpos":
            from kiosk.printer.escpos import EscposPrinter  # noqa: PLC0415  see the top

            return EscposPrinter(place, DOTS[width_mm], house, chinese=chinese, answers=answers)
        case "paper":
            from kiosk.printer.paper import PaperPrinter  # noqa: PLC0415  see the top

            return PaperPrinter(folder or Path("slips"), DOTS[width_mm], house)
    known = " or ".join(f'"{name}"' for name in DRIVERS)
    raise DriverError(f'[printer] driver = "{driver}" is not in this version of the kiosk: write {known}')
