"""What goes wrong between a phone's screen and a camera, in numbers: by grade, and as a phone comes nearer."""

from __future__ import annotations

import random
from dataclasses import dataclass, replace

GRADES = range(10)
_MOTION_OVER = 15  # frames of an approach until the hand rests


@dataclass(frozen=True, slots=True)
class Trouble:
    """One view of a phone. Lengths in pixels of the frame unless said otherwise, shares from 0 to 1, angles in degrees."""

    tall: float  # the screen's height, as a share of the frame's
    place: tuple[float, float] = (0.5, 0.5)  # where in the room that is left, across and down
    turn: float = 0.0
    tilt: tuple[float, float] = (0.0, 0.0)  # how much farther away the right side and the foot are than the others, as a share
    defocus: float = 0.0  # standard deviation
    motion: tuple[float, float] = (0.0, 0.0)  # of the hand while the shutter is open
    noise: float = 3.0  # standard deviation, in levels
    moire: float = 0.0  # share of the light
    moire_period: float = 6.0
    glare: float = 0.0  # levels at its middle
    gain: float = 1.0  # exposure: 1 shows the screen's white as 225
    haze: float = 0.0  # levels that reflections add to the dark
    banding: float = 0.0  # share of the light that a dimmed screen loses in its dark bands
    thumb: float = 0.0  # share of the screen's width that it reaches inwards
    cracks: int = 0


def drawn(grade: int, chance: random.Random) -> Trouble:
    """A hand's luck at this grade. Every frame has some of everything, and one or two things that are as bad as the grade."""
    bad = grade / 9
    worst = set(chance.sample(range(9), 2)) if grade else set()

    def share(which: int) -> float:
        return bad * (chance.uniform(0.6, 1.0) if which in worst else chance.uniform(0.0, 0.45))

    speed, way = 22 * share(3), chance.uniform(-1, 1)
    return Trouble(
        tall=0.96 - 0.66 * share(0),
        place=(chance.random(), chance.random()),
        turn=chance.uniform(-1, 1) * (2 + 38 * share(1)),
        tilt=(chance.uniform(-1, 1) * 0.55 * share(1), chance.uniform(-1, 1) * 0.55 * share(1)),
        defocus=0.4 + 4.2 * share(2) * chance.uniform(0.6, 1),
        motion=(speed * way, speed * (1 - abs(way))),
        noise=2 + 42 * share(4),
        moire=0.5 * share(5),
        moire_period=chance.uniform(2.5, 14),
        glare=260 * share(6),
        gain=chance.choice([1 + 2.6 * share(7), 1 / (1 + 7 * share(7))]),
        haze=70 * share(7),
        banding=0.7 * share(5),
        thumb=0.5 * share(8) if chance.random() < 0.6 else 0.0,
        cracks=round(7 * share(8)) if chance.random() < 0.5 else 0,
    )


def nearer(rest: Trouble, frame: int, chance: random.Random) -> Trouble:
    """`rest` as it is `frame` frames after a hand began to bring the phone: far, moving and out of focus, then there.

    `chance` is the approach's own: asked for the same frame again it would tremble otherwise.
    """
    left = max(0.0, 1 - frame / _MOTION_OVER) ** 1.5
    tremble = chance.gauss(0, 0.004), chance.gauss(0, 0.004)
    across, down = rest.place
    pace = 34 * left if frame < _MOTION_OVER else 0.0
    return replace(
        rest,
        tall=rest.tall * (1 - 0.72 * left),
        place=(across + (0.5 - across) * left + tremble[0], down + 0.3 * left + tremble[1]),
        turn=rest.turn + 25 * left + chance.gauss(0, 0.2),
        defocus=rest.defocus + 3.0 * left,
        motion=(rest.motion[0] + pace * 0.4, rest.motion[1] - pace),
        moire_period=rest.moire_period * (1 + 2 * left),
    )
