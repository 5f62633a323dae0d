"""Files that are written as a whole or not at all, and are on the disk when the call returns. Knows nothing of what they say."""

from __future__ import annotations

import os
from collections.abc import Iterable
from contextlib import suppress
from pathlib import Path


def put(path: Path, content: bytes, *, mode: int = 0o644) -> None:
    """Write a file under another name, down to the disk; then it takes its own, whatever was there.

    May raise OSError; then the file is as it was, and nothing else is left.
    """
    beside = path.with_name(f".{path.name}.new")
    try:
        write(beside, content, mode=mode)
        beside.replace(path)
    except OSError:
        with suppress(OSError):
            beside.unlink()
        raise
    sync_folder(path.parent)


def put_pieces(path: Path, pieces: Iterable[bytes]) -> None:
    """As `put`, in pieces, and where no modes are known: a stick's FAT refuses to be given one.

    May raise OSError, as there, and what `pieces` raises.
    """
    beside = path.with_name(f".{path.name}.new")
    try:
        with beside.open("wb") as file:
            for piece in pieces:
                file.write(piece)
            file.flush()
            os.fsync(file.fileno())
        beside.replace(path)
    except BaseException:  # whoever makes the pieces may fail, too
        with suppress(OSError):
            beside.unlink(missing_ok=True)
        raise
    sync_folder(path.parent)


def write(path: Path, content: bytes, *, mode: int = 0o644) -> None:
    """Write a new file down to the disk; one of that name, or a link, is not written through but taken away."""
    path.unlink(missing_ok=True)
    descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_NOFOLLOW, 0o600)
    with open(descriptor, "wb") as file:  # noqa: PTH123  of a descriptor
        file.write(content)
        file.flush()
        os.fchmod(descriptor, mode)
        os.fsync(descriptor)


def sync_folder(folder: Path) -> None:
    """Names in a folder are on the disk only when the folder is."""
    descriptor = os.open(folder, os.O_RDONLY | os.O_DIRECTORY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
