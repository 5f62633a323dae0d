"""What becomes of an update: waiting, on trial, well, undone. Pure: a record, an event, and the record after it.

Whatever happens, what runs is the last release that was well, or the package's own, but for the minutes of a trial; and a trial
never outlives a start of the machine.
"""

from __future__ import annotations

import re
from collections.abc import Collection
from dataclasses import dataclass, replace
from enum import StrEnum

from kiosk.core.errors import ImpossibleMove, KioskError

_VERSION = re.compile(r"(0|[1-9][0-9]{0,5})(\.(0|[1-9][0-9]{0,5})){1,3}", re.ASCII)
SWITCHED_OFF = "the machine was switched off, or started anew, during the trial"
LOST = "its files are not there any more"


class ReleaseRefused(KioskError):
    """A release that cannot be taken; the text says why. Nothing was changed."""


class State(StrEnum):
    """How far an update is."""

    WAITING = "waiting"  # for a quiet hour
    TRIAL = "trial"  # it runs, sells nothing, and has to show that it works
    WELL = "well"
    UNDONE = "undone"


@dataclass(frozen=True, slots=True)
class Manifest:
    """What release.json says. `python` as "3.13", `machine` as uname has it, `ledger`: the schema that it writes."""

    version: str
    python: str
    machine: str
    ledger: int


def manifest_from(told: object) -> Manifest | None:
    """What the JSON of a release.json says; None when it does not say all of it."""
    match told:
        case {"version": str(version), "python": str(python), "machine": str(machine), "ledger": int(ledger)}:
            return Manifest(version, python, machine, ledger) if is_version(version) else None
        case _:
            return None


@dataclass(frozen=True, slots=True)
class Attempt:
    """An update. `problem`: why it was undone, in words. `migrates`: its ledger has another schema than the one before."""

    version: str
    state: State
    problem: str | None = None
    migrates: bool = False


@dataclass(frozen=True, slots=True)
class Record:
    """All that is remembered of releases. `current`: the version that was well last; None: the package's own."""

    current: str | None = None
    attempt: Attempt | None = None


# --- events ---


@dataclass(frozen=True, slots=True)
class Staged:
    """A release was taken: verified, unpacked, and newer than what runs."""

    version: str


@dataclass(frozen=True, slots=True)
class Began:
    """The kiosk is stopped, its ledger is kept: from here on the new release runs."""

    migrates: bool


@dataclass(frozen=True, slots=True)
class Healthy:
    """It signs, asks, scans and draws."""


@dataclass(frozen=True, slots=True)
class Failed:
    """It does not, in time; or it was gone before it began."""

    problem: str


@dataclass(frozen=True, slots=True)
class Booted:
    """The machine has started."""


Event = Staged | Began | Healthy | Failed | Booted


def after(record: Record, event: Event) -> Record:
    """The record after the event. ImpossibleMove for a pair that is not here."""
    attempt = record.attempt
    state = None if attempt is None else attempt.state
    match event, state:
        case Staged(version), State.WAITING | State.WELL | State.UNDONE | None:
            return replace(record, attempt=Attempt(version, State.WAITING))
        case Began(migrates), State.WAITING:
            assert attempt is not None
            return replace(record, attempt=replace(attempt, state=State.TRIAL, migrates=migrates))
        case Healthy(), State.TRIAL:
            assert attempt is not None
            return Record(attempt.version, replace(attempt, state=State.WELL))
        case Failed(problem), State.TRIAL | State.WAITING:
            assert attempt is not None
            return replace(record, attempt=replace(attempt, state=State.UNDONE, problem=problem))
        case Booted(), State.TRIAL:
            return after(record, Failed(SWITCHED_OFF))
        case Booted(), _:
            return record
        case _:
            raise ImpossibleMove(f"{type(event).__name__} of an update that is {state or 'none'}")


def runs(record: Record, factory: Manifest, there: Collection[Manifest]) -> str | None:
    """The version that is to run; None: the package's own. `there`: what lies beside it.

    The package's own wins when it is not older: somebody has installed a newer one. So it does when the other is of another
    Python or machine: the system was renewed under it.
    """
    attempt = record.attempt
    wanted = attempt.version if attempt is not None and attempt.state is State.TRIAL else record.current
    found = next((manifest for manifest in there if manifest.version == wanted), None)
    if found is None or number(found.version) <= number(factory.version):
        return None
    return None if (found.python, found.machine) != (factory.python, factory.machine) else found.version


def is_restored(record: Record) -> bool:
    """Whether undoing this trial puts the ledger back as it was. Nothing was sold meanwhile."""
    return record.attempt is not None and record.attempt.state is State.TRIAL and record.attempt.migrates


def may_stage(new: Manifest, running: Manifest, record: Record) -> None:
    """Raise ReleaseRefused unless this release may take the place of the running one."""
    if record.attempt is not None and record.attempt.state is State.TRIAL:
        raise ReleaseRefused("An update is on trial now. Give this one in some minutes.")
    if new.machine != running.machine:
        raise ReleaseRefused(f"Release {new.version} is for another machine ({new.machine}, not {running.machine}).")
    if new.python != running.python:
        raise ReleaseRefused(f"Release {new.version} is for Python {new.python}; this system has {running.python}.")
    if number(new.version) <= number(running.version):
        raise ReleaseRefused(f"Release {new.version} is not newer than {running.version}, which runs here.")
    if new.ledger < running.ledger:
        raise ReleaseRefused(f"Release {new.version} cannot read the ledger that {running.version} writes.")


def is_version(text: str) -> bool:
    """Whether this is a version: two to four numbers with points between, and so also a harmless name of a folder."""
    return _VERSION.fullmatch(text) is not None


def number(version: str) -> tuple[int, ...]:
    """To compare by: 1.10 is after 1.9, 1.2 and 1.2.0 are the same."""
    if not is_version(version):
        raise ReleaseRefused(f"{version[:40]!r} is no version, as 1.4.0 is one.")
    parts = tuple(map(int, version.split(".")))
    return parts + (0,) * (4 - len(parts))


def lacking(before: Collection[str], now: Collection[str]) -> tuple[str, ...]:
    """What a release on trial does not do yet, of what it must.

    A part that did not work before it, as a broken camera, it need not bring back; but without MUST nothing is sold.
    """
    return tuple(sorted((MUST | set(before)) - set(now)))


MUST = frozenset({"ledger", "signed", "reached", "drawn"})
