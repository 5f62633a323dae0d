"""Sales and orders while a step is being made: opening, cancelling, what an arrow means for the sale and the people. Pure.

step.py says which of these an event leads to.
"""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime

from kiosk.core import keying, lifecycle, past, refunds, shifts, till, trying
from kiosk.core.commands import (
    Act,
    Announce,
    Hush,
    Insert,
    Play,
    Print,
    Record,
    Reply,
    Sound,
    StartCheckup,
    StartScan,
    StopCheckup,
    StopScan,
    Update,
    Warm,
)
from kiosk.core.events import Part, RefundAsked
from kiosk.core.lifecycle import Around, is_open, is_watched
from kiosk.core.model import (
    Answer,
    Call,
    Ended,
    Order,
    OrderState,
    Refund,
    RefundState,
    Sale,
    SaleState,
    Tender,
    Unknown,
)
from kiosk.core.numbers import OrderNumber
from kiosk.core.operators import Against
from kiosk.core.scanning import LookFor
from kiosk.core.screens import AmountHint, Network
from kiosk.core.selling import Draft
from kiosk.core.slips import Receipt, Receipts
from kiosk.core.state import Kiosk, Step, in_front, is_held

RECENT = 20
UNPRINTED_MOST = 200


class Books:
    """One step while it is being made: the kiosk so far, what to commit, what to do; and what moves sales and orders."""

    def __init__(self, kiosk: Kiosk, now: int) -> None:
        self.k = replace(kiosk)
        self.now = now
        self.records: list[Record] = []
        self.acts: list[Act] = []

    def done(self) -> Step:
        self.forget()
        return Step(self.k, tuple(self.records), tuple(self.acts))

    # -- sales and orders ------------------------------------------------------------------------------------------

    def keyed(self, order: Order, hint: AmountHint) -> keying.Keying:
        """Back to the amount of an order that came to nothing, as it was keyed."""
        sale = self.k.sales[order.sale_id]
        lines = sale.lines or (sale.money.amount - sale.tip,)
        return keying.again(Draft(lines, order.memo), hint)

    def anew(self, tender: Tender) -> None:
        old = in_front(self.k)
        assert old is not None
        hint = self.obstacle(tender)
        if hint is not None:
            self.acts.append(Play(Sound.FAILED))
            if not is_open(old):
                self.go(self.keyed(old, hint))
            return
        self.cancel(old, "tender changed")
        sale = self.k.sales[old.sale_id]
        if sale.state is not SaleState.OPEN:
            sale = replace(sale, state=SaleState.OPEN)
            self.keep_sale(sale)
            self.records.append(Update(sale, "another order"))
        self.open_order(self.number(), sale, tender, old.memo)

    @property
    def worker(self) -> str | None:
        """Who works here, as far as anybody has said."""
        return None if self.k.operator is None else self.k.operator.name

    def open_shift(self, why: str, by: str | None = None) -> None:
        """Begin the next shift, unless one is open, or none are kept."""
        settings, last = self.k.settings, self.k.shift
        if settings.shifts is None or (last is not None and last.is_open):
            return
        who = settings.kiosk_id, self.k.generation
        self.k.shift = shifts.next_shift(last, *who, self.now, settings.zone, settings.day_starts, by)
        self.records.append(Insert(self.k.shift, why))

    def open_order(self, made: OrderNumber, sale: Sale, tender: Tender, memo: str) -> None:
        self.open_shift("first sale", self.worker)
        native, number = tender is Tender.NATIVE, str(made)
        order = Order(
            out_trade_no=number,
            sale_id=sale.sale_id,
            tender=tender,
            money=sale.money,
            opened_at=self.now,
            state=OrderState.SENT if native else OrderState.ARMED,
            sent_at=self.now if native else None,
            anchor_at=self.now if native else None,
            expires_at=self.now + lifecycle.NATIVE_LIFE if native else None,
            memo=memo,
        )
        self.keep(order)
        self.records.append(Insert(order, "placing" if native else "armed"))
        self.k.counters = {**self.k.counters, made.day: made.counter}
        if native:
            self.go(till.Front(number))  # the queue places it in this same step: it is due now
        else:
            self.acts.append(Warm())
            self.go(till.Scanning(number, until=self.now + till.SCAN_FOR))

    def obstacle(self, tender: Tender) -> AmountHint | None:
        if Part.LEDGER in self.k.problems:
            return AmountHint.LEDGER
        if self.k.clock_doubted:
            return AmountHint.CLOCK
        if self.k.network is not Network.ONLINE:
            return AmountHint.OFFLINE if self.k.network is Network.OFFLINE else AmountHint.CONNECTING
        if not self.k.clock_known:
            return AmountHint.CLOCK
        if tender is Tender.QUICK_PAY and Part.CAMERA in self.k.problems:
            return AmountHint.CAMERA
        return None

    def cancel(self, order: Order, why: str) -> None:
        after = lifecycle.cancel(order, self.now)
        if after is not order and after.state is not order.state:
            if order.asks:  # the counts begin anew: the history keeps how often was asked until now
                self.records.append(Update(order, "asked"))
            self.write(after, why)
            self.follow(order, after)

    def follow(self, before: Order, after: Order) -> None:
        """What an arrow means for the sale, for its other orders and for the people in front."""
        if after.state is OrderState.REFUNDING:
            self.give_all_back(after)
        self.settle_sale(after)
        if after.state is OrderState.ATTENTION:
            self.k.attention = (after, *self.k.attention)
        if after.state is OrderState.PAID:
            for other in tuple(self.k.orders.values()):
                if other.sale_id == after.sale_id and other.out_trade_no != after.out_trade_no and is_open(other):
                    self.cancel(other, "paid by another order")
            if self.k.settings.receipts is not None:
                self.k.unprinted = (*self.k.unprinted, after.out_trade_no)[-UNPRINTED_MOST:]
        front = in_front(self.k)
        if front is None or front.sale_id != after.sale_id:
            return
        if after.state is OrderState.PAID:
            if front.out_trade_no != after.out_trade_no:
                self.go(till.Front(after.out_trade_no))
            paid_at = min(after.paid_at or self.now, self.now)
            self.acts += [Play(Sound.PAID), Announce(after.money, paid_at)]
            if self.k.settings.receipts is Receipts.PAID:
                self.print_receipt(after, (), self.k.sales[after.sale_id])
        elif front.out_trade_no == after.out_trade_no and before.state is not OrderState.ARMED:
            if after.state in (OrderState.DECLINED, OrderState.ATTENTION) or after.decline is not None:
                self.acts.append(Play(Sound.FAILED))
            elif after.state is OrderState.VOID and after.sent_at is None:
                native = after.tender is Tender.NATIVE
                self.go(self.keyed(after, AmountHint.NOT_PLACED if native else AmountHint.NOT_SENT))
                self.acts.append(Play(Sound.FAILED))

    def settle_sale(self, order: Order) -> None:
        sale = self.k.sales[order.sale_id]
        state = sale.state
        others_open = any(is_open(o) for o in self.k.orders.values() if o.sale_id == order.sale_id)
        match order.state:
            case OrderState.PAID:
                state = SaleState.PAID
            case OrderState.ATTENTION if state is not SaleState.PAID:
                state = SaleState.ATTENTION
            case OrderState.REFUNDED if state in (SaleState.OPEN, SaleState.UNPAID) and not others_open:
                state = SaleState.REFUNDED
            case OrderState.DECLINED | OrderState.CLOSED | OrderState.REVERSED | OrderState.VOID:
                if state is SaleState.OPEN and not others_open:
                    state = SaleState.UNPAID
            case OrderState.REVERSING | OrderState.CLOSING | OrderState.REFUNDING if state is SaleState.UNPAID:
                state = SaleState.OPEN  # a VOID order turned out to live
            case _:
                pass
        if state is not sale.state:
            self.keep_sale(replace(sale, state=state))
            self.records.append(Update(self.k.sales[order.sale_id], order.state.lower()))

    def give_all_back(self, order: Order) -> None:
        refund = refunds.late(order, self.now)
        self.records.append(Insert(refund, "late money"))
        self.k.refunds = {**self.k.refunds, refund.out_refund_no: refund}
        self.k.parents = {**self.k.parents, order.out_trade_no: order}

    def late_money_back(self, order: Order, refund: Refund) -> None:
        if order.state is not OrderState.REFUNDING:
            return
        if refund.state is RefundState.DONE:
            ended = Answer(Ended(OrderState.REFUNDED))
            after = lifecycle.merge(order, Call.ASK_REFUND, ended, Around(), self.k.settings.merchant, self.now)
        elif refund.state is RefundState.ATTENTION:
            after = replace(order, state=OrderState.ATTENTION, settled_at=self.now, note=refund.note)
        else:
            return
        self.write(after, "refund " + refund.state.lower())
        self.follow(order, after)

    def given_back(self, order: Order, refund: Refund) -> None:
        """What the merchant's refunds of an order, the newest of them `refund`, mean for the sale."""
        earlier = sum(r.money.amount for r in self.k.siblings.get(order.out_trade_no, ()) if r.state is not RefundState.ATTENTION)
        open_ones = [r for r in self.k.refunds.values() if r.out_trade_no == order.out_trade_no]
        given = earlier + refunds.given(open_ones)
        sale = self.k.sales.get(order.sale_id)
        state = SaleState.REFUNDED if given >= order.money.amount else SaleState.PAID
        if sale is not None and sale.state in (SaleState.PAID, SaleState.REFUNDED) and sale.state is not state:
            why = "refunded" if state is SaleState.REFUNDED else "refund failed"  # accepted, and then WeChat could not make it
            self.keep_sale(replace(sale, state=state))
            self.records.append(Update(self.k.sales[sale.sale_id], why))
        if refund.state is RefundState.ATTENTION and order.out_trade_no not in (o.out_trade_no for o in self.k.attention):
            self.k.attention = (order, *self.k.attention)
        if not refunds.is_open(refund):
            done = (*self.k.siblings.get(order.out_trade_no, ()), refund)
            self.k.siblings = {**self.k.siblings, order.out_trade_no: done}

    def refund_asked(self, asked: RefundAsked) -> refunds.Refusal | None:
        """Begin it, or say why not."""
        order = asked.order
        made = self._refund(asked)
        if isinstance(made, refunds.Refusal):
            self.acts.append(Reply(asked.token, order.out_trade_no, made.problem))
            return made
        self.records.append(Insert(made, "refund asked"))
        self.k.sales = {**self.k.sales, asked.sale.sale_id: asked.sale}
        self.k.refunds = {**self.k.refunds, made.out_refund_no: made}
        self.k.parents = {**self.k.parents, order.out_trade_no: order}
        self.k.siblings = {**self.k.siblings, order.out_trade_no: tuple(r for r in asked.before if not refunds.is_open(r))}
        self.acts.append(Reply(asked.token, made.out_refund_no))
        return None

    def _refund(self, asked: RefundAsked) -> Refund | refunds.Refusal:
        if is_held(self.k):
            return refunds.Refusal(Against.UPDATING, "an update is under way: ask again in some minutes")
        made = refunds.begin(asked.order, asked.before, asked.amount, self.now, asked.reason)
        if isinstance(made, refunds.Refusal) or asked.operator is None:
            return made
        return refunds.within(made, asked.operator, self.k.settings.refunds, asked.given)

    def heard(self, *, known: bool) -> None:
        """The sound of a key that means something here, or of one that does not."""
        self.acts.append(Play(Sound.KEY if known else Sound.REFUSED_KEY))

    # -- small parts -----------------------------------------------------------------------------------------------

    def write(self, order: Order, why: str) -> None:
        """The order as it is from now on, in memory and on disk."""
        self.keep(order)
        self.records.append(Update(order, why))
        if order.sent_at is not None:
            others = tuple(o for o in self.k.recent if o.out_trade_no != order.out_trade_no)
            recent = sorted((order, *others), key=lambda o: (o.opened_at, o.out_trade_no), reverse=True)
            self.k.recent = tuple(recent[:RECENT])

    def print_receipt(self, order: Order, refunds_so_far: tuple[Refund, ...], sale: Sale | None) -> None:
        """The receipt of a PAID order. Only the first that leaves in the life in which it was paid is no copy.

        What this life does not know of, an earlier one may have printed.
        """
        copy = order.out_trade_no not in self.k.unprinted
        self.k.unprinted = tuple(number for number in self.k.unprinted if number != order.out_trade_no)
        receipt = Receipt(
            shop=self.k.settings.shop,
            money=order.money,
            tender=order.tender,
            out_trade_no=order.out_trade_no,
            transaction_id=order.transaction_id,
            paid_at=order.paid_at or order.settled_at,
            payer=order.payer,
            rate_e8=order.rate_e8,
            lines=() if sale is None else sale.lines,
            tip=0 if sale is None else sale.tip,
            memo=order.memo,
            refunds=tuple(r for r in refunds_so_far if refunds.is_given(r)),
            copy=copy,
        )
        self.acts.append(Print(receipt))

    def keep(self, order: Order) -> None:
        number = order.out_trade_no
        parents = {**self.k.parents, number: order} if number in self.k.parents else self.k.parents  # its refund outlives it
        self.k.orders = {**self.k.orders, number: order}
        self.k.parents = parents

    def keep_sale(self, sale: Sale) -> None:
        self.k.sales = {**self.k.sales, sale.sale_id: sale}

    def flies(self, number: str, call: Call) -> None:
        self.k.in_flight = self.k.in_flight | {(number, call)}
        self.k.hastened = self.k.hastened - {number}

    def _told_of_used(self, scans: StartScan) -> StartScan:
        return replace(scans, used=self.k.used_codes) if scans.look_for is LookFor.PAYMENT else scans

    def go(self, to: till.Till) -> None:
        was_scanning, scans = till.ticket(self.k.till), till.ticket(to)
        if was_scanning != scans:
            self.acts.append(self._told_of_used(scans) if scans is not None else StopScan())
        before, after = _checkup(self.k.till), _checkup(to)
        if before != after:
            self.acts.append(StartCheckup(after) if after is not None else StopCheckup())
        if isinstance(self.k.till, past.Listing):
            self.k.attention, self.k.differing = (), 0  # they stood there, first
        if isinstance(to, keying.There) and not isinstance(self.k.till, keying.There):
            self.acts.append(Hush())  # what is being said is of the sale before
        self.k.till = to

    def number(self) -> OrderNumber:
        """The next number; `open_order` uses it up."""
        day = datetime.fromtimestamp(self.now // 1000, self.k.settings.zone).strftime("%y%m%d")
        return OrderNumber(self.k.settings.kiosk_id, day, self.k.generation, self.k.counters.get(day, 0) + 1)

    def paid_by_another(self, order: Order) -> bool:
        return self.k.sales[order.sale_id].state in (SaleState.PAID, SaleState.REFUNDED)

    def present(self, sale: Sale) -> bool:
        front = in_front(self.k)
        if front is None or front.sale_id != sale.sale_id:
            return False
        ended = self.k.till.ended_at if isinstance(self.k.till, till.Front) else None
        return ended is None or self.now - ended <= till.STANDS_THERE

    def forget(self) -> None:
        """Drop from memory what is over: the ledger keeps it."""
        k = self.k
        front = in_front(k)
        void = OrderState.VOID if not k.clock_known else None  # looked at by a wrong clock, it is no less to be watched
        asked = k.hastened | {n for n, _ in k.in_flight}  # a VOID order that a statement has
        kept = {n: o for n, o in k.orders.items() if is_open(o) or o is front or is_watched(o) or o.state is void or n in asked}
        refunding = {number: refund for number, refund in k.refunds.items() if refunds.is_open(refund)}
        parents = {r.out_trade_no for r in refunding.values()}
        sales = {order.sale_id for order in kept.values()} | {o.sale_id for n, o in k.parents.items() if n in parents}
        known = (len(k.orders), len(k.refunds), len(k.parents), len(k.sales))
        over = k.siblings.keys() - parents or k.hastened - (kept.keys() | refunding.keys())
        if known == (len(kept), len(refunding), len(parents), len(sales)) and not over:
            return  # as after most steps
        self.k.orders = kept
        self.k.refunds = refunding
        self.k.parents = {number: order for number, order in k.parents.items() if number in parents}
        self.k.siblings = {number: found for number, found in k.siblings.items() if number in parents}
        self.k.sales = {number: sale for number, sale in k.sales.items() if number in sales}
        self.k.hastened = k.hastened & (kept.keys() | refunding.keys())


def reason(call: Call, answer: Answer) -> str:
    """For the history: "ask: paid", "charge: unknown (timeout)"."""
    outcome = answer.outcome
    more = f" ({outcome.why}{' ' + outcome.detail if outcome.detail else ''})" if isinstance(outcome, Unknown) else ""
    return f"{call}: {type(outcome).__name__.lower()}{more}"


def _checkup(there: till.Till) -> str | None:
    return trying.checkup_of(there).ticket if isinstance(there, trying.There) else None
