"""From a view to a picture: chooses the layout of each screen. The same painter draws the window's and the browser's picture."""

from __future__ import annotations

from typing import assert_never

from kiosk.core.errors import DriverError
from kiosk.core.screens import (
    AttentionScreen,
    CancelledScreen,
    Cancelling,
    Charging,
    DeclinedScreen,
    Idle,
    Keying,
    Menu,
    Outline,
    OutOfOrder,
    PaidScreen,
    Password,
    Placing,
    SaleFound,
    SaleUnknown,
    SameCustomer,
    Scanning,
    SeekingReceipt,
    ShowingQr,
    Starting,
    Unresolved,
    View,
)
from kiosk.display import answers, codes, counter, fonts, receipts
from kiosk.display.canvas import Canvas, Rect
from kiosk.display.frame import keys_of, legend, signs
from kiosk.display.sheet import Mark, Sheet
from kiosk.display.theme import GROUND, SMALLEST, scale_for
from kiosk.display.words import words_of

_MOVING = Starting | Scanning | SeekingReceipt | Charging | Password | Placing | ShowingQr | Cancelling | Unresolved


class Painter:
    """Draws views of one size in two languages on one canvas. One thread at a time."""

    def __init__(self, size: tuple[int, int], merchant_language: str, customer_language: str) -> None:
        """DriverError when the size is too small, a language has no words or a font is missing."""
        if size[0] < SMALLEST[0] or size[1] < SMALLEST[1]:
            least = f"{SMALLEST[0]}x{SMALLEST[1]}"
            raise DriverError(f"display: {size[0]}x{size[1]} is too small to be read; [display] size must be at least {least}")
        self._merchant = words_of(merchant_language)
        self._customer = words_of(customer_language)
        fonts.check(merchant_language, customer_language)
        self._scale = scale_for(size)
        self.canvas = Canvas(size)
        self._camera_box: Rect | None = None  # where the camera's picture belongs on what was painted last

    def paint(self, view: View, now: int, trace: list[Mark] | None = None) -> None:
        """Draw it all. `now` in ms of Unix time: countdowns, dots and the clock."""
        width, height = self.canvas.size
        scale = self._scale
        sheet = Sheet(self.canvas, scale, self._merchant, self._customer, trace)
        self.canvas.fill((0, 0, width, height), GROUND)
        signs(sheet, (scale.pad, 0, width - 2 * scale.pad, scale.bar), view.signs, now)
        keys = keys_of(view.screen)
        bottom = scale.legend if keys else 0
        legend(sheet, (0, height - bottom, width, bottom), keys)
        room = height - scale.bar - bottom - scale.pad
        self._camera_box = self._stage(sheet, (scale.pad, scale.bar, width - 2 * scale.pad, room), view, now)

    def rehearse(self, view: View, now: int) -> None:
        """Paint it where nobody sees it, so that the true one is quick."""
        canvas, box = self.canvas, self._camera_box
        self.canvas = Canvas(canvas.size)
        try:
            self.paint(view, now)
        finally:
            self.canvas, self._camera_box = canvas, box

    def paint_camera(self, width: int, height: int, rgb: bytes, outlines: tuple[Outline, ...] = ()) -> Rect | None:
        """Put the camera's picture where the view painted last has room for it. Returns the part of the canvas that changed."""
        if self._camera_box is not None:
            codes.camera_picture(self.canvas, self._camera_box, (width, height, rgb), outlines, self._scale.stroke)
        return self._camera_box

    def _stage(self, sheet: Sheet, stage: Rect, view: View, now: int) -> Rect | None:  # noqa: C901, PLR0912  one arm a screen
        match view.screen:
            case Starting() as screen:
                answers.starting(sheet, stage, screen, now)
            case Idle() as screen:
                counter.idle(sheet, stage, screen, view.signs)
            case Keying() as screen:
                counter.keying(sheet, stage, screen)
            case SameCustomer() as screen:
                answers.same_customer(sheet, stage, screen)
            case Scanning() as screen:
                return codes.scanning(sheet, stage, screen, now)
            case Charging() as screen:
                answers.charging(sheet, stage, screen, now)
            case Password() as screen:
                answers.password(sheet, stage, screen, now)
            case Placing() as screen:
                answers.placing(sheet, stage, screen, now)
            case ShowingQr() as screen:
                codes.showing_qr(sheet, stage, screen, now)
            case Cancelling() as screen:
                answers.cancelling(sheet, stage, screen, now)
            case PaidScreen() as screen:
                answers.paid(sheet, stage, screen, view.signs.printer)
            case DeclinedScreen() as screen:
                answers.declined(sheet, stage, screen)
            case Unresolved() as screen:
                answers.unresolved(sheet, stage, screen, now)
            case CancelledScreen() as screen:
                answers.cancelled(sheet, stage, screen)
            case AttentionScreen() as screen:
                answers.attention(sheet, stage, screen)
            case Menu() as screen:
                counter.menu(sheet, stage, screen)
            case SeekingReceipt() as screen:
                return receipts.seeking(sheet, stage, screen, now)
            case SaleFound() as screen:
                receipts.found(sheet, stage, screen, view.signs.printer)
            case SaleUnknown() as screen:
                receipts.unknown(sheet, stage, screen)
            case OutOfOrder() as screen:
                counter.out_of_order(sheet, stage, screen)
            case _:
                assert_never(view.screen)
        return None


def moment(view: View, now: int) -> int:
    """What of the time shows on this view: the picture is the same as long as this is (and the view is)."""
    return now // 1000 if isinstance(view.screen, _MOVING) else now // 60_000
