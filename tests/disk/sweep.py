"""Every operation of the disk failing once, each in a run of its own: the N-th for N from 1 to the last of a ledger's life.

A life: the ledger is made, sells every kind of sale, is closed, opened again and sells on. Whichever operation fails, whether the
disk is well again at once or only when that life is over, and if it loses its power on top: the caller hears LedgerError and
nothing else, what was acknowledged is there, what was refused is there whole or not at all, and the ledger opens, is sound, and
goes on.
"""

from __future__ import annotations

import errno
import os
import time
from collections import Counter
from collections.abc import Callable
from contextlib import closing
from dataclasses import dataclass, field
from random import Random
from typing import Any

from kiosk.core.errors import LedgerError
from kiosk.payment import ledger_file
from tests.disk.mounted import Mounted, mounted, places
from tests.disk.script import KINDS, Script, Twin, do
from tests.disk.subject import Plan, Told, begin, opened, understood

SALES = KINDS + 1  # each kind, and one more after the ledger was opened again
ERRORS = {"EIO": errno.EIO, "ENOSPC": errno.ENOSPC}
VARIANTS = ("once", "stays", "once, then cut", "stays, then cut", "once, cut soon")
COMMON = ("stat ", "read ", "write ")  # each other operation is given more than one cut soon after it
SOON = 150  # operations: a handful of commits


@dataclass(slots=True)
class Found:
    """Of all runs so far."""

    runs: int = 0
    lost: list[str] = field(default_factory=list)
    corrupt: list[str] = field(default_factory=list)
    faults: list[str] = field(default_factory=list)  # something else than LedgerError was raised
    silent: Counter[str] = field(default_factory=Counter)  # operations whose failing nobody was told of, and nothing came of it

    @property
    def all(self) -> list[str]:
        return self.lost + self.corrupt + self.faults


class Bench:
    """One mount for all runs: nothing of a run stays in it, nor in the kernel, which remembers nothing of this disk."""

    def __init__(self, disk: Mounted, synchronous: str = "FULL") -> None:
        self.disk, self.path = disk, disk.folder / "kiosk.db"
        self.script = Script()
        self.end = self.script.days(SALES)
        pages = 20 * ledger_file.PAGE  # so that both kinds of checkpoints come
        session = self.script.days(KINDS)
        self.plan = Plan(0, self.end, session, idle_at=pages, always_at=2 * pages, synchronous=synchronous)
        self.found = Found()

    def life(self) -> Told:
        """The process, to its end."""
        pid, pipe = begin(self.path, self.script, self.plan)
        with os.fdopen(pipe) as told:
            lines = told.readlines()
        os.waitpid(pid, 0)
        return understood(lines, 0)

    def operations(self) -> list[str]:
        """Those of a life in which nothing fails."""
        self.disk.order("empty")
        told = self.life()
        assert told.done == self.end, told
        log: list[str] = self.disk.order("log")["log"]
        return log

    def run(self, nth: int, error: str, variant: str, seed: int = 0) -> None:
        """A life in which the `nth` operation fails, and the life after it. `seed`: of the cut."""
        self.disk.order("empty")
        chance = Random(f"sweep {nth} {seed}")
        fate = chance.randrange(2**32)
        soon = {"cut": fate, "later": chance.randint(1, SOON)} if variant.endswith("soon") else {}
        self.disk.order("trouble", at=nth, error=ERRORS[error], stays=variant.startswith("stays"), **soon)
        told = self.life()
        log = self.disk.order("log")["log"]
        where = f"operation {nth}, {log[nth - 1]}, {error} {variant}" if len(log) >= nth else f"operation {nth}, never come to"
        if variant.endswith("then cut"):
            self.disk.order("cut", seed=fate)
        self.disk.order("power")
        self.found.runs += 1
        self.found.faults += [f"{where}: {fault}" for fault in told.faults]
        if len(log) >= nth and not told.refusals and not told.faults:
            self.found.silent[log[nth - 1]] += 1
            if told.done != self.end:
                self.found.faults.append(f"{where}: it ended after {told.done} deeds and said nothing")
        self._look(where, told.done)

    def _look(self, where: str, acknowledged: int) -> None:
        twin = Twin(self.script)
        try:
            with closing(opened(self.path)) as ledger:
                self.found.corrupt += [f"{where}: {problem}" for problem in ledger.problems()]
                twin.go_on(acknowledged)
                if not twin.holds(ledger):
                    twin.go_on(acknowledged + 1)
                    if not twin.holds(ledger):
                        self.found.lost.append(f"{where}: {acknowledged} deeds were acknowledged, and that is not what is there")
                        return
                do(ledger, self.script[twin.done])
                twin.go_on(twin.done + 1)
                if not twin.holds(ledger):
                    self.found.lost.append(f"{where}: it does not go on")
        except LedgerError as refusal:
            self.found.corrupt.append(f"{where}: {refusal}")


def run(every: int = 1, tell: Callable[[str], None] = lambda _: None) -> dict[str, Any]:
    """Every `every`-th operation, each error, each variant; returns the figures."""
    began = time.monotonic()
    with places() as (image, folder), mounted(image, folder) as disk:
        bench = Bench(disk)
        bench.operations()
        operations = bench.operations()  # of the second life: the kernel asks once more when a name is new to it
        for error in ERRORS:
            for shift, variant in enumerate(VARIANTS):
                for nth in range(1 + shift * every // len(VARIANTS), len(operations) + 1, every):
                    rare = variant.endswith("soon") and not operations[nth - 1].startswith(COMMON)
                    for seed in range(5 if rare else 1):
                        bench.run(nth, error, variant, seed)
                tell(f"{error} {variant}: {bench.found.runs} runs, {time.monotonic() - began:.0f} s")
    found = bench.found
    return {
        "runs": found.runs,
        "operations": len(operations),
        "lost": len(found.lost),
        "corrupt": len(found.corrupt),
        "other_exceptions": len(found.faults),
        "silent": dict(found.silent.most_common()),
        "seconds": round(time.monotonic() - began),
        "problems": found.all,
    }
