"""`python -m tests.crash [--kills N] [--first SEED] [--json]`: exit code 1 when a promise is broken.

Promises: no acknowledged row is lost, no sale is paid twice, no order that the bank knows is forgotten, nothing is falsely shown
PAID.
"""

from __future__ import annotations

import argparse
import json
import shutil
import sys
import tempfile
import time
from collections.abc import Iterable
from pathlib import Path
from typing import Any

from tests.crash.rounds import SETTLE_EVERY, Shop, case_of


def run(folder: Path, seeds: Iterable[int], *, watched: bool = True, tell: bool = False) -> dict[str, Any]:
    """All rounds and the settling; returns the figures. `watched`: orders that came to nothing are followed for an hour."""
    began = time.monotonic()
    shop, seeds = Shop(folder), list(seeds)
    shop.open()
    try:
        for number, seed in enumerate(seeds, start=1):
            told = len(shop.books.found.all)
            shop.round(seed)
            if number % SETTLE_EVERY == 0:
                shop.settle()
            for words in shop.books.found.all[told:]:
                print(f"seed {seed}: {words}", file=sys.stderr, flush=True)
            if tell and number % 25 == 0:
                print(f"{number} kills, {time.monotonic() - began:.0f} s", file=sys.stderr, flush=True)
        shop.settle(watched=watched)
        shop.books.agree_with_the_command()
    finally:
        shop.close()
    found = shop.books.found
    tried = {case for case in map(case_of, seeds) if case is not None}
    return {
        "kills": shop.kills,
        "lost": len(found.lost),
        "double": len(found.double),
        "forgotten": len(found.forgotten),
        "false_paid": len(found.false_paid),
        "orders": len(shop.counter.bank()),
        "paid_screens": shop.books.screens["PaidScreen"],
        "named_points": len(shop.met),
        "seconds": round(time.monotonic() - began),
        "tracebacks": shop.counter.log.read_text("utf-8").count("Traceback"),
        "problems": found.all,
        "missed": sorted(f"{case.point} {case.label}" for case in tried - shop.met),
    }


def main() -> int:
    wants = argparse.ArgumentParser(prog="python -m tests.crash", description=__doc__)
    wants.add_argument("--kills", type=int, default=300)
    wants.add_argument("--first", type=int, default=0, help="the first round's seed")
    wants.add_argument("--json", action="store_true")
    wants.add_argument("--keep", action="store_true", help="keep the folder, and say where it is")
    given = wants.parse_args()
    folder = Path(tempfile.mkdtemp(prefix="crash-"))
    try:
        figures = run(folder, range(given.first, given.first + given.kills), tell=not given.json)
    finally:
        if given.keep:
            print(f"kept: {folder}", file=sys.stderr)
        else:
            shutil.rmtree(folder, ignore_errors=True)
    if given.json:
        print(json.dumps(figures))
    else:
        for missed in figures["missed"]:
            print(f"never came to: {missed}")
        print(", ".join(f"{name} {value}" for name, value in figures.items() if name not in {"problems", "missed"}))
    return 1 if figures["problems"] or figures["tracebacks"] else 0


if __name__ == "__main__":
    sys.exit(main())
