"""What an act asks of the ledger, and the event that brings it. In the loop's thread, and what is read is as committed."""

from __future__ import annotations

from typing import assert_never

from kiosk.core.commands import AskForRefund, LookUp, ReadPast, ReadShift
from kiosk.core.errors import LedgerError
from kiosk.core.events import LookedUp, PastRead, RefundAsked, ShiftRead
from kiosk.core.ports import Ledger
from kiosk.core.slips import Wanted

Read = LookUp | ReadPast | ReadShift | AskForRefund


def read(ledger: Ledger, wanted: Read) -> LookedUp | PastRead | ShiftRead | RefundAsked:
    """What the ledger holds of it, as the event that tells the kiosk."""
    match wanted:
        case LookUp(number, aim):
            order = ledger.order(number)
            sale = None if order is None else ledger.sale(order.sale_id)
            walked = ledger.walked(number) if aim is Wanted.SALE else ()
            return LookedUp(number, aim, order, ledger.refunds_of(number), walked, sale)
        case ReadPast(ticket):
            return PastRead(ticket, *ledger.past(wanted))
        case ReadShift(reading):
            return ShiftRead(reading, ledger.shift_figures(reading.z))
        case AskForRefund(ticket, number, amount, reason, operator, since):
            order = ledger.order(number)
            sale = None if order is None else ledger.sale(order.sale_id)
            if order is None or sale is None:
                raise LedgerError(f"order {number} or its sale is gone: restore the ledger from a backup")
            given = ledger.given_back_by(operator.name, since)
            return RefundAsked(order, sale, ledger.refunds_of(number), amount, ticket, reason, operator, given)
        case _:
            assert_never(wanted)
