"""A Debian for arm64 that is unpacked and not installed, so that none of its programs need run: made once, and kept.

It holds the packages that a Pi gets from apt, as far as Debian has them, the wheels that lie in the kiosk's, and their
bytecode, which the same Python for this machine's processor makes: emulated, that takes minutes.
"""

from __future__ import annotations

import hashlib
import shutil
import subprocess
import tempfile
from pathlib import Path

from deploy.deb.build import vendor
from deploy.deb.lock import PYTHONS, Lock, read
from tests.lab.layers import Layers
from tests.lab.root import CACHE, LEAN, SUITE, sources

WHEELS = "opt/kiosk/wheels"
MAKING_S = 600.0


def ready(kept: Path) -> Path:
    """The root's folder, made first if need be (two minutes). `kept`: the one for this machine's processor."""
    lock = read(SUITE, "arm64")
    recipe = [*_mmdebstrap(lock, Path("root")), *map(str, lock.wheels)]
    place = CACHE / f"arm64-{hashlib.sha256(' '.join(recipe).encode()).hexdigest()[:12]}"
    if place.exists():
        return place
    for old in CACHE.glob("arm64-*"):  # one half made, too
        shutil.rmtree(old)
    new = CACHE / "arm64-new"
    print(f"unpacking a Debian {SUITE} for arm64 in {place}, once; the log is {CACHE}/arm.log", flush=True)
    with (CACHE / "arm.log").open("w") as log:
        subprocess.run(_mmdebstrap(lock, new), check=True, stdout=log, stderr=log, timeout=MAKING_S)
    vendor(lock, new / WHEELS)
    compiled(kept, new, "usr/lib/python3", f"usr/lib/python{PYTHONS[SUITE]}", WHEELS)
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


def _mmdebstrap(lock: Lock, new: Path) -> list[str]:
    packages = ["base-files", "python3", "libzbar0", "python3-libcamera"]  # no screen, so no Mesa
    packages += [name for name in lock.packages if name.startswith("python3-")]
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
