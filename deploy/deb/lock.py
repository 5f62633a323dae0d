"""What a package needs of apt and what it holds of PyPI, for one suite and one kind of processor: locks/SUITE-ARCH.json.

Each wheel is named with its version and hash, so that the same source makes the same package next year. Written by
`make deb-lock`, to be read over in a review.
"""

from __future__ import annotations

import json
import sys
from dataclasses import asdict, dataclass
from pathlib import Path

PYTHONS = {"bookworm": "3.11", "trixie": "3.13"}
"""Those of the two Debians, and of the Raspberry Pi OSes made of them."""
GLIBC = {"bookworm": 36, "trixie": 41}
"""2.36, 2.41."""
MACHINES = {"amd64": "x86_64", "arm64": "aarch64"}
LOCKS = Path(__file__).parent / "locks"


@dataclass(frozen=True, slots=True)
class Wheel:
    """One file of PyPI's."""

    name: str
    version: str
    sha256: str


@dataclass(frozen=True, slots=True)
class Lock:
    """`depends`: as a Debian package names them, versions included."""

    suite: str
    arch: str
    depends: list[str]
    wheels: list[Wheel]

    @property
    def python(self) -> str:
        return PYTHONS[self.suite]

    @property
    def machine(self) -> str:
        return MACHINES[self.arch]

    @property
    def packages(self) -> list[str]:
        """The names alone."""
        return list(dict.fromkeys(words.split(" ")[0] for words in self.depends))


def read(suite: str, arch: str) -> Lock:
    """FileNotFoundError when nobody has resolved for these two."""
    found = json.loads((LOCKS / f"{suite}-{arch}.json").read_text("utf-8"))
    return Lock(suite, arch, found["depends"], [Wheel(**wheel) for wheel in found["wheels"]])


def write(lock: Lock) -> Path:
    """Where it was written."""
    place = LOCKS / f"{lock.suite}-{lock.arch}.json"
    told = {"depends": lock.depends, "wheels": [asdict(wheel) for wheel in lock.wheels]}
    place.write_text(json.dumps(told, indent=1) + "\n", "utf-8")
    return place


def wheels_for(suite: str, arch: str) -> list[str]:
    """Pip's words for nothing but wheels that this suite's Python takes on this processor."""
    machine = MACHINES[arch]
    platforms = [f"manylinux2014_{machine}", *(f"manylinux_2_{minor}_{machine}" for minor in range(17, GLIBC[suite] + 1))]
    return ["--only-binary=:all:", f"--python-version={PYTHONS[suite]}", *(f"--platform={platform}" for platform in platforms)]


def pip(*words: str) -> list[str]:
    """The command."""
    return [sys.executable, "-m", "pip", "--disable-pip-version-check", "--quiet", *words]
