"""The ledger's file: made, locked, set up, brought to this program's schema, written and synced. The one user of sqlite3.

Knows SQLite and the disk, and not a single table. A file that is not a ledger, is damaged or belongs to a newer kiosk is
refused as it is: nothing here overwrites one.

POSIX drops a process's locks on a file when the process closes *any* descriptor of it (SQLite, "How To Corrupt", 2.2). So no
other code of the process that holds the ledger may open its file, be it only to read or to copy it.
"""

from __future__ import annotations

import errno
import functools
import os
import sqlite3
import time
from collections.abc import Callable, Generator, Iterator, Mapping
from contextlib import ExitStack, contextmanager, suppress
from importlib.resources.abc import Traversable
from pathlib import Path
from typing import Any, Final, Self

from kiosk.core.errors import LedgerBusy, LedgerDamaged, LedgerError, LedgerFull
from kiosk.payment.ballast import Ballast
from kiosk.payment.disk import sync_folder, takes_no_writes
from kiosk.payment.versions import SCHEMA, migrations

APPLICATION_ID = 0x4B494F53  # "KIOS", bytes 68 to 71 of the file

PAGE = 4096 + 24  # bytes of one page in the log
COPY_PAGES = 32  # so many between two looks at whether somebody waits
LOOK_EACH = 20_000  # instructions of SQLite's machine, well below a millisecond, between two beats of a check
CHECKPOINT_IDLE = 256 * PAGE  # rarely: a card that lies about syncs harms a ledger while it checkpoints
CHECKPOINT_ALWAYS = 1024 * PAGE  # the cap, 4 MiB, should the kiosk never be idle
CHECKPOINT_TIGHT = 32 * PAGE  # on a full disk the log may not take what little room there is

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

_TROUBLE = (sqlite3.Error, UnicodeDecodeError)  # the second where SQLite quotes, or holds, a text that was damaged
_DAMAGE = (sqlite3.SQLITE_CORRUPT, sqlite3.SQLITE_NOTADB)
_OF_THE_SYSTEM = {errno.ENOSPC: sqlite3.SQLITE_FULL, errno.EROFS: sqlite3.SQLITE_READONLY}

Row = dict[str, Any]
Values = tuple[str | int | bytes | None, ...] | Mapping[str, str | int | bytes | None]


class RowRefused(LedgerError):
    """The schema does not allow this row, or SQLite cannot hold a value of it. The disk is well."""


class LedgerFile:
    """An open ledger, held against everybody else. After an error of the disk it takes no further transaction.

    What such a failed transaction held may be found there when the file is opened again, as after a power cut: nobody can
    take back what was handed to a disk.
    """

    def __init__(self, connection: sqlite3.Connection, path: Path, ballast: Ballast | None = None) -> None:
        """Of a connection set up by `open`, `read_only` or `in_memory`."""
        connection.row_factory = _row
        self.path: Final = path
        self._connection = connection
        self._log = path.with_name(f"{path.name}-wal")
        self._unfit: str | None = None  # why no transaction is taken any more
        self.ballast: Final = ballast  # given up when the disk is full,
        self.tight = False  # and then it is tight
        self.failure: LedgerError | None = None  # what the disk did first

    @classmethod
    def open(cls, path: Path, schema: Traversable = SCHEMA, ballast: Ballast | None = None) -> Self:
        """The file at `path`, made if there is none, at the newest version of `schema`.

        Raises LedgerFull when the disk is full and `ballast` was given up: open it again. LedgerBusy at once when another
        process, or this one, holds it already; LedgerError for the rest.
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
                sync_folder(path.parent)  # for the log's name: SQLite does it too, and lets it pass when it fails
            except (*_TROUBLE, OSError) as error:
                raise said(path, error, ballast) from error
            undo.pop_all()
        return cls(connection, path, ballast)

    @classmethod
    def in_memory(cls) -> Self:
        """A ledger with every guard and no file, a copy of one made before."""
        connection = sqlite3.connect(":memory:", isolation_level=None)
        connection.deserialize(_template())
        _set(connection, Path(":memory:"), {**_SAFETY, "synchronous": 0})
        return cls(connection, Path(":memory:"))

    @classmethod
    def read_only(cls, path: Path) -> Self:
        """A file that nobody writes: a backup, or a ledger on a disk that takes no writes. Its log, if any, is not looked at.

        Raises LedgerError; nothing is written, not even a lock (SQLite, URI filenames, "immutable").
        """
        path = path.resolve()
        with ExitStack() as undo:
            try:
                connection = sqlite3.connect(f"{path.as_uri()}?immutable=1&mode=ro", uri=True, isolation_level=None)
                undo.callback(connection.close)
                _identify(connection, path, len(migrations(SCHEMA)))
                _set(connection, path, {"trusted_schema": 0, "cell_size_check": 1, "temp_store": 2, "mmap_size": 0})
            except _TROUBLE as error:
                raise said(path, error) from error
            undo.pop_all()
        file = cls(connection, path)
        file._unfit = f"ledger {path} is only read here"
        return file

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
        with suppress(LedgerError):  # it is durable by now: a failing checkpoint spoils the next transaction, not this one
            self._checkpoint(beyond=CHECKPOINT_TIGHT if self.tight else CHECKPOINT_ALWAYS)

    def change(self, sql: str, values: Values) -> None:
        """Part of a transaction. Raises RowRefused, or LedgerError when the disk failed."""
        try:
            self.rows(sql, values)
        except (sqlite3.IntegrityError, OverflowError, UnicodeError) as error:
            raise RowRefused(str(error)) from error

    def rows(self, sql: str, values: Values = ()) -> list[Row]:
        """What a question yields, all of it. Raises LedgerError when the disk failed."""
        return self._fetch(self._connection.execute, sql, values)

    def tuples(self, sql: str, values: Values = ()) -> list[tuple[Any, ...]]:
        """As rows, without names: for very many."""
        (cursor := self._connection.cursor()).row_factory = None
        return self._fetch(cursor.execute, sql, values)

    def _fetch(self, execute: Callable[[str, Values], sqlite3.Cursor], sql: str, values: Values) -> list[Any]:
        try:
            return execute(sql, values).fetchall()
        except (sqlite3.IntegrityError, sqlite3.ProgrammingError):  # the row's fault, and ours
            raise
        except _TROUBLE as error:
            raise self._failed(error) from error

    def each(self, sql: str, values: Values = ()) -> Generator[Row, None, None]:
        """As rows, one by one: for what is too much to hold at once."""
        try:
            yield from self._connection.execute(sql, values)
        except _TROUBLE as error:
            if isinstance(error, sqlite3.IntegrityError | sqlite3.ProgrammingError):
                raise
            raise self._failed(error) from error

    def quick_check(self, most_s: float, beat: Callable[[], None]) -> list[str]:
        """What a look at the structure finds in at most `most_s`; nothing when it did not come to its end."""
        ends = time.monotonic() + most_s

        def look() -> int:
            beat()
            return int(time.monotonic() > ends)

        self._connection.set_progress_handler(look, LOOK_EACH)
        try:
            found = [row["quick_check"] for row in self._connection.execute("PRAGMA quick_check")]
        except _TROUBLE as error:
            if getattr(error, "sqlite_errorcode", 0) == sqlite3.SQLITE_INTERRUPT:
                return []
            raise self._failed(error) from error
        finally:
            self._connection.set_progress_handler(None, 0)
        return [line for line in found if line != "ok"]

    def copy_to(self, path: Path, wanted: Callable[[], bool]) -> bool:
        """Copy the whole into a new file at `path`, not synced; False, and no file, as soon as `wanted` is false.

        The thread is held up for COPY_PAGES pages at a time. Raises OSError when the copy cannot be written, LedgerError when the
        ledger cannot be read.
        """
        path.unlink(missing_ok=True)
        os.close(os.open(path, os.O_CREAT | os.O_EXCL | os.O_WRONLY, 0o600))

        def look(_status: int, _left: int, _pages: int) -> None:
            if not wanted():
                raise InterruptedError

        copy = sqlite3.connect(path, isolation_level=None)
        try:
            copy.execute("PRAGMA synchronous = OFF")  # whoever checks the copy syncs it
            copy.execute("PRAGMA journal_mode = OFF")
            self._connection.backup(copy, pages=COPY_PAGES, progress=look, sleep=0)
        except InterruptedError:
            path.unlink()
            return False
        except _TROUBLE as error:
            path.unlink()
            if _code(error) in _DAMAGE:
                raise self._failed(error) from error
            raise OSError(f"{path}: the copy failed ({error})") from error
        finally:
            copy.close()
        return True

    def problems(self, beat: Callable[[], None] = lambda: None) -> list[str]:
        """What a check of the whole file finds, in SQLite's words; empty when it is sound. Seconds for a large file: `beat`."""
        self._connection.set_progress_handler(lambda: beat(), LOOK_EACH)  # noqa: PLW0108  what beat returns is nothing
        try:
            found = [row["integrity_check"] for row in self.rows("PRAGMA integrity_check")]
            astray = [f"{row['table']}: a row refers to none of {row['parent']}" for row in self.rows("PRAGMA foreign_key_check")]
            astray += self._guards_missing()
        except LedgerError as error:
            return [str(error)]
        finally:
            self._connection.set_progress_handler(None, 0)
        return [line for line in found if line != "ok"] + astray

    def _guards_missing(self) -> list[str]:
        """Tables, indexes and triggers that are not as this version makes them; an older version's are not known here."""
        if self.rows("PRAGMA user_version") != [{"user_version": _newest()}]:
            return []
        here, made = {row["name"]: row["sql"] for row in self.rows(_SCHEMA_NOW)}, _guards()
        return [f"schema: {name} is not as it was made" for name in here.keys() | made.keys() if here.get(name) != made.get(name)]

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
        except (*_TROUBLE, OSError) as error:  # OSError: the disk cannot even tell how long the log is
            raise self._failed(error) from error

    def _failed(self, error: Exception) -> LedgerError:
        """From now on nothing is committed: a second sync would report success for what the first one lost."""
        failure = said(self.path, error, self.ballast)
        self._unfit = self._unfit or f"{failure}; nothing is committed until it was opened again"
        self.failure = self.failure or failure
        return failure


def said(path: Path, error: Exception, ballast: Ballast | None = None) -> LedgerError:
    """What SQLite, or the system under it, said of the file, with the remedy. On a full disk the ballast is given up."""
    code = _code(error)
    if code in (sqlite3.SQLITE_IOERR, sqlite3.SQLITE_CANTOPEN) and takes_no_writes(path):
        code = sqlite3.SQLITE_READONLY
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
    kind = LedgerDamaged if code in _DAMAGE else LedgerError
    if code == sqlite3.SQLITE_FULL and ballast is not None and ballast.give_up():
        kind = LedgerFull
    who = "the system" if isinstance(error, OSError) else "SQLite"
    return kind(f"ledger {path}: {remedies.get(code, 'stop the kiosk and start it again')} ({who} says {error}, {name})")


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
        sync_folder(path.parent)
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


@functools.cache
def _newest() -> int:
    return len(migrations(SCHEMA))


@functools.cache
def _guards() -> dict[str, str | None]:
    """By name the SQL of all that the schema makes."""
    connection = sqlite3.connect(":memory:")
    connection.deserialize(_template())
    made = dict(connection.execute(_SCHEMA_NOW).fetchall())
    connection.close()
    return made


_SCHEMA_NOW = "SELECT name, sql FROM sqlite_schema WHERE name NOT LIKE 'sqlite_stat%'"


def _code(error: Exception) -> int:
    """SQLite's primary code, also of what the system says; a text that is no UTF-8 any more has none, and is damage as well."""
    if isinstance(error, OSError):
        return _OF_THE_SYSTEM.get(error.errno or 0, sqlite3.SQLITE_IOERR)
    if isinstance(error, UnicodeDecodeError) or "Could not decode to UTF-8" in str(error):
        return sqlite3.SQLITE_CORRUPT
    return getattr(error, "sqlite_errorcode", 0) & 0xFF


def _one(connection: sqlite3.Connection, sql: str) -> int | str:
    value: int | str = connection.execute(sql).fetchone()[0]
    return value


def _row(cursor: sqlite3.Cursor, values: tuple[Any, ...]) -> Row:
    return {column[0]: value for column, value in zip(cursor.description, values, strict=True)}
