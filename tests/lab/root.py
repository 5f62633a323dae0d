"""The Debian root that the container boots: made once by mmdebstrap, and kept.

It holds what the package needs and not the package itself (appliance.py brings that). A new one is made when what is to be in it
changes. Mirrors, pip's settings and certificates come from this machine.
"""

from __future__ import annotations

import hashlib
import os
import shutil
import subprocess
from functools import cache
from pathlib import Path

from deploy.deb.archive import HERE, KEYRING, NOT_IN_DEBIAN, listed, mirror, sources
from deploy.deb.lock import read

__all__ = ["HERE", "KEYRING", "NOT_IN_DEBIAN", "listed", "mirror", "sources"]
CACHE = Path(os.environ.get("KIOSK_LAB", "~/.cache/kiosk-lab")).expanduser()
SUITE = "trixie"
SYSTEM = ("systemd", "systemd-sysv", "dbus", "udev", "iproute2", "ca-certificates")
LEAN = (  # of each package no more than what runs
    '--aptopt=Acquire::Languages "none"',
    '--aptopt=APT::Install-Recommends "false"',
    "--dpkgopt=path-exclude=/usr/share/man/*",
    "--dpkgopt=path-exclude=/usr/share/doc/*",
    "--dpkgopt=path-exclude=/usr/share/locale/*",
)
PIP_FILES = ("/etc/pip.conf", "/etc/xdg/pip/constraints.txt", "~/.config/pip/pip.conf")
CERTIFICATES = "/etc/ssl/certs/ca-certificates.crt"


def ready(suite: str = SUITE) -> Path:
    """The root's folder, made first if need be (two minutes). CalledProcessError when mmdebstrap fails: see the log."""
    words = mmdebstrap(suite)
    place = CACHE / f"{suite}-{hashlib.sha256(' '.join(words).encode()).hexdigest()[:12]}"
    if place.exists():
        return place
    CACHE.mkdir(parents=True, exist_ok=True)
    for old in CACHE.glob(f"{suite}-*"):
        shutil.rmtree(old)
    new = CACHE / f"{suite}-new"
    print(f"making a Debian {suite} in {place}, once; the log is {CACHE}/root.log", flush=True)
    with (CACHE / "root.log").open("w") as log:
        subprocess.run([*words, suite, new, *sources(suite)], check=True, stdout=log, stderr=log)
    new.rename(place)
    return place


def mmdebstrap(suite: str) -> list[str]:
    """The command, without its last words: what apt brings is what the package depends on, and a system around it."""
    wanted = [*SYSTEM, *read(suite, arch()).packages, "espeak-ng"]
    return ["mmdebstrap", "--variant=minbase", f"--include={','.join(dict.fromkeys(wanted))}", *LEAN]


@cache
def arch() -> str:
    """What Debian calls a processor like this machine's."""
    return subprocess.run(["dpkg", "--print-architecture"], capture_output=True, text=True, check=True).stdout.strip()


def pip_files() -> list[str]:
    return [str(path) for path in (Path(name).expanduser() for name in PIP_FILES) if path.exists()]
