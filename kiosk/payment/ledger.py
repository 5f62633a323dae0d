"""The durable truth: sales, orders, refunds and the history of each, in one SQLite file. With ledger_file.py the only SQL.

Writes what it is told, all or nothing, synced; refuses rows that cannot be (schema/*.sql); knows no meaning and no clock.
One connection, used from the thread that opened it and from no other.
"""

# ruff: noqa: S608  what is put into SQL text here are names and conditions of this file; values are bound
from __future__ import annotations

import json
import re
import sqlite3
from collections.abc import Callable, Sequence
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Final, Self

from kiosk.core.commands import Insert, Record
from kiosk.core.errors import LedgerError
from kiosk.core.model import Order, OrderState, Refund, Sale, SaleState, Tender
from kiosk.core.ports import Snapshot
from kiosk.payment import ledger_file, ledger_rows
from kiosk.payment.ledger_rows import Value

RECENT = 20
PAGE = 4096 + 24  # bytes of one page in the log
CHECKPOINT_IDLE = 256 * PAGE  # rarely: a card that lies about syncs harms a ledger while it checkpoints
CHECKPOINT_ALWAYS = 1024 * PAGE  # the cap, 4 MiB, should the kiosk never be idle

_OPEN = "state IN ('ARMED', 'SENT', 'PAYING', 'REVERSING', 'CLOSING', 'REFUNDING')"  # as in the index orders_open
_TRIED = "(state NOT IN ('ARMED', 'VOID') OR sent_at IS NOT NULL OR called_at IS NOT NULL)"  # somebody may have seen it
_GIVEN_BACK = "state IN ('ACCEPTED', 'DONE')"


@dataclass(frozen=True, slots=True)
class OrderLine:
    """What `kiosk orders` tells of one order; times in ms, amounts in smallest units."""

    sale: str
    amount: int
    currency: str
    tender: Tender
    out_trade_no: str
    transaction_id: str | None
    state: OrderState
    sale_state: SaleState
    opened_at: int
    settled_at: int | None
    refunded: int  # accepted or done


@dataclass(frozen=True, slots=True)
class Total:
    """What one tender brought in one currency. Orders count by their opening, refunds by theirs."""

    tender: Tender
    currency: str
    paid_count: int = 0
    paid: int = 0  # PAID orders, whatever was refunded of them
    refund_count: int = 0
    refunded: int = 0  # of PAID orders, accepted or done; the order may be of an earlier day
    late_count: int = 0
    late: int = 0  # late money given back, accepted or done: it is in neither of the other two


@dataclass(frozen=True, slots=True)
class HistoryLine:
    """One arrow walked. `was` None: the row was new. `changed`: the other columns that changed with it."""

    kind: str  # sale, order or refund
    number: str
    was: str | None
    became: str
    why: str
    at: int
    changed: dict[str, Value]


class SqliteLedger:
    """The ledger (ports.Ledger). After an error of the disk it takes no further commit: close it, open it, load again.

    What such a failed commit held may be found there after the opening, as after a power cut: nobody can take back what was
    handed to a disk. It is harmless, because nothing was sent for it and what is open gets asked for.
    """

    def __init__(self, connection: sqlite3.Connection, name: Path, generation: str) -> None:
        """Of an opened connection; use `open` or `in_memory`."""
        connection.row_factory = sqlite3.Row
        self.generation: Final = generation
        self._connection = connection
        self._name = name
        self._log = name.with_name(f"{name.name}-wal")
        self._number = re.compile(rf"-([0-9]{{6}})-{re.escape(generation)}([0-9]{{1,15}})\Z")
        self._unfit: str | None = None  # why no commit is taken any more

    @classmethod
    def open(cls, path: Path, *, generation: Callable[[], str], now: int) -> Self:
        """The ledger at `path`, made if there is none: then `generation` gives its two characters. Proves that it can commit.

        Raises LedgerBusy when another kiosk holds it; LedgerError when it is damaged, newer, no ledger, or cannot be written.
        """
        path = path.resolve()
        connection = ledger_file.open_file(path)
        try:
            return cls(connection, path, _begin(connection, generation, now))
        except sqlite3.Error as error:
            connection.close()
            raise ledger_file.said(path, error) from error

    @classmethod
    def in_memory(cls, generation: str = "aa") -> Self:
        """A ledger with every guard and no file."""
        connection = ledger_file.open_memory()
        return cls(connection, Path(":memory:"), _begin(connection, lambda: generation, 0))

    def commit(self, records: Sequence[Record], at: int) -> None:
        """All of it, in the order given, synced to disk, or LedgerError and none of it. `at`: time of the history rows.

        The order matters where one row makes room for another: a sale before its order, the old order before the new.
        """
        self._fit()
        if not records:
            return
        record = records[0]
        try:
            self._connection.execute("BEGIN IMMEDIATE")
            for record in records:
                self._write(record, at)
            self._connection.execute("COMMIT")
        except (sqlite3.IntegrityError, OverflowError, UnicodeError, LookupError) as error:
            self._roll_back()
            raise LedgerError(
                f"ledger {self._name}: {type(record).__name__.lower()} of {_described(record)} refused, and all that came with "
                f"it: {error}; a mistake of this program, report it",
            ) from error
        except sqlite3.Error as error:
            self._roll_back()
            raise self._failed(error) from error
        except BaseException:
            self._roll_back()
            raise
        # From here on it is durable: a failing checkpoint spoils the next commit, not this one.
        with suppress(LedgerError):
            self._checkpoint(beyond=CHECKPOINT_ALWAYS)

    def load(self, watched_since: int) -> Snapshot:
        """What a starting kiosk needs; VOID orders settled after `watched_since` count as watched."""
        orders = [
            ledger_rows.order(row)
            for row in self._rows(
                f"SELECT * FROM orders WHERE {_OPEN} UNION ALL SELECT * FROM orders WHERE state = 'VOID' AND settled_at > ? "
                "ORDER BY opened_at, out_trade_no",
                watched_since,
            )
        ]
        recent = [
            ledger_rows.order(row)
            for row in self._rows(
                "SELECT * FROM orders WHERE sent_at IS NOT NULL ORDER BY opened_at DESC, out_trade_no DESC LIMIT ?", RECENT
            )
        ]
        refunds = self._rows("SELECT * FROM refunds WHERE state IN ('REQUESTED', 'ACCEPTED') ORDER BY opened_at, out_refund_no")
        sales = [self.sale(sale_id) for sale_id in dict.fromkeys(order.sale_id for order in (*orders, *recent))]
        return Snapshot(
            generation=self.generation,
            counters={row["day"]: row["highest"] for row in self._rows("SELECT day, highest FROM counters")},
            orders=tuple(orders),
            refunds=tuple(ledger_rows.refund(row) for row in refunds),
            sales=tuple(sale for sale in sales if sale is not None),
            recent=tuple(recent),
        )

    def order(self, out_trade_no: str) -> Order | None:
        """The order of this number."""
        rows = self._rows("SELECT * FROM orders WHERE out_trade_no = ?", out_trade_no)
        return ledger_rows.order(rows[0]) if rows else None

    def sale(self, sale_id: str) -> Sale | None:
        """The sale of this number."""
        rows = self._rows("SELECT * FROM sales WHERE sale_id = ?", sale_id)
        return ledger_rows.sale(rows[0]) if rows else None

    def refunds_of(self, out_trade_no: str) -> tuple[Refund, ...]:
        """Every refund of the order, oldest first."""
        rows = self._rows("SELECT * FROM refunds WHERE out_trade_no = ? ORDER BY opened_at, out_refund_no", out_trade_no)
        return tuple(ledger_rows.refund(row) for row in rows)

    def lines(self, start: int, end: int, *, include_open: bool = False) -> list[OrderLine]:
        """Orders opened from `start` up to and without `end`, oldest first; with `include_open` also the older open ones.

        An order that nobody tried to send is not listed.
        """
        rows = self._rows(
            "SELECT o.*, s.state AS sale_state, (SELECT coalesce(sum(amount), 0) FROM refunds r "
            f"WHERE r.out_trade_no = o.out_trade_no AND {_GIVEN_BACK}) AS refunded "
            "FROM orders o JOIN sales s USING (sale_id) WHERE out_trade_no IN ("
            f"SELECT out_trade_no FROM orders WHERE opened_at >= ? AND opened_at < ? AND {_TRIED} UNION "
            f"SELECT out_trade_no FROM orders WHERE ? AND {_OPEN} AND {_TRIED}) ORDER BY o.opened_at, o.out_trade_no",
            start,
            end,
            int(include_open),
        )
        return [
            OrderLine(
                sale=row["sale_id"],
                amount=row["amount"],
                currency=row["currency"],
                tender=Tender(row["tender"]),
                out_trade_no=row["out_trade_no"],
                transaction_id=row["transaction_id"],
                state=OrderState(row["state"]),
                sale_state=SaleState(row["sale_state"]),
                opened_at=row["opened_at"],
                settled_at=row["settled_at"],
                refunded=row["refunded"],
            )
            for row in rows
        ]

    def last_opened_at(self) -> int | None:
        """When the newest order that `lines` would list was opened."""
        rows = self._rows(f"SELECT opened_at FROM orders WHERE {_TRIED} ORDER BY opened_at DESC LIMIT 1")
        return rows[0]["opened_at"] if rows else None

    def totals(self, start: int, end: int) -> list[Total]:
        """What was paid and given back from `start` up to and without `end`, by tender and currency."""
        rows = self._rows(
            "SELECT tender, currency, sum(kind = 'paid') AS paid_count, sum(iif(kind = 'paid', amount, 0)) AS paid, "
            "sum(kind = 'refund') AS refund_count, sum(iif(kind = 'refund', amount, 0)) AS refunded, "
            "sum(kind = 'late') AS late_count, sum(iif(kind = 'late', amount, 0)) AS late FROM ("
            "SELECT 'paid' AS kind, tender, currency, amount FROM orders "
            "WHERE opened_at >= ?1 AND opened_at < ?2 AND state = 'PAID' UNION ALL "
            "SELECT iif(r.late, 'late', 'refund'), o.tender, r.currency, r.amount "
            "FROM refunds r JOIN orders o USING (out_trade_no) "
            f"WHERE r.opened_at >= ?1 AND r.opened_at < ?2 AND r.{_GIVEN_BACK}) GROUP BY tender, currency ORDER BY 1, 2",
            start,
            end,
        )
        return [Total(**{**dict(row), "tender": Tender(row["tender"])}) for row in rows]

    def history_of(self, out_trade_no: str) -> list[HistoryLine]:
        """All that happened to the order, to its sale and to its refunds, in the order it happened."""
        rows = self._rows(
            "SELECT kind, number, was, became, why, at, changed FROM history WHERE number = ?1 "
            "OR number IN (SELECT sale_id FROM orders WHERE out_trade_no = ?1) "
            "OR number IN (SELECT out_refund_no FROM refunds WHERE out_trade_no = ?1) ORDER BY seq",
            out_trade_no,
        )
        return [HistoryLine(**{**dict(row), "changed": json.loads(row["changed"])}) for row in rows]

    def problems(self) -> list[str]:
        """What a check of the whole file finds, in SQLite's words; empty when it is sound. Seconds for a large file."""
        found = [row[0] for row in self._rows("PRAGMA integrity_check") if row[0] != "ok"]
        astray = [f"row of {row['table']} without its {row['parent']}" for row in self._rows("PRAGMA foreign_key_check")]
        return found + astray

    def idle(self) -> None:
        """Called when nothing is going on: the moment to checkpoint."""
        if self._unfit is None:
            self._checkpoint(beyond=CHECKPOINT_IDLE)

    def close(self) -> None:
        """Let go of the file; SQLite empties the log into it first. Nothing can be asked afterwards."""
        self._unfit = self._unfit or f"ledger {self._name} is closed"
        self._connection.close()

    def _write(self, record: Record, at: int) -> None:
        table, key, values = ledger_rows.columns(record.row)
        number = values[key]
        if isinstance(record, Insert):
            names = ", ".join(values)
            self._connection.execute(f"INSERT INTO {table} ({names}) VALUES (:{', :'.join(values)})", values)
            self._count(record.row)
            self._note(record, number, None, {"state": values["state"]}, at)
            return
        before = self._connection.execute(f"SELECT * FROM {table} WHERE {key} = ?", (number,)).fetchone()
        if before is None:
            raise LookupError("there is no such row")
        changed = {name: value for name, value in values.items() if before[name] != value}
        if not changed:
            return
        settings = ", ".join(f"{name} = :{name}" for name in changed)  # only these: an index on the others is not touched
        self._connection.execute(f"UPDATE {table} SET {settings} WHERE {key} = :{key}", {**changed, key: number})
        if "state" in changed:
            self._note(record, number, before["state"], changed, at)

    def _note(self, record: Record, number: Value, was: str | None, changed: dict[str, Value], at: int) -> None:
        kind = type(record.row).__name__.lower()
        others = {name: value for name, value in changed.items() if name != "state"}
        self._connection.execute(
            "INSERT INTO history (kind, number, was, became, why, at, changed) VALUES (?, ?, ?, ?, ?, ?, ?)",
            (kind, number, was, changed["state"], record.why, at, json.dumps(others, separators=(",", ":"))),
        )

    def _count(self, row: Sale | Order | Refund) -> None:
        counted = self._number.search(row.out_trade_no) if isinstance(row, Order) else None
        if counted is not None:
            self._connection.execute(
                "INSERT INTO counters VALUES (?, ?) ON CONFLICT (day) DO UPDATE SET highest = max(highest, excluded.highest)",
                (counted[1], int(counted[2])),
            )

    def _rows(self, sql: str, *values: Value) -> list[sqlite3.Row]:
        try:
            return self._connection.execute(sql, values).fetchall()
        except sqlite3.ProgrammingError:
            raise
        except sqlite3.Error as error:
            raise self._failed(error) from error

    def _checkpoint(self, *, beyond: int) -> None:
        try:
            size = self._log.stat().st_size
        except FileNotFoundError:
            return
        if size > beyond:
            try:
                ledger_file.checkpoint(self._connection)
            except sqlite3.Error as error:
                raise self._failed(error) from error

    def _failed(self, error: sqlite3.Error) -> LedgerError:
        """The disk can no longer be trusted: a second sync would report success for what the first has lost."""
        said = ledger_file.said(self._name, error)
        self._unfit = self._unfit or f"{said}; nothing is committed until it has been opened again"
        return said

    def _fit(self) -> None:
        if self._unfit is not None:
            raise LedgerError(self._unfit)

    def _roll_back(self) -> None:
        with suppress(sqlite3.Error):  # SQLite has often done it already
            if self._connection.in_transaction:
                self._connection.execute("ROLLBACK")


def _begin(connection: sqlite3.Connection, generation: Callable[[], str], now: int) -> str:
    """Commit something: the proof that the disk still takes it. Returns the ledger's generation."""
    row = connection.execute("SELECT generation FROM meta").fetchone()
    made = generation() if row is None else row[0]
    connection.execute(
        "INSERT INTO meta VALUES (1, ?1, ?2, ?2) ON CONFLICT (one) DO UPDATE SET opened_at = excluded.opened_at", (made, now)
    )
    return str(made)


def _described(record: Record) -> str:
    _, key, values = ledger_rows.columns(record.row)
    return f"{type(record.row).__name__.lower()} {values[key]} in state {values['state']} ({record.why})"
