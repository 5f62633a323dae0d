"""What a ledger holds of what the kiosk looks up, as the event that tells it. In the loop's thread, whose the ledger is."""

from __future__ import annotations

from kiosk.core.commands import LookUp, ReadPast, ReadShift
from kiosk.core.events import LookedUp, PastRead, ShiftRead
from kiosk.core.ports import Ledger
from kiosk.core.slips import Wanted


def read(ledger: Ledger, wanted: LookUp | ReadPast | ReadShift) -> LookedUp | PastRead | ShiftRead:
    """The rows as committed."""
    if isinstance(wanted, ReadShift):
        return ShiftRead(wanted.wanted, ledger.shift_figures(wanted.wanted.z))
    if isinstance(wanted, ReadPast):
        return PastRead(wanted.ticket, *ledger.past(wanted))
    number = wanted.out_trade_no
    order = ledger.order(number)
    sale = None if order is None else ledger.sale(order.sale_id)
    walked = ledger.walked(number) if wanted.wanted is Wanted.SALE else ()
    return LookedUp(number, wanted.wanted, order, ledger.refunds_of(number), walked, sale)
