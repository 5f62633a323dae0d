"""A kiosk as it stands in a shop, in a machine of the lab: installed as README.md says, bank and customers beyond the wire.

What it says is asked over its control socket, what is true of the stand-in for WeChat Pay.
"""

from __future__ import annotations

import contextlib
import hashlib
import json
import re
import shutil
import subprocess
import time
from collections.abc import Callable
from functools import cache
from pathlib import Path
from random import Random
from typing import Any

from deploy.deb import build, lock
from tests.bench.desk import Wire
from tests.crash.counter import PATIENCE_S, Counter, Kiosk
from tests.crash.sales import SALES, People, pay
from tests.lab.machine import LOOK_S, Machine
from tests.lab.root import CACHE, SUITE, arch

STATE = "/var/lib/kiosk"
FRAMES = "/srv/frames"
STICK = "/media/stick"
PYTHON = "/usr/bin/python3"
FACTORY = "/usr/lib/kiosk/factory"
INSTALL_S = 240.0
CREDENTIALS = ("merchant_key.pem", "api_v3_key.txt")


class Appliance(Kiosk):
    """The kiosk in the machine, whichever of its lives. The machine is on as long as `alive`."""

    patience_s = PATIENCE_S
    version: str | None = None  # of the package; None: the source's
    control = f"{STATE}/kiosk.db.sock"

    def __init__(self, machine: Machine, folder: Path) -> None:
        """`machine`: off, and no kiosk in it; `folder`: for all that this kiosk is."""
        self.machine = machine
        self.bank = Counter(folder)
        self.bank.open()
        self.wire = Wire(folder, _port(self.bank), machine.outer, machine.seen)
        self._counter, self._socket = self.bank, self.bank.socket
        self._line, self._answers = None, None
        self._disks = {STATE: folder / "disk", STICK: folder / "stick", FRAMES: self.bank.folder / "frames"}
        for disk in self._disks.values():
            disk.mkdir(exist_ok=True)

    @property
    def alive(self) -> bool:
        return self.machine.leader != 0

    def share(self, place: str) -> Path:
        """A folder of this side that the machine sees in that place; before `install`."""
        self._disks[place] = self.bank.folder.parent / Path(place).name
        self._disks[place].mkdir()
        return self._disks[place]

    def plug_in(self, node: str, device: Path) -> None:
        """A device of this side, seen in the machine at that place under /dev; before it is switched on."""
        self._disks[node] = device

    def on(self, *said: str) -> None:
        """Switch the machine on, with these words for its systemd; the control socket is from here on the one in there."""
        self.machine.boot(self._disks, *said)
        self.bank.socket.unlink(missing_ok=True)
        self.bank.socket.symlink_to(self.machine.path(self.control))

    def off(self) -> None:
        self._hang_up()
        self.machine.off()

    def close(self) -> None:
        """Whatever state it is in: nothing of it is left."""
        with contextlib.ExitStack() as stack:
            stack.callback(self.bank.close)
            stack.callback(self.wire.stop)
            stack.callback(self.machine.close)
            self._hang_up()

    def bill(self, amount: int) -> None:
        """A sale up to the point where the customer's phone shows the bill."""
        self.key(*str(amount), "QR")
        self.reach("ShowingQr")
        People(self.bank, self, Random(0))._scan()

    def sell(self, sale: str, amount: int) -> str:
        """One of SALES; returns the last screen."""
        self.reach("Idle")  # or the last sale's end would be taken for this one's
        return People(self.bank, self, Random(0)).sell(SALES[sale], amount)

    def pay(self, amount: int) -> None:
        """The customer approves the bill on their phone."""
        pay(self.bank, amount, None)

    def reach(self, *screens: str) -> None:
        seen = self.until(*screens, seconds=self.patience_s)
        assert seen in screens, f"the kiosk shows {seen}, not {' or '.join(screens)}: {self.ask(do='state')}"

    def settled(self, amount: int) -> None:
        """Both books say paid, once."""
        wait(lambda: self.states(amount) == ["PAID"], lambda: f"orders of {amount}: {self.states(amount)}", self.patience_s)
        true = [row["state"] for row in self.bank.bank().values() if row["total"] == amount]
        assert true == ["SUCCESS"], f"at the bank: {true}"

    def states(self, amount: int) -> list[str]:
        return [line["state"] for line in self.bank.orders() if line["amount"] == amount]

    def first_ask(self, since_s: float) -> float | None:
        """Seconds from a moment of the monotonic clock to the first request that came through the wire; None: none yet."""
        asked = self.wire.of("request", round(since_s * 1e9))
        return asked[0]["at"] / 1e9 - since_s if asked else None

    def changes(self) -> dict[str, str]:
        """What kiosk.toml says otherwise than the stand-in's own: patterns, and what stands there instead."""
        return {
            r"hosts = .*": f'hosts = ["{self.wire.url}"]\nca_file = "authority.pem"',
            r'folder = "frames"': f'folder = "{FRAMES}"',
            r'path = "kiosk.db"': f'path = "{STATE}/kiosk.db"\nbackups = "{STICK}"',
        }

    def toml(self) -> str:
        """kiosk.toml as it stands in the machine."""
        text = self.bank.config.read_text("utf-8")
        for old, new in self.changes().items():
            text, count = re.subn(old, new, text)
            assert count == 1, old
        return text

    def install(self) -> None:
        """As in README.md: the package, kiosk.toml, the keys sealed, a drop-in for the second disk."""
        self.install_package()
        root = self.machine.root
        (root / "etc/kiosk/kiosk.toml").write_text(self.toml(), "utf-8")
        shutil.copy(self.wire.ca_file, root / "etc/kiosk/authority.pem")
        dropin = root / "etc/systemd/system/kiosk.service.d/stick.conf"
        dropin.parent.mkdir()
        dropin.write_text(f"[Service]\nReadWritePaths={STICK}\n", "utf-8")
        for name in CREDENTIALS:
            seal = f"systemd-creds encrypt --with-key=host --name={name} - /etc/credstore.encrypted/{name}"
            self.machine.before_boot(seal, (self.bank.folder / name).read_bytes())
        uid = self.machine.root.joinpath("etc/passwd").read_text("utf-8").partition("\nkiosk:x:")[2].split(":")[0]
        subprocess.run(["chown", uid, self._disks[STICK]], check=True)

    def install_package(self) -> None:
        """The package and nothing of a shop's, and places for the disks."""
        root = self.machine.root
        shutil.copy(package(self.version), root / "srv/kiosk.deb")
        self.machine.layers.do(apt("install", "/srv/kiosk.deb"), timeout_s=INSTALL_S)
        for disk in self._disks:
            (root / disk[1:]).mkdir(parents=True, exist_ok=True)
        subprocess.run(["systemd-machine-id-setup", f"--root={root}"], check=True, capture_output=True)  # keys are sealed to it


@cache
def package(version: str | None = None, suite: str = SUITE) -> Path:
    """The package as it is made of this folder; `version`: another number on the same."""
    locked = lock.read(suite, arch())
    vendored = CACHE / f"wheels-{suite}-{hashlib.sha256(str(locked).encode()).hexdigest()[:12]}"
    if not vendored.exists():
        new = CACHE / "wheels-new"
        shutil.rmtree(new, ignore_errors=True)
        build.vendor(locked, new)
        new.rename(vendored)
    return build.deb(locked, CACHE, version, vendored)


def apt(doing: str, *what: str) -> str:
    """Apt's words for a package all of whose dependencies are there."""
    options = "-q -y --no-install-recommends"
    return f"DEBIAN_FRONTEND=noninteractive apt-get {options} {doing} {' '.join(what)}"


def wait(true: Callable[[], bool], words: Callable[[], str] = lambda: "", seconds: float = PATIENCE_S) -> float:
    """Until it is so; returns how many seconds that took. AssertionError with the words when it does not come."""
    began = time.monotonic()
    while not true():
        assert time.monotonic() - began < seconds, f"not within {seconds:.0f} s: {words()}"
        time.sleep(LOOK_S)
    return time.monotonic() - began


def _port(bank: Counter) -> int:
    facts: dict[str, Any] = json.loads((bank.folder / "sandbox.json").read_text("utf-8"))
    return int(facts["url"].rpartition(":")[2])
