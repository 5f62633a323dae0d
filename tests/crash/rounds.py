"""One round: a kiosk starts over what the last one left, sells, and is killed where its seed says; then the books are looked at.

Rounds take turns: a named point (all of them, in a shuffled order), then any moment. Everything a round does comes from its seed;
what the machine's scheduler does not.
"""

from __future__ import annotations

import contextlib
import itertools
import time
from dataclasses import dataclass
from pathlib import Path
from random import Random

from tests.crash.books import Books
from tests.crash.counter import Counter, Died, Kiosk, later
from tests.crash.sales import SALES, People, meanwhile

CALLS = {  # each call, and a sale that makes it
    "charge": "quick",
    "place": "native",
    "ask": "quick, answer lost",
    "reverse": "password, cancelled",
    "close": "native, cancelled",
    "refund": "native, customer gone, paid",
    "ask_refund": "native, customer gone, paid",
}
CALL_POINTS = (
    "act before",
    "act after",
    "request before",
    "request leaving",
    "request left",
    "answer read",
    "event before",
    "event after",
    "decision before",
    "decision after",
)
COMMITS = {  # why something is committed, and a sale in which it is
    "armed": "quick",
    "sent": "quick",
    "charge: paid": "quick",
    "charge: pending": "password",
    "charge: declined": "quick, no money",
    "ask: paid": "password",
    "ask: ended": "password, cancelled",
    "cancelled": "password, cancelled",
    "tender changed": "native, to scan",
    "placing": "native",
    "place: pending": "native",
    "ask: pending": "quick, BANK_ERROR, unpaid",
    "late money": "native, customer gone, paid",
    "refund": "native, customer gone, paid",
    "paid by another order": "native, to scan, paid meanwhile",
    "too long": "password, left alone",
}
SCREENS = {
    "Scanning": "quick",
    "Charging": "quick",
    "Password": "password",
    "Placing": "native",
    "ShowingQr": "native",
    "PaidScreen": "quick",
    "DeclinedScreen": "quick, no money",
    "Cancelling": "password, cancelled",
    "CancelledScreen": "password, cancelled",
}
AT_ONCE = (  # while the kiosk takes up what the last one left
    ("commit before", "restart"),
    ("commit within", "restart"),
    ("commit after", "restart"),
    ("request left", "ask"),
    ("answer read", "ask"),
    ("decision after", "ask"),
    ("commit after", "ask"),
)
FAST = 600  # of the settling: an hour in six seconds
SETTLE_EVERY = 60
SETTLE_S = 40.0
OPEN = {"SENT", "PAYING", "REVERSING", "CLOSING", "REFUNDING"}
WATCHED_MS = 65 * 60 * 1000  # a VOID order is asked for again after five minutes and after an hour


@dataclass(frozen=True)
class Case:
    """Where a kiosk dies: at the first passage of `point`, as tests.crash.subject names it, in this sale."""

    point: str
    label: str
    sale: str
    at_once: bool = False


def cases() -> list[Case]:
    """Every named point of a sale."""
    made = [Case(point, call, sale) for point, (call, sale) in itertools.product(CALL_POINTS, CALLS.items())]
    made += [Case(f"commit {when}", why, sale) for why, sale in COMMITS.items() for when in ("before", "within", "after")]
    made += [Case(f"screen {when}", screen, sale) for screen, sale in SCREENS.items() for when in ("before", "after")]
    made += [Case(f"event {when}", "code", "quick") for when in ("before", "after")]
    made += [Case(point, label, "quick, answer lost", at_once=True) for point, label in AT_ONCE]
    Random("cases").shuffle(made)
    return made


CASES = cases()


def case_of(seed: int) -> Case | None:
    """The named point at which this round's kiosk is killed; None: at any moment."""
    return CASES[seed // 2 % len(CASES)] if seed % 2 == 0 else None


class Shop:
    """One counter over all rounds."""

    def __init__(self, folder: Path, disk: Path | None = None) -> None:
        self.counter = Counter(folder, disk)
        self.books = Books(self.counter)
        self.kills = 0
        self.met: set[Case] = set()
        self._scratch = folder / "scratch"
        self._scratch.mkdir()

    def open(self) -> None:
        """Begin the day."""
        self.counter.open()

    def close(self) -> None:
        """End it."""
        self.counter.close()

    def round(self, seed: int) -> None:
        """One kiosk's life and its end."""
        chance = Random(f"crash {seed}")
        amount = 1000 + seed if chance.random() < 0.9 else 999  # now and then one that may be unresolved still
        case = case_of(seed)
        sale = SALES[case.sale if case else chance.choice(list(SALES))]
        words = [] if case is None else ["--point", case.point, "--label", case.label, *(["--at-once"] if case.at_once else [])]
        self.counter.pass_at(sale.scale)
        kiosk = self.counter.start(*words)
        early = case is None and chance.random() < 0.2
        timers = [later(chance.uniform(0.1, 0.8), kiosk.kill)] if early else []
        try:
            with contextlib.suppress(Died):
                kiosk.online()
                self.books.running()
                self.counter.trouble(**sale.trouble)
                if case is None:
                    timers.append(later(chance.uniform(0.0, 1.0) ** 2 * sale.lasts_s, kiosk.kill))
                People(self.counter, kiosk, chance).sell(sale, amount)
                if case is None and chance.random() < 0.5:  # the timer finds it with its next customer
                    People(self.counter, kiosk, chance).sell(SALES[chance.choice(["quick", "native"])], amount + 10_000)
        finally:
            for timer in timers:
                timer.cancel()
            kiosk.kill()
            kiosk.buried()
        self.kills += 1
        self.counter.calm()
        fates = len(self.books.fates)
        self.books.after_kill(self._scratch)
        if case is not None and len(self.books.fates) > fates:
            self.met.add(case)
        meanwhile(self.counter, chance, amount)

    def settle(self, *, watched: bool = False) -> None:
        """A kiosk that nothing befalls brings every order to its end; then the books must agree. `watched`: VOID ones too."""
        self.counter.calm()
        self.counter.pass_at(FAST)
        kiosk = self.counter.start()
        kiosk.online()
        self._no_order_open(kiosk)
        if watched:
            until = self.counter.time.now() + WATCHED_MS
            while self.counter.time.now() < until:
                kiosk.until("never", seconds=0.2)
            self._no_order_open(kiosk)
        self.books.settled()
        code = kiosk.stop()
        if code != 0:
            self.books.found.forgotten.append(f"the kiosk ended with {code} when it was asked to stop")
        self.books.after_kill(self._scratch)

    def _no_order_open(self, kiosk: Kiosk) -> None:
        """Wait until it is so, at most SETTLE_S; what is open even then the books find."""
        end = time.monotonic() + SETTLE_S
        while any(line["state"] in OPEN for line in self.counter.orders()) and time.monotonic() < end:
            kiosk.until("never", seconds=0.05)
