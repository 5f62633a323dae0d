"""What any keypad must do: one press for one press, none for what nobody pressed, and words for a key that is stuck.

Held by each driver: the scripted one, a window's keyboard, fingers on the screen's keys, the matrix over gpiozero's mock pins
wired as in copper, the number pad over a pipe, and, where the kernel has them, over its own uinput and its simulated pins
(gpio-sim).
"""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from typing import Any

import pytest

from kiosk.core.events import Health, Key, Part
from tests import gpio_sim
from tests.keypad_kits import KITS, LOGICAL, STUCK_MS, Kit, started, uinput_works

assert gpio_sim  # brings its kit where the kernel has such pins
HERE = [name for name in KITS if "uinput" not in name or uinput_works()]


@pytest.fixture(params=HERE)
def kit(request: pytest.FixtureRequest) -> Iterator[Kit]:
    """A started keypad of each kind."""
    with started(KITS[request.param]()) as kit:
        yield kit


@pytest.fixture(params=[name for name in HERE if KITS[name].holds])
def holding(request: pytest.FixtureRequest) -> Iterator[Kit]:
    """A started keypad of each kind that knows how long a key is down."""
    with started(KITS[request.param]()) as kit:
        yield kit


@pytest.mark.skipif(len(HERE) == len(KITS), reason="it is among those below")
def test_the_kernel_makes_a_pad_of_its_own() -> None:
    pytest.skip("no: it has no uinput, or it is not ours to use; the pad over a pipe stands in")


def test_each_key_pressed_is_one_press_of_it(kit: Kit) -> None:
    for key in LOGICAL:
        kit.tap(key)
    assert kit.pressed == LOGICAL


def test_the_same_key_pressed_five_times_is_five_presses(kit: Kit) -> None:
    for _ in range(5):
        kit.tap(Key.D0)
    assert kit.pressed == [Key.D0] * 5


def test_nobody_presses_nothing_happens(kit: Kit) -> None:
    kit.wait(300)
    assert kit.events == []


def test_a_held_key_does_not_repeat(holding: Kit) -> None:
    holding.down(Key.D7)
    holding.wait(1500)
    holding.up(Key.D7)
    holding.wait(60)
    assert holding.events == holding.events[:1]
    assert holding.pressed == [Key.D7]


def test_clear_held_clears_all_once(holding: Kit) -> None:
    holding.down(Key.CLEAR)
    holding.wait(1500)
    holding.up(Key.CLEAR)
    holding.wait(60)
    assert holding.pressed == [Key.CLEAR, Key.CLEAR_ALL]


def test_a_second_key_pressed_before_the_first_is_released_counts_too(holding: Kit) -> None:
    """Quick fingers roll from key to key; the order is that of going down."""
    for first, second in ((Key.D1, Key.D2), (Key.D2, Key.D1), (Key.D5, Key.OK), (Key.D1, Key.D4)):
        holding.down(first)
        holding.wait(60)
        holding.down(second)
        holding.wait(60)
        holding.up(first)
        holding.wait(60)
        holding.up(second)
        holding.wait(60)
    assert holding.pressed == [Key.D1, Key.D2, Key.D2, Key.D1, Key.D5, Key.OK, Key.D1, Key.D4]


def test_a_stuck_key_is_named_once_counts_for_nothing_and_the_others_work(holding: Kit) -> None:
    holding.down(Key.D5)
    holding.wait(STUCK_MS * 2)
    holding.tap(Key.D1)
    (problem,) = [event for event in holding.events if isinstance(event, Health)]
    assert problem.part is Part.KEYPAD
    assert problem.problem is not None
    assert "5" in problem.problem.partition("(down")[0]
    assert "Free it" in problem.problem
    assert holding.pressed == [Key.D5, Key.D1]


def test_a_stuck_key_that_chatters_still_counts_for_nothing_until_it_stays_up(holding: Kit) -> None:
    holding.down(Key.D5)
    holding.wait(STUCK_MS + 100)
    for _ in range(4):
        holding.up(Key.D5)
        holding.wait(200)
        holding.down(Key.D5)
        holding.wait(200)
    assert holding.pressed == [Key.D5]
    holding.up(Key.D5)
    holding.wait(1200)
    assert holding.events[-1] == Health(Part.KEYPAD, None)
    holding.tap(Key.D5)
    assert holding.pressed == [Key.D5, Key.D5]


def test_after_stop_keys_mean_nothing(holding: Kit) -> None:
    holding.keypad.stop()
    holding.keypad.stop()
    holding.down(Key.D1)
    holding.wait(100)
    assert holding.events == []


def test_its_thread_beats_passes_keys_on_and_ends_with_stop(kit: Kit, until: Callable[..., Any]) -> None:
    beats: list[int] = []
    thread = threading.Thread(target=kit.keypad.run, args=(lambda: beats.append(1),), daemon=True)
    thread.start()
    until(lambda: len(beats) >= 2)
    kit.down(Key.D4)
    ticking = threading.Event()

    def tick() -> bool:
        kit.ms += 5  # for those whose clock is ours
        ticking.wait(0.002)
        return kit.pressed == [Key.D4]

    until(tick)
    kit.keypad.stop()
    thread.join(10)
    assert not thread.is_alive()
