"""A refund's life, of the merchant's own refunds and of late money alike. Pure, as lifecycle.py, which it leans on.

A refund is sent under one out_refund_no for ever: WeChat takes the same number for the same refund (contract 3.7), so sending
it again is always safe, and a second number never is.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, replace
from typing import assert_never

from kiosk.core.lifecycle import DAY, MINUTE, SECOND, Due
from kiosk.core.model import (
    Answer,
    Call,
    Declined,
    Ended,
    NotFound,
    Order,
    OrderState,
    Paid,
    Pending,
    Refund,
    RefundState,
    Unknown,
)
from kiosk.core.money import Money

APART = MINUTE  # contract 3.7: between two refunds of one order
MOST = 50  # contract 3.7: refunds of one order
WITHIN = 365 * DAY  # contract 3.7: TRADE_OVERDUE after a year
FIRST_ASK = 5 * SECOND
SLOWEST = 60 * MINUTE  # contract 3.7: NOT_ENOUGH is asked for again about hourly


@dataclass(frozen=True, slots=True)
class Refusal:
    """Why a refund cannot be asked for, in words."""

    problem: str


def is_open(refund: Refund) -> bool:
    """Whether something remains to be asked or sent."""
    return refund.state in (RefundState.REQUESTED, RefundState.ACCEPTED)


def is_given(refund: Refund) -> bool:
    """Whether WeChat has taken it on: the money goes back, or has."""
    return refund.state in (RefundState.ACCEPTED, RefundState.DONE)


def left(order: Order, before: Iterable[Refund]) -> Money:
    """What of a PAID order can still be given back; what is asked for already is not."""
    return Money(
        order.money.amount - sum(r.money.amount for r in before if r.state is not RefundState.ATTENTION), order.money.currency
    )


def begin(order: Order, before: tuple[Refund, ...], amount: int | None, now: int) -> Refund | Refusal:
    """The refund a merchant asks for; `amount` None is all that is left. `before`: every earlier refund of the order."""
    name = order.out_trade_no
    if order.state is not OrderState.PAID:
        return Refusal(f"order {name} is {order.state}, and only a PAID order can be refunded")
    rest = left(order, before).amount
    if rest == 0:
        return Refusal(f"order {name} is refunded already, or about to be: nothing is left of {order.money}")
    if amount is not None and amount <= 0:
        return Refusal(f"amount {amount}: a refund is more than nothing")
    if amount is not None and amount > rest:
        return Refusal(f"amount {amount}: {Money(rest, order.money.currency)} is left of order {name}")
    if len(before) >= MOST:
        return Refusal(f"order {name} has {len(before)} refunds, and WeChat allows {MOST}")
    if now - (order.paid_at or order.opened_at) > WITHIN:
        return Refusal(f"order {name} is older than a year: WeChat refunds it no more, pay back another way")
    return Refund(
        out_refund_no=f"{name}-R{len(before) + 1}",
        out_trade_no=name,
        money=Money(rest if amount is None else amount, order.money.currency),
        opened_at=now,
    )


def late(order: Order, now: int) -> Refund:
    """The refund of money that came too late or twice: all of it."""
    return Refund(f"{order.out_trade_no}-R1", order.out_trade_no, order.money, now, late=True)


def merge(refund: Refund, call: Call, answer: Answer, now: int) -> Refund:
    """The refund after this answer; DONE and ATTENTION stay as they are."""
    if not is_open(refund):
        return refund
    outcome = answer.outcome
    noted = replace(
        refund,
        tries=refund.tries + 1,
        last_call=call,
        last_outcome=type(outcome).__name__.lower(),
        called_at=now,
        refund_id=refund.refund_id or answer.transaction_id,
    )
    match outcome:
        case Pending():
            return replace(noted, state=RefundState.ACCEPTED)
        case Ended():
            return replace(noted, state=RefundState.DONE, settled_at=now)
        case Declined():
            note = f"WeChat refused the refund ({outcome.reason}): pay back in the merchant portal or another way"
            return replace(noted, state=RefundState.ATTENTION, settled_at=now, note=note)
        case NotFound() if call is Call.REFUND:
            note = "WeChat does not know the order to be refunded: look it up in the merchant portal"
            return replace(noted, state=RefundState.ATTENTION, settled_at=now, note=note)
        case NotFound() | Unknown() | Paid():
            return noted
        case _:
            assert_never(outcome)


def resume(refund: Refund) -> Refund:
    """The refund as a starting kiosk takes it up: when its last call came back, an earlier life's clock said."""
    return replace(refund, called_at=None) if is_open(refund) else refund


def shifted(refund: Refund, since: int, now: int, offset: int) -> Refund:
    """The refund once the clock has been found `offset` ms behind; what was dated in this life, from `since` on, moves along."""
    if refund.called_at is None or not since <= refund.called_at <= now:
        return refund
    return replace(refund, called_at=refund.called_at + offset)


def next_call(refund: Refund, others: Iterable[Refund] = (), since: int = 0) -> Due | None:
    """What the refund's row says to do next; `others` are refunds of the same order, which leave one after the other.

    `since`: when this life of the kiosk began. What another life sent may have left a moment before, whatever its clock said.
    """
    if not is_open(refund):
        return None
    if refund.called_at is None:
        if refund.state is RefundState.ACCEPTED:
            return Due(Call.ASK_REFUND, since)
        at = since
        for other in others:
            if (other.opened_at, other.out_refund_no) < (refund.opened_at, refund.out_refund_no):
                if other.state is RefundState.REQUESTED:
                    return None  # its turn comes first
                at = max(at, max(since, other.called_at or 0) + APART)
        return Due(Call.REFUND, at)
    pause = FIRST_ASK if refund.tries <= 1 else max(FIRST_ASK, (refund.called_at - refund.opened_at) // 2)
    at = refund.called_at + min(pause, SLOWEST)
    lost = refund.last_call is Call.ASK_REFUND and refund.last_outcome == "notfound"
    if refund.state is RefundState.ACCEPTED and not lost:
        return Due(Call.ASK_REFUND, at)
    return Due(Call.REFUND, at)
