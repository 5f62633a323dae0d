"""When which day's statement is asked for, and what a difference between it and the ledger needs. Pure.

WeChat makes the statement of a Beijing day at 9:00 of the next one, to be fetched after 10:00, and keeps it for 180 days
(contract 8). A day that could not be compared is tried again, ever more slowly, and holds up no other day.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from datetime import UTC, date, datetime, timedelta
from typing import assert_never

from kiosk.core import lifecycle
from kiosk.core.differences import Came, Difference, Moved, Standing, What
from kiosk.core.lifecycle import DAY, MINUTE
from kiosk.core.model import FINALS, Answer, Ended, Merchant, NotFound, Order, OrderState, Paid, Refund, Unknown
from kiosk.core.recovery import contradiction
from kiosk.core.refunds import is_given, is_open

BEIJING = 8 * 60 * MINUTE  # ahead of UTC, all the year
READY = 10 * 60 * MINUTE  # of the Beijing day after
KEPT_DAYS = 180
AGAIN = tuple(minutes * MINUTE for minutes in (5, 10, 20, 40, 60, 120))  # afterwards every three hours
SLOWEST = 180 * MINUTE
NEWS_FOR = DAY  # so long a difference that waits for a person is on the screen's sign
_EPOCH = date(1970, 1, 1)


@dataclass(frozen=True, slots=True)
class Wait:
    """A day that was tried: how often, and when next."""

    tries: int
    at: int


@dataclass(frozen=True, slots=True)
class Statements:
    """Which days are compared, which one is on its way, and which wait. `first`: when the oldest order was opened."""

    done: frozenset[str] = frozenset()
    first: int | None = None
    asking: str | None = None
    waits: Mapping[str, Wait] = field(default_factory=dict)
    look_at: int = 0  # before then there is nothing to ask for


def day_of(at: int) -> str:
    """The Beijing day of a time, as 2026-01-05."""
    return (_EPOCH + timedelta(days=(at + BEIJING) // DAY)).isoformat()


def bounds(day: str) -> tuple[int, int]:
    """The first moment of a Beijing day, and of the next one, in ms."""
    start = (date.fromisoformat(day) - _EPOCH).days * DAY - BEIJING
    return start, start + DAY


def last_ready(now: int) -> str:
    """The newest day whose statement can be there."""
    return day_of(now - READY - DAY)


def due_days(books: Statements, since: int, now: int) -> list[str]:
    """The days to be compared that are not, oldest first. `since`: when this life of the kiosk began."""
    last = bounds(last_ready(now))[0]
    first = max(books.first if books.first is not None else since, last - (KEPT_DAYS - 2) * DAY)
    days = [day_of(at) for at in range(bounds(day_of(first))[0], last + 1, DAY)]
    return [day for day in days if day not in books.done]


def next_day(books: Statements, since: int, now: int) -> tuple[str, int] | None:
    """The day to ask for next, and from when on; None when all are done. The oldest that may be asked for now comes first."""
    if books.asking is not None:
        return None
    days = [(day, books.waits[day].at if day in books.waits else 0) for day in due_days(books, since, now)]
    ready = [each for each in days if each[1] <= now]
    if ready:
        return ready[0]
    return min(days, key=lambda each: each[1], default=None)


def next_ready(now: int) -> int:
    """When the next statement can be there."""
    return bounds(last_ready(now))[1] + DAY + READY


def came(books: Statements, day: str, how: Came, now: int) -> Statements:
    """What is known after this answer."""
    waits = {each: wait for each, wait in books.waits.items() if each != day}
    asking = None if books.asking == day else books.asking
    match how:
        case Came.COMPARED | Came.NONE:
            return replace(books, done=books.done | {day}, asking=asking, waits=waits)
        case Came.NOT_READY | Came.FAILED:
            tries = books.waits[day].tries if day in books.waits else 0
            pause = AGAIN[tries] if tries < len(AGAIN) else SLOWEST
            return replace(books, asking=asking, waits={**waits, day: Wait(tries + 1, now + pause)})
        case _:
            assert_never(how)


# -- what a difference needs -------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Verdict:
    """How a difference stands after WeChat was asked. OPEN: nothing definite was heard, ask again."""

    standing: Standing
    note: str | None = None


WAITS = Verdict(Standing.OPEN)
_PORTAL = "look it up in the merchant platform"


def judge(
    difference: Difference, order: Order, refunds: tuple[Refund, ...], answer: Answer | None, merchant: Merchant
) -> Verdict:
    """A difference about an order that the ledger has, by the row as it is now and WeChat's newest word (None: not asked)."""
    if difference.moved is Moved.REFUND:
        return _judge_refund(difference, next((r for r in refunds if r.out_refund_no == difference.number), None), answer)
    if order.state not in FINALS:
        return WAITS
    if (
        difference.moved is Moved.PAYMENT
        and difference.what is What.STATE
        and order.state in (OrderState.REFUNDED, OrderState.PAID)
    ):
        return Verdict(Standing.SETTLED, f"the kiosk has asked, and the order is {order.state} now")
    if answer is None or isinstance(answer.outcome, Unknown):
        return WAITS
    if order.state is OrderState.ATTENTION:
        return Verdict(Standing.ATTENTION, order.note or f"a person has to decide about this order: {_PORTAL}")
    wrong = contradiction(order, refunds, answer, merchant)
    if wrong is not None:
        return Verdict(Standing.ATTENTION, wrong)
    return _agreed(difference, order, answer)


def _agreed(difference: Difference, order: Order, answer: Answer) -> Verdict:
    """WeChat's own answer agrees with the ledger, and the statement does not."""
    outcome = answer.outcome
    match difference.what:
        case What.ONLY_OURS:
            paid_at = outcome.paid_at if isinstance(outcome, Paid) else order.paid_at
            if paid_at is not None and day_of(paid_at) != difference.day:
                return Verdict(Standing.SETTLED, f"WeChat says it was paid on {day_of(paid_at)} in Beijing: it is of that day")
            note = (
                "WeChat says paid, and this day's statement lacks it: if the next statement does not have it either, "
                "ask WeChat Pay about the transaction; give nothing back"
            )
            return Verdict(Standing.ATTENTION, note)
        case What.AMOUNT:
            return Verdict(Standing.ATTENTION, f"WeChat's answer has the kiosk's amount, and its statement another: {_PORTAL}")
        case What.STATE | What.ONLY_THEIRS:
            undone = isinstance(outcome, Ended | NotFound)
            return Verdict(Standing.SETTLED, "WeChat says that the money went back" if undone else "WeChat agrees with the kiosk")
        case _:
            assert_never(difference.what)


def _judge_refund(difference: Difference, refund: Refund | None, answer: Answer | None) -> Verdict:
    if refund is None:
        return Verdict(Standing.ATTENTION, f"this refund is not in the kiosk's books: {_PORTAL}")
    given = is_given(refund)
    if (
        difference.what is What.STATE
        and given
        and not (difference.theirs or "").endswith(("CLOSED", "FAIL", "ABNORMAL", "CHANGE"))
    ):
        return Verdict(Standing.SETTLED, f"the kiosk has asked, and the refund is {refund.state} now")
    if is_open(refund):
        return WAITS
    if answer is None or isinstance(answer.outcome, Unknown):
        return WAITS
    if difference.what is What.ONLY_OURS and isinstance(answer.outcome, Ended):
        note = f"WeChat says that the refund was made, and this day's statement lacks it: {_PORTAL} if the next one lacks it, too"
        return Verdict(Standing.ATTENTION, note)
    return Verdict(Standing.ATTENTION, f"the refund is {refund.state} in the kiosk's books and not so at WeChat: {_PORTAL}")


def is_undone(order: Order) -> bool:
    """Whether WeChat has to be asked about it through the till's own queue: what it says may make work for it."""
    return lifecycle.is_open(order) or order.state is OrderState.VOID


def as_time(at: int) -> str:
    """A time as WeChat's clock shows it: 2026-01-05 18:04:11."""
    return datetime.fromtimestamp((at + BEIJING) // 1000, UTC).strftime("%Y-%m-%d %H:%M:%S")
