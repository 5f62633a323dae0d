"""What becomes of a kiosk whose ledger is damaged: evidence is kept, the newest sound backup sells on, no number repeats."""

from __future__ import annotations

import contextlib
import io
import json
import logging
import os
import shutil
import signal
import subprocess
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from kiosk.core.commands import Insert
from kiosk.core.errors import LedgerBusy, LedgerDamaged, LedgerError, LedgerFull
from kiosk.core.model import OrderState
from kiosk.payment import audit, backups, keeper
from kiosk.payment.backups import EACH_MS, EACH_SALES, Backups
from kiosk.payment.chain import ChainKey
from kiosk.payment.keeper import Keeper, evidence_of, remembered
from kiosk.payment.kept import AGAIN_MS, KeptLedger
from kiosk.payment.ledger import SqliteLedger
from tests.ledger_samples import keyed, number, order, sale
from tests.test_ledger_chain import by_hand

S = OrderState
KEY = ChainKey("k1", b"of the shop")
DAY = EACH_MS
NOON = 1_767_600_000_000


class Shop:
    """A kiosk's ledger and its keeper. Generations are made in the order aa, ab, ac."""

    def __init__(self, folder: Path) -> None:
        self.path = folder / "kiosk.db"
        self.backups = Backups(self.path, folder, [KEY])
        self.keeper = self.another_start()

    def another_start(self) -> Keeper:
        """The keeper of a process that begins."""
        self.keeper = Keeper(self.path, self.backups, KEY, lambda used: next(each for each in NAMES if each not in used), _none)
        return self.keeper

    @contextlib.contextmanager
    def open(self, now: int = NOON) -> Iterator[KeptLedger]:
        """The ledger, closed afterwards."""
        with contextlib.closing(self.keeper.open(now)) as ledger:
            yield ledger

    def back_up(self, ledger: KeptLedger, now: int) -> audit.Verdict:
        """A quiet moment that makes a backup, and waits for its check."""
        ledger.idle(now, _quiet)
        verdict = self.backups.result(wait_s=60)
        assert verdict is not None
        return verdict

    def sold(self, first: int, last: int, now: int = NOON) -> None:
        """Sales of a kiosk that runs and stops; and a backup of them."""
        with self.open(now) as ledger:
            for counter in range(first, last + 1):
                ledger.commit(keyed(counter, S.PAID), at=now)
            assert self.back_up(ledger, now).well


NAMES = ["aa", "ab", "ac", "ad", "ae"]


def _quiet() -> bool:
    return True


def _none() -> None:
    return None


@pytest.fixture
def shop(tmp_path: Path) -> Shop:
    """A kiosk's folder."""
    return Shop(tmp_path)


def damage(path: Path) -> None:
    """The page that everything begins with is lost."""
    with path.open("r+b") as file:
        file.seek(100)
        file.write(b"\xff" * 3996)


# --- backups ---


def test_three_backups_are_kept_and_each_is_sound(shop: Shop) -> None:
    """Once a day; the oldest makes room for the fourth; nothing else is left beside them."""
    with shop.open() as ledger:
        for day in range(4):
            ledger.commit(keyed(day + 1, S.PAID), at=day)
            assert shop.back_up(ledger, NOON + day * DAY).well
            assert shop.backups.newest_at() == NOON + day * DAY
    made = shop.backups.newest_first()
    assert [audit.check(backup, [KEY]).reaches for backup in made] == [8, 6, 4]
    assert sorted(file.name for file in shop.path.parent.iterdir()) == [
        *("kiosk.db", "kiosk.db.backup-1", "kiosk.db.backup-2", "kiosk.db.backup-3", "kiosk.db.ballast", "kiosk.db.generations"),
    ]
    assert {file.stat().st_mode & 0o777 for file in shop.path.parent.iterdir()} == {0o600}


def test_a_backup_is_due_after_a_day_or_two_hundred_sales(shop: Shop) -> None:
    """And when there is none yet; also when the clock says that the newest is of tomorrow."""
    due = shop.backups.due
    assert due(NOON, lambda _at, _most: 0)
    shop.sold(1, 1)
    assert not due(NOON + DAY - 1, lambda _at, _most: EACH_SALES - 1)
    assert due(NOON + DAY, lambda _at, _most: 0)
    assert due(NOON, lambda at, _most: EACH_SALES if at == NOON else 0)
    assert due(NOON - 1, lambda _at, _most: 0)
    with shop.open() as ledger:
        late = [Insert(sale(9), "keyed"), Insert(order(9, S.VOID, opened_at=NOON + 1), "armed")]
        ledger.commit(late, at=9)
        assert [ledger.sold_since(NOON, 10), ledger.sold_since(0, 10), ledger.sold_since(0, 1)] == [1, 2, 1]


def test_whoever_comes_while_it_is_copied_is_served_first(shop: Shop) -> None:
    """The copy is given up between two steps of it, and begun again in the next quiet moment."""
    with shop.open() as ledger:
        ledger._file.rows("PRAGMA cache_size = 10")
        for counter in range(1, 101):
            ledger.commit(keyed(counter, S.PAID), at=9)
        pages = ledger._file.rows("PRAGMA page_count")[0]["page_count"]
        looks: list[bool] = []

        def somebody_at_the_second_look() -> bool:
            looks.append(len(looks) < 1)
            return looks[-1]

        ledger.idle(NOON, somebody_at_the_second_look)
        assert looks[:2] == [True, False]
        assert not list(shop.path.parent.glob("*.backup*"))
        steps: list[None] = []
        ledger.idle(NOON, lambda: steps.append(None) is None)
        assert len(steps) >= pages / 32
        verdict = shop.backups.result(wait_s=60)
        assert verdict is not None
        assert verdict.well


def test_a_copy_of_an_edited_ledger_is_no_backup(shop: Shop) -> None:
    """It is kept under another name, the good ones stay; the kiosk sells on."""
    shop.sold(1, 3)
    with by_hand(shop.path) as base:
        base.execute("UPDATE orders SET amount = 1 WHERE out_trade_no = ?", (number(2),))
    with shop.open() as ledger:
        assert not shop.back_up(ledger, NOON + DAY).well
        assert audit.check(shop.backups.doubtful, [KEY]).doubts == [f"order {number(2)}: amount is 1, and 1250 by its history"]
        assert shop.backups.newest_at() == NOON
        ledger.commit(keyed(4), at=9)


def test_the_loop_is_told_of_a_bad_copy_at_its_next_quiet_moment(shop: Shop, caplog: pytest.LogCaptureFixture) -> None:
    """CRITICAL, with the row; the next copy is not made at once."""
    shop.sold(1, 3)
    with by_hand(shop.path) as base:
        base.execute("UPDATE orders SET amount = 1 WHERE out_trade_no = ?", (number(2),))
    with shop.open() as ledger:
        ledger.idle(NOON + DAY, _quiet)
        told = shop.backups.result
        shop.backups.result = lambda _wait_s=None: told(60)  # type: ignore[method-assign]
        ledger.idle(NOON + DAY, _quiet)
        (critical,) = [record for record in caplog.records if record.levelno == logging.CRITICAL]
        assert vars(critical)["problem"] == f"order {number(2)}: amount is 1, and 1250 by its history"
        for later, begun in ((DAY - 1, False), (DAY, True)):
            ledger.idle(NOON + DAY + later, _quiet)
            assert (shop.backups._checker is not None) is begun


def test_a_folder_without_room_or_that_is_not_there_costs_no_sale(
    shop: Shop, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    """No backup, words in the log, and the ledger as it was."""
    elsewhere = Backups(shop.path, tmp_path / "stick", [KEY])
    with shop.open() as ledger:
        assert not elsewhere.begin(ledger._file, NOON, _quiet)
        assert "no backup could be made" in caplog.text
        monkeypatch.setattr(backups, "ROOM", 1 << 60)
        assert not shop.backups.begin(ledger._file, NOON, _quiet)
        assert "no room for a backup" in caplog.text
        ledger.commit(keyed(1), at=9)


def test_a_check_that_dies_makes_no_backup(shop: Shop, caplog: pytest.LogCaptureFixture) -> None:
    """Killed, say, for want of memory."""
    with shop.open() as ledger:
        ledger.idle(NOON, _quiet)
        checker = shop.backups._checker
        assert checker is not None
        checker.kill()
        assert shop.backups.result(wait_s=60) is None
        assert shop.backups.newest_first() == []
        assert "did not come to its end" in caplog.text


# --- the ladder ---


def restored(shop: Shop, evidence: int = 1) -> None:
    """What is so after every restoring."""
    kept = evidence_of(shop.path)
    assert len(kept) == evidence
    with shop.open(NOON + 2) as ledger:
        assert ledger.problems() == []
        assert ledger.generation != "aa"
        assert ledger.generation in remembered(shop.path)
        assert ledger.load(0).counters == {}  # the new generation begins at 1, where a search finds it
        assert "aa" in [loss.generation for loss in ledger.losses() if loss.recovered_at is None]
        ledger.commit(keyed(1_000), at=9)
        assert ledger.audit([KEY]).well


def test_a_damaged_ledger_is_kept_and_the_newest_backup_sells_on(shop: Shop, caplog: pytest.LogCaptureFixture) -> None:
    """What the backup has is there; what came after it is said to be missing, since when, and of which generation."""
    shop.sold(1, 3)
    with shop.open() as ledger:
        ledger.commit(keyed(4, S.PAID), at=NOON + 1)
    damage(shop.path)
    damaged = shop.path.read_bytes()
    with shop.open(NOON + 1) as ledger:
        assert ledger.generation == "ab"
        assert [ledger.order(number(counter)) is None for counter in range(1, 5)] == [False, False, False, True]
        (loss,) = ledger.losses()
        assert (loss.generation, loss.since, loss.noticed_at) == ("aa", NOON, NOON + 1)
        assert "restored from kiosk.db.backup-1" in loss.what
    (evidence,) = evidence_of(shop.path)
    assert evidence.read_bytes() == damaged
    assert [record.levelno for record in caplog.records].count(logging.CRITICAL) == 2
    restored(shop)


def test_a_log_that_lost_its_ledger_is_kept_with_the_evidence(shop: Shop) -> None:
    """SQLite would throw it away; what it holds may be the last sales."""
    shop.sold(1, 3)
    log = shop.path.with_name("kiosk.db-wal")
    shop.path.unlink()
    log.write_bytes(b"the last sales")
    with shop.open(NOON + 1) as ledger:
        assert ledger.generation == "ab"
    (kept,) = shop.path.parent.glob("kiosk.db.damaged-*-wal")
    assert kept.read_bytes() == b"the last sales"
    restored(shop, evidence=0)


def test_a_backup_that_is_damaged_too_is_passed_over(shop: Shop) -> None:
    """The one before it takes its place; what was begun since is missing from then on."""
    shop.sold(1, 3)
    shop.sold(4, 4, NOON + DAY)
    damage(shop.backups.newest_first()[0])
    damage(shop.path)
    with shop.open(NOON + 1) as ledger:
        assert [ledger.order(number(counter)) is None for counter in (3, 4)] == [False, True]
        assert [loss.since for loss in ledger.losses()] == [NOON]
    restored(shop)


@pytest.mark.parametrize("gone", [False, True])
def test_without_any_backup_a_fresh_ledger_sells_and_knows_what_it_lacks(shop: Shop, gone: bool) -> None:
    """The generation is remembered beside the ledger, also when that is deleted."""
    with shop.open() as ledger:
        ledger.commit(keyed(1), at=9)
    if gone:
        shop.path.unlink()
    else:
        damage(shop.path)
    with shop.open(NOON + 1) as ledger:
        assert ledger.generation == "ab"
        assert ledger.order(number(1)) is None
        assert [(loss.generation, loss.since) for loss in ledger.losses()] == [("aa", 0)]
    restored(shop, evidence=0 if gone else 1)


def test_when_nothing_remembers_the_generation_the_ledger_says_that(shop: Shop) -> None:
    """Somebody has to search."""
    with shop.open():
        pass
    shop.path.with_name("kiosk.db.generations").unlink()
    damage(shop.path)
    with shop.open(NOON + 1) as ledger:
        assert [loss.generation for loss in ledger.losses()] == ["??"]


def test_no_generation_comes_back_from_an_older_backup(shop: Shop) -> None:
    """Damaged twice, and the second time only the backup of before the first is left: aa and ab have both made numbers."""
    shop.sold(1, 3)
    older = shop.backups.newest_first()[0].read_bytes()
    damage(shop.path)
    with shop.open(NOON + 1) as ledger:
        assert ledger.generation == "ab"
    for backup in shop.backups.newest_first():
        backup.write_bytes(older)
    damage(shop.path)
    with shop.open(NOON + 2) as ledger:
        assert ledger.generation == "ac"
        assert [loss.generation for loss in ledger.losses()] == ["aa", "ab"]


@pytest.mark.parametrize("step", [1, 2])
@pytest.mark.parametrize("gone", [False, True])
def test_a_kiosk_cut_off_while_it_restores_goes_on_with_it(
    shop: Shop, step: int, gone: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    """At each of its renames, and before the last of them nothing of the old generation can be sold with."""
    shop.sold(1, 3)
    if gone:
        shop.path.unlink()
        shop.path.with_name("kiosk.db-wal").write_bytes(b"the last sales")
    else:
        damage(shop.path)
    rename = Path.rename
    seen: list[Path] = []

    def cut_off(self: Path, target: Path) -> Path:
        seen.append(self)
        if len(seen) == step:
            raise KeyboardInterrupt
        return rename(self, target)

    monkeypatch.setattr(Path, "rename", cut_off)
    with pytest.raises(KeyboardInterrupt), shop.open(NOON + 1):
        pass
    monkeypatch.undo()
    assert len(seen) == step
    assert gone or step == 1 or not shop.path.exists()
    shop.another_start()
    with shop.open(NOON + 2) as ledger:
        assert ledger.generation in {"ab", "ac"}
        assert ledger.order(number(3)) is not None
    assert len(list(shop.path.parent.glob("kiosk.db.damaged-*"))) == 1
    restored(shop, evidence=0 if gone else 1)


def test_a_file_that_was_never_a_ledger_is_left_alone(shop: Shop) -> None:
    """A wrong path in kiosk.toml must not move somebody's file away."""
    shop.path.write_text("Dear diary, " * 1000)
    with pytest.raises(LedgerDamaged, match="it is no ledger"), shop.open():
        pass
    assert shop.path.read_text().startswith("Dear diary")


def test_a_ledger_that_another_kiosk_holds_is_not_restored(shop: Shop) -> None:
    """Whatever its pages look like."""
    with shop.open(), pytest.raises(LedgerBusy):
        Shop(shop.path.parent).keeper.open(NOON)
    assert evidence_of(shop.path) == []


def test_damage_found_while_selling_is_looked_at_before_it_is_sold_with_again(shop: Shop) -> None:
    """Opening alone does not touch the bad page; the keeper remembers what happened, and checks."""
    shop.sold(1, 60)
    with shop.open() as ledger:
        (root,) = ledger._file.rows("SELECT rootpage FROM sqlite_schema WHERE name = 'refunds_by_time'")
    with shop.path.open("r+b") as file:
        file.seek((int(root["rootpage"]) - 1) * 4096)
        file.write(b"\xff" * 4096)
    with shop.open() as ledger:
        assert ledger.generation == "aa"
        with pytest.raises(LedgerDamaged):
            ledger.totals(0, NOON * 2)
    with shop.open(NOON + 1) as ledger:
        assert ledger.generation == "ab"
    restored(shop)


@pytest.mark.parametrize("kind", [LedgerDamaged, LedgerError])
def test_a_disk_that_only_failed_once_costs_no_ledger(shop: Shop, kind: type[LedgerError]) -> None:
    """It is looked at, found sound, sold with; and the next quiet moment looks at all of it."""
    shop.sold(1, 3)
    with shop.open() as ledger:
        ledger._file.failure = kind("the card did not answer")
    with shop.open(NOON + 1) as ledger:
        assert ledger.generation == "aa"
        assert shop.back_up(ledger, NOON + 1).well
    assert evidence_of(shop.path) == []
    assert shop.backups.newest_at() == NOON + 1


def test_a_check_of_a_copy_that_finds_damage_stops_the_selling(shop: Shop, monkeypatch: pytest.MonkeyPatch) -> None:
    """The loop hears LedgerDamaged and lets go; a copy alone that cannot be read costs nothing."""
    shop.sold(1, 3)
    with shop.open() as ledger:
        bad = audit.Verdict(damage=["page 7 is never used"])
        monkeypatch.setattr(shop.backups, "result", lambda _wait_s=0: bad)
        ledger.idle(NOON + 1, _quiet)
        assert ledger._not_before == NOON + 1 + AGAIN_MS
        monkeypatch.setattr(ledger._file, "problems", lambda: ["page 7 is never used"])
        with pytest.raises(LedgerDamaged, match="page 7"):
            ledger.idle(NOON + 2, _quiet)
        assert isinstance(ledger.failure, LedgerDamaged)


def test_what_cannot_be_remembered_is_not_sold_with(shop: Shop) -> None:
    """A generation that only the ledger knows is lost with it."""
    shop.path.with_name("kiosk.db.generations").mkdir()
    with pytest.raises(LedgerError, match="generations cannot be written"):
        shop.keeper.open(NOON)
    with contextlib.closing(SqliteLedger.open(shop.path, generation=lambda: "zz", now=1, key=KEY)):  # it was let go of
        pass


def test_a_ledger_whose_generation_can_no_longer_be_remembered_is_let_go_of(shop: Shop) -> None:
    """It is sound, and stays as it is for the next start."""
    shop.sold(1, 1)
    memory = shop.path.with_name("kiosk.db.generations")
    kept = memory.read_bytes()
    memory.unlink()
    memory.mkdir()
    with pytest.raises(LedgerError, match="generations cannot be written"):
        shop.another_start().open(NOON)
    memory.rmdir()
    memory.write_bytes(kept)
    with shop.open() as ledger:
        assert ledger.generation == "aa"


def test_a_full_disk_that_gave_up_its_ballast_is_tried_once_more(shop: Shop, monkeypatch: pytest.MonkeyPatch) -> None:
    """Now there is room."""
    shop.sold(1, 1)
    tried: list[int] = []
    opening = shop.keeper._open

    def full_at_first(now: int) -> KeptLedger:
        tried.append(now)
        if len(tried) == 1:
            raise LedgerFull("the disk is full")
        return opening(now)

    monkeypatch.setattr(shop.keeper, "_open", full_at_first)
    with shop.open() as ledger:
        assert ledger.generation == "aa"
    assert tried == [NOON, NOON]


def test_a_restored_ledger_that_cannot_take_its_place_is_not_sold_with(shop: Shop, monkeypatch: pytest.MonkeyPatch) -> None:
    """In words; what was made is used at the next start."""
    shop.sold(1, 3)
    damage(shop.path)

    def failing(_: Path) -> None:
        raise OSError(5, os.strerror(5))

    with monkeypatch.context() as patch:
        patch.setattr(keeper, "sync_file", failing)
        with pytest.raises(LedgerError, match=r"cannot take its place .*Input/output error"):
            shop.keeper.open(NOON)
    restored(shop)


def test_a_folder_that_cannot_be_looked_at_has_no_evidence_to_show(shop: Shop, monkeypatch: pytest.MonkeyPatch) -> None:
    """`kiosk doctor` goes on with what else there is."""

    def failing(*_: object) -> None:
        raise OSError(5, os.strerror(5))

    monkeypatch.setattr(Path, "glob", failing)
    assert evidence_of(shop.path) == []


def test_a_backup_that_could_not_be_begun_in_a_quiet_moment_is_not_tried_at_every_one(
    shop: Shop, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Nor is any of a ledger that has failed."""
    begun: list[int] = []
    monkeypatch.setattr(shop.backups, "begin", lambda _file, now, _quiet: bool(begun.append(now)))
    with shop.open() as ledger:
        for now in (NOON, NOON + AGAIN_MS - 1, NOON + AGAIN_MS):
            ledger.idle(now, _quiet)
        ledger._file.failure = LedgerError("the card did not answer")
        ledger.idle(NOON + 9 * AGAIN_MS, _quiet)
    assert begun == [NOON, NOON + AGAIN_MS]


def test_a_copy_that_cannot_be_made_or_read_costs_no_sale(shop: Shop, monkeypatch: pytest.MonkeyPatch) -> None:
    """The process that checks it does not start; and one that takes long is asked for again at the next quiet moment."""

    def failing(*_: object, **__: object) -> None:
        raise OSError(28, os.strerror(28))

    with shop.open() as ledger:
        with monkeypatch.context() as patch:
            patch.setattr(subprocess, "Popen", failing)
            ledger.idle(NOON, _quiet)
        assert not shop.backups._copy.exists()
        ledger.idle(NOON + AGAIN_MS, _quiet)
        checker = shop.backups._checker
        assert checker is not None
        os.kill(checker.pid, signal.SIGSTOP)
        assert shop.backups.result(wait_s=0) is None
        os.kill(checker.pid, signal.SIGCONT)
        verdict = shop.backups.result(wait_s=60)
        assert verdict is not None
        assert verdict.well


def test_the_checker_gives_a_sound_copy_its_slot_and_a_doubtful_one_another_name(
    shop: Shop, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """As the process of its own does it: one order comes in by the pipe, one verdict goes out."""
    shop.sold(1, 2)
    copy, slot, doubtful = (shop.path.with_name(name) for name in ("copy", "slot", "doubtful"))
    order_ = {"copy": str(copy), "slot": str(slot), "doubtful": str(doubtful), "at": NOON, "keys": [[KEY.id, KEY.secret.hex()]]}
    niced: list[int] = []
    monkeypatch.setattr(os, "nice", niced.append)

    def checked() -> dict[str, Any]:
        monkeypatch.setattr(backups.sys, "stdin", io.TextIOWrapper(io.BytesIO(json.dumps(order_).encode() + b"\n")))
        backups._main()
        told: dict[str, Any] = json.loads(capsys.readouterr().out)
        return told

    (backup,) = shop.backups.newest_first()
    shutil.copyfile(backup, copy)
    with by_hand(copy) as base:
        base.execute("UPDATE orders SET amount = 1")
    assert checked()["doubts"]
    assert (copy.exists(), slot.exists(), doubtful.exists()) == (False, False, True)
    shutil.copyfile(backup, copy)
    told = checked()
    assert (told["doubts"], told["damage"]) == ([], [])
    assert (copy.exists(), slot.exists(), doubtful.exists()) == (False, True, False)
    assert slot.stat().st_mtime_ns == NOON * 1_000_000
    assert niced == [19, 19]


def test_a_restored_ledger_may_lie_on_a_disk_that_fails_again(shop: Shop, monkeypatch: pytest.MonkeyPatch) -> None:
    """In words; and when the disk takes it, it goes on."""
    shop.sold(1, 3)
    damage(shop.path)
    copyfile: Callable[..., object] = shutil.copyfile

    def full(*_: object) -> None:
        raise OSError(28, os.strerror(28))

    monkeypatch.setattr(keeper.shutil, "copyfile", full)
    with pytest.raises(LedgerError, match=r"cannot be restored .*No space left"):
        shop.keeper.open(NOON)
    monkeypatch.setattr(keeper.shutil, "copyfile", copyfile)
    restored(shop)
