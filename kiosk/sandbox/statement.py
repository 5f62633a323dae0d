"""A Beijing day's statement, 38 columns (contract 8, 17), and the settlements made from the same entries. Signs nothing."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import datetime
from decimal import ROUND_HALF_UP, Decimal
from typing import Any

from kiosk.core.money import Money, exponent, major
from kiosk.sandbox.answers import openid
from kiosk.sandbox.clock import BEIJING, SECOND, day_of
from kiosk.sandbox.rates import rate_e8
from kiosk.sandbox.records import Entry, Merchant, OrderRow

_FEE = Decimal("0.02")
_TITLES = (
    "交易时间", "公众账号ID", "商户号", "子商户号", "设备号",
    "微信订单号", "商户订单号", "用户标识", "交易类型", "交易状态",
    "付款银行", "充值券币种", "充值券金额", "优惠券币种", "优惠券金额",
    "微信退款单号", "商户退款单号", "退款类型", "退款状态", "商品名称",
    "商户数据包", "手续费", "费率", "标价币种", "订单金额(标价币种)",
    "用户支付币种", "用户支付金额", "结算币种", "应结订单金额", "支付汇率",
    "退款汇率", "申请退款金额", "用户退款币种", "用户退款金额", "退款结算币种",
    "退款应结订单金额", "充值券退款金额", "优惠券退款金额",
)  # fmt: skip
_SUM_TITLES = ("总交易单数", "应结订单总金额", "退款总金额", "充值券退款总金额", "手续费总金额", "订单总金额", "申请退款总金额")


@dataclass(frozen=True, slots=True)
class Line:
    """An entry of the ledger with its order."""

    order: OrderRow
    entry: Entry


def lines_of(orders: Iterable[OrderRow], day: str) -> list[Line]:
    """What moved on this Beijing day (yyyyMMdd), in order of time. A refund that was closed never moved."""
    entries = [Line(order, entry) for order in orders for entry in order.entries if day_of(entry.at) == day]
    return sorted((line for line in entries if _moved(line.order, line.entry)), key=lambda line: line.entry.at)


def csv(lines: list[Line], merchant: Merchant, *, bom: bool, summary: bool) -> bytes:
    """The file. Amounts in major units; every value of a row behind a backtick."""
    rows = [",".join(_TITLES), *(_row(_columns(line, merchant)) for line in lines)]
    if summary:
        rows += [",".join(_SUM_TITLES), _row(_sums(lines, merchant))]
    return (b"\xef\xbb\xbf" if bom else b"") + "".join(f"{row}\r\n" for row in rows).encode()


def settlement(lines: list[Line], day: str, merchant: Merchant, *, settled: bool) -> dict[str, Any]:
    """One batch of GET /v3/global/settle/settlements (contract 3.10)."""
    paid = sum(_settled(line.order, line.entry.total, merchant) for line in lines if line.entry.what == "payment")
    back = sum(_settled(line.order, line.entry.total, merchant) for line in lines if line.entry.what != "payment")
    fee = sum(_fee(line, merchant) for line in lines)
    net = paid - back
    return {
        "batch_id": f"{day}001",
        "settlement_date": day,
        "trade_start_date": day,
        "trade_end_date": day,
        "amount": {
            "settled": net - fee if settled else 0,
            "unsettle": 0 if settled else net - fee,
            "currency": merchant.currency,
            "pay": paid,
            "refund": back,
            "net": net,
            "fee": fee,
        },
        "wallet_region": "CHINA_MAINLAND",
    }


def _moved(order: OrderRow, entry: Entry) -> bool:
    return entry.what != "refund" or _status(order, entry) != "CLOSED"


def _status(order: OrderRow, entry: Entry) -> str:
    return next(each.status for each in order.refunds if each.out_refund_no == entry.out_refund_no)


def _columns(line: Line, merchant: Merchant) -> Iterator[str]:
    order, entry = line.order, line.entry
    sale = entry.what == "payment"
    zero, fen_zero = major(Money(0, order.currency)), major(Money(0, "CNY"))
    rate = f"{(Decimal(order.rate_e8) / 10**8).normalize():f}"
    refund = next((each for each in order.refunds if each.out_refund_no == entry.out_refund_no), None)
    price, fen = major(Money(entry.total, order.currency)), major(Money(entry.payer_total, "CNY"))
    settled = major(Money(_settled(order, entry.total, merchant), merchant.currency))
    yield datetime.fromtimestamp(entry.at // SECOND, BEIJING).strftime("%Y-%m-%d %H:%M:%S")
    yield from (merchant.appid, merchant.mchid, merchant.sub_mchid or "", order.device_id)
    yield from (order.transaction_id, order.out_trade_no, openid(order), str(order.kind))
    yield {"payment": "SUCCESS", "reversal": "REVOKED", "refund": "REFUND"}[entry.what]
    yield from ("OTHERS", "CNY", "0.00", "CNY", "0.00")
    if refund is not None:
        yield from (refund.refund_id, refund.out_refund_no, "ORIGINAL", refund.status)
    else:
        yield from ("0", "0", "", "") if sale else ("0", "0", "ORIGINAL", "SUCCESS")
    yield from (_one_line(order.description), _one_line(order.attach), _signed(_fee(line, merchant), merchant.currency), "2.00%")
    if sale:
        yield from (order.currency, price, "CNY", fen, merchant.currency, settled, rate)
        yield from ("", zero, "", fen_zero, "", zero)
    else:
        yield from (order.currency, zero, "CNY", fen_zero, merchant.currency, zero, "")
        yield from (rate, price, "CNY", fen, merchant.currency, settled)
    yield from ("0.00", "0.00")


def _sums(lines: list[Line], merchant: Merchant) -> Iterator[str]:
    sales = [line for line in lines if line.entry.what == "payment"]
    returns = [line for line in lines if line.entry.what != "payment"]
    yield str(len(lines))
    for part in (sales, returns):
        yield major(Money(sum(_settled(each.order, each.entry.total, merchant) for each in part), merchant.currency))
    yield "0.00"
    yield _signed(sum(_fee(line, merchant) for line in lines), merchant.currency)
    for part in (sales, returns):
        yield _major_sum(part)


def _major_sum(lines: list[Line]) -> str:
    """Sum of prices; as in the true file, prices of different currencies are simply added."""
    return f"{sum((Decimal(major(Money(line.entry.total, line.order.currency))) for line in lines), Decimal(0)):f}"


def _settled(order: OrderRow, total: int, merchant: Merchant) -> int:
    """In the settlement currency: the price itself, or what its CNY come to."""
    if order.currency == merchant.currency:
        return total
    units = Decimal(total) * order.rate_e8 / rate_e8(merchant.currency)
    units = units.scaleb(exponent(merchant.currency) - exponent(order.currency))
    return int(units.quantize(Decimal(1), rounding=ROUND_HALF_UP))


def _fee(line: Line, merchant: Merchant) -> int:
    """The fee in the settlement currency; given back with the money."""
    fee = int((_settled(line.order, line.entry.total, merchant) * _FEE).quantize(Decimal(1), rounding=ROUND_HALF_UP))
    return fee if line.entry.what == "payment" else -fee


def _signed(amount: int, currency: str) -> str:
    return ("-" if amount < 0 else "") + major(Money(abs(amount), currency))


def _row(values: Iterable[str]) -> str:
    return ",".join("`" + value for value in values)


def _one_line(text: str) -> str:
    return " ".join(text.split())
