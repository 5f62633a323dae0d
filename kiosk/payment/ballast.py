"""A mebibyte beside the ledger that is there to be given up: on a full disk the results of orders under way still find room.

Knows one file and the disk's room. While it is not whole nothing new may be begun.
"""

from __future__ import annotations

import logging
import os
from contextlib import suppress
from pathlib import Path
from typing import Final

from kiosk.payment.disk import sync_folder

_log = logging.getLogger(__name__)

SIZE: Final = 1024 * 1024
"""Room for the results of some 2,000 orders."""


class Ballast:
    """The ballast of the ledger at `ledger`."""

    def __init__(self, ledger: Path) -> None:
        self.path: Final = ledger.with_name(f"{ledger.name}.ballast")

    def give_up(self) -> bool:
        """Make room. Whether there was something to give up."""
        try:
            self.path.unlink()
            sync_folder(self.path.parent)  # ext4 hands out freed blocks once that is written
        except OSError:
            return False
        _log.error("the disk is full: the ledger's ballast makes room for what is under way, and nothing new is begun")
        return True

    def restore(self) -> str | None:
        """Have it whole, really allocated and synced. In words why it cannot be; None when it is there."""
        try:
            if self.path.stat().st_blocks * 512 >= SIZE:
                return None
        except FileNotFoundError:
            pass
        except OSError as error:
            return self._said(error)
        half = self.path.with_name(f"{self.path.name}-half")
        try:
            self._write(half)
            half.rename(self.path)
            sync_folder(self.path.parent)
        except OSError as error:
            with suppress(OSError):
                half.unlink()
            return self._said(error)
        return None

    def _write(self, half: Path) -> None:
        room = os.statvfs(half.parent)
        if room.f_bavail * room.f_frsize < 2 * SIZE:  # the ledger needs some, too: else it would be given up at the next commit
            raise OSError(28, "No space left on device")
        file = os.open(half, os.O_CREAT | os.O_TRUNC | os.O_WRONLY, 0o600)
        try:
            os.posix_fallocate(file, 0, SIZE)
            os.fsync(file)
        finally:
            os.close(file)

    def _said(self, error: OSError) -> str:
        return (
            f"the disk of {self.path.parent} is full or takes no writes ({error.strerror}): free some space, 2 MB at least; "
            "the kiosk then sells again by itself"
        )
