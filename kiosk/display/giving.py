"""The screens on which somebody says who they are, or gives money back: one thing to do on each, and a last look at all of it."""

from __future__ import annotations

from typing import assert_never

from kiosk.core.money import Money, in_words
from kiosk.core.past_screens import Giving, PinAsked, PinWanted, RefundAmount, RefundLook, RefundRefused, RefundWhy, WhoIsIt
from kiosk.display import icons
from kiosk.display.canvas import Rect
from kiosk.display.icons import Icon
from kiosk.display.lists import ROWS, headed, numbered, order_row
from kiosk.display.sheet import Draw, Item, Say, Sheet, Space
from kiosk.display.theme import AMBER, BLUE, LINE, MUTED, PANEL, RED, TEXT, Colour
from kiosk.display.voices import amount

_PLACES = 4  # of a PIN, shown before they are keyed


def draw(sheet: Sheet, stage: Rect, screen: Giving, now: int) -> None:
    """The screen of this place."""
    words = sheet.merchant
    match screen:
        case WhoIsIt(people, pins):
            body = headed(sheet, stage, words("who.whose_pin" if pins else "who.title"))
            if len(people) > ROWS:  # two columns
                numbered(sheet, body, [one.name for one in people])
            else:
                numbered(sheet, body, [f"{one.name}  ({words(f'role.{one.role}')})" for one in people])
        case PinAsked():
            hint, colour, icon = _pin_hint(sheet, screen, now)
            _pin(sheet, stage, words("pin.title", name=screen.who.name), screen.keyed, (hint, colour, icon))
        case PinWanted():
            title = words("pin.again" if screen.again else "pin.new", name=screen.who.name)
            told = words("pin.new_more") if screen.problem is None else words(f"no_pin.{screen.problem}")
            wrong = screen.problem is not None
            _pin(sheet, stage, title, screen.keyed, (told, RED if wrong else MUTED, icons.WARNING if wrong else icons.LOCK))
        case RefundAmount():
            _amount(sheet, stage, screen)
        case RefundWhy(money, reasons):
            body = headed(sheet, stage, words("refund.why", amount=in_words(money, words.language)))
            numbered(sheet, body, [words(f"reason.{reason}") for reason in reasons])
        case RefundLook():
            _look(sheet, stage, screen)
        case RefundRefused():
            _refused(sheet, stage, screen)
        case _:
            assert_never(screen)


def _pin_hint(sheet: Sheet, screen: PinAsked, now: int) -> tuple[str, Colour, Icon]:
    words = sheet.merchant
    if screen.busy:
        return words("pin.busy"), MUTED, icons.HOURGLASS
    if screen.until is not None and screen.until > now:
        left = -(-(screen.until - now) // 1000)
        return words("pin.wait", time=f"{left // 60}:{left % 60:02}"), RED, icons.CLOCK
    if screen.wrong:
        return words("pin.wrong"), RED, icons.CROSS
    return words("pin.more"), MUTED, icons.LOCK


def _pin(sheet: Sheet, stage: Rect, title: str, keyed: int, hint: tuple[str, Colour, Icon]) -> None:
    """A dot for each digit that was keyed; never the digits."""
    scale, words = sheet.scale, sheet.merchant
    x, y, width, height = headed(sheet, stage, title)
    below = round(height * 0.4)
    box = (x, y, width, height - below - scale.gap)
    sheet.canvas.panel(box, PANEL, scale.radius)
    places = max(_PLACES, keyed)
    side = min(scale.head, width // (places * 2))
    left = x + (width - side * (places * 2 - 1)) // 2
    top = box[1] + (box[3] - side) // 2
    for place in range(places):
        dot = (left + place * side * 2, top, side, side)
        sheet.canvas.panel(dot, TEXT if place < keyed else LINE, side // 2)
    text, colour, icon = hint
    told = Say(text, words, scale.head, colour, icon=icon, least=scale.floor)
    sheet.stack((x + scale.gap, y + height - below, width - 2 * scale.gap, below), [told])


def _against(sheet: Sheet, name: str, most: Money | None) -> str:
    words = sheet.merchant
    told = words(f"against.{name}")
    return told if most is None else f"{told} {words('refund.most', amount=in_words(most, words.language))}"


def _amount(sheet: Sheet, stage: Rect, screen: RefundAmount) -> None:
    """The order, the amount as large as fits, and what is left of it or why that is too much."""
    scale, words = sheet.scale, sheet.merchant
    x, y, width, height = headed(sheet, stage, words("refund.title"))
    row = height // ROWS
    order_row(sheet, (x, y, width, row - 3), screen.line, screen.line.opened_at)
    below = round(height * 0.28)
    box = (x, y + row + scale.gap // 2, width, height - row - below - scale.gap)
    sheet.canvas.panel(box, PANEL, scale.radius)
    inner = (box[0] + scale.pad, box[1], box[2] - 2 * scale.pad, box[3])
    sheet.stack(inner, [amount(sheet, screen.money, scale.title, TEXT if screen.keyed else BLUE, MUTED)])
    if screen.against is not None:
        hint = Say(_against(sheet, screen.against, screen.most), words, scale.body, AMBER, icon=icons.WARNING, least=scale.floor)
    else:
        key = "refund.part" if screen.keyed else "refund.all"
        told = words(key, amount=in_words(screen.left, words.language))
        hint = Say(told, words, scale.body, MUTED, icon=icons.BACK_ARROW, least=scale.floor)
    sheet.say((x + scale.gap, y + height - below, width - 2 * scale.gap, below), hint, align=0.5)


def _look(sheet: Sheet, stage: Rect, screen: RefundLook) -> None:
    """All of it before it is done: of which order, how much, why, by whom, and what is left."""
    scale, words = sheet.scale, sheet.merchant
    x, y, width, height = headed(sheet, stage, words("refund.look"))
    row = height // ROWS
    order_row(sheet, (x, y, width, row - 3), screen.line, screen.line.opened_at)
    top = y + row + scale.gap // 2
    box = (x, top, width, round(height * 0.36))
    sheet.canvas.panel(box, PANEL, scale.radius)
    sheet.stack((x + scale.pad, top, width - 2 * scale.pad, box[3]), [amount(sheet, screen.money, scale.title, BLUE, MUTED)])
    top += box[3] + scale.gap // 2
    by = f"{words(f'reason.{screen.reason}')}  ({screen.who.name})"
    items: list[Item] = [
        Say(by, words, scale.body, TEXT, bold=True, least=scale.floor),
        Say(screen.out_trade_no, words, scale.body, MUTED, least=scale.floor),
        Say(words("sale.left", amount=in_words(screen.left, words.language)), words, scale.body, MUTED, least=scale.floor),
    ]
    if screen.busy:
        items = [Say(words("pin.busy"), words, scale.body, MUTED, icon=icons.HOURGLASS, least=scale.floor)]
    sheet.stack((x + scale.gap, top, width - 2 * scale.gap, y + height - top), items, align=0.0, valign=0.0)


def _refused(sheet: Sheet, stage: Rect, screen: RefundRefused) -> None:
    scale, words = sheet.scale, sheet.merchant
    x, y, width, height = headed(sheet, stage, words("refund.refused"))
    items: list[Item] = [
        Draw(icons.BARRED, scale.icon, AMBER),
        Space(scale.gap),
        Say(_against(sheet, screen.against, screen.most), words, scale.head, TEXT, bold=True, least=scale.floor),
        Space(scale.gap),
        Say(screen.out_trade_no, words, scale.body, MUTED, least=scale.floor),
    ]
    sheet.stack((x + scale.pad, y, width - 2 * scale.pad, height), items)
