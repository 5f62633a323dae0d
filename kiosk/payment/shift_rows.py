"""The shifts of the ledger: a shift and its row, and what a shift counts, read off the history between two ends. SQL, no meaning.

A shift's counts come from the arrows that lie in the history between the end of the shift before it and its own, and never from
times; what was before the first shift began is in none of them.

Its lists lie in the row as short as can be, and for ever in this form, as older ledgers have it. What people and programs are
told of a shift is another form, with names, that may grow: shift_desk.as_json.
"""

# ruff: noqa: S608  what is put into SQL text here are expressions of this file; values are bound
from __future__ import annotations

import json
from bisect import bisect_left
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any, Final

from kiosk.core.model import OrderState, Tender
from kiosk.core.money import Money
from kiosk.core.shifts import Count, Figures, Shift, ShiftState, Tally, Waiting, What
from kiosk.payment.ledger_file import LedgerFile

Value = str | int | None
Row = dict[str, Any]

END: Final = 2**63 - 1
"""Beyond every row of the history."""

_SUMS = tuple(name for name in Tally.__dataclass_fields__ if name not in ("tender", "currency"))


def columns(shift: Shift) -> dict[str, Value]:
    """Of a row of `shifts`. What an open one has counted so far is not written down: the history tells it."""
    done = not shift.is_open
    return {
        "shift_id": shift.shift_id,
        "z": shift.z,
        "opened_at": shift.opened_at,
        "zone": shift.zone,
        "day_starts": shift.day_starts,
        "state": shift.state.value,
        "opened_by": shift.opened_by,
        "closed_at": shift.closed_at,
        "closed_by": shift.closed_by,
        "taken_over": _told([_waiting(one) for one in shift.taken_over]),
        "handed_over": _told([_waiting(one) for one in shift.handed_over] if done else []),
        "tallies": _told([_tally(one) for one in shift.tallies] if done else []),
    }


def shift(row: Row) -> Shift:
    """The shift of a row of `shifts`."""
    return Shift(
        shift_id=row["shift_id"],
        z=row["z"],
        opened_at=row["opened_at"],
        zone=row["zone"],
        day_starts=row["day_starts"],
        state=ShiftState(row["state"]),
        opened_by=row["opened_by"],
        closed_at=row["closed_at"],
        closed_by=row["closed_by"],
        taken_over=tuple(map(_waiting_of, json.loads(row["taken_over"]))),
        handed_over=tuple(map(_waiting_of, json.loads(row["handed_over"]))),
        tallies=tuple(map(_tally_of, json.loads(row["tallies"]))),
    )


class ShiftRows:
    """What is asked of the shifts in an open ledger."""

    def __init__(self, file: LedgerFile) -> None:
        self._file = file
        self._ends: list[tuple[int, int]] = []  # of closed shifts the last row of history and the number, which never change

    def one(self, z: int | None) -> Shift | None:
        """The shift of this number; None: the newest."""
        found = "z = ?1" if z is not None else "z = (SELECT max(z) FROM shifts) AND ?1 IS NULL"
        rows = self._file.rows(f"SELECT * FROM shifts WHERE {found}", (z,))
        return shift(rows[0]) if rows else None

    def closed(self, start: int, end: int, after: int, limit: int) -> list[Shift]:
        """So many of those closed from `start` up to and without `end`, that have a number above `after`, in their order."""
        rows = self._file.rows(
            "SELECT * FROM shifts WHERE state = 'closed' AND closed_at >= ? AND closed_at < ? AND z > ? ORDER BY z LIMIT ?",
            (start, end, after, limit),
        )
        return [shift(row) for row in rows]

    def figures(self, z: int | None) -> Figures | None:
        """The shift, what it counts, and what became of what it took over; of a closed one it is all in its row."""
        found = self.one(z)
        if found is None or not found.is_open:
            return None if found is None else Figures(found)
        became = []
        for taken in found.taken_over:
            rows = self._file.rows("SELECT state FROM orders WHERE out_trade_no = ?", (taken.number,))
            became += [(taken.number, OrderState(row["state"])) for row in rows]
        return Figures(found, tuple(self.counts(found)), tuple(became))

    def counts(self, of: Shift) -> Iterator[Count]:
        """What lies between its ends, also of a closed one: the same figures as its row has."""
        yield from self._counts(*self.span(of))

    def _counts(self, begin: int, end: int) -> Iterator[Count]:
        for row in self._file.rows(_COUNTS, (begin, end)):
            yield Count(What(row["what"]), Tender(row["tender"]), row["currency"], row["count"], row["amount"], row["tips"])

    def after(self, of: Shift) -> Iterator[Count]:
        """What the shift after this closed one will count, as far as it has come in."""
        yield from self._counts(self._end(of, "closed"), END)

    def span(self, of: Shift) -> tuple[int, int]:
        """The rows of the history that it counts: after the first and up to the second."""
        before = self.one(of.z - 1) if of.z > 1 else None
        begin = self._end(of, "open") if before is None else self._end(before, "closed")
        return begin, END if of.is_open else self._end(of, "closed")

    def ends(self) -> Ends:
        """Where the closed shifts end, for as long as nothing is committed."""
        known = self._ends[-1][1] if self._ends else 0
        closed = self._file.rows("SELECT * FROM shifts WHERE state = 'closed' AND z > ? ORDER BY z", (known,))
        self._ends += [(self._end(one, "closed"), one.z) for one in map(shift, closed)]
        first = self.one(1)
        return Ends(END if first is None else self.span(first)[0], self._ends)

    def _end(self, of: Shift, became: str) -> int:
        found = "SELECT max(seq) AS seq FROM history WHERE number = ? AND kind = 'shift' AND became = ?"
        return int(self._file.rows(found, (of.shift_id, became))[0]["seq"] or 0)


@dataclass(frozen=True, slots=True)
class Ends:
    """The row of the history after which the first shift counts; and of each closed one its last row, and its number."""

    begin: int
    closed: list[tuple[int, int]]

    def z_of(self, seq: int | None) -> int | None:
        """The closed shift that counts this row; None: none does, or not yet."""
        if seq is None or seq <= self.begin:
            return None
        place = bisect_left(self.closed, (seq, 0))
        return self.closed[place][1] if place < len(self.closed) else None


ORDER_ARROW: Final = "h.kind = 'order' AND h.was IS NOT h.became AND h.became"
"""An order has walked; to what follows."""

REFUND_GIVEN: Final = "h.kind = 'refund' AND h.became IN ('ACCEPTED', 'DONE') AND (h.was IS NULL OR h.was = 'REQUESTED')"
"""WeChat has taken a refund on."""

REFUND_FAILED: Final = "h.kind = 'refund' AND h.became = 'ATTENTION' AND h.was = 'ACCEPTED'"
"""WeChat had taken a refund on, and could not make it."""

_COUNTS = (
    "SELECT CASE h.became WHEN 'PAID' THEN 'paid' WHEN 'DECLINED' THEN 'declined' WHEN 'ATTENTION' THEN 'attention' "
    "ELSE 'undone' END AS what, o.tender, o.currency, count(*) AS count, sum(o.amount) AS amount, "
    "sum(iif(h.became = 'PAID', coalesce(s.tip, 0), 0)) AS tips "
    "FROM history h JOIN orders o ON o.out_trade_no = h.number JOIN sales s USING (sale_id) "
    f"WHERE h.seq > ?1 AND h.seq <= ?2 AND {ORDER_ARROW} IN ('PAID', 'DECLINED', 'REVERSED', 'CLOSED', 'ATTENTION') "
    "GROUP BY 1, 2, 3 UNION ALL "
    "SELECT CASE WHEN r.late THEN 'late' WHEN h.became = 'ATTENTION' THEN 'failed' ELSE 'refund' END, "
    "o.tender, r.currency, count(*), sum(r.amount), 0 "
    "FROM history h JOIN refunds r ON r.out_refund_no = h.number JOIN orders o USING (out_trade_no) "
    f"WHERE h.seq > ?1 AND h.seq <= ?2 AND (({REFUND_GIVEN}) OR ({REFUND_FAILED} AND NOT r.late)) GROUP BY 1, 2, 3"
)


def _told(value: object) -> str:
    return json.dumps(value, separators=(",", ":"))


def _waiting(one: Waiting) -> list[Value]:
    state = None if one.became is None else one.became.value
    return [one.number, one.money.amount, one.money.currency, one.opened_at, int(one.refund), state]


def _waiting_of(row: list[Any]) -> Waiting:
    number, amount, currency, opened_at, refund, became = row
    return Waiting(number, Money(amount, currency), opened_at, bool(refund), None if became is None else OrderState(became))


def _tally(one: Tally) -> dict[str, Value]:
    sums: dict[str, Value] = {name: getattr(one, name) for name in _SUMS if getattr(one, name)}
    return {"tender": one.tender.value, "currency": one.currency, **sums}


def _tally_of(row: Row) -> Tally:
    return Tally(**{**row, "tender": Tender(row["tender"])})
