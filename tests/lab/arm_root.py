"""A Debian for arm64 that is unpacked and not installed, so that none of its programs need run: made once, and kept.

It holds the packages that a Pi gets from apt, as far as Debian has them, the wheels it gets from PyPI, and their bytecode, which
the same Python for this machine's processor makes: emulated, that takes minutes.
"""

from __future__ import annotations

import hashlib
import shutil
import subprocess
import tempfile
from pathlib import Path

from tests.lab.layers import Layers
from tests.lab.needs import for_pi, needs, pip
from tests.lab.root import CACHE, LEAN, NOT_IN_DEBIAN, SUITE, listed, sources

WHEELS = "opt/kiosk/wheels"
PYTHON = "3.13"  # SUITE's
MAKING_S = 600.0


def ready(kept: Path) -> Path:
    """The root's folder, made first if need be (two minutes). `kept`: the one for this machine's processor."""
    recipe = [*_mmdebstrap(Path("root")), *_pip(Path("root"))]
    place = CACHE / f"arm64-{hashlib.sha256(' '.join(recipe).encode()).hexdigest()[:12]}"
    if place.exists():
        return place
    for old in CACHE.glob("arm64-*"):  # one half made, too
        shutil.rmtree(old)
    new = CACHE / "arm64-new"
    print(f"unpacking a Debian {SUITE} for arm64 in {place}, once; the log is {CACHE}/arm.log", flush=True)
    with (CACHE / "arm.log").open("w") as log:
        for words in (_mmdebstrap(new), _pip(new)):
            subprocess.run(words, check=True, stdout=log, stderr=log, timeout=MAKING_S)
    compiled(kept, new, "usr/lib/python3", f"usr/lib/python{PYTHON}", WHEELS)
    new.rename(place)
    return place


def compiled(kept: Path, root: Path, *folders: str) -> None:
    """Bytecode for the Python files in there."""
    with tempfile.TemporaryDirectory(prefix="kiosk-lab-") as folder:
        layers = Layers((kept,), Path(folder))
        try:
            places = " ".join(f"/mnt/{each}" for each in folders)
            layers.do(
                f"python3 -m compileall -q {places} || true", f"--bind={root}:/mnt", timeout_s=MAKING_S
            )  # some are Python 2's
        finally:
            layers.close()


def _mmdebstrap(new: Path) -> list[str]:
    wanted = [name for name in listed("PI") if name.startswith("python3-") and name not in NOT_IN_DEBIAN]  # no screen, no Mesa
    packages = ["base-files", "python3", "libzbar0", "python3-numpy", "python3-libcamera", *wanted]
    return [
        "mmdebstrap",
        "--variant=extract",
        "--architectures=arm64",
        f"--include={','.join(packages)}",
        *LEAN,
        SUITE,
        str(new),
        *sources(SUITE),
    ]


def _pip(new: Path) -> list[str]:
    wanted = [need.words for need in needs() if need.package is None and need.name != "numpy"]  # apt's, as on a Pi
    return [*pip("install", "--no-compile", *for_pi(PYTHON), f"--target={new / WHEELS}"), *wanted]
