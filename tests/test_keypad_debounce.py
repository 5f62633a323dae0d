"""From looks to presses, with all the bouncing, ghosts and noise that chance can think of. No pins, no threads, no time."""

from __future__ import annotations

from dataclasses import dataclass

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from kiosk.core.events import Key, Pressed
from kiosk.keypad.debounce import LOOKS_LEAST, Chatter, Debouncer, Place
from kiosk.keypad.presses import CLEAR_HELD_MS, DEBOUNCE_MS, FREED_MS, STUCK_MS, Presses
from tests.flow import Flow

LOOK_MS = 5
PLACES = [(row, column) for row in range(4) for column in range(4)]
CAPS = dict(zip(PLACES, "123A456B789C*0#D", strict=True))
DIGITS = [place for place in PLACES if CAPS[place].isdigit()]

places = st.sampled_from(PLACES)
bounce = st.lists(st.booleans(), max_size=DEBOUNCE_MS // LOOK_MS)  # what the looks see while a contact settles


@dataclass
class Watched:
    """A debouncer that is looked at every 5 ms, and the places that went down."""

    debouncer: Debouncer
    at: int = 0

    def __post_init__(self) -> None:
        self.down: list[Place] = []
        self.together: list[Place] = []

    def see(self, closed: set[Place] | frozenset[Place], looks: int = 1) -> None:
        for _ in range(looks):
            change = self.debouncer.look(frozenset(closed), self.at)
            self.down += change.down
            self.together += change.together
            self.at += LOOK_MS


def watched() -> Watched:
    return Watched(Debouncer())


def through_copper(closed: set[Place]) -> set[Place]:
    """What a matrix without diodes shows for these closed switches: whatever a way of closed switches joins."""
    seen = set(closed)
    while True:
        more = {(r1, c2) for r1, c1 in seen for r2, c2 in seen if (r2, c1) in seen and (r1, c2) not in seen}
        if not more:
            return seen
        seen |= more


@given(st.lists(st.tuples(places, bounce, bounce), max_size=12))
def test_any_bouncing_no_longer_than_the_debounce_time_gives_exactly_the_typed_keys(
    typed: list[tuple[Place, list[bool], list[bool]]],
) -> None:
    keypad = watched()
    for place, going_down, coming_up in typed:
        for closed in going_down:
            keypad.see({place} if closed else set())
        keypad.see({place}, 8)
        for closed in coming_up:
            keypad.see({place} if closed else set())
        keypad.see(set(), 8)
    assert keypad.down == [place for place, _, _ in typed]


@given(st.lists(st.tuples(st.sets(places, max_size=3), st.integers(1, 4)), max_size=60))
def test_noise_shorter_than_the_debounce_time_is_never_a_press(noise: list[tuple[set[Place], int]]) -> None:
    """Sparks, a thunderstorm, a phone laid on the cable: an amount does not change by them."""
    keypad = watched()
    for closed, looks in noise:
        keypad.see(closed, looks)
        keypad.see(set())
    assert keypad.down == keypad.together == []


@given(st.lists(st.tuples(st.sampled_from(DIGITS), bounce), min_size=1, max_size=9), st.data())
@settings(max_examples=50)
def test_the_amount_is_the_one_typed_whatever_bounces(typed: list[tuple[Place, list[bool]]], data: st.DataObject) -> None:
    keypad, flow, presses = watched(), Flow(limit=10**9), Presses()
    for place, going_down in typed:
        spark = data.draw(places)
        keypad.see({spark} if spark != place else set(), 2)
        for closed in going_down:
            keypad.see({place} if closed else set())
        keypad.see({place}, 8)
        keypad.see(set(), 8)
    for at, place in enumerate(keypad.down):
        for report in presses.down(str(place), Key(CAPS[place]), at):
            flow.happen(report)
        presses.up(str(place), at)
    assert flow.screen is not None
    assert flow.screen.money.amount == int("".join(CAPS[place] for place, _ in typed))  # type: ignore[attr-defined,union-attr]


@given(st.lists(st.tuples(st.sets(places, max_size=5), st.integers(1, 15)), max_size=30))
def test_no_key_is_invented_whatever_is_held_at_once(steps: list[tuple[set[Place], int]]) -> None:
    """Through real copper, ghosts and all: what went down was really closed at that look."""
    keypad = watched()
    for closed, looks in steps:
        for _ in range(looks):
            before = len(keypad.down)
            keypad.see(through_copper(closed))
            assert set(keypad.down[before:]) <= closed


@given(st.lists(st.sets(places, max_size=6), max_size=80))
def test_two_presses_of_a_key_lie_twice_the_debounce_time_apart_whatever_is_seen(seen: list[set[Place]]) -> None:
    """For it was up for one of them, and down for the other."""
    keypad, last = watched(), dict[Place, int]()
    for closed in seen:
        before = len(keypad.down)
        keypad.see(closed)
        for place in keypad.down[before:]:
            assert keypad.at - last.get(place, -1000) >= 2 * DEBOUNCE_MS
            last[place] = keypad.at


def test_three_corners_of_a_rectangle_press_nothing_more_and_the_third_counts_when_one_of_them_is_released() -> None:
    keypad = watched()
    one, two, four, five = (0, 0), (0, 1), (1, 0), (1, 1)
    keypad.see({one}, 8)
    keypad.see({one, two}, 8)
    keypad.see({one, two, four, five}, 40)  # the copper shows the 5, which nobody pressed
    assert keypad.down == [one, two]
    keypad.see({two, four}, 14)
    assert keypad.down == [one, two, four]


@pytest.mark.parametrize("third", [(0, 1), (1, 0), (1, 1)])
def test_half_a_ghost_is_refused_too(third: Place) -> None:
    """While a contact bounces only three of the four corners may be seen: none of them is believed."""
    corners = [(0, 0), (0, 1), (1, 0), (1, 1)]
    for missing in corners:
        keypad = Watched(Debouncer(frozenset({(0, 0)})))
        keypad.see(set(corners) - {missing} | {third, (0, 0)}, 40)
        assert keypad.down == keypad.together == [], (missing, third)


def test_a_key_held_elsewhere_is_no_rectangle() -> None:
    keypad = watched()
    keypad.see({(0, 0)}, 8)
    keypad.see({(0, 0), (1, 1)}, 8)
    keypad.see({(0, 0), (1, 1), (2, 2)}, 8)
    assert keypad.down == [(0, 0), (1, 1), (2, 2)]


def test_two_keys_at_the_very_same_moment_press_neither() -> None:
    """A thumb between two keys, or a machine that looked away: nobody knows which came first, and 12 is not 21."""
    keypad = watched()
    keypad.see({(0, 0), (0, 1)}, 20)
    assert keypad.down == []
    assert keypad.together == [(0, 0), (0, 1)]
    keypad.see(set(), 8)
    keypad.see({(0, 1)}, 8)
    assert keypad.down == [(0, 1)]


def test_what_was_down_before_the_first_look_is_no_press() -> None:
    keypad = Watched(Debouncer(frozenset({(0, 0)})))
    keypad.see({(0, 0)}, 100)
    assert keypad.down == []
    keypad.see(set(), 8)
    keypad.see({(0, 0)}, 8)
    assert keypad.down == [(0, 0)]


def test_a_machine_that_looks_seldom_believes_no_two_glimpses() -> None:
    debouncer = Debouncer()
    assert LOOKS_LEAST == 3
    spark = frozenset({(2, 2)})
    changes = [debouncer.look(closed, at) for closed, at in ((spark, 0), (spark, 500), (frozenset(), 1000), (spark, 1500))]
    assert not any(change.down for change in changes)


def test_all_is_settled_only_when_nothing_is_down_or_moves() -> None:
    keypad = watched()
    assert keypad.debouncer.settled
    keypad.see({(0, 0)})
    assert not keypad.debouncer.settled
    keypad.see({(0, 0)}, 8)
    keypad.see(set())
    assert not keypad.debouncer.settled
    keypad.see(set(), 8)
    assert keypad.debouncer.settled


@given(st.lists(st.integers(1, DEBOUNCE_MS - 1), max_size=10))
def test_edges_that_bounce_are_one_press(gaps: list[int]) -> None:
    chatter, at, presses = Chatter(), 1000, 0
    for gap in [1000, *gaps]:
        at += gap
        presses += not chatter.bounced("5", at)
        chatter.up("5", at)
    assert presses == 1


def test_an_edge_after_the_clock_was_set_back_is_a_press() -> None:
    chatter = Chatter()
    chatter.up("5", 90_000)
    assert not chatter.bounced("5", 1_000)
    assert not Chatter(0).bounced("5", 1_000)


def test_the_second_key_of_the_same_meaning_is_a_press_of_its_own() -> None:
    """The Enter of the letters and that of the numbers."""
    presses = Presses()
    assert presses.down("enter", Key.OK, 0) == presses.down("keypad enter", Key.OK, 10) == [Pressed(Key.OK)]


def test_a_key_that_goes_down_twice_without_coming_up_was_pressed_once() -> None:
    """A repeat of the machine's, or an end that was lost."""
    presses = Presses()
    assert presses.down("5", Key.D5, 0) == [Pressed(Key.D5)]
    assert presses.down("5", Key.D5, 300) == []


def test_with_the_keypad_all_that_was_stuck_on_it_is_gone() -> None:
    presses = Presses()
    presses.down("5", Key.D5, 0)
    assert presses.pass_time(STUCK_MS)
    presses.forget()
    assert presses.quiet
    assert presses.down("5", Key.D5, 9000) == [Pressed(Key.D5)]


def test_words_name_all_that_is_stuck_and_each_change_tells_them_anew() -> None:
    presses = Presses()
    presses.down("key 5", Key.D5, 0)
    presses.down("key 7", Key.D7, 1000)
    assert presses.pass_time(STUCK_MS - 1) == []
    (first,) = presses.pass_time(STUCK_MS)
    (both,) = presses.pass_time(STUCK_MS + 1000)
    assert "key 5" in str(first)
    assert "key 7" not in str(first)
    assert "key 5, key 7" in str(both)
    presses.up("key 5", 9000)
    assert presses.pass_time(9000 + FREED_MS - 1) == []
    (left,) = presses.pass_time(9000 + FREED_MS)
    assert "key 5" not in str(left)
    presses.up("key 7", 20_000)
    (none,) = presses.pass_time(20_000 + FREED_MS)
    assert none.problem is None  # type: ignore[union-attr]
    assert presses.quiet


def test_clear_held_before_the_kiosk_looked_clears_nothing() -> None:
    presses = Presses()
    presses.found("clear", Key.CLEAR, 0)
    assert presses.pass_time(CLEAR_HELD_MS * 2) == []
