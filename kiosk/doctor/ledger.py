"""What `kiosk doctor` makes of the ledger: whether it is sound and nobody edited it, its backups, and what it may lack.

A running kiosk's ledger is not touched; its backups may be looked at, as nobody holds them.
"""

from __future__ import annotations

import os
import time
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

from kiosk import ledgers
from kiosk.config import Config
from kiosk.control.unix_socket import Answer as Told
from kiosk.core.errors import LedgerError
from kiosk.doctor.checks import Check, Verdict
from kiosk.payment import audit
from kiosk.payment.backups import Backups
from kiosk.payment.chain import OPEN_KEY, ChainKey
from kiosk.payment.history import NOBODY_KNOWS, Loss
from kiosk.payment.keeper import evidence_of
from kiosk.payment.ledger import SqliteLedger

_OLD_MS = 48 * 3600 * 1000
_HOUR_MS = 3600 * 1000
_EDITED = "Somebody has edited it, or the card loses what it is told. Keep the file; compare with the merchant platform."


def ledger_checks(config: Config, running: Told | None) -> Iterator[Check]:
    """All of it."""
    key = ledgers.key_of(config)
    yield from ledger(config.ledger.path, running, key)
    yield backups(ledgers.backups_of(config), ever_sold=config.ledger.path.exists(), now=time.time_ns() // 1_000_000)


def ledger(path: Path, running: Told | None, key: ChainKey = OPEN_KEY) -> list[Check]:
    """Held by the running kiosk, or sound, or not there yet with a folder that takes it; and what it lost."""
    if running is not None:
        found = f"{path}, held by the running kiosk; {running.get('unresolved', '?')} orders unresolved"
        return [Check("ledger", Verdict.OK, found), *lost(path, [])]
    if not path.exists():
        if os.access(path.parent, os.W_OK | os.X_OK):
            return [Check("ledger", Verdict.OK, f"{path} will be made by the first kiosk run"), *lost(path, [])]
        remedy = "Make the folder, writable by the kiosk's user."
        return [Check("ledger", Verdict.FAIL, f"{path.parent} does not take a file", remedy)]
    try:
        with closing(SqliteLedger.open(path, generation=_no_generation, now=time.time_ns() // 1_000_000, key=key)) as opened:
            verdict, losses = opened.audit([key]), opened.losses()
    except LedgerError as error:
        return [Check("ledger", Verdict.FAIL, str(error), "Stop what holds it; what is damaged the next kiosk run restores.")]
    return [_sound(path, verdict), *lost(path, losses)]


def lost(path: Path, losses: list[Loss]) -> Iterator[Check]:
    """Damaged ledgers that were moved away, and orders that may be missing."""
    missing = [loss for loss in losses if loss.recovered_at is None]
    for loss in missing:
        unknown = loss.generation == NOBODY_KNOWS
        which = "of a generation that nobody knows" if unknown else f"of generation {loss.generation}"
        remedy = "Run: kiosk recover" if unknown else "A running kiosk asks WeChat for them by itself; else run: kiosk recover"
        yield Check("lost orders", Verdict.FAIL, f"orders {which} may be missing: {loss.what}", remedy)
    for evidence in evidence_of(path):
        found = f"the ledger was damaged once; what was left of it is {evidence}"
        yield Check(
            "evidence", Verdict.WARN, found, "Is the card failing? Replace it. Remove the file when nobody needs it any more."
        )


def backups(kept: Backups, *, ever_sold: bool, now: int) -> Check:
    """How old the newest good one is; and a copy that was no good."""
    if kept.doubtful.exists():
        verdict = audit.check(kept.doubtful, kept.keys)
        problem = ([*verdict.damage, *verdict.doubts] or ["it is well by now"])[0]
        return Check("backups", Verdict.FAIL, f"the newest copy of the ledger is not well, {kept.doubtful}: {problem}", _EDITED)
    newest = kept.newest_at()
    if newest is None:
        if not ever_sold:
            return Check("backups", Verdict.OK, "there is nothing to copy yet")
        remedy = f"Let the kiosk run; it makes one when it is quiet, if {kept.folder} is there and has room."
        return Check("backups", Verdict.WARN, "none was made yet", remedy)
    found = f"{len(kept.newest_first())}, the newest is {max(0, now - newest) / _HOUR_MS:.0f} h old: {kept.newest_first()[0]}"
    if now - newest > _OLD_MS:
        return Check("backups", Verdict.WARN, found, f"Let the kiosk run; is {kept.folder} there, and has it room?")
    return Check("backups", Verdict.OK, found)


def _sound(path: Path, verdict: audit.Verdict) -> Check:
    if verdict.damage:
        remedy = "Keep a copy of the file. The next kiosk run puts the newest backup in its place."
        return Check("ledger", Verdict.FAIL, f"{path}: {verdict.damage[0]}", remedy)
    if verdict.doubts:
        more = f" (and {len(verdict.doubts) - 1} more)" if len(verdict.doubts) > 1 else ""
        return Check("ledger", Verdict.FAIL, f"{path}: {verdict.doubts[0]}{more}", _EDITED)
    if verdict.unchecked:
        found = f"{path} is sound; {verdict.unchecked} of {verdict.lines} rows of its history are of another merchant key"
        return Check(
            "ledger", Verdict.WARN, found, "Nobody can check those rows; after a change of the key that is as it should be."
        )
    return Check("ledger", Verdict.OK, f"{path} is sound, and its {verdict.lines} rows of history hang together")


def _no_generation() -> str:
    raise LedgerError("the ledger's file is there and empty; remove it, and the next kiosk run makes a new one")
