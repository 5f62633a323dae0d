"""The ledger's file: made, locked, set up, brought to this program's schema, written and synced. The one user of sqlite3.

Knows SQLite and the disk, and not a single table. A file that is not a ledger, is damaged or belongs to a newer kiosk is
refused as it is: nothing here overwrites one.

POSIX drops a process's locks on a file when the process closes *any* descriptor of it (SQLite, "How To Corrupt", 2.2). So no
other code of the process that holds the ledger may open its file, be it only to read or to copy it.
"""

from __future__ import annotations

import functools
import os
import sqlite3
from collections.abc import Iterator, Mapping
from contextlib import ExitStack, contextmanager, suppress
from importlib.resources import files
from importlib.resources.abc import Traversable
from pathlib import Path
from typing import Any, Final, Self

from kiosk.core.errors import LedgerBusy, LedgerError

SCHEMA: Final[Traversable] = files("kiosk.payment") / "schema"
APPLICATION_ID = 0x4B494F53  # "KIOS", bytes 68 to 71 of the file

PAGE = 4096 + 24  # bytes of one page in the log
CHECKPOINT_IDLE = 256 * PAGE  # rarely: a card that lies about syncs harms a ledger while it checkpoints
CHECKPOINT_ALWAYS = 1024 * PAGE  # the cap, 4 MiB, should the kiosk never be idle

# All are read back after setting: SQLite meets a pragma it does not know, or cannot obey, with silence.
_SAFETY: dict[str, int | str] = {
    "foreign_keys": 1,
    "synchronous": 2,  # FULL: in WAL mode each commit is synced; NORMAL loses the last one to a power cut
    "trusted_schema": 0,
    "cell_size_check": 1,
    "recursive_triggers": 1,  # without it INSERT OR REPLACE deletes past the DELETE triggers
    "temp_store": 2,  # MEMORY
}
_OF_A_FILE: dict[str, int | str] = {
    "journal_mode": "wal",
    "mmap_size": 0,  # a failing card would answer a mapped read with SIGBUS
    "wal_autocheckpoint": 0,  # see `idle`
    "journal_size_limit": 4 * 1024 * 1024,
}

Row = dict[str, Any]
Values = tuple[str | int | None, ...] | Mapping[str, str | int | None]


class RowRefused(LedgerError):
    """The schema does not allow this row, or SQLite cannot hold a value of it. The disk is well."""


class LedgerFile:
    """An open ledger, held against everybody else. After an error of the disk it takes no further transaction.

    What such a failed transaction held may be found there when the file is opened again, as after a power cut: nobody can
    take back what was handed to a disk.
    """

    def __init__(self, connection: sqlite3.Connection, path: Path) -> None:
        """Of a connection set up by `open` or `in_memory`."""
        connection.row_factory = _row
        self.path: Final = path
        self._connection = connection
        self._log = path.with_name(f"{path.name}-wal")
        self._unfit: str | None = None  # why no transaction is taken any more

    @classmethod
    def open(cls, path: Path, schema: Traversable = SCHEMA) -> Self:
        """The file at `path`, made if there is none, at the newest version of `schema`.

        Raises LedgerBusy at once when another process, or this one, holds it already; LedgerError for the rest.
        """
        path = path.resolve()
        newest = migrations(schema)
        _make(path)
        with ExitStack() as undo:
            try:
                connection = sqlite3.connect(f"{path.as_uri()}?mode=rw", uri=True, timeout=0, isolation_level=None)
                undo.callback(connection.close)
                connection.execute("PRAGMA locking_mode = EXCLUSIVE")  # before the first look: the wal-index stays in memory
                _identify(connection, path, len(newest))  # before the first write
                _set(connection, path, _SAFETY | _OF_A_FILE)
                _checkpoint(connection)
                _migrate(connection, newest)
                _sync_folder(path)  # for the log's name: SQLite does so with its first commit, and lets it pass when it fails
            except (sqlite3.Error, OSError) as error:
                raise said(path, error) from error
            undo.pop_all()
        return cls(connection, path)

    @classmethod
    def in_memory(cls) -> Self:
        """A ledger with every guard and no file, a copy of one made before."""
        connection = sqlite3.connect(":memory:", isolation_level=None)
        connection.deserialize(_template())
        _set(connection, Path(":memory:"), {**_SAFETY, "synchronous": 0})
        return cls(connection, Path(":memory:"))

    @contextmanager
    def transaction(self) -> Iterator[None]:
        """All that is changed inside, synced to disk when this returns; or none of it, and what was raised."""
        if self._unfit is not None:
            raise LedgerError(self._unfit)
        try:
            self.rows("BEGIN IMMEDIATE")
            yield
            self.rows("COMMIT")
        finally:
            with suppress(sqlite3.Error):  # SQLite has often done it already
                if self._connection.in_transaction:
                    self._connection.execute("ROLLBACK")
        # It is durable by now: a failing checkpoint spoils the next transaction, not this one.
        with suppress(LedgerError):
            self._checkpoint(beyond=CHECKPOINT_ALWAYS)

    def change(self, sql: str, values: Values) -> None:
        """Part of a transaction. Raises RowRefused, or LedgerError when the disk failed."""
        try:
            self.rows(sql, values)
        except (sqlite3.IntegrityError, OverflowError, UnicodeError) as error:
            raise RowRefused(str(error)) from error

    def rows(self, sql: str, values: Values = ()) -> list[Row]:
        """What a question yields, all of it. Raises LedgerError when the disk failed."""
        try:
            return self._connection.execute(sql, values).fetchall()
        except (sqlite3.IntegrityError, sqlite3.ProgrammingError):  # the row's fault, and ours
            raise
        except sqlite3.Error as error:
            raise self._failed(error) from error

    def problems(self) -> list[str]:
        """What a check of the whole file finds, in SQLite's words; empty when it is sound. Seconds for a large file."""
        try:
            found = [row["integrity_check"] for row in self.rows("PRAGMA integrity_check")]
            astray = [f"{row['table']}: a row refers to none of {row['parent']}" for row in self.rows("PRAGMA foreign_key_check")]
        except LedgerError as error:
            return [str(error)]
        return [line for line in found if line != "ok"] + astray

    def idle(self) -> None:
        """Checkpoint if the log has grown: nobody waits for the disk now."""
        if self._unfit is None:
            self._checkpoint(beyond=CHECKPOINT_IDLE)

    def close(self) -> None:
        """Let go of the file; SQLite empties the log into it first."""
        self._unfit = f"ledger {self.path} is closed; open it again"
        self._connection.close()

    def _checkpoint(self, *, beyond: int) -> None:
        try:
            if self._log.exists() and self._log.stat().st_size > beyond:
                _checkpoint(self._connection)
        except (sqlite3.Error, OSError) as error:  # OSError: the disk cannot even tell how long the log is
            raise self._failed(error) from error

    def _failed(self, error: sqlite3.Error | OSError) -> LedgerError:
        """From now on nothing is committed: a second sync would report success for what the first one lost."""
        failure = said(self.path, error)
        self._unfit = self._unfit or f"{failure}; nothing is committed until it was opened again"
        return failure


def migrations(schema: Traversable) -> tuple[str, ...]:
    """The SQL of 0001.sql, 0002.sql, ... in order; each takes the version before it to its own."""
    names = sorted(item.name for item in schema.iterdir() if item.name.endswith(".sql"))
    if not names or names != [f"{number:04}.sql" for number in range(1, len(names) + 1)]:
        raise LedgerError(f"schema {schema}: expected 0001.sql, 0002.sql and so on without a gap, found {names}; install again")
    return tuple((schema / name).read_text(encoding="utf-8") for name in names)


def said(path: Path, error: sqlite3.Error | OSError) -> LedgerError:
    """What SQLite, or the system under it, said of the file, with what a person can do about it."""
    unsaid = sqlite3.SQLITE_IOERR if isinstance(error, OSError) else 0
    code = getattr(error, "sqlite_errorcode", unsaid) & 0xFF  # the primary code
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
    who = "the system" if isinstance(error, OSError) else "SQLite"
    return LedgerError(f"ledger {path}: {remedies.get(code, 'stop the kiosk and start it again')} ({who} says {error}, {name})")


def _make(path: Path) -> None:
    """Have an empty file of mode 0600 at `path` unless there is one, and its name on the disk."""
    log = path.with_name(f"{path.name}-wal")
    try:
        size = path.stat().st_size if path.exists() else 0
        if size == 0 and log.exists() and log.stat().st_size > 0:  # SQLite would throw the log away
            raise LedgerError(f"ledger {path}: empty or missing, but not its log {log}; put the file back, or move the log away")
        with suppress(FileExistsError):  # never opened once it exists: see the top
            os.close(os.open(path, os.O_CREAT | os.O_EXCL | os.O_WRONLY, 0o600))
        if path.stat().st_mode & 0o077:
            path.chmod(0o600)
        _sync_folder(path)
    except FileNotFoundError:
        raise LedgerError(f"ledger {path}: the folder {path.parent} is missing; make it, or correct [ledger] path") from None
    except OSError as error:
        raise LedgerError(f"ledger {path}: {error.strerror}; check the owner and the disk, or correct [ledger] path") from error


def _sync_folder(path: Path) -> None:
    """Every name in the folder of `path` is on the disk when this returns."""
    folder = os.open(path.parent, os.O_RDONLY | os.O_DIRECTORY)
    try:
        os.fsync(folder)
    finally:
        os.close(folder)


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


def _checkpoint(connection: sqlite3.Connection) -> None:
    """Copy the log into the file, sync it, and empty the log.

    Also done at opening: after a failed sync the kernel calls pages clean that the disk never got, and a later sync reports
    success. Pages copied from the log are written, and synced, afresh.
    """
    connection.execute("PRAGMA wal_checkpoint(TRUNCATE)").fetchall()


def _migrate(connection: sqlite3.Connection, newest: tuple[str, ...]) -> None:
    """Apply what is missing, each version in a transaction of its own: a power cut leaves a whole version."""
    for number in range(int(_one(connection, "PRAGMA user_version")), len(newest)):
        connection.executescript(  # what fails here fails the opening: the closing rolls it back
            f"BEGIN IMMEDIATE;\n{newest[number]}\n"
            f"PRAGMA application_id = {APPLICATION_ID};\nPRAGMA user_version = {number + 1};\nCOMMIT;",
        )


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


def _row(cursor: sqlite3.Cursor, values: tuple[Any, ...]) -> Row:
    return {column[0]: value for column, value in zip(cursor.description, values, strict=True)}
