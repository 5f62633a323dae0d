"""A statement that somebody has as a file, plain or zipped, as the merchant platform gives it: nobody vouches for it but them."""

from __future__ import annotations

import os
import shutil
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import BinaryIO

from kiosk.books.comparison import Found
from kiosk.core.differences import Source
from kiosk.core.errors import KioskError
from kiosk.payment.wechat.statements import Aside, Fetched, Lack, NoStatement

_CHUNK = 1 << 20


@contextmanager
def from_file(path: Path) -> Iterator[Found]:
    """The file, unzipped. KioskError when it cannot be read or unzipped."""
    try:
        with path.open("rb") as raw, tempfile.TemporaryFile() as plain:
            aside = Aside(plain)
            while chunk := raw.read(_CHUNK):
                aside.take(chunk)
            sha1 = aside.sha1()
            if aside.problem is not None:
                raise KioskError(f"{path.name}: {aside.problem}")
            plain.seek(0)
            yield Found(Source.FILE, sha1, plain, aside.size)
    except OSError as error:
        raise KioskError(f"{path.name} cannot be read ({error.strerror})") from error


def of_wechat(came: Fetched | NoStatement, file: BinaryIO) -> Found | NoStatement:
    """What WeChat's answer is to a comparison: its file from the beginning, no trades at all, or nothing to compare with."""
    if isinstance(came, Fetched):
        file.seek(0)
        return Found(Source.FETCHED, came.sha1, file, came.size)
    return Found(Source.NONE, None, None) if came.lack is Lack.NONE else came


def hand_over(path: Path, folder: Path) -> Path:
    """A copy beside the ledger, for the kiosk that runs as another user; who takes it deletes it. KioskError."""
    try:
        file, name = tempfile.mkstemp(dir=folder, prefix="statement-", suffix=".csv")
        with path.open("rb") as raw, os.fdopen(file, "wb") as copy:
            shutil.copyfileobj(raw, copy, _CHUNK)
        owner = folder.stat()
        made = Path(name)
        if owner.st_uid != made.stat().st_uid:
            shutil.chown(made, owner.st_uid, owner.st_gid)
    except OSError as error:
        raise KioskError(
            f"{path} cannot be handed to the kiosk ({error.strerror}); run it as root, or as the kiosk's user"
        ) from error
    return made
