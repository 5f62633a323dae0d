"""What a screen, a command or a report asks of the ledger costs the same after a million sales as after a thousand.

Both ledgers have 100 sales a day, and the same days at their ends are asked for by turns. What counts is the thread's own time,
and of that what four of five turns were slower than: other work on the machine has little part in it, and a card's has none, as
both lie in memory by then.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from contextlib import closing
from pathlib import Path
from statistics import quantiles

import pytest

from kiosk.core.commands import ReadPast
from kiosk.core.lifecycle import watched_since
from kiosk.core.past_nouns import ByAmount, ByEnd, Cursor, Find
from kiosk.payment.ledger import SqliteLedger
from tests.bench.conftest import Table
from tests.history import history_of
from tests.large_ledger import BEGIN, DAY, Large, make

SMALL, LARGE = 1_000, 1_000_000
DAYS = 8  # the last ones, by turns
ROUNDS = 63
MOST = 1.2

Asked = Callable[[SqliteLedger, int, str], object]
"""Of a ledger, a day's beginning (ms) and an order of that day."""

QUESTIONS: dict[str, Asked] = {
    "start: load": lambda ledger, day, _: ledger.load(watched_since(day, ledger.last_opened_at())),
    "day's totals": lambda ledger, day, _: ledger.totals(day, day + DAY),
    "day's orders": lambda ledger, day, _: ledger.lines(day, day + DAY),
    "open orders": lambda ledger, _, __: ledger.lines(0, 0, include_open=True),
    "a sale with its story": lambda ledger, _, number: (
        ledger.order(number),
        ledger.refunds_of(number),
        history_of(ledger, number),
    ),
    "history: a page": lambda ledger, day, number: ledger.past(page(after=Cursor(day + DAY, number))),
    "history: sales of an amount": lambda ledger, _, number: ledger.past(page(ByAmount(amount_of(ledger, number)))),
    "history: sales by a number's end": lambda ledger, _, number: ledger.past(page(ByEnd(number[-4:]))),
    "history: a number that no sale has": lambda ledger, _, __: ledger.past(page(ByEnd("9999"))),
    "history: what happened to a sale": lambda ledger, _, number: ledger.walked(number),
    "refund: what an operator gave back that day": lambda ledger, day, _: ledger.given_back_by("01", day),
    "X report": lambda ledger, _, __: ledger.shift_figures(None),
    "Z report": lambda ledger, day, __: ledger.shift_figures(z_of(day)),
    "a closed shift counted again": lambda ledger, day, __: counted(ledger, day),
    "scan to paid": lambda ledger, day, _: ledger.scan_to_paid(day - 30 * DAY, day + DAY),
    "export: a piece of sales": lambda ledger, day, _: ledger.exports.sales(day, day + DAY),
    "export: a piece of refunds": lambda ledger, day, _: ledger.exports.refunds(day - DAY, day + DAY, (day - DAY, "")),
    "export: a piece of orders": lambda ledger, day, _: ledger.lines(day, day + 365 * DAY, after=(day, ""), limit=100),
}


UNHELD = ("start: load", "export: ")
"""No screen's: a start reads the highest number of each day there was, so that none is used twice; for an export nobody waits."""


def page(find: Find | None = None, after: Cursor | None = None) -> ReadPast:
    """As the history on the screen asks for one."""
    return ReadPast("P1", 5, find, after)


def amount_of(ledger: SqliteLedger, number: str) -> int:
    """What the customer paid."""
    order = ledger.order(number)
    assert order is not None
    return order.money.amount


def z_of(day: int) -> int:
    """The Z report of a day."""
    return (day - BEGIN) // DAY + 1


def counted(ledger: SqliteLedger, day: int) -> object:
    """A closed shift, counted again."""
    shift = ledger.shifts.one(z_of(day))
    assert shift is not None
    return list(ledger.shifts.counts(shift))


@pytest.fixture(scope="module")
def ledgers(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[tuple[SqliteLedger, Large], ...]]:
    """A small one and a large one, open as a kiosk has them."""
    folder: Path = tmp_path_factory.mktemp("ledgers")
    made = [make(folder / f"{sales}.db", sales) for sales in (SMALL, LARGE)]
    opened = [SqliteLedger.open(one.path, generation=lambda: "bb", now=one.last_day + DAY) for one in made]
    with closing(opened[0]), closing(opened[1]):
        yield tuple(zip(opened, made, strict=True))
    for one in made:
        one.path.unlink()


@pytest.mark.parametrize("what", QUESTIONS)
def test_a_million_sales_cost_what_a_thousand_do(
    what: str, ledgers: tuple[tuple[SqliteLedger, Large], ...], table: Table
) -> None:
    """By turns, so that both have the same luck."""
    took: tuple[list[float], list[float]] = ([], [])
    for turn in range(ROUNDS):
        for place, (ledger, large) in enumerate(ledgers):
            day = large.last_day - (1 + turn % (DAYS - 1)) * DAY
            number = ledger.lines(day, day + DAY, limit=40)[-1].out_trade_no
            began = time.thread_time()
            assert QUESTIONS[what](ledger, day, number) is not None
            took[place].append(time.thread_time() - began)
    small, large_ = (quantiles(times, n=5)[0] * 1000 for times in took)
    bar = None if what.startswith(UNHELD) else MOST
    table.row(f"a ledger of a million sales, {what}", f"{large_:.2f} ms", f"{small:.2f} ms with {SMALL:,}", large_ / small, bar)
