"""The screens of looking back: the last sales, a search, one sale with its story, and the list of what else there is."""

from __future__ import annotations

from typing import assert_never

from kiosk.core.cldr import day_in_words, day_of_year
from kiosk.core.model import OrderState, Reason
from kiosk.core.money import in_words
from kiosk.core.past_nouns import ByAmount, ByEnd
from kiosk.core.past_screens import (
    ExportDays,
    ExportsCarried,
    History,
    More,
    PastScreen,
    PinAsked,
    PinWanted,
    RefundAmount,
    RefundLine,
    RefundLook,
    RefundRefused,
    RefundWhy,
    SaleOpened,
    SaleUnknown,
    Searching,
    Told,
    WhoIsIt,
)
from kiosk.core.slips import PrinterTrouble
from kiosk.display import carried, giving, icons
from kiosk.display.canvas import Rect
from kiosk.display.frame import wall_clock, wall_day, wall_time
from kiosk.display.icons import Icon
from kiosk.display.lists import ROWS, WIDE, headed, numbered, order_row, refund_sign, sign_of
from kiosk.display.sheet import Draw, Item, Say, Sheet, Space
from kiosk.display.theme import AMBER, BLUE, MUTED, PANEL, RED, TEXT, Colour, Tone
from kiosk.display.voices import Card, Sign, Voice, amount, two_voices

_REASONS = frozenset(Reason)
REFUND_ROWS = 2  # high: what hinders a refund is longer to say


def draw(sheet: Sheet, stage: Rect, screen: PastScreen, now: int, printer: PrinterTrouble | None) -> None:
    """The screen of this place. `printer`: why no receipt comes out."""
    match screen:
        case History():
            _history(sheet, stage, screen, now)
        case Searching():
            _searching(sheet, stage, screen)
        case SaleOpened():
            _sale(sheet, stage, screen, printer)
        case SaleUnknown():
            card = Card(Tone.CALM, icons.QUESTION, Voice(sheet.customer("seeking.customer")))
            voice = Voice(sheet.merchant("sale.unknown"), sheet.merchant("sale.unknown_more", number=screen.out_trade_no))
            two_voices(sheet, stage, card, voice, sign=Sign(icons.WARNING, AMBER))
        case More():
            _more(sheet, stage, screen)
        case ExportDays() | ExportsCarried():
            carried.draw(sheet, stage, screen)
        case WhoIsIt() | PinAsked() | PinWanted() | RefundAmount() | RefundWhy() | RefundLook() | RefundRefused():
            giving.draw(sheet, stage, screen, now)
        case _:
            assert_never(screen)


def _history(sheet: Sheet, stage: Rect, screen: History, now: int) -> None:
    words = sheet.merchant
    match screen.find:
        case ByAmount():
            assert screen.sought is not None
            title = words("history.of_amount", amount=in_words(screen.sought, words.language))
        case ByEnd(digits):
            title = words("history.of_end", digits=digits)
        case None:
            title = words("history.title")
    body = headed(sheet, stage, title, str(screen.page + 1) if screen.page or screen.more else "")
    if not screen.lines:
        _empty(sheet, body, words("history.empty"))
        return
    x, y, width, height = body
    row = height // ROWS
    for place, line in enumerate(screen.lines):
        order_row(sheet, (x, y + place * row, width, row - 3), line, now, place + 1)


def _searching(sheet: Sheet, stage: Rect, screen: Searching) -> None:
    """What was keyed, as an amount and as the end of a number; below it that there is none."""
    scale, words = sheet.scale, sheet.merchant
    x, y, width, height = headed(sheet, stage, words("search.title"))
    below = round(height * 0.3)
    sheet.canvas.panel((x, y, width, height - below - scale.gap), PANEL, scale.radius)
    inner = (x + scale.pad, y + scale.gap, width - 2 * scale.pad, height - below - 3 * scale.gap)
    items: list[Item] = [amount(sheet, screen.money, scale.title, TEXT, MUTED)]
    if screen.digits:
        number = Say(f"...{screen.digits}", words, scale.head, MUTED, most_lines=1, least=scale.floor)
        items += [Space(scale.gap), number]
    sheet.stack(inner, items)
    hint = (x, y + height - below, width, below)
    if screen.missed:
        sheet.say(hint, Say(words("search.missed"), words, scale.body, AMBER, bold=True, icon=icons.WARNING), align=0.5)
    else:
        sheet.say(hint, Say(words("search.how"), words, scale.body, MUTED, icon=icons.KEYPAD), align=0.5)


def _sale(sheet: Sheet, stage: Rect, screen: SaleOpened, printer: PrinterTrouble | None) -> None:
    """Its line as among the last ones; below it the facts, or a part of what happened."""
    scale, words = sheet.scale, sheet.merchant
    paging = f"{screen.page + 1}/{screen.pages}" if screen.pages > 1 else ""
    title = words("sale.title") if not screen.page else words("sale.refunds") if screen.refunds else words("sale.story")
    x, y, width, height = headed(sheet, stage, title, paging)
    if screen.refunds:
        _refunds(sheet, (x, y, width, height), screen.refunds)
        return
    if screen.story:
        _table(sheet, (x, y, width, height), [_told(sheet, told) for told in screen.story])
        return
    row = height // ROWS
    order_row(sheet, (x, y, width, row - 3), screen.line, screen.line.opened_at)
    top = y + row + scale.gap // 2
    sheet.stack(
        (x + scale.gap, top, width - 2 * scale.gap, y + height - top), _facts(sheet, screen, printer), align=0.0, valign=0.0
    )


def _facts(sheet: Sheet, screen: SaleOpened, printer: PrinterTrouble | None) -> list[Item]:
    scale, words = sheet.scale, sheet.merchant
    line = screen.line

    def plain(text: str, colour: Colour = TEXT, icon: Icon | None = None) -> Say:
        return Say(text, words, scale.body, colour, icon=icon, least=scale.floor)

    day = day_in_words(wall_day(line.opened_at), words.language)
    items: list[Item] = [plain(f"{day} {wall_time(line.opened_at)}   {screen.out_trade_no}")]
    if screen.transaction_id is not None:
        items.append(plain(words("sale.transaction", number=screen.transaction_id), MUTED))
    asked = words("sale.asked", count=screen.asks) if screen.asks else ""
    paid = "" if screen.paid_at is None else words("sale.says_paid", time=wall_clock(screen.paid_at))
    if asked or paid:
        items.append(plain("  ".join(filter(None, (asked, paid)))))
    if screen.decline is not None and line.state is OrderState.DECLINED:
        items.append(plain(words(f"decline.{screen.decline}.merchant"), RED, icons.CROSS))
    if screen.payer is not None:
        items.append(plain(words("sale.payer", amount=in_words(screen.payer, words.language))))
    if line.refunded is not None:
        told = words("sale.refunded", amount=in_words(line.refunded, words.language))
        items.append(plain(told, BLUE, icons.BACK_ARROW))
    if screen.left is not None:
        items.append(plain(words("sale.left", amount=in_words(screen.left, words.language)), BLUE))
    if line.refused:
        items.append(plain(words("sale.refused"), AMBER, icons.WARNING))
    if printer is not None and screen.prints:
        items += [Space(scale.gap), plain(words(f"printer.{printer}"), AMBER, icons.PRINTER)]
    return items


_Line = tuple[str, str, Say, str]
"""When, how much, what became of it, and what else is to say."""


def _refunds(sheet: Sheet, box: Rect, lines: tuple[RefundLine, ...]) -> None:
    """Each with its time, money and state; below them what hinders it and what to do, why it was given back and by whom."""
    scale, words = sheet.scale, sheet.merchant
    x, y, width, height = box
    high = height // REFUND_ROWS
    for place, line in enumerate(lines):
        icon, colour = refund_sign(line.state)
        state = Say(words(f"refund_state.{line.state}"), words, scale.body, colour, icon=icon, least=scale.floor)
        when = f"{day_of_year(wall_day(line.at), words.language)} {wall_time(line.at)}"
        top = y + place * high
        row = round(scale.body * 1.9)
        sheet.canvas.panel((x, top, width, high - 3), PANEL, scale.radius // 2)
        beside = width > scale.body * WIDE
        nothing = Say("", words, scale.body, colour)
        _cells(sheet, (x, top, width, row), (when, in_words(line.money, words.language), state if beside else nothing, ""))
        reason = words(f"reason.{line.reason}") if line.reason in _REASONS else line.reason
        told = "  ".join(filter(None, (reason, None if line.operator is None else f"({line.operator})")))
        items: list[Item] = [] if beside or line.trouble is not None else [state]
        if line.trouble is not None:
            mark = None if beside else icon
            items.append(Say(words(f"refund_trouble.{line.trouble}"), words, scale.body, AMBER, icon=mark, least=scale.floor))
        if told:
            items.append(Say(told, words, scale.body, MUTED, most_lines=2, least=scale.floor))
        below = (x + scale.pad, top + row, width - 2 * scale.pad, high - 3 - row)
        sheet.stack(below, items, align=0.0, valign=0.0)


def _told(sheet: Sheet, told: Told) -> _Line:
    words = sheet.merchant
    if isinstance(told.became, OrderState):
        (icon, colour), text = sign_of(told.became), words(f"state.{told.became}")
    else:
        (icon, colour), text = refund_sign(told.became), words(f"refund_state.{told.became}")
    state = Say(text, words, sheet.scale.body, colour, icon=icon, least=sheet.scale.floor)
    money = "" if told.money is None else in_words(told.money, words.language)
    cause = "" if told.cause is None else words(f"cause.{told.cause.name.lower()}")
    asked = words("sale.asked", count=told.asks) if told.asks else ""
    roomy = sheet.canvas.size[0] > sheet.scale.body * WIDE  # else one of the two
    return wall_clock(told.at), money, state, "  ".join(filter(None, (cause, asked))) if roomy else cause or asked


def _table(sheet: Sheet, box: Rect, lines: list[_Line]) -> None:
    """One under another, each in a row of its own."""
    x, y, width, height = box
    row = height // ROWS
    for place, line in enumerate(lines):
        cell = (x, y + place * row, width, row - 3)
        sheet.canvas.panel(cell, PANEL, sheet.scale.radius // 2)
        _cells(sheet, cell, line)


def _cells(sheet: Sheet, box: Rect, line: _Line) -> None:
    """When, how much, what became of it, what else is to say: beside each other."""
    scale, words = sheet.scale, sheet.merchant
    x, top, width, high = box
    when, money, state, more = line
    left, room = x + scale.pad, width - 2 * scale.pad
    time = Say(when, words, scale.small, MUTED, most_lines=1, least=scale.floor)
    own = sheet.width(time) + scale.gap
    sheet.say((left, top, own, high), time)
    left, room = left + own, room - own
    if money:
        say = Say(money, words, scale.body, TEXT, bold=True, most_lines=1, least=scale.floor)
        own = min(sheet.width(say) + scale.gap, room // 2)
        sheet.say((left, top, own, high), say)
        left, room = left + own, room - own
    if more and scale.roomy:
        half = room * 11 // 20
        sheet.say((left + half, top, room - half, high), Say(more, words, scale.small, MUTED, least=scale.floor), align=1.0)
        room = half - scale.gap
    sheet.say((left, top, room, high), state)


def _more(sheet: Sheet, stage: Rect, screen: More) -> None:
    """What else there is, each behind its key."""
    words = sheet.merchant
    x, y, width, height = headed(sheet, stage, words("more.title"))
    numbered(sheet, (x, y, width, height), [words(f"more.{entry}") for entry in screen.entries])


def _empty(sheet: Sheet, box: Rect, text: str) -> None:
    scale, words = sheet.scale, sheet.merchant
    sheet.stack(box, [Draw(icons.KEYPAD, scale.icon, MUTED), Space(scale.gap), Say(text, words, scale.head, MUTED)])
