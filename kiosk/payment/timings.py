"""How long it took from a scan to the word that it was paid, read off the ledger's own times. Beside the ledger, as its SQL is.

`sent_at` is written as the charge begins to leave, a moment after the code was taken; `settled_at` when WeChat's word was in.
"""

from __future__ import annotations

from dataclasses import dataclass

from kiosk.payment.ledger_file import LedgerFile

MOST = 300  # the loop reads them between two steps: a few milliseconds


@dataclass(frozen=True, slots=True)
class Timings:
    """Milliseconds of each of the newest. `asked`: those in which the customer had to confirm on the phone first."""

    straight: tuple[int, ...]
    asked: tuple[int, ...]


def scan_to_paid(file: LedgerFile, since: int) -> Timings:
    """Of the Quick Pay orders opened from `since` (ms) on that were paid, at most MOST of each kind."""
    rows = file.rows(
        "SELECT settled_at - sent_at AS took, EXISTS (SELECT 1 FROM history h WHERE h.number = o.out_trade_no "
        "AND h.kind = 'order' AND h.became = 'PAYING') AS asked FROM orders o "
        "WHERE opened_at >= ? AND tender = 'quick_pay' AND state = 'PAID' AND sent_at IS NOT NULL AND settled_at >= sent_at "
        "ORDER BY opened_at DESC LIMIT ?",
        (since, 2 * MOST),
    )
    each: tuple[list[int], list[int]] = ([], [])
    for row in rows:
        each[bool(row["asked"])].append(row["took"])
    return Timings(tuple(each[0][:MOST]), tuple(each[1][:MOST]))
