"""The level `aarch64`: what a Pi will install is there for its processor, and the kiosk works on it, emulated.

Wheels and packages are asked of PyPI and Debian. Raspberry Pi OS's own archive is not asked: what it alone has is named.
"""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path
from typing import Any

from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import rsa

from kiosk.display.fonts import Script, path_of
from tests.camera_pictures import CODE, page, scene
from tests.lab import arm_root, container, root
from tests.lab.layers import Layers
from tests.lab.needs import PYTHONS, debian, needs, wheels
from tests.lab.report import Level, Report, lacking
from tests.lab.root import HERE

QEMU = "qemu-aarch64-static"
PROBE_S = 600.0  # half a minute of processor time, of which a busy machine gives little
FOLDER = "srv/probe"
ENVIRONMENT = {
    "PYTHONPATH": f"/opt/kiosk:/{arm_root.WHEELS}",
    "PYTHONDONTWRITEBYTECODE": "1",
    "OPENBLAS_NUM_THREADS": "1",
    "SDL_VIDEODRIVER": "dummy",
    "LANG": "C.UTF-8",
    # Where Debian's alternatives would point to, had the packages been installed.
    "LD_LIBRARY_PATH": ":".join(f"/usr/lib/aarch64-linux-gnu/{name}" for name in ("blas", "lapack", "pulseaudio")),
}


def missing() -> str | None:
    """What this machine lacks."""
    if (reason := container.missing()) is not None:
        return reason
    return lacking({QEMU: "qemu-user-static"})


def run(report: Report) -> None:
    """First the lists, then the processor."""
    _resolves(report)
    kept = root.ready()
    arm = arm_root.ready(kept)
    with tempfile.TemporaryDirectory(prefix="kiosk-lab-", ignore_cleanup_errors=True) as folder:
        layers = Layers((arm,), Path(folder))
        try:
            _works(report, kept, layers.root)
        finally:
            layers.close()


def _resolves(report: Report) -> None:
    base, by_pip = needs("pi"), [need for need in needs("pi", "dev") if need.package is None]
    from_apt = {need: need.package for need in base if need.package is not None}
    rows: dict[str, list[str]] = {need.words: [] for need in base}
    for python in PYTHONS:
        with report.check(f"each requirement of a Pi's Python {python} that apt does not bring has a wheel for aarch64") as check:
            found = wheels(by_pip, python)
            check.note = f"{len(by_pip)} asked for, {len(found)} with what they need"
            for need in base:
                if need not in from_apt:
                    rows[need.words].append(_short(found[need.name.lower()]))
    with report.check("the others are on deploy/setup.sh's list, and Debian's are new enough for arm64") as check:
        with tempfile.TemporaryDirectory(prefix="kiosk-lab-") as folder:
            versions = debian(list(from_apt.values()), Path(folder))
        of_pi = sum(package in root.NOT_IN_DEBIAN for package in from_apt.values())
        check.note = f"{len(from_apt)}, of which {of_pi} are Raspberry Pi OS's own and were not asked for"
        for need, package in from_apt.items():
            given = [versions.get((package, suite)) for suite in PYTHONS.values()]
            rows[need.words] += [f"{package} {version or 'of Raspberry Pi OS'}" for version in given]
        seen = [(need, version) for (name, _), version in versions.items() for need in from_apt if need.package == name]
        old = [f"{need.package} {version} for {need.words}" for need, version in seen if not need.met_by(version)]
        assert len({need for need, _ in seen}) + of_pi == len(from_apt), seen
        assert not old, old
    heads = [f"Python {python} ({suite})" for python, suite in PYTHONS.items()]
    for words, cells in {"": heads, **rows}.items():
        print(f"    {words:22}", *(f"{cell:48}" for cell in cells))


def _short(wheel: str) -> str:
    """Version and the last of its platforms."""
    _, version, _, _, platforms = wheel.removesuffix(".whl").split("-")
    return f"wheel {version} {platforms.split('.')[-1]}"


def _works(report: Report, kept: Path, arm: Path) -> None:
    _furnish(arm)
    arm_root.compiled(kept, arm, "opt/kiosk/kiosk")
    with report.check(
        "the kiosk's modules, evdev and libcamera are imported by a Pi's Python on its processor (qemu-user)"
    ) as check:
        there = _probe([QEMU, "/usr/bin/python3", f"/{FOLDER}/probe.py", f"/{FOLDER}", "--no-ldconfig"], ENVIRONMENT, arm)
        check.note = f"{len(there['imported'])} modules, Python {there['python']}, {there['machine']}"
        assert there["machine"] == "aarch64"
        assert not any(there["imported"].values()), {name: words for name, words in there["imported"].items() if words}
    probe = arm / FOLDER
    here = _probe(
        [sys.executable, str(probe / "probe.py"), str(probe)], {**os.environ, "PYTHONPATH": str(HERE), "SDL_VIDEODRIVER": "dummy"}
    )
    with report.check("a payment page is read there by zxing-cpp and by zbar, as here"):
        assert there["read"] == here["read"] == {"phone.png": [[CODE], [CODE]]}
    with report.check("a request is signed there with the same bytes as here"):
        assert there["signed"] == here["signed"]
    with report.check("a bill is drawn there by Debian's pygame, and its QR is read off the picture"):
        assert there["drawn"] == here["drawn"]
        assert len(there["drawn"]) == 1


def _furnish(arm: Path) -> None:
    """The kiosk, its fonts, the emulator, and what the probe works on."""
    shutil.copytree(HERE / "kiosk", arm / "opt/kiosk/kiosk", ignore=shutil.ignore_patterns("__pycache__"))
    for script in Script:
        for bold in (False, True):
            font = Path(path_of(script, bold=bold))
            (arm / script.value.folders[0][1:]).mkdir(parents=True, exist_ok=True)
            shutil.copy(font, arm / script.value.folders[0][1:])
    emulator = shutil.which(QEMU)
    assert emulator is not None
    shutil.copy(emulator, arm / "usr/bin" / QEMU)
    probe = arm / FOLDER
    probe.mkdir(parents=True)
    shutil.copy(Path(__file__).parent / "probe.py", probe)
    scene(page()).save(probe / "phone.png")
    key = rsa.generate_private_key(65537, 2048)
    pem = key.private_bytes(serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption())
    (probe / "key.pem").write_bytes(pem)


def _probe(words: list[str], environment: dict[str, str], root_: Path | None = None) -> dict[str, Any]:
    """What the probe tells, run here or with `root_` as its root."""
    inside = [] if root_ is None else ["chroot", str(root_)]
    done = subprocess.run(
        [*inside, *words],
        env={"PATH": os.environ["PATH"], **environment},
        capture_output=True,
        text=True,
        timeout=PROBE_S,
        check=False,
    )
    assert done.returncode == 0, done.stderr[-2000:]
    told: dict[str, Any] = json.loads(done.stdout.splitlines()[-1])
    return told


LEVEL = Level("aarch64", "wheels and packages for a Pi's processor, and the kiosk on it, emulated", missing, run)
