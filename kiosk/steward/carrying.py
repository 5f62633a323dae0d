"""A file that is carried away on a USB stick: whose it may be, and how it gets there. Root's work, for somebody who is not.

Whoever asks may have been taken over: only a plain file in a folder of the kiosk's own is read, whatever name is given.
"""

from __future__ import annotations

import os
import re
import stat
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import BinaryIO

from kiosk.steward.plugged import Run, plugged
from kiosk.steward.words import StewardRefused
from kiosk.written import put_pieces

LARGEST = 512 * 1024 * 1024
_NAME = re.compile(r"[0-9A-Za-z][0-9A-Za-z._-]{0,99}", re.ASCII)
_PIECE = 1024 * 1024


@contextmanager
def opened(path: Path, places: tuple[Path, ...]) -> Iterator[BinaryIO]:
    """The file, to be read. StewardRefused unless it is a plain one of its own in one of the places."""
    if path.parent not in places or not _NAME.fullmatch(path.name):
        raise StewardRefused(f"{path.name} is not where files to be carried away lie, or has an odd name.")
    try:
        folder = os.open(path.parent, os.O_RDONLY | os.O_DIRECTORY | os.O_NOFOLLOW | os.O_CLOEXEC)
        try:
            file = os.open(path.name, os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC, dir_fd=folder)
        finally:
            os.close(folder)
    except OSError as error:
        raise StewardRefused(f"{path.name} cannot be read ({error.strerror}).") from None
    with ExitStack() as stack:
        stack.callback(os.close, file)
        facts = os.fstat(file)
        if not stat.S_ISREG(facts.st_mode) or facts.st_nlink != 1:
            raise StewardRefused(f"{path.name} is no plain file.")
        if facts.st_size > LARGEST:
            raise StewardRefused(f"{path.name} is larger than {LARGEST // 2**20} MiB.")
        yield stack.enter_context(open(file, "rb", closefd=False))


def carry(file: BinaryIO, name: str, scratch: Path, run: Run) -> bool:
    """Onto the first stick; False when there is none. StewardRefused when it takes no file."""
    with plugged(scratch, run, write=True) as folder:
        if folder is None:
            return False
        leave(file, folder / name)
        return True


def leave(file: BinaryIO, target: Path) -> None:
    """All of it, on the medium when this returns. StewardRefused when the stick does not take it."""
    try:
        put_pieces(target, iter(lambda: file.read(_PIECE), b""))
    except OSError as error:
        raise StewardRefused(f"The stick takes no file ({error.strerror}). Use another one, with room.") from None
