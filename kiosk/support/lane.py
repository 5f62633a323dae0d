"""Who looks at everything when somebody opens the check-up, makes the support bundle and carries exports; in a lane of its own.

The lane's thread only waits and tells. Each step runs in a thread for itself: one that does not come back in time is told of and
left alone, and a check-up that was left begins nothing further. No sale, no commit and no picture waits for any of it.
"""

from __future__ import annotations

import logging
import threading
import time
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from functools import partial
from typing import TypeVar, assert_never

from kiosk.core.carried import CarryEnd, ExportCarried
from kiosk.core.checkup import Bundle, BundleEnd, Finding, Kind, Verdict
from kiosk.core.commands import CarryExports, Examine, MakeBundle, StartCheckup, StopCheckup
from kiosk.core.errors import KioskError
from kiosk.core.events import BundleMade, Checked, CheckupOver, EndsKnown
from kiosk.core.expiry import Ends
from kiosk.core.ports import Post
from kiosk.doctor.checks import Check

BEAT_S = 0.5
ENDS_EACH_S = 3600.0  # how often the dates of what ends are looked up
FIRST_S = 5.0  # after the start, when the first picture stands
BUNDLE_MOST_S = 120.0
EXPORTS_MOST_S = 570.0  # a year on a slow stick; the screen waits for as long
STEP_S = 20.0
_log = logging.getLogger(__name__)
T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class Step:
    """`look` is one part of a check-up; when it says nothing in `most_s`, that is the finding, about `kind`."""

    kind: Kind
    look: Callable[[], Iterable[Check]]
    most_s: float = STEP_S


class ExaminerLane:
    """An Examiner. `steps`, `ends` and `bundle` are called from errands' threads, one at a time; `post` from `run`."""

    def __init__(
        self,
        post: Post,
        steps: Callable[[], list[Step]],
        ends: Callable[[], tuple[Ends, ...]],
        bundle: Callable[[list[Check]], Bundle],
        exports: Callable[[CarryExports], ExportCarried],
    ) -> None:
        """`bundle`: makes one with these checks in it. `exports`: has them carried to a stick."""
        self._post = post
        self._steps = steps
        self._ends = ends
        self._bundle = bundle
        self._exports = exports
        self._later: Callable[[], None] | None = None
        self._lock = threading.Lock()
        self._ticket: str | None = None  # of the check-up that is wanted now
        self._wants_bundle = False
        self._wanted: CarryExports | None = None
        self._wake = threading.Event()
        self._stopping = False

    def take(self, act: Examine) -> None:
        with self._lock:
            match act:
                case StartCheckup(ticket):
                    self._ticket = ticket
                case StopCheckup():
                    self._ticket = None
                case MakeBundle():
                    self._wants_bundle = True
                case CarryExports():
                    self._wanted = act
                case _:
                    assert_never(act)
        self._wake.set()

    def later(self, errand: Callable[[], None]) -> None:
        """Do this once, when a check-up or the next look at dates leaves time for it. Any thread may call it."""
        with self._lock:
            self._later = errand

    def stop(self) -> None:
        self._stopping = True
        self._wake.set()

    def run(self, beat: Callable[[], None]) -> None:
        done: str | None = None
        checks: list[Check] = []
        ends_at = quiet_at = time.monotonic() + FIRST_S
        while not self._stopping:
            beat()
            with self._lock:
                ticket, wants_bundle, self._wants_bundle = self._ticket, self._wants_bundle, False
                wanted, self._wanted = self._wanted, None
            if ticket is not None and ticket != done:
                done, checks = ticket, self._check_up(ticket, beat)
            if wanted is not None:
                carried = self._aside("exports", partial(self._exports, wanted), EXPORTS_MOST_S, beat)
                self._post(carried or ExportCarried(wanted.ticket, CarryEnd.FAILED))
            if wants_bundle:
                made = self._aside("bundle", partial(self._bundle, checks), BUNDLE_MOST_S, beat)
                self._post(BundleMade(made if made is not None else Bundle(BundleEnd.FAILED)))
            elif time.monotonic() >= ends_at:
                ends_at = time.monotonic() + ENDS_EACH_S
                known = self._aside("dates", self._ends, BUNDLE_MOST_S, beat)
                if known is not None:
                    self._post(EndsKnown(known))
            elif time.monotonic() >= quiet_at:
                with self._lock:
                    errand, self._later = self._later, None
                if errand is not None:
                    self._aside("errand", errand, BUNDLE_MOST_S, beat)
            with self._lock:
                idle = not self._wants_bundle and self._wanted is None and self._ticket in (None, done)
            if idle:
                self._wake.wait(BEAT_S)
                self._wake.clear()

    def _check_up(self, ticket: str, beat: Callable[[], None]) -> list[Check]:
        """All steps, as long as this check-up is wanted."""
        found: list[Check] = []
        # The first time this loads what looks at things, which takes seconds: no lane's heart may wait for it.
        for step in self._aside("steps", self._steps, BUNDLE_MOST_S, beat, ticket) or ():
            if self._left(ticket):
                return found
            checks = self._aside(str(step.kind), partial(_all, step.look), step.most_s, beat, ticket)
            if self._left(ticket):
                return found
            for check in checks or []:
                found.append(check)
                self._post(Checked(ticket, check.finding(step.kind)))
            if checks is None:
                self._post(Checked(ticket, Finding(step.kind, Verdict.WARN, f"> {step.most_s:.0f} s")))
        self._post(CheckupOver(ticket))
        return found

    def _left(self, ticket: str) -> bool:
        with self._lock:
            return self._stopping or self._ticket != ticket

    def _aside(
        self, name: str, look: Callable[[], T], most_s: float, beat: Callable[[], None], ticket: str | None = None
    ) -> T | None:
        """What `look` returns within `most_s`, in a thread of its own; None: it did not, failed, or nobody wants it."""
        came: list[T] = []
        over = threading.Event()

        def work() -> None:
            try:
                came.append(look())
            except KioskError as problem:
                _log.warning("a check could not be made", extra={"part": name, "problem": str(problem)})
            except Exception:  # noqa: BLE001  a thread's top: what helps must not harm
                _log.exception("a check has failed", extra={"part": name})
            finally:
                over.set()

        threading.Thread(target=work, name=f"check-up {name}", daemon=True).start()
        until = time.monotonic() + most_s
        while not over.wait(min(BEAT_S, max(0.0, until - time.monotonic()))):
            beat()
            if self._stopping or time.monotonic() >= until or (ticket is not None and self._left(ticket)):
                return None
        return came[0] if came else None


def _all(look: Callable[[], Iterable[Check]]) -> list[Check]:
    return list(look())
