"""What the ledger has written down of an order's life, read as it stands there: for tests that hold it against what happened."""

from __future__ import annotations

import json
from dataclasses import dataclass

from kiosk.payment.ledger import SqliteLedger
from kiosk.payment.shift_rows import Value


@dataclass(frozen=True, slots=True)
class HistoryLine:
    """One arrow walked. `was` None: the row was new. `changed`: the other columns that changed with it, or that it began with."""

    kind: str  # sale, order or refund
    number: str
    was: str | None
    became: str
    why: str
    at: int
    changed: dict[str, Value]


def history_of(ledger: SqliteLedger, out_trade_no: str) -> list[HistoryLine]:
    """All that happened to the order, to its sale and to its refunds, in the order it happened."""
    question = (
        "SELECT kind, number, was, became, why, at, changed FROM history WHERE number = ?1 "
        "OR number IN (SELECT sale_id FROM orders WHERE out_trade_no = ?1) "
        "OR number IN (SELECT out_refund_no FROM refunds WHERE out_trade_no = ?1) ORDER BY seq"
    )
    rows = ledger.read(lambda file: file.rows(question, (out_trade_no,)))
    walked = (row for row in rows if row["was"] != row["became"])  # else only counts of calls changed
    return [HistoryLine(**{**row, "changed": json.loads(row["changed"])}) for row in walked]
