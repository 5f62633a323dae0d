"""The table [update] of kiosk.toml: when a new release may be tried."""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import time

from kiosk.config.reader import Table

_FORM = re.compile(r"([01][0-9]|2[0-3]):([0-5][0-9])-([01][0-9]|2[0-3]):([0-5][0-9])", re.ASCII)
_REMEDY = 'Write two times of the shop\'s day, as "03:00-05:00"; it may go over midnight.'


@dataclass(frozen=True, slots=True)
class UpdateConfig:
    """The quiet hours, of the shop's time: from the first to just before the second, which may be of the next day."""

    begins: time = time(3)
    ends: time = time(5)

    def holds(self, at: time) -> bool:
        """Whether this time of the day lies in the quiet hours."""
        if self.begins <= self.ends:
            return self.begins <= at < self.ends
        return at >= self.begins or at < self.ends


def read_update(table: Table) -> UpdateConfig:
    """Read the table; what is wrong is noted in `table`."""
    text = table.text("quiet", _REMEDY, form=_FORM.pattern, default=_DEFAULT)
    found = _FORM.fullmatch(text)
    assert found is not None  # after a mistake it is the default
    hours = UpdateConfig(time(int(found[1]), int(found[2])), time(int(found[3]), int(found[4])))
    if hours.begins == hours.ends:
        table.wrong("quiet", text, "is no time at all", _REMEDY)
    return hours


_DEFAULT = "03:00-05:00"
