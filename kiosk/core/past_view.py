"""What people see when they look back: a pure function from the till's place to a screen. No words, no pixels."""

from __future__ import annotations

from typing import assert_never

from kiosk.core import past, refunds
from kiosk.core.carried import Span, days_of
from kiosk.core.looking_back import offered
from kiosk.core.model import Order, OrderState, Refund, RefundState
from kiosk.core.money import Money
from kiosk.core.past_nouns import ByAmount, PastOrder
from kiosk.core.past_screens import (
    ExportDays,
    ExportsCarried,
    History,
    More,
    PastLine,
    RefundLine,
    SaleOpened,
    SaleUnknown,
    Searching,
    Told,
)
from kiosk.core.screens import OwnersPage, Screen, SeekingReceipt
from kiosk.core.state import Kiosk

_UNDOING = (OrderState.REVERSING, OrderState.CLOSING)
TAIL = 6  # enough of an out_trade_no to find the sale by


def past_view(kiosk: Kiosk, there: past.There) -> Screen:
    """The screen of this place."""
    currency = kiosk.settings.currency
    match there:
        case past.Listing(find=find):
            sought = Money(find.amount, currency) if isinstance(find, ByAmount) else None
            return History(tuple(line(row) for row in there.rows), len(there.starts), there.more, find, sought)
        case past.Searching(digits=digits):
            return Searching(digits, Money(int(digits or "0"), currency), there.missed)
        case past.Opened():
            return _opened(kiosk, there)
        case past.Seeking(until=until):
            return SeekingReceipt(until)
        case past.Missed(number):
            return SaleUnknown(number)
        case past.More():
            return More(offered(kiosk))
        case past.Page():
            assert kiosk.page is not None
            return OwnersPage(kiosk.page.url, kiosk.page.fingerprint, kiosk.page.code)
        case past.Exports(today=today):
            return ExportDays(tuple((span, days_of(span, today)) for span in Span))
        case past.Carrying(span=span, end=end, name=name):
            return ExportsCarried(span, there.days, end, name)
        case _:
            assert_never(there)


def line(row: PastOrder) -> PastLine:
    """One of the list."""
    order = row.order
    back = Money(row.refunded, order.money.currency) if row.refunded else None
    return PastLine(order.money, order.tender, order.state, order.out_trade_no[-TAIL:], order.opened_at, back, row.refused)


def _opened(kiosk: Kiosk, there: past.Opened) -> SaleOpened:
    order = there.order
    given = refunds.given(there.refunds)
    refused = any(r.state is RefundState.ATTENTION and not r.late for r in there.refunds)
    parts = past.pages(there)
    part = parts[there.page - 1] if there.page else ()
    payer = order.payer if order.payer is not None and order.payer != order.money else None
    paid = order.state is OrderState.PAID
    return SaleOpened(
        line=line(PastOrder(order, given, refused)),
        out_trade_no=order.out_trade_no,
        page=there.page,
        pages=len(parts) + 1,
        transaction_id=order.transaction_id,
        paid_at=order.paid_at,
        asks=_asks(kiosk, there),
        payer=payer,
        decline=order.decline,
        left=refunds.left(order, there.refunds) if paid and there.refunds else None,
        refunds=tuple(_refund(there, kiosk.refunds.get(one.out_refund_no, one)) for one in part if isinstance(one, Refund)),
        story=tuple(one for one in part if isinstance(one, Told)),
        prints=paid and kiosk.settings.receipts is not None,
        refundable=paid,
    )


def _refund(there: past.Opened, refund: Refund) -> RefundLine:
    """As it is in memory, where it may be ahead."""
    number = [one.out_refund_no for one in there.refunds].index(refund.out_refund_no) + 1
    at = refund.settled_at or refund.opened_at
    return RefundLine(number, refund.money, refund.state, at, refund.trouble, refund.reason, refund.operator)


def _asks(kiosk: Kiosk, there: past.Opened) -> int:
    """How often WeChat was asked. The row counts anew when an order begins to be undone, and in memory it may be ahead."""
    order: Order = kiosk.orders.get(there.order.out_trade_no, there.order)
    told = [walked for walked in there.walked or () if walked.number == order.out_trade_no]
    undone = next((place for place, walked in enumerate(told) if walked.became in _UNDOING), None)
    before = 0 if undone is None else max(walked.asks for walked in told[: undone + 1])
    return before + order.asks
