"""What a suite's apt brings of pyproject.toml's requirements, and what has to come as wheels in the package.

A requirement is apt's when the suite has a version that is enough for all who ask for it: Debian keeps those secure. Asks Debian
and PyPI; whoever builds needs the lock alone.
"""

from __future__ import annotations

import platform
import tempfile
from collections.abc import Iterable
from pathlib import Path
from typing import Any

from packaging.requirements import Requirement
from packaging.utils import canonicalize_name
from packaging.version import Version

from deploy.deb.archive import NOT_IN_DEBIAN, Archive, listed
from deploy.deb.lock import MACHINES, PYTHONS, Lock, Wheel
from deploy.deb.needs import found_by_pip, needs, package_of, upstream

_NEVER_WHEELS = {"numpy", "pygame", "evdev", "systemd-python"}
"""picamera2 is built for the system's numpy, only the system's pygame draws without a desktop, the others have no wheels."""


def resolve(suite: str, arch: str) -> Lock:
    """Asks Debian and PyPI. ValueError when there is neither a package nor a wheel."""
    asked = {Requirement(need.words) for need in needs()} | _of_pi()
    with tempfile.TemporaryDirectory(prefix="kiosk-deb-") as folder:
        resolver = _Resolver(Archive(suite, arch, Path(folder)), suite, arch)
        by_apt, wheels = resolver.divide(asked)
    system = [name for name in listed("RUN", "FONTS", "PI") if name not in {"espeak-ng", "python3-venv"}]
    depends = [name for name in system if not name.startswith("python3")]
    return Lock(suite, arch, sorted({*depends, *by_apt}), wheels)


def _of_pi() -> set[Requirement]:
    """Those of the Pi's own that Debian has, too."""
    return {Requirement(need.words) for need in needs("pi") if need.package is not None and need.package not in NOT_IN_DEBIAN}


class _Resolver:
    def __init__(self, archive: Archive, suite: str, arch: str) -> None:
        self._archive = archive
        self._suite, self._arch = suite, arch
        self._versions: dict[str, str | None] = {}
        self._environment = {
            "python_version": PYTHONS[suite],
            "python_full_version": f"{PYTHONS[suite]}.0",
            "platform_machine": MACHINES[arch],
            "platform_system": "Linux",
            "sys_platform": "linux",
            "os_name": "posix",
            "platform_python_implementation": "CPython",
            "implementation_name": "cpython",
            "platform_release": platform.release(),
        }

    def divide(self, asked: Iterable[Requirement]) -> tuple[list[str], list[Wheel]]:
        """Apt's, in its words, and PyPI's."""
        first = _by_name(asked)
        lacking = [str(each) for name, all_ in first.items() if not self._meets(name, all_) for each in all_]
        found: dict[str, dict[str, Any]] = {}
        for each in found_by_pip(lacking, self._suite, self._arch):
            found[canonicalize_name(each["metadata"]["name"])] = each
        wheels: set[str] = set()
        while True:  # until what is a wheel asks nothing of apt that apt has not
            wanted = self._walk(first, found, wheels)
            more = {name for name, all_ in wanted.items() if name not in wheels and not self._meets(name, all_)}
            if not more:
                break
            if never := more & _NEVER_WHEELS:
                raise ValueError(f"{self._suite} has no {', '.join(sorted(never))} that is new enough, and a wheel is none")
            wheels |= more
        by_apt = [words for name, all_ in wanted.items() if name not in wheels for words in self._words(name, all_)]
        return by_apt, [_wheel(name, found[name]) for name in sorted(wheels)]

    def _walk(
        self, first: dict[str, list[Requirement]], found: dict[str, dict[str, Any]], wheels: set[str]
    ) -> dict[str, list[Requirement]]:
        """All that is asked for when these come as wheels."""
        wanted = {name: list(all_) for name, all_ in first.items()}
        waiting, seen = [name for name in wanted if name in wheels], set()
        while waiting:
            name = waiting.pop()
            seen.add(name)
            for words in found[name]["metadata"].get("requires_dist", []):
                need = Requirement(words)
                if need.marker is None or need.marker.evaluate({**self._environment, "extra": ""}):
                    other = canonicalize_name(need.name)
                    wanted.setdefault(other, []).append(need)
                    if other in wheels and other not in seen:
                        waiting.append(other)
        return wanted

    def _version(self, name: str) -> str | None:
        package = package_of(name)
        if package not in self._versions:
            self._versions[package] = self._archive.versions([package]).get(package)
        return self._versions[package]

    def _meets(self, name: str, asked: list[Requirement]) -> bool:
        version = self._version(name)
        return version is not None and all(each.specifier.contains(upstream(version)) for each in asked)

    def _words(self, name: str, asked: list[Requirement]) -> list[str]:
        """As in Depends: the greatest of the lower bounds, and the least of the upper ones. Debian counts with its epoch."""
        package, version = package_of(name), self._version(name)
        assert version is not None
        epoch = version.partition(":")[0] + ":" if ":" in version else ""
        bounds: dict[str, list[Version]] = {}
        for each in (each for need in asked for each in need.specifier):
            bounds.setdefault(each.operator, []).append(Version(each.version))
        words = [f"{package} (>= {epoch}{max(bounds['>='])})"] if ">=" in bounds else []
        words += [f"{package} (<< {epoch}{min(bounds['<'])})"] if "<" in bounds else []
        return words or [package]


def _by_name(asked: Iterable[Requirement]) -> dict[str, list[Requirement]]:
    named: dict[str, list[Requirement]] = {}
    for each in sorted(asked, key=str):
        named.setdefault(canonicalize_name(each.name), []).append(each)
    return named


def _wheel(name: str, found: dict[str, Any]) -> Wheel:
    return Wheel(name, found["metadata"]["version"], found["download_info"]["archive_info"]["hashes"]["sha256"])
