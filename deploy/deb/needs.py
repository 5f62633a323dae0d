"""What pyproject.toml requires, which of Debian's packages may bring it, and what pip would bring instead."""

from __future__ import annotations

import json
import re
import subprocess
import tomllib
from dataclasses import dataclass
from typing import Any

from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

from deploy.deb.archive import HERE, listed
from deploy.deb.lock import pip, wheels_for

_NAMES = {"pillow": "pil", "pyserial": "serial", "python-escpos": "escpos", "pyusb": "usb", "pyyaml": "yaml"}
_NAMES |= {"systemd-python": "systemd", "python-barcode": "barcode"}


@dataclass(frozen=True, slots=True)
class Need:
    """A requirement. `package`: apt's, when it is on the Pi's list."""

    words: str
    package: str | None

    @property
    def name(self) -> str:
        return Requirement(self.words).name


def needs(*extras: str) -> list[Need]:
    """Of the kiosk itself, and of these extras."""
    with (HERE / "pyproject.toml").open("rb") as file:
        project = tomllib.load(file)["project"]
    words = project["dependencies"] + [word for extra in extras for word in project["optional-dependencies"][extra]]
    on_pi = set(listed("PI"))
    names = {word: package_of(Requirement(word).name) for word in dict.fromkeys(words)}
    return [Need(word, name if name in on_pi else None) for word, name in names.items()]


def package_of(name: str) -> str:
    """What Debian calls a project of PyPI."""
    name = canonicalize_name(name)
    return f"python3-{_NAMES.get(name, name)}"


def upstream(version: str) -> str:
    """A Debian package's version without what Debian adds."""
    return re.sub(r"^\d+:|[-+~].*$", "", version)


def found_by_pip(words: list[str], suite: str, arch: str) -> list[dict[str, Any]]:
    """Pip's report on these requirements and all that they need in turn. ValueError in its words when one has no wheel."""
    asked = pip("install", "--dry-run", "--ignore-installed", "--report=-", *wheels_for(suite, arch), "--target=/nowhere")
    done = subprocess.run([*asked, *words], capture_output=True, text=True, check=False)
    if done.returncode != 0:
        raise ValueError(done.stderr.strip().splitlines()[-1])
    found: list[dict[str, Any]] = json.loads(done.stdout)["install"]
    return found
