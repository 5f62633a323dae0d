"""The simulated days: thousands of seeds keep every promise, replay to the letter, shrink to a story, and bite."""

from __future__ import annotations

import hashlib
import json
import os
import subprocess
import sys
from dataclasses import replace
from pathlib import Path

import pytest

from kiosk.clock import SteadyClock
from kiosk.core import lifecycle
from kiosk.core.books import Books
from kiosk.core.errors import LedgerError
from kiosk.core.lifecycle import Arrow, On
from kiosk.core.model import OrderState
from kiosk.payment.ledger_file import LedgerFile
from tests.mutants import MUTANTS, ROOT
from tests.simulation.luck import KINDS, Luck
from tests.simulation.many import run
from tests.simulation.shrink import broken, shrink
from tests.simulation.story import story, trace
from tests.simulation.world import World

S = OrderState

_SCAN = "the 15 s before a reversal counted from the scan, and the charge had waited in its lane behind a call that hung"
_WAITS = "an order counted as never made while its charge, which had waited in its lane, was hardly on its way"

# Seeds that once broke a promise, and which mistake they had shown.
KEPT = {
    41: _SCAN,
    61: _WAITS,
    64: "a look at a VOID order that nobody answered counted: money that had come late was found an hour later",
    129: _SCAN,
    250: _SCAN,
    495: _SCAN,
    530: _WAITS,
    655: _WAITS,
    8578: "after a restart with a clock behind the sending, an order was undone and nobody had asked for it first",
    38505: "a restart with another clock forgot the minute between two refunds of an order",
    44347: "a charge that arrived after midnight was refunded while its reversal, still allowed, was on its way",
    110790: "a start with a clock that ran ahead forgot a VOID order, and its money came late",
    200449: "an older question took back a refund that the bank had told to be done",
    46226: "a charge left after the ledger had been opened afresh, and was undone while it was on its way",
    20491: "a restart at the very millisecond of the sending was none",
}


@pytest.mark.slow
def test_five_thousand_days_keep_every_promise() -> None:
    """Whatever the network, the plug, the disk, the clock and the people do."""
    result = run(0, 5000)
    again = [f"python -m tests.simulation --first {seed} --seeds 1: {promise}" for seed, promise in result.violations]
    assert again == []
    assert result.seeds == 5000


@pytest.mark.parametrize("seed", KEPT)
def test_a_day_that_once_broke_a_promise_keeps_it(seed: int) -> None:
    """Found by the simulation, mended, and never again."""
    assert broken(World(seed)) is None, KEPT[seed]


# -- the same seed, the same day ---------------------------------------------------------------------------------------


def _digest(seeds: range) -> str:
    lines = [line for seed in seeds for line in _played(World(seed))]
    return hashlib.sha256("\n".join(lines).encode()).hexdigest()


def _played(world: World) -> list[str]:
    broken(world)
    return trace(world)


def test_a_seed_replays_to_the_letter() -> None:
    """In this process, after other days, and in processes that hash otherwise."""
    again = "from tests.test_simulation import _digest; print(_digest(range(25)))"
    env = {**os.environ, "PYTHONPATH": str(ROOT)}
    others = [
        subprocess.run(
            [sys.executable, "-c", again], env={**env, "PYTHONHASHSEED": hashed}, capture_output=True, text=True, check=True
        )
        for hashed in ("1", "4711")
    ]
    assert {other.stdout.strip() for other in others} == {_digest(range(25))}


def test_different_seeds_are_different_days() -> None:
    """Else the replay would prove nothing."""
    assert len({_digest(range(seed, seed + 1)) for seed in range(20)}) == 20


def test_leaving_a_mishap_out_does_not_move_the_luck_of_the_others() -> None:
    """Draws depend on their names alone."""
    seed = next(seed for seed in range(1000) if len(Luck(seed).chances) >= 4)
    names = [f"a1 ask {number}" for number in range(50)]

    def strikes(only: list[str] | None) -> list[str]:
        luck = Luck(seed, only)
        return [f"{kind}: {name}" for kind in KINDS for name in names if luck.strikes(kind, name)]

    every = strikes(None)
    fewer = every[::2]
    assert len(every) > 10
    assert strikes(fewer) == fewer


def test_what_the_wall_clock_does_meanwhile_changes_nothing() -> None:
    """I12: the same day with and without somebody setting the machine's clock, but for a kiosk that starts afterwards."""
    moved = 0
    for seed in range(600):
        luck = Luck(seed)
        if "clock set" not in luck.chances or {"crash", "wrong clock"} & luck.chances.keys():
            continue
        day = World(seed)
        broken(day)
        jumps = [name for name in day.luck.met if name.startswith("clock set")]
        told = [line for line in trace(day) if "the wall clock is set" not in line and " ntp " not in line]
        if not jumps or len(told) < len(trace(day)) - 1:
            continue
        moved += 1
        still = World(seed, frozenset(day.luck.met) - frozenset(jumps))
        broken(still)
        assert trace(still) == told
    assert moved > 5


def test_after_the_calm_nothing_goes_wrong_any_more() -> None:
    """Else a promise about the end would be about the world, not about the kiosk."""
    for seed in range(50):
        luck = Luck(seed)
        luck.calm = True
        assert not [kind for kind in KINDS if luck.strikes(kind, "x")]


# -- it bites ----------------------------------------------------------------------------------------------------------


def _first_violation(seeds: int = 400) -> tuple[int, str]:
    for seed in range(seeds):
        promise = broken(World(seed))
        if promise is not None:
            return seed, promise
    pytest.fail(f"{seeds} days noticed nothing")


def _arrow(monkeypatch: pytest.MonkeyPatch, state: OrderState, on: On, to: OrderState) -> None:
    other = Arrow(state, on, to)
    arrows = tuple(other if (a.state, a.on) == (state, on) and a.when is lifecycle.When.ALWAYS else a for a in lifecycle.ARROWS)
    monkeypatch.setattr(lifecycle, "ARROWS", arrows)


def test_a_timeout_taken_for_paid_is_noticed(monkeypatch: pytest.MonkeyPatch) -> None:
    """I3."""
    _arrow(monkeypatch, S.SENT, On.UNKNOWN, S.PAID)
    assert "I3" in _first_violation()[1]


def test_answers_that_are_not_compared_are_noticed(monkeypatch: pytest.MonkeyPatch) -> None:
    """Another amount, number or merchant."""
    monkeypatch.setattr(lifecycle, "mismatch", lambda *_: None)
    assert "the answer was about something else" in _first_violation()[1]


def test_a_clock_that_follows_the_wall_is_noticed(monkeypatch: pytest.MonkeyPatch) -> None:
    """I12."""
    monkeypatch.setattr(SteadyClock, "now", lambda clock: round(clock._wall() * 1000))
    _first_violation(2000)


def test_a_ledger_that_goes_on_after_its_disk_failed_is_noticed(monkeypatch: pytest.MonkeyPatch) -> None:
    """I14."""
    monkeypatch.setattr(LedgerFile, "_failed", lambda _, error: LedgerError(str(error)))
    assert "I14" in _first_violation()[1]


def test_a_forgotten_order_is_noticed(monkeypatch: pytest.MonkeyPatch) -> None:
    """I10: what is open is shown as open."""
    monkeypatch.setattr(Books, "forget", lambda books: setattr(books, "k", replace(books.k, orders={})))
    _first_violation()


# -- a failing day is told ---------------------------------------------------------------------------------------------


def test_a_failing_seed_is_shrunk_to_a_story(monkeypatch: pytest.MonkeyPatch) -> None:
    """A few causes, the same promise, the same again at each replay, and readable lines."""
    _arrow(monkeypatch, S.SENT, On.UNKNOWN, S.DECLINED)
    seed, promise = _first_violation()
    failure = shrink(seed, promise)
    assert shrink(seed, promise) == failure
    assert failure.promise[:3] == promise[:3]
    assert len(failure.needed) <= 6
    told = str(failure)
    assert f"--first {seed} --seeds 1" in told
    assert "Unknown" in told
    assert "SENT" in told
    assert "DECLINED" in told
    monkeypatch.undo()
    assert broken(World(seed, frozenset(failure.needed))) is None


def test_a_story_tells_times_rows_and_screens() -> None:
    """Of a day that goes well, too."""
    for seed in range(200):
        world = World(seed)
        assert broken(world) is None
        lines = "\n".join(story(world))
        if "[PaidScreen]" in lines:
            break
    assert "new sale" in lines
    assert "> Charge" in lines or "> Place" in lines
    assert " PAID (" in lines


def test_the_command_prints_seeds_violations_and_speed() -> None:
    """As a check outside this repository reads it."""
    command = [sys.executable, "-m", "tests.simulation", "--seeds", "30", "--first", "7", "--json"]
    ended = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False)
    told = json.loads(ended.stdout)
    assert ended.returncode == 0
    assert (told["seeds"], told["violations"]) == (30, [])
    assert told["seeds_per_s"] > 0


# -- the deliberate bugs -----------------------------------------------------------------------------------------------


def test_no_deliberate_bug_is_stale() -> None:
    """Each one's text is found exactly once, so that `make mutants` tries what it says."""
    for mutant in MUTANTS:
        assert (ROOT / mutant.file).read_text("utf-8").count(mutant.old) == 1, mutant.name
    assert len({mutant.name for mutant in MUTANTS}) == len(MUTANTS)


def test_the_table_names_every_deliberate_bug() -> None:
    """docs/mutants.md is of this list; `make mutants` writes it."""
    told = Path(ROOT / "docs" / "mutants.md").read_text("utf-8")
    missing = [mutant.name for mutant in MUTANTS if f"| {mutant.name} |" not in told]
    assert missing == []
    assert "nothing notices it" not in told
