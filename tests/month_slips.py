"""The Z reports of the played month (month.py): drawn as the printer has them, and held against the day's books."""

from __future__ import annotations

from dataclasses import dataclass, field
from functools import cache
from pathlib import Path

from kiosk.core import statements
from kiosk.core.differences import Reconciliation
from kiosk.core.shifts import Shift, nets
from kiosk.core.slips import ShiftSlip
from kiosk.printer.layout import House, lay_out
from kiosk.printer.raster import png, render
from tests.slip_samples import house

DOTS = 384  # 58 mm


@dataclass
class Slips:
    """What came out of the printers. `folder` None: drawn and thrown away."""

    folder: Path | None = None
    of: dict[tuple[str, str], Shift] = field(default_factory=dict)
    """By kiosk and Beijing day, which is the shop's day in Hong Kong."""

    def take(self, slip: ShiftSlip) -> None:
        """Print it. One of a day, and no copy."""
        shift, made = slip.shift, _house()
        day = statements.day_of(shift.opened_at)
        assert not shift.is_open
        assert not slip.copy
        assert (slip.kiosk_id, day) not in self.of, shift
        self.of[slip.kiosk_id, day] = shift
        picture = png(render(lay_out(slip, made), made, DOTS))
        if self.folder is not None:
            self.folder.mkdir(parents=True, exist_ok=True)
            (self.folder / f"{day}-{shift.shift_id}.png").write_bytes(picture)

    def hold_against(self, kiosk_id: str, books: Reconciliation) -> None:
        """The day's Z report says what its statement says, sums and what is left. AssertionError where it does not."""
        shift = self.of[kiosk_id, books.day]
        (sums,) = books.sums
        late = sum(tally.late for tally in shift.tallies)  # it came too late and went back: WeChat counts both ways
        sales = sum(tally.sales for tally in shift.tallies)
        refunds = sum(tally.refunds - tally.failed for tally in shift.tallies)
        assert sales == sums.theirs.paid - sums.theirs.reversed - late, (shift, books)
        assert refunds == sums.theirs.refunded - late, (shift, books)
        assert nets(shift) == ((sums.currency, sums.theirs.net),), (shift, books)


@cache
def _house() -> House:
    return house()
