"""`python -m tests.crash [--kills N] [--first SEED] [--json]`: exit code 1 when a promise is broken.

Promises: no acknowledged row is lost, no sale is paid twice, no order that the bank knows is forgotten, nothing is falsely shown
PAID.
"""

from __future__ import annotations

import sys
import time
from collections.abc import Iterable
from pathlib import Path
from typing import Any

from tests.crash.command import main, outcome
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
    tried = {case for case in map(case_of, seeds) if case is not None}
    return {
        "kills": shop.kills,
        "named_points": len(shop.met),
        "seconds": round(time.monotonic() - began),
        **outcome(shop.books, shop.counter),
        "missed": sorted(f"{case.point} {case.label}" for case in tried - shop.met),
    }


if __name__ == "__main__":
    sys.exit(main("python -m tests.crash", __doc__ or "", "kills", 300, run))
