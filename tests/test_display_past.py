"""The screens of looking back: readable in every language and size, each key that does something named or lit."""

from __future__ import annotations

from typing import get_args

import pytest

from kiosk.core.events import Key
from kiosk.core.model import OrderState, Reason, RefundState, RefundTrouble
from kiosk.core.operators import Against, NoPin, Role
from kiosk.core.past_screens import Cause, Entry, History, PastScreen
from kiosk.display import lists
from kiosk.display.keys import looks
from kiosk.display.painter import Painter
from kiosk.display.past_keys import past_keys
from kiosk.display.words import words_of
from tests.display_views import NOW
from tests.languages import each_language
from tests.past_views import VIEWS
from tests.test_display_gallery import _fitter, _mistakes, _paint, _save

SIZES = ((320, 240), (480, 320), (800, 480), (1024, 600), (480, 800), (720, 720))


def test_every_kind_of_screen_has_a_view() -> None:
    assert {type(view.screen) for view in VIEWS.values()} == set(get_args(PastScreen))


def _all_fits(size: tuple[int, int], language: str, *, keys: bool = False) -> None:
    painter = _fitter(size, (language, "zh_CN"), keys=keys, painted=language == "en")
    mistakes = {}
    for name, view in VIEWS.items():
        if found := _mistakes(_paint(painter, view), size, painter._scale.floor):
            mistakes[name] = found
        if language in ("en", "th"):
            _save(painter, f"past-{size[0]}x{size[1]}{'-touch' * keys}-{language}", name)
    assert mistakes == {}


@each_language
def test_all_of_it_fits_the_smallest_screen_in_every_language(language: str) -> None:
    _all_fits((320, 240), language)


@pytest.mark.parametrize(("size", "language"), list(zip(SIZES[1:], ("th", "en", "ja", "ko", "zh_TW"), strict=True)), ids=str)
def test_all_of_it_fits_other_screens(size: tuple[int, int], language: str) -> None:
    _all_fits(size, language)


@pytest.mark.parametrize(("size", "language"), [((800, 480), "ja"), ((320, 480), "en")], ids=str)
def test_all_of_it_fits_beside_and_above_keys_to_be_touched(size: tuple[int, int], language: str) -> None:
    _all_fits(size, language, keys=True)


@pytest.mark.parametrize("size", SIZES, ids=str)
def test_each_line_of_the_history_shows_its_digit(size: tuple[int, int]) -> None:
    """Else a digit would open what nobody sees."""
    view = VIEWS["history"]
    assert isinstance(view.screen, History)
    shown = [mark.text for mark in _paint(Painter(size, "en", "zh_CN"), view)]
    for place in range(len(view.screen.lines)):
        assert str(place + 1) in shown


def test_all_that_a_screen_may_name_has_words() -> None:
    table = words_of("en").table
    wanted = {f"refund_state.{state}" for state in RefundState} | {f"state.{state}" for state in OrderState}
    wanted |= {f"cause.{cause.name.lower()}" for cause in Cause} | {f"more.{entry}" for entry in Entry}
    wanted |= {f"refund_trouble.{trouble}" for trouble in RefundTrouble} | {f"reason.{reason}" for reason in Reason}
    wanted |= {f"against.{against}" for against in Against} | {f"no_pin.{problem}" for problem in NoPin}
    wanted |= {f"role.{role}" for role in Role}
    wanted |= {f"keys.{word}" for view in VIEWS.values() for _, word in past_keys(view.screen)}  # type: ignore[arg-type]
    assert wanted <= set(table)


@pytest.mark.parametrize("state", OrderState)
def test_no_state_is_told_by_colour_alone(state: OrderState) -> None:
    """Its word, and a sign: those of an end differ in shape from those that go on."""
    icon, _ = lists.sign_of(state)
    same = {words_of("en")(f"state.{other}") for other in OrderState if lists.sign_of(other)[0] is icon}
    assert words_of("en")(f"state.{state}") in same


def test_no_two_screens_look_the_same() -> None:
    painter = Painter((800, 480), "en", "zh_CN")
    seen: dict[bytes, str] = {}
    for name, view in VIEWS.items():
        painter.paint(view, NOW)
        picture = painter.canvas.rgb()
        assert picture not in seen, f"{name} looks like {seen[picture]}"
        seen[picture] = name


def test_on_a_touched_screen_the_named_keys_stand_out() -> None:
    for view in VIEWS.values():
        meant = {key for key, look in looks(view.screen, frozenset()).items() if look.meant}
        assert {key for key, _ in past_keys(view.screen) if isinstance(key, Key)} <= meant  # type: ignore[arg-type]
