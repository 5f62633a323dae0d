"""What pyproject.toml requires, and whence a Pi gets it: as a wheel for its processor, or from apt by deploy/setup.sh."""

from __future__ import annotations

import json
import re
import subprocess
import sys
import tomllib
from dataclasses import dataclass
from pathlib import Path

from packaging.requirements import Requirement

from tests.lab.root import HERE, NOT_IN_DEBIAN, listed, sources

PYTHONS = {"3.11": "bookworm", "3.13": "trixie"}
"""Those of the two Raspberry Pi OSes."""
PLATFORMS = (
    "manylinux2014_aarch64",
    *(f"manylinux_2_{minor}_aarch64" for minor in range(17, 37)),
)  # the older one's glibc is 2.36
_NAMES = {"systemd-python": "python3-systemd"}


@dataclass(frozen=True, slots=True)
class Need:
    """A requirement. `package`: apt's, when it is on the Pi's list."""

    words: str
    package: str | None

    @property
    def name(self) -> str:
        return Requirement(self.words).name

    def met_by(self, version: str) -> bool:
        """Whether a Debian package's version is one that pip takes for enough."""
        upstream = re.sub(r"^\d+:|[-+~].*$", "", version)
        return Requirement(self.words).specifier.contains(upstream)


def needs(*extras: str) -> list[Need]:
    """Of the kiosk itself, and of these extras."""
    with (HERE / "pyproject.toml").open("rb") as file:
        project = tomllib.load(file)["project"]
    words = project["dependencies"] + [word for extra in extras for word in project["optional-dependencies"][extra]]
    on_pi = set(listed("PI"))
    names = {word: _NAMES.get(Requirement(word).name, f"python3-{Requirement(word).name}") for word in dict.fromkeys(words)}
    return [Need(word, name if name in on_pi else None) for word, name in names.items()]


def wheels(wanted: list[Need], python: str) -> dict[str, str]:
    """The wheel's file name for each, and for all that these need in turn. AssertionError in pip's words when one has none."""
    words = pip("install", "--dry-run", "--ignore-installed", "--report=-", *for_pi(python), "--target=/nowhere")
    done = subprocess.run([*words, *(need.words for need in wanted)], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr.strip().splitlines()[-1]
    found = json.loads(done.stdout)["install"]
    return {each["metadata"]["name"].lower(): each["download_info"]["url"].rpartition("/")[2] for each in found}


def debian(names: list[str], folder: Path) -> dict[tuple[str, str], str]:
    """The newest version of each package for arm64, by (name, suite); those that Raspberry Pi OS alone has are not asked for."""
    for name in ("state/lists/partial", "cache/archives/partial"):
        (folder / name).mkdir(parents=True)
    (folder / "sources").write_text("\n".join(line for suite in PYTHONS.values() for line in sources(suite)), "utf-8")
    (folder / "status").touch()
    places = {"Dir::State": "state", "Dir::State::status": "status", "Dir::Cache": "cache", "Dir::Etc::SourceList": "sources"}
    options = [f"-o{key}={folder / place}" for key, place in places.items()]
    options += ["-oDir::Etc::SourceParts=/dev/null", "-oAPT::Architecture=arm64", "-oAPT::Architectures::=arm64"]
    options += ['-oAcquire::Languages="none"', "-oAPT::Sandbox::User=root"]
    subprocess.run(["apt-get", *options, "-qq", "update"], check=True, capture_output=True)
    asked = [name for name in names if name not in NOT_IN_DEBIAN]
    lines = subprocess.run(
        ["apt-cache", *options, "madison", *asked], capture_output=True, text=True, check=True
    ).stdout.splitlines()
    found: dict[tuple[str, str], str] = {}
    for name, version, place in (map(str.strip, line.split("|")) for line in lines):
        suite = next(suite for suite in PYTHONS.values() if suite in place)
        found.setdefault((name, suite), version)
    return found


def for_pi(python: str) -> list[str]:
    """Pip's words for nothing but wheels that a Pi's Python takes."""
    return ["--only-binary=:all:", f"--python-version={python}", *(f"--platform={platform}" for platform in PLATFORMS)]


def pip(*words: str) -> list[str]:
    return [sys.executable, "-m", "pip", "--disable-pip-version-check", "--quiet", *words]
