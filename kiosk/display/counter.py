"""The merchant's screens: nobody in front, keying an amount, the last orders, out of order."""

from __future__ import annotations

from typing import assert_never

from kiosk.core.model import OrderState, Tender
from kiosk.core.money import in_words
from kiosk.core.screens import AmountHint, Idle, Keying, Menu, MenuLine, Network, OutOfOrder, Signs
from kiosk.display import icons
from kiosk.display.canvas import Rect
from kiosk.display.cards import card
from kiosk.display.frame import wall_time
from kiosk.display.icons import Icon
from kiosk.display.sheet import Draw, Item, Say, Sheet, Space
from kiosk.display.theme import AMBER, BLUE, GREEN, MUTED, PANEL, RED, TEXT, Colour, Tone
from kiosk.display.voices import Sign, Voice, amount, halves, icon_beside, merchant_panel, two_voices, with_printer


def idle(sheet: Sheet, stage: Rect, screen: Idle, signs: Signs) -> None:
    """The shop's name and a welcome; beside it what the merchant can do, or why nothing can be sold."""
    scale, words = sheet.scale, sheet.merchant
    ready = signs.network is Network.ONLINE and signs.clock_known
    left, right = halves(sheet, stage)
    sheet.canvas.panel(left, PANEL, scale.radius)
    welcome(sheet, left, screen.shop, ready=ready, selling=ready or signs.network is Network.CONNECTING)
    if ready:
        voice = with_printer(sheet, Voice(words("idle.merchant"), words("idle.merchant_more")), signs.printer)
        merchant_panel(sheet, right, voice, sign=Sign(icons.KEYPAD, BLUE))
        return
    if signs.clock_doubted:
        state = "clock_"
    elif signs.network is Network.OFFLINE:
        state = "offline_"
    elif signs.network is Network.CONNECTING:
        state = "connecting_"
    else:
        state = "clock_"
    waiting = words("idle.waiting", count=signs.unresolved) if signs.unresolved and scale.roomy else ""  # else: above
    voice = Voice(words(f"idle.{state}merchant"), words(f"idle.{state}merchant_more"), waiting, icons.HOURGLASS)
    merchant_panel(
        sheet, right, voice, sign=Sign(icons.WARNING, AMBER) if state != "connecting_" else Sign(icons.CONNECTING, AMBER)
    )


def welcome(sheet: Sheet, box: Rect, shop: str, *, ready: bool, selling: bool) -> None:
    """The customer's part of the idle screen. `ready`: the sign is green; `selling` False: they are sent to the counter."""
    scale, words, theirs = sheet.scale, sheet.merchant, sheet.customer
    name = "idle.customer" if selling else "idle.closed_customer"
    items: list[Item] = [
        Say(shop, words, scale.title, TEXT, bold=True, most_lines=2),
        Space(scale.gap * 2),
        Draw(icons.PHONE_CODE, scale.icon, GREEN if ready else MUTED),
        Space(scale.gap * 2),
        Say(theirs(name), theirs, round(scale.head * 1.2), TEXT, bold=True, least=scale.body),
        Say(theirs(f"{name}_more"), theirs, scale.body, MUTED),
    ]
    x, y, width, height = box
    if not icon_beside(sheet, box):
        sheet.stack((x + scale.pad, y + scale.pad, width - 2 * scale.pad, height - 2 * scale.pad), items)
        return
    room = scale.icon + scale.pad * 2
    sheet.canvas.icon(icons.PHONE_CODE, (x + scale.pad, y, scale.icon, height), GREEN if ready else MUTED)
    text = [item for item in items if not isinstance(item, Draw | Space)]
    inner = (x + scale.pad + room, y + scale.pad, width - 2 * scale.pad - room, height - 2 * scale.pad)
    sheet.stack(inner, [text[0], Space(scale.gap), *text[1:]], align=0.0)


def keying(sheet: Sheet, stage: Rect, screen: Keying) -> None:
    """The amount, as large as fits; above it what it is, in both languages; below it why OK did not go on."""
    scale, words, theirs = sheet.scale, sheet.merchant, sheet.customer
    x, y, width, height = stage
    label = round(scale.head * 1.5)
    hint = round(height * (0.27 if scale.side else 0.36)) if screen.hint is not None else label
    sheet.canvas.panel((x, y, width, height - hint - scale.gap), PANEL, scale.radius)
    inner = (x + scale.pad * 2, y + scale.gap, width - scale.pad * 4)
    half = (inner[2] - scale.gap) // 2
    soft = Say(theirs("keying.customer"), theirs, scale.head, TEXT, most_lines=1, least=scale.floor)
    sheet.say((inner[0], inner[1], half, label), soft)
    if words.language != theirs.language:
        own = Say(words("keying.customer"), words, scale.head, MUTED, most_lines=1, least=scale.floor)
        sheet.say((inner[0] + half + scale.gap, inner[1], half, label), own, align=1.0)
    middle = (inner[0], inner[1] + label, inner[2], height - hint - scale.gap * 2 - label)
    sheet.stack(middle, [amount(sheet, screen.money, scale.huge, TEXT, MUTED)])
    below = (x, y + height - hint, width, hint)
    if screen.hint is None:
        sheet.say(below, Say(words("keying.merchant"), words, scale.body, MUTED, icon=icons.KEYPAD), align=0.5)
        return
    _hint(sheet, below, words(f"amount_hint.{screen.hint}"), _limit(sheet, screen))


def _limit(sheet: Sheet, screen: Keying) -> str:
    if screen.hint is not AmountHint.TOO_LARGE or screen.limit is None:
        return ""
    return sheet.merchant("keying.limit", amount=in_words(screen.limit, sheet.merchant.language))


def _hint(sheet: Sheet, box: Rect, text: str, more: str) -> None:
    scale, look = sheet.scale, Tone.OPEN.value
    x, y, width, height = box
    sheet.canvas.panel(box, look.ground, scale.radius)
    icon = min(round(scale.head * 1.5), height - scale.gap)
    sheet.canvas.icon(icons.WARNING, (x + scale.pad, y, icon, height), look.mark)
    room = icon + scale.pad
    inner = (x + scale.pad + room, y + scale.gap // 2, width - 2 * scale.pad - room, height - scale.gap)
    items: list[Item] = [Say(text, sheet.merchant, round(scale.body * 1.15), look.text, bold=True, least=scale.floor)]
    if more:
        items.append(Say(more, sheet.merchant, scale.body, look.soft, least=scale.floor))
    sheet.stack(inner, items, align=0.0)


def menu(sheet: Sheet, stage: Rect, screen: Menu) -> None:
    """The last orders, newest first, as many as fit: time, amount, how, what became of it, number."""
    scale, words = sheet.scale, sheet.merchant
    x, y, width, height = stage
    head = round(scale.head * 1.45)
    sheet.say((x + scale.gap, y, width - 2 * scale.gap, head), Say(words("menu.title"), words, scale.head, TEXT, bold=True))
    if not screen.lines:
        sheet.stack(
            (x, y + head, width, height - head),
            [Draw(icons.KEYPAD, scale.icon, MUTED), Space(scale.gap), Say(words("menu.empty"), words, scale.head, MUTED)],
        )
        return
    fit = (height - head) // round(scale.body * 1.85)
    row = (height - head) // fit
    for place, line in enumerate(screen.lines[:fit]):
        order_row(sheet, (x, y + head + place * row, width, row - 3), line)


def order_row(sheet: Sheet, box: Rect, line: MenuLine) -> None:
    """One order: time, amount, how, what became of it, and where there is room the end of its number."""
    scale, words = sheet.scale, sheet.merchant
    x, y, width, height = box
    sheet.canvas.panel(box, PANEL, scale.radius // 2)
    icon, colour = _sign_of(line.state)
    time = Say(wall_time(line.opened_at), words, scale.small, MUTED, most_lines=1, least=scale.floor)
    money = Say(in_words(line.money, words.language), words, scale.body, TEXT, bold=True, most_lines=1, least=scale.floor)
    state = Say(words(f"state.{line.state}"), words, scale.body, colour, icon=icon, most_lines=1, least=scale.floor)
    how = icons.SCAN if line.tender is Tender.QUICK_PAY else icons.QR
    tail = Say(f"...{line.tail}", words, scale.small, MUTED, most_lines=1, least=scale.floor)
    columns = (0.13, 0.28, 0.07, 0.35, 0.17) if scale.roomy else (0.16, 0.32, 0.08, 0.44, 0.0)
    left = x + scale.pad
    room = width - 2 * scale.pad
    edges = [left + round(room * sum(columns[:place])) for place in range(len(columns) + 1)]
    cells = [(edges[place], y, edges[place + 1] - edges[place], height) for place in range(len(columns))]
    sheet.say(cells[0], time)
    sheet.say((*cells[1][:2], cells[1][2] - scale.pad, height), money, align=1.0)
    sheet.canvas.icon(how, (cells[2][0], y + height // 4, scale.body, height // 2), MUTED)
    sheet.say(cells[3], state)
    if columns[4]:
        sheet.say(cells[4], tail, align=1.0)


def _sign_of(state: OrderState) -> tuple[Icon, Colour]:
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


def out_of_order(sheet: Sheet, stage: Rect, screen: OutOfOrder) -> None:
    """The customer is sent elsewhere politely; the merchant reads what is wrong and what to do."""
    voice = Voice(sheet.merchant("out_of_order.merchant"), screen.problem)
    two_voices(sheet, stage, card(sheet, screen), voice, sign=Sign(icons.WARNING, AMBER))
