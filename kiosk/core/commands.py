"""What a step asks for: records (committed together, first) and acts (dispatched only when the commit returned)."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

from kiosk.core.carried import Days
from kiosk.core.differences import Account
from kiosk.core.model import Order, Refund, Sale
from kiosk.core.money import Money
from kiosk.core.operators import Operator, PinDigits
from kiosk.core.past_nouns import Cursor, Find
from kiosk.core.scanning import LookFor
from kiosk.core.secret import PaymentCode
from kiosk.core.shifts import Reading, Shift
from kiosk.core.slips import Slip, Wanted


@dataclass(frozen=True, slots=True)
class Insert:
    """A new row. A number that exists already makes the whole commit fail."""

    row: Sale | Order | Refund | Shift
    why: str  # one word or two for the history: "keyed", "armed", "refund asked"


@dataclass(frozen=True, slots=True)
class Update:
    """A row as it is from now on; with it a history row when its state changed."""

    row: Sale | Order | Refund | Shift
    why: str


@dataclass(frozen=True, slots=True)
class Keep:
    """What came of a reconciliation, from now on; of the same name it takes the place of what was there. It moves no money."""

    row: Account


Record = Insert | Update | Keep


class Sound(StrEnum):
    """What people hear."""

    KEY = "key"
    REFUSED_KEY = "refused_key"
    SCANNED = "scanned"
    PAID = "paid"  # money was taken, and never anything else
    FAILED = "failed"
    TEST = "test"  # the check-up's: nothing has happened
    TRAINING = "training"  # in place of PAID where nothing is real


@dataclass(frozen=True, slots=True)
class Charge:
    """Debit the customer behind this code. Emitted once for an order, never again."""

    order: Order
    code: PaymentCode


@dataclass(frozen=True, slots=True)
class Place:
    """Have a Native order made. The one call that may leave again under the same number with the same parameters."""

    order: Order
    at_counter: bool = True


@dataclass(frozen=True, slots=True)
class Ask:
    """Query the order. `at_counter`: people are waiting for it."""

    order: Order
    at_counter: bool


@dataclass(frozen=True, slots=True)
class Reverse:
    """Undo a Quick Pay order, whatever its state."""

    order: Order
    at_counter: bool


@dataclass(frozen=True, slots=True)
class Close:
    """Make an unpaid Native order unpayable."""

    order: Order
    at_counter: bool


@dataclass(frozen=True, slots=True)
class GiveBack:
    """Send a refund request, always under its own out_refund_no."""

    refund: Refund
    order: Order


@dataclass(frozen=True, slots=True)
class AskRefund:
    """Query a refund."""

    refund: Refund
    order: Order


@dataclass(frozen=True, slots=True)
class Warm:
    """Open or keep the connection that the next charge will use."""


@dataclass(frozen=True, slots=True)
class Probe:
    """Ask WeChat anything signed, to learn whether it can be reached and what time it is there."""


@dataclass(frozen=True, slots=True)
class CorrectClock:
    """Shift the steady clock by this: what was learnt before the first sale."""

    offset_ms: int


@dataclass(frozen=True, slots=True)
class StartScan:
    """Look for a code; what is seen is reported with this ticket (of a payment code the order's out_trade_no).

    `used`: digests of payment codes that were sent already, so that people hear of it while the camera still looks.
    """

    ticket: str
    look_for: LookFor = LookFor.PAYMENT
    used: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class StopScan:
    """Stop looking."""


@dataclass(frozen=True, slots=True)
class Play:
    """Let a sound be heard."""

    sound: Sound


@dataclass(frozen=True, slots=True)
class Announce:
    """Say aloud that this much was paid: for the sale in front, and no other. `at`: when, as far as anybody has told."""

    money: Money
    at: int


@dataclass(frozen=True, slots=True)
class TryVoice:
    """Let the voice say that it is being tried, and no amount. `at`: when that was wanted."""

    at: int


@dataclass(frozen=True, slots=True)
class StartTraining:
    """Open the training room: until it is left every key is its own."""


@dataclass(frozen=True, slots=True)
class Hush:
    """Say nothing more: the next sale begins."""


@dataclass(frozen=True, slots=True)
class Reply:
    """An answer to whoever asked over the control socket (`token` names the asker). `problem` is None when accepted."""

    token: str
    result: str
    problem: str | None = None


@dataclass(frozen=True, slots=True)
class Print:
    """Put this on paper, if that is possible soon. Nothing waits for it, and nothing depends on it."""

    slip: Slip


@dataclass(frozen=True, slots=True)
class LookUp:
    """Read an order and its refunds from the ledger; what it holds comes back as LookedUp."""

    out_trade_no: str
    wanted: Wanted


@dataclass(frozen=True, slots=True)
class ReadPast:
    """Read `count` of the past orders from the ledger, newest first, as `find` says; they come back as PastRead with this ticket.

    On the first page (`after` None) those numbered in `first` stand before all others; other pages begin after `after`.
    """

    ticket: str
    count: int
    find: Find | None = None
    after: Cursor | None = None
    first: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class ReadShift:
    """Read what a shift counts from the ledger; it comes back as ShiftRead before anything else happens."""

    wanted: Reading


@dataclass(frozen=True, slots=True)
class AskForRefund:
    """An operator gives money back: read the rows, also what the operator gave back since then; it comes back as RefundAsked."""

    ticket: str
    out_trade_no: str
    amount: int
    reason: str
    operator: Operator
    since: int


@dataclass(frozen=True, slots=True)
class CheckPin:
    """Look at a PIN; what came of it comes back as PinChecked with this ticket."""

    ticket: str
    operator: str
    pin: PinDigits


@dataclass(frozen=True, slots=True)
class KeepPin:
    """From now on this is the operator's PIN; it comes back as PinKept with this ticket."""

    ticket: str
    operator: str
    pin: PinDigits


@dataclass(frozen=True, slots=True)
class StartCheckup:
    """Look at everything; what is found comes back as Checked with this ticket."""

    ticket: str


@dataclass(frozen=True, slots=True)
class StopCheckup:
    """Nobody looks any more: begin nothing further."""


@dataclass(frozen=True, slots=True)
class MakeBundle:
    """Put together what a supporter needs, and put it where people can take it."""


@dataclass(frozen=True, slots=True)
class CarryExports:
    """Have the exports of these days put onto a USB stick; what became of it comes back as ExportCarried with this ticket."""

    ticket: str
    days: Days


@dataclass(frozen=True, slots=True)
class FetchStatement:
    """Have this Beijing day's statement fetched and held against the ledger; what becomes of it comes back as StatementCame."""

    day: str


Act = (
    Charge
    | Place
    | Ask
    | Reverse
    | Close
    | GiveBack
    | AskRefund
    | Warm
    | Probe
    | CorrectClock
    | StartScan
    | StopScan
    | Play
    | Announce
    | TryVoice
    | StartTraining
    | Hush
    | Reply
    | Print
    | LookUp
    | ReadPast
    | ReadShift
    | AskForRefund
    | CheckPin
    | KeepPin
    | StartCheckup
    | StopCheckup
    | MakeBundle
    | CarryExports
    | FetchStatement
)

Examine = StartCheckup | StopCheckup | MakeBundle | CarryExports
Heard = Play | Announce | TryVoice | Hush
PinAct = CheckPin | KeepPin
