"""A merchant's and a bank's keys, made once in a process: a stand-in takes what it finds in its folder.

Two RSA keys take a sixth of a second, and hundreds of tests want a stand-in. Whoever wants keys that are not these makes others.
"""

from __future__ import annotations

import functools
import tempfile
from pathlib import Path

from kiosk.sandbox.keys import Keys

_FILES = ("merchant_key.pem", "bank/platform_key.pem")


def lent(folder: Path) -> Path:
    """The folder, with the keys in it unless it has its own."""
    for name, content in _made().items():
        file = folder / name
        if not file.exists():
            file.parent.mkdir(parents=True, exist_ok=True)
            file.touch(mode=0o600)
            file.write_bytes(content)
    return folder


@functools.cache
def _made() -> dict[str, bytes]:
    with tempfile.TemporaryDirectory() as folder:
        Keys(Path(folder))
        return {name: (Path(folder) / name).read_bytes() for name in _FILES}
