"""A USB stick for the container, which has none: a loop device that the steward takes for one, as /sys says so there.

The kernel of this machine knows no FAT, so it is ext4, as sticks may be. How a real one gets its driver shows the level `image`.
"""

from __future__ import annotations

import subprocess
from pathlib import Path

from tests.lab.appliance import FACTORY, Appliance

MIB = 16
NODE = "/dev/sda"
DROPIN = """
[Service]
DeviceAllow=block-loop rw
BindReadOnlyPaths=/srv/stick/block:/sys/class/block
"""
NAME = "kiosk-K07-lab.tar.gz"
ASK = f"""
from kiosk.steward.client import SocketSteward
from kiosk.steward.words import CARRIED
from kiosk.support.stick import carry
print(carry({NAME!r}, lambda: [bytes(100_000)], SocketSteward(), None, CARRIED) == "done")
"""
ASK_S = 240.0


class Stick:
    """Plugged in from `plug` to `close`."""

    def __init__(self, folder: Path) -> None:
        self._file = folder / "usb.ext4"
        self._device = ""

    def plug(self, kiosk: Appliance) -> None:
        """Before the machine is switched on."""
        subprocess.run(["mke2fs", "-q", "-t", "ext4", self._file, f"{MIB}M"], check=True, capture_output=True)
        said = subprocess.run(["losetup", "--find", "--show", self._file], check=True, capture_output=True, text=True)
        self._device = said.stdout.strip()
        root = kiosk.machine.root
        (root / "srv/stick/usb1/sda").mkdir(parents=True)
        (root / "srv/stick/block").mkdir()
        (root / "srv/stick/block/sda").symlink_to("/srv/stick/usb1/sda")
        dropin = root / "etc/systemd/system/kiosk-steward.service.d/stick.conf"
        dropin.parent.mkdir(exist_ok=True)
        dropin.write_text(DROPIN, "utf-8")
        kiosk.plug_in(NODE, Path(self._device))

    def names(self) -> list[str]:
        """What lies on it, read from its file."""
        said = subprocess.run(["debugfs", "-R", "ls -p /", self._file], capture_output=True, text=True, check=True).stdout
        return [name for line in said.splitlines() if line.startswith("/") and (name := line.split("/")[5]).startswith("kiosk-")]

    def close(self) -> None:
        if self._device:
            subprocess.run(["losetup", "--detach", self._device], check=True)


def carried(kiosk: Appliance) -> bool:
    """What the check-up's key does with a support file where no stick is mounted, done by the kiosk's user."""
    as_kiosk = ("setpriv", "--reuid=kiosk", "--regid=kiosk", "--clear-groups", "env", f"PYTHONPATH={FACTORY}:{FACTORY}/vendor")
    return kiosk.machine.run(*as_kiosk, "python3", "-c", ASK, timeout_s=ASK_S).strip() == "True"
