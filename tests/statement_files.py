"""Statements for tests, written independently of both sides: rows by their columns' names, and every malformation by name.

`corpus(seed)` is endless in kinds: each case is the bytes of a file and what a reader must make of it, a count or a line.
"""

from __future__ import annotations

import random
from collections.abc import Iterator
from dataclasses import dataclass

from kiosk.payment.statement import BEIJING, TITLES, Mine

MINE = Mine("1900007777", "1900008888", "K07")
DAY = "2026-01-05"
BOM = "\ufeff"
_SUMS = "总交易单数,应结订单总金额,退款总金额,充值券退款总金额,手续费总金额,订单总金额,申请退款总金额"
PLACE = {title: place for place, title in enumerate(TITLES)}

assert BEIJING


def row(number: str = "K07-260105-aa0001", state: str = "SUCCESS", amount: str = "12.50", **changed: str) -> list[str]:
    """One row's values. Names of `changed`: time, mchid, sub, goods, currency, refund_no, refund_status, refunded, told, fee."""
    back = state != "SUCCESS"
    values = {
        "交易时间": changed.get("time", f"{DAY} 18:04:11"),
        "公众账号ID": "wx7bc98d929da735fe",
        "商户号": changed.get("mchid", MINE.mchid),
        "子商户号": changed.get("sub", MINE.sub_mchid),
        "设备号": "K07",
        "微信订单号": changed.get("told", "42" + "".join(c for c in number if c.isdigit()).rjust(18, "0")),
        "商户订单号": number,
        "用户标识": "oKioskUserExample0000000001",
        "交易类型": changed.get("type", "MICROPAY"),
        "交易状态": state,
        "付款银行": "OTHERS",
        "充值券币种": "CNY",
        "充值券金额": "0.00",
        "优惠券币种": "CNY",
        "优惠券金额": "0.00",
        "微信退款单号": "50300009992026010500000000001" if state == "REFUND" else "0",
        "商户退款单号": changed.get("refund_no", f"{number}-R1" if state == "REFUND" else "0"),
        "退款类型": "ORIGINAL" if back else "",
        "退款状态": changed.get("refund_status", "SUCCESS" if back else ""),
        "商品名称": changed.get("goods", "Harbour Snacks"),
        "商户数据包": "",
        "手续费": changed.get("fee", "0.25"),
        "费率": "2.00%",
        "标价币种": changed.get("currency", "HKD"),
        "订单金额(标价币种)": "0.00" if back else amount,
        "用户支付币种": "CNY",
        "用户支付金额": "11.50",
        "结算币种": "HKD",
        "应结订单金额": amount,
        "支付汇率": "0.92",
        "退款汇率": "",
        "申请退款金额": changed.get("refunded", amount if back else "0.00"),
        "用户退款币种": "",
        "用户退款金额": "0.00",
        "退款结算币种": "",
        "退款应结订单金额": "0.00",
        "充值券退款金额": "0.00",
        "优惠券退款金额": "0.00",
    }
    return [values[title] for title in TITLES]


def line(values: list[str]) -> str:
    """As it stands in the file."""
    return ",".join("`" + value for value in values)


def statement(
    rows: list[list[str]],
    *,
    bom: bool = True,
    sums: bool = True,
    end: str = "\r\n",
    titles: str | None = None,
    count: int | None = None,
) -> bytes:
    """A whole file."""
    lines = [",".join(TITLES) if titles is None else titles, *map(line, rows)]
    if sums:
        lines += [_SUMS, line([str(len(rows) if count is None else count), "0.00", "0.00", "0.00", "0.00", "0.00", "0.00"])]
    return ((BOM if bom else "") + "".join(each + end for each in lines)).encode()


@dataclass(frozen=True)
class Case:
    """`rows`: how many of this kiosk's a reader must find, None: it must refuse, with `words` in what it says."""

    name: str
    file: bytes
    rows: int | None = None
    others: int = 0
    words: str = ""


def corpus(seed: int, each: int = 20) -> Iterator[Case]:
    """Every kind of file, `each` times with other rows."""
    luck = random.Random(seed)
    for _ in range(each):
        rows = [_any_row(luck, at) for at in range(luck.randrange(1, 40))]
        yield from _sound(luck, rows)
        yield from _malformed(luck, rows)


def _any_row(luck: random.Random, at: int) -> list[str]:
    number = f"K07-260105-aa{at + 1:04}"
    state = luck.choice(["SUCCESS"] * 6 + ["REFUND", "REVOKED"])
    second = luck.randrange(86400)
    time = f"{DAY} {second // 3600:02}:{second // 60 % 60:02}:{second % 60:02}"
    goods = luck.choice(["Harbour Snacks", "snacks, two `kinds`", "", "海港小食,", "a,`b", "=1+1"])
    amount = f"{luck.randrange(1, 10**6) / 100:.2f}"
    fee = luck.choice(["", "0.25", "-0.25", "0.00025"])
    return row(number, state, amount, time=time, goods=goods, fee=fee)


def _sound(luck: random.Random, rows: list[list[str]]) -> Iterator[Case]:
    count = len(rows)
    yield Case("as documented", statement(rows), count)
    yield Case("no mark", statement(rows, bom=False), count)
    yield Case("no sums", statement(rows, sums=False), count)
    yield Case("line feeds", statement(rows, end="\n"), count)
    yield Case("no last end", statement(rows, sums=False)[:-2], count)
    yield Case("titles behind backticks", statement(rows, titles=line(list(TITLES))), count)
    yield Case("unknown titles, 38", statement(rows, titles=",".join(f"c{at}" for at in range(38))), count)
    yield Case("no titles", statement(rows).replace((",".join(TITLES) + "\r\n").encode(), b"", 1), count)
    yield Case("sums' titles behind backticks", statement(rows).replace(_SUMS.encode(), line(_SUMS.split(",")).encode()), count)
    yield Case("empty lines at the end", statement(rows) + b"\r\n\r\n", count)
    yield Case("titles only", statement([]), 0)
    order = list(range(38))
    luck.shuffle(order)
    plain = [[*values[:19], "snacks", *values[20:]] for values in rows]  # free text in between has no fixed place any more
    moved = [[values[at] for at in order] for values in plain]
    yield Case("columns in another order", statement(moved, titles=",".join(TITLES[at] for at in order)), count)
    more = [[*values, "new"] for values in plain]
    yield Case("a column more", statement(more, titles=",".join([*TITLES, "新"])), count)
    strangers = [row("K08-260105-aa0001"), row("shop-77"), row("K07-260105-zz0001", sub="1900009999"), row("K07-x-260105-aa0001")]
    yield Case("others' rows", statement([*rows, *strangers]), count, others=len(strangers))
    yen = [row(f"K07-260105-bb{at:04}", amount=luck.choice(["1250", "1250.00"]), currency="JPY", fee="") for at in range(1, 4)]
    yield Case("yen with and without decimals", statement([*rows, *yen]), count + 3)
    yield Case("empty values", statement([*rows, row("K07-260105-cc0001", fee="", refunded="")]), count + 1)


def _malformed(luck: random.Random, rows: list[list[str]]) -> Iterator[Case]:
    at = luck.randrange(len(rows))
    where = f"line {at + 2} "

    def broken(**changed: str) -> bytes:
        return statement([*rows[:at], row("K07-260105-aa9999", **changed), *rows[at + 1 :]])

    def spoiled(change: str, to: str) -> bytes:
        values = row("K07-260105-aa9999")
        values[PLACE[change]] = to
        return statement([*rows[:at], values, *rows[at + 1 :]])

    yield Case("no such day", broken(time="2026-02-30 10:00:00"), words=where)
    yield Case("a time of another form", broken(time="05/01/2026 10:00"), words=where)
    yield Case("a state nobody knows", broken(state="MAYBE"), words=where)
    yield Case("an amount with words", broken(amount="12.50 HKD"), words=where)
    yield Case("an amount with a thousands mark", broken(amount="1.250,00"), words=where)
    yield Case("a negative amount", broken(amount="-12.50"), words=where)
    yield Case("half a cent", broken(amount="12.505"), words=where)
    yield Case("nothing paid", broken(amount="0.00"), words=where)
    yield Case("yen with parts", broken(amount="1250.50", currency="JPY"), words=where)
    yield Case("no currency", broken(currency=""), words=where)
    yield Case("a currency that is none", broken(currency="XQX"), words=where)
    yield Case("no number of WeChat's", broken(told=""), words=where)
    yield Case("a fee that is none", broken(fee="free"), words=where)
    yield Case("no order number", spoiled("商户订单号", ""), words=where)
    yield Case("a refund number with blanks", broken(state="REFUND", refund_no="a b"), words=where)
    short = statement([*rows[:at], rows[at][:20], *rows[at + 1 :]])
    yield Case("a row too short", short, words=where)
    yield Case("cut off in a row", statement(rows, sums=False)[:-90], words=f"line {len(rows) + 1} ")
    yield Case("cut off before the sums' end", statement(rows).rpartition(b"`")[0].rpartition(b"\r\n")[0] + b"\r\n", words="line")
    yield Case("sums of more rows", statement(rows, count=len(rows) + 1), words="not whole")
    yield Case("rows behind the sums", statement(rows) + line(rows[0]).encode() + b"\r\n", words="behind the sums")
    yield Case("no backticks", statement(rows).replace(b"`", b""), words="line 2 ")
    yield Case("no UTF-8", statement(rows).replace(b"OTHERS", b"\xff\xfe", 1), words="line 2 ")
    yield Case("an endless line", statement([*rows[:at], row(goods="x" * 20_000), *rows[at:]]), words=where)
    yield Case("empty", b"", words="empty")
    yield Case("a page of a proxy", b"<html><h1>502</h1></html>\r\n", words="line 1 ")
    yield Case("JSON", b'{"code":"SYSTEM_ERROR"}', words="line 1 ")
    lacks = [each for place, each in enumerate(TITLES) if place != PLACE["商户订单号"]]
    yield Case("a column missing", statement([values[:37] for values in rows], titles=",".join(lacks)), words="商户订单号")
    yield Case("a title twice", statement(rows, titles=",".join([*TITLES[:37], "商户订单号"])), words="twice")
