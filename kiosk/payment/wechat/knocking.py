"""Knocking at a door that may be dead: when a knock is not answered soon, another beside it, and the first answer counts.

A question sent into a dead network is lost, and waiting for it goes on after the network's return: a fresh one is heard at
once. Each still has its full time, so that a slow network is heard too. Knows threads and time, no HTTP and no message.
"""

from __future__ import annotations

import queue
import threading
import time
from collections.abc import Callable

from kiosk.core.model import Answer


def knock(once: Callable[[], Answer], *, beside_s: float, until: float) -> Answer | None:
    """The answer of the first knock that reached WeChat, else of the last one; None when none came back by `until` (monotonic).

    `once` is called in threads of its own and must end by itself soon after `until`. A knock that came back without an
    answer is followed by no other: there is nothing to wait for.
    """
    came: queue.SimpleQueue[Answer | Exception] = queue.SimpleQueue()

    def run() -> None:
        try:
            came.put(once())
        except Exception as error:  # noqa: BLE001  a thread's top: it is raised where the knock was ordered
            came.put(error)

    waiting = 0
    answer: Answer | None = None
    while (left_s := until - time.monotonic()) > 0:
        if answer is None:
            threading.Thread(target=run, name="knock", daemon=True).start()
            waiting += 1
        try:
            back = came.get(timeout=min(beside_s, left_s))
        except queue.Empty:
            continue
        if isinstance(back, Exception):
            raise back
        answer = back
        waiting -= 1
        if answer.reached or not waiting:
            break
    return answer
