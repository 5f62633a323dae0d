"""The kiosk as it stands in a shop, in a machine that QEMU plays: its screen, its keypad's pins and its watchdog are devices.

What is not as in a shop: the board's number is told to gpiozero, Mesa draws the screen (so it may make code), and all is so slow
that systemd and the keypad are told to be patient.
"""

from __future__ import annotations

import base64
import contextlib
import shutil
import socket
import threading
import time
from pathlib import Path

from tests.lab.appliance import FRAMES, STATE, STICK, Appliance
from tests.lab.root import HERE
from tests.lab.vm_machine import VirtualMachine

INSIDE = "/opt/lab"
PLAIN = f"{INSIDE}/plain.toml"  # kiosk.toml with a screen that nobody sees
DROPINS = {
    "kiosk.service": """
        [Service]
        MemoryDenyWriteExecute=no
        BindReadOnlyPaths=/opt/lab/cpuinfo:/proc/cpuinfo
        ReadWritePaths=/media/stick
        TimeoutStartSec=300
        WatchdogSec=60
        """,
    "kiosk-scanner.service": """
        [Service]
        TimeoutStartSec=300
        WatchdogSec=120
        """,
}
FILES = {
    "opt/lab/cpuinfo": "Revision\t: a22082\n",  # a Pi 3B: gpiozero wants to know
    "etc/udev/rules.d/99-gpio.rules": 'SUBSYSTEM=="gpio", GROUP="gpio", MODE="0660"\n',  # as Raspberry Pi OS has it
    "etc/fstab": "",
}
FAST_BOOT = "systemd-binfmt systemd-pcrphase e2scrub_reap ldconfig getty@tty1 serial-getty@ttyS0 apt-daily.timer "
FAST_BOOT += "apt-daily-upgrade.timer e2scrub_all.timer fstrim.timer dpkg-db-backup.timer systemd-logind "
FAST_BOOT += "sys-kernel-debug.mount sys-kernel-tracing.mount sys-fs-fuse-connections.mount dev-mqueue.mount dev-hugepages.mount"
CHANGES = {
    r'driver = "offscreen"': 'driver = "pygame"',
    r"fullscreen = .*": "fullscreen = true",
    r'driver = "keyboard"': 'driver = "matrix"\nsettle_ms = 20\nstuck_s = 60',
}
UP = (
    f"python3 {INSIDE}/vm_wire.py",
    "ip link set eth0 up",
    "ip address add 10.0.2.15/24 dev eth0",
    f"mount --bind {INSIDE}/cpuinfo /proc/cpuinfo",
)
# Not in fstab: systemd would mount the ledger for the kiosk's sake, before the machine is saved.
BEFORE_KIOSK = (
    "blockdev --flushbufs /dev/vdb",  # what the saved machine had read of it may be old
    f"mount -o noatime /dev/vdb {STATE}",
    f"mount -t 9p -o ro,trans=virtio,version=9p2000.L frames {FRAMES}",
    f"mount -t tmpfs -o mode=777 stick {STICK}",
)
PATIENCE_S = 240.0
FINGER_S = 120.0  # before a key counts as stuck
REST_S = 1.0  # a finger's, by the clock of the machine: that of this side is another where the machine is slow


class VirtualAppliance(Appliance):
    """`machine` is its own until `close`."""

    machine: VirtualMachine
    patience_s = PATIENCE_S

    def __init__(self, machine: VirtualMachine, folder: Path) -> None:
        super().__init__(machine, folder)
        machine.frames = self._disks[FRAMES]
        self._listener: socket.socket | None = None

    def changes(self) -> dict[str, str]:
        return super().changes() | CHANGES

    def install(self) -> None:
        """And what the lab needs; then the disks."""
        super().install()
        root = self.machine.root
        for name, text in FILES.items():
            _write(root / name, text)
        for unit, text in DROPINS.items():
            _write(root / f"etc/systemd/system/{unit}.d/lab.conf", text)
        shutil.copy(HERE / "tests/lab/vm_keys.py", root / INSIDE[1:])
        text = (root / "etc/kiosk/kiosk.toml").read_text("utf-8").replace('driver = "pygame"', 'driver = "offscreen"')
        (root / PLAIN[1:]).write_text(text, "utf-8")
        self.machine.before_boot(f"systemctl --quiet mask {FAST_BOOT}")
        self.machine.make()

    def on(self) -> None:
        """Switch it on, up to the moment before the kiosk starts."""
        self.machine.boot()
        self._up()

    def reset(self) -> None:
        """The machine was reset: up to the same moment."""
        self._deaf()
        self.machine.wait()
        self._up()

    def again(self) -> None:
        """Switch it on at the moment that was saved."""
        self.machine.boot(saved=True)

    def go(self, *, plain: bool = False) -> None:
        """Let systemd start the kiosk. `plain`: with a screen that nobody sees."""
        words = [
            f"date -s @{time.time():.3f}",
            *BEFORE_KIOSK,
            *([f"mount --bind {PLAIN} /etc/kiosk/kiosk.toml"] if plain else []),
        ]
        self.machine.run("sh", "-ec", "; ".join(words))
        self.machine.agent.ask(PATIENCE_S, do="go")
        self.machine.run("systemctl", "start", "kiosk", timeout_s=PATIENCE_S)  # waits for what systemd is doing already
        self._listen()

    def off(self) -> None:
        """Pull its plug."""
        self._deaf()
        super().off()

    def close(self) -> None:
        self._deaf()
        super().close()

    def hold(self, *screens: str) -> None:
        """The customer's phone before the camera, until one of these screens is there."""
        self.bank.phone("renew")
        self.bank.phone("hold", held=True)
        try:
            self.reach(*screens)
        finally:
            self.bank.phone("hold", held=False)

    def drawn(self) -> bytes:
        """A PNG of what the kiosk says it shows."""
        return base64.b64decode(self.ask(do="screen")["png"])

    def _up(self) -> None:
        self.machine.run("sh", "-ec", "; ".join(UP))

    def press(self, caps: str) -> None:
        """Keys of the matrix, by what is printed on them: each is down for a while, and until the screen shows something else."""
        for cap in caps:
            before, end = self.machine.pixels(), time.monotonic() + FINGER_S
            self._finger("down", cap)
            while self.machine.pixels() == before:
                assert time.monotonic() < end, f'key "{cap}" does nothing'
            self._finger("up", cap)
        self.machine.agent.ask(PATIENCE_S, do="nokeys")

    def _finger(self, word: str, cap: str) -> None:
        told = self.machine.agent.ask(PATIENCE_S, do="key", word=word, cap=cap, rest_s=REST_S)
        assert "problem" not in told, told

    def _listen(self) -> None:
        """From here on the kiosk's control socket answers on this side, too."""
        self.bank.socket.unlink(missing_ok=True)
        self._listener = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
        self._listener.bind(str(self.bank.socket))
        self._listener.listen()
        threading.Thread(target=self._accept, args=(self._listener,), daemon=True).start()

    def _accept(self, listener: socket.socket) -> None:
        with contextlib.suppress(OSError):
            while True:
                line, _ = listener.accept()
                threading.Thread(target=self._relay, args=(line,), daemon=True).start()

    def _relay(self, line: socket.socket) -> None:
        """Each question to the kiosk in there and its answer back; hang up as soon as there is none."""
        with contextlib.suppress(OSError, AssertionError), line, line.makefile("r", encoding="utf-8") as questions:
            for question in questions:
                told = self.machine.agent.ask(PATIENCE_S, do="ask", line=question)
                if not told.get("line"):
                    return
                line.sendall(told["line"].encode())

    def _deaf(self) -> None:
        if self._listener is not None:
            self._listener.close()
            self._listener = None


def _write(file: Path, text: str) -> None:
    file.parent.mkdir(parents=True, exist_ok=True)
    file.write_text("\n".join(line.strip() for line in text.splitlines()) + "\n", "utf-8")
