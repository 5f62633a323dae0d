"""`make release [KINDS="trixie-arm64"] [KEY=signing.pem]`: all that is handed out of one commit, in dist/VERSION/.

The wheel; for each kind (suite and processor) the Debian package and its SBOM, and with KEY the signed release that an owner
takes as an update; SHA256SUMS over all of it. The same commit makes the same bytes. The recipe is docs/release.md.
"""

from __future__ import annotations

import argparse
import hashlib
import json
import subprocess
import sys
import tempfile
from collections.abc import Sequence
from pathlib import Path

from deploy import sbom, wheel
from deploy.deb import build
from deploy.deb.lock import LOCKS, Lock, read
from kiosk.core.errors import KioskError
from kiosk.release import parcel

SUMS = "SHA256SUMS"


def ship(place: Path, kinds: Sequence[Lock], key: Path | None = None) -> list[Path]:
    """The files, in the folder `place`.

    KioskError when the key is none, CalledProcessError when something cannot be fetched or made.
    """
    signing = None if key is None else parcel.signing_key(key.read_bytes())
    version, epoch = build.of_source(), build.epoch()
    made = [wheel.make(place)]
    for lock in kinds:
        with tempfile.TemporaryDirectory(prefix="kiosk-ship-") as folder:
            vendored, tree = Path(folder) / "vendored", Path(folder) / "tree"
            build.vendor(lock, vendored)
            package = build.deb(lock, place, version, vendored)
            told = sbom.of_package(lock, package, version, vendored, epoch)
            made += [package, _written(package.with_suffix(".cdx.json"), json.dumps(told, indent=1) + "\n")]
            if signing is not None:
                build.factory(lock, tree, version, vendored)
                update = place / f"kiosk-{version}-{lock.suite}-{lock.arch}.release"
                parcel.make(tree, signing, update)
                made.append(update)
    lines = [f"{hashlib.sha256(file.read_bytes()).hexdigest()}  {file.name}\n" for file in sorted(made)]
    return [*made, _written(place / SUMS, "".join(lines))]


def why_not(place: Path) -> str | None:
    """In words, why this source cannot be shipped; None: it can."""
    if changed := build.changed():
        return "what is handed out is made of a commit, and these are not as they were committed: " + ", ".join(changed)
    if place.exists() and any(place.iterdir()):
        return f"{place} is not empty: has this version been handed out? Raise it in kiosk/__init__.py, or remove the folder"
    return None


def main() -> int:
    """Exit code 1 when it was refused, or something could not be fetched or made."""
    words = argparse.ArgumentParser("python -m deploy.shipment", description=__doc__)
    words.add_argument("--key", type=Path, default=None, help="signs the releases; made by deploy/release.py new-key")
    words.add_argument("--into", type=Path, default=None, help="the folder; else dist/VERSION")
    words.add_argument("kinds", nargs="*", help="as trixie-arm64; else all that have a lock")
    given = words.parse_args()
    place = given.into or Path("dist") / build.of_source()
    names = given.kinds or sorted(file.stem for file in LOCKS.glob("*.json"))
    try:
        if reason := why_not(place):
            sys.stderr.write(f"release: {reason}\n")
            return 1
        for file in ship(place, [read(*name.rsplit("-", 1)) for name in names], given.key):
            sys.stdout.write(f"{file}\n")
    except (OSError, KioskError, subprocess.CalledProcessError) as problem:
        sys.stderr.write(f"release: {problem}\n")
        return 1
    return 0


def _written(file: Path, text: str) -> Path:
    file.write_text(text, "utf-8")
    return file


if __name__ == "__main__":
    sys.exit(main())
