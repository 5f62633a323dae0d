"""The smallest day that still breaks the same promise: delta debugging over the mishaps and actions of a seed."""

from __future__ import annotations

from dataclasses import dataclass

from tests.simulation.promises import Violation
from tests.simulation.story import story
from tests.simulation.world import World

RUNS_MOST = 400


@dataclass(frozen=True, slots=True)
class Failure:
    """A seed, what it broke, and the little that is needed for it."""

    seed: int
    promise: str
    needed: tuple[str, ...]
    runs: int
    story: tuple[str, ...]

    def __str__(self) -> str:
        again = f"python -m tests.simulation --first {self.seed} --seeds 1"
        needed = "".join(f"\n  - {name}" for name in self.needed)
        day = "".join(f"\n  {line}" for line in self.story)
        return f"seed {self.seed}: {self.promise}\nreplay: {again}\nneeded ({self.runs} runs to find out):{needed}\nstory:{day}"


def broken(world: World) -> str | None:
    """The promise that this day breaks."""
    try:
        world.run()
    except Violation as violation:
        return str(violation)
    return None


def shrink(seed: int, promise: str) -> Failure:
    """Leave out as many mishaps and actions of a failing seed as can be."""
    kind = _kind(promise)
    runs = 0

    def fails(kept: list[str]) -> bool:
        nonlocal runs
        runs += 1
        said = broken(World(seed, frozenset(kept)))
        return said is not None and _kind(said) == kind

    world = World(seed)
    broken(world)
    needed = list(dict.fromkeys(world.luck.met))
    pieces = 2
    while len(needed) > 1 and runs < RUNS_MOST:
        size = -(-len(needed) // pieces)
        for begin in range(0, len(needed), size):
            fewer = needed[:begin] + needed[begin + size :]
            if fails(fewer):
                needed, pieces = fewer, max(pieces - 1, 2)
                break
        else:
            if size == 1:
                break
            pieces = min(pieces * 2, len(needed))
    smallest = World(seed, frozenset(needed))
    said = broken(smallest)
    return Failure(seed, said or promise, tuple(needed), runs, tuple(story(smallest)))


def _kind(promise: str) -> str:
    """The promise without the numbers of the day."""
    return " ".join(word for word in promise.split() if not any(letter.isdigit() for letter in word[1:]))
