"""The kiosk as a wheel, for a desk: `make(folder)`. The same source makes the same bytes, with the same Python.

Knows what builds it, by hash: setuptools, and Babel for the catalogues (setup.py). A shop's
kiosk comes by the Debian package (deploy/deb) and needs none of this.
"""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path

from deploy.deb import build
from deploy.deb.lock import Lock, Wheel

BACKEND = Lock(
    "trixie",  # any: it is pure Python
    "amd64",
    [],
    [
        Wheel("babel", "2.19.0", "6d49734aed1d595b2c065d012174df8c83964692f26fc461702281634dd7555b"),
        Wheel("setuptools", "80.10.2", "95b30ddfb717250edb492926c92b5221f7ef3fbcc2b07579bcd4a27da21d0173"),
    ],
)
_BUILD = "import setuptools.build_meta as backend, sys; print(backend.build_wheel(sys.argv[1]))"


def make(place: Path, backend: Path | None = None) -> Path:
    """The file, in the folder `place`. `backend`: a folder with these two in it, else the locked ones are fetched.

    CalledProcessError when pip cannot fetch them, or setuptools refuses.
    """
    place.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(prefix="kiosk-wheel-") as folder:
        if backend is None:
            backend = Path(folder) / "backend"
            build.vendor(BACKEND, backend)
        source = Path(folder) / "source"
        for name in build.tracked("kiosk", "deploy", "setup.py", "pyproject.toml", "README.md"):
            build.put(build.HERE / name, source / name)
        made = subprocess.run(
            [sys.executable, "-c", _BUILD, str(Path(folder) / "made")],
            cwd=source,
            env={**os.environ, "PYTHONPATH": str(backend), "SOURCE_DATE_EPOCH": str(build.epoch())},
            capture_output=True,
            text=True,
            check=True,
            umask=0o022,
        )
        file = Path(folder) / "made" / made.stdout.splitlines()[-1]
        return Path(shutil.copyfile(file, place / file.name))
