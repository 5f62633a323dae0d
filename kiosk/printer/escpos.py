"""A receipt printer that speaks ESC/POS, over USB, a serial line or the network. It alone knows python-escpos and pyusb.

How it is, it is asked in real time before each slip (DLE EOT), and whether all was printed afterwards (GS r, which is answered in
its turn): python-escpos has questions of its own, but takes no answer for "enough paper". Command reference: Epson, ESC/POS.
"""

from __future__ import annotations

import errno
import logging
import os
import shutil
import termios
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from functools import cache
from importlib.resources import files
from typing import Any

from kiosk.core.slips import PrinterTrouble
from kiosk.printer import gb18030
from kiosk.printer.device import Place, Unwell
from kiosk.printer.layout import House, Line, Pair, Piece
from kiosk.printer.raster import render

CONNECT_S = 3.0  # to reach it
ANSWER_S = 1.0  # to be told how it is
PRINTED_S = 10.0  # to be told that all is printed, once it has all of it
SEND_S = 60.0  # to hand a slip over: at 9600 baud dots take most of this
_BROKEN = (OSError, termios.error)  # the second is what a serial line that is pulled out says, and is no OSError
_PRINTER_CLASS = 7  # USB Printing Class Specification, 1.1
_FEED_LINES = 4
_CHINESE = b"\x1c&"  # FS &: two bytes are a Chinese character

_STATUS, _OFFLINE, _PAPER = b"\x10\x04\x01", b"\x10\x04\x02", b"\x10\x04\x04"  # DLE EOT n
_ASK_IN_TURN = b"\x1dr\x01"  # GS r 1
_FIXED, _FIXED_VALUE = 0b1001_0011, 0b0001_0010  # bits of each answer to DLE EOT that are always so
_IS_OFFLINE, _IS_OPEN, _STOPPED_FOR_PAPER, _PAPER_END = 0x08, 0x04, 0x20, 0x60


class EscposPrinter:
    """A Device. `dots`: the width of its line. `chinese`: "raster" or "gb18030". `answers` False: it never says how it is."""

    def __init__(self, place: Place, dots: int, house: House, *, chinese: str = "raster", answers: bool = True) -> None:
        self._place = place
        self._dots = dots
        self._house = house
        self._chinese = chinese
        self._answers = answers
        self._printer: Any = None

    def look(self) -> None:
        with self._opened() as printer:
            self._judge(printer)

    def put(self, pieces: Sequence[Piece]) -> None:
        with self._opened() as printer:
            self._patience(printer, SEND_S)
            printer.hw("INIT")
            if self._chinese == "gb18030":
                self._put_text(printer, pieces)
            else:
                printer.image(render(pieces, self._house, self._dots))
            printer.print_and_feed(_FEED_LINES)
            printer.cut(mode="PART", feed=False)
            self._await_printed(printer)

    def close(self) -> None:
        printer, self._printer = self._printer, None
        if printer is not None:
            try:
                printer.close()
            except _BROKEN:
                printer.device = False  # else the library tries once more when it is collected

    # -- what is sent ----------------------------------------------------------------------------------------------

    def _put_text(self, printer: Any, pieces: Sequence[Piece]) -> None:  # noqa: ANN401  the library's own
        across = gb18030.columns(self._dots)
        for piece in pieces:
            lines = gb18030.as_text(piece, across)
            if lines is None:
                printer.image(render([piece], self._house, self._dots))
                continue
            bold = isinstance(piece, Line | Pair) and piece.bold
            size = gb18030.scale(piece.size) if isinstance(piece, Line) else 1
            printer.set(
                align="center" if isinstance(piece, Line) else "left",
                bold=bold,
                invert=isinstance(piece, Line) and piece.reversed,
                custom_size=True,
                width=size,
                height=size,
            )
            for line in lines:
                # Not text(): it has no Chinese, and puts a ? in its place.
                printer._raw(_CHINESE + line.encode("gb18030") + b"\n")  # noqa: SLF001  so its makers advise

    # -- what it answers -------------------------------------------------------------------------------------------

    def _judge(self, printer: Any) -> None:  # noqa: ANN401  escpos brings no types
        if not self._answers:
            return
        status = self._ask(printer, _STATUS)
        if status is None:
            raise Unwell(
                PrinterTrouble.SILENT,
                f"{self._place} does not say how it is: switch it off and on"
                + (", and compare [printer] baud with its self-test page" if self._place.connection == "serial" else "")
                + "; if it prints and never answers, write [printer] answers = false",
            )
        paper = self._ask(printer, _PAPER)
        if paper is not None and paper & _PAPER_END:
            raise Unwell(PrinterTrouble.PAPER, f"{self._place} is out of paper: put in a new roll")
        if not status & _IS_OFFLINE:
            return
        why = self._ask(printer, _OFFLINE) or 0
        if why & _IS_OPEN:
            raise Unwell(PrinterTrouble.COVER, f"{self._place} is open: close its cover")
        if why & _STOPPED_FOR_PAPER:
            raise Unwell(PrinterTrouble.PAPER, f"{self._place} is out of paper: put in a new roll")
        raise Unwell(
            PrinterTrouble.FAULT,
            f"{self._place} is off line: look for jammed paper at its cutter, switch it off and on",
        )

    def _ask(self, printer: Any, question: bytes) -> int | None:  # noqa: ANN401  escpos brings no types
        """Its answer to a DLE EOT; None when none came in time. What it says unasked is let go."""
        self._patience(printer, ANSWER_S)
        printer._raw(question)  # noqa: SLF001  there is no other way to ask it
        until = time.monotonic() + ANSWER_S
        while time.monotonic() < until:
            for byte in self._read(printer):
                if byte & _FIXED == _FIXED_VALUE:
                    return byte
        return None

    def _await_printed(self, printer: Any) -> None:  # noqa: ANN401  escpos brings no types
        """Wait until all is on paper; where it is not, say why."""
        if not self._answers:
            return
        self._patience(printer, ANSWER_S)
        printer._raw(_ASK_IN_TURN)  # noqa: SLF001  there is no other way to ask it
        until = time.monotonic() + PRINTED_S
        while time.monotonic() < until:
            if self._read(printer):
                return
        self._judge(printer)  # unless it knows a reason, it is one that does not know GS r

    def _read(self, printer: Any) -> bytes:  # noqa: ANN401  escpos brings no types
        try:
            read = bytes(printer._read())  # noqa: SLF001  there is no other way to ask it
        except TimeoutError:
            return b""
        except OSError as error:
            if error.errno in (errno.ETIMEDOUT, errno.EAGAIN):  # pyusb's way of saying so
                return b""
            raise
        if not read and self._place.connection == "network":
            raise ConnectionResetError(errno.ECONNRESET, "it hung up")
        return read

    # -- the line to it --------------------------------------------------------------------------------------------

    @contextmanager
    def _opened(self) -> Iterator[Any]:
        """Everything that goes wrong leaves as Unwell, and the line is made afresh next time."""
        try:
            if self._printer is None:
                self._printer = self._open()
            yield self._printer
        except Unwell:
            raise
        except TimeoutError:
            self.close()
            raise Unwell(PrinterTrouble.SILENT, f"{self._place} takes nothing more: switch it off and on") from None
        except _BROKEN as error:
            self.close()
            silent = error.args[:1] == (errno.ETIMEDOUT,) or type(error).__name__ == "SerialTimeoutException"
            raise Unwell(
                PrinterTrouble.SILENT if silent else PrinterTrouble.AWAY,
                f"{self._place} broke off ({error.args[-1] if error.args else error}): look at its plug and its switch",
            ) from None
        finally:
            if self._place.connection == "network":  # others may want it, and a line left open dies unnoticed
                self.close()

    def _open(self) -> Any:  # noqa: ANN401  escpos brings no types
        printer = _library(self._place)
        try:
            printer.open()
        except _not_found() as error:
            why = str(error).rpartition("\n")[2] or "not found"
            raise Unwell(PrinterTrouble.AWAY, f"{self._place} is not there ({why}): {_REMEDY[self._place.connection]}") from None
        return printer

    def _patience(self, printer: Any, seconds: float) -> None:  # noqa: ANN401  escpos brings no types
        """The longest that one reading or writing may take from now on."""
        match self._place.connection:
            case "network":
                printer.device.settimeout(seconds)
            case "serial":
                printer.device.write_timeout = seconds
            case _:
                printer.timeout = round(seconds * 1000)


def _library(place: Place) -> Any:  # noqa: ANN401  escpos brings no types
    """python-escpos's printer for this place, not yet opened."""
    _prepare()
    from escpos import printer  # noqa: PLC0415  loads Pillow, qrcode, barcode: only a kiosk with a printer needs it

    match place.connection:
        case "network":
            return printer.Network(place.host, place.port, timeout=CONNECT_S)
        case "serial":
            return printer.Serial(place.device, baudrate=place.baud, timeout=ANSWER_S / 4)
        case _:
            return _usb(place)


def _usb(place: Place) -> Any:  # noqa: ANN401  escpos brings no types
    """The library guesses endpoints; here those of the printer's own descriptors are used."""
    import usb.core  # noqa: PLC0415  as above
    import usb.util  # noqa: PLC0415  slow to load
    from escpos import printer  # noqa: PLC0415  slow to load

    wanted: dict[str, Any] = {}
    if place.vendor is not None:
        wanted = {"idVendor": place.vendor, "idProduct": place.product}
    else:
        wanted = {"custom_match": lambda device: _interface(device) is not None}
    try:
        found = usb.core.find(**wanted)
    except ValueError:  # NoBackendError is one
        raise Unwell(
            PrinterTrouble.AWAY, "USB cannot be used: libusb is missing; install it with: sudo apt install libusb-1.0-0"
        ) from None
    interface = None if found is None else _interface(found)
    if interface is None:
        raise Unwell(PrinterTrouble.AWAY, f"{place} is not there: {_REMEDY['usb']}")
    ends = {usb.util.endpoint_direction(end.bEndpointAddress): end.bEndpointAddress for end in interface}
    return printer.Usb(
        usb_args=wanted,
        timeout=round(ANSWER_S * 1000),
        out_ep=ends.get(usb.util.ENDPOINT_OUT, 0x01),
        in_ep=ends.get(usb.util.ENDPOINT_IN, 0x82),
    )


def _interface(device: Any) -> Any | None:  # noqa: ANN401  escpos brings no types
    """The part of a USB device that is a printer, if one is."""
    parts = (part for configuration in device for part in configuration)
    return next((part for part in parts if part.bInterfaceClass == _PRINTER_CLASS), None)


def _not_found() -> type[Exception]:
    from escpos.exceptions import DeviceNotFoundError  # noqa: PLC0415  as above

    error: type[Exception] = DeviceNotFoundError
    return error


@cache
def _prepare() -> None:
    """Before the library is first imported: it would read a table of all printers, for most of its half a second.

    It is given a table of one. It also makes a folder of its own for a copy of that, which nobody would ever tidy up; and it
    tells the root logger, which nobody else here writes to, of each opening and closing.
    """
    logging.getLogger().addFilter(lambda record: record.levelno >= logging.WARNING)
    os.environ["ESCPOS_CAPABILITIES_FILE"] = str(files("kiosk.printer") / "profiles.json")
    os.environ.pop("ESCPOS_CAPABILITIES_PICKLE_DIR", None)  # a pickle from elsewhere is a program from elsewhere
    from escpos import capabilities  # noqa: PLC0415  slow to load

    shutil.rmtree(capabilities.pickle_dir, ignore_errors=True)


_REMEDY = {
    "usb": "look at its plug and its switch, and at [printer] usb_id; `lsusb` lists what is there",
    "serial": "look at its plug, and at [printer] device",
    "network": "is it switched on and in this network? Compare [printer] host with its self-test page",
}
