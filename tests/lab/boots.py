"""From systemd's start to the first screen that can be used, beside a service that does nothing but say that it is ready.

Boots of one and of the other by turns, on the same root; each in a machine whose other service is masked.
"""

from __future__ import annotations

from statistics import median

from tests.lab.appliance import Appliance, wait
from tests.lab.report import Report

BOOTS = 5
WANTED, MOST = 1.5, 5.0
"""The ratio that is wanted, which a container cannot show: its boot lasts half a second, the start of a Python with its libraries
more than that. And the one at which something has gone wrong."""
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
    took: dict[str, list[tuple[float, float]]] = {unit: [] for unit in WORDS}
    claim = f"systemd's start to the first usable screen (wanted: {WANTED} x a bare service on the same root), at most {MOST} x"
    with report.check(claim) as check:
        for _ in range(BOOTS):
            for unit, words in WORDS.items():
                kiosk.on(*words)
                took[unit].append(_moments(kiosk, unit))
                kiosk.off()
        (begun, ours), (_, bare) = (map(median, zip(*took[unit], strict=True)) for unit in WORDS)
        check.note = f"{ours / bare:.2f} x ({ours:.2f} s, of which systemd {begun:.2f} s, beside {bare:.2f} s; {BOOTS} of each)"
        assert ours <= MOST * bare


def _moments(kiosk: Appliance, unit: str) -> tuple[float, float]:
    """Seconds from the first moment of systemd until it begins with the unit, and until the unit says READY=1."""
    machine = kiosk.machine
    wait(lambda: machine.shown(unit, "ActiveState")["ActiveState"] == "active", lambda: machine.journal("-n", "30"))
    names = ("InactiveExitTimestampMonotonic", "ActiveEnterTimestampMonotonic")
    shown = machine.shown(unit, *names)
    began = int(machine.run("systemctl", "show", "--property=UserspaceTimestampMonotonic", "--value").strip())
    begun, ready = ((int(shown[name]) - began) / 1e6 for name in names)
    return begun, ready
