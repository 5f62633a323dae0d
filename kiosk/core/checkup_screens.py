"""What people see of the check-up: what was found, and what is tried out by hand. As screens.py: facts, none of the words."""

from __future__ import annotations

from dataclasses import dataclass

from kiosk.core.checkup import Bundle, Finding
from kiosk.core.events import Key


@dataclass(frozen=True, slots=True)
class Checkup:
    """How everything was found so far, from `page` on: what needs somebody first. `care`: how many do; `busy`: more will come."""

    lines: tuple[Finding, ...]
    page: int
    pages: int
    care: int
    busy: bool
    bundle: Bundle | None = None
    prints: bool = False  # a test slip can be printed


@dataclass(frozen=True, slots=True)
class ReadTest:
    """Anything with a code is held to the camera. `read`: which kinds were read, never what they say."""

    until: int
    read: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class KeyTest:
    """Each key that is pressed lights up; CANCEL twice goes back."""

    pressed: frozenset[Key]
    last: Key | None = None


@dataclass(frozen=True, slots=True)
class ColourTest:
    """The whole screen in one colour, or its edges: `shows` is one of checkup.COLOURS."""

    shows: str
