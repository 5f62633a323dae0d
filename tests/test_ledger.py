"""What every ledger promises to the kiosk: rows come back as they went in, commits are whole, nothing impossible gets in.

The same suite runs over a ledger in a file and one in memory. What the disk can do is in test_ledger_disk.py.
"""

from __future__ import annotations

import sqlite3
import threading
from collections.abc import Iterator
from dataclasses import fields, replace
from pathlib import Path
from typing import Any

import pytest

from kiosk.core.commands import Insert, Update
from kiosk.core.errors import LedgerError
from kiosk.core.lifecycle import ARROWS, Arrow
from kiosk.core.model import FINALS, Call, Decline, Order, OrderState, Refund, RefundState, RefundTrouble, Sale, SaleState, Tender
from kiosk.core.money import Money
from kiosk.core.ports import Ledger
from kiosk.payment.ledger import OrderLine, SqliteLedger, Total
from tests.history import history_of
from tests.ledger_samples import HKD, keyed, number, order, paid, refund, sale

S = OrderState


@pytest.fixture(params=["file", "memory"])
def ledger(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[SqliteLedger]:
    """An empty ledger of either kind."""
    if request.param == "file":
        made = SqliteLedger.open(tmp_path / "kiosk.db", generation=lambda: "aa", now=1)
    else:
        made = SqliteLedger.in_memory()
    yield made
    made.close()


def test_a_ledger_is_what_the_kiosk_asks_for(ledger: SqliteLedger) -> None:
    """SqliteLedger has the shape of the port; mypy checks the signatures."""
    port: Ledger = ledger
    assert port.load(0).orders == ()


# --- rows ---


def full(noun: Any) -> Any:
    """The same noun, after checking that no field has its default: a column that is forgotten shows."""
    for field in fields(noun):
        assert getattr(noun, field.name) != field.default, f"{field.name} has its default, so its column is not tested"
    return noun


def test_every_field_of_a_sale_an_order_and_a_refund_comes_back(ledger: SqliteLedger) -> None:
    """What was committed is what is read."""
    a_sale = full(sale(state=SaleState.ATTENTION, tip=125, lines=(1000, 125)))
    attention = full(
        order(
            state=S.ATTENTION,
            tender=Tender.NATIVE,
            expires_at=301_000,
            transaction_id="4200009999202601050000000123",
            paid_at=4_000,
            payer=Money(1150, "CNY"),
            rate_e8=92_000_000,
            decline=Decline.CARD,
            asks=3,
            tries=2,
            last_call=Call.ASK,
            last_outcome="notfound",
            called_at=5_000,
            pay_refused=True,
            memo="0042",
        )
    )
    refunding = order(2, S.REFUNDING)
    late = full(
        Refund(
            f"{number(2)}-R1",
            number(2),
            HKD,
            opened_at=2_500,
            state=RefundState.ATTENTION,
            late=True,
            refund_id="5000009999",
            settled_at=2_600,
            tries=1,
            last_call=Call.ASK_REFUND,
            last_outcome="declined",
            called_at=2_600,
            note="pay back in the merchant portal",
            reason="faulty",
            operator="Mei",
            trouble=RefundTrouble.ACCOUNT,
        )
    )
    ledger.commit([Insert(a_sale, "keyed"), Insert(attention, "rebuilt")], at=9)
    ledger.commit([Insert(sale(2), "keyed"), Insert(refunding, "late"), Insert(late, "late money")], at=9)
    assert ledger.sale(a_sale.sale_id) == a_sale
    assert ledger.order(attention.out_trade_no) == attention
    assert ledger.order(refunding.out_trade_no) == refunding
    assert ledger.refunds_of(number(2)) == (late,)


@pytest.mark.parametrize("state", list(OrderState))
def test_an_order_in_any_state_can_be_kept(ledger: SqliteLedger, state: OrderState) -> None:
    """The schema knows every state of the model."""
    ledger.commit(keyed(1, state), at=9)
    assert ledger.order(number(1)) == order(1, state)


def test_what_is_not_there_is_none_or_nothing(ledger: SqliteLedger) -> None:
    """An unknown number is no error."""
    assert ledger.order("K07-260105-aa9999") is None
    assert ledger.sale("S-K07-260105-aa9999") is None
    assert ledger.refunds_of("K07-260105-aa9999") == ()


def test_no_column_can_hold_a_payment_code(ledger: SqliteLedger) -> None:
    """These are all columns there are, none of them meant for the 18 digits; a new one has to be thought about here."""
    tables = [row["name"] for row in ledger._file.rows("SELECT name FROM sqlite_schema WHERE type = 'table'")]
    columns = {table: [row["name"] for row in ledger._file.rows(f"PRAGMA table_info({table})")] for table in tables}
    assert columns == {
        "meta": ["one", "generation", "created_at", "opened_at", "proof_seq", "proof_key", "proof"],
        "losses": ["generation", "noticed_at", "since", "what", "recovered_at"],
        "counters": ["generation", "day", "highest"],
        "reconciliations": ["day", "at", "source", "sha1", "rows", "others", "agreed", "sums"],
        "differences": [
            *("day", "moved", "number", "out_trade_no", "what", "at", "ours", "theirs", "our_amount", "our_currency"),
            *("their_amount", "their_currency", "noted_at", "standing", "settled_at", "note"),
        ],
        "stated_elsewhere": ["number", "moved", "day"],
        "shifts": [
            *("shift_id", "z", "opened_at", "zone", "day_starts", "state", "opened_by", "closed_at", "closed_by"),
            *("taken_over", "handed_over", "tallies"),
        ],
        "sales": ["sale_id", "amount", "currency", "opened_at", "state", "tip", "lines"],
        "orders": [
            *("out_trade_no", "sale_id", "tender", "amount", "currency", "opened_at", "state", "sent_at", "anchor_at"),
            *("expires_at", "transaction_id", "paid_at", "settled_at", "payer_amount", "payer_currency", "rate_e8", "decline"),
            *("asks", "tries", "last_call", "last_outcome", "called_at", "pay_refused", "note", "memo"),
        ],
        "refunds": [
            *("out_refund_no", "out_trade_no", "amount", "currency", "opened_at", "state", "late", "refund_id", "settled_at"),
            *("tries", "last_call", "last_outcome", "called_at", "note", "reason", "operator", "trouble"),
        ],
        "history": ["seq", "kind", "number", "was", "became", "why", "at", "changed", "key_id", "mac"],
        "notifications": ["id", "received_at", "event_type", "out_trade_no", "out_refund_no", "signed_at"],
    }


# --- commits ---


def test_a_commit_is_whole_or_not_at_all(ledger: SqliteLedger) -> None:
    """The last record of three is refused: the first two are not kept, nor their history, nor their counter."""
    ledger.commit(keyed(1), at=9)
    with pytest.raises(LedgerError, match=r"insert of order K07-260105-aa0001 in state ARMED \(armed\) refused.*UNIQUE"):
        ledger.commit([*keyed(2), Insert(order(1), "armed")], at=10)
    assert ledger.order(number(2)) is None
    assert ledger.sale(sale(2).sale_id) is None
    assert history_of(ledger, number(2)) == []
    assert ledger.load(0).counters == {"260105": 1}


def test_after_a_refused_row_the_ledger_goes_on(ledger: SqliteLedger) -> None:
    """A refused row is a mistake of the program, not of the disk."""
    with pytest.raises(LedgerError):
        ledger.commit([Insert(order(1), "armed")], at=9)
    ledger.commit(keyed(1), at=9)
    assert ledger.order(number(1)) == order(1)


def test_an_update_of_no_row_is_an_error(ledger: SqliteLedger) -> None:
    """Nothing is silently lost."""
    with pytest.raises(LedgerError, match=r"update of order K07-260105-aa0001 in state PAID \(paid\) refused.*no such row"):
        ledger.commit([Update(order(1, S.PAID), "paid")], at=9)


def test_an_empty_commit_is_nothing(ledger: SqliteLedger) -> None:
    """A step without records costs no sync."""
    said: list[str] = []
    ledger._file._connection.set_trace_callback(said.append)
    ledger.commit([], at=9)
    assert said == []
    ledger.commit(keyed(1), at=9)
    assert (said[0], said[-1]) == ("BEGIN IMMEDIATE", "COMMIT")


@pytest.mark.parametrize(
    "wrong",
    [
        order(1, asks=2**63),  # more than SQLite's integers hold
        order(1, S.ATTENTION, note="\ud800"),  # half a surrogate pair, which is no text
    ],
    ids=["too large", "no text"],
)
def test_a_value_that_sqlite_cannot_hold_is_a_ledger_error(ledger: SqliteLedger, wrong: Order) -> None:
    """Not an OverflowError or UnicodeError, which nobody above expects."""
    with pytest.raises(LedgerError, match="order K07-260105-aa0001"):
        ledger.commit([Insert(sale(1), "keyed"), Insert(wrong, "armed")], at=9)
    assert ledger.sale(sale(1).sale_id) is None


def test_a_row_may_be_inserted_and_changed_in_one_commit(ledger: SqliteLedger) -> None:
    """Records are applied in the order given; the old order makes room for the new one."""
    other = replace(order(2), sale_id=sale(1).sale_id)
    ledger.commit([*keyed(1), Update(order(1, S.VOID), "tender changed"), Insert(other, "armed")], at=9)
    assert ledger.order(number(1)) == order(1, S.VOID)
    assert ledger.order(number(2)) == other


def test_another_thread_may_not_use_the_ledger(ledger: SqliteLedger) -> None:
    """One connection, one thread: the mistake is told, not survived."""
    seen: list[BaseException] = []

    def use() -> None:
        try:
            ledger.commit(keyed(1), at=9)
        except sqlite3.ProgrammingError as error:
            seen.append(error)

    thread = threading.Thread(target=use)
    thread.start()
    thread.join()
    assert "same thread" in str(seen[0])
    assert ledger.order(number(1)) is None


def test_a_closed_ledger_takes_no_commit(ledger: SqliteLedger) -> None:
    """And says why."""
    ledger.close()
    with pytest.raises(LedgerError, match="is closed"):
        ledger.commit(keyed(1), at=9)
    ledger.close()


# --- history ---


def test_each_arrow_walked_leaves_a_row_of_history(ledger: SqliteLedger) -> None:
    """Insert and change of state, of sale, order and refund, with why, when and what changed; in the order it happened."""
    ledger.commit(keyed(1), at=1_000)
    ledger.commit([Update(order(1, S.SENT), "sent")], at=1_001)
    ledger.commit(paid(1), at=1_003)
    ledger.commit([Insert(refund(1), "refund asked")], at=1_501)
    ledger.commit(keyed(2), at=2_000)
    walked = [(line.kind, line.was, line.became, line.why, line.at) for line in history_of(ledger, number(1))]
    assert walked == [
        ("sale", None, "open", "keyed", 1_000),
        ("order", None, "ARMED", "armed", 1_000),
        ("order", "ARMED", "SENT", "sent", 1_001),
        ("order", "SENT", "PAID", "charge: paid", 1_003),
        ("sale", "open", "paid", "paid", 1_003),
        ("refund", None, "REQUESTED", "refund asked", 1_501),
    ]
    to_paid = history_of(ledger, number(1))[3]
    assert to_paid.number == number(1)
    assert to_paid.changed == {
        "transaction_id": "4200009999202600000000000001",
        "paid_at": 1_002,
        "settled_at": 1_003,
        "tries": 1,
        "last_call": "charge",
        "last_outcome": "paid",
        "called_at": 1_003,
    }


def test_a_change_that_walks_no_arrow_leaves_no_history(ledger: SqliteLedger) -> None:
    """Counts of calls may be kept without filling the disk."""
    ledger.commit(keyed(1, S.SENT), at=9)
    before = history_of(ledger, number(1))
    asked = order(1, S.SENT, asks=1, last_call=Call.ASK, last_outcome="unknown", called_at=1_005)
    ledger.commit([Update(asked, "asked")], at=1_005)
    assert ledger.order(number(1)) == asked
    assert history_of(ledger, number(1)) == before


# --- what a starting kiosk needs ---


def test_load_gives_what_is_open_and_what_is_watched(ledger: SqliteLedger) -> None:
    """All orders that are not final, VOID ones settled lately, open refunds, and the sales of all of them."""
    for counter, state in enumerate(OrderState, start=1):
        ledger.commit(keyed(counter, state), at=9)
    ledger.commit(keyed(20, S.VOID), at=9)
    payer = next(counter for counter, state in enumerate(OrderState, start=1) if state is S.PAID)
    done = refund(payer, 1, state=RefundState.DONE, settled_at=8_000)
    asked, accepted = refund(payer, 2), refund(payer, 3, state=RefundState.ACCEPTED, money=Money(250, "HKD"))
    ledger.commit([Insert(done, "asked"), Insert(asked, "asked"), Insert(accepted, "asked")], at=9)

    found = ledger.load(watched_since=20_002)
    live = {order(counter, state) for counter, state in enumerate(OrderState, start=1) if state not in FINALS}
    assert set(found.orders) == live | {order(20, S.VOID)}
    assert list(found.orders) == sorted(found.orders, key=lambda o: o.opened_at)
    assert found.refunds == (asked, accepted)
    wanted = {o.sale_id for o in (*found.orders, *found.recent)}
    assert {s.sale_id for s in found.sales} == wanted
    assert len(found.sales) == len(wanted)
    assert found.generation == "aa"

    assert order(20, S.VOID) not in ledger.load(watched_since=20_003).orders


def test_recent_are_the_last_20_that_were_sent(ledger: SqliteLedger) -> None:
    """Newest first; an order that was only armed is not among them."""
    for counter in range(1, 31):
        ledger.commit(keyed(counter, S.ARMED if counter % 10 == 0 else S.DECLINED), at=9)
    assert [o.out_trade_no for o in ledger.load(0).recent] == [number(c) for c in range(29, 0, -1) if c % 10][:20]


def test_the_highest_counter_of_each_day_is_known(ledger: SqliteLedger) -> None:
    """Whatever the order of insertion and the number of digits; numbers of another generation, or not ours, do not count."""
    for counter in (2, 11, 3):
        ledger.commit(keyed(counter), at=9)
    strangers = [
        number(1, day="260106"),
        number(40_000, day="260106"),
        number(50_000, day="260106", generation="ab"),
        "K07-260107-bb0001",
        "17",
    ]
    for counter, name in enumerate(strangers, start=20):
        ledger.commit([Insert(sale(counter), "keyed"), Insert(order(counter, out_trade_no=name), "armed")], at=9)
    assert ledger.load(0).counters == {"260105": 11, "260106": 40_000}


# --- what the commands ask ---


def test_lines_hold_the_facts_of_kiosk_orders(ledger: SqliteLedger) -> None:
    """Exactly these; `refunded` is the sum of what was accepted or done."""
    ledger.commit(keyed(1), at=9)
    ledger.commit(paid(1), at=9)
    done, look = {"settled_at": 9}, {"settled_at": 9, "note": "pay back in the merchant portal"}
    refunds = [
        refund(1, 1, money=Money(1, "HKD"), state=RefundState.REQUESTED),
        refund(1, 2, money=Money(20, "HKD"), state=RefundState.ACCEPTED),
        refund(1, 3, money=Money(300, "HKD"), state=RefundState.DONE, **done),
        refund(1, 4, money=Money(900, "HKD"), state=RefundState.ATTENTION, **look),
    ]
    ledger.commit([Insert(made, "refund asked") for made in refunds], at=9)
    assert ledger.lines(0, 10_000) == [
        OrderLine(
            sale=sale(1).sale_id,
            amount=1250,
            currency="HKD",
            tender=Tender.QUICK_PAY,
            out_trade_no=number(1),
            transaction_id="4200009999202600000000000001",
            state=S.PAID,
            sale_state=SaleState.PAID,
            opened_at=1_000,
            settled_at=1_003,
            refunded=320,
        )
    ]


def test_lines_are_of_their_time_and_the_open_ones_if_wanted(ledger: SqliteLedger) -> None:
    """From start up to and without end, oldest first."""
    for counter, state in ((1, S.PAYING), (2, S.PAID), (3, S.PAID), (4, S.SENT), (5, S.PAID)):
        ledger.commit(keyed(counter, state), at=9)

    def listed(start: int, end: int, *, include_open: bool = False) -> list[str]:
        return [line.out_trade_no[-1] for line in ledger.lines(start, end, include_open=include_open)]

    assert listed(2_000, 4_000) == ["2", "3"]
    assert listed(2_000, 4_000, include_open=True) == ["1", "2", "3", "4"]
    assert listed(4_000, 9_000, include_open=True) == ["1", "4", "5"]


def test_an_order_that_nobody_tried_to_send_is_not_listed(ledger: SqliteLedger) -> None:
    """Neither while it is armed nor once it is VOID; one that could not be sent is."""
    ledger.commit(keyed(1, S.PAID), at=9)
    ledger.commit(keyed(2), at=9)
    ledger.commit(keyed(3, S.VOID, sent_at=None, anchor_at=None), at=9)
    assert [line.out_trade_no for line in ledger.lines(0, 10_000, include_open=True)] == [number(1)]
    assert ledger.last_opened_at() == 1_000
    not_sent = order(4, S.VOID, sent_at=None, tries=1, last_call=Call.CHARGE, last_outcome="unknown", called_at=4_002)
    ledger.commit([Insert(sale(4), "keyed"), Insert(not_sent, "armed")], at=9)
    assert [line.out_trade_no for line in ledger.lines(0, 10_000)] == [number(1), number(4)]
    assert ledger.last_opened_at() == 4_000


def test_an_empty_ledger_has_no_last_day(ledger: SqliteLedger) -> None:
    """And no lines and no totals."""
    assert ledger.last_opened_at() is None
    assert ledger.lines(0, 2**60, include_open=True) == []
    assert ledger.totals(0, 2**60) == []


def test_totals_keep_tenders_currencies_refunds_and_late_money_apart(ledger: SqliteLedger) -> None:
    """Only PAID orders count as paid; late money that went back is in a column of its own."""
    yen = Money(1250, "JPY")
    ledger.commit(keyed(1, S.PAID), at=9)
    ledger.commit(keyed(2, S.PAID), at=9)
    ledger.commit(keyed(3, S.PAID, tender=Tender.NATIVE), at=9)
    ledger.commit(keyed(4, S.PAID, money=yen), at=9)
    ledger.commit(keyed(5, S.DECLINED), at=9)
    late = refund(6, money=HKD, late=True, state=RefundState.ACCEPTED)
    ledger.commit([*keyed(6, S.REFUNDING), Insert(late, "late money")], at=9)
    ledger.commit([Insert(refund(1, state=RefundState.DONE, settled_at=1_600), "asked"), Insert(refund(2), "asked")], at=9)
    ledger.commit(keyed(7, S.PAID), at=9)
    assert ledger.totals(0, 7_000) == [
        Total(Tender.NATIVE, "HKD", paid_count=1, paid=1250),
        Total(Tender.QUICK_PAY, "HKD", paid_count=2, paid=2500, refund_count=1, refunded=500, late_count=1, late=1250),
        Total(Tender.QUICK_PAY, "JPY", paid_count=1, paid=1250),
    ]
    assert ledger.totals(7_000, 7_001) == [Total(Tender.QUICK_PAY, "HKD", paid_count=1, paid=1250)]


def test_a_large_ledger_is_searched_by_its_indexes(ledger: SqliteLedger) -> None:
    """No question of a running kiosk reads a table, or an index over all its rows, from end to end."""
    ledger.commit(keyed(1, S.PAID), at=9)
    asked: list[str] = []
    ledger._file._connection.set_trace_callback(asked.append)
    ledger.load(0)
    ledger.order(number(1))
    ledger.sale(sale(1).sale_id)
    ledger.refunds_of(number(1))
    ledger.lines(0, 10_000, include_open=True)
    ledger.totals(0, 10_000)
    history_of(ledger, number(1))
    ledger.commit([Insert(refund(1), "asked")], at=9)
    ledger._file._connection.set_trace_callback(None)
    plans = {
        (sql, step["detail"])
        for sql in asked
        if sql.startswith(("SELECT", "UPDATE"))
        for step in ledger._file.rows(f"EXPLAIN QUERY PLAN {sql}")
    }
    may_be_scanned = {
        "SCAN orders USING INDEX orders_open",  # these two hold only what is open
        "SCAN refunds USING INDEX refunds_open",
        "SCAN refunds USING INDEX refunds_refused",
        "SCAN orders USING INDEX orders_by_time",  # newest first, until 20 are found
        "SCAN counters",  # a row a day
    }
    scans = {detail for _, detail in plans if detail.startswith("SCAN ") and "subquery" not in detail.lower()}
    assert scans <= may_be_scanned
    assert len({sql for sql, _ in plans}) >= 10


# --- the schema and the order's table ---


IMPOSSIBLE = {Tender.QUICK_PAY: S.CLOSING, Tender.NATIVE: S.REVERSING}
WALKS = [(tender, arrow) for tender in Tender for arrow in ARROWS if IMPOSSIBLE[tender] not in (arrow.state, arrow.to)]


@pytest.mark.parametrize(("tender", "arrow"), WALKS, ids=lambda part: getattr(part, "to", part))
def test_the_schema_refuses_no_arrow_of_the_orders_table(tender: Tender, arrow: Arrow) -> None:
    """Each can be walked on disk, by the tenders that have both of its states."""
    ledger = SqliteLedger.in_memory()
    ledger.commit(keyed(1, arrow.state, tender=tender), at=9)
    after = order(1, arrow.to, tender=tender)
    ledger.commit([Update(after, "walked")], at=10)
    assert ledger.order(number(1)) == after
    ledger.close()


def test_the_sale_follows_its_orders(ledger: SqliteLedger) -> None:
    """A sale's state may change in every way; only its number, money and opening are fixed."""
    ledger.commit([Insert(sale(1), "keyed")], at=9)
    for state in (SaleState.UNPAID, SaleState.OPEN, SaleState.PAID, SaleState.REFUNDED, SaleState.ATTENTION):
        ledger.commit([Update(sale(1, state=state), "so")], at=10)
        assert ledger.sale(sale(1).sale_id) == Sale(sale(1).sale_id, HKD, 1_000, state)
