"""The nouns of whoever works at the kiosk: operators, what they may, and their PINs, which no accident shows or stores."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from typing import NoReturn

LEAST_PIN, MOST_PIN = 4, 12  # digits
MOST_OPERATORS = 9  # each is chosen by a digit
NAME_MOST = 24  # characters


class Role(StrEnum):
    """What somebody may do."""

    CASHIER = "cashier"
    MANAGER = "manager"


def is_name(text: str) -> bool:
    """Whether the owner's page may give this name."""
    return text.isprintable() and 0 < len(text.strip()) <= len(text) <= NAME_MOST


@dataclass(frozen=True, slots=True)
class Operator:
    """Somebody who works at the kiosk. The name is what rows and reports say."""

    name: str
    role: Role


ALONE = Operator("manager", Role.MANAGER)
"""The one operator of a kiosk whose kiosk.toml names none."""


@dataclass(frozen=True, slots=True)
class RefundRules:
    """What may be given back at the kiosk, in smallest units; None: as much as was paid. `cashiers`: they may, too."""

    most: int | None = None  # one refund
    most_a_day: int | None = None  # of one operator
    cashiers: bool = False


ALL_OF_IT = RefundRules()
"""A manager may give back whatever was paid."""


class Against(StrEnum):
    """What speaks against a refund."""

    UNPAID = "unpaid"
    NOTHING_LEFT = "nothing_left"
    NOTHING = "nothing"
    TOO_MUCH = "too_much"
    TOO_MANY = "too_many"
    TOO_OLD = "too_old"
    NOT_ALLOWED = "not_allowed"  # for whoever asks
    LIMIT = "limit"  # of one refund
    LIMIT_A_DAY = "limit_a_day"
    UPDATING = "updating"
    NO_PIN = "no_pin"  # of anybody who may


class NoPin(StrEnum):
    """Why what was keyed does not become a PIN."""

    FORM = "form"  # too short
    EASY = "easy"  # all the same digit, or in a row
    DIFFERS = "differs"  # the second time
    DISK = "disk"  # it could not be written down


class PinDigits:
    """A PIN as it is keyed. repr, str, format and pickle do not show it; `reveal()` alone does."""

    __slots__ = ("__digits",)

    def __init__(self, digits: str = "") -> None:
        if not (digits.isascii() and (digits.isdigit() or not digits) and len(digits) <= MOST_PIN):
            raise ValueError(f"not a PIN ({LEAST_PIN} to {MOST_PIN} ASCII digits)")  # never shows the value
        self.__digits = digits

    def reveal(self) -> str:
        """The digits, to be compared with a digest or to have one made, and for nothing else."""
        return self.__digits

    def more(self, digit: str) -> PinDigits:
        """One more; as it is when it is full."""
        return PinDigits(self.__digits + digit) if len(self.__digits) < MOST_PIN else self

    def less(self) -> PinDigits:
        """One less."""
        return PinDigits(self.__digits[:-1])

    def __len__(self) -> int:
        return len(self.__digits)

    def __repr__(self) -> str:
        return "<PIN>"

    __str__ = __repr__

    def __format__(self, spec: str) -> str:
        return "<PIN>"

    def __eq__(self, other: object) -> bool:
        return isinstance(other, PinDigits) and self.__digits == other.__digits

    def __hash__(self) -> int:
        return hash(self.__digits)

    def __reduce__(self) -> NoReturn:
        raise TypeError("a PIN is not pickled or copied to disk")


UNKEYED = PinDigits()
"""No digit yet."""
