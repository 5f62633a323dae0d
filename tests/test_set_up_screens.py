"""The set-up's screens: readable in every language and size, their QR read back off them, no secret on them that need not be."""

from __future__ import annotations

from dataclasses import replace
from typing import get_args

import pytest
import zxingcpp

from kiosk.core.languages import LANGUAGES
from kiosk.core.screens import View
from kiosk.core.setup_screens import Doing, Question, SetupInvite, SetupScreen, Told, Way
from kiosk.core.wifi import read_wifi
from kiosk.core.zones import ZONES
from kiosk.display.keys import looks
from kiosk.display.light import MOVING
from kiosk.display.painter import Painter, moment
from kiosk.display.setup_keys import setup_keys
from kiosk.display.words import words_of
from tests.display_views import MAIN, NOW, ONLINE, camera_picture
from tests.languages import each_language
from tests.set_up_views import screens, views
from tests.test_display_gallery import _fitter, _image, _mistakes, _paint, _save

SIZES = ((800, 480), (480, 320), (480, 800), (1024, 600))


def test_every_kind_of_screen_has_a_view() -> None:
    assert {type(one) for one in screens().values()} == set(get_args(SetupScreen))


def _all_fits(size: tuple[int, int], language: str, *, keys: bool = False) -> None:
    painter = _fitter(size, ("en", "zh_CN"), keys=keys, painted=language == "en")
    mistakes = {}
    for name, view in views(language).items():
        if found := _mistakes(_paint(painter, view), size, painter._scale.floor):
            mistakes[name] = found
        if name.startswith("look"):
            painter.paint_camera(*camera_picture())
        _save(painter, f"set-up-{size[0]}x{size[1]}{'-touch' * keys}-{language}", name)
    assert mistakes == {}


@pytest.mark.parametrize("size", SIZES, ids=str)
@each_language
def test_all_of_it_fits_in_every_language(size: tuple[int, int], language: str) -> None:
    _all_fits(size, language)


@pytest.mark.parametrize("size", [(800, 480), (320, 480)], ids=str)
@pytest.mark.parametrize("language", ["ja", "ru"])
def test_all_of_it_fits_beside_and_above_keys_to_be_touched(size: tuple[int, int], language: str) -> None:
    _all_fits(size, language, keys=True)


def test_the_language_is_the_screens_own_and_the_next_screen_has_the_kiosks_again() -> None:
    painter = Painter((800, 480), "en", "zh_CN")
    painter.paint(MAIN["idle"], NOW)
    before = painter.canvas.rgb()
    seen = set()
    for language in LANGUAGES:
        painter.paint(views(language)["told_ready"], NOW)
        seen.add(painter.canvas.rgb())
    assert len(seen) == len(LANGUAGES)
    painter.paint(MAIN["idle"], NOW)
    assert painter.canvas.rgb() == before


def test_each_language_is_called_by_its_own_name() -> None:
    pages = [screens()[name].lines for name in ("language", "language_more")]  # type: ignore[union-attr]
    assert [line.text for page in pages for line in page] == list(LANGUAGES.values())


@pytest.mark.parametrize("size", [(320, 240), (480, 320), (800, 480), (480, 800)], ids=str)
@pytest.mark.parametrize("name", ["invite_hotspot", "invite_page"])
def test_a_phone_reads_the_qr_off_the_screen(size: tuple[int, int], name: str) -> None:
    painter = Painter(size, "en", "zh_CN")
    view = views()[name]
    painter.paint(view, NOW)
    (found,) = zxingcpp.read_barcodes(_image(painter))
    assert isinstance(view.screen, SetupInvite)
    assert found.text == view.screen.code
    if name == "invite_hotspot":
        network = read_wifi(found.text)
        assert network is not None
        assert network.password == "rice-lamp-4719"


def test_all_that_a_screen_may_name_has_words() -> None:
    table = words_of("en").table
    wanted = {f"setup.ask.{question}" for question in Question}
    wanted |= {f"setup.way.{way}" for way in Way}
    wanted |= {f"setup.doing.{doing}" for doing in Doing}
    wanted |= {f"setup.told.{told}{more}" for told in Told for more in ("", "_more")}
    wanted |= {f"setup.zone.{zone.replace('/', '_')}" for zone in ZONES}
    assert wanted <= set(table)


def test_no_two_screens_look_the_same() -> None:
    painter = Painter((320, 240), "en", "zh_CN")
    seen: dict[bytes, str] = {}
    for name, view in views().items():
        painter.paint(view, NOW)
        picture = painter.canvas.rgb()
        assert picture not in seen, f"{name} looks like {seen[picture]}"
        seen[picture] = name


def test_whoever_waits_sees_that_something_goes_on() -> None:
    view = views()["busy_proving"]
    assert isinstance(view.screen, MOVING)
    assert moment(view, NOW) != moment(view, NOW + 1000)


def test_on_a_touched_screen_the_named_keys_stand_out() -> None:
    for view in views().values():
        assert isinstance(view.screen, SetupScreen)
        meant = {key for key, look in looks(view.screen, frozenset()).items() if look.meant}
        assert {key for key, _ in setup_keys(view.screen) if key in looks(view.screen, frozenset())} <= meant


def test_secrets_are_in_no_repr_of_a_screen() -> None:
    for name in ("invite_hotspot", "wifi_password", "passphrase", "invite_page"):
        shown = repr(View(replace(screens()[name]), ONLINE))
        assert "rice-lamp" not in shown
        assert "4719" not in shown
