"""What a check-up looks at and what a bundle is made of, while the kiosk runs. Loaded when somebody wants either (running.py)."""

from __future__ import annotations

import contextlib
import logging
import queue
import time
from collections.abc import Callable, Iterator, Mapping
from dataclasses import asdict
from functools import partial
from pathlib import Path
from typing import Any

from kiosk.config import Config
from kiosk.core.carried import CarryEnd, ExportCarried
from kiosk.core.checkup import Bundle, BundleEnd, Verdict
from kiosk.core.commands import CarryExports
from kiosk.core.errors import KioskError
from kiosk.core.expiry import DAY, Ends
from kiosk.core.ports import Ledger
from kiosk.core.state import Kiosk
from kiosk.doctor.checks import Check
from kiosk.exports import packed
from kiosk.payment.ledger import OrderLine, SqliteLedger
from kiosk.payment.timings import Timings
from kiosk.steward.client import SOCKET, SocketSteward
from kiosk.steward.words import CARRIED
from kiosk.support import bundle, credentials, stick
from kiosk.support.asks import Asks, Wechat
from kiosk.support.bundle import Part
from kiosk.support.facts import Facts
from kiosk.support.lane import Step
from kiosk.written import put_pieces

CHUNK_MS = 4 * 3600 * 1000  # of orders the loop reads at once: a few milliseconds
FOLDER = "support"  # beside the ledger
SystemPart = Callable[[], bytes]
_SILENT = (KioskError, OSError, queue.Full)  # of a loop whose ledger does not open; TimeoutError is an OSError
_log = logging.getLogger(__name__)


class Work:
    """Each method may be slow, and be called from any thread."""

    def __init__(
        self,
        config: Config,
        loop: Asks,
        wechat: Wechat,
        log: Callable[[], str],
        system: SystemPart | None,
        find_stick: Callable[[], Path | None],
    ) -> None:
        """`system`: the steward's part of a bundle, a tar; None: the real steward's, if its socket is there."""
        self._config = config
        self._loop = loop
        self._facts = Facts(config, loop, wechat)
        self._steward = SocketSteward(SOCKET)
        self._system = system or self._steward.bundle
        self._find_stick = find_stick
        self._log_text = log
        self._wechat = wechat
        self.steps = self._facts.steps

    def ends(self) -> tuple[Ends, ...]:
        """What runs out, as far as it is known."""
        return credentials.ends(self._config, self._wechat.platform_ends_at)

    def tar(self, checks: list[Check] | None = None, *, whole: bool = False) -> bytes:
        """A bundle, unzipped; without `checks` everything is looked at first. `whole`: with the steward's part."""
        at = time.time_ns() // 1_000_000
        known = list(checks) if checks else [check for step in self._facts.steps() for check in _looked(step)]
        try:
            timings = self._facts.timings()
        except _SILENT:
            timings = Timings()
        found = bundle.parts(self._config, known, timings, map(_row, self._orders(at)), self._log_text(), at)
        return bundle.packed(self._with_system(found) if whole else found, bundle.secrets_of(self._config), at)

    def put_bundle(self, checks: list[Check]) -> Bundle:
        """Onto the stick, or else beside the ledger, where it takes the place of the one before."""
        at = time.time_ns() // 1_000_000
        name = bundle.file_name(self._config, at)
        content = bundle.zipped(self.tar(checks, whole=True), at)
        if stick.carry(name, lambda: [content], self._steward, self._find_stick(), CARRIED) is CarryEnd.DONE:
            return Bundle(BundleEnd.STICK, name)
        kept = self._config.ledger.path.parent / FOLDER
        try:
            kept.mkdir(mode=0o700, exist_ok=True)
            put_pieces(kept / name, [content])
            for old in kept.glob("kiosk-*.tar.gz"):
                if old.name != name:
                    old.unlink(missing_ok=True)
        except OSError as error:
            _log.warning("no support bundle was kept", extra={"problem": error.strerror})
            return Bundle(BundleEnd.FAILED)
        return Bundle(BundleEnd.KEPT, name)

    def carry_exports(self, wanted: CarryExports) -> ExportCarried:
        """The exports of these days onto the stick, in one file. KioskError when there are none to carry."""
        name = packed.name_of(self._config.merchant.kiosk_id, wanted.days)
        content = partial(packed.elsewhere, self._config.path, wanted.days)
        end = stick.carry(name, content, self._steward, self._find_stick(), CARRIED)
        return ExportCarried(wanted.ticket, end, name)

    def _orders(self, now: int) -> Iterator[OrderLine]:
        start = now - bundle.DAYS * DAY
        with contextlib.suppress(*_SILENT):  # the more a bundle is needed then
            while start < now:
                yield from self._loop.ask(partial(_lines, start, min(start + CHUNK_MS, now), open_too=False))
                start += CHUNK_MS
            yield from self._loop.ask(partial(_lines, 0, 0, open_too=True))

    def _with_system(self, found: Iterator[Part]) -> Iterator[Part]:
        yield from found
        try:
            yield Part("system.tar", self._system())
        except (KioskError, OSError) as error:
            yield Part("system-missing.txt", f"{error}\n".encode("utf-8", "replace"))


def _looked(step: Step) -> list[Check]:
    try:
        return list(step.look())
    except _SILENT as error:
        found = f"could not be looked at ({type(error).__name__})"
        return [Check(str(step.kind), Verdict.WARN, found, "Read the kiosk's screen and its log.", step.kind)]


def _lines(start: int, end: int, ledger: Ledger, _: Kiosk, *, open_too: bool) -> list[OrderLine]:
    return ledger.lines(start, end, include_open=open_too) if isinstance(ledger, SqliteLedger) else []


def _row(line: OrderLine) -> Mapping[str, Any]:
    return asdict(line)
