"""The real ledger for many days in a row: one database in memory, rolled back to empty after each, and a disk that can fail.

A ledger is made anew for each day and after each failure; only SQLite's connection, whose schema takes longest, is kept. The
day is a transaction of its own, so that a commit of the ledger becomes a savepoint in it; every statement, CHECK and trigger is
the production's.
"""

from __future__ import annotations

import sqlite3
from pathlib import Path
from typing import Any, cast

from kiosk.payment.chain import OPEN_KEY
from kiosk.payment.ledger import SqliteLedger
from kiosk.payment.ledger_file import LedgerFile

_SAVEPOINTS = {
    "BEGIN IMMEDIATE": "SAVEPOINT one_commit",
    "COMMIT": "RELEASE one_commit",
    "ROLLBACK": "ROLLBACK TO one_commit",
}


class Disk:
    """Stands where the ledger has its connection."""

    def __init__(self) -> None:
        self.row_factory: Any = None
        self.in_transaction = False
        self.fails: str | None = None  # "lost": the next commit is on no disk; "kept": it is, and the kiosk never learns it
        self._path = Path("memory")
        file = LedgerFile.in_memory()
        self._real = file._connection
        self._real.execute("BEGIN")

    def begin(self) -> SqliteLedger:
        """An empty ledger: whatever was written since the last one is gone."""
        self._real.execute("ROLLBACK")
        self._real.execute("BEGIN")
        self.fails, self.in_transaction = None, False
        return self.open()

    def open(self) -> SqliteLedger:
        """The ledger as a starting kiosk opens it; what was committed is there."""
        self.fails = None
        return SqliteLedger(LedgerFile(cast("sqlite3.Connection", self), self._path), lambda: "aa", 0, OPEN_KEY)

    def execute(self, sql: str, values: Any = ()) -> sqlite3.Cursor:
        """One statement; the disk fails at a commit's end."""
        if sql == "COMMIT" and self.fails is not None:
            if self.fails == "kept":
                self._real.execute("RELEASE one_commit")
                self.in_transaction = False
            raise sqlite3.OperationalError("disk I/O error")
        found = self._real.execute(_SAVEPOINTS.get(sql, sql), values)
        if sql in _SAVEPOINTS:
            self.in_transaction = sql == "BEGIN IMMEDIATE"
            if sql == "ROLLBACK":
                self._real.execute("RELEASE one_commit")
        return found
