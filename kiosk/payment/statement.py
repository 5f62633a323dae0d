"""WeChat's statement of a Beijing day, read row by row (contract 8). Pure over a stream of bytes: knows no ledger and no network.

A file that is not wholly what it should be is no statement: the first line that is wrong is named, and whoever reads throws away
what came before it. What the contract calls unverified is taken either way: with or without a byte order mark, summary lines,
decimals of a currency that has none, backticks before the titles.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta, timezone
from decimal import Decimal
from enum import IntEnum
from itertools import chain
from typing import BinaryIO, Final, NamedTuple

from kiosk.core.errors import KioskError
from kiosk.core.model import Institution, Merchant
from kiosk.core.money import from_major, known_currency
from kiosk.core.numbers import form_of

BEIJING: Final = timezone(timedelta(hours=8))
LONGEST_LINE: Final = 16 * 1024
FEE_UNIT: Final = 1_000_000  # fees have more decimals than their currency: they are counted in millionths
_REMEMBERED: Final = 50_000
_PIECE: Final = 256 * 1024

# The documented columns, in their order (contract 8).
TITLES: Final = (
    "交易时间", "公众账号ID", "商户号", "子商户号", "设备号",
    "微信订单号", "商户订单号", "用户标识", "交易类型", "交易状态",
    "付款银行", "充值券币种", "充值券金额", "优惠券币种", "优惠券金额",
    "微信退款单号", "商户退款单号", "退款类型", "退款状态", "商品名称",
    "商户数据包", "手续费", "费率", "标价币种", "订单金额(标价币种)",
    "用户支付币种", "用户支付金额", "结算币种", "应结订单金额", "支付汇率",
    "退款汇率", "申请退款金额", "用户退款币种", "用户退款金额", "退款结算币种",
    "退款应结订单金额", "充值券退款金额", "优惠券退款金额",
)  # fmt: skip
_TIME, _MCHID, _SUB_MCHID, _TRANSACTION, _NUMBER, _STATE = 0, 2, 3, 5, 6, 9
_REFUND_NO, _REFUND_STATUS, _GOODS, _FEE, _CURRENCY, _AMOUNT, _REFUND_AMOUNT = 16, 18, 19, 21, 23, 24, 31
_NEEDED = (
    *(_TIME, _MCHID, _SUB_MCHID, _TRANSACTION, _NUMBER, _STATE),
    *(_REFUND_NO, _REFUND_STATUS, _FEE, _CURRENCY, _AMOUNT, _REFUND_AMOUNT),
)
_ALSO_CALLED = {"特约商户号": _SUB_MCHID, "订单金额": _AMOUNT, "订单金额（标价币种）": _AMOUNT, "货币种类": _CURRENCY}
_MAY_LACK = frozenset({_FEE, _REFUND_STATUS})
_DATE = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2} [0-9]{2}:[0-9]{2}:[0-9]{2}", re.ASCII)
_SUM_LINE = re.compile(r"`?([0-9]{1,12})(\.0+)?(,|\Z)", re.ASCII)
_PLAIN = re.compile(r"[0-9A-Za-z_\-|*@]{1,64}", re.ASCII)
_MONEY = re.compile(r"[0-9]{1,13}(\.[0-9]{1,6})?", re.ASCII)
_SIGNED = re.compile(r"-?[0-9]{1,13}(\.[0-9]{1,8})?", re.ASCII)
_NONE = ("", "0")


class Kind(IntEnum):
    """What a row moves. The numbers stand in the scratch database."""

    PAYMENT = 0
    REVERSAL = 1
    REFUND = 2


_PAYMENT, _REVERSAL, _REFUND = (int(kind) for kind in Kind)


class Entry(NamedTuple):
    """A row about one of this kiosk's orders. Amounts in smallest units; `at` in ms; `fee` in millionths, taken or given back."""

    number: str  # out_refund_no of a refund, else out_trade_no
    kind: int
    at: int
    currency: str
    amount: int
    fee: int
    out_trade_no: str | None = None  # of a refund
    status: str | None = None  # of a refund, as WeChat writes it


Fields = tuple[str, int, int, str, int, int, str | None, str | None]
"""An Entry as it comes, plain: a million of them are made."""


class StatementWrong(KioskError):
    """The file is no statement, or not all of one. `str()` names the line and what is wrong with it."""


@dataclass(frozen=True, slots=True)
class Mine:
    """What makes a row one of this kiosk's: the merchant's number it is booked under, and the form of its order numbers."""

    mchid: str
    sub_mchid: str
    kiosk_id: str

    @classmethod
    def of(cls, merchant: Merchant, kiosk_id: str) -> Mine:
        """Of this merchant."""
        if isinstance(merchant, Institution):
            return cls(merchant.sp_mchid, merchant.sub_mchid, kiosk_id)
        return cls(merchant.mchid, "", kiosk_id)


class Statement:
    """One file. Iterate once, to the end: then `rows` counts all of its rows, and `others` those that are not this kiosk's."""

    def __init__(self, stream: BinaryIO, mine: Mine) -> None:
        """`stream`: the plain file, unzipped."""
        self._stream = stream
        self._lines = self._read()
        self._mine = mine
        self._times: dict[str, int] = {}
        self._midnights: dict[str, int] = {}
        self._amounts: dict[str, dict[str, int]] = {}
        self._fees: dict[str, int] = {}
        self.rows = 0
        self.others = 0
        self.line = 0

    @property
    def currencies(self) -> tuple[str, ...]:
        """Those that were read."""
        return tuple(self._amounts)

    def __iter__(self) -> Iterator[Fields]:
        """The rows of this kiosk. Raises StatementWrong; OSError as the stream does."""
        first = self._next()
        if first is None:
            raise StatementWrong("the statement is empty: not even titles")
        columns, count, is_row = _columns(first)
        if is_row:
            yield from self._rows(first, columns, count)
        else:
            yield from self._rows(self._next(), columns, count)

    def _rows(self, text: str | None, columns: tuple[int, ...], count: int) -> Iterator[Fields]:  # noqa: C901, PLR0912, PLR0915  the tight loop: a call a row would cost as much as all of it
        """One loop over all rows; what is not seen often goes through `_time` and `_money`."""
        mine, is_ours, ours = self._mine, form_of(self._mine.kiosk_id).fullmatch, f"{self._mine.kiosk_id}-"
        direct = not mine.sub_mchid
        when, mchid, sub, transaction, number, state = columns[:6]
        refund_no, status, fee_at, currency_at, amount_at, refunded_at = columns[6:]
        times, fees, amounts = self._times, self._fees, self._amounts
        goods = columns[4] < _GOODS  # in the documented order free text stands behind the numbers
        if text is None:
            return
        self.line -= 1  # it is counted again
        for text in chain((text,), self._lines):  # noqa: PLR1704, B020  the rest of them
            self.line += 1
            if text[:1] != "`":
                break
            row = text[1:].split(",`")
            if len(row) != count:
                if not row[0][:1].isdigit():  # the sums' titles, behind backticks as well
                    break
                row = self._mended(row, count, goods=goods)
            at = times.get(row[when])
            if at is None:
                at = self._time(row[when])
            trade = row[number]
            currency = row[currency_at]
            known = amounts.get(currency)
            if known is None:
                known = self._currency(currency)
            what = row[state]
            if what == "SUCCESS":
                kind, key, text_of = _PAYMENT, trade, row[amount_at]
            elif what == "REFUND":
                kind, key, text_of = _REFUND, row[refund_no], row[refunded_at]
            elif what == "REVOKED":
                given = row[refunded_at]
                kind, key, text_of = _REVERSAL, trade, row[amount_at] if _is_zero(given) else given
            else:
                raise self._wrong(f"its trade state is {what[:40]!r}, and only SUCCESS, REFUND and REVOKED are known")
            amount = known.get(text_of)
            if amount is None:
                amount = self._money(text_of, currency)
            fee = fees.get(row[fee_at]) if fee_at >= 0 else 0
            if fee is None:
                fee = self._fee(row[fee_at])
            self.rows += 1
            if not trade.startswith(ours) or row[mchid] != mine.mchid or not (direct or row[sub] == mine.sub_mchid):
                self._foreign(trade)
            elif not is_ours(trade):
                self.others += 1
            else:
                told = row[transaction]
                if not told.isalnum() or len(told) > 64:  # noqa: PLR2004  the ledger takes no longer one
                    raise self._wrong(f"WeChat's order number is {told[:40]!r}")
                if amount <= 0:
                    raise self._wrong("its amount is nothing")
                if kind == _REFUND and (not _PLAIN.fullmatch(key) or key in _NONE):
                    raise self._wrong(f"its refund number is {key[:40]!r}")
                if kind != _REFUND:
                    yield key, kind, at, currency, amount, fee, None, None
                else:
                    yield key, kind, at, currency, amount, fee, trade, row[status] if status >= 0 else ""
        else:
            return
        self._end(text)

    def _next(self) -> str | None:
        """The next line, without its end; None behind the last one."""
        text = next(self._lines, None)
        self.line += text is not None
        return text

    def _read(self) -> Iterator[str]:
        """Line by line, out of large pieces."""
        rest, first = b"", True
        while piece := self._stream.read(_PIECE):
            *whole, rest = (rest + piece).split(b"\n") if b"\n" in piece else (rest + piece,)
            if len(rest) > LONGEST_LINE:
                whole.append(rest)
            for raw in whole:
                text = self._text(raw)
                yield text.removeprefix("\ufeff") if first else text
                first = False
        if rest:
            yield self._text(rest).removeprefix("\ufeff")

    def _text(self, raw: bytes) -> str:
        if len(raw) > LONGEST_LINE:
            self.line += 1
            raise self._wrong(f"it is longer than {LONGEST_LINE} bytes")
        try:
            return raw.decode("utf-8").removesuffix("\r")
        except UnicodeDecodeError:
            self.line += 1
            raise self._wrong("it is not UTF-8") from None

    def _mended(self, row: list[str], count: int, *, goods: bool) -> list[str]:
        """A row in which the goods' name has the very characters that part the columns; all others keep their places."""
        more = len(row) - count
        if more < 0 or not goods or count != len(TITLES):
            raise self._wrong(f"it has {len(row)} columns instead of {count}")
        return [*row[:_GOODS], ",`".join(row[_GOODS : _GOODS + more + 1]), *row[_GOODS + more + 1 :]]

    def _foreign(self, number: str) -> None:
        self.others += 1
        if not number:
            raise self._wrong("it has no order number")

    def _time(self, text: str) -> int:
        if not _DATE.fullmatch(text):
            raise self._wrong(f"its time is {text[:40]!r}, not as 2026-01-05 18:04:11")
        midnight = self._midnights.get(text[:10])
        try:
            if midnight is None:
                day = datetime.fromisoformat(text[:10]).replace(tzinfo=BEIJING)
                midnight = self._midnights[text[:10]] = int(day.timestamp()) * 1000
        except (ValueError, OverflowError):
            raise self._wrong(f"there is no such day as {text[:10]}") from None
        hours, minutes, seconds = int(text[11:13]), int(text[14:16]), int(text[17:])
        if hours > 23 or minutes > 59 or seconds > 59:  # noqa: PLR2004  a clock's
            raise self._wrong(f"there is no such time as {text[11:]}")
        return _remember(self._times, text, midnight + ((hours * 60 + minutes) * 60 + seconds) * 1000)

    def _currency(self, code: str) -> dict[str, int]:
        if not known_currency(code):
            raise self._wrong(f"its currency is {code[:40]!r}")
        return self._amounts.setdefault(code, {})

    def _money(self, text: str, currency: str) -> int:
        if not _MONEY.fullmatch(text):
            raise self._wrong(f"its amount is {text[:40]!r}, not as 17.50")
        try:
            amount = from_major(text, currency).amount
        except ValueError:
            raise self._wrong(f"its amount is {text!r}, and {currency} has no such parts") from None
        return _remember(self._amounts[currency], text, amount)

    def _fee(self, text: str) -> int:
        if not text:
            return _remember(self._fees, text, 0)
        if not _SIGNED.fullmatch(text):
            raise self._wrong(f"its fee is {text[:40]!r}")
        return _remember(self._fees, text, int(Decimal(text) * FEE_UNIT))

    def _end(self, text: str | None) -> None:
        """Behind the rows: nothing, or a line of titles and a line of sums, of which the first counts the rows."""
        while text is not None and not text.strip():
            text = self._next()
        if text is None:
            return
        if _DATE.match(text):
            raise self._wrong("its values are not behind backticks")
        sums = self._next()
        counted = _SUM_LINE.match(sums) if sums is not None else None
        if counted is None:
            raise self._wrong("neither a row nor the sums at the end of a statement")
        if int(counted[1]) != self.rows:
            raise StatementWrong(f"the statement counts {counted[1]} rows at its end, and there are {self.rows}: it is not whole")
        while (rest := self._next()) is not None:
            if rest.strip():
                raise self._wrong("it stands behind the sums")

    def _wrong(self, what: str) -> StatementWrong:
        return StatementWrong(f"line {self.line} of the statement: {what}")


def _columns(first: str) -> tuple[tuple[int, ...], int, bool]:
    """Where each of _NEEDED stands (-1: nowhere), how many columns there are, and whether the line is a row already.

    By title; where not one title is known, by the documented order.
    """
    if _DATE.match(first.removeprefix("`")):
        return _NEEDED, len(TITLES), True
    titles = [title.strip().strip("`") for title in first.split(",")]
    places: dict[int, int] = {}
    for place, title in enumerate(titles):
        column = TITLES.index(title) if title in TITLES else _ALSO_CALLED.get(title, -1)
        if column in places and column >= 0:
            raise StatementWrong(f"line 1 of the statement: the title {title} is there twice")
        places[column] = place
    places.pop(-1, None)
    if not places:
        if len(titles) != len(TITLES):
            raise StatementWrong(f"line 1 of the statement: no title is known, and there are {len(titles)}, not {len(TITLES)}")
        return _NEEDED, len(TITLES), False
    missing = [TITLES[column] for column in _NEEDED if column not in places and column not in _MAY_LACK]
    if missing:
        raise StatementWrong(f"line 1 of the statement: the column {missing[0]} is missing")
    return tuple(places.get(column, -1) for column in _NEEDED), len(titles), False


def _is_zero(text: str) -> bool:
    return not text.strip("0.")


def _remember(known: dict[str, int], text: str, value: int) -> int:
    """Most rows of a day share their second with another one, and their amount: what was read once is not read again."""
    if len(known) >= _REMEMBERED:
        known.clear()
    known[text] = value
    return value
