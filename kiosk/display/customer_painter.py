"""The customer's screen as a picture: their words alone on all of it, big and calm. No signs, no keys."""

from __future__ import annotations

from kiosk.core import screens
from kiosk.core.errors import DriverError
from kiosk.display import codes, counter, drift, fonts, icons, selling, training
from kiosk.display.canvas import Canvas, Rect
from kiosk.display.cards import card
from kiosk.display.customer import CustomerView
from kiosk.display.light import Rest
from kiosk.display.resting import dark
from kiosk.display.sheet import Mark, Say, Sheet
from kiosk.display.theme import MUTED, PANEL, SMALLEST, TEXT, alone, scale_for
from kiosk.display.voices import Card, amount, customer_card
from kiosk.display.words import words_of

_MOVING = (
    screens.Updating
    | screens.Charging
    | screens.Password
    | screens.Placing
    | screens.ShowingQr
    | screens.Cancelling
    | screens.Unresolved
)
"""Screens with something that shows each second: a countdown or dots."""


class CustomerPainter:
    """Draws a customer's views of one size on one canvas, figures as on the merchant's screen. One thread at a time."""

    def __init__(self, size: tuple[int, int], merchant_language: str, customer_language: str) -> None:
        """DriverError when the size is too small, a language has no words or a font is missing."""
        if size[0] < SMALLEST[0] or size[1] < SMALLEST[1]:
            least = f"{SMALLEST[0]}x{SMALLEST[1]}"
            raise DriverError(
                f"display: the customer's screen has {size[0]}x{size[1]}, too small to be read; the least is {least}"
            )
        self._merchant = words_of(merchant_language)
        self._customer = words_of(customer_language)
        fonts.check(merchant_language, customer_language)
        self._scale = alone(size)
        self._band = scale_for(size).bar  # of a training
        self.canvas = Canvas(size)

    def paint(self, view: CustomerView, now: int, trace: list[Mark] | None = None, rest: Rest = Rest.AWAKE) -> None:
        """Draw it all. `now` in ms of Unix time: countdowns, dots, and where it all stands a little aside."""
        sheet = Sheet(self.canvas, self._scale, self._merchant, self._customer, trace, view.training)
        whole = (0, 0, *self.canvas.size)
        self._picture(sheet, whole, view, now, rest)
        if view.training:
            training.mark(sheet, whole, self._band)

    def _picture(self, sheet: Sheet, whole: Rect, view: CustomerView, now: int, rest: Rest) -> None:
        scale = self._scale
        if rest is Rest.CALM and isinstance(view.screen, screens.Idle):
            self._dark(sheet, whole, view.screen, now)
            return
        across, down = drift.shift(now, scale.pad // 3)
        width, height = self.canvas.size
        band = self._band if view.training else 0
        stage = (scale.pad // 2 + across, scale.pad // 2 + down + band, width - scale.pad, height - scale.pad - band)
        self.canvas.fill(whole, PANEL)
        match view.screen:
            case screens.Idle(shop):
                counter.welcome(sheet, stage, shop, ready=view.selling, selling=view.selling)
            case screens.Keying() as screen:
                self._amount(sheet, stage, screen)
            case screens.Tipping() as screen:
                theirs = Sheet(self.canvas, self._scale, self._customer, self._customer, sheet.trace, view.training)
                selling.tipping(theirs, stage, screen)
            case screens.Scanning() as screen:
                self._card(sheet, whole, stage, codes.scanning_card(sheet, screen))
            case screens.ShowingQr() as screen:
                if not codes.qr_alone(sheet, stage, screen, now):
                    self._card(sheet, whole, stage, codes.too_long_card(sheet, screen))
            case screen:
                self._card(sheet, whole, stage, card(sheet, screen, now))

    def _card(self, sheet: Sheet, whole: Rect, stage: Rect, told: Card) -> None:
        """Over the whole screen, so that the mood is seen from afar."""
        self.canvas.fill(whole, told.tone.value.ground)
        customer_card(sheet, stage, told)

    def _amount(self, sheet: Sheet, stage: Rect, screen: screens.Keying) -> None:
        scale, theirs = sheet.scale, sheet.customer
        label = Say(theirs("keying.customer"), theirs, scale.head, MUTED, least=scale.floor)
        sheet.stack(stage, [label, amount(sheet, screen.money, scale.huge, TEXT, MUTED)])

    def _dark(self, sheet: Sheet, whole: Rect, screen: screens.Idle, now: int) -> None:
        theirs = sheet.customer
        more = Say(theirs("idle.customer_more"), theirs, sheet.scale.body, MUTED, icon=icons.PHONE_CODE, least=sheet.scale.floor)
        dark(sheet, whole, screen.shop, more, now)


def moment(view: CustomerView, now: int) -> int:
    """What of the time shows on this view: the picture is the same as long as this is (and the view is)."""
    return now // 1000 if isinstance(view.screen, _MOVING) else now // 60_000
