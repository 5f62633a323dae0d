"""What scanning costs the screen: the time of its frames with a scanner at work beside it, and without."""

from __future__ import annotations

import json
import statistics
import sys

from tests.bench.conftest import Table
from tests.bench.desk import Process, XScreen, environment, stopping

ROUNDS = 12
PHASE_S = 2.0


def test_the_screen_is_as_quick_while_scanning_as_without(screen: XScreen, table: Table) -> None:
    """By turns, in one window: keys; a scan's screen with pictures from memory; the same with pictures from the scanner."""
    times: dict[str, list[float]] = {"keying": [], "memory": [], "scanning": []}
    command = [sys.executable, "-m", "tests.bench.stage"]
    with stopping(Process(command, env=environment(screen.display))) as stage:
        assert stage.hear() == "ready"
        for turn in range(ROUNDS):
            for phase in sorted(times, reverse=bool(turn % 2)):
                stage.say(f"{phase} {PHASE_S}")
                times[phase] += json.loads(stage.hear())
    late = {phase: percentile(taken, 99) for phase, taken in times.items()}
    told = {
        phase: f"p99 {late[phase]:.1f} ms, median {statistics.median(taken):.1f}, {len(taken)} frames"
        for phase, taken in times.items()
    }
    table.row("a frame while scanning", told["scanning"], f"keying: {told['keying']}", late["scanning"] / late["keying"], 1.1)
    table.row("the same", told["scanning"], f"no scanner: {told['memory']}", late["scanning"] / late["memory"], 1.1)


def percentile(values: list[float], share: int) -> float:
    """The value that `share` of 100 do not exceed."""
    return sorted(values)[min(len(values) - 1, len(values) * share // 100)]
