"""What any payment provider promises the lanes (core/ports.py), asked of each: today WeChat Pay, at the stand-in.

A new one adds its rig to RIGS: the provider itself, and the hand that plays customer, clock and a cut wire.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import get_args

import pytest

from kiosk.core.model import Ended, NotFound, Order, OrderState, Outcome, Paid, Pending, Refund, Tender, Unknown, Why
from kiosk.core.money import Money
from kiosk.core.ports import Provider
from kiosk.core.secret import PaymentCode
from tests.test_wechat_meets_sandbox import Client


@dataclass
class Rig:
    """`order` makes one, `code` is one that pays, `forward` passes seconds at the other side, `cut` takes it away."""

    provider: Provider
    order: Callable[[Tender], Order]
    code: Callable[[], PaymentCode]
    forward: Callable[[int], None]
    cut: Callable[[], None]


def wechat(folder: Path) -> Rig:
    stand = Client(folder, "direct", "public key")
    return Rig(stand.provider, stand.order, lambda: PaymentCode(stand.bank.new_code()), stand.now.forward, stand.server.stop)


RIGS = {"wechat": wechat}


@pytest.fixture(params=RIGS)
def rig(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Rig]:
    made: Rig = RIGS[request.param](tmp_path)
    yield made
    made.provider.stop()
    made.cut()


def charged(rig: Rig) -> tuple[Order, list[None], Outcome]:
    order, left = rig.order(Tender.QUICK_PAY), []
    answer = rig.provider.charge(order, rig.code(), lambda: left.append(None))
    return order, left, answer.outcome


def test_a_charge_leaves_once_and_is_paid_with_the_orders_own_money_and_number(rig: Rig):
    order, left, outcome = charged(rig)
    assert left == [None]
    assert isinstance(outcome, Paid)
    assert outcome.total == order.money
    answer = rig.provider.ask(order)
    assert answer.outcome == outcome
    assert answer.echo is not None
    assert answer.echo.out_trade_no == order.out_trade_no


def test_what_was_never_sent_is_not_found(rig: Rig):
    assert rig.provider.ask(rig.order(Tender.QUICK_PAY)).outcome == NotFound()


def test_a_reversal_is_believed_when_a_question_says_so(rig: Rig):
    """Not before: its own answer only says that it was taken."""
    order, _, _ = charged(rig)
    rig.forward(16)
    assert rig.provider.reverse(order).outcome == Pending()
    assert isinstance(rig.provider.ask(order).outcome, Ended)


def test_a_placed_order_has_a_code_to_show_and_can_be_closed(rig: Rig):
    order = rig.order(Tender.NATIVE)
    answer = rig.provider.place(order, lambda: None)
    assert (answer.outcome, bool(answer.code_url)) == (Pending(), True)
    rig.forward(301)
    assert rig.provider.close(order).outcome == Pending()
    assert rig.provider.ask(order).outcome == Ended(OrderState.CLOSED)


def test_the_same_refund_asked_for_twice_is_one(rig: Rig):
    order, _, _ = charged(rig)
    refund = Refund(f"{order.out_trade_no}-R1", order.out_trade_no, Money(order.money.amount, "HKD"), order.opened_at)
    outcomes = [rig.provider.refund(refund, order).outcome for _ in range(2)]
    assert all(isinstance(each, Pending | Ended) for each in outcomes), "the second would be more than was paid"
    assert isinstance(rig.provider.ask_refund(refund, order).outcome, Pending | Ended)


def test_without_a_wire_nothing_is_raised_and_nothing_is_known(rig: Rig):
    """Each call, and of those that move money it is known that no byte left."""
    rig.cut()
    order, placed = rig.order(Tender.QUICK_PAY), rig.order(Tender.NATIVE)
    refund = Refund(f"{order.out_trade_no}-R1", order.out_trade_no, order.money, order.opened_at)
    left: list[None] = []
    pay = rig.provider
    answers = [pay.charge(order, rig.code(), lambda: left.append(None)), pay.place(placed, lambda: left.append(None))]
    answers += [pay.ask(order), pay.reverse(order), pay.close(placed), pay.refund(refund, order), pay.ask_refund(refund, order)]
    answers += [pay.warm(), pay.probe()]
    assert all(isinstance(each.outcome, Unknown) for each in answers)
    assert [each.outcome.why for each in answers[:2] if isinstance(each.outcome, Unknown)] == [Why.NOT_SENT] * 2
    assert left == []


def test_after_its_stop_a_call_answers_at_once(rig: Rig):
    rig.provider.stop()
    assert isinstance(rig.provider.ask(rig.order(Tender.QUICK_PAY)).outcome, get_args(Outcome))
