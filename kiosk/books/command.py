"""`kiosk reconcile`: the days asked for, at the running kiosk over its socket, or here while none runs; then the report.

Without a kiosk the ledger is opened for moments only, when a statement is there to be held against it.
"""

from __future__ import annotations

import calendar
import tempfile
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import closing, contextmanager
from dataclasses import asdict
from datetime import date
from pathlib import Path
from typing import Any, TypeVar

from kiosk import ledgers, parts
from kiosk.books.answers import told_of
from kiosk.books.comparison import Settler, Tell, compare, seen
from kiosk.books.statement_files import from_file, hand_over, of_wechat
from kiosk.clock import SteadyClock
from kiosk.config import Config
from kiosk.control.unix_socket import ControlUnavailable, ask
from kiosk.core import refunds, statements
from kiosk.core.commands import Insert, Keep, Record
from kiosk.core.differences import Account
from kiosk.core.errors import KioskError
from kiosk.core.model import Order, Sale
from kiosk.payment.ledger import SqliteLedger
from kiosk.payment.wechat.statements import NoStatement

T = TypeVar("T")
_LOOK_S = 0.3
_SETTLE_MOST_S = 20.0  # so long a command waits for WeChat's word on what differs


def days_of(wanted: str, now: int) -> list[str]:
    """The Beijing days that a day, a month or "" (yesterday) names, as far as their statements can be there. KioskError."""
    last = statements.last_ready(now)
    if not wanted:
        return [last]
    if len(wanted) == len("2026-01-05"):
        if wanted > last:
            raise KioskError(f"the statement of {wanted} is not there yet: it comes at 10:00 Beijing time of the next day")
        return [wanted]
    year, month = int(wanted[:4]), int(wanted[5:])
    days = [date(year, month, each).isoformat() for each in range(1, calendar.monthrange(year, month)[1] + 1)]
    found = [day for day in days if day <= last]
    if not found:
        raise KioskError(f"no statement of {wanted} is there yet")
    return found


def reconcile(config: Config, days: Sequence[str], file: Path | None, tell: Tell) -> dict[str, Any]:
    """Compare these days, one after the other; what the ledger has of them then, and `lacking` by day."""
    try:
        ask(config.control.socket, {"do": "state"})
    except ControlUnavailable:
        return _alone(config, days, file, tell)
    return _at_kiosk(config, days, file, tell)


def look_at(config: Config, day: str, number: str) -> int:
    """A person has looked at what waits for one under this number; how many differences that settles."""
    try:
        answer = ask(config.control.socket, {"do": "seen", "day": day, "number": number}, 15.0)
    except ControlUnavailable:
        books = _FileBooks(config, SteadyClock())
        with books.open():
            return seen(books, day, number, SteadyClock().now())
    if "problem" in answer:
        raise KioskError(f"The running kiosk says: {answer['problem']}")
    return int(str(answer["count"]))


def settlements(config: Config, first: str, last: str) -> list[dict[str, Any]] | str:
    """The batches settled in these days, as WeChat tells them; in words why not."""
    provider = parts.make_provider(config, SteadyClock())
    try:
        found = provider.settlements(first, last)
    finally:
        provider.stop()
    return found.words if isinstance(found, NoStatement) else [asdict(batch) for batch in found]


def _at_kiosk(config: Config, days: Sequence[str], file: Path | None, tell: Tell) -> dict[str, Any]:
    def put(request: dict[str, object]) -> dict[str, Any]:
        answer = ask(config.control.socket, request, 60.0)
        if "problem" in answer:
            raise KioskError(f"The running kiosk says: {answer['problem']}")
        return answer

    lacking: dict[str, str] = {}
    for count, day in enumerate(days):
        copy = None if file is None else hand_over(file, config.ledger.path.parent)
        job = put({"do": "reconcile", "day": day, "file": None if copy is None else copy.name})["job"]
        while True:
            told = put({"do": "reconciling", "job": job})
            tell((count + float(told["share"])) / len(days), day)
            if told["over"]:
                break
            time.sleep(_LOOK_S)
        if told["lack"]:
            lacking[day] = str(told["lack"])
    until = time.monotonic() + _SETTLE_MOST_S
    while True:
        books: dict[str, Any] = put({"do": "books", "first": days[0], "last": days[-1]})["books"]
        if not any(day["open"] for day in books["days"]) or time.monotonic() >= until:
            return {**books, "lacking": lacking}
        time.sleep(_LOOK_S)


def _alone(config: Config, days: Sequence[str], file: Path | None, tell: Tell) -> dict[str, Any]:
    clock = SteadyClock()
    provider = parts.make_provider(config, clock)
    lacking: dict[str, str] = {}
    books = _FileBooks(config, clock)
    try:
        for count, day in enumerate(days):

            def told(share: float, _at: str, count: int = count, day: str = day) -> None:
                tell((count + share) / len(days), day)

            if file is not None:
                with from_file(file) as found, books.open():
                    compare(day, found, config.merchant, books, clock.now(), told)
                continue
            with tempfile.TemporaryFile() as plain:
                came = of_wechat(provider.statement(day, plain), plain)
                if isinstance(came, NoStatement):
                    lacking[day] = came.words
                    continue
                with books.open():
                    compare(day, came, config.merchant, books, clock.now(), told)
        with books.open():
            give_back = config.books.unknown_payments == "refund"
            Settler(config.merchant, books, provider, clock, time.sleep, give_unknown_back=give_back).settle()
            return {**books.read(lambda ledger: told_of(ledger, days[0], days[-1])), "lacking": lacking}
    finally:
        provider.stop()


class _FileBooks:
    """The ledger itself, while no kiosk runs (reconcile.Books)."""

    def __init__(self, config: Config, clock: SteadyClock) -> None:
        self._config = config
        self._clock = clock
        self._ledger: SqliteLedger | None = None

    @contextmanager
    def open(self) -> Iterator[None]:
        """While it is needed. LedgerBusy when a kiosk has just started."""
        with closing(ledgers.to_write(self._config, self._clock)) as self._ledger:
            yield
        self._ledger = None

    def read(self, question: Callable[[SqliteLedger], T]) -> T:
        assert self._ledger is not None
        return question(self._ledger)

    def keep(self, rows: tuple[Account, ...]) -> None:
        self.commit([Keep(row) for row in rows])

    def commit(self, records: Sequence[Record]) -> None:
        assert self._ledger is not None
        self._ledger.commit(records, self._clock.now())

    def doubt(self, order: Order, sale: Sale) -> None:
        """Nobody looks after it here: the kiosk does when it runs, and the difference stays open until then."""

    def give_back(self, order: Order) -> None:
        made = refunds.begin(order, self.read(lambda ledger: ledger.refunds_of(order.out_trade_no)), None, self._clock.now())
        if not isinstance(made, refunds.Refusal):
            self.commit([Insert(made, "refund asked")])
