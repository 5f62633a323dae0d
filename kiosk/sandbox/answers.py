"""What the stand-in says: bodies of answers (contract 3, 17) and the signed envelope around them (1.2, 1.4). No rules."""

from __future__ import annotations

import hashlib
import json
import secrets
from dataclasses import dataclass, field
from typing import Any

from kiosk.sandbox.clock import SECOND, stamp
from kiosk.sandbox.keys import Pair
from kiosk.sandbox.records import Fault, Kind, Merchant, OrderRow, RefundRow, State
from kiosk.sandbox.trouble import Trouble

_DESCRIPTIONS = {
    State.SUCCESS: "Payment successful",
    State.REFUND: "Refunded",
    State.NOTPAY: "Order not paid",
    State.CLOSED: "Order closed",
    State.REVOKED: "Order reversed",
    State.USERPAYING: "The customer is entering the password",
    State.PAYERROR: "Payment failed, please reverse",
}
_CHINESE = {
    "AUTH_CODE_ERROR": "付款码已被使用", "AUTH_CODE_EXPIRE": "付款码已过期", "AUTH_CODE_INVALID": "付款码无效",
    "BANK_ERROR": "银行系统异常", "FREQUENCY_LIMITED": "频率超限", "INVALID_REQUEST": "无效请求", "NOT_ENOUGH": "余额不足",
    "MCH_NOT_EXISTS": "商户号不存在", "ORDER_CLOSED": "订单已关闭", "ORDER_NOT_EXIST": "订单不存在", "ORDER_PAID": "订单已支付",
    "ORDER_REVERSED": "订单已撤销", "OUT_TRADE_NO_USED": "商户订单号重复", "PARAM_ERROR": "参数错误", "SIGN_ERROR": "签名错误",
    "SYSTEM_ERROR": "系统错误", "USERPAYING": "等待用户输入密码",
}  # fmt: skip
_SIGNTEST = "WECHATPAY/SIGNTEST/"
_OTHER_NUMBER = "1900000000"


@dataclass(frozen=True, slots=True)
class Reply:
    """An answer before it is signed. `signed` is what stands in the third line of the string to sign; None: the body."""

    status: int
    body: bytes = b""
    content_type: str = "application/json; charset=utf-8"
    number: int = 0
    headers: dict[str, str] = field(default_factory=dict)
    signed: bytes | None = None


def success(body: dict[str, Any], status: int = 200) -> Reply:
    """An answer with a JSON body."""
    return Reply(status, dump(body))


def refusal(fault: Fault, language: str) -> Reply:
    """The error envelope of contract 3.11.1."""
    message = _CHINESE.get(fault.code, fault.message) if language == "zh-CN" else fault.message
    body: dict[str, Any] = {"code": fault.code, "message": message[:256]}
    if fault.detail is not None:
        body["detail"] = fault.detail
    return Reply(fault.status, dump(body), number=fault.number)


def dump(body: dict[str, Any]) -> bytes:
    """JSON as WeChat writes it: UTF-8, no spaces."""
    return json.dumps(body, ensure_ascii=False, separators=(",", ":")).encode()


def signature_headers(pair: Pair, serial: str, body: bytes, now: int) -> dict[str, str]:
    """The five headers of contract 1.2 over exactly these bytes; `now` is the true time in ms."""
    timestamp, nonce = str(now // SECOND), secrets.token_hex(16)
    message = f"{timestamp}\n{nonce}\n".encode() + body + b"\n"
    return {
        "Wechatpay-Timestamp": timestamp,
        "Wechatpay-Nonce": nonce,
        "Wechatpay-Signature": pair.sign(message),
        "Wechatpay-Serial": serial,
        "Wechatpay-Signature-Type": "WECHATPAY2-SHA256-RSA2048",
    }


def probe(signature: str) -> str:
    """The same signature made deliberately wrong (contract 1.5)."""
    return _SIGNTEST + signature[len(_SIGNTEST) :]


def request_id(number: int) -> str:
    """`<hex>-<number>` (contract 1.2)."""
    return f"{secrets.token_hex(16).upper()}-{number}"


def transaction(order: OrderRow, merchant: Merchant) -> dict[str, Any]:
    """An order as charge, query and notification tell it (contract 3.2.2). What cannot exist before payment is absent."""
    body: dict[str, Any] = {
        **merchant.ids(),
        "out_trade_no": order.out_trade_no,
        "trade_type": str(order.kind),
        "trade_state": str(order.state),
        "trade_state_desc": _DESCRIPTIONS[order.state],
        "amount": {"total": order.total, "currency": order.currency},
    }
    if order.attach:
        body["attach"] = order.attach
    if order.success_time is not None:
        payer = "openid" if merchant.sub_mchid is None else "sp_openid"
        body = {"id": order.transaction_id, **body}
        body["bank_type"] = "OTHERS"
        body["success_time"] = stamp(order.success_time)
        body["payer"] = {payer: openid(order)}
        body["amount"] |= _payer_side(order.payer_total, order.rate_e8, "payer_total")
        body["promotion_detail"] = []
    return body


def openid(order: OrderRow) -> str:
    """The payer, as this merchant knows him."""
    return "o" + hashlib.sha256(order.holder.encode()).hexdigest()[:27]


def spoil(body: dict[str, Any], trouble: Trouble) -> dict[str, Any]:
    """The same body with what the switches make wrong in it."""
    if trouble.wrong_amount:
        body["amount"]["total"] += 1
    if trouble.wrong_mchid:
        body["mchid" if "mchid" in body else "sp_mchid"] = _OTHER_NUMBER
    if trouble.wrong_number:
        body["out_trade_no"] += "X"
    if trouble.number_id and "id" in body:
        body["id"] = int(body["id"])
    if trouble.transaction_id_name and "id" in body:
        body["transaction_id"] = body.pop("id")
    if trouble.unknown_fields:
        body["settlement_hint"] = {"lane": 7, "tags": ["new", None]}
        body["amount"]["rounding"] = "none"
    return body


def refund_accepted(order: OrderRow, refund: RefundRow) -> dict[str, Any]:
    """The answer to a refund request (contract 3.7): accepted, no more."""
    return {
        "id": refund.refund_id,
        "out_refund_no": refund.out_refund_no,
        "create_time": stamp(refund.created_at),
        "amount": _refund_amount(order, refund),
    }


def refund_told(order: OrderRow, refund: RefundRow) -> dict[str, Any]:
    """One refund as queries tell it (contract 3.8)."""
    body: dict[str, Any] = {
        "id": refund.refund_id,
        "out_refund_no": refund.out_refund_no,
        "transaction_id": order.transaction_id,
        "out_trade_no": order.out_trade_no,
        "channel": "ORIGINAL",
        "recv_account": "Balance",
        "fund_source": "REFUND_SOURCE_UNSETTLED_FUNDS",
        "create_time": stamp(refund.created_at),
        "status": "REFUNDCLOSE" if refund.status == "CLOSED" else refund.status,  # contract C15
        "amount": _refund_amount(order, refund),
    }
    if refund.success_time is not None:
        body["success_time"] = stamp(refund.success_time)
    return body


def refund_list(order: OrderRow, merchant: Merchant, offset: int, count: int) -> dict[str, Any]:
    """All refunds of an order (contract 3.9)."""
    rows = [refund_told(order, each) for each in order.refunds[offset : offset + count]]
    return {
        "id": order.transaction_id,
        **merchant.numbers(),
        "out_trade_no": order.out_trade_no,
        "amount": {
            "total": order.total,
            "currency": order.currency,
            "payer_total": order.payer_total,
            "payer_currency": "CNY",
        },
        "data": [{name: value for name, value in row.items() if name not in {"transaction_id", "out_trade_no"}} for row in rows],
        "total_num": len(order.refunds),
        "current_total_num": len(rows),
    }


def refund_notice(order: OrderRow, refund: RefundRow, merchant: Merchant) -> dict[str, Any]:
    """The plaintext of a refund's notification (contract 7.7)."""
    body: dict[str, Any] = {
        **merchant.numbers(),
        "transaction_id": order.transaction_id,
        "out_trade_no": order.out_trade_no,
        "refund_id": refund.refund_id,
        "out_refund_no": refund.out_refund_no,
        "refund_status": refund.status,
        "recv_account": "Balance",
        "fund_source": "REFUND_SOURCE_UNSETTLED_FUNDS",
        "amount": {"total": order.total, "payer_total": order.payer_total, **_refund_amount(order, refund)},
    }
    if refund.success_time is not None:
        body["success_time"] = stamp(refund.success_time)
    return body


def userpaying(order: OrderRow, merchant: Merchant, trouble: Trouble) -> Reply:
    """The three shapes of contract 3.2.4."""
    match trouble.userpaying_shape:
        case "1":
            return success({"code": "USERPAYING", "message": "The customer is entering the password"}, 202)
        case shape:
            return success(spoil(transaction(order, merchant), trouble), 202 if shape == "2" else 200)


def is_waiting(order: OrderRow) -> bool:
    """Whether a charge is answered with USERPAYING."""
    return order.kind is Kind.MICROPAY and order.state is State.USERPAYING


def _payer_side(fen: int, rate_e8: int, name: str) -> dict[str, Any]:
    return {name: fen, "payer_currency": "CNY", "exchange_rate": {"type": "SETTLEMENT_RATE", "rate": rate_e8}}


def _refund_amount(order: OrderRow, refund: RefundRow) -> dict[str, Any]:
    return {
        "refund": refund.refund,
        "currency": order.currency,
        **_payer_side(refund.payer_refund, order.rate_e8, "payer_refund"),
    }
