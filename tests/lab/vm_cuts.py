"""Power cuts of a whole virtual machine in the middle of sales: QEMU is killed, and what the guest had not synced is gone.

Each life begins at the saved moment before the kiosk's start, on the disk that the last cut left. The books are those of
tests.crash: whatever the bank knows must be in the kiosk's ledger, and come to the end that the bank has.
"""

from __future__ import annotations

import contextlib
import time
from random import Random

from tests.crash.books import Books
from tests.crash.counter import Died, later
from tests.crash.rounds import OPEN
from tests.crash.sales import meanwhile, pay, put_away
from tests.lab.appliance import wait
from tests.lab.vm_appliance import PATIENCE_S, VirtualAppliance

NOT_OVER = OPEN | {"ARMED", "VOID"}  # a VOID one may come to life again, when WeChat has it after all
MOST_S = 25.0  # from the first key of a life to its end


class Cuts:
    """One kiosk's lives and ends."""

    def __init__(self, kiosk: VirtualAppliance) -> None:
        self.kiosk = kiosk
        self.books = Books(kiosk.bank)
        self.cuts = self.open_at_cut = 0
        self._told: dict[str, str] = {}  # what the kiosk has ever said of an order that had come to its end
        self._began = time.monotonic()

    def words(self) -> str:
        """The figures."""
        found = self.books.found
        told = f"{self.cuts} cuts, {len(self.kiosk.bank.bank())} orders at the bank, {self.open_at_cut} of them open at a cut: "
        told += f"{len(found.lost)} lost, {len(found.double)} double, {len(found.forgotten)} forgotten, "
        return f"{told}{len(found.false_paid)} falsely PAID; {time.monotonic() - self._began:.0f} s"

    def round(self, seed: int) -> None:
        """One life: start over what the last one left, look at the books, sell until the plug is pulled."""
        chance = Random(f"plug of the machine {seed}")
        self._start()
        plug = later(chance.uniform(0.5, MOST_S), self.kiosk.machine.cut_power)
        amount = 10_000 + 100 * seed
        try:
            with contextlib.suppress(Died, AssertionError):  # the plug is pulled in the midst of anything
                while self.kiosk.alive:
                    self._sell(amount, quick=chance.random() < 0.3)
                    self._listed()
                    amount += 1
        finally:
            plug.join()
            self.kiosk.off()
        self.cuts += 1
        waits = [row for row in self.kiosk.bank.bank().values() if row["state"] in {"NOTPAY", "USERPAYING"}]
        self.open_at_cut += len(waits)
        for row in waits:
            meanwhile(self.kiosk.bank, chance, row["total"])

    def settle(self) -> None:
        """One life more, which nothing befalls: every order comes to its end, and the books agree."""
        self._start()
        wait(lambda: not self._open(), lambda: f"still open: {self._open()}", PATIENCE_S)
        self.books.settled()

    def _start(self) -> None:
        self.kiosk.again()
        self.kiosk.go(plain=True)
        self.kiosk.online()
        self.books.running()
        self._listed()

    def _sell(self, amount: int, *, quick: bool) -> None:
        put_away(self.kiosk.bank)
        self.kiosk.key(*str(amount), "SCAN" if quick else "QR")
        if quick:
            self.kiosk.reach("Scanning")
            self.kiosk.hold("Charging", "PaidScreen")
        else:
            self.kiosk.reach("ShowingQr")
            pay(self.kiosk.bank, amount, None)
        self.kiosk.reach("PaidScreen")
        self.kiosk.key("OK")

    def _listed(self) -> None:
        """What it once said of an order that was over it says still."""
        now = {line["out_trade_no"]: line["state"] for line in self.kiosk.bank.orders()}
        for number, state in self._told.items():
            if now.get(number) != state:
                self.books.found.lost.append(f"{number} was told to be {state}, and is {now.get(number, 'not there')}")
        self._told |= {number: state for number, state in now.items() if state not in NOT_OVER}

    def _open(self) -> list[str]:
        return [line["out_trade_no"] for line in self.kiosk.bank.orders() if line["state"] in OPEN]
