"""What the ledger promises of its file: made safely, held alone, never overwritten, and true after whatever the disk does.

Processes are real and really killed, disks are really full, write errors are the kernel's.
"""

from __future__ import annotations

import contextlib
import errno
import itertools
import os
import random
import re
import resource
import shutil
import signal
import sqlite3
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from kiosk.core.commands import Update
from kiosk.core.errors import LedgerBusy, LedgerError
from kiosk.core.model import OrderState, SaleState
from kiosk.payment import ledger_file
from kiosk.payment.inbox import Notification
from kiosk.payment.ledger import SqliteLedger
from kiosk.payment.ledger_file import LedgerFile, migrations
from kiosk.payment.versions import SCHEMA
from tests.history import history_of
from tests.ledger_samples import child, keyed, number, order, paid, told

S = OrderState


@pytest.fixture
def path(tmp_path: Path) -> Path:
    """Where a ledger may be made."""
    return tmp_path / "kiosk.db"


def opened(path: Path, generation: str = "aa") -> SqliteLedger:
    """The ledger at `path`."""
    return SqliteLedger.open(path, generation=lambda: generation, now=1)


@contextlib.contextmanager
def ledger_at(path: Path) -> Iterator[SqliteLedger]:
    """The ledger at `path`, closed afterwards."""
    with contextlib.closing(opened(path)) as ledger:
        yield ledger


def log_of(path: Path) -> Path:
    """The write-ahead log that lies beside it."""
    return path.with_name(f"{path.name}-wal")


# --- making and opening ---


def test_a_ledger_is_made_once_and_keeps_its_generation(path: Path) -> None:
    """The second opening does not ask for another generation, which would let numbers repeat."""
    with ledger_at(path) as ledger:
        ledger.commit(keyed(1), at=9)
    with contextlib.closing(opened(path, generation="bb")) as again:
        assert again.generation == "aa"
        assert again.load(0).counters == {"260105": 1}
        assert again.order(number(1)) == order(1)


def test_the_ledger_is_its_owners_alone(path: Path) -> None:
    """Mode 0600, whatever the umask, the log too; a wider mode found at opening is narrowed."""
    before = os.umask(0)
    try:
        with ledger_at(path) as ledger:
            ledger.commit(keyed(1), at=9)
            modes = [file.stat().st_mode & 0o777 for file in (path, log_of(path))]
    finally:
        os.umask(before)
    assert modes == [0o600, 0o600]
    path.chmod(0o644)
    with ledger_at(path):
        assert path.stat().st_mode & 0o777 == 0o600


def test_the_settings_that_make_a_commit_durable_are_on(path: Path) -> None:
    """Read back from the open connection; the shared-memory file of a log that others could read is not there."""
    with ledger_at(path) as ledger:
        ledger.commit(keyed(1), at=9)
        taken = {
            name: next(iter(ledger._file.rows(f"PRAGMA {name}")[0].values()))
            for name in ("journal_mode", "locking_mode", "synchronous", "foreign_keys", "trusted_schema", "wal_autocheckpoint")
        }
        assert taken == {
            "journal_mode": "wal",
            "locking_mode": "exclusive",
            "synchronous": 2,
            "foreign_keys": 1,
            "trusted_schema": 0,
            "wal_autocheckpoint": 0,
        }
        assert not path.with_name("kiosk.db-shm").exists()


@pytest.mark.skipif(shutil.which("strace") is None, reason="strace not installed: apt-get install strace")
def test_each_commit_is_synced_once_before_it_returns(path: Path, tmp_path: Path) -> None:
    """And the folder when the file is made: counted by the kernel's own word. getppid marks each return."""
    trace = tmp_path / "trace"
    program = (
        "import sys, os\nfrom pathlib import Path\nfrom tests.ledger_samples import keyed\n"
        "from kiosk.payment.ledger import SqliteLedger\n"
        "ledger = SqliteLedger.open(Path(sys.argv[1]), generation=lambda: 'aa', now=1)\n"
        "for counter in range(1, 11):\n    ledger.commit(keyed(counter), at=9)\n    os.getppid()\n"
        "os.kill(os.getpid(), 9)\n"
    )
    command = ["strace", "-y", "-o", str(trace), "-e", "trace=fsync,fdatasync,getppid", sys.executable, "-c", program, str(path)]
    run = subprocess.run(command, check=False, cwd=Path(__file__).parent.parent, capture_output=True, text=True)
    if "ptrace" in run.stderr:
        pytest.skip(f"strace may not trace here: {run.stderr.strip()}")
    calls = re.findall(r"^(fsync|fdatasync|getppid)\((?:\d+<(.*)>)?\)", trace.read_text(), re.MULTILINE)
    assert ("fsync", str(tmp_path)) in calls
    synced_and_returned = [("fdatasync", str(log_of(path))), ("getppid", "")]
    assert calls[calls.index(("getppid", "")) + 1 :] == synced_and_returned * 9


def test_a_missing_folder_is_named_with_the_remedy(tmp_path: Path) -> None:
    """It is not made: a typing error in the path must not begin an empty ledger elsewhere."""
    with pytest.raises(LedgerError, match=r"the folder .*/nowhere is missing; make it, or correct \[ledger\] path"):
        opened(tmp_path / "nowhere" / "kiosk.db")
    assert not (tmp_path / "nowhere").exists()


def test_a_folder_in_place_of_the_file_is_refused(tmp_path: Path) -> None:
    """In words that name it."""
    (tmp_path / "kiosk.db").mkdir()
    with pytest.raises(LedgerError, match=f"ledger {tmp_path}/kiosk.db: it cannot be opened; check its owner"):
        opened(tmp_path / "kiosk.db")


# --- never overwritten ---


def foreign(path: Path) -> None:
    """Another program's database."""
    with contextlib.closing(sqlite3.connect(path)) as other:
        other.execute("CREATE TABLE songs (title TEXT)")
        other.commit()


def newer(path: Path) -> None:
    """The ledger of a kiosk of the future."""
    opened(path).close()
    with contextlib.closing(sqlite3.connect(path)) as later:
        later.execute("PRAGMA user_version = 99")


def text(path: Path) -> None:
    """No database at all."""
    path.write_text("Dear diary, " * 1000)


def without_head(path: Path) -> None:
    """A ledger whose first page the card has lost."""
    with ledger_at(path) as ledger:
        ledger.commit(keyed(1), at=9)
    with path.open("r+b") as file:
        file.write(b"\xff" * 4096)


@pytest.mark.parametrize(
    ("made", "words"),
    [
        (foreign, r"another program's database; correct \[ledger\] path, or move the file away"),
        (newer, r"version 99, and this kiosk knows \d+; install the newer kiosk again"),
        (text, "it is no ledger; keep it, move it away, and put the right file back"),
        (without_head, "it is no ledger; keep it"),
    ],
)
def test_a_file_that_is_not_ours_to_write_stays_as_it_is(path: Path, made: Callable[[Path], None], words: str) -> None:
    """Refused with its path and the remedy, not a byte changed, and nothing left beside it."""
    made(path)
    before = path.read_bytes()
    with pytest.raises(LedgerError, match=f"ledger {path}: .*{words}"):
        opened(path)
    assert path.read_bytes() == before
    assert [file.name for file in path.parent.iterdir()] == ["kiosk.db"]


@pytest.mark.parametrize("file", ["missing", "empty"])
def test_a_log_without_its_ledger_is_not_thrown_away(path: Path, file: str) -> None:
    """SQLite would delete it, and the last sales with it."""

    def kiosk(_: Callable[[str], None]) -> None:
        opened(path).commit(keyed(1), at=9)
        os.kill(os.getpid(), signal.SIGKILL)  # leaves the log behind

    pid, pipe = child(kiosk)
    os.waitpid(pid, 0)
    os.close(pipe)
    log = log_of(path).read_bytes()
    assert log
    path.unlink()
    if file == "empty":
        path.touch()
    with pytest.raises(LedgerError, match=f"ledger {path}: empty or missing, but not its log {log_of(path)}; put the file back"):
        opened(path)
    assert log_of(path).read_bytes() == log


def sold(path: Path) -> int:
    """Fill the ledger with 100 sales; returns where in the file the index over opened_at begins."""
    with ledger_at(path) as ledger:
        for counter in range(1, 101):
            ledger.commit(keyed(counter, S.PAID), at=9)
        (root,) = ledger._file.rows("SELECT rootpage FROM sqlite_schema WHERE name = 'orders_by_time'")
    return (int(root["rootpage"]) - 1) * 4096


def test_a_damaged_page_is_an_error_and_ends_the_commits(path: Path) -> None:
    """Reading it raises LedgerError with the remedy; from then on nothing is committed; a check of the file finds it."""
    place = sold(path)
    with path.open("r+b") as file:
        file.seek(place)
        file.write(b"\xff" * 4096)
    with ledger_at(path) as ledger:
        with pytest.raises(LedgerError, match="it is damaged; keep it as evidence, move it away together with its -wal"):
            ledger.lines(0, 100_000)
        with pytest.raises(LedgerError, match=r"it is damaged.*nothing is committed until it was opened again"):
            ledger.commit(keyed(101), at=9)
        assert [problem for problem in ledger.problems() if "damaged" in problem]


def test_a_check_finds_a_row_that_differs_from_its_index(path: Path) -> None:
    """A flipped digit that no reading would notice."""
    sold(path)
    with ledger_at(path) as ledger:
        assert ledger.problems() == []
    path.write_bytes(path.read_bytes().replace(number(50).encode(), number(59).encode(), 1))
    with ledger_at(path) as ledger:
        assert ledger.problems() != []


# --- held alone ---


def test_a_second_kiosk_is_refused_at_once(path: Path) -> None:
    """In another process and in this one; the second try does not loosen the first one's hold; its end does."""

    def another() -> str:  # not forked: a fork would inherit what SQLite remembers of its locks
        program = (
            "import sys\nfrom pathlib import Path\nfrom kiosk.payment.ledger import SqliteLedger\n"
            "SqliteLedger.open(Path(sys.argv[1]), generation=lambda: 'aa', now=1)\n"
        )
        run = subprocess.run([sys.executable, "-c", program, str(path)], check=False, capture_output=True, text=True)
        return run.stderr.strip().rpartition("\n")[2]

    refusal = f"kiosk.core.errors.LedgerBusy: ledger {path}: another kiosk holds it; ask the running one, or stop it first"
    with ledger_at(path) as ledger:
        assert another() == refusal
        with pytest.raises(LedgerBusy, match="another kiosk holds it"):
            opened(path)
        assert another() == refusal
        ledger.commit(keyed(1), at=9)
    assert another() == ""


# --- the plug ---


def test_no_acknowledged_commit_is_lost_when_the_process_is_killed(path: Path) -> None:
    """15 times, at any moment, also while it checkpoints.

    What the process had acknowledged is there, what it had not is there whole or not at all, and the file is sound.
    """
    seed = random.randrange(2**32)
    chance = random.Random(seed)

    def sell(tell: Callable[[str], None]) -> None:
        ledger_file.CHECKPOINT_ALWAYS = 20 * ledger_file.PAGE
        ledger = opened(path)
        counter = max(ledger.load(0).counters.values(), default=0)
        while True:
            counter += 1
            ledger.commit(keyed(counter), at=counter)
            tell(f"{counter} ARMED")
            ledger.commit([Update(order(counter, S.SENT), "sent")], at=counter)
            tell(f"{counter} SENT")
            ledger.commit(paid(counter), at=counter)
            tell(f"{counter} PAID")

    acknowledged = 0
    before = 0  # the highest counter of the rounds before
    for _ in range(15):
        pid, pipe = child(sell)
        with os.fdopen(pipe) as lines:
            said = [lines.readline() for _ in range(chance.randrange(1, 60))]
            os.kill(pid, signal.SIGKILL)
            said += lines.readlines()
        os.waitpid(pid, 0)
        promised = dict(line.split() for line in said if line.endswith("\n"))  # the last one may have been cut
        with ledger_at(path) as ledger:
            assert ledger.problems() == [], f"seed {seed}"
            last = max(before, *map(int, promised))
            for counter in range(before + 1, last + 2):
                fault = told_apart(ledger, counter, promised.get(str(counter)))
                assert fault is None, f"{fault}; seed {seed}"
            before = max(ledger.load(0).counters.values())
        acknowledged += len(promised)
    assert acknowledged > 15


def told_apart(ledger: SqliteLedger, counter: int, promised: str | None) -> str | None:
    """What is wrong with this order after a kill: fallen behind what was acknowledged, or half of a commit."""
    life = ["ARMED", "SENT", "PAID"]
    found, sold = ledger.order(number(counter)), ledger.sale(f"S-{number(counter)}")
    walked = [line.became for line in history_of(ledger, number(counter)) if line.kind == "order"]
    if found is None or sold is None:
        nothing = found is None and sold is None and not walked and promised is None
        return None if nothing else f"{counter}, acknowledged {promised}, is lost or half there"
    if promised is not None and life.index(found.state) < life.index(promised):
        return f"{counter} was acknowledged {promised} and is {found.state}"
    whole = walked == life[: life.index(found.state) + 1] and (found.state is S.PAID) == (sold.state is SaleState.PAID)
    return None if whole else f"{counter} is {found.state}, its sale {sold.state}, its history {walked}"


def test_opening_after_a_kill_writes_the_log_into_the_file_afresh(path: Path) -> None:
    """What a sync that failed before has left in doubt is written and synced again; the log begins anew."""

    def sell(tell: Callable[[str], None]) -> None:
        ledger = opened(path)
        for counter in range(1, 51):
            ledger.commit(keyed(counter), at=9)
        tell(str(log_of(path).stat().st_size))
        os.kill(os.getpid(), signal.SIGKILL)

    pid, pipe = child(sell)
    with os.fdopen(pipe) as lines:
        left = int(lines.read())
    os.waitpid(pid, 0)
    assert log_of(path).stat().st_size == left
    with ledger_at(path) as ledger:
        assert log_of(path).stat().st_size < left / 10
        assert len(ledger.load(0).orders) == 50


# --- the disk ---


def test_after_a_write_error_nothing_is_committed_until_opened_again(path: Path) -> None:
    """The kernel refuses a write: LedgerError, nothing kept, no open transaction.

    The next commit is refused although the disk would take it. Opened anew, all that was acknowledged is there.
    """

    def sell(tell: Callable[[str], None]) -> None:
        ledger = opened(path)
        ledger.commit(keyed(1), at=9)
        _, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
        resource.setrlimit(resource.RLIMIT_FSIZE, (log_of(path).stat().st_size + 100, hard))
        for counter in (2, 3):
            try:
                ledger.commit(keyed(counter), at=9)
            except LedgerError as error:
                tell(str(error))
            tell(f"in transaction: {ledger._file._connection.in_transaction}")
            resource.setrlimit(resource.RLIMIT_FSIZE, (hard, hard))
        ledger.idle(0, lambda: True)
        ledger.close()

    first, in_transaction, second, _ = told(sell)
    assert first.startswith(f"ledger {path}: the disk ")
    assert second == f"{first}; nothing is committed until it was opened again"
    assert in_transaction == "in transaction: False"
    with ledger_at(path) as ledger:
        assert ledger.order(number(1)) == order(1)
        assert ledger.order(number(3)) is None
        ledger.commit(keyed(3), at=9)
        assert ledger.problems() == []


def fill(ledger: SqliteLedger, first: int) -> tuple[int, str]:
    """Commit sale after sale until one is refused: its counter, and the words."""
    for counter in itertools.count(first):
        try:
            ledger.commit(keyed(counter), at=9)
        except LedgerError as error:
            return counter, str(error)
    raise AssertionError


def test_a_full_ledger_says_so(path: Path) -> None:
    """SQLITE_FULL, provoked by a limit of pages: the words name the remedy, what was there stays readable."""
    with ledger_at(path) as ledger:
        ledger.commit(keyed(1), at=9)
        pages = ledger._file.rows("PRAGMA page_count")[0]["page_count"]
        ledger._file.rows(f"PRAGMA max_page_count = {pages}")
        counter, refusal = fill(ledger, first=2)
        assert refusal.startswith(f"ledger {path}: the disk is full; free some space, then start again")
        assert counter > 2
        assert ledger.order(number(counter)) is None
        assert ledger.order(number(counter - 1)) == order(counter - 1)
        with pytest.raises(LedgerError, match="nothing is committed until it was opened again"):
            ledger.commit(keyed(counter), at=9)


def test_a_log_that_cannot_be_looked_at_ends_the_commits(path: Path) -> None:
    """The commit before it is durable and stays acknowledged; the next is refused in the ledger's words, not the system's."""

    class Sick:
        """A file whose length the disk cannot tell."""

        def exists(self) -> bool:
            raise OSError(errno.EIO, os.strerror(errno.EIO))

    with ledger_at(path) as ledger:
        ledger._file._log = Sick()  # type: ignore[misc,assignment]
        ledger.commit(keyed(1), at=9)
        with pytest.raises(LedgerError, match=r"the disk failed; .*the system says .*Input/output error"):
            ledger.commit(keyed(2), at=9)
        assert ledger.order(number(1)) == order(1)


@pytest.fixture
def small_disk(tmp_path: Path) -> Iterator[Path]:
    """A disk of one megabyte; needs the right to mount one."""
    folder = tmp_path / "small"
    folder.mkdir()
    command = ["mount", "-t", "tmpfs", "-o", "size=1m", "none", str(folder)]
    mounted = subprocess.run(command, capture_output=True, text=True, check=False)
    if mounted.returncode:
        pytest.skip(f"cannot mount a small disk: {mounted.stderr.strip()}")
    yield folder
    subprocess.run(["umount", folder], check=True)


def test_a_full_disk_loses_nothing_and_goes_on_when_there_is_room(small_disk: Path) -> None:
    """Commits until the disk is full; all that were acknowledged are there once something was deleted."""
    ballast, path = small_disk / "ballast", small_disk / "kiosk.db"
    ballast.write_bytes(bytes(300_000))
    ledger = opened(path)
    counter, refusal = fill(ledger, first=1)
    assert "the disk is full" in refusal
    ledger.close()
    ballast.unlink()
    with ledger_at(path) as again:
        assert again.problems() == []
        assert all(again.order(number(kept)) == order(kept) for kept in range(1, counter))
        again.commit(keyed(counter + 1), at=9)


def test_the_log_is_emptied_when_idle_and_has_a_cap(path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Rarely: an idle moment with little in the log is let pass; a kiosk that is never idle does it at the cap."""
    with ledger_at(path) as ledger:
        ledger.commit(keyed(1), at=9)
        ledger.idle(0, lambda: True)
        one = log_of(path).stat().st_size
        ledger.idle(0, lambda: True)
        assert log_of(path).stat().st_size == one > 0
        monkeypatch.setattr(ledger_file, "CHECKPOINT_IDLE", one - 1)
        ledger.idle(0, lambda: True)
        assert log_of(path).stat().st_size == 0
        ledger.commit(keyed(2), at=9)
        one = log_of(path).stat().st_size  # of a commit alone, without the making of the tables
        monkeypatch.setattr(ledger_file, "CHECKPOINT_ALWAYS", 10 * one)
        sizes = []
        for counter in range(3, 60):
            ledger.commit(keyed(counter), at=9)
            sizes.append(log_of(path).stat().st_size)
        assert 0 in sizes
        assert max(sizes) <= 10 * one


# --- versions ---


NEWEST = len(migrations(SCHEMA))
NEXT = f"{NEWEST + 1:04}.sql"


@pytest.fixture
def schema(tmp_path: Path) -> Path:
    """A folder with the schema as it is, to add to."""
    folder = tmp_path / "schema"
    folder.mkdir()
    for version, sql in enumerate(migrations(SCHEMA), 1):
        (folder / f"{version:04}.sql").write_text(sql, encoding="utf-8")
    return folder


def test_a_ledger_is_brought_to_the_newest_version(path: Path, schema: Path) -> None:
    """Only what is missing is applied, and the rows stay; the older kiosk then refuses it."""
    with ledger_at(path) as ledger:
        ledger.commit(keyed(1), at=9)
    (schema / NEXT).write_text("ALTER TABLE sales ADD COLUMN receipt TEXT;\nCREATE TABLE next (at INTEGER) STRICT; -- ")
    for _ in range(2):
        with contextlib.closing(LedgerFile.open(path, schema)) as file:
            assert file.rows("PRAGMA user_version") == [{"user_version": NEWEST + 1}]
            assert file.rows("SELECT sale_id, receipt FROM sales") == [{"sale_id": f"S-{number(1)}", "receipt": None}]
    (schema / NEXT).unlink()
    with pytest.raises(LedgerError, match=f"version {NEWEST + 1}, and this kiosk knows {NEWEST}"):
        LedgerFile.open(path, schema)


def test_a_ledger_of_the_first_version_gains_a_place_for_notifications(path: Path, schema: Path) -> None:
    """A kiosk that sold before there was one keeps what it has, and takes up notifications from then on."""
    for later in sorted(schema.iterdir())[1:]:
        later.unlink()
    with contextlib.closing(LedgerFile.open(path, schema)) as file, file.transaction():
        file.change("INSERT INTO sales VALUES ('S-1', 1250, 'HKD', 1, 'paid')", ())
    with ledger_at(path) as ledger:
        assert ledger.sale("S-1") is not None
        assert ledger.keep_notification(Notification("EV-1", 9, "TRANSACTION.SUCCESS", number(1), None, 9))


def test_a_version_that_fails_leaves_the_one_before(path: Path, schema: Path) -> None:
    """Whole or not at all, as every commit; and the old kiosk still opens it."""
    opened(path).close()
    (schema / NEXT).write_text("CREATE TABLE next (began_at INTEGER) STRICT;\nCREATE TABLE sales (again TEXT);")
    with pytest.raises(LedgerError, match="table sales already exists"):
        LedgerFile.open(path, schema)
    with ledger_at(path) as ledger:
        assert ledger._file.rows("PRAGMA user_version") == [{"user_version": NEWEST}]
        assert ledger._file.rows("SELECT name FROM sqlite_schema WHERE name = 'next'") == []


def test_a_gap_in_the_versions_is_refused(path: Path, schema: Path) -> None:
    """Before the file is touched."""
    (schema / f"{NEWEST + 2:04}.sql").write_text("CREATE TABLE next (began_at INTEGER) STRICT;")
    with pytest.raises(LedgerError, match=rf"without a gap, found \[.*'{NEWEST + 2:04}.sql'\]; install again"):
        LedgerFile.open(path, schema)
    assert not path.exists()
