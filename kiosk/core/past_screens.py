"""What people see when they look back: the last sales, a search, one sale with its story, and the list of what else there is.

As core/screens.py: the facts and none of the words. Its own union, so that whoever draws screens has one arm for these.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

from kiosk.core.model import Decline, OrderState, RefundState, Tender
from kiosk.core.money import Money
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
    """One refund of the sale: `number` counts them; `why` says what a person has to know when it is not on its way."""

    number: int
    money: Money
    state: RefundState
    at: int


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


@dataclass(frozen=True, slots=True)
class SaleUnknown:
    """A receipt was read, and this kiosk's ledger has no such order."""

    out_trade_no: str


class Entry(StrEnum):
    """What else there is, in the order in which it is listed."""

    SHIFT = "shift"
    CHECKUP = "checkup"
    PAGE = "page"
    TRAINING = "training"


@dataclass(frozen=True, slots=True)
class More:
    """What else there is: each entry has the digit of its place."""

    entries: tuple[Entry, ...]


PastScreen = History | Searching | SaleOpened | SaleUnknown | More
