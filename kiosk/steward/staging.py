"""A release that somebody brings: copied to where only root writes, verified there, unpacked, and from then on waiting."""

from __future__ import annotations

import compileall
import os
import shutil
import stat
from pathlib import Path

from kiosk.release import parcel
from kiosk.release.shelf import Shelf
from kiosk.release.trial import ReleaseRefused, Staged, may_stage
from kiosk.steward.words import StewardRefused

PLACES = (Path("/var/lib/kiosk-owner/upload"), Path("/media"), Path("/run/media"), Path("/mnt"))


class Staging:
    """`places`: where a release may lie; its signature is what counts."""

    def __init__(self, shelf: Shelf, keys: Path, places: tuple[Path, ...] = PLACES) -> None:
        self._shelf, self._keys, self._places = shelf, keys, places

    def stage(self, path: Path) -> str:
        """Take it; its version. StewardRefused, and nothing is changed, when it is not one for this kiosk."""
        own = self._shelf.releases / ".staged"
        try:
            self._copy(path, own)
            return self._take(own)
        except ReleaseRefused as error:
            raise StewardRefused(str(error)) from None
        except OSError as error:
            raise StewardRefused(f"{path.name} cannot be taken ({error.strerror}).") from None
        finally:
            own.unlink(missing_ok=True)

    def _take(self, own: Path) -> str:
        shelf = self._shelf
        with own.open("rb") as file:
            manifest = parcel.verify(file, parcel.keys_in(self._keys))
            may_stage(manifest, shelf.running(), shelf.record())
            unpacked = shelf.releases / f".{manifest.version}.new"
            shutil.rmtree(unpacked, ignore_errors=True)
            try:
                parcel.unpack(file, unpacked)
                place = str(shelf.place(manifest.version))  # what tracebacks will say
                compileall.compile_dir(unpacked, quiet=2, stripdir=str(unpacked), prependdir=place)
                shelf.shelve(unpacked, manifest.version)
            finally:
                shutil.rmtree(unpacked, ignore_errors=True)
        shelf.sweep(shelf.happened(Staged(manifest.version)))
        return manifest.version

    def _copy(self, path: Path, own: Path) -> None:
        """What is verified must be what is unpacked, whoever may write to the other one."""
        real = path.resolve()
        if not any(real.is_relative_to(place.resolve()) for place in self._places):
            raise ReleaseRefused(f"{path.name} is not where releases are taken from: the owner's page or a USB stick.")
        source = os.open(real, os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK)
        with os.fdopen(source, "rb") as theirs:
            about = os.fstat(source)
            if not stat.S_ISREG(about.st_mode):
                raise ReleaseRefused(f"{path.name} is not a file.")
            if about.st_size > parcel.FILE_MOST or about.st_size * 4 > shutil.disk_usage(self._shelf.releases).free:
                raise ReleaseRefused(f"{path.name} is too large for this kiosk, or its card is nearly full.")
            own.unlink(missing_ok=True)
            with os.fdopen(os.open(own, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "wb") as ours:
                left = parcel.FILE_MOST + 1
                while left > 0 and (block := theirs.read(min(left, 1 << 20))):
                    left -= ours.write(block)
