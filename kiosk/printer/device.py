"""What a printer's driver is to the lane that feeds it, and how one says that it cannot print."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Protocol

from kiosk.core.errors import DriverError
from kiosk.core.slips import PrinterTrouble
from kiosk.printer.layout import Piece


class Unwell(DriverError):
    """Nothing can be printed now: its kind, for the screens, and in words with the remedy."""

    def __init__(self, trouble: PrinterTrouble, words: str) -> None:
        self.trouble = trouble
        super().__init__(words)


class Device(Protocol):
    """One printer. Opened by whichever of these is called first, and again after it was unwell. One thread at a time.

    Each may take seconds, and Unwell is all that they raise for what a printer can do.
    """

    def look(self) -> None:
        """Whether it would print now: Unwell when not."""
        ...

    def put(self, pieces: Sequence[Piece]) -> None:
        """Print them, and cut. Unwell when that is not known to be done: part of it may lie on paper, or come out later."""
        ...

    def close(self) -> None: ...


@dataclass(frozen=True, slots=True)
class Place:
    """Where the printer is. USB: its `vendor` and `product`, or the first printer there is; serial: `device`; network: `host`."""

    connection: str  # usb, serial, network
    vendor: int | None = None
    product: int | None = None
    device: str = ""
    baud: int = 9600
    host: str = ""
    port: int = 9100

    def __str__(self) -> str:
        match self.connection:
            case "network":
                return f"the printer at {self.host}:{self.port}"
            case "serial":
                return f"the printer at {self.device}"
            case _ if self.vendor is not None:
                return f"the USB printer {self.vendor:04x}:{self.product or 0:04x}"
            case _:
                return "the USB printer"
