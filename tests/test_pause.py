"""An update and the shop: a kiosk that is held or on trial sells nothing, says so, and what happened is told once."""

from __future__ import annotations

from dataclasses import replace
from datetime import time

import pytest

from kiosk.config.reader import Table
from kiosk.config.update import UpdateConfig, read_update
from kiosk.core import screens
from kiosk.core.commands import Play, Reply, Sound
from kiosk.core.events import Hold
from kiosk.core.pause import HOLD_MOST
from kiosk.core.screens import News, UpdateEnd
from kiosk.core.state import is_calm, wake_at
from tests.flow import Flow

MINUTE = 60_000


def hold(flow: Flow, ms: int = MINUTE) -> Reply:
    flow.happen(Hold(flow.now + ms, "t"))
    return flow.one(Reply)


def test_a_kiosk_that_is_held_sells_nothing_until_it_is_let_go() -> None:
    """By the time, should nobody come back to it."""
    flow = Flow()
    assert hold(flow, 20_000).problem is None
    assert wake_at(flow.kiosk, flow.now) == flow.now + 20_000  # nobody has to press a key for it
    flow.sees(screens.Updating)
    flow.press("1 2 5 0 OK MENU")
    assert flow.acts == (Play(Sound.REFUSED_KEY),)
    flow.sees(screens.Updating)
    flow.pass_time(20_000)
    flow.sees(screens.Idle)
    flow.sell()


def test_it_is_let_go_at_once_when_asked() -> None:
    """A hold of no length."""
    flow = Flow()
    hold(flow)
    assert hold(flow, 0).problem is None
    flow.sees(screens.Idle)


def test_a_hold_has_an_end_whatever_is_asked() -> None:
    """The one who asked may be dead by then."""
    flow = Flow()
    hold(flow, 10 * HOLD_MOST)
    flow.pass_time(HOLD_MOST)
    flow.sees(screens.Idle)


@pytest.mark.parametrize("keys", ["1", "MENU", "1 2 5 0 OK", "1 2 5 0 QR"])
def test_whoever_stands_in_front_is_not_held_up(keys: str) -> None:
    """Nor is an order that is not settled."""
    flow = Flow()
    flow.press(keys)
    before = flow.screen
    assert hold(flow).problem is not None
    assert flow.screen == before


def test_an_order_that_goes_on_behind_is_no_quiet() -> None:
    """Though the screen is free."""
    flow = Flow()
    flow.show_qr()
    flow.press("CANCEL OK")
    flow.sees(screens.Idle)
    assert not is_calm(flow.kiosk)
    assert hold(flow).problem is not None


def test_quiet_is_measured_from_the_last_key() -> None:
    """One that led nowhere, too; and anew after a jump of the clock."""
    flow = Flow()
    flow.pass_time(MINUTE)
    since = flow.kiosk.calm_since
    assert since is not None
    assert since < flow.now
    flow.press("OK")
    assert flow.kiosk.calm_since == flow.now
    flow.press("1")
    assert flow.kiosk.calm_since is None
    flow.press("CANCEL")
    assert flow.kiosk.calm_since == flow.now


def test_a_hold_outlives_a_jump_of_the_clock() -> None:
    """The time that is left stays what it was."""
    flow = Flow(online=False)
    hold(flow)
    flow.probe(ahead_ms=3600_000)
    flow.pass_time(MINUTE - 1000)
    flow.sees(screens.Updating)
    flow.pass_time(2000)
    flow.sees(screens.Idle)


def test_on_trial_nothing_is_sold_and_nothing_given_back() -> None:
    """Whatever is pressed or asked: if it fails, nothing must have happened."""
    flow = Flow()
    number = flow.sell()
    flow.settings = replace(flow.settings, trial=True)
    flow.restart()
    flow.probe()
    flow.sees(screens.Updating)
    flow.press("1 2 5 0 OK")
    flow.sees(screens.Updating)
    assert "update is under way" in str(flow.ask_refund(number).problem)
    flow.pass_time(20 * MINUTE, lambda _: None)
    flow.sees(screens.Updating)
    assert flow.refunds(number) == ()


def test_how_an_update_ended_is_told_until_a_key() -> None:
    """The first key does what it always does."""
    flow = Flow()
    news = News("1.1.0", UpdateEnd.UNDONE)
    flow.settings = replace(flow.settings, news=news)
    flow.restart()
    flow.probe()
    assert flow.screen == screens.Idle("Harbour Snacks", news)
    flow.pass_time(MINUTE)
    assert flow.screen == screens.Idle("Harbour Snacks", news)
    flow.press("1")
    flow.sees(screens.Keying)
    flow.press("CANCEL")
    assert flow.screen == screens.Idle("Harbour Snacks")


@pytest.mark.parametrize(
    ("text", "holds", "not_"),
    [
        ("03:00-05:00", ("03:00", "04:59"), ("02:59", "05:00", "15:00")),
        ("23:30-01:00", ("23:30", "00:00", "00:59"), ("23:29", "01:00", "12:00")),
    ],
)
def test_the_quiet_hours(text: str, holds: tuple[str, ...], not_: tuple[str, ...]) -> None:
    """From the first to just before the second, over midnight too."""
    problems: list[str] = []
    read = read_update(Table("update", {"quiet": text}, problems))
    assert not problems
    assert all(read.holds(time.fromisoformat(at)) for at in holds)
    assert not any(read.holds(time.fromisoformat(at)) for at in not_)


@pytest.mark.parametrize("value", ["3-5", "24:00-05:00", "03:00 - 05:00", "03:00-03:00", "", 3, "０３:00-05:00"])
def test_what_are_no_hours(value: object) -> None:
    """Named with the remedy; the default goes on."""
    problems: list[str] = []
    read_update(Table("update", {"quiet": value}, problems))
    assert len(problems) == 1
    assert "[update] quiet" in problems[0]
    assert read_update(Table("update", None, [])) == UpdateConfig(time(3), time(5))
