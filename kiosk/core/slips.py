"""What can be printed, and how a printer can be unwell. Values only: no words of a language, no dots, no printer."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

from kiosk.core.model import Refund, Tender
from kiosk.core.money import Money
from kiosk.core.shifts import Shift


class Receipts(StrEnum):
    """When a receipt comes out."""

    PAID = "paid"  # by itself, with each sale that is paid while the people stand there
    ASKED = "asked"  # when a key asks for it


class PrinterTrouble(StrEnum):
    """Why nothing can be printed, as far as people can mend it."""

    PAPER = "paper"  # the roll is at its end
    COVER = "cover"  # it is open
    AWAY = "away"  # nothing is there where kiosk.toml says: unplugged, switched off, another address
    SILENT = "silent"  # it is there and gives no answer
    FAULT = "fault"  # it says so itself: a cutter that is jammed, a head that is too hot


class Wanted(StrEnum):
    """What an order's rows are read for."""

    RECEIPT = "receipt"  # to print it
    SALE = "sale"  # to show it


@dataclass(frozen=True, slots=True)
class Receipt:
    """Money was taken. Of one order at most one receipt is not a `copy`; `refunds` are those accepted or done so far.

    `lines` and `tip` add up to `money`, where there are any: in its smallest units. `rate_e8`: of the payer's currency.
    """

    shop: str
    money: Money
    tender: Tender
    out_trade_no: str
    transaction_id: str | None
    paid_at: int | None
    payer: Money | None = None
    refunds: tuple[Refund, ...] = ()
    copy: bool = False
    rate_e8: int | None = None
    lines: tuple[int, ...] = ()
    tip: int = 0
    memo: str = ""
    training: bool = False  # no money was taken: it says so all over


@dataclass(frozen=True, slots=True)
class Bill:
    """Money is wanted: the QR of the screen on paper. It can be paid up to `until`."""

    shop: str
    money: Money
    out_trade_no: str
    code_url: str
    until: int
    training: bool = False  # nothing can be paid by it


@dataclass(frozen=True, slots=True)
class Sample:
    """No sale at all: to see how the printer prints."""

    shop: str
    at: int
    training: bool = False


@dataclass(frozen=True, slots=True)
class ShiftSlip:
    """A shift's report as it was at `at`: X while it is open, Z when it is closed. Of one Z at most one is not a `copy`."""

    shop: str
    kiosk_id: str
    shift: Shift
    at: int
    copy: bool = False


Slip = Receipt | Bill | Sample | ShiftSlip
