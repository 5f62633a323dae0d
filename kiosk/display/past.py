"""The screens of looking back: the last sales, a search, one sale with its story, and the list of what else there is."""

from __future__ import annotations

from dataclasses import replace
from typing import assert_never

from kiosk.core.cldr import day_in_words, day_of_year
from kiosk.core.model import OrderState, RefundState, Tender
from kiosk.core.money import in_words
from kiosk.core.past_nouns import ByAmount, ByEnd
from kiosk.core.past_screens import History, More, PastLine, PastScreen, RefundLine, SaleOpened, SaleUnknown, Searching, Told
from kiosk.core.slips import PrinterTrouble
from kiosk.display import icons
from kiosk.display.canvas import Rect
from kiosk.display.frame import key_cap, wall_clock, wall_day, wall_time
from kiosk.display.icons import Icon
from kiosk.display.sheet import Draw, Item, Say, Sheet, Space
from kiosk.display.theme import AMBER, BLUE, CAP, GREEN, MUTED, PANEL, RED, TEXT, Colour, Tone
from kiosk.display.voices import Card, Sign, Voice, amount, two_voices

ROWS = 6  # of the history: each has a digit, so all of them stand on every screen
REFUND_ROWS = 4  # higher: what became of a refund is longer to say


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
    body = _headed(sheet, stage, title, str(screen.page + 1) if screen.page or screen.more else "")
    if not screen.lines:
        _empty(sheet, body, words("history.empty"))
        return
    x, y, width, height = body
    row = height // ROWS
    for place, line in enumerate(screen.lines):
        _row(sheet, (x, y + place * row, width, row - 3), line, now, place + 1)


def _row(sheet: Sheet, box: Rect, line: PastLine, now: int, number: int | None = None) -> None:
    """One order: its digit, time, amount, how, what became of it, what was given back; where there is room its number's end."""
    scale, words = sheet.scale, sheet.merchant
    x, y, width, height = box
    sheet.canvas.panel(box, PANEL, scale.radius // 2)
    roomy = scale.roomy and width >= scale.body * 30
    columns = (0.055, 0.105, 0.26, 0.06, 0.23, 0.155, 0.135) if roomy else (0.08, 0.14, 0.34, 0.06, 0.38, 0.0, 0.0)
    left, room = x + scale.pad, width - 2 * scale.pad
    edges = [left + round(room * sum(columns[:place])) for place in range(len(columns) + 1)]
    cells: list[Rect] = [(edges[place], y, edges[place + 1] - edges[place], height) for place in range(len(columns))]
    if number is not None:
        side = min(cells[0][2], height - 4, round(scale.body * 1.4))
        cap = (cells[0][0], y + (height - side) // 2, side, side)
        key_cap(sheet, cap, CAP)
        digit = Say(str(number), words, max(scale.floor, side * 3 // 5), TEXT, bold=True, tight=True, most_lines=1)
        sheet.say(cap, digit, align=0.5)
    when = _when(line.opened_at, now, words.language)
    sheet.say(cells[1], Say(when, words, scale.small, MUTED, most_lines=1, least=scale.floor))
    money = Say(in_words(line.money, words.language), words, scale.body, TEXT, bold=True, most_lines=1, least=scale.floor)
    sheet.say((*cells[2][:2], cells[2][2] - scale.gap // 2, height), money, align=1.0)
    how = icons.SCAN if line.tender is Tender.QUICK_PAY else icons.QR
    sheet.canvas.icon(how, (cells[3][0], y + height // 4, min(scale.body, cells[3][2]), height // 2), MUTED)
    icon, colour = sign_of(line.state)
    state = Say(words(f"state.{line.state}"), words, scale.body, colour, icon=icon, most_lines=1, least=scale.floor)
    back = _back(sheet, line)
    beside = roomy and back is not None and sheet.width(replace(back, size=scale.floor)) <= cells[5][2]
    if back is not None and beside:
        sheet.say(cells[5], back)
    if back is None or beside:
        sheet.say(cells[4], state)
    else:  # what was given back says that it was paid
        sheet.say((*cells[4][:2], cells[4][2] + cells[5][2], height), back)
    if roomy:
        tail = Say(f"...{line.tail}", words, scale.small, MUTED, most_lines=1, least=scale.floor)
        sheet.say(cells[6], tail, align=1.0)


def _back(sheet: Sheet, line: PastLine) -> Say | None:
    """What was given back of it, or that a refund of it needs somebody."""
    scale, words = sheet.scale, sheet.merchant
    if line.refused:
        return Say(words("history.refused"), words, scale.body, AMBER, icon=icons.WARNING, most_lines=1, least=scale.floor)
    if line.refunded is None:
        return None
    text = in_words(line.refunded, words.language)
    return Say(text, words, scale.body, BLUE, icon=icons.BACK_ARROW, most_lines=1, least=scale.floor)


def _when(at: int, now: int, language: str) -> str:
    """The time of today, the day of any other."""
    day = wall_day(at)
    return wall_time(at) if day == wall_day(now) else day_of_year(day, language)


def sign_of(state: OrderState) -> tuple[Icon, Colour]:
    """The sign of a state: no two kinds of end share a shape."""
    match state:
        case OrderState.PAID:
            return icons.TICK, GREEN
        case OrderState.DECLINED:
            return icons.CROSS, RED
        case OrderState.ATTENTION:
            return icons.WARNING, AMBER
        case OrderState.REFUNDED | OrderState.REFUNDING:
            return icons.BACK_ARROW, BLUE
        case OrderState.CLOSED | OrderState.REVERSED | OrderState.VOID:
            return icons.BARRED, MUTED
        case OrderState.ARMED | OrderState.SENT | OrderState.PAYING | OrderState.REVERSING | OrderState.CLOSING:
            return icons.HOURGLASS, AMBER
        case _:
            assert_never(state)


def _refund_sign(state: RefundState) -> tuple[Icon, Colour]:
    match state:
        case RefundState.REQUESTED | RefundState.ACCEPTED:
            return icons.HOURGLASS, AMBER
        case RefundState.DONE:
            return icons.TICK, GREEN
        case RefundState.ATTENTION:
            return icons.WARNING, AMBER
        case _:
            assert_never(state)


def _searching(sheet: Sheet, stage: Rect, screen: Searching) -> None:
    """What was keyed, as an amount and as the end of a number; below it that there is none."""
    scale, words = sheet.scale, sheet.merchant
    x, y, width, height = _headed(sheet, stage, words("search.title"), "")
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
    x, y, width, height = _headed(sheet, stage, title, paging)
    if screen.refunds or screen.story:
        lines = [*(_refund(sheet, line) for line in screen.refunds), *(_told(sheet, told) for told in screen.story)]
        _table(sheet, (x, y, width, height), lines, REFUND_ROWS if screen.refunds else ROWS)
        return
    row = height // ROWS
    _row(sheet, (x, y, width, row - 3), screen.line, screen.line.opened_at)
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


def _refund(sheet: Sheet, line: RefundLine) -> _Line:
    words, (icon, colour) = sheet.merchant, _refund_sign(line.state)
    state = Say(words(f"refund_state.{line.state}"), words, sheet.scale.body, colour, icon=icon, least=sheet.scale.floor)
    when = f"{day_of_year(wall_day(line.at), words.language)} {wall_time(line.at)}"
    return when, in_words(line.money, words.language), state, ""


def _told(sheet: Sheet, told: Told) -> _Line:
    words = sheet.merchant
    if isinstance(told.became, OrderState):
        (icon, colour), text = sign_of(told.became), words(f"state.{told.became}")
    else:
        (icon, colour), text = _refund_sign(told.became), words(f"refund_state.{told.became}")
    state = Say(text, words, sheet.scale.body, colour, icon=icon, least=sheet.scale.floor)
    money = "" if told.money is None else in_words(told.money, words.language)
    cause = "" if told.cause is None else words(f"cause.{told.cause.name.lower()}")
    asked = words("sale.asked", count=told.asks) if told.asks else ""
    roomy = sheet.canvas.size[0] > sheet.scale.body * 30  # else one of the two
    return wall_clock(told.at), money, state, "  ".join(filter(None, (cause, asked))) if roomy else cause or asked


def _table(sheet: Sheet, box: Rect, lines: list[_Line], rows: int) -> None:
    """One under another, each in a row of its own."""
    scale, words = sheet.scale, sheet.merchant
    x, y, width, height = box
    row = height // rows
    for place, (when, money, state, more) in enumerate(lines):
        top, high = y + place * row, row - 3
        sheet.canvas.panel((x, top, width, high), PANEL, scale.radius // 2)
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
    scale, words = sheet.scale, sheet.merchant
    x, y, width, height = _headed(sheet, stage, words("more.title"), "")
    columns = 1 if len(screen.entries) <= ROWS else 2
    rows = max(ROWS, -(-len(screen.entries) // columns))
    row, wide = height // rows, width // columns
    for place, entry in enumerate(screen.entries):
        left, top = x + place // rows * wide, y + place % rows * row
        side = min(row - 6, round(scale.body * 1.6))
        cap = (left + scale.gap, top + (row - side) // 2, side, side)
        key_cap(sheet, cap, CAP)
        digit = Say(str(place + 1), words, max(scale.floor, side * 3 // 5), TEXT, bold=True, tight=True, most_lines=1)
        sheet.say(cap, digit, align=0.5)
        after = left + side + 3 * scale.gap
        sheet.say((after, top, left + wide - after, row), Say(words(f"more.{entry}"), words, scale.head, TEXT, least=scale.floor))


def _headed(sheet: Sheet, stage: Rect, title: str, page: str) -> Rect:
    """A title, and at its right which page this is. Returns the room below."""
    scale, words = sheet.scale, sheet.merchant
    x, y, width, height = stage
    head = round(scale.head * 1.45)
    edge = x + width - scale.gap
    if page:
        say = Say(page, words, scale.body, MUTED, most_lines=1)
        own = sheet.width(say) + 2
        sheet.say((edge - own, y, own, head), say, align=1.0)
        edge -= own + scale.gap
    sheet.say(
        (x + scale.gap, y, edge - x - scale.gap, head),
        Say(title, words, scale.head, TEXT, bold=True, most_lines=1, least=scale.floor),
    )
    return x, y + head, width, height - head


def _empty(sheet: Sheet, box: Rect, text: str) -> None:
    scale, words = sheet.scale, sheet.merchant
    sheet.stack(box, [Draw(icons.KEYPAD, scale.icon, MUTED), Space(scale.gap), Say(text, words, scale.head, MUTED)])
