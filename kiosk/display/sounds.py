"""What the owner wants to hear. A value, and nothing else."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Sounds:
    """`language` in which amounts are spoken (as "zh_CN"), `guide`: that in which customers are told what to do, or None.

    `volume` 0 to 100, `fresh_ms`: see Announcer. `currency`: that of the shop, by which a voice is chosen.
    """

    language: str | None = None
    volume: int = 100
    fresh_ms: int = 10_000
    guide: str | None = None
    currency: str = ""
