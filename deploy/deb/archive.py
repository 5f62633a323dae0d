"""Debian's archive: where this machine has it from, what deploy/setup.sh wants of it, which version a suite has."""

from __future__ import annotations

import re
import subprocess
from pathlib import Path

HERE = Path(__file__).resolve().parents[2]
KEYRING = "/usr/share/keyrings/debian-archive-keyring.gpg"
NOT_IN_DEBIAN = {"python3-picamera2", "python3-lgpio", "python3-gpiozero"}  # Raspberry Pi OS has them, or a newer one
_PLACES = {"Dir::State": "state", "Dir::State::status": "status", "Dir::Cache": "cache", "Dir::Etc::SourceList": "sources"}


def mirror(label: str) -> str:
    """The address of the archive with this label, from this machine's own apt. LookupError when it names none."""
    words = ["apt-get", "indextargets", "Created-By: Packages", f"Label: {label}", "--format", "$(REPO_URI)"]
    lines = subprocess.run(words, capture_output=True, text=True, check=True).stdout.split()
    if not lines:
        raise LookupError(f"apt here names no {label} mirror: this needs a Debian with its package lists (apt update)")
    return lines[0]


def sources(suite: str) -> list[str]:
    """The lines of sources.list for a suite."""
    main, security, signed = mirror("Debian"), mirror("Debian-Security"), f"deb [signed-by={KEYRING}]"
    lines = [f"{main} {suite} main", f"{main} {suite}-updates main", f"{security} {suite}-security main"]
    return [f"{signed} {line}" for line in lines]


def listed(*names: str) -> list[str]:
    """The packages in these lists of deploy/setup.sh."""
    setup = (HERE / "deploy/setup.sh").read_text("utf-8")
    lists = [words for name in names for words in re.findall(rf"^{name}\+?=\((.*?)\)", setup, re.MULTILINE)]
    return [word for words in lists for word in words.split()]


class Archive:
    """The package lists of one suite for one kind of processor, fetched into `folder`, an empty one, once."""

    def __init__(self, suite: str, arch: str, folder: Path) -> None:
        """`arch` as Debian calls it. CalledProcessError when apt cannot fetch them."""
        for name in ("state/lists/partial", "cache/archives/partial"):
            (folder / name).mkdir(parents=True)
        (folder / "sources").write_text("\n".join(sources(suite)), "utf-8")
        (folder / "status").touch()
        self._options = [f"-o{key}={folder / place}" for key, place in _PLACES.items()]
        self._options += ["-oDir::Etc::SourceParts=/dev/null", f"-oAPT::Architecture={arch}", f"-oAPT::Architectures::={arch}"]
        self._options += ['-oAcquire::Languages="none"', "-oAPT::Sandbox::User=root"]
        subprocess.run(["apt-get", *self._options, "-qq", "update"], check=True, capture_output=True)

    def lacks(self, depends: list[str]) -> str:
        """What apt says against a package that depends on these, in a system that has nothing; empty: nothing."""
        words = ["apt-get", *self._options, "-qq", "--simulate", "--no-install-recommends", "satisfy", ", ".join(depends)]
        done = subprocess.run(words, capture_output=True, text=True, check=False)
        return "" if done.returncode == 0 else done.stdout + done.stderr

    def versions(self, names: list[str]) -> dict[str, str]:
        """The newest version of each package that there is; those that Raspberry Pi OS alone has are not asked for."""
        asked = [name for name in names if name not in NOT_IN_DEBIAN]
        done = subprocess.run(["apt-cache", *self._options, "madison", *asked], capture_output=True, text=True, check=True)
        found: dict[str, str] = {}
        for name, version, _ in (map(str.strip, line.split("|")) for line in done.stdout.splitlines()):
            found.setdefault(name, version)
        return found
