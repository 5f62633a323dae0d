"""Power cuts of a whole virtual machine in the middle of sales: QEMU is killed, and what the guest had not synced is gone.

Each life begins at the saved moment before the kiosk's start, on the disk that the last cut left. The books are those of
tests.crash: whatever the bank knows must be in the kiosk's ledger, and come to the end that the bank has.
"""

from __future__ import annotations

import itertools
import time
from random import Random

from kiosk.core.errors import KioskError
from tests.crash.books import Books
from tests.crash.counter import Died, later
from tests.crash.rounds import OPEN
from tests.crash.sales import meanwhile, pay, put_away
from tests.lab.appliance import wait
from tests.lab.vm_appliance import PATIENCE_S, VirtualAppliance

NOT_OVER = OPEN | {"ARMED", "VOID"}  # a VOID one may come to life again, when WeChat has it after all
AGAIN_S = 5.0
SALE_S = 20.0  # how long one takes, until that is known


class Cuts:
    """One kiosk's lives and ends."""

    def __init__(self, kiosk: VirtualAppliance) -> None:
        self.kiosk = kiosk
        self.books = Books(kiosk.bank)
        self.cuts = self.open_at_cut = 0
        self._told: dict[str, str] = {}  # what the kiosk has ever said of an order that had come to its end
        self._began = time.monotonic()
        self._sale_s = SALE_S

    def words(self) -> str:
        """The figures."""
        found = self.books.found
        told = f"{self.cuts} cuts, {len(self.kiosk.bank.bank())} orders at the bank, {self.open_at_cut} open at a cut: "
        told += f"{len(found.lost)} lost, {len(found.double)} double, {len(found.forgotten)} forgotten, "
        return f"{told}{len(found.false_paid)} falsely PAID; {time.monotonic() - self._began:.0f} s"

    def round(self, seed: int) -> None:
        """One life: start over what the last one left, look at the books, sell, and in the midst of a sale the plug is pulled."""
        chance = Random(f"plug of the machine {seed}")
        self._start()
        amount, whole, plug = 10_000 + 100 * seed, chance.randint(0, 2), None
        try:
            for sale in itertools.count():
                if sale == whole:
                    plug = later(chance.uniform(0.0, self._sale_s), self.kiosk.machine.cut_power)
                began = time.monotonic()
                self._sell(amount + sale, quick=chance.random() < 0.3)
                self._listed()
                self._sale_s = time.monotonic() - began
        except (Died, AssertionError, KioskError):
            if self.kiosk.alive:  # else the plug was pulled, in the midst of anything
                raise
        finally:
            if plug is not None:
                plug.join()
            self.kiosk.off()
        self.cuts += 1
        bank = dict(self.kiosk.bank.bank())
        self.open_at_cut += len(bank.keys() - self._told.keys())
        for row in bank.values():
            if row["state"] in {"NOTPAY", "USERPAYING"}:
                meanwhile(self.kiosk.bank, chance, row["total"])

    def settle(self) -> None:
        """One life more, which nothing befalls: every order comes to its end, and the books agree."""
        self._start()
        wait(lambda: not self._open(), lambda: f"still open: {self._open()}", PATIENCE_S)
        self.books.settled()

    def _start(self) -> None:
        self.kiosk.again()
        self.kiosk.go(plain=True)
        self.kiosk.online(PATIENCE_S)
        self.books.running()
        self._listed()

    def _sell(self, amount: int, *, quick: bool) -> None:
        put_away(self.kiosk.bank)
        self.kiosk.key(*str(amount))
        if quick:
            self._press("SCAN", "Scanning")
            self.kiosk.hold("Charging", "PaidScreen")
        else:
            self._press("QR", "ShowingQr", "Placing")
            self.kiosk.reach("ShowingQr")
            pay(self.kiosk.bank, amount, None)
        self.kiosk.reach("PaidScreen")
        self.kiosk.key("OK")

    def _press(self, key: str, *screens: str) -> None:
        """And again while the kiosk says that it cannot yet, as people do: camera or network may be late on a busy machine."""

        def begun() -> bool:
            self.kiosk.key(key)
            return self.kiosk.until(*screens, seconds=AGAIN_S) in screens

        wait(begun, lambda: str(self.kiosk.ask(do="state")), PATIENCE_S)

    def _listed(self) -> None:
        """What it once said of an order that was over it says still."""
        now = {line["out_trade_no"]: line["state"] for line in self.kiosk.bank.orders()}
        if not self.kiosk.alive:
            raise Died  # then it was no kiosk that told
        for number, state in self._told.items():
            if now.get(number) != state:
                self.books.found.lost.append(f"{number} was told to be {state}, and is {now.get(number, 'not there')}")
        self._told |= {number: state for number, state in now.items() if state not in NOT_OVER}

    def _open(self) -> list[str]:
        return [line["out_trade_no"] for line in self.kiosk.bank.orders() if line["state"] in OPEN]
