"""What a ledger holds of what the kiosk looks up, as the event that tells it. In the loop's thread, whose the ledger is."""

from __future__ import annotations

from kiosk.core.commands import LookUp, ReadPast
from kiosk.core.events import LookedUp, PastRead
from kiosk.core.ports import Ledger
from kiosk.core.slips import Wanted


def read(ledger: Ledger, wanted: LookUp | ReadPast) -> LookedUp | PastRead:
    """The rows as committed."""
    if isinstance(wanted, ReadPast):
        return PastRead(wanted.ticket, *ledger.past(wanted))
    number = wanted.out_trade_no
    order = ledger.order(number)
    sale = None if order is None else ledger.sale(order.sale_id)
    walked = ledger.walked(number) if wanted.wanted is Wanted.SALE else ()
    return LookedUp(number, wanted.wanted, order, ledger.refunds_of(number), walked, sale)
