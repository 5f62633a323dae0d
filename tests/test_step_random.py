"""Whatever happens in whatever order, truths about money and waking hold after each step; the ledger takes every commit."""

from __future__ import annotations

import re
from typing import Any

from hypothesis import given, settings
from hypothesis import strategies as st

from kiosk.core.commands import Act, AskRefund, Charge, Close, CorrectClock, GiveBack, Place, Reverse
from kiosk.core.events import (
    Answered,
    CodeRefused,
    CodeSeen,
    Event,
    Health,
    Key,
    Left,
    Notified,
    Part,
    Pressed,
    RefundAnswered,
    Tick,
)
from kiosk.core.lifecycle import is_open, too_long_at
from kiosk.core.model import (
    FINALS,
    Answer,
    Call,
    Decline,
    Declined,
    Ended,
    NotFound,
    Order,
    OrderState,
    Outcome,
    Paid,
    Pending,
    SaleState,
    Unknown,
    Why,
)
from kiosk.core.money import Money
from kiosk.core.scanning import ScanHint
from kiosk.core.secret import PaymentCode
from kiosk.core.state import Step, busy, may_leave, order_due, refund_due, wake_at
from kiosk.core.step import step
from kiosk.core.view import view
from tests.flow import Flow, subject

S = OrderState
PAID = object()  # stands for Paid of the order in question
OUTCOMES = (
    PAID,
    Pending(payer_acts=True),
    Pending(),
    NotFound(),
    Ended(S.CLOSED),
    Ended(S.REVERSED),
    Ended(S.REFUNDED),
    Declined(Decline.BALANCE),
    Declined(Decline.PAYMENT_FAILED, clean_up=True),
    *map(Unknown, Why),
    Paid("4", Money(999, "HKD")),
)
KEYS = ["1", "5", "0", "OK", "OK", "SCAN", "QR", "CANCEL", "MENU", "CLEAR"]
# On, just before and just after the times at which something changes (contract 3.4 to 3.7, 6.1, and the cashier's verdict).
BORDERS = (5_000, 15_000, 30_000, 45_000, 55_000, 60_000, 300_000, 360_000, 3_600_000)
WAITS = (1, 50, *(border + off for border in BORDERS for off in (-1, 0, 1)))

LIMIT = 20
SALES = ["1 OK", "2 QR", "2 0 SCAN", "2 0 QR", "2 1 OK"]  # the smallest amounts, the limit, and one too many

usual = st.one_of(  # what a day is made of
    st.tuples(st.just("sale"), st.sampled_from([f"{way} {sale}" for way in ("CANCEL", "CANCEL OK") for sale in SALES])),
    st.tuples(st.just("code"), st.just(1)),
    st.tuples(st.just("answer"), st.tuples(st.just(0), st.sampled_from([0, 0, 1, 2, 7]))),
    st.tuples(st.just("wake"), st.integers(1, 5)),
)
unusual = st.one_of(
    st.tuples(st.just("keys"), st.lists(st.sampled_from(KEYS), min_size=1, max_size=4)),
    st.tuples(st.just("code"), st.just(0)),
    st.tuples(st.just("answer"), st.tuples(st.integers(0, 5), st.integers(0, len(OUTCOMES) - 1))),
    st.tuples(st.just("stray answer"), st.tuples(st.integers(0, 5), st.integers(0, len(OUTCOMES) - 1))),
    st.tuples(st.just("stray refund answer"), st.tuples(st.integers(0, 5), st.integers(0, len(OUTCOMES) - 1))),
    st.tuples(st.just("wait"), st.sampled_from(WAITS)),
    st.tuples(st.just("until it is due"), st.sampled_from([-1, 0, 1])),
    st.tuples(st.just("probe"), st.booleans()),
    st.tuples(st.just("notify"), st.integers(0, 5)),
    st.tuples(st.just("health"), st.tuples(st.sampled_from(list(Part)), st.just(value=False) | st.booleans())),
    st.tuples(st.just("refund"), st.tuples(st.integers(0, 5), st.sampled_from([None, 0, 1, 2, 19, 20, 21]))),
    st.tuples(st.just("restart"), st.sampled_from([10, 60_000, 4_000_000])),
)
stories = st.lists(st.tuples(usual, unusual) | st.tuples(usual, usual), min_size=4, max_size=25)


class Watched(Flow):
    """A flow that holds every step against the promises."""

    def __init__(self) -> None:
        self.charged: set[str] = set()
        self.finals: dict[str, OrderState] = {}
        super().__init__(limit=LIMIT)

    def _carry_out(self, made: Step) -> None:
        super()._carry_out(made)  # the ledger takes it, or this raises
        for act in made.acts:
            self._check_act(act)
        for record in made.records:
            if isinstance(record.row, Order):
                self._check_final(record.row)
            assert 0 < record.row.money.amount <= LIMIT
        if not any(isinstance(act, CorrectClock) for act in made.acts):
            self._check_nothing_waits()
            self._check_waking()

    def _check_act(self, act: Act) -> None:
        match act:
            case Charge(order, _):
                assert order.out_trade_no not in self.charged, "charged twice"
                self.charged.add(order.out_trade_no)
                assert self.state(order.out_trade_no) is S.ARMED, "charged without an armed row"
            case Place(order, _):
                assert self.state(order.out_trade_no) is S.SENT
            case Reverse(order, _):
                assert (order.out_trade_no, Call.CHARGE) not in map(subject, self.flying), "reversed beside its charge"
                since = max(order.sent_at or 0, order.anchor_at or 0)
                assert self.now - since >= 15_000, "reversed too soon"
            case Close(order, _):
                assert self.now - (order.sent_at or 0) >= 300_000, "closed too soon"
            case GiveBack(refund, order) | AskRefund(refund, order):
                assert refund.out_refund_no in {r.out_refund_no for r in self.refunds(order.out_trade_no)}
            case _:
                pass

    def _check_final(self, row: Order) -> None:
        known = self.finals.get(row.out_trade_no)
        assert known is None or row.state is known, f"{known} became {row.state}"
        if row.state in FINALS - {S.VOID}:
            self.finals[row.out_trade_no] = row.state
        if row.state is S.PAID:
            assert self.sale_state(row.out_trade_no) in (SaleState.PAID, SaleState.REFUNDED)

    def _check_nothing_waits(self) -> None:
        """What is due is on its way."""
        for order in self.kiosk.orders.values():
            due = order_due(self.kiosk, order)
            assert due is None or due.at > self.now or not may_leave(self.kiosk, order.out_trade_no, due.call)
            ends = too_long_at(order)
            assert ends is None or ends > self.now, "waited for too long"
            if is_open(order) and order.state not in (S.ARMED, S.REFUNDING):
                assert due is not None, f"{order.state} and nothing is due"
            if order.state is S.REFUNDING:
                assert any(r.out_trade_no == order.out_trade_no and r.late for r in self.kiosk.refunds.values())
        for refund in self.kiosk.refunds.values():
            due = refund_due(self.kiosk, refund)
            assert due is None or due.at > self.now or busy(self.kiosk, refund.out_refund_no)

    def _check_waking(self) -> None:
        """Before the time the kiosk wants to be woken at, time alone changes nothing: not a row, not an act, not a screen."""
        wake = wake_at(self.kiosk, self.now)
        assert wake > self.now, "the kiosk never rests"
        early = step(self.kiosk, Tick(), wake - 1)
        assert (early.records, early.acts) == ((), ())
        assert view(self.kiosk, wake - 1) == view(self.kiosk, self.now)

    def drive(self, what: str, how: Any) -> None:  # noqa: C901, PLR0912  one branch for each kind of happening
        """One happening of the list above."""
        match what:
            case "keys":
                for key in how:
                    self.happen(Pressed(Key(key)))
            case "sale":
                for key in how.split():
                    self.happen(Pressed(Key(key)))
            case "code" if self.numbers_in_memory():
                ticket = self.numbers_in_memory()[-1]
                self.happen(CodeRefused(ticket, ScanHint.ALIPAY))
                self.codes += how > 0
                self.happen(CodeSeen(ticket, PaymentCode(f"13{self.codes:016d}")))
                self.happen(Left(ticket, Call.CHARGE))
            case "answer" if self.flying:
                named = subject(self.flying[how[0] % len(self.flying)])
                if named is not None:
                    self._come_back(next(act for act in self.flying if subject(act) == named), self._outcome(how[1], named[0]))
            case "stray answer" if self.numbers():
                number = self.numbers()[how[0] % len(self.numbers())]
                call = list(Call)[how[1] % 5]
                if (number, call) in map(subject, self.flying):
                    return  # its own answer comes, and no other
                self.happen(Answered(number, call, Answer(self._outcome(how[1], number), reached=True)))
            case "stray refund answer" if self.numbers():
                number = self.numbers()[how[0] % len(self.numbers())]
                call = (Call.REFUND, Call.ASK_REFUND)[how[1] % 2]
                self.happen(RefundAnswered(f"{number}-R1", call, Answer(self._outcome(how[1], number), reached=True)))
            case "wait":
                self.now += how
                self.happen(Tick())
            case "wake":
                for _ in range(how):
                    self.now = wake_at(self.kiosk, self.now)
                    self.happen(Tick())
            case "until it is due":
                self.now = max(self.now, wake_at(self.kiosk, self.now) + how)
                self.happen(Tick())
            case "probe":
                self.probe(reached=how)
            case "notify" if self.numbers():
                self.happen(Notified(self.numbers()[how % len(self.numbers())]))
            case "health":
                self.happen(Health(how[0], "unwell" if how[1] else None))
            case "refund" if self.numbers():
                self.ask_refund(self.numbers()[how[0] % len(self.numbers())], how[1])
            case "restart":
                self.restart(how)
                self.probe(reached=how != 10)
            case _:
                pass

    def _outcome(self, which: int, number: str) -> Outcome:
        outcome = OUTCOMES[which]
        return outcome if isinstance(outcome, Outcome) else self.paid(re.sub(r"-R[0-9]+$", "", number))

    def numbers_in_memory(self) -> list[str]:
        """Orders the kiosk holds, oldest first."""
        return sorted(self.kiosk.orders)


@settings(max_examples=150)
@given(stories)
def test_no_sequence_of_events_breaks_a_promise(story: list[tuple[tuple[str, object], ...]]) -> None:
    """Charged once and armed before, nothing due left lying, finals final, woken in time, and every commit accepted."""
    flow = Watched()
    for happenings in story:
        for what, how in happenings:
            flow.drive(what, how)


def test_a_step_changes_nothing_of_what_it_was_given() -> None:
    """The same kiosk and event give the same step: a commit that fails can be forgotten."""
    flow = Flow()
    flow.show_qr()
    flow.press("SCAN")
    event: Event = CodeSeen(flow.front().out_trade_no, PaymentCode("130000000000000001"))
    before = repr(flow.kiosk)
    first, second = step(flow.kiosk, event, flow.now), step(flow.kiosk, event, flow.now)
    assert first == second
    assert repr(flow.kiosk) == before
