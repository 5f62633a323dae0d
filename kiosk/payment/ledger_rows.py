"""How each noun lies in its table: one column a field, money in two. No SQL, no meaning."""

from __future__ import annotations

from typing import assert_never

from kiosk.core.model import Call, Decline, Order, OrderState, Refund, RefundState, RefundTrouble, Sale, SaleState, Tender
from kiosk.core.money import Money
from kiosk.core.shifts import Shift
from kiosk.payment import shift_rows

Value = shift_rows.Value
Row = shift_rows.Row


def columns(row: Sale | Order | Refund | Shift) -> tuple[str, str, dict[str, Value]]:
    """The row's table, the name of its key, and its columns."""
    match row:
        case Sale():
            return (
                "sales",
                "sale_id",
                {
                    "sale_id": row.sale_id,
                    "amount": row.money.amount,
                    "currency": row.money.currency,
                    "opened_at": row.opened_at,
                    "state": row.state.value,
                    "tip": row.tip or None,
                    "lines": "+".join(map(str, row.lines)) or None,
                },
            )
        case Order():
            return (
                "orders",
                "out_trade_no",
                {
                    "out_trade_no": row.out_trade_no,
                    "sale_id": row.sale_id,
                    "tender": row.tender.value,
                    "amount": row.money.amount,
                    "currency": row.money.currency,
                    "opened_at": row.opened_at,
                    "state": row.state.value,
                    "sent_at": row.sent_at,
                    "anchor_at": row.anchor_at,
                    "expires_at": row.expires_at,
                    "transaction_id": row.transaction_id,
                    "paid_at": row.paid_at,
                    "settled_at": row.settled_at,
                    "payer_amount": row.payer.amount if row.payer else None,
                    "payer_currency": row.payer.currency if row.payer else None,
                    "rate_e8": row.rate_e8,
                    "decline": row.decline.value if row.decline else None,
                    "asks": row.asks,
                    "tries": row.tries,
                    "last_call": row.last_call.value if row.last_call else None,
                    "last_outcome": row.last_outcome,
                    "called_at": row.called_at,
                    "pay_refused": int(row.pay_refused),
                    "note": row.note,
                    "memo": row.memo or None,
                },
            )
        case Refund():
            return (
                "refunds",
                "out_refund_no",
                {
                    "out_refund_no": row.out_refund_no,
                    "out_trade_no": row.out_trade_no,
                    "amount": row.money.amount,
                    "currency": row.money.currency,
                    "opened_at": row.opened_at,
                    "state": row.state.value,
                    "late": int(row.late),
                    "refund_id": row.refund_id,
                    "settled_at": row.settled_at,
                    "tries": row.tries,
                    "last_call": row.last_call.value if row.last_call else None,
                    "last_outcome": row.last_outcome,
                    "called_at": row.called_at,
                    "note": row.note,
                    "reason": row.reason,
                    "operator": row.operator,
                    "trouble": row.trouble.value if row.trouble else None,
                },
            )
        case Shift():
            return ("shifts", "shift_id", shift_rows.columns(row))
        case _:
            assert_never(row)


def sale(row: Row) -> Sale:
    """The sale of a row of `sales`."""
    money, state = Money(row["amount"], row["currency"]), SaleState(row["state"])
    lines = tuple(int(line) for line in row["lines"].split("+")) if row["lines"] else ()
    return Sale(row["sale_id"], money, row["opened_at"], state, row["tip"] or 0, lines)


def order(row: Row) -> Order:
    """The order of a row of `orders`."""
    return Order(
        out_trade_no=row["out_trade_no"],
        sale_id=row["sale_id"],
        tender=Tender(row["tender"]),
        money=Money(row["amount"], row["currency"]),
        opened_at=row["opened_at"],
        state=OrderState(row["state"]),
        sent_at=row["sent_at"],
        anchor_at=row["anchor_at"],
        expires_at=row["expires_at"],
        transaction_id=row["transaction_id"],
        paid_at=row["paid_at"],
        settled_at=row["settled_at"],
        payer=None if row["payer_amount"] is None else Money(row["payer_amount"], row["payer_currency"]),
        rate_e8=row["rate_e8"],
        decline=None if row["decline"] is None else Decline(row["decline"]),
        asks=row["asks"],
        tries=row["tries"],
        last_call=None if row["last_call"] is None else Call(row["last_call"]),
        last_outcome=row["last_outcome"],
        called_at=row["called_at"],
        pay_refused=bool(row["pay_refused"]),
        note=row["note"],
        memo=row["memo"] or "",
    )


def refund(row: Row) -> Refund:
    """The refund of a row of `refunds`."""
    return Refund(
        out_refund_no=row["out_refund_no"],
        out_trade_no=row["out_trade_no"],
        money=Money(row["amount"], row["currency"]),
        opened_at=row["opened_at"],
        state=RefundState(row["state"]),
        late=bool(row["late"]),
        refund_id=row["refund_id"],
        settled_at=row["settled_at"],
        tries=row["tries"],
        last_call=None if row["last_call"] is None else Call(row["last_call"]),
        last_outcome=row["last_outcome"],
        called_at=row["called_at"],
        note=row["note"],
        reason=row["reason"],
        operator=row["operator"],
        trouble=None if row["trouble"] is None else RefundTrouble(row["trouble"]),
    )
