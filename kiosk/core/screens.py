"""What people see: one value for each screen, with the facts and none of the words (those are the display's).

`until` is a time of the steady clock (ms); the display counts down to it by itself.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

from kiosk.core.checkup import Bundle, Finding
from kiosk.core.events import Key, ScanHint
from kiosk.core.expiry import Expiring
from kiosk.core.model import Decline, OrderState, Tender
from kiosk.core.money import Money
from kiosk.core.setup_screens import SetupLook, SetupScreen
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


@dataclass(frozen=True, slots=True)
class Keying:
    """The merchant keys the amount, smallest unit first. `limit` is the largest amount of a sale."""

    money: Money
    hint: AmountHint | None = None
    limit: Money | None = None


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


class Reading(StrEnum):
    """How far what the camera sees is understood."""

    UNREAD = "unread"  # it looks like a code, and is not read
    UNSURE = "unsure"  # a payment code that is not yet believed
    REFUSED = "refused"  # read, and not handed over: a ScanHint says why


@dataclass(frozen=True, slots=True)
class Outline:
    """Where something is in the camera's picture for the screen: four (x, y) in its pixels, clockwise from the upper left."""

    reading: Reading
    corners: tuple[tuple[int, int], tuple[int, int], tuple[int, int], tuple[int, int]]


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
class MenuLine:
    """One of the last orders, newest first."""

    money: Money
    tender: Tender
    state: OrderState
    tail: str
    opened_at: int


@dataclass(frozen=True, slots=True)
class Menu:
    """The last orders, so that "did the last one go through?" is one key away."""

    lines: tuple[MenuLine, ...]
    prints: bool = False  # keys print the newest receipt once more, and find the sale of one
    page: bool = False  # a key shows where the owner's page is


@dataclass(frozen=True, slots=True)
class SeekingReceipt:
    """The camera looks for the code of a receipt; the display shows the camera's view."""

    until: int


@dataclass(frozen=True, slots=True)
class Checkup:
    """How everything was found so far, from `page` on: what needs somebody first. `care`: how many do; `busy`: more will come."""

    lines: tuple[Finding, ...]
    page: int
    pages: int
    care: int
    busy: bool
    bundle: Bundle | None = None
    prints: bool = False  # a test slip can be printed


@dataclass(frozen=True, slots=True)
class ReadTest:
    """Anything with a code is held to the camera. `read`: which kinds were read, never what they say."""

    until: int
    read: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class KeyTest:
    """Each key that is pressed lights up; CANCEL twice goes back."""

    pressed: frozenset[Key]
    last: Key | None = None


@dataclass(frozen=True, slots=True)
class ColourTest:
    """The whole screen in one colour, or its edges: `shows` is one of checkup.COLOURS."""

    shows: str


WITH_CAMERA = (Scanning, SeekingReceipt, ReadTest, SetupLook)
"""Screens that show what the camera sees."""


@dataclass(frozen=True, slots=True)
class SaleFound:
    """The sale of a receipt as it stands now. `refunded`: what was given back of it, None when nothing was."""

    line: MenuLine
    out_trade_no: str
    refunded: Money | None = None
    prints: bool = False  # it was paid: a key prints its receipt once more


@dataclass(frozen=True, slots=True)
class SaleUnknown:
    """A receipt was read, and this kiosk's ledger has no such order."""

    out_trade_no: str


@dataclass(frozen=True, slots=True)
class OwnersPage:
    """Where the owner's page is, and its certificate's SHA-256 in hex; `code`: for the first PIN, empty when there is one."""

    url: str
    fingerprint: str
    code: str = ""


@dataclass(frozen=True, slots=True)
class OutOfOrder:
    """Cannot sell at all. `problem` names the thing and the remedy, in the merchant's language where the kiosk knows it."""

    problem: str


Screen = (
    Starting
    | Idle
    | Updating
    | Keying
    | SameCustomer
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
    | Menu
    | SeekingReceipt
    | SaleFound
    | SaleUnknown
    | Checkup
    | ReadTest
    | KeyTest
    | ColourTest
    | OwnersPage
    | OutOfOrder
    | SetupScreen
)


@dataclass(frozen=True, slots=True)
class View:
    """All that the display is told."""

    screen: Screen
    signs: Signs
