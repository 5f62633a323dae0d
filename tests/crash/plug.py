"""`python -m tests.crash.plug [--cuts N] [--first SEED] [--json]`: the plug of the whole kiosk, pulled during sales.

The kiosk's ledger lies on the disk of tests.disk, which forgets what was not synced. Each round cuts its power at a seeded
operation, or at a seeded moment, and kills the kiosk with it; the next kiosk finds what such a disk would hold. The books are
those of the kills, with the same promises. Exit code 1 when one is broken, 2 when there is no FUSE.
"""

from __future__ import annotations

import contextlib
import sys
import threading
import time
from pathlib import Path
from random import Random
from typing import Any

from tests.crash.command import main, outcome
from tests.crash.counter import LOOK_S, Died, Kiosk
from tests.crash.rounds import Shop
from tests.crash.sales import SALES, People, meanwhile
from tests.disk.mounted import Mounted, mounted, places, why_not

KINDS = {"sync": 9, "write kiosk.db-wal": 70, "": 250}  # what a cut may come just before, and how many of it at most until then


class Plug(Shop):
    """A shop whose kiosk loses its power."""

    def __init__(self, folder: Path, image: Path, disk: Path) -> None:
        super().__init__(folder, disk)
        self.image, self.disk = image, disk
        self.dark_by_itself = 0

    def round(self, seed: int) -> None:
        """One kiosk's life and its end."""
        chance = Random(f"plug {seed}")
        amount, fate = 1000 + seed, chance.randrange(2**32)
        sale = SALES[chance.choice(list(SALES))]
        self.counter.pass_at(sale.scale)
        kind = chance.choice([*KINDS, None])
        early = chance.random() < 0.15  # while the kiosk takes up what the last one left
        with mounted(self.image, self.disk) as disk:
            at = {} if kind is None else {"at": chance.randint(1, KINDS[kind]), "only": kind, "cut": fate}
            after_s = chance.uniform(0.1, 0.8) if early else chance.uniform(0.2, 1.2) * sale.lasts_s
            if early:
                disk.order("trouble", **at)
            kiosk = self.counter.start()
            plug = _Hand(disk, kiosk, fate)
            try:
                with contextlib.suppress(Died):
                    if early and kind is None:
                        plug.pull(after_s)
                    elif early:
                        plug.pull()
                    kiosk.online()
                    self.books.running()
                    self.counter.trouble(**sale.trouble)
                    if not early:
                        disk.order("trouble", **at)
                        plug.pull(after_s if kind is None else None)
                    People(self.counter, kiosk, chance).sell(sale, amount)
            finally:
                plug.pull(0.0)
                plug.wait()
                kiosk.buried()
            self.dark_by_itself += plug.met
        self.kills += 1
        self.counter.calm()
        with mounted(self.image, self.disk):
            self.books.after_kill(self._scratch)
        meanwhile(self.counter, chance, amount)

    def settle(self, *, watched: bool = False) -> None:
        with mounted(self.image, self.disk):
            super().settle(watched=watched)


class _Hand:
    """On the plug: when the disk goes dark the kiosk dies at once, and the other way round."""

    def __init__(self, disk: Mounted, kiosk: Kiosk, fate: int) -> None:
        self.met = False  # it went dark at its operation
        self._disk, self._kiosk, self._fate = disk, kiosk, fate
        self._end: float | None = None
        self._thread = threading.Thread(target=self._watch, daemon=True)

    def pull(self, after_s: float | None = None) -> None:
        """Pull it in so many seconds, or when the disk goes dark."""
        self._end = None if after_s is None else time.monotonic() + after_s
        if self._thread.ident is None:
            self._thread.start()

    def wait(self) -> None:
        """Until it is done."""
        self._thread.join()

    def _watch(self) -> None:
        while not (dark := self._disk.order("look")["dark"]) and (self._end is None or time.monotonic() < self._end):
            time.sleep(LOOK_S)
        if not dark:
            self._disk.order("cut", seed=self._fate)
        self.met = dark
        self._kiosk.kill()


def run(folder: Path, seeds: range, *, watched: bool = True, tell: bool = False) -> dict[str, Any]:
    """All rounds and the settling; returns the figures."""
    began = time.monotonic()
    with places() as (image, disk):
        shop = Plug(folder, image, disk)
        shop.open()
        try:
            for seed in seeds:
                told = len(shop.books.found.all)
                shop.round(seed)
                for words in shop.books.found.all[told:]:
                    print(f"seed {seed}: {words}", file=sys.stderr, flush=True)
                if tell and shop.kills % 10 == 0:
                    print(f"{shop.kills} cuts, {time.monotonic() - began:.0f} s", file=sys.stderr, flush=True)
            shop.settle(watched=watched)
            with mounted(image, disk):
                shop.books.agree_with_the_command()
        finally:
            shop.close()
    return {
        "cuts": shop.kills,
        "at_an_operation": shop.dark_by_itself,
        "seconds": round(time.monotonic() - began),
        **outcome(shop.books, shop.counter),
    }


if __name__ == "__main__":
    if (reason := why_not()) is not None:
        print(f"not tried: {reason}", file=sys.stderr)
        sys.exit(2)
    sys.exit(main("python -m tests.crash.plug", __doc__ or "", "cuts", 20, run))
