"""From systemd's start to the first screen that can be used, beside two bare services on the same root.

One does nothing but say that it is ready, the other says so of a picture that it has filled by pygame. Boots of each by
turns; each in a machine whose other services are masked, or not wanted.
"""

from __future__ import annotations

from statistics import median

from tests.lab.appliance import PYTHON, Appliance, wait
from tests.lab.report import Report

BOOTS = 5
WANTED, MOST = 1.5, 5.0
"""The ratio that is wanted, which a container cannot show: its boot lasts half a second, and a picture by pygame takes longer.
And the one at which something has gone wrong."""
KIOSK, BARE, PICTURE = "kiosk.service", "bare.service", "picture.service"
PEERS = {
    BARE: "/bin/sh -c 'systemd-notify --ready; exec sleep infinity'",
    PICTURE: f"{PYTHON} /etc/picture.py",
}
UNIT = """
[Unit]
Description=Nothing but ready
[Service]
Type=notify
NotifyAccess=all
Environment=SDL_VIDEODRIVER=dummy PYGAME_HIDE_SUPPORT_PROMPT=1
ExecStart={}
"""
FILLED = """
import os, pygame
pygame.display.init()
pygame.display.set_mode((800, 480)).fill((8, 106, 62))
pygame.display.flip()
os.system("systemd-notify --ready; exec sleep infinity")
"""
MASKED = ("systemd.mask=kiosk.service", "systemd.mask=kiosk-scanner.socket")
WORDS = {KIOSK: (), **{peer: (*MASKED, f"systemd.wants={peer}") for peer in PEERS}}


def install(kiosk: Appliance) -> None:
    """Before the first boot: the other services, which nothing wants yet."""
    etc = kiosk.machine.root / "etc"
    (etc / "picture.py").write_text(FILLED, "ascii")
    for peer, command in PEERS.items():
        (etc / "systemd/system" / peer).write_text(UNIT.format(command), "ascii")


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
        (begun, ours), (_, bare), (_, picture) = (map(median, zip(*took[unit], strict=True)) for unit in WORDS)
        check.note = f"{ours / bare:.2f} x ({ours:.2f} s, of which systemd {begun:.2f} s, beside {bare:.2f} s; {BOOTS} of each); "
        check.note += f"{ours / picture:.2f} x a picture filled by pygame ({picture:.2f} s)"
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
