"""The level `vm`: a machine that QEMU plays, with pins, a screen, a watchdog and a plug of its own, from key to paid screen.

The units, the Debian and the bank are those of the level `container`; what only a kernel of one's own has is shown here.
"""

from __future__ import annotations

import io
import json
import os
import platform
import re
import tempfile
import time
from collections import Counter
from pathlib import Path
from typing import Any

from PIL import Image

from kiosk.display.theme import Tone
from kiosk.sandbox.phone import qr_texts
from tests.crash.sales import pay, put_away, waiting
from tests.lab import vm_image
from tests.lab.appliance import FACTORY, wait
from tests.lab.report import Level, Report, lacking
from tests.lab.vm_appliance import INSIDE, PATIENCE_S, VirtualAppliance
from tests.lab.vm_cuts import Cuts
from tests.lab.vm_machine import VirtualMachine

PROGRAMS = {
    "qemu-system-x86_64": "qemu-system-x86",
    "mke2fs": "e2fsprogs",
    "mmdebstrap": "mmdebstrap",
    "systemd-nspawn": "systemd-container",
}
CUTS = int(os.environ.get("KIOSK_LAB_CUTS", "10"))
KEYS = 16
MONEY_MOST_MB = 240  # twice what is wanted of a window on X11: no Pi compiles its drawing


def missing() -> str | None:
    """What this machine lacks."""
    if platform.machine() != "x86_64":
        return "Debian's kernel for x86-64 is what is booted, and the packages around it must run here while they are installed"
    if os.geteuid() != 0:
        return "only root may make the Debian that is booted"
    return lacking(PROGRAMS)


def run(report: Report) -> None:
    """One machine, booted once; its watchdog boots it again; for the power cuts it begins where it was saved."""
    image = vm_image.ready()
    with tempfile.TemporaryDirectory(prefix="kiosk-lab-", ignore_cleanup_errors=True) as name:
        folder = Path(name)
        kiosk = VirtualAppliance(VirtualMachine(image, folder), folder)
        try:
            kiosk.install()
            _boots(report, kiosk)
            _keys(report, kiosk)
            _starts(report, kiosk)
            _native(report, kiosk)
            _quick(report, kiosk)
            _weighs(report, kiosk)
            _hangs(report, kiosk)
            _cuts(report, kiosk)
        finally:
            if any(not check.well for check in report.checks) and kiosk.alive:
                print(kiosk.machine.run("journalctl", "--no-pager", "-n", "60", well=False))
            kiosk.close()


def _boots(report: Report, kiosk: VirtualAppliance) -> None:
    with report.check("Debian's kernel boots, with the devices that the kiosk wants") as check:
        kiosk.on()
        kernel = kiosk.machine.run("uname", "-r").strip()
        check.note = f"Linux {kernel}"
        kiosk.machine.run("ls", "/dev/gpiochip0", "/dev/dri/card0", "/dev/uinput", "/dev/watchdog0")
    kiosk.machine.save()


def _keys(report: Report, kiosk: VirtualAppliance) -> None:
    for claim, which in {
        "16 of 16 keys of a matrix on /dev/gpiochip0, through gpiozero and lgpio": "matrix",
        "16 of 16 keys of a number pad made by uinput, through evdev": "pad",
    }.items():
        with report.check(claim) as check:
            words = f"cd /tmp; PYTHONPATH={FACTORY}:{FACTORY}/vendor exec python3 {INSIDE}/vm_keys.py {which}"
            found: dict[str, Any] = json.loads(kiosk.machine.run("sh", "-c", words, timeout_s=PATIENCE_S))
            right = sum(told == pressed for told, pressed in zip(found["told"], found["pressed"], strict=False))
            check.note = f"{right} of {KEYS}"
            assert found["told"] == found["pressed"], found
            assert right == KEYS


def _starts(report: Report, kiosk: VirtualAppliance) -> None:
    with report.check("both units start, and the kiosk is on line"):
        kiosk.go()
        kiosk.online(PATIENCE_S)
    with report.check("pygame on KMSDRM: what the graphics card shows is what the kiosk has drawn, in every pixel") as check:
        wait(lambda: kiosk.machine.pixels() == _drawn(kiosk), seconds=PATIENCE_S)
        check.note = "{}x{}".format(*kiosk.machine.picture().size)


def _native(report: Report, kiosk: VirtualAppliance) -> None:
    with report.check("Native: keyed on the pins, the QR read off the graphics card, paid, the screen is green"):
        kiosk.press("1250B")
        kiosk.reach("ShowingQr")
        wait(lambda: _codes(kiosk) != [], seconds=PATIENCE_S)
        [text] = _codes(kiosk)
        [row] = waiting(kiosk.bank, 1250)
        assert text == row["code_url"]
        assert kiosk.bank.phone("scan", code_url=text) is not None
        kiosk.bank.phone("pay", out_trade_no=row["out_trade_no"])
        _is_paid(kiosk, 1250)


def _quick(report: Report, kiosk: VirtualAppliance) -> None:
    with report.check("Quick Pay: keyed on the pins, the code read by the scanner's unit, paid, the screen is green"):
        put_away(kiosk.bank)
        kiosk.press("1350A")
        kiosk.reach("Scanning")
        kiosk.hold("Charging", "PaidScreen")
        _is_paid(kiosk, 1350)


def _weighs(report: Report, kiosk: VirtualAppliance) -> None:
    """On X11 `make bench` weighs it; here SDL draws by OpenGL, which Mesa does on the processor with a compiler (LLVM)."""
    claim = f"the money process, drawing without a desktop, is at most {MONEY_MOST_MB} MB after these sales"
    with report.check(claim) as check:
        smaps = kiosk.machine.run("cat", f"/proc/{kiosk.machine.pid('kiosk')}/smaps")
        held: Counter[str] = Counter()
        for file, kb in re.findall(
            r"^[0-9a-f]+-[0-9a-f]+ \S+ \S+ \S+ \d+ *(.*)\n(?:[^-\n]*\n)*?Rss: +(\d+) kB$", smaps, re.MULTILINE
        ):
            held[Path(file).name] += int(kb)
        mesa = sum(kb for name, kb in held.items() if re.match("libLLVM|libgallium|libz3|libGLX_mesa|libEGL_mesa", name)) / 1024
        whole = sum(held.values()) / 1024
        check.note = f"{whole:.0f} MB, of which Mesa's files {mesa:.0f}; the largest: " + ", ".join(
            f"{name or 'no file'} {kb / 1024:.0f}" for name, kb in held.most_common(5)
        )
        assert whole <= MONEY_MOST_MB


def _is_paid(kiosk: VirtualAppliance, amount: int) -> None:
    kiosk.reach("PaidScreen")
    kiosk.settled(amount)
    wait(lambda: _green(kiosk), seconds=PATIENCE_S)
    kiosk.press("#")
    kiosk.reach("Idle")


def _hangs(report: Report, kiosk: VirtualAppliance) -> None:
    with report.check("a machine that hangs, its init and its kiosk, with an open order: the watchdog device resets it") as check:
        kiosk.press("1460B")
        kiosk.reach("ShowingQr")
        # A systemd that has crashed stands still, by its default CrashAction=freeze: nothing is fed or restarted any more.
        hang = f"kill -STOP {kiosk.machine.pid('kiosk')}; sync; kill -SEGV 1"
        frozen = time.monotonic()
        kiosk.machine.agent.post(do="run", words=["sh", "-c", hang], timeout_s=PATIENCE_S)
        pay(kiosk.bank, 1460, None)
        wait(lambda: bool(kiosk.machine.qmp.seen("WATCHDOG")), seconds=PATIENCE_S)
        check.note = f"after {time.monotonic() - frozen:.0f} s"
    with report.check("it boots, the units start by themselves, and the order is found paid"):
        kiosk.reset()
        kiosk.go()
        kiosk.online(PATIENCE_S)
        kiosk.settled(1460)
        kiosk.settled(1250)


def _cuts(report: Report, kiosk: VirtualAppliance) -> None:
    kiosk.off()
    cuts = Cuts(kiosk)
    with report.check(f"the plug pulled {CUTS} times in the middle of sales: no order that the bank knows is lost") as check:
        try:
            for seed in range(CUTS):
                cuts.round(seed)
            cuts.settle()
        finally:
            check.note = cuts.words()
        assert not cuts.books.found.all, cuts.books.found.all


def _drawn(kiosk: VirtualAppliance) -> bytes:
    with Image.open(io.BytesIO(kiosk.drawn())) as picture:
        return picture.convert("RGB").tobytes()


def _codes(kiosk: VirtualAppliance) -> list[str]:
    """The texts of QR codes on the screen."""
    kiosk.machine.picture()
    return qr_texts((kiosk.machine.folder / "screen.png").read_bytes())


def _green(kiosk: VirtualAppliance) -> bool:
    """Whether a good part of the screen has the ground of good news."""
    picture = kiosk.machine.picture()
    pixels = picture.width * picture.height
    counts = {colour: count for count, colour in picture.getcolors(pixels) or []}
    return counts.get(Tone.GOOD.value.ground, 0) > pixels / 8


LEVEL = Level("vm", "a machine of its own: pins, screen and watchdog as devices, and its plug pulled", missing, run)
