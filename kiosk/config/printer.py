"""The table [printer] of kiosk.toml: the receipt printer, where it is and what comes out. Without the table there is none.

Must not open anything, nor know a driver.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from pathlib import Path

from kiosk.config.reader import Files, Table
from kiosk.core.slips import Receipts

PRINTERS = ("escpos", "paper")
CONNECTIONS = ("usb", "serial", "network")
WIDTHS_MM = (58, 80)
CHINESE = ("raster", "gb18030")
BAUDS = (9600, 19200, 38400, 57600, 115200)


@dataclass(frozen=True, slots=True)
class PrinterConfig:
    """The printer. `connection` and what goes with it are for escpos, `folder` for paper.

    `usb_id`: vendor and product, None for the first printer there is. `answers` False: it never says how it is.
    """

    driver: str
    connection: str = "usb"
    usb_id: tuple[int, int] | None = None
    device: str = ""
    baud: int = 9600
    host: str = ""
    port: int = 9100
    folder: Path | None = None
    width_mm: int = 58
    receipts: Receipts = Receipts.PAID
    chinese: str = "raster"
    answers: bool = True


_DEFAULT = PrinterConfig("escpos")
_USB_REMEDY = 'Write vendor and product as `lsusb` shows them, as "04b8:0e15", or leave it out for the only printer there is.'
_DEVICE_REMEDY = 'Write its serial line, as "/dev/ttyUSB0", or better its path below /dev/serial/by-id.'
_HOST_REMEDY = 'Write its IPv4 address, which its self-test page shows, as "192.168.1.87".'


def read_printer(table: Table, files: Files) -> PrinterConfig:
    """Read the table; what is wrong is noted in `table`."""
    driver = table.choice("driver", PRINTERS)
    connection = _connection(table, driver)
    folder = None
    if driver == "paper" or table.has("folder"):
        folder = files.beside(table.text("folder", 'Write the folder that slips are drawn into, as "slips".'))
    return PrinterConfig(
        driver=driver,
        connection=connection,
        usb_id=_usb_id(table),
        device=_only(table, "device", connection == "serial", _DEVICE_REMEDY, r"/dev/.+"),
        baud=_one_of(table, "baud", BAUDS, "Write the speed that its self-test page shows, as 9600.", _DEFAULT.baud),
        host=_only(table, "host", connection == "network", _HOST_REMEDY, r"[0-9A-Za-z.-]{1,253}"),
        port=table.number("port", "Write its port; nearly all have 9100.", bounds=(1, 65535), default=_DEFAULT.port),
        folder=folder,
        width_mm=_one_of(table, "width_mm", WIDTHS_MM, "Write how wide its paper is, 58 or 80.", _DEFAULT.width_mm),
        receipts=Receipts(table.choice("receipts", tuple(map(str, Receipts)), default=_DEFAULT.receipts)),
        chinese=table.choice("chinese", CHINESE, default=_DEFAULT.chinese),
        answers=table.flag("answers", "Write false for a printer that prints and never says how it is.", default=True),
    )


def _connection(table: Table, driver: str) -> str:
    if driver != "escpos":
        table.has("connection")
        return _DEFAULT.connection
    return table.choice("connection", CONNECTIONS) or _DEFAULT.connection


def _usb_id(table: Table) -> tuple[int, int] | None:
    if not table.has("usb_id"):
        return None
    text = table.text("usb_id", _USB_REMEDY, form=r"[0-9A-Fa-f]{4}:[0-9A-Fa-f]{4}")
    found = re.fullmatch(r"(.{4}):(.{4})", text)
    return None if found is None else (int(found[1], 16), int(found[2], 16))


def _only(table: Table, key: str, needed: bool, remedy: str, form: str) -> str:  # noqa: FBT001  a fact
    """A text that one connection needs and the others do not look at."""
    return table.text(key, remedy, form=form) if needed or table.has(key) else ""


def _one_of(table: Table, key: str, choices: tuple[int, ...], remedy: str, default: int) -> int:
    number = table.number(key, remedy, bounds=(choices[0], choices[-1]), default=default)
    if number in choices:
        return number
    table.wrong(key, number, f"is none of {', '.join(map(str, choices))}", remedy)
    return default
