"""The running kiosk's reconciliations: a thread of its own fetches a day's statement, holds it against the ledger and settles.

When a day is due is the core's to say (core/statements.py); here it is done, with a client of its own, beside the lanes. Rows are
read in the loop's thread, slice by slice, and what comes of it goes through the loop's step: committed first.
"""

from __future__ import annotations

import logging
import queue
import secrets
import tempfile
import threading
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, TypeVar

from kiosk.books.comparison import Settler, compare, seen
from kiosk.books.statement_files import from_file, of_wechat
from kiosk.core import refunds, statements
from kiosk.core.commands import Insert, Record
from kiosk.core.differences import Account, Came, Reconciliation, Source
from kiosk.core.errors import KioskError, LedgerError
from kiosk.core.events import Accounted, BooksKnown, Doubted, RefundAsked, StatementCame
from kiosk.core.lifecycle import is_open
from kiosk.core.model import Order, Refund, Sale
from kiosk.loop.rows import InLoop, of_file
from kiosk.payment import reconciliations
from kiosk.payment.wechat import WechatPay
from kiosk.payment.wechat.statements import Lack, NoStatement

if TYPE_CHECKING:
    from kiosk.clock import SteadyClock
    from kiosk.config import Config
    from kiosk.loop.runtime import Runtime
    from kiosk.payment.ledger import SqliteLedger
    from kiosk.payment.ledger_file import LedgerFile

_log = logging.getLogger(__name__)
T = TypeVar("T")

SETTLE_AGAIN_S = (2.0, 5.0, 15.0, 60.0, 300.0)  # afterwards every half hour
SETTLE_SLOWEST_S = 1800.0
KEPT_JOBS = 50


@dataclass(slots=True)
class Job:
    """One day that somebody, or the clock, wants compared. `file`: instead of WeChat's own; deleted afterwards."""

    day: str
    file: Path | None = None
    by_clock: bool = False
    share: float = 0.0
    at: str = "waits"
    done: Reconciliation | None = None
    lack: str | None = None  # why there is no comparison: not_ready, or what was wrong, in words
    how: Came | None = None
    over: threading.Event = field(default_factory=threading.Event)


class Reconciler:
    """`take` and `look` may be called from any thread; `begin` gives a job to wait for."""

    def __init__(self, config: Config, runtime: Runtime, clock: SteadyClock, provider: Callable[[], WechatPay]) -> None:
        self._config = config
        self._runtime = runtime
        self._clock = clock
        self._provider = provider
        self._books = LoopBooks(runtime, clock)
        self._wanted: queue.Queue[Job | None] = queue.Queue()
        self._looks = threading.Event()
        self._stopping = threading.Event()
        self._jobs: dict[str, Job] = {}
        self._rounds = 0  # of settling, in which nothing moved
        self._thread = threading.Thread(target=self._run, name="reconciler", daemon=True)

    def start(self) -> None:
        """Begin; nothing is done before the ledger is open."""
        self._thread.start()

    def look(self) -> None:
        """The ledger was opened: tell the loop which days it has, and go on with what stands open."""
        self._looks.set()
        self._wanted.put(None)

    def take(self, day: str) -> None:
        """The day is due."""
        self._wanted.put(Job(day, by_clock=True))

    def begin(self, day: str, file: Path | None = None) -> str:
        """Somebody wants this day compared; the name to ask `job` by."""
        name = secrets.token_hex(8)
        while len(self._jobs) >= KEPT_JOBS:
            self._jobs.pop(next(iter(self._jobs)))
        job = self._jobs[name] = Job(day, file)
        self._wanted.put(job)
        return name

    def job(self, name: str) -> Job | None:
        """What has become of it."""
        return self._jobs.get(name)

    def seen(self, day: str, number: str) -> int:
        """A person has looked at what waits for one under this number; how many differences that were. May raise KioskError."""
        count = seen(self._books, day, number, self._clock.now())
        self._wanted.put(None)  # the sign on the screen
        return count

    def stop(self, most_s: float) -> None:
        """Leave off; a day cut short is compared again by the next start."""
        self._stopping.set()
        self._wanted.put(None)
        self._thread.join(most_s)

    def _run(self) -> None:
        until: float | None = None  # when to settle again
        while not self._stopping.is_set():
            try:
                job = self._wanted.get(timeout=None if until is None else max(0.0, until - time.monotonic()))
            except queue.Empty:
                job = None
            if self._stopping.is_set():
                return
            try:
                if self._looks.is_set():
                    self._tell_loop()
                    self._looks.clear()
                if job is not None:
                    self._rounds = 0
                    self._compare(job)
                until = self._settle()
            except (KioskError, TimeoutError, queue.Full, OSError) as error:
                _log.warning("the books cannot be looked after now", extra={"problem": str(error) or type(error).__name__})
                until = time.monotonic() + SETTLE_AGAIN_S[-1]
            finally:
                if job is not None:
                    self._end(job)

    def _end(self, job: Job) -> None:
        if job.file is not None:
            job.file.unlink(missing_ok=True)
        if job.how is None:
            job.how, job.lack = Came.FAILED, job.lack or "the kiosk cannot use its ledger now; its screen says why"
        if job.by_clock or job.how in (Came.COMPARED, Came.NONE):
            try:
                self._runtime.post(StatementCame(job.day, job.how))
            except queue.Full:
                _log.warning("the loop does not look: this day is compared again after a restart", extra={"day": job.day})
        job.over.set()

    def _tell_loop(self) -> None:
        """Which days are done, and what waits for a person."""
        since = self._clock.now() - statements.NEWS_FOR

        def read(file: LedgerFile) -> BooksKnown:
            done = frozenset(each.day for each in reconciliations.days(file))
            return BooksKnown(done, reconciliations.first_opened_at(file), reconciliations.for_a_person(file, since))

        known = of_file(self._books, read)
        self._books.told = known.attention
        self._runtime.post(known)

    def _compare(self, job: Job) -> None:
        def told(share: float, at: str) -> None:
            job.share, job.at = share, at
            if self._stopping.is_set():
                raise KioskError("the kiosk stops; this day is compared after the next start")

        shop = self._config.merchant
        try:
            if job.file is not None:
                with from_file(job.file) as found:
                    job.done = compare(job.day, found, shop, self._books, self._clock.now(), told)
            else:
                self._fetch(job, told)
        except LedgerError:
            raise
        except (KioskError, OSError) as wrong:
            job.how, job.lack = Came.FAILED, str(wrong)
            _log.error("a statement could not be compared", extra={"day": job.day, "problem": str(wrong)})
            return
        if job.done is not None:
            job.how = Came.NONE if job.done.source is Source.NONE else Came.COMPARED
            _log.info(
                "a statement was held against the ledger",
                extra={"day": job.day, "rows": job.done.rows, "others": job.done.others, "agreed": job.done.agreed},
            )

    def _fetch(self, job: Job, told: Callable[[float, str], None]) -> None:
        told(0.0, "fetching")
        provider = self._provider()
        try:
            with tempfile.TemporaryFile() as file:
                found = of_wechat(provider.statement(job.day, file), file)
                if isinstance(found, NoStatement):
                    job.how, job.lack = Came.NOT_READY if found.lack is Lack.NOT_READY else Came.FAILED, found.words
                    _log.warning("no statement yet", extra={"day": job.day, "why": found.words})
                    return
                job.done = compare(job.day, found, self._config.merchant, self._books, self._clock.now(), told)
        finally:
            provider.stop()

    def _settle(self) -> float | None:
        """One round; when the next one is due, None when nothing is left."""
        standing = of_file(self._books, reconciliations.counts)
        if not any(how == "open" for _, how in standing):
            self._tell_attention()
            return None
        provider = self._provider()
        try:
            settler = Settler(
                self._config.merchant,
                self._books,
                provider,
                self._clock,
                self._pause,
                give_unknown_back=self._config.books.unknown_payments == "refund",
            )
            left = settler.settle()
        finally:
            provider.stop()
        self._tell_attention()
        if not left:
            return None
        pause = SETTLE_AGAIN_S[self._rounds] if self._rounds < len(SETTLE_AGAIN_S) else SETTLE_SLOWEST_S
        self._rounds += 1
        return time.monotonic() + pause

    def _tell_attention(self) -> None:
        since = self._clock.now() - statements.NEWS_FOR
        waits = of_file(self._books, lambda file: reconciliations.for_a_person(file, since))
        if waits != self._books.told:
            self._books.told = waits
            self._runtime.post(Accounted((), waits))

    def _pause(self, seconds: float) -> None:
        if self._stopping.wait(seconds):
            raise KioskError("the kiosk stops; its next start goes on")


class LoopBooks(InLoop):
    """The running kiosk's ledger, as a comparison needs it (reconcile.Books)."""

    def __init__(self, runtime: Runtime, clock: SteadyClock) -> None:
        super().__init__(runtime)
        self._clock = clock
        self.told = 0  # how many differences the loop knows to wait for a person

    def keep(self, rows: tuple[Account, ...]) -> None:
        """Through the loop's step; back when that is over."""
        self._runtime.post(Accounted(rows))
        self.read(lambda _: None)

    def commit(self, records: Sequence[Record]) -> None:
        self.read(lambda ledger: ledger.commit(records, self._clock.now()))
        opened = [record.row for record in records if isinstance(record, Insert)]
        if any((isinstance(row, Order) and is_open(row)) or (isinstance(row, Refund) and refunds.is_open(row)) for row in opened):
            self._runtime.reload()  # the loop looks after it from then on

    def doubt(self, order: Order, sale: Sale) -> None:
        self._runtime.post(Doubted(order, sale))

    def give_back(self, order: Order) -> None:
        """As `kiosk refund` asks for it."""

        def asked(ledger: SqliteLedger) -> RefundAsked | None:
            sale = ledger.sale(order.sale_id)
            return None if sale is None else RefundAsked(order, sale, ledger.refunds_of(order.out_trade_no), None, "")

        event = self.read(asked)
        if event is not None and not event.before:
            self._runtime.post(event)
