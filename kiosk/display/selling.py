"""What is keyed before there is a sale: the amount and what it adds up from, quick amounts, doubts, the shop's number, a tip.

The largest figure is always what would be charged.
"""

from __future__ import annotations

from kiosk.core.events import Key
from kiosk.core.money import Money, figures, in_words
from kiosk.core.screens import AmountHint, Keying, Noting, PaidAlready, QuickAmounts, Tipping, UnusualAmount
from kiosk.core.selling import digit_of
from kiosk.display import icons
from kiosk.display.canvas import Rect
from kiosk.display.frame import CAPS, key_cap
from kiosk.display.sheet import Item, Say, Sheet, Space
from kiosk.display.theme import BLUE, CAP, MUTED, PANEL, TEXT, Colour, Tone
from kiosk.display.voices import amount

_LINES = 4  # amounts of a sum that are shown, the newest
_KEYS = ("123", "456", "789", "0")
Tile = tuple[Key, str, Money | str]
"""A key, what it stands for, and what that comes to, or says."""


def keying(sheet: Sheet, stage: Rect, screen: Keying) -> None:
    """The amount, as large as fits; above it what it is, and what it adds up from; below it why OK did not go on."""
    words = sheet.merchant
    hint = "" if screen.hint is None else words(f"amount_hint.{screen.hint}")
    parts = summed(screen.money, screen.lines, words.language)
    _page(sheet, stage, "keying", screen.money, hint, _limit(sheet, screen), parts)


def paid_already(sheet: Sheet, stage: Rect, screen: PaidAlready) -> None:
    """Is it another customer's."""
    words = sheet.merchant
    _page(sheet, stage, "paid_already", screen.money, words("paid_already.merchant"), words("paid_already.merchant_more"))


def unusual(sheet: Sheet, stage: Rect, screen: UnusualAmount) -> None:
    """Is it not one digit too many."""
    words = sheet.merchant
    more = words("unusual.merchant_more", amount=in_words(screen.usual, words.language))
    _page(sheet, stage, "unusual", screen.money, words("unusual.merchant"), more)


def noting(sheet: Sheet, stage: Rect, screen: Noting) -> None:
    """The number, large; the amount small, as it is not what is keyed here."""
    scale, words = sheet.scale, sheet.merchant
    x, y, width, height = stage
    sheet.canvas.panel(stage, PANEL, scale.radius)
    inner = (x + scale.pad * 2, y + scale.gap, width - scale.pad * 4, height - scale.gap * 2)
    shown = screen.memo or "–"
    items: list[Item] = [
        Say(words("noting.merchant"), words, round(scale.head * 1.2), TEXT, bold=True, icon=icons.KEYPAD, least=scale.floor),
        Space(scale.gap),
        Say(shown, words, round(scale.huge * 0.8), BLUE, bold=True, tight=True, most_lines=1, least=scale.floor),
        Space(scale.gap),
        Say(words("noting.merchant_more"), words, scale.body, MUTED, least=scale.floor),
        Space(scale.gap),
        amount(sheet, screen.money, scale.head, TEXT, MUTED),
    ]
    sheet.stack(inner, items)


def quick(sheet: Sheet, stage: Rect, screen: QuickAmounts) -> list[tuple[Rect, Key]]:
    """What was added so far, and the amounts as tiles where their keys are on a keypad. Returns where a finger is for which."""
    scale, words = sheet.scale, sheet.merchant
    x, y, width, height = stage
    top = round(height * (0.3 if screen.hint is None else 0.36))
    sheet.canvas.panel((x, y, width, top), PANEL, scale.radius)
    inner = (x + scale.pad * 2, y + scale.gap // 2, width - scale.pad * 4, top - scale.gap)
    items: list[Item] = []
    if screen.hint is not None:
        told = " ".join((words(f"amount_hint.{screen.hint}"), _limit(sheet, screen))).strip()
        items.append(Say(told, words, scale.body, Tone.OPEN.value.ground, icon=icons.WARNING, least=scale.floor))
    elif len(screen.lines) > 1:
        parts = summed(screen.money, screen.lines, words.language)
        items.append(Say(parts, words, scale.body, MUTED, most_lines=1, least=scale.floor))
    if screen.lines:
        items.append(amount(sheet, screen.money, round(scale.huge * 0.7), TEXT, MUTED))
    else:
        items.append(Say(words("quick.merchant"), words, scale.head, TEXT, bold=True, icon=icons.KEYPAD, least=scale.floor))
        items.append(Say(words("quick.merchant_more"), words, scale.body, MUTED, least=scale.floor))
    sheet.stack(inner, items)
    offers: list[Tile] = [(key, "", money) for key, money in screen.offers]
    return _tiles(sheet, (x, y + top + scale.gap, width, height - top - scale.gap), offers)


def tipping(sheet: Sheet, stage: Rect, screen: Tipping) -> list[tuple[Rect, Key]]:
    """The customer's, in their language first. Returns where a finger is for which key."""
    scale, words, theirs = sheet.scale, sheet.merchant, sheet.customer
    x, y, width, height = stage
    look = Tone.ACT.value
    top = height if screen.own is not None else round(height * 0.42)
    sheet.canvas.panel((x, y, width, top), look.ground, scale.radius)
    inner = (x + scale.pad * 2, y + scale.gap, width - scale.pad * 4, top - scale.gap * 2)
    head = Say(theirs("tipping.customer"), theirs, round(scale.head * 1.3), look.text, bold=True, least=scale.floor)
    items: list[Item] = [head]
    if words.language != theirs.language:
        items.append(Say(words("tipping.customer"), words, scale.body, look.soft, least=scale.floor))
    goods = in_words(screen.money, words.language)
    if screen.own is None:
        said = theirs("tipping.customer_more", amount=goods)
        items += [Space(scale.gap // 2), Say(said, theirs, scale.body, look.soft, least=scale.floor)]
        sheet.stack(inner, items)
        return _tiles(sheet, (x, y + top + scale.gap, width, height - top - scale.gap), _tips(sheet, screen))
    total = Money(screen.money.amount + screen.own.amount, screen.money.currency)
    adds = f"{goods} + {in_words(screen.own, words.language)} = {in_words(total, words.language)}"
    items += [
        Space(scale.gap),
        amount(sheet, screen.own, round(scale.huge * 0.8), look.text, look.soft),
        Space(scale.gap),
        Say(adds, words, scale.head, look.soft, most_lines=2, least=scale.floor),
    ]
    sheet.stack(inner, items)
    return []


def summed(money: Money, lines: tuple[int, ...], language: str) -> str:
    """What adds up to it, the newest amounts: "... + 3.00 + 4.50"; nothing for one amount, a blank for one not keyed yet."""
    if not lines:
        return ""
    shown = [figures(Money(line, money.currency), language) if line else "_" for line in lines[-_LINES:]]
    return " + ".join(["...", *shown] if len(lines) > _LINES else shown)


def _tips(sheet: Sheet, screen: Tipping) -> list[Tile]:
    """The offers, and one's own on 0."""
    tiles: list[Tile] = []
    for place, (percent, money) in enumerate(screen.offers, 1):
        name = "" if percent is None else f"{percent} %"
        tiles.append((Key(str(place)), name, money))
    return [*tiles, (Key.D0, "", sheet.customer("tipping.customer_own"))]


def _tiles(sheet: Sheet, box: Rect, tiles: list[Tile]) -> list[tuple[Rect, Key]]:
    """As large as they can be, each where its key is: 1 2 3, below it 4 5 6, then 7 8 9 and 0; rows without one are left out."""
    scale = sheet.scale
    by_key = {key: (name, text) for key, name, text in tiles}
    rows = [[Key(digit) for digit in row] for row in _KEYS]
    rows = [row for row in rows if any(key in by_key for key in row)]
    x, y, width, height = box
    gap, found = scale.gap // 2, []
    for place, row in enumerate(rows):
        top, bottom = (y + height * edge // len(rows) for edge in (place, place + 1))
        wide = len(row) if len(row) == 1 or any(key in by_key for key in row[1:]) else 1
        for column, key in enumerate(row[:wide]):
            if key not in by_key:
                continue
            left, right = (x + width * edge // wide for edge in (column, column + 1))
            own = (left + gap, top + gap, right - left - 2 * gap, bottom - top - 2 * gap)
            _tile(sheet, own, key, *by_key[key])
            found.append((own, key))
    return found


def _tile(sheet: Sheet, box: Rect, key: Key, name: str, told: Money | str) -> None:
    scale, words = sheet.scale, sheet.merchant
    x, y, width, height = box
    key_cap(sheet, box, CAP)
    side = min(round(height * 0.6), round(width * 0.24))
    face, ink = CAPS.get(key, (MUTED, PANEL))
    cap = (x + scale.gap, y + (height - side) // 2, side, side)
    sheet.canvas.panel(cap, face, max(3, scale.radius // 3))
    sheet.say(cap, Say(str(digit_of(key)), words, round(side * 0.7), ink, bold=True, tight=True, most_lines=1), align=0.5)
    inner = (x + side + scale.gap * 2, y + 2, width - side - scale.gap * 3, height - 4 - max(2, height // 12))
    items: list[Item] = [Say(name, words, scale.head, TEXT, bold=True, most_lines=1, least=scale.floor)] if name else []
    colour: Colour = MUTED if name else TEXT
    text = in_words(told, words.language) if isinstance(told, Money) else told
    if isinstance(told, Money) and sheet.width(Say(text, sheet.customer, scale.floor, colour, bold=not name)) > inner[2]:
        text = figures(told, words.language)  # the sum beside it names the currency
    items.append(Say(text, sheet.customer, scale.head, colour, bold=not name, most_lines=2, least=scale.floor))
    sheet.stack(inner, items)


def _page(sheet: Sheet, stage: Rect, name: str, money: Money, hint: str, more: str = "", adds: str = "") -> None:
    """A label in both languages, the amount as large as fits, and a hint or what to do."""
    scale, words, theirs = sheet.scale, sheet.merchant, sheet.customer
    x, y, width, height = stage
    label = round(scale.head * 1.5)
    below = round(height * (0.27 if scale.side else 0.36)) if hint else label
    sheet.canvas.panel((x, y, width, height - below - scale.gap), PANEL, scale.radius)
    inner = (x + scale.pad * 2, y + scale.gap, width - scale.pad * 4)
    half = (inner[2] - scale.gap) // 2
    soft = Say(theirs(f"{name}.customer"), theirs, scale.head, TEXT, most_lines=1, least=scale.floor)
    sheet.say((inner[0], inner[1], half, label), soft)
    if words.language != theirs.language:
        own = Say(words(f"{name}.customer"), words, scale.head, MUTED, most_lines=1, least=scale.floor)
        sheet.say((inner[0] + half + scale.gap, inner[1], half, label), own, align=1.0)
    middle = (inner[0], inner[1] + label, inner[2], height - below - scale.gap * 2 - label)
    items: list[Item] = [amount(sheet, money, scale.huge, TEXT, MUTED)]
    if adds:
        items = [Say(adds, words, round(scale.head * 1.1), BLUE, most_lines=1, least=scale.floor), Space(scale.gap // 2), *items]
    sheet.stack(middle, items)
    under = (x, y + height - below, width, below)
    if hint:
        _hint(sheet, under, hint, more)
    else:
        sheet.say(under, Say(words("keying.merchant"), words, scale.body, MUTED, icon=icons.KEYPAD), align=0.5)


def _limit(sheet: Sheet, screen: Keying | QuickAmounts) -> str:
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
