"""What the journal is told of an order that has reached an end: one rich line."""

from __future__ import annotations

import logging

from kiosk.core.model import Order

_log = logging.getLogger(__name__)


def tell(order: Order, why: str) -> None:
    """One rich line for each order that has reached an end."""
    _log.info(
        "order ended",
        extra={
            "out_trade_no": order.out_trade_no,
            "state": str(order.state),
            "why": why,
            "tender": str(order.tender),
            "amount": order.money.amount,
            "currency": order.money.currency,
            "sale": order.sale_id,
            "transaction_id": order.transaction_id,
            "sent_at": order.sent_at,
            "settled_at": order.settled_at,
        },
    )
