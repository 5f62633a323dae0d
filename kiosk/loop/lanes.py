"""The lanes in which calls to WeChat leave: `counter` for the sale on the screen, `back office` for everything else.

A lane takes one act at a time, calls the provider and posts what came back. It decides nothing and repeats nothing. The counter
has a second lane, so that a call that hangs does not keep the next customer waiting.
"""

from __future__ import annotations

import queue
from collections.abc import Callable
from typing import assert_never

from kiosk.core.commands import Ask, AskRefund, Charge, Close, GiveBack, Place, Probe, Reverse, Warm
from kiosk.core.events import Answered, Event, Left, Probed, RefundAnswered
from kiosk.core.model import NOT_YET_VALID, Answer, Call, Unknown
from kiosk.core.ports import Clock, Post, Provider

Errand = Charge | Place | Ask | Reverse | Close | GiveBack | AskRefund | Warm | Probe

WAITING_MOST = 1000  # far more than can be under way: each order and refund has one call at a time
LONGEST_CALL_S = 40.0  # the provider's deadlines lie well below; a lane silent for longer is dead


class Lane:
    """One thread's work: `run` until `stop`. What comes while it is at work is the `second`'s, if there is one."""

    def __init__(self, name: str, provider: Provider, post: Post, clock: Clock, second: Lane | None = None) -> None:
        self.name = name
        self.second = second
        self._provider = provider
        self._post = post
        self._clock = clock
        self._waiting: queue.Queue[Errand | None] = queue.Queue(WAITING_MOST)

    def take(self, errand: Errand) -> None:
        """Do this when its turn comes. Never blocks; raises queue.Full when far more waits than ever can."""
        if self.second is not None and self._waiting.unfinished_tasks:
            self.second.take(errand)
        else:
            self._waiting.put_nowait(errand)

    def stop(self) -> None:
        """End after the call under way."""
        self._waiting.put(None)

    def run(self, beat: Callable[[], None]) -> None:
        """Work off what is taken."""
        while True:
            beat()
            try:
                errand = self._waiting.get(timeout=1.0)
            except queue.Empty:
                continue
            if errand is None:
                return
            came_back = self._do(errand)
            self._waiting.task_done()  # before the loop hears of it: what follows may leave here again
            self._post(came_back)

    def _do(self, errand: Errand) -> Event:
        match errand:
            case Charge(order, code):
                number = order.out_trade_no
                answer = self._provider.charge(order, code, lambda: self._post(Left(number, Call.CHARGE)))
                return Answered(number, Call.CHARGE, answer)
            case Place(order, _):
                number = order.out_trade_no
                answer = self._provider.place(order, lambda: self._post(Left(number, Call.PLACE)))
                return Answered(number, Call.PLACE, answer)
            case Ask(order, _):
                return Answered(order.out_trade_no, Call.ASK, self._provider.ask(order))
            case Reverse(order, _):
                return Answered(order.out_trade_no, Call.REVERSE, self._provider.reverse(order))
            case Close(order, _):
                return Answered(order.out_trade_no, Call.CLOSE, self._provider.close(order))
            case GiveBack(refund, order):
                return RefundAnswered(refund.out_refund_no, Call.REFUND, self._provider.refund(refund, order))
            case AskRefund(refund, order):
                return RefundAnswered(refund.out_refund_no, Call.ASK_REFUND, self._provider.ask_refund(refund, order))
            case Warm():
                return self._probed(self._provider.warm())
            case Probe():
                return self._probed(self._provider.probe())
            case _:
                assert_never(errand)

    def _probed(self, answer: Answer) -> Probed:
        detail = answer.outcome.detail if isinstance(answer.outcome, Unknown) else ""
        problem = f"{answer.outcome.why} {detail}" if isinstance(answer.outcome, Unknown) else ""
        return Probed(answer.reached, answer.server_time, self._clock.now(), problem, clock_doubted=detail == NOT_YET_VALID)


def lanes(provider: Provider, post: Post, clock: Clock) -> tuple[Lane, ...]:
    """All there are: the counter's first, the back office's last."""
    second = Lane("second counter", provider, post, clock)
    return Lane("counter", provider, post, clock, second), second, Lane("back office", provider, post, clock)
