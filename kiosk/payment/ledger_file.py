"""The ledger's file: made, locked, set up, and brought to this program's schema. Knows SQLite and the disk, and no row.

A file that is not a ledger, is damaged or belongs to a newer kiosk is refused as it is: nothing here overwrites one.

POSIX drops a process's locks on a file when the process closes *any* descriptor of it (SQLite, "How To Corrupt", 2.2). So no
other code of the process that holds the ledger may open its file, be it only to read or to copy it.
"""

from __future__ import annotations

import functools
import os
import sqlite3
from contextlib import suppress
from importlib.resources import files
from importlib.resources.abc import Traversable
from pathlib import Path
from typing import Final

from kiosk.core.errors import LedgerBusy, LedgerError

SCHEMA: Final[Traversable] = files("kiosk.payment") / "schema"
APPLICATION_ID = 0x4B494F53  # "KIOS", bytes 68 to 71 of the file

# Both are read back after setting: SQLite answers a pragma it does not know, or cannot obey, with silence.
_SAFETY: dict[str, int | str] = {
    "foreign_keys": 1,
    "synchronous": 2,  # FULL: in WAL mode each commit is synced; NORMAL loses the last one to a power cut
    "trusted_schema": 0,
    "cell_size_check": 1,
    "recursive_triggers": 1,  # without it INSERT OR REPLACE deletes past the DELETE triggers
    "temp_store": 2,  # MEMORY
}
_FILE_ONLY: dict[str, int | str] = {
    "journal_mode": "wal",
    "mmap_size": 0,  # a failing card would answer a mapped read with SIGBUS
    "wal_autocheckpoint": 0,  # SqliteLedger picks the moment
    "journal_size_limit": 4 * 1024 * 1024,
}


def open_file(path: Path, schema: Traversable = SCHEMA) -> sqlite3.Connection:
    """The one connection to the ledger at `path` (absolute), which is made if there is none; holds its lock until closed.

    Raises LedgerBusy at once when another process, or another connection of this one, holds it; LedgerError for the rest.
    """
    newest = migrations(schema)
    _make(path)
    try:
        connection = sqlite3.connect(f"{path.as_uri()}?mode=rw", uri=True, timeout=0, isolation_level=None)
    except sqlite3.Error as error:
        raise said(path, error) from error
    try:
        connection.execute("PRAGMA locking_mode = EXCLUSIVE")  # before the first look: then the wal-index lives in memory
        _identify(connection, path, len(newest))  # before the first write
        _set(connection, path, _SAFETY | _FILE_ONLY)
        checkpoint(connection)
        _migrate(connection, newest)
    except sqlite3.Error as error:
        connection.close()
        raise said(path, error) from error
    except BaseException:
        connection.close()
        raise
    return connection


def open_memory() -> sqlite3.Connection:
    """A ledger without a file, a copy of one made before: for tests and simulators."""
    connection = sqlite3.connect(":memory:", isolation_level=None)
    connection.deserialize(_template())
    _set(connection, Path(":memory:"), _SAFETY)
    connection.execute("PRAGMA synchronous = OFF")
    return connection


def checkpoint(connection: sqlite3.Connection) -> None:
    """Copy the log into the file, sync it, and empty the log.

    Also done at opening: after a failed sync the kernel calls pages clean that the disk never got, and a later sync reports
    success. Pages copied from the log are written, and synced, afresh.
    """
    connection.execute("PRAGMA wal_checkpoint(TRUNCATE)").fetchall()


def migrations(schema: Traversable) -> tuple[str, ...]:
    """The SQL of 0001.sql, 0002.sql, ... in order; each takes the version before it to its own."""
    names = sorted(item.name for item in schema.iterdir() if item.name.endswith(".sql"))
    if not names or names != [f"{number:04}.sql" for number in range(1, len(names) + 1)]:
        raise LedgerError(f"schema {schema}: expected 0001.sql, 0002.sql and so on without a gap, found {names}; install again")
    return tuple((schema / name).read_text(encoding="utf-8") for name in names)


def said(path: Path, error: sqlite3.Error) -> LedgerError:
    """What SQLite said of the file, with what a person can do about it."""
    code = getattr(error, "sqlite_errorcode", 0) & 0xFF  # the primary code
    name = getattr(error, "sqlite_errorname", type(error).__name__)
    if code in (sqlite3.SQLITE_BUSY, sqlite3.SQLITE_LOCKED):
        return LedgerBusy(f"ledger {path}: another kiosk holds it; ask the running one, or stop it first")
    remedies = {
        sqlite3.SQLITE_NOTADB: "it is no ledger; keep it, move it away, and put the right file back",
        sqlite3.SQLITE_CORRUPT: "it is damaged; keep it as evidence, move it away together with its -wal, and put back a copy",
        sqlite3.SQLITE_FULL: "the disk is full; free some space, then start again",
        sqlite3.SQLITE_READONLY: "it cannot be written; check its owner and whether the disk is mounted read-only",
        sqlite3.SQLITE_CANTOPEN: "it cannot be opened; check its owner and whether the disk is mounted, and writable",
        sqlite3.SQLITE_PERM: "it may not be opened; check its owner",
        sqlite3.SQLITE_IOERR: "the disk failed; start again, and replace the card if it happens twice",
    }
    return LedgerError(f"ledger {path}: {remedies.get(code, 'stop the kiosk and start it again')} (SQLite says {error}, {name})")


def _make(path: Path) -> None:
    """Have an empty file of mode 0600 at `path` unless there is one, and its name on the disk."""
    try:
        size = path.stat().st_size if path.exists() else 0
        log = path.with_name(f"{path.name}-wal")
        if size == 0 and log.exists() and log.stat().st_size > 0:  # SQLite would throw the log away
            raise LedgerError(f"ledger {path}: empty or missing, but not its log {log}; put the file back, or move the log away")
        with suppress(FileExistsError):  # never opened once it exists: see the top
            os.close(os.open(path, os.O_CREAT | os.O_EXCL | os.O_WRONLY, 0o600))
        if path.stat().st_mode & 0o077:
            path.chmod(0o600)
        folder = os.open(path.parent, os.O_RDONLY | os.O_DIRECTORY)
        try:
            os.fsync(folder)
        finally:
            os.close(folder)
    except FileNotFoundError:
        raise LedgerError(f"ledger {path}: the folder {path.parent} is missing; make it, or correct [ledger] path") from None
    except OSError as error:
        raise LedgerError(f"ledger {path}: {error.strerror}; check the owner and the disk, or correct [ledger] path") from error


def _identify(connection: sqlite3.Connection, path: Path, newest: int) -> None:
    """Refuse another program's database and a newer kiosk's ledger."""
    owner = _one(connection, "PRAGMA application_id")
    version = _one(connection, "PRAGMA user_version")
    empty = _one(connection, "SELECT count(*) FROM sqlite_schema") == 0
    if owner != APPLICATION_ID and not (empty and owner == 0 and version == 0):
        raise LedgerError(f"ledger {path}: this is another program's database; correct [ledger] path, or move the file away")
    if int(version) > newest:
        raise LedgerError(f"ledger {path}: version {version}, and this kiosk knows {newest}; install the newer kiosk again")


def _set(connection: sqlite3.Connection, path: Path, settings: dict[str, int | str]) -> None:
    for name, value in settings.items():
        connection.execute(f"PRAGMA {name} = {value}").fetchall()
        taken = _one(connection, f"PRAGMA {name}")
        if taken != value:
            raise LedgerError(f"ledger {path}: {name} is {taken} where {value} is needed; move the ledger to a local disk")


def _migrate(connection: sqlite3.Connection, newest: tuple[str, ...]) -> None:
    """Apply what is missing, each version in a transaction of its own: a power cut leaves a whole version."""
    for number in range(int(_one(connection, "PRAGMA user_version")), len(newest)):
        try:
            connection.executescript(
                f"BEGIN IMMEDIATE;\n{newest[number]}\n"
                f"PRAGMA application_id = {APPLICATION_ID};\nPRAGMA user_version = {number + 1};\nCOMMIT;",
            )
        except sqlite3.Error:
            if connection.in_transaction:
                connection.execute("ROLLBACK")
            raise


@functools.cache
def _template() -> bytes:
    connection = sqlite3.connect(":memory:", isolation_level=None)
    _migrate(connection, migrations(SCHEMA))
    image = connection.serialize()
    connection.close()
    return image


def _one(connection: sqlite3.Connection, sql: str) -> int | str:
    value: int | str = connection.execute(sql).fetchone()[0]
    return value
