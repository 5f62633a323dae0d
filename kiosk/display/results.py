"""Screens on which people wait or learn what happened: each a card for the customer (cards.py) and a panel for the merchant.

Only which words and which sign; places and sizes are voices.py's.
"""

from __future__ import annotations

from kiosk.core import screens
from kiosk.core.slips import PrinterTrouble
from kiosk.display import icons
from kiosk.display.canvas import Rect
from kiosk.display.cards import card
from kiosk.display.sheet import Sheet
from kiosk.display.theme import AMBER, BLUE, GREEN, MUTED, RED
from kiosk.display.voices import Sign, Voice, two_voices, with_printer


def starting(sheet: Sheet, stage: Rect, screen: screens.Starting, now: int) -> None:
    """Contact with WeChat is being made."""
    two_voices(sheet, stage, card(sheet, screen, now), _merchant(sheet, "starting"))


def updating(sheet: Sheet, stage: Rect, screen: screens.Updating, now: int) -> None:
    """The kiosk's program is being renewed."""
    two_voices(sheet, stage, card(sheet, screen, now), _merchant(sheet, "updating"))


def same_customer(sheet: Sheet, stage: Rect, screen: screens.SameCustomer) -> None:
    """An unresolved sale has this amount: is it the same customer's again."""
    two_voices(sheet, stage, card(sheet, screen), _merchant(sheet, "same_customer"), sign=Sign(icons.WARNING, AMBER))


def charging(sheet: Sheet, stage: Rect, screen: screens.Charging, now: int) -> None:
    """The request is on its way."""
    sign = Sign(icons.HOURGLASS, MUTED)
    two_voices(sheet, stage, card(sheet, screen, now), _merchant(sheet, "charging"), tail=screen.tail, sign=sign)


def password(sheet: Sheet, stage: Rect, screen: screens.Password, now: int) -> None:
    """The customer confirms on the phone."""
    sign = Sign(icons.LOCK, BLUE)
    two_voices(sheet, stage, card(sheet, screen, now), _merchant(sheet, "password"), tail=screen.tail, sign=sign)


def placing(sheet: Sheet, stage: Rect, screen: screens.Placing, now: int) -> None:
    """The QR is being fetched."""
    two_voices(sheet, stage, card(sheet, screen, now), Voice(sheet.merchant("placing.merchant")))


def cancelling(sheet: Sheet, stage: Rect, screen: screens.Cancelling, now: int) -> None:
    """Being undone, not over yet."""
    sign = Sign(icons.HOURGLASS, MUTED)
    two_voices(sheet, stage, card(sheet, screen, now), _merchant(sheet, "cancelling"), tail=screen.tail, sign=sign)


def paid(sheet: Sheet, stage: Rect, screen: screens.PaidScreen, printer: PrinterTrouble | None) -> None:
    """The money is taken. `printer`: why no receipt comes out."""
    merchant = with_printer(sheet, _merchant(sheet, "paid"), printer)
    if screen.other_refunded:
        merchant = Voice(merchant.first, merchant.more, sheet.merchant("paid.refunded_merchant"))
    sign = Sign(icons.TICK, GREEN)
    if sheet.training:
        merchant, sign = Voice(merchant.first, sheet.merchant("training.goods")), Sign(icons.WARNING, AMBER)
    two_voices(sheet, stage, card(sheet, screen), merchant, tail=screen.tail, sign=sign)


def declined(sheet: Sheet, stage: Rect, screen: screens.DeclinedScreen) -> None:
    """Not paid: why, and what each of the two can do."""
    merchant = Voice(sheet.merchant("declined.merchant"), sheet.merchant(f"decline.{screen.reason}.merchant"))
    two_voices(sheet, stage, card(sheet, screen), merchant, tail=screen.tail, sign=Sign(icons.CROSS, RED))


def unresolved(sheet: Sheet, stage: Rect, screen: screens.Unresolved, now: int) -> None:
    """Nobody knows yet: do not pay again, do not hand over the goods."""
    sign = Sign(icons.WARNING, AMBER)
    two_voices(sheet, stage, card(sheet, screen, now), _merchant(sheet, "unresolved"), tail=screen.tail, sign=sign)


def cancelled(sheet: Sheet, stage: Rect, screen: screens.CancelledScreen) -> None:
    """Not paid, and what happens to money taken in between."""
    theirs, merchant = card(sheet, screen), _merchant(sheet, "cancelled")
    if screen.refunding:
        merchant = Voice(merchant.first, sheet.merchant("cancelled.refunding_merchant_more"))
    two_voices(sheet, stage, theirs, merchant, tail=screen.tail, sign=Sign(theirs.icon, MUTED))


def attention(sheet: Sheet, stage: Rect, screen: screens.AttentionScreen) -> None:
    """A person has to look."""
    sign = Sign(icons.WARNING, AMBER)
    two_voices(sheet, stage, card(sheet, screen), _merchant(sheet, "attention"), tail=screen.tail, sign=sign)


def _merchant(sheet: Sheet, name: str) -> Voice:
    return Voice(sheet.merchant(f"{name}.merchant"), sheet.merchant.table.get(f"{name}.merchant_more", ""))
