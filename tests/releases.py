"""Releases for tests: small trees, signed with a key of the tests' own, and a shelf to put them on."""

from __future__ import annotations

import functools
import json
import platform
import sys
from dataclasses import asdict
from pathlib import Path

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from kiosk.release import parcel
from kiosk.release.shelf import Shelf
from kiosk.release.trial import Manifest, Record, Staged

PYTHON = f"{sys.version_info.major}.{sys.version_info.minor}"
MACHINE = platform.machine()


def manifest(version: str = "1.1.0", *, ledger: int = 1) -> Manifest:
    """Of a release for this machine."""
    return Manifest(version, PYTHON, MACHINE, ledger)


@functools.cache
def signing() -> Ed25519PrivateKey:
    """The tests' own."""
    return parcel.signing_key(parcel.new_key()[0])


def public_keys(folder: Path) -> Path:
    """A folder as release-keys/, with the tests' key among two that are none of ours and one that is no key."""
    folder.mkdir()
    (folder / "0.pub").write_bytes(b"not a key")
    for place, key in enumerate((Ed25519PrivateKey.generate(), signing())):
        pem = key.public_key().public_bytes(
            parcel.serialization.Encoding.PEM, parcel.serialization.PublicFormat.SubjectPublicKeyInfo
        )
        (folder / f"{place + 1}.pub").write_bytes(pem)
    return folder


def tree(folder: Path, about: Manifest, files: dict[str, str] | None = None) -> Path:
    """A built tree; without `files` the least that can be a release."""
    for name, text in (
        files or {"kiosk/__init__.py": f'__version__ = "{about.version}"\n', "vendor/lib.py": "LIB = 1\n"}
    ).items():
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).write_text(text, "utf-8")
    (folder / "release.json").write_text(json.dumps(asdict(about)), "utf-8")
    return folder


def release(folder: Path, about: Manifest) -> Path:
    """A signed file, in `folder`."""
    file = folder / f"{about.version}.release"
    parcel.make(tree(folder / f"tree-{about.version}", about), signing(), file)
    return file


def shelf(folder: Path, factory: Manifest | None = None) -> Shelf:
    """An empty one, beside a package of version 1.0.0 unless told otherwise."""
    made = Shelf(folder / "releases", folder / "factory", folder / "run/slot")
    made.releases.mkdir(parents=True)
    tree(made.factory, factory or manifest("1.0.0"))
    return made


def stage(made: Shelf, about: Manifest) -> Record:
    """As the steward does it, without a file: what waits for its quiet hour."""
    made.shelve(tree(made.releases / f".{about.version}.new", about), about.version)
    return made.happened(Staged(about.version))
