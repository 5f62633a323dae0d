"""The till at a shift's report: its screens, and what each key means there. Pure; lost at any moment, as the rest of the till.

No order is touched from here, and no shift: what is wanted of one is a Reading, and what comes of it is shift_turn.py's.
"""

from __future__ import annotations

from dataclasses import dataclass, replace

from kiosk.core.events import Key
from kiosk.core.lifecycle import SECOND
from kiosk.core.screens import AmountHint
from kiosk.core.shifts import Aim, Reading, Shift

REPORT_FOR = 30 * SECOND  # a shop's takings are not left open for a passer-by


@dataclass(frozen=True, slots=True)
class Report:
    """A shift with its figures as they were at `at`: an X report while it is open, a Z report when it is closed."""

    shift: Shift
    newest: int  # the number of the newest there is
    at: int
    until: int
    page: int = 0
    hint: AmountHint | None = None  # why it was not closed, or none was opened


@dataclass(frozen=True, slots=True)
class NoShift:
    """There has been none yet."""

    until: int
    hint: AmountHint | None = None


@dataclass(frozen=True, slots=True)
class Closing:
    """Whether this shift shall be closed over what it names as unresolved. `by`: who has shown a PIN for it."""

    shift: Shift
    at: int
    until: int
    page: int = 0
    by: str | None = None


@dataclass(frozen=True, slots=True)
class Open:
    """Begin a shift."""


There = Report | NoShift | Closing


def again(report: Report, now: int) -> Report:
    """Back at a report that was left for a moment, as it was counted."""
    return replace(report, until=now + REPORT_FOR)


def press(there: There, key: Key, now: int) -> There | Reading | Open | None:
    """Where a key leads, what it wants of a shift, or None when it means nothing; CANCEL leaves Report and NoShift elsewhere."""
    match there, key:
        case Report() | Closing(), Key.MENU:
            return replace(there, page=there.page + 1, until=now + REPORT_FOR)  # the display knows how many there are
        case Report(shift), Key.OK:
            return Reading(Aim.PRINT, shift.z)
        case Report(shift, newest), Key.D0 if shift.z > 1:
            return Reading(Aim.SHOW, shift.z - 1)
        case Report(shift, newest), Key.CLEAR if shift.z < newest:
            return Reading(Aim.SHOW, shift.z + 1)
        case Report(shift), Key.D1 if shift.is_open:
            return Reading(Aim.ASK)
        case Report(shift, newest), Key.D1 if shift.z == newest:
            return Open()
        case NoShift(), Key.D1:
            return Open()
        case Closing(shift), Key.OK:
            return Reading(Aim.CLOSE, shift.z, frozenset(one.number for one in shift.handed_over), there.by)
        case Closing(), Key.CANCEL:
            return Reading(Aim.SHOW)
        case _:
            return None
