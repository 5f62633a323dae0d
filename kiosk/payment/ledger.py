"""The durable truth: sales, orders, refunds and the history of each. All SQL of the program is here, beside it and in schema/.

Writes what it is told, all or nothing, synced; refuses rows that cannot be (schema/); knows no meaning and no clock.
One connection, used from the thread that opened it and from no other. What SQLite and the disk need is ledger_file.py.
"""

# ruff: noqa: S608  what is put into SQL text here are names and conditions of this file; values are bound
from __future__ import annotations

from collections.abc import Callable, Sequence
from contextlib import ExitStack, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Final, Self, TypeVar, assert_never

from kiosk.core.commands import Insert, Keep, ReadPast, Record, Update
from kiosk.core.errors import LedgerError
from kiosk.core.model import Order, OrderState, Refund, Sale, SaleState, Tender
from kiosk.core.numbers import read_number
from kiosk.core.past_nouns import PastOrder, Walked
from kiosk.core.ports import Snapshot
from kiosk.core.shifts import Figures, Shift
from kiosk.payment import audit, inbox, ledger_rows, past, reconciliations, timings
from kiosk.payment.audit import Verdict
from kiosk.payment.ballast import Ballast
from kiosk.payment.chain import OPEN_KEY, ChainKey, told
from kiosk.payment.export_rows import NOTHING, After, ExportRows
from kiosk.payment.given_back import GIVEN, REFUNDED
from kiosk.payment.history import History, Loss, new_columns
from kiosk.payment.ledger_file import LedgerFile, RowRefused
from kiosk.payment.shift_rows import ShiftRows

T = TypeVar("T")

RECENT = 20
_OPEN = "state IN ('ARMED', 'SENT', 'PAYING', 'REVERSING', 'CLOSING', 'REFUNDING')"  # as in the index orders_open
_TRIED = "(state NOT IN ('ARMED', 'VOID') OR sent_at IS NOT NULL OR called_at IS NOT NULL)"  # somebody may have seen it
_REFUND_OPEN = "state IN ('REQUESTED', 'ACCEPTED')"  # as in the index refunds_open
_COUNTERS = "SELECT day, highest FROM counters WHERE generation = ?"


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
    tip: int = 0  # of the sale; part of the amount
    memo: str | None = None  # the shop's own number of the sale


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
    tips: int = 0  # in `paid`


class SqliteLedger:
    """The ledger (ports.Ledger). After an error of the disk it takes no further commit: close it, open it, load again.

    What such a failed commit held may then be found there all the same (see LedgerFile). It is harmless, because nothing was
    sent for it and what is open gets asked for.
    """

    def __init__(
        self, file: LedgerFile, generation: Callable[[], str], now: int, key: ChainKey | None, losses: tuple[Loss, ...] = ()
    ) -> None:
        """Of an open file; use `open` or `in_memory`."""
        self._file = file
        self._history = History(file, key)
        self.shifts: Final = ShiftRows(file)
        self.exports: Final = ExportRows(file, self.shifts)
        self.generation: Final[str] = self._begin(generation, now, losses) if key is not None else self._history.generation()

    @classmethod
    def open(
        cls,
        path: Path,
        *,
        generation: Callable[[], str],
        now: int,
        key: ChainKey | None = OPEN_KEY,
        losses: tuple[Loss, ...] = (),
        ballast: Ballast | None = None,
    ) -> Self:
        """The ledger at `path`, made if there is none: then `generation` gives its two characters. Proves that it can commit.

        `key` binds its history (chain.py); None is for questions, and nothing is written then. `losses`: orders that may be
        missing, so that numbers go on in another generation.
        `ballast` is given up when the disk is full: LedgerFull, and it may be opened again. LedgerBusy when another kiosk
        holds it; LedgerDamaged, or LedgerError when it is newer, no ledger, or cannot be written.
        """
        file = LedgerFile.open(path, ballast=ballast)
        with ExitStack() as undo:
            undo.callback(file.close)
            ledger = cls(file, generation, now, key, losses)
            undo.pop_all()
        return ledger

    @classmethod
    def in_memory(cls, generation: str = "aa") -> Self:
        """A ledger with every guard and no file, made in less than a millisecond: for tests and simulators."""
        return cls(LedgerFile.in_memory(), lambda: generation, 0, OPEN_KEY)

    def commit(self, records: Sequence[Record], at: int) -> None:
        """All of it, in the order given, synced to disk, or LedgerError and none of it. `at`: time of the history rows.

        The order matters where one row makes room for another: a sale before its order, the old order before the new.
        """
        if not records:
            return
        with self._history.transaction():
            for record in records:
                if isinstance(record, Keep):
                    reconciliations.keep(self._file, record.row)
                    continue
                try:
                    self._write(record, at)
                except RowRefused as refusal:
                    row = type(record.row).__name__.lower()
                    raise LedgerError(
                        f"ledger {self._file.path}: {type(record).__name__.lower()} of {row} {_number_of(record)} in state "
                        f"{record.row.state} ({record.why}) refused, and all that came with it: {refusal}; "
                        "a mistake of this program, report it",
                    ) from refusal

    def load(self, watched_since: int) -> Snapshot:
        """What a starting kiosk needs; VOID orders settled after `watched_since` count as watched."""
        live = self._file.rows(f"SELECT * FROM orders WHERE {_OPEN}")
        live += self._file.rows("SELECT * FROM orders WHERE state = 'VOID' AND settled_at > ?", (watched_since,))
        orders = sorted(map(ledger_rows.order, live), key=lambda order: (order.opened_at, order.out_trade_no))
        latest = "SELECT * FROM orders WHERE sent_at IS NOT NULL ORDER BY opened_at DESC, out_trade_no DESC LIMIT ?"
        recent = [ledger_rows.order(row) for row in self._file.rows(latest, (RECENT,))]
        refunds = self._file.rows(f"SELECT * FROM refunds WHERE {_REFUND_OPEN} ORDER BY opened_at, out_refund_no")
        refunded = [self.order(row["out_trade_no"]) for row in refunds]
        owners = dict.fromkeys(order.sale_id for order in (*orders, *recent, *refunded) if order is not None)
        sales = [self.sale(sale_id) for sale_id in owners]
        return Snapshot(
            generation=self.generation,
            counters={row["day"]: row["highest"] for row in self._file.rows(_COUNTERS, (self.generation,))},
            orders=tuple(orders),
            refunds=tuple(ledger_rows.refund(row) for row in refunds),
            sales=tuple(sale for sale in sales if sale is not None),
            recent=tuple(recent),
            shift=self.shifts.one(None),
            refused=past.refused(self._file, RECENT),
        )

    def order(self, out_trade_no: str) -> Order | None:
        """The order of this number."""
        rows = self._file.rows("SELECT * FROM orders WHERE out_trade_no = ?", (out_trade_no,))
        return ledger_rows.order(rows[0]) if rows else None

    def sale(self, sale_id: str) -> Sale | None:
        """The sale of this number."""
        rows = self._file.rows("SELECT * FROM sales WHERE sale_id = ?", (sale_id,))
        return ledger_rows.sale(rows[0]) if rows else None

    def refunds_of(self, out_trade_no: str) -> tuple[Refund, ...]:
        """Every refund of the order, oldest first."""
        oldest_first = "SELECT * FROM refunds WHERE out_trade_no = ? ORDER BY opened_at, out_refund_no"
        rows = self._file.rows(oldest_first, (out_trade_no,))
        return tuple(ledger_rows.refund(row) for row in rows)

    def past(self, wanted: ReadPast) -> tuple[tuple[PastOrder, ...], bool]:
        """The orders that are wanted of those that were sent, newest first, and whether there are older ones."""
        return past.page(self._file, wanted)

    def walked(self, out_trade_no: str) -> tuple[Walked, ...]:
        """What happened to the order and its refunds, oldest first."""
        return past.walked(self._file, out_trade_no)

    def shift_figures(self, z: int | None) -> Figures | None:
        """As the port has it."""
        return self.shifts.figures(z)

    def given_back_by(self, operator: str, since: int) -> int:
        """What this operator gave back since then, in smallest units; what was refused is nothing."""
        return past.given_back_by(self._file, operator, since)

    def lines(
        self, start: int, end: int, *, include_open: bool = False, after: After = NOTHING, limit: int = -1
    ) -> list[OrderLine]:
        """Orders opened from `start` up to and without `end`, oldest first; with `include_open` also the older open ones.

        An order that nobody tried to send is not listed. In pieces: so many (`limit`) after an opening and number.
        """
        rows = self._file.rows(
            f"SELECT o.*, s.state AS sale_state, coalesce(s.tip, 0) AS tip, {REFUNDED} "
            "FROM orders o JOIN sales s USING (sale_id) WHERE out_trade_no IN ("
            f"SELECT * FROM (SELECT out_trade_no FROM orders WHERE opened_at >= ? AND opened_at < ? AND {_TRIED} "
            "AND (opened_at, out_trade_no) > (?, ?) ORDER BY opened_at, out_trade_no LIMIT ?) UNION "
            f"SELECT out_trade_no FROM orders WHERE ? AND {_OPEN} AND {_TRIED}) ORDER BY o.opened_at, o.out_trade_no",
            (max(start, after[0]), end, *after, limit, int(include_open)),
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
                tip=row["tip"],
                memo=row["memo"],
            )
            for row in rows
        ]

    def last_opened_at(self) -> int | None:
        """When the newest order that `lines` would list was opened."""
        rows = self._file.rows(f"SELECT opened_at FROM orders WHERE {_TRIED} ORDER BY opened_at DESC LIMIT 1")
        return rows[0]["opened_at"] if rows else None

    def totals(self, start: int, end: int) -> list[Total]:
        """What was paid and given back from `start` up to and without `end`, by tender and currency."""
        rows = self._file.rows(
            "SELECT tender, currency, sum(kind = 'paid') AS paid_count, sum(iif(kind = 'paid', amount, 0)) AS paid, "
            "sum(kind = 'refund') AS refund_count, sum(iif(kind = 'refund', amount, 0)) AS refunded, "
            "sum(kind = 'late') AS late_count, sum(iif(kind = 'late', amount, 0)) AS late, sum(tip) AS tips FROM ("
            "SELECT 'paid' AS kind, o.tender, o.currency, o.amount, coalesce((SELECT tip FROM sales s INDEXED BY sales_tipped "
            "WHERE s.sale_id = o.sale_id AND s.tip IS NOT NULL), 0) AS tip FROM orders o "
            "WHERE o.opened_at >= ?1 AND o.opened_at < ?2 AND o.state = 'PAID' UNION ALL "
            "SELECT iif(r.late, 'late', 'refund'), o.tender, r.currency, r.amount, 0 "
            "FROM refunds r JOIN orders o USING (out_trade_no) "
            f"WHERE r.opened_at >= ?1 AND r.opened_at < ?2 AND r.state IN {GIVEN}) GROUP BY tender, currency ORDER BY 1, 2",
            (start, end),
        )
        return [Total(**{**row, "tender": Tender(row["tender"])}) for row in rows]

    def scan_to_paid(self, since: int, before: int = 2**62) -> timings.Timings:
        """How long the newest payments took, some hundred of them at once."""
        return timings.scan_to_paid(self._file, since, before)

    def read(self, question: Callable[[LedgerFile], T]) -> T:
        """What a question yields whose SQL lies beside this file (reconciliations.py)."""
        return question(self._file)

    def keep_notification(self, notification: inbox.Notification) -> bool:
        """Write down what WeChat has notified, synced; False when it is there already. LedgerError when it cannot be kept."""
        return inbox.keep(self._file, notification)

    @property
    def failure(self) -> LedgerError | None:
        """What the disk did first, if anything."""
        return self._file.failure

    def problems(self, beat: Callable[[], None] = lambda: None) -> list[str]:
        """What a check of the whole file finds, in SQLite's words; empty when it is sound. Seconds for a large file."""
        return self._file.problems(beat)

    def quick_check(self, most_s: float, beat: Callable[[], None]) -> list[str]:
        """What a look at its structure finds in at most `most_s`."""
        return self._file.quick_check(most_s, beat)

    def audit(self, keys: Sequence[ChainKey]) -> Verdict:
        """The whole check: file, history and rows. Seconds for a large ledger."""
        return audit.examine(self._file, keys)

    def losses(self) -> list[Loss]:
        """Orders that may be missing since the ledger was restored, or its end was cut off; also those that were recovered."""
        return self._history.losses()

    def recovered(self, generation: str, now: int) -> None:
        """What may be missing of this generation was asked for at WeChat, all of it."""
        self._history.recovered(generation, now)

    def generations(self) -> list[str]:
        """All that made numbers of this ledger, or may have."""
        return self._history.generations()

    def trouble(self) -> str | None:
        """None: a ledger without a keeper (kept.py) knows of no room it lacks."""
        return None

    def idle(self, now: int, quiet: Callable[[], bool]) -> None:  # noqa: ARG002  as the port has it
        """Called when nothing is going on: the moment to checkpoint, and to say how far the history goes."""
        if self._file.failure is None:
            self._history.prove()
            self._file.idle()

    def close(self) -> None:
        """Let go of the file. Nothing can be asked afterwards."""
        with suppress(LedgerError):  # then it is found to go further than it says
            if self._file.failure is None:
                self._history.prove()
        self._file.close()

    def _begin(self, generation: Callable[[], str], now: int, losses: tuple[Loss, ...]) -> str:
        with self._history.transaction():  # the proof that this disk still takes a commit
            made = self._history.begin(generation, now, losses)
            inbox.forget(self._file, now)
        return made

    def _write(self, record: Insert | Update, at: int) -> None:
        table, key, values = ledger_rows.columns(record.row)
        kind, number = type(record.row).__name__.lower(), _number_of(record)
        if isinstance(record, Insert):
            self._file.change(f"INSERT INTO {table} ({', '.join(values)}) VALUES (:{', :'.join(values)})", values)
            self._count(record.row)
            self._history.note(kind, number, (None, record.row.state.value), record.why, at, new_columns(values, kind))
            return
        before = self._file.rows(f"SELECT * FROM {table} WHERE {key} = :{key}", values)
        if not before:
            raise RowRefused("there is no such row")
        changed = {name: value for name, value in values.items() if value != before[0][name]}
        if not changed:
            return
        settings = ", ".join(f"{name} = :{name}" for name in changed)  # only these: the other indexes stay untouched
        self._file.change(f"UPDATE {table} SET {settings} WHERE {key} = :{key}", values)
        changed.pop("state", None)
        self._history.note(kind, number, (before[0]["state"], record.row.state.value), record.why, at, told(changed))

    def _count(self, row: Sale | Order | Refund | Shift) -> None:
        """So that no number is made twice; a recovered order may be of a lost generation."""
        counted = read_number(row.out_trade_no) if isinstance(row, Order) else None
        if counted is not None:
            self._file.change(
                "INSERT INTO counters VALUES (?, ?, ?) "
                "ON CONFLICT (generation, day) DO UPDATE SET highest = max(highest, excluded.highest)",
                (counted.generation, counted.day, counted.counter),
            )


def _number_of(record: Insert | Update) -> str:
    match record.row:
        case Sale():
            return record.row.sale_id
        case Order():
            return record.row.out_trade_no
        case Refund():
            return record.row.out_refund_no
        case Shift():
            return record.row.shift_id
        case _:
            assert_never(record.row)
