"""The walk over order numbers at WeChat as it is done: asked at a bounded rate, each order committed as it is found.

Decides nothing about numbers and rows, that is core/recovery.py. Whose ledger it fills is given: of a kiosk that does not run
(command.py), or of one that sells meanwhile (lost_orders.py). What is in the ledger stays as it is.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import asdict, dataclass, field
from datetime import date, datetime, timedelta, tzinfo
from typing import Any, Protocol

from kiosk.clock import SteadyClock
from kiosk.config import MerchantConfig
from kiosk.core import recovery as core
from kiosk.core.commands import Record
from kiosk.core.lifecycle import is_open
from kiosk.core.model import Answer, NotFound, Order, OrderState, Paid, Refund, Unknown, Why
from kiosk.core.numbers import OrderNumber, read_number
from kiosk.core.ports import Provider
from kiosk.core.recovery import Day
from kiosk.core.shifts import day_bounds
from kiosk.payment.history import NOBODY_KNOWS, Loss
from kiosk.payment.ledger import OrderLine

APART_S = 0.1  # at most ten questions a second
BUSY_S = (1, 2, 4, 8, 15, 30, 30)  # pauses before asking again after a 429
SILENT_S = (1, 2, 4)  # and when there was no answer, or none that proves anything
KNOWN_FROM = timedelta(days=31)  # generations that are in the ledger since then are walked without a search
TELL_EACH = 100  # questions

_PASSING = (Why.NOT_SENT, Why.TIMEOUT, Why.CUT, Why.SERVER, Why.UNVERIFIED, Why.BUSY)

Tell = Callable[[str], None]
"""Takes a line for the person who waits."""


@dataclass(slots=True)
class Found:
    """An order that was not in the ledger."""

    out_trade_no: str
    state: str
    tender: str
    amount: int
    currency: str
    transaction_id: str | None


@dataclass(slots=True)
class Report:
    """What a run came to. `problems`: number and words. `stopped`: why it did not come to its end, None when it did."""

    days: list[str]
    dry_run: bool
    asked: int = 0
    known: int = 0  # orders at WeChat that the ledger has already
    open: int = 0  # of those recovered: the running kiosk ends them
    last: str | None = None  # the number asked for last
    recovered: list[Found] = field(default_factory=list)
    problems: list[tuple[str, str]] = field(default_factory=list)
    stopped: str | None = None

    @property
    def well(self) -> bool:
        """Whether nothing is left to do or to look at."""
        return self.stopped is None and not self.problems

    def as_json(self) -> dict[str, Any]:
        """As `--json` prints it."""
        problems = [{"out_trade_no": number, "problem": words} for number, words in self.problems]
        return asdict(self) | {"problems": problems, "complete": self.stopped is None}

    def as_text(self) -> str:
        """A few lines for a person."""
        done = "would be recovered (nothing was written)" if self.dry_run else "recovered"
        lines = [f"{', '.join(self.days)}: {len(self.recovered)} orders {done}, {self.known} were in the ledger already."]
        if self.open:
            lines.append(f"{self.open} of them still open: the kiosk reverses or closes them when it runs.")
        lines += [f"{number}: {words}" for number, words in self.problems]
        if self.stopped is not None:
            lines.append(f"Not complete, it came as far as {self.last or 'nothing'}: {self.stopped}")
            lines.append("Run kiosk recover again: it keeps what is recovered.")
        return "\n".join(lines)


class _Stopped(Exception):
    """WeChat gives no answer that lets the walk go on. `str()` says why."""


class Rows(Protocol):
    """What a run needs of a ledger: an open one, or the one of a kiosk that sells meanwhile (lost_orders.py)."""

    @property
    def generation(self) -> str: ...

    def order(self, out_trade_no: str) -> Order | None: ...

    def refunds_of(self, out_trade_no: str) -> tuple[Refund, ...]: ...

    def lines(self, start: int, end: int) -> list[OrderLine]: ...

    def last_opened_at(self) -> int | None: ...

    def generations(self) -> list[str]: ...

    def losses(self) -> list[Loss]: ...

    def recovered(self, generation: str, now: int) -> None: ...

    def commit(self, records: Sequence[Record], at: int) -> None: ...


@dataclass(slots=True)
class Run:
    """One run over an open ledger. `latest` holds for each day (yymmdd) the time of the order found last, in ms."""

    shop: MerchantConfig
    provider: Provider
    ledger: Rows
    clock: SteadyClock
    tell: Tell
    sleep: Callable[[float], None]
    report: Report
    latest: dict[str, int] = field(default_factory=dict)
    stated: int | None = None

    def over(self, wanted: Sequence[date], generation: str | None, alphabet: str, had: Sequence[str]) -> Report:
        """Walk the days, in the order given. `had`: generations that are known to have made numbers here."""
        zone = self.shop.time_zone
        self.report.days = [each.isoformat() for each in wanted]
        self.latest = {_name(each): day_bounds(each, zone)[0] for each in wanted}
        days = [self._plan(each, generation, had) for each in wanted]
        generations = [first + second for first in alphabet for second in alphabet]
        if any(each.search for each in days):
            self.tell(
                f"Which generation the lost ledger had is not known: all {len(generations)} are tried, for up to "
                f"{core.FIRST * len(generations) * APART_S / 60:.0f} minutes a day. It is the two characters after the date in "
                "each order number, also on the customers' bills: --generation makes it quick."
            )
        try:
            self._walk(core.walk(self.shop.kiosk_id, days, generations))
        except (_Stopped, core.TooMany) as why:
            self.report.stopped = str(why)
        return self.report

    def bring_back(self, number: OrderNumber, at: int, *, paid: bool) -> str | None:
        """One order that a statement has and the ledger lacks. In words why not; None: it is there now, or WeChat is silent.

        `paid`: it was paid at `at`, and what went back of it stands in statements, too, each part with its number.
        """
        self.latest.setdefault(number.day, at)
        self.stated = at if paid else None
        problems = len(self.report.problems)
        try:
            there = self._settle(number)
        except _Stopped:
            return None  # no answer now: the row is not there, and it is asked for again
        if len(self.report.problems) > problems:
            return self.report.problems[-1][1]
        return None if there else "WeChat's statement has it, and WeChat does not know it: look it up in the merchant platform"

    def mark_recovered(self, days: Sequence[date], only: str | None) -> None:
        """What was missing of these days is there now, as far as WeChat knows of it. `only`: no other generation was walked."""
        for loss in self.ledger.losses():
            walked = only is None or loss.generation in (only, NOBODY_KNOWS)
            if walked and loss.recovered_at is None and set(lost_days(loss, self.shop.time_zone)) <= set(days):
                self.ledger.recovered(loss.generation, self.clock.now())

    def _plan(self, day: date, generation: str | None, had: Sequence[str]) -> Day:
        """Known are the generations in the ledger. One that is younger than the day may have had a predecessor: search."""
        zone = self.shop.time_zone
        before, start, end = day_bounds(day - KNOWN_FROM, zone)[0], *day_bounds(day, zone)
        earlier = sorted({*had, *self.ledger.generations()} - {self.ledger.generation})
        known = dict.fromkeys(earlier, 0)
        if self.ledger.last_opened_at() is not None:
            known[self.ledger.generation] = 0
        for line in self.ledger.lines(before, end):
            number = read_number(line.out_trade_no)
            if number is not None and number.kiosk_id == self.shop.kiosk_id:
                highest = number.counter if number.day == _name(day) else 0
                known[number.generation] = max(known.get(number.generation, 0), highest)
        if generation is not None:
            return Day(_name(day), {generation: known.get(generation, 0)})
        return Day(_name(day), known, search=not earlier and not self.ledger.lines(before, start))

    def _walk(self, walk: core.Walk) -> None:
        there: bool | None = None
        phase: tuple[str, str] | None = None
        while True:
            try:
                question = next(walk) if there is None else walk.send(there)
            except StopIteration:
                return
            number = question.number
            if not question.searching and phase != (number.day, number.generation):
                phase = number.day, number.generation
                self.tell(f"Order numbers of {number.day}, generation {number.generation}.")
            there = self._settle(number)
            if self.report.asked % TELL_EACH == 0:
                self.tell(f"As far as {number}: {len(self.report.recovered)} found.")

    def _settle(self, number: OrderNumber) -> bool:
        """Ask for the number, and do what follows. Whether there is such an order."""
        out_trade_no, now = str(number), self.clock.now()
        row = self.ledger.order(out_trade_no)
        answer = self._ask(out_trade_no, lambda: self.provider.ask(row or core.unknown_order(number, self.shop.currency, now)))
        there = not isinstance(answer.outcome, NotFound)
        if row is not None:
            self.latest[number.day] = max(self.latest[number.day], row.opened_at)
            wrong = core.contradiction(row, self.ledger.refunds_of(out_trade_no), answer, self.shop.numbers)
            if wrong is not None:
                self.report.problems.append((out_trade_no, wrong))
            self.report.known += there
        elif there:
            self._rebuild(number, answer, now)
        return there

    def _rebuild(self, number: OrderNumber, answer: Answer, now: int) -> None:
        """WeChat tells when a payment was made, and of nothing else when; the rest stands behind the order found before."""
        start, end = day_bounds(_day(number.day), self.shop.time_zone)
        at = self.latest[number.day]
        if isinstance(answer.outcome, Paid) and answer.outcome.paid_at is not None:
            at = min(max(answer.outcome.paid_at, start), end - 1)
        made = core.rebuild(number, answer, self.shop.numbers, at, now)
        if isinstance(made, str):
            self.report.problems.append((str(number), made))
            return
        self.latest[number.day] = at
        order, refund = made, None
        if made.state is OrderState.REFUNDED:
            order, refund = (core.paid_once(made, self.stated), None) if self.stated is not None else self._given_back(made, now)
        if not self.report.dry_run:
            self.ledger.commit(core.records(order, refund), now)
        money = order.money
        self.report.recovered.append(
            Found(order.out_trade_no, str(order.state), str(order.tender), money.amount, money.currency, order.transaction_id)
        )
        self.report.open += is_open(order)
        if order.state is OrderState.ATTENTION:
            self.report.problems.append((order.out_trade_no, str(order.note)))
        self.tell(f"{number}: {order.state} {money}")

    def _given_back(self, order: Order, now: int) -> tuple[Order, Refund | None]:
        for refund in core.refund_numbers(order):
            asked = self._ask(refund.out_refund_no, lambda refund=refund: self.provider.ask_refund(refund, order))  # type: ignore[misc]  # a default binds it now
            found = core.refunded(order, refund, asked, now)
            if found is not None:
                return found
        return order, None  # reversed, or refunded by hand: WeChat's word is all there is

    def _ask(self, number: str, call: Callable[[], Answer]) -> Answer:
        """WeChat's answer, asked for again while there is none. Raises _Stopped when it says nothing to go on with."""
        self.report.last = number
        busy, silent = iter(BUSY_S), iter(SILENT_S)
        while True:
            self.sleep(APART_S)
            self.report.asked += 1
            answer = call()
            outcome = answer.outcome
            if not isinstance(outcome, Unknown) or outcome == core.PART or _about(answer) is not None:
                return answer
            pause = next(busy if outcome.why is Why.BUSY else silent, None) if outcome.why in _PASSING else None
            if pause is None:
                said = f"{outcome.why} {outcome.detail}".strip()
                raise _Stopped(f"WeChat did not answer the question for {number} ({said}); kiosk doctor checks network and keys")
            self.tell(f"{number}: {outcome.why}, asked again in {pause} s.")
            self.sleep(pause)


def lost_days(loss: Loss, zone: tzinfo) -> list[date]:
    """The days whose orders may be missing, newest first: of a loss without a beginning the day it was noticed, and one more."""
    last = datetime.fromtimestamp(loss.noticed_at // 1000, zone).date()
    first = datetime.fromtimestamp(loss.since // 1000, zone).date() if loss.since else last - timedelta(days=1)
    return [last - timedelta(days=back) for back in range(min((last - first).days, KNOWN_FROM.days) + 1)]


def _about(answer: Answer) -> str | None:
    """The number an unreadable answer is about: such an order is there, and the walk can go on behind it."""
    return answer.echo.out_trade_no if answer.echo is not None else None


def _name(day: date) -> str:
    return f"{day:%y%m%d}"


def _day(name: str) -> date:
    return date(2000 + int(name[:2]), int(name[2:4]), int(name[4:]))
