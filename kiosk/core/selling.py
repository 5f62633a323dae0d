"""What a sale is made of before it is one, and the owner's habits of selling. Values and sums, nothing else.

Amounts are whole smallest units of the kiosk's currency.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from enum import StrEnum

from kiosk.core.events import Key

FEW = 5  # so many sales tell nothing of what is usual
MOST_LINES = 20
MOST_MEMO = 12  # digits
MOST_OFFERS = 4


class Doubt(StrEnum):
    """Why the merchant is asked before anything leaves."""

    SAME_CUSTOMER = "same_customer"  # a sale of this amount is not settled yet
    REPEATED = "repeated"  # one of this amount was paid a moment ago
    UNUSUAL = "unusual"  # many times what this shop's sales are


@dataclass(frozen=True, slots=True)
class Draft:
    """What has been keyed so far. `noted`: the memo was asked for. `tip` None: nobody was asked yet."""

    lines: tuple[int, ...]
    memo: str = ""
    noted: bool = False
    tip: int | None = None
    sure: frozenset[Doubt] = frozenset()

    @property
    def goods(self) -> int:
        """The sum without the tip."""
        return sum(self.lines)

    @property
    def total(self) -> int:
        """What is to be paid."""
        return self.goods + (self.tip or 0)


@dataclass(frozen=True, slots=True)
class Offer:
    """A tip that the customer can choose by one key: `percent` of the goods, or else this `amount`."""

    percent: int | None = None
    amount: int = 0

    def of(self, goods: int) -> int:
        """What it comes to, half a unit rounded up."""
        return self.amount if self.percent is None else (goods * self.percent + 50) // 100


@dataclass(frozen=True, slots=True)
class Selling:
    """The owner's habits. As it stands here nothing is offered and nothing is asked."""

    quick: Mapping[Key, int] = field(default_factory=dict)  # an amount on a digit of the board
    memo: bool = False  # each sale is asked for a number
    tips: tuple[Offer, ...] = ()  # what the customer is offered; without one nobody is asked
    guard_times: int = 0  # so many times the usual asks back; 0: never
    repeat_ms: int = 0  # the same amount asks back for so long after it was paid; 0: never
    trains: bool = True  # a training is behind a key: not where anybody may press it


def digit_of(key: Key) -> int | None:
    """The digit that is printed on it."""
    return int(key) if len(key) == 1 and key.isdigit() else None


def usual(amounts: Sequence[int]) -> int | None:
    """The median (the upper one of two); None as long as there are too few to tell."""
    return sorted(amounts)[len(amounts) // 2] if len(amounts) >= FEW else None


def unusual(amount: int, amounts: Sequence[int], times: int) -> int | None:
    """What is usual, when `amount` is `times` that or more; else None."""
    middle = usual(amounts)
    return middle if times and middle is not None and amount >= times * middle else None
