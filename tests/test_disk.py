"""The ledger on a disk that forgets what was not synced and fails when told to; and that this disk does both.

`python -m tests.disk` makes hundreds of cuts, and lets every operation fail.
"""

from __future__ import annotations

import contextlib
import errno
import os
from collections.abc import Callable, Iterator
from random import Random

import pytest

from kiosk.payment.ledger_file import LedgerFile
from tests.disk import cuts, sweep
from tests.disk.model import SECTOR, STYLES, Disk, File, Size, Write
from tests.disk.mounted import Mounted, mounted, places, why_not

REASON = why_not()
real = pytest.mark.skipif(REASON is not None, reason=REASON or "")
OLD, NEW = b"o" * 4 * SECTOR, b"n" * 4 * SECTOR


@pytest.fixture
def disk() -> Iterator[Mounted]:
    """Mounted, and empty."""
    with places() as (image, folder), mounted(image, folder) as made:
        yield made


def of(*names: str) -> Disk:
    """A disk that holds files of these names, each with OLD in it."""
    disk = Disk()
    for name in names:
        put(disk.create(name, 0o600), OLD)
        disk.find(name).sync()
    disk.sync_folder()
    return disk


def put(file: File, data: bytes, offset: int = 0) -> None:
    """Written, not synced."""
    file.change(Write(offset, data))


def after_cuts(change: Callable[[Disk], object], *names: str) -> set[tuple[bytes | None, ...]]:
    """What 300 power cuts after the same change leave of the files of these names."""
    found = set()
    for seed in range(300):
        disk = of("a")
        change(disk)
        disk.cut(Random(seed))
        found.add(tuple(bytes(disk.seen[name].seen) if name in disk.seen else None for name in names))
    return found


# --- the disk itself ---


def test_what_was_synced_outlives_every_cut() -> None:
    """The content by a sync of the file, the name by a sync of the folder."""

    def change(disk: Disk) -> None:
        for name in ("a", "b"):
            put(disk.create(name, 0o600), NEW)
            disk.find(name).sync()
        disk.sync_folder()

    assert after_cuts(change, "a", "b") == {(NEW, NEW)}


def test_what_was_not_synced_is_kept_or_lost_or_torn_by_sectors() -> None:
    """All of it, nothing of it, and some of its sectors: each is met."""
    found = {content for (content,) in after_cuts(lambda disk: put(disk.find("a"), NEW), "a")}
    assert {OLD, NEW} < found
    for content in found:
        assert content is not None
        sectors = {content[start : start + SECTOR] for start in range(0, len(content), SECTOR)}
        assert sectors <= {OLD[:SECTOR], NEW[:SECTOR]}


def test_a_size_may_come_without_its_data_and_a_later_write_without_an_earlier_one() -> None:
    """Zeros where nothing came; a file cut short may be long again."""

    def change(disk: Disk) -> None:
        put(disk.find("a"), NEW, len(OLD))
        put(disk.find("a"), NEW, 2 * len(OLD))

    found = {content for (content,) in after_cuts(change, "a")}
    assert {OLD + bytes(8 * SECTOR), OLD + NEW, OLD + bytes(4 * SECTOR) + NEW, OLD, OLD + NEW + NEW} <= found
    assert after_cuts(lambda disk: disk.find("a").change(Size(0)), "a") == {(OLD,), (b"",)}


def test_a_name_may_be_lost_while_its_folder_was_not_synced() -> None:
    """Made, removed or changed, and however well the file itself was synced; a change of name is whole or not at all."""

    def make(disk: Disk) -> None:
        put(disk.create("b", 0o600), NEW)
        disk.find("b").sync()

    assert after_cuts(make, "b") == {(None,), (NEW,)}
    assert after_cuts(lambda disk: disk.unlink("a"), "a") == {(None,), (OLD,)}
    assert after_cuts(lambda disk: disk.rename("a", "b"), "a", "b") == {(OLD, None), (None, OLD)}


def test_what_a_failed_sync_has_lost_no_later_sync_brings() -> None:
    """As in Linux: processes see it until the power goes."""
    disk = of("a")
    put(disk.find("a"), NEW)
    disk.find("a").sync_in_vain()
    disk.find("a").sync()
    assert disk.find("a").seen == NEW
    disk.cut(Random(0))
    assert disk.find("a").seen == OLD


@real
def test_a_cut_takes_what_was_not_synced_and_the_next_mounting_has_the_rest() -> None:
    """In a real file system: in the dark nothing is read or written, and what is found afterwards is what was held."""
    with places() as (image, folder):
        with mounted(image, folder) as disk:
            file = os.open(folder / "a", os.O_CREAT | os.O_RDWR)
            where = os.open(folder, os.O_RDONLY)
            os.write(file, OLD)
            os.fsync(file)
            os.fsync(where)
            os.write(file, NEW)
            assert os.pread(file, 1 << 20, 0) == OLD + NEW
            seed = next(seed for seed in range(100) if Random(seed).choice(STYLES) == "lost")
            disk.order("cut", seed=seed)
            for deed in (lambda: os.write(file, NEW), lambda: os.pread(file, 1, 0), (folder / "a").stat):
                with pytest.raises(OSError, match="Input/output error"):
                    deed()
            os.close(where)
            with contextlib.suppress(OSError):
                os.close(file)
        with mounted(image, folder):
            assert (folder / "a").read_bytes() == OLD


@real
def test_the_operation_that_is_to_fail_fails_alone_or_with_all_after_it(disk: Mounted) -> None:
    """Counted from the order on; an order puts an end to it."""

    def write() -> str:
        try:
            (disk.folder / "a").write_bytes(OLD)
        except OSError as error:
            return errno.errorcode[error.errno or 0]
        return "well"

    disk.order("trouble", at=2, only="write", error=errno.ENOSPC)
    assert [write(), write(), write()] == ["well", "ENOSPC", "well"]
    disk.order("trouble", at=2, only="write a", stays=True)
    assert [write(), write(), write()] == ["well", "EIO", "EIO"]
    disk.order("trouble")
    assert write() == "well"


# --- the ledger on it ---


@real
def test_a_power_cut_takes_nothing_that_the_ledger_has_acknowledged() -> None:
    """Nor does it leave a half of anything, nor a ledger that does not open."""
    figures = cuts.run(range(10))
    assert figures["problems"] == []
    assert (figures["cuts"], figures["lost"], figures["corrupt"]) == (10, 0, 0)
    assert figures["acknowledged"] > 100


@real
def test_with_synchronous_normal_the_same_cuts_take_acknowledged_rows() -> None:
    """Otherwise the test above would prove nothing."""
    figures = cuts.run(range(20), "NORMAL", until_lost=True)
    assert figures["lost"] > 0
    assert figures["corrupt"] == 0  # WAL: in order, if not the last


@real
@pytest.mark.slow
def test_whichever_operation_of_the_disk_fails_the_ledger_says_so_and_loses_nothing() -> None:
    """Some of them, each in ten ways; `python -m tests.disk --sweep` takes them all."""
    figures = sweep.run(every=263)
    assert figures["problems"] == []
    assert figures["runs"] >= 50


@real
def test_no_sync_of_the_folder_fails_unheard(disk: Mounted) -> None:
    """SQLite's own may: the names it was for are on the disk already. Each fails once, and the power goes soon after."""
    bench = sweep.Bench(disk)
    bench.operations()
    folder_syncs = [number for number, operation in enumerate(bench.operations(), start=1) if operation == "sync folder"]
    for nth in folder_syncs:
        for seed in range(5):
            bench.run(nth, "EIO", "once, cut soon", seed)
    assert len(folder_syncs) > 4
    assert bench.found.all == []


@real
def test_the_sweep_finds_a_ledger_that_loses_and_one_that_says_it_wrongly(disk: Mounted, monkeypatch: pytest.MonkeyPatch) -> None:
    """Not synced at each commit; and the system's own exception in place of LedgerError."""
    careless = sweep.Bench(disk, synchronous="NORMAL")
    operations = careless.operations()
    last = max(number for number, operation in enumerate(operations, start=1) if operation == "write kiosk.db-wal")
    for nth in range(last - 5, last):
        careless.run(nth, "EIO", "stays, then cut")
    assert careless.found.lost
    monkeypatch.setattr(LedgerFile, "_failed", lambda _, error: OSError(str(error)))
    rude = sweep.Bench(disk)
    rude.run(last, "EIO", "once")
    assert rude.found.faults
