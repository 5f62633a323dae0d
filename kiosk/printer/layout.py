"""From a slip to what stands on it, from the top down: lines, pairs, rules and codes. Knows words; nothing of fonts or dots.

Each line of words is said in the customer's language and in the merchant's: either may have to read it. A shift's report is the
merchant's alone.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from enum import Enum, auto
from typing import Protocol, assert_never

from kiosk.core import shift_lines
from kiosk.core.cldr import day_in_words
from kiosk.core.model import Tender
from kiosk.core.money import Money, in_words, rate_in_words
from kiosk.core.slips import Bill, Receipt, Sample, ShiftSlip, Slip

Runs = Callable[[str, str, bool], list[tuple[str, int, str]]]
"""(text, language, bold) in pieces of one font each: its file, the face within, the piece."""

Modules = Callable[[str], tuple[tuple[bool, ...], ...]]
"""A text as a QR's rows of modules, dark is True, without the quiet zone."""


class Words(Protocol):
    """The words of one language, by key."""

    language: str

    def __call__(self, key: str, **parts: str | int) -> str: ...


@dataclass(frozen=True, slots=True)
class House:
    """What slips are set with: both languages, the fonts, and how a QR is made."""

    customer: Words
    merchant: Words
    runs: Runs
    modules: Modules


class Size(Enum):
    """How large a line is."""

    SMALL = auto()
    BODY = auto()
    HEAD = auto()
    HUGE = auto()


@dataclass(frozen=True, slots=True)
class Span:
    """Words of one language."""

    text: str
    language: str


@dataclass(frozen=True, slots=True)
class Line:
    """In the middle. `reversed`: white on black."""

    spans: tuple[Span, ...]
    size: Size = Size.BODY
    bold: bool = False
    reversed: bool = False


@dataclass(frozen=True, slots=True)
class Pair:
    """What it is at the left, its value at the right."""

    label: tuple[Span, ...]
    value: Span
    bold: bool = False


@dataclass(frozen=True, slots=True)
class Rule:
    """A line across."""


@dataclass(frozen=True, slots=True)
class Code:
    """A QR."""

    text: str


Piece = Line | Pair | Rule | Code


def lay_out(slip: Slip, house: House) -> tuple[Piece, ...]:
    """What stands on it; of a training that it is one, above and below."""
    pieces = _plain(slip, house)
    if isinstance(slip, ShiftSlip) or not slip.training:
        return pieces
    mark = Line(_both(house, "slip.training"), Size.HEAD, bold=True, reversed=True)
    return (mark, *(piece for piece in pieces if not isinstance(piece, Code)), mark)


def _plain(slip: Slip, house: House) -> tuple[Piece, ...]:
    match slip:
        case Receipt():
            return _receipt(slip, house)
        case Bill():
            return _bill(slip, house)
        case Sample():
            return _sample(slip, house)
        case ShiftSlip():
            return _shift(slip, house)
        case _:
            assert_never(slip)


def _receipt(receipt: Receipt, house: House) -> tuple[Piece, ...]:
    plain = house.merchant.language
    mark = "slip.copy" if receipt.copy else "slip.original"
    how = "slip.quick_pay" if receipt.tender is Tender.QUICK_PAY else "slip.native"
    pieces: list[Piece] = [
        Line((Span(receipt.shop, plain),), Size.HEAD, bold=True),
        Line(_both(house, "slip.receipt")),
        Line(_both(house, mark), bold=True, reversed=receipt.copy),
        Rule(),
        *_sum(receipt, house),
        Line((_money(receipt.money, house),), Size.HUGE, bold=True),
        Line(_both(house, "slip.paid"), bold=True),
        Rule(),
        Pair(_both(house, "slip.how"), Span(house.customer(how), house.customer.language)),
    ]
    if receipt.payer is not None and receipt.payer != receipt.money:
        pieces.append(Pair(_both(house, "slip.you_paid"), _money(receipt.payer, house)))
        if receipt.rate_e8 is not None and receipt.payer.currency != receipt.money.currency:
            rate = Span(rate_in_words(receipt.money, receipt.payer, receipt.rate_e8), plain)
            pieces.append(Pair(_both(house, "slip.rate"), rate))
    if receipt.paid_at is not None:
        pieces.append(Pair(_both(house, "slip.time"), _time(receipt.paid_at, house)))
    if receipt.memo:
        pieces.append(Pair(_both(house, "slip.memo"), Span(receipt.memo, plain), bold=True))
    pieces.append(Pair(_both(house, "slip.order"), Span(receipt.out_trade_no, plain)))
    if receipt.transaction_id is not None:
        pieces.append(Pair(_both(house, "slip.transaction"), Span(receipt.transaction_id, plain)))
    if receipt.refunds:
        pieces.append(Rule())
        for refund in receipt.refunds:
            label = (*_both(house, "slip.refunded"), Span(_time(refund.opened_at, house).text, plain))
            pieces.append(Pair(label, _money(refund.money, house)))
        kept = receipt.money.amount - sum(refund.money.amount for refund in receipt.refunds)
        pieces.append(Pair(_both(house, "slip.kept"), _money(Money(max(0, kept), receipt.money.currency), house), bold=True))
    # Not a Code 128: even a short number has about 200 modules, which on 58 mm paper (384 dots) leaves one dot, an eighth of a
    # millimetre, to each. At 20 cm the camera has 5 pixels to a millimetre: 0.6 to a module, where a reader wants 2.
    # The same number is a QR of 25 modules of 8 dots: 5 pixels each at 20 cm, and still 2.5 at 40.
    pieces += [Code(receipt.out_trade_no), Line(_both(house, "slip.thanks"))]
    return tuple(pieces)


def _sum(receipt: Receipt, house: House) -> list[Piece]:
    """What the amount adds up from, if it was not keyed as one."""
    currency, plain = receipt.money.currency, house.merchant.language
    lines = receipt.lines or ((receipt.money.amount - receipt.tip,) if receipt.tip else ())
    pieces: list[Piece] = []
    for place, line in enumerate(lines, 1):
        pieces.append(Pair((Span(f"{place}.", plain),), _money(Money(line, currency), house)))
    if receipt.tip:
        pieces.append(Pair(_both(house, "slip.tip"), _money(Money(receipt.tip, currency), house)))
    return [*pieces, Rule()] if pieces else []


def _bill(bill: Bill, house: House) -> tuple[Piece, ...]:
    plain = house.merchant.language
    return (
        Line((Span(bill.shop, plain),), Size.HEAD, bold=True),
        Line(_both(house, "slip.bill")),
        Rule(),
        Line((_money(bill.money, house),), Size.HUGE, bold=True),
        Code(bill.code_url),
        Line(_both(house, "slip.scan"), bold=True),
        Pair(_both(house, "slip.until"), _time(bill.until, house)),
        Pair(_both(house, "slip.order"), Span(bill.out_trade_no, plain)),
        Line(_both(house, "slip.no_receipt")),
    )


def _sample(sample: Sample, house: House) -> tuple[Piece, ...]:
    """All that a slip has, in every size: whoever looks sees what the printer cannot do."""
    plain = house.merchant.language
    return (
        Line((Span(sample.shop, plain),), Size.HEAD, bold=True),
        Line(_both(house, "slip.sample"), bold=True, reversed=True),
        Rule(),
        Line((Span("0123456789", plain),), Size.HUGE, bold=True),
        Line((Span("0123456789 ABCDEFGHIJKLM", plain),), Size.SMALL),
        Pair(_both(house, "slip.time"), _time(sample.at, house)),
        Code("KIOSK"),
        Line(_both(house, "slip.no_receipt")),
    )


def _shift(slip: ShiftSlip, house: House) -> tuple[Piece, ...]:
    shift, words = slip.shift, house.merchant
    language = words.language
    name = words("shift.x") if shift.is_open else words("shift.z", z=shift.z)
    pieces: list[Piece] = [
        Line((Span(slip.shop, language),), Size.HEAD, bold=True),
        Line((Span(name, language),), Size.HEAD, bold=True, reversed=not shift.is_open),
    ]
    if slip.copy:
        pieces.append(Line((Span(words("slip.copy"), language),), bold=True))
    pieces.append(Line((Span(f"{slip.kiosk_id}  {shift.shift_id}", language),), Size.SMALL))
    if not shift.tallies:
        pieces.append(Line((Span(words("shift.nothing"), language),)))
    for line in shift_lines.lines(shift, slip.at):
        pieces += _shift_line(line, house)
    if shift.is_open:
        pieces += [Rule(), Line((Span(words("slip.x_more"), language),))]
    return tuple(pieces)


def _shift_line(line: shift_lines.Line, house: House) -> tuple[Piece, ...]:
    words = house.merchant
    language = words.language
    match line:
        case shift_lines.Heading(label, currency):
            title = f"{words(f'shift.{label}')} {currency}".rstrip()
            return Rule(), Line((Span(title, language),), bold=True)
        case shift_lines.Fact(label, text):
            return (Pair((Span(words(f"shift.{label}"), language),), Span(text, language)),)
        case shift_lines.Figure(label, currency, amount, count, strong):
            title = words(f"shift.{label}") + ("" if count is None or amount is None else f"  {count} ×")
            value = str(count) if amount is None else shift_lines.signed(amount, currency, language)
            return (Pair((Span(title, language),), Span(value, language), bold=strong or label == "net"),)
        case shift_lines.Named(waiting, time):
            became = "" if waiting.became is None else "  " + words(f"state.{waiting.became}")
            kind = f"{words('shift.refund')} " if waiting.refund else ""
            return (
                Pair((Span(f"{time}  {kind}...{shift_lines.tail(waiting)}{became}", language),), _money(waiting.money, house)),
            )
        case _:
            assert_never(line)


def _both(house: House, key: str) -> tuple[Span, ...]:
    customer, merchant = house.customer, house.merchant
    spans = (Span(customer(key), customer.language), Span(merchant(key), merchant.language))
    return spans[:1] if spans[0].text == spans[1].text else spans


def _money(money: Money, house: House) -> Span:
    """As the merchant's language writes it, and the code where the sign does not name the currency: one ¥ is yen or yuan."""
    text = in_words(money, house.merchant.language)
    named = any(char.isalpha() for char in text)
    return Span(text if named else f"{text} {money.currency}", house.merchant.language)


def _time(at: int, house: House) -> Span:
    """In the shop's zone, which is the process's."""
    then, language = datetime.fromtimestamp(at / 1000).astimezone(), house.merchant.language
    return Span(f"{day_in_words(then.date(), language)} {then:%H:%M}", language)
