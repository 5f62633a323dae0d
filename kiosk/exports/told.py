"""One piece of an export, of an open ledger: what the kiosk's loop does between two steps when somebody asks for it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict
from typing import Any

from kiosk.control import shift_desk
from kiosk.exports.rows import KINDS
from kiosk.payment.export_rows import NOTHING, PIECE, After
from kiosk.payment.ledger import SqliteLedger

_END_OF_TIME = 2**63


def piece(ledger: SqliteLedger, request: Mapping[str, object]) -> dict[str, Any]:
    """`rows` of a kind from `start` up to and without `end` (ms), after a `mark` or null; none left: an empty list."""
    wanted = _wanted(request)
    if wanted is None:
        return {"problem": f"rows wants kind ({', '.join(KINDS)}), start and end in milliseconds, and after, a mark or null"}
    kind, start, end, after = wanted
    match kind:
        case "sales":
            rows = ledger.exports.sales(start, end, after)
        case "refunds":
            rows = ledger.exports.refunds(start, end, after)
        case "shifts":
            closed = ledger.shifts.closed(start, end, max(0, after[0]), PIECE)
            rows = [{**shift_desk.as_json(one), "mark": (one.z, "")} for one in closed]
        case _:
            lines = ledger.lines(start, end, after=after, limit=PIECE)
            rows = [{**asdict(line), "mark": (line.opened_at, line.out_trade_no)} for line in lines]
    return {"ok": True, "rows": rows}


def _wanted(request: Mapping[str, object]) -> tuple[str, int, int, After] | None:
    kind, start, end, after = (request.get(name) for name in ("kind", "start", "end", "after"))
    mark = NOTHING if after is None else after
    if kind not in KINDS or type(start) is not int or type(end) is not int:
        return None
    if not isinstance(mark, list | tuple) or len(mark) != 2:  # noqa: PLR2004  time and number
        return None
    at, number = mark
    if type(at) is not int or not isinstance(number, str) or not number.isascii():
        return None
    if any(not -1 <= one < _END_OF_TIME for one in (start, end, at)):
        return None
    return str(kind), start, end, (at, number)
