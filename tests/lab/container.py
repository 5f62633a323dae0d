"""The level `container`: the units under a real systemd, on a read-only Debian, the bank beyond a wire that can be pulled."""

from __future__ import annotations

import json
import os
import re
import subprocess
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

from tests.lab import boots, root
from tests.lab.appliance import CREDENTIALS, PYTHON, STATE, STICK, Appliance, wait
from tests.lab.machine import Machine
from tests.lab.report import Level, Report, lacking
from tests.lab.stick import NAME, Stick, carried

GROUPS = ("video", "render", "input", "audio", "gpio")
UNITS = ("kiosk.service", "kiosk-scanner.service")
EXPOSURE = {"kiosk.service": 1.2, "kiosk-scanner.service": 0.5}
PROGRAMS = {"mmdebstrap": "mmdebstrap", "systemd-nspawn": "systemd-container", "nsenter": "util-linux", "ip": "iproute2"}
PROGRAMS |= {"mke2fs": "e2fsprogs", "losetup": "mount"}
BACK_S, BACK_RATIO = 1.0, 4  # a scanner that died is here again; the ratio for a machine that is busy
RESUME_S = 3.0  # after the network's return an open order has been asked for
OUTAGE_S = 12.0


def missing() -> str | None:
    """What this machine lacks."""
    if os.geteuid() != 0:
        return "only root may boot a container"
    return lacking(PROGRAMS)


def run(report: Report) -> None:
    """One machine, from its first boot to its last."""
    kept = root.ready()
    with tempfile.TemporaryDirectory(prefix="kiosk-lab-", ignore_cleanup_errors=True) as folder:
        kiosk = Appliance(Machine(kept, Path(folder)), Path(folder))
        stick = Stick(Path(folder))
        try:
            kiosk.install()
            boots.install(kiosk)
            stick.plug(kiosk)
            kiosk.on()
            _boots(report, kiosk)
            _who_is_who(report, kiosk)
            _sells(report, kiosk)
            _scanner_dies(report, kiosk)
            _network_goes(report, kiosk)
            _backs_up(report, kiosk)
            _supports(report, kiosk, stick)
            _hangs(report, kiosk)
            _reads_only(report, kiosk)
            _off_and_on(report, kiosk)
            kiosk.off()
            boots.compared(report, kiosk)
        finally:
            if any(not check.well for check in report.checks) and kiosk.alive:
                print(kiosk.machine.journal("-u", "kiosk*", "-n", "60"))
            kiosk.close()
            stick.close()


def _boots(report: Report, kiosk: Appliance) -> None:
    machine = kiosk.machine
    with report.check("both units start at boot and say that they are ready") as check:
        for unit in UNITS:
            wait(lambda unit=unit: machine.shown(unit, "SubState")["SubState"] == "running", lambda: machine.journal("-n", "30"))
        ready = machine.shown("kiosk.service", "ActiveEnterTimestampMonotonic", "ExecMainStartTimestampMonotonic")
        took = int(ready["ActiveEnterTimestampMonotonic"]) - int(ready["ExecMainStartTimestampMonotonic"])
        check.note = f"kiosk after {took / 1e6:.1f} s"
    with report.check("on line, with keys that only the sealed credentials hold, and status for systemctl"):
        kiosk.online()
        wait(lambda: machine.shown("kiosk", "StatusText")["StatusText"] == "Idle, network online")
    with report.check("systemd has nothing to say against the units"):
        words = [line for line in machine.journal("_PID=1", "-p", "warning").splitlines() if "kiosk" in line]
        assert not words, "\n".join(words)
    with report.check("exposure as this systemd counts it") as check:
        found = {unit: _exposure(machine, unit) for unit in UNITS}
        check.note = ", ".join(f"{unit} {value}" for unit, value in found.items())
        assert all(found[unit] <= most for unit, most in EXPOSURE.items()), found


def _who_is_who(report: Report, kiosk: Appliance) -> None:
    machine = kiosk.machine
    with report.check("kiosk and scanner are two users without any capability, with system calls filtered"):
        facts = {unit: _status(machine, machine.pid(unit)) for unit in UNITS}
        users = {fact["Uid"].split()[0] for fact in facts.values()}
        assert len(users) == 2, users
        assert "0" not in users
        for unit, fact in facts.items():
            assert int(fact["CapEff"], 16) == int(fact["CapBnd"], 16) == 0, unit
            assert (fact["NoNewPrivs"], fact["Seccomp"]) == ("1", "2"), unit
    with report.check("the groups of screen, keys, sound and pins are the kiosk's, through its private users too"):
        machine.run(
            "sh",
            "-ec",
            "mkdir /run/lab; " + "; ".join(f"install -m 640 -g {group} /dev/null /run/lab/{group}" for group in GROUPS),
        )
        as_kiosk = ["systemd-run", "--quiet", "--wait", "--pipe", "--property=User=kiosk", "--property=PrivateUsers=yes"]
        machine.run(*as_kiosk, "cat", *(f"/run/lab/{group}" for group in GROUPS))
    with report.check(
        "/sys is read-only for the kiosk, the part of the screen's lamp a mount of its own; the lamp's rule is sound"
    ):
        # The container's own /sys is read-only, so that part is too.
        mounts = machine.run("cat", f"/proc/{machine.pid('kiosk.service')}/mountinfo").splitlines()
        rights = {line.split()[4]: line.split()[5].split(",")[0] for line in mounts if line.split()[4].startswith("/sys")}
        assert "/sys/devices/platform" in rights, rights
        assert {right for place, right in rights.items() if place != "/sys/devices/platform"} == {"ro"}, rights
        machine.run("udevadm", "verify", "/usr/lib/udev/rules.d/60-kiosk.rules")
    with report.check("sealed keys: no plain one on the disk, and only the kiosk reads them"):
        for name in CREDENTIALS:
            plain = (kiosk.bank.folder / name).read_bytes().strip()
            found = subprocess.run(
                [
                    "grep",
                    "-rlF",
                    plain.decode().splitlines()[1 if b"PEM" in plain or b"-----" in plain else 0],
                    machine.root / "etc",
                ],
                capture_output=True,
                text=True,
                check=False,
            )
            assert found.returncode == 1, found.stdout
            path = f"/run/credentials/kiosk.service/{name}"
            assert machine.run("setpriv", "--reuid=kiosk", "--clear-groups", "cat", path).strip() == plain.decode()
            assert not machine.run("setpriv", "--reuid=nobody", "--clear-groups", "cat", path, well=False)
    with report.check("the scanner has no key, no network, and cannot see the ledger"):
        inside = ["nsenter", "-t", str(machine.pid("kiosk-scanner")), "-m", "-n"]
        env = machine.run("cat", f"/proc/{machine.pid('kiosk-scanner')}/environ")
        assert "CREDENTIALS" not in env, env
        links = [line.split(":")[1].strip() for line in machine.run(*inside, "ip", "-o", "link").splitlines()]
        assert links == ["lo"], links
        for path in (
            f"{STATE}/kiosk.db",
            "/run/credentials/kiosk.service/merchant_key.pem",
            "/etc/credstore.encrypted/merchant_key.pem",
        ):
            assert machine.run("ls", path), path
            assert not machine.run(*inside, "ls", path, well=False), path
    with report.check("only the kiosk's group may call the scanner"):
        assert machine.run("stat", "-c", "%U %G %a", "/run/kiosk-scanner.sock").split() == ["root", "kiosk", "660"]


def _sells(report: Report, kiosk: Appliance) -> None:
    with report.check("a sale by QR; `kiosk orders` typed by root tells of it"):
        kiosk.bill(1250)
        kiosk.pay(1250)
        kiosk.reach("PaidScreen")
        kiosk.settled(1250)
        lines = [json.loads(line) for line in kiosk.machine.run("kiosk", "orders", "--json").splitlines()]
        assert [line["state"] for line in lines if line["amount"] == 1250] == ["PAID"], lines
        kiosk.key("OK")
    with report.check("a sale by the scanner's unit"):
        assert kiosk.sell("quick", 1300) == "PaidScreen"
        kiosk.settled(1300)


def _scanner_dies(report: Report, kiosk: Appliance) -> None:
    machine = kiosk.machine
    with report.check(
        f"a killed scanner is here again within {BACK_S:.0f} s (or {BACK_RATIO} x a bare Python's start), and sells"
    ) as check:
        bare = _seconds(lambda: machine.run("systemd-run", "--quiet", "--wait", PYTHON, "-c", "pass"))
        back = _scanner_back(kiosk, "KILL")
        check.note = f"{back:.2f} s, a bare Python as a unit {bare:.2f} s"
        assert kiosk.sell("quick", 1400) == "PaidScreen"
        kiosk.settled(1400)
        assert back <= max(BACK_S, BACK_RATIO * bare)
    with report.check("a scanner that hangs is killed by its watchdog, and the next one sells") as check:
        check.note = f"{_scanner_back(kiosk, 'STOP'):.2f} s"
        assert "watchdog" in machine.journal("-u", "kiosk-scanner").lower()
        assert kiosk.sell("quick", 1500) == "PaidScreen"
        kiosk.settled(1500)


def _scanner_back(kiosk: Appliance, signal: str) -> float:
    """Seconds from a signal to the scanner until another one says it is ready."""
    machine = kiosk.machine
    old = machine.pid("kiosk-scanner")

    def back() -> bool:
        now = machine.shown("kiosk-scanner", "MainPID", "SubState")
        return now["SubState"] == "running" and int(now["MainPID"]) not in {0, old}

    machine.run("systemctl", "kill", f"--signal=SIG{signal}", "--kill-whom=main", "kiosk-scanner")
    return wait(back, lambda: machine.journal("-u", "kiosk-scanner", "-n", "20"))


def _seconds(deed: Callable[[], object]) -> float:
    began = time.monotonic()
    deed()
    return time.monotonic() - began


def _network_goes(report: Report, kiosk: Appliance) -> None:
    with report.check(
        f"the wire pulled for {OUTAGE_S:.0f} s: the order stays open, and is asked for within {RESUME_S:.0f} s"
    ) as check:
        kiosk.bill(1600)
        kiosk.machine.plug(False)
        kiosk.pay(1600)
        pulled = time.monotonic()
        wait(lambda: kiosk.ask(do="state")["network"] == "offline", lambda: str(kiosk.ask(do="state")))
        time.sleep(max(0.0, pulled + OUTAGE_S - time.monotonic()))
        assert kiosk.states(1600) in (["PAYING"], ["SENT"]), kiosk.states(1600)
        back = time.monotonic()
        kiosk.machine.plug(True)
        wait(lambda: kiosk.first_ask(back) is not None, lambda: kiosk.machine.journal("-u", "kiosk", "-n", "20"))
        check.note = f"after {kiosk.first_ask(back):.2f} s"
        kiosk.reach("PaidScreen")
        kiosk.settled(1600)
        asked = kiosk.first_ask(back)
        assert asked is not None
        assert asked <= RESUME_S, check.note
        kiosk.key("OK")


def _backs_up(report: Report, kiosk: Appliance) -> None:
    with report.check("backups on another disk, allowed by a drop-in"):
        wait(lambda: bool(kiosk.machine.run("ls", STICK).split()), lambda: kiosk.machine.journal("-u", "kiosk", "-n", "20"))


def _supports(report: Report, kiosk: Appliance, stick: Stick) -> None:
    with report.check("the steward carries the kiosk's file to a stick (a loop device), and lets it go again"):
        machine = kiosk.machine
        assert carried(kiosk)
        assert stick.names() == [NAME]
        assert machine.shown("kiosk-sticks", "ActiveState")["ActiveState"] == "inactive"
        assert "USB sticks are let in" in machine.journal("-u", "kiosk-sticks", "_PID=1")
        left = machine.run("sh", "-c", "ls -A /run/kiosk/carry; ls -d /run/kiosk-sticks 2>/dev/null; true")
        assert left.split() == [], left


def _hangs(report: Report, kiosk: Appliance) -> None:
    machine = kiosk.machine
    with report.check(
        "a kiosk that hangs with an open order: the watchdog kills it, its successor finds the order paid"
    ) as check:
        before = int(machine.shown("kiosk", "NRestarts")["NRestarts"])
        kiosk.bill(1700)
        old = machine.pid("kiosk")
        stopped = time.monotonic()
        machine.run("systemctl", "kill", "--signal=SIGSTOP", "--kill-whom=main", "kiosk")
        kiosk.pay(1700)
        wait(lambda: machine.pid("kiosk") not in {0, old}, lambda: machine.journal("-u", "kiosk", "-n", "20"))
        check.note = f"the next one after {time.monotonic() - stopped:.1f} s"
        kiosk.online()
        kiosk.settled(1700)
        assert int(machine.shown("kiosk", "NRestarts")["NRestarts"]) == before + 1
        assert "watchdog" in machine.journal("-u", "kiosk", "_PID=1").lower()
    with report.check("and the scanner's unit serves the successor"):
        assert kiosk.sell("quick", 1800) == "PaidScreen"
        kiosk.settled(1800)


def _reads_only(report: Report, kiosk: Appliance) -> None:
    machine = kiosk.machine
    with report.check("the root is read-only; the kiosk may write its ledger's folder and its backups', and nothing else"):
        assert "ro" in machine.run("findmnt", "-no", "OPTIONS", "/").strip().split(",")
        inside = ["nsenter", "-t", str(machine.pid("kiosk")), "-m", "setpriv", "--reuid=kiosk", "--clear-groups"]
        for place in (STATE, STICK):
            machine.run(*inside, "touch", f"{place}/.lab")
            machine.run(*inside, "rm", f"{place}/.lab")
        for place in ("/etc", "/usr/lib/kiosk", "/usr", "/var/log", "/run", "/home", "/srv"):
            assert machine.run(*inside, "sh", "-c", f"touch {place}/.lab 2>/dev/null && echo written; true") == "", place


def _off_and_on(report: Report, kiosk: Appliance) -> None:
    with report.check("switched off with an open order and on again: the books are there, the order is brought to its end"):
        kiosk.bill(1900)
        kiosk.off()
        kiosk.pay(1900)
        kiosk.on()
        kiosk.online()
        kiosk.settled(1900)
        kiosk.settled(1250)
    with report.check("the journal knows no payment code"):
        codes = re.findall(r"(?<![0-9])1[0-5][0-9]{16}(?![0-9])", kiosk.machine.journal())
        assert not codes, len(codes)


def _exposure(machine: Machine, unit: str) -> float:
    words = machine.run("systemd-analyze", "security", "--no-pager", unit)
    found = re.search(r"Overall exposure level for \S+: ([0-9.]+)", words)
    assert found, words
    return float(found[1])


def _status(machine: Machine, pid: int) -> dict[str, str]:
    lines = (line.partition(":") for line in machine.run("cat", f"/proc/{pid}/status").splitlines())
    return {name: value.strip() for name, _, value in lines}


LEVEL = Level("container", "the units under a real systemd, read-only root, sealed keys, a wire to pull", missing, run)
