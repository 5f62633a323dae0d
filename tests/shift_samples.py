"""Shifts for pictures and tests (`python -m tests.shift_samples DIR` draws their slips, 58 and 80 mm)."""

from __future__ import annotations

import sys
from dataclasses import replace
from pathlib import Path

from kiosk.core.model import OrderState, Tender
from kiosk.core.money import Money
from kiosk.core.shifts import Shift, ShiftState, Tally, Waiting
from kiosk.core.slips import ShiftSlip

AT = 1_767_600_000_000  # 2026-01-05 16:00 in Hong Kong
HOUR = 3_600_000

BUSY = (
    Tally(Tender.QUICK_PAY, "HKD", 128, 640_550, 12_300, 2, 3_750, 1, 500, 1, 2_500, 7, 3, 1),
    Tally(Tender.NATIVE, "HKD", 31, 98_100),
)
LATE = Waiting("K07-260105-aa0153", Money(4850, "HKD"), AT + 9 * HOUR)
GIVEN = Waiting("K07-260105-aa0101-R2", Money(1200, "HKD"), AT + 9 * HOUR + 60_000, refund=True)
TAKEN = Waiting("K07-260104-aa0098", Money(123_450, "HKD"), AT - 15 * HOUR, became=OrderState.PAID)

OPEN = Shift("K07-aa-Z0012", 12, AT, "Asia/Hong_Kong", "04:00", opened_by="Mei", taken_over=(TAKEN,))
X = replace(OPEN, tallies=BUSY, handed_over=(LATE,))
Z = replace(X, state=ShiftState.CLOSED, closed_at=AT + 10 * HOUR, closed_by="Mei", handed_over=(LATE, GIVEN))
YEN = Shift(
    "K07-aa-Z0002",
    2,
    AT,
    "Asia/Tokyo",
    "00:00",
    ShiftState.CLOSED,
    closed_at=AT + HOUR,
    tallies=(Tally(Tender.QUICK_PAY, "JPY", 1, 1250, refund_count=1, refunds=2500),),
)
EMPTY = Shift("K07-aa-Z0001", 1, AT, "UTC", "00:00", ShiftState.CLOSED, closed_at=AT + HOUR)
SETTLED = replace(OPEN, taken_over=(), tallies=BUSY[1:])
MANY = replace(X, handed_over=(LATE, GIVEN) * 9)

SLIPS = {
    "x": ShiftSlip("Harbour Snacks", "K07", X, AT + 10 * HOUR),
    "z": ShiftSlip("海港小食 Harbour Snacks", "K07", Z, AT + 10 * HOUR),
    "copy": ShiftSlip("Harbour Snacks", "K07", YEN, AT + 10 * HOUR, copy=True),
    "empty": ShiftSlip("Harbour Snacks", "K07", EMPTY, AT + 10 * HOUR),
}


def _draw(folder: Path) -> None:
    from kiosk.display.words import LANGUAGES  # noqa: PLC0415  drawing alone needs them
    from kiosk.printer.layout import lay_out  # noqa: PLC0415  loaded where it is used
    from kiosk.printer.raster import png, render  # noqa: PLC0415  loaded where it is used
    from tests.slip_samples import house  # noqa: PLC0415  loaded where it is used

    folder.mkdir(parents=True, exist_ok=True)
    for language in LANGUAGES:
        made = house(language)
        for name, slip in SLIPS.items():
            for width, dots in ((58, 384), (80, 576)):
                (folder / f"{name}-{language}-{width}.png").write_bytes(png(render(lay_out(slip, made), made, dots)))


if __name__ == "__main__":
    _draw(Path(sys.argv[1]))
