"""The folder of the releases: what lies there, state.json, which one runs, and the ledger that is kept during a trial.

Every change is one rename of something that is on the disk already, so that a power cut leaves the state before or after it.
Imports little: this is loaded at each boot before the kiosk is.

    /var/lib/kiosk-releases/state.json      what trial.py remembers
    /var/lib/kiosk-releases/1.4.0/          a release; .1.4.0.new while it is unpacked
    /var/lib/kiosk-releases/ledger/         the ledger as it was before a trial
    /var/lib/kiosk-releases/pending         there while an update waits or is on trial: the timer's sign
    /run/kiosk-release/slot                 a link to the release that runs; none: the package's own
"""

from __future__ import annotations

import json
import os
import shutil
import stat
from contextlib import suppress
from pathlib import Path

from kiosk.release.trial import (
    LOST,
    Attempt,
    Booted,
    Event,
    Failed,
    Manifest,
    Record,
    ReleaseRefused,
    State,
    after,
    is_restored,
    is_version,
    manifest_from,
    runs,
)
from kiosk.written import put, sync_folder, write

RELEASES = Path(os.environ.get("KIOSK_RELEASES", "/var/lib/kiosk-releases"))
FACTORY = Path("/usr/lib/kiosk/factory")
SLOT = Path("/run/kiosk-release/slot")
_OF_A_LEDGER = ("", "-wal")


class Shelf:
    """`releases`, `factory`, `slot`: as above. Whoever changes anything here holds the only process that may."""

    def __init__(self, releases: Path = RELEASES, factory: Path = FACTORY, slot: Path = SLOT) -> None:
        self.releases, self.factory, self.slot = releases, factory, slot

    # -- reading -------------------------------------------------------------------------------------------------------

    def record(self) -> Record:
        """What is remembered. A file that cannot be understood is as none: then the package's own release runs."""
        try:
            return _record(json.loads((self.releases / _STATE).read_bytes()))
        except (OSError, ValueError, RecursionError):
            return Record()

    def there(self) -> list[Manifest]:
        """The releases beside the package's own."""
        if not self.releases.is_dir():
            return []
        found = (_manifest(path) for path in self.releases.iterdir() if is_version(path.name))
        return [manifest for manifest in found if manifest is not None and self.place(manifest.version).is_dir()]

    def package(self) -> Manifest:
        """The release in the package. ReleaseRefused when it has none, as on a developer's desk."""
        manifest = _manifest(self.factory)
        if manifest is None:
            raise ReleaseRefused(f"There is no release in {self.factory}: this kiosk was not installed from its package.")
        return manifest

    def running(self) -> Manifest:
        """The release that sells, or would: the last that was well, or the package's own."""
        record, package, there = self.record(), self.package(), self.there()
        version = runs(Record(record.current), package, there)
        return next((manifest for manifest in there if manifest.version == version), package)

    def place(self, version: str | None) -> Path:
        """Where a release lies."""
        return self.factory if version is None else self.releases / version

    # -- changing ------------------------------------------------------------------------------------------------------

    def write(self, record: Record) -> None:
        """Remember it. Once this returns it is on the disk."""
        attempt = record.attempt
        pending = self.releases / _PENDING
        busy = attempt is not None and attempt.state in (State.WAITING, State.TRIAL)
        if busy:
            pending.touch()
        told = {
            "current": record.current,
            "attempt": None
            if attempt is None
            else {
                "version": attempt.version,
                "state": attempt.state,
                "problem": attempt.problem,
                "migrates": attempt.migrates,
            },
        }
        put(self.releases / _STATE, json.dumps(told).encode() + b"\n")
        if not busy:
            pending.unlink(missing_ok=True)

    def happened(self, event: Event) -> Record:
        """Take an event into the record; the slot then points to what is to run."""
        record = after(self.record(), event)
        self.write(record)
        self.point(record)
        return record

    def point(self, record: Record) -> None:
        """Let the slot point to what is to run."""
        version = runs(record, self.package(), self.there())
        if version is None:
            self.slot.unlink(missing_ok=True)
            return
        self.slot.parent.mkdir(parents=True, exist_ok=True)
        new = self.slot.with_name(f".{self.slot.name}.new")
        new.unlink(missing_ok=True)
        new.symlink_to(self.place(version))
        new.replace(self.slot)

    def shelve(self, unpacked: Path, version: str) -> None:
        """Give a release that was unpacked beside its place its name."""
        sync_tree(unpacked)
        shutil.rmtree(self.releases / version, ignore_errors=True)
        unpacked.replace(self.releases / version)
        sync_folder(self.releases)

    def sweep(self, record: Record) -> None:
        """Away with what nobody needs any more."""
        attempt = record.attempt
        needed = {record.current}
        if attempt is not None and attempt.state in (State.WAITING, State.TRIAL):
            needed.add(attempt.version)
        for path in self.releases.iterdir():
            if path.name.startswith(".") or (is_version(path.name) and path.name not in needed):
                shutil.rmtree(path) if path.is_dir() else path.unlink()
        if attempt is None or attempt.state is not State.TRIAL:
            shutil.rmtree(self.releases / _LEDGER, ignore_errors=True)

    # -- the ledger ----------------------------------------------------------------------------------------------------

    def keep_ledger(self, ledger: Path) -> None:
        """Copy the ledger of a kiosk that is stopped: all or nothing of it is here afterwards."""
        new, kept = self.releases / f".{_LEDGER}.new", self.releases / _LEDGER
        for old in (new, kept):
            shutil.rmtree(old, ignore_errors=True)
        new.mkdir(mode=0o700)
        write(new / _PATH, os.fsencode(ledger), mode=0o600)
        for end in _OF_A_LEDGER:
            with suppress(FileNotFoundError):
                _copy(ledger.with_name(ledger.name + end), new / f"ledger{end}", ledger.parent)
        sync_folder(new)
        new.replace(kept)
        sync_folder(self.releases)

    def restore_ledger(self) -> None:
        """Put it back, of a kiosk that is stopped. Cut short, it is done again from the beginning.

        The log goes first: laid over a file it does not belong to, it would be played into it.
        """
        kept = self.releases / _LEDGER
        if not kept.is_dir():
            return
        ledger = Path(os.fsdecode((kept / _PATH).read_bytes()))
        for end in ("-wal", "-shm"):
            ledger.with_name(ledger.name + end).unlink(missing_ok=True)
        sync_folder(ledger.parent)
        if not (kept / "ledger").exists():  # there was none: a kiosk that has never sold
            ledger.unlink(missing_ok=True)
        for end in _OF_A_LEDGER:
            if (kept / f"ledger{end}").exists():
                new = ledger.with_name(f".{ledger.name}{end}.kept")
                _copy(kept / f"ledger{end}", new, kept, owner=ledger.parent)
                new.replace(ledger.with_name(ledger.name + end))
        sync_folder(ledger.parent)

    def end_trial(self, event: Event) -> Record:
        """The end of a trial that did not go well: the ledger as it was, then the release before. The kiosk is stopped."""
        if is_restored(self.record()):
            self.restore_ledger()
        record = self.happened(event)
        self.sweep(record)
        return record

    def boot(self) -> Record:
        """The machine has started: say what runs. A trial is over by that."""
        attempt = self.record().attempt
        gone = attempt is not None and attempt.state is State.WAITING and not self.place(attempt.version).is_dir()
        return self.end_trial(Failed(LOST) if gone else Booted())


def sync_tree(folder: Path) -> None:
    """All names below a folder, and what is in the files."""
    for path, _, files in os.walk(folder):
        for name in files:
            descriptor = os.open(Path(path) / name, os.O_RDONLY | os.O_NOFOLLOW)
            try:
                os.fsync(descriptor)
            finally:
                os.close(descriptor)
        sync_folder(Path(path))


def _copy(source: Path, target: Path, owned: Path, owner: Path | None = None) -> None:
    """Copy a plain file that belongs to whom `owned` belongs to; the copy is theirs to whom `owner` belongs.

    The ledger's folder is another user's: a link there must not make root read, or give away, a file of somebody else.
    """
    descriptor = os.open(source, os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK)
    with open(descriptor, "rb") as old:  # noqa: PTH123  of a descriptor
        about = os.fstat(descriptor)
        if not stat.S_ISREG(about.st_mode) or about.st_uid != owned.stat().st_uid or about.st_nlink != 1:
            raise PermissionError(f"{source} is not a plain file of its folder's owner")
        target.unlink(missing_ok=True)
        made = os.open(target, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_NOFOLLOW, 0o600)
        with open(made, "wb") as new:  # noqa: PTH123  of a descriptor
            if owner is not None and os.geteuid() == 0:
                os.fchown(made, owner.stat().st_uid, owner.stat().st_gid)
            shutil.copyfileobj(old, new)
            new.flush()
            os.fsync(made)


def _manifest(place: Path) -> Manifest | None:
    try:
        told = json.loads((place / "release.json").read_bytes())
    except (OSError, ValueError, RecursionError):
        return None
    return manifest_from(told)


def _record(told: object) -> Record:
    """ValueError when it is not one."""
    match told:
        case {"current": current, "attempt": attempt} if current is None or (isinstance(current, str) and is_version(current)):
            return Record(current, None if attempt is None else _attempt(attempt))
        case _:
            raise ValueError(_STATE)


def _attempt(told: object) -> Attempt:
    match told:
        case {"version": str(version), "state": str(state), "problem": str() | None as problem, "migrates": bool(migrates)}:
            if is_version(version):
                return Attempt(version, State(state), problem, migrates)
    raise ValueError(_STATE)


_STATE, _PENDING, _LEDGER, _PATH = "state.json", "pending", "ledger", "path"
