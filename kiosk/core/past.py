"""The till when somebody looks back: where they are, and how a past order is told. Pure; lost at any moment, as the rest of it.

What the keys do there is looking_back.py's. Each place leaves by itself: a passer-by must not read it.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from typing import TypeVar

from kiosk.core.carried import CarryEnd, Days, Span, days_of
from kiosk.core.lifecycle import SECOND
from kiosk.core.model import Order, OrderState, Refund, RefundState
from kiosk.core.money import Money
from kiosk.core.past_nouns import Cursor, Find, PastOrder, Walked
from kiosk.core.past_screens import Cause, Told

READ_FOR = 30 * SECOND  # without a key
PAGE_FOR = 120 * SECOND  # enough to type an address and compare a fingerprint
CARRIED_FOR = 600 * SECOND  # longer than exports may take on their way to a stick
TOLD_FOR = 120 * SECOND  # whoever went for another stick reads what became of them
ROWS = 6  # as many as the smallest screen shows
STORY_LINES = 6
REFUND_LINES = 2
MOST_PAGES = 1000
MOST_DIGITS = 9


@dataclass(frozen=True, slots=True)
class Listing:
    """A page of the last orders, or of those that were found. `starts`: after what each page but the first begins.

    `first`: those that a person must look at, which stand before all others.
    """

    ticket: str
    until: int
    rows: tuple[PastOrder, ...]
    more: bool
    find: Find | None = None
    starts: tuple[Cursor, ...] = ()
    first: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Searching:
    """What is to be looked for is being keyed. `ticket`: of the search under way."""

    until: int
    digits: str = ""
    missed: bool = False
    ticket: str = ""
    find: Find | None = None  # what is searched for under it


@dataclass(frozen=True, slots=True)
class Opened:
    """One order. The rows are as committed, `walked` None until they were read; `back`: the list it was opened from."""

    until: int
    order: Order
    refunds: tuple[Refund, ...] = ()
    walked: tuple[Walked, ...] | None = None
    page: int = 0
    back: Listing | None = None


@dataclass(frozen=True, slots=True)
class Seeking:
    """The camera looks for the code of a receipt, under this ticket."""

    ticket: str
    until: int


@dataclass(frozen=True, slots=True)
class Missed:
    """A receipt was read whose number the ledger does not have."""

    out_trade_no: str
    until: int


@dataclass(frozen=True, slots=True)
class More:
    """What else there is."""

    until: int


@dataclass(frozen=True, slots=True)
class Page:
    """Where the owner's page is."""

    until: int


@dataclass(frozen=True, slots=True)
class Exports:
    """Of which days exports shall go to a stick. `today`: the business day it was when that was asked."""

    until: int
    today: date


@dataclass(frozen=True, slots=True)
class Carrying:
    """They are on their way to a stick under this ticket; `end` None: still."""

    until: int
    today: date
    span: Span
    ticket: str
    end: CarryEnd | None = None
    name: str = ""

    @property
    def days(self) -> Days:
        """Which ones."""
        return days_of(self.span, self.today)


There = Listing | Searching | Opened | Seeking | Missed | More | Page | Exports | Carrying

T = TypeVar("T")

_CAUSES = {cause.value: cause for cause in Cause}


def story(there: Opened) -> tuple[Told, ...]:
    """What happened to the order and its refunds, oldest first, as far as it was read."""
    money = {refund.out_refund_no: refund.money for refund in there.refunds}
    return tuple(_told(walked, money.get(walked.number)) for walked in there.walked or ())


def _told(walked: Walked, money: Money | None) -> Told:
    became = OrderState(walked.became) if money is None else RefundState(walked.became)
    return Told(walked.at, became, walked.asks, _CAUSES.get(walked.why), money)


def pages(there: Opened) -> tuple[tuple[Refund | Told, ...], ...]:
    """What the pages after the first are made of: the refunds, newest first, then the story."""
    return (*_parts(there.refunds[::-1], REFUND_LINES), *_parts(story(there), STORY_LINES))


def _parts(all_of_it: tuple[T, ...], most: int) -> tuple[tuple[T, ...], ...]:
    return tuple(all_of_it[at : at + most] for at in range(0, len(all_of_it), most))
