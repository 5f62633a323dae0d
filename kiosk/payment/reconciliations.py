"""What the ledger keeps of reconciliations, and its own rows as a reconciliation wants them: in slices, so that sales go on.

Questions and rows over an open ledger file, beside ledger.py; which day is due and what a difference means is not known here.
"""

# ruff: noqa: S608  what is put into SQL text here are names and conditions of this file; values are bound
from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from typing import Any, Final, assert_never

from kiosk.core.differences import Account, Difference, Elsewhere, Moved, Reconciliation, Side, Source, Standing, Sums, What
from kiosk.core.money import Money
from kiosk.payment.ledger_file import LedgerFile, Row

SLICE: Final = 2000  # rows at once: some ms of the ledger's thread
ASKED_AT_ONCE: Final = 500  # numbers in one question
MOST_TOLD: Final = 2000  # differences in one answer

Ours = tuple[Any, ...]
"""Number, kind, state, amount, currency, when it moved, of a refund its order's number, when it was opened."""

_MOVED = {0: Moved.PAYMENT, 1: Moved.REVERSAL, 2: Moved.REFUND}
_PAYMENTS = (
    "SELECT out_trade_no, 0, state, amount, currency, coalesce(paid_at, settled_at, sent_at, opened_at), NULL, "
    "opened_at FROM orders"
)
_REFUNDS = (
    "SELECT out_refund_no, 2, state, amount, currency, coalesce(settled_at, called_at, opened_at), out_trade_no, "
    "opened_at FROM refunds"
)


@dataclass(frozen=True, slots=True)
class Cursor:
    """Where the next slice begins."""

    refunds: bool = False
    opened_at: int = -1
    number: str = ""


def slice_of(file: LedgerFile, start: int, end: int, at: Cursor) -> tuple[list[Ours], Cursor | None]:
    """The next orders, then refunds, opened from `start` up to and without `end`; and where to go on, None at the end."""
    select, key = (_REFUNDS, "out_refund_no") if at.refunds else (_PAYMENTS, "out_trade_no")
    rows = file.tuples(
        f"{select} WHERE opened_at >= ?1 AND opened_at < ?2 AND (opened_at, {key}) > (?1, ?3) ORDER BY opened_at, {key} LIMIT ?4",
        (max(start, at.opened_at), end, at.number, SLICE),
    )
    if len(rows) == SLICE:
        return rows, Cursor(at.refunds, rows[-1][-1], rows[-1][0])
    return rows, None if at.refunds else Cursor(refunds=True)


def of_numbers(file: LedgerFile, kind: int, numbers: Sequence[str]) -> list[Ours]:
    """The rows of at most ASKED_AT_ONCE numbers, whenever they were opened."""
    select, key = (_REFUNDS, "out_refund_no") if _MOVED[kind] is Moved.REFUND else (_PAYMENTS, "out_trade_no")
    marks = ", ".join("?" * len(numbers))
    return file.tuples(f"{select} WHERE {key} IN ({marks})", tuple(numbers))


def elsewhere(file: LedgerFile, kind: int, numbers: Sequence[str]) -> dict[str, str]:
    """In which day's statement those of at most ASKED_AT_ONCE numbers stand that stand in another one than their time says."""
    marks = ", ".join("?" * len(numbers))
    sql = f"SELECT number, day FROM stated_elsewhere WHERE moved = ? AND number IN ({marks})"
    return dict(file.tuples(sql, (_MOVED[kind].value, *numbers)))


def elsewhere_on(file: LedgerFile, day: str) -> set[tuple[str, Moved]]:
    """What is known to stand in this day's statement, though its time says another."""
    rows = file.tuples("SELECT number, moved FROM stated_elsewhere WHERE day = ?", (day,))
    return {(number, Moved(moved)) for number, moved in rows}


def keep(file: LedgerFile, row: Account) -> None:
    """Part of a transaction: write it, or over what is there of the same name."""
    table, keys, values = _columns(row)
    names = list(values)
    changes = ", ".join(f"{name} = excluded.{name}" for name in names if name not in keys)
    file.change(
        f"INSERT INTO {table} ({', '.join(names)}) VALUES (:{', :'.join(names)}) ON CONFLICT DO UPDATE SET {changes}", values
    )


def days(file: LedgerFile, first: str = "", last: str = "9999") -> list[Reconciliation]:
    """Those that were reconciled, oldest first."""
    rows = file.rows("SELECT * FROM reconciliations WHERE day BETWEEN ? AND ? ORDER BY day", (first, last))
    return [
        Reconciliation(**{**row, "source": Source(row["source"]), "sums": tuple(map(_sums, json.loads(row["sums"])))})
        for row in rows
    ]


def differences(file: LedgerFile, first: str = "", last: str = "9999", *, standing: bool = False) -> list[Difference]:
    """Those of these days, oldest first, at most MOST_TOLD; with `standing` only what is not settled."""
    only = "standing <> 'settled' AND" if standing else ""
    rows = file.rows(
        f"SELECT * FROM differences WHERE {only} day BETWEEN ? AND ? ORDER BY day, at, number LIMIT ?", (first, last, MOST_TOLD)
    )
    return [_difference(row) for row in rows]


def known(file: LedgerFile, day: str, after: tuple[str, str]) -> list[Difference]:
    """The next SLICE differences of the day, in the order of their names."""
    rows = file.rows(
        "SELECT * FROM differences WHERE day = ? AND (moved, number) > (?, ?) ORDER BY moved, number LIMIT ?",
        (day, *after, SLICE),
    )
    return [_difference(row) for row in rows]


def counts(file: LedgerFile, first: str = "", last: str = "9999") -> dict[tuple[str, str], int]:
    """How many differences each day has of each standing."""
    rows = file.rows(
        "SELECT day, standing, count(*) AS n FROM differences WHERE day BETWEEN ? AND ? GROUP BY day, standing", (first, last)
    )
    return {(row["day"], row["standing"]): row["n"] for row in rows}


def for_a_person(file: LedgerFile, since: int) -> int:
    """How many differences came to a person after `since`, and wait for one."""
    sql = "SELECT count(*) AS n FROM differences WHERE standing = 'attention' AND noted_at > ?"
    return int(file.rows(sql, (since,))[0]["n"])


def first_opened_at(file: LedgerFile) -> int | None:
    """When the oldest order was opened."""
    rows = file.rows("SELECT opened_at FROM orders ORDER BY opened_at LIMIT 1")
    return rows[0]["opened_at"] if rows else None


def _columns(row: Account) -> tuple[str, tuple[str, ...], dict[str, str | int | bytes | None]]:
    match row:
        case Reconciliation():
            sums = json.dumps([asdict(each) for each in row.sums], separators=(",", ":"))
            told: dict[str, Any] = {name: getattr(row, name) for name in ("day", "at", "sha1", "rows", "others", "agreed")}
            return "reconciliations", ("day",), {**told, "source": row.source.value, "sums": sums}
        case Elsewhere():
            return "stated_elsewhere", ("number", "moved"), {"number": row.number, "moved": row.moved.value, "day": row.day}
        case Difference():
            same = ("day", "number", "out_trade_no", "at", "ours", "theirs", "noted_at", "settled_at", "note")
            values: dict[str, Any] = {name: getattr(row, name) for name in same}
            values |= {"moved": row.moved.value, "what": row.what.value, "standing": row.standing.value}
            for side, money in (("our", row.our_money), ("their", row.their_money)):
                values[f"{side}_amount"] = None if money is None else money.amount
                values[f"{side}_currency"] = None if money is None else money.currency
            return "differences", ("day", "moved", "number"), values
        case _:
            assert_never(row)


def _difference(row: Row) -> Difference:
    money = {side: row.pop(f"{side}_amount") for side in ("our", "their")}
    currencies = {side: row.pop(f"{side}_currency") for side in ("our", "their")}
    amounts = {side: None if money[side] is None else Money(money[side], currencies[side]) for side in money}
    told = {"moved": Moved(row["moved"]), "what": What(row["what"]), "standing": Standing(row["standing"])}
    return Difference(**{**row, **told}, our_money=amounts["our"], their_money=amounts["their"])


def _sums(told: dict[str, Any]) -> Sums:
    return Sums(told["sub_mchid"], told["currency"], Side(**told["ours"]), Side(**told["theirs"]), told["fee"])
