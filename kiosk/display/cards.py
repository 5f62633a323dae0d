"""The cards: what a screen on which people wait or learn what happened says to the customer. Not where they stand."""

from __future__ import annotations

from typing import assert_never

from kiosk.core import screens
from kiosk.core.money import in_words, rate_in_words
from kiosk.display import icons
from kiosk.display.sheet import Dots, Item, Say, Sheet, Space
from kiosk.display.theme import Tone
from kiosk.display.voices import Card, Voice

Told = (
    screens.Starting
    | screens.Updating
    | screens.SameCustomer
    | screens.Charging
    | screens.Password
    | screens.Placing
    | screens.Cancelling
    | screens.PaidScreen
    | screens.DeclinedScreen
    | screens.Unresolved
    | screens.CancelledScreen
    | screens.AttentionScreen
    | screens.OutOfOrder
)
"""Screens that have one."""


def card(sheet: Sheet, screen: Told, now: int = 0) -> Card:
    """The mood, the sign and the words. `now` in ms of Unix time, for what moves."""
    match screen:
        case screens.Starting():
            return Card(Tone.CALM, icons.PHONE_CODE, _voice(sheet, "starting"), below=_dots(sheet, Tone.CALM, now))
        case screens.Updating():
            return Card(Tone.CALM, icons.HOURGLASS, _voice(sheet, "updating"), below=_dots(sheet, Tone.CALM, now))
        case screens.SameCustomer(money):
            return Card(Tone.OPEN, icons.QUESTION, _voice(sheet, "same_customer"), money)
        case screens.Charging(money):
            return Card(Tone.CALM, icons.HOURGLASS, _voice(sheet, "charging"), money, _dots(sheet, Tone.CALM, now))
        case screens.Password(money):
            below: list[Item] = [Space(sheet.scale.gap // 2), countdown(sheet, screen.until, now, Tone.ACT)]
            return Card(Tone.ACT, icons.PHONE_LOCK, _voice(sheet, "password"), money, below)
        case screens.Placing(money):
            return Card(Tone.CALM, icons.QR, _voice(sheet, "placing"), money, _dots(sheet, Tone.CALM, now))
        case screens.Cancelling(money):
            return Card(Tone.OVER, icons.HOURGLASS, _voice(sheet, "cancelling"), money, _dots(sheet, Tone.OVER, now))
        case screens.PaidScreen(money):
            return Card(_good(sheet), icons.TICK, _thanks(sheet, screen), money, _rate(sheet, screen))
        case screens.DeclinedScreen(money):
            why = Voice(sheet.customer("declined.customer"), sheet.customer(f"decline.{screen.reason}.customer"))
            return Card(Tone.BAD, icons.CROSS, why, money)
        case screens.Unresolved(money):
            return Card(Tone.OPEN, icons.HOURGLASS, _voice(sheet, "unresolved"), money, _dots(sheet, Tone.OPEN, now))
        case screens.CancelledScreen(money) if screen.refunding:
            back = Voice(sheet.customer("cancelled.customer"), sheet.customer("cancelled.refunding_customer_more"))
            return Card(Tone.OVER, icons.BACK_ARROW, back, money)
        case screens.CancelledScreen(money):
            return Card(Tone.OVER, icons.BARRED, _voice(sheet, "cancelled"), money)
        case screens.AttentionScreen(money):
            return Card(Tone.OPEN, icons.WARNING, _voice(sheet, "attention"), money)
        case screens.OutOfOrder():
            return Card(Tone.OVER, icons.BARRED, _voice(sheet, "out_of_order"))
        case _:
            assert_never(screen)


def countdown(sheet: Sheet, until: int, now: int, tone: Tone) -> Say:
    """What is left, as minutes and seconds; never less than nothing."""
    left = max(0, -(-(until - now) // 1000))
    look = tone.value
    return Say(f"{left // 60}:{left % 60:02}", sheet.merchant, sheet.scale.head, look.soft, tight=True, icon=icons.CLOCK)


def _thanks(sheet: Sheet, screen: screens.PaidScreen) -> Voice:
    """In the payer's own currency too, when that is another."""
    words = sheet.customer
    thanks = words("paid.customer_more")
    if screen.payer is not None and screen.payer != screen.money:
        thanks = words("paid.payer", amount=in_words(screen.payer, words.language))
    further = words("paid.refunded_customer") if screen.other_refunded else ""
    return Voice(words("paid.customer"), thanks, further)


def _good(sheet: Sheet) -> Tone:
    """Green is paid, and only green."""
    return Tone.PLAYED if sheet.training else Tone.GOOD


def _rate(sheet: Sheet, screen: screens.PaidScreen) -> list[Item]:
    """How the one became the other, where there is room."""
    payer, rate = screen.payer, screen.rate_e8
    if payer is None or rate is None or payer.currency == screen.money.currency or not sheet.scale.roomy:
        return []
    text = rate_in_words(screen.money, payer, rate)
    return [Say(text, sheet.customer, sheet.scale.small, _good(sheet).value.soft, most_lines=1, least=sheet.scale.floor)]


def _dots(sheet: Sheet, tone: Tone, now: int) -> list[Item]:
    look, size = tone.value, max(7, sheet.scale.head // 3)
    dim = tuple((3 * under + over) // 4 for under, over in zip(look.ground, look.text, strict=True))
    return [Space(sheet.scale.gap), Dots(size, look.text, (dim[0], dim[1], dim[2]), now // 1000)]


def _voice(sheet: Sheet, name: str) -> Voice:
    return Voice(sheet.customer(f"{name}.customer"), sheet.customer.table.get(f"{name}.customer_more", ""))
