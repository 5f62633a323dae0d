"""A layer on the Debian root: libcamera and picamera2, made once by apt and pip in there, and kept.

On a Pi both come from apt; Debian has libcamera alone, so picamera2 comes from PyPI, and is compiled in part.
"""

from __future__ import annotations

import hashlib
import shutil
import tempfile
import tomllib
from pathlib import Path

from tests.lab.appliance import PYTHON
from tests.lab.layers import Layers
from tests.lab.root import CACHE, CERTIFICATES, HERE, pip_files

PACKAGES = (
    "python3-libcamera",
    "libcamera-ipa",
    "libcap-dev",
    "gcc",
    "libc6-dev",
    "python3-dev",
    "python3-pip",
)  # gcc: for the stand-in's heap, too
MAKING_S = 600.0


def ready(kept: Path) -> Path:
    """The layer's folder, made first if need be (a minute). AssertionError when that fails: see the log."""
    script = _script()
    place = CACHE / f"camera-{hashlib.sha256(f'{kept.name}{script}'.encode()).hexdigest()[:12]}"
    if place.exists():
        return place
    for old in CACHE.glob("camera-*"):
        if old.is_dir():
            shutil.rmtree(old)
    print(f"adding libcamera and picamera2 in {place}, once; the log is {CACHE}/camera.log", flush=True)
    with tempfile.TemporaryDirectory(prefix="camera-new-", dir=CACHE) as folder, (CACHE / "camera.log").open("w") as log:
        layers = Layers((kept,), Path(folder))
        try:
            layers.do(script, *_options(), timeout_s=MAKING_S, log=log)
        finally:
            layers.close()
        (Path(folder) / "upper").rename(place)
    return place


def _script() -> str:
    with (HERE / "pyproject.toml").open("rb") as file:
        wanted = tomllib.load(file)["project"]["optional-dependencies"]["pi"]
    (picamera2,) = (words for words in wanted if words.startswith("picamera2"))
    return "\n".join(
        (
            "apt-get -q update",
            f"DEBIAN_FRONTEND=noninteractive apt-get -q -y install --no-install-recommends {' '.join(PACKAGES)}",
            "rm -r /var/lib/apt/lists /var/cache/apt",
            f"{PYTHON} -m pip install --break-system-packages --disable-pip-version-check --quiet --no-cache-dir '{picamera2}'",
        )
    )


def _options() -> list[str]:
    """systemd-nspawn's words for pip's settings and this machine's certificates in there; its network is ours."""
    names = ("PIP_CERT", "SSL_CERT_FILE", "REQUESTS_CA_BUNDLE")
    binds = [*(f"--bind-ro={file}" for file in pip_files()), f"--bind-ro={CERTIFICATES}:/run/authorities.pem"]
    return [*binds, *(f"--setenv={name}=/run/authorities.pem" for name in names)]
