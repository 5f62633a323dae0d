"""Which switches are down, from what single looks saw. Two ways: for levels that are seen, and for edges that are told.

Pure: time is an argument, in ms. Knows switches as places of a matrix or as codes, and no key.
"""

from __future__ import annotations

from collections.abc import Hashable
from dataclasses import dataclass

from kiosk.keypad.presses import DEBOUNCE_MS

LOOKS_LEAST = 3  # two glimpses with a pause between them, when the machine was busy, are no press

Place = tuple[int, int]  # row, column


@dataclass(frozen=True, slots=True)
class Change:
    """What a look led to. `together`: these went down at one moment, so nobody knows in which order."""

    down: tuple[Place, ...] = ()
    up: tuple[Place, ...] = ()
    together: tuple[Place, ...] = ()


class Debouncer:
    """A matrix of switches without diodes, looked at again and again.

    A switch has changed when every look of `debounce_ms`, and at least LOOKS_LEAST of them, saw it so. Three switches at the
    corners of a rectangle make the fourth look closed, so none of the corners goes down while three are: a key that is really
    pressed counts when the others are released, one that only seemed so never does.
    """

    def __init__(self, closed_before: frozenset[Place] = frozenset(), debounce_ms: int = DEBOUNCE_MS) -> None:
        """`closed_before`: seen closed by the first look of all; whoever pressed these did not press them now."""
        self._debounce_ms = debounce_ms
        self._down = closed_before
        self._otherwise: dict[Place, tuple[int, int]] = {}  # seen so since, in so many looks

    @property
    def settled(self) -> bool:
        """Whether all switches are up and nothing else was seen: no need to look closely."""
        return not self._down and not self._otherwise

    def look(self, closed: frozenset[Place], at: int) -> Change:
        """What one look saw, and what follows. `at` never goes back."""
        seen = self._down | closed
        doubtful = {place for place in closed - self._down if _is_corner_of_three(place, seen)}
        otherwise: dict[Place, tuple[int, int]] = {}
        changed: list[Place] = []
        for place in sorted((self._down ^ closed) - doubtful):
            since, looks = self._otherwise.get(place, (at, 0))
            if looks + 1 >= LOOKS_LEAST and at - since >= self._debounce_ms:
                changed.append(place)
            else:
                otherwise[place] = (since, looks + 1)
        self._otherwise = otherwise
        up = tuple(place for place in changed if place in self._down)
        down = tuple(place for place in changed if place not in self._down)
        self._down = self._down ^ frozenset(changed)
        return Change((), up, down) if len(down) > 1 else Change(down, up)


class Chatter:
    """Tells of the edges of one switch which are bounces: going down again so soon is no second press."""

    def __init__(self, debounce_ms: int = DEBOUNCE_MS) -> None:
        self._debounce_ms = debounce_ms
        self._up_at: dict[Hashable, int] = {}

    def up(self, switch: Hashable, at: int) -> None:
        """The switch opened."""
        self._up_at[switch] = at

    def bounced(self, switch: Hashable, at: int) -> bool:
        """Whether it closes now only because it bounces. A clock that was set back meanwhile makes no bounce."""
        up_at = self._up_at.get(switch)
        return up_at is not None and 0 <= at - up_at < self._debounce_ms


def _is_corner_of_three(place: Place, seen: frozenset[Place]) -> bool:
    """Whether `place` and two more of `seen` are corners of one rectangle."""
    row, column = place
    in_row = {c for r, c in seen if r == row and c != column}
    in_column = {r for r, c in seen if c == column and r != row}
    if in_row and in_column:
        return True  # the place is the corner between two others
    # the place is at an end: a neighbour in its row (or column) is the corner between it and a third
    return any(c in in_row for r, c in seen if r != row) or any(r in in_column for r, c in seen if c != column)
