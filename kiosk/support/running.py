"""Check-ups and bundles of a kiosk that runs, as the root (app.py) sees them.

Light: what does the work (work.py) is loaded when somebody wants it, in a thread that nobody waits for.
"""

from __future__ import annotations

import threading
import time
from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

from kiosk.config import Config
from kiosk.core.carried import ExportCarried
from kiosk.core.checkup import Bundle
from kiosk.core.commands import CarryExports
from kiosk.core.ports import Post
from kiosk.doctor.checks import Check
from kiosk.support import starts, stick
from kiosk.support.asks import Asks, Wechat
from kiosk.support.lane import ExaminerLane
from kiosk.support.recent import RecentLines

if TYPE_CHECKING:
    from kiosk.support.work import Work


class Support:
    """`lane` is the Examiner, `log` the handler of what a bundle may tell of the log. `tar` may be called from any thread."""

    def __init__(
        self,
        config: Config,
        loop: Asks,
        wechat: Wechat,
        post: Post,
        system: Callable[[], bytes] | None = None,
        find_stick: Callable[[], Path | None] = stick.mounted,
    ) -> None:
        """`system`: the steward's part of a bundle, a tar; None: the real steward's, if its socket is there."""
        self._ledger = config.ledger.path
        self.log = RecentLines()
        self._begin = partial(_begun, config, loop, wechat, self.log.text, system, find_stick)
        self._work: Work | None = None
        self._beginning = threading.Lock()
        self.lane = ExaminerLane(
            post, lambda: self._at_work().steps(), lambda: self._at_work().ends(), self.put_bundle, self.carry_exports
        )

    def ready(self) -> None:
        """The start is over at this moment; it is written down a little later, when nobody waits."""
        start = starts.now(time.time_ns() // 1_000_000)
        self.lane.later(partial(starts.note, starts.file_of(self._ledger), start))

    def tar(self, *, whole: bool = False) -> bytes:
        """A bundle, unzipped, after everything was looked at. `whole`: with the steward's part."""
        return self._at_work().tar(whole=whole)

    def put_bundle(self, checks: list[Check]) -> Bundle:
        """Onto the stick, or else beside the ledger; with these checks in it, if there are any."""
        return self._at_work().put_bundle(checks)

    def carry_exports(self, wanted: CarryExports) -> ExportCarried:
        """Onto the stick."""
        return self._at_work().carry_exports(wanted)

    def _at_work(self) -> Work:
        with self._beginning:
            if self._work is None:
                self._work = self._begin()
            return self._work


def _begun(
    config: Config,
    loop: Asks,
    wechat: Wechat,
    log: Callable[[], str],
    system: Callable[[], bytes] | None,
    find_stick: Callable[[], Path | None],
) -> Work:
    from kiosk.support.work import Work  # noqa: PLC0415  as the docstring says

    return Work(config, loop, wechat, log, system, find_stick)
