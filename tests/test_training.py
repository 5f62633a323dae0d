"""A training: every outcome is played, it is marked wherever it is seen, heard or printed, and nothing of it is ever real."""

from __future__ import annotations

import sqlite3
import threading
from dataclasses import replace
from datetime import UTC
from pathlib import Path
from typing import Any, cast

import pytest

from kiosk import ledgers
from kiosk.core import lessons, screens
from kiosk.core.commands import (
    Act,
    Ask,
    AskRefund,
    Close,
    GiveBack,
    Heard,
    Play,
    Print,
    Probe,
    Sound,
    StartScan,
    StartTraining,
    Warm,
)
from kiosk.core.events import CodeSeen, Event, Health, Key, Part, Pressed, Probed, Tick
from kiosk.core.lesson import Lesson
from kiosk.core.lifecycle import SECOND
from kiosk.core.model import Decline, Ended, Order, OrderState, Pending, Refund, Tender
from kiosk.core.money import Money
from kiosk.core.past_screens import Entry
from kiosk.core.screens import View
from kiosk.core.secret import PaymentCode
from kiosk.core.selling import Selling
from kiosk.core.slips import Bill, Receipt, Receipts
from kiosk.core.state import Settings
from kiosk.display.customer import seen
from kiosk.display.english import ENGLISH
from kiosk.loop import runtime as loop
from kiosk.loop import training
from kiosk.loop.lanes import Lane
from kiosk.loop.training import LEAVES_AFTER, Room, Trainings
from kiosk.payment.ledger import SqliteLedger
from tests.flow import MERCHANT, START, Flow

SETTINGS = Settings(MERCHANT, "Harbour Snacks", "HKD", "K07", UTC, receipts=Receipts.PAID)


class Lessons:
    """A room whose clock is turned by hand."""

    def __init__(self, settings: Settings = SETTINGS, *, stays: bool = False) -> None:
        self.now = START
        self.acts: list[Any] = []
        self.ledger = ledgers.practice()
        self.room = Room(settings, self.ledger, self.acts.append, self.now, stays=stays)
        self.wait(2 * SECOND)

    def press(self, keys: str) -> None:
        for key in keys.split():
            self.room.happen(Pressed(Key(key)), self.now)
            self.room.pass_time(self.now)

    def wait(self, ms: int) -> list[str]:
        """Let time pass; the kinds of screens seen meanwhile, in their order."""
        end, seen_so_far = self.now + ms, [self.name]
        while self.now < end:
            self.now = min(end, max(self.now + 1, self.room.wake_at(self.now)))
            self.room.pass_time(self.now)
            if self.name != seen_so_far[-1]:
                seen_so_far.append(self.name)
        return seen_so_far

    @property
    def view(self) -> View:
        return self.room.view(self.now)

    @property
    def screen(self) -> Any:
        return self.view.screen

    @property
    def name(self) -> str:
        return type(self.screen).__name__


PLAYED = {
    Lesson.PAID: "Charging PaidScreen",
    Lesson.PASSWORD: "Charging Password PaidScreen",
    Lesson.NO_MONEY: "Charging DeclinedScreen",
    Lesson.OLD_CODE: "Charging DeclinedScreen",
    Lesson.LOST_ANSWER: "Charging PaidScreen",
    Lesson.UNKNOWN: "Charging Cancelling Unresolved CancelledScreen",
    Lesson.TOO_LATE: "Charging Password Cancelling CancelledScreen",
    Lesson.NEVER_TYPED: "Charging Password Cancelling CancelledScreen",
    Lesson.NO_CONNECTION: "Charging Keying",
    Lesson.MISMATCH: "Charging AttentionScreen",
}


@pytest.mark.parametrize("lesson", Lesson)
def test_each_lesson_is_played_to_its_end(lesson: Lesson) -> None:
    """By the last digit of the amount, with a code that OK stands for."""
    school = Lessons()
    school.press(f"1 2 {lesson.value} OK OK")
    assert " ".join(school.wait(100 * SECOND)) == PLAYED[lesson]
    assert f"lesson.{lesson.value}" in ENGLISH


def test_what_the_lessons_show_besides() -> None:
    school = Lessons()
    school.press("2 OK OK")
    school.wait(10 * SECOND)
    assert school.screen.reason is Decline.BALANCE
    school.press("OK 1 6 OK OK")
    school.wait(100 * SECOND)
    assert school.screen.refunding
    school.press("OK 1 8 OK OK")
    school.wait(5 * SECOND)
    assert school.view.signs.network is screens.Network.OFFLINE
    school.wait(25 * SECOND)
    assert school.view.signs.network is screens.Network.ONLINE


@pytest.mark.parametrize(
    ("digit", "ends"), [("0", "PaidScreen"), ("2", "DeclinedScreen"), ("8", "Keying"), ("9", "AttentionScreen")]
)
def test_a_qr_can_be_played_too_and_holds_nothing(digit: str, ends: str) -> None:
    school = Lessons()
    school.press(f"1 {digit} QR")
    seen_so_far = school.wait(20 * SECOND)
    assert seen_so_far[-1] == ends
    assert "ShowingQr" in seen_so_far or digit == "8"
    assert lessons.NO_PAYMENT == "TRAINING"


def test_what_a_training_is_asked_beyond_its_lessons_is_answered_too() -> None:
    """A QR that was cancelled closes; money that shall go back goes back."""
    order = Order("TRAINING-1", "S", Tender.NATIVE, Money(1250, "HKD"), START, OrderState.CLOSING, sent_at=START, tries=1)
    refund = Refund("TRAINING-1-R1", "TRAINING-1", Money(1250, "HKD"), START)
    assert lessons.play(Ask(order, at_counter=True), START).answer.outcome == Ended(OrderState.CLOSED)
    assert lessons.play(Close(order, at_counter=True), START).answer.outcome == Pending()
    assert lessons.play(GiveBack(refund, order), START).answer.outcome == Pending()
    assert lessons.play(AskRefund(refund, order), START).answer.outcome == Ended(OrderState.REFUNDED)


def test_nothing_that_leaves_the_room_is_money_or_sounds_like_it() -> None:
    school = Lessons()
    for digit in "0123456789":
        school.press(f"1 {digit} OK OK")
        school.wait(100 * SECOND)
        school.press("MENU CANCEL" if school.name == "Keying" else "OK")
        school.press("CANCEL")
    assert not school.room.over or school.name == "Idle"
    sounds = [act.sound for act in school.acts if isinstance(act, Play)]
    assert Sound.TRAINING in sounds
    assert Sound.PAID not in sounds
    assert {type(act) for act in school.acts} <= set(training.Outward.__args__)  # type: ignore[attr-defined]
    slips = [act.slip for act in school.acts if isinstance(act, Print)]
    assert slips
    assert all(slip.training for slip in slips)
    assert all(isinstance(slip, Receipt) and slip.out_trade_no.startswith("TRAINING-") for slip in slips)


def test_a_bill_on_paper_is_marked_too() -> None:
    school = Lessons()
    school.press("1 7 QR")
    school.wait(3 * SECOND)
    school.press("MENU")
    (slip,) = (act.slip for act in school.acts if isinstance(act, Print))
    assert isinstance(slip, Bill)
    assert slip.training
    assert slip.code_url == lessons.NO_PAYMENT


def test_every_view_says_that_it_is_a_training_and_so_does_the_customers() -> None:
    school = Lessons()
    for keys in ("", "1", "0 OK", "OK", "OK"):
        school.press(keys)
        assert school.view.training
        assert seen(school.view, "Harbour Snacks").training


def test_cancel_when_idle_leaves_and_so_does_silence() -> None:
    school = Lessons()
    school.press("1 CANCEL")
    assert not school.room.over
    school.press("CANCEL")
    assert school.room.over
    school = Lessons()
    school.press("1 0 OK OK")
    school.wait(LEAVES_AFTER - 1)
    assert not school.room.over
    school.wait(1)
    assert school.room.over


def test_a_kiosk_that_only_trains_never_leaves_by_itself() -> None:
    school = Lessons(stays=True)
    school.press("CANCEL")
    school.wait(10 * LEAVES_AFTER)
    assert not school.room.over


def test_it_is_behind_menu_twice_and_nothing_else_of_more_is_in_it() -> None:
    """And not where anybody may press keys."""
    flow = Flow()
    flow.press("MENU MENU")
    flow.press(str(flow.screen.entries.index(Entry.TRAINING) + 1))
    flow.sees(screens.Idle)
    assert flow.one(StartTraining)
    flow = Flow()
    flow.kiosk.settings = replace(flow.settings, selling=Selling(trains=False))
    flow.press("MENU MENU")
    assert Entry.TRAINING not in flow.screen.entries
    school = Lessons()
    school.press("MENU MENU")
    assert school.screen.entries == ()


# --- beside the real kiosk ---


def _hear(trainings: Trainings, flow: Flow, event: Event) -> None:
    flow.happen(trainings.hear(event, flow.now))


def test_a_real_order_is_settled_while_somebody_trains() -> None:
    """What people do is not heard there; what WeChat says is."""
    flow, acts = Flow(), cast("list[Any]", [])
    number = flow.charge()
    flow.press("CANCEL OK")
    flow.sees(screens.Idle)
    trainings = Trainings(ledgers.practice)
    trainings.enter(flow.settings, acts.append, [], flow.now)
    before = flow.kiosk
    for key in ["1", "2", "5", "0", "OK"]:
        _hear(trainings, flow, Pressed(Key(key)))
    _hear(trainings, flow, CodeSeen("TRAINING-260105-TR0001", PaymentCode("134567890123456789")))
    assert (flow.kiosk.till, flow.kiosk.orders) == (before.till, before.orders)
    assert flow.numbers() == [number]
    assert isinstance(trainings.view(flow.now), View)
    _hear(trainings, flow, Probed(reached=True, server_time=flow.now, at=flow.now))
    assert flow.kiosk.probed_at == flow.now


def test_a_part_that_is_unwell_is_so_in_both() -> None:
    flow, acts = Flow(), cast("list[Any]", [])
    trainings = Trainings(ledgers.practice)
    trainings.enter(flow.settings, acts.append, [], flow.now)
    _hear(trainings, flow, Health(Part.CAMERA, "the camera is gone"))
    assert Part.CAMERA in flow.kiosk.problems
    for key in ["5", "OK"]:
        _hear(trainings, flow, Pressed(Key(key)))
    shown = trainings.view(flow.now)
    assert shown is not None
    assert isinstance(shown.screen, screens.Keying)


class HandClock:
    """Time goes on with each look at it."""

    def __init__(self) -> None:
        self.at = START

    def now(self) -> int:
        self.at += 20
        return self.at

    def correct(self, offset_ms: int) -> None:
        self.at += offset_ms


class Bench:
    """The real loop over a real file, and lanes that write down what they are given."""

    def __init__(self, folder: Path, *, only: bool) -> None:
        self.path = folder / "kiosk.db"
        self.left: list[Act] = []
        self.heard: list[Heard] = []
        self.views: list[View] = []
        clock = HandClock()
        self.runtime = loop.Runtime(SETTINGS, lambda: self._open(clock), clock, self.views.append, self.heard.append)
        self.runtime.use_training(Trainings(ledgers.practice, only=only))
        lane = cast("Lane", self)
        self.runtime.use(lane, lane)
        self.thread = threading.Thread(target=self.runtime.run, args=(lambda: None,), daemon=True)
        self.thread.start()

    def take(self, act: Act) -> None:
        """As a lane."""
        self.left.append(act)

    def until(self, kind: type[Any]) -> View:
        """Wait for a screen of this kind, and for what stands in for the network."""
        for _ in range(2000):
            self.runtime.post(Tick())
            self.runtime.ask(lambda *_: None)
            if self.views and isinstance(self.views[-1].screen, kind) and self.views[-1].signs.network is screens.Network.ONLINE:
                return self.views[-1]
        raise AssertionError(f"{kind} was not shown; the last was {self.views[-1:]}")

    def close(self) -> None:
        self.runtime.stop()
        self.thread.join(30)

    def _open(self, clock: HandClock) -> SqliteLedger:
        return SqliteLedger.open(self.path, generation=lambda: "aa", now=clock.now())


@pytest.mark.parametrize("only", [True, False])
def test_no_request_leaves_and_the_real_ledger_holds_nothing(tmp_path: Path, *, only: bool) -> None:
    """In the running loop: a sale of each kind is trained, and the file, the lanes and the tone of money know nothing of it."""
    bench = Bench(tmp_path, only=only)
    try:
        if not only:
            bench.runtime.ask(lambda *_: bench.runtime._train())
        assert bench.until(screens.Idle).training
        for keys, ends in (("1 0 OK OK", screens.PaidScreen), ("1 2 OK OK", screens.DeclinedScreen)):
            for key in keys.split():
                bench.runtime.post(Pressed(Key(key)))
            assert bench.until(ends).training
            bench.runtime.post(Pressed(Key.OK))
        bench.until(screens.Idle)
        assert all(view.training for view in bench.views if not isinstance(view.screen, screens.Idle))
        if not only:
            bench.runtime.post(Pressed(Key.CANCEL))
            bench.runtime.ask(lambda *_: None)
            bench.runtime.post(Tick())
            bench.runtime.ask(lambda *_: None)
            assert not bench.views[-1].training
    finally:
        bench.close()
    assert {type(act) for act in bench.left} <= {Probe, Warm}
    assert Play(Sound.TRAINING) in bench.heard
    assert Play(Sound.PAID) not in bench.heard
    with sqlite3.connect(bench.path) as file:
        for table in ("sales", "orders", "refunds", "history"):
            assert file.execute(f"SELECT count(*) FROM {table}").fetchone() == (0,)
    assert list(tmp_path.glob("*TR*")) == []


def test_the_room_gives_the_camera_back() -> None:
    school = Lessons()
    school.press("1 0 OK")
    assert any(isinstance(act, StartScan) for act in school.acts)
    school.room.close()
    assert type(school.acts[-2]).__name__ == "StopScan"
