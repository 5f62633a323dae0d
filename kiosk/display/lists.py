"""What the screens of looking back and of giving back are made of: headed lists, numbered choices, an order in one line."""

from __future__ import annotations

from dataclasses import replace
from typing import assert_never

from kiosk.core.cldr import day_of_year
from kiosk.core.model import OrderState, RefundState, Tender
from kiosk.core.money import in_words
from kiosk.core.past_screens import PastLine
from kiosk.display import icons
from kiosk.display.canvas import Rect
from kiosk.display.frame import key_cap, wall_day, wall_time
from kiosk.display.icons import Icon
from kiosk.display.sheet import Say, Sheet
from kiosk.display.theme import AMBER, BLUE, CAP, GREEN, MUTED, PANEL, RED, TEXT, Colour

ROWS = 6  # of the history: each has a digit, so all of them stand on every screen
WIDE = 30  # sizes of the usual text: from there on all that there is to say of an order stands beside each other


def headed(sheet: Sheet, stage: Rect, title: str, page: str = "") -> Rect:
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
    told = Say(title, words, scale.head, TEXT, bold=True, most_lines=1, least=scale.floor)
    sheet.say((x + scale.gap, y, edge - x - scale.gap, head), told)
    return x, y + head, width, height - head


def numbered(sheet: Sheet, box: Rect, choices: list[str]) -> None:
    """Choices one under another, in two columns if they are many, each behind its digit."""
    scale, words = sheet.scale, sheet.merchant
    x, y, width, height = box
    columns = 1 if len(choices) <= ROWS + 1 else 2
    rows = max(ROWS, -(-len(choices) // columns))
    row, wide = height // rows, width // columns
    for place, text in enumerate(choices):
        left, top = x + place // rows * wide, y + place % rows * row
        side = min(row - 6, round(scale.body * 1.6))
        _digit(sheet, (left + scale.gap, top + (row - side) // 2, side, side), place + 1)
        after = left + side + 3 * scale.gap
        sheet.say((after, top, left + wide - after, row), Say(text, words, scale.head, TEXT, least=scale.floor))


def _digit(sheet: Sheet, cap: Rect, number: int) -> None:
    key_cap(sheet, cap, CAP)
    size = max(sheet.scale.floor, cap[3] * 3 // 5)
    sheet.say(cap, Say(str(number), sheet.merchant, size, TEXT, bold=True, tight=True, most_lines=1), align=0.5)


def order_row(sheet: Sheet, box: Rect, line: PastLine, now: int, number: int | None = None) -> None:
    """One order: its digit, time, amount, how, what became of it, what was given back; where there is room its number's end."""
    scale, words = sheet.scale, sheet.merchant
    x, y, width, height = box
    sheet.canvas.panel(box, PANEL, scale.radius // 2)
    roomy = scale.roomy and width >= scale.body * WIDE
    columns = (0.055, 0.105, 0.26, 0.06, 0.23, 0.155, 0.135) if roomy else (0.08, 0.14, 0.34, 0.06, 0.38, 0.0, 0.0)
    left, room = x + scale.pad, width - 2 * scale.pad
    edges = [left + round(room * sum(columns[:place])) for place in range(len(columns) + 1)]
    cells: list[Rect] = [(edges[place], y, edges[place + 1] - edges[place], height) for place in range(len(columns))]
    if number is not None:
        side = min(cells[0][2], height - 4, round(scale.body * 1.4))
        _digit(sheet, (cells[0][0], y + (height - side) // 2, side, side), number)
    sheet.say(
        cells[1], Say(_when(line.opened_at, now, words.language), words, scale.small, MUTED, most_lines=1, least=scale.floor)
    )
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


def refund_sign(state: RefundState) -> tuple[Icon, Colour]:
    """As sign_of, of a refund."""
    match state:
        case RefundState.REQUESTED | RefundState.ACCEPTED:
            return icons.HOURGLASS, AMBER
        case RefundState.DONE:
            return icons.TICK, GREEN
        case RefundState.ATTENTION:
            return icons.WARNING, AMBER
        case _:
            assert_never(state)
