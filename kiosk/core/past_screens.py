"""What people see when they look back: the last sales, a search, one sale with its story, and the list of what else there is.

As core/screens.py: the facts and none of the words. Its own union, so that whoever draws screens has one arm for these.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

from kiosk.core.carried import CarryEnd, Days, Span
from kiosk.core.model import Decline, OrderState, Reason, RefundState, RefundTrouble, Tender
from kiosk.core.money import Money
from kiosk.core.operators import Against, NoPin, Operator
from kiosk.core.past_nouns import Find


@dataclass(frozen=True, slots=True)
class PastLine:
    """One order. `refunded`: what was given back of it, None when nothing was. `refused`: a refund of it needs a person."""

    money: Money
    tender: Tender
    state: OrderState
    tail: str
    opened_at: int
    refunded: Money | None = None
    refused: bool = False


@dataclass(frozen=True, slots=True)
class History:
    """A page of the last orders, newest first, or of those that were looked for. Each has the digit of its place."""

    lines: tuple[PastLine, ...]
    page: int = 0
    more: bool = False  # there are older ones
    find: Find | None = None
    sought: Money | None = None  # what `find` looks for, when that is an amount


@dataclass(frozen=True, slots=True)
class Searching:
    """What is to be looked for is keyed: an amount, or the end of a number. `missed`: there is none such."""

    digits: str
    money: Money
    missed: bool = False


class Cause(StrEnum):
    """Why an order went where it went, when that was not WeChat's word."""

    CANCELLED = "cancelled"
    TOO_LONG = "too long"
    TENDER_CHANGED = "tender changed"
    NOTHING_SHOWN = "nothing shown"
    PAID_TWICE = "paid by another order"


@dataclass(frozen=True, slots=True)
class Told:
    """One thing that happened to a sale. `asks`: how often WeChat had been asked by then; `money`: of a refund."""

    at: int
    became: OrderState | RefundState
    asks: int = 0
    cause: Cause | None = None
    money: Money | None = None


@dataclass(frozen=True, slots=True)
class RefundLine:
    """One refund of the sale: `number` counts them."""

    number: int
    money: Money
    state: RefundState
    at: int
    trouble: RefundTrouble | None = None
    reason: str | None = None
    operator: str | None = None


@dataclass(frozen=True, slots=True)
class SaleOpened:
    """One order with all that is known of it. `page` 0 has the facts, the others its refunds and its story, part by part."""

    line: PastLine
    out_trade_no: str
    page: int
    pages: int
    transaction_id: str | None = None
    paid_at: int | None = None  # WeChat's time
    asks: int = 0
    payer: Money | None = None  # what the customer was debited, in another currency
    decline: Decline | None = None
    left: Money | None = None  # what can still be given back, after refunds
    refunds: tuple[RefundLine, ...] = ()  # of this page
    story: tuple[Told, ...] = ()  # of this page
    prints: bool = False  # it was paid: a key prints its receipt once more
    refundable: bool = False  # a key gives money back


@dataclass(frozen=True, slots=True)
class SaleUnknown:
    """A receipt was read, and this kiosk's ledger has no such order."""

    out_trade_no: str


class Entry(StrEnum):
    """What else there is, in the order in which it is listed."""

    SHIFT = "shift"
    OPERATOR = "operator"
    CHECKUP = "checkup"
    PAGE = "page"
    PINS = "pins"
    EXPORTS = "exports"
    TRAINING = "training"


@dataclass(frozen=True, slots=True)
class More:
    """What else there is: each entry has the digit of its place."""

    entries: tuple[Entry, ...]


@dataclass(frozen=True, slots=True)
class ExportDays:
    """Of which days exports shall go to a stick: each has the digit of its place."""

    offers: tuple[tuple[Span, Days], ...]


@dataclass(frozen=True, slots=True)
class ExportsCarried:
    """Exports on their way to a stick, or what became of them. `end` None: still on their way; `name`: the file's."""

    span: Span
    days: Days
    end: CarryEnd | None = None
    name: str = ""


@dataclass(frozen=True, slots=True)
class WhoIsIt:
    """These operators, each with the digit of their place. `pins`: whose PIN is to be set."""

    people: tuple[Operator, ...]
    pins: bool = False


@dataclass(frozen=True, slots=True)
class PinAsked:
    """The operator's PIN is keyed; how many digits there are is all that is told of it. `until`: nothing is looked at before."""

    who: Operator
    keyed: int
    wrong: bool = False
    busy: bool = False  # it is being looked at
    until: int | None = None


@dataclass(frozen=True, slots=True)
class PinWanted:
    """A new PIN is keyed. `again`: the same once more."""

    who: Operator
    keyed: int
    again: bool = False
    busy: bool = False
    problem: NoPin | None = None


@dataclass(frozen=True, slots=True)
class RefundAmount:
    """How much goes back: `money` was keyed, or is all that is left. `against`: why not, `most`: what would be allowed."""

    line: PastLine
    money: Money
    left: Money
    keyed: bool
    against: Against | None = None
    most: Money | None = None


@dataclass(frozen=True, slots=True)
class RefundWhy:
    """Why, by a digit."""

    money: Money
    reasons: tuple[Reason, ...]


@dataclass(frozen=True, slots=True)
class RefundLook:
    """A second look before it is done: all of it. `busy`: it is being done."""

    line: PastLine
    out_trade_no: str
    money: Money
    left: Money  # of the order, afterwards
    reason: Reason
    who: Operator
    busy: bool = False


@dataclass(frozen=True, slots=True)
class RefundRefused:
    """No money goes back, and why. `most`: what would be allowed."""

    out_trade_no: str
    against: Against
    most: Money | None = None


Giving = WhoIsIt | PinAsked | PinWanted | RefundAmount | RefundWhy | RefundLook | RefundRefused
"""Somebody says who they are, or gives money back."""

PastScreen = History | Searching | SaleOpened | SaleUnknown | More | ExportDays | ExportsCarried | Giving
