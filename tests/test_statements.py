"""When a day's statement is asked for, and that a step keeps what comes of it: pure, over the real step."""

from __future__ import annotations

from dataclasses import replace

from kiosk.core import statements
from kiosk.core.commands import Ask, FetchStatement
from kiosk.core.differences import Came, Difference, Moved, Reconciliation, Source, Standing, What
from kiosk.core.events import Accounted, Answered, BooksKnown, Doubted, Key, Pressed, StatementCame, Tick
from kiosk.core.lifecycle import DAY, MINUTE
from kiosk.core.model import Answer, Call, NotFound, Order, OrderState, Sale, SaleState, Tender
from kiosk.core.money import Money
from kiosk.core.statements import Statements
from kiosk.payment import reconciliations
from tests.books_kit import beijing
from tests.flow import START, Flow

HKD = Money(1250, "HKD")


def test_a_day_is_beijings_and_ready_at_ten_the_next_morning() -> None:
    """The last moment before and the first after."""
    assert statements.day_of(beijing("2026-01-05 00:00:00")) == "2026-01-05"
    assert statements.day_of(beijing("2026-01-05 00:00:00") - 1) == "2026-01-04"
    assert statements.bounds("2026-01-05") == (beijing("2026-01-05 00:00:00"), beijing("2026-01-06 00:00:00"))
    assert statements.last_ready(beijing("2026-01-06 10:00:00")) == "2026-01-05"
    assert statements.last_ready(beijing("2026-01-06 10:00:00") - 1) == "2026-01-04"
    assert statements.next_ready(beijing("2026-01-06 10:00:00")) == beijing("2026-01-07 10:00:00")


def test_missed_days_are_caught_up_oldest_first_and_not_beyond_what_wechat_keeps() -> None:
    """From the first order on; of an old ledger the last 180 days, but for the ones that are done."""
    now = beijing("2026-01-09 11:00:00")
    books = Statements(done=frozenset({"2026-01-06"}), first=beijing("2026-01-05 23:00:00"))
    assert statements.due_days(books, now, now) == ["2026-01-05", "2026-01-07", "2026-01-08"]
    assert statements.next_day(books, now, now) == ("2026-01-05", 0)
    old = statements.due_days(Statements(first=0), now, now)
    assert (len(old), old[-1]) == (179, "2026-01-08")
    assert statements.bounds(old[0])[0] > now - 180 * DAY
    assert statements.due_days(Statements(), now, now) == []  # a kiosk that has never sold asks for nothing


def test_a_day_that_is_not_ready_waits_ever_longer_and_holds_up_no_other() -> None:
    """5, 10, 20 ... minutes, then every three hours."""
    now = beijing("2026-01-07 10:00:00")
    books = Statements(first=beijing("2026-01-05 12:00:00"))
    pauses = []
    for _ in range(9):
        books = statements.came(replace(books, asking="2026-01-05"), "2026-01-05", Came.NOT_READY, now)
        assert statements.next_day(books, now, now) == ("2026-01-06", 0)
        pauses.append((books.waits["2026-01-05"].at - now) // MINUTE)
    assert pauses == [5, 10, 20, 40, 60, 120, 180, 180, 180]
    books = statements.came(books, "2026-01-06", Came.NONE, now)
    assert statements.next_day(books, now, now) == ("2026-01-05", now + 180 * MINUTE)
    assert statements.next_day(statements.came(books, "2026-01-05", Came.COMPARED, now), now, now) is None


def fetched(flow: Flow) -> list[str]:
    return [act.day for act in flow.done if isinstance(act, FetchStatement)]


def test_one_day_at_a_time_is_fetched_once_the_ledger_has_spoken() -> None:
    """Nothing without BooksKnown; the next one when the first has come; nothing when all are done, until ten the next day."""
    flow = Flow()
    flow.happen(Tick())
    assert fetched(flow) == []
    first = START - 3 * DAY
    flow.happen(BooksKnown(frozenset(), first, 0))
    days = statements.due_days(Statements(first=first), flow.now, flow.now)
    assert (fetched(flow), len(days)) == (days[:1], 3)
    flow.happen(Tick())
    assert fetched(flow) == days[:1]
    for day in days:
        flow.happen(StatementCame(day, Came.COMPARED))
    assert fetched(flow) == days
    flow.now = statements.next_ready(flow.now) - 1
    flow.happen(Tick())
    assert fetched(flow) == days
    flow.now += 1
    flow.happen(Tick())
    assert len(fetched(flow)) == 4


def test_off_line_or_by_a_wrong_clock_nothing_is_fetched() -> None:
    """It begins by itself when WeChat is reached."""
    flow = Flow(online=False)
    flow.happen(BooksKnown(frozenset(), START - 3 * DAY, 0))
    assert fetched(flow) == []
    flow.probe()
    assert len(fetched(flow)) == 1


def test_what_is_to_be_kept_is_committed_and_the_sign_counts_until_somebody_looked() -> None:
    """Leaving the last orders takes it off the screen; the ledger keeps it."""
    flow = Flow()
    difference = Difference("2026-01-04", Moved.PAYMENT, "K07-260104-aa0001", "K07-260104-aa0001", What.ONLY_OURS, 5, "PAID")
    waiting = replace(difference, standing=Standing.ATTENTION, note="look it up")
    flow.happen(Accounted((Reconciliation("2026-01-04", flow.now, Source.NONE), waiting), 1))
    assert flow.ledger.read(reconciliations.differences) == [waiting]
    assert flow.signs.attention == 1
    flow.happen(Pressed(Key.MENU))
    flow.happen(Pressed(Key.CANCEL))
    assert flow.signs.attention == 0
    assert flow.ledger.read(reconciliations.differences) == [waiting]


def test_a_void_order_in_doubt_is_asked_for_at_once_and_forgotten_when_that_is_over() -> None:
    """It is watched no more by itself; the statement has it asked for once."""
    flow = Flow()
    at = flow.now - 2 * DAY
    order = Order("K07-260103-aa0001", "S-1", Tender.QUICK_PAY, HKD, at, OrderState.VOID, sent_at=at, settled_at=at + 1)
    flow.happen(Doubted(order, Sale("S-1", HKD, at, SaleState.UNPAID)))
    assert [act.order.out_trade_no for act in flow.acts if isinstance(act, Ask)] == [order.out_trade_no]
    assert order.out_trade_no in flow.kiosk.orders
    flow.happen(Answered(order.out_trade_no, Call.ASK, Answer(NotFound())))
    assert order.out_trade_no not in flow.kiosk.orders


def test_the_same_beijing_day_over_a_whole_year_has_24_hours() -> None:
    """China keeps one time all the year."""
    start, end = statements.bounds("2026-07-01")
    assert end - start == DAY
