"""Opens the ledger of a kiosk that sells, whatever the disk has done to it. Never silently, never over what is there.

After an error it is looked at before anything is sold. A damaged ledger is moved away as evidence, with its log; the newest
backup that is sound takes its place, or an empty ledger. Orders may then be missing, so numbers go on in another generation,
and the ledger says of which generation, and since when, numbers have to be asked for at WeChat (kiosk/recovery/command.py).
"""

from __future__ import annotations

import logging
import os
import shutil
from collections.abc import Callable, Collection
from contextlib import closing, suppress
from datetime import UTC, datetime
from pathlib import Path
from typing import Final

from kiosk.core.errors import LedgerDamaged, LedgerError, LedgerFull
from kiosk.payment.audit import check
from kiosk.payment.backups import Backups
from kiosk.payment.ballast import Ballast
from kiosk.payment.chain import ChainKey
from kiosk.payment.disk import sync_file, sync_folder
from kiosk.payment.history import NOBODY_KNOWS, Loss
from kiosk.payment.kept import KeptLedger
from kiosk.payment.ledger_file import LedgerFile

_log = logging.getLogger(__name__)

_HINT = "what is missing is asked for at WeChat; kiosk doctor says whether all of it was"

Beat = Callable[[], None]

NEWEST: Final = 20_000
"""Rows of history that are looked at before a backup takes the ledger's place; people wait."""

LOOK_MOST_S: Final = 3.0
"""After an error of the disk the file's structure is looked at for so long; the next backup looks at all of it."""


class Keeper:
    """`open` is called by the loop's thread, again after each error. `generation` makes one that is not among those given."""

    def __init__(
        self, path: Path, backups: Backups, key: ChainKey, generation: Callable[[Collection[str]], str], beat: Beat
    ) -> None:
        self._path = path
        self._log = path.with_name(f"{path.name}-wal")
        self._backups = backups
        self._key = key
        self._generation = generation
        self._beat = beat
        self._last: KeptLedger | None = None

    def open(self, now: int) -> KeptLedger:
        """The ledger, fit to sell with. LedgerBusy when another kiosk holds it, LedgerError when the disk does not let it be."""
        try:
            return self._fit(now)
        except OSError as error:  # it does not even say which files are there
            raise LedgerError(f"ledger {self._path}: {error.strerror}; replace the card if it stays so") from error

    def _fit(self, now: int) -> KeptLedger:
        failure = None if self._last is None else self._last.failure
        before = (remembered(self._path) or [""])[-1]
        try:
            try:
                ledger = self._open(now)
            except LedgerFull:  # now there is room
                ledger = self._open(now)
            ledger = self._look(ledger, failure)
        except LedgerDamaged as damage:
            if not self._was_here():
                raise  # a file that was never ours: a wrong path in kiosk.toml, say
            ledger = self._restore(str(damage), now)
        try:
            remember(self._path, ledger.generation)
        except LedgerError:
            ledger.close()
            raise
        ledger.tend(self._backups, at_once=failure is not None or ledger.generation != before)
        self._last = ledger
        return ledger

    def _open(self, now: int) -> KeptLedger:
        """As it is. Raises LedgerDamaged also when it has gone although it was here."""
        if self._gone() and self._was_here():
            raise LedgerDamaged(f"ledger {self._path}: it is gone, and it was here: something of it is still beside it")
        return self._open_at(self._path, now, ())

    def _open_at(self, path: Path, now: int, losses: tuple[Loss, ...]) -> KeptLedger:
        return KeptLedger.open(
            path, generation=self._new_generation, now=now, key=self._key, losses=losses, ballast=Ballast(self._path)
        )

    def _look(self, ledger: KeptLedger, failure: LedgerError | None) -> KeptLedger:
        """What failed before is looked at before it is sold with again."""
        found: list[str] = []
        if isinstance(failure, LedgerDamaged):
            found = ledger.problems(self._beat)
        elif failure is not None:
            found = ledger.quick_check(LOOK_MOST_S, self._beat)
        if found:
            ledger.close()
            raise LedgerDamaged(f"ledger {self._path}: it is damaged ({found[0]})")
        return ledger

    def _restore(self, damage: str, now: int) -> KeptLedger:
        """Evidence aside, a sound ledger in its place: at no moment does one stand there that would make old numbers again."""
        _log.critical("the ledger is damaged and is being restored", extra={"problem": damage})
        fresh = self._path.with_name(f"{self._path.name}.restored")
        try:
            evidence = self._move_away(now)
            for left in (fresh, fresh.with_name(f"{fresh.name}-wal")):  # of a kiosk that was cut off while it did this
                left.unlink(missing_ok=True)
            source = self._copy_of_backup(fresh)
        except OSError as error:
            raise LedgerError(f"ledger {self._path}: it is damaged and cannot be restored ({error}); check the disk") from error
        what = f"{damage}; restored from {source or 'nothing: there was no backup'}; kept as evidence: {evidence or 'nothing'}"
        losses = self._losses(fresh if source else None, what)
        with closing(self._open_at(fresh, now, losses)) as ledger:
            remember(self._path, ledger.generation)
        try:
            sync_file(fresh)
            fresh.rename(self._path)
            sync_folder(self._path.parent)
        except OSError as error:
            raise LedgerError(f"ledger {self._path}: the restored one cannot take its place ({error}); check the disk") from error
        _log.critical(
            "the ledger was restored; orders of the last hours may be missing",
            extra={"backup": source or "none", "evidence": evidence, "hint": _HINT},
        )
        return self._open_at(self._path, now, ())

    def _move_away(self, now: int) -> str | None:
        """The ledger first: without its log it would open, and lack what was in there."""
        stamp = f"{datetime.fromtimestamp(now / 1000, UTC):%Y%m%dT%H%M%SZ}"
        evidence = self._path.with_name(f"{self._path.name}.damaged-{stamp}")
        while evidence.exists():
            evidence = evidence.with_name(f"{evidence.name}x")
        moved = None
        for there, away in ((self._path, evidence), (self._log, evidence.with_name(f"{evidence.name}-wal"))):
            if there.exists():
                there.rename(away)
                moved = moved or away.name
        sync_folder(self._path.parent)
        return moved

    def _copy_of_backup(self, fresh: Path) -> str | None:
        """The newest backup that is sound, at `fresh`. Returns its name."""
        for backup in self._backups.newest_first():
            shutil.copyfile(backup, fresh)
            fresh.chmod(0o600)
            verdict = check(fresh, [self._key, *self._backups.keys], self._beat, NEWEST)  # all of it was checked when it was made
            if verdict.well:
                return backup.name
            _log.error("a backup is damaged, too", extra={"backup": backup.name, "problem": (verdict.damage + verdict.doubts)[0]})
            backup.rename(backup.with_name(f"{backup.name}-damaged"))
        fresh.unlink(missing_ok=True)
        return None

    def _losses(self, restored: Path | None, what: str) -> tuple[Loss, ...]:
        """Whose numbers may be missing: the backup's own generation, and whatever was begun after it."""
        since, known, before = 0, [], set()
        if restored is not None:
            with closing(LedgerFile.read_only(restored)) as file:
                rows = file.rows("SELECT at FROM history ORDER BY seq DESC LIMIT 1")
                since = int(rows[0]["at"]) if rows else 0
                known = [row["generation"] for row in file.rows("SELECT generation FROM meta")]
                before = {row["generation"] for row in file.rows("SELECT generation FROM losses")}
        lost = [*known, *(each for each in remembered(self._path) if each not in known and each not in before)]
        return tuple(Loss(generation, since, what) for generation in lost or [NOBODY_KNOWS])

    def _new_generation(self) -> str:
        return self._generation(remembered(self._path))

    def _gone(self) -> bool:
        return not self._path.exists() or self._path.stat().st_size == 0

    def _was_here(self) -> bool:
        """Whether a kiosk has sold with a ledger of this name."""
        return _memory(self._path).exists() or Ballast(self._path).path.exists() or bool(self._backups.newest_first())


def remembered(path: Path) -> list[str]:
    """The generations of every ledger that was at `path`, oldest first: it outlives each of them."""
    try:
        return _memory(path).read_text("ascii", "replace").split()
    except OSError:
        return []


def remember(path: Path, generation: str) -> None:
    """Before the first number of it is made. LedgerError when that cannot be written down."""
    if generation in remembered(path):
        return
    memory = _memory(path)
    try:
        file = os.open(memory, os.O_CREAT | os.O_APPEND | os.O_WRONLY, 0o600)
        with os.fdopen(file, "w", encoding="ascii") as out:
            out.write(f"{generation}\n")
            out.flush()
            os.fsync(out.fileno())
        sync_folder(memory.parent)
    except OSError as error:
        raise LedgerError(f"{memory} cannot be written ({error.strerror}); check its owner and the disk") from error


def evidence_of(path: Path) -> list[Path]:
    """Damaged ledgers that were moved away, without their logs."""
    with suppress(OSError):
        return sorted(each for each in path.parent.glob(f"{path.name}.damaged-*") if not each.name.endswith("-wal"))
    return []


def _memory(path: Path) -> Path:
    return path.with_name(f"{path.name}.generations")
