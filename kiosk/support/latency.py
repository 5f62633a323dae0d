"""How long things take: half of them at most p50, nineteen of twenty at most p95. Pure.

Scan to paid comes from the ledger's own times, which it keeps anyway; start to ready from starts.py.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

SPEED_DAYS = 30  # what is older tells of another router, or another card


@dataclass(frozen=True, slots=True)
class Latency:
    """Milliseconds, and of how many."""

    count: int
    p50_ms: int
    p95_ms: int

    @property
    def text(self) -> str:
        """The same in every language."""
        return f"p50 {_seconds(self.p50_ms)}, p95 {_seconds(self.p95_ms)} ({self.count})"

    def as_json(self) -> dict[str, int]:
        """For the bundle and `kiosk doctor --json`."""
        return {"count": self.count, "p50_ms": self.p50_ms, "p95_ms": self.p95_ms}


def latency(times_ms: Sequence[int]) -> Latency | None:
    """Of these; None when there is none. The nearest rank: a value that was really measured."""
    if not times_ms:
        return None
    ordered = sorted(times_ms)
    return Latency(len(ordered), _rank(ordered, 50), _rank(ordered, 95))


def _rank(ordered: Sequence[int], percent: int) -> int:
    return ordered[max(0, -(-len(ordered) * percent // 100) - 1)]


def _seconds(ms: int) -> str:
    return f"{ms / 1000:.2f} s" if ms < 10_000 else f"{ms / 1000:.0f} s"  # noqa: PLR2004  two digits say enough
