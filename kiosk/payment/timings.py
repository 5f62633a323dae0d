"""How long it took from a scan to the word that it was paid, read off the ledger's own times. Beside the ledger, as its SQL is.

`sent_at` is written as the charge begins to leave, a moment after the code was taken; `settled_at` when WeChat's word was in.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from kiosk.payment.ledger_file import LedgerFile

CHUNK = 100  # orders read at once: the loop does it between two steps, in a few milliseconds
CHUNKS = 6
_END_OF_TIME = 2**62


@dataclass(frozen=True, slots=True)
class Timings:
    """Milliseconds of each of the newest. `asked`: those in which the customer had to confirm on the phone first.

    `older_than`: opened before this (ms) there may be more; None: there is none.
    """

    straight: tuple[int, ...] = ()
    asked: tuple[int, ...] = ()
    older_than: int | None = None


def scan_to_paid(file: LedgerFile, since: int, before: int = _END_OF_TIME) -> Timings:
    """Of the newest CHUNK of the Quick Pay orders that were paid, opened from `since` up to and without `before` (ms)."""
    rows = file.rows(
        "SELECT opened_at, settled_at - sent_at AS took, EXISTS (SELECT 1 FROM history h WHERE h.number = o.out_trade_no "
        "AND h.kind = 'order' AND h.became = 'PAYING') AS asked FROM orders o WHERE opened_at >= ? AND opened_at < ? "
        "AND tender = 'quick_pay' AND state = 'PAID' AND sent_at IS NOT NULL AND settled_at >= sent_at "
        "ORDER BY opened_at DESC LIMIT ?",
        (since, before, CHUNK),
    )
    each: tuple[list[int], list[int]] = ([], [])
    for row in rows:
        each[bool(row["asked"])].append(row["took"])
    return Timings(tuple(each[0]), tuple(each[1]), rows[-1]["opened_at"] if len(rows) == CHUNK else None)


def newest(read: Callable[[int], Timings]) -> Timings:
    """The newest CHUNKS of them together. `read`: those before a time."""
    straight: list[int] = []
    asked: list[int] = []
    before: int | None = _END_OF_TIME
    for _ in range(CHUNKS):
        if before is None:
            break
        found = read(before)
        straight += found.straight
        asked += found.asked
        before = found.older_than
    return Timings(tuple(straight), tuple(asked))
