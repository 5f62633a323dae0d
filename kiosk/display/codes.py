"""The two screens with a code: the camera looks for the customer's, or the customer scans ours."""

from __future__ import annotations

from kiosk.core.screens import Scanning, ShowingQr
from kiosk.display import icons
from kiosk.display.answers import countdown
from kiosk.display.canvas import Canvas, Rect
from kiosk.display.qr import QUIET, modules
from kiosk.display.sheet import Draw, Item, Say, Sheet, Space
from kiosk.display.theme import AMBER, GREEN, INK, LINE, MUTED, PANEL, TEXT, WHITE, Tone
from kiosk.display.voices import Card, Sign, Voice, amount, two_voices

LEAST_MODULE = 4  # pixels: smaller ones a phone may not read off a screen


def scanning(sheet: Sheet, stage: Rect, screen: Scanning, now: int) -> Rect:
    """Camera at the left, what to do at the right. Returns where the camera's picture belongs."""
    scale, words, theirs = sheet.scale, sheet.merchant, sheet.customer
    x, y, width, height = stage
    view = (x, y, min(round(width * 0.56), round(height * 4 / 3)), height)
    sheet.canvas.panel(view, PANEL, scale.radius)
    inner = (x + scale.gap, y + scale.gap, view[2] - 2 * scale.gap, height - 2 * scale.gap)
    _no_picture(sheet, inner)
    edge = x + view[2] + scale.pad
    column = (edge, y, x + width - edge, height)
    customer = "scanning.customer" if screen.hint is None else f"scan_hint.{screen.hint}.customer"
    merchant = "scanning.merchant" if screen.hint is None else f"scan_hint.{screen.hint}.merchant"
    items: list[Item] = [
        amount(sheet, screen.money, scale.title, TEXT, MUTED, terse=not scale.roomy),
        Space(scale.gap * 2),
        Say(
            theirs(customer),
            theirs,
            round(scale.head * 1.2),
            AMBER if screen.hint else TEXT,
            bold=True,
            icon=icons.WARNING if screen.hint else None,
            least=scale.floor,
        ),
    ]
    if screen.hint is None and scale.roomy:
        items += [Space(scale.gap // 2), Say(theirs("scanning.customer_more"), theirs, scale.body, MUTED, least=scale.floor)]
    items += [
        Space(scale.gap * 2),
        Say(words(merchant), words, scale.body, AMBER if screen.hint else MUTED, icon=icons.SHOP, least=scale.floor),
        Space(scale.gap),
        countdown(sheet, screen.until, now, Tone.CALM),
    ]
    sheet.stack(column, items, align=0.0)
    return inner


def camera_picture(canvas: Canvas, box: Rect, width: int, height: int, rgb: bytes) -> None:
    """The camera's picture (3 bytes a pixel) where `scanning` left room for it, and over it the corners to aim between."""
    canvas.fill(box, PANEL)
    canvas.icon(icons.CORNERS, canvas.picture(width, height, rgb, box), WHITE)


def _no_picture(sheet: Sheet, box: Rect) -> None:
    """Until the camera's first picture: where to hold the phone."""
    scale = sheet.scale
    sheet.canvas.icon(icons.CORNERS, box, LINE)
    sheet.stack(
        box,
        [
            Draw(icons.PHONE_CODE, round(scale.icon * 1.2), MUTED),
            Space(scale.gap),
            Say(sheet.customer("scanning.no_picture"), sheet.customer, scale.body, MUTED, least=scale.floor),
        ],
    )


def showing_qr(sheet: Sheet, stage: Rect, screen: ShowingQr, now: int) -> None:
    """The QR on white at the left, as large as fits; amount, words and the time left at the right."""
    scale, words, theirs = sheet.scale, sheet.merchant, sheet.customer
    x, y, width, height = stage
    rows = modules(screen.code_url)
    across = len(rows) + 2 * QUIET
    pixels = min(height, round(width * 0.6)) // across
    if pixels < LEAST_MODULE:
        card = Card(Tone.OPEN, icons.QR, Voice(theirs("qr.too_long_customer")), screen.money)
        two_voices(sheet, stage, card, Voice(words("qr.too_long_merchant")), sign=Sign(icons.WARNING, AMBER))
        return
    side = across * pixels
    top = y + (height - side) // 2
    sheet.canvas.fill((x, top, side, side), WHITE)
    corner = (x + QUIET * pixels, top + QUIET * pixels)
    for down, row in enumerate(rows):
        for right, dark in enumerate(row):
            if dark:
                sheet.canvas.fill((corner[0] + right * pixels, corner[1] + down * pixels, pixels, pixels), INK)
    edge = x + side + scale.pad
    who = "paying_" if screen.paying else ""
    colour = GREEN if screen.paying else TEXT
    sheet.stack(
        (edge, y, x + width - edge, height),
        [
            amount(sheet, screen.money, scale.title, TEXT, MUTED, terse=not scale.roomy),
            Space(scale.gap * 2),
            Draw(icons.PHONE_LOCK if screen.paying else icons.PHONE, scale.icon // 2, colour),
            Space(scale.gap),
            Say(theirs(f"qr.{who}customer"), theirs, round(scale.head * 1.2), colour, bold=True, least=scale.floor),
            Space(scale.gap * 2),
            Say(words(f"qr.{who}merchant"), words, scale.body, MUTED, icon=icons.SHOP, least=scale.floor),
            Space(scale.gap),
            countdown(sheet, screen.until, now, Tone.CALM),
        ],
        align=0.0,
    )
