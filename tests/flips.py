"""Does anything notice a flipped bit? Flips one bit of a ledger's file at a time, and reads what is there.

    python -m tests.flips --flips 10000 [--seed 1]

Harmful is a flip after which a row of sales, orders, refunds or the history reads back differently, is missing, or cannot be
read. Each harmful one has to be noticed by an error, by the check of the file, or by the chain.
"""

from __future__ import annotations

import argparse
import contextlib
import json
import os
import random
import sqlite3
import sys
import tempfile
from collections import Counter
from pathlib import Path
from typing import Any

from kiosk.core.commands import Insert, Update
from kiosk.core.model import Decline, OrderState, RefundState, SaleState
from kiosk.payment import audit
from kiosk.payment.chain import ChainKey
from kiosk.payment.ledger import SqliteLedger
from tests.figures import tell
from tests.ledger_samples import HKD, keyed, order, paid, refund, sale

KEY = ChainKey("k1", b"of the flips")
TABLES = {"sales": "sale_id", "orders": "out_trade_no", "refunds": "out_refund_no", "history": "seq"}


def make(path: Path, sales: int) -> None:
    """A ledger of a shop's days: most sales paid, some declined or undone, some refunded."""
    with contextlib.closing(SqliteLedger.open(path, generation=lambda: "aa", now=1, key=KEY)) as ledger:
        for counter in range(1, sales + 1):
            ledger.commit(keyed(counter), at=counter)
            ledger.commit([Update(order(counter, OrderState.SENT), "sent")], at=counter)
            if counter % 7 == 0:
                declined = order(counter, OrderState.DECLINED, decline=Decline.CODE_EXPIRED)
                ledger.commit([Update(declined, "no"), Update(sale(counter, state=SaleState.UNPAID), "no")], at=counter)
                continue
            ledger.commit(paid(counter), at=counter)
            if counter % 11 == 0:
                back = refund(counter, money=HKD)
                ledger.commit([Insert(back, "refund asked")], at=counter)
                done = refund(counter, money=HKD, state=RefundState.DONE, settled_at=9, refund_id=f"50{counter:020}")
                ledger.commit([Update(done, "done"), Update(sale(counter, state=SaleState.REFUNDED), "refunded")], at=counter)


def read(path: Path) -> dict[str, Any] | None:
    """All rows, from end to end and each by its number; None when SQLite will not read one."""
    try:
        with contextlib.closing(sqlite3.connect(f"{path.as_uri()}?immutable=1", uri=True)) as base:
            said = {table: base.execute(f"SELECT * FROM {table} ORDER BY 1").fetchall() for table in TABLES}
            for table, key in TABLES.items():
                one = f"SELECT * FROM {table} WHERE {key} = ?"
                said[f"{table} by number"] = [base.execute(one, (row[0],)).fetchall() for row in said[table]]
            return said
    except (sqlite3.Error, UnicodeDecodeError):
        return None


def flip(path: Path, whole: bytes, bit: int) -> None:
    """The file with one bit the other way."""
    place = bit // 8
    with path.open("r+b") as file:
        file.seek(place)
        file.write(bytes([whole[place] ^ 1 << bit % 8]))


def flips(folder: Path, count: int, seed: int, sales: int) -> dict[str, Any]:
    """What became of `count` flips of a ledger with so many sales."""
    path = folder / "kiosk.db"
    make(path, sales)
    whole = path.read_bytes()
    before = read(path)
    assert before is not None
    assert audit.check(path, [KEY]).well
    chance = random.Random(seed)
    seen: Counter[str] = Counter()
    unnoticed: list[int] = []
    for _ in range(count):
        bit = chance.randrange(len(whole) * 8)
        flip(path, whole, bit)
        after = read(path)
        verdict = audit.check(path, [KEY])
        if after is None:
            how = "an error on reading"
        elif after == before:
            how = "harmless"
        else:
            how = "reads differently"
        noticed = "the file's check" if verdict.damage else "the chain" if verdict.doubts else "nothing"
        seen[f"{how}; noticed by {noticed}"] += 1
        if how != "harmless" and verdict.well:
            unnoticed.append(bit)
        with path.open("r+b") as file:
            file.seek(bit // 8)
            file.write(whole[bit // 8 : bit // 8 + 1])
    return {"bytes": len(whole), "flips": count, "seed": seed, "seen": dict(seen.most_common()), "unnoticed": unnoticed}


def main() -> None:
    """As at the top."""
    words = argparse.ArgumentParser()
    words.add_argument("--flips", type=int, default=10_000)
    words.add_argument("--seed", type=int, default=1)
    words.add_argument("--sales", type=int, default=100)
    said = words.parse_args()
    where = "/dev/shm" if os.access("/dev/shm", os.W_OK) else None
    with tempfile.TemporaryDirectory(dir=where) as folder:
        figures = flips(Path(folder), said.flips, said.seed, said.sales)
    print(json.dumps(figures, indent=1))
    harmful = sum(count for how, count in figures["seen"].items() if not how.startswith("harmless"))
    tell("flips", flips=figures["flips"], harmful=harmful, unnoticed=len(figures["unnoticed"]))
    sys.exit(1 if figures["unnoticed"] else 0)


if __name__ == "__main__":
    main()
