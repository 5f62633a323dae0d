"""What people see while somebody says who they are, or gives money back: a pure function from the till's place to a screen."""

from __future__ import annotations

from typing import assert_never

from kiosk.core import giving, past, refunds, who
from kiosk.core.money import Money
from kiosk.core.past_nouns import PastOrder
from kiosk.core.past_screens import (
    PastLine,
    PinAsked,
    PinWanted,
    RefundAmount,
    RefundLook,
    RefundRefused,
    RefundWhy,
    WhoIsIt,
)
from kiosk.core.past_view import line
from kiosk.core.refunds import Refusal
from kiosk.core.screens import Screen
from kiosk.core.state import Kiosk


def giving_view(kiosk: Kiosk, there: who.There | giving.There, now: int) -> Screen:
    """The screen of this place."""
    currency = kiosk.settings.currency
    match there:
        case who.Choosing(_, people, then):
            return WhoIsIt(people, pins=isinstance(then, who.ToNewPin))
        case who.EnteringPin(_, one, _, pin, ticket, wrong, shut_until):
            shut = shut_until is not None and now < shut_until
            return PinAsked(one, len(pin), wrong, bool(ticket), shut_until if shut else None)
        case who.NewPin(_, one, pin, first, ticket, problem):
            return PinWanted(one, len(pin), first is not None, bool(ticket), problem)
        case giving.Amount(_, sale, _, keyed, refusal):
            left = refunds.left(sale.order, sale.refunds)
            money = left if keyed is None else Money(keyed, currency)
            against = None if refusal is None else refusal.against
            return RefundAmount(_of(sale), money, left, keyed is not None, against, _most(refusal, currency))
        case giving.Why(amount=amount):
            return RefundWhy(Money(amount, currency), giving.REASONS)
        case giving.Look(_, sale, one, amount, why, ticket):
            rest = Money(refunds.left(sale.order, sale.refunds).amount - amount, currency)
            return RefundLook(_of(sale), sale.order.out_trade_no, Money(amount, currency), rest, why, one, bool(ticket))
        case giving.Refused(_, sale, refusal):
            return RefundRefused(sale.order.out_trade_no, refusal.against, _most(refusal, currency))
        case _:
            assert_never(there)


def _of(sale: past.Opened) -> PastLine:
    given = refunds.given(sale.refunds)
    return line(PastOrder(sale.order, given))


def _most(refusal: Refusal | None, currency: str) -> Money | None:
    return None if refusal is None or refusal.most is None else Money(refusal.most, currency)
