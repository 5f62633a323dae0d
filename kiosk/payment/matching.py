"""A statement and the ledger's rows of the same days, held against each other in a scratch database of their own.

The scratch is SQLite's private temporary database: small days stay in memory, large ones go to a file without a name. The
ledger's own connection takes no part: its rows are handed in, slice by slice. Knows which states agree, and not what follows.
"""

# ruff: noqa: S608  what is put into SQL text here are conditions of this file; values are bound
from __future__ import annotations

import sqlite3
from collections.abc import Callable, Iterable, Iterator, Sequence
from types import TracebackType
from typing import Any, Final, Self

from kiosk.core.differences import Difference, Elsewhere, Moved, Side, Sums, What
from kiosk.core.money import Money
from kiosk.payment.given_back import GIVEN
from kiosk.payment.statement import Fields, Kind, StatementWrong

MARGIN_MS: Final = 10 * 60_000
"""What our clock dates so shortly before midnight may stand in the next day's statement: it is looked for there, too."""

_MOVED = {Kind.PAYMENT: Moved.PAYMENT, Kind.REVERSAL: Moved.REVERSAL, Kind.REFUND: Moved.REFUND}
_CACHE_KIB = 48 * 1024
_CHUNK = 500

_TABLES = """
CREATE TABLE stated (number TEXT, kind INT, at INT, currency TEXT, amount INT, fee INT, refunded TEXT, status TEXT,
                     PRIMARY KEY (number, kind)) WITHOUT ROWID;
CREATE TABLE ours (number TEXT, kind INT, state TEXT, amount INT, currency TEXT, at INT, refunded TEXT, opened_at INT,
                   PRIMARY KEY (number, kind)) WITHOUT ROWID;
CREATE TABLE differing (number TEXT, kind INT, verdict TEXT, PRIMARY KEY (number, kind)) WITHOUT ROWID;
"""

# A refund that WeChat is still making counts as made (contract 8); one that came to nothing moved no money.
_CAME_TO_NOTHING = "s.kind = 2 AND s.status NOT IN ('SUCCESS', 'PROCESSING', '', '0')"
_TAKEN = "('PAID', 'REFUNDED', 'REFUNDING')"  # the ledger says that this order's money was taken
_UNDONE = "('REVERSED', 'REVERSING', 'DECLINED', 'CLOSED', 'VOID')"  # or that it was not, or was given back by undoing
_GOES_BACK = (
    "(EXISTS (SELECT 1 FROM stated AS b WHERE b.number = s.number AND b.kind = 1 AND b.amount = s.amount) "
    "OR EXISTS (SELECT 1 FROM stated AS b WHERE b.refunded = s.number AND b.kind = 2 AND b.amount = s.amount))"
)
_OF_AN_UNDONE_ORDER = (  # WeChat may show what was reversed as a refund that has a number of its own (contract 14)
    "EXISTS (SELECT 1 FROM ours AS p WHERE p.number = s.refunded AND p.kind = 0 "
    f"AND p.amount = s.amount AND p.state IN {_UNDONE})"
)
_VERDICT = f"""
CASE WHEN o.number IS NULL THEN CASE WHEN {_CAME_TO_NOTHING} THEN 'agree'
                                     WHEN s.kind = 2 AND {_OF_AN_UNDONE_ORDER} THEN 'agree' ELSE 'only_theirs' END
     WHEN o.amount <> s.amount OR o.currency <> s.currency THEN 'amount'
     WHEN s.kind = 0 THEN CASE WHEN o.state IN {_TAKEN} THEN 'agree'
                               WHEN o.state IN {_UNDONE} AND {_GOES_BACK} THEN 'agree' ELSE 'state' END
     WHEN s.kind = 1 THEN CASE WHEN o.state IN {_UNDONE} OR o.state = 'REFUNDED' THEN 'agree' ELSE 'state' END
     WHEN ({_CAME_TO_NOTHING}) = (o.state IN {GIVEN}) THEN 'state'
     ELSE 'agree' END"""
_BY_KIND = ", ".join(  # the order of Side's fields
    f"ifnull(sum({{0}}.kind = {kind}), 0), ifnull(sum(iif({{0}}.kind = {kind}, {{0}}.amount, 0)), 0)" for kind in (0, 1, 2)
)
_PAIRS = "stated AS s LEFT JOIN ours AS o ON o.number = s.number AND o.kind = iif(s.kind = 1, 0, s.kind)"
_OURS_MOVED = f"((o.kind = 0 AND o.state IN {_TAKEN}) OR (o.kind = 2 AND o.state IN {GIVEN}))"


class Matching:
    """One statement and what the ledger has of its days. `lo` to `hi` (ms): what the ledger dates here should stand in it."""

    def __init__(self, day: str, sub_mchid: str, lo: int, hi: int) -> None:
        self._day = day
        self._sub_mchid = sub_mchid
        self._window = (lo, hi)
        self._scratch = sqlite3.connect("", isolation_level=None, check_same_thread=False)  # one thread at a time
        for name, value in (("journal_mode", "OFF"), ("synchronous", 0), ("temp_store", 1), ("cache_size", -_CACHE_KIB)):
            self._scratch.execute(f"PRAGMA {name} = {value}")
        self._scratch.executescript(_TABLES)
        self._scratch.execute("BEGIN")
        self.agreed = 0

    def __enter__(self) -> Self:
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None) -> None:
        self._scratch.close()

    def take_statement(self, entries: Iterable[Fields], line: Callable[[], int]) -> None:
        """All of it; `line`: at which it is. Raises StatementWrong for what stands there twice."""
        try:
            self._scratch.executemany("INSERT INTO stated VALUES (?, ?, ?, ?, ?, ?, ?, ?)", entries)
        except sqlite3.IntegrityError:
            raise StatementWrong(f"line {line()} of the statement: the same order or refund stands there twice") from None
        self._scratch.execute("CREATE INDEX back ON stated (refunded) WHERE kind = 2")

    def take_ours(self, rows: Iterable[Sequence[Any]]) -> None:
        """Rows of the ledger, as payment/reconciliations.py has them; one that is here already stays."""
        self._scratch.executemany("INSERT OR IGNORE INTO ours VALUES (?, ?, ?, ?, ?, ?, ?, ?)", rows)

    def judge(
        self, look_up: Callable[[int, list[str]], Iterable[Sequence[Any]]], stated: Callable[[int, list[str]], Iterable[str]]
    ) -> None:
        """Hold them against each other. Once, after everything was taken.

        `look_up` gives the ledger's rows of a kind, by some hundred numbers: what it has of another time, or not at all.
        `stated`: which of these numbers stand in the statement of another day.
        """
        judged = f"SELECT s.number, s.kind, {_VERDICT} AS verdict FROM {_PAIRS}"
        self._scratch.execute(f"INSERT INTO differing SELECT * FROM ({judged}) WHERE verdict <> 'agree'")
        for kind, name, wanted in ((0, "number", "kind < 2"), (0, "refunded", "kind = 2"), (2, "number", "kind = 2")):
            for numbers in self._unknown(kind, name, wanted):
                self.take_ours(look_up(kind, numbers))
        again = f"{judged} WHERE (s.number, s.kind) IN (SELECT number, kind FROM differing WHERE verdict = 'only_theirs')"
        self._scratch.execute(f"INSERT OR REPLACE INTO differing {again}")
        self._scratch.execute("DELETE FROM differing WHERE verdict = 'agree'")
        (rows,) = self._scratch.execute("SELECT count(*) FROM stated").fetchone()
        (wrong,) = self._scratch.execute("SELECT count(*) FROM differing").fetchone()
        self.agreed = rows - wrong
        self._scratch.execute(
            "INSERT INTO differing SELECT o.number, o.kind, 'only_ours' FROM ours AS o WHERE "
            "((o.kind = 0 AND o.state IN ('PAID', 'REFUNDED')) OR (o.kind = 2 AND o.state = 'DONE')) AND o.at >= ? AND o.at < ? "
            "AND NOT EXISTS (SELECT 1 FROM stated AS s WHERE s.number = o.number AND s.kind = o.kind)",
            self._window,
        )
        for kind in (0, 2):
            for numbers in self._alone(kind):
                there = ((number, kind) for number in stated(kind, numbers))
                self._scratch.executemany("DELETE FROM differing WHERE number = ? AND kind = ?", there)

    def _alone(self, kind: int) -> Iterator[list[str]]:
        """Numbers, some hundred at once, that the ledger alone has."""
        number = ""
        while rows := self._scratch.execute(
            "SELECT number FROM differing WHERE verdict = 'only_ours' AND kind = ? AND number > ? ORDER BY 1 LIMIT ?",
            (kind, number, _CHUNK),
        ).fetchall():
            yield [row[0] for row in rows]
            number = rows[-1][0]

    def _unknown(self, kind: int, name: str, wanted: str) -> Iterator[list[str]]:
        """Numbers, some hundred at once, that the statement has and `take_ours` has not brought. Also the orders of refunds."""
        number = ""
        while rows := self._scratch.execute(
            f"SELECT DISTINCT s.{name} FROM stated AS s JOIN differing AS d USING (number, kind) "
            f"WHERE d.verdict = 'only_theirs' AND s.{wanted} AND s.{name} > ? "
            f"AND NOT EXISTS (SELECT 1 FROM ours AS o WHERE o.number = s.{name} AND o.kind = ?) ORDER BY 1 LIMIT ?",
            (number, kind, _CHUNK),
        ).fetchall():
            yield [row[0] for row in rows]
            number = rows[-1][0]

    def differences(self) -> Iterator[Difference]:
        """Each, in the order of their names."""
        cursor = self._scratch.execute(
            "SELECT d.number, d.kind, d.verdict, coalesce(s.refunded, o.refunded, d.number), coalesce(s.at, o.at), o.state, "
            "o.amount, o.currency, s.kind, s.status, s.amount, s.currency FROM differing AS d "
            "LEFT JOIN stated AS s ON s.number = d.number AND s.kind = d.kind AND d.verdict <> 'only_ours' "
            "LEFT JOIN ours AS o ON o.number = d.number AND o.kind = iif(d.kind = 1, 0, d.kind) "
            "ORDER BY d.kind = 2, d.number, d.kind"
        )
        for number, kind, verdict, trade, at, state, our_amount, our_currency, stated, status, amount, currency in cursor:
            theirs = {None: None, 0: "SUCCESS", 1: "REVOKED"}.get(stated, f"REFUND {status}".rstrip())
            yield Difference(
                day=self._day,
                moved=_MOVED[Kind(kind)],
                number=number,
                out_trade_no=trade,
                what=What(verdict),
                at=at,
                ours=state,
                theirs=theirs,
                our_money=None if our_amount is None else Money(our_amount, our_currency),
                their_money=None if amount is None else Money(amount, currency),
            )

    def elsewhere(self, start: int, end: int) -> Iterator[Elsewhere]:
        """What stands in this statement and might be looked for in another day's. `start` to `end`: this day."""
        cursor = self._scratch.execute(
            "SELECT s.number, s.kind FROM ours AS o CROSS JOIN stated AS s ON o.number = s.number AND o.kind = s.kind "
            "WHERE o.at < ? OR o.at >= ? OR o.state NOT IN ('PAID', 'DONE')",
            (start, end - MARGIN_MS),
        )
        for number, kind in cursor:
            yield Elsewhere(number, _MOVED[Kind(kind)], self._day)

    def sums(self, currencies: Iterable[str]) -> tuple[Sums, ...]:
        """Of each currency. Ours are what agrees, and what the ledger says of the rest: only the differences part them.

        `currencies`: those of the statement.
        """
        rows = self._scratch.execute("SELECT DISTINCT o.currency FROM differing AS d JOIN ours AS o ON o.number = d.number")
        return tuple(self._sums(currency) for currency in sorted({*currencies, *(currency for (currency,) in rows.fetchall())}))

    def _sums(self, currency: str) -> Sums:
        stated = f"FROM stated AS s WHERE s.currency = ? AND NOT ({_CAME_TO_NOTHING})"
        theirs = self._one(f"SELECT {_BY_KIND.format('s')}, ifnull(sum(s.fee), 0) {stated}", currency)
        apart = self._one(
            f"SELECT {_BY_KIND.format('s')} FROM differing AS d JOIN stated AS s USING (number, kind) "
            f"WHERE s.currency = ? AND d.verdict <> 'only_ours' AND NOT ({_CAME_TO_NOTHING})",
            currency,
        )
        alone = self._one(
            f"SELECT {_BY_KIND.format('o')} FROM differing AS d JOIN ours AS o USING (number, kind) "
            f"WHERE o.currency = ? AND {_OURS_MOVED}",
            currency,
        )
        ours = [their - their_own + our_own for their, their_own, our_own in zip(theirs[:6], apart, alone, strict=True)]
        return Sums(self._sub_mchid, currency, Side(*ours), Side(*theirs[:6]), theirs[6])

    def _one(self, sql: str, currency: str) -> list[int]:
        return [int(value) for value in self._scratch.execute(sql, (currency,)).fetchone()]
