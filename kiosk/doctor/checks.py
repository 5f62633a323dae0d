"""What `kiosk doctor` finds, and how it is told. Knows nothing of what is looked at."""

from __future__ import annotations

from dataclasses import dataclass

from kiosk.core.checkup import Finding, Kind, Verdict

__all__ = ["Check", "Verdict"]


@dataclass(frozen=True, slots=True)
class Check:
    """One thing looked at: what was found, and what to do unless it is well. `kind` and `value`: the same for the screen."""

    name: str
    verdict: Verdict
    found: str
    remedy: str = ""
    kind: Kind | None = None
    value: str = ""

    @property
    def failed(self) -> bool:
        """Whether the kiosk cannot sell like this."""
        return self.verdict is Verdict.FAIL

    def finding(self, kind: Kind) -> Finding:
        """As the screen tells it, which has words of its own; `kind` for a check that names none."""
        return Finding(self.kind or kind, self.verdict, self.value)

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
