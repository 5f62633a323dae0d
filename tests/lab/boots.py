"""From systemd's start to the first screen that can be used, beside a service that does nothing but say that it is ready.

Boots of one and of the other by turns, on the same root; each in a machine whose other service is masked.
"""

from __future__ import annotations

from statistics import median

from tests.lab.appliance import Appliance, wait
from tests.lab.report import Report

BOOTS = 5
MOST = 1.5
BARE = "bare.service"
UNIT = """
[Unit]
Description=Nothing but ready
[Service]
Type=notify
NotifyAccess=all
ExecStart=/bin/sh -c 'systemd-notify --ready; exec sleep infinity'
"""
WORDS = {
    "kiosk.service": (),
    BARE: ("systemd.mask=kiosk.service", "systemd.mask=kiosk-scanner.socket", f"systemd.wants={BARE}"),
}


def install(kiosk: Appliance) -> None:
    """Before the first boot: the bare service, which nothing wants yet."""
    (kiosk.machine.root / "etc/systemd/system" / BARE).write_text(UNIT, "ascii")


def compared(report: Report, kiosk: Appliance) -> None:
    """The machine is off before and afterwards."""
    took: dict[str, list[float]] = {unit: [] for unit in WORDS}
    with report.check(f"systemd's start to the first usable screen: at most {MOST} x a bare service on the same root") as check:
        for _ in range(BOOTS):
            for unit, words in WORDS.items():
                kiosk.on(*words)
                took[unit].append(_ready_s(kiosk, unit))
                kiosk.off()
        ours, bare = (median(took[unit]) for unit in WORDS)
        check.note = f"{ours / bare:.2f} x ({ours:.2f} s, {bare:.2f} s; {BOOTS} boots of each by turns)"
        assert ours <= MOST * bare


def _ready_s(kiosk: Appliance, unit: str) -> float:
    """Seconds from the first moment of systemd to the unit's READY=1."""
    machine = kiosk.machine
    wait(lambda: machine.shown(unit, "ActiveState")["ActiveState"] == "active", lambda: machine.journal("-n", "30"))
    ready = int(machine.shown(unit, "ActiveEnterTimestampMonotonic")["ActiveEnterTimestampMonotonic"])
    began = int(machine.run("systemctl", "show", "--property=UserspaceTimestampMonotonic", "--value").strip())
    return (ready - began) / 1e6
