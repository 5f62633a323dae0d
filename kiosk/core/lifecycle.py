"""The order's life: one table of arrows, and what the row alone says to do next. Pure.

`ARROWS` is the table; the diagram in docs/order.md is drawn from it by a test. `merge` is the one function through which
synchronous answers, queries and notifications change an order: it is idempotent, and a final never regresses.
`next_call` derives from the row what has to be asked or done, and when; so recovery after a crash is the ordinary loop.
Knows nothing of tills, screens, lanes or disks. Sources are sections of the provider's contract (WeChat Pay Global APIv3).
"""

# long: the table, the merge that walks it and what a row says next are one subject

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass, replace
from enum import StrEnum
from typing import assert_never

from kiosk.core.errors import ImpossibleMove
from kiosk.core.model import (
    FINALS,
    Answer,
    Call,
    Declined,
    Direct,
    Echo,
    Ended,
    Merchant,
    NotFound,
    Order,
    OrderState,
    Outcome,
    Paid,
    Pending,
    Tender,
    Unknown,
    Why,
)

S = OrderState
SECOND = 1000
MINUTE = 60 * SECOND
DAY = 24 * 60 * MINUTE

ASK_AFTER = tuple(s * SECOND for s in (5, 8, 11, 15, 20, 25, 30, 35, 40, 45))  # contract 6.1, of a Quick Pay order
TOO_LONG = 45 * SECOND  # contract C6: then a Quick Pay order is reversed
NO_REVERSE_BEFORE = 15 * SECOND  # contract 3.6
NOT_FOUND_GRACE = 30 * SECOND  # contract 3.4: until then "not found" may only mean "not yet"
NO_CLOSE_BEFORE = 5 * MINUTE  # contract 3.5
NATIVE_LIFE = 5 * MINUTE  # time_expire of a Native order
NATIVE_MARGIN = MINUTE  # a payer who opened the dialog in time may still finish; UNVERIFIED how long (contract 6.2)
PLACE_AGAIN = (2 * SECOND, 4 * SECOND)  # Native placing is idempotent (contract 11.3): two more times, then cancelled
ON_SCREEN = 3 * SECOND  # contract 6.2: a Native order while its QR is on the screen
OFF_SCREEN = 10 * SECOND  # and at first when it no longer is
UNDO_AGAIN = (5 * SECOND, 10 * SECOND, 20 * SECOND)  # contract 3.6; afterwards ever more slowly
SLOWEST = 10 * MINUTE
WATCH_VOID = (5 * MINUTE, 60 * MINUTE)  # a request delayed on the way may still arrive there
WATCHED = 120 * MINUTE  # a VOID order that ended no longer ago is taken up at a start, to be looked at


class On(StrEnum):
    """What can meet an order: the six outcomes, and time or a person ending the wait."""

    PAID = "Paid"
    DECLINED = "Declined"
    ENDED = "Ended"
    PENDING = "Pending"
    UNKNOWN = "Unknown"
    NOT_FOUND = "NotFound"
    CANCELLED = "cancelled or too long"


class When(StrEnum):
    """A condition on an arrow, in the words of the diagram."""

    ALWAYS = ""
    SALE_PAID = "another order has paid the sale"
    GONE = "the customer is gone"
    REFUSED = "the reversal was refused as paid, or its day is over"
    CLEAN_UP = "WeChat wants a reversal first"
    NOT_CLEANED_UP = "WeChat wants a reversal first, and none has left"
    NEVER_LEFT = "no byte has left"
    GRACE_OVER = "30 s after sending"
    QUICK_PAY = "quick_pay"
    NATIVE = "native"
    HAD_DECLINED = "it had been declined"
    SAYS_CLOSED = "CLOSED"
    SAYS_REVERSED = "REVERSED"
    SAYS_REFUNDED = "REFUNDED"


@dataclass(frozen=True, slots=True)
class Arrow:
    """From `state`, on `on`, if `when`: to `to`. The first that fits is walked."""

    state: OrderState
    on: On
    to: OrderState
    when: When = When.ALWAYS


def _waiting(state: OrderState) -> tuple[Arrow, ...]:
    """ARMED, SENT and PAYING differ in nothing but what a Pending and a cancellation mean."""
    return (
        Arrow(state, On.PAID, S.REFUNDING, When.SALE_PAID),
        Arrow(state, On.PAID, S.PAID),
        Arrow(state, On.DECLINED, S.REVERSING, When.CLEAN_UP),
        Arrow(state, On.DECLINED, S.DECLINED),
        Arrow(state, On.PENDING, S.PAYING),
        Arrow(state, On.UNKNOWN, S.VOID, When.NEVER_LEFT),
        Arrow(state, On.UNKNOWN, state),
        Arrow(state, On.NOT_FOUND, S.VOID, When.GRACE_OVER),
        Arrow(state, On.NOT_FOUND, state),
        *_ends(state),
    )


def _ends(state: OrderState) -> tuple[Arrow, ...]:
    return (
        Arrow(state, On.ENDED, S.CLOSED, When.SAYS_CLOSED),
        Arrow(state, On.ENDED, S.REVERSED, When.SAYS_REVERSED),
        Arrow(state, On.ENDED, S.REFUNDED, When.SAYS_REFUNDED),
    )


def _undo(state: OrderState, on: On = On.CANCELLED) -> tuple[Arrow, ...]:
    return (
        Arrow(state, on, S.REVERSING, When.QUICK_PAY),
        Arrow(state, on, S.CLOSING, When.NATIVE),
    )


ARROWS: tuple[Arrow, ...] = (
    *_waiting(S.ARMED),
    Arrow(S.ARMED, On.CANCELLED, S.VOID),  # nothing was sent: nothing to undo
    *_waiting(S.SENT),
    *_undo(S.SENT),
    *_waiting(S.PAYING),
    *_undo(S.PAYING),
    # One-way: a reversal in flight can undo a payment just celebrated, so "paid" no longer wins.
    Arrow(S.REVERSING, On.PAID, S.REFUNDING, When.REFUSED),
    Arrow(S.REVERSING, On.PAID, S.REVERSING),
    Arrow(S.REVERSING, On.DECLINED, S.REVERSING, When.NOT_CLEANED_UP),
    Arrow(S.REVERSING, On.DECLINED, S.DECLINED),
    Arrow(S.REVERSING, On.ENDED, S.DECLINED, When.HAD_DECLINED),
    Arrow(S.REVERSING, On.ENDED, S.CLOSED, When.SAYS_CLOSED),
    Arrow(S.REVERSING, On.ENDED, S.REVERSED),  # REFUND after our reversal means reversed, too
    Arrow(S.REVERSING, On.PENDING, S.REVERSING),
    Arrow(S.REVERSING, On.UNKNOWN, S.VOID, When.NEVER_LEFT),
    Arrow(S.REVERSING, On.UNKNOWN, S.REVERSING),
    Arrow(S.REVERSING, On.NOT_FOUND, S.VOID, When.GRACE_OVER),
    Arrow(S.REVERSING, On.NOT_FOUND, S.REVERSING),
    Arrow(S.REVERSING, On.CANCELLED, S.REVERSING),
    Arrow(S.CLOSING, On.PAID, S.REFUNDING, When.SALE_PAID),
    Arrow(S.CLOSING, On.PAID, S.REFUNDING, When.GONE),
    Arrow(S.CLOSING, On.PAID, S.PAID),
    Arrow(S.CLOSING, On.DECLINED, S.DECLINED),
    *_ends(S.CLOSING),
    Arrow(S.CLOSING, On.PENDING, S.CLOSING),
    Arrow(S.CLOSING, On.UNKNOWN, S.CLOSING),
    Arrow(S.CLOSING, On.NOT_FOUND, S.VOID, When.GRACE_OVER),
    Arrow(S.CLOSING, On.NOT_FOUND, S.CLOSING),
    Arrow(S.CLOSING, On.CANCELLED, S.CLOSING),
    Arrow(S.REFUNDING, On.PAID, S.REFUNDING),
    Arrow(S.REFUNDING, On.DECLINED, S.ATTENTION),  # it was paid: WeChat contradicts itself
    *_ends(S.REFUNDING),
    Arrow(S.REFUNDING, On.PENDING, S.REFUNDING),
    Arrow(S.REFUNDING, On.UNKNOWN, S.REFUNDING),
    Arrow(S.REFUNDING, On.NOT_FOUND, S.ATTENTION),
    Arrow(S.REFUNDING, On.CANCELLED, S.REFUNDING),
    # VOID is final for the people, and still watched for a request that came late.
    Arrow(S.VOID, On.PAID, S.REFUNDING),
    Arrow(S.VOID, On.DECLINED, S.VOID),
    Arrow(S.VOID, On.ENDED, S.VOID),
    *_undo(S.VOID, On.PENDING),
    Arrow(S.VOID, On.UNKNOWN, S.VOID),
    Arrow(S.VOID, On.NOT_FOUND, S.VOID),
    Arrow(S.VOID, On.CANCELLED, S.VOID),
)


@dataclass(frozen=True, slots=True)
class Around:
    """What the table must know besides the row: who stands there, what paid the sale, whether the charge is on its way."""

    sale_paid: bool = False
    customer_present: bool = False
    charging: bool = False  # the charge is still on its way there: it may arrive after all


def is_open(order: Order) -> bool:
    """Whether the order may still change by itself."""
    return order.state not in FINALS


def is_watched(order: Order) -> bool:
    """Whether a VOID order, once sent, must still be asked for."""
    return order.state is S.VOID and _watch_due(order) is not None


def watched_since(now: int, newest: int | None) -> int:
    """VOID orders that ended after this are taken up at a start; `newest`: when the newest order was opened.

    A clock that runs ahead until WeChat has told the time must not let them be forgotten.
    """
    return min(now, now if newest is None else newest) - WATCHED


def for_a_person(orders: Iterable[Order], now: int) -> tuple[Order, ...]:
    """Those that a person must look at, and that came to it within a day: older ones are no news."""
    return tuple(o for o in orders if o.state is S.ATTENTION and now - (o.settled_at or 0) < DAY)


def move(order: Order, on: On, around: Around, now: int, outcome: Outcome | None = None) -> OrderState:
    """Where the first fitting arrow leads; raises ImpossibleMove for a pair the table does not list."""
    for arrow in ARROWS:
        if arrow.state is order.state and arrow.on is on and _holds(arrow.when, order, around, now, outcome):
            return arrow.to
    raise ImpossibleMove(f"the order's table has no arrow from {order.state} on {on}")


def cancel(order: Order, now: int) -> Order:
    """The order as it is once a person or time has ended the wait."""
    if not is_open(order):
        return order
    return _settle(order, move(order, On.CANCELLED, Around(), now), now)


def merge(order: Order, call: Call, answer: Answer, around: Around, merchant: Merchant, now: int) -> Order:
    """The order after this answer. Finals other than VOID are returned as they are, whatever the answer says."""
    if order.state in FINALS and order.state is not S.VOID:
        return order
    wrong = mismatch(order, answer, merchant)
    called = _noted(order, call, answer, now)
    if wrong is not None:
        return _settle(replace(called, note=wrong), S.ATTENTION, now)
    outcome = answer.outcome
    on, learnt = _read(called, outcome)
    to = move(learnt, on, around, now, outcome)
    if to is S.ATTENTION and learnt.note is None:
        learnt = replace(learnt, note=f"WeChat says {on} of money that was taken: look the order up in the merchant portal")
    return _settle(learnt, to, now)


def mismatch(order: Order, answer: Answer, merchant: Merchant) -> str | None:
    """In words what in a verified answer differs from the row; None when all that is present agrees."""
    echo = answer.echo or Echo()
    if echo.out_trade_no is not None and echo.out_trade_no != order.out_trade_no:
        return f"WeChat answered about {echo.out_trade_no[:40]!r} instead of {order.out_trade_no}"
    total = answer.outcome.total if isinstance(answer.outcome, Paid) else echo.total
    if total is not None and total != order.money:
        return f"WeChat has {total}, this kiosk {order.money}"
    if echo.opened_at is not None and echo.opened_at != order.opened_at:
        return "WeChat has another kiosk's order under this number: two kiosks run with copies of one card. Switch one off"
    ours = merchant_numbers(merchant)
    for name, value in echo.merchant_numbers:
        if name in ours and ours[name] != value:
            return f"WeChat answered for {name} {value[:40]!r} instead of {ours[name]}"
    return None


def merchant_numbers(merchant: Merchant) -> dict[str, str]:
    """The numbers under their names in the contract (section 2)."""
    if isinstance(merchant, Direct):
        return {"appid": merchant.appid, "mchid": merchant.mchid}
    return {"sp_appid": merchant.sp_appid, "sp_mchid": merchant.sp_mchid, "sub_mchid": merchant.sub_mchid}


@dataclass(frozen=True, slots=True)
class Due:
    """The next call of an order, not before `at` (ms)."""

    call: Call
    at: int


def too_long_at(order: Order) -> int | None:
    """When the wait for the payer ends by itself; None while it does not.

    An order taken up after a restart is first asked for until WeChat has said something definite: if it was paid while the
    kiosk was dead, the customer has gone with a receipt on the phone, and undoing that payment would be the greater wrong.
    """
    if order.state not in (S.SENT, S.PAYING) or order.sent_at is None:
        return None
    resumed = order.anchor_at != order.sent_at  # before or after: a clock without a battery may start behind the sending
    if resumed and (order.called_at is None or order.last_outcome == "unknown"):
        return None
    if order.tender is Tender.QUICK_PAY:
        return order.sent_at + TOO_LONG
    return (order.expires_at or order.sent_at + NATIVE_LIFE) + NATIVE_MARGIN


def next_call(order: Order, *, at_counter: bool) -> Due | None:
    """What the row says to do next; None when nothing is to be done for it. `at_counter`: people are waiting for it."""
    match order.state:
        case S.SENT | S.PAYING if order.tender is Tender.QUICK_PAY:
            return _ask_quick_pay(order)
        case S.SENT | S.PAYING:
            return _ask_native(order, at_counter=at_counter)
        case S.REVERSING:
            return _reverse(order)
        case S.CLOSING:
            return _close(order, at_counter=at_counter)
        case S.VOID:
            at = _watch_due(order)
            return None if at is None else Due(Call.ASK, at)
        case S.ARMED | S.REFUNDING | S.PAID | S.DECLINED | S.CLOSED | S.REVERSED | S.REFUNDED | S.ATTENTION:
            return None  # ARMED waits for a scan; REFUNDING is carried by its refund's row
        case _:
            assert_never(order.state)


def resume(order: Order, now: int) -> Order:
    """The order as a starting kiosk takes it up: nobody knows what left before the plug was pulled.

    The 15 s before a reversal count from now; everything else from the row.
    """
    if not is_open(order):
        return order
    order = anchored(replace(order, sent_at=order.sent_at if order.sent_at is not None else order.opened_at), now)
    if order.state is S.ARMED:
        order = replace(order, state=S.SENT)
    if order.state in (S.SENT, S.PAYING):  # what was heard in an earlier life is old: its clock may have been another
        order = unheard(order)
    if order.state is S.SENT and order.tender is Tender.NATIVE:
        return cancel(order, now)  # nobody has seen its QR, nobody is waiting for it
    return order


def unheard(order: Order) -> Order:
    """The order as if nothing had been heard of it yet: when it was, another clock said."""
    return replace(order, last_call=None, last_outcome=None, called_at=None)


def left(order: Order, now: int) -> Order:
    """The order as its charge begins to leave, perhaps after a wait behind a call that hung: all dates count from here.

    If the rows were taken up afresh meanwhile, after trouble with the disk, the sending stays, and only no reversal is near.
    """
    if order.sent_at == order.anchor_at:
        return replace(order, sent_at=now, anchor_at=now)
    return anchored(order, now)


def anchored(order: Order, now: int) -> Order:
    """The order of an earlier life, from `now` on.

    Never anchored at its sending, which is how a row says that no restart came between; a clock without a battery may well
    begin at that very moment again.
    """
    return replace(order, anchor_at=now + (now == order.sent_at))


def _read(order: Order, outcome: Outcome) -> tuple[On, Order]:
    """Which row of the table an outcome is, and the row with what it teaches."""
    match outcome:
        case Paid():
            return On.PAID, replace(
                order,
                transaction_id=outcome.transaction_id,
                paid_at=outcome.paid_at,
                payer=outcome.payer,
                rate_e8=outcome.rate_e8,
            )
        case Declined():
            return On.DECLINED, replace(order, decline=outcome.reason)
        case Ended():
            return On.ENDED, order
        case Pending():
            return On.PENDING, order
        case NotFound():
            return On.NOT_FOUND, order
        case Unknown():
            return On.UNKNOWN, order
        case _:
            assert_never(outcome)


def _noted(order: Order, call: Call, answer: Answer, now: int) -> Order:
    """The row with the fact that this call came back."""
    asked = call is Call.ASK
    undoing = call in (Call.REVERSE, Call.CLOSE)
    outcome = answer.outcome
    refused = isinstance(outcome, Unknown) and outcome.why is Why.ORDER_PAID
    return replace(
        order,
        asks=order.asks + asked,
        tries=order.tries + (not asked),
        last_call=call,
        last_outcome=type(outcome).__name__.lower(),
        called_at=now,
        pay_refused=refused if undoing else order.pay_refused,
        transaction_id=order.transaction_id or answer.transaction_id,
    )


def _settle(order: Order, to: OrderState, now: int) -> Order:
    if to is order.state:
        return order
    if to is S.VOID and order.last_outcome == "unknown":
        order = replace(order, sent_at=None)  # it never left: there is nothing to watch
    if to in (S.REVERSING, S.CLOSING):
        order = replace(order, asks=0, tries=0, last_call=None, last_outcome=None, called_at=None)
    return replace(order, state=to, settled_at=now if to in FINALS else None)


def _says(state: OrderState) -> Callable[[Outcome | None], bool]:
    return lambda outcome: isinstance(outcome, Ended) and outcome.state is state


_SAYS = {
    When.SAYS_CLOSED: _says(S.CLOSED),
    When.SAYS_REVERSED: _says(S.REVERSED),
    When.SAYS_REFUNDED: _says(S.REFUNDED),
}


def _holds(when: When, order: Order, around: Around, now: int, outcome: Outcome | None) -> bool:
    match when:
        case When.ALWAYS:
            return True
        case When.SALE_PAID:
            return around.sale_paid
        case When.GONE:
            return not around.customer_present
        case When.REFUSED:
            paid_at = order.paid_at or order.sent_at  # a charge sent before midnight may have arrived after it (contract C5)
            return order.pay_refused or (paid_at is not None and _beijing_day(now) > _beijing_day(paid_at))
        case When.CLEAN_UP:
            return isinstance(outcome, Declined) and outcome.clean_up and order.tender is Tender.QUICK_PAY
        case When.NOT_CLEANED_UP:
            return isinstance(outcome, Declined) and outcome.clean_up and order.tries == 0
        case When.NEVER_LEFT:
            first = order.last_call in (Call.CHARGE, Call.PLACE) and order.tries == 1 and order.asks == 0
            return isinstance(outcome, Unknown) and outcome.why is Why.NOT_SENT and first  # a later call proves nothing
        case When.GRACE_OVER:
            since = max(order.sent_at or order.opened_at, order.anchor_at or 0)
            return now - since >= NOT_FOUND_GRACE and not around.charging
        case When.QUICK_PAY:
            return order.tender is Tender.QUICK_PAY
        case When.NATIVE:
            return order.tender is Tender.NATIVE
        case When.HAD_DECLINED:
            return order.decline is not None
        case When.SAYS_CLOSED | When.SAYS_REVERSED | When.SAYS_REFUNDED:
            return _SAYS[when](outcome)
        case _:
            assert_never(when)


def _ask_quick_pay(order: Order) -> Due:
    sent = order.sent_at if order.sent_at is not None else order.opened_at
    done = 0 if order.called_at is None else order.called_at - sent
    if done >= ASK_AFTER[-1]:  # taken up after a restart, and still nothing definite
        return Due(Call.ASK, sent + done + _slower(order, sent + done))
    return Due(Call.ASK, sent + next(after for after in ASK_AFTER if after > done))


def _ask_native(order: Order, *, at_counter: bool) -> Due:
    sent = order.sent_at if order.sent_at is not None else order.opened_at
    since = order.called_at if order.called_at is not None else sent
    if order.state is S.SENT and order.last_call in (None, Call.PLACE):
        if order.tries == 0:
            return Due(Call.PLACE, sent)
        if order.tries <= len(PLACE_AGAIN):
            return Due(Call.PLACE, since + PLACE_AGAIN[order.tries - 1])
    return Due(Call.ASK, since + _look_again(order, since, at_counter=at_counter))


def _reverse(order: Order) -> Due:
    may = (order.anchor_at if order.anchor_at is not None else order.opened_at) + NO_REVERSE_BEFORE
    called = order.called_at
    if called is None or order.tries == 0 or order.last_call not in (Call.REVERSE, Call.ASK):
        return Due(Call.REVERSE, may)
    if order.last_call is Call.REVERSE:
        # Accepted or not, WeChat's own word about the order comes next.
        return Due(Call.ASK, called + (0 if order.last_outcome == "pending" else 2 * SECOND))
    if order.last_outcome == "unknown":
        return Due(Call.ASK, called + _slower(order, called))
    return Due(Call.REVERSE, max(may, called + _again(order, called)))


def _close(order: Order, *, at_counter: bool) -> Due:
    sent = order.sent_at if order.sent_at is not None else order.opened_at
    may = sent + NO_CLOSE_BEFORE
    called = order.called_at
    if called is None:
        return Due(Call.ASK, sent)
    if order.last_call is Call.CLOSE:
        return Due(Call.ASK, called + (0 if order.last_outcome == "pending" else 2 * SECOND))
    if called < may:  # not closable yet; somebody may still be paying
        return Due(Call.ASK, min(may, called + _look_again(order, called, at_counter=at_counter)))
    if order.last_call is Call.ASK and order.last_outcome != "unknown":
        return Due(Call.CLOSE, called + (0 if order.tries == 0 else _again(order, called)))
    return Due(Call.ASK, called + _slower(order, called))


def _look_again(order: Order, called: int, *, at_counter: bool) -> int:
    """The pause before a Native order that somebody may be paying is asked for again (contract 6.2: slower off the screen)."""
    return ON_SCREEN if at_counter else max(OFF_SCREEN, _slower(order, called))


def _again(order: Order, called: int) -> int:
    """How long to wait before a reversal or close leaves again, after `order.tries` of them."""
    return UNDO_AGAIN[order.tries - 1] if 0 < order.tries <= len(UNDO_AGAIN) else _slower(order, called)


def _slower(order: Order, called: int) -> int:
    """A pause that grows with the order's age, from the row alone: a quarter of it, 5 s at least, 10 min at most."""
    sent = order.sent_at if order.sent_at is not None else order.opened_at
    return min(max((called - sent) // 4, UNDO_AGAIN[0]), SLOWEST)


def _watch_due(order: Order) -> int | None:
    if order.sent_at is None or order.settled_at is None:
        return None
    done = 0 if order.called_at is None else order.called_at - order.settled_at
    if order.called_at is not None and done >= WATCH_VOID[0] and order.last_outcome == "unknown":
        return order.called_at + _slower(order, order.called_at)  # nobody answered: it was not looked at
    return next((order.settled_at + after for after in WATCH_VOID if after > done), None)


def _beijing_day(at: int) -> int:
    """Days since 1970 at UTC+8, the provider's calendar."""
    return (at + 8 * 60 * MINUTE) // DAY
