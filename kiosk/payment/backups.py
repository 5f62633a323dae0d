"""Copies of the ledger, each checked before it counts: the newest three, made when nothing is going on.

The copy is made by SQLite through the ledger's one connection. A process of its own checks it, syncs it and gives it its name, so
that the loop waits for neither. The ledger's own file is opened by neither of them.
"""

from __future__ import annotations

import json
import logging
import os
import subprocess
import sys
from collections.abc import Callable, Sequence
from contextlib import suppress
from pathlib import Path
from typing import Final

from kiosk.payment.audit import Verdict, check
from kiosk.payment.ballast import SIZE as BALLAST
from kiosk.payment.chain import ChainKey
from kiosk.payment.disk import sync_file, sync_folder
from kiosk.payment.ledger_file import LedgerFile

_log = logging.getLogger(__name__)

KEPT: Final = 3
EACH_MS: Final = 24 * 3600 * 1000
EACH_SALES: Final = 200
ROOM: Final = 8 * BALLAST  # a copy never takes the ledger's last room
_MORE: Final = 1.1  # a copy is as long as the file, and what is in the log comes to it


class Backups:
    """The backups of the ledger at `ledger`, in `folder`. Used by the thread that holds the ledger."""

    def __init__(self, ledger: Path, folder: Path, keys: Sequence[ChainKey]) -> None:
        self.folder: Final = folder
        self.keys: Final = tuple(keys)
        self.doubtful: Final = folder / f"{ledger.name}.doubtful"
        self._ledger = ledger
        self._slots = [folder / f"{ledger.name}.backup-{number}" for number in range(1, KEPT + 1)]
        self._copy = folder / f"{ledger.name}.backup-new"
        self._checker: subprocess.Popen[bytes] | None = None

    def newest_first(self) -> list[Path]:
        """Those there are; each was sound when it was made. OSError when their disk does not say."""
        return sorted((slot for slot in self._slots if slot.exists()), key=_made_at, reverse=True)

    def newest_at(self) -> int | None:
        """When the newest was made, in ms."""
        newest = self.newest_first()
        return _made_at(newest[0]) if newest else None

    def due(self, now: int, sold_since: Callable[[int, int], int]) -> bool:
        """Whether it is time for the next. `sold_since(at, most)`: orders opened since, as far as `most`."""
        try:
            newest = self.newest_at()
        except OSError:
            return True  # `begin` says what its disk has
        if newest is None or not 0 <= now - newest < EACH_MS:
            return True
        return sold_since(newest, EACH_SALES) >= EACH_SALES

    def begin(self, file: LedgerFile, now: int, quiet: Callable[[], bool]) -> bool:
        """Copy, as long as it is `quiet`, and have the copy checked. Whether that has begun. LedgerError: the ledger failed."""
        if self._checker is not None or not self._room():
            return False
        try:
            if not file.copy_to(self._copy, quiet):
                return False
            oldest = next((slot for slot in self._slots if not slot.exists()), None) or self.newest_first()[-1]
            self._check(oldest, now)
        except OSError as error:
            self._drop_copy()
            _log.error("no backup could be made", extra={"problem": str(error)})
            return False
        return True

    def result(self, wait_s: float | None = 0) -> Verdict | None:
        """What the check of the newest copy came to, once it is over. `wait_s`: how long to wait for it."""
        if self._checker is None:
            return None
        try:
            said, _ = self._checker.communicate(timeout=wait_s)
        except subprocess.TimeoutExpired:
            return None
        code, self._checker = self._checker.returncode, None
        try:
            verdict = Verdict(**json.loads(said))
        except (ValueError, TypeError):
            self._drop_copy()
            _log.error("the check of a backup did not come to its end", extra={"exit_code": code})
            return None
        if verdict.well:
            _log.info("a backup was made", extra={"history": verdict.lines, "unchecked": verdict.unchecked})
        return verdict

    def stop(self) -> None:
        """A check that is still going on is given up."""
        if self._checker is not None:
            self._checker.kill()
            self._checker.communicate()
            self._checker = None
        self._drop_copy()

    def _drop_copy(self) -> None:
        with suppress(OSError):  # none is there, or its disk has failed: the next copy is written over it
            self._copy.unlink()

    def _check(self, slot: Path, now: int) -> None:
        order = {
            "copy": str(self._copy),
            "slot": str(slot),
            "doubtful": str(self.doubtful),
            "at": now,
            "keys": [[key.id, key.secret.hex()] for key in self.keys],
        }
        self._checker = subprocess.Popen(
            [sys.executable, "-m", "kiosk.payment.backups"], stdin=subprocess.PIPE, stdout=subprocess.PIPE
        )
        pipe = self._checker.stdin
        assert pipe is not None
        pipe.write(json.dumps(order).encode() + b"\n")  # keys through a pipe: arguments and environment can be read by others
        pipe.flush()

    def _room(self) -> bool:
        try:
            room = os.statvfs(self.folder)
            free, wanted = room.f_bavail * room.f_frsize, int(self._ledger.stat().st_size * _MORE) + ROOM
        except OSError as error:
            _log.error("no backup could be made", extra={"problem": str(error)})
            return False
        if free < wanted:
            _log.warning("no room for a backup", extra={"folder": str(self.folder), "free": free, "wanted": wanted})
        return free >= wanted


def keep(order: dict[str, object]) -> Verdict:
    """In the checker's process: look at the copy, and give it its name: a backup's, or the one of a copy nobody should trust."""
    copy, slot, doubtful = (Path(str(order[name])) for name in ("copy", "slot", "doubtful"))
    keys = order["keys"]
    assert isinstance(keys, list)
    verdict = check(copy, [ChainKey(key_id, bytes.fromhex(secret)) for key_id, secret in keys])
    at = int(str(order["at"])) * 1_000_000
    os.utime(copy, ns=(at, at))
    sync_file(copy)
    copy.rename(slot if verdict.well else doubtful)
    if verdict.well:
        doubtful.unlink(missing_ok=True)
    sync_folder(slot.parent)
    return verdict


def _made_at(backup: Path) -> int:
    return backup.stat().st_mtime_ns // 1_000_000


def _main() -> None:
    """The checker: one order in, one verdict out. Nobody waits for it, so it takes what time the others leave."""
    with suppress(OSError):  # where a service may not, it goes without
        os.nice(19)
    verdict = keep(json.loads(sys.stdin.buffer.readline()))
    told = {"damage": verdict.damage, "doubts": verdict.doubts, "lines": verdict.lines}
    sys.stdout.write(json.dumps({**told, "unchecked": verdict.unchecked, "reaches": verdict.reaches}))


if __name__ == "__main__":
    _main()
