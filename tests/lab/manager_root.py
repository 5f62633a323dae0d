"""A layer on the Debian root: NetworkManager and what it starts for a Wi-Fi, made once by apt in there, and kept."""

from __future__ import annotations

import hashlib
import shutil
import tempfile
from pathlib import Path

from tests.lab.layers import Layers
from tests.lab.root import CACHE

PACKAGES = ("network-manager", "wpasupplicant", "dnsmasq-base")
MAKING_S = 600.0
_SCRIPT = f"""
apt-get -q update
DEBIAN_FRONTEND=noninteractive apt-get -q -y install --no-install-recommends {" ".join(PACKAGES)}
rm -r /var/lib/apt/lists /var/cache/apt
"""


def ready(kept: Path) -> Path:
    """The layer's folder, made first if need be (a minute). AssertionError when that fails: see the log."""
    place = CACHE / f"manager-{hashlib.sha256(f'{kept.name}{_SCRIPT}'.encode()).hexdigest()[:12]}"
    if place.exists():
        return place
    for old in CACHE.glob("manager-*"):
        if old.is_dir():
            shutil.rmtree(old)
    print(f"adding {', '.join(PACKAGES)} in {place}, once; the log is {CACHE}/manager.log", flush=True)
    with tempfile.TemporaryDirectory(prefix="manager-new-", dir=CACHE) as folder, (CACHE / "manager.log").open("w") as log:
        layers = Layers((kept,), Path(folder))
        try:
            layers.do(_SCRIPT, timeout_s=MAKING_S, log=log)
        finally:
            layers.close()
        (Path(folder) / "upper").rename(place)
    return place
