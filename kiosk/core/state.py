"""The kiosk between two steps, and what its rows make due. Pure; nothing here changes anything.

The queue of open questions is not a second list: it is the open orders and refunds of `Kiosk`, by due time.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from datetime import time, tzinfo

from kiosk.core import giving, keying, lifecycle, past, refunds, shift_till, shifts, till, trying, who
from kiosk.core.commands import Act, Record
from kiosk.core.events import PageTold, Part
from kiosk.core.expiry import Ends, Lasting
from kiosk.core.lifecycle import is_open
from kiosk.core.model import Call, Merchant, Order, OrderState, Refund, Sale, Tender
from kiosk.core.operators import ALL_OF_IT, ALONE, Operator, RefundRules
from kiosk.core.ports import Snapshot
from kiosk.core.screens import Network, News
from kiosk.core.selling import Selling
from kiosk.core.shifts import MIDNIGHT, Shift, Waiting
from kiosk.core.slips import PrinterTrouble, Receipts
from kiosk.core.statements import Statements

PROBE_OFFLINE = 1 * lifecycle.SECOND  # how soon the network's return is noticed
PROBE_ONLINE = 60 * lifecycle.SECOND


@dataclass(frozen=True, slots=True)
class ShiftHabits:
    """How shifts are kept. `closes`: at this time of the day by themselves; None: by a person alone."""

    closes: time | None = None


@dataclass(frozen=True, slots=True)
class Settings:
    """What the owner fixed."""

    merchant: Merchant
    shop: str
    currency: str
    kiosk_id: str
    zone: tzinfo
    default_tender: Tender = Tender.QUICK_PAY
    max_amount: int = 1_000_000
    result_ms: int = 0  # how long a payment stays on the screen; 0, and whatever else became of a sale: until a key
    receipts: Receipts | None = None  # None: there is no printer
    trial: bool = False  # a new release shows that it works: nothing is sold
    news: News | None = None  # how the last update ended, when nobody was told
    selling: Selling = field(default_factory=Selling)
    training: bool = False  # nothing here is real
    shifts: ShiftHabits | None = None  # None: no shifts are kept
    day_starts: time = MIDNIGHT  # of the business day, which stands on each report
    operators: tuple[Operator, ...] = (ALONE,)
    refunds: RefundRules = ALL_OF_IT


@dataclass(slots=True)
class Kiosk:
    """The whole state between two steps. All of it but the rows may be lost at any moment.

    A step changes a copy of its own, and there it puts other values in place of these: none of them is ever changed itself.
    """

    settings: Settings
    generation: str
    counters: Mapping[str, int]
    sales: Mapping[str, Sale]  # of the orders below
    orders: Mapping[str, Order]  # open, watched, or in front
    refunds: Mapping[str, Refund]  # open
    parents: Mapping[str, Order]  # the paid orders of the open refunds
    siblings: Mapping[str, tuple[Refund, ...]]  # earlier refunds of those orders
    recent: tuple[Order, ...] = ()
    attention: tuple[Order, ...] = ()  # a person must look at them or a refund of them, and has not opened the last orders since
    since: int = 0  # when this life of the kiosk began
    till: till.Till = field(default_factory=till.Idle)
    in_flight: frozenset[tuple[str, Call]] = frozenset()
    hastened: frozenset[str] = frozenset()  # due now, whatever their rows say
    used_codes: tuple[str, ...] = ()  # digests, newest last
    network: Network = Network.CONNECTING
    offline_since: int | None = None
    clock_known: bool = False
    clock_doubted: bool = False  # it is our clock that keeps WeChat from being reached
    probing: bool = False
    probed_at: int | None = None
    problems: Mapping[Part, str] = field(default_factory=dict)
    printer: PrinterTrouble | None = None
    held_until: int | None = None  # nothing is sold before, as an update is near
    calm_since: int | None = None  # nobody in front, no order open, no key, from then on
    news: News | None = None  # not read yet
    ends: tuple[Ends, ...] = ()  # what runs out one day
    page: PageTold | None = None  # the owner's, while it says that it is there
    page_at: int = 0  # when it last did
    shift: Shift | None = None  # the newest, open or closed
    pins: frozenset[str] = frozenset()  # operators who have one
    operator: Operator | None = None  # who works here now, as far as anybody has said
    statements: Statements | None = None  # None: nobody has said yet which are there
    differing: int = 0  # differences that came to a person lately, and nobody has opened the last orders since
    unprinted: tuple[str, ...] = ()  # orders paid in this life of the kiosk whose first receipt has not come out


@dataclass(frozen=True, slots=True)
class Step:
    """What one event led to."""

    kiosk: Kiosk
    records: tuple[Record, ...]
    acts: tuple[Act, ...]


def wake_at(kiosk: Kiosk, now: int) -> int:
    """When the next Tick must come at the latest, if nothing else happens."""
    times = [now + PROBE_ONLINE]
    for order in kiosk.orders.values():
        ends = lifecycle.too_long_at(order)
        if ends is not None:
            times.append(ends)
        due = order_due(kiosk, order)
        if due is not None and may_leave(kiosk, order.out_trade_no, due.call):
            times.append(due.at)
    for refund in kiosk.refunds.values():
        due = refund_due(kiosk, refund)
        if due is not None and not busy(kiosk, refund.out_refund_no):
            times.append(due.at)
    if not kiosk.probing:
        times.append(probe_at(kiosk))
    if kiosk.held_until is not None:
        times.append(kiosk.held_until)
    ends = closes_at(kiosk)
    if ends is not None and ends > now:
        times.append(ends)
    times.extend(_till_times(kiosk, now))
    return max(now, min(times))


def known_ends(kiosk: Kiosk) -> tuple[Ends, ...]:
    """What runs out one day: as was looked up, and as the owner's page says of its certificate, which the kiosk may not read."""
    if kiosk.page is None or kiosk.page.ends_at is None:
        return kiosk.ends
    return (*kiosk.ends, Ends(Lasting.PAGE, kiosk.page.ends_at))


def in_front(kiosk: Kiosk) -> Order | None:
    """The order the people in front are dealing with."""
    there = kiosk.till
    return kiosk.orders.get(there.out_trade_no) if isinstance(there, till.WITH_AN_ORDER) else None


def is_calm(kiosk: Kiosk) -> bool:
    """Whether the kiosk may be stopped and nobody minds: nobody in front, no order open."""
    return isinstance(kiosk.till, till.Idle) and not any(is_open(order) for order in kiosk.orders.values())


def is_held(kiosk: Kiosk) -> bool:
    """Whether nothing is sold because of an update."""
    return kiosk.settings.trial or kiosk.held_until is not None


def unresolved(kiosk: Kiosk) -> tuple[Waiting, ...]:
    """What a shift that is closed now hands over to the next one."""
    return shifts.waiting((order for order in kiosk.orders.values() if is_open(order)), kiosk.refunds.values())


def closes_at(kiosk: Kiosk) -> int | None:
    """When the open shift is closed by the time of day; None: by nobody but a person."""
    habits, shift = kiosk.settings.shifts, kiosk.shift
    if habits is None or habits.closes is None or shift is None or not shift.is_open:
        return None
    return shifts.next_time(shift.opened_at, habits.closes, kiosk.settings.zone)


def order_due(kiosk: Kiosk, order: Order) -> lifecycle.Due | None:
    """The next call of an order; what was hastened is asked for at once."""
    due = lifecycle.next_call(order, at_counter=at_counter(kiosk, order))
    if order.state is OrderState.VOID and order.out_trade_no in kiosk.hastened:
        return lifecycle.Due(Call.ASK, 0)
    if due is not None and order.out_trade_no in kiosk.hastened and due.call in (Call.ASK, Call.REVERSE, Call.CLOSE):
        return lifecycle.Due(Call.ASK, 0)  # a question is always allowed, and what it teaches sets the next date
    return due


def refund_due(kiosk: Kiosk, refund: Refund) -> lifecycle.Due | None:
    """The next call of a refund, which waits for the earlier ones of its order."""
    others = [r for r in kiosk.refunds.values() if r.out_trade_no == refund.out_trade_no and r is not refund]
    due = refunds.next_call(refund, (*kiosk.siblings.get(refund.out_trade_no, ()), *others), kiosk.since)
    if due is not None and refund.out_refund_no in kiosk.hastened:
        return replace(due, at=0 if refund.called_at is not None else due.at)
    return due


def at_counter(kiosk: Kiosk, order: Order) -> bool:
    """Whether people are waiting for this order's sale."""
    front = in_front(kiosk)
    return front is not None and front.sale_id == order.sale_id


def busy(kiosk: Kiosk, number: str) -> bool:
    """Whether a call about this number is on its way."""
    return any(flying == number for flying, _ in kiosk.in_flight)


def may_leave(kiosk: Kiosk, number: str, call: Call) -> bool:
    """One call at a time for an order; only a question may go beside a charge whose answer is late."""
    if not kiosk.in_flight:
        return True
    flying = {c for n, c in kiosk.in_flight if n == number}
    return not flying or (call is Call.ASK and flying == {Call.CHARGE})


def probe_at(kiosk: Kiosk) -> int:
    """When to ask whether WeChat can be reached."""
    if kiosk.probed_at is None:
        return 0
    return kiosk.probed_at + (PROBE_ONLINE if kiosk.network is Network.ONLINE else PROBE_OFFLINE)


def leave_at(kiosk: Kiosk, order: Order) -> int | None:
    """When the result of the order in front makes room by itself: a payment that went as it should, and nothing else.

    What failed, is not known, or was not known in time stays until somebody has seen it.
    """
    front = kiosk.till
    if order.settled_at is None or kiosk.settings.result_ms == 0 or order.state is not OrderState.PAID:
        return None
    verdict = till.verdict_at(front, order) if isinstance(front, till.Front) else None
    if (verdict is not None and order.settled_at >= verdict) or other_refunded(kiosk, order):
        return None
    return order.settled_at + kiosk.settings.result_ms


def other_refunded(kiosk: Kiosk, order: Order) -> bool:
    """Whether a second payment of this order's sale came in and goes back."""
    back, undone = (OrderState.REFUNDING, OrderState.REFUNDED), (OrderState.REVERSING, OrderState.REVERSED)
    others = (o for o in (*kiosk.orders.values(), *kiosk.recent) if o.sale_id == order.sale_id)
    return any(o.state in back or (o.state in undone and o.paid_at is not None) for o in others)


def _till_times(kiosk: Kiosk, now: int) -> list[int]:
    match kiosk.till:
        case till.Scanning(until=until, hint_until=hint_until):
            return [until] if hint_until is None else [until, hint_until]
        case who.EnteringPin(until, shut_until=at) if at is not None and at > now:
            return [until, at]
        case there if isinstance(there, past.There | shift_till.There | who.There | giving.There | trying.There | keying.Tipping):
            return [there.until]
        case keying.Board(until=at) if at is not None:
            return [at]
        case till.Front() as front:
            order = kiosk.orders[front.out_trade_no]
            times = (till.verdict_at(front, order), order.expires_at) if is_open(order) else (leave_at(kiosk, order),)
            return [at for at in times if at is not None and at > now]
        case _:
            return []


def for_a_person(snapshot: Snapshot, now: int) -> tuple[Order, ...]:
    """The orders that need somebody, or a refund of which does; older ones are no news."""
    orders = lifecycle.for_a_person(snapshot.recent, now)
    return (*orders, *(order for order, at in snapshot.refused if now - at < lifecycle.DAY and order not in orders))
