"""A machine that QEMU plays, processor and all (TCG): Debian's kernel, a systemd, pins, screen, watchdog and disks of its own.

Its root is read-only; what shall last lies on `disk`. Killing QEMU is pulling its plug: what the guest had not synced is gone.
`save` keeps the machine as it is at one moment, so that many lives can begin there.
"""

from __future__ import annotations

import contextlib
import json
import queue
import shutil
import socket
import subprocess
import threading
import time
from pathlib import Path
from typing import Any

from PIL import Image

from tests.lab import vm_image
from tests.lab.inside import Inside
from tests.lab.layers import Layers
from tests.lab.root import HERE as REPOSITORY
from tests.lab.vm_qmp import Qmp

AGENT = ("tests/lab/vm_agent.py", "tests/lab/vm_wire.py", "tests/copper.py")
BOOT_S = 240.0
LOOK_S = 0.05
MEMORY_MB = 1536
HOST, LOOPBACK = "10.0.2.2", "127.0.0.1"  # this machine as the guest sees it, and where it then arrives (QEMU, "user networking")
SIZE = (800, 480)
WORDS = (
    "root=/dev/vda ro console=ttyS0 quiet systemd.show_status=0 net.ifnames=0 systemd.firstboot=off panic=0 fsck.mode=skip "
    "tsc=reliable mitigations=off audit=0"  # or everything takes twice as long
    " module_blacklist=ahci,psmouse,serio_raw,lpc_ich,i2c_i801,qemu_fw_cfg,efi_pstore,pcspkr"
)
UNIT = """
[Unit]
Description=The lab's hand in this machine
Before=kiosk.service kiosk-scanner.service
After=systemd-modules-load.service systemd-udevd.service
[Service]
Type=notify
NotifyAccess=all
TimeoutStartSec=infinity
ExecStart=/usr/bin/python3 /opt/lab/vm_agent.py
Restart=always
[Install]
WantedBy=multi-user.target
"""


class VirtualMachine(Inside):
    """`outer`: where a server must listen to be reached from in there; `seen`: the address it has there."""

    outer, seen = LOOPBACK, HOST

    def __init__(self, image: vm_image.Image, folder: Path) -> None:
        self.folder = folder
        self.image = image
        self.layers = Layers(image.layers, folder)
        self.console = folder / "console.log"
        self.disk = folder / "ledger.disk"
        self.frames = folder / "frames"
        self.saved = folder / "saved.state"
        self.process: subprocess.Popen[bytes] | None = None
        self._agent: Agent | None = None
        self._qmp: Qmp | None = None

    @property
    def leader(self) -> int:
        """QEMU's process; 0 when the machine is off."""
        return self.process.pid if self.process is not None and self.process.poll() is None else 0

    @property
    def qmp(self) -> Qmp:
        assert self._qmp is not None
        return self._qmp

    @property
    def agent(self) -> Agent:
        assert self._agent is not None
        return self._agent

    def make(self) -> None:
        """Make disks of the root as it now is: its own and an empty one."""
        place = self.root / "opt/lab"
        place.mkdir(parents=True, exist_ok=True)
        for name in AGENT:
            shutil.copy(REPOSITORY / name, place)
        (self.root / "etc/systemd/system/kiosk-lab.service").write_text(UNIT, "ascii")
        self.before_boot("systemctl --quiet enable kiosk-lab.service")
        vm_image.disk(self.root, self.folder / "root.disk")
        empty = self.folder / "empty"
        empty.mkdir()
        vm_image.disk(empty, self.disk, "256M", "ledger")

    def boot(self, *, saved: bool = False) -> None:
        """Power on, until the lab's hand answers; `saved`: from the moment that was saved."""
        words = [*self._words(), *(["-incoming", f"exec:cat {self.saved}"] if saved else [])]
        with self.console.open("ab") as log:
            self.process = subprocess.Popen(words, stdin=subprocess.DEVNULL, stdout=log, stderr=log)
        self._qmp = Qmp(self.folder / "qmp.sock")
        self._agent = Agent(self.folder / "agent.sock")
        if saved:
            while self._qmp.do("query-status")["status"] == "inmigrate":
                time.sleep(LOOK_S)
            self._qmp.do("cont")  # it was saved while it stood still
        self.wait()

    def wait(self) -> None:
        """Until the lab's hand answers."""
        answer = self.agent.post(do="run", words=["true"], timeout_s=BOOT_S)
        end = time.monotonic() + BOOT_S
        while answer.empty():
            assert self.leader, self._last_words()
            assert time.monotonic() < end, self._last_words()
            time.sleep(LOOK_S)

    def save(self) -> None:
        """Keep the machine as it now is, disks apart, and let it run on."""
        self.saved.unlink(missing_ok=True)
        self.qmp.do("migrate-set-parameters", **{"max-bandwidth": 1 << 40})
        self.qmp.do("stop")
        self.qmp.do("migrate", uri=f"exec:cat >{self.saved}")
        while (state := self.qmp.do("query-migrate")["status"]) != "completed":
            assert state not in {"failed", "cancelled"}, state
            time.sleep(LOOK_S)
        self.qmp.do("cont")

    def cut_power(self) -> None:
        """Pull the plug; `off` is to follow. Any thread may do it."""
        if self.process is not None:
            self.process.kill()
            self.process.wait()

    def off(self) -> None:
        """Pull the plug, and hang up."""
        self.cut_power()
        if self._qmp is not None:
            self._qmp.close()
        if self._agent is not None:
            self._agent.close()
        self._qmp = self._agent = None

    def close(self) -> None:
        self.off()
        self.layers.close()

    def plug(self, in_: bool) -> None:
        """The wire, in or out."""
        self.qmp.do("set_link", name="wire", up=in_)

    def picture(self) -> Image.Image:
        """What is on the screen."""
        file = self.folder / "screen.png"
        self.qmp.do("screendump", filename=str(file), format="png")
        with Image.open(file) as picture:
            return picture.convert("RGB")

    def pixels(self) -> bytes:
        """The same, to be compared."""
        return self.picture().tobytes()

    def run(self, *words: str, well: bool = True, timeout_s: float = 60.0, stdin: str = "") -> str:
        done = self.agent.ask(timeout_s + 10, do="run", words=words, timeout_s=timeout_s, stdin=stdin)
        assert not well or done.get("code") == 0, f"{' '.join(words)}: {done}"
        return str(done.get("out", ""))

    def _words(self) -> list[str]:
        drive = "format=raw,if=virtio,file="
        # One processor: with two a kernel that changes its own code now and then dies of it ("Oops: int3"). And not the newest,
        # in whose code for the screen Mesa crashes. Its clock counts instructions, two nanoseconds each (icount): however busy
        # this machine is, to those in there it is only their time that passes more slowly. By vmgenid the kernel learns that it
        # goes on from what was saved: without it all those lives draw the same random numbers, and WeChat refuses their nonces.
        return [
            *("qemu-system-x86_64", "-machine", "q35", "-accel", "tcg", "-icount", "shift=1", "-cpu", "Nehalem", "-smp", "1"),
            *("-m", str(MEMORY_MB), "-nodefaults", "-no-user-config", "-display", "none", "-rtc", "base=utc"),
            *("-kernel", str(self.image.kernel), "-initrd", str(self.image.initrd), "-append", WORDS),
            *("-serial", f"file:{self.folder}/serial.log", "-qmp", f"unix:{self.folder}/qmp.sock,server=on,wait=off"),
            *("-drive", f"{drive}{self.folder}/root.disk,readonly=on"),
            *("-drive", f"{drive}{self.disk},cache=writeback"),
            *("-device", "virtio-serial-pci", "-device", "virtserialport,chardev=agent,name=lab"),
            *("-chardev", f"socket,id=agent,path={self.folder}/agent.sock,server=on,wait=off"),
            *("-netdev", "user,id=net", "-device", "virtio-net-pci,netdev=net,id=wire,romfile="),
            *("-virtfs", f"local,path={self.frames},mount_tag=frames,security_model=none,readonly=on"),
            *("-vga", "none", "-device", "virtio-gpu-pci,xres={},yres={}".format(*SIZE)),
            *("-device", "i6300esb", "-action", "watchdog=reset"),
            *("-device", "vmgenid,guid=auto"),
        ]

    def _last_words(self) -> str:
        logs = (self.console, self.folder / "serial.log")
        return "\n".join(log.read_text("utf-8", "replace")[-2000:] for log in logs if log.exists())


class Agent:
    """The line to the lab's hand in there, for any number of threads."""

    def __init__(self, path: Path) -> None:
        self._line = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
        self._line.connect(str(path))
        self._lock = threading.Lock()
        self._waiting: dict[int, queue.SimpleQueue[dict[str, Any]]] = {}
        self._asked = time.monotonic_ns()  # no answer to an earlier life's question is taken for ours
        threading.Thread(target=self._listen, daemon=True).start()

    def post(self, **question: object) -> queue.SimpleQueue[dict[str, Any]]:
        """Where the answer will be; a machine that is not up yet finds the question when it is."""
        answer: queue.SimpleQueue[dict[str, Any]] = queue.SimpleQueue()
        with self._lock:
            self._asked += 1
            self._waiting[self._asked] = answer
            with contextlib.suppress(OSError):  # it is off
                self._line.sendall(json.dumps({"id": self._asked, **question}).encode() + b"\n")
        return answer

    def ask(self, seconds: float, **question: object) -> dict[str, Any]:
        """The answer; one with the key `problem` when none comes in time."""
        try:
            return self.post(**question).get(timeout=seconds)
        except queue.Empty:
            return {"problem": f"no answer within {seconds:.0f} s"}

    def close(self) -> None:
        with contextlib.suppress(OSError):
            self._line.shutdown(socket.SHUT_RDWR)
        self._line.close()

    def _listen(self) -> None:
        with contextlib.suppress(OSError, ValueError), self._line.makefile("rb") as lines:
            for line in lines:
                with contextlib.suppress(ValueError):
                    told = json.loads(line)
                    if (waiting := self._waiting.pop(told["id"], None)) is not None:
                        waiting.put(told)
        with self._lock:
            while self._waiting:
                self._waiting.popitem()[1].put({"problem": "the machine is off"})
