"""The merchant's screens: nobody in front, keying an amount, out of order."""

from __future__ import annotations

from kiosk.core.expiry import Expiring
from kiosk.core.money import in_words
from kiosk.core.screens import AmountHint, Idle, Keying, Network, OutOfOrder, Signs, UpdateEnd
from kiosk.display import icons
from kiosk.display.canvas import Rect
from kiosk.display.cards import card
from kiosk.display.frame import wall_day
from kiosk.display.sheet import Draw, Item, Say, Sheet, Space
from kiosk.display.theme import AMBER, BLUE, GREEN, MUTED, PANEL, RED, TEXT, Tone
from kiosk.display.voices import Sign, Voice, amount, halves, icon_beside, merchant_panel, two_voices, with_printer


def idle(sheet: Sheet, stage: Rect, screen: Idle, signs: Signs) -> None:
    """The shop's name and a welcome; beside it what the merchant can do, or why nothing can be sold."""
    scale, words = sheet.scale, sheet.merchant
    ready = signs.network is Network.ONLINE and signs.clock_known
    left, right = halves(sheet, stage)
    sheet.canvas.panel(left, PANEL, scale.radius)
    welcome(sheet, left, screen.shop, ready=ready, selling=ready or signs.network is Network.CONNECTING)
    if screen.news is not None:
        end = screen.news.end
        voice = Voice(words(f"news.{end}", version=screen.news.version), words(f"news.{end}_more"))
        done = end is UpdateEnd.WELL
        merchant_panel(sheet, right, voice, sign=Sign(icons.TICK, GREEN) if done else Sign(icons.WARNING, AMBER))
        return
    if ready:
        voice, sign = Voice(words("idle.merchant"), words("idle.merchant_more")), Sign(icons.KEYPAD, BLUE)
        if signs.expiring is not None:
            voice, sign = _ends(sheet, voice, sign, signs.expiring)
        merchant_panel(sheet, right, with_printer(sheet, voice, signs.printer), sign=sign)
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


def _ends(sheet: Sheet, voice: Voice, sign: Sign, soon: Expiring) -> tuple[Voice, Sign]:
    """What runs out, when, and what to do: below what the merchant can do now, and in the last week instead of it."""
    words = sheet.merchant
    key = f"expiry.{soon.what}_over" if soon.over else f"expiry.{soon.what}"
    when = words(key, date=wall_day(soon.at), days=soon.days)
    remedy = words(f"remedy.{soon.what}_certificate")
    if soon.loud:
        further = voice.first if sheet.scale.roomy else ""
        return Voice(when, remedy, further, icons.KEYPAD), Sign(icons.WARNING, RED)
    # The smallest screen has no room for the remedy: it stands at the check-up.
    return Voice(voice.first, "", f"{when} {remedy}" if sheet.scale.roomy else when, icons.CALENDAR), sign


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


def out_of_order(sheet: Sheet, stage: Rect, screen: OutOfOrder) -> None:
    """The customer is sent elsewhere politely; the merchant reads what is wrong and what to do."""
    voice = Voice(sheet.merchant("out_of_order.merchant"), screen.problem)
    two_voices(sheet, stage, card(sheet, screen), voice, sign=Sign(icons.WARNING, AMBER))
