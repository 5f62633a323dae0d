"""The receipt printer as configured: joins the printer with the display's words and fonts. Loads no drawing library."""

from __future__ import annotations

from functools import partial

from kiosk.config.display import DisplayConfig
from kiosk.config.printer import PrinterConfig
from kiosk.core.ports import Post
from kiosk.display import fonts, qr
from kiosk.display.words import words_of
from kiosk.printer import House, Place, PrinterLane, open_device, open_printer
from kiosk.printer.device import Device


def make_printer(config: PrinterConfig, display: DisplayConfig, post: Post) -> PrinterLane:
    """The lane to it; nothing is opened yet."""
    return open_printer(partial(make_device, config, display), house_of(display), post)


def make_device(config: PrinterConfig, display: DisplayConfig) -> Device:
    """The printer itself, without a lane. Its library is loaded."""
    vendor, product = config.usb_id or (None, None)
    return open_device(
        config.driver,
        house_of(display),
        place=Place(config.connection, vendor, product, config.device, config.baud, config.host, config.port),
        width_mm=config.width_mm,
        chinese=config.chinese,
        answers=config.answers,
        folder=config.folder,
    )


def house_of(display: DisplayConfig) -> House:
    """Both languages of the screen, in the screen's fonts."""
    return House(words_of(display.customer_language), words_of(display.merchant_language), fonts.pieces, qr.modules)
