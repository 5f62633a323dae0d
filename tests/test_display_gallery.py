"""Every screen in every size and language, and what must be true of each. The pictures lie in tests/out/gallery.

Painted are two languages; the others are measured (tests/measuring.py) unless KIOSK_PICTURES is set.
"""

from __future__ import annotations

import os
from dataclasses import replace
from functools import cache
from itertools import combinations
from pathlib import Path
from typing import get_args

import numpy as np
import pytest
import zxingcpp
from PIL import Image

from kiosk.core.languages import LANGUAGES
from kiosk.core.past_screens import PastScreen
from kiosk.core.scanning import Outline, Reading, ScanHint
from kiosk.core.screens import OutOfOrder, Screen, ShowingQr, View
from kiosk.core.setup_screens import SetupScreen
from kiosk.display import codes, drift, training
from kiosk.display import keys as drawn_keys
from kiosk.display.canvas import Canvas
from kiosk.display.frame import LEGENDS
from kiosk.display.icons import WARNING, Icon
from kiosk.display.light import Rest
from kiosk.display.painter import Painter, moment
from kiosk.display.png import encode
from kiosk.display.qr import modules
from kiosk.display.sheet import Mark
from kiosk.display.theme import AMBER, GREEN, WHITE, Colour, Tone, contrast, scale_for
from tests.display_views import (
    ALONE,
    CODE_URL,
    MAIN,
    MORE,
    NOW,
    ONLINE,
    OTHER_SIZES,
    SIZES,
    TOUCHED_SIZES,
    TRAINING,
    UPRIGHT_SIZES,
    VIEWS,
    camera_picture,
)
from tests.languages import each_language, first_daily
from tests.measuring import MeasuringCanvas, measuring

GALLERY = Path(__file__).parent / "out" / "gallery"
_NAMES = list(LANGUAGES)
PAIRS = list(zip(_NAMES, _NAMES[1:] + _NAMES[:1], strict=True))
"""Each language once as the merchant's and once as the customer's; the first is painted."""

each_pair = pytest.mark.parametrize("pair", first_daily(PAIRS), ids="-".join)

_contrast = cache(contrast)  # the screens have a few dozen pairs of colours, a trace as many texts
_painters: dict[tuple[tuple[int, int], str, str], Painter] = {}


def _painter(size: tuple[int, int], merchant: str = "en", customer: str = "zh_CN") -> Painter:
    key = (size, merchant, customer)
    if key not in _painters:
        _painters[key] = Painter(size, merchant, customer)
    return _painters[key]


def _fitter(size: tuple[int, int], pair: tuple[str, str], *, keys: bool = False, painted: bool = False) -> Painter:
    """A painter for whoever asks only whether texts fit. `painted`: pictures are wanted of it."""
    painter = Painter(size, *pair, keys=keys)
    return painter if painted or "KIOSK_PICTURES" in os.environ else measuring(painter)


def _paint(painter: Painter, view: View) -> list[Mark]:
    trace: list[Mark] = []
    painter.paint(view, NOW, trace)
    return trace


def _image(painter: Painter) -> Image.Image:
    return Image.frombytes("RGB", painter.canvas.size, painter.canvas.rgb())


def _is(painter: Painter, colour: Colour) -> np.ndarray:
    """Which pixels have this colour, row by row."""
    width, height = painter.canvas.size
    red, green, blue = np.frombuffer(painter.canvas.rgb(), dtype=np.uint8).reshape(height, width, 3).transpose(2, 0, 1)
    found: np.ndarray = (red == colour[0]) & (green == colour[1]) & (blue == colour[2])
    return found


def _save(painter: Painter, folder: str, name: str) -> None:
    if isinstance(painter.canvas, MeasuringCanvas):
        return
    path = GALLERY / folder
    path.mkdir(parents=True, exist_ok=True)
    (path / f"{name}.png").write_bytes(encode(*painter.canvas.size, painter.canvas.rgb(), level=1))


def _overlap(one: tuple[int, ...], other: tuple[int, ...]) -> bool:
    across = min(one[0] + one[2], other[0] + other[2]) - max(one[0], other[0])
    down = min(one[1] + one[3], other[1] + other[3]) - max(one[1], other[1])
    return across > 0 and down > 0


def _overlaps(trace: list[Mark]) -> list[str]:
    """Texts that stand on one another; of two the upper first."""
    found = []
    downwards = sorted(trace, key=lambda mark: mark.ink[1])
    for place, one in enumerate(downwards, 1):
        for other in downwards[place:]:
            if other.ink[1] >= one.ink[1] + one.ink[3]:
                break  # and all that stand lower
            if _overlap(one.ink, other.ink):
                found.append(f"{one.text!r} over {other.text!r}")
    return found


def _mistakes(trace: list[Mark], size: tuple[int, int], floor: int | None = None) -> list[str]:
    width, height = size
    floor = scale_for(size).floor if floor is None else floor
    found = []
    for mark in trace:
        x, y, wide, high = mark.ink
        slack = max(2, mark.size // 8)  # a slanted or rounded edge, and a line's own leading
        box = mark.box
        if not mark.fits:
            found.append(f"does not fit: {mark.text!r}")
        if x < box[0] - slack or y < box[1] - slack or x + wide > box[0] + box[2] + slack or y + high > box[1] + box[3] + slack:
            found.append(f"out of its box: {mark}")
        if x < 0 or y < 0 or x + wide > width or y + high > height:
            found.append(f"out of the screen: {mark}")
        if (between := _contrast(mark.colour, mark.ground)) < 4.5:
            found.append(f"contrast {between:.2f}: {mark}")
        if mark.size < floor:
            found.append(f"too small: {mark}")
    return found + _overlaps(trace)


@pytest.mark.parametrize("keys", [False, True], ids=["", "touched"])
@pytest.mark.parametrize("size", [(800, 480), (320, 480)], ids=str)
def test_a_training_is_seen_on_every_screen_in_both_languages(size: tuple[int, int], *, keys: bool) -> None:
    """A frame of a colour that nothing else has, a band that says it, the word across the screen; nothing is out of place."""
    painter = Painter(size, "en", "zh_CN", keys=keys)
    width, height = painter._content[2:]
    plain = {name: _paint(painter, view) and painter.canvas.rgb() for name, view in MAIN.items()}
    for name, view in TRAINING.items():
        trace = _paint(painter, view)
        assert _mistakes(trace, size, painter._scale.floor) == [], name
        assert {"TRAINING: nothing is paid", "练习：不会收款"} <= {mark.text for mark in trace}, name
        edges = [(0, 0), (width - 1, 0), (0, height // 2), (width - 1, height // 2), (width // 2, height - 1)]
        assert {painter.canvas.colour_at(*edge) for edge in edges} == {training.GROUND}, name
        assert painter.canvas.rgb() != plain[name.removeprefix("training_")]
        assert not _is(painter, Tone.GOOD.value.ground).any(), "green is paid"
        _save(painter, f"training-{size[0]}x{size[1]}{'-touched' if keys else ''}", name)


@pytest.mark.parametrize(
    ("size", "pair"), [((480, 320), ("th", "ru")), ((640, 480), ("de", "ja")), ((800, 480), ("zh_TW", "ko"))]
)
def test_what_is_measured_is_what_is_painted(size: tuple[int, int], pair: tuple[str, str]) -> None:
    """A pixel across and two down, in the scripts that differ most; the grounds, too. Else the tests below are not believed."""
    painted, measured = Painter(size, *pair), measuring(Painter(size, *pair))
    for view in MAIN.values():
        for one, other in zip(_paint(painted, view), _paint(measured, view), strict=True):
            assert replace(one, ink=other.ink) == other
            left, top, right, bottom = (abs(a - b) for a, b in zip(_sides(one.ink), _sides(other.ink), strict=True))
            assert max(left, right) <= 1, (one, other)
            assert max(top, bottom) <= 2, (one, other)


def _sides(ink: tuple[int, int, int, int]) -> tuple[int, int, int, int]:
    return ink[0], ink[1], ink[0] + ink[2], ink[1] + ink[3]


def test_every_screen_has_a_view_here_and_a_row_of_keys() -> None:
    others = set(get_args(SetupScreen)) | set(get_args(PastScreen))  # test_set_up_screens.py and test_display_past.py have those
    screens = set(get_args(Screen)) - others
    assert {type(view.screen) for view in MAIN.values()} == screens
    assert set(LEGENDS) == screens


@pytest.mark.parametrize("size", SIZES, ids=str)
@each_pair
def test_all_text_fits_its_box_and_the_screen_and_can_be_read(size: tuple[int, int], pair: tuple[str, str]) -> None:
    painter = _fitter(size, pair, painted=pair == PAIRS[0])
    mistakes = {}
    for name, view in VIEWS.items():
        trace = _paint(painter, view)
        assert len(trace) > 2
        if found := _mistakes(trace, size):
            mistakes[name] = found
        if pair == PAIRS[0] or (name in MAIN and size == (800, 480)):
            _save(painter, f"{size[0]}x{size[1]}-{pair[0]}-{pair[1]}", name)
    assert mistakes == {}


@pytest.mark.parametrize("size", SIZES, ids=str)
@each_language
def test_what_is_for_the_merchant_alone_fits_too(size: tuple[int, int], language: str) -> None:
    painter = _fitter(size, (language, "zh_CN"), painted=language == "en")
    mistakes = {}
    for name, view in ALONE.items():
        if found := _mistakes(_paint(painter, view), size):
            mistakes[name] = found
        if language == "en" or size == (800, 480):
            _save(painter, f"{size[0]}x{size[1]}-{language}-alone", name)
    assert mistakes == {}


@pytest.mark.parametrize("size", SIZES, ids=str)
def test_a_problem_told_at_great_length_is_cut_and_stays_in_its_panel(size: tuple[int, int]) -> None:
    painter = _painter(size)
    trace = _paint(painter, View(OutOfOrder("The card is full: make room. " * 60), ONLINE))
    assert any(mark.text.endswith("...") for mark in trace)
    assert all(mark.ink[1] + mark.ink[3] <= size[1] - scale_for(size).pad for mark in trace)


@pytest.mark.parametrize("size", OTHER_SIZES + UPRIGHT_SIZES, ids=str)
@each_pair
def test_other_sizes_of_screens_work_too(size: tuple[int, int], pair: tuple[str, str]) -> None:
    painter = _fitter(size, pair)
    mistakes = {}
    for name, view in MAIN.items():
        if found := _mistakes(_paint(painter, view), size):
            mistakes[name] = found
        _save(painter, f"other-{size[0]}x{size[1]}-{pair[1]}", name)
    assert mistakes == {}


@pytest.mark.parametrize("size", TOUCHED_SIZES, ids=str)
@each_pair
def test_all_text_fits_beside_and_on_the_keys_of_a_touched_screen(size: tuple[int, int], pair: tuple[str, str]) -> None:
    painter = _fitter(size, pair, keys=True)
    mistakes = {}
    for name, view in (VIEWS if pair == PAIRS[0] else MAIN).items():
        if found := _mistakes(_paint(painter, view), size, painter._scale.floor):
            mistakes[name] = found
        if name in MAIN:
            _save(painter, f"touch-{size[0]}x{size[1]}-{pair[0]}", name)
    assert mistakes == {}


@pytest.mark.parametrize("size", [*UPRIGHT_SIZES, *TOUCHED_SIZES], ids=str)
@pytest.mark.parametrize("keys", [False, True])
def test_the_qr_is_read_back_off_upright_and_touched_screens(size: tuple[int, int], *, keys: bool) -> None:
    painter = Painter(size, "en", "zh_CN", keys=keys and size in TOUCHED_SIZES)
    painter.paint(MAIN["qr"], NOW)
    (found,) = zxingcpp.read_barcodes(_image(painter))
    assert found.text == CODE_URL
    pixels = np.asarray(_image(painter))
    assert _module_size(pixels, found.position.top_left.x, found.position.top_left.y) >= codes.LEAST_MODULE


@pytest.mark.parametrize("size", [(800, 480), (320, 240), (480, 800)], ids=str)
@pytest.mark.parametrize("pair", [("en", "zh_CN"), ("th", "ja")], ids="-".join)
def test_wherever_the_picture_has_moved_nothing_of_it_is_cut(size: tuple[int, int], pair: tuple[str, str]) -> None:
    """The four corners of its way, to which it comes within two days."""
    painter = Painter(size, *pair)
    most = painter._scale.pad // 3
    corners = {(x, y) for x in (-most, most) for y in (-most, most)}
    minutes = {drift.shift(NOW + minute * 60_000, most): NOW + minute * 60_000 for minute in range(16 * most * most)}
    assert corners <= set(minutes)
    for corner in corners:
        for name in ("idle", "keying", "paid", "idle_attention"):
            trace: list[Mark] = []
            painter.paint(VIEWS[name], minutes[corner], trace)
            assert _mistakes(trace, size) == [], (name, corner)


@pytest.mark.parametrize("size", [(800, 480), (320, 240), (480, 800)], ids=str)
@pytest.mark.parametrize("keys", [False, True])
@pytest.mark.parametrize("pair", [("en", "zh_CN"), ("th", "ja")], ids="-".join)
def test_the_dark_screen_holds_its_words_wherever_they_stand(size: tuple[int, int], pair: tuple[str, str], *, keys: bool) -> None:
    painter = Painter(size, *pair, keys=keys and drawn_keys.split(size) is not None)
    for name in ("idle", "idle_offline", "idle_connecting", "idle_clock", "idle_long_name", "idle_attention"):
        for minute in range(0, 8, 3):
            trace: list[Mark] = []
            painter.paint(VIEWS[name], NOW + minute * 60_000, trace, Rest.CALM)
            assert _mistakes(trace, size, scale_for(size).floor if not keys else painter._scale.floor) == []
            assert _is(painter, (0, 0, 0)).mean() > 0.9
        _save(painter, f"calm-{size[0]}x{size[1]}{'-touch' * keys}", f"{name}-{pair[0]}")


@each_language
def test_customer_and_merchant_may_speak_the_same_language(language: str) -> None:
    painter = _fitter((800, 480), (language, language))
    for view in MAIN.values():
        assert _mistakes(_paint(painter, view), (800, 480)) == []


@pytest.mark.parametrize("size", SIZES, ids=str)
def test_no_two_different_views_look_the_same(size: tuple[int, int]) -> None:
    painter = _painter(size)
    seen: dict[bytes, str] = {}
    for name, view in VIEWS.items():
        if name == "declined" or (name == "paid_rate" and not scale_for(size).roomy):  # the same as declined_balance, on purpose
            continue
        painter.paint(view, NOW)
        picture = painter.canvas.rgb()
        assert picture not in seen, f"{name} looks like {seen[picture]}"
        seen[picture] = name


def test_answers_differ_by_the_shape_of_their_sign_and_not_by_colour_alone(monkeypatch: pytest.MonkeyPatch) -> None:
    painter = _painter((800, 480))
    largest: dict[str, Icon] = {}
    drawn: list[tuple[int, Icon]] = []
    monkeypatch.setattr(painter.canvas, "icon", lambda icon, rect, _: drawn.append((rect[3], icon)))
    for name in ("paid", "declined", "unresolved", "cancelled", "cancelled_refunding", "attention", "same_customer", "password"):
        drawn.clear()
        painter.paint(VIEWS[name], NOW)
        largest[name] = max(drawn, key=lambda one: one[0])[1]
    shapes = {name: _shape(icon) for name, icon in largest.items()}
    for one, other in combinations(shapes, 2):
        assert (shapes[one] != shapes[other]).mean() > 0.05, f"{one} and {other} differ by colour alone"


def _shape(icon: Icon) -> np.ndarray:
    canvas = Canvas((100, 100))
    canvas.icon(icon, (0, 0, 100, 100), (255, 255, 255))
    return np.frombuffer(canvas.rgb(), dtype=np.uint8).reshape(100, 100, 3)[:, :, 0] > 127


@pytest.mark.parametrize("size", SIZES, ids=str)
@pytest.mark.parametrize("code_url", [CODE_URL, "weixin://wxpay/s/An4baqw", "weixin://wxpay/bizpayurl?pr=" + "a1B2c3" * 4])
@pytest.mark.parametrize("paying", [False, True])
def test_the_qr_is_read_back_as_it_is_with_large_modules_and_a_quiet_zone(
    size: tuple[int, int], code_url: str, *, paying: bool
) -> None:
    painter = _painter(size)
    painter.paint(View(ShowingQr(VIEWS["qr"].screen.money, code_url, NOW + 60_000, paying), ONLINE), NOW)  # type: ignore[union-attr]
    image = _image(painter)
    found = zxingcpp.read_barcodes(image)
    assert [(one.text, one.ec_level) for one in found] == [(code_url, "M")]
    pixels = np.asarray(image)
    corner = found[0].position.top_left
    white = (pixels == 255).all(axis=2)
    across = len(modules(code_url))
    module = _module_size(pixels, corner.x, corner.y)
    assert module >= 4
    quiet = 4 * module
    left, top = _exact_corner(white, corner.x, corner.y)
    side = across * module
    frame = white[top - quiet : top + side + quiet, left - quiet : left + side + quiet].copy()
    assert frame.shape == (side + 2 * quiet, side + 2 * quiet)
    frame[quiet:-quiet, quiet:-quiet] = True
    assert frame.all(), "the quiet zone is not pure white"


def _exact_corner(white: np.ndarray, x: int, y: int) -> tuple[int, int]:
    """The first dark pixel of the finder pattern near what the reader reports."""
    around = ~white[y - 12 : y + 13, x - 12 : x + 13]
    rows, columns = np.nonzero(around)
    return x - 12 + int(columns.min()), y - 12 + int(rows.min())


def _module_size(pixels: np.ndarray, x: int, y: int) -> int:
    """A finder pattern's edge is seven modules of dark."""
    white = (pixels == 255).all(axis=2)
    left, top = _exact_corner(white, x, y)
    length = int(np.argmax(white[top, left:]))
    assert length % 7 == 0
    return length // 7


@pytest.mark.parametrize("size", SIZES, ids=str)
def test_a_qr_that_does_not_fit_is_not_drawn_and_the_merchant_is_told(size: tuple[int, int]) -> None:
    painter = _painter(size)
    trace = _paint(painter, MORE["qr_too_long"])
    assert zxingcpp.read_barcodes(_image(painter)) == []
    assert any("SCAN" in mark.text for mark in trace)


def test_the_grounds_are_those_the_palette_promises() -> None:
    for tone in Tone:
        look = tone.value
        assert min(contrast(look.text, look.ground), contrast(look.soft, look.ground), contrast(look.mark, look.ground)) >= 4.5


@pytest.mark.parametrize("size", SIZES, ids=str)
def test_the_camera_picture_keeps_its_aspect_and_leaves_the_words_alone(size: tuple[int, int]) -> None:
    painter = _painter(size)
    trace = _paint(painter, MAIN["scanning"])
    before = np.asarray(_image(painter))
    changed = painter.paint_camera(320, 240, bytes((10, 200, 30)) * (320 * 240))
    green = (np.asarray(_image(painter)) == (10, 200, 30)).all(axis=2)
    rows, columns = np.nonzero(green)
    width, height = columns.max() - columns.min() + 1, rows.max() - rows.min() + 1
    assert width / height == pytest.approx(4 / 3, rel=0.03)
    assert changed is not None
    outside = (before != np.asarray(_image(painter))).any(axis=2)
    outside[changed[1] : changed[1] + changed[3], changed[0] : changed[0] + changed[2]] = False
    assert not outside.any()
    assert {mark.text for mark in trace if _overlap(changed, mark.ink)} == {
        "付款码对准这里"
    }  # stands there until the first picture
    painter.paint_camera(*camera_picture())
    _save(painter, f"{size[0]}x{size[1]}-en-zh_CN", "scanning_with_picture")


PHONE = ((120, 23), (200, 23), (200, 157), (120, 157))
READINGS = {
    "unread": (Outline(Reading.UNREAD, PHONE),),
    "unsure": (Outline(Reading.UNSURE, ((128, 66), (192, 70), (190, 92), (126, 88))),),
    "refused": (Outline(Reading.REFUSED, ((128, 66), (192, 70), (190, 92), (126, 88))),),
    "two_codes": tuple(Outline(Reading.REFUSED, ((x, 60), (x + 60, 64), (x + 58, 124), (x - 2, 120))) for x in (20, 240)),
    "at_the_edge": (Outline(Reading.UNSURE, ((0, 0), (319, 0), (319, 179), (0, 179))),),
}


@pytest.mark.parametrize("size", SIZES, ids=str)
@pytest.mark.parametrize("name", READINGS)
def test_an_outline_stands_where_the_thing_is_and_nowhere_else(size: tuple[int, int], name: str) -> None:
    painter = _painter(size)
    painter.paint(MAIN["scanning"], NOW)
    width, height, rgb = camera_picture(320, 180)
    changed = painter.paint_camera(width, height, rgb, READINGS[name])
    _save(painter, f"{size[0]}x{size[1]}-en-zh_CN", f"scanning_seen_{name}")
    marked = np.asarray(_image(painter)).astype(int)
    painter.paint_camera(width, height, rgb)
    bare = np.asarray(_image(painter)).astype(int)
    assert changed is not None
    x, y, wide, high = changed
    share = wide / 320  # 16 : 9 fills the box from side to side in all these sizes
    top = y + (high - round(180 * share)) // 2
    differs = (marked != bare).any(axis=2)
    corners = bare[top : top + 40, x : x + wide]
    assert corners.any()
    inked = (marked == _COLOURS[READINGS[name][0].reading]).all(axis=2) & differs
    rows, columns = np.nonzero(inked)
    points = [point for outline in READINGS[name] for point in outline.corners]
    stroke = scale_for(size).stroke
    for found, side, start in ((columns, 0, x), (rows, 1, top)):
        for least, end in ((min, found.min()), (max, found.max())):
            assert abs(end - (start + least(point[side] for point in points) * share)) <= stroke + 1
    outside = differs.copy()
    outside[top : top + round(180 * share), x : x + wide] = False
    assert not outside.any()


_COLOURS = {Reading.UNREAD: WHITE, Reading.UNSURE: GREEN, Reading.REFUSED: AMBER}


def test_readings_differ_by_the_shape_of_their_outline_and_not_by_colour_alone() -> None:
    """All in one place and all turned white: still three different pictures."""
    painter = _painter((800, 480))
    shapes = []
    for reading in Reading:
        painter.paint(MAIN["scanning"], NOW)
        painter.paint_camera(320, 180, bytes(320 * 180 * 3), (Outline(reading, PHONE),))
        shapes.append((np.asarray(_image(painter)).max(axis=2) > 100)[:, :400])
    for one, other in combinations(shapes, 2):
        assert (one != other).sum() > 200


def test_while_nothing_is_found_the_corners_show_where_to_aim() -> None:
    painter = _painter((800, 480))
    painter.paint(MAIN["scanning"], NOW)
    painter.paint_camera(320, 180, bytes(320 * 180 * 3))
    aiming = painter.canvas.rgb()
    painter.paint_camera(320, 180, bytes(320 * 180 * 3), (Outline(Reading.UNSURE, PHONE),))
    assert painter.canvas.rgb() != aiming
    painter.paint_camera(320, 180, bytes(320 * 180 * 3))
    assert painter.canvas.rgb() == aiming


def test_each_advice_has_a_sign_of_its_own() -> None:
    shapes = {hint: _shape(icon) for hint, icon in codes._ADVICE.items()} | {ScanHint.OTHER: _shape(WARNING)}
    for one, other in combinations(shapes, 2):
        assert (shapes[one] != shapes[other]).mean() > 0.02, f"{one} and {other} look the same"


def test_a_screen_without_a_camera_takes_no_picture() -> None:
    painter = _painter((800, 480))
    painter.paint(MAIN["charging"], NOW)
    before = painter.canvas.rgb()
    assert painter.paint_camera(*camera_picture()) is None
    assert painter.canvas.rgb() == before


def test_a_countdown_moves_each_second_and_a_quiet_screen_only_each_minute() -> None:
    assert moment(MAIN["qr"], NOW) != moment(MAIN["qr"], NOW + 1000)
    assert moment(MAIN["paid"], NOW) == moment(MAIN["paid"], NOW + 1000)
    assert moment(MAIN["idle"], NOW) != moment(MAIN["idle"], NOW + 60_000)
    painter = _painter((800, 480))
    painter.paint(MAIN["qr"], NOW)
    before = painter.canvas.rgb()
    painter.paint(MAIN["qr"], NOW + 1000)
    assert painter.canvas.rgb() != before


def test_amounts_show_the_currency_by_its_code_as_one_sign_means_yen_and_yuan() -> None:
    painter = _painter((800, 480))
    assert "JPY" in {mark.text for mark in _paint(painter, MORE["keying_yen"])}
    assert "¥1,250" in {mark.text for mark in _paint(painter, MORE["keying_yen"])}
    assert any("11.57" in mark.text for mark in _paint(painter, MAIN["paid"]))
    assert not any("实付" in mark.text for mark in _paint(painter, MORE["paid_same_currency"]))
