"""The level `libcamera`: picamera2 on libcamera's virtual camera, opened by the scanner's unit through the kiosk's own driver.

What the virtual camera lacks is given to it from outside (virtual_camera/), to the scanner alone. It has no lens, no exposure and
no ISP: what a code looks like to a real module, this cannot show.
"""

from __future__ import annotations

import re
import shutil
import tempfile
import time
from pathlib import Path

import numpy as np
from PIL import Image

from kiosk.camera.picamera2_source import READ_SIZE, VIEW_SIZE
from kiosk.camera.vigil import FROZEN_WORDS
from kiosk.core.events import CodeRefused, CodeSeen, Health, Part
from kiosk.core.scanning import Foreign, ScanHint
from kiosk.core.secret import PaymentCode
from tests.crash.sales import put_away
from tests.lab import camera_root, container, root, scene
from tests.lab.appliance import PYTHON, Appliance, wait
from tests.lab.looker import SEEN_S, looking
from tests.lab.machine import Machine
from tests.lab.report import Level, Report

HERE = Path(__file__).parent
GIVEN = "/opt/virtual-camera"
SCENE = "/srv/scene"
DROPIN = f"[Service]\nEnvironment=LD_PRELOAD={GIVEN}/preload.so PYTHONPATH={GIVEN}\n"
PAGES, PHOTOGRAPHS = 6, 14
BACK_S, BACK_RATIO = 1.5, 5  # a scanner that died reads again; the ratio to a bare import of picamera2, as patient as the unit
STEADY_S = 1.2  # a scanner that dies younger than link.STEADY_S counts as one that cannot start
STILL_S = 0.6  # no view for so long: the camera stands still
RED, BLUE = (170, 60, 60), (60, 60, 170)


def run(report: Report) -> None:
    """One machine: first the scanner's unit alone, spoken to as the kiosk does; then with its kiosk."""
    kept = root.ready()
    with tempfile.TemporaryDirectory(prefix="kiosk-lab-", ignore_cleanup_errors=True) as folder:
        kiosk = WithCamera(Machine(kept, Path(folder), (camera_root.ready(kept),)), Path(folder))
        before = kiosk.share(SCENE)
        try:
            kiosk.install()
            _install_camera(kiosk)
            scene.show(before, [np.full(READ_SIZE[::-1], 90)])
            kiosk.on()
            _is_picamera2(report, kiosk)
            kiosk.machine.run("systemctl", "stop", "kiosk")
            _pages(report, kiosk, before)
            _colours(report, kiosk, before)
            _strangers(report, kiosk, before)
            _photographs(report, kiosk, before)
            _stands_still(report, kiosk, before)
            _dies(report, kiosk, before)
            kiosk.machine.run("systemctl", "start", "kiosk")
            _sells(report, kiosk, before)
        finally:
            if any(not check.well for check in report.checks if check.level == LEVEL.name) and kiosk.alive:
                print(kiosk.machine.journal("-u", "kiosk*", "-n", "80"))
            kiosk.close()


class WithCamera(Appliance):
    """One whose camera is picamera2's."""

    def changes(self) -> dict[str, str]:
        return super().changes() | {r'driver = "folder"\nfolder = .*': 'driver = "picamera2"'}


def _install_camera(kiosk: Appliance) -> None:
    """The virtual camera's configuration, and what it lacks, for the scanner alone. The kiosk's own files are untouched."""
    top = kiosk.machine.root
    given, configured = top / GIVEN[1:], top / "usr/share/libcamera/pipeline/virtual"
    for folder in (given, configured):
        folder.mkdir(parents=True)
    for name in ("pykms.py", "sitecustomize.py", "preload.c"):
        shutil.copy(HERE / "virtual_camera" / name, given)
    shutil.copy(HERE / "virtual_camera/virtual.yaml", configured)
    kiosk.machine.before_boot(f"gcc -O2 -shared -fPIC -o {GIVEN}/preload.so {GIVEN}/preload.c")
    dropin = top / "etc/systemd/system/kiosk-scanner.service.d/virtual-camera.conf"
    dropin.parent.mkdir()
    dropin.write_text(DROPIN, "utf-8")


def _is_picamera2(report: Report, kiosk: Appliance) -> None:
    machine = kiosk.machine
    with report.check(
        "the unit, confined as ever, opens a camera of libcamera's by picamera2, and the kiosk calls it well"
    ) as check:
        kiosk.online()
        wait(lambda: "/libcamera.so" in machine.run("cat", f"/proc/{machine.pid('kiosk-scanner')}/maps"))
        wait(lambda: "camera_manager.cpp" in machine.journal("-u", "kiosk-scanner"))
        told = kiosk.ask(do="state")
        assert told["camera"] is None, told
        version = machine.run(PYTHON, "-c", 'import importlib.metadata as m; print(m.version("picamera2"))').strip()
        libcamera = machine.run("dpkg-query", "-W", "-f", "${Version}", "python3-libcamera")
        check.note = f"picamera2 {version}, libcamera {libcamera}"


def _pages(report: Report, kiosk: Appliance, before: Path) -> None:
    pages = scene.phones(PAGES)
    scene.show(before, [page.grey for page in pages])
    with (
        report.check(
            f"{PAGES} phones by turns: each one's payment code is handed over once, the camera stopped between two"
        ) as check,
        looking(_unit(kiosk)) as looker,
    ):
        taken, began = [looker.seen()], time.monotonic()
        while len(taken) < len(pages):
            looker.scan()
            taken.append(looker.seen())
        check.note = f"{(time.monotonic() - began) / (len(pages) - 1):.2f} s from code to code"
        assert sorted(taken) == sorted(PaymentCode(page.truth or "").digest() for page in pages)
        looker.scan()
        hints = looker.until(lambda event: isinstance(event, CodeRefused) and event.hint is ScanHint.USED)
        assert not any(isinstance(event, CodeSeen) for event in hints), "a code was handed over twice"
    with report.check("told to pause, the camera stops; told to look, it gives pictures again"), looking(_unit(kiosk)) as looker:
        looker.seen()
        looker.pause()
        time.sleep(STILL_S)
        stood = len(looker.views)
        time.sleep(STILL_S)
        assert len(looker.views) == stood
        looker.scan()
        looker.seen()


def _colours(report: Report, kiosk: Appliance, before: Path) -> None:
    width, height = READ_SIZE
    halves = np.full((height, width, 3), RED)
    halves[:, width // 2 :] = BLUE
    scene.show(before, [halves])
    with report.check("the view for the screen is small, mirrored, and in its colours"), looking(_unit(kiosk)) as looker:
        wait(lambda: len(looker.views) > 0, seconds=SEEN_S)
        assert looker.views[0][:2] == VIEW_SIZE
        view = np.asarray(Image.frombytes("RGB", VIEW_SIZE, looker.views[0][2]))
        quarter = VIEW_SIZE[0] // 4
        for side, colour in ((view[:, :quarter], BLUE), (view[:, -quarter:], RED)):
            found = side.reshape(-1, 3).mean(axis=0)
            assert np.abs(found - colour).max() < 12, (found, colour)


def _strangers(report: Report, kiosk: Appliance, before: Path) -> None:
    for hint, shot in scene.foreigners().items():
        with report.check(f"foreign: {shot.kind}: refused as {hint.value}"):
            _refused(kiosk, before, shot.grey, hint)


def _photographs(report: Report, kiosk: Appliance, before: Path) -> None:
    shots = scene.real(PHOTOGRAPHS)
    with report.check("photographs: what the eye reads in the file, the scanner reads through the camera") as check:
        check.note = f"{len(shots)} of as many collections" if shots else "NONE SHOWN: name a folder of them in KIOSK_PHOTOS"
        for shot in shots:
            hint = scene.expected(shot.grey)
            try:
                _refused(kiosk, before, shot.grey, hint)
            except AssertionError as error:
                raise AssertionError(f"{shot.kind}: {error}") from None


def _refused(kiosk: Appliance, before: Path, grey: np.ndarray, hint: ScanHint | None) -> None:
    """Before the camera this is refused for that reason; with None it is looked at, and nothing is read in it."""
    scene.show(before, [grey])
    with looking(_unit(kiosk)) as looker:
        if hint is not None:
            heard = looker.until(lambda event: isinstance(event, CodeRefused) and event.hint is hint)
        else:
            wait(lambda: len(looker.views) >= 2 * scene.LOOKS, seconds=SEEN_S)
            heard = looker.heard()
            read = [event.hint for event in heard if isinstance(event, CodeRefused) and event.hint.value in list(Foreign)]
            assert not read, read
        assert not any(isinstance(event, CodeSeen) for event in heard), "a payment code was believed"


def _stands_still(report: Report, kiosk: Appliance, before: Path) -> None:
    scene.show(before, [np.full(READ_SIZE[::-1], 120)], grains=1)
    with (
        report.check("a camera that gives one and the same picture is unwell, in words") as check,
        looking(_unit(kiosk)) as looker,
    ):
        health = looker.until(
            lambda event: isinstance(event, Health) and event.part is Part.CAMERA and event.problem is not None
        )[-1]
        assert isinstance(health, Health)
        check.note = str(health.problem)
        assert health.problem == FROZEN_WORDS


def _dies(report: Report, kiosk: Appliance, before: Path) -> None:
    page = scene.phones(1)[0]
    scene.show(before, [np.full(READ_SIZE[::-1], 90)])
    with (
        report.check(
            f"killed while it looks: the next scanner reads the phone within {BACK_S:g} s (or {BACK_RATIO} x picamera2's import)"
        ) as check,
        looking(_unit(kiosk)) as looker,
    ):
        wait(lambda: len(looker.views) > 0, seconds=SEEN_S)
        time.sleep(STEADY_S)
        scene.show(before, [page.grey])
        killed = time.monotonic()
        _kill(kiosk)
        assert looker.seen() == PaymentCode(page.truth or "").digest()
        back = time.monotonic() - killed
        began = time.monotonic()
        kiosk.machine.run("nice", "-n10", "env", f"PYTHONPATH={GIVEN}", PYTHON, "-c", "import picamera2")
        bare = time.monotonic() - began
        check.note = f"{back:.2f} s; a bare `import picamera2` {bare:.2f} s"
        assert back <= max(BACK_S, BACK_RATIO * bare)


def _sells(report: Report, kiosk: Appliance, before: Path) -> None:
    with report.check("a whole sale: keyed, read by this camera, charged, paid in both books"):
        kiosk.online()
        _hold(kiosk, before)
        _kill(kiosk)  # the next one sees the phone
        kiosk.key(*"2100", "OK")
        kiosk.reach("PaidScreen")
        kiosk.settled(2100)
        kiosk.key("OK")
    with report.check("the scanner is killed in the midst of a sale: the next one reads, and it is paid") as check:
        scene.show(before, [np.full(READ_SIZE[::-1], 90)])
        time.sleep(STEADY_S)
        _kill(kiosk)
        kiosk.key(*"2200", "OK")
        kiosk.reach("Scanning")
        time.sleep(2 * STEADY_S)
        assert kiosk.screen() == "Scanning"
        _hold(kiosk, before)
        killed = time.monotonic()
        _kill(kiosk)
        kiosk.reach("PaidScreen")
        check.note = f"paid {time.monotonic() - killed:.2f} s after the kill"
        kiosk.settled(2200)
    with report.check("no scanner ended but those that were told to or killed") as check:
        check.note = f"{kiosk.machine.journal('-u', 'kiosk-scanner').count('Watchdog timeout')} of them by its watchdog"
        ends = [line for line in kiosk.machine.journal("-u", "kiosk-scanner", "_PID=1").splitlines() if "process exited" in line]
        assert all("code=killed, status=9/KILL" in line for line in ends), ends
    with report.check("the journal knows no payment code"):
        codes = re.findall(r"(?<![0-9])1[0-5][0-9]{16}(?![0-9])", kiosk.machine.journal())
        assert not codes, len(codes)


def _hold(kiosk: Appliance, before: Path) -> None:
    """The customer's phone, with a fresh code of the stand-in's, before the virtual camera."""
    put_away(kiosk.bank)
    kiosk.bank.phone("renew")
    kiosk.bank.phone("hold", held=True)
    pictures = list((kiosk.bank.folder / "frames").glob("[!.]*"))
    assert len(pictures) == 1, pictures
    with Image.open(pictures[0]) as held:
        scene.show(before, [np.asarray(held.convert("L"))])


def _unit(kiosk: Appliance) -> Path:
    return kiosk.machine.path("/run/kiosk-scanner.sock")


def _kill(kiosk: Appliance) -> None:
    kiosk.machine.run("systemctl", "kill", "--signal=SIGKILL", "--kill-whom=main", "kiosk-scanner")


LEVEL = Level("libcamera", "picamera2 on libcamera's virtual camera, read by the scanner's unit", container.missing, run)
