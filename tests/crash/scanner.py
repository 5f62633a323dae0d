"""`python -m tests.crash.scanner [--kills N]`: the scanner's process killed again and again while a customer stands there.

Not one of them may change anything of the sale, on the screen or in the ledger, and each time there is soon another scanner. When
the killing is over the sale goes on as if nothing had been.
"""

from __future__ import annotations

import argparse
import contextlib
import json
import os
import shutil
import signal
import statistics
import sys
import tempfile
import time
from pathlib import Path
from random import Random
from typing import Any

from tests.crash.counter import LOOK_S, PATIENCE_S, Counter, Kiosk
from tests.crash.sales import ENDS, People
from tests.figures import tell

IN_ONE_SALE = 12  # a scan is given up after 60 s, and the machine may be busy
STEADY_S = 1.1  # a scanner that dies younger is started again after a pause that grows: that is another promise
PASSWORD_KILLS = 5
BACK_MS = 1000  # wanted; counted and not judged, as a machine may be busy with other things


class Killer:
    """Of the scanners of one kiosk."""

    def __init__(self, counter: Counter, kiosk: Kiosk) -> None:
        self.back_ms: list[int] = []
        self.changed: list[str] = []
        self._counter, self._kiosk = counter, kiosk

    def kill(self, screen: str) -> None:
        """The scanner that is there, once it has been there for a while; returns when another is ready.

        `screen` must be shown all the while.
        """
        ready = self._ready(0, screen)
        while time.time() < ready["at"] / 1000 + STEADY_S:
            self._same(screen)
        scanners, commits = len(self._seen("scanner")), len(self._seen("writing"))
        killed_at = time.time_ns() // 1_000_000
        os.kill(ready["pid"], signal.SIGKILL)
        self.back_ms.append(self._ready(scanners, screen)["at"] - killed_at)
        if screen == "Scanning" and len(self._seen("writing")) != commits:  # nothing is due; a password is asked after
            self.changed.append(f"after kill {len(self.back_ms)} something was committed: {self._seen('writing')[commits:]}")

    def _ready(self, known: int, screen: str) -> dict[str, Any]:
        """The newest scanner, once there is one more than those known."""
        end = time.monotonic() + PATIENCE_S
        while len(self._seen("scanner")) <= known:
            assert time.monotonic() < end, "no scanner comes"
            self._same(screen)
        return self._seen("scanner")[-1]

    def _same(self, screen: str) -> None:
        now = self._kiosk.screen()
        words = f"after {len(self.back_ms)} kills {now} is shown in place of {screen}"
        if now != screen and words not in self.changed:
            self.changed.append(words)
        time.sleep(LOOK_S)

    def _seen(self, what: str) -> list[dict[str, Any]]:
        with self._counter.witness.open(encoding="utf-8") as lines:
            return [seen for seen in map(json.loads, lines) if seen["what"] == what]


def run(folder: Path, kills: int, password_kills: int = PASSWORD_KILLS) -> dict[str, Any]:
    """So many kills while scanning, some more while the customer keys a password; returns the figures."""
    counter = Counter(folder)
    ends: list[str] = []
    with contextlib.ExitStack() as undo:
        counter.open()
        undo.callback(counter.close)
        kiosk = counter.start()
        undo.callback(kiosk.kill)
        kiosk.online()
        killer, people = Killer(counter, kiosk), People(counter, kiosk, Random(0))
        amount = 3000
        for first in range(0, kills, IN_ONE_SALE):
            amount += 1
            kiosk.key(*str(amount), "OK")
            assert kiosk.until("Scanning") == "Scanning"
            for _ in range(min(IN_ONE_SALE, kills - first)):
                killer.kill("Scanning")
            people._hold()
            ends.append(kiosk.until(*ENDS))
            kiosk.key("OK")
        counter.trouble(password="next")
        kiosk.key(*str(amount + 1), "OK")
        assert kiosk.until("Scanning") == "Scanning"
        people._hold()
        assert kiosk.until("Password") == "Password"
        for _ in range(password_kills):
            killer.kill("Password")
        people._amount = amount + 1
        people._move("pay")
        ends.append(kiosk.until(*ENDS))
        code = kiosk.stop()
    return {
        "kills": len(killer.back_ms),
        "sales": len(ends),
        "sales_paid": ends.count("PaidScreen"),
        "back_ms_median": round(statistics.median(killer.back_ms)),
        "back_ms_p99": sorted(killer.back_ms)[len(killer.back_ms) * 99 // 100],
        "back_ms_most": max(killer.back_ms),
        "later_than_1_s": sum(back > BACK_MS for back in killer.back_ms),
        "problems": killer.changed + [f"a sale ended with {end}" for end in ends if end != "PaidScreen"],
        "exit_code": code,
    }


def main() -> int:
    wants = argparse.ArgumentParser(prog="python -m tests.crash.scanner", description=__doc__)
    wants.add_argument("--kills", type=int, default=50)
    given = wants.parse_args()
    folder = Path(tempfile.mkdtemp(prefix="crash-"))
    try:
        figures = run(folder, given.kills)
    finally:
        shutil.rmtree(folder, ignore_errors=True)
    tell("scanner", **figures)
    print(", ".join(f"{name} {figure}" for name, figure in figures.items()))
    return 1 if figures["problems"] or figures["exit_code"] else 0


if __name__ == "__main__":
    sys.exit(main())
