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
    Outcome,
    Paid,
    Pending,
    Refund,
    RefundState,
    RefundTrouble,
    Unknown,
    Why,
)
from kiosk.core.money import Money
from kiosk.core.operators import Against, Operator, RefundRules, Role

APART = MINUTE  # contract 3.7: between two refunds of one order
MOST = 50  # contract 3.7: refunds of one order
WITHIN = 365 * DAY  # contract 3.7: TRADE_OVERDUE after a year
FIRST_ASK = 5 * SECOND
REASON_MOST = 80  # contract 3.7; bytes, as nobody says whether characters are meant
REASON_FORM = f"a refund's reason is one line of text, in UTF-8 at most {REASON_MOST} bytes"
SLOWEST = 60 * MINUTE  # contract 3.7: NOT_ENOUGH is asked for again about hourly


@dataclass(frozen=True, slots=True)
class Refusal:
    """Why a refund cannot be asked for, in words for whoever asks by command. `most`: what would be allowed, of a limit."""

    against: Against
    problem: str
    most: int | None = None


def is_reason(text: str) -> bool:
    """Whether WeChat may be told this as the reason of a refund."""
    return text.isprintable() and 0 < len(text.encode("utf-8", "replace")) <= REASON_MOST


def is_open(refund: Refund) -> bool:
    """Whether something remains to be asked or sent."""
    return refund.state in (RefundState.REQUESTED, RefundState.ACCEPTED)


def is_given(refund: Refund) -> bool:
    """Whether WeChat has taken it on: the money goes back, or has."""
    return refund.state in (RefundState.ACCEPTED, RefundState.DONE)


def given(refunds: Iterable[Refund]) -> int:
    """How much of these was given back, in smallest units."""
    return sum(refund.money.amount for refund in refunds if is_given(refund))


def left(order: Order, before: Iterable[Refund]) -> Money:
    """What of a PAID order can still be given back; what is asked for already is not."""
    return Money(
        order.money.amount - sum(r.money.amount for r in before if r.state is not RefundState.ATTENTION), order.money.currency
    )


def begin(order: Order, before: tuple[Refund, ...], amount: int | None, now: int, reason: str | None = None) -> Refund | Refusal:
    """The refund a merchant asks for; `amount` None is all that is left. `before`: every earlier refund of the order."""
    name = order.out_trade_no
    if order.state is not OrderState.PAID:
        return Refusal(Against.UNPAID, f"order {name} is {order.state}, and only a PAID order can be refunded")
    rest = left(order, before).amount
    if rest == 0:
        return Refusal(
            Against.NOTHING_LEFT, f"order {name} is refunded already, or about to be: nothing is left of {order.money}"
        )
    if amount is not None and amount <= 0:
        return Refusal(Against.NOTHING, f"amount {amount}: a refund is more than nothing")
    if amount is not None and amount > rest:
        return Refusal(Against.TOO_MUCH, f"amount {amount}: {Money(rest, order.money.currency)} is left of order {name}", rest)
    if len(before) >= MOST:
        return Refusal(Against.TOO_MANY, f"order {name} has {len(before)} refunds, and WeChat allows {MOST}")
    if now - (order.paid_at or order.opened_at) > WITHIN:
        return Refusal(Against.TOO_OLD, f"order {name} is older than a year: WeChat refunds it no more, pay back another way")
    return Refund(
        out_refund_no=f"{name}-R{len(before) + 1}",
        out_trade_no=name,
        money=Money(rest if amount is None else amount, order.money.currency),
        opened_at=now,
        reason=reason,
    )


def within(made: Refund, who: Operator, rules: RefundRules, given_today: int) -> Refund | Refusal:
    """The refund in this operator's name, if the owner's rules allow it. `given_today`: what the operator gave back before."""
    if who.role is not Role.MANAGER and not rules.cashiers:
        return Refusal(Against.NOT_ALLOWED, f"operator {who.name} may not give money back: [refunds] cashiers allows it")
    if rules.most is not None and made.money.amount > rules.most:
        most = Money(rules.most, made.money.currency)
        return Refusal(Against.LIMIT, f"amount {made.money.amount}: one refund is {most} at most ([refunds] most)", rules.most)
    if rules.most_a_day is not None and given_today + made.money.amount > rules.most_a_day:
        rest = max(0, rules.most_a_day - given_today)
        left_today = Money(rest, made.money.currency)
        return Refusal(Against.LIMIT_A_DAY, f"{left_today} is left today for {who.name} ([refunds] most_a_day)", rest)
    return replace(made, operator=who.name)


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
        trouble=_trouble(call, outcome),
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


def _trouble(call: Call, outcome: Outcome) -> RefundTrouble | None:
    match outcome:
        case Declined(trouble=known):
            return known or RefundTrouble.REFUSED
        case NotFound() if call is Call.REFUND:
            return RefundTrouble.ORDER
        case Unknown(Why.POOR):
            return RefundTrouble.POOR
        case _:
            return None


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
