"""What is exported of the ledger, in pieces: orders, paid sales and refunds, each with the shift that counts it. SQL, no meaning.

A piece is small, so that whoever sells meanwhile does not wait for it. It begins after a (time, number), the `mark` of the row
before it. Times in ms, amounts in smallest units.
"""

# ruff: noqa: S608  what is put into SQL text here are expressions of this file; values are bound
from __future__ import annotations

from typing import Any

from kiosk.payment.given_back import REFUNDED
from kiosk.payment.ledger_file import LedgerFile
from kiosk.payment.shift_rows import REFUND_FAILED, REFUND_GIVEN, ShiftRows

Row = dict[str, Any]
After = tuple[int, str]

PIECE = 200
NOTHING: After = (-1, "")
REFUNDED_WITHIN = 400 * 86_400_000  # contract 3.7: after a year WeChat takes none, and whoever asked in time is answered by then

_SALES = (
    "SELECT o.settled_at, o.paid_at, o.opened_at, o.sale_id AS sale, o.out_trade_no, o.transaction_id, o.tender, o.amount, "
    "coalesce(s.tip, 0) AS tip, o.currency, o.payer_amount, o.payer_currency, o.rate_e8, o.memo, "
    f"{REFUNDED}, "
    "(SELECT max(h.seq) FROM history h "
    "WHERE h.number = o.out_trade_no AND h.kind = 'order' AND h.became = 'PAID' AND h.was IS NOT 'PAID') AS seq "
    "FROM orders o JOIN sales s USING (sale_id) WHERE o.state = 'PAID' AND o.settled_at >= ?1 AND o.settled_at < ?2 "
    "AND (o.settled_at, o.out_trade_no) > (?3, ?4) ORDER BY o.settled_at, o.out_trade_no LIMIT ?5"
)
_REFUNDS = (
    "SELECT (SELECT max(h.at) {given}) AS accepted_at, r.opened_at, r.out_refund_no, r.out_trade_no, r.refund_id, o.tender, "
    "r.amount, r.currency, r.late, r.state, (SELECT max(h.at) {failed}) AS failed_at, "
    "(SELECT max(h.seq) {given}) AS seq, (SELECT max(h.seq) {failed}) AS failed_seq "
    "FROM refunds r JOIN orders o USING (out_trade_no) WHERE r.opened_at >= ?1 AND r.opened_at < ?2 "
    "AND (r.opened_at, r.out_refund_no) > (?3, ?4) ORDER BY r.opened_at, r.out_refund_no LIMIT ?5"
).format(
    given=f"FROM history h WHERE h.number = r.out_refund_no AND {REFUND_GIVEN}",
    failed=f"FROM history h WHERE h.number = r.out_refund_no AND {REFUND_FAILED}",
)


class ExportRows:
    """What is asked of an open ledger."""

    def __init__(self, file: LedgerFile, shifts: ShiftRows) -> None:
        self._file = file
        self._shifts = shifts

    def sales(self, start: int, end: int, after: After = NOTHING, limit: int = PIECE) -> list[Row]:
        """So many of the orders that were found PAID from `start` up to and without `end`, in the order of that time.

        `z`: of the Z report that counts it; None: of none yet, or it is older than the first shift.
        """
        rows = self._file.rows(_SALES, (max(start, after[0]), end, *after, limit))
        z_of = self._shifts.ends().z_of
        return [{**row, "z": z_of(row.pop("seq")), "mark": (row["settled_at"], row["out_trade_no"])} for row in rows]

    def refunds(self, start: int, end: int, after: After = NOTHING, limit: int = PIECE) -> list[Row]:
        """So many of the refunds asked for before `end` that may have been accepted, or have failed after that, from `start` on.

        `accepted_at` None: not yet. `failed_at`: when WeChat could not make what it had accepted. Whoever wants those of some
        days looks at these times. `z` and `failed_z` as of sales.
        """
        begin = max(0, start - REFUNDED_WITHIN, after[0])
        rows = self._file.rows(_REFUNDS, (begin, end, *after, limit))
        z_of = self._shifts.ends().z_of
        return [
            {
                **row,
                "late": bool(row["late"]),
                "z": z_of(row.pop("seq")),
                "failed_z": z_of(row.pop("failed_seq")),
                "mark": (row["opened_at"], row["out_refund_no"]),
            }
            for row in rows
        ]
