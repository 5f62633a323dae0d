"""The lane of check-ups: nothing that hangs, fails or comes late holds anybody up."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager

import pytest

from kiosk.core.carried import CarryEnd, ExportCarried
from kiosk.core.checkup import Bundle, BundleEnd, Finding, Kind, Verdict
from kiosk.core.commands import CarryExports, MakeBundle, StartCheckup, StopCheckup
from kiosk.core.errors import LedgerError
from kiosk.core.events import BundleMade, Checked, CheckupOver, EndsKnown, Event
from kiosk.core.expiry import Ends, Lasting
from kiosk.doctor.checks import Check
from kiosk.support import lane as lane_file
from kiosk.support.lane import ExaminerLane, Step

WELL = Check("x", Verdict.OK, "well", value="7")
PATIENCE_S = 20.0


class Heard:
    """What the lane posted, and a way to wait for it."""

    def __init__(self) -> None:
        self.events: list[Event] = []
        self._came = threading.Condition()

    def post(self, event: Event) -> None:
        with self._came:
            self.events.append(event)
            self._came.notify_all()

    def wait(self, fact: Callable[[list[Event]], bool]) -> list[Event]:
        with self._came:
            assert self._came.wait_for(lambda: fact(self.events), PATIENCE_S), self.events
            return list(self.events)


@contextmanager
def running(
    steps: list[Step],
    heard: Heard,
    bundle: Callable[[list[Check]], Bundle] | None = None,
    exports: Callable[[CarryExports], ExportCarried] = lambda wanted: ExportCarried(wanted.ticket, CarryEnd.NO_STICK),
) -> Iterator[ExaminerLane]:
    """A lane at work, with a heart that is counted."""
    lane = ExaminerLane(heard.post, lambda: steps, lambda: (), bundle or (lambda _: Bundle(BundleEnd.KEPT, "b")), exports)
    thread = threading.Thread(target=lane.run, args=(lambda: None,), daemon=True)
    thread.start()
    try:
        yield lane
    finally:
        lane.stop()
        thread.join(PATIENCE_S)
        assert not thread.is_alive()


def over(events: list[Event]) -> bool:
    """Whether the check-up has ended."""
    return any(isinstance(event, CheckupOver) for event in events)


def test_findings_come_one_by_one_under_their_ticket() -> None:
    """In the order of the steps, and the end is told."""
    heard = Heard()
    with running([Step(Kind.POWER, lambda: [WELL]), Step(Kind.CLOCK, lambda: [WELL])], heard) as lane:
        lane.take(StartCheckup("t1"))
        events = heard.wait(over)
    found = [Finding(kind, Verdict.OK, "7") for kind in (Kind.POWER, Kind.CLOCK)]
    assert events == [*(Checked("t1", one) for one in found), CheckupOver("t1")]


def test_a_step_that_hangs_or_fails_is_told_of_and_left_alone() -> None:
    """The next one comes all the same."""
    heard, never = Heard(), threading.Event()

    def hangs() -> list[Check]:
        never.wait(PATIENCE_S)
        return [WELL]

    def fails() -> list[Check]:
        raise LedgerError("the disk is gone")

    def breaks() -> list[Check]:
        raise ValueError

    steps = [Step(Kind.NAME, hangs, 0.2), Step(Kind.LEDGER, fails), Step(Kind.WEAR, breaks), Step(Kind.POWER, lambda: [WELL])]
    with running(steps, heard) as lane:
        lane.take(StartCheckup("t1"))
        events = heard.wait(over)
        never.set()
    verdicts = {event.finding.kind: event.finding.verdict for event in events if isinstance(event, Checked)}
    assert verdicts == dict.fromkeys((Kind.NAME, Kind.LEDGER, Kind.WEAR), Verdict.WARN) | {Kind.POWER: Verdict.OK}


def test_left_it_begins_nothing_further_and_says_nothing_more() -> None:
    """The step under way ends by itself; what it brings is nobody's."""
    heard, here, go_on = Heard(), threading.Event(), threading.Event()
    begun: list[str] = []

    def slow() -> list[Check]:
        here.set()
        go_on.wait(PATIENCE_S)
        return [WELL]

    def next_one() -> list[Check]:
        begun.append("next")
        return [WELL]

    with running([Step(Kind.NAME, slow), Step(Kind.TLS, next_one)], heard) as lane:
        lane.take(StartCheckup("t1"))
        assert here.wait(PATIENCE_S)
        lane.take(StopCheckup())
        lane.take(MakeBundle())
        heard.wait(lambda events: any(isinstance(event, BundleMade) for event in events))
        go_on.set()
    assert begun == []
    assert heard.events == [BundleMade(Bundle(BundleEnd.KEPT, "b"))]


def test_a_bundle_that_cannot_be_made_is_told_of() -> None:
    """And the lane lives on."""
    heard = Heard()

    def full(_: list[Check]) -> Bundle:
        raise OSError

    with running([], heard, full) as lane:
        lane.take(MakeBundle())
        heard.wait(lambda events: BundleMade(Bundle(BundleEnd.FAILED)) in events)
        lane.take(StartCheckup("t2"))
        heard.wait(over)


def test_what_ends_is_told_and_errands_are_done_when_there_is_time(monkeypatch: pytest.MonkeyPatch) -> None:
    """The dates first, also when there are none any more; an errand once."""
    monkeypatch.setattr(lane_file, "FIRST_S", 0.0)
    heard, done = Heard(), threading.Event()
    known = (Ends(Lasting.PAGE, 7),)
    lane = ExaminerLane(heard.post, list, lambda: known, lambda _: Bundle(BundleEnd.FAILED), pytest.fail)
    lane.later(done.set)
    thread = threading.Thread(target=lane.run, args=(lambda: None,), daemon=True)
    thread.start()
    heard.wait(lambda events: events == [EndsKnown(known)])
    assert done.wait(PATIENCE_S)
    lane.stop()
    thread.join(PATIENCE_S)
    assert heard.events == [EndsKnown(known)]
