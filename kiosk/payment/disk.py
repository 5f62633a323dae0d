"""What the files around the ledger need of the disk: to be on it, and to know whether it takes writes. Knows no ledger.

Never opens the ledger itself: see the top of ledger_file.py.
"""

from __future__ import annotations

import os
from pathlib import Path


def sync_file(path: Path) -> None:
    """What the file holds is on the disk when this returns. Raises OSError."""
    _sync(path, os.O_RDONLY)


def sync_folder(folder: Path) -> None:
    """Every name in the folder is on the disk when this returns. Raises OSError."""
    _sync(folder, os.O_RDONLY | os.O_DIRECTORY)


def takes_no_writes(path: Path) -> bool:
    """Whether the disk of `path` is mounted read-only, whoever asks."""
    try:
        return bool(os.statvfs(path).f_flag & os.ST_RDONLY)
    except OSError:
        return False


def _sync(path: Path, flags: int) -> None:
    file = os.open(path, flags)
    try:
        os.fsync(file)
    finally:
        os.close(file)
