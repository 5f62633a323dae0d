"""The frames themselves, each with its truth: graded, approaching, foreign and empty."""

from __future__ import annotations

import random
from dataclasses import dataclass, field, replace

import numpy as np

from tests.camera_pictures import page
from tests.frames.optics import seen
from tests.frames.rooms import behind
from tests.frames.sheets import foreign, payment_code, wallet
from tests.frames.trouble import drawn, nearer


@dataclass(frozen=True, slots=True)
class Shot:
    """One frame. `truth`: the payment code that may be believed of it; None where none may."""

    grey: np.ndarray = field(repr=False)
    truth: str | None
    kind: str


def graded(grade: int, seed: int) -> Shot:
    """A payment page held as well as the grade says."""
    chance = random.Random(f"graded {grade} {seed}")
    digits = payment_code(chance)
    (sheet, _), trouble = wallet(chance, digits), drawn(grade, chance)
    return Shot(seen([(sheet, trouble)], behind(chance), chance), digits, f"grade {grade}")


class Approach:
    """A phone brought nearer at 30 frames a second: 15 frames, then held. The same frame is always the same."""

    def __init__(self, grade: int, seed: int) -> None:
        self._name = f"approach {grade} {seed}"
        chance = random.Random(self._name)
        self.truth = payment_code(chance)
        self._sheet, self.shows_qr = wallet(chance, self.truth)
        self._rest, self._behind = drawn(grade, chance), behind(chance)

    def frame(self, number: int) -> np.ndarray:
        """The frame of this number, from 0: the same cracks, thumb and lamp as in the others, another grain."""
        name = f"{self._name} {number}"
        trouble = nearer(self._rest, number, random.Random(name))
        return seen([(self._sheet, trouble)], self._behind, random.Random(self._name), name)


def negative(seed: int) -> Shot:
    """A code that must not be taken for a payment code; in one of five, two phones with different payment codes.

    Both phones show both codes in light mode: of a phone that no reader makes out beside another, nobody can know.
    """
    chance = random.Random(f"negative {seed}")
    grade = chance.choice([0, 0, 1, 2, 3, 5])
    if chance.random() < 0.2:
        grade = min(grade, 1)
        sheets = [
            (
                page(payment_code(chance)),
                replace(drawn(grade, chance), tall=chance.uniform(0.6, 0.9), place=(side, 0.5)),
            )
            for side in (0.12, 0.88)
        ]
        return Shot(seen(sheets, behind(chance), chance), None, "two phones")
    kind, sheet = foreign(chance)
    return Shot(seen([(sheet, replace(drawn(grade, chance), thumb=0.0))], behind(chance), chance), None, kind)


def empty(seed: int) -> Shot:
    """Nobody holds anything up."""
    chance = random.Random(f"empty {seed}")
    return Shot(seen([], behind(chance), chance), None, "empty")
