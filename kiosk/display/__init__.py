"""What people see and hear. Drivers: a window (pygame), its picture without a window (offscreen), a memory (recording)."""

from __future__ import annotations

from collections.abc import Callable

from kiosk.core.errors import DriverError
from kiosk.core.events import Key
from kiosk.core.ports import Display
from kiosk.display import backlight
from kiosk.display.customer import Beside
from kiosk.display.sounds import Sounds

__all__ = ["DRIVERS", "Beside", "Sounds", "open_display"]

DRIVERS = ("pygame", "offscreen", "recording")


def open_display(  # noqa: PLR0913  what kiosk.toml says of the display, by name
    driver: str,
    *,
    size: tuple[int, int],
    fullscreen: bool,
    merchant_language: str,
    customer_language: str,
    now: Callable[[], int],
    on_key: Callable[[str, bool], None],
    on_touch: Callable[[int, Key | None, bool], None] = lambda _finger, _key, _down: None,
    keys: bool = False,
    rotation: int = 0,
    brightness: int = 100,
    dim_after_s: int = 120,
    sounds: Sounds | None = None,
    customer: Beside | None = None,
) -> Display:
    """Open the display. With `pygame`, call it from the thread that will call `run`: its window opens here.

    `size` is that of the window or of the offscreen picture; `fullscreen` takes the screen's own. `now`: ms of Unix time by
    the steady clock. `on_key(name, down)` gets pygame's own key names ("1", "[1]", "return", "f1"), and "quit" when the
    window is closed; it is called from `run`. With `keys` the keys are on the screen, and `on_touch(finger, key, down)` gets
    each finger that comes down on one or lifts from it (without a key: that slid off). `rotation`: degrees by which the picture
    is turned clockwise, `size` being what people see. `brightness` in percent, `dim_after_s` 0: never. `sounds`: what is heard,
    None for nothing. `customer`: a second screen, which the driver offscreen leaves out. DriverError when anything this driver
    needs is missing.
    """
    if driver not in DRIVERS:
        raise DriverError(f"display: there is no driver {driver!r}; set [display] driver to one of {', '.join(DRIVERS)}")
    if driver == "recording":
        from kiosk.display.recording import RecordingDisplay  # noqa: PLC0415  see above

        return RecordingDisplay(None if customer is None else customer.shop)
    try:
        # pygame takes a good part of the start: nothing is imported before a display is opened
        from kiosk.display.painter import Painter  # noqa: PLC0415  see above
        from kiosk.display.screen import Habits, OffscreenDisplay, WindowDisplay  # noqa: PLC0415  see above
        from kiosk.display.window import Window  # noqa: PLC0415  see above
    except ImportError as error:
        raise DriverError(
            f"display: driver {driver!r} needs {error.name}, which cannot be imported ({error}); on a Raspberry Pi install it "
            "with: sudo apt install python3-pygame python3-qrcode"
        ) from error
    if driver == "offscreen":
        return OffscreenDisplay(Painter(size, merchant_language, customer_language, keys=keys), now)
    window = Window(size, fullscreen=fullscreen, rotation=rotation, leave=None if customer is None else customer.output)
    try:
        painter = Painter(window.size, merchant_language, customer_language, keys=keys)
    except DriverError:
        window.close()
        raise
    habits = Habits(brightness, dim_after_s, backlight.find())
    beside = None
    if customer is not None:
        from kiosk.display.customer_window import CustomerWindow  # noqa: PLC0415  only where there is one

        languages = (merchant_language, customer_language)
        beside = CustomerWindow(customer, languages, now, fullscreen=fullscreen, dim_after_s=dim_after_s)
    return WindowDisplay(painter, window, now, on_key, on_touch, sounds=sounds, habits=habits, customer=beside)
