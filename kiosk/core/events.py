"""What can happen to the kiosk. Each event names the sale, order or part it is about, so that a late one does no harm."""

# long: every event there is, each a few lines

from __future__ import annotations

from dataclasses import dataclass, field
from enum import StrEnum

from kiosk.core.carried import ExportCarried
from kiosk.core.checkup import Bundle, Finding
from kiosk.core.differences import Account, Came
from kiosk.core.expiry import Ends
from kiosk.core.model import Answer, Call, Order, Refund, Sale
from kiosk.core.operators import NoPin, Operator
from kiosk.core.past_nouns import PastOrder, Walked
from kiosk.core.scanning import ScanHint
from kiosk.core.secret import PaymentCode
from kiosk.core.shifts import Figures, Reading
from kiosk.core.slips import PrinterTrouble, Wanted


class Key(StrEnum):
    """The logical keys, the same on every keypad."""

    D0 = "0"
    D1 = "1"
    D2 = "2"
    D3 = "3"
    D4 = "4"
    D5 = "5"
    D6 = "6"
    D7 = "7"
    D8 = "8"
    D9 = "9"
    OK = "OK"
    CLEAR = "CLEAR"  # one digit back
    CLEAR_ALL = "CLEAR_ALL"  # CLEAR held
    SCAN = "SCAN"
    QR = "QR"
    CANCEL = "CANCEL"
    MENU = "MENU"


class Part(StrEnum):
    """What can be well or unwell besides the network."""

    CAMERA = "camera"
    KEYPAD = "keypad"
    LEDGER = "ledger"
    PRINTER = "printer"


@dataclass(frozen=True, slots=True)
class PageTold:
    """The owner's page is there: its address, its certificate's SHA-256 in hex, and the code for the first PIN or nothing.

    `ends_at`: when its certificate ends, ms of Unix time; None: not told.
    """

    url: str
    fingerprint: str
    code: str
    ends_at: int | None = None


@dataclass(frozen=True, slots=True)
class Tick:
    """Time has passed."""


@dataclass(frozen=True, slots=True)
class Pressed:
    """A key went down."""

    key: Key


@dataclass(frozen=True, slots=True)
class CodeSeen:
    """The scanner believes this payment code. `ticket` is the one it was started with."""

    ticket: str
    code: PaymentCode


@dataclass(frozen=True, slots=True)
class CodeRefused:
    """The scanner sees something it will not hand over."""

    ticket: str
    hint: ScanHint


@dataclass(frozen=True, slots=True)
class ReceiptSeen:
    """The scanner, looking for a receipt, read this number off one. `ticket` is the one it was started with."""

    ticket: str
    out_trade_no: str


@dataclass(frozen=True, slots=True)
class TextSeen:
    """The scanner, while the kiosk is set up, read this text off a QR: a Wi-Fi, or a part of an enrolment. The scan goes on."""

    ticket: str
    text: str = field(repr=False)  # a Wi-Fi's has its password in it


@dataclass(frozen=True, slots=True)
class Left:
    """The request of this call begins to leave; from here on nobody knows until an answer comes."""

    out_trade_no: str
    call: Call


@dataclass(frozen=True, slots=True)
class Answered:
    """A call about an order came back."""

    out_trade_no: str
    call: Call
    answer: Answer


@dataclass(frozen=True, slots=True)
class RefundAnswered:
    """A call about a refund came back."""

    out_refund_no: str
    call: Call
    answer: Answer


@dataclass(frozen=True, slots=True)
class Probed:
    """A Probe or Warm came back. `server_time` is verified or None; `at` is when the answer arrived, on the kiosk's clock."""

    reached: bool
    server_time: int | None
    at: int
    problem: str = ""
    clock_doubted: bool = False  # WeChat's certificate is of a time after ours


@dataclass(frozen=True, slots=True)
class ClockSynchronized:
    """The operating system's clock is set by NTP; it is `offset_ms` ahead of the kiosk's steady clock."""

    offset_ms: int


@dataclass(frozen=True, slots=True)
class Notified:
    """A verified notification names this order, or this refund of it: the next query of what it names is due now."""

    out_trade_no: str
    out_refund_no: str | None = None


@dataclass(frozen=True, slots=True)
class Health:
    """A part is well (`problem` None) or unwell, in words with the remedy.

    What people read of it: `hint` of the camera, `printer` of the printer.
    """

    part: Part
    problem: str | None
    hint: ScanHint | None = None
    printer: PrinterTrouble | None = None


@dataclass(frozen=True, slots=True)
class RefundAsked:
    """The merchant wants money given back; `amount` None is what is left. `token` names who gets the Reply.

    The rows are read from the ledger by whoever asks, in the loop's own thread, so that they are as committed.
    """

    order: Order
    sale: Sale
    before: tuple[Refund, ...]
    amount: int | None
    token: str
    reason: str | None = None
    operator: Operator | None = None  # at the kiosk; None: by command, and the owner's rules for operators do not count
    given: int = 0  # what the operator gave back before, today


@dataclass(frozen=True, slots=True)
class PinChecked:
    """A PIN was looked at. `wait_ms`: nothing is looked at for so long."""

    ticket: str
    right: bool
    wait_ms: int = 0


@dataclass(frozen=True, slots=True)
class PinKept:
    """A new PIN is in force, or why it is not."""

    ticket: str
    problem: NoPin | None = None


@dataclass(frozen=True, slots=True)
class PinsKnown:
    """These operators have a PIN, and no others."""

    names: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class LookedUp:
    """What the ledger holds of an order that LookUp named: the rows as committed, `order` None when it has none."""

    out_trade_no: str
    wanted: Wanted
    order: Order | None
    refunds: tuple[Refund, ...]
    walked: tuple[Walked, ...] = ()  # what happened to both, oldest first; read for a sale that is shown
    sale: Sale | None = None  # the order's


@dataclass(frozen=True, slots=True)
class PastRead:
    """What ReadPast with this ticket found. `more`: there are older ones."""

    ticket: str
    rows: tuple[PastOrder, ...]
    more: bool


@dataclass(frozen=True, slots=True)
class ShiftAsked:
    """Somebody wants to open a shift (`wanted` None), or to read or close one. `token` names who gets the Reply."""

    token: str
    wanted: Reading | None = None
    by: str | None = None


@dataclass(frozen=True, slots=True)
class ShiftRead:
    """What the ledger counts of a shift that ReadShift named, as committed; `figures` None when it has none of this number."""

    wanted: Reading
    figures: Figures | None


@dataclass(frozen=True, slots=True)
class Hold:
    """Begin no sale until then, as an update is about to stop the kiosk. `token` names who gets the Reply."""

    until: int
    token: str


@dataclass(frozen=True, slots=True)
class NotPrinted:
    """The first receipt of this order was given up, and nothing of it can be on paper: the next one is the first."""

    out_trade_no: str


@dataclass(frozen=True, slots=True)
class CodeRead:
    """The scanner, trying itself out, read a code of this kind. What it says stays in the scanner."""

    ticket: str
    kind: str


@dataclass(frozen=True, slots=True)
class Checked:
    """A part of the check-up with this ticket is over."""

    ticket: str
    finding: Finding


@dataclass(frozen=True, slots=True)
class CheckupOver:
    """Everything was looked at."""

    ticket: str


@dataclass(frozen=True, slots=True)
class BundleMade:
    """What became of the support bundle that was asked for."""

    bundle: Bundle


@dataclass(frozen=True, slots=True)
class EndsKnown:
    """What runs out, and when, as far as anybody knows."""

    ends: tuple[Ends, ...]


@dataclass(frozen=True, slots=True)
class BooksKnown:
    """What the ledger has of reconciliations: the days that are done, and how many differences came to a person lately.

    `first`: when its oldest order was opened.
    """

    done: frozenset[str]
    first: int | None
    attention: int


@dataclass(frozen=True, slots=True)
class StatementCame:
    """What became of the statement of this day."""

    day: str
    how: Came


@dataclass(frozen=True, slots=True)
class Accounted:
    """What to keep of a reconciliation. `attention`: how many differences have come to a person lately, None: as before."""

    rows: tuple[Account, ...]
    attention: int | None = None


@dataclass(frozen=True, slots=True)
class Doubted:
    """A statement has this order otherwise than the ledger: WeChat is asked for it now. The rows are as committed."""

    order: Order
    sale: Sale


Event = (
    Tick
    | Pressed
    | CodeSeen
    | CodeRefused
    | ReceiptSeen
    | TextSeen
    | Left
    | Answered
    | RefundAnswered
    | Probed
    | ClockSynchronized
    | Notified
    | Health
    | RefundAsked
    | LookedUp
    | PastRead
    | ShiftAsked
    | ShiftRead
    | PinChecked
    | PinKept
    | PinsKnown
    | NotPrinted
    | Hold
    | CodeRead
    | Checked
    | CheckupOver
    | BundleMade
    | ExportCarried
    | EndsKnown
    | PageTold
    | BooksKnown
    | StatementCame
    | Accounted
    | Doubted
)
