"""`python -m tests.simulation [--seeds N] [--first S] [--json]`: exit code 1 when any seed breaks a promise.

Each failing seed is shrunk to what it needs and told as a story; `--story` tells the day of one that is well, too.
"""

from __future__ import annotations

import argparse
import json
import sys

from tests.figures import tell
from tests.simulation.many import run
from tests.simulation.shrink import broken, shrink
from tests.simulation.story import story
from tests.simulation.world import World


def main() -> int:
    wants = argparse.ArgumentParser(prog="python -m tests.simulation", description=__doc__)
    wants.add_argument("--seeds", type=int, default=1000)
    wants.add_argument("--first", type=int, default=0)
    wants.add_argument("--json", action="store_true", help="print seeds, violations and seeds_per_s, and no story")
    wants.add_argument("--most", type=int, default=3, help="stop after so many violations")
    wants.add_argument("--workers", type=int, help="processes; one for each core unless given")
    wants.add_argument("--story", action="store_true", help="tell the whole day of the first seed")
    given = wants.parse_args()
    if given.story:
        world = World(given.first)
        promise = broken(world)
        print("\n".join(story(world)), promise or "every promise was kept", sep="\n")
        return 1 if promise else 0
    result = run(given.first, given.seeds, most=given.most, workers=given.workers)
    tell("simulation", seeds=result.seeds, violations=len(result.violations), seeds_per_s=result.seeds_per_s)
    if given.json:
        violations = [{"seed": seed, "promise": promise} for seed, promise in result.violations]
        print(json.dumps({"seeds": result.seeds, "violations": violations, "seeds_per_s": result.seeds_per_s}))
    else:
        for seed, promise in result.violations:
            print(f"{shrink(seed, promise)}\n")
        print(f"{result.seeds} seeds, {len(result.violations)} violations, {result.seeds_per_s} a second")
    return 1 if result.violations else 0


if __name__ == "__main__":
    sys.exit(main())
