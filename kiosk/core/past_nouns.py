"""The nouns of looking back: what is looked for among past orders, a page of them, and the story of one. Values only."""

from __future__ import annotations

from dataclasses import dataclass

from kiosk.core.model import Order


@dataclass(frozen=True, slots=True)
class ByAmount:
    """Orders of this much, in smallest units."""

    amount: int


END = 4  # digits of a number's end, its counter, that the ledger finds it by


@dataclass(frozen=True, slots=True)
class ByEnd:
    """Orders whose number ends in these digits, END at most, with the noughts before them: its counter, as a receipt has it."""

    digits: str


Find = ByAmount | ByEnd


@dataclass(frozen=True, slots=True)
class Cursor:
    """A place in the list of all orders, newest first: after the one opened then, with this number."""

    opened_at: int
    out_trade_no: str


NEWEST = Cursor(1 << 62, "")
"""Before the first."""


@dataclass(frozen=True, slots=True)
class PastOrder:
    """An order as the list of the last ones tells it. `refunded`: accepted or done, in smallest units.

    `refused`: a refund of it came to an end that a person has to look at.
    """

    order: Order
    refunded: int = 0
    refused: bool = False


@dataclass(frozen=True, slots=True)
class Walked:
    """An arrow that an order or one of its refunds walked, as the history has it.

    `asks`: how many queries were answered up to then, since the order is in what it leaves; 0 when nothing new was written.
    """

    number: str  # of the order or of the refund
    became: str
    why: str
    at: int
    asks: int = 0
