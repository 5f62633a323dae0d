"""The two screens with a code: the camera looks for the customer's, or the customer scans ours."""

from __future__ import annotations

from itertools import pairwise
from typing import assert_never

from kiosk.core.scanning import Outline, Reading, ScanHint
from kiosk.core.screens import Scanning, ShowingQr
from kiosk.display import icons
from kiosk.display.canvas import Canvas, Rect
from kiosk.display.cards import countdown
from kiosk.display.qr import QUIET, modules
from kiosk.display.sheet import Draw, Item, Say, Sheet, Space
from kiosk.display.theme import AMBER, GREEN, INK, LINE, MUTED, PANEL, TEXT, WHITE, Colour, Tone
from kiosk.display.voices import Card, Sign, Voice, amount, two_voices

_ADVICE = {
    ScanHint.CLOSER: icons.CLOSER,
    ScanHint.FURTHER: icons.FURTHER,
    ScanHint.MIDDLE: icons.MIDDLE,
    ScanHint.STILL: icons.STILL,
    ScanHint.GLARE: icons.TILT,
    ScanHint.BRIGHTER: icons.BRIGHT,
}
"""What to do, drawn: the other hints say what is wrong."""

LEAST_MODULE = 4  # pixels: smaller ones a phone may not read off a screen


def scanning(sheet: Sheet, stage: Rect, screen: Scanning, now: int) -> Rect:
    """Camera at the left, what to do at the right; on an upright screen above and below. Returns where the picture belongs."""
    scale, words, theirs = sheet.scale, sheet.merchant, sheet.customer
    phone = Say(theirs("scanning.no_picture"), theirs, scale.body, MUTED, least=scale.floor)
    inner, column = camera_room(sheet, stage, [Draw(icons.PHONE_CODE, round(scale.icon * 1.2), MUTED), Space(scale.gap), phone])
    customer = "scanning.customer" if screen.hint is None else f"scan_hint.{screen.hint}.customer"
    merchant = "scanning.merchant" if screen.hint is None else f"scan_hint.{screen.hint}.merchant"
    items: list[Item] = [
        amount(sheet, screen.money, scale.title, TEXT, MUTED, terse=not scale.roomy),
        Space(scale.gap * 2),
        Say(
            theirs(customer),
            theirs,
            round(scale.head * (1.5 if screen.hint else 1.2)),
            AMBER if screen.hint else TEXT,
            bold=True,
            icon=_ADVICE.get(screen.hint, icons.WARNING) if screen.hint else None,
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


def camera_room(sheet: Sheet, stage: Rect, first: list[Item]) -> tuple[Rect, Rect]:
    """Make room for the camera's picture: where that belongs, and the column beside it, or below it on an upright screen.

    `first` stands there until the first picture: what to hold into view.
    """
    scale = sheet.scale
    x, y, width, height = stage
    if _upright(stage):
        view = (x, y, width, min(round(height * 0.5), round(width * 3 / 4)))
        column = _below(sheet, stage, view[3])
    else:
        view = (x, y, min(round(width * 0.56), round(height * 4 / 3)), height)
        edge = x + view[2] + scale.pad
        column = (edge, y, x + width - edge, height)
    sheet.canvas.panel(view, PANEL, scale.radius)
    inner = (x + scale.gap, y + scale.gap, view[2] - 2 * scale.gap, view[3] - 2 * scale.gap)
    sheet.canvas.icon(icons.CORNERS, inner, LINE)
    sheet.stack(inner, first)
    return inner, column


def _upright(stage: Rect) -> bool:
    return stage[3] > stage[2]


def _below(sheet: Sheet, stage: Rect, taken: int) -> Rect:
    """What is left of the stage below a part of this height."""
    x, y, width, height = stage
    return x, y + taken + sheet.scale.pad, width, height - taken - sheet.scale.pad


def camera_picture(
    canvas: Canvas, box: Rect, picture: tuple[int, int, bytes], outlines: tuple[Outline, ...], stroke: int
) -> None:
    """The camera's picture (width, height, 3 bytes a pixel) where `scanning` left room for it, and what to mark on it.

    Nothing is found: the corners to aim between. Something is: it, in lines `stroke` pixels wide.
    """
    canvas.fill(box, PANEL)
    place = canvas.picture(*picture, box)
    if not outlines:
        canvas.icon(icons.CORNERS, place, WHITE)
    for outline in outlines:
        lines, colour = _lines(outline, picture[:2], place)
        for width, ink in ((stroke * 2, INK), (stroke, colour)):  # dark around it: it stands on whatever the camera sees
            for line in lines:
                canvas.line(line, ink, width, place)


def _lines(outline: Outline, size: tuple[int, int], place: Rect) -> tuple[list[list[tuple[int, int]]], Colour]:
    """Unread: its corners. Unsure: all around it. Refused: all around it, and struck through. Colour says no more than that."""
    x, y, width, height = place
    points = [(x + across * width // size[0], y + down * height // size[1]) for across, down in outline.corners]
    around = [*points, points[0]]
    match outline.reading:
        case Reading.UNREAD:
            sides = list(pairwise(around))
            return [
                [_between(a, b), b, _between(c, b)] for (a, b), (_, c) in zip(sides, sides[1:] + sides[:1], strict=True)
            ], WHITE
        case Reading.UNSURE:
            return [around], GREEN
        case Reading.REFUSED:
            return [around, points[::2], points[1::2]], AMBER
        case _:
            assert_never(outline.reading)


def _between(far: tuple[int, int], near: tuple[int, int]) -> tuple[int, int]:
    """A quarter of the way back from `near` to `far`."""
    return near[0] + (far[0] - near[0]) // 4, near[1] + (far[1] - near[1]) // 4


def showing_qr(sheet: Sheet, stage: Rect, screen: ShowingQr, now: int) -> None:
    """The QR on white, as large as fits; amount, words and the time left at its right, or below it on an upright screen."""
    scale, words = sheet.scale, sheet.merchant
    x, y, width, height = stage
    rows = modules(screen.code_url)
    upright = _upright(stage)
    side = qr_side(rows, min(width, round(height * 0.6)) if upright else min(height, round(width * 0.6)))
    if not side:
        voice = Voice(words("qr.too_long_merchant"))
        two_voices(sheet, stage, too_long_card(sheet, screen), voice, sign=Sign(icons.WARNING, AMBER))
        return
    qr(sheet, (x + (width - side) // 2, y) if upright else (x, y + (height - side) // 2), rows, side)
    edge = x + side + scale.pad
    column = _below(sheet, stage, side) if upright else (edge, y, x + width - edge, height)
    items = _how(sheet, screen)
    items += [
        Space(scale.gap * 2),
        Say(words(f"qr.{_who(screen)}merchant"), words, scale.body, MUTED, icon=icons.SHOP, least=scale.floor),
        Space(scale.gap),
        countdown(sheet, screen.until, now, Tone.CALM),
    ]
    sheet.stack(column, items, align=0.0)


def qr_alone(sheet: Sheet, stage: Rect, screen: ShowingQr, now: int) -> bool:
    """The same for the customer alone: the QR over all of a side. False, and nothing drawn, when it does not fit."""
    x, y, width, height = stage
    rows = modules(screen.code_url)
    upright = _upright(stage)
    side = qr_side(rows, min(width, round(height * 0.65)) if upright else min(height, round(width * 0.65)))
    if not side:
        return False
    qr(sheet, (x + (width - side) // 2, y) if upright else (x, y + (height - side) // 2), rows, side)
    edge = x + side + sheet.scale.pad
    column = _below(sheet, stage, side) if upright else (edge, y, x + width - edge, height)
    items = [*_how(sheet, screen), Space(sheet.scale.gap * 2), countdown(sheet, screen.until, now, Tone.CALM)]
    sheet.stack(column, items, align=0.5 if upright else 0.0)
    return True


def too_long_card(sheet: Sheet, screen: ShowingQr) -> Card:
    """For the customer whose QR no phone could read off this screen."""
    return Card(Tone.OPEN, icons.QR, Voice(sheet.customer("qr.too_long_customer")), screen.money)


def scanning_card(sheet: Sheet, screen: Scanning) -> Card:
    """For a customer who does not see the camera's picture: what to do, or what is wrong with what is held up."""
    words = sheet.customer
    if screen.hint is None:
        return Card(Tone.ACT, icons.PHONE_CODE, Voice(words("scanning.customer"), words("scanning.customer_more")), screen.money)
    return Card(
        Tone.OPEN, _ADVICE.get(screen.hint, icons.WARNING), Voice(words(f"scan_hint.{screen.hint}.customer")), screen.money
    )


def _who(screen: ShowingQr) -> str:
    return "paying_" if screen.paying else ""


def _how(sheet: Sheet, screen: ShowingQr) -> list[Item]:
    """The amount, and what the customer does with the code."""
    scale, theirs = sheet.scale, sheet.customer
    colour = GREEN if screen.paying else TEXT
    return [
        amount(sheet, screen.money, scale.title, TEXT, MUTED, terse=not scale.roomy),
        Space(scale.gap * 2),
        Draw(icons.PHONE_LOCK if screen.paying else icons.PHONE, scale.icon // 2, colour),
        Space(scale.gap),
        Say(theirs(f"qr.{_who(screen)}customer"), theirs, round(scale.head * 1.2), colour, bold=True, least=scale.floor),
    ]


def qr_side(rows: tuple[tuple[bool, ...], ...], room: int) -> int:
    """How many pixels wide and high the code becomes, its quiet zone included; 0: too few for a phone to read it."""
    across = len(rows) + 2 * QUIET
    pixels = room // across
    return across * pixels if pixels >= LEAST_MODULE else 0


def qr(sheet: Sheet, at: tuple[int, int], rows: tuple[tuple[bool, ...], ...], side: int) -> None:
    """The code on white, its upper left corner at `at`."""
    pixels = side // (len(rows) + 2 * QUIET)
    sheet.canvas.fill((*at, side, side), WHITE)
    left, top = at[0] + QUIET * pixels, at[1] + QUIET * pixels
    for down, row in enumerate(rows):
        for right, dark in enumerate(row):
            if dark:
                sheet.canvas.fill((left + right * pixels, top + down * pixels, pixels, pixels), INK)


def qr_beside(sheet: Sheet, stage: Rect, rows: tuple[tuple[bool, ...], ...], room: int) -> Rect:
    """The code in about `room` pixels at the left, or above on an upright screen; what is left beside or below it."""
    x, y, width, height = stage
    across = len(rows) + 2 * QUIET
    side = across * max(2, room // across)
    upright = _upright(stage)
    qr(sheet, (x + (width - side) // 2, y) if upright else (x, y + (height - side) // 2), rows, side)
    edge = x + side + sheet.scale.pad
    return _below(sheet, stage, side) if upright else (edge, y, x + width - edge, height)
