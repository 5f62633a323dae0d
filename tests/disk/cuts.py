"""The power cut, again and again, under the production ledger as it writes sales: what it had acknowledged must be there.

Each round mounts the disk as the last cut left it, lets a process open the ledger and sell, and cuts at a seeded operation or at
a seeded number of acknowledgements, when the kernel, the disk and the process are wherever they are. Then what the disk held is
looked at, in a copy: it must open, be sound, and hold exactly the acknowledged deeds, with or without the one under way.
"""

from __future__ import annotations

import os
import shutil
import signal
import time
from collections import Counter
from collections.abc import Callable, Iterable
from contextlib import closing
from pathlib import Path
from random import Random
from typing import Any

from kiosk.core.errors import LedgerError
from kiosk.payment import ledger_file
from tests.disk.mounted import Mounted, mounted, places
from tests.disk.script import Script, Twin
from tests.disk.subject import Plan, begin, opened, understood

MOST_DEEDS = 250  # in one round
KINDS = {  # what a round's cut may come just before, and how many of it there may be until then
    "": 1500,
    "write kiosk.db-wal": 900,
    "sync kiosk.db-wal": 120,
    "write kiosk.db": 40,
    "sync kiosk.db": 4,
    "truncate kiosk.db-wal": 3,
    "unlink": 3,
    "create": 3,
}


class Shop:
    """One disk over all rounds, and what was found wrong with it."""

    def __init__(self, image: Path, folder: Path, synchronous: str = "FULL") -> None:
        self.image, self.folder = image, folder
        self.script = Script()
        self.twin = Twin(self.script)
        self.synchronous = synchronous
        self.cuts = self.acknowledged = self.lost = self.losing = 0
        self.corrupt: list[str] = []
        self.faults: list[str] = []
        self.before: Counter[str] = Counter()  # the operation that each cut came just before

    def round(self, seed: int) -> None:
        """One life of the ledger, and its end."""
        chance = Random(f"cut {seed}")
        pages = ledger_file.PAGE
        often = chance.random() < 0.7  # as it is set, few rounds would come to a checkpoint
        plan = Plan(
            first=self.twin.done,
            end=self.twin.done + MOST_DEEDS,
            session=chance.choice((10, 40, MOST_DEEDS)),
            idle_at=chance.randrange(60) * pages if often else ledger_file.CHECKPOINT_IDLE,
            always_at=chance.randrange(10, 120) * pages if often else ledger_file.CHECKPOINT_ALWAYS,
            synchronous=self.synchronous,
        )
        with mounted(self.image, self.folder) as disk:
            lines = self._live(disk, plan, chance)
        told = understood(lines, plan.first)
        self.faults += [f"seed {seed}: {fault}" for fault in told.faults]
        self.cuts += 1
        self.acknowledged += told.done - plan.first
        self._look(seed, told.done)

    def _live(self, disk: Mounted, plan: Plan, chance: Random) -> list[str]:
        """Until the power is cut and the process is dead; returns what it told."""
        at_operation = chance.random() < 0.6
        fate = chance.randrange(2**32)
        if at_operation:
            kind = chance.choice(list(KINDS))
            disk.order("trouble", at=chance.randint(1, KINDS[kind]), only=kind, cut=fate)
        pid, pipe = begin(self.folder / "kiosk.db", self.script, plan)
        with os.fdopen(pipe) as told:
            wanted = MOST_DEEDS if at_operation else chance.randrange(1, MOST_DEEDS)
            lines = [line for _, line in zip(range(wanted), told, strict=False)]
            disk.order("cut", seed=fate)  # if it is not dark already
            os.kill(pid, signal.SIGKILL)
            lines += told.readlines()
        os.waitpid(pid, 0)
        log = disk.order("log")["log"]
        self.before[log[-1] if log else "nothing"] += 1
        return lines

    def _look(self, seed: int, acknowledged: int) -> None:
        """At what a disk would hold, on a disk that is well; the next round gets the same, untouched."""
        copy = self.image.with_name("copy")
        shutil.rmtree(copy, ignore_errors=True)
        shutil.copytree(self.image, copy)
        try:
            with closing(opened(copy / "kiosk.db")) as ledger:
                if problems := ledger.problems():
                    self.corrupt.append(f"seed {seed}: {problems}")
                for whole in (acknowledged, acknowledged + 1):  # the one under way is there, whole, or not at all
                    self.twin.go_on(whole)
                    if self.twin.holds(ledger):
                        return
                self.twin = Twin(self.script)
                found = None
                for fewer in range(acknowledged):
                    self.twin.go_on(fewer)
                    found = fewer if self.twin.holds(ledger) else found
                if found is None:
                    self.corrupt.append(f"seed {seed}: what is there is no whole number of deeds")
                else:
                    self.lost += acknowledged - found
                    self.losing += 1
                    self.twin = Twin(self.script)
                    self.twin.go_on(found)
        except LedgerError as refusal:
            self.corrupt.append(f"seed {seed}: {refusal}")
        finally:
            shutil.rmtree(copy)


def run(
    seeds: Iterable[int], synchronous: str = "FULL", *, until_lost: bool = False, tell: Callable[[str], None] = lambda _: None
) -> dict[str, Any]:
    """All rounds on one disk; returns the figures. Ends at the first that leaves nothing to go on with.

    `until_lost`: and at the first that loses something.
    """
    began = time.monotonic()
    with places() as (image, folder):
        shop = Shop(image, folder, synchronous)
        for seed in seeds:
            shop.round(seed)
            if shop.cuts % 25 == 0:
                tell(f"{shop.cuts} cuts, {time.monotonic() - began:.0f} s")
            if shop.corrupt or (until_lost and shop.lost):
                break
    return {
        "cuts": shop.cuts,
        "synchronous": synchronous,
        "acknowledged": shop.acknowledged,
        "lost": shop.lost,
        "cuts_that_lost": shop.losing,
        "corrupt": len(shop.corrupt),
        "seconds": round(time.monotonic() - began),
        "cut_before": dict(shop.before.most_common()),
        "problems": shop.corrupt + shop.faults,
    }
