"""The till while money is given back at the kiosk: how much, why, and a second look at all of it. Pure; lost at any moment."""

from __future__ import annotations

from dataclasses import dataclass

from kiosk.core import past
from kiosk.core.lifecycle import SECOND
from kiosk.core.model import Reason
from kiosk.core.operators import Operator
from kiosk.core.refunds import Refusal

KEYED_FOR = 60 * SECOND  # without a key
REASONS = tuple(Reason)


@dataclass(frozen=True, slots=True)
class Amount:
    """How much. `keyed` None: all that is left."""

    until: int
    sale: past.Opened
    who: Operator
    keyed: int | None = None
    refusal: Refusal | None = None


@dataclass(frozen=True, slots=True)
class Why:
    """Why, by a digit."""

    until: int
    sale: past.Opened
    who: Operator
    amount: int


@dataclass(frozen=True, slots=True)
class Look:
    """All of it on one screen. `ticket`: it was confirmed, and is about to be a row."""

    until: int
    sale: past.Opened
    who: Operator
    amount: int
    why: Reason
    ticket: str = ""


@dataclass(frozen=True, slots=True)
class Refused:
    """It was not taken, and why."""

    until: int
    sale: past.Opened
    refusal: Refusal


There = Amount | Why | Look | Refused
