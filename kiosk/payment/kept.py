"""The ledger of a kiosk that sells: with ballast for a full disk, and backups in quiet moments.

What follows from a bad copy is said here to whoever runs the loop; what follows from a damaged ledger is keeper.py's.
"""

from __future__ import annotations

import logging
from collections.abc import Callable
from typing import Final

from kiosk.core.errors import LedgerDamaged
from kiosk.payment.backups import EACH_MS, Backups
from kiosk.payment.ledger import SqliteLedger

_log = logging.getLogger(__name__)

AGAIN_MS: Final = 10 * 60 * 1000
"""After a copy that came to nothing; one that told of an edit would tell the same again, and waits for its day."""


class KeptLedger(SqliteLedger):
    """As SqliteLedger, opened with ballast; `tend` gives it backups."""

    _backups: Backups | None = None
    _not_before = 0
    _at_once = False

    def tend(self, backups: Backups, *, at_once: bool) -> None:
        """From now on with backups; the first of them, and with it the check of all there is, as soon as it is quiet."""
        self._backups = backups
        self._at_once = at_once
        self.trouble()  # has the ballast made

    def trouble(self) -> str | None:
        ballast = self._file.ballast
        problem = None if ballast is None else ballast.restore()
        self._file.tight = problem is not None
        return problem

    def idle(self, now: int, quiet: Callable[[], bool]) -> None:
        super().idle(now, quiet)
        backups = self._backups
        if backups is None or self._file.failure is not None:
            return
        verdict = backups.result()
        if verdict is not None and not verdict.well:
            self._not_before = now + (EACH_MS if verdict.doubts else AGAIN_MS)
            self._doubt(verdict.damage, verdict.doubts)
        elif now >= self._not_before and (self._at_once or backups.due(now, self.sold_since)):
            begun = backups.begin(self._file, now, quiet)
            self._at_once = self._at_once and not begun
            if not begun and quiet():
                self._not_before = now + AGAIN_MS

    def close(self) -> None:
        if self._backups is not None:
            self._backups.stop()
        super().close()

    def sold_since(self, at: int, most: int) -> int:
        """How many orders were opened after `at`, counted as far as `most`."""
        counted = "SELECT count(*) AS n FROM (SELECT 1 FROM orders WHERE opened_at > ? LIMIT ?)"
        return int(self._file.rows(counted, (at, most))[0]["n"])

    def _doubt(self, damage: list[str], doubts: list[str]) -> None:
        """A copy is not well. Raises LedgerDamaged when the ledger itself is not sound: the loop lets go of it."""
        if damage and (here := self._file.problems()):
            problem = LedgerDamaged(f"ledger {self._file.path}: it is damaged ({here[0]})")
            self._file.failure = problem
            raise problem
        if damage:
            _log.error("a backup could not be read back: is the card failing?", extra={"problem": damage[0]})
        for doubt in doubts:
            hint = "kiosk doctor shows it, too; somebody has edited the ledger, or the card has lost what it was told"
            _log.critical("the ledger's rows and its history differ", extra={"problem": doubt, "hint": hint})
