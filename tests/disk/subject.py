"""The kiosk's part in these tests: a process that opens the production ledger on the disk under test, and writes a shop's days.

It tells its parent of each deed only when the ledger has returned from it: "done 17". A refusal of the ledger is told with its
words and ends the process; anything else that is raised ends it with a traceback, which is a fault whatever the disk has done.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from kiosk.core.errors import LedgerError
from kiosk.payment import ledger_file
from kiosk.payment.ledger import SqliteLedger
from tests.disk.script import Script, ask, do
from tests.ledger_samples import child

SYNCHRONOUS = {"FULL": 2, "NORMAL": 1}


@dataclass(frozen=True, slots=True)
class Plan:
    """Which deeds, and how the ledger is set."""

    first: int  # the place of the first deed in the script
    end: int  # and of the one that is not done any more
    session: int  # deeds between one opening of the ledger and the next
    idle_at: int = ledger_file.CHECKPOINT_IDLE  # bytes in the log
    always_at: int = ledger_file.CHECKPOINT_ALWAYS
    synchronous: str = "FULL"


@dataclass(frozen=True, slots=True)
class Told:
    """What the process has told."""

    done: int  # deeds acknowledged, counted from the script's beginning
    refusals: list[str]  # what LedgerError said
    faults: list[str]  # what should never have been raised


def opened(path: Path) -> SqliteLedger:
    """The ledger at `path`."""
    return SqliteLedger.open(path, generation=lambda: "aa", now=1)


def begin(path: Path, script: Script, plan: Plan) -> tuple[int, int]:
    """Start the process; returns its id and the pipe on which it tells."""
    return child(lambda tell: _sell(tell, path, script, plan))


def understood(lines: list[str], first: int) -> Told:
    """The whole lines of a process that began with deed `first`."""
    done = [int(line.removeprefix("done ")) + 1 for line in lines if line.startswith("done ") and line.endswith("\n")]
    refusals = [line.removeprefix("refused ") for line in lines if line.startswith("refused ")]
    rest = [line for line in lines if not line.startswith(("done ", "refused "))]
    faults = ["".join(rest)] if rest else []
    faults += [f"no words for a person: {words}" for words in refusals if not (words.startswith("ledger /") and "; " in words)]
    return Told(max(done, default=first), refusals, faults)


def _sell(tell: Callable[[str], None], path: Path, script: Script, plan: Plan) -> None:
    ledger_file.CHECKPOINT_IDLE = plan.idle_at
    ledger_file.CHECKPOINT_ALWAYS = plan.always_at
    ledger_file._SAFETY["synchronous"] = SYNCHRONOUS[plan.synchronous]
    ledger: SqliteLedger | None = None
    for place in range(plan.first, plan.end):
        try:
            if ledger is None or (place - plan.first) % plan.session == 0:
                if ledger is not None:
                    ledger.close()
                ledger = None
                ledger = opened(path)
                ask(ledger)
            do(ledger, script[place])
        except LedgerError as refusal:
            tell(f"refused {' '.join(str(refusal).split())}")
            break
        tell(f"done {place}")
    if ledger is not None:
        ledger.close()
