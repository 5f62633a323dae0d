"""What the owner wants to hear. A value, and nothing else."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Sounds:
    """`language` in which amounts are spoken (as "zh_CN"; None: tones alone), `volume` 0 to 100, `fresh_ms`: see Announcer."""

    language: str | None = None
    volume: int = 100
    fresh_ms: int = 10_000
