"""The clock by which the kiosk waits and signs: it is learnt once, before the first sale, and no jump of the wall moves it."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from kiosk.clock import SteadyClock
from kiosk.core import screens
from kiosk.core.commands import Probe
from kiosk.core.events import ClockSynchronized, Event
from kiosk.core.model import NOT_YET_VALID, Answer, Pending, Unknown, Why
from kiosk.loop.lanes import Lane
from kiosk.sandbox.bank import PASSWORD
from tests.flow import START, Flow
from tests.rig import Rig
from tests.wechat_stub import StillClock

HOUR = 3600.0


class Knocked:
    """A provider that has these answers for whoever probes."""

    def __init__(self, answers: list[Answer]) -> None:
        self._answers = answers

    def probe(self) -> Answer:
        return self._answers.pop(0)


class Wall:
    """The machine's clock, which anybody may set."""

    def __init__(self, ahead_s: float = 0.0) -> None:
        self.ahead_s = ahead_s

    def __call__(self) -> float:
        return time.time() + self.ahead_s


@pytest.fixture
def start(tmp_path: Path) -> Iterator[Callable[[Wall], Rig]]:
    """Starts a kiosk whose clock read this wall."""
    rig = Rig(tmp_path)

    def begin(wall: Wall) -> Rig:
        rig.clock = SteadyClock(wall)
        rig.start()
        return rig

    yield begin
    rig.close()


def error_ms(rig: Rig) -> float:
    return abs(rig.clock.now() - time.time() * 1000)


@pytest.mark.parametrize("jump_s", [-5 * HOUR, 5 * HOUR, -10 * 365 * 24 * HOUR])
def test_a_jump_of_the_wall_moves_nothing(jump_s: float) -> None:
    """Time goes on as the monotonic clock does; how far the wall has gone can be asked for."""
    wall, ticks = Wall(), [1000.0]
    clock = SteadyClock(wall, lambda: ticks[0])
    before = clock.now()
    wall.ahead_s = jump_s
    ticks[0] += 2.5
    assert clock.now() == before + 2500
    assert abs(clock.behind_wall() - jump_s * 1000) < 60_000


@pytest.mark.parametrize("ahead_s", [-10 * 365 * 24 * HOUR, -3 * HOUR, -400, 400, 10 * 365 * 24 * HOUR])
def test_a_machine_without_the_time_learns_it_from_wechat_and_sells(start: Callable[[Wall], Rig], ahead_s: float) -> None:
    """The stand-in refuses signatures more than five minutes off: the first thing it signed has set the clock, then it sells."""
    rig = start(Wall(ahead_s))
    rig.until(lambda: rig.views[-1].signs.clock_known, "the time")
    assert error_ms(rig) < 5000
    unknown = [view for view in rig.views if not view.signs.clock_known]
    assert unknown, "the time was believed before WeChat had told it"
    rig.press("1 2 5 0 OK")
    rig.sees(screens.Scanning)
    rig.scanner.show(rig.bank.new_code())
    rig.sees(screens.PaidScreen)
    assert abs(rig.lines()[0].opened_at - time.time() * 1000) < 60_000


def test_a_jump_of_the_wall_in_the_middle_of_a_sale_changes_nothing(start: Callable[[Wall], Rig]) -> None:
    """Neither what is waited for, nor what is signed, nor what is told: not even when NTP reports it."""
    wall = Wall()
    rig = start(wall)
    rig.until(lambda: rig.views[-1].signs.clock_known, "the time")
    rig.bank.trouble.set("password", "next")
    rig.press("1 2 5 0 OK")
    rig.sees(screens.Scanning)
    wall.ahead_s = 7 * HOUR
    rig.scanner.show(rig.bank.new_code())
    waiting = rig.sees(screens.Password)
    wall.ahead_s = -7 * HOUR
    rig.runtime.post(ClockSynchronized(round(-7 * HOUR * 1000)))
    assert 0 < waiting.until - time.time() * 1000 < 60_000
    (order,) = rig.bank.orders()
    rig.bank.approve(order["out_trade_no"], PASSWORD)
    rig.sees(screens.PaidScreen)
    assert error_ms(rig) < 5000
    assert abs(rig.lines()[0].settled_at - time.time() * 1000) < 60_000


def test_a_certificate_from_the_future_is_told_as_a_clock_to_be_set() -> None:
    """Offline by our own clock: "setting the clock", on the screen and where OK was pressed; gone when WeChat is reached."""
    provider = Knocked([Answer(Unknown(Why.NOT_SENT, NOT_YET_VALID)), Answer(Pending(), reached=True, server_time=START)])
    flow = Flow(online=False)
    said: list[Event] = []
    lane = Lane("back office", provider, said.append, StillClock(flow.now))  # type: ignore[arg-type]
    for _ in range(2):
        lane.take(Probe())
    lane.stop()
    lane.run(lambda: None)
    flow.happen(said[0])
    assert flow.signs.clock_doubted
    flow.press("5 OK")
    assert flow.screen.hint is screens.AmountHint.CLOCK
    flow.happen(said[1])
    assert not flow.signs.clock_doubted
    assert flow.screen.hint is None
