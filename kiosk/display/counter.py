"""The merchant's screens: nobody in front, out of order."""

from __future__ import annotations

from kiosk.core.cldr import day_in_words
from kiosk.core.expiry import Expiring
from kiosk.core.screens import Idle, Network, OutOfOrder, Signs, UpdateEnd
from kiosk.display import icons
from kiosk.display.canvas import Rect
from kiosk.display.cards import card
from kiosk.display.frame import wall_day
from kiosk.display.sheet import Draw, Item, Say, Sheet, Space
from kiosk.display.theme import AMBER, BLUE, GREEN, MUTED, PANEL, RED, TEXT
from kiosk.display.voices import Sign, Voice, halves, icon_beside, merchant_panel, two_voices, with_printer


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
    when = words(key, date=day_in_words(wall_day(soon.at), words.language), days=soon.days)
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


def out_of_order(sheet: Sheet, stage: Rect, screen: OutOfOrder) -> None:
    """The customer is sent elsewhere politely; the merchant reads what is wrong and what to do."""
    voice = Voice(sheet.merchant("out_of_order.merchant"), screen.problem)
    two_voices(sheet, stage, card(sheet, screen), voice, sign=Sign(icons.WARNING, AMBER))
