"""The two voices of a screen: a card that speaks to the customer, large, and a panel that speaks to the merchant.

Side by side where the screen is wide enough, otherwise one above the other. Knows no single screen.
"""

from __future__ import annotations

from dataclasses import dataclass, field, replace

from kiosk.core.money import Money, in_words
from kiosk.core.slips import PrinterTrouble
from kiosk.display import icons
from kiosk.display.canvas import Rect
from kiosk.display.icons import Icon
from kiosk.display.sheet import Draw, Item, Say, Sheet, Space
from kiosk.display.theme import AMBER, MUTED, PANEL, TEXT, Colour, Tone

_LINES = 8  # so many headings high a panel has room for its icons above the words
_FEW_LINES = 4.5  # or for a heading of two lines
_HIGH = 0.75  # of its width: a box that has room for a large icon above the words


@dataclass(frozen=True, slots=True)
class Voice:
    """What is said to one of the two: `first` in a few words, `more` in a sentence. `further` follows with its own sign."""

    first: str
    more: str = ""
    further: str = ""
    further_icon: Icon = icons.BACK_ARROW


@dataclass(frozen=True, slots=True)
class Sign:
    """A small icon that marks what is said to the merchant."""

    icon: Icon
    colour: Colour


@dataclass(frozen=True, slots=True)
class Card:
    """The customer's half: a mood, a sign, words, the amount and what stands below it."""

    tone: Tone
    icon: Icon
    voice: Voice
    money: Money | None = None
    below: list[Item] = field(default_factory=list)


def halves(sheet: Sheet, stage: Rect) -> tuple[Rect, Rect]:
    """Where the customer's card and the merchant's panel stand."""
    scale = sheet.scale
    x, y, width, height = stage
    if scale.side:
        left = round((width - scale.gap) * 0.62)
        return (x, y, left, height), (x + left + scale.gap, y, width - left - scale.gap, height)
    top = round((height - scale.gap) * 0.63)
    return (x, y, width, top), (x, y + top + scale.gap, width, height - top - scale.gap)


def icon_beside(sheet: Sheet, box: Rect) -> bool:
    """Whether a large icon stands beside the words rather than above them: the box is low, or everything is small."""
    return not sheet.scale.side and box[3] < box[2] * _HIGH


def amount(sheet: Sheet, money: Money, size: int, colour: Colour, soft: Colour, *, terse: bool = False) -> Say:
    """A sum as the merchant's language writes it, with the currency's code, as one ¥ may be yen or yuan.

    `terse`: without the code where the sign itself names the currency, as HK$ does.
    """
    text = in_words(money, sheet.merchant.language)
    plain = terse and any(char.isalpha() for char in text)
    code = "" if plain or money.currency in text else money.currency
    least = sheet.scale.floor
    return Say(
        text, sheet.merchant, size, colour, bold=True, least=least, tight=True, most_lines=1, after=code, after_colour=soft
    )


def two_voices(sheet: Sheet, stage: Rect, card: Card, merchant: Voice, *, tail: str = "", sign: Sign | None = None) -> None:
    """A card for the customer, a panel for the merchant. `tail`: the order's last characters; `sign`: the panel's own."""
    left, right = halves(sheet, stage)
    customer_card(sheet, left, card)
    merchant_panel(sheet, right, merchant, tail=tail, sign=sign)


def customer_card(sheet: Sheet, box: Rect, card: Card) -> None:
    """Icon and words in the middle, one above the other; in a low box the icon stands beside them."""
    scale, look = sheet.scale, card.tone.value
    sheet.canvas.panel(box, look.ground, scale.radius)
    x, y, width, height = box
    inner = (x + scale.pad, y + scale.pad, width - 2 * scale.pad, height - 2 * scale.pad)
    beside = icon_beside(sheet, box)
    items: list[Item] = [] if beside else [Draw(card.icon, scale.icon, look.mark), Space(scale.gap)]
    items.append(Say(card.voice.first, sheet.customer, scale.title, look.text, bold=True))
    if card.money is not None:
        size = round(scale.title * 1.12)
        items += [Space(scale.gap // 2), amount(sheet, card.money, size, look.text, look.soft), Space(scale.gap // 2)]
    if card.voice.more:
        items.append(Say(card.voice.more, sheet.customer, scale.head if scale.roomy else scale.body, look.soft))
    if card.voice.further:
        items.append(Say(card.voice.further, sheet.customer, scale.body, look.text, bold=True, icon=icons.BACK_ARROW))
    items += card.below
    if beside:
        sheet.canvas.icon(card.icon, (inner[0], inner[1], scale.icon, inner[3]), look.mark)
        room = scale.icon + scale.pad * 2
        sheet.stack((inner[0] + room, inner[1], inner[2] - room, inner[3]), items, align=0.0)
    else:
        sheet.stack(inner, items)


def merchant_panel(sheet: Sheet, box: Rect, voice: Voice, *, tail: str = "", sign: Sign | None = None) -> None:
    """A shop (to whom this is said) and a sign, a heading and a sentence; the order's tail at the end."""
    scale, words = sheet.scale, sheet.merchant
    sheet.canvas.panel(box, PANEL, scale.radius)
    x, y, width, height = box
    inner = (x + scale.pad, y + scale.gap, width - 2 * scale.pad, height - 2 * scale.gap)
    shop = round(scale.head * 1.1)
    heading = Say(voice.first, words, scale.head, TEXT, bold=True, least=scale.floor)
    said: list[Item] = [heading]
    if voice.more:
        said += [Space(scale.gap // 2), Say(voice.more, words, scale.body, MUTED, least=scale.floor)]
    if voice.further:
        said += [Space(scale.gap // 2), Say(voice.further, words, scale.body, AMBER, icon=voice.further_icon, least=scale.floor)]
    number = Say(words("order.tail", tail=tail), words, scale.small, MUTED, most_lines=1, least=scale.floor)
    if scale.side or height >= scale.head * _LINES:
        foot = round(scale.small * 1.5) if tail else 0
        if tail:
            sheet.say((inner[0], y + height - scale.pad - foot, inner[2], foot), number)
        sheet.canvas.icon(icons.SHOP, (inner[0], y + scale.pad, shop, shop), MUTED)
        if sign is not None:
            sheet.canvas.icon(sign.icon, (x + width - scale.pad - shop, y + scale.pad, shop, shop), sign.colour)
        top = y + scale.pad + shop + scale.gap
        sheet.stack((inner[0], top, inner[2], y + height - scale.pad - foot - top), said, align=0.0, valign=0.0)
        return
    sheet.canvas.icon(icons.SHOP, (inner[0], inner[1], shop, inner[3] // 2 if sign else inner[3]), MUTED)
    if sign is not None:
        sheet.canvas.icon(sign.icon, (inner[0], inner[1] + inner[3] // 2, shop, inner[3] // 2), sign.colour)
    room = shop + scale.pad
    text = (inner[0] + room, inner[1], inner[2] - room, inner[3])
    if not tail:
        sheet.stack(text, said, align=0.0)
        return
    short = number if scale.roomy else replace(number, text=f"...{tail}")
    own = sheet.width(short) + 2
    if sheet.width(heading) > text[2] - own - scale.gap and height >= scale.head * _FEW_LINES:
        foot = round(scale.small * 1.5)
        sheet.say((text[0], text[1] + text[3] - foot, text[2], foot), number, align=1.0)
        sheet.stack((*text[:3], text[3] - foot), said, align=0.0)
        return
    row = round(scale.head * (1.5 if words.language == "th" else 1.32))
    sheet.say((text[0] + text[2] - own, text[1], own, row), short, align=1.0)
    sheet.say((text[0], text[1], text[2] - own - scale.gap, row), replace(heading, most_lines=1))
    sheet.stack((text[0], text[1] + row, text[2], text[3] - row), said[1:], align=0.0, valign=0.2)


def with_printer(sheet: Sheet, voice: Voice, printer: PrinterTrouble | None) -> Voice:
    """What is said to the merchant, and why no receipt comes out, if it is so. A small screen has room for one of the two."""
    if printer is None:
        return voice
    more = voice.more if sheet.scale.roomy else ""
    return replace(voice, more=more, further=sheet.merchant(f"printer.{printer}"), further_icon=icons.PRINTER)
