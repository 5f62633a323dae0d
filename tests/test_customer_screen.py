"""The customer's own screen: what of each screen may be seen there, and a picture of each in tests/out/gallery."""

from __future__ import annotations

from dataclasses import fields, replace
from typing import Any, get_args

import numpy as np
import pytest
import zxingcpp
from PIL import Image

from kiosk.core import screens
from kiosk.core.checkup_screens import Checkup, ColourTest, KeyTest, ReadTest
from kiosk.core.model import Decline
from kiosk.core.money import Money
from kiosk.core.scanning import ScanHint
from kiosk.core.slips import PrinterTrouble
from kiosk.display import customer, drift
from kiosk.display.customer import CustomerScreen, CustomerView, seen
from kiosk.display.customer_painter import CustomerPainter, moment
from kiosk.display.light import Rest
from kiosk.display.sheet import Mark
from kiosk.display.words import Words, words_of
from tests.display_views import CODE_URL, MAIN, MONEY, NOW, ONLINE, TAIL, TIPS, VIEWS
from tests.past_views import VIEWS as PAST_VIEWS
from tests.set_up_views import screens as set_up_screens
from tests.test_display_gallery import GALLERY, _mistakes

SHOP = "Harbour Snacks"
SIZES = ((800, 480), (1024, 600), (480, 320), (480, 800))
IDLE = screens.Idle(SHOP)
QR = screens.ShowingQr(MONEY, CODE_URL, NOW)
DECIDED: dict[type[screens.Screen], tuple[screens.Screen, CustomerScreen]] = {
    screens.Starting: (screens.Starting(), IDLE),
    screens.Updating: (screens.Updating(), screens.Updating()),
    screens.Idle: (IDLE, IDLE),
    screens.Keying: (screens.Keying(MONEY, screens.AmountHint.LEDGER, MONEY), screens.Keying(MONEY)),
    screens.QuickAmounts: (screens.QuickAmounts(MONEY, (), (50, 1200)), screens.Keying(MONEY)),
    screens.SameCustomer: (screens.SameCustomer(MONEY), screens.SameCustomer(MONEY)),
    screens.PaidAlready: (screens.PaidAlready(MONEY), screens.Keying(MONEY)),
    screens.UnusualAmount: (screens.UnusualAmount(MONEY, MONEY), screens.Keying(MONEY)),
    screens.Noting: (screens.Noting(MONEY, "42"), screens.Keying(MONEY)),
    screens.Tipping: (screens.Tipping(MONEY, TIPS, NOW), screens.Tipping(MONEY, TIPS, 0)),
    screens.Scanning: (screens.Scanning(MONEY, NOW, ScanHint.USED), screens.Scanning(MONEY, 0, ScanHint.USED)),
    screens.Charging: (screens.Charging(MONEY, TAIL), screens.Charging(MONEY, "")),
    screens.Password: (screens.Password(MONEY, TAIL, NOW), screens.Password(MONEY, "", NOW)),
    screens.Placing: (screens.Placing(MONEY), screens.Placing(MONEY)),
    screens.ShowingQr: (replace(QR, paying=True, prints=True), replace(QR, paying=True)),
    screens.Cancelling: (screens.Cancelling(MONEY, TAIL), screens.Cancelling(MONEY, "")),
    screens.PaidScreen: (
        screens.PaidScreen(MONEY, TAIL, MONEY, other_refunded=True, prints=True),
        screens.PaidScreen(MONEY, "", MONEY, other_refunded=True),
    ),
    screens.DeclinedScreen: (screens.DeclinedScreen(MONEY, Decline.CARD, TAIL), screens.DeclinedScreen(MONEY, Decline.CARD, "")),
    screens.Unresolved: (screens.Unresolved(MONEY, TAIL), screens.Unresolved(MONEY, "")),
    screens.CancelledScreen: (
        screens.CancelledScreen(MONEY, TAIL, refunding=True),
        screens.CancelledScreen(MONEY, "", refunding=True),
    ),
    screens.AttentionScreen: (screens.AttentionScreen(MONEY, TAIL), screens.AttentionScreen(MONEY, "")),
    screens.SeekingReceipt: (screens.SeekingReceipt(NOW), IDLE),
    **{type(view.screen): (view.screen, IDLE) for view in PAST_VIEWS.values()},
    Checkup: (MAIN["checkup"].screen, IDLE),
    ReadTest: (MAIN["read_test"].screen, IDLE),
    KeyTest: (MAIN["key_test"].screen, IDLE),
    ColourTest: (MAIN["colour_test"].screen, IDLE),
    screens.OwnersPage: (MAIN["owners_page"].screen, IDLE),
    screens.ShiftReport: (MAIN["shift_report"].screen, IDLE),
    screens.ShiftClosing: (MAIN["shift_closing"].screen, IDLE),
    screens.NoShift: (MAIN["no_shift"].screen, IDLE),
    screens.OutOfOrder: (screens.OutOfOrder("kiosk.db cannot be written"), screens.OutOfOrder("")),
    **{
        type(screen): (screen, screens.OutOfOrder("")) for screen in set_up_screens().values()
    },  # of the set-up: there is no shop yet
}
"""What the customer sees of each screen. Whoever adds a screen decides here, and in kiosk/display/customer.py."""

_painters: dict[tuple[tuple[int, int], str], CustomerPainter] = {}


def _painter(size: tuple[int, int] = (800, 480), language: str = "zh_CN") -> CustomerPainter:
    return _painters.setdefault((size, language), CustomerPainter(size, "en", language))


def _trace(painter: CustomerPainter, view: CustomerView, now: int = NOW, rest: Rest = Rest.AWAKE) -> list[Mark]:
    trace: list[Mark] = []
    painter.paint(view, now, trace, rest)
    return trace


def _image(painter: CustomerPainter) -> Image.Image:
    return Image.frombytes("RGB", painter.canvas.size, painter.canvas.rgb())


def _views() -> dict[str, CustomerView]:
    """Each thing that can be seen there, once, by the name of the merchant's view."""
    found: dict[CustomerView, str] = {}
    for name, view in VIEWS.items():
        found.setdefault(seen(view, view.screen.shop if isinstance(view.screen, screens.Idle) else SHOP), name)
    return {name: view for view, name in found.items()}


# --- what may be seen ---


def test_each_screen_is_decided_upon() -> None:
    assert set(DECIDED) == set(get_args(screens.Screen))
    for shown, theirs in DECIDED.values():
        assert seen(screens.View(shown, ONLINE), SHOP) == CustomerView(theirs)


def test_a_screen_that_nobody_has_decided_upon_is_shown_to_no_customer() -> None:
    class Totals:
        """A new one, forgotten there."""

    with pytest.raises(AssertionError):
        seen(screens.View(Totals(), ONLINE), SHOP)  # type: ignore[arg-type]


def test_no_amount_stands_before_its_first_digit() -> None:
    assert seen(screens.View(screens.Keying(Money(0, "HKD")), ONLINE), SHOP) == CustomerView(IDLE)


def test_signs_are_the_merchants_and_only_say_whether_the_shop_takes_payments() -> None:
    busy = screens.Signs(screens.Network.ONLINE, clock_known=True, unresolved=9, attention=4, printer=PrinterTrouble.PAPER)
    assert seen(screens.View(IDLE, busy), SHOP) == seen(screens.View(IDLE, ONLINE), SHOP)
    assert seen(screens.View(IDLE, replace(ONLINE, network=screens.Network.CONNECTING)), SHOP).selling
    for signs in (replace(ONLINE, network=screens.Network.OFFLINE), replace(ONLINE, clock_known=False)):
        assert not seen(screens.View(IDLE, signs), SHOP).selling
        assert seen(screens.View(screens.Keying(MONEY), signs), SHOP) == CustomerView(
            screens.Keying(MONEY)
        )  # a sale is no other picture for it


# --- how it looks ---


@pytest.mark.parametrize("size", SIZES, ids=str)
@pytest.mark.parametrize("language", ["zh_CN", "th"])
def test_all_that_a_customer_sees_fits_and_can_be_read(size: tuple[int, int], language: str) -> None:
    painter, folder = _painter(size, language), GALLERY / f"customer-{size[0]}x{size[1]}-{language}"
    folder.mkdir(parents=True, exist_ok=True)
    mistakes, pictures = {}, {}
    for name, view in _views().items():
        trace = _trace(painter, view)
        assert trace
        if found := _mistakes(trace, size, painter._scale.floor):
            mistakes[name] = found
        picture = pictures.setdefault(painter.canvas.rgb(), name)
        assert picture == name or {picture, name} <= SAME, f"{name} looks like {picture}"
        if name in MAIN or language == "zh_CN":
            _image(painter).save(folder / f"{name}.png", compress_level=1)
    assert mistakes == {}


SAME = {f"scanning_{hint}" for hint in ("link", "product")}
"""Hints with the same words for a customer."""


@pytest.mark.parametrize("language", ["en", "ja", "ko", "zh_TW"])
def test_it_fits_in_the_other_languages_too(language: str) -> None:
    painter = _painter((480, 320), language)
    for name, view in _views().items():
        assert _mistakes(_trace(painter, view), (480, 320), painter._scale.floor) == [], name


def test_no_word_to_the_merchant_is_drawn() -> None:
    """A table of words from which none may be taken stands for the merchant's."""
    painter = CustomerPainter((800, 480), "en", "zh_CN")
    painter._merchant = Words("en", {})
    table = words_of("zh_CN").table
    theirs = {text.replace("|", "") for key, text in table.items() if "customer" in key or key == "qr"}
    for name, view in _views().items():
        for rest in (Rest.AWAKE, Rest.CALM):
            for mark in _trace(painter, view, rest=rest):
                text = mark.text.strip()
                said = any(text in one for one in theirs)
                figure = any(char.isdigit() for char in text) or text in {"HKD", "JPY", "KRW", "CNY"}
                shop = isinstance(view.screen, screens.Idle)
                assert said or figure or shop, (name, text)


@pytest.mark.parametrize("size", SIZES, ids=str)
def test_the_qr_is_as_large_as_the_screen_and_is_read_back(size: tuple[int, int]) -> None:
    painter = _painter(size)
    painter.paint(seen(MAIN["qr"], SHOP), NOW)
    (found,) = zxingcpp.read_barcodes(_image(painter))
    assert found.text == CODE_URL
    white = (np.asarray(_image(painter)) == 255).all(axis=2)
    assert white.any(axis=1).mean() > (0.55 if size[1] > size[0] else 0.85)


def test_a_qr_for_which_there_is_no_room_is_not_shown_to_be_scanned_in_vain() -> None:
    trace = _trace(_painter(), seen(VIEWS["qr_too_long"], SHOP))
    assert words_of("zh_CN")("qr.too_long_customer").replace("|", "") in "".join(mark.text for mark in trace)


def test_the_amount_is_larger_than_all_words() -> None:
    painter = _painter()
    for name in ("keying", "paid", "password"):
        sizes = {mark.text: mark.size for mark in _trace(painter, seen(MAIN[name], SHOP))}
        assert max(sizes, key=lambda text: sizes[text]) == "HK$12.50", name


def test_at_rest_it_is_black_but_for_the_shop_and_its_words_move() -> None:
    painter = _painter()
    places = set()
    for minute in range(0, 8, 2):
        trace = _trace(painter, CustomerView(IDLE), NOW + minute * 60_000, Rest.CALM)
        assert _mistakes(trace, (800, 480), painter._scale.floor) == []
        assert (np.asarray(_image(painter)) == 0).all(axis=2).mean() > 0.9
        places.add(trace[0].ink[:2])
    assert len(places) == 4


@pytest.mark.parametrize("size", SIZES, ids=str)
def test_wherever_it_has_moved_nothing_is_cut(size: tuple[int, int]) -> None:
    painter = _painter(size)
    most = painter._scale.pad // 3
    minutes = {drift.shift(NOW + minute * 60_000, most): NOW + minute * 60_000 for minute in range(16 * most * most)}
    for corner in {(x, y) for x in (-most, most) for y in (-most, most)}:
        for name in ("idle", "qr", "paid"):
            assert _mistakes(_trace(painter, seen(MAIN[name], SHOP), minutes[corner]), size, painter._scale.floor) == []


def test_what_moves_each_second_is_painted_each_second_and_the_rest_each_minute() -> None:
    painter = _painter()
    for name, view in _views().items():
        if name not in MAIN:
            continue
        painter.paint(view, NOW)
        before = painter.canvas.rgb()
        painter.paint(view, NOW + 1000)
        assert (painter.canvas.rgb() != before) == (moment(view, NOW) != moment(view, NOW + 1000)), name


def test_all_facts_that_are_told_are_plain_values() -> None:
    """A view is compared to know whether to paint: nothing in it may be a thing that changes."""
    shapes: list[Any] = [*get_args(customer.CustomerScreen), CustomerView, customer.Beside]
    assert all(shape.__dataclass_params__.frozen for shape in shapes)
    assert {field.name for field in fields(CustomerView)} == {"screen", "selling", "training"}
