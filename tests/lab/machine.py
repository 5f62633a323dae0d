"""A machine in a container: the kept root under a layer of its own, booted read-only by systemd-nspawn, with a wire to here.

Commands run in it through nsenter; nothing is installed in it for the lab's sake. As root.
"""

from __future__ import annotations

import contextlib
import os
import signal
import subprocess
import time
from pathlib import Path

from tests.lab.inside import Inside
from tests.lab.layers import Layers, do

BOOT_S = 30.0
OFF_S = 20.0
LOOK_S = 0.02


class Machine(Inside):
    """`root` is the folder to write to before the boot. `writable`: the machine may do so, too, as one to which apt installs."""

    writable = False

    def __init__(self, kept: Path, folder: Path, over: tuple[Path, ...] = ()) -> None:
        """`over`: kept layers that lie on the kept root, the uppermost first."""
        self.name = f"kiosk{os.getpid()}"
        self.wire = f"ve-{self.name}"[:15]
        net = f"10.77.{os.getpid() % 256}"
        self.outer = self.seen = f"{net}.1"
        self.inner = f"{net}.2"
        self.leader = 0
        self._log = folder / "console.log"
        self._nspawn: subprocess.Popen[bytes] | None = None
        self.layers = Layers((*over, kept), folder)

    def close(self) -> None:
        """Off, and away with the layer."""
        if self._nspawn is not None and self._nspawn.poll() is None:
            self.off()
        self.layers.close()

    def boot(self, binds: dict[str, Path], *said: str) -> None:
        """Power on, read-only (unless `writable`) but for `binds` (place in it: folder here), until its systemd answers.

        The wire is plugged in. `said`: what its systemd finds on its kernel's command line.
        """
        words = ["systemd-nspawn", "-q", "--boot", "-D", str(self.root), f"--machine={self.name}", "--register=no", "--keep-unit"]
        words += [
            *([] if self.writable else ["--read-only"]),
            "--network-veth",
            "--console=read-only",
            "--link-journal=no",
            "--kill-signal=SIGRTMIN+4",
        ]
        words += [f"--bind={outside}:{inside}" for inside, outside in binds.items()]
        words += said
        with self._log.open("ab") as log:
            self._nspawn = subprocess.Popen(words, stdin=subprocess.DEVNULL, stdout=log, stderr=log)
        end = time.monotonic() + BOOT_S
        while not (self._found() and self._answers()):
            assert self._nspawn.poll() is None, self._log.read_text("utf-8", "replace")[-2000:]
            assert time.monotonic() < end, self._log.read_text("utf-8", "replace")[-2000:]
            time.sleep(LOOK_S)
        do("ip", "address", "add", f"{self.outer}/30", "dev", self.wire)
        do("ip", "link", "set", self.wire, "up")
        self.run("ip", "address", "add", f"{self.inner}/30", "dev", "host0")
        self.plug(True)

    def off(self) -> None:
        """Shut down as by the button, or pull the plug when that takes too long."""
        assert self._nspawn is not None
        self._nspawn.terminate()  # it passes on its --kill-signal
        try:
            self._nspawn.wait(OFF_S)
        except subprocess.TimeoutExpired:
            os.kill(self.leader, signal.SIGKILL)  # with it all in there dies, and systemd-nspawn ends
            self._nspawn.wait(OFF_S)
            subprocess.run(["ip", "link", "delete", self.wire], capture_output=True, check=False)
        self.leader = 0

    def plug(self, in_: bool) -> None:
        """The wire's end in the machine, in or out."""
        self.run("ip", "link", "set", "host0", "up" if in_ else "down")

    def run(self, *words: str, well: bool = True, timeout_s: float = 30.0) -> str:
        done = subprocess.run(self.entered(*words), capture_output=True, text=True, timeout=timeout_s, check=False)
        assert done.returncode == 0 or not well, f"{' '.join(words)}: {done.returncode}: {done.stderr or done.stdout}"
        return done.stdout

    def entered(self, *words: str) -> list[str]:
        """The command of this side that runs one in there."""
        entering = ["nsenter", "-t", str(self.leader), "-m", "-u", "-i", "-n", "-p", "-r", "-w", "env", "-i"]
        return [*entering, "PATH=/usr/local/bin:/usr/bin:/usr/sbin", "LANG=C.UTF-8", *words]

    def path(self, inside: str) -> Path:
        """Where a file of the running machine is seen from here, sockets included."""
        return Path(f"/proc/{self.leader}/root{inside}")

    def _found(self) -> bool:
        """Look for the process that is number 1 in there."""
        assert self._nspawn is not None
        waiting = [self._nspawn.pid]
        while waiting:
            pid = waiting.pop()
            with contextlib.suppress(OSError):
                status = Path(f"/proc/{pid}/status").read_text()
                if (
                    any(line.split()[-1] == "1" for line in status.splitlines() if line.startswith("NSpid:"))
                    and "(sd-" not in status
                ):
                    self.leader = pid
                    return True
                waiting += [int(child) for child in Path(f"/proc/{pid}/task/{pid}/children").read_text().split()]
        return False

    def _answers(self) -> bool:
        try:
            return self.run("systemctl", "is-system-running", well=False).strip() in {"running", "degraded", "starting"}
        except subprocess.TimeoutExpired:
            return False
