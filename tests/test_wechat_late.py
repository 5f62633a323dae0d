"""The transport that comes late: the first request makes it, when the screen stands or a little time has passed."""

from __future__ import annotations

import threading
import time

from kiosk.core.model import Why
from kiosk.payment.wechat.exchange import Limits, Message, NoReply, Reply
from kiosk.payment.wechat.late import LateTransport
from kiosk.payment.wechat.transport import Transport

ASKED = Message("GET", "/v3/x", {})
LONG_S = 60.0


class Played(Transport):
    """Answers at once, and notes what it was given."""

    def __init__(self) -> None:
        self.given: list[float] = []
        self.stopped = False

    def exchange(self, message: Message, *, limits: Limits, **_: object) -> Reply | NoReply:  # type: ignore[override]
        del message
        self.given.append(limits.total_s)
        return Reply(200, {}, b"")

    def idle_for(self) -> float | None:
        return 1.0

    def stop(self) -> None:
        self.stopped = True


def _ask(late: LateTransport, total_s: float = LONG_S) -> Reply | NoReply:
    return late.exchange(ASKED, limits=Limits(total_s), left=lambda: None)


def test_nothing_is_made_before_something_is_sent_and_then_once() -> None:
    made: list[Played] = []

    def make() -> Played:
        made.append(Played())
        return made[-1]

    late = LateTransport(make)
    assert late.idle_for() is None
    assert made == []
    threads = [threading.Thread(target=_ask, args=[late]) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert [len(each.given) for each in made] == [4]
    assert late.idle_for() == 1.0


def test_the_first_request_waits_for_the_screen_unless_somebody_is_in_a_hurry() -> None:
    """What it has waited is no more than half of its deadline, and counts."""
    played = Played()
    late = LateTransport(lambda: played, patience_s=LONG_S)
    threading.Timer(0.05, late.begin).start()
    began = time.monotonic()
    assert isinstance(_ask(late), Reply)
    waited = time.monotonic() - began
    assert waited < LONG_S / 2
    assert LONG_S - waited <= played.given[0] < LONG_S
    impatient = LateTransport(lambda: played, patience_s=LONG_S)
    assert isinstance(_ask(impatient, 0.2), Reply)
    assert played.given[1] <= 0.1


def test_a_kiosk_that_stops_waits_for_nothing_and_sends_nothing() -> None:
    played = Played()
    late = LateTransport(lambda: played, patience_s=LONG_S)
    threading.Timer(0.05, late.stop).start()
    assert _ask(late) == NoReply(Why.NOT_SENT, "Stopped")
    assert (played.given, played.stopped) == ([], True)


def test_a_kiosk_that_stops_before_anything_was_sent_leaves_nothing_running() -> None:
    """Also not the transport that somebody makes a moment later; one that is there is stopped at once."""
    played = Played()
    late = LateTransport(lambda: played)
    late.stop()
    assert not played.stopped
    assert late.there() is late.there() is played
    assert played.stopped
    other = Played()
    there = LateTransport(lambda: other)
    there.there()
    there.stop()
    assert other.stopped
