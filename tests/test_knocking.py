"""A knock at a door that may be dead: the first answer that came from behind it counts, and nobody waits for the others."""

from __future__ import annotations

import queue
import threading
import time
from collections.abc import Callable
from types import SimpleNamespace

import pytest

from kiosk.core.model import Answer, Pending, Unknown, Why
from kiosk.payment.wechat import knocking
from kiosk.payment.wechat.knocking import knock

HEARD = Answer(Pending(), reached=True)
UNHEARD = Answer(Unknown(Why.TIMEOUT))
LONG_S = 20.0


def knocked(*answers: Callable[[], Answer], beside_s: float = 0.01, within_s: float = LONG_S) -> tuple[Answer | None, int]:
    """What came of it, and how often somebody knocked. The first knock gets the first answer, the last answer all that follow."""
    knocks: list[int] = []
    lock = threading.Lock()

    def once() -> Answer:
        with lock:
            knocks.append(len(knocks))
            answer = answers[min(knocks[-1], len(answers) - 1)]
        return answer()

    return knock(once, beside_s=beside_s, until=time.monotonic() + within_s), len(knocks)


def test_a_knock_that_is_answered_is_the_only_one() -> None:
    assert knocked(lambda: HEARD, beside_s=LONG_S) == (HEARD, 1)


def test_a_knock_that_comes_back_unheard_is_followed_by_no_other() -> None:
    """There is nothing to wait for."""
    assert knocked(lambda: UNHEARD, beside_s=LONG_S) == (UNHEARD, 1)


def test_beside_a_knock_that_hangs_another_is_heard() -> None:
    hung = threading.Event()
    answer, knocks = knocked(lambda: HEARD if hung.wait(LONG_S) else UNHEARD, lambda: HEARD)
    assert answer == HEARD
    assert knocks > 1
    hung.set()


def test_an_unheard_one_does_not_hide_the_one_beside_it(monkeypatch: pytest.MonkeyPatch) -> None:
    """The first is still out when the second comes back with nothing: the first counts after all, and no third is sent."""
    come_back: list[Answer | queue.Empty] = [queue.Empty(), UNHEARD, queue.Empty(), HEARD]
    started: list[str] = []

    class Came:
        """By no clock: the first wait is in vain, then the second knock is back, and so on."""

        def get(self, timeout: float) -> Answer:
            assert timeout > 0
            back = come_back.pop(0)
            if isinstance(back, queue.Empty):
                raise back
            return back

    def thread(*, name: str, **_: object) -> SimpleNamespace:
        return SimpleNamespace(start=lambda: started.append(name))

    monkeypatch.setattr(knocking, "queue", SimpleNamespace(SimpleQueue=Came, Empty=queue.Empty))
    monkeypatch.setattr(knocking, "threading", SimpleNamespace(Thread=thread))
    assert knock(lambda: HEARD, beside_s=1, until=time.monotonic() + LONG_S) == HEARD
    assert (len(started), come_back) == (2, [])


def test_when_the_time_is_over_there_is_no_answer() -> None:
    """Not even a knock, where there was none at all."""
    hung = threading.Event()
    assert knocked(lambda: HEARD if hung.wait(LONG_S) else UNHEARD, within_s=0.05)[0] is None
    assert knocked(lambda: HEARD, within_s=0) == (None, 0)
    hung.set()


def test_our_own_mistake_is_raised_where_the_knock_was_ordered() -> None:
    """And not lost with a thread."""

    def broken() -> Answer:
        raise ValueError("no such path")

    with pytest.raises(ValueError, match="no such path"):
        knocked(broken)
