"""What the screens say of the printer and of receipts: in a sentence where it matters, by a sign everywhere, with the keys."""

from __future__ import annotations

from dataclasses import replace

import pytest

from kiosk.core.events import Key
from kiosk.core.money import Money
from kiosk.core.past_screens import SaleOpened
from kiosk.core.screens import Idle, PaidScreen, Screen, ShowingQr, View
from kiosk.core.slips import PrinterTrouble
from kiosk.display.frame import keys_of
from kiosk.display.painter import Painter
from kiosk.display.sheet import Mark
from kiosk.display.words import words_of
from kiosk.display.wrap import plain
from tests.display_views import NOW, ONLINE
from tests.past_views import VIEWS

PAID = PaidScreen(Money(1250, "HKD"), "A3F7", prints=True)
FOUND = VIEWS["sale"].screen


def said(view: View, size: tuple[int, int], language: str = "en") -> str:
    """All text of the picture, without the spaces at which lines were broken."""
    trace: list[Mark] = []
    Painter(size, language, "zh_CN").paint(view, NOW, trace)
    return "".join(mark.text for mark in trace).replace(" ", "")


@pytest.mark.parametrize("size", [(800, 480), (320, 240)], ids=str)
@pytest.mark.parametrize("language", ["en", "ko"])
@pytest.mark.parametrize("screen", [Idle("Harbour Snacks"), PAID, FOUND], ids=lambda screen: type(screen).__name__)
def test_why_no_receipt_comes_out_is_said_with_what_to_do(screen: Screen, language: str, size: tuple[int, int]) -> None:
    """Beside what the screen is for, not in its place."""
    for trouble in PrinterTrouble:
        text = said(View(screen, replace(ONLINE, printer=trouble)), size, language)
        assert plain(words_of(language)(f"printer.{trouble}")).replace(" ", "") in text
        if isinstance(screen, PaidScreen):
            assert plain(words_of(language)("paid.merchant")).replace(" ", "") in text


def test_a_sale_that_has_no_receipt_needs_no_printer() -> None:
    view = View(VIEWS["sale_open"].screen, replace(ONLINE, printer=PrinterTrouble.PAPER))
    assert plain(words_of("en")("printer.paper")).replace(" ", "") not in said(view, (800, 480))


def test_a_found_sale_says_its_day_and_its_whole_number() -> None:
    text = said(VIEWS["sale"], (800, 480))
    assert "K07-261126-aa0001" in text
    assert "Sep21,2026" in text


@pytest.mark.parametrize(
    ("screen", "key", "word"),
    [
        (PAID, Key.QR, "receipt"),
        (ShowingQr(Money(1, "HKD"), "weixin://x", NOW, prints=True), Key.MENU, "print"),
        (FOUND, Key.OK, "receipt"),
    ],
)
def test_the_key_that_prints_is_shown_where_something_can_be_printed(screen: Screen, key: Key, word: str) -> None:
    assert (key, word) in keys_of(screen)
    assert isinstance(screen, PaidScreen | ShowingQr | SaleOpened)
    without = replace(screen, prints=False)
    assert word not in {told for cap, told in keys_of(without) if cap == key}
