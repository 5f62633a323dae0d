"""What `kiosk doctor` finds, and how it is told. Knows nothing of what is looked at."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum


class Verdict(StrEnum):
    """How a thing is."""

    OK = "ok"
    WARN = "warn"
    FAIL = "fail"


@dataclass(frozen=True, slots=True)
class Check:
    """One thing looked at: what was found, and what to do unless it is well."""

    name: str
    verdict: Verdict
    found: str
    remedy: str = ""

    @property
    def failed(self) -> bool:
        """Whether the kiosk cannot sell like this."""
        return self.verdict is Verdict.FAIL

    def as_json(self) -> dict[str, object]:
        """The form of `kiosk doctor --json`."""
        return {
            "name": self.name,
            "ok": not self.failed,
            "verdict": str(self.verdict),
            "found": self.found,
            "remedy": self.remedy,
        }

    def as_text(self) -> str:
        """One line, and the remedy on a second one."""
        line = f"{self.verdict.upper():<5} {self.name:<12} {self.found}"
        return f"{line}\n{'':<18} -> {self.remedy}" if self.remedy else line
