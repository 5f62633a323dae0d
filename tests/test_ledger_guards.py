"""Each guard of the ledger's schema refuses what it is there for, said in plain SQL as a mistake of the program would.

The last test holds the list against the schema, so that no guard goes unseen.
"""

from __future__ import annotations

import re
import sqlite3
from collections.abc import Iterator
from dataclasses import replace
from typing import Any

import pytest

from kiosk.core.commands import Insert
from kiosk.core.model import FINALS, OrderState, RefundState, Tender
from kiosk.core.money import Money
from kiosk.core.shifts import Shift, ShiftState
from kiosk.payment.ledger import SqliteLedger
from kiosk.payment.ledger_file import LedgerFile
from kiosk.payment.ledger_rows import columns
from tests.ledger_samples import HKD, keyed, number, order, refund, sale

S = OrderState

PAID, REFUNDING, NATIVE, OWED = number(1), number(2), number(3), number(4)
BARE, DONE, ACCEPTED, LATE, GIVEN_UP = "S-bare", f"{PAID}-R1", f"{PAID}-R2", f"{REFUNDING}-R1", f"{PAID}-R3"
FINAL = {state: number(100 + place) for place, state in enumerate(sorted(FINALS))}


@pytest.fixture(scope="module")
def image() -> bytes:
    """A ledger with a sale without order, orders in every state, and refunds."""
    ledger = SqliteLedger.in_memory()
    ledger.commit([Insert(replace(sale(90), sale_id=BARE), "keyed")], at=9)
    ledger.commit(keyed(1, S.PAID), at=9)
    ledger.commit(keyed(2, S.REFUNDING), at=9)
    ledger.commit(keyed(3, S.SENT, tender=Tender.NATIVE), at=9)
    ledger.commit(keyed(4, S.REFUNDING), at=9)
    for place, state in enumerate(sorted(FINALS)):
        ledger.commit(keyed(100 + place, state), at=9)
    for place, state in enumerate((S.ARMED, S.SENT, S.PAYING, S.REVERSING, S.CLOSING)):
        ledger.commit(keyed(200 + place, state), at=9)
    gone = refund(1, 3, money=Money(100, "HKD"), state=RefundState.ATTENTION, settled_at=1_600, note="look")
    done = refund(1, 1, state=RefundState.DONE, settled_at=1_600, refund_id="5000")
    late = refund(2, money=HKD, late=True)
    refunds = [done, refund(1, 2, state=RefundState.ACCEPTED), late, gone]
    ledger.commit([Insert(made, "asked") for made in refunds], at=9)
    closed = Shift("K07-aa-Z0001", 1, 9, "Asia/Hong_Kong", "04:00", ShiftState.CLOSED, closed_at=9)
    ledger.commit([Insert(closed, "closed")], at=9)
    ledger._file.rows("INSERT INTO losses VALUES ('qq', 8, 7, 'the card was lost', 9)")
    for what, standing, settled_at in (("DONE", "settled", 9), ("LATE", "attention", None)):
        known = A_DIFFERENCE | {"number": what, "standing": standing, "settled_at": settled_at, "note": "look"}
        ledger._file.rows(f"INSERT INTO differences ({', '.join(known)}) VALUES (:{', :'.join(known)})", known)
    held = A_RECONCILIATION | {"day": "2026-01-04"}
    ledger._file.rows(f"INSERT INTO reconciliations ({', '.join(held)}) VALUES (:{', :'.join(held)})", held)
    whole = ledger._file._connection.serialize()
    ledger.close()
    return whole


@pytest.fixture
def base(image: bytes) -> Iterator[sqlite3.Connection]:
    """The bare connection of that ledger, set up as the kiosk's."""
    file = LedgerFile.in_memory()
    file._connection.deserialize(image)
    yield file._connection
    file.close()


A_SALE = columns(sale(91))[2]
AN_ORDER = columns(order(91, S.SENT, sale_id=BARE))[2] | {"amount": 1250}
A_REFUND = columns(refund(1, 9, money=Money(250, "HKD")))[2]
A_WALK = {"kind": "order", "number": PAID, "was": "SENT", "became": "PAID", "why": "paid", "at": 9, "changed": "{}"}
A_COUNTER = {"generation": "aa", "day": "260107", "highest": 1}
A_LOSS = {"generation": "zz", "noticed_at": 9, "since": 8, "what": "the card was lost"}
A_META = {"one": 1, "generation": "bb", "created_at": 0, "opened_at": 0}
A_SHIFT = columns(Shift("K07-aa-Z0002", 2, 9, "Asia/Hong_Kong", "04:00"))[2]
A_RECONCILIATION = {
    "day": "2026-01-05",
    "at": 9,
    "source": "file",
    "sha1": "a" * 40,
    "rows": 3,
    "others": 1,
    "agreed": 2,
    "sums": "[]",
}
A_DIFFERENCE = {
    "day": "2026-01-05",
    "moved": "payment",
    "number": PAID,
    "out_trade_no": PAID,
    "what": "only_ours",
    "at": 9,
    "ours": "PAID",
    "noted_at": 9,
    "standing": "open",
}
AN_ELSEWHERE = {"number": PAID, "moved": "payment", "day": "2026-01-06"}
A_NOTICE = {"id": "EV-1", "received_at": 9, "event_type": "TRANSACTION.SUCCESS", "signed_at": 9}

_LISTS = {"taken_over": "is", "handed_over": "is", "tallies": "are"}

CHECKS: list[tuple[str, dict[str, Any], str, dict[str, Any]]] = [
    ("sales", A_SALE, "sale_has_a_number", {"sale_id": ""}),
    ("sales", A_SALE, "amount_is_positive", {"amount": 0}),
    ("sales", A_SALE, "currency_is_iso_4217", {"currency": "hkd"}),
    ("sales", A_SALE, "opened_at_is_a_time", {"opened_at": -1}),
    ("sales", A_SALE, "sale_state_is_known", {"state": "PAID"}),
    ("sales", A_SALE, "tip_is_part_of_the_amount", {"tip": 0}),
    ("sales", A_SALE, "tip_is_part_of_the_amount", {"tip": 1250}),
    ("sales", A_SALE, "lines_are_amounts", {"lines": "1250"}),
    ("sales", A_SALE, "lines_are_amounts", {"lines": "1250+3x"}),
    ("sales", A_SALE, "lines_are_amounts", {"lines": "+1250"}),
    ("orders", AN_ORDER, "memo_is_digits", {"memo": ""}),
    ("orders", AN_ORDER, "memo_is_digits", {"memo": "4x"}),
    ("orders", AN_ORDER, "memo_is_digits", {"memo": "1" * 13}),
    ("shifts", A_SHIFT, "shift_id_fits", {"shift_id": ""}),
    ("shifts", A_SHIFT, "opened_at_is_a_time", {"opened_at": -1}),
    ("shifts", A_SHIFT, "zone_is_named", {"zone": ""}),
    ("shifts", A_SHIFT, "day_starts_at_a_time", {"day_starts": "4 o'clock"}),
    ("shifts", A_SHIFT, "shift_state_is_known", {"state": "shut"}),
    ("shifts", A_SHIFT, "opened_by_fits", {"opened_by": ""}),
    ("shifts", A_SHIFT, "closed_at_is_later", {"closed_at": 8, "state": "closed"}),
    ("shifts", A_SHIFT, "closed_by_fits", {"closed_by": "x" * 101, "state": "closed", "closed_at": 9}),
    *(("shifts", A_SHIFT, f"{name}_{verb}_a_list", {name: "{}"}) for name, verb in _LISTS.items()),
    ("shifts", A_SHIFT, "closed_has_a_time", {"state": "closed"}),
    ("shifts", A_SHIFT, "open_has_no_end", {"tallies": "[1]"}),
    ("orders", AN_ORDER, "out_trade_no_fits", {"out_trade_no": "K07*260105"}),
    ("orders", AN_ORDER, "out_trade_no_fits", {"out_trade_no": "x" * 33}),
    ("orders", AN_ORDER, "out_trade_no_fits", {"out_trade_no": ""}),
    ("orders", AN_ORDER, "tender_is_known", {"tender": "cash"}),
    ("orders", AN_ORDER, "opened_at_is_a_time", {"opened_at": -1}),
    ("orders", AN_ORDER, "order_state_is_known", {"state": "FAILED"}),
    ("orders", AN_ORDER, "sent_at_is_a_time", {"sent_at": -1}),
    ("orders", AN_ORDER, "anchor_at_is_a_time", {"anchor_at": -1}),
    ("orders", AN_ORDER, "expires_at_is_a_time", {"expires_at": -1, "tender": "native"}),
    ("orders", AN_ORDER, "transaction_id_fits", {"transaction_id": ""}),
    ("orders", AN_ORDER, "transaction_id_fits", {"transaction_id": "4" * 65}),
    ("orders", AN_ORDER, "paid_at_is_a_time", {"paid_at": -1}),
    ("orders", AN_ORDER, "settled_at_is_a_time", {"settled_at": -1, "state": "VOID"}),
    ("orders", AN_ORDER, "payer_amount_is_not_negative", {"payer_amount": -1, "payer_currency": "CNY"}),
    ("orders", AN_ORDER, "payer_currency_is_iso_4217", {"payer_amount": 1, "payer_currency": "yuan"}),
    ("orders", AN_ORDER, "rate_is_positive", {"rate_e8": 0}),
    ("orders", AN_ORDER, "decline_is_known", {"decline": "no"}),
    ("orders", AN_ORDER, "asks_are_counted", {"asks": -1}),
    ("orders", AN_ORDER, "tries_are_counted", {"tries": -1}),
    ("orders", AN_ORDER, "last_call_is_known", {"last_call": "cancel", "last_outcome": "paid", "called_at": 9}),
    ("orders", AN_ORDER, "last_outcome_is_known", {"last_call": "ask", "last_outcome": "failed", "called_at": 9}),
    ("orders", AN_ORDER, "called_at_is_a_time", {"last_call": "ask", "last_outcome": "paid", "called_at": -1}),
    ("orders", AN_ORDER, "pay_refused_is_a_truth_value", {"pay_refused": 2}),
    ("orders", AN_ORDER, "note_fits", {"note": "x" * 1001}),
    ("orders", AN_ORDER, "quick_pay_is_never_closing", {"state": "CLOSING"}),
    ("orders", AN_ORDER, "native_is_never_reversing", {"state": "REVERSING", "tender": "native"}),
    ("orders", AN_ORDER, "only_native_expires", {"expires_at": 9}),
    ("orders", AN_ORDER, "armed_was_not_sent", {"state": "ARMED"}),
    ("orders", AN_ORDER, "money_taken_has_a_transaction", {"state": "PAID", "settled_at": 9}),
    ("orders", AN_ORDER, "money_taken_has_a_transaction", {"state": "REFUNDING"}),
    *(("orders", AN_ORDER, "final_means_settled", {"state": state.value, "transaction_id": "4"}) for state in sorted(FINALS)),
    ("orders", AN_ORDER, "final_means_settled", {"settled_at": 9}),
    ("orders", AN_ORDER, "declined_has_a_reason", {"state": "DECLINED", "settled_at": 9}),
    ("orders", AN_ORDER, "attention_has_a_note", {"state": "ATTENTION", "settled_at": 9}),
    ("orders", AN_ORDER, "payer_amount_has_a_currency", {"payer_amount": 1}),
    ("orders", AN_ORDER, "call_has_an_outcome_and_a_time", {"last_call": "ask"}),
    ("orders", AN_ORDER, "call_has_an_outcome_and_a_time", {"last_call": "ask", "last_outcome": "paid"}),
    ("refunds", A_REFUND, "out_refund_no_fits", {"out_refund_no": "x" * 65}),
    ("refunds", A_REFUND, "amount_is_positive", {"amount": 0}),
    ("refunds", A_REFUND, "opened_at_is_a_time", {"opened_at": -1}),
    ("refunds", A_REFUND, "refund_state_is_known", {"state": "PAID"}),
    ("refunds", A_REFUND, "late_is_a_truth_value", {"late": 2, "amount": 1250, "out_trade_no": OWED}),
    ("refunds", A_REFUND, "refund_id_fits", {"refund_id": ""}),
    ("refunds", A_REFUND, "settled_at_is_a_time", {"state": "DONE", "settled_at": -1}),
    ("refunds", A_REFUND, "tries_are_counted", {"tries": -1}),
    ("refunds", A_REFUND, "last_call_is_known", {"last_call": "charge", "last_outcome": "paid", "called_at": 9}),
    ("refunds", A_REFUND, "last_outcome_is_known", {"last_call": "refund", "last_outcome": "failed", "called_at": 9}),
    ("refunds", A_REFUND, "called_at_is_a_time", {"last_call": "refund", "last_outcome": "paid", "called_at": -1}),
    ("refunds", A_REFUND, "note_fits", {"note": ""}),
    ("refunds", A_REFUND, "reason_fits", {"reason": "x" * 81}),
    ("refunds", A_REFUND, "operator_fits", {"operator": ""}),
    ("refunds", A_REFUND, "trouble_is_known", {"trouble": "bad luck"}),
    ("refunds", A_REFUND, "final_means_settled", {"state": "DONE"}),
    ("refunds", A_REFUND, "final_means_settled", {"settled_at": 9}),
    ("refunds", A_REFUND, "attention_has_a_note", {"state": "ATTENTION", "settled_at": 9}),
    ("refunds", A_REFUND, "call_has_an_outcome_and_a_time", {"last_outcome": "paid"}),
    ("history", A_WALK, "kind_is_known", {"kind": "meta"}),
    ("history", A_WALK, "why_is_said", {"why": ""}),
    ("history", A_WALK, "at_is_a_time", {"at": -1}),
    ("history", A_WALK, "key_id_fits", {"key_id": ""}),
    ("history", A_WALK, "mac_has_16_bytes", {"mac": bytes(15)}),
    ("reconciliations", A_RECONCILIATION, "day_is_a_date", {"day": "5 January"}),
    ("reconciliations", A_RECONCILIATION, "at_is_a_time", {"at": -1}),
    ("reconciliations", A_RECONCILIATION, "source_is_known", {"source": "told"}),
    ("reconciliations", A_RECONCILIATION, "sha1_is_one", {"sha1": "a" * 39}),
    ("reconciliations", A_RECONCILIATION, "sha1_is_one", {"sha1": "g" * 40}),
    ("reconciliations", A_RECONCILIATION, "rows_are_counted", {"rows": -1, "others": -1}),
    ("reconciliations", A_RECONCILIATION, "others_are_counted", {"others": 4, "agreed": 0}),
    ("reconciliations", A_RECONCILIATION, "agreed_are_counted", {"agreed": 3}),
    ("reconciliations", A_RECONCILIATION, "sums_are_a_list", {"sums": "{}"}),
    ("reconciliations", A_RECONCILIATION, "a_statement_has_a_sha1", {"sha1": None}),
    ("reconciliations", A_RECONCILIATION, "a_statement_has_a_sha1", {"source": "none"}),
    ("differences", A_DIFFERENCE, "day_is_a_date", {"day": "260105"}),
    ("differences", A_DIFFERENCE, "moved_is_known", {"moved": "sale"}),
    ("differences", A_DIFFERENCE, "number_fits", {"number": ""}),
    ("differences", A_DIFFERENCE, "out_trade_no_fits", {"out_trade_no": "x" * 33}),
    ("differences", A_DIFFERENCE, "what_is_known", {"what": "odd"}),
    ("differences", A_DIFFERENCE, "at_is_a_time", {"at": -1}),
    ("differences", A_DIFFERENCE, "our_amount_is_not_negative", {"our_amount": -1}),
    ("differences", A_DIFFERENCE, "their_amount_is_not_negative", {"their_amount": -1}),
    ("differences", A_DIFFERENCE, "noted_at_is_a_time", {"noted_at": -1}),
    ("differences", A_DIFFERENCE, "standing_is_known", {"standing": "closed"}),
    ("differences", A_DIFFERENCE, "settled_at_is_a_time", {"standing": "settled", "settled_at": -1}),
    ("differences", A_DIFFERENCE, "note_fits", {"note": ""}),
    ("differences", A_DIFFERENCE, "settled_has_a_time", {"standing": "settled"}),
    ("differences", A_DIFFERENCE, "settled_has_a_time", {"settled_at": 9}),
    ("differences", A_DIFFERENCE, "attention_has_a_note", {"standing": "attention"}),
    ("differences", A_DIFFERENCE, "one_side_has_it", {"ours": None}),
    ("stated_elsewhere", AN_ELSEWHERE, "moved_is_known", {"moved": "sale"}),
    ("stated_elsewhere", AN_ELSEWHERE, "day_is_a_date", {"day": "tomorrow"}),
    ("losses", A_LOSS, "lost_generation_is_two_characters", {"generation": "?"}),
    ("losses", A_LOSS, "noticed_at_is_a_time", {"noticed_at": -1}),
    ("losses", A_LOSS, "since_is_a_time", {"since": -1}),
    ("losses", A_LOSS, "what_is_said", {"what": ""}),
    ("losses", A_LOSS, "recovered_at_is_a_time", {"recovered_at": -1}),
    ("counters", A_COUNTER, "generation_is_two_characters", {"generation": "a*"}),
    ("counters", A_COUNTER, "day_is_yymmdd", {"day": "26-1-7"}),
    ("counters", A_COUNTER, "counter_is_not_negative", {"highest": -1}),
    ("notifications", A_NOTICE, "notification_has_an_id", {"id": ""}),
    ("notifications", A_NOTICE, "received_at_is_a_time", {"received_at": -1}),
    ("notifications", A_NOTICE, "event_type_fits", {"event_type": "x" * 65}),
    ("notifications", A_NOTICE, "out_trade_no_fits", {"out_trade_no": "x" * 65}),
    ("notifications", A_NOTICE, "out_refund_no_fits", {"out_refund_no": ""}),
    ("notifications", A_NOTICE, "signed_at_is_a_time", {"signed_at": -1}),
]


def insert(base: sqlite3.Connection, table: str, row: dict[str, Any]) -> None:
    """Put a row in."""
    base.execute(f"INSERT INTO {table} ({', '.join(row)}) VALUES (:{', :'.join(row)})", row)


@pytest.mark.parametrize(
    ("table", "row"),
    [
        *(("sales", A_SALE), ("orders", AN_ORDER), ("refunds", A_REFUND), ("history", A_WALK), ("counters", A_COUNTER)),
        *(("notifications", A_NOTICE), ("losses", A_LOSS), ("shifts", A_SHIFT), ("reconciliations", A_RECONCILIATION)),
        *(("differences", A_DIFFERENCE), ("stated_elsewhere", AN_ELSEWHERE)),
    ],
)
def test_the_row_that_is_spoilt_below_is_itself_taken(base: sqlite3.Connection, table: str, row: dict[str, Any]) -> None:
    """So that each refusal is due to the one thing that was changed."""
    insert(base, table, row)


@pytest.mark.parametrize(("table", "row", "name", "spoilt"), CHECKS, ids=[f"{c[0]}-{c[2]}-{n}" for n, c in enumerate(CHECKS)])
def test_a_check_refuses(base: sqlite3.Connection, table: str, row: dict[str, Any], name: str, spoilt: dict[str, Any]) -> None:
    """The check that is meant, by its name."""
    with pytest.raises(sqlite3.IntegrityError, match=f"CHECK constraint failed: {name}$"):
        insert(base, table, row | spoilt)


def test_the_two_checks_of_the_single_row_refuse(base: sqlite3.Connection) -> None:
    """The ledger's own row is one, and its generation two characters; money needs a currency in an order and a refund, too."""
    with pytest.raises(sqlite3.IntegrityError, match="a_single_row"):
        insert(base, "meta", A_META | {"one": 2})
    with pytest.raises(sqlite3.IntegrityError, match="generation_is_two_characters"):
        insert(base, "meta", A_META | {"generation": "b*"})
    with pytest.raises(sqlite3.IntegrityError, match="proof_has_16_bytes"):
        insert(base, "meta", A_META | {"proof": bytes(17)})


@pytest.mark.parametrize("table", ["orders", "refunds"])
@pytest.mark.parametrize(("name", "spoilt"), [("amount_is_positive", {"amount": 0}), ("currency_is_iso_4217", {"currency": "X"})])
def test_money_is_checked_even_where_a_trigger_would_compare_it(
    base: sqlite3.Connection, table: str, name: str, spoilt: dict[str, Any]
) -> None:
    """The triggers speak first, so they are put away for this one."""
    for trigger in ("orders_collect_what_the_sale_owes", "refunds_give_back_what_was_taken", "refunds_end_with_the_money"):
        base.execute(f"DROP TRIGGER {trigger}")
    with pytest.raises(sqlite3.IntegrityError, match=f"CHECK constraint failed: {name}$"):
        insert(base, table, {"orders": AN_ORDER, "refunds": A_REFUND}[table] | spoilt)


def changed(table: str, row: dict[str, Any], **changes: Any) -> tuple[str, dict[str, Any]]:
    """An INSERT of the row with these changes."""
    row = row | changes
    return f"INSERT INTO {table} ({', '.join(row)}) VALUES (:{', :'.join(row)})", row


def moved(name: str, **changes: Any) -> tuple[str, dict[str, Any]]:
    """An UPDATE of the order or refund of this name."""
    settings = ", ".join(f"{column} = :{column}" for column in changes)
    table, key = ("refunds", "out_refund_no") if "-R" in name else ("orders", "out_trade_no")
    return f"UPDATE {table} SET {settings} WHERE {key} = :name", {**changes, "name": name}


def _stands(number: str, standing: str) -> tuple[str, dict[str, Any]]:
    """An UPDATE of the difference about this number."""
    return "UPDATE differences SET standing = :standing, settled_at = NULL WHERE number = :number", {
        "number": number,
        "standing": standing,
    }


KEEPS = "number, sale, tender, money, memo and opening of an order never change"
BACK = "an order never goes back, and a final order stays as it is"
FACTS = "what a final order says never changes"
PAID_SALE = f"S-{PAID}"
TABLES = ("meta", "counters", "losses", "sales", "refunds", "orders")
A_PAYMENT = {"state": "PAID", "transaction_id": "4", "settled_at": 9}

REFUSED: list[tuple[str, tuple[str, dict[str, Any]]]] = [
    # keys and other rows
    ("UNIQUE constraint failed: sales.sale_id", changed("sales", A_SALE, sale_id=BARE)),
    ("UNIQUE constraint failed: orders.out_trade_no", changed("orders", AN_ORDER, out_trade_no=PAID)),
    ("UNIQUE constraint failed: refunds.out_refund_no", changed("refunds", A_REFUND, out_refund_no=DONE)),
    ("an order collects exactly what its sale", changed("orders", AN_ORDER, sale_id="S-nobody")),
    ("an order collects exactly what its sale", changed("orders", AN_ORDER, amount=1251)),
    ("an order collects exactly what its sale", changed("orders", AN_ORDER, currency="JPY")),
    ("a refund gives back money", changed("refunds", A_REFUND, out_trade_no="K07-260105-aa9999")),
    # a shift's number is the next one, and what it says stays
    ("the number of a shift is the one after the last", changed("shifts", A_SHIFT, z=3)),
    ("the number of a shift is the one after the last", changed("shifts", A_SHIFT, z=1)),
    ("a shift is closed once", ("UPDATE shifts SET closed_by = 'Bob'", {})),
    ("nothing is deleted", ("DELETE FROM shifts", {})),
    # who and why of a refund, and what was found in a statement, stay
    *(("who gave money back, and why", moved(DONE, **{column: "somebody"})) for column in ("reason", "operator")),
    *(("a difference that was settled stays so", _stands("DONE", standing)) for standing in ("open", "attention")),
    ("a difference that was settled stays so", _stands("LATE", "open")),
    *(("nothing is deleted", (f"DELETE FROM {table}", {})) for table in ("differences", "reconciliations")),
    # one sale, one payment
    ("UNIQUE constraint failed: orders.sale_id", changed("orders", AN_ORDER, sale_id=f"S-{NATIVE}")),
    ("UNIQUE constraint failed: orders.sale_id", changed("orders", AN_ORDER, sale_id=f"S-{number(200)}")),
    ("UNIQUE constraint failed: orders.sale_id", changed("orders", AN_ORDER, sale_id=f"S-{number(202)}")),
    ("a paid sale gets no further order", changed("orders", AN_ORDER, sale_id=PAID_SALE)),
    ("a paid sale gets no further order", changed("orders", AN_ORDER | A_PAYMENT, sale_id=PAID_SALE)),
    ("UNIQUE constraint failed: orders.transaction_id", moved(NATIVE, transaction_id="42000099992026" + "1".zfill(14))),
    # an order stays what it is
    (KEEPS, moved(NATIVE, out_trade_no="K07-260105-aa9999")),
    (KEEPS, moved(NATIVE, sale_id=BARE)),
    (KEEPS, moved(NATIVE, tender="quick_pay")),
    (KEEPS, moved(NATIVE, amount=1)),
    (KEEPS, moved(NATIVE, memo="1")),
    (KEEPS, moved(NATIVE, currency="JPY")),
    (KEEPS, moved(NATIVE, opened_at=1)),
    # an order never goes back
    *(
        (BACK, moved(FINAL[S(state)], state=to.value))
        for state in sorted(FINALS - {S.VOID})
        for to in OrderState
        if to is not state
    ),
    *(
        (BACK, moved(FINAL[S.VOID], state=to.value))
        for to in set(OrderState) - {S.VOID, S.REVERSING, S.CLOSING, S.REFUNDING, S.ATTENTION}
    ),
    (BACK, moved(number(201), state="ARMED")),
    *((BACK, moved(number(202), state=to)) for to in ("ARMED", "SENT")),
    *((BACK, moved(number(203), state=to)) for to in ("ARMED", "SENT", "PAYING", "PAID", "CLOSING")),
    *((BACK, moved(number(204), state=to)) for to in ("ARMED", "SENT", "PAYING", "REVERSING")),
    *(
        (BACK, moved(REFUNDING, state=to))
        for to in ("ARMED", "SENT", "PAYING", "PAID", "REVERSING", "CLOSING", "VOID", "DECLINED")
    ),
    # a final order keeps its facts
    *((FACTS, moved(PAID, **{column: 77})) for column in ("settled_at", "sent_at", "paid_at")),
    *((FACTS, moved(PAID, **{column: None})) for column in ("sent_at", "paid_at")),
    (FACTS, moved(PAID, transaction_id="77")),
    (FACTS, moved(PAID, decline="card")),
    (FACTS, moved(FINAL[S.DECLINED], decline="number")),
    (FACTS, moved(FINAL[S.ATTENTION], note="never mind")),
    # refunds
    ("a refund gives back money", changed("refunds", A_REFUND, currency="JPY")),
    ("a refund gives back money", changed("refunds", A_REFUND, out_trade_no=NATIVE)),
    ("a refund gives back money", changed("refunds", A_REFUND, out_trade_no=OWED)),
    ("a refund gives back money", changed("refunds", A_REFUND, late=1, amount=1250, out_trade_no=FINAL[S.PAID])),
    ("a refund gives back money", changed("refunds", A_REFUND, late=1, out_trade_no=OWED)),
    ("are never more than its money", changed("refunds", A_REFUND, amount=251)),
    ("are never more than its money", changed("refunds", A_REFUND, late=1, amount=1250, out_trade_no=REFUNDING)),
    ("UNIQUE constraint failed: refunds.refund_id", changed("refunds", A_REFUND, refund_id="5000")),
    *(
        ("number, order, money and opening of a refund never change", moved(ACCEPTED, **change))
        for change in (
            {"out_refund_no": "other"},
            {"out_trade_no": REFUNDING},
            {"amount": 1},
            {"currency": "JPY"},
            {"opened_at": 1},
            {"late": 1},
        )
    ),
    *(("a refund never goes back", moved(DONE, state=to)) for to in ("REQUESTED", "ACCEPTED", "ATTENTION")),
    *(("a refund never goes back", moved(GIVEN_UP, state=to)) for to in ("REQUESTED", "ACCEPTED", "DONE")),
    ("a refund never goes back", moved(DONE, settled_at=77)),
    ("a refund never goes back", moved(ACCEPTED, state="REQUESTED")),
    # the rest
    *(
        (
            "number, money, tip, lines and opening of a sale never change",
            (f"UPDATE sales SET {change} WHERE sale_id = :sale", {"sale": BARE}),
        )
        for change in ("sale_id = 'S-other'", "amount = 1", "currency = 'JPY'", "opened_at = 1", "tip = 1", "lines = '1+2'")
    ),
    ("a counter only rises", ("UPDATE counters SET highest = highest - 1", {})),
    ("a counter only rises", ("UPDATE counters SET day = '260106'", {})),
    ("a counter only rises", ("UPDATE counters SET generation = 'bb'", {})),
    ("the generation stays", ("UPDATE meta SET generation = 'bb'", {})),
    ("the generation stays", ("UPDATE meta SET created_at = 7", {})),
    *(
        ("a loss stays what it is", (f"UPDATE losses SET {change}", {}))
        for change in ("generation = 'yy'", "noticed_at = 7", "since = 6", "what = 'nothing'", "recovered_at = NULL")
    ),
    ("history is only added to", ("UPDATE history SET why = 'because'", {})),
    ("history is only added to", ("DELETE FROM history WHERE seq = 1", {})),
    *(("nothing is deleted", (f"DELETE FROM {table}", {})) for table in TABLES),
    ("nothing is deleted", ("INSERT OR REPLACE INTO counters VALUES ('aa', '260105', 1)", {})),
    # STRICT
    ("cannot store TEXT value in INTEGER column orders.asks", moved(NATIVE, asks="many")),
    ("cannot store REAL value in INTEGER column sales.amount", changed("sales", A_SALE, amount=12.5)),
    ("NOT NULL constraint failed: orders.tender", changed("orders", AN_ORDER, tender=None)),
]


@pytest.mark.parametrize(("words", "statement"), REFUSED, ids=[f"{n}-{words[:40]}" for n, (words, _) in enumerate(REFUSED)])
def test_what_cannot_be_is_refused(base: sqlite3.Connection, words: str, statement: tuple[str, dict[str, Any]]) -> None:
    """In the words of the guard that is meant, and nothing changes."""
    before = base.serialize()
    with pytest.raises(sqlite3.IntegrityError, match=words):
        base.execute(*statement)
    assert base.serialize() == before


def test_a_second_payment_of_one_sale_is_refused(base: sqlite3.Connection) -> None:
    """Two orders of a sale, the old one being closed while the new one collects: only one of them can become PAID."""
    insert(base, "orders", AN_ORDER | {"sale_id": f"S-{number(204)}"})
    base.execute(*moved(number(204), state="PAID", transaction_id="1", settled_at=9))
    with pytest.raises(sqlite3.IntegrityError, match=r"UNIQUE constraint failed: orders\.sale_id"):
        base.execute(*moved(str(AN_ORDER["out_trade_no"]), state="PAID", transaction_id="2", settled_at=9))


def test_late_money_goes_back_once_even_when_the_first_try_was_given_up(base: sqlite3.Connection) -> None:
    """The sum would allow it, the index does not."""
    base.execute(*moved(LATE, state="ATTENTION", settled_at=9, note="look"))
    again = A_REFUND | {"out_refund_no": f"{REFUNDING}-R2", "late": 1, "amount": 1250, "out_trade_no": REFUNDING}
    with pytest.raises(sqlite3.IntegrityError, match=r"UNIQUE constraint failed: refunds\.out_trade_no"):
        insert(base, "refunds", again)


def test_an_order_and_a_refund_refer_to_what_exists(base: sqlite3.Connection) -> None:
    """Foreign keys hold, too, should a trigger be gone one day."""
    for trigger in ("orders_collect_what_the_sale_owes", "refunds_give_back_what_was_taken"):
        base.execute(f"DROP TRIGGER {trigger}")
    with pytest.raises(sqlite3.IntegrityError, match="FOREIGN KEY constraint failed"):
        insert(base, "orders", AN_ORDER | {"sale_id": "S-nobody"})
    with pytest.raises(sqlite3.IntegrityError, match="FOREIGN KEY constraint failed"):
        insert(base, "refunds", A_REFUND | {"out_trade_no": "K07-260105-aa9999"})


def test_a_final_order_may_still_learn_what_it_did_not_know(base: sqlite3.Connection) -> None:
    """Counts of calls, and facts that were missing."""
    more = {"asks": 1, "last_call": "ask", "last_outcome": "paid", "called_at": 9, "payer_amount": 1150, "payer_currency": "CNY"}
    base.execute(*moved(PAID, **more))
    base.execute(*moved(FINAL[S.DECLINED], transaction_id="9"))
    assert base.execute("SELECT payer_amount FROM orders WHERE out_trade_no = ?", (PAID,)).fetchone() == {"payer_amount": 1150}


def test_the_generation_changes_once_numbers_of_it_may_be_lost_and_to_one_that_made_none(base: sqlite3.Connection) -> None:
    """Neither to a lost one, nor to one that has counted."""
    insert(base, "losses", A_LOSS | {"generation": "aa"})
    insert(base, "counters", A_COUNTER | {"generation": "cc"})
    for taken in ("qq", "cc"):
        with pytest.raises(sqlite3.IntegrityError, match="none is taken up again"):
            base.execute("UPDATE meta SET generation = ?", (taken,))
    base.execute("UPDATE meta SET generation = 'bb'")
    insert(base, "losses", A_LOSS)
    base.execute("UPDATE losses SET recovered_at = 10 WHERE generation = 'zz'")


def test_every_guard_of_the_schema_is_seen_to_refuse(base: sqlite3.Connection) -> None:
    """A CHECK or trigger that no case above speaks of fails here."""
    rows = base.execute("SELECT type, name, tbl_name, sql FROM sqlite_schema WHERE sql IS NOT NULL").fetchall()
    tables = [row for row in rows if row["type"] == "table"]
    checks = {(table["name"], name) for table in tables for name in re.findall(r"CONSTRAINT (\w+)", table["sql"])}
    seen = {(table, name) for table, _, name, _ in CHECKS}
    seen |= {("meta", name) for name in ("a_single_row", "generation_is_two_characters", "proof_has_16_bytes")}
    seen |= {(table, name) for table in ("orders", "refunds") for name in ("amount_is_positive", "currency_is_iso_4217")}
    assert checks - seen == set()
    assert seen - checks == set()
    said = [re.search(r"RAISE\(ABORT, '(.*)'\)", row["sql"]) for row in rows if row["type"] == "trigger"]
    unseen = [words[1] for words in said if words and not any(re.search(case, words[1]) for case, _ in REFUSED)]
    assert (len(said), unseen) == (28, [])
