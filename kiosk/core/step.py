"""One step: what happened -> the kiosk after it, the records to commit, the acts to dispatch. Pure.

The caller commits the records in one transaction and dispatches the acts only if the commit returned; if it did not, it
throws the new kiosk away. Here the till (who stands in front) and the lifecycle (what the rows say) meet; the queue of open
questions is nothing but the open orders by due time.
"""

# long: one arm an event, and the queue that each of them ends with

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import assert_never

from kiosk.core import giving, keying, lifecycle, refunds, shift_till, till, who
from kiosk.core.accounts import Accounts
from kiosk.core.books import RECENT, reason
from kiosk.core.carried import ExportCarried
from kiosk.core.checkups import Checkups
from kiosk.core.commands import (
    Ask,
    AskRefund,
    Charge,
    Close,
    CorrectClock,
    GiveBack,
    Place,
    Play,
    Probe,
    Reverse,
    Sound,
    Update,
    Warm,
)
from kiosk.core.events import (
    Accounted,
    Answered,
    BooksKnown,
    ClockSynchronized,
    CodeRefused,
    CodeSeen,
    Doubted,
    Event,
    Health,
    Hold,
    Key,
    Left,
    LookedUp,
    Notified,
    NotPrinted,
    PageTold,
    Part,
    PastRead,
    PinChecked,
    PinKept,
    PinsKnown,
    Pressed,
    Probed,
    ReceiptSeen,
    RefundAnswered,
    RefundAsked,
    ShiftAsked,
    ShiftRead,
    StatementCame,
    TextSeen,
    Tick,
)
from kiosk.core.giving_back import GivingBack
from kiosk.core.lifecycle import Around, is_open
from kiosk.core.model import (
    Answer,
    Call,
    Order,
    OrderState,
    Pending,
    Refund,
    SaleState,
    Tender,
    Unknown,
    Why,
)
from kiosk.core.ports import Snapshot
from kiosk.core.scanning import ScanHint
from kiosk.core.screens import AmountHint, Network
from kiosk.core.shift_turn import Shifts
from kiosk.core.state import (
    Kiosk,
    Settings,
    Step,
    at_counter,
    busy,
    for_a_person,
    in_front,
    leave_at,
    may_leave,
    order_due,
    probe_at,
    refund_due,
)

CLOCK_TOLERANCE = 5 * lifecycle.SECOND
REMEMBERED_CODES = 100  # more than can be shown while one of them lives; the scanner is told them all


def resume(settings: Settings, snapshot: Snapshot, parents: Mapping[str, tuple[Order, tuple[Refund, ...]]], now: int) -> Step:
    """The first step after a start: the rows alone say what was going on. `parents`: order and refunds of each open refund."""
    turn = _Turn(
        Kiosk(
            settings=settings,
            generation=snapshot.generation,
            counters=dict(snapshot.counters),
            sales={s.sale_id: s for s in snapshot.sales},
            orders={o.out_trade_no: o for o in snapshot.orders},
            refunds={r.out_refund_no: refunds.resume(r) for r in snapshot.refunds},
            parents={number: order for number, (order, _) in parents.items()},
            siblings={number: tuple(r for r in found if not refunds.is_open(r)) for number, (_, found) in parents.items()},
            recent=snapshot.recent[:RECENT],
            attention=for_a_person(snapshot, now),
            since=now,
            news=settings.news,
            shift=snapshot.shift,
        ),
        now,
    )
    for order in snapshot.orders:
        after = lifecycle.resume(order, now)
        if after is not order:
            turn.write(after, "restart")
    for sale in snapshot.sales:
        waiting = any(o.sale_id == sale.sale_id and is_open(o) for o in turn.k.orders.values())
        if sale.state is SaleState.OPEN and not waiting:  # declined or cancelled, and nobody came back to it
            turn.keep_sale(replace(sale, state=SaleState.UNPAID))
            turn.records.append(Update(turn.k.sales[sale.sale_id], "restart"))
    turn.look_after_queue()
    return turn.done()


def step(kiosk: Kiosk, event: Event, now: int) -> Step:  # noqa: C901, PLR0912  one arm an event
    """What follows from one event."""
    turn = _Turn(kiosk, now)
    match event:
        case Tick() | TextSeen():  # of a text only the set-up makes anything
            pass
        case Pressed(key):
            turn.press(key)
        case CodeSeen(ticket, code):
            turn.code_seen(CodeSeen(ticket, code))
        case CodeRefused(ticket, hint):
            turn.code_refused(ticket, hint)
        case ReceiptSeen() | LookedUp() | PastRead():
            turn.about_past(event)
        case PinChecked() | PinKept() | PinsKnown():
            turn.about_pins(event)
        case NotPrinted(number):
            turn.not_printed(number)
        case Left(number, _):
            turn.left(number)
        case Answered(number, call, answer):
            turn.answered(number, call, answer)
        case RefundAnswered(number, call, answer):
            turn.refund_answered(number, call, answer)
        case Probed():
            turn.probed(event)
        case ClockSynchronized(offset):
            turn.learn_clock(offset)
        case Notified(number, refund):
            turn.hasten(refund or number)
        case Health():
            turn.health(event)
        case RefundAsked():
            turn.refund_asked(event)
        case Hold():
            turn.hold(event)
        case PageTold():
            turn.page_told(event)
        case ShiftAsked():
            turn.shift_asked(event)
        case ShiftRead():
            turn.shift_read(event)
        case ExportCarried():
            turn.exports_carried(event)
        case BooksKnown() | StatementCame() | Accounted() | Doubted():
            turn.about_books(event)
        case _:
            turn.about_checkup(event)
    turn.time_passes()
    turn.look_after_queue()
    return turn.done()


class _Turn(Checkups, GivingBack, Shifts, Accounts):
    """What each event leads to."""

    # -- people ----------------------------------------------------------------------------------------------------

    def press(self, key: Key) -> None:
        if self.held_key() or self.paper_key(key) or self.past_key(key) or self.who_key(key) or self.giving_key(key):
            return
        settings = self.k.settings
        rules = keying.Rules(settings.default_tender, settings.max_amount, settings.selling)
        intent = till.press(self.k.till, key, in_front(self.k), rules, self.now)
        self.heard(known=not isinstance(intent, till.Refused))
        match intent:
            case till.Go(to):
                began = isinstance(self.k.till, till.Idle | till.Front) and isinstance(to, keying.Keying | keying.Board)
                self.go(to)
                if began:
                    self.acts.append(Warm())
            case keying.Begin(draft, tender):
                self.begin(draft, tender)
            case till.Anew(tender):
                self.anew(tender)
            case till.Undo():
                order = in_front(self.k)
                assert order is not None
                self.cancel(order, "cancelled")
                since = self.k.till.since if isinstance(self.k.till, till.Front) else None
                self.go(till.Front(order.out_trade_no, ended_at=self.now, since=since))
            case till.Try(trial):
                self.try_out(trial)
            case till.LookBack():
                self.look_back()
            case till.OfShift(wanted):
                self.want_shift(wanted)
            case till.Refused():
                pass
            case _:
                assert_never(intent)

    def code_seen(self, seen: CodeSeen) -> None:
        scanning = self.k.till
        if not isinstance(scanning, till.Scanning) or scanning.out_trade_no != seen.ticket:
            return  # a late scan never pays for the next customer
        digest = seen.code.digest()
        if digest in self.k.used_codes:
            self.code_refused(seen.ticket, ScanHint.USED)
            return
        # No record here: the number was committed when the amount was, and a disk sync between scan and request helps
        # nobody. `Left` writes the sending down while the request is on its way; a crash before that resumes as SENT.
        order = replace(self.k.orders[seen.ticket], state=OrderState.SENT, sent_at=self.now, anchor_at=self.now)
        self.keep(order)
        self.k.used_codes = (*self.k.used_codes, digest)[-REMEMBERED_CODES:]
        self.flies(seen.ticket, Call.CHARGE)
        self.acts += [Charge(order, seen.code), Play(Sound.SCANNED)]
        self.go(till.Front(seen.ticket, since=self.now))

    def code_refused(self, ticket: str, hint: ScanHint) -> None:
        scanning = self.k.till
        if isinstance(scanning, till.Scanning) and scanning.out_trade_no == ticket and Part.CAMERA not in self.k.problems:
            self.go(replace(scanning, hint=hint, hint_until=self.now + till.HINT_FOR))

    # -- answers ---------------------------------------------------------------------------------------------------

    def left(self, number: str) -> None:
        order = self.k.orders.get(number)
        if order is not None and order.tender is Tender.QUICK_PAY and order.state in (OrderState.SENT, OrderState.REVERSING):
            self.flies(number, Call.CHARGE)
            self.write(lifecycle.left(order, self.now), "sent")

    def answered(self, number: str, call: Call, answer: Answer) -> None:
        self.k.in_flight = self.k.in_flight - {(number, call)}
        self._reached(answer)
        before = self.k.orders.get(number)
        if before is None:
            return
        sale = self.k.sales[before.sale_id]
        charging = (number, Call.CHARGE) in self.k.in_flight
        around = Around(sale_paid=self.paid_by_another(before), customer_present=self.present(sale), charging=charging)
        after = lifecycle.merge(before, call, answer, around, self.k.settings.merchant, self.now)
        never_left = isinstance(answer.outcome, Unknown) and answer.outcome.why is Why.NOT_SENT and call is Call.CHARGE
        if never_left and in_front(self.k) is before:
            self.k.used_codes = self.k.used_codes[:-1]  # WeChat never saw it: it may be shown again
        if after.state is before.state:
            self.keep(after)  # nothing walked: the row on disk can wait for the next arrow
        else:
            self.write(after, reason(call, answer))
            self.follow(before, after)
        self._show_progress(after, call, answer)

    def refund_answered(self, number: str, call: Call, answer: Answer) -> None:
        self.k.in_flight = self.k.in_flight - {(number, call)}
        self._reached(answer)
        before = self.k.refunds.get(number)
        if before is None:
            return
        after = refunds.merge(before, call, answer, self.now)
        self.k.refunds = {**self.k.refunds, number: after}
        if after.state is before.state:
            return
        self.records.append(Update(after, reason(call, answer)))
        parent = self.k.parents[after.out_trade_no]
        if after.late:
            self.late_money_back(self.k.orders.get(parent.out_trade_no, parent), after)
        else:
            self.given_back(parent, after)

    def probed(self, probed: Probed) -> None:
        self.k.probing, self.k.probed_at = False, self.now
        self.k.clock_doubted = probed.clock_doubted and not self.k.clock_known
        if not probed.reached:
            self._network(reached=False)
            return
        self._network(reached=True)
        if probed.server_time is not None:
            # The stamp counts whole seconds: half a second is its mean error.
            self.learn_clock(probed.server_time + 500 - probed.at)

    def learn_clock(self, offset_ms: int) -> None:
        """Before the first sale the clock may jump to the truth; afterwards it never does."""
        if self.k.clock_known:
            return
        self.k.clock_known = True
        if abs(offset_ms) <= CLOCK_TOLERANCE:
            return
        self.acts.append(CorrectClock(offset_ms))
        since, now = self.k.since, self.now
        moved = {n: refunds.shifted(r, since, now, offset_ms) for n, r in self.k.refunds.items()}
        over = {n: tuple(refunds.shifted(r, since, now, offset_ms) for r in found) for n, found in self.k.siblings.items()}
        self.k.refunds, self.k.siblings, self.k.since = moved, over, since + offset_ms
        self.now += offset_ms
        self.shift_pause(offset_ms)
        self.go(till.Idle())
        self.k.probed_at, self.k.offline_since = self.now, None
        for order in tuple(self.k.orders.values()):
            self.keep(lifecycle.anchored(order, self.now) if is_open(order) else lifecycle.unheard(order))

    def hasten(self, number: str) -> None:
        if number in self.k.orders or number in self.k.refunds:
            self.k.hastened = self.k.hastened | {number}

    # -- time and the queue ----------------------------------------------------------------------------------------

    def time_passes(self) -> None:
        self.release()
        for order in tuple(self.k.orders.values()):
            ends = lifecycle.too_long_at(order)
            if ends is not None and self.now >= ends:
                self.cancel(order, "too long")
                if isinstance(self.k.till, till.Front) and self.k.till.out_trade_no == order.out_trade_no:
                    self.go(replace(self.k.till, ended_at=self.now))
        self.page_passes()
        there = self.k.till
        if isinstance(there, who.There | giving.There | shift_till.There) and self.now >= there.until:
            self.go(till.Idle())  # nobody has pressed a key for long
        self.past_passes()
        self.draft_passes()
        self.shift_time()
        match self.k.till:
            case till.Scanning(number, until) if self.now >= until:
                order = self.k.orders[number]
                self.cancel(order, "nothing shown")
                self.go(self.keyed(order, AmountHint.SCAN_TIMEOUT))
            case till.Scanning(hint_until=at) if at is not None and self.now >= at:
                self.go(replace(self.k.till, hint=None, hint_until=None))
            case till.Front(number) if (at := leave_at(self.k, self.k.orders[number])) is not None and self.now >= at:
                self.go(till.Idle())
            case _:
                self.checkup_time()

    def look_after_queue(self) -> None:
        """Let everything leave that is due and not on its way."""
        for order in tuple(self.k.orders.values()):
            due = order_due(self.k, order)
            if due is not None and due.at <= self.now and may_leave(self.k, order.out_trade_no, due.call):
                self._ask_or_do(order, due.call)
        for refund in tuple(self.k.refunds.values()):
            due = refund_due(self.k, refund)
            if due is not None and due.at <= self.now and not busy(self.k, refund.out_refund_no):
                order = self.k.parents[refund.out_trade_no]
                self.flies(refund.out_refund_no, due.call)
                self.acts.append(AskRefund(refund, order) if due.call is Call.ASK_REFUND else GiveBack(refund, order))
        if not self.k.probing and self.now >= probe_at(self.k):
            self.k.probing = True
            self.acts.append(Probe())
        self.look_after_statements()

    def _ask_or_do(self, order: Order, call: Call) -> None:
        counter = at_counter(self.k, order) and (order.out_trade_no, Call.CHARGE) not in self.k.in_flight
        self.flies(order.out_trade_no, call)
        match call:
            case Call.ASK:
                self.acts.append(Ask(order, counter))
            case Call.REVERSE:
                self.acts.append(Reverse(order, counter))
            case Call.CLOSE:
                self.acts.append(Close(order, counter))
            case Call.PLACE:
                self.acts.append(Place(order, counter))
            case Call.CHARGE | Call.REFUND | Call.ASK_REFUND:
                raise AssertionError(call)  # the lifecycle never asks for these: a charge is emitted once, by code_seen
            case _:
                assert_never(call)

    def _show_progress(self, order: Order, call: Call, answer: Answer) -> None:
        """What the people in front see of an order that goes on: a QR to scan, somebody about to pay, a QR that never came."""
        front = self.k.till
        if not isinstance(front, till.Front) or front.out_trade_no != order.out_trade_no:
            return
        outcome = answer.outcome
        if call is Call.PLACE and answer.code_url is not None:
            self.k.till = replace(front, code_url=answer.code_url)
        elif call is Call.ASK and isinstance(outcome, Pending) and outcome.payer_acts != front.payer_acts:
            self.k.till = replace(front, payer_acts=outcome.payer_acts)
        elif order.state is OrderState.SENT and call is Call.PLACE and order.tries > len(lifecycle.PLACE_AGAIN):
            self.cancel(order, "not placed")
            self.go(self.keyed(order, AmountHint.NOT_PLACED))

    def _reached(self, answer: Answer) -> None:
        outcome = answer.outcome
        if answer.reached:
            self._network(reached=True)
        elif isinstance(outcome, Unknown) and outcome.why in (Why.NOT_SENT, Why.TIMEOUT, Why.CUT):
            self._network(reached=False)

    def _network(self, *, reached: bool) -> None:
        if not reached:
            since = self.k.offline_since if self.k.network is Network.OFFLINE else self.now
            self.k.network, self.k.offline_since = Network.OFFLINE, since
            return
        if self.k.network is not Network.ONLINE:
            waiting = {number for number, order in self.k.orders.items() if is_open(order)} | self.k.refunds.keys()
            self.k.hastened = self.k.hastened | waiting
        if self.k.network is not Network.ONLINE or self.k.offline_since is not None:
            self.k.network, self.k.offline_since = Network.ONLINE, None
        waited_for = (AmountHint.OFFLINE, AmountHint.CONNECTING, AmountHint.CLOCK)
        if isinstance(self.k.till, keying.Keying) and self.k.till.hint in waited_for:
            self.go(replace(self.k.till, hint=None))
