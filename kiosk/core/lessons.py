"""What the WeChat of a training does: the last digit of the amount says which lesson is played. Pure.

Nothing here knows a network, and nothing that leaves a kiosk is made of it: each call of an order is answered by a date and an
answer. What an order has come to is not remembered: it follows from the lesson and from how long ago the order was sent.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import assert_never

from kiosk.core.commands import Ask, AskRefund, Charge, Close, GiveBack, Place, Reverse
from kiosk.core.lesson import Lesson
from kiosk.core.lifecycle import SECOND
from kiosk.core.model import Answer, Decline, Declined, Ended, Order, OrderState, Outcome, Paid, Pending, Tender, Unknown, Why
from kiosk.core.money import Money

S = OrderState
QUICKLY = 1500  # ms: how long an answer takes
TIMEOUT = 5 * SECOND
SCANS = 5 * SECOND  # after its QR was placed, the customer is about to pay
TYPES = 9 * SECOND  # the password is typed so long after the sending
BACK = 20 * SECOND  # a lost connection is there again
LIGHT = 75 * SECOND  # after a minute of which nobody knows anything
GONE = 65 * SECOND  # a customer who was given up pays all the same
UNREACHED = Answer(Unknown(Why.NOT_SENT))
NO_PAYMENT = "TRAINING"  # what stands in a QR: nothing that WeChat or a browser opens


Call = Charge | Place | Ask | Reverse | Close | GiveBack | AskRefund


@dataclass(frozen=True, slots=True)
class Played:
    """What comes back, and when (ms of the kiosk's clock)."""

    at: int
    answer: Answer


def lesson_of(order: Order) -> Lesson:
    """The one that this order's amount asks for."""
    return Lesson(str(order.money.amount % 10))


def offline(call: Call) -> bool:
    """Whether the connection is lost with this call, for as long as BACK."""
    return isinstance(call, Charge | Place) and lesson_of(call.order) is Lesson.NO_CONNECTION


def play(call: Call, now: int) -> Played:
    """The answer to a call that leaves now."""
    match call:
        case Charge(order):
            return _charge(order, now)
        case Place(order):
            return _place(order, now)
        case Ask(order):
            return _at(now + QUICKLY // 3, _asked(order, now))
        case Reverse(order):
            return _at(now + QUICKLY // 3, _reverse(order, now))
        case Close():
            return _at(now + QUICKLY // 3, Pending())
        case GiveBack():
            return _at(now + QUICKLY, Pending())
        case AskRefund():
            return _at(now + QUICKLY // 3, Ended(S.REFUNDED))
        case _:
            assert_never(call)


def _at(at: int, outcome: Outcome, code_url: str | None = None) -> Played:
    unheard = isinstance(outcome, Unknown) and outcome.why in (Why.TIMEOUT, Why.NOT_SENT, Why.CUT)
    return Played(at, Answer(outcome, code_url=code_url, reached=not unheard))


def _charge(order: Order, now: int) -> Played:
    match lesson_of(order):
        case Lesson.PAID:
            return _at(now + QUICKLY, _paid(order, now))
        case Lesson.PASSWORD | Lesson.TOO_LATE | Lesson.NEVER_TYPED:
            return _at(now + QUICKLY, Pending(payer_acts=True))
        case Lesson.NO_MONEY:
            return _at(now + QUICKLY, Declined(Decline.BALANCE))
        case Lesson.OLD_CODE:
            return _at(now + QUICKLY, Declined(Decline.CODE_EXPIRED))
        case Lesson.LOST_ANSWER | Lesson.UNKNOWN:
            return _at(now + TIMEOUT, Unknown(Why.TIMEOUT))
        case Lesson.NO_CONNECTION:
            return _at(now + QUICKLY, Unknown(Why.NOT_SENT))
        case Lesson.MISMATCH:
            return _at(now + QUICKLY, _paid(order, now, Money(order.money.amount + 1, order.money.currency)))
        case lesson:
            assert_never(lesson)


def _place(order: Order, now: int) -> Played:
    if lesson_of(order) is Lesson.NO_CONNECTION:
        return _at(now + QUICKLY, Unknown(Why.NOT_SENT))
    return _at(now + QUICKLY, Pending(), NO_PAYMENT)


def _asked(order: Order, now: int) -> Outcome:
    """What a question learns."""
    lesson, since = lesson_of(order), now - (order.sent_at or order.opened_at)
    native = order.tender is Tender.NATIVE
    if lesson is Lesson.UNKNOWN and since < LIGHT:
        return Unknown(Why.SERVER)
    if lesson is Lesson.TOO_LATE and (order.pay_refused or (order.state is S.CLOSING and since > GONE)):
        return _paid(order, now)
    if order.state is S.REVERSING and order.tries and not order.pay_refused:
        return Ended(S.REVERSED)
    if order.state is S.CLOSING and order.tries:
        return Ended(S.CLOSED)
    if native and since < SCANS:
        return Pending()
    match lesson:
        case Lesson.PAID | Lesson.PASSWORD | Lesson.LOST_ANSWER:
            soon = lesson is Lesson.LOST_ANSWER and not native
            return _paid(order, now) if soon or since >= TYPES else Pending(payer_acts=True)
        case Lesson.NO_MONEY | Lesson.OLD_CODE:
            return Declined(Decline.PAYMENT_FAILED) if since >= TYPES else Pending(payer_acts=True)
        case Lesson.MISMATCH:
            return _paid(order, now, Money(order.money.amount + 1, order.money.currency))
        case Lesson.UNKNOWN | Lesson.TOO_LATE | Lesson.NEVER_TYPED | Lesson.NO_CONNECTION:
            return Pending(payer_acts=order.state is S.PAYING)
        case _:
            assert_never(lesson)


def _reverse(order: Order, now: int) -> Outcome:
    match lesson_of(order):
        case Lesson.UNKNOWN if now - (order.sent_at or order.opened_at) < LIGHT:
            return Unknown(Why.SERVER)
        case Lesson.TOO_LATE:
            return Unknown(Why.ORDER_PAID)
        case _:
            return Pending()


def _paid(order: Order, now: int, total: Money | None = None) -> Paid:
    """The customer's own money is the yuan, whatever the price's is: so both are seen."""
    payer = Money(max(1, order.money.amount * 92 // 100), "CNY")
    return Paid(f"TRAINING-{order.out_trade_no}", total or order.money, now, payer, 92_000_000)
