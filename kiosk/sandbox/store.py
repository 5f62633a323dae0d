"""The bank's ledger on disk: a line of JSON for each change of an order; the last of a number counts. No payment code."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import asdict
from pathlib import Path

from kiosk.sandbox.records import Entry, Kind, OrderRow, RefundRow, State


class Store:
    """Appends to one file. Not a model of durability: this is the stand-in's memory, the kiosk's own ledger is elsewhere."""

    def __init__(self, file: Path) -> None:
        self._file = file

    def load(self) -> Iterator[OrderRow]:
        """The orders as last kept, oldest first; a torn last line is passed over."""
        if not self._file.exists():
            return
        rows: dict[str, dict[str, object]] = {}
        for line in self._file.read_text("utf-8").splitlines():
            try:
                row = json.loads(line)
            except ValueError:
                continue
            rows[row["out_trade_no"]] = row
        for row in rows.values():
            yield _order(row)

    def keep(self, order: OrderRow) -> None:
        """Write the order as it is now."""
        with self._file.open("a", encoding="utf-8") as out:
            out.write(json.dumps(asdict(order), ensure_ascii=False) + "\n")


def _order(row: dict[str, object]) -> OrderRow:
    values: dict[str, object] = dict(row)
    values["kind"] = Kind(str(values["kind"]))
    values["state"] = State(str(values["state"]))
    values["entries"] = [Entry(**each) for each in values["entries"]]  # type: ignore[attr-defined]  # JSON that this file wrote
    values["refunds"] = [RefundRow(**each) for each in values["refunds"]]  # type: ignore[attr-defined]  # JSON that this file wrote
    return OrderRow(**values)  # type: ignore[arg-type]  # JSON that this file wrote
