"""What becomes of an update: each pair of state and event, and what holds whatever happens."""

from __future__ import annotations

import itertools

import pytest
from hypothesis import given
from hypothesis import strategies as st

from kiosk.core.errors import ImpossibleMove
from kiosk.release.trial import (
    MUST,
    SWITCHED_OFF,
    Attempt,
    Began,
    Booted,
    Event,
    Failed,
    Healthy,
    Manifest,
    Record,
    ReleaseRefused,
    Staged,
    State,
    after,
    is_restored,
    is_version,
    lacking,
    may_stage,
    number,
    runs,
)
from tests.releases import MACHINE, PYTHON, manifest

FACTORY = manifest("1.0.0")
VERSIONS = [f"1.{minor}.0" for minor in range(1, 6)]
ON_TRIAL = Record("1.1.0", Attempt("1.2.0", State.TRIAL))
EVENTS: list[Event] = [Staged("1.3.0"), Began(migrates=True), Healthy(), Failed("it hangs"), Booted()]
ALLOWED = {
    (None, Staged): State.WAITING,
    (None, Booted): None,
    (State.WAITING, Staged): State.WAITING,
    (State.WAITING, Began): State.TRIAL,
    (State.WAITING, Failed): State.UNDONE,
    (State.WAITING, Booted): State.WAITING,
    (State.TRIAL, Healthy): State.WELL,
    (State.TRIAL, Failed): State.UNDONE,
    (State.TRIAL, Booted): State.UNDONE,
    (State.WELL, Staged): State.WAITING,
    (State.WELL, Booted): State.WELL,
    (State.UNDONE, Staged): State.WAITING,
    (State.UNDONE, Booted): State.UNDONE,
}


@pytest.mark.parametrize(("state", "event"), list(itertools.product([None, *State], EVENTS)))
def test_the_table(state: State | None, event: Event) -> None:
    """What is not in the table is our own mistake, and raised."""
    record = Record("1.1.0", None if state is None else Attempt("1.2.0", state))
    if (state, type(event)) not in ALLOWED:
        with pytest.raises(ImpossibleMove):
            after(record, event)
        return
    attempt = after(record, event).attempt
    assert (None if attempt is None else attempt.state) == ALLOWED[state, type(event)]


def _made(record: Record, event: Event) -> Record:
    try:
        return after(record, event)
    except ImpossibleMove:
        return record


_EVENTS = st.one_of(
    st.sampled_from(VERSIONS).map(Staged),
    st.booleans().map(lambda migrates: Began(migrates=migrates)),
    st.just(Healthy()),
    st.just(Failed("it hangs")),
    st.just(Booted()),
)


@given(st.lists(_EVENTS, max_size=30))
def test_outside_a_trial_only_what_was_well_runs(events: list[Event]) -> None:
    """And only what was on trial can become well; a start of the machine ends every trial."""
    record, well = Record(), {None}
    there = [manifest(version) for version in VERSIONS]
    for event in events:
        before, record = record, _made(record, event)
        attempt = record.attempt
        if isinstance(event, Healthy) and record != before:
            well.add(record.current)
        trial = attempt is not None and attempt.state is State.TRIAL
        assert trial or runs(record, FACTORY, there) in well
        assert record.current in well
        assert not (trial and isinstance(event, Booted))
        if attempt is not None and attempt.state is State.UNDONE:
            assert attempt.problem


def test_a_trial_that_ends_badly_leaves_what_ran_before() -> None:
    """With the reason."""
    for event in (Failed("it hangs"), Booted()):
        undone = after(ON_TRIAL, event)
        assert undone.current == "1.1.0"
        assert undone.attempt is not None
        assert undone.attempt.problem == ("it hangs" if event != Booted() else SWITCHED_OFF)


def test_what_runs() -> None:
    """The one on trial, the last that was well, or the package's own when it is not older or they cannot run here."""
    there = [manifest("1.1.0"), manifest("1.2.0")]
    assert runs(ON_TRIAL, FACTORY, there) == "1.2.0"
    assert runs(Record("1.1.0"), FACTORY, there) == "1.1.0"
    assert runs(Record(), FACTORY, there) is None
    assert runs(Record("1.1.0"), manifest("1.1.0"), there) is None
    assert runs(Record("1.1.0"), manifest("1.10.0"), there) is None
    assert runs(Record("1.1.0"), FACTORY, there[1:]) is None
    assert runs(Record("1.1.0"), Manifest("1.0.0", "3.99", MACHINE, 1), there) is None
    assert runs(Record("1.1.0"), Manifest("1.0.0", PYTHON, "riscv64", 1), there) is None


@pytest.mark.parametrize(
    ("new", "words"),
    [
        (manifest("1.0.0"), "not newer than 1.0.0"),
        (manifest("1.0"), "not newer"),
        (manifest("0.99.99"), "not newer"),
        (Manifest("1.1.0", "3.8", MACHINE, 1), r"for Python 3\.8"),
        (Manifest("1.1.0", PYTHON, "riscv64", 1), "for another machine"),
        (manifest("1.1.0", ledger=0), "cannot read the ledger"),
    ],
)
def test_what_may_not_be_staged(new: Manifest, words: str) -> None:
    """Said in words; among them every downgrade."""
    with pytest.raises(ReleaseRefused, match=words):
        may_stage(new, FACTORY, Record())


def test_what_may_be_staged() -> None:
    """A newer one, but for the minutes of another's trial."""
    may_stage(manifest("1.0.1"), FACTORY, Record())
    with pytest.raises(ReleaseRefused, match="on trial"):
        may_stage(manifest("1.3.0"), FACTORY, ON_TRIAL)


@pytest.mark.parametrize("text", ["", "1", "1.2.3.4.5", "01.2", "1.2.", "../1.2", "1.2\n", "１.２", "1.2-rc", "1.9999999"])
def test_what_is_no_version(text: str) -> None:
    """It becomes a folder's name."""
    assert not is_version(text)


def test_versions_are_compared_as_numbers() -> None:
    """Not as text."""
    assert number("1.10") > number("1.9.9")
    assert number("1.2") == number("1.2.0")


def test_the_ledger_goes_back_only_with_its_schema() -> None:
    """And only from a trial."""
    waiting = Record(None, Attempt("1.2.0", State.WAITING))
    assert is_restored(after(waiting, Began(migrates=True)))
    assert not is_restored(after(waiting, Began(migrates=False)))
    assert not is_restored(after(after(waiting, Began(migrates=True)), Healthy()))


def test_what_a_trial_must_show() -> None:
    """A camera that was broken before need not be mended by it; without WeChat nothing is well."""
    assert lacking(["scanner", *MUST], MUST) == ("scanner",)
    assert lacking(MUST, MUST) == ()
    assert lacking([], MUST - {"drawn"}) == ("drawn",)
    assert lacking([], []) == tuple(sorted(MUST))
