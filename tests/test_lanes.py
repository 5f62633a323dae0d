"""The lanes: one call at a time, and a call that hangs keeps no other sale waiting."""

from __future__ import annotations

import queue
import threading
from collections.abc import Callable, Iterator
from typing import cast

import pytest

from kiosk.core.commands import Ask, Charge, Warm
from kiosk.core.events import Answered, Event, Left, Probed
from kiosk.core.model import Answer, Call, Order, OrderState, Paid, Pending, Tender
from kiosk.core.money import Money
from kiosk.core.ports import Clock, Provider
from kiosk.core.secret import PaymentCode
from kiosk.loop.lanes import lanes

PATIENCE_S = 40.0


class Still:
    """A clock that stands."""

    def now(self) -> int:
        return 0


class Hanging:
    """A provider whose questions hang until `answers` is set; it notes which thread called."""

    def __init__(self) -> None:
        self.answers = threading.Event()
        self.called: queue.Queue[tuple[str, str]] = queue.Queue()

    def _note(self, what: str) -> None:
        self.called.put((what, threading.current_thread().name))

    def ask(self, order: Order) -> Answer:
        self._note(f"ask {order.out_trade_no}")
        assert self.answers.wait(PATIENCE_S)
        return Answer(Pending(), reached=True)

    def charge(self, order: Order, _code: PaymentCode, leaves: Callable[[], None]) -> Answer:
        self._note(f"charge {order.out_trade_no}")
        leaves()
        return Answer(Paid("42", order.money), reached=True)

    def warm(self) -> Answer:
        self._note("warm")
        return Answer(Pending(), reached=True)


class Desk:
    """Three real lanes over a provider that hangs, and an inbox for what they post."""

    def __init__(self) -> None:
        self.provider = Hanging()
        self.inbox: queue.Queue[Event] = queue.Queue()
        self.on_post: Callable[[Event], None] = lambda _: None
        self.lanes = lanes(cast("Provider", self.provider), self._post, cast("Clock", Still()))
        self.threads = [threading.Thread(target=lane.run, args=(lambda: None,), name=lane.name) for lane in self.lanes]
        for thread in self.threads:
            thread.start()

    def _post(self, event: Event) -> None:
        self.on_post(event)
        self.inbox.put(event)

    def called(self) -> tuple[str, str]:
        return self.provider.called.get(timeout=PATIENCE_S)

    def heard(self) -> Event:
        return self.inbox.get(timeout=PATIENCE_S)

    def close(self) -> None:
        self.provider.answers.set()
        for lane in self.lanes:
            lane.stop()
        for thread in self.threads:
            thread.join(PATIENCE_S)
        assert not any(thread.is_alive() for thread in self.threads)


@pytest.fixture
def desk() -> Iterator[Desk]:
    """Lanes at work."""
    made = Desk()
    yield made
    made.close()


def _order(number: int) -> Order:
    return Order(f"K07-260105-aa{number:04d}", f"S-{number}", Tender.QUICK_PAY, Money(100, "HKD"), 0, OrderState.SENT)


def _charge(number: int) -> Charge:
    return Charge(_order(number), PaymentCode(f"13{number:016d}"))


def test_a_question_that_hangs_keeps_no_charge_waiting(desk: Desk) -> None:
    """The next customer's charge leaves beside it."""
    counter = desk.lanes[0]
    counter.take(Ask(_order(1), at_counter=True))
    assert desk.called() == ("ask K07-260105-aa0001", "counter")
    counter.take(_charge(2))
    assert desk.called() == ("charge K07-260105-aa0002", "second counter")
    assert isinstance(desk.heard(), Left)
    assert desk.heard() == Answered("K07-260105-aa0002", Call.CHARGE, Answer(Paid("42", Money(100, "HKD")), reached=True))


def test_what_follows_an_answer_leaves_by_the_connection_that_brought_it(desk: Desk) -> None:
    """It is open and warm; a second one would have to shake hands first."""

    def follow(event: Event) -> None:
        if isinstance(event, Probed):
            desk.lanes[0].take(_charge(3))

    desk.on_post = follow
    desk.lanes[0].take(Warm())
    assert desk.called() == ("warm", "counter")
    assert desk.called() == ("charge K07-260105-aa0003", "counter")


def test_with_both_at_work_the_counters_errands_wait_in_their_order(desk: Desk) -> None:
    """Nothing is dropped, and the back office is left alone."""
    counter = desk.lanes[0]
    for number in (1, 2, 3):
        counter.take(Ask(_order(number), at_counter=True))
    assert {desk.called(), desk.called()} == {("ask K07-260105-aa0001", "counter"), ("ask K07-260105-aa0002", "second counter")}
    assert desk.provider.called.empty()
    desk.provider.answers.set()
    assert desk.called() == ("ask K07-260105-aa0003", "second counter")
