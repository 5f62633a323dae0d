"""Debian's archive: where this machine has it from, what deploy/setup.sh wants of it, which version a suite has."""

from __future__ import annotations

import re
import subprocess
from pathlib import Path

HERE = Path(__file__).resolve().parents[2]
DEBIANS = {"Debian": "http://deb.debian.org/debian", "Debian-Security": "http://deb.debian.org/debian-security"}
"""Label: address. The packages' signatures say whether they are Debian's, not the way they come."""
KEYRING = "/usr/share/keyrings/debian-archive-keyring.gpg"
NOT_IN_DEBIAN = {"python3-picamera2", "python3-lgpio", "python3-gpiozero"}  # Raspberry Pi OS has them, or a newer one
_PLACES = {"Dir::State": "state", "Dir::State::status": "status", "Dir::Cache": "cache", "Dir::Etc::SourceList": "sources"}


def mirror(label: str) -> str:
    """The address of the archive with this label: where apt here has it from; Debian's where apt has no list of it."""
    words = ["apt-get", "indextargets", "Created-By: Packages", f"Label: {label}", "--format", "$(REPO_URI)"]
    lines = subprocess.run(words, capture_output=True, text=True, check=True).stdout.split()
    return lines[0] if lines else DEBIANS[label]


def sources(suite: str) -> list[str]:
    """The lines of sources.list for a suite."""
    main, security = map(mirror, DEBIANS)
    lines = [f"{main} {suite} main", f"{main} {suite}-updates main", f"{security} {suite}-security main"]
    return [f"deb [signed-by={KEYRING}] {line}" for line in lines]


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
