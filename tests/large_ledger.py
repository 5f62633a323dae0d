"""A ledger with as many sales as wanted, put together by SQL in seconds rather than sold: for the bench.

Its rows and its history are what a kiosk would have written as far as any question goes: 100 sales a day, one in fifty refunded,
fifty amounts, a shift a day, the last one open. Only the MACs are empty but for the last one's proof.
"""

# ruff: noqa: E501  SQL as it is read
from __future__ import annotations

import sqlite3
from dataclasses import dataclass
from pathlib import Path

from kiosk.payment import chain
from kiosk.payment.chain import OPEN_KEY, Link
from kiosk.payment.ledger import SqliteLedger

BEGIN = 946_684_800_000  # 2000-01-01 UTC
DAY = 86_400_000
A_DAY = 100  # sales

_EACH = """
CREATE TEMP TABLE each AS
WITH RECURSIVE n(i) AS (SELECT 0 UNION ALL SELECT i + 1 FROM n WHERE i + 1 < :sales)
SELECT i, i / :a_day AS day, :begin + i / :a_day * :day + i % :a_day * 600000 AS at,
       'K07-' || substr(strftime('%Y%m%d', (:begin + i / :a_day * :day) / 1000, 'unixepoch'), 3) || printf('-aa%04d', i % :a_day + 1) AS no,
       500 + i * 7919 % 50 * 100 AS amount, iif(i % 4, 'quick_pay', 'native') AS tender, i % 50 = 7 AS back
FROM n;
"""

_ROWS = """
INSERT INTO sales (sale_id, amount, currency, opened_at, state) SELECT 'S-' || no, amount, 'HKD', at, 'paid' FROM each;
INSERT INTO orders (out_trade_no, sale_id, tender, amount, currency, opened_at, state, sent_at, anchor_at, transaction_id, paid_at,
                    settled_at, payer_amount, payer_currency, rate_e8, asks, tries, last_call, last_outcome, called_at, pay_refused)
SELECT no, 'S-' || no, tender, amount, 'HKD', at, 'PAID', at + 100, at + 100, printf('42%026d', i), at + 900, at + 1000,
       amount * 92 / 100, 'CNY', 92000000, 0, 1, 'charge', 'paid', at + 1000, 0 FROM each;
INSERT INTO refunds (out_refund_no, out_trade_no, amount, currency, opened_at, state, late, refund_id, settled_at, tries, last_call,
                     last_outcome, called_at)
SELECT no || '-R1', no, 100, 'HKD', at + 60000, 'DONE', 0, printf('50%026d', i), at + 70000, 2, 'ask_refund', 'ended', at + 70000
FROM each WHERE back;
INSERT INTO counters SELECT 'aa', substr(no, 5, 6), max(i % :a_day + 1) FROM each GROUP BY day;
INSERT INTO shifts SELECT printf('K07-aa-Z%04d', day + 1), day + 1, :begin + day * :day, 'UTC', '00:00',
       iif(day = (:sales - 1) / :a_day, 'open', 'closed'), NULL, iif(day = (:sales - 1) / :a_day, NULL, :begin + day * :day + :day - 1), NULL,
       '[]', '[]', '[]' FROM each GROUP BY day;
"""

# As a day was written: the shift's beginning, each sale's arrows one after the other, the shift's end.
_HISTORY = """
INSERT INTO history (seq, kind, number, was, became, why, at, changed, key_id, mac)
SELECT row_number() OVER (ORDER BY at, place), kind, number, was, became, why, at, '{}', 'open', zeroblob(16) FROM (
    SELECT 'shift' AS kind, printf('K07-aa-Z%04d', day + 1) AS number, NULL AS was, 'open' AS became, 'first sale' AS why,
           min(at) AS at, -1 AS place FROM each GROUP BY day
    UNION ALL SELECT 'sale', 'S-' || no, NULL, 'open', 'keyed', at, 0 FROM each
    UNION ALL SELECT 'order', no, NULL, 'SENT', 'armed', at, 1 FROM each
    UNION ALL SELECT 'order', no, 'SENT', 'PAID', 'charge: paid', at + 1000, 2 FROM each
    UNION ALL SELECT 'sale', 'S-' || no, 'open', 'paid', 'paid', at + 1000, 3 FROM each
    UNION ALL SELECT 'refund', no || '-R1', NULL, 'REQUESTED', 'refund asked', at + 60000, 4 FROM each WHERE back
    UNION ALL SELECT 'refund', no || '-R1', 'REQUESTED', 'DONE', 'refund: ended', at + 70000, 5 FROM each WHERE back
    UNION ALL SELECT 'shift', printf('K07-aa-Z%04d', day + 1), 'open', 'closed', 'closed', :begin + day * :day + :day - 1, 6
              FROM each WHERE day < (:sales - 1) / :a_day GROUP BY day
);
"""


@dataclass(frozen=True, slots=True)
class Large:
    """Where it is, and when its last day begins (ms)."""

    path: Path
    last_day: int


def make(path: Path, sales: int, begin: int = BEGIN) -> Large:
    """A ledger of so many sales at `path`, the first at `begin` (ms), which can be opened with OPEN_KEY."""
    SqliteLedger.open(path, generation=lambda: "aa", now=begin).close()
    connection = sqlite3.connect(path, isolation_level=None)
    facts = {"sales": sales, "a_day": A_DAY, "begin": begin, "day": DAY}
    connection.executescript(
        "PRAGMA journal_mode = OFF; PRAGMA synchronous = OFF; PRAGMA ignore_check_constraints = ON; PRAGMA temp_store = MEMORY; PRAGMA cache_size = -200000; BEGIN"
    )
    guards = connection.execute(
        "SELECT type, name, sql FROM sqlite_schema WHERE type IN ('trigger', 'index') AND sql IS NOT NULL ORDER BY rowid"
    ).fetchall()
    for kind, name, _ in guards:
        connection.execute(f"DROP {kind} {name}")
    for script in (_EACH, _ROWS, _HISTORY):
        for statement in script.split(";\n"):
            if statement.strip():
                connection.execute(statement, {name: fact for name, fact in facts.items() if f":{name}" in statement})
    for _, _, sql in guards:
        connection.execute(sql)
    connection.row_factory = lambda cursor, row: {column[0]: value for column, value in zip(cursor.description, row, strict=True)}
    meta = connection.execute("SELECT * FROM meta").fetchone()
    end = Link.of(connection.execute("SELECT seq, key_id, mac FROM history ORDER BY seq DESC LIMIT 1").fetchone())
    connection.execute(
        "UPDATE meta SET proof_seq = ?, proof_key = ?, proof = ?", (end.seq, OPEN_KEY.id, chain.proof(OPEN_KEY, meta, end))
    )
    connection.execute("COMMIT")
    connection.close()
    return Large(path, begin + (sales - 1) // A_DAY * DAY)
