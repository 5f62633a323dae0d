"""Fingers on the screen's keys: what is a press, what slides off, what a hand or a cloth does. More: the contract suite."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from kiosk.core.events import Key
from tests.keypad_kits import TouchKit, started


@pytest.fixture
def kit() -> Iterator[TouchKit]:
    with started(TouchKit()) as kit:
        assert isinstance(kit, TouchKit)
        yield kit


def test_a_tap_counts_when_the_finger_lifts(kit: TouchKit) -> None:
    kit.down(Key.D1)
    kit.wait(80)
    assert kit.pressed == []
    kit.up(Key.D1)
    assert kit.pressed == [Key.D1]


def test_a_finger_that_stays_counts_without_lifting(kit: TouchKit) -> None:
    kit.down(Key.D1)
    kit.wait(200)
    assert kit.pressed == [Key.D1]
    kit.up(Key.D1)
    assert kit.pressed == [Key.D1]


def test_a_finger_that_slides_off_has_pressed_nothing(kit: TouchKit) -> None:
    for key in (Key.OK, Key.CLEAR, Key.CANCEL):
        kit.down(key)
        kit.wait(100)
        kit.slide_off(key)
        kit.wait(1500)
    assert kit.events == []


def test_a_clear_held_and_then_left_clears_no_more(kit: TouchKit) -> None:
    kit.down(Key.CLEAR)
    kit.wait(300)
    kit.slide_off(Key.CLEAR)
    kit.wait(1500)
    assert kit.pressed == [Key.CLEAR]


def test_clear_is_held_from_the_touch_on(kit: TouchKit) -> None:
    kit.down(Key.CLEAR)
    kit.wait(790)
    assert kit.pressed == [Key.CLEAR]
    kit.wait(20)
    assert kit.pressed == [Key.CLEAR, Key.CLEAR_ALL]


def test_a_key_that_lifts_before_one_that_came_down_earlier_still_counts_after_it(kit: TouchKit) -> None:
    kit.down(Key.D1)
    kit.wait(40)
    kit.down(Key.D2)
    kit.wait(40)
    kit.up(Key.D2)
    assert kit.pressed == [Key.D1, Key.D2]
    kit.up(Key.D1)
    assert kit.pressed == [Key.D1, Key.D2]


def test_two_fingers_on_one_key_are_one_press(kit: TouchKit) -> None:
    kit.keypad.finger(1, Key.D7, True)
    kit.keypad.finger(2, Key.D7, True)
    kit.wait(200)
    kit.keypad.finger(1, Key.D7, False)
    kit.wait(200)
    kit.keypad.finger(2, Key.D7, False)
    assert kit.pressed == [Key.D7]
    kit.tap(Key.D7)
    assert kit.pressed == [Key.D7, Key.D7]


def test_a_hand_on_the_glass_presses_nothing_until_it_is_gone(kit: TouchKit) -> None:
    hand = (Key.D4, Key.D5, Key.D7, Key.D8)
    for key in hand:
        kit.down(key)
        kit.wait(5)
    kit.wait(1000)
    for key in hand[:3]:
        kit.up(key)
    kit.tap(Key.D1)
    assert kit.pressed == []
    kit.up(hand[3])
    kit.tap(Key.D1)
    assert kit.pressed == [Key.D1]


def test_a_finger_that_nobody_saw_come_down_means_nothing(kit: TouchKit) -> None:
    kit.up(Key.OK)
    kit.slide_off(Key.OK)
    kit.wait(200)
    assert kit.events == []
