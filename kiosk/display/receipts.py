"""The screens about receipts: the camera looks for one, and what became of the sale of one that was read."""

from __future__ import annotations

from kiosk.core.money import in_words
from kiosk.core.screens import SaleFound, SaleUnknown, SeekingReceipt
from kiosk.core.slips import PrinterTrouble
from kiosk.display import icons
from kiosk.display.canvas import Rect
from kiosk.display.cards import countdown
from kiosk.display.codes import camera_room
from kiosk.display.counter import order_row
from kiosk.display.frame import wall_day, wall_time
from kiosk.display.sheet import Draw, Item, Say, Sheet, Space
from kiosk.display.theme import AMBER, BLUE, MUTED, TEXT, Tone
from kiosk.display.voices import Card, Sign, Voice, two_voices


def seeking(sheet: Sheet, stage: Rect, screen: SeekingReceipt, now: int) -> Rect:
    """Camera at the left, what to do at the right. Returns where the camera's picture belongs."""
    scale, words, theirs = sheet.scale, sheet.merchant, sheet.customer
    inner, column = camera_room(sheet, stage, [Draw(icons.QR, round(scale.icon * 1.2), MUTED)])
    items: list[Item] = [
        Say(words("seeking.merchant"), words, round(scale.head * 1.2), TEXT, bold=True, icon=icons.SHOP, least=scale.floor),
        Space(scale.gap),
        Say(words("seeking.merchant_more"), words, scale.body, MUTED, least=scale.floor),
        Space(scale.gap * 2),
        Say(theirs("seeking.customer"), theirs, scale.body, MUTED, least=scale.floor),
        Space(scale.gap),
        countdown(sheet, screen.until, now, Tone.CALM),
    ]
    sheet.stack(column, items, align=0.0)
    return inner


def found(sheet: Sheet, stage: Rect, screen: SaleFound, printer: PrinterTrouble | None) -> None:
    """The sale's line as among the last orders; its day and number; what was given back of it; why no receipt comes out."""
    scale, words = sheet.scale, sheet.merchant
    x, y, width, height = stage
    head, row = round(scale.head * 1.6), round(scale.body * 2.6)
    sheet.say((x + scale.gap, y, width - 2 * scale.gap, head), Say(words("found.title"), words, scale.head, TEXT, bold=True))
    order_row(sheet, (x, y + head, width, row), screen.line)
    when = f"{wall_day(screen.line.opened_at)} {wall_time(screen.line.opened_at)}"
    items: list[Item] = [Say(f"{when}   {screen.out_trade_no}", words, scale.body, MUTED, most_lines=1, least=scale.floor)]
    if screen.refunded is not None:
        text = words("found.refunded", amount=in_words(screen.refunded, words.language))
        items.append(Say(text, words, scale.head, BLUE, bold=True, icon=icons.BACK_ARROW, least=scale.floor))
    if printer is not None and screen.prints:
        items += [
            Space(scale.gap),
            Say(words(f"printer.{printer}"), words, scale.body, AMBER, icon=icons.PRINTER, least=scale.floor),
        ]
    top = y + head + row + scale.gap
    sheet.stack((x + scale.gap, top, width - 2 * scale.gap, height - head - row - scale.gap), items, align=0.0, valign=0.0)


def unknown(sheet: Sheet, stage: Rect, screen: SaleUnknown) -> None:
    """No such order in this kiosk's ledger."""
    card = Card(Tone.CALM, icons.QUESTION, Voice(sheet.customer("seeking.customer")))
    voice = Voice(sheet.merchant("found.unknown"), sheet.merchant("found.unknown_more", number=screen.out_trade_no))
    two_voices(sheet, stage, card, voice, sign=Sign(icons.WARNING, AMBER))
