"""The walk over order numbers after the loss of a ledger: which number to ask for next, and which rows an answer makes. Pure.

An order that was armed and never sent leaves a gap in the numbers, so the walk goes on over a row of gaps, and a search looks at
more than the first number. Knows no ledger and no network.
"""

from __future__ import annotations

from collections.abc import Generator, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import assert_never

from kiosk.core import lifecycle, refunds
from kiosk.core.commands import Insert, Record, Update
from kiosk.core.errors import KioskError
from kiosk.core.model import (
    Answer,
    Declined,
    Echo,
    Ended,
    Merchant,
    NotFound,
    Order,
    OrderState,
    Paid,
    Pending,
    Refund,
    RefundState,
    Sale,
    SaleState,
    Tender,
    Unknown,
    Why,
)
from kiosk.core.money import Money
from kiosk.core.numbers import OrderNumber, sale_id

GAPS = 50  # so many numbers in a row that WeChat does not know: the walk is over
FIRST = 3  # a search looks at the first numbers of each generation only
MOST = 20_000  # no kiosk makes more orders in a day; whoever answers further on is not believed
REFUND_NUMBERS = 3  # a refund that WeChat refused leaves a gap, too
WHY = "recovered"

S = OrderState


@dataclass(frozen=True, slots=True)
class Question:
    """The next number to ask for."""

    number: OrderNumber
    searching: bool = False


@dataclass(frozen=True, slots=True)
class Day:
    """A day to be walked. `known`: generations that made numbers that day, and the highest counter known of each."""

    name: str  # yymmdd
    known: Mapping[str, int] = field(default_factory=dict)
    search: bool = False  # there may be a generation that nobody remembers


Walk = Generator[Question, bool, None]
"""Yields a number to ask for, and is sent whether an order has it."""


class TooMany(KioskError):
    """A walk has come to MOST numbers, and there are still more."""


def walk(kiosk_id: str, days: Sequence[Day], generations: Sequence[str]) -> Walk:
    """All days, in the order given. `generations`: where a search looks. A generation found on one day is tried on the next.

    A search ends with the round in which it found something: a lost ledger had one generation. Raises TooMany.
    """
    found: list[str] = []
    for day in days:
        known = {**dict.fromkeys(found, 0), **day.known}
        for generation, highest in known.items():
            yield from _upward(kiosk_id, day.name, generation, highest=highest)
        if day.search and not found:
            for first in (yield from _search(kiosk_id, day.name, [each for each in generations if each not in known])):
                found.append(first.generation)
                yield from _upward(kiosk_id, day.name, first.generation, above=first.counter)


def unknown_order(number: OrderNumber, currency: str, now: int) -> Order:
    """What a provider needs for a query, where nothing but the number is known. Goes into no ledger."""
    return Order(str(number), sale_id(number), Tender.QUICK_PAY, Money(1, currency), now, S.SENT)


def rebuild(number: OrderNumber, answer: Answer, merchant: Merchant, opened_at: int, now: int) -> Order | str:
    """The order's row as WeChat's answer to a query makes it, or in words why it makes none.

    `opened_at`: as good as is known, where WeChat does not tell. An order that is still open is taken up as one to be undone: its
    customer has left.
    """
    outcome = answer.outcome
    if isinstance(outcome, Unknown | NotFound):
        return f"WeChat's answer cannot be read ({type(outcome).__name__.lower()})"
    echo = answer.echo or Echo()
    total = outcome.total if isinstance(outcome, Paid) else echo.total
    tender = echo.tender
    if total is None or tender is None or total.amount == 0:
        return "WeChat does not tell the amount or the kind of this order: look it up in the merchant portal"
    if echo.opened_at is not None:
        opened_at = echo.opened_at
    order = Order(
        out_trade_no=str(number),
        sale_id=sale_id(number),
        tender=tender,
        money=total,
        opened_at=opened_at,
        state=S.SENT,
        sent_at=opened_at,
        anchor_at=now,
        transaction_id=answer.transaction_id,
    )
    wrong = lifecycle.mismatch(order, answer, merchant)
    if wrong is not None:
        return wrong
    match outcome:
        case Paid():
            order = replace(
                order,
                state=S.PAID,
                transaction_id=outcome.transaction_id,
                paid_at=outcome.paid_at,
                payer=outcome.payer,
                rate_e8=outcome.rate_e8,
            )
        case Declined(reason):
            order = replace(order, state=S.DECLINED, decline=reason)
        case Ended(state):
            order = replace(order, state=state)
        case Pending():
            order = replace(order, state=S.REVERSING if tender is Tender.QUICK_PAY else S.CLOSING)
        case _:
            assert_never(outcome)
    return order if lifecycle.is_open(order) else replace(order, settled_at=now)


def paid_once(order: Order, at: int) -> Order:
    """An order of which WeChat says that money went back, as it was before: the refunds come into the ledger one by one."""
    return order if order.transaction_id is None else replace(order, state=S.PAID, paid_at=at)


def refund_numbers(order: Order) -> Iterator[Refund]:
    """What to ask for when WeChat says that money of the order went back: a refund of all of it, under this kiosk's numbers."""
    whole = refunds.late(order, order.opened_at)
    for count in range(1, REFUND_NUMBERS + 1):
        yield replace(whole, out_refund_no=f"{order.out_trade_no}-R{count}")


def refunded(order: Order, asked: Refund, answer: Answer, now: int) -> tuple[Order, Refund | None] | None:
    """Order and refund, once WeChat has answered about a number of `refund_numbers`; None: no such refund, ask for the next.

    Only a part given back makes no row that tells the truth, as the answer does not say how much: a person has to look.
    """
    refund = replace(asked, refund_id=answer.transaction_id)
    match answer.outcome:
        case NotFound():
            return None
        case Pending() if order.transaction_id is not None:  # it goes on: the running kiosk asks for it as for any other
            return replace(order, state=S.REFUNDING, settled_at=None), replace(refund, state=RefundState.ACCEPTED)
        case Ended() if order.transaction_id is not None:
            return order, replace(refund, state=RefundState.DONE, settled_at=now)
        case Unknown() if answer.outcome == PART:
            note = f"refund {asked.out_refund_no} gave back a part of it: look up how much in the merchant portal"
        case _:
            note = f"refund {asked.out_refund_no} did not come to its end: look it up in the merchant portal"
    return replace(order, state=S.ATTENTION, note=note), None


PART = Unknown(Why.MALFORMED, "amount")
"""What a provider says of a refund that is there and of another amount than the one asked for."""


def records(order: Order, refund: Refund | None = None) -> tuple[Record, ...]:
    """The rows of a rebuilt order, for one commit: a sale of its own, the order, and the refund that gave all of it back."""
    sale = Sale(order.sale_id, order.money, order.opened_at, _sale_state(order.state))
    if refund is None:
        return Insert(sale, WHY), Insert(order, WHY)
    # The ledger takes such a refund only of an order whose money is on its way back.
    before = replace(order, state=S.REFUNDING, settled_at=None)
    rows: tuple[Record, ...] = (Insert(sale, WHY), Insert(before, WHY), Insert(refund, WHY))
    return rows if order.state is S.REFUNDING else (*rows, Update(order, WHY))


def contradiction(order: Order, given_back: Sequence[Refund], answer: Answer, merchant: Merchant) -> str | None:
    """In words how the answer differs from the row in the ledger; None when it does not, or when the kiosk still asks."""
    wrong = lifecycle.mismatch(order, answer, merchant)
    if wrong is not None or lifecycle.is_open(order) or order.state is S.ATTENTION:
        return wrong
    outcome = answer.outcome
    match outcome:
        case Paid(transaction_id):
            fits, says = order.state is S.PAID and order.transaction_id == transaction_id, f"paid with {transaction_id[:40]!r}"
        case Ended(S.REFUNDED):
            back = any(refund.state is not RefundState.ATTENTION for refund in given_back)
            fits, says = order.state in (S.REFUNDED, S.REVERSED) or (order.state is S.PAID and back), "refunded"
        case Ended(state):
            fits, says = order.state is not S.PAID, str(state).lower()
        case Declined():
            fits, says = order.state in (S.DECLINED, S.VOID, S.CLOSED, S.REVERSED), "not paid"
        case NotFound():
            fits, says = order.state in (S.DECLINED, S.VOID), "unknown"
        case Pending():
            fits, says = False, "not over yet"
        case Unknown():
            return None
        case _:
            assert_never(outcome)
    return None if fits else f"{order.state} in the ledger, and {says} at WeChat: look it up in the merchant portal"


def _upward(kiosk_id: str, day: str, generation: str, *, above: int = 0, highest: int = 0) -> Walk:
    """From the number after `above`, over `highest`, until GAPS numbers in a row are of no order."""
    counter, gaps = above, 0
    while gaps < GAPS or counter < highest:
        counter += 1
        if counter > MOST:
            raise TooMany(f"{MOST} numbers of {day}-{generation} were asked for, and there are more")
        there = yield Question(OrderNumber(kiosk_id, day, generation, counter))
        gaps = 0 if there else gaps + 1


def _search(kiosk_id: str, day: str, generations: Sequence[str]) -> Generator[Question, bool, list[OrderNumber]]:
    """The first number found of each generation: number 1 of all of them, then number 2, until a round finds something."""
    found: list[OrderNumber] = []
    for counter in range(1, FIRST + 1):
        for generation in generations:
            number = OrderNumber(kiosk_id, day, generation, counter)
            if (yield Question(number, searching=True)):
                found.append(number)
        if found:
            break
    return found


def _sale_state(state: OrderState) -> SaleState:
    match state:
        case S.PAID:
            return SaleState.PAID
        case S.REFUNDED:
            return SaleState.REFUNDED
        case S.ATTENTION:
            return SaleState.ATTENTION
        case S.DECLINED | S.CLOSED | S.REVERSED | S.VOID:
            return SaleState.UNPAID
        case S.ARMED | S.SENT | S.PAYING | S.REVERSING | S.CLOSING | S.REFUNDING:
            return SaleState.OPEN
        case _:
            assert_never(state)
