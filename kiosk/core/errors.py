"""What is raised, by whose fault it is. What the provider can say is never raised: it is an Outcome (see model.py)."""

from __future__ import annotations


class KioskError(Exception):
    """The root of all errors of this program. `str()` of each names the thing, the value and the remedy."""


class ConfigError(KioskError):
    """The owner's mistake: every wrong key of kiosk.toml or of the command line, one per item of `problems`."""

    def __init__(self, problems: list[str]) -> None:
        self.problems = problems
        super().__init__("\n".join(problems))


class DriverError(KioskError):
    """A configured device or driver cannot work: the text names it, what it said, and what to do."""


class LedgerError(KioskError):
    """The ledger refused or failed: nothing of the transaction was kept, and nothing may be sent."""


class LedgerBusy(LedgerError):
    """Another kiosk holds this ledger. Ask the running one, or stop it first."""


class LedgerFull(LedgerError):
    """The disk is full, and the ledger's ballast has just made room: open it again at once, and begin nothing new."""


class LedgerDamaged(LedgerError):
    """The file is no sound database any more. It is kept as evidence, and the newest backup takes its place."""


class ImpossibleMove(KioskError):
    """Our own mistake: a pair of state and outcome the order's table does not list, or a final that would change."""
