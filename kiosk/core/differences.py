"""What comes of holding the ledger against WeChat's statement of a day: the day's sums, each difference, and how it stands.

Values only. A day here is a Beijing day as "2026-01-05", WeChat's calendar; the shop's own day may begin at another hour.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

from kiosk.core.money import Money


class Moved(StrEnum):
    """What money did, as a statement's row tells it."""

    PAYMENT = "payment"
    REVERSAL = "reversal"
    REFUND = "refund"


class What(StrEnum):
    """The four kinds of difference."""

    ONLY_OURS = "only_ours"
    ONLY_THEIRS = "only_theirs"
    AMOUNT = "amount"
    STATE = "state"


class Standing(StrEnum):
    """How a difference stands. OPEN: WeChat is being asked. ATTENTION: a person has to look, `note` says at what."""

    OPEN = "open"
    SETTLED = "settled"
    ATTENTION = "attention"


class Source(StrEnum):
    """Where a day's statement came from. NONE: WeChat says that there were no trades."""

    FETCHED = "fetched"
    FILE = "file"
    NONE = "none"


class Came(StrEnum):
    """What became of a day's statement."""

    COMPARED = "compared"
    NONE = "none"  # WeChat says that there were no trades, and that was compared
    NOT_READY = "not_ready"
    FAILED = "failed"  # out of reach, or not to be believed: the reason is in the log and on the owner's page


@dataclass(frozen=True, slots=True)
class Difference:
    """One thing on which ledger and statement differ. `ours` and `theirs` are states as each writes them, None: has none."""

    day: str
    moved: Moved
    number: str  # out_refund_no of a refund, else out_trade_no
    out_trade_no: str
    what: What
    at: int  # when the money moved, by the statement where it has it; ms
    ours: str | None = None
    theirs: str | None = None
    our_money: Money | None = None
    their_money: Money | None = None
    noted_at: int = 0
    standing: Standing = Standing.OPEN
    settled_at: int | None = None
    note: str | None = None  # what settled it, or what a person has to do

    @property
    def key(self) -> tuple[str, Moved, str]:
        """What it is known by."""
        return self.day, self.moved, self.number


@dataclass(frozen=True, slots=True)
class Side:
    """Counts and sums in smallest units of one side."""

    paid_count: int = 0
    paid: int = 0
    reversal_count: int = 0
    reversed: int = 0
    refund_count: int = 0
    refunded: int = 0

    @property
    def net(self) -> int:
        """What is left."""
        return self.paid - self.reversed - self.refunded


@dataclass(frozen=True, slots=True)
class Sums:
    """A day's money of one merchant's number in one currency. `fee` is WeChat's, in millionths of its currency's whole units."""

    sub_mchid: str  # of a direct merchant the mchid
    currency: str
    ours: Side
    theirs: Side
    fee: int = 0


@dataclass(frozen=True, slots=True)
class Reconciliation:
    """A day whose statement was held against the ledger. `rows`: of the whole file; `others`: those of other kiosks."""

    day: str
    at: int
    source: Source
    sha1: str | None = None
    rows: int = 0
    others: int = 0
    agreed: int = 0
    sums: tuple[Sums, ...] = ()


@dataclass(frozen=True, slots=True)
class Elsewhere:
    """A payment or refund in the statement of another day than the ledger's time of it says: not looked for there again."""

    number: str
    moved: Moved
    day: str


Account = Reconciliation | Difference | Elsewhere
