"""`python -m tests.disk [--cuts N] [--sweep [--every K]] [--json]`: exit code 1: a promise is broken; 2: there is no FUSE.

Promises: after a power cut, or whatever operation of the disk fails, no acknowledged row of the ledger is lost, nothing is half
there, the ledger opens again and is sound, and a failure is told as LedgerError and as nothing else. The cuts are made with
`synchronous=NORMAL` too: there rows must get lost, or the disk forgets too little to prove anything.
"""

from __future__ import annotations

import argparse
import json
import sys
from typing import Any

from tests.disk import cuts, sweep
from tests.disk.mounted import why_not
from tests.figures import tell as leave

BITES = 20  # cuts with NORMAL


def main() -> int:
    wants = argparse.ArgumentParser(prog="python -m tests.disk", description=__doc__)
    wants.add_argument("--cuts", type=int, default=None, help="power cuts; 100 when nothing is asked for")
    wants.add_argument("--first", type=int, default=0, help="the first cut's seed")
    wants.add_argument("--sweep", action="store_true", help="every operation failing, once in every way")
    wants.add_argument("--every", type=int, default=1, help="of the sweep: only each K-th operation")
    wants.add_argument("--json", action="store_true")
    given = wants.parse_args()
    if (reason := why_not()) is not None:
        print(f"not tried: {reason}", file=sys.stderr)
        return 2
    asked = given.cuts if given.cuts is not None or given.sweep else 100

    def tell(words: str) -> None:
        if not given.json:
            print(words, file=sys.stderr, flush=True)

    done: dict[str, dict[str, Any]] = {}
    if asked:
        done["cuts"] = cuts.run(range(given.first, given.first + asked), tell=tell)
        done["cuts with NORMAL"] = cuts.run(range(given.first, given.first + BITES), "NORMAL", tell=tell)
        leave("disk cuts", **done["cuts"], lost_with_normal=done["cuts with NORMAL"]["lost"])
    if given.sweep:
        done["sweep"] = sweep.run(given.every, tell=tell)
        leave("disk sweep", **done["sweep"])
    for name, figures in done.items():
        if not given.json:
            for words in figures["problems"]:
                print(f"{name}: {words}", file=sys.stderr)
            print(f"{name}: " + ", ".join(f"{what} {figure}" for what, figure in figures.items() if what != "problems"))
    if given.json:
        print(json.dumps(done))
    toothless = "cuts" in done and done["cuts with NORMAL"]["lost"] == 0
    if toothless:
        print("with NORMAL nothing was lost: this disk forgets too little to prove anything", file=sys.stderr)
    broken = [name for name, figures in done.items() if name != "cuts with NORMAL" and (figures["problems"] or figures["lost"])]
    return 1 if broken or toothless else 0


if __name__ == "__main__":
    sys.exit(main())
