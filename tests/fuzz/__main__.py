"""`python -m tests.fuzz --seconds N [--target T]`: every reader of the kiosk against inputs nobody meant. Exit code 1: flaws.

With atheris (pip install atheris; wheels for x86-64 only) libFuzzer steers by coverage, each target in a process of its own;
without it our own mutator does the same, blindly. `--replay FILE` feeds one kept input and lets its exception out.
"""

from __future__ import annotations

import argparse
import importlib.util
import json
import sys
from pathlib import Path

from tests.fuzz import covered, engine
from tests.fuzz.target import Target

OUT = Path("tests/out/fuzz")


def all_targets() -> dict[str, Target]:
    """By name."""
    from tests.fuzz import books_targets as books  # noqa: PLC0415  as below
    from tests.fuzz import counter_targets as counter  # noqa: PLC0415  keys are made on import: not for --help
    from tests.fuzz import owner_targets as owner  # noqa: PLC0415  loaded where it is used
    from tests.fuzz import provider_targets as provider  # noqa: PLC0415  loaded where it is used

    listed = (
        counter.SYMBOL,
        counter.WIRE,
        provider.ANSWER,
        provider.ROW,
        provider.HEADERS,
        provider.CERTIFICATES,
        provider.NOTIFICATION,
        *owner.targets(),
        counter.KEYS,
        books.STATEMENT,
    )
    return {target.name: target for target in listed}


def main() -> int:
    """0 when nothing was found."""
    words = argparse.ArgumentParser("python -m tests.fuzz", description="Inputs nobody meant, for every reader of the kiosk.")
    words.add_argument("--seconds", type=float, default=10.0, help="for each target")
    words.add_argument("--target", action="append", metavar="T", help="only this one; may be given again")
    words.add_argument("--seed", type=int, default=0)
    words.add_argument("--engine", choices=("own", "atheris"), help="else atheris where it is installed")
    words.add_argument("--replay", type=Path, metavar="FILE")
    words.add_argument("--json", action="store_true", help="one object a target")
    given = words.parse_args()
    targets = all_targets()
    wanted = given.target or list(targets)
    if unknown := set(wanted) - targets.keys():
        words.error(f"no target {', '.join(sorted(unknown))}; there are {', '.join(targets)}")
    if given.replay is not None:
        targets[wanted[0]].feed(given.replay.read_bytes())
        return 0
    chosen = given.engine or ("atheris" if importlib.util.find_spec("atheris") else "own")
    if given.engine is None and chosen == "own":
        print("atheris is not installed (pip has wheels of it for x86-64 only): our own mutator", file=sys.stderr)
    found = 0
    for name in wanted:
        target = targets[name]
        report = (
            covered.run(target, given.seconds, OUT)
            if chosen == "atheris"
            else engine.run(target, seed=given.seed, seconds=given.seconds)
        )
        found += len(report.flaws)
        _tell(report, chosen, as_json=given.json)
    return 1 if found else 0


def _tell(report: engine.Report, chosen: str, *, as_json: bool) -> None:
    flaws = [{"what": flaw.what, "file": str(engine.save(flaw, report.target, OUT))} for flaw in report.flaws]
    rate = round(report.inputs / report.seconds) if report.seconds else 0
    facts = {
        "target": report.target,
        "engine": chosen,
        "inputs": report.inputs,
        "seconds": round(report.seconds, 1),
        "inputs_per_s": rate,
        "most_lines": report.most_lines,
        "most_memory": report.most_memory,
        "flaws": flaws,
    }
    if as_json:
        print(json.dumps(facts), flush=True)
        return
    print(f"{report.target:13} {report.inputs:>9} inputs {rate:>7}/s  {len(flaws)} flaws", flush=True)
    for flaw in flaws:
        print(f"    {flaw['what']}\n    {flaw['file']}", flush=True)


if __name__ == "__main__":
    sys.exit(main())
