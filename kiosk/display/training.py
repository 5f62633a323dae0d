"""How a training looks: frame and band in a colour that nothing real has, the word across all of it, what can be played."""

from __future__ import annotations

from dataclasses import replace

from kiosk.core.lesson import Lesson
from kiosk.display.canvas import Rect
from kiosk.display.sheet import Say, Sheet
from kiosk.display.theme import MUTED, PANEL, TEXT, WHITE, Colour
from kiosk.display.words import Words

GROUND: Colour = (150, 22, 168)
"""Violet: no answer, sign or key has it."""

_COLUMNS = 2


def mark(sheet: Sheet, box: Rect, bar: int) -> None:
    """Over what was drawn in `box`, whose uppermost `bar` pixels are the band's: both languages say what this is."""
    scale, words, theirs = sheet.scale, sheet.merchant, sheet.customer
    x, y, width, height = box
    own, other = words("training.mark"), theirs("training.mark")
    said = [(own, words.language)] if own == other else [(own, words.language), (other, theirs.language)]
    sheet.canvas.across(said, (x, y + bar, width, height - bar), WHITE)
    edge = max(3, scale.pad // 2)
    for side in (
        (x, y, width, bar),
        (x, y, edge, height),
        (x + width - edge, y, edge, height),
        (x, y + height - edge, width, edge),
    ):
        sheet.canvas.fill(side, GROUND)
    half = (width - 3 * scale.pad) // 2
    size = max(scale.floor, min(scale.body, round(bar * 0.7)))
    if own == other:
        sheet.say((x + scale.pad, y, width - 2 * scale.pad, bar), _band(sheet, words, size, width - 2 * scale.pad), align=0.5)
        return
    sheet.say((x + scale.pad, y, half, bar), _band(sheet, words, size, half))
    sheet.say((x + 2 * scale.pad + half, y, half, bar), _band(sheet, theirs, size, half), align=1.0)


def _band(sheet: Sheet, words: Words, size: int, room: int) -> Say:
    """All of it, or the one word where there is no room."""
    floor = sheet.scale.floor
    told = Say(words("training.band"), words, size, WHITE, bold=True, most_lines=1, least=floor)
    return told if sheet.width(replace(told, size=floor)) <= room else replace(told, text=words("training.mark"))


def idle(sheet: Sheet, stage: Rect) -> None:
    """What the last digit of an amount plays."""
    scale, words = sheet.scale, sheet.merchant
    x, y, width, height = stage
    sheet.canvas.panel(stage, PANEL, scale.radius)
    head = round(height * 0.2)
    inner = (x + scale.pad, y + scale.gap // 2, width - 2 * scale.pad, head)
    title = Say(words("training.merchant"), words, scale.head, TEXT, bold=True, most_lines=2, least=scale.floor)
    sheet.say(inner, title, align=0.5)
    rows = -(-len(Lesson) // _COLUMNS)
    top, room = y + head + scale.gap // 2, height - head - scale.gap
    for place, lesson in enumerate(Lesson):
        column, row = divmod(place, rows)
        left, right = (inner[0] + inner[2] * edge // _COLUMNS for edge in (column, column + 1))
        upper, lower = (top + room * edge // rows for edge in (row, row + 1))
        side = min(lower - upper - 2, round(scale.head * 1.25))
        cap = (left, upper + (lower - upper - side) // 2, side, side)
        sheet.canvas.panel(cap, MUTED, max(3, scale.radius // 3))
        sheet.say(cap, Say(lesson.value, words, round(side * 0.7), PANEL, bold=True, tight=True, most_lines=1), align=0.5)
        text = Say(words(f"lesson.{lesson.value}"), words, scale.body, TEXT, most_lines=2, least=scale.floor)
        sheet.say((left + side + scale.gap, upper, right - left - side - 2 * scale.gap, lower - upper), text)
