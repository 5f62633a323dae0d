"""The level `package`: the .deb under a real apt, in a Debian that runs: installed, upgraded amid sales, removed, purged."""

from __future__ import annotations

import contextlib
import json
import os
import pty
import select
import shutil
import subprocess
import tempfile
import threading
import time
from collections.abc import Callable, Sequence
from pathlib import Path

from tests.lab import container, root
from tests.lab.appliance import CREDENTIALS, FACTORY, INSTALL_S, STATE, Appliance, apt, package, wait
from tests.lab.machine import Machine
from tests.lab.report import Level, Report

VERSIONS = ("1.0", "1.1", "1.2", "1.3")
SHOPS = (STATE, "/etc/kiosk", "/etc/credstore.encrypted")
"""What is the shop's, and outlives the program."""
NEITHER = ("/usr/lib/kiosk", "/usr/bin/kiosk", "/var/lib/kiosk-releases")


class Writable(Machine):
    """One to which apt installs while it runs."""

    writable = True


class Customer(Appliance):
    """A machine without a kiosk, to which one is brought while it runs."""

    def __init__(self, suite: str, folder: Path) -> None:
        super().__init__(Writable(root.ready(suite), folder), folder)
        self.suite = suite

    def changes(self) -> dict[str, str]:
        return super().changes() | {r'path = "kiosk.db"': f'path = "{STATE}/kiosk.db"'}

    def install(self) -> None:
        """Nothing yet but the packages in a folder."""
        top = self.machine.root
        for version in VERSIONS if self.suite == root.SUITE else (VERSIONS[0], VERSIONS[-1]):
            shutil.copy(package(version, self.suite), top / f"srv/kiosk-{version}.deb")
        for disk in self._disks:
            (top / disk[1:]).mkdir(parents=True, exist_ok=True)
        subprocess.run(["systemd-machine-id-setup", f"--root={top}"], check=True, capture_output=True)  # keys are sealed to it

    def apt(self, doing: str, *what: str, well: bool = True, **environment: str) -> str:
        """What apt says, errors too."""
        words = " ".join(f"{name}={value}" for name, value in environment.items())
        said = self.machine.run("sh", "-c", f"{words} {apt(doing, *what)} 2>&1 || echo FAILED", timeout_s=INSTALL_S)
        assert well != said.endswith("FAILED\n"), said
        return said

    def enrol(self) -> None:
        """Settings and sealed keys, as README.md says."""
        (self.machine.path("/etc/kiosk/kiosk.toml")).write_text(self.toml(), "utf-8")
        shutil.copy(self.wire.ca_file, self.machine.path("/etc/kiosk/authority.pem"))
        for name in CREDENTIALS:
            self.machine.path(f"/run/{name}").write_bytes((self.bank.folder / name).read_bytes())
            self.machine.run(
                "systemd-creds", "encrypt", "--with-key=host", f"--name={name}", f"/run/{name}", f"{SHOPS[2]}/{name}"
            )
            self.machine.path(f"/run/{name}").unlink()

    def version(self) -> str:
        """Of the package that apt knows as installed; empty: none."""
        return self.machine.run("dpkg-query", "-W", "-f", "${db:Status-Abbrev}${Version}", "kiosk", well=False).partition("ii ")[
            2
        ]

    def running(self) -> str:
        """The release that runs, by its own word."""
        return self.machine.run("kiosk", "--version").strip()

    def pid(self) -> int:
        return self.machine.pid("kiosk")

    def again(self, old: int, *, online: bool = True) -> None:
        """Another kiosk than the one with that number runs, and is on line."""
        wait(lambda: self.pid() not in {0, old}, lambda: self.machine.journal("-u", "kiosk", "-n", "20"))
        if online:
            self.online()

    def shops(self) -> dict[str, list[str]]:
        """The shop's files, of those that last."""
        found = {place: self.machine.run("find", place, "-type", "f", well=False).split() for place in SHOPS}
        return {place: sorted(name for name in names if not name.endswith(("-wal", "-shm"))) for place, names in found.items()}


def run(report: Report) -> None:
    """A machine of each Debian, from nothing to nothing."""
    for suite, deeds in DEEDS.items():
        _play(report, suite, deeds)


def _play(report: Report, suite: str, deeds: Sequence[Callable[[Report, Customer], None]]) -> None:
    with tempfile.TemporaryDirectory(prefix="kiosk-lab-", ignore_cleanup_errors=True) as folder:
        shop = Customer(suite, Path(folder))
        try:
            shop.install()
            shop.on()
            for deed in deeds:
                deed(report, shop)
        finally:
            if any(not check.well for check in report.checks if check.level == LEVEL.name) and shop.alive:
                print(shop.machine.journal("-n", "80"))
            shop.close()


def _installs(report: Report, shop: Customer) -> None:
    machine = shop.machine
    with report.check(f"{shop.suite}: apt installs it; nothing starts that has no settings; no unit has failed"):
        said = shop.apt("install", "/srv/kiosk-1.0.deb")
        assert "starts when this machine does" in said, said
        assert shop.version().startswith("1.0~"), said
        assert machine.shown("kiosk", "SubState", "UnitFileState") == {"SubState": "dead", "UnitFileState": "enabled"}
        assert "kiosk" not in machine.run("systemctl", "list-units", "--failed", "--plain", "--no-legend")
        assert machine.run("id", "-un", "kiosk").strip() == "kiosk"
        assert machine.run("find", FACTORY, "-path", "*/kiosk/__pycache__/app.*").strip(), "no bytecode"
    with report.check("with settings and sealed keys it comes up, and sells both ways"):
        shop.enrol()
        machine.run("systemctl", "start", "kiosk")
        shop.online()
        shop.bill(1250)
        shop.pay(1250)
        shop.reach("PaidScreen")
        shop.key("OK")
        assert shop.sell("quick", 1300) == "PaidScreen"
        shop.settled(1250)
        shop.settled(1300)
        shop.key("OK")
    with report.check("the same version once more: stopped at rest and here again, with its books") as check:
        old, began = shop.pid(), time.monotonic()
        shop.apt("install", "--reinstall", "/srv/kiosk-1.0.deb")
        shop.again(old)
        check.note = f"{time.monotonic() - began:.1f} s"
        assert shop.states(1250) == ["PAID"]


def _upgrades_after_a_sale(report: Report, shop: Customer) -> None:
    with report.check("an upgrade while a customer pays: it waits, the customer pays at the old one, then the new one runs"):
        old = shop.pid()
        shop.bill(1400)
        upgrade = _begun(lambda: shop.apt("install", "/srv/kiosk-1.1.deb"))
        time.sleep(5)
        assert shop.pid() == old
        assert shop.screen() == "ShowingQr"
        shop.pay(1400)
        shop.reach("PaidScreen")
        shop.settled(1400)
        shop.key("OK")
        assert "A sale stands in front; waiting" in upgrade()
        shop.again(old)
        assert (shop.version()[:4], shop.running()) == ("1.1~", "1.1")
        assert shop.states(1400) == ["PAID"]


def _upgrades_with_an_open_order(report: Report, shop: Customer) -> None:
    with report.check("an upgrade after a crash, with an order that nobody can ask about: the new one brings it to its end"):
        old = shop.pid()
        shop.bill(1500)
        shop.machine.plug(False)
        shop.pay(1500)
        shop.machine.run("systemctl", "kill", "--signal=SIGKILL", "kiosk")
        shop.again(old, online=False)
        old = shop.pid()
        shop.reach("Idle", "Starting")
        before = shop.states(1500)
        assert before not in (["PAID"], ["CLOSED"]), before
        said = shop.apt("install", "/srv/kiosk-1.2.deb", KIOSK_PATIENCE_S="4")
        assert "Orders that are open: 1; waiting" in said, said
        shop.again(old, online=False)
        assert shop.running() == "1.2"
        shop.machine.plug(True)
        shop.online()
        wait(lambda: shop.states(1500) != before, lambda: f"{shop.states(1500)}")
        wait(lambda: not [line for line in shop.bank.orders() if line["state"] in before])
        shop.settled(1500)


def _waits_in_vain(report: Report, shop: Customer) -> None:
    with report.check("an upgrade and a removal while somebody keeps it busy: refused in words, the old one sells on"):
        old = shop.pid()
        shop.bill(1600)
        for doing, what in (("install", "/srv/kiosk-1.3.deb"), ("remove", "kiosk")):
            said = shop.apt(doing, what, well=False, KIOSK_PATIENCE_S="1")
            assert "A sale stands in front. It goes on as it is" in said, said
        assert (shop.version()[:4], shop.pid(), shop.screen()) == ("1.2~", old, "ShowingQr")
        shop.pay(1600)
        shop.reach("PaidScreen")
        shop.settled(1600)
        shop.key("OK")


def _removes(report: Report, shop: Customer) -> None:
    machine = shop.machine
    before = shop.shops()
    with report.check("removed: nothing of it runs, the ledger, the settings and the keys stay"):
        shop.apt("remove", "kiosk")
        assert shop.version() == ""
        assert not machine.run("pgrep", "-f", "kiosk", well=False).strip()
        kept = shop.shops()
        assert {f"{STATE}/kiosk.db", "/etc/kiosk/kiosk.toml", f"{SHOPS[2]}/{CREDENTIALS[0]}"} <= {
            n for ns in kept.values() for n in ns
        }
        assert kept[SHOPS[1]] == before[SHOPS[1]]
        assert kept[SHOPS[2]] == before[SHOPS[2]]
        assert not machine.run("ls", "-d", NEITHER[0], NEITHER[1], well=False).strip()
    with report.check("installed again: it starts by itself and takes up its books"):
        shop.apt("install", "/srv/kiosk-1.3.deb")
        shop.again(0)
        assert shop.running() == "1.3"
        lines = [json.loads(line) for line in machine.run("kiosk", "orders").splitlines()]
        assert {line["amount"] for line in lines if line["state"] == "PAID"} >= {1250, 1300}, lines


def _purges(report: Report, shop: Customer) -> None:
    machine = shop.machine
    with report.check("purged where nobody can be asked, or with another answer than yes: the shop's own stays"):
        for purge in (lambda: shop.apt("purge", "kiosk"), lambda: _at_a_terminal(shop, "y")):
            said = purge()
            assert "stay in /var/lib/kiosk" in said, said
            assert not machine.run("sh", "-c", f"ls -d {' '.join(NEITHER)} 2>/dev/null; true").strip()
            kept = shop.shops()
            assert all(kept.values()), kept
            shop.apt("install", "/srv/kiosk-1.3.deb")
            shop.again(0)
            assert shop.states(1250) == ["PAID"]
    with report.check('purged, and "yes" typed at the terminal: nothing of the shop is left'):
        said = _at_a_terminal(shop, "yes")
        assert "Nobody can bring them back" in said, said
        assert not any(shop.shops().values()), shop.shops()
    with report.check("and with KIOSK_PURGE_LEDGER=yes"):
        shop.apt("install", "/srv/kiosk-1.3.deb")
        shop.machine.path("/etc/kiosk/kiosk.toml").write_text("here", "utf-8")
        shop.apt("purge", "kiosk", KIOSK_PURGE_LEDGER="yes")
        assert not any(shop.shops().values()), shop.shops()


def _at_a_terminal(shop: Customer, answer: str) -> str:
    """Purged by somebody who reads the question and types that."""
    ours, theirs = pty.openpty()
    words = shop.machine.entered("apt-get", "-q", "-y", "purge", "kiosk")
    process = subprocess.Popen(words, stdin=theirs, stdout=theirs, stderr=theirs, start_new_session=True)
    os.close(theirs)
    said, answered, end = "", False, time.monotonic() + INSTALL_S
    with contextlib.suppress(OSError):  # the other side is closed
        while select.select([ours], [], [], max(0.0, end - time.monotonic()))[0]:
            said += os.read(ours, 4096).decode("utf-8", "replace")
            if not answered and 'Type "yes"' in said:
                os.write(ours, f"{answer}\n".encode())
                answered = True
    os.close(ours)
    assert (process.wait(INSTALL_S), answered) == (0, True), said
    return said


def _begun(deed: Callable[[], str]) -> Callable[[], str]:
    """Do it beside; what is returned waits for its end and what it says."""
    said: list[str] = []
    thread = threading.Thread(target=lambda: said.append(deed()), daemon=True)
    thread.start()

    def ended() -> str:
        thread.join(INSTALL_S)
        assert said, "it did not end well"
        return said[0]

    return ended


DEEDS = {
    "trixie": (_installs, _upgrades_after_a_sale, _upgrades_with_an_open_order, _waits_in_vain, _removes, _purges),
    "bookworm": (_installs, _removes),
}
LEVEL = Level("package", "the .deb under apt: install, upgrade amid sales, remove, purge", container.missing, run)
