"""Orders as files: CSV that a spreadsheet opens and cannot be tricked by, and JSON. Pure; knows no HTTP and no kiosk."""

from __future__ import annotations

import csv
import io
import json
from collections.abc import Sequence
from datetime import datetime, tzinfo
from typing import Any

from kiosk.core.money import Money, major

COLUMNS = (
    "opened_at",
    "settled_at",
    "out_trade_no",
    "transaction_id",
    "tender",
    "state",
    "amount",
    "refunded",
    "currency",
    "sale",
    "tip",
    "memo",
)
_BEGINS_A_FORMULA = ("=", "+", "-", "@", "\t", "\r", "\n", "＝", "＋", "－", "＠")


def rows(orders: Sequence[dict[str, Any]], zone: tzinfo) -> list[dict[str, str | None]]:
    """Each order as texts: times as RFC 3339 in the shop's zone, amounts in whole units with a point."""
    return [
        {
            "opened_at": _time(order["opened_at"], zone),
            "settled_at": _time(order["settled_at"], zone),
            "out_trade_no": str(order["out_trade_no"]),
            "transaction_id": None if order["transaction_id"] is None else str(order["transaction_id"]),
            "tender": str(order["tender"]),
            "state": str(order["state"]),
            "amount": major(Money(order["amount"], order["currency"])),
            "refunded": major(Money(order["refunded"], order["currency"])),
            "currency": str(order["currency"]),
            "sale": str(order["sale"]),
            "tip": major(Money(order.get("tip", 0), order["currency"])),
            "memo": order.get("memo"),
        }
        for order in orders
    ]


def as_csv(orders: Sequence[dict[str, Any]], zone: tzinfo) -> bytes:
    """RFC 4180 in UTF-8 with a mark at its beginning, by which spreadsheets know it."""
    out = io.StringIO(newline="")
    writer = csv.writer(out)
    writer.writerow(COLUMNS)
    for row in rows(orders, zone):
        writer.writerow([safe(row[name] or "") for name in COLUMNS])
    return out.getvalue().encode("utf-8-sig")


def as_json(orders: Sequence[dict[str, Any]], zone: tzinfo) -> bytes:
    """A list of objects with the keys of COLUMNS."""
    return json.dumps(rows(orders, zone), ensure_ascii=False, indent=1).encode() + b"\n"


def safe(text: str) -> str:
    """A cell that no spreadsheet takes for a formula (OWASP, CSV injection): what begins like one gets a ' before it."""
    return f"'{text}" if text.startswith(_BEGINS_A_FORMULA) else text


def _time(at: int | None, zone: tzinfo) -> str | None:
    return None if at is None else datetime.fromtimestamp(at / 1000, zone).isoformat(timespec="seconds")
