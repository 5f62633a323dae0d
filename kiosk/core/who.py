"""The till while it learns who stands there: an operator is chosen, a PIN keyed, a new one set. Pure; lost at any moment.

What a PIN is worth is not known here: it is looked at where its digest is, and the answer comes back as an event.
"""

from __future__ import annotations

from dataclasses import dataclass

from kiosk.core import past, shift_till
from kiosk.core.lifecycle import SECOND
from kiosk.core.operators import UNKEYED, NoPin, Operator, PinDigits

KEYED_FOR = 30 * SECOND  # without a key


@dataclass(frozen=True, slots=True)
class ToRefund:
    """Then money of this order goes back."""

    sale: past.Opened


@dataclass(frozen=True, slots=True)
class ToClose:
    """Then the shift of this report may be closed, in their name."""

    report: shift_till.Report


@dataclass(frozen=True, slots=True)
class ToWork:
    """Then this operator is the one who works here."""


@dataclass(frozen=True, slots=True)
class ToPins:
    """Then a PIN is set, which only a manager does."""


@dataclass(frozen=True, slots=True)
class ToExports:
    """Then exports are carried to a stick, which only a manager has done."""


@dataclass(frozen=True, slots=True)
class ToNewPin:
    """Then the chosen one gets a PIN. Somebody who may do that has shown it, or there is nobody yet who could."""


Then = ToRefund | ToClose | ToWork | ToPins | ToExports | ToNewPin


@dataclass(frozen=True, slots=True)
class Choosing:
    """Who is it, of these? Each has the digit of its place."""

    until: int
    people: tuple[Operator, ...]
    then: Then


@dataclass(frozen=True, slots=True)
class EnteringPin:
    """A PIN is keyed. `ticket`: of the look at it that is under way; `shut_until`: nothing is looked at before."""

    until: int
    who: Operator
    then: Then
    pin: PinDigits = UNKEYED
    ticket: str = ""
    wrong: bool = False
    shut_until: int | None = None


@dataclass(frozen=True, slots=True)
class NewPin:
    """A new PIN is keyed, and then once more. `ticket`: of the writing that is under way."""

    until: int
    who: Operator
    pin: PinDigits = UNKEYED
    first: PinDigits | None = None
    ticket: str = ""
    problem: NoPin | None = None


There = Choosing | EnteringPin | NewPin
