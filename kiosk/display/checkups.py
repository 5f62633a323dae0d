"""The screens of a check-up: how everything was found with what to do, and what people try by hand: camera, keys, colours."""

from __future__ import annotations

from dataclasses import replace

from kiosk.core.checkup import Finding, Trial, Verdict
from kiosk.core.checkup_screens import Checkup, ColourTest, KeyTest, ReadTest
from kiosk.core.events import Key
from kiosk.display import icons
from kiosk.display.canvas import Rect
from kiosk.display.cards import countdown
from kiosk.display.codes import camera_room
from kiosk.display.frame import key_cap
from kiosk.display.keys import ROWS
from kiosk.display.sheet import Draw, Item, Say, Sheet, Space
from kiosk.display.theme import AMBER, CAP, GREEN, INK, LINE, MUTED, PANEL, RED, TEXT, Colour, Tone

_SIGNS = {Verdict.OK: (icons.TICK, GREEN), Verdict.WARN: (icons.WARNING, AMBER), Verdict.FAIL: (icons.CROSS, RED)}
_LEAST_LINES = 3  # what needs somebody: so many stand on every screen, as the till counts pages
_COLUMNS = 3
_HANDS = tuple(Trial)
_INKS: dict[str, tuple[Colour, Colour]] = {
    "edges": ((0, 0, 0), (255, 255, 255)),
    "red": ((255, 0, 0), (0, 0, 0)),
    "green": ((0, 255, 0), (0, 0, 0)),
    "blue": ((0, 0, 255), (255, 255, 255)),
    "white": ((255, 255, 255), (0, 0, 0)),
    "black": ((0, 0, 0), (255, 255, 255)),
}
"""The ground that is to be seen, and what can be read on it."""


def checkup(sheet: Sheet, stage: Rect, screen: Checkup) -> None:
    """Summary, the support bundle if one was asked for, the findings, and below them what can be tried, where there is room."""
    scale, words = sheet.scale, sheet.merchant
    x, y, width, height = stage
    head = round(scale.head * 1.6)
    _summary(sheet, (x + scale.gap, y, width - 2 * scale.gap, head), screen)
    y, height = y + head, height - head
    if screen.bundle is not None:
        told = words(f"bundle.{screen.bundle.end}", name=screen.bundle.name)
        high = round(scale.body * 2.6)
        sheet.canvas.panel((x, y, width, high), PANEL, scale.radius // 2)
        inner = (x + scale.pad, y, width - 2 * scale.pad, high)
        sheet.say(inner, Say(told, words, scale.body, TEXT, icon=icons.SHOP, least=scale.floor))
        y, height = y + high + scale.gap, height - high - scale.gap
    alone = not screen.lines
    hands = height if alone else min(round(scale.small * 4.4), height // 3)
    if not alone and height - hands < round(scale.body * _LEAST_LINES * 3.3):
        hands = 0
    if hands:
        _hands(sheet, (x, y + height - hands, width, hands), screen, titled=alone)
        height -= hands + scale.gap
    if not alone:
        _lines(sheet, (x, y, width, height), screen.lines)


def _summary(sheet: Sheet, box: Rect, screen: Checkup) -> None:
    scale, words = sheet.scale, sheet.merchant
    if screen.care:
        told = Say(
            words("checkup.care", count=screen.care), words, scale.body, AMBER, bold=True, icon=icons.WARNING, most_lines=1
        )
    elif screen.busy:
        told = Say(words("checkup.busy"), words, scale.body, MUTED, icon=icons.HOURGLASS, most_lines=1)
    else:
        told = Say(words("checkup.well"), words, scale.body, GREEN, icon=icons.TICK, most_lines=1)
    page = Say(f"{screen.page + 1}/{screen.pages}", words, scale.body, MUTED, most_lines=1)
    x, y, width, height = box
    edge = x + width
    for say in (page, told):
        own = sheet.width(say) + 2
        sheet.say((edge - own, y, own, height), say, align=1.0)
        edge -= own + scale.gap * 2
    sheet.say((x, y, edge - x, height), Say(words("checkup.title"), words, scale.head, TEXT, bold=True, most_lines=1))


def _lines(sheet: Sheet, box: Rect, lines: tuple[Finding, ...]) -> None:
    """One under another as long as there is room: a line for what is well, and below it what to do for what is not."""
    scale = sheet.scale
    x, y, width, height = box
    well, unwell = round(scale.body * 1.75), min(round(scale.body * 4.3), height // _LEAST_LINES)
    left = height
    for finding in lines:
        high = well if finding.verdict is Verdict.OK else unwell
        if high > left:
            return
        _line(sheet, (x, y + height - left, width, high - scale.gap // 2), finding)
        left -= high


def _line(sheet: Sheet, box: Rect, finding: Finding) -> None:
    scale, words = sheet.scale, sheet.merchant
    x, y, width, height = box
    icon, colour = _SIGNS[finding.verdict]
    well = finding.verdict is Verdict.OK
    sheet.canvas.panel(box, PANEL, scale.radius // 2)
    side = scale.body
    row = height if well else round(scale.body * 1.5)
    sheet.canvas.icon(icon, (x + scale.gap, y + (row - side) // 2, side, side), colour)
    left = x + scale.gap * 2 + side
    right = x + width - scale.gap
    value = Say(finding.value, words, scale.body, MUTED if well else colour, most_lines=1, least=scale.floor)
    own = min(sheet.width(value) + 2, (right - left) * 3 // 5) if finding.value else 0
    if own:
        sheet.say((right - own, y, own, row), value, align=1.0)
        own += scale.gap
    title = Say(words(f"finding.{finding.kind}"), words, scale.body, TEXT, bold=not well, most_lines=1, least=scale.floor)
    sheet.say((left, y, right - own - left, row), title)
    if not well:
        remedy = Say(words(f"remedy.{finding.kind}"), words, scale.small, TEXT, least=scale.floor)
        sheet.stack((left, y + row, right - left, height - row), [remedy], align=0.0, valign=0.0)


def _hands(sheet: Sheet, box: Rect, screen: Checkup, *, titled: bool) -> None:
    """What can be tried, each under its key."""
    scale, words = sheet.scale, sheet.merchant
    x, y, width, height = box
    if titled:
        head = round(scale.head * 1.4)
        sheet.say((x + scale.gap, y, width, head), Say(words("checkup.hands"), words, scale.body, MUTED, most_lines=1))
        y, height = y + head, min(height - head, round(scale.body * 6))
    shown = [trial for trial in _HANDS if trial is not Trial.SLIP or screen.prints]
    rows = -(-len(shown) // _COLUMNS)
    for place, trial in enumerate(shown):
        column, row = place % _COLUMNS, place // _COLUMNS
        wide, high = width // _COLUMNS, height // rows
        left, top = x + column * wide, y + row * high
        side = min(high - 4, round(scale.small * 1.8))
        cap = (left, top + (high - side) // 2, side, side)
        key_cap(sheet, cap, CAP)
        sheet.say(cap, Say(trial.value, words, max(scale.floor, side // 2), TEXT, bold=True, most_lines=1), align=0.5)
        word = Say(
            words(f"trial.{trial.name.lower()}"),
            words,
            scale.body if titled else scale.small,
            TEXT,
            most_lines=2,
            least=scale.floor,
        )
        sheet.say((left + side + scale.gap, top, wide - side - 2 * scale.gap, high), word)


def reading(sheet: Sheet, stage: Rect, screen: ReadTest, now: int) -> Rect:
    """Camera at the left, what to do and what was read at the right. Returns where the camera's picture belongs."""
    scale, words = sheet.scale, sheet.merchant
    inner, column = camera_room(sheet, stage, [Draw(icons.QR, round(scale.icon * 1.2), MUTED)])
    items: list[Item] = [
        Say(words("trying.read"), words, scale.head, TEXT, bold=True, least=scale.floor),
        Space(scale.gap),
        Say(words("trying.read_more"), words, scale.body, MUTED, least=scale.floor),
        Space(scale.gap),
    ]
    for kind in screen.read:
        told = words("trying.read_done", kind=_KINDS.get(kind, kind))
        items.append(Say(told, words, scale.head, GREEN, bold=True, icon=icons.TICK, least=scale.floor))
    items.append(countdown(sheet, screen.until, now, Tone.CALM))
    sheet.stack(column, items, align=0.0)
    return inner


def key_test(sheet: Sheet, stage: Rect, screen: KeyTest) -> None:
    """The sixteen keys as on the matrix; those that were pressed are lit, the last one brightest."""
    scale, words = sheet.scale, sheet.merchant
    x, y, width, height = stage
    head = round(scale.head * 1.6)
    sheet.say((x + scale.gap, y, width - 2 * scale.gap, head), Say(words("trying.keys"), words, scale.head, TEXT, bold=True))
    pressed = {Key.CLEAR if key is Key.CLEAR_ALL else key for key in screen.pressed}
    last = Key.CLEAR if screen.last is Key.CLEAR_ALL else screen.last
    wide, high = width // 4, (height - head) // len(ROWS)
    for row, keys in enumerate(ROWS):
        for column, key in enumerate(keys):
            box = (x + column * wide + 2, y + head + row * high + 2, wide - 4, high - 4)
            lit = key in pressed
            key_cap(sheet, box, GREEN if lit else CAP, pressed=key is last)
            size = min(scale.head, high // 2)
            name = Say(str(key), words, max(scale.floor, size), INK if lit else TEXT, bold=True, most_lines=1, least=scale.floor)
            sheet.say(box, replace(name, icon=icons.TICK) if lit and scale.roomy else name, align=0.5)


def colours(sheet: Sheet, whole: Rect, screen: ColourTest) -> None:
    """The whole canvas in one colour, or a frame at its very edges."""
    scale, words = sheet.scale, sheet.merchant
    ground, ink = _INKS[screen.shows]
    sheet.canvas.fill(whole, ground)
    x, y, width, height = whole
    if screen.shows == "edges":
        sheet.canvas.fill(whole, ink)
        sheet.canvas.fill((x + 1, y + 1, width - 2, height - 2), ground)
        sheet.canvas.fill((x + 4, y + 4, width - 8, height - 8), LINE)
        sheet.canvas.fill((x + 6, y + 6, width - 12, height - 12), ground)
    items: list[Item] = [
        Say(words(f"trying.{screen.shows}"), words, scale.head, ink, bold=True),
        Space(scale.gap * 2),
        Say(words("trying.colours_next"), words, scale.body, ink, least=scale.floor),
        Say(words("trying.colours_back"), words, scale.body, ink, least=scale.floor),
    ]
    sheet.stack((x + width // 8, y + height // 6, width * 3 // 4, height * 2 // 3), items)


_KINDS = {"QRCode": "QR", "Code128": "Code128"}
