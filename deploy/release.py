#!/usr/bin/env python3
"""For the kiosk's makers: keys to sign releases with, and signed releases of a built tree.

deploy/release.py new-key signing.pem deploy/release-keys/2026.pub    once; signing.pem stays with you, and off every kiosk
deploy/release.py make TREE signing.pem kiosk-1.4.0.release           TREE: kiosk/, vendor/ and release.json, as in the package
deploy/release.py show kiosk-1.4.0.release KEYS                       what it is, when a key in the folder KEYS has signed it
deploy/release.py describe TREE VERSION MACHINE PYTHON                writes TREE/release.json, as 1.4.0 aarch64 3.13
"""
# ruff: noqa: T201  a command speaks

from __future__ import annotations

import json
import os
import sys
from dataclasses import asdict
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

from kiosk.core.errors import KioskError
from kiosk.release import parcel
from kiosk.release.trial import Manifest, number


def main(words: list[str]) -> int:
    """Exit code 1 when it was refused, 2 for wrong words."""
    try:
        match words:
            case ["new-key", private, public]:
                _new_key(Path(private), Path(public))
            case ["make", tree, key, out]:
                manifest = parcel.make(Path(tree), parcel.signing_key(Path(key).read_bytes()), Path(out))
                print(f"{out}: {json.dumps(asdict(manifest))}")
            case ["show", file, keys]:
                with Path(file).open("rb") as content:
                    print(json.dumps(asdict(parcel.verify(content, parcel.keys_in(Path(keys))))))
            case ["describe", tree, version, machine, python]:
                _describe(Path(tree), version, machine, python)
            case _:
                print(__doc__)
                return 2
    except (OSError, KioskError) as problem:
        print(f"release: {problem}", file=sys.stderr)
        return 1
    return 0


def _new_key(private: Path, public: Path) -> None:
    pems = parcel.new_key()
    for path, pem, mode in ((private, pems[0], 0o600), (public, pems[1], 0o644)):
        descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, mode)  # never over another key
        with os.fdopen(descriptor, "wb") as file:
            file.write(pem)


def _describe(tree: Path, version: str, machine: str, python: str) -> None:
    number(version)
    schema = len(list((tree / "kiosk/payment/schema").glob("*.sql")))
    told = asdict(Manifest(version, python, machine, schema))
    (tree / parcel.NAME).write_text(json.dumps(told) + "\n", "utf-8")


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
