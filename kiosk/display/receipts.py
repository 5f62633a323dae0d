"""The screen on which the camera looks for a receipt."""

from __future__ import annotations

from kiosk.core.screens import SeekingReceipt
from kiosk.display import icons
from kiosk.display.canvas import Rect
from kiosk.display.cards import countdown
from kiosk.display.codes import camera_room
from kiosk.display.sheet import Draw, Item, Say, Sheet, Space
from kiosk.display.theme import MUTED, TEXT, Tone


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
