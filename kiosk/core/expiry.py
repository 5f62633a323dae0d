"""What runs out one day, and when people are told. Pure: the dates and the time are arguments.

Nothing is refused because of it, before the day or after: WeChat says what it takes.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from enum import StrEnum

DAY = 24 * 3600 * 1000
TOLD_DAYS = 30  # enough for a merchant platform, a post office and a holiday between
LOUD_DAYS = 7


class Lasting(StrEnum):
    """What has an end."""

    MERCHANT = "merchant"  # the merchant's certificate at WeChat Pay: with it ends the key that signs
    PLATFORM = "platform"  # the newest of WeChat Pay's own: it is renewed by itself, unless that fails for weeks
    PAGE = "page"  # the certificate of the owner's page


@dataclass(frozen=True, slots=True)
class Ends:
    """When something ends, ms of Unix time."""

    what: Lasting
    at: int


@dataclass(frozen=True, slots=True)
class Expiring:
    """To be told. `days`: whole days that are left, 0 on the last one, less than 0 when it is over. `loud`: a week before."""

    what: Lasting
    at: int
    days: int
    loud: bool

    @property
    def over(self) -> bool:
        """Whether the day has come and gone."""
        return self.days < 0


def expiring(known: Iterable[Ends], now: int) -> Expiring | None:
    """What ends first, when that is near enough to be told at `now`."""
    first = min(known, key=lambda ends: (ends.at, ends.what), default=None)
    if first is None or first.at - now > TOLD_DAYS * DAY:
        return None
    return Expiring(first.what, first.at, (first.at - now) // DAY, loud=first.at - now <= LOUD_DAYS * DAY)
