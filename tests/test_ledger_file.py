"""The ledger's file when something about it is not as it should be: each refusal has its words, and each question its end."""

from __future__ import annotations

import contextlib
import os
import resource
import sqlite3
from collections.abc import Iterator
from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import NoReturn

import pytest

from kiosk.core.commands import Keep
from kiosk.core.differences import Difference, Moved, Standing, What
from kiosk.core.errors import LedgerDamaged, LedgerError
from kiosk.core.model import OrderState
from kiosk.payment import ledger_file, reconciliations
from kiosk.payment.ballast import SIZE, Ballast
from kiosk.payment.disk import takes_no_writes
from kiosk.payment.history import Loss
from kiosk.payment.ledger import SqliteLedger
from kiosk.payment.ledger_file import LedgerFile
from tests.ledger_samples import keyed, number


@pytest.fixture
def path(tmp_path: Path) -> Path:
    """A ledger with a hundred sales, closed."""
    path = tmp_path / "kiosk.db"
    with contextlib.closing(SqliteLedger.open(path, generation=lambda: "aa", now=1)) as ledger:
        for counter in range(1, 101):
            ledger.commit(keyed(counter, OrderState.PAID), at=9)
    return path


@pytest.fixture
def file(path: Path) -> Iterator[LedgerFile]:
    """The same, open."""
    with contextlib.closing(LedgerFile.open(path)) as file:
        yield file


# --- a look at the structure ---


def test_a_look_that_takes_too_long_is_broken_off_and_found_nothing(file: LedgerFile, monkeypatch: pytest.MonkeyPatch) -> None:
    """The loop's heart beats meanwhile; with time enough it comes to its end."""
    monkeypatch.setattr(ledger_file, "LOOK_EACH", 10)
    beats: list[None] = []
    assert file.quick_check(-1, lambda: beats.append(None)) == []
    assert len(beats) == 1
    assert file.quick_check(60, lambda: beats.append(None)) == []
    assert len(beats) > 10
    assert file.failure is None


class Damaged:
    """A connection to a file whose pages make no sense."""

    def set_progress_handler(self, *_: object) -> None:
        pass

    def execute(self, *_: object, **__: object) -> NoReturn:
        error = sqlite3.DatabaseError("database disk image is malformed")
        error.sqlite_errorcode, error.sqlite_errorname = sqlite3.SQLITE_CORRUPT, "SQLITE_CORRUPT"
        raise error

    backup = execute

    def close(self) -> None:
        pass


def damaged(path: Path) -> LedgerFile:
    """A ledger that was well when it was opened."""
    return LedgerFile(Damaged(), path)  # type: ignore[arg-type]  all that is asked of a connection here


def test_a_look_that_cannot_even_begin_says_that_the_ledger_is_damaged(tmp_path: Path) -> None:
    """And from then on it takes nothing."""
    file = damaged(tmp_path / "kiosk.db")
    with pytest.raises(LedgerDamaged, match="it is damaged"):
        file.quick_check(60, lambda: None)
    assert isinstance(file.failure, LedgerDamaged)


def test_a_question_that_is_put_wrongly_is_our_mistake_and_not_the_disks(file: LedgerFile) -> None:
    """The ledger goes on."""
    with pytest.raises(sqlite3.ProgrammingError):
        list(file.each("SELECT ?", ()))
    with pytest.raises(sqlite3.ProgrammingError):
        file.rows("SELECT ?", ())
    assert file.failure is None
    with file.transaction():
        pass


# --- a copy ---


def test_a_copy_that_the_disk_does_not_take_leaves_none_and_the_ledger_well(file: LedgerFile, tmp_path: Path) -> None:
    """The kernel refuses it."""
    copy = tmp_path / "copy"
    soft, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (8192, hard))
    try:
        with pytest.raises(OSError, match="the copy failed"):
            file.copy_to(copy, lambda: True)
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, (soft, hard))
    assert not copy.exists()
    assert file.failure is None
    assert file.copy_to(copy, lambda: True)


def test_a_ledger_that_cannot_be_copied_because_it_is_damaged_is_let_go_of(tmp_path: Path) -> None:
    """Nothing is lacking to the disk of the copy."""
    file = damaged(tmp_path / "kiosk.db")
    with pytest.raises(LedgerDamaged):
        file.copy_to(tmp_path / "copy", lambda: True)
    assert isinstance(file.failure, LedgerDamaged)
    assert not (tmp_path / "copy").exists()


# --- where it lies ---


def test_a_path_through_a_file_is_named_with_the_remedy(tmp_path: Path) -> None:
    """`[ledger] path` names something below a file."""
    (tmp_path / "kiosk").write_text("")
    with pytest.raises(LedgerError, match=r"Not a directory; check the owner and the disk, or correct \[ledger\] path"):
        LedgerFile.open(tmp_path / "kiosk" / "kiosk.db")


def test_a_setting_that_sqlite_does_not_take_is_no_ledger_to_sell_with(tmp_path: Path) -> None:
    """As a write-ahead log on a disk of the network."""
    with (
        contextlib.closing(sqlite3.connect(":memory:")) as base,
        pytest.raises(LedgerError, match="journal_mode is memory where wal is needed; move the ledger to a local disk"),
    ):
        ledger_file._set(base, tmp_path / "kiosk.db", {"journal_mode": "wal"})


def test_a_closed_or_failed_ledger_does_nothing_in_a_quiet_moment(path: Path) -> None:
    """Not even a checkpoint, which would write."""
    ledger = SqliteLedger.open(path, generation=lambda: "aa", now=1)
    ledger._file.failure = LedgerError("the card did not answer")
    ledger.idle(9, lambda: True)
    ledger.close()
    ledger._file.idle()


def test_of_a_place_that_is_not_there_nobody_can_say_that_it_takes_no_writes(tmp_path: Path) -> None:
    """The ledger says itself what is wrong."""
    assert not takes_no_writes(tmp_path / "missing" / "kiosk.db")


def test_a_ballast_that_cannot_be_looked_at_is_said_with_the_remedy(tmp_path: Path) -> None:
    """Nothing new is begun while nobody knows whether there is room."""
    (tmp_path / "kiosk").write_text("")
    said = Ballast(tmp_path / "kiosk" / "kiosk.db").restore()
    assert said is not None
    assert os.strerror(20) in said


def test_half_a_ballast_is_made_whole(tmp_path: Path) -> None:
    """Of a kiosk that was cut off, or a file with holes: it would give up nothing."""
    ballast = Ballast(tmp_path / "kiosk.db")
    with ballast.path.open("wb") as file:
        file.truncate(SIZE)
    assert ballast.restore() is None
    assert ballast.path.stat().st_blocks * 512 >= SIZE


# --- many rows ---


def test_a_day_of_many_orders_is_read_slice_by_slice(file: LedgerFile, monkeypatch: pytest.MonkeyPatch) -> None:
    """Each once, in its order, then the refunds; nothing is read in one go that takes long."""
    monkeypatch.setattr(reconciliations, "SLICE", 30)
    at: reconciliations.Cursor | None = reconciliations.Cursor()
    sizes, seen = [], []
    while at is not None:
        rows, at = reconciliations.slice_of(file, 0, 1 << 60, at)
        sizes.append(len(rows))
        seen += [row[0] for row in rows]
    assert sizes == [30, 30, 30, 10, 0]
    assert seen == [number(counter) for counter in range(1, 101)]


def test_what_waits_for_a_person_is_counted_day_by_day(path: Path) -> None:
    """From when on somebody has looked, only what came later is news."""
    with contextlib.closing(SqliteLedger.open(path, generation=lambda: "aa", now=1)) as ledger:
        for counter, standing in enumerate((Standing.ATTENTION, Standing.ATTENTION, Standing.SETTLED)):
            name, day = number(counter + 1), f"2026-01-0{counter + 4}"
            found = Difference(day, Moved.PAYMENT, name, name, What.ONLY_OURS, 5, "PAID", noted_at=counter + 1)
            ledger.commit([Keep(found)], at=9)
            settled = replace(ledger.read(reconciliations.differences)[-1], standing=standing, note="so")
            ledger.commit([Keep(replace(settled, settled_at=9 if standing is Standing.SETTLED else None))], at=9)
        assert ledger.read(partial(reconciliations.for_a_person, since=0)) == 2
        assert ledger.read(partial(reconciliations.for_a_person, since=1)) == 1
        counted = ledger.read(partial(reconciliations.counts, first="2026-01-05"))
        assert counted == {("2026-01-05", "attention"): 1, ("2026-01-06", "settled"): 1}
        assert ledger.read(reconciliations.first_opened_at) == 1000
    with contextlib.closing(SqliteLedger.in_memory()) as empty:
        assert empty.read(reconciliations.first_opened_at) is None


def test_a_generation_that_was_asked_for_to_its_end_lacks_nothing_any_more(tmp_path: Path) -> None:
    """`kiosk recover` says when it is through; once is enough."""
    loss = Loss("zz", 0, "lost with the card")
    with contextlib.closing(SqliteLedger.open(tmp_path / "new.db", generation=lambda: "aa", now=1, losses=(loss,))) as ledger:
        ledger.recovered("zz", 7)
        ledger.recovered("zz", 8)
        assert [lost.recovered_at for lost in ledger.losses()] == [7]
