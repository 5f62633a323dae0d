"""What a level of the lab is, and what came of its checks: one line each as they end, a table at the end, an exit code."""

from __future__ import annotations

import contextlib
import shutil
import time
import traceback
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field

from tests.figures import tell

ALL_WELL, FAILED, NOT_ALL_RAN = 0, 1, 3


@dataclass(frozen=True, slots=True)
class Level:
    """One floor of the lab. `missing` says in words what it lacks on this machine, None when it can run."""

    name: str
    shows: str
    missing: Callable[[], str | None]
    run: Callable[[Report], None]


def lacking(programs: Mapping[str, str]) -> str | None:
    """What to install for these programs (each with its package), of which this machine lacks some; None when all are here."""
    packages = [package for program, package in programs.items() if shutil.which(program) is None]
    return f"apt install {' '.join(packages)}" if packages else None


@dataclass(slots=True)
class Check:
    """One claim and what came of it. `note`: a figure to be shown, filled in by the check itself."""

    level: str
    claim: str
    note: str = ""
    well: bool = False
    seconds: float = 0.0


@dataclass
class Report:
    """All checks of all levels, in their order."""

    level: str = ""
    checks: list[Check] = field(default_factory=list)
    not_run: dict[str, str] = field(default_factory=dict)

    def play(self, level: Level) -> None:
        """Run one level, or note why it cannot be run. What it raises outside a check is a failed check, too."""
        self.level = level.name
        reason = level.missing()
        if reason is not None:
            self.not_run[level.name] = reason
            print(f"{level.name}: cannot run here: {reason}", flush=True)
            return
        print(f"{level.name}: {level.shows}", flush=True)
        with self.check("all its checks were reached"):
            level.run(self)

    @contextlib.contextmanager
    def check(self, claim: str) -> Iterator[Check]:
        """One claim, which holds unless the block raises; the next check is tried all the same."""
        made, began = Check(self.level, claim), time.monotonic()
        try:
            yield made
            made.well = True
        except Exception as problem:  # noqa: BLE001  whatever it is, it is this check's failure
            made.note = f"{made.note} {type(problem).__name__}: {problem}".strip().splitlines()[0][:200]
            traceback.print_exc()
        made.seconds = time.monotonic() - began
        self.checks.append(made)
        print(
            f"  {'well  ' if made.well else 'FAILED'} {made.seconds:5.1f} s  {claim}{made.note and ': ' + made.note}", flush=True
        )

    def end(self) -> int:
        """Print the table; returns the exit code: a failed check, a level that could not run, or neither."""
        print()
        for level in dict.fromkeys([check.level for check in self.checks] + list(self.not_run)):
            mine = [check for check in self.checks if check.level == level]
            failed = [check.claim for check in mine if not check.well]
            words = f"{len(mine) - len(failed)} of {len(mine)} checks well, {mine[-1].seconds:.0f} s" if mine else "NOT RUN"
            print(f"{level:12} {words}", *(f"\n{'':12} FAILED: {claim}" for claim in failed), sep="")
            notes = [check.note for check in mine if check.note]
            tell("lab", level=level, checks=len(mine), well=len(mine) - len(failed), notes=notes, not_run=self.not_run.get(level))
            if level in self.not_run:
                print(f"{'':12} {self.not_run[level]}")
        if any(not check.well for check in self.checks):
            return FAILED
        return NOT_ALL_RAN if self.not_run else ALL_WELL
