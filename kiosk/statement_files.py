"""A statement that somebody has as a file, as the merchant platform gives it: plain or zipped. Nobody vouches for it but its giver."""

from __future__ import annotations

import shutil
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from kiosk.core.differences import Source
from kiosk.core.errors import KioskError
from kiosk.payment.wechat.statements import Aside
from kiosk.reconcile import Found

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


def hand_over(path: Path, folder: Path) -> Path:
    """A copy beside the ledger, for the kiosk that runs as another user; who takes it deletes it. KioskError when it cannot be."""
    try:
        with tempfile.NamedTemporaryFile(dir=folder, prefix="statement-", suffix=".csv", delete=False) as copy:
            with path.open("rb") as raw:
                shutil.copyfileobj(raw, copy, _CHUNK)
        owner = folder.stat()
        made = Path(copy.name)
        if owner.st_uid != made.stat().st_uid:
            shutil.chown(made, owner.st_uid, owner.st_gid)
    except OSError as error:
        raise KioskError(
            f"{path} cannot be handed to the kiosk ({error.strerror}); run it as root, or as the kiosk's user"
        ) from error
    return made
