"""Chance with names: what is drawn depends on the seed and on the name of the draw alone, never on what was drawn before.

So a seed replays its day to the letter, and leaving one mishap out of a day does not move the luck of the others, which is
what makes shrinking work. A mishap or an action that came about is noted by its name; a day can be played again with some of
them only.
"""

from __future__ import annotations

from collections.abc import Collection, Sequence
from hashlib import blake2b
from typing import Final, TypeVar

T = TypeVar("T")

KINDS: Final = (
    "not sent",  # no host could be connected to
    "request lost",
    "request late",  # and the client has given up before it arrives
    "request twice",  # some box on the way delivers it again
    "answer lost",
    "answer late",  # up to the client's deadline
    "answer forged",  # not WeChat's, so the client says: unverified
    "answer lies",  # WeChat's own, and about something else than was asked
    "trouble there",  # 5xx, 429, a refusal that says nothing of the money
    "lags behind",  # a query does not see yet what was done a moment ago
    "told wrongly",  # a notification that is old, repeated, or of another's order
    "outage",
    "crash",
    "disk fails",
    "part unwell",  # the camera or the ledger says so
    "wrong clock",  # at a start
    "clock set",  # the machine's wall clock jumps while the kiosk runs
    "pays just then",  # when a close or a reversal arrives
    "refund refused",  # for good: a closed account
    "poor",  # no money in the pool that refunds are paid from
    "busy",  # a refund under way, a reversal while the customer types
    "seen again",  # the scanner reports a code, or a second phone's, once more
)
_CHANCES = (0.05, 0.1, 0.2, 0.3, 0.5, 1.0)
_CRASHES = (0.01, 0.03, 0.03, 0.1, 0.2, 1.0)  # at each step
_NONE = {"crash": 0.4, "answer lies": 0.85, "disk fails": 0.85}  # how many days are without it; three in four of the others


class Luck:
    """The luck of one seed. `only`: the names of the mishaps and actions that may come about; all of them when None."""

    def __init__(self, seed: int, only: Collection[str] | None = None) -> None:
        self.calm = False  # no mishap any more
        self.only = only
        self.met: list[str] = []  # what came about, in this order
        self._seed = f"{seed}/"
        self._times: dict[str, int] = {}
        self.chances = {kind: chance for kind in KINDS if (chance := self._chance(kind)) > 0.0}

    def draw(self, name: str) -> float:
        """The draw of this name, from 0 up to and without 1. The same name again is another draw."""
        times = self._times.get(name, 0)
        self._times[name] = times + 1
        return int.from_bytes(blake2b(f"{self._seed}{name}/{times}".encode(), digest_size=6).digest()) / (1 << 48)

    def pick(self, options: Sequence[T], name: str) -> T:
        """One of them, all equally likely."""
        return options[int(self.draw(name) * len(options))]

    def between(self, least: int, most: int, name: str, bend: int = 1) -> int:
        """A whole number; with a larger `bend` small ones are likelier."""
        return least + int((most - least) * self.draw(name) ** bend)

    def strikes(self, kind: str, name: str) -> bool:
        """Whether this mishap comes about here."""
        chance = self.chances.get(kind, 0.0)
        return chance > 0.0 and not self.calm and self.draw(f"{kind}: {name}") < chance and self.happens(f"{kind}: {name}")

    def happens(self, name: str) -> bool:
        """Note that this comes about, unless the day is played without it."""
        if self.only is not None and name not in self.only:
            return False
        self.met.append(name)
        return True

    def _chance(self, kind: str) -> float:
        if self.draw(f"any {kind}") < _NONE.get(kind, 0.75):
            return 0.0
        return self.pick(_CRASHES if kind == "crash" else _CHANCES, f"chance of {kind}")
