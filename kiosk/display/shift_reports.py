"""The screens of a shift: its report page by page, whether it shall be closed, and that there has been none."""

from __future__ import annotations

from typing import assert_never

from kiosk.core import shift_lines
from kiosk.core.events import Key
from kiosk.core.screens import NoShift, ShiftClosing, ShiftReport
from kiosk.display import icons
from kiosk.display.canvas import Rect
from kiosk.display.sheet import Draw, Item, Say, Sheet, Space
from kiosk.display.theme import AMBER, BLUE, GREEN, MUTED, PANEL, TEXT

_ROW = 1.7  # of a body's size: how high a line stands
_NET = 2.6


def keys_of(screen: ShiftReport) -> tuple[tuple[str, str], ...]:
    """The keys that mean something on a report, each with its word."""
    keys: list[tuple[str, str]] = [(Key.OK, "print")] if screen.prints else []
    if not screen.newer:
        keys.append((Key.D1, "close_shift" if screen.shift.is_open else "open_shift"))
    keys += [(Key.D0, "older")] if screen.older else []
    keys += [(Key.CLEAR, "newer")] if screen.newer else []
    return (*keys, (Key.MENU, "more"), (Key.CANCEL, "back"))


def draw(sheet: Sheet, stage: Rect, screen: ShiftReport | NoShift | ShiftClosing) -> None:
    """Whichever it is."""
    match screen:
        case ShiftReport():
            _report(sheet, stage, screen)
        case NoShift():
            _none(sheet, stage, screen)
        case ShiftClosing():
            _closing(sheet, stage, screen)
        case _:
            assert_never(screen)


def _report(sheet: Sheet, stage: Rect, screen: ShiftReport) -> None:
    """Which report, what was kept, and below it as many of its lines as there is room for."""
    shift, words, scale = screen.shift, sheet.merchant, sheet.scale
    title = words("shift.x") if shift.is_open else words("shift.z", z=shift.z)
    found = list(shift_lines.lines(shift, screen.at))
    top = [line for line in found if isinstance(line, shift_lines.Figure) and line.strong]
    rest = [line for line in found if line not in top]
    # The figures first: when, where and by whom stands on the last page, and at the end of the slip's head.
    facts = [line for line in rest if isinstance(line, shift_lines.Fact)]
    rest = [line for line in rest if not isinstance(line, shift_lines.Fact)] + facts
    x, y, width, height = stage
    head = round(scale.head * 1.5)
    room = (x, y + head, width, height - head)
    if screen.hint is not None:
        hint = Say(words(f"amount_hint.{screen.hint}"), words, scale.body, AMBER, icon=icons.WARNING, least=scale.floor)
        room = _above(sheet, room, hint, round(scale.body * 2.6))
    if not shift.tallies:
        room = _above(sheet, room, Say(words("shift.nothing"), words, scale.head, MUTED), round(scale.head * 1.6))
    for line in top:
        room = _net(sheet, room, line)
    pages = _rows(sheet, room, rest, screen.page)
    _title(sheet, (x, y, width, head), title, screen.page, pages)


def _closing(sheet: Sheet, stage: Rect, screen: ShiftClosing) -> None:
    """The question, what follows from it, and by name what is not settled yet."""
    shift, words, scale = screen.shift, sheet.merchant, sheet.scale
    x, y, width, height = stage
    head = round(scale.head * 1.5)
    room = (x, y + head, width, height - head)
    room = _above(sheet, room, Say(words("shift.ask_more", z=shift.z), words, scale.body, TEXT), round(scale.body * 2.7))
    pages = 1
    if shift.handed_over:
        told = words("shift.ask_waiting", count=len(shift.handed_over))
        warn = Say(told, words, scale.body, AMBER, bold=True, icon=icons.WARNING, least=scale.floor)
        room = _above(sheet, room, warn, round(scale.body * 4.2))
        named: list[shift_lines.Line] = [
            line for line in shift_lines.lines(shift, shift.opened_at) if isinstance(line, shift_lines.Named)
        ]
        pages = _rows(sheet, room, named[: len(shift.handed_over)], screen.page)
    else:
        for line in shift_lines.lines(shift, shift.opened_at):
            if isinstance(line, shift_lines.Figure) and line.strong:
                room = _net(sheet, room, line)
    _title(sheet, (x, y, width, head), words("shift.ask"), screen.page, pages)


def _none(sheet: Sheet, stage: Rect, screen: NoShift) -> None:
    """How one begins; why it did not."""
    words, scale = sheet.merchant, sheet.scale
    items: list[Item] = [
        Draw(icons.CALENDAR, scale.icon, MUTED),
        Space(scale.gap),
        Say(words("shift.none"), words, scale.title, TEXT, bold=True),
        Space(scale.gap),
        Say(words("shift.none_more"), words, scale.head, MUTED, least=scale.floor),
    ]
    if screen.hint is not None:
        hint = Say(words(f"amount_hint.{screen.hint}"), words, scale.body, AMBER, icon=icons.WARNING, least=scale.floor)
        items += [Space(scale.gap), hint]
    sheet.stack(stage, items)


def _title(sheet: Sheet, box: Rect, title: str, page: int, pages: int) -> None:
    scale, words = sheet.scale, sheet.merchant
    x, y, width, height = box
    if pages > 1:
        number = Say(f"{page % pages + 1}/{pages}", words, scale.body, MUTED, most_lines=1)
        own = sheet.width(number) + 2
        sheet.say((x + width - own, y, own, height), number, align=1.0)
        width -= own + scale.gap
    sheet.say((x + scale.gap, y, width - scale.gap, height), Say(title, words, scale.head, TEXT, bold=True, most_lines=1))


def _above(sheet: Sheet, room: Rect, say: Say, most: int) -> Rect:
    """The text at the top of the room, in at most so many pixels; what is left of it."""
    x, y, width, height = room
    high = min(most, height // 2)
    sheet.say((x + sheet.scale.gap, y, width - 2 * sheet.scale.gap, high), say)
    return x, y + high, width, height - high


def _net(sheet: Sheet, room: Rect, line: shift_lines.Figure) -> Rect:
    """What was kept of one currency, large."""
    scale, words = sheet.scale, sheet.merchant
    x, y, width, height = room
    high = round(scale.head * _NET)
    sheet.canvas.panel((x, y, width, high), PANEL, scale.radius // 2)
    half = width * 2 // 5
    label = Say(words(f"shift.{line.label}"), words, scale.head, MUTED, most_lines=1, least=scale.floor)
    sheet.say((x + scale.pad, y, half - scale.pad, high), label)
    colour = AMBER if (line.amount or 0) < 0 else GREEN
    value = Say(_value(line, words.language), words, round(scale.head * 1.6), colour, bold=True, tight=True, most_lines=1)
    sheet.say((x + half, y, width - half - scale.pad, high), value, align=1.0)
    return x, y + high + scale.gap, width, height - high - scale.gap


def _rows(sheet: Sheet, room: Rect, lines: list[shift_lines.Line], page: int) -> int:
    """One page of lines; returns how many pages there are."""
    x, y, width, height = room
    fit = max(1, height // round(sheet.scale.body * _ROW))
    pages = max(1, -(-len(lines) // fit))
    high = height // fit
    for place, line in enumerate(lines[page % pages * fit :][:fit]):
        _row(sheet, (x, y + place * high, width, high), line)
    return pages


def _row(sheet: Sheet, box: Rect, line: shift_lines.Line) -> None:
    scale, words = sheet.scale, sheet.merchant
    x, y, width, height = box
    colour = MUTED
    match line:
        case shift_lines.Heading(label, currency):
            title = f"{words(f'shift.{label}')} {currency}".rstrip()
            sheet.canvas.fill((x, y, width, max(1, scale.stroke // 3)), PANEL)
            say = Say(title, words, scale.body, BLUE, bold=True, most_lines=1, least=scale.floor)
            sheet.say((x + scale.gap, y, width - 2 * scale.gap, height), say)
            return
        case shift_lines.Fact(label, text):
            told, value = words(f"shift.{label}"), text
        case shift_lines.Figure(label, _, _, count):
            told = words(f"shift.{label}") + ("" if count is None or line.amount is None else f"  {count} ×")
            value, colour = _value(line, words.language), TEXT
        case shift_lines.Named(waiting, time):
            became = "" if waiting.became is None else "  " + words(f"state.{waiting.became}")
            kind = f"{words('shift.refund')} " if waiting.refund else ""
            told = f"{time}  {kind}...{shift_lines.tail(waiting)}{became}"
            value, colour = shift_lines.signed(waiting.money.amount, waiting.money.currency, words.language), AMBER
        case _:
            assert_never(line)
    shown = Say(value, words, scale.body, colour, bold=colour is not MUTED, most_lines=1, least=scale.floor)
    own = min(sheet.width(shown) + 2, (width - 2 * scale.gap) * 2 // 3)
    sheet.say((x + width - scale.gap - own, y, own, height), shown, align=1.0)
    label_box = (x + scale.gap, y, width - own - 3 * scale.gap, height)
    sheet.say(label_box, Say(told, words, scale.body, MUTED if colour is MUTED else TEXT, most_lines=1, least=scale.floor))


def _value(line: shift_lines.Figure, language: str) -> str:
    return str(line.count) if line.amount is None else shift_lines.signed(line.amount, line.currency, language)
