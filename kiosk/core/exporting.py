"""The part of a turn that has exports carried to a USB stick: of which days, on their way, and what became of them. Pure.

No row is touched: the exports are made and carried elsewhere, and whoever leaves meanwhile stops nothing.
"""

from __future__ import annotations

from dataclasses import replace

from kiosk.core import past
from kiosk.core.carried import CarryEnd, ExportCarried, Span, days_of
from kiosk.core.commands import CarryExports, Play, Sound
from kiosk.core.events import Key
from kiosk.core.shifts import business_day
from kiosk.core.signpost import Signpost

_SPANS = tuple(Span)


class Exporting(Signpost):
    """What each key means where exports are wanted, and what the carrier tells."""

    def want_exports(self) -> None:
        """Somebody who may wants them."""
        settings = self.k.settings
        today = business_day(self.now, settings.zone, settings.day_starts)
        self.go(past.Exports(self.now + past.READ_FOR, today))

    def exports_key(self, there: past.Exports | past.Carrying, key: Key) -> bool:
        if key in (Key.CANCEL, Key.MENU):
            self.go(past.More(self.now + past.READ_FOR))
        elif isinstance(there, past.Exports) and key.isdigit() and 0 < int(key) <= len(_SPANS):
            self._carry(_SPANS[int(key) - 1], there)
        elif isinstance(there, past.Carrying) and key is Key.OK and there.end is not None:
            if there.end is CarryEnd.DONE:
                self.go(past.More(self.now + past.READ_FOR))
            else:
                self._carry(there.span, past.Exports(there.until, there.today))
        else:
            return False
        return True

    def exports_carried(self, told: ExportCarried) -> None:
        """What became of them, if somebody still waits for that."""
        there = self.k.till
        if isinstance(there, past.Carrying) and there.ticket == told.ticket:
            self.acts.append(Play(Sound.SCANNED if told.end is CarryEnd.DONE else Sound.FAILED))
            self.go(replace(there, until=self.now + past.TOLD_FOR, end=told.end, name=told.name))

    def _carry(self, span: Span, there: past.Exports) -> None:
        ticket = f"exports {self.now}"
        self.acts.append(CarryExports(ticket, days_of(span, there.today)))
        self.go(past.Carrying(self.now + past.CARRIED_FOR, there.today, span, ticket))
