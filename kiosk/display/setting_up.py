"""The screens of the set-up: lists, the camera's view, what is keyed, a QR for a phone, what came of it. For one reader.

Whoever stands here has unpacked a box and may have sixteen keys: one thing at a time, and the key for it beside it.
"""

from __future__ import annotations

from typing import assert_never

from kiosk.core.setup_screens import (
    GOOD,
    STEPS,
    Line,
    Question,
    SetupBusy,
    SetupChoice,
    SetupEntry,
    SetupInvite,
    SetupLook,
    SetupScreen,
    SetupTold,
    Told,
    Typing,
)
from kiosk.display import icons
from kiosk.display.canvas import Rect
from kiosk.display.codes import camera_room, qr_beside
from kiosk.display.frame import key_cap
from kiosk.display.qr import modules
from kiosk.display.sheet import Dots, Draw, Item, Say, Sheet, Space
from kiosk.display.theme import AMBER, CAP, LINE, MUTED, PANEL, TEXT, Tone
from kiosk.display.words import words_of


def draw(sheet: Sheet, stage: Rect, screen: SetupScreen, now: int) -> Rect | None:
    """Draw the screen. Returns where the camera's picture belongs, if anywhere."""
    match screen:
        case SetupChoice():
            choice(sheet, stage, screen)
        case SetupLook():
            return look(sheet, stage, screen)
        case SetupEntry():
            entry(sheet, stage, screen)
        case SetupBusy():
            busy(sheet, stage, screen, now)
        case SetupInvite():
            invite(sheet, stage, screen)
        case SetupTold():
            told(sheet, stage, screen)
        case _:
            assert_never(screen)
    return None


def choice(sheet: Sheet, stage: Rect, screen: SetupChoice) -> None:
    """The question, and below it one row for each answer with its digit."""
    scale, words = sheet.scale, sheet.merchant
    more = words(f"setup.ask.{screen.question}_more") if screen.question is not Question.LANGUAGE else ""
    if screen.missing:
        items = [words(f"setup.item.{name.replace('.', '_')}") for name in screen.missing]
        more = words("setup.missing", items=", ".join(items))
    x, top, width, height = _head(
        sheet, stage, screen.step, words(f"setup.ask.{screen.question}"), more, alert=bool(screen.missing)
    )
    rows = 6 if len(screen.lines) > 4 else 4  # noqa: PLR2004  a short list gets higher rows
    row = min(height // rows, round(scale.body * 3))
    for place, line in enumerate(screen.lines):
        _row(sheet, (x, top + place * row, width, row - max(2, scale.gap // 3)), place + 1, line)


def _row(sheet: Sheet, box: Rect, digit: int, line: Line) -> None:
    """One answer: its digit as a key, its words, and what stands beside them."""
    scale, words = sheet.scale, sheet.merchant
    x, y, width, height = box
    sheet.canvas.panel(box, PANEL, scale.radius // 2)
    side = min(height - 4, round(scale.body * 2))
    cap = (x + 4, y + (height - side) // 2, side, side)
    key_cap(sheet, cap, CAP)
    sheet.say(
        cap,
        Say(str(digit), words, min(scale.body, side * 2 // 3), TEXT, bold=True, tight=True, most_lines=1, least=scale.floor),
        align=0.5,
    )
    own = words_of(line.language) if line.language is not None else words
    text = words(f"setup.{line.word}") if line.word else line.text
    beside = Say(line.beside, words, scale.small, MUTED, most_lines=1, least=scale.floor)
    taken = sheet.width(beside) + scale.pad if line.beside else 0
    left = x + side + 4 + scale.pad
    room = x + width - left - taken - scale.gap
    sheet.say(
        (left, y, room, height), Say(text, own, scale.body, TEXT, bold=line.language is not None, most_lines=2, least=scale.floor)
    )
    if line.beside:
        sheet.say((left + room, y, taken, height), beside, align=1.0)


def look(sheet: Sheet, stage: Rect, screen: SetupLook) -> Rect:
    """Camera at the left, what to hold before it at the right. Returns where the camera's picture belongs."""
    scale, words = sheet.scale, sheet.merchant
    inner, column = camera_room(sheet, stage, [Draw(icons.QR, round(scale.icon * 1.2), MUTED)])
    items: list[Item] = [
        Say(words(f"setup.look.{screen.looking}"), words, round(scale.head * 1.1), TEXT, bold=True, least=scale.floor),
        Space(scale.gap),
        Say(words(f"setup.look.{screen.looking}_more"), words, scale.body, MUTED, least=scale.floor),
    ]
    if screen.of:
        count = words("setup.look.count", got=screen.got, of=screen.of)
        items += [
            Space(scale.gap * 2),
            Say(count, words, scale.head, TEXT, bold=True, icon=icons.QR, least=scale.floor, most_lines=1),
        ]
    if screen.blind:
        blind = Say(words("setup.look.blind"), words, scale.body, AMBER, icon=icons.WARNING, least=scale.floor)
        items = [items[0], Space(scale.gap), blind]
    sheet.stack(column, items, align=0.0)
    return inner


def entry(sheet: Sheet, stage: Rect, screen: SetupEntry) -> None:
    """What is keyed, as large as fits, and how."""
    scale, words = sheet.scale, sheet.merchant
    name = f"setup.type.{screen.typing}"
    about = _short(screen.about, 24)
    x, top, width, height = _head(sheet, stage, screen.step, words(name, about=about, count=screen.length), "")
    field = round(height * 0.4)
    sheet.canvas.panel((x, top, width, field), PANEL, scale.radius)
    shown = screen.shown
    if screen.typing is Typing.WIFI_PASSWORD:
        shown = _end(shown, 20)
    text = Say(f"{shown}_", words, scale.title, TEXT, bold=True, tight=True, most_lines=1, least=scale.floor)
    sheet.say((x + scale.pad, top, width - 2 * scale.pad, field), text, align=0.5)
    helped = Say(words(f"{name}_more"), words, scale.body, MUTED, icon=icons.KEYPAD, least=scale.floor)
    sheet.stack((x, top + field + scale.gap, width, height - field - scale.gap), [helped], align=0.0)


def busy(sheet: Sheet, stage: Rect, screen: SetupBusy, now: int) -> None:
    """Something goes on."""
    scale, words, look_of = sheet.scale, sheet.merchant, Tone.CALM.value
    sheet.canvas.panel(stage, look_of.ground, scale.radius)
    text = words(f"setup.doing.{screen.doing}", about=_short(screen.about, 24))
    items: list[Item] = [
        Draw(icons.HOURGLASS, scale.icon, look_of.mark),
        Space(scale.gap * 2),
        Say(text, words, scale.head, look_of.text, bold=True, least=scale.floor),
        Space(scale.gap),
        Dots(max(7, scale.head // 3), look_of.text, LINE, now // 1000),
    ]
    sheet.stack(_inside(sheet, stage), items)


def invite(sheet: Sheet, stage: Rect, screen: SetupInvite) -> None:
    """The QR at the left, and at the right what it says, for whoever types it; without a QR words alone."""
    scale, words = sheet.scale, sheet.merchant
    name = f"setup.invite.{screen.inviting}"
    waiting = screen.inviting == "page" and not screen.code
    more = words("setup.invite.page_waiting" if waiting else f"{name}_more")
    items: list[Item] = [
        Say(words(name), words, scale.head, TEXT, bold=True, least=scale.floor),
        Space(scale.gap // 2),
        Say(more, words, scale.body, MUTED, least=scale.floor),
    ]
    for fact, value in screen.facts:
        size = scale.small if fact == "fingerprint" else scale.body
        label = Say(words(f"setup.fact.{fact}"), words, scale.small, MUTED, most_lines=1, least=scale.floor)
        named = scale.roomy or fact != "address"  # an address tells what it is
        items += [
            Space(scale.gap if scale.roomy else 1),
            *([label] if named else []),
            Say(_grouped(fact, value), words, size, TEXT, bold=fact != "fingerprint", least=scale.floor),
        ]
    column = stage
    if screen.code:
        column = _code(sheet, stage, screen.code)
    else:
        sheet.canvas.panel(stage, PANEL, scale.radius)
        column = _inside(sheet, stage)
    sheet.stack(column, items, align=0.0)


def told(sheet: Sheet, stage: Rect, screen: SetupTold) -> None:
    """What came of it, the remedy, and exactly what was wrong."""
    scale, words = sheet.scale, sheet.merchant
    good = screen.told in GOOD
    look_of = (Tone.GOOD if good else Tone.OPEN).value
    sheet.canvas.panel(stage, look_of.ground, scale.radius)
    icon = icons.TICK if good else icons.WARNING
    items: list[Item] = [
        Say(words(f"setup.told.{screen.told}"), words, scale.head, look_of.text, bold=True, least=scale.floor),
        Space(scale.gap),
        Say(words(f"setup.told.{screen.told}_more"), words, scale.body, look_of.text, least=scale.floor),
    ]
    if screen.about:
        size = scale.head if screen.told is Told.READY else scale.small
        items += [Space(scale.gap), Say(_short(screen.about, 80), words, size, look_of.soft, least=scale.floor)]
    if screen.detail:
        items += [Space(scale.gap), Say(" ".join(screen.detail.split()), words, scale.small, look_of.soft, least=scale.floor)]
    x, y, width, height = _inside(sheet, stage)
    side = round(scale.icon * 0.7)
    if width > height * 1.2:
        sheet.canvas.icon(icon, (x, y, side, height), look_of.mark)
        sheet.stack((x + side + scale.pad, y, width - side - scale.pad, height), items, align=0.0)
    else:
        sheet.stack((x, y, width, height), [Draw(icon, side, look_of.mark), Space(scale.gap), *items])


def _head(sheet: Sheet, stage: Rect, step: int, heading: str, more: str, *, alert: bool = False) -> Rect:
    """Which step it is, and a heading; where the rest belongs is returned."""
    scale, words = sheet.scale, sheet.merchant
    x, y, width, height = stage
    row = round(scale.head * (1.6 if words.language == "th" else 1.45))
    count = words("setup.step", step=step, steps=STEPS) if scale.roomy else f"{step}/{STEPS}"
    steps = Say(count, words, scale.small, MUTED, most_lines=1, least=scale.floor)
    own = sheet.width(steps) + scale.gap
    sheet.say((x + width - own, y, own, row), steps, align=1.0)
    sheet.say(
        (x, y, width - own - scale.gap, row), Say(heading, words, scale.head, TEXT, bold=True, most_lines=1, least=scale.floor)
    )
    if not more or not (scale.roomy or alert):
        return x, y + row, width, height - row
    second = round(scale.body * (1.7 if words.language == "th" else 1.5))
    sheet.say(
        (x, y + row, width, second), Say(more, words, scale.body, AMBER if alert else MUTED, most_lines=1, least=scale.floor)
    )
    return x, y + row + second, width, height - row - second


def _code(sheet: Sheet, stage: Rect, text: str) -> Rect:
    """Draw the QR; returns the room beside it, or below it on an upright screen."""
    _, _, width, height = stage
    room = min(width, round(height * 0.5)) if height > width else min(height, round(width * 0.5))
    return qr_beside(sheet, stage, modules(text), room)


def _inside(sheet: Sheet, box: Rect) -> Rect:
    pad = sheet.scale.pad
    return box[0] + pad, box[1] + pad, box[2] - 2 * pad, box[3] - 2 * pad


def _short(text: str, most: int) -> str:
    """A name of any length, cut to fit."""
    return text if len(text) <= most else f"{text[: most - 1]}…"


def _end(text: str, most: int) -> str:
    """The end of what is keyed."""
    return text if len(text) <= most else f"…{text[1 - most :]}"


def _grouped(fact: str, value: str) -> str:
    """In groups of four what is compared or typed digit by digit; an address may be broken where it has a joint."""
    if fact in {"fingerprint", "code"}:
        return " ".join(value[place : place + 4] for place in range(0, len(value), 4))
    return value.replace("/", "/|").replace("/|/|", "//|") if fact == "address" else value
