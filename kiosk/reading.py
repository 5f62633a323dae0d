"""What an act asks of the ledger, and the event that brings it. In the loop's thread, and what is read is as committed."""

from __future__ import annotations

from kiosk.core.commands import AskForRefund, LookUp, ReadPast
from kiosk.core.errors import LedgerError
from kiosk.core.events import LookedUp, PastRead, RefundAsked
from kiosk.core.ports import Ledger
from kiosk.core.slips import Wanted

Read = LookUp | ReadPast | AskForRefund


def read(ledger: Ledger, wanted: Read) -> LookedUp | PastRead | RefundAsked:
    """What the ledger holds of it, as the event that tells the kiosk."""
    if isinstance(wanted, ReadPast):
        return PastRead(wanted.ticket, *ledger.past(wanted))
    if isinstance(wanted, AskForRefund):
        order = ledger.order(wanted.out_trade_no)
        sale = None if order is None else ledger.sale(order.sale_id)
        if order is None or sale is None:
            raise LedgerError(f"order {wanted.out_trade_no} or its sale is gone: restore the ledger from a backup")
        given = ledger.given_back_by(wanted.operator.name, wanted.since)
        before = ledger.refunds_of(order.out_trade_no)
        return RefundAsked(order, sale, before, wanted.amount, wanted.ticket, wanted.reason, wanted.operator, given)
    number = wanted.out_trade_no
    walked = ledger.walked(number) if wanted.wanted is Wanted.SALE else ()
    return LookedUp(number, wanted.wanted, ledger.order(number), ledger.refunds_of(number), walked)
