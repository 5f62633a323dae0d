"""The level `image`: the disk that `make image` makes starts by itself in QEMU, up to the kiosk's screen, and lets nobody in.

It is started by firmware (UEFI) as on a card's first boot, on a card that is larger than the image. Nothing but its screen, its
keys and its power button is reached from outside; what it was like is read off its disk afterwards. The sealed keys, the wire and
the sales are the other levels' matter.
"""

from __future__ import annotations

import contextlib
import hashlib
import json
import os
import re
import subprocess
import tempfile
import time
from collections.abc import Callable, Iterator
from pathlib import Path

from PIL import Image

from deploy.deb import build
from deploy.deb.lock import read
from deploy.image import __main__ as command
from deploy.image import disk, root
from kiosk.display.theme import GROUND, PANEL
from tests.crash.counter import Counter
from tests.lab.layers import Layers
from tests.lab.report import Level, Report, lacking
from tests.lab.root import CACHE, SUITE
from tests.lab.vm_qmp import Qmp

MIB = 1024 * 1024
LARGER_MIB = 512  # than the image: the card
BOOT_S, KEY_S, OFF_S = 1800.0, 240.0, 900.0  # all of it emulated
BUNDLE_S = 1200.0
CHECKUP, BUNDLE = ("f4", "f4", "1"), "6"  # the keys to it, from the idle screen
STICK_MIB = 64
LOOK_S, REST_S, BUTTON_S = 2.0, 20.0, 60.0
FIRMWARE = Path("/usr/share/OVMF/OVMF_CODE.fd")
MESA = "[Service]\nMemoryDenyWriteExecute=no\nTimeoutStartSec=600\nWatchdogSec=120\n"
"""QEMU's graphics card is drawn for by Mesa, which makes code; and all is slow."""
SLOW = "[Manager]\nDefaultTimeoutStartSec=900s\nDefaultDeviceTimeoutSec=900s\n"
STORAGE = r"usb-storage \S+: USB Mass Storage device detected"
RATIO = 1.5
BARE, READY = "bare.service", "ready to do nothing"
BARE_UNIT = f"""
[Unit]
Description=Nothing but ready
[Service]
Type=notify
NotifyAccess=all
ExecStart=/bin/sh -c 'systemd-notify --ready; echo {READY} >/dev/ttyS0; exec sleep infinity'
"""
GADGETS = ("usb-net,netdev=gadget,id=gadget", "usb-storage,drive=stick,id=stick")


def missing() -> str | None:
    """What this machine lacks."""
    if os.geteuid() != 0:
        return "only root may make a system's files"
    if not FIRMWARE.exists():
        return "apt install ovmf"
    return lacking({**command.PROGRAMS, "qemu-system-x86_64": "qemu-system-x86", "debugfs": "e2fsprogs"})


def run(report: Report) -> None:
    """One card, two boots."""
    with tempfile.TemporaryDirectory(prefix="kiosk-lab-", ignore_cleanup_errors=True) as name:
        folder = Path(name)
        card = folder / "card.img"
        with report.check("an image is made") as check:
            _make(card, folder)
            check.note = f"{card.stat().st_size // MIB} MiB"
        with card.open("ab") as file:
            file.truncate(card.stat().st_size + LARGER_MIB * MIB)
        before = _system(card)
        _first_boot(report, card, folder)
        with report.check("the root has not changed by a bit"):
            assert _system(card) == before
        names = _reads_disk(report, card, folder)
        with report.check("a second boot: the same machine, up to its screen"):
            with _started(card, folder) as machine:
                _until(machine, lambda: _kiosks(machine.picture()), BOOT_S)
                machine.off()
            second = _data(card, folder, "second")
            assert second["machine-id"] == names["machine-id"]
        _compared(report, card, folder, second)


def _compared(report: Report, card: Path, folder: Path, ours: dict[str, str]) -> None:
    """The start of a machine until one can sell, beside a service that is nothing but ready, on the same card."""
    claim = f"the kernel's start to the first picture, at most {RATIO} x that of a bare service on the same root"
    with report.check(claim) as check:
        _says(card, f"systemd.mask=kiosk.service systemd.mask=kiosk-scanner.socket systemd.wants={BARE}")
        with _started(card, folder) as machine:
            _until(machine, lambda: READY in (folder / "serial.log").read_text("ascii", "replace"), BOOT_S)
            machine.off()
        (kiosk, one), (bare, other) = _ready_s(ours, "kiosk.service"), _ready_s(_data(card, folder, "third"), BARE)
        check.note = (
            f"{kiosk / bare:.2f} x ({kiosk:.1f} s beside {bare:.1f} s, by the machine's own clock); from systemd's start "
        )
        check.note += f"{(kiosk - one) / (bare - other):.2f} x ({kiosk - one:.1f} s beside {bare - other:.1f} s)"
        assert kiosk <= RATIO * bare


class Machine:
    """QEMU with the card in it."""

    def __init__(self, card: Path, folder: Path) -> None:
        self.folder = folder
        stick = folder / "stick.img"
        if not stick.exists():
            with stick.open("wb") as file:
                file.truncate(STICK_MIB * MIB)
            subprocess.run(["mkfs.vfat", "-n", "STICK", stick], check=True, stdout=subprocess.DEVNULL)
        (folder / "qmp.sock").unlink(missing_ok=True)
        drive = "format=raw,if=virtio,file="
        self.process = subprocess.Popen(
            [
                # By instructions (icount), as in vm_machine.py: a busy machine makes it slower and not late.
                *("qemu-system-x86_64", "-machine", "q35", "-accel", "tcg", "-icount", "shift=1", "-cpu", "Nehalem", "-smp", "1"),
                *("-m", "1536"),
                *("-nodefaults", "-no-user-config", "-display", "none", "-qmp", f"unix:{folder}/qmp.sock,server=on,wait=off"),
                *("-drive", f"if=pflash,format=raw,readonly=on,file={FIRMWARE}", "-drive", f"{drive}{card}"),
                *("-drive", f"if=none,id=stick,format=raw,file={stick}", "-netdev", "user,id=gadget"),
                *("-device", "qemu-xhci,id=usb", "-device", "usb-kbd", "-vga", "none"),
                *("-device", "virtio-gpu-pci,xres=800,yres=480", "-serial", f"file:{folder}/serial.log"),
                *("-device", "i6300esb", "-action", "watchdog=reset"),
            ],
            stdin=subprocess.DEVNULL,
        )
        self._qmp = Qmp(folder / "qmp.sock")

    def picture(self) -> Image.Image:
        """What is on the screen."""
        file = self.folder / "screen.png"
        self._qmp.do("screendump", filename=str(file), format="png")
        with Image.open(file) as picture:
            return picture.convert("RGB")

    def key(self, *names: str) -> None:
        """All at once, as QEMU names them."""
        self._qmp.do("send-key", keys=[{"type": "qcode", "data": name} for name in names])

    def plug(self, device: str) -> None:
        """A device on USB."""
        driver, *words = device.split(",")
        self._qmp.do("device_add", driver=driver, bus="usb.0", **dict(word.split("=") for word in words))

    def off(self) -> None:
        """The button, and again until somebody has heard it (logind may not be there yet), until it has gone off by itself."""
        end = time.monotonic() + OFF_S
        while self.process.poll() is None:
            assert time.monotonic() < end, f"not off within {OFF_S:.0f} s"
            with contextlib.suppress(OSError, ValueError):  # it has just gone
                self._qmp.do("system_powerdown")
            with contextlib.suppress(subprocess.TimeoutExpired):
                self.process.wait(BUTTON_S)

    def close(self) -> None:
        self._qmp.close()
        self.process.kill()
        self.process.wait()


@contextlib.contextmanager
def _started(card: Path, folder: Path) -> Iterator[Machine]:
    machine = Machine(card, folder)
    try:
        yield machine
    finally:
        machine.close()


def _make(card: Path, folder: Path) -> None:
    """As `make image` does, with a shop's settings already on the data partition."""
    recipe = root.Recipe(read(SUITE, "amd64"), pi=False)
    if given := os.environ.get("KIOSK_IMAGE_ROOT"):
        made = Path(given)
    else:
        made = folder / "made"
        words = root.mmdebstrap(recipe, build.deb(recipe.lock, folder), made)
        with (CACHE / "image.log").open("w") as log:
            subprocess.run(words, check=True, stdout=log, stderr=log)
    layers = Layers((made,), folder)
    try:
        for unit, text in {"system/kiosk.service.d": MESA, "system.conf.d": SLOW}.items():
            place = layers.root / "etc/systemd" / unit / "zz-lab.conf"
            place.parent.mkdir(exist_ok=True)
            place.write_text(text, "ascii")
        (layers.root / "etc/systemd/system" / BARE).write_text(BARE_UNIT, "ascii")
        disk.make(layers.root, card, recipe, _settings(folder))
    finally:
        layers.close()


def _settings(folder: Path) -> Path:
    """The data partition of a shop whose network is gone."""
    bank = Counter(folder / "bank")
    (folder / "bank").mkdir()
    bank.open()
    bank.close()
    place = folder / "data/etc-kiosk"
    place.mkdir(parents=True)
    for file in bank.folder.glob("*.*"):
        if file.suffix in {".pem", ".txt", ".toml"}:
            (place / file.name).write_bytes(file.read_bytes())  # not sealed here, so for the kiosk to read
            (place / file.name).chmod(0o644)
    text = (place / "kiosk.toml").read_text("utf-8").replace('driver = "offscreen"', 'driver = "pygame"')
    text = re.sub("fullscreen = .*", "fullscreen = true", text).replace('path = "kiosk.db"', 'path = "/var/lib/kiosk/kiosk.db"')
    (place / "kiosk.toml").write_text(re.sub('folder = "frames"', 'folder = "/srv"', text), "utf-8")
    return folder / "data"


def _first_boot(report: Report, card: Path, folder: Path) -> None:
    with _started(card, folder) as machine:
        with report.check("by firmware, boot loader and kernel up to the kiosk's screen, and a key counts") as check:
            began = time.monotonic()
            _until(machine, lambda: _kiosks(machine.picture()), BOOT_S)
            check.note = f"{time.monotonic() - began:.0f} s, emulated"
            before = _middle(machine)
            machine.key("1")
            _until(machine, lambda: _middle(machine) != before, KEY_S)
        with report.check("Alt-F2, Ctrl-Alt-Del (seven times) and SysRq-B leave its screen where it is"):
            for keys in (("alt", "f2"), ("ctrl", "alt", "f3"), *[("ctrl", "alt", "delete")] * 7, ("alt", "sysrq", "b")):
                machine.key(*keys)
                time.sleep(0.3)
            _rests(machine)  # some of these are keys of the kiosk's, too
            assert _kiosks(machine.picture())
            machine.key("esc")
            _rests(machine)
            before = _middle(machine)
            machine.key("2")
            _until(machine, lambda: _middle(machine) != before, KEY_S)
        with report.check("a network card and a stick are plugged in, and nothing happens"):
            for device in GADGETS:
                machine.plug(device)
            time.sleep(60)
            assert _kiosks(machine.picture())
        with report.check("the check-up's key puts a support file onto the stick, which is let in for that moment") as check:
            _bundles(machine)
            check.note = _on_stick(folder)[0]
        with report.check("the button switches it off"):
            machine.off()


def _bundles(machine: Machine) -> None:
    """Keys up to the support file, and until one is on the stick."""
    machine.key("esc")
    _rests(machine)
    for key in (*CHECKUP, BUNDLE):
        before = _middle(machine)
        machine.key(key)
        _until(machine, lambda before=before: _middle(machine) != before, KEY_S)  # type: ignore[misc]
        time.sleep(LOOK_S)
    _until(machine, lambda: bool(_on_stick(machine.folder)), BUNDLE_S)
    for _ in CHECKUP:
        machine.key("esc")
        time.sleep(LOOK_S)


def _on_stick(folder: Path) -> list[str]:
    """The names of what lies on it, whole."""
    said = subprocess.run(["mdir", "-b", "-i", folder / "stick.img", "::/"], capture_output=True, text=True, check=False).stdout
    return re.findall(r"^::/(kiosk-\S+\.tar\.gz)$", said, re.MULTILINE)


def _reads_disk(report: Report, card: Path, folder: Path) -> dict[str, str]:
    found = _data(card, folder, "first")
    journal = found["journal"]
    with report.check("no driver for the network card, which the kernel has seen, and for the stick only when it was wanted"):
        before, wanted, after = journal.partition("USB sticks are let in")
        assert wanted, journal[-2000:]
        assert "QEMU USB" in before, before[-2000:]
        assert not re.search(STORAGE, before)
        assert re.search(STORAGE, after)
        assert not re.search("rndis_host|cdc_ether", journal)
    with report.check("the data partition has grown to the card's end, and has what lasts") as check:
        check.note = f"{found['size']} MiB"
        assert int(found["size"]) > disk.DATA_MIB + LARGER_MIB * 9 // 10
        assert re.fullmatch(r"[0-9a-f]{32}\n", found["machine-id"])
        assert "kiosk.db" in found["ledger"]
    with report.check("systemd feeds the hardware watchdog; no getty was started") as check:
        fed = re.search(r"Watchdog running with a (?:hardware )?timeout of (\S+)\.", journal)
        assert fed, re.findall(".*atchdog.*", journal)
        check.note = fed[1]
        assert not re.search(r"Started \S*getty", journal)
    with report.check("no unit has failed") as check:
        failed = sorted(set(re.findall(r"systemd\[1\]: (\S+): Failed with result", journal)))
        check.note = ", ".join(failed)
        assert not failed
    return found


def _system(card: Path) -> str:
    """The digest of the root's partition."""
    start, size = _parts(card)["kiosk-root"]
    with card.open("rb") as file:
        file.seek(start)
        return hashlib.sha256(file.read(size)).hexdigest()


def _data(card: Path, folder: Path, name: str) -> dict[str, str]:
    """What is on the data partition."""
    start, _ = _parts(card)["kiosk-data"]
    part, out = folder / f"{name}.ext4", folder / name
    out.mkdir()
    subprocess.run(["dd", f"if={card}", f"of={part}", "bs=1M", f"skip={start // MIB}", "conv=sparse", "status=none"], check=True)
    for place in ("journal", "machine-id", "kiosk"):
        subprocess.run(["debugfs", "-R", f"rdump {place} {out}", part], check=True, capture_output=True)
    reading = ["journalctl", "--no-pager", "--directory", out / "journal"]
    said = subprocess.run(reading, capture_output=True, text=True, check=True)
    entries = subprocess.run([*reading, "--output=json"], capture_output=True, text=True, check=True)
    facts = subprocess.run(["dumpe2fs", "-h", part], capture_output=True, text=True, check=True).stdout
    blocks, each = (int(re.findall(rf"^{key}: *(\d+)$", facts, re.MULTILINE)[0]) for key in ("Block count", "Block size"))
    ledger = " ".join(path.name for path in (out / "kiosk").iterdir())
    return {
        "journal": said.stdout,
        "entries": entries.stdout,
        "machine-id": (out / "machine-id").read_text("ascii"),
        "ledger": ledger,
        "size": str(blocks * each // MIB),
    }


def _says(card: Path, words: str) -> None:
    """More words for the kernel's command line, from the next start on."""
    esp = f"{card}@@{_parts(card)['kiosk-boot'][0]}"
    entry = "::/loader/entries/kiosk.conf"
    text = subprocess.run(["mtype", "-i", esp, entry], capture_output=True, text=True, check=True).stdout
    subprocess.run(["mcopy", "-o", "-i", esp, "-", entry], input=f"{text.rstrip()} {words}\n", text=True, check=True)


def _ready_s(found: dict[str, str], unit: str) -> tuple[float, float]:
    """Seconds of the last boot's own clock until systemd heard that the unit is ready, and until it said its own first word."""
    entries = [json.loads(line) for line in found["entries"].splitlines()]
    last = [entry for entry in entries if entry["_BOOT_ID"] == entries[-1]["_BOOT_ID"]]
    ready = next(entry for entry in last if entry.get("UNIT") == unit and entry.get("JOB_RESULT") == "done")
    first = next(entry for entry in last if "running in system mode" in str(entry.get("MESSAGE")))
    ready_us, first_us = (each.get("_SOURCE_MONOTONIC_TIMESTAMP", each["__MONOTONIC_TIMESTAMP"]) for each in (ready, first))
    return int(ready_us) / 1e6, int(first_us) / 1e6


def _parts(card: Path) -> dict[str, tuple[int, int]]:
    said = subprocess.run(["sfdisk", "--dump", card], capture_output=True, text=True, check=True).stdout
    lines = re.findall(r'start= *(\d+), size= *(\d+),.*name="(.*?)"', said)
    return {name: (int(start) * 512, int(size) * 512) for start, size, name in lines}


def _kiosks(picture: Image.Image) -> bool:
    """Most of it has the kiosk's own colours."""
    colours = {colour: count for count, colour in picture.getcolors(1 << 24) or []}
    return colours.get(GROUND, 0) + colours.get(PANEL, 0) > picture.width * picture.height // 2


def _middle(machine: Machine) -> bytes:
    """Where the amount stands; the row of signs changes by itself."""
    picture = machine.picture()
    return picture.crop((0, picture.height // 4, picture.width, picture.height * 3 // 4)).tobytes()


def _rests(machine: Machine) -> None:
    """Until all that was pressed has been drawn: nothing moves for a while."""
    end = time.monotonic() + KEY_S
    before, since = b"", time.monotonic()
    while time.monotonic() - since < REST_S and time.monotonic() < end:
        now = _middle(machine)
        if now != before:
            before, since = now, time.monotonic()
        time.sleep(LOOK_S)


def _until(machine: Machine, true: Callable[[], bool], seconds: float) -> None:
    end = time.monotonic() + seconds
    while not true():
        assert machine.process.poll() is None, "it went off"
        assert time.monotonic() < end, f"not within {seconds:.0f} s"
        time.sleep(LOOK_S)


LEVEL = Level("image", "the image starts in QEMU by its firmware, and lets nobody in", missing, run)
