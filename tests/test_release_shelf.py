"""The releases' folder: what is remembered, what runs, and a power cut at every single change of the disk."""

from __future__ import annotations

import contextlib
import errno
import itertools
import os
import shutil
from collections.abc import Callable
from pathlib import Path

import pytest

from kiosk.core.screens import News, UpdateEnd
from kiosk.release import news
from kiosk.release.shelf import Shelf
from kiosk.release.trial import SWITCHED_OFF, Attempt, Began, Failed, Healthy, Record, State, runs
from tests.disk.mounted import Mounted, mounted, places, why_not
from tests.releases import manifest, shelf, stage, tree

OPERATIONS = ("open", "replace", "rename", "unlink", "mkdir", "rmdir", "symlink", "fsync", "write")


class PowerCut(BaseException):
    """Nothing of the program runs after this: no handler of ours may catch it."""


class Plug:
    """Pulled before the `at`-th change of the disk; None: counts them."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch, at: int | None) -> None:
        self.count, self._at = 0, at
        for name in OPERATIONS:
            monkeypatch.setattr(os, name, self._guard(getattr(os, name)))

    def _guard(self, real: Callable[..., object]) -> Callable[..., object]:
        def guarded(*args: object, **more: object) -> object:
            if real.__name__ != "open" or (len(args) > 1 and isinstance(args[1], int) and args[1] & (os.O_CREAT | os.O_TRUNC)):
                if self.count == self._at:
                    raise PowerCut
                self.count += 1
            return None if real.__name__ == "fsync" else real(*args, **more)  # it takes its time, and tells nothing here

        return guarded


@pytest.fixture
def made(tmp_path: Path) -> Shelf:
    return shelf(tmp_path)


@pytest.fixture
def ledger(tmp_path: Path) -> Path:
    path = tmp_path / "state/kiosk.db"
    path.parent.mkdir()
    path.write_bytes(b"old")
    path.with_name("kiosk.db-wal").write_bytes(b"old log")
    return path


def _migrate(ledger: Path) -> None:
    """What a new release's kiosk does to it."""
    ledger.write_bytes(b"new")
    ledger.with_name("kiosk.db-wal").write_bytes(b"new log")
    ledger.with_name("kiosk.db-shm").write_bytes(b"new index")


def _files(ledger: Path) -> dict[str, bytes]:
    return {path.name: path.read_bytes() for path in ledger.parent.iterdir()}


OLD = {"kiosk.db": b"old", "kiosk.db-wal": b"old log"}


def test_a_record_is_remembered(made: Shelf) -> None:
    """As it was."""
    for record in (
        Record(),
        Record("1.1.0"),
        Record("1.1.0", Attempt("1.2.0", State.UNDONE, "it hangs", migrates=True)),
        Record(None, Attempt("1.2.0", State.WAITING)),
    ):
        made.write(record)
        assert made.record() == record
        assert (made.releases / "pending").exists() == (record.attempt is not None and record.attempt.state is State.WAITING)


@pytest.mark.parametrize(
    "content",
    [
        b"",
        b"{",
        b"[]",
        b"[" * 100_000,
        b"\xff",
        b'{"current": "../../etc", "attempt": null}',
        b'{"current": 1, "attempt": null}',
        b'{"current": null, "attempt": {"version": "1.1.0", "state": "odd", "problem": null, "migrates": false}}',
        b'{"current": null, "attempt": {"version": "/", "state": "trial", "problem": null, "migrates": false}}',
    ],
)
def test_a_record_that_cannot_be_understood_is_none(made: Shelf, content: bytes) -> None:
    """The package's own release runs then."""
    (made.releases / "state.json").write_bytes(content)
    assert made.record() == Record()
    made.boot()
    assert not made.slot.exists()


def test_the_slot_follows(made: Shelf) -> None:
    """To the trial and back, or on."""
    stage(made, manifest("1.1.0"))
    assert not made.slot.exists()
    made.happened(Began(migrates=False))
    assert made.slot.resolve() == made.place("1.1.0").resolve()
    made.end_trial(Failed("it hangs"))
    assert not made.slot.exists()
    assert not made.place("1.1.0").exists()
    stage(made, manifest("1.2.0"))
    made.happened(Began(migrates=False))
    made.sweep(made.happened(Healthy()))
    assert made.slot.resolve() == made.place("1.2.0").resolve()
    assert made.running().version == "1.2.0"
    stage(made, manifest("1.3.0"))
    made.happened(Began(migrates=False))
    made.sweep(made.happened(Healthy()))
    assert [about.version for about in made.there()] == ["1.3.0"]


def test_a_newer_package_wins(made: Shelf) -> None:
    """And what it is newer than is put away with the next update."""
    stage(made, manifest("1.1.0"))
    made.happened(Began(migrates=False))
    made.happened(Healthy())
    tree(made.factory, manifest("1.2.0"))
    made.boot()
    assert not made.slot.exists()
    assert made.running().version == "1.2.0"


def test_a_start_of_the_machine_ends_a_trial(made: Shelf, ledger: Path) -> None:
    """With the ledger as it was, when the schema had changed."""
    stage(made, manifest("1.1.0", ledger=2))
    made.keep_ledger(ledger)
    made.happened(Began(migrates=True))
    _migrate(ledger)
    assert made.boot().attempt == Attempt("1.1.0", State.UNDONE, SWITCHED_OFF, migrates=True)
    assert _files(ledger) == OLD
    assert not (made.releases / "ledger").exists()


def test_without_a_new_schema_the_ledger_stays(made: Shelf, ledger: Path) -> None:
    """What a trial learned of old orders is not thrown away."""
    stage(made, manifest("1.1.0"))
    made.keep_ledger(ledger)
    made.happened(Began(migrates=False))
    ledger.write_bytes(b"more")
    made.end_trial(Failed("it hangs"))
    assert ledger.read_bytes() == b"more"


def test_a_kiosk_that_has_never_sold_has_no_ledger_afterwards_either(made: Shelf, tmp_path: Path) -> None:
    """Nothing to keep is also something to put back."""
    ledger = tmp_path / "state/kiosk.db"
    ledger.parent.mkdir()
    stage(made, manifest("1.1.0", ledger=2))
    made.keep_ledger(ledger)
    made.happened(Began(migrates=True))
    _migrate(ledger)
    made.end_trial(Failed("it hangs"))
    assert _files(ledger) == {}


def test_a_link_in_the_ledgers_folder_is_not_followed(made: Shelf, ledger: Path, tmp_path: Path) -> None:
    """Root copies it: what lies there is another user's to choose."""
    (tmp_path / "shadow").write_text("root's")
    ledger.unlink()
    ledger.symlink_to(tmp_path / "shadow")
    with pytest.raises(OSError, match="symbolic links") as raised:
        made.keep_ledger(ledger)
    assert raised.value.errno == errno.ELOOP
    ledger.unlink()
    os.link(tmp_path / "shadow", ledger)
    with pytest.raises(PermissionError):
        made.keep_ledger(ledger)
    ledger.unlink()
    os.mkfifo(ledger)
    with pytest.raises(PermissionError):
        made.keep_ledger(ledger)


def test_a_waiting_update_whose_files_are_gone_is_undone(made: Shelf) -> None:
    """Somebody has cleaned up."""
    stage(made, manifest("1.1.0"))
    shutil.rmtree(made.place("1.1.0"))
    attempt = made.boot().attempt
    assert attempt is not None
    assert attempt.state is State.UNDONE


def test_what_a_power_cut_left_is_swept_at_boot(made: Shelf) -> None:
    """Half of a release, say."""
    (made.releases / ".1.1.0.new/kiosk").mkdir(parents=True)
    (made.releases / "0.9.0").mkdir()
    (made.releases / "note.txt").write_text("somebody's")
    made.boot()
    assert sorted(path.name for path in made.releases.iterdir()) == ["note.txt", "state.json"]


def test_the_kiosk_is_told_once(made: Shelf, tmp_path: Path) -> None:
    """Of a good end and of a bad one; never of one under way."""
    folder = tmp_path / "state"
    folder.mkdir()
    assert news.untold(made, folder) is None
    stage(made, manifest("1.1.0"))
    assert news.untold(made, folder) is None
    made.happened(Began(migrates=False))
    assert news.on_trial(made)
    assert news.untold(made, folder) is None
    made.end_trial(Failed("it hangs"))
    assert not news.on_trial(made)
    undone = news.untold(made, folder)
    assert undone == News("1.1.0", UpdateEnd.UNDONE)
    news.tell(folder, undone)
    assert news.untold(made, folder) is None
    stage(made, manifest("1.1.0"))
    made.happened(Began(migrates=False))
    made.happened(Healthy())
    assert news.untold(made, folder) == News("1.1.0", UpdateEnd.WELL)


# --- power cuts ---


def _stage(made: Shelf, _: Path) -> None:
    stage(made, manifest("1.2.0", ledger=2))


def _begin(made: Shelf, ledger: Path) -> None:
    _stage(made, ledger)
    made.keep_ledger(ledger)
    made.happened(Began(migrates=True))
    _migrate(ledger)


def _undo(made: Shelf, ledger: Path) -> None:
    _begin(made, ledger)
    made.end_trial(Failed("it hangs"))


def _well(made: Shelf, ledger: Path) -> None:
    _begin(made, ledger)
    made.sweep(made.happened(Healthy()))


@pytest.mark.parametrize("deed", [_stage, _begin, _undo, _well])
@pytest.mark.parametrize("twice", [False, True])
def test_a_power_cut_at_any_moment_leaves_a_release_that_was_well_with_its_own_ledger(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path, deed: Callable[[Shelf, Path], None], twice: bool
) -> None:
    """And at any moment of the boot after it (`twice`). What was staged is there whole, or not at all."""

    def day(place: Path, at: int | None, again: int | None) -> tuple[int, int]:
        made = shelf(place)
        ledger = place / "state/kiosk.db"
        ledger.parent.mkdir()
        for name, content in OLD.items():
            (ledger.parent / name).write_bytes(content)
        stage(made, manifest("1.1.0"))
        made.happened(Began(migrates=False))
        made.sweep(made.happened(Healthy()))
        counts = []
        for cut, what in ((at, lambda: deed(made, ledger)), (again, made.boot)):
            with pytest.MonkeyPatch.context() as patch:
                plug = Plug(patch, cut)
                with contextlib.suppress(PowerCut):
                    what()
            counts.append(plug.count)
            made.slot.unlink(missing_ok=True)  # /run is empty after it
        record = made.boot()
        there = {about.version: about for about in made.there()}
        version = runs(record, made.package(), there.values())
        assert version == record.current
        assert made.slot.resolve() == made.place(version).resolve()
        assert version == "1.1.0" or (deed is _well and record.attempt == Attempt("1.2.0", State.WELL, None, migrates=True))
        assert _files(ledger) == OLD if version == "1.1.0" else (place / "state/kiosk.db").read_bytes() == b"new"
        waits = record.attempt is not None and record.attempt.state is State.WAITING
        assert set(there) == {version} | ({"1.2.0"} if waits else set())
        for name in there:
            assert (made.place(name) / "vendor/lib.py").read_text() == "LIB = 1\n"
        assert (made.releases / "pending").exists() == waits
        assert not [path for path in made.releases.iterdir() if path.name.startswith(".")]
        return counts[0], counts[1]

    monkeypatch.setattr(os, "fsync", lambda _: None)
    first, _ = day(tmp_path / "whole", None, None)
    assert first > 5
    for at in range(0, first, 5 if twice else 1):
        if not twice:
            day(tmp_path / str(at), at, None)
            continue
        _, boots = day(tmp_path / f"{at}-whole", at, None)
        for again in range(0, boots, 4):
            day(tmp_path / f"{at}-{again}", at, again)


@pytest.mark.skipif(why_not() is not None, reason=str(why_not()))
def test_the_record_survives_a_disk_that_forgets_what_was_not_synced() -> None:
    """The old one or the new one after a cut at any operation, whatever the disk kept; the new one once it is told."""
    old, new = Record("1.1.0"), Record("1.1.0", Attempt("1.2.0", State.WAITING))
    with places() as (image, folder), mounted(image, folder) as disk:
        made = Shelf(folder, folder, folder)
        made.write(old)
        made.write(new)
        operations = disk.order("look")["operations"]
        for at, seed in itertools.product(range(1, operations + 1), range(3)):
            disk.order("empty")
            made.write(old)
            disk.order("trouble", at=at, cut=seed)
            with contextlib.suppress(OSError):
                made.write(new)
                disk.order("cut", seed=seed)  # just after
                assert _after_power(disk, made) == new
                continue
            assert _after_power(disk, made) in (old, new)


def _after_power(disk: Mounted, made: Shelf) -> Record:
    disk.order("power")
    return made.record()
