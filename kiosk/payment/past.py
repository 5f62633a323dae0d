"""The past orders as the history on the screen lists them: a page at a time, by an index, whatever the ledger's size."""

# ruff: noqa: S608  what is put into SQL text here are expressions of these files; values are bound
from __future__ import annotations

import json
from typing import assert_never

from kiosk.core.commands import ReadPast
from kiosk.core.model import Order
from kiosk.core.past_nouns import END, NEWEST, ByAmount, ByEnd, Find, PastOrder, Walked
from kiosk.payment import ledger_rows
from kiosk.payment.given_back import REFUNDED
from kiosk.payment.ledger_file import LedgerFile, Row
from kiosk.payment.ledger_rows import Value

_SELECT = (
    f"SELECT o.*, {REFUNDED}, EXISTS (SELECT 1 FROM refunds r WHERE r.out_trade_no = o.out_trade_no "
    "AND state = 'ATTENTION') AS refused FROM orders o WHERE "
)


def page(file: LedgerFile, wanted: ReadPast) -> tuple[tuple[PastOrder, ...], bool]:
    """At most `wanted.count` of them, newest first, and whether there are older ones."""
    first = [] if wanted.after is not None else [row for number in wanted.first for row in _of(file, number)]
    after = wanted.after or NEWEST
    condition, values = _condition(wanted.find)
    rows = file.rows(
        f"{_SELECT} {condition} AND sent_at IS NOT NULL AND (opened_at, out_trade_no) < (:at, :number) "
        "ORDER BY opened_at DESC, out_trade_no DESC LIMIT :most",
        {**values, "at": after.opened_at, "number": after.out_trade_no, "most": wanted.count + len(first) + 1},
    )
    there = {row["out_trade_no"] for row in first}
    found = [*first, *(row for row in rows if row["out_trade_no"] not in there)]
    return tuple(_past(row) for row in found[: wanted.count]), len(found) > wanted.count


def walked(file: LedgerFile, out_trade_no: str) -> tuple[Walked, ...]:
    """What happened to the order and its refunds, oldest first."""
    rows = file.rows(
        "SELECT number, was, became, why, at, changed FROM history WHERE number = ?1 "
        "OR number IN (SELECT out_refund_no FROM refunds WHERE out_trade_no = ?1) ORDER BY seq",
        (out_trade_no,),
    )
    found, asks = [], 0
    for row in rows:
        asks = max(asks, int(json.loads(row["changed"]).get("asks", 0)))
        if row["was"] != row["became"]:  # else only counts of calls changed, and the next arrow tells them
            found.append(Walked(row["number"], row["became"], row["why"], row["at"], asks))
            asks = 0
    return tuple(found)


def refused(file: LedgerFile, most: int) -> tuple[tuple[Order, int], ...]:
    """The orders of which a refund came to ATTENTION last, each once, with when."""
    last = "SELECT out_trade_no, settled_at AS at FROM refunds WHERE state = 'ATTENTION' AND late = 0 ORDER BY at DESC LIMIT ?"
    newest: dict[str, int] = {}
    for row in file.rows(last, (most,)):
        newest.setdefault(row["out_trade_no"], row["at"])
    return tuple((_past(row).order, at) for number, at in newest.items() for row in _of(file, number))


def given_back_by(file: LedgerFile, operator: str, since: int) -> int:
    """What this operator gave back since then, in smallest units; what was refused is nothing."""
    given = "SELECT coalesce(sum(amount), 0) AS given FROM refunds WHERE opened_at >= ? AND operator = ? AND state <> 'ATTENTION'"
    return int(file.rows(given, (since, operator))[0]["given"])


def _of(file: LedgerFile, out_trade_no: str) -> list[Row]:
    return file.rows(f"{_SELECT} out_trade_no = ?", (out_trade_no,))


def _condition(find: Find | None) -> tuple[str, dict[str, Value]]:
    match find:
        case ByAmount(amount):
            return "amount = :amount", {"amount": amount}
        case ByEnd(digits):
            # As the index orders_by_end has it.
            return f"substr(out_trade_no, -{END}) = :end", {"end": digits.rjust(END, "0")}
        case None:
            return "1", {}
        case _:
            assert_never(find)


def _past(row: Row) -> PastOrder:
    return PastOrder(ledger_rows.order(row), row["refunded"], bool(row["refused"]))
