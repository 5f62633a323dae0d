"""The history as it is written: each row bound to the one before it, and the proof of how far it went.

Knows the tables `history`, `meta` and `losses`, and what a chain is made of (chain.py). What a row means is the ledger's to know.
"""

# ruff: noqa: S608  what is put into SQL text here are names of tables and columns; values are bound
from __future__ import annotations

import logging
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any, Final

from kiosk.core.errors import LedgerError
from kiosk.payment import chain
from kiosk.payment.chain import OPEN_KEY, ChainKey, Link
from kiosk.payment.ledger_file import LedgerFile, Row
from kiosk.payment.shift_rows import Value

_log = logging.getLogger(__name__)

KEYS: Final = {
    "sale": ("sales", "sale_id"),
    "order": ("orders", "out_trade_no"),
    "refund": ("refunds", "out_refund_no"),
    "shift": ("shifts", "shift_id"),
}
"""Of each kind its table, and the column that holds its number."""

NOBODY_KNOWS: Final = "??"
"""The generation of a loss when nothing is left to tell which it was."""

BOUND = "bound"
_TRIES = 1000


@dataclass(frozen=True, slots=True)
class Loss:
    """Orders of `generation` opened from `since` on (ms) may be missing; `what` tells a person why."""

    generation: str
    since: int
    what: str
    noticed_at: int = 0
    recovered_at: int | None = None


class History:
    """The history of one open ledger. Nothing else writes to it."""

    def __init__(self, file: LedgerFile, key: ChainKey | None) -> None:
        """Without a key nothing is written: for questions."""
        self._file = file
        self._key = key or OPEN_KEY
        self._asks_only = key is None
        rows = file.rows("SELECT seq, key_id, mac FROM history ORDER BY seq DESC LIMIT 1")
        self._end = Link.of(rows[0]) if rows else Link()
        self._proven = 0  # the seq that `meta` speaks of
        self._meta: Row = {}

    @contextmanager
    def transaction(self) -> Iterator[None]:
        """As the file's; what did not come to be is not what the next row is bound to."""
        before = self._end
        try:
            with self._file.transaction():
                yield
        except BaseException:
            self._end = before
            raise

    def note(self, kind: str, number: str, arrow: tuple[str | None, str], why: str, at: int, changed: str) -> None:
        """Part of a transaction: one more row. `arrow`: what the state was, and what it became."""
        if self._asks_only:
            raise LedgerError(f"ledger {self._file.path}: it was opened to ask; a mistake of this program, report it")
        was, became = arrow
        seq = self._end.seq + 1
        line = {"seq": seq, "kind": kind, "number": number, "was": was, "became": became, "why": why, "at": at}
        line["changed"] = changed
        mac = chain.mac(self._key, self._end, line)
        self._file.change(
            "INSERT INTO history VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",
            (seq, kind, number, was, became, why, at, changed, self._key.id, mac),
        )
        self._end = Link(seq, self._key.id, mac)

    def begin(self, generation: Callable[[], str], now: int, losses: tuple[Loss, ...]) -> str:
        """Part of the opening's transaction. Returns the generation of numbers from now on.

        It is another one when rows may be missing: because of `losses`, or because the end of the history is gone.
        """
        found = self._file.rows("SELECT * FROM meta")
        if found:
            self._go_on(found[0], generation, now, losses)
        else:
            self._meta = {"generation": self._fresh(generation, losses), "created_at": now, "opened_at": now}
            self._lose(losses, now)
            meta = tuple(self._meta.values())
            self._file.change("INSERT INTO meta VALUES (1, ?, ?, ?, ?, ?, ?)", (*meta, *self._proof()))
        return str(self._meta["generation"])

    def generation(self) -> str:
        """The one of numbers made now."""
        found = self._file.rows("SELECT generation FROM meta")
        return str(found[0]["generation"]) if found else NOBODY_KNOWS

    def prove(self) -> None:
        """Write down how far the history goes, if it went on since that was written last."""
        if self._end.seq != self._proven and not self._asks_only:
            with self._file.transaction():
                self._file.change("UPDATE meta SET proof_seq = ?, proof_key = ?, proof = ?", self._proof())

    def losses(self) -> list[Loss]:
        """Every loss there ever was, oldest first."""
        columns = "generation, since, what, noticed_at, recovered_at"
        return [Loss(**row) for row in self._file.rows(f"SELECT {columns} FROM losses ORDER BY noticed_at, generation")]

    def recovered(self, generation: str, now: int) -> None:
        """All numbers of this generation that may be missing were asked for."""
        with self._file.transaction():
            done = "UPDATE losses SET recovered_at = ? WHERE generation = ? AND recovered_at IS NULL"
            self._file.change(done, (now, generation))

    def generations(self) -> list[str]:
        """Those that made numbers of this ledger, or may have."""
        return [row["generation"] for row in self._file.rows(_GENERATIONS)]

    def _go_on(self, meta: Row, generation: Callable[[], str], now: int, losses: tuple[Loss, ...]) -> None:
        """The opening of a ledger that is there."""
        if meta["proof"] is None and self._end.mac == Link().mac:
            self._bind_all(now)
        elif (cut := self._cut_off(meta)) is not None:
            losses = (*losses, Loss(meta["generation"], self._last_at(), cut))
        self._lose(losses, now)
        lost = any(loss.generation == meta["generation"] for loss in losses)
        made = self._fresh(generation, losses) if lost else meta["generation"]
        self._meta = {"generation": made, "created_at": meta["created_at"], "opened_at": now}
        self._file.change(
            "UPDATE meta SET generation = ?, opened_at = ?, proof_seq = ?, proof_key = ?, proof = ?", (made, now, *self._proof())
        )

    def _proof(self) -> tuple[int, str, bytes]:
        self._proven = self._end.seq
        return self._end.seq, self._key.id, chain.proof(self._key, self._meta, self._end)

    def _cut_off(self, meta: Row) -> str | None:
        """In words, when the history does not reach as far as it did; also when somebody wrote into `meta`."""
        if meta["proof_key"] not in (self._key.id, None):
            _log.warning("the key of the history has changed since the last start", extra={"hint": "kiosk doctor checks it"})
            return None
        wrong = proof_problem(self._file, meta, self._key)
        if wrong is not None:
            _log.critical("the end of the ledger's history is missing or was changed", extra={"problem": wrong})
        return wrong

    def _lose(self, losses: tuple[Loss, ...], now: int) -> None:
        for loss in losses:
            self._file.change(
                "INSERT INTO losses VALUES (?, ?, ?, ?, NULL) ON CONFLICT (generation) DO NOTHING",
                (loss.generation, now, loss.since, loss.what),
            )

    def _fresh(self, generation: Callable[[], str], losses: tuple[Loss, ...]) -> str:
        """One that has made no number."""
        used = {*self.generations(), *(loss.generation for loss in losses)}
        for _ in range(_TRIES):
            made = generation()
            if made not in used:
                return made
        raise LedgerError(f"ledger {self._file.path}: no generation of numbers is left; move it away, and begin a new one")

    def _bind_all(self, now: int) -> None:
        """A ledger of a version without MACs: what is there is believed once, and bound from now on."""
        rows = self._file.rows("SELECT * FROM history ORDER BY seq")
        if not rows:
            return
        (kept,) = self._file.rows("SELECT sql FROM sqlite_schema WHERE name = 'history_is_not_rewritten'")
        self._file.change("DROP TRIGGER history_is_not_rewritten", ())
        self._end = Link()
        for line in rows:
            mac = chain.mac(self._key, self._end, line)
            self._file.change("UPDATE history SET key_id = ?, mac = ? WHERE seq = ?", (self._key.id, mac, line["seq"]))
            self._end = Link(line["seq"], self._key.id, mac)
        self._file.change(kept["sql"], ())
        for kind, (table, key) in KEYS.items():
            for row in self._file.rows(f"SELECT * FROM {table}"):
                columns = {name: value for name, value in row.items() if name not in (key, "state")}
                self.note(kind, row[key], (row["state"], row["state"]), BOUND, now, chain.told(columns))
        _log.warning("the history was bound for the first time: it is believed as it was found", extra={"rows": len(rows)})

    def _last_at(self) -> int:
        rows = self._file.rows("SELECT at FROM history ORDER BY seq DESC LIMIT 1")
        return int(rows[0]["at"]) if rows else 0


def new_columns(row: dict[str, Value], kind: str) -> str:
    """What the history tells of a row that is new."""
    _, key = KEYS[kind]
    return chain.told({name: value for name, value in row.items() if value is not None and name not in (key, "state")})


def proof_problem(file: LedgerFile, meta: Row, key: ChainKey) -> str | None:
    """In words, when the history does not reach as far as `meta` says under this key."""
    seq = meta["proof_seq"]
    rows: list[dict[str, Any]] = file.rows("SELECT seq, key_id, mac FROM history WHERE seq = ?", (seq,)) if seq else []
    end = Link.of(rows[0]) if rows else Link()
    if (rows or not seq) and chain.proof(key, meta, end) == meta["proof"]:
        return None
    return f"the history went as far as row {seq}, and that is not what stands there: its last rows, or meta, were changed"


_GENERATIONS = (
    "SELECT generation FROM meta UNION SELECT generation FROM counters UNION "
    "SELECT generation FROM losses WHERE generation <> '??'"
)
