"""After its ledger was restored a kiosk sells on, and meanwhile asks WeChat for the orders that the ledger may lack.

The walk is that of `kiosk recover` (walk.py), in a thread of its own and with a client of its own; rows are read and written
in the loop's thread, between two steps. It knows the generations that were lost; where nobody does, `kiosk recover` searches.
"""

from __future__ import annotations

import logging
import queue
import threading
from collections.abc import Callable
from typing import TYPE_CHECKING

from kiosk import ledgers
from kiosk.core.errors import KioskError
from kiosk.loop.rows import InLoop, LoopRows
from kiosk.payment.history import NOBODY_KNOWS
from kiosk.payment.wechat import WechatPay
from kiosk.recovery.walk import Report, Run, lost_days

if TYPE_CHECKING:
    from kiosk.clock import SteadyClock
    from kiosk.config import Config
    from kiosk.loop.runtime import Runtime

_log = logging.getLogger(__name__)

AGAIN_S = 60.0
"""After a walk that did not come to its end: WeChat out of reach, say."""


class LostOrders:
    """`look` is told when the ledger was opened; the thread sleeps unless something may be missing."""

    def __init__(self, config: Config, runtime: Runtime, clock: SteadyClock, provider: Callable[[], WechatPay]) -> None:
        self._config = config
        self._runtime = runtime
        self._clock = clock
        self._provider = provider
        self._look = threading.Event()
        self._stopping = threading.Event()
        self._thread = threading.Thread(target=self._run, name="lost orders", daemon=True)

    def start(self) -> None:
        """Begin to look."""
        self._thread.start()

    def look(self) -> None:
        """The ledger was opened, and orders may be missing from it. Any thread may say so."""
        self._look.set()

    def stop(self, most_s: float) -> None:
        """Leave off; the next start goes on with it."""
        self._stopping.set()
        self._look.set()
        self._thread.join(most_s)

    def _run(self) -> None:
        while True:
            self._look.wait()
            if self._stopping.is_set():
                return
            self._look.clear()
            try:
                well = self._recover()
            except (KioskError, TimeoutError, queue.Full) as error:
                _log.warning("lost orders cannot be asked for now", extra={"problem": str(error) or type(error).__name__})
                well = False
            if not well and not self._stopping.wait(AGAIN_S):
                self._look.set()

    def _recover(self) -> bool:
        """Whether nothing is left to do that this can do."""
        rows = LoopRows(InLoop(self._runtime))
        missing = [loss for loss in rows.losses() if loss.recovered_at is None]
        if any(loss.generation == NOBODY_KNOWS for loss in missing):
            hint = "stop the kiosk and run: kiosk recover"
            _log.critical("orders may be missing, and nobody knows their numbers", extra={"hint": hint})
        missing = [loss for loss in missing if loss.generation != NOBODY_KNOWS]
        if not missing:
            return True
        zone = self._config.merchant.time_zone
        days = sorted({day for loss in missing for day in lost_days(loss, zone)}, reverse=True)
        provider = self._provider()
        try:
            report = Report([], dry_run=False)
            run = Run(self._config.merchant, provider, rows, self._clock, _quietly, self._pause, report)
            run.over(days, None, ledgers.ALPHABET, ledgers.generations_of(self._config))
        finally:
            provider.stop()
        told = {"recovered": len(report.recovered), "known": report.known, "open": report.open, "days": report.days}
        _log.warning("lost orders were asked for", extra={**told, "stopped": report.stopped})
        for number, problem in report.problems:
            _log.critical("an order needs a person", extra={"out_trade_no": number, "problem": problem})
        if report.open:
            self._runtime.reload()
        if report.stopped is not None:
            return False
        for loss in missing:  # what a person has to look at is in the log, and no further walk would change it
            rows.recovered(loss.generation, self._clock.now())
        return True

    def _pause(self, seconds: float) -> None:
        if self._stopping.wait(seconds):
            raise KioskError("the kiosk stops; its next start goes on")


def _quietly(_line: str) -> None:
    """Nobody waits before a screen for each order."""
