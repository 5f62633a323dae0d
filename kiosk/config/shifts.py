"""The table [shifts] of kiosk.toml: how shifts are kept. Without the table none are."""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import time

from kiosk.config.reader import Table

TIME = re.compile(r"([01][0-9]|2[0-3]):([0-5][0-9])", re.ASCII)
_CLOSES_REMEDY = 'Write a time of the shop\'s day, as "23:30", or leave it out: then a person closes each shift.'
_STARTS_REMEDY = 'Write when the shop\'s day begins, as "04:00": what is sold before counts to the day before.'


@dataclass(frozen=True, slots=True)
class ShiftsConfig:
    """`close_at`: at this time of the shop's day a shift is closed by itself; None: by a person alone."""

    close_at: time | None = None


def read_shifts(table: Table) -> ShiftsConfig:
    """Read the table; what is wrong is noted in `table`."""
    return ShiftsConfig(read_time(table, "close_at", _CLOSES_REMEDY) if table.has("close_at") else None)


def read_day_starts(table: Table) -> time:
    """When the shop's day begins, of the table [merchant]."""
    return (read_time(table, "day_starts", _STARTS_REMEDY) if table.has("day_starts") else None) or time(0)


def read_time(table: Table, key: str, remedy: str) -> time | None:
    """A time of the day; None, with the mistake noted, when it is none."""
    found = TIME.fullmatch(table.text(key, remedy, form=TIME.pattern))
    return None if found is None else time(int(found[1]), int(found[2]))
