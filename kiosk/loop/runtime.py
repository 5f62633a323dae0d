"""The loop: an event from the inbox, one step, the commit, and only then the acts. Owns the ledger's thread.

Knows the ports and the pure step; no concrete driver. When the ledger fails, nothing of the step is kept and nothing leaves;
the ledger is opened afresh and the rows alone say how to go on.
"""

# long: one arm an act, and the loop around them

from __future__ import annotations

import logging
import queue
import threading
import time
from collections import deque
from collections.abc import Callable
from concurrent.futures import Future
from dataclasses import dataclass
from typing import Any, TypeVar, assert_never, cast

from kiosk.core.commands import (
    Act,
    Announce,
    Ask,
    AskForRefund,
    AskRefund,
    CarryExports,
    Charge,
    CheckPin,
    Close,
    CorrectClock,
    FetchStatement,
    GiveBack,
    Heard,
    Hush,
    KeepPin,
    LookUp,
    MakeBundle,
    Place,
    Play,
    Print,
    Probe,
    ReadPast,
    ReadShift,
    Reply,
    Reverse,
    StartCheckup,
    StartScan,
    StartTraining,
    StopCheckup,
    StopScan,
    TryVoice,
    Update,
    Warm,
)
from kiosk.core.errors import LedgerBusy, LedgerError, LedgerFull
from kiosk.core.events import Event, Health, Key, Left, LookedUp, Part, PastRead, Pressed, RefundAsked, ShiftRead, Tick
from kiosk.core.lifecycle import is_open, watched_since
from kiosk.core.model import Order
from kiosk.core.ports import Clock, Examiner, Keyholder, Ledger, Printer, Scanner
from kiosk.core.screens import Network, OutOfOrder, Signs, View
from kiosk.core.state import Kiosk, Settings, Step, wake_at
from kiosk.core.step import resume, step
from kiosk.core.till import Idle, Scanning
from kiosk.core.view import view
from kiosk.loop.lanes import Lane
from kiosk.loop.order_log import tell
from kiosk.loop.reading import Read, read
from kiosk.loop.training import Trainings

_log = logging.getLogger(__name__)
T = TypeVar("T")

INBOX_MOST = 1000
BEAT_MS = 1000
OPEN_AGAIN_S = 3.0
BUSY_MOST_MS = 3000
BUSY_AGAIN_S = 0.1
QUIET_MS = 30_000  # then the ledger may checkpoint
LEAVE_MOST_S = 0.05  # a charge on a warm connection begins to leave long before
BYTES_OUT_S = 0.002  # from then on it needs less


@dataclass(frozen=True, slots=True)
class _Question:
    """Something another thread wants to know of ledger and kiosk, answered in the loop's thread."""

    put: Callable[[Ledger, Kiosk], Any]
    answer: Future[Any]


class Runtime:
    """`run` is the loop's thread; `post` and `ask` may be called from any other."""

    def __init__(
        self,
        settings: Settings,
        open_ledger: Callable[[], Ledger],
        clock: Clock,
        show: Callable[[View], None],
        play: Callable[[Heard], None],
    ) -> None:
        self._settings = settings
        self._open_ledger = open_ledger
        self._clock = clock
        self._show = show
        self._play = play
        self._inbox: queue.Queue[Event | _Question | None] = queue.Queue(INBOX_MOST)
        self._counter: Lane
        self._back_office: Lane
        self._scanner: Scanner | None = None
        self._printer: Printer | None = None
        self._examiner: Examiner | None = None
        self._fetch: Callable[[str], None] | None = None
        self._keyholder: Keyholder | None = None
        self._to_read: deque[Read] = deque()  # what it brings are the next events
        self._stopping = threading.Event()
        self._left = threading.Event()  # the charge dispatched last begins to leave
        self._replies: dict[str, Future[Reply]] = {}
        self._shown: View | None = None
        self._reload = threading.Event()
        self._health: dict[Part, Health] = {}  # as the parts last told; a ledger opened afresh knows nothing of it
        self._training = Trainings()
        self.opened = threading.Event()  # the ledger is open and what it holds is being asked for

    def use(self, counter: Lane, back_office: Lane) -> None:
        """The lanes acts leave by."""
        self._counter, self._back_office = counter, back_office

    def use_scanner(self, scanner: Scanner) -> None:
        """The scanner acts go to."""
        self._scanner = scanner

    def use_printer(self, printer: Printer) -> None:
        """The printer acts go to."""
        self._printer = printer

    def use_examiner(self, examiner: Examiner) -> None:
        """Who looks at everything when somebody wants to know."""
        self._examiner = examiner

    def use_training(self, trainings: Trainings) -> None:
        """Where people learn, beside what is real."""
        self._training = trainings

    def use_keyholder(self, keyholder: Keyholder) -> None:
        """Who knows the operators' PINs."""
        self._keyholder = keyholder

    def use_fetcher(self, fetch: Callable[[str], None]) -> None:
        """Who has a day's statement fetched; never blocks."""
        self._fetch = fetch

    def post(self, event: Event) -> None:
        """Put an event into the inbox. Raises queue.Full when the loop has not looked for seconds: the poster must not go on."""
        if isinstance(event, Left):
            self._left.set()
        self._inbox.put(event, timeout=5.0)

    def ask(self, put: Callable[[Ledger, Kiosk], T], timeout_s: float = 10.0) -> T:
        """Let `put(ledger, kiosk)` run between two steps and return what it returned or raise what it raised."""
        question: _Question = _Question(put, Future())
        self._inbox.put(question, timeout=timeout_s)
        return cast("T", question.answer.result(timeout_s))

    def expect_reply(self, token: str) -> Future[Reply]:
        """The answer that a Reply act with this token will bring."""
        self._replies[token] = Future()
        return self._replies[token]

    def now(self) -> int:
        """The kiosk's own clock, Unix ms."""
        return self._clock.now()

    def reload(self) -> None:
        """Once nobody stands in front, open the ledger afresh: rows were put in that the loop does not look after yet."""
        self._reload.set()

    def stop(self) -> None:
        """End after the event under way. The lanes have ended before: what they brought is still written down."""
        self._stopping.set()
        self._inbox.put(None)

    def run(self, beat: Callable[[], None]) -> None:
        """The loop. Raises LedgerBusy when another kiosk holds the ledger; any other trouble with it is shown and waited out."""
        patience_until = self._clock.now() + BUSY_MOST_MS
        while not self._stopping.is_set():
            beat()
            try:
                ledger = self._open_ledger()
            except LedgerBusy:  # a command that looks something up holds it for a moment only
                if self._clock.now() >= patience_until:
                    raise
                self._stopping.wait(BUSY_AGAIN_S)
                continue
            except LedgerError as problem:
                self._out_of_order(problem)
                self._stopping.wait(OPEN_AGAIN_S)
                continue
            try:
                self._serve(ledger, beat)
            except LedgerFull as problem:  # there is room now for what is under way: on with it
                self._out_of_order(problem)
            except LedgerError as problem:
                self._out_of_order(problem)
                self._stopping.wait(OPEN_AGAIN_S)
            finally:
                self._training.leave()
                ledger.close()

    def _serve(self, ledger: Ledger, beat: Callable[[], None]) -> None:
        now = self._clock.now()
        self._drop_keys()
        self._to_read.clear()
        snapshot = ledger.load(watched_since(now, ledger.last_opened_at()))
        parents = {}
        for refund in snapshot.refunds:
            order = ledger.order(refund.out_trade_no)
            if order is None:
                raise LedgerError(f"refund {refund.out_refund_no} is of no order: restore the ledger from a backup")
            parents[order.out_trade_no] = (order, ledger.refunds_of(order.out_trade_no))
        kiosk = self._carry_out(ledger, resume(self._settings, snapshot, parents, now))
        for told in self._health.values():
            kiosk = self._carry_out(ledger, step(kiosk, told, now))
        kiosk = self._mind(ledger, kiosk)
        if self._training.only and not self._settings.trial:
            self._train()
            self._look(kiosk)
        self.opened.set()
        busy_at = minded_at = now

        def quiet() -> bool:
            beat()
            return self._inbox.empty()

        while True:
            beat()
            if self._reload.is_set() and isinstance(kiosk.till, Idle):
                self._reload.clear()
                return
            if self._clock.now() - minded_at >= BEAT_MS:
                minded_at = self._clock.now()
                kiosk = self._mind(ledger, kiosk)
            event = self._read(ledger) if self._to_read else self._next(kiosk)
            if event is None:
                break
            if isinstance(event, _Question):
                self._answer(event, ledger, kiosk)
                continue
            if isinstance(event, Health):
                self._health[event.part] = event
            now = self._clock.now()
            if not isinstance(event, Tick):
                busy_at = now
            elif now - busy_at >= QUIET_MS and not any(is_open(order) for order in kiosk.orders.values()):
                ledger.idle(now, quiet)
                busy_at = now
            kiosk = self._carry_out(ledger, step(kiosk, self._training.hear(event, now), now))
        self._training.leave()
        self._wind_up(ledger, kiosk)

    def _train(self) -> None:
        self._training.enter(self._settings, self._dispatch, self._health.values(), self._clock.now())

    def _mind(self, ledger: Ledger, kiosk: Kiosk) -> Kiosk:
        """Let the kiosk know whether its ledger has room for something new."""
        problem = ledger.trouble()
        if problem == kiosk.problems.get(Part.LEDGER):
            return kiosk
        _log.warning("room for new sales", extra={"problem": problem or "there is room again"})
        return self._carry_out(ledger, step(kiosk, Health(Part.LEDGER, problem), self._clock.now()))

    def _next(self, kiosk: Kiosk) -> Event | _Question | None:
        now = self._clock.now()
        wait_ms = min(self._training.wake_at(wake_at(kiosk, now), now) - now, BEAT_MS)
        try:
            return self._inbox.get(timeout=wait_ms / 1000) if wait_ms > 0 else self._inbox.get_nowait()
        except queue.Empty:
            return Tick()

    def _read(self, ledger: Ledger) -> LookedUp | PastRead | ShiftRead | RefundAsked:
        return read(ledger, self._to_read.popleft())

    def _carry_out(self, ledger: Ledger, made: Step) -> Kiosk:
        """Commit, then act. LedgerError leaves before anything of the step is kept."""
        if made.records:
            ledger.commit(made.records, self._clock.now())
        for act in made.acts:
            self._dispatch(act)
        self._look(made.kiosk)
        for record in made.records:
            if isinstance(record, Update) and isinstance(record.row, Order) and not is_open(record.row):
                tell(record.row, record.why)
        return made.kiosk

    def _look(self, kiosk: Kiosk) -> None:
        """Show what has changed: of the training, while there is one."""
        now = self._clock.now()
        shown = self._training.view(now) or view(kiosk, now)
        if shown != self._shown:
            self._shown = shown
            self._show(shown)

    def _dispatch(self, act: Act) -> None:  # noqa: C901, PLR0912  a match over a closed union
        match act:
            case Charge():
                self._let_leave(act)
            case Warm():
                self._counter.take(act)
            case Place() | Ask() | Reverse() | Close():
                (self._counter if act.at_counter else self._back_office).take(act)
            case GiveBack() | AskRefund() | Probe():
                self._back_office.take(act)
            case StartScan(ticket, look_for, used):
                if self._scanner is not None:
                    self._scanner.scan(ticket, look_for, used)
            case StopScan():
                if self._scanner is not None:
                    self._scanner.pause()
            case Play() | Announce() | TryVoice() | Hush():
                self._play(act)
            case Print(slip):
                if self._printer is not None:
                    self._printer.print(slip)
            case StartCheckup() | StopCheckup() | MakeBundle() | CarryExports():
                if self._examiner is not None:
                    self._examiner.take(act)
            case StartTraining():
                self._train()
            case FetchStatement(day):
                if self._fetch is not None:
                    self._fetch(day)
            case CorrectClock(offset_ms):
                self._clock.correct(offset_ms)
                _log.warning("the clock was corrected", extra={"offset_ms": offset_ms})
            case Reply(token):
                waiting = self._replies.pop(token, None)
                if waiting is not None:
                    waiting.set_result(act)
            case LookUp() | ReadPast() | ReadShift() | AskForRefund():
                self._to_read.append(act)
            case CheckPin() | KeepPin():
                if self._keyholder is not None:
                    self._keyholder.take(act)
            case _:
                assert_never(act)

    def _let_leave(self, charge: Charge) -> None:
        """Picture and commit wait until the charge is on its way: threads take turns of 5 ms, and it needs 2 ms if left alone."""
        self._left.clear()
        self._counter.take(charge)
        if self._left.wait(LEAVE_MOST_S):
            time.sleep(BYTES_OUT_S)

    def _drop_keys(self) -> None:
        """Keys pressed while there was no till are not a sale; answers that came in meanwhile are kept."""
        kept: list[Event | _Question | None] = []
        while True:
            try:
                event = self._inbox.get_nowait()
            except queue.Empty:
                break
            if not isinstance(event, Pressed):
                kept.append(event)
        for event in kept:
            self._inbox.put(event)

    def _answer(self, question: _Question, ledger: Ledger, kiosk: Kiosk) -> None:
        try:
            question.answer.set_result(question.put(ledger, kiosk))
        except LedgerError as problem:
            question.answer.set_exception(problem)
            raise  # whoever asked, the ledger is opened afresh before the next sale, not by it

    def _wind_up(self, ledger: Ledger, kiosk: Kiosk) -> None:
        """Write down what still came in. What never left needs no question after the next start."""
        if isinstance(kiosk.till, Scanning):
            kiosk = self._keep(ledger, step(kiosk, Pressed(Key.CANCEL), self._clock.now()))
        while True:
            try:
                event = self._inbox.get_nowait()
            except queue.Empty:
                return
            if isinstance(event, _Question):
                self._answer(event, ledger, kiosk)
            elif event is not None:
                kiosk = self._keep(ledger, step(kiosk, event, self._clock.now()))

    def _keep(self, ledger: Ledger, made: Step) -> Kiosk:
        if made.records:
            ledger.commit(made.records, self._clock.now())
        return made.kiosk

    def _out_of_order(self, problem: LedgerError) -> None:
        _log.error("the ledger cannot be used", extra={"problem": str(problem)})
        signs = Signs(Network.CONNECTING, clock_known=False, unresolved=0)
        self._shown = View(OutOfOrder(str(problem)), signs)
        self._show(self._shown)
