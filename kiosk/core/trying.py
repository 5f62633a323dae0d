"""The till at a check-up: its screens, and what each key means there. Pure; lost at any moment, as the rest of the till.

No order is touched from here.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import assert_never

from kiosk.core.checkup import COLOURS, Bundle, Finding, Trial
from kiosk.core.events import Key
from kiosk.core.lifecycle import SECOND

CHECKUP_FOR = 180 * SECOND  # somebody reads, and mends
READ_FOR = 60 * SECOND
KEYS_FOR = 15 * SECOND  # without a press
LINES = 3  # as many as the smallest screen shows at once; a larger one shows more, and OK goes on by these


@dataclass(frozen=True, slots=True)
class Checkup:
    """Everything is looked at, under this ticket. Lost when it is left."""

    ticket: str
    until: int
    found: tuple[Finding, ...] = ()
    over: bool = False
    page: int = 0
    bundle: Bundle | None = None

    @property
    def pages(self) -> int:
        """The last one has nothing but what can be tried by hand."""
        return -(-len(self.found) // LINES) + 1


@dataclass(frozen=True, slots=True)
class TryingRead:
    """The camera reads whatever is held to it, under this ticket."""

    checkup: Checkup
    ticket: str
    until: int
    read: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class TryingKeys:
    """Each key is pressed once."""

    checkup: Checkup
    until: int
    pressed: frozenset[Key] = frozenset()
    last: Key | None = None


@dataclass(frozen=True, slots=True)
class TryingColours:
    """The screen's colours, by turns."""

    checkup: Checkup
    until: int
    step: int = 0


Trying = TryingRead | TryingKeys | TryingColours
There = Checkup | Trying


def begin(now: int) -> Checkup:
    """A new one."""
    return Checkup(f"checkup {now}", now + CHECKUP_FOR)


def checkup_of(there: There) -> Checkup:
    """The check-up that goes on meanwhile."""
    return there if isinstance(there, Checkup) else there.checkup


def put(there: There, checkup: Checkup) -> There:
    """The same place, with the check-up as it is by now."""
    match there:
        case Checkup():
            return checkup
        case TryingRead():
            return replace(there, checkup=checkup)
        case TryingKeys():
            return replace(there, checkup=checkup)
        case TryingColours():
            return replace(there, checkup=checkup)
        case _:
            assert_never(there)


def back(there: Trying, now: int) -> Checkup:
    """From something that was tried."""
    return replace(there.checkup, until=now + CHECKUP_FOR)


def press(there: There, key: Key, now: int) -> There | Trial | None:
    """Where a key leads; what it tries; None when it means nothing, or leaves: CANCEL and MENU at the check-up itself."""
    match there:
        case Checkup():
            if key is Key.OK:
                return replace(there, until=now + CHECKUP_FOR, page=(there.page + 1) % there.pages)
            return {trial.value: trial for trial in Trial}.get(key.value)
        case TryingRead():
            return back(there, now) if key is Key.CANCEL else None
        case TryingKeys():
            if key is there.last is Key.CANCEL:
                return back(there, now)
            return replace(there, until=now + KEYS_FOR, pressed=there.pressed | {key}, last=key)
        case TryingColours():
            if key is Key.CANCEL or there.step + 1 >= len(COLOURS):
                return back(there, now)
            return replace(there, until=now + CHECKUP_FOR, step=there.step + 1)
        case _:
            assert_never(there)
