"""The request bodies and paths of both modes, Direct and Institution (contract 2, 3). Pure: knows no signature and no network."""

from __future__ import annotations

import json
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta, timezone
from typing import assert_never

from kiosk.core.model import Call, Direct, Institution, Merchant, Order, Reason, Refund
from kiosk.core.secret import PaymentCode

_BEIJING = timezone(timedelta(hours=8))
_MICROPAY = "/v3/global/micropay/transactions"
_TRANSACTIONS = "/v3/global/transactions"
_REFUNDS = "/v3/global/refunds"

# The customer reads it on the phone. For ever the same words: a refund that is sent again must be the same (contract 3.7).
_REASONS: dict[str, str] = {
    Reason.RETURNED: "商品退回 Goods returned",
    Reason.FAULTY: "商品有问题 Faulty goods",
    Reason.NOT_DELIVERED: "未能提供商品 Not delivered",
    Reason.WRONG_AMOUNT: "金额有误 Wrong amount",
    Reason.TWICE: "重复付款 Paid twice",
    Reason.OTHER: "商家退款 Refund by the shop",
}


@dataclass(frozen=True, slots=True)
class Shop:
    """What is the same in every order of this kiosk."""

    merchant: Merchant
    merchant_category_code: str  # contract 4.5
    description: str  # 1 to 127 characters, seen by the customer
    notify_url: str
    device_id: str


@dataclass(frozen=True, slots=True)
class Outgoing:
    """A request, serialised once: these bytes are signed, and these bytes are sent. The body may hold a payment code."""

    name: str  # for the log: the call, never the content
    method: str
    target: str  # path and query
    body: bytes = field(default=b"", repr=False)
    accept: str = "application/json"
    encoding: str = "identity"  # what is signed is what is read, and nothing can grow by unpacking


def charge(shop: Shop, order: Order, code: PaymentCode) -> Outgoing:
    """Quick Pay (contract 3.2). No notify_url, no times: this call knows none."""
    body = {
        **_numbers(shop.merchant),
        **_order(shop, order),
        "trade_type": "MICROPAY",
        "payer": {"auth_code": code.reveal()},
    }
    return Outgoing(Call.CHARGE, "POST", f"{_MICROPAY}/pay", _bytes(body))


def place(shop: Shop, order: Order) -> Outgoing:
    """Native (contract 3.3): the same order always gives the same bytes, so that it may be sent again."""
    body = {**_numbers(shop.merchant), **_order(shop, order), "trade_type": "NATIVE", "notify_url": shop.notify_url}
    if order.expires_at is not None:
        body["time_expire"] = beijing_time(order.expires_at)
    return Outgoing(Call.PLACE, "POST", f"{_TRANSACTIONS}/native", _bytes(body))


def ask(merchant: Merchant, out_trade_no: str) -> Outgoing:
    """Query an order (contract 3.4)."""
    return Outgoing(Call.ASK, "GET", f"{_TRANSACTIONS}/out-trade-no/{out_trade_no}?{_query(merchant)}")


def look_up(merchant: Merchant, transaction_id: str) -> Outgoing:
    """Query an order by WeChat's number, which only an order has that somebody paid (contract 3.4)."""
    return Outgoing(Call.ASK, "GET", f"{_TRANSACTIONS}/id/{transaction_id}?{_query(merchant)}")


def reverse(merchant: Merchant, order: Order) -> Outgoing:
    """Undo a Quick Pay order (contract 3.6). The body has no appid."""
    target = f"{_MICROPAY}/out-trade-no/{order.out_trade_no}/reverse"
    return Outgoing(Call.REVERSE, "POST", target, _bytes(_merchant_numbers(merchant)))


def close(merchant: Merchant, order: Order) -> Outgoing:
    """Make a Native order unpayable (contract 3.5)."""
    target = f"{_TRANSACTIONS}/out-trade-no/{order.out_trade_no}/close"
    return Outgoing(Call.CLOSE, "POST", target, _bytes(_merchant_numbers(merchant)))


def refund(merchant: Merchant, refund: Refund, order: Order) -> Outgoing:
    """Give back (contract 3.7): `total` is the original order's, the currency is the order's."""
    body: dict[str, object] = {
        **_numbers(merchant),
        "out_trade_no": order.out_trade_no,
        "out_refund_no": refund.out_refund_no,
        "amount": {"refund": refund.money.amount, "total": order.money.amount, "currency": order.money.currency},
    }
    if refund.reason is not None:
        body["reason"] = _REASONS.get(refund.reason, refund.reason)
    return Outgoing(Call.REFUND, "POST", _REFUNDS, _bytes(body))


def ask_refund(merchant: Merchant, refund: Refund) -> Outgoing:
    """Query one refund (contract 3.8)."""
    return Outgoing(Call.ASK_REFUND, "GET", f"{_REFUNDS}/out-refund-no/{refund.out_refund_no}?{_query(merchant)}")


def certificates() -> Outgoing:
    """The list of platform certificates (contract 1.6)."""
    return Outgoing("certificates", "GET", "/v3/global/certificates")


def statement(merchant: Merchant, day: str) -> Outgoing:
    """The statement of a Beijing day, as 2026-01-05 (contract 8), zipped if that can be."""
    target = f"/v3/global/statements?date={day.replace('-', '')}&{_query(merchant)}"
    return Outgoing("statement", "GET", target, accept="text/plain, application/json", encoding="gzip")


def settlements(merchant: Merchant, first: str, last: str, offset: int) -> Outgoing:
    """The batches settled from `first` to `last`, Beijing days as 2026-01-05 (contract 3.10)."""
    span = f"settle_start_date={first.replace('-', '')}&settle_end_date={last.replace('-', '')}"
    target = f"/v3/global/settle/settlements?settle_state=SETTLED&{span}&limit=10&offset={offset}&{_query(merchant)}"
    return Outgoing("settlements", "GET", target)


def signing_number(merchant: Merchant) -> str:
    """The number whose key signs: never the sub-merchant's (contract 1.3)."""
    return merchant.mchid if isinstance(merchant, Direct) else merchant.sp_mchid


def beijing_time(at: int) -> str:
    """`at` (Unix ms) as RFC 3339 with WeChat's own offset: 2026-01-05T18:12:00+08:00."""
    return datetime.fromtimestamp(at // 1000, UTC).astimezone(_BEIJING).isoformat(timespec="seconds")


def _numbers(merchant: Merchant) -> dict[str, object]:
    match merchant:
        case Direct():
            return {"appid": merchant.appid, "mchid": merchant.mchid}
        case Institution():
            return {"sp_appid": merchant.sp_appid, "sp_mchid": merchant.sp_mchid, "sub_mchid": merchant.sub_mchid}
        case _:
            assert_never(merchant)


def _merchant_numbers(merchant: Merchant) -> dict[str, object]:
    """The numbers without the app's, as queries, closes and reversals have them."""
    match merchant:
        case Direct():
            return {"mchid": merchant.mchid}
        case Institution():
            return {"sp_mchid": merchant.sp_mchid, "sub_mchid": merchant.sub_mchid}
        case _:
            assert_never(merchant)


def _query(merchant: Merchant) -> str:
    return "&".join(f"{name}={value}" for name, value in _merchant_numbers(merchant).items())


def _order(shop: Shop, order: Order) -> dict[str, object]:
    """What charge and place share.

    `attach` comes back in each answer about the order (answers.py): when the order was begun, then the shop's own number of it,
    if there is one, which the customer reads in the description, too.
    """
    described = f"{shop.description}-{order.memo}" if order.memo else shop.description  # brand-branch-goods (contract 3.2.1)
    return {
        "description": described,
        "out_trade_no": order.out_trade_no,
        "merchant_category_code": shop.merchant_category_code,
        "amount": {"total": order.money.amount, "currency": order.money.currency},
        "scene_info": {"device_id": shop.device_id},
        "attach": f"{order.opened_at} {order.memo}".rstrip(),
    }


def _bytes(body: dict[str, object]) -> bytes:
    return json.dumps(body, ensure_ascii=False, allow_nan=False, separators=(",", ":")).encode("utf-8")
