"""What a Debian package of the kiosk is made of, as a CycloneDX 1.6 document: written plainly, as it has a dozen keys.

Two kinds of components: wheels, which lie in the package (version, hash, licence); and what apt brings: of these the package
names the least version, and apt chooses, so that Debian's security updates count.
"""

from __future__ import annotations

import datetime as dt
import email
import hashlib
import uuid
from collections.abc import Iterator
from pathlib import Path
from typing import Any
from urllib.parse import quote

from deploy.deb.lock import Lock, Wheel

_HOME = uuid.UUID("6f2a4c5e-8d0b-5c0e-9a57-2f1f7d3b9c11")  # of the serial numbers: any, once and for all


def of_package(lock: Lock, file: Path, version: str, vendored: Path, epoch: int) -> dict[str, Any]:
    """`vendored`: the lock's wheels, unpacked. The same package has the same document."""
    digest = hashlib.sha256(file.read_bytes()).hexdigest()
    purl = f"pkg:deb/kiosk@{quote(version)}?arch={lock.arch}&distro={lock.suite}"
    parts = [*(_wheel(wheel, vendored) for wheel in lock.wheels), *(_apts(lock.suite, each) for each in lock.packages)]
    whole = {"type": "application", "bom-ref": purl, "name": "kiosk", "version": version, "purl": purl}
    return {
        "bomFormat": "CycloneDX",
        "specVersion": "1.6",
        "serialNumber": f"urn:uuid:{uuid.uuid5(_HOME, digest)}",
        "version": 1,
        "metadata": {
            "timestamp": dt.datetime.fromtimestamp(epoch, dt.UTC).isoformat(),
            "component": {**whole, "hashes": [{"alg": "SHA-256", "content": digest}]},
            "properties": [{"name": "kiosk:depends", "value": each} for each in lock.depends],
        },
        "components": parts,
        "dependencies": [{"ref": purl, "dependsOn": [part["bom-ref"] for part in parts]}],
    }


def _wheel(wheel: Wheel, vendored: Path) -> dict[str, Any]:
    purl = f"pkg:pypi/{wheel.name}@{quote(wheel.version)}"
    return {
        "type": "library",
        "bom-ref": purl,
        "name": wheel.name,
        "version": wheel.version,
        "purl": purl,
        "hashes": [{"alg": "SHA-256", "content": wheel.sha256}],
        "licenses": [{"license": {"name": words}} for words in _licences(wheel, vendored)],
    }


def _licences(wheel: Wheel, vendored: Path) -> Iterator[str]:
    """As its makers word them."""
    name = wheel.name.replace("-", "_").lower()
    for place in vendored.glob("*.dist-info/METADATA"):
        if place.parent.name.lower().replace("-", "_").startswith(f"{name}_{wheel.version}"):
            told = email.message_from_string(place.read_text("utf-8"))
            classifiers = [each for each in told.get_all("Classifier", []) if each.startswith("License ::")]
            words = told["License-Expression"] or (classifiers[0].rpartition(" :: ")[2] if classifiers else told["License"])
            if words:
                yield words.splitlines()[0]


def _apts(suite: str, name: str) -> dict[str, Any]:
    purl = f"pkg:deb/debian/{quote(name)}?distro={suite}"
    return {"type": "library", "bom-ref": purl, "name": name, "purl": purl}
