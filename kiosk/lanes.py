"""The two lanes in which calls to WeChat leave: `counter` for the sale on the screen, `back office` for everything else.

A lane takes one act at a time, calls the provider and posts what came back. It decides nothing and repeats nothing.
"""

from __future__ import annotations

import queue
from collections.abc import Callable
from typing import assert_never

from kiosk.core.commands import Ask, AskRefund, Charge, Close, GiveBack, Place, Probe, Reverse, Warm
from kiosk.core.events import Answered, Left, Probed, RefundAnswered
from kiosk.core.model import NOT_YET_VALID, Answer, Call, Unknown
from kiosk.core.ports import Clock, Post, Provider

Errand = Charge | Place | Ask | Reverse | Close | GiveBack | AskRefund | Warm | Probe

WAITING_MOST = 1000  # far more than can be under way: each order and refund has one call at a time
LONGEST_CALL_S = 40.0  # the provider's deadlines lie well below; a lane silent for longer is dead


class Lane:
    """One thread's work: `run` until `stop`."""

    def __init__(self, name: str, provider: Provider, post: Post, clock: Clock) -> None:
        self.name = name
        self._provider = provider
        self._post = post
        self._clock = clock
        self._waiting: queue.Queue[Errand | None] = queue.Queue(WAITING_MOST)

    def take(self, errand: Errand) -> None:
        """Do this when its turn comes. Never blocks; raises queue.Full when far more waits than ever can."""
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
            self._do(errand)

    def _do(self, errand: Errand) -> None:
        match errand:
            case Charge(order, code):
                number = order.out_trade_no
                answer = self._provider.charge(order, code, lambda: self._post(Left(number, Call.CHARGE)))
                self._post(Answered(number, Call.CHARGE, answer))
            case Place(order, _):
                number = order.out_trade_no
                answer = self._provider.place(order, lambda: self._post(Left(number, Call.PLACE)))
                self._post(Answered(number, Call.PLACE, answer))
            case Ask(order, _):
                self._post(Answered(order.out_trade_no, Call.ASK, self._provider.ask(order)))
            case Reverse(order, _):
                self._post(Answered(order.out_trade_no, Call.REVERSE, self._provider.reverse(order)))
            case Close(order, _):
                self._post(Answered(order.out_trade_no, Call.CLOSE, self._provider.close(order)))
            case GiveBack(refund, order):
                self._post(RefundAnswered(refund.out_refund_no, Call.REFUND, self._provider.refund(refund, order)))
            case AskRefund(refund, order):
                self._post(RefundAnswered(refund.out_refund_no, Call.ASK_REFUND, self._provider.ask_refund(refund, order)))
            case Warm():
                self._post(self._probed(self._provider.warm()))
            case Probe():
                self._post(self._probed(self._provider.probe()))
            case _:
                assert_never(errand)

    def _probed(self, answer: Answer) -> Probed:
        detail = answer.outcome.detail if isinstance(answer.outcome, Unknown) else ""
        problem = f"{answer.outcome.why} {detail}" if isinstance(answer.outcome, Unknown) else ""
        return Probed(answer.reached, answer.server_time, self._clock.now(), problem, clock_doubted=detail == NOT_YET_VALID)
