"""A shift: all that is counted between one Z report and the next. Nouns, and a report's figures made of rows. Pure.

The rule: money belongs to the shift within which the ledger wrote it down. An order counts where it became PAID, a refund where
WeChat accepted it, whatever the clock said and however long ago the sale was keyed. Shifts follow each other without a gap in the
history of the ledger, so each such arrow lies within exactly one of them: what comes in while none is open is the next one's.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from datetime import UTC, date, datetime, time, timedelta, tzinfo
from enum import StrEnum
from functools import lru_cache
from typing import assert_never

from kiosk.core.model import Order, OrderState, Refund, RefundState, Tender
from kiosk.core.money import Money
from kiosk.core.numbers import shift_id

MIDNIGHT = time(0)


class ShiftState(StrEnum):
    """Counting, or counted for ever."""

    OPEN = "open"
    CLOSED = "closed"


class What(StrEnum):
    """What is counted."""

    PAID = "paid"
    REFUND = "refund"  # of a paid order, accepted
    FAILED = "failed"  # a refund that was accepted, and that WeChat could not make after all
    LATE = "late"  # money that came too late or twice, on its way back; it never was a sale
    DECLINED = "declined"
    UNDONE = "undone"  # reversed or closed
    ATTENTION = "attention"


@dataclass(frozen=True, slots=True)
class Count:
    """So many of `what` by one tender in one currency, and so much; `tips` are part of the amount."""

    what: What
    tender: Tender
    currency: str
    count: int
    amount: int
    tips: int = 0


@dataclass(frozen=True, slots=True)
class Tally:
    """What one tender brought in one currency, in smallest units. `sales` has the tips in it."""

    tender: Tender
    currency: str
    sale_count: int = 0
    sales: int = 0
    tips: int = 0
    refund_count: int = 0
    refunds: int = 0
    failed_count: int = 0
    failed: int = 0
    late_count: int = 0
    late: int = 0
    declined: int = 0
    undone: int = 0
    attention: int = 0

    @property
    def net(self) -> int:
        """What was kept; negative where more was given back than taken."""
        return self.sales - self.refunds + self.failed


@dataclass(frozen=True, slots=True)
class Waiting:
    """An order, or a refund, whose end was not known. `became`: what an order is by now, of what was taken over."""

    number: str
    money: Money
    opened_at: int
    refund: bool = False
    became: OrderState | None = None


@dataclass(frozen=True, slots=True)
class Shift:
    """A shift, with its report: for ever as the Z report has it when it is closed, as far as it was counted while it is open.

    `z` counts on by one and is never used twice; `shift_id` has the ledger's generation in it, so it differs also from what was
    lost with a card. `zone` and `day_starts` are the business day's: an IANA name, and "04:00".
    """

    shift_id: str
    z: int
    opened_at: int
    zone: str
    day_starts: str
    state: ShiftState = ShiftState.OPEN
    opened_by: str | None = None  # None: a sale, or nobody in particular
    closed_at: int | None = None
    closed_by: str | None = None
    taken_over: tuple[Waiting, ...] = ()
    handed_over: tuple[Waiting, ...] = ()
    tallies: tuple[Tally, ...] = ()

    @property
    def is_open(self) -> bool:
        """Whether it still counts."""
        return self.state is ShiftState.OPEN


class Aim(StrEnum):
    """What a shift's figures are read for."""

    SHOW = "show"  # on the screen
    PRINT = "print"
    ASK = "ask"  # whether it shall be closed
    CLOSE = "close"


@dataclass(frozen=True, slots=True)
class Reading:
    """What somebody wants to know of a shift. `z` None: the one that is open, or else the newest.

    To close it: `hand_over` are the numbers that may be handed over unresolved (None: none may), `by` the operator, `token` names
    who gets a Reply; empty: who stands in front, or the clock.
    """

    aim: Aim
    z: int | None = None
    hand_over: frozenset[str] | None = None
    by: str | None = None
    token: str = ""
    clock: bool = False  # nobody asked: it is the time of day


@dataclass(frozen=True, slots=True)
class Figures:
    """A shift's row as committed, what the ledger counts of it, and what became of the orders it took over."""

    shift: Shift
    counts: tuple[Count, ...] = ()
    became: tuple[tuple[str, OrderState], ...] = ()


def next_shift(
    last: Shift | None, kiosk_id: str, generation: str, now: int, zone: tzinfo, starts: time, by: str | None = None
) -> Shift:
    """The shift after `last`, of the kiosk and its ledger's generation."""
    z = 1 if last is None else last.z + 1
    return Shift(
        shift_id=shift_id(kiosk_id, generation, z),
        z=z,
        opened_at=now,
        zone=str(zone),
        day_starts=f"{starts:%H:%M}",
        opened_by=by,
        taken_over=() if last is None else last.handed_over,
    )


def tallies(counts: Iterable[Count]) -> tuple[Tally, ...]:
    """By tender and currency what was counted."""
    made: dict[tuple[str, Tender], Tally] = {}
    for count in counts:
        key = (count.currency, count.tender)
        before = made.get(key, Tally(count.tender, count.currency))
        made[key] = _with(before, count)
    return tuple(made[key] for key in sorted(made))


def _with(tally: Tally, count: Count) -> Tally:
    number, amount = count.count, count.amount
    match count.what:
        case What.PAID:
            return replace(tally, sale_count=tally.sale_count + number, sales=tally.sales + amount, tips=tally.tips + count.tips)
        case What.REFUND:
            return replace(tally, refund_count=tally.refund_count + number, refunds=tally.refunds + amount)
        case What.FAILED:
            return replace(tally, failed_count=tally.failed_count + number, failed=tally.failed + amount)
        case What.LATE:
            return replace(tally, late_count=tally.late_count + number, late=tally.late + amount)
        case What.DECLINED:
            return replace(tally, declined=tally.declined + number)
        case What.UNDONE:
            return replace(tally, undone=tally.undone + number)
        case What.ATTENTION:
            return replace(tally, attention=tally.attention + number)
        case _:
            assert_never(count.what)


def waiting(orders: Iterable[Order], refunds: Iterable[Refund]) -> tuple[Waiting, ...]:
    """Of open orders and refunds those that a shift cannot count yet, oldest first; an order that never left is none."""
    found = [Waiting(o.out_trade_no, o.money, o.opened_at) for o in orders if o.state is not OrderState.ARMED]
    asked = (r for r in refunds if r.state is RefundState.REQUESTED and not r.late)  # late: its order is named
    found += [Waiting(r.out_refund_no, r.money, r.opened_at, refund=True) for r in asked]
    return tuple(sorted(found, key=lambda one: (one.opened_at, one.number)))


def report(figures: Figures, unresolved: tuple[Waiting, ...]) -> Shift:
    """The shift with its report: as it was closed, or, while it is open, as far as it goes, with what is unresolved now."""
    shift = figures.shift
    if not shift.is_open:
        return shift
    became: Mapping[str, OrderState] = dict(figures.became)
    taken = tuple(replace(one, became=became.get(one.number)) for one in shift.taken_over)
    return replace(shift, tallies=tallies(figures.counts), taken_over=taken, handed_over=unresolved)


def closed(counted: Shift, now: int, by: str | None) -> Shift:
    """The end of an open shift with this report."""
    return replace(counted, state=ShiftState.CLOSED, closed_at=max(now, counted.opened_at), closed_by=by)


def nets(counted: Shift) -> tuple[tuple[str, int], ...]:
    """By currency what was kept; negative where more was given back than taken."""
    found: dict[str, int] = {}
    for tally in counted.tallies:
        found[tally.currency] = found.get(tally.currency, 0) + tally.net
    return tuple(sorted(found.items()))


def business_day(at: int, zone: tzinfo, starts: time) -> date:
    """The day of the shop that the time `at` (ms) counts to: what is before its beginning is of the day before."""
    local = datetime.fromtimestamp(at / 1000, zone)
    return local.date() if local.time() >= starts else local.date() - timedelta(days=1)


def day_bounds(day: date, zone: tzinfo, starts: time = MIDNIGHT) -> tuple[int, int]:
    """The first moment of the business day, and of the next one (23 to 25 hours later), in ms."""
    begin, end = (datetime.combine(d, starts, zone) for d in (day, day + timedelta(days=1)))
    return int(begin.timestamp() * 1000), int(end.timestamp() * 1000)


@lru_cache(8)  # asked at each step of the kiosk, about the one shift that is open
def next_time(after: int, of_day: time, zone: tzinfo) -> int:
    """The first moment later than `after` at which it is this time of the day in the shop, in ms."""
    day = datetime.fromtimestamp(after / 1000, zone).date()
    for days in range(3):
        at = datetime.combine(day + timedelta(days=days), of_day, zone).astimezone(UTC)
        if (ms := int(at.timestamp() * 1000)) > after:
            return ms
    raise AssertionError(after)
