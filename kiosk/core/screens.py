"""What people see: one value for each screen, with the facts and none of the words (those are the display's).

`until` is a time of the steady clock (ms); the display counts down to it by itself.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

from kiosk.core.checkup_screens import Checkup, ColourTest, KeyTest, ReadTest
from kiosk.core.events import Key
from kiosk.core.expiry import Expiring
from kiosk.core.model import Decline
from kiosk.core.money import Money
from kiosk.core.past_screens import PastScreen
from kiosk.core.scanning import ScanHint
from kiosk.core.setup_screens import SetupLook, SetupScreen
from kiosk.core.shifts import Shift
from kiosk.core.slips import PrinterTrouble


class Network(StrEnum):
    """Whether WeChat can be reached."""

    CONNECTING = "connecting"
    ONLINE = "online"
    OFFLINE = "offline"


@dataclass(frozen=True, slots=True)
class Signs:
    """The row of small true signs on every screen."""

    network: Network
    clock_known: bool
    unresolved: int  # orders whose end is not known, besides the one in front
    offline_since: int | None = None
    clock_doubted: bool = False  # not known, and that is why WeChat cannot be reached
    attention: int = (
        0  # orders and differences a person must look at, besides the one in front, until the last orders were looked at
    )
    printer: PrinterTrouble | None = None  # why no receipt comes out; sales go on
    expiring: Expiring | None = None  # what will run out within weeks; told where nobody is in front


class UpdateEnd(StrEnum):
    """How the last update of this kiosk's program ended."""

    WELL = "well"
    UNDONE = "undone"


@dataclass(frozen=True, slots=True)
class News:
    """What the merchant is told once: how an update to `version` ended."""

    version: str
    end: UpdateEnd


@dataclass(frozen=True, slots=True)
class Starting:
    """Before the first contact is over: nothing can be sold yet, the amount can be keyed soon."""


@dataclass(frozen=True, slots=True)
class Idle:
    """Nobody in front."""

    shop: str
    news: News | None = None  # until a key
    board: bool = False  # a key shows the quick amounts


@dataclass(frozen=True, slots=True)
class Updating:
    """The kiosk's program is being renewed: nothing is sold, for a moment."""


class AmountHint(StrEnum):
    """Why OK did not go on from the amount."""

    ZERO = "zero"
    TOO_LARGE = "too_large"
    TOO_LONG = "too_long"
    OFFLINE = "offline"
    CLOCK = "clock"  # the time is not known yet
    LEDGER = "ledger"  # nothing can be stored: do not sell
    CONNECTING = "connecting"
    CAMERA = "camera"  # scanning is not possible; QR is
    NOT_SENT = "not_sent"  # the request could not leave: nothing was charged, try again
    SCAN_TIMEOUT = "scan_timeout"  # nothing was shown for a minute
    NOT_PLACED = "not_placed"  # WeChat gave no QR: nothing was charged
    TOO_MANY = "too_many"  # so many amounts make no sale


@dataclass(frozen=True, slots=True)
class Keying:
    """The merchant keys the amount, smallest unit first. `money`: all of it so far, what OK would charge.

    `lines`: what it adds up from, the last one being keyed; empty while it is one amount. `limit` is the largest sum of a sale.
    """

    money: Money
    hint: AmountHint | None = None
    limit: Money | None = None
    lines: tuple[int, ...] = ()
    board: bool = False  # a key shows the quick amounts, while nothing is keyed


@dataclass(frozen=True, slots=True)
class QuickAmounts:
    """Here a digit adds one of the `offers` to the sum `money`, which `lines` make."""

    money: Money
    offers: tuple[tuple[Key, Money], ...]
    lines: tuple[int, ...] = ()
    hint: AmountHint | None = None
    limit: Money | None = None


@dataclass(frozen=True, slots=True)
class PaidAlready:
    """A sale of this amount was paid a moment ago. OK: once more, for another customer. CANCEL: back."""

    money: Money


@dataclass(frozen=True, slots=True)
class UnusualAmount:
    """Many times what is `usual` here. OK: it is right. CANCEL: back."""

    money: Money
    usual: Money


@dataclass(frozen=True, slots=True)
class Noting:
    """The shop's own number of this sale is keyed, if it has one."""

    money: Money
    memo: str


@dataclass(frozen=True, slots=True)
class Tipping:
    """The customer chooses a tip: `offers` as percent (None: a fixed amount) and what it comes to, by the digits from 1 on.

    `own`: one that is being keyed. `until`: then back to the amount.
    """

    money: Money
    offers: tuple[tuple[int | None, Money], ...]
    until: int
    own: Money | None = None


@dataclass(frozen=True, slots=True)
class SameCustomer:
    """The amount of an unresolved sale was keyed again. OK: a new customer. CANCEL: back."""

    money: Money


@dataclass(frozen=True, slots=True)
class Scanning:
    """The camera looks for a payment code; the display shows the camera's view."""

    money: Money
    until: int
    hint: ScanHint | None = None


@dataclass(frozen=True, slots=True)
class Charging:
    """The request is on its way: wait, do nothing."""

    money: Money
    tail: str  # the last characters of the out_trade_no, to find the sale by


@dataclass(frozen=True, slots=True)
class Password:
    """The customer types the password on the phone."""

    money: Money
    tail: str
    until: int


@dataclass(frozen=True, slots=True)
class Placing:
    """The QR is being fetched."""

    money: Money


@dataclass(frozen=True, slots=True)
class ShowingQr:
    """The customer scans this."""

    money: Money
    code_url: str
    until: int
    paying: bool = False  # somebody has scanned it and is about to pay
    prints: bool = False  # a key puts it on paper


@dataclass(frozen=True, slots=True)
class Cancelling:
    """Being undone or closed at WeChat: not over yet."""

    money: Money
    tail: str


@dataclass(frozen=True, slots=True)
class PaidScreen:
    """The money is taken. Stays until a key."""

    money: Money
    tail: str
    payer: Money | None = None
    other_refunded: bool = False  # a second payment of this sale came in and goes back to the customer
    prints: bool = False  # a key prints the receipt
    rate_e8: int | None = None  # units of the payer's currency for one of the price's, times 10^8


@dataclass(frozen=True, slots=True)
class DeclinedScreen:
    """Not paid, and why."""

    money: Money
    reason: Decline
    tail: str


@dataclass(frozen=True, slots=True)
class Unresolved:
    """Nobody knows yet. Customer: do not pay again. Merchant: do not hand over the goods; the kiosk keeps asking."""

    money: Money
    tail: str


@dataclass(frozen=True, slots=True)
class CancelledScreen:
    """Not paid: cancelled, closed or reversed; money taken in between was or is being given back."""

    money: Money
    tail: str
    refunding: bool = False


@dataclass(frozen=True, slots=True)
class AttentionScreen:
    """WeChat's answer and our row differ: a person has to look. Goods are not handed over."""

    money: Money
    tail: str


@dataclass(frozen=True, slots=True)
class SeekingReceipt:
    """The camera looks for the code of a receipt; the display shows the camera's view."""

    until: int


WITH_CAMERA = (Scanning, SeekingReceipt, ReadTest, SetupLook)
"""Screens that show what the camera sees."""


@dataclass(frozen=True, slots=True)
class OwnersPage:
    """Where the owner's page is, and its certificate's SHA-256 in hex; `code`: for the first PIN, empty when there is one."""

    url: str
    fingerprint: str
    code: str = ""


@dataclass(frozen=True, slots=True)
class ShiftReport:
    """What a shift counts: so far (X) while it is open, for ever (Z) when it is closed. `at`: when it was counted.

    `page` counts on without end: the display turns to the first again after the last.
    """

    shift: Shift
    at: int
    page: int = 0
    older: bool = False  # there is one before it, and a key shows it
    newer: bool = False
    hint: AmountHint | None = None  # why it was not closed
    prints: bool = False


@dataclass(frozen=True, slots=True)
class NoShift:
    """There has been no shift yet. `hint`: why none was opened."""

    hint: AmountHint | None = None


@dataclass(frozen=True, slots=True)
class ShiftClosing:
    """Whether the shift shall be closed, and handed over what it names as unresolved."""

    shift: Shift
    page: int = 0


@dataclass(frozen=True, slots=True)
class OutOfOrder:
    """Cannot sell at all. `problem` names the thing and the remedy, in the merchant's language where the kiosk knows it."""

    problem: str


Screen = (
    Starting
    | Idle
    | Updating
    | Keying
    | QuickAmounts
    | SameCustomer
    | PaidAlready
    | UnusualAmount
    | Noting
    | Tipping
    | Scanning
    | Charging
    | Password
    | Placing
    | ShowingQr
    | Cancelling
    | PaidScreen
    | DeclinedScreen
    | Unresolved
    | CancelledScreen
    | AttentionScreen
    | SeekingReceipt
    | PastScreen
    | Checkup
    | ReadTest
    | KeyTest
    | ColourTest
    | OwnersPage
    | ShiftReport
    | NoShift
    | ShiftClosing
    | OutOfOrder
    | SetupScreen
)


@dataclass(frozen=True, slots=True)
class View:
    """All that the display is told."""

    screen: Screen
    signs: Signs
    training: bool = False  # nothing of it is real, and it must be seen so
