"""The bank's own clock: the true one, or for tests ahead of it or faster. Signatures never use it."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime, timedelta, timezone

BEIJING = timezone(timedelta(hours=8))
SECOND = 1000
MINUTE = 60 * SECOND
HOUR = 60 * MINUTE
DAY = 24 * HOUR


class BankClock:
    """Milliseconds of Unix time that pass `scale` times as fast, from wherever the last change of the scale left them."""

    def __init__(self, now: Callable[[], int]) -> None:
        self._now = now
        self._scale = 1
        self._true = self._bank = now()

    def __call__(self, scale: int, ahead_s: int) -> int:
        """The bank's time now, running at this scale since it was first asked for, `ahead_s` seconds ahead."""
        true = self._now()
        self._bank += (true - self._true) * self._scale
        self._true = true
        self._scale = scale
        return self._bank + ahead_s * SECOND


def stamp(at: int) -> str:
    """Milliseconds of Unix time as contract 1.2 writes a date: 2026-01-05T18:04:11+08:00."""
    return datetime.fromtimestamp(at // SECOND, BEIJING).isoformat()


def day_of(at: int) -> str:
    """The Beijing day of a time, as yyyyMMdd."""
    return datetime.fromtimestamp(at // SECOND, BEIJING).strftime("%Y%m%d")


def read_stamp(text: str) -> int:
    """RFC 3339 with offset to milliseconds; raises ValueError for anything else."""
    value = datetime.fromisoformat(text)
    if value.tzinfo is None or "T" not in text:
        raise ValueError(f"not a time with offset: {text!r}")
    return int(value.astimezone(UTC).timestamp() * SECOND)
