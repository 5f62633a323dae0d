"""A knock at a door that may be dead: the first answer that came from behind it counts, and nobody waits for the others."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable

import pytest

from kiosk.core.model import Answer, Pending, Unknown, Why
from kiosk.payment.wechat.knocking import knock

HEARD = Answer(Pending(), reached=True)
UNHEARD = Answer(Unknown(Why.TIMEOUT))
LONG_S = 20.0


def knocked(*answers: Callable[[], Answer], beside_s: float = 0.01, within_s: float = LONG_S) -> Answer | None:
    """The first knock gets the first answer, and so on; the last one serves all that follow."""
    left = list(answers)
    lock = threading.Lock()

    def once() -> Answer:
        with lock:
            answer = left.pop(0) if len(left) > 1 else left[0]
        return answer()

    return knock(once, beside_s=beside_s, until=time.monotonic() + within_s)


def test_a_knock_that_is_answered_is_the_only_one() -> None:
    assert knocked(lambda: HEARD, lambda: pytest.fail("another knock"), beside_s=LONG_S) == HEARD


def test_a_knock_that_comes_back_unheard_is_followed_by_no_other() -> None:
    """There is nothing to wait for."""
    assert knocked(lambda: UNHEARD, lambda: pytest.fail("another knock"), beside_s=LONG_S) == UNHEARD


def test_beside_a_knock_that_hangs_another_is_heard() -> None:
    hung = threading.Event()
    assert knocked(lambda: HEARD if hung.wait(LONG_S) else UNHEARD, lambda: HEARD) == HEARD
    hung.set()


def test_an_unheard_one_does_not_hide_the_one_beside_it() -> None:
    """The first is still out when the second comes back with nothing: the first counts after all, and no third is sent."""
    second = threading.Event()

    def first() -> Answer:
        second.wait(LONG_S)
        time.sleep(0.05)
        return HEARD

    def next_one() -> Answer:
        second.set()
        return UNHEARD

    assert knocked(first, next_one, lambda: pytest.fail("a third knock")) == HEARD


def test_when_the_time_is_over_there_is_no_answer() -> None:
    """Not even a knock, where there was none at all."""
    hung = threading.Event()
    assert knocked(lambda: HEARD if hung.wait(LONG_S) else UNHEARD, within_s=0.05) is None
    assert knocked(lambda: pytest.fail("no time to knock"), within_s=0) is None
    hung.set()


def test_our_own_mistake_is_raised_where_the_knock_was_ordered() -> None:
    """And not lost with a thread."""

    def broken() -> Answer:
        raise ValueError("no such path")

    with pytest.raises(ValueError, match="no such path"):
        knocked(broken)
