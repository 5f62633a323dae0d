"""The Debian root that the container boots: made once by mmdebstrap, as on a Pi with the system's own pygame, and kept.

It holds what the kiosk needs and not the kiosk itself (appliance.py brings that). A new one is made when pyproject.toml
or what is to be in it changes. Mirrors, pip's settings and certificates come from this machine.
"""

from __future__ import annotations

import hashlib
import os
import re
import shutil
import subprocess
from pathlib import Path

HERE = Path(__file__).resolve().parents[2]
CACHE = Path(os.environ.get("KIOSK_LAB", "~/.cache/kiosk-lab")).expanduser()
SUITE = "trixie"
KEYRING = "/usr/share/keyrings/debian-archive-keyring.gpg"
SYSTEM = ("systemd", "systemd-sysv", "dbus", "udev", "iproute2", "ca-certificates")
NOT_IN_DEBIAN = {"python3-picamera2", "python3-lgpio", "python3-gpiozero"}  # Raspberry Pi OS has them, or a newer one
LEAN = (  # of each package no more than what runs
    '--aptopt=Acquire::Languages "none"',
    '--aptopt=APT::Install-Recommends "false"',
    "--dpkgopt=path-exclude=/usr/share/man/*",
    "--dpkgopt=path-exclude=/usr/share/doc/*",
    "--dpkgopt=path-exclude=/usr/share/locale/*",
)
PIP_FILES = ("/etc/pip.conf", "/etc/xdg/pip/constraints.txt", "~/.config/pip/pip.conf")
CERTIFICATES = "/etc/ssl/certs/ca-certificates.crt"


def ready() -> Path:
    """The root's folder, made first if need be (two minutes). CalledProcessError when mmdebstrap fails: see the log."""
    place = CACHE / f"{SUITE}-{_key()}"
    if place.exists():
        return place
    CACHE.mkdir(parents=True, exist_ok=True)
    for old in CACHE.glob(f"{SUITE}-*"):
        shutil.rmtree(old)
    new = CACHE / f"{SUITE}-new"
    print(f"making a Debian {SUITE} in {place}, once; the log is {CACHE}/root.log", flush=True)
    with (CACHE / "root.log").open("w") as log:
        subprocess.run(_mmdebstrap(new), check=True, stdout=log, stderr=log, cwd=HERE)
    new.rename(place)
    return place


def packages() -> list[str]:
    """What apt brings: what deploy/setup.sh wants of a Pi, as far as Debian has it, and a system around it."""
    wanted = listed("RUN", "FONTS", "PI")
    return [*SYSTEM, "python3-numpy", *(word for word in wanted if word not in NOT_IN_DEBIAN)]


def listed(*names: str) -> list[str]:
    """The packages in these lists of deploy/setup.sh."""
    setup = (HERE / "deploy/setup.sh").read_text("utf-8")
    lists = [words for name in names for words in re.findall(rf"^{name}\+?=\((.*?)\)", setup, re.MULTILINE)]
    return [word for words in lists for word in words.split()]


def _key() -> str:
    recipe = [(HERE / "pyproject.toml").read_text("utf-8"), *_mmdebstrap(Path("root"))]
    return hashlib.sha256("\n".join(recipe).encode()).hexdigest()[:12]


def _mmdebstrap(new: Path) -> list[str]:
    pip = " ".join(f"{name}=/tmp/authorities.pem" for name in ("PIP_CERT", "SSL_CERT_FILE", "REQUESTS_CA_BUNDLE"))
    hooks = [
        'mkdir -p "$1/opt/kiosk"',
        "copy-in pyproject.toml README.md kiosk /opt/kiosk",
        f"upload {CERTIFICATES} /tmp/authorities.pem",
        *(f'mkdir -p "$1{Path(file).parent}" && cp {file} "$1{file}"' for file in pip_files()),
        'chroot "$1" python3 -m venv --system-site-packages /opt/kiosk/.venv',
        f'chroot "$1" env {pip} /opt/kiosk/.venv/bin/pip install --disable-pip-version-check --quiet --editable /opt/kiosk',
        *(f'rm "$1{file}"' for file in ("/tmp/authorities.pem", *pip_files())),
        'rm -r "$1/opt/kiosk/kiosk" && mkdir "$1/opt/kiosk/kiosk"',
    ]
    return [
        "mmdebstrap",
        "--variant=minbase",
        f"--include={','.join(packages())}",
        *LEAN,
        *(f"--customize-hook={hook}" for hook in hooks),
        SUITE,
        str(new),
        *sources(SUITE),
    ]


def sources(suite: str) -> list[str]:
    """The lines of sources.list for a suite."""
    main, security, signed = mirror("Debian"), mirror("Debian-Security"), f"deb [signed-by={KEYRING}]"
    lines = [f"{main} {suite} main", f"{main} {suite}-updates main", f"{security} {suite}-security main"]
    return [f"{signed} {line}" for line in lines]


def pip_files() -> list[str]:
    return [str(path) for path in (Path(name).expanduser() for name in PIP_FILES) if path.exists()]


def mirror(label: str) -> str:
    """The address of the archive with this label, from this machine's own apt."""
    words = ["apt-get", "indextargets", "Created-By: Packages", f"Label: {label}", "--format", "$(REPO_URI)"]
    lines = subprocess.run(words, capture_output=True, text=True, check=True).stdout.split()
    if not lines:
        raise LookupError(f"apt here names no {label} mirror: this needs a Debian with its package lists (apt update)")
    return lines[0]
