"""`kiosk recover`: after the loss of the card the order numbers are walked at WeChat, and the day is rebuilt in the ledger.

The walk itself is walk.py's; a run cut short is gone on with by the next one. What is in the ledger stays as it is.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager
from datetime import date, datetime, timedelta

from kiosk import ledgers, parts
from kiosk.clock import SteadyClock
from kiosk.config import Config
from kiosk.control.unix_socket import ControlUnavailable, ask
from kiosk.core.errors import KioskError, LedgerBusy
from kiosk.core.model import Unknown
from kiosk.core.ports import Provider
from kiosk.payment.ledger import SqliteLedger
from kiosk.recovery.walk import APART_S, Report, Run, Tell

__all__ = ["APART_S", "Report", "recover"]

CLOCK_TOLERANCE_MS = 5_000


def recover(
    config: Config,
    *,
    day: date | None = None,
    generation: str | None = None,
    dry_run: bool = False,
    tell: Tell = lambda _line: None,
    alphabet: str = ledgers.ALPHABET,
    sleep: Callable[[float], None] = time.sleep,
) -> Report:
    """Walk the shop's `day`, or today and yesterday, and commit what the ledger lacks.

    Raises LedgerBusy when a kiosk runs, KioskError when WeChat cannot be reached at all; what happens later is in the Report.
    """
    clock = SteadyClock()
    _no_kiosk_runs(config)
    provider = parts.make_provider(config, clock)
    try:
        _reach(provider, clock)
        with _ledger(config, clock, generation, dry_run=dry_run) as ledger:
            today = datetime.fromtimestamp(clock.now() // 1000, config.merchant.time_zone).date()
            wanted = [day] if day is not None else [today, today - timedelta(days=1)]
            run = Run(config.merchant, provider, ledger, clock, tell, sleep, Report([], dry_run))
            report = run.over(wanted, generation, alphabet, ledgers.generations_of(config))
            if report.stopped is None and not dry_run:
                run.mark_recovered(wanted, generation)
            return report
    finally:
        provider.stop()


def _reach(provider: Provider, clock: SteadyClock) -> None:
    """One question beforehand: is WeChat there, and what time is it? A machine with a fresh card may have a wrong clock."""
    answer = provider.probe()
    outcome = answer.outcome
    if not answer.reached or answer.server_time is None:
        said = f" ({outcome.why} {outcome.detail})".replace(" )", ")") if isinstance(outcome, Unknown) else ""
        raise KioskError(f"WeChat cannot be reached{said}, and nothing was recovered; kiosk doctor checks network and keys")
    offset = answer.server_time - clock.now()
    if abs(offset) > CLOCK_TOLERANCE_MS:
        clock.correct(offset)


def _no_kiosk_runs(config: Config) -> None:
    try:
        ask(config.control.socket, {"do": "state"})
    except ControlUnavailable:
        return
    raise LedgerBusy(f"ledger {config.ledger.path}: a kiosk runs on it; stop it first (systemctl stop kiosk), then kiosk recover")


@contextmanager
def _ledger(config: Config, clock: SteadyClock, lost: str | None, *, dry_run: bool) -> Iterator[SqliteLedger]:
    """The ledger, made when it is not there: never of the generation that is being recovered, as not all of it may be found.

    A dry run makes no file.
    """
    path = config.ledger.path
    made = SqliteLedger.in_memory() if dry_run and not path.exists() else ledgers.to_write(config, clock, never=lost)
    with closing(made) as ledger:
        yield ledger
