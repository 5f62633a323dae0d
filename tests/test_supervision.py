"""The watchdog is fed only while every heart beats, and a thread that is gone is never overlooked."""

from __future__ import annotations

import logging
import threading
from collections.abc import Callable

import pytest

from kiosk.core.errors import LedgerBusy
from kiosk.loop.supervision import Heartbeats, Supervisor


class Clock:
    """A monotonic clock that goes when told."""

    def __init__(self) -> None:
        self.at = 100.0

    def __call__(self) -> float:
        return self.at


class Watched:
    """A supervisor with everything it does written down."""

    def __init__(self) -> None:
        self.clock = Clock()
        self.fed = 0
        self.fatal: list[str] = []
        self.ended = threading.Event()
        self.hearts = Heartbeats(self.clock)
        self.supervisor = Supervisor(self.hearts, self.feed, self.on_fatal, every_s=0.001)

    def feed(self) -> None:
        self.fed += 1

    def on_fatal(self, name: str) -> None:
        self.fatal.append(name)
        self.ended.set()


@pytest.fixture
def watched() -> Watched:
    """One for each test."""
    return Watched()


def waiting_for(event: threading.Event) -> Callable[[], None]:
    """A thread's work: nothing, until told to end."""

    def target() -> None:
        event.wait(20)

    return target


def test_a_heart_is_stale_after_its_own_limit() -> None:
    """Registering is the first beat; each has its own patience."""
    clock = Clock()
    hearts = Heartbeats(clock)
    hearts.register("loop", 2.0)
    hearts.register("counter lane", 30.0)
    clock.at += 2.0
    assert hearts.stale() == []
    clock.at += 0.1
    assert hearts.stale() == ["loop"]
    hearts.beat("loop")
    assert hearts.stale() == []
    clock.at += 100
    assert hearts.stale() == ["loop", "counter lane"]
    hearts.retire("loop")
    assert hearts.stale() == ["counter lane"]


def test_a_name_beats_once_registered_and_once_only() -> None:
    """A misspelt name must not look alive, nor two threads hide behind one."""
    hearts = Heartbeats(Clock())
    with pytest.raises(KeyError, match="lop"):
        hearts.beat("lop")
    hearts.register("loop", 1.0)
    with pytest.raises(ValueError, match="'loop' beats already"):
        hearts.register("loop", 1.0)


def test_the_watchdog_is_fed_while_all_are_fresh(watched: Watched) -> None:
    """And not any more from the first silence on, even if the heart comes back."""
    watched.hearts.register("main", 5.0)
    assert watched.supervisor.check()
    assert watched.fed == 1
    watched.clock.at += 6
    assert not watched.supervisor.check()
    assert (watched.fed, watched.fatal) == (1, ["main"])
    watched.hearts.beat("main")
    assert not watched.supervisor.check()
    assert (watched.fed, watched.fatal, watched.supervisor.failed) == (1, ["main"], True)


def test_the_supervisor_looks_by_itself(watched: Watched) -> None:
    """Started, it feeds; a heart that stops is found without anybody asking."""
    fed = threading.Event()
    supervisor = Supervisor(watched.hearts, fed.set, watched.on_fatal, every_s=0.001)
    watched.hearts.register("main", 5.0)
    supervisor.start()
    assert fed.wait(10)
    watched.clock.at += 6
    assert watched.ended.wait(10)
    assert watched.fatal == ["main"]
    supervisor.stop()
    assert supervisor.join(10) == []


def test_an_exception_in_a_thread_stops_the_kiosk(watched: Watched, caplog: pytest.LogCaptureFixture) -> None:
    """It is logged with its traceback and its thread's name."""

    def target() -> None:
        raise ZeroDivisionError("a mistake of ours")

    watched.supervisor.spawn("keypad", target, 5.0)
    assert watched.ended.wait(10)
    assert watched.supervisor.join(10) == []
    assert watched.fatal == ["keypad"]
    assert "a mistake of ours" in caplog.text
    assert not watched.supervisor.check()
    assert watched.fed == 0


def test_an_error_with_a_remedy_is_told_without_a_traceback(watched: Watched, caplog: pytest.LogCaptureFixture) -> None:
    """The sentence is what the person in front needs; the kiosk stops all the same."""

    def target() -> None:
        raise LedgerBusy("another kiosk holds it; stop it first")

    watched.supervisor.spawn("loop", target, 5.0)
    assert watched.ended.wait(10)
    assert watched.fatal == ["loop"]
    assert [record.getMessage() for record in caplog.records] == ["another kiosk holds it; stop it first"]
    assert caplog.records[0].exc_info is None


def test_a_thread_that_just_ends_stops_the_kiosk(watched: Watched) -> None:
    """A loop that returned is as dead as one that raised."""
    watched.supervisor.spawn("scanner link", lambda: None, 5.0)
    assert watched.ended.wait(10)
    assert watched.fatal == ["scanner link"]


def test_a_thread_may_end_when_the_kiosk_stops(watched: Watched) -> None:
    """Then it is no longer waited for, and nothing is fatal."""
    go = threading.Event()
    watched.supervisor.spawn("loop", waiting_for(go), 5.0)
    watched.supervisor.stop()
    go.set()
    assert watched.supervisor.join(10) == []
    watched.clock.at += 60
    assert watched.hearts.stale() == []
    assert watched.fatal == []


def test_an_exception_while_stopping_is_not_swallowed(watched: Watched, caplog: pytest.LogCaptureFixture) -> None:
    """The exit must not look clean."""

    def target() -> None:
        raise ZeroDivisionError("on the way down")

    watched.supervisor.stop()
    watched.supervisor.spawn("loop", target, 5.0)
    assert watched.ended.wait(10)
    assert watched.fatal == ["loop"]
    assert "on the way down" in caplog.text


def test_the_kiosk_is_brought_down_once(watched: Watched, caplog: pytest.LogCaptureFixture) -> None:
    """The second failure is logged; stopping has begun already."""
    with caplog.at_level(logging.CRITICAL):
        watched.supervisor.fatal("loop", "first")
        watched.supervisor.fatal("keypad", "second")
    assert watched.fatal == ["loop"]
    assert [record.getMessage() for record in caplog.records] == ["first", "second"]
    assert caplog.records[1].part == "keypad"  # type: ignore[attr-defined]


def test_threads_that_do_not_end_are_named(watched: Watched) -> None:
    """So that the log says who held up the stop."""
    go = threading.Event()
    watched.supervisor.spawn("counter lane", waiting_for(go), 60.0)
    watched.supervisor.stop()
    assert watched.supervisor.join(0.01) == ["counter lane"]
    go.set()
    assert watched.supervisor.join(10) == []
