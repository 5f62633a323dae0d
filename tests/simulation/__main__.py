"""`python -m tests.simulation [--seeds N] [--first K] [--json]`: exit code 1 when any seed breaks a promise."""

from __future__ import annotations

import argparse
import json
import sys
import time

from tests.simulation.world import Violation, World


def main() -> int:
    """Run the seeds; print each failing one with its trace."""
    wants = argparse.ArgumentParser(prog="python -m tests.simulation", description=__doc__)
    wants.add_argument("--seeds", type=int, default=1000)
    wants.add_argument("--first", type=int, default=0)
    wants.add_argument("--json", action="store_true")
    wants.add_argument("--most", type=int, default=3, help="stop after so many violations")
    given = wants.parse_args()
    violations: list[dict[str, object]] = []
    began, done = time.perf_counter(), 0
    for seed in range(given.first, given.first + given.seeds):
        world = World(seed)
        try:
            world.run()
        except Violation as broken:
            violations.append({"seed": seed, "promise": str(broken)})
            print(f"seed {seed}: {broken}\n  " + "\n  ".join(world.trace()[-60:]), file=sys.stderr)
        done += 1
        if len(violations) >= given.most:
            break
    result = {"seeds": done, "violations": violations, "seeds_per_s": round(done / (time.perf_counter() - began), 1)}
    print(json.dumps(result) if given.json else f"{done} seeds, {len(violations)} violations, {result['seeds_per_s']} a second")
    return 1 if violations else 0


if __name__ == "__main__":
    sys.exit(main())
