"""Screens on which people wait or learn what happened: each a card for the customer and a panel for the merchant.

Only which words, which sign and which mood; places and sizes are voices.py's.
"""

from __future__ import annotations

from kiosk.core.money import in_words
from kiosk.core.screens import (
    AttentionScreen,
    CancelledScreen,
    Cancelling,
    Charging,
    DeclinedScreen,
    PaidScreen,
    Password,
    Placing,
    SameCustomer,
    Starting,
    Unresolved,
    Updating,
)
from kiosk.core.slips import PrinterTrouble
from kiosk.display import icons
from kiosk.display.canvas import Rect
from kiosk.display.sheet import Dots, Item, Say, Sheet, Space
from kiosk.display.theme import AMBER, BLUE, GREEN, MUTED, RED, Tone
from kiosk.display.voices import Card, Sign, Voice, two_voices, with_printer


def starting(sheet: Sheet, stage: Rect, _: Starting, now: int) -> None:
    """Contact with WeChat is being made."""
    card = Card(Tone.CALM, icons.PHONE_CODE, _customer(sheet, "starting"), below=_dots(sheet, Tone.CALM, now))
    two_voices(sheet, stage, card, _merchant(sheet, "starting"))


def updating(sheet: Sheet, stage: Rect, _: Updating, now: int) -> None:
    """The kiosk's program is being renewed."""
    card = Card(Tone.CALM, icons.HOURGLASS, _customer(sheet, "updating"), below=_dots(sheet, Tone.CALM, now))
    two_voices(sheet, stage, card, _merchant(sheet, "updating"))


def same_customer(sheet: Sheet, stage: Rect, screen: SameCustomer) -> None:
    """An unresolved sale has this amount: is it the same customer's again."""
    card = Card(Tone.OPEN, icons.QUESTION, _customer(sheet, "same_customer"), screen.money)
    two_voices(sheet, stage, card, _merchant(sheet, "same_customer"), sign=Sign(icons.WARNING, AMBER))


def charging(sheet: Sheet, stage: Rect, screen: Charging, now: int) -> None:
    """The request is on its way."""
    dots = _dots(sheet, Tone.CALM, now)
    card = Card(Tone.CALM, icons.HOURGLASS, _customer(sheet, "charging"), screen.money, dots)
    two_voices(sheet, stage, card, _merchant(sheet, "charging"), tail=screen.tail, sign=Sign(icons.HOURGLASS, MUTED))


def password(sheet: Sheet, stage: Rect, screen: Password, now: int) -> None:
    """The customer confirms on the phone."""
    below: list[Item] = [Space(sheet.scale.gap // 2), countdown(sheet, screen.until, now, Tone.ACT)]
    card = Card(Tone.ACT, icons.PHONE_LOCK, _customer(sheet, "password"), screen.money, below)
    two_voices(sheet, stage, card, _merchant(sheet, "password"), tail=screen.tail, sign=Sign(icons.LOCK, BLUE))


def placing(sheet: Sheet, stage: Rect, screen: Placing, now: int) -> None:
    """The QR is being fetched."""
    card = Card(Tone.CALM, icons.QR, _customer(sheet, "placing"), screen.money, _dots(sheet, Tone.CALM, now))
    two_voices(sheet, stage, card, Voice(sheet.merchant("placing.merchant")))


def cancelling(sheet: Sheet, stage: Rect, screen: Cancelling, now: int) -> None:
    """Being undone, not over yet."""
    dots = _dots(sheet, Tone.OVER, now)
    card = Card(Tone.OVER, icons.HOURGLASS, _customer(sheet, "cancelling"), screen.money, dots)
    two_voices(sheet, stage, card, _merchant(sheet, "cancelling"), tail=screen.tail, sign=Sign(icons.HOURGLASS, MUTED))


def paid(sheet: Sheet, stage: Rect, screen: PaidScreen, printer: PrinterTrouble | None) -> None:
    """The money is taken; in the payer's own currency too, when that is another. `printer`: why no receipt comes out."""
    words = sheet.customer
    thanks = words("paid.customer_more")
    if screen.payer is not None and screen.payer != screen.money:
        thanks = words("paid.payer", amount=in_words(screen.payer, words.language))
    customer, merchant = Voice(words("paid.customer"), thanks), with_printer(sheet, _merchant(sheet, "paid"), printer)
    if screen.other_refunded:
        customer = Voice(customer.first, thanks, words("paid.refunded_customer"))
        merchant = Voice(merchant.first, merchant.more, sheet.merchant("paid.refunded_merchant"))
    two_voices(
        sheet,
        stage,
        Card(Tone.GOOD, icons.TICK, customer, screen.money),
        merchant,
        tail=screen.tail,
        sign=Sign(icons.TICK, GREEN),
    )


def declined(sheet: Sheet, stage: Rect, screen: DeclinedScreen) -> None:
    """Not paid: why, and what each of the two can do."""
    customer = Voice(sheet.customer("declined.customer"), sheet.customer(f"decline.{screen.reason}.customer"))
    merchant = Voice(sheet.merchant("declined.merchant"), sheet.merchant(f"decline.{screen.reason}.merchant"))
    two_voices(
        sheet, stage, Card(Tone.BAD, icons.CROSS, customer, screen.money), merchant, tail=screen.tail, sign=Sign(icons.CROSS, RED)
    )


def unresolved(sheet: Sheet, stage: Rect, screen: Unresolved, now: int) -> None:
    """Nobody knows yet: do not pay again, do not hand over the goods."""
    card = Card(Tone.OPEN, icons.HOURGLASS, _customer(sheet, "unresolved"), screen.money, _dots(sheet, Tone.OPEN, now))
    two_voices(sheet, stage, card, _merchant(sheet, "unresolved"), tail=screen.tail, sign=Sign(icons.WARNING, AMBER))


def cancelled(sheet: Sheet, stage: Rect, screen: CancelledScreen) -> None:
    """Not paid, and what happens to money taken in between."""
    customer, merchant = _customer(sheet, "cancelled"), _merchant(sheet, "cancelled")
    icon = icons.BARRED
    if screen.refunding:
        icon = icons.BACK_ARROW
        customer = Voice(customer.first, sheet.customer("cancelled.refunding_customer_more"))
        merchant = Voice(merchant.first, sheet.merchant("cancelled.refunding_merchant_more"))
    two_voices(sheet, stage, Card(Tone.OVER, icon, customer, screen.money), merchant, tail=screen.tail, sign=Sign(icon, MUTED))


def attention(sheet: Sheet, stage: Rect, screen: AttentionScreen) -> None:
    """A person has to look."""
    card = Card(Tone.OPEN, icons.WARNING, _customer(sheet, "attention"), screen.money)
    two_voices(sheet, stage, card, _merchant(sheet, "attention"), tail=screen.tail, sign=Sign(icons.WARNING, AMBER))


def countdown(sheet: Sheet, until: int, now: int, tone: Tone) -> Say:
    """What is left, as minutes and seconds; never less than nothing."""
    left = max(0, -(-(until - now) // 1000))
    look = tone.value
    return Say(f"{left // 60}:{left % 60:02}", sheet.merchant, sheet.scale.head, look.soft, tight=True, icon=icons.CLOCK)


def _dots(sheet: Sheet, tone: Tone, now: int) -> list[Item]:
    look, size = tone.value, max(7, sheet.scale.head // 3)
    dim = tuple((3 * under + over) // 4 for under, over in zip(look.ground, look.text, strict=True))
    return [Space(sheet.scale.gap), Dots(size, look.text, (dim[0], dim[1], dim[2]), now // 1000)]


def _customer(sheet: Sheet, name: str) -> Voice:
    return Voice(sheet.customer(f"{name}.customer"), sheet.customer.table.get(f"{name}.customer_more", ""))


def _merchant(sheet: Sheet, name: str) -> Voice:
    return Voice(sheet.merchant(f"{name}.merchant"), sheet.merchant.table.get(f"{name}.merchant_more", ""))
