"""From a view to a picture: chooses the layout of each screen. The same painter draws the window's and the browser's picture."""

from __future__ import annotations

from typing import assert_never

from kiosk.core import screens
from kiosk.core.checkup_screens import Checkup, ColourTest, KeyTest, ReadTest
from kiosk.core.errors import DriverError
from kiosk.core.events import Key
from kiosk.core.past_screens import PastScreen
from kiosk.core.scanning import Outline
from kiosk.core.setup_screens import SetupBusy, SetupChoice, SetupEntry, SetupInvite, SetupLook, SetupScreen, SetupTold
from kiosk.display import (
    checkups,
    codes,
    counter,
    drift,
    fonts,
    owners_page,
    past,
    receipts,
    results,
    selling,
    setting_up,
    shift_reports,
    training,
)
from kiosk.display.canvas import Canvas, Rect
from kiosk.display.frame import keys_of, legend, signs
from kiosk.display.keys import Look, draw, looks, split
from kiosk.display.light import MOVING, Rest
from kiosk.display.resting import calm
from kiosk.display.sheet import Mark, Sheet
from kiosk.display.theme import GROUND, PANEL, SMALLEST, scale_for
from kiosk.display.words import Words, words_of


class Painter:
    """Draws views of one size in two languages on one canvas, with keys to be touched if `keys`. One thread at a time."""

    def __init__(self, size: tuple[int, int], merchant_language: str, customer_language: str, *, keys: bool = False) -> None:
        """DriverError when the size is too small, a language has no words or a font is missing."""
        if size[0] < SMALLEST[0] or size[1] < SMALLEST[1]:
            least = f"{SMALLEST[0]}x{SMALLEST[1]}"
            raise DriverError(f"display: {size[0]}x{size[1]} is too small to be read; [display] size must be at least {least}")
        parts = split(size) if keys else ((0, 0, *size), None)
        if parts is None:
            raise DriverError(
                f'display: {size[0]}x{size[1]} has no room for keys that a finger hits, and [keypad] driver is "touch": turn the '
                "screen on its side ([display] rotation), or use a larger screen or another keypad"
            )
        self._content: Rect = parts[0]
        self.panel: Rect | None = parts[1]  # where the keys are
        self._merchant = words_of(merchant_language)
        self._customer = words_of(customer_language)
        fonts.check(merchant_language, customer_language)
        self._scale = scale_for(self._content[2:])
        self.canvas = Canvas(size)
        self._camera_box: Rect | None = None  # where the camera's picture belongs on what was painted last
        self._screen: screens.Screen = screens.Starting()  # the one painted last
        self._trains = False  # as it was
        self._tiles: list[tuple[Rect, Key]] = []  # of it: where a finger is for which key, besides the panel
        self._keys: dict[Key, Look] = {}  # those that stand on the canvas
        self._held: frozenset[Key] = frozenset()  # the keys with a finger on them
        self._spoken: tuple[Words, Words] | None = None  # of the screen painted last, when they are others

    def paint(self, view: screens.View, now: int, trace: list[Mark] | None = None, rest: Rest = Rest.AWAKE) -> None:
        """Draw it all. `now` in ms of Unix time: countdowns, dots and the clock, and where it all stands a little aside."""
        whole = (0, 0, *self.canvas.size)
        self._spoken = self._languages(view.screen)
        self._camera_box, self._screen, self._tiles, self._trains = None, view.screen, [], view.training
        sheet = self._sheet(trace)
        if trace is not None or rest is Rest.CALM:
            self._keys = {}
        if rest is Rest.CALM and isinstance(view.screen, screens.Idle):
            calm(sheet, whole, view.screen, view.signs, now, keys=self.panel is not None)
            self._mark(sheet, view)
            return
        if isinstance(view.screen, ColourTest):
            checkups.colours(sheet, self._content, view.screen)
            self._mark(sheet, view)
            self._draw_keys(sheet)
            return
        self.canvas.fill(self._content, GROUND)
        scale = self._scale
        across, down = drift.shift(now, scale.pad // 3)
        x, y, width, height = self._content
        keys = () if self.panel is not None else keys_of(view.screen, training=view.training)
        bottom = scale.legend if keys else 0
        if keys:
            self.canvas.fill((x, y + height - bottom + down, width, bottom - down), PANEL)
            legend(sheet, (x + across, y + height - bottom + down, width, bottom), keys)
        left, top = x + across, y + down
        if not view.training:  # its network is none
            signs(sheet, (left + scale.pad, top, width - 2 * scale.pad, scale.bar), view.signs, now)
        room = height - scale.bar - bottom - scale.pad
        stage = (left + scale.pad, top + scale.bar, width - 2 * scale.pad, room)
        self._camera_box = self._stage(sheet, stage, view, now)
        self._mark(sheet, view)
        self._draw_keys(sheet)

    def _mark(self, sheet: Sheet, view: screens.View) -> None:
        """Whatever is drawn, a training is seen to be one."""
        if view.training:
            training.mark(sheet, self._content, self._scale.bar)

    def hold(self, keys: frozenset[Key]) -> Rect | None:
        """Fingers lie on these keys: draw those that change. Returns the part of the canvas that changed."""
        changed, self._held = keys != self._held, keys
        if not changed or not self._keys:  # none are seen on a dark screen
            return None
        self._draw_keys(self._sheet(None))
        return self.panel

    def tile_at(self, point: tuple[int, int]) -> Key | None:
        """The key whose tile lies there on what was painted last; None beside all of them."""
        x, y = point
        return next((key for (left, top, w, h), key in self._tiles if left <= x < left + w and top <= y < top + h), None)

    def rehearse(self, view: screens.View, now: int) -> None:
        """Paint it where nobody sees it, so that the true one is quick."""
        canvas, box, screen, keys = self.canvas, self._camera_box, self._screen, self._keys
        tiles, trains = self._tiles, self._trains
        self.canvas, self._keys = Canvas(canvas.size), {}
        try:
            self.paint(view, now)
        finally:
            self.canvas, self._camera_box, self._screen, self._keys = canvas, box, screen, keys
            self._tiles, self._trains = tiles, trains

    def paint_camera(self, width: int, height: int, rgb: bytes, outlines: tuple[Outline, ...] = ()) -> Rect | None:
        """Put the camera's picture where the view painted last has room for it. Returns the part of the canvas that changed."""
        if self._camera_box is not None:
            codes.camera_picture(self.canvas, self._camera_box, (width, height, rgb), outlines, self._scale.stroke)
        return self._camera_box

    def _draw_keys(self, sheet: Sheet) -> None:
        """Those that look otherwise than they do on the canvas."""
        if self.panel is not None:
            wanted = looks(self._screen, self._held, training=self._trains)
            draw(sheet, self.panel, {key: look for key, look in wanted.items() if self._keys.get(key) != look})
            self._keys = wanted

    def _sheet(self, trace: list[Mark] | None) -> Sheet:
        return Sheet(self.canvas, self._scale, *(self._spoken or (self._merchant, self._customer)), trace, self._trains)

    def _languages(self, screen: screens.Screen) -> tuple[Words, Words] | None:
        """Those of a set-up, where nobody has written a kiosk.toml; None: the usual ones."""
        if not isinstance(screen, SetupScreen) or screen.language == self._merchant.language:
            return None
        return (words_of(screen.language),) * 2

    def _stage(self, sheet: Sheet, stage: Rect, view: screens.View, now: int) -> Rect | None:  # noqa: C901, PLR0912, PLR0915  one arm a screen
        if isinstance(view.screen, PastScreen):
            past.draw(sheet, stage, view.screen, now, view.signs.printer)
            return None
        match view.screen:
            case screens.Starting() as screen:
                results.starting(sheet, stage, screen, now)
            case screens.Idle() if view.training and view.signs.network is screens.Network.ONLINE:
                training.idle(sheet, stage)
            case screens.Idle() as screen:
                counter.idle(sheet, stage, screen, view.signs)
            case screens.Keying() as screen:
                selling.keying(sheet, stage, screen)
            case screens.QuickAmounts() as screen:
                self._tiles = selling.quick(sheet, stage, screen)
            case screens.PaidAlready() as screen:
                selling.paid_already(sheet, stage, screen)
            case screens.UnusualAmount() as screen:
                selling.unusual(sheet, stage, screen)
            case screens.Noting() as screen:
                selling.noting(sheet, stage, screen)
            case screens.Tipping() as screen:
                self._tiles = selling.tipping(sheet, stage, screen)
            case screens.SameCustomer() as screen:
                results.same_customer(sheet, stage, screen)
            case screens.Scanning() as screen:
                return codes.scanning(sheet, stage, screen, now)
            case screens.Charging() as screen:
                results.charging(sheet, stage, screen, now)
            case screens.Password() as screen:
                results.password(sheet, stage, screen, now)
            case screens.Placing() as screen:
                results.placing(sheet, stage, screen, now)
            case screens.ShowingQr() as screen:
                codes.showing_qr(sheet, stage, screen, now)
            case screens.Cancelling() as screen:
                results.cancelling(sheet, stage, screen, now)
            case screens.PaidScreen() as screen:
                results.paid(sheet, stage, screen, view.signs.printer)
            case screens.DeclinedScreen() as screen:
                results.declined(sheet, stage, screen)
            case screens.Unresolved() as screen:
                results.unresolved(sheet, stage, screen, now)
            case screens.CancelledScreen() as screen:
                results.cancelled(sheet, stage, screen)
            case screens.AttentionScreen() as screen:
                results.attention(sheet, stage, screen)
            case screens.SeekingReceipt() as screen:
                return receipts.seeking(sheet, stage, screen, now)
            case screens.Updating() as screen:
                results.updating(sheet, stage, screen, now)
            case Checkup() as screen:
                checkups.checkup(sheet, stage, screen)
            case ReadTest() as screen:
                return checkups.reading(sheet, stage, screen, now)
            case KeyTest() as screen:
                checkups.key_test(sheet, stage, screen)
            case ColourTest():
                pass  # it takes the whole screen, above
            case screens.OwnersPage() as screen:
                owners_page.draw(sheet, stage, screen)
            case screens.ShiftReport() | screens.NoShift() | screens.ShiftClosing() as screen:
                shift_reports.draw(sheet, stage, screen)
            case screens.OutOfOrder() as screen:
                counter.out_of_order(sheet, stage, screen)
            case SetupChoice() | SetupLook() | SetupEntry() | SetupBusy() | SetupInvite() | SetupTold() as screen:
                return setting_up.draw(sheet, stage, screen, now)
            case _:
                assert_never(view.screen)
        return None


def moment(view: screens.View, now: int) -> int:
    """What of the time shows on this view: the picture is the same as long as this is (and the view is)."""
    return now // 1000 if isinstance(view.screen, MOVING) else now // 60_000
