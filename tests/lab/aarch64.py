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

from deploy.deb.archive import Archive
from deploy.deb.build import vendor
from deploy.deb.lock import PYTHONS, read
from kiosk.display.fonts import Script, path_of
from tests.camera_pictures import CODE, page, scene
from tests.lab import arm_root, container, root
from tests.lab.layers import Layers
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
    for suite, python in PYTHONS.items():
        lock = read(suite, "arm64")
        with report.check(
            f"{suite}: each wheel in the package is to be had for Python {python} on aarch64, with its hash"
        ) as check:
            check.note = ", ".join(f"{wheel.name} {wheel.version}" for wheel in lock.wheels)
            with tempfile.TemporaryDirectory(prefix="kiosk-lab-") as folder:
                vendor(lock, Path(folder))
        with report.check(f"{suite}: apt has for arm64 all that the package depends on, new enough") as check:
            check.note = f"{len(lock.packages)} packages"
            with tempfile.TemporaryDirectory(prefix="kiosk-lab-") as folder:
                assert not (said := Archive(suite, "arm64", Path(folder)).lacks(lock.depends)), said


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
    authorities = sorted((arm / "usr/share/ca-certificates").rglob("*.crt"))
    bundle = arm / "etc/ssl/certs/ca-certificates.crt"  # requests wants it when imported, and no script of a package ran here
    bundle.parent.mkdir(parents=True, exist_ok=True)
    bundle.write_text("".join(one.read_text("ascii") for one in authorities), "ascii")
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
