"""The printer's lane: what is to be printed waits here, and a printer that hangs is waited for by nobody else.

The lane's own thread only waits and tells. Whatever touches the printer happens in a thread of its own for each errand; one that
does not come back in time is told of and left alone, and no other errand begins while it may still do something.

A slip is begun at most once: from the first byte on it may be on paper, and nothing that says "original" comes out twice.
"""

from __future__ import annotations

import logging
import threading
import time
from collections import deque
from collections.abc import Callable, Sequence
from typing import assert_never

from kiosk.core.events import Health, NotPrinted, Part
from kiosk.core.ports import Post
from kiosk.core.slips import Bill, PrinterTrouble, Receipt, Sample, ShiftSlip, Slip
from kiosk.printer.device import Device, Unwell
from kiosk.printer.layout import Piece

GOOD_FOR_S = 30.0  # a slip that could not be begun by then is for somebody who has left: it must not come out for the next
WAITING_MOST = 4  # then the oldest goes, for the same reason
FIRST_LOOK_S = 5.0  # after the start: what loads the library then takes nothing from the first picture
LOOK_S = 15.0  # while it is well and idle
LOOK_AGAIN_S = 2.0  # while it is not
ERRAND_MOST_S = 100.0  # longer than all that a driver waits for
SCREEN_FIRST_S = 0.15  # the step that prints shows something, too: drawing dots beside that would make it late
BEAT_S = 0.5
_log = logging.getLogger(__name__)


class PrinterLane:
    """A Printer. `open_device` and `lay_out` are called from the errands' threads, one at a time; `post` from `run`."""

    def __init__(
        self,
        post: Post,
        open_device: Callable[[], Device],
        lay_out: Callable[[Slip], Sequence[Piece]],
        errand_most_s: float = ERRAND_MOST_S,
    ) -> None:
        self._post = post
        self._open_device = open_device
        self._lay_out = lay_out
        self._errand_most_s = errand_most_s
        self._device: Device | None = None
        self._waiting: deque[tuple[Slip, float]] = deque()  # and when it was asked for
        self._given_up: deque[tuple[Slip, str]] = deque()  # never begun, and why: to be told
        self._lock = threading.Lock()
        self._wake = threading.Event()
        self._stopping = False
        self._told: PrinterTrouble | None = None
        self._look_at = 0.0

    def print(self, slip: Slip) -> None:
        with self._lock:
            self._waiting.append((slip, time.monotonic()))
            while len(self._waiting) > WAITING_MOST:
                self._given_up.append((self._waiting.popleft()[0], "too many are waiting"))
        self._wake.set()

    def stop(self) -> None:
        self._stopping = True
        self._wake.set()

    def run(self, beat: Callable[[], None]) -> None:
        self._look_at = time.monotonic() + FIRST_LOOK_S
        while not self._stopping:
            beat()
            self._drop_stale()
            errand = self._next()
            if errand is None:
                self._wake.wait(BEAT_S)
                self._wake.clear()
            else:
                self._see_through(errand, beat)

    def _next(self) -> _Errand | None:
        """What to do now. While it is unwell a slip waits for the next look."""
        now = time.monotonic()
        due = now >= self._look_at
        with self._lock:
            if self._waiting and (self._told is None or due):
                return _Errand(self._do, *self._waiting.popleft())
        return _Errand(self._do) if due else None

    def _see_through(self, errand: _Errand, beat: Callable[[], None]) -> None:
        errand.start()
        began = time.monotonic()
        hangs = False
        while not errand.done.wait(BEAT_S) and not self._stopping:
            beat()
            if not hangs and time.monotonic() - began > self._errand_most_s:
                hangs = True
                self._mark(Unwell(PrinterTrouble.SILENT, "the printer hangs: switch it off and on"))
            self._drop_stale()
        if errand.done.is_set():
            self._finish(errand)

    def _finish(self, errand: _Errand) -> None:
        self._mark(errand.unwell)
        self._look_at = time.monotonic() + (LOOK_S if errand.unwell is None else LOOK_AGAIN_S)
        if errand.slip is None:
            return
        if errand.began:
            _tell(errand.slip, None if errand.unwell is None else f"not known to be done: {errand.unwell}")
            return
        with self._lock:  # it has not begun: it waits on, until it is too old or too many are there
            room = len(self._waiting) < WAITING_MOST
            if room:
                self._waiting.appendleft((errand.slip, errand.asked_at))
            else:
                self._given_up.append((errand.slip, "too many are waiting"))

    def _drop_stale(self) -> None:
        """Give up what is too old, and tell of all that was given up: nothing of it is on paper."""
        now = time.monotonic()
        with self._lock:
            while self._waiting and now - self._waiting[0][1] >= GOOD_FOR_S:
                self._given_up.append((self._waiting.popleft()[0], "the printer was unwell for too long"))
            given_up = [self._given_up.popleft() for _ in range(len(self._given_up))]
        for slip, why in given_up:
            _tell(slip, why)
            if isinstance(slip, Receipt) and not slip.copy:
                self._post(NotPrinted(slip.out_trade_no))

    def _mark(self, unwell: Unwell | None) -> None:
        """Report how the printer is, when that has changed."""
        trouble = None if unwell is None else unwell.trouble
        if trouble is self._told:
            return
        self._told = trouble
        words = None if unwell is None else str(unwell)
        _log.log(logging.INFO if words is None else logging.WARNING, "the printer: %s", words or "it works")
        self._post(Health(Part.PRINTER, words, printer=trouble))

    def _do(self, errand: _Errand) -> None:
        """The errand itself, in its own thread."""
        if self._device is None:
            self._device = self._open_device()
        self._device.look()
        if errand.slip is not None and time.monotonic() - errand.asked_at < GOOD_FOR_S:  # the look may have taken long
            time.sleep(SCREEN_FIRST_S)
            pieces = self._lay_out(errand.slip)
            errand.began = True
            self._device.put(pieces)


class _Errand:
    """One look at the printer and, with a `slip`, its printing."""

    def __init__(self, do: Callable[[_Errand], None], slip: Slip | None = None, asked_at: float = 0.0) -> None:
        self.slip = slip
        self.asked_at = asked_at
        self.began = False
        self.unwell: Unwell | None = None
        self.done = threading.Event()
        self._do = do

    def start(self) -> None:
        threading.Thread(target=self._run, name="printer errand", daemon=True).start()

    def _run(self) -> None:
        try:
            self._do(self)
        except Unwell as unwell:
            self.unwell = unwell
        except Exception as error:  # noqa: BLE001  a thread's top: a library's mistake about a printer stops no sale
            _log.warning("the printer's driver failed", exc_info=True)
            self.unwell = Unwell(PrinterTrouble.FAULT, f"the printer's driver failed ({type(error).__name__}): see the log")
        finally:
            self.done.set()


def _tell(slip: Slip, why_not: str | None) -> None:
    """One line for each slip that was printed, or never will be."""
    match slip:
        case Receipt():
            facts = {"slip": "receipt", "out_trade_no": slip.out_trade_no, "copy": slip.copy}
        case Bill():
            facts = {"slip": "bill", "out_trade_no": slip.out_trade_no}
        case Sample():
            facts = {"slip": "sample"}
        case ShiftSlip():
            facts = {"slip": "x" if slip.shift.is_open else "z", "shift": slip.shift.shift_id, "copy": slip.copy}
        case _:
            assert_never(slip)
    if why_not is None:
        _log.info("slip printed", extra=facts)
    else:
        _log.warning("slip not printed", extra={**facts, "why": why_not})
