"""`python -m deploy.deb [--suite trixie] [--arch arm64] [--version 1.2] [--lock]`: the package into dist/, or its lock anew."""

from __future__ import annotations

import argparse
import subprocess
import sys
from pathlib import Path

from deploy.deb import build, lock


def main() -> None:
    """Print where the package is."""
    words = argparse.ArgumentParser("python -m deploy.deb", description=__doc__)
    words.add_argument("--suite", choices=sorted(lock.PYTHONS), default="trixie")
    words.add_argument("--arch", choices=sorted(lock.MACHINES), default=None, help="else this machine's own")
    words.add_argument("--version", default=None, help="else what kiosk/__init__.py says")
    words.add_argument("--into", type=Path, default=Path("dist"), help="the folder; else dist")
    words.add_argument("--tree", type=Path, default=None, help="put a release's content into this new folder instead")
    words.add_argument("--lock", action="store_true", help="ask Debian and PyPI anew what it needs; makes no package")
    given = words.parse_args()
    arch = (
        given.arch or subprocess.run(["dpkg", "--print-architecture"], capture_output=True, text=True, check=True).stdout.strip()
    )
    if given.lock:
        from deploy.deb import resolve  # noqa: PLC0415  who builds needs no `packaging`

        sys.stdout.write(f"{lock.write(resolve.resolve(given.suite, arch))}\n")
    elif given.tree is not None:
        build.factory(lock.read(given.suite, arch), given.tree, given.version or build.of_source())
    else:
        sys.stdout.write(f"{build.deb(lock.read(given.suite, arch), given.into, given.version)}\n")


if __name__ == "__main__":
    main()
