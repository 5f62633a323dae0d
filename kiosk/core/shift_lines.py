"""What stands on a shift's report, line by line, for the screen and for paper alike: labels by key, numbers, no words. Pure."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, datetime, time, tzinfo
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from kiosk.core.money import Money, in_words
from kiosk.core.shifts import Shift, Tally, Waiting, business_day, nets


@dataclass(frozen=True, slots=True)
class Heading:
    """What follows is of this tender, and of this currency where there are several; or of this key."""

    label: str
    currency: str = ""


@dataclass(frozen=True, slots=True)
class Fact:
    """A text that needs no translation: a time, a day, a name."""

    label: str
    text: str


@dataclass(frozen=True, slots=True)
class Figure:
    """A sum in smallest units, signed, and how many make it up; either may not apply. `strong`: it is what people look for."""

    label: str
    currency: str
    amount: int | None = None
    count: int | None = None
    strong: bool = False


@dataclass(frozen=True, slots=True)
class Named:
    """An order or refund by name: when it was opened (in the shop's time), how much, the end of its number."""

    waiting: Waiting
    time: str


Line = Heading | Fact | Figure | Named

_SHARED = "$¥￥"  # the sign of more than one currency
TAIL = 6  # enough of a number to find the sale by


def lines(shift: Shift, at: int) -> tuple[Line, ...]:
    """All of it, the sums that were kept first. `at`: when it was counted."""
    return tuple(_lines(shift, at))


def _lines(shift: Shift, at: int) -> Iterator[Line]:
    for currency, net in nets(shift):
        yield Figure("net", currency, net, strong=True)
    yield Fact("from", _moment(shift, shift.opened_at))
    yield Fact("until" if shift.closed_at is not None else "counted", _moment(shift, shift.closed_at or at))
    yield Fact("business_day", business_day_of(shift).isoformat())
    yield Fact("zone", shift.zone if shift.zone == "UTC" else f"{shift.zone} {_ahead(shift)}")
    yield Fact("day_starts", shift.day_starts)
    if shift.opened_by is not None:
        yield Fact("opened_by", shift.opened_by)
    if shift.closed_by is not None:
        yield Fact("closed_by", shift.closed_by)
    several = len({tally.currency for tally in shift.tallies}) > 1
    for tally in shift.tallies:
        yield Heading(tally.tender.value, tally.currency if several else "")
        yield from _figures(tally)
    if shift.handed_over:
        yield Heading("unresolved" if shift.is_open else "handed_over")
        yield from (Named(one, _hour(shift, one.opened_at)) for one in shift.handed_over)
    if shift.taken_over:
        yield Heading("taken_over")
        yield from (Named(one, _hour(shift, one.opened_at)) for one in shift.taken_over)


def _figures(tally: Tally) -> Iterator[Figure]:
    currency = tally.currency
    yield Figure("sales", currency, tally.sales, tally.sale_count)
    if tally.tips:
        yield Figure("tips", currency, tally.tips)
    if tally.refund_count:
        yield Figure("refunds", currency, -tally.refunds, tally.refund_count)
    if tally.failed_count:
        yield Figure("failed", currency, tally.failed, tally.failed_count)
    if tally.refund_count or tally.failed_count:
        yield Figure("net", currency, tally.net)
    if tally.late_count:
        yield Figure("late", currency, tally.late, tally.late_count)
    for label, count in (("declined", tally.declined), ("undone", tally.undone), ("attention", tally.attention)):
        if count:
            yield Figure(label, currency, count=count)


def business_day_of(shift: Shift) -> date:
    """The business day on which the shift began."""
    return business_day(shift.opened_at, zone_of(shift), time.fromisoformat(shift.day_starts))


def zone_of(shift: Shift) -> tzinfo:
    """The zone the shift was kept in, whatever the shop's is by now; a name that nobody knows is read as UTC."""
    try:
        return ZoneInfo(shift.zone)
    except (ZoneInfoNotFoundError, ValueError, OSError):
        return ZoneInfo("UTC")


def tail(waiting: Waiting) -> str:
    """The end of its number; of a refund that of its order, and which refund it is."""
    order, dash, part = waiting.number.rpartition("-R") if waiting.refund else (waiting.number, "", "")
    return f"{order[-TAIL:]}{dash}{part}"


def signed(amount: int, currency: str, locale: str) -> str:
    """A sum as people of `locale` write it, with its sign where it is below nothing.

    The currency stands there once: the code is added only to a bare sign of several currencies, as one ¥ is yen or yuan.
    """
    text = in_words(Money(abs(amount), currency), locale)
    bare = not any(map(str.isalpha, text)) and any(sign in text for sign in _SHARED)
    return ("-" if amount < 0 else "") + (f"{text} {currency}" if bare else text)


def _moment(shift: Shift, at: int) -> str:
    return f"{datetime.fromtimestamp(at / 1000, zone_of(shift)):%Y-%m-%d %H:%M}"


def _hour(shift: Shift, at: int) -> str:
    return f"{datetime.fromtimestamp(at / 1000, zone_of(shift)):%H:%M}"


def _ahead(shift: Shift) -> str:
    """How far ahead of UTC when it began, as UTC+08:00."""
    offset = datetime.fromtimestamp(shift.opened_at / 1000, zone_of(shift)).strftime("%z")
    return f"UTC{offset[:3]}:{offset[3:]}"
