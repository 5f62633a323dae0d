"""Many seeds on all cores, piece by piece. What comes out does not depend on how many processes there are."""

from __future__ import annotations

import gc
import multiprocessing
import os
import time
from collections.abc import Iterator
from dataclasses import dataclass, field

from tests.simulation.promises import Violation
from tests.simulation.world import World

PIECE = 250


@dataclass(slots=True)
class Result:
    """What became of the seeds that were run."""

    seeds: int = 0
    violations: list[tuple[int, str]] = field(default_factory=list)  # seed, broken promise
    seconds: float = 0.0

    @property
    def seeds_per_s(self) -> float:
        return round(self.seeds / self.seconds, 1) if self.seconds else 0.0


def run(first: int, seeds: int, *, most: int = 3, workers: int | None = None) -> Result:
    """The seeds from `first` on, until `most` have broken a promise."""
    began = time.perf_counter()
    result = Result()
    workers = min(workers or os.cpu_count() or 1, -(-seeds // PIECE))
    pieces = [(begin, min(PIECE, first + seeds - begin)) for begin in range(first, first + seeds, PIECE)]
    for done, violations in _work(pieces, most, workers):
        result.seeds += done
        result.violations += violations
        if len(result.violations) >= most:
            break
    result.violations = sorted(result.violations)[:most]
    result.seconds = time.perf_counter() - began
    return result


def _work(pieces: list[tuple[int, int]], most: int, workers: int) -> Iterator[tuple[int, list[tuple[int, str]]]]:
    tasks = [(*piece, most) for piece in pieces]
    if workers <= 1:
        yield from map(_piece, tasks)
        return
    with multiprocessing.get_context("fork").Pool(workers) as pool:
        yield from pool.imap(_piece, tasks)


def _piece(task: tuple[int, int, int]) -> tuple[int, list[tuple[int, str]]]:
    begin, seeds, most = task
    violations: list[tuple[int, str]] = []
    gc.collect()
    gc.freeze()
    gc.disable()  # a day is one heap of cycles: cleared once in a while, not looked through all the time
    try:
        for seed in range(begin, begin + seeds):
            try:
                World(seed).run()
            except Violation as broken:
                violations.append((seed, str(broken)))
            if seed % 25 == 0:
                gc.collect(1)
            if len(violations) >= most:
                return seed - begin + 1, violations
    finally:
        gc.enable()
    return seeds, violations
