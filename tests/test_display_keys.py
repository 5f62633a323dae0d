"""The keys on the screen: room for them and for the picture, a finger's width each, and faint when they do nothing."""

from __future__ import annotations

from dataclasses import replace
from itertools import product

import numpy as np
import pytest

from kiosk.config.display import room_for_keys
from kiosk.core import keying, screens, shift_till, till, trying
from kiosk.core.checkup_screens import Checkup, ColourTest, KeyTest, ReadTest
from kiosk.core.errors import DriverError
from kiosk.core.events import Key
from kiosk.core.model import Tender
from kiosk.core.selling import Doubt, Draft, Offer, Selling
from kiosk.core.shifts import Shift
from kiosk.core.till import Refused, Stage
from kiosk.display.frame import keys_of
from kiosk.display.keys import LEAST, MEANT, ROWS, chosen_by, key_at, looks, share_of, split
from kiosk.display.painter import Painter
from kiosk.display.theme import SMALLEST
from kiosk.display.touches import Touches
from tests.display_views import MAIN, NOW

KEYS = [key for row in ROWS for key in row]
TOUCHED_SIZES = ((800, 480), (1024, 600), (640, 480), (480, 800), (320, 480), (720, 720), (1280, 800), (1920, 1080))
PANEL = (506, 0, 294, 480)

# --- room ---


@pytest.mark.parametrize("size", TOUCHED_SIZES, ids=str)
def test_each_key_is_a_finger_wide_and_the_keys_and_the_picture_share_the_screen(size: tuple[int, int]) -> None:
    parts = split(size)
    assert parts is not None
    content, panel = parts
    seen = np.zeros((size[1], size[0]), dtype=int)
    for x, y, width, height in (content, *(share_of(key, panel) for key in KEYS)):
        seen[y : y + height, x : x + width] += 1
    assert (seen == 1).all()
    assert min(min(share_of(key, panel)[2:]) for key in KEYS) >= LEAST
    assert content[2] >= SMALLEST[0]
    assert content[3] >= SMALLEST[1]


def test_the_configuration_and_the_screen_agree_on_where_there_is_room() -> None:
    for size in product(range(320, 1300, 20), range(240, 1300, 20)):
        assert room_for_keys(*size) is (split(size) is not None), size


def test_a_screen_without_room_for_keys_is_refused_with_the_remedy() -> None:
    with pytest.raises(DriverError, match=r"480x320 has no room for keys.*rotation.*another keypad"):
        Painter((480, 320), "en", "zh_CN", keys=True)


def test_all_keys_are_there_once() -> None:
    assert sorted(KEYS) == sorted(key for key in Key if key is not Key.CLEAR_ALL)


# --- what they mean ---

_ONE = "1" * 8
DRAFT = Draft((1250,))
PLAIN = keying.Rules(Tender.QUICK_PAY, 500_000, Selling())
OFFERING = keying.Rules(
    Tender.QUICK_PAY, 500_000, Selling({Key(digit): 100 for digit in "12345678"}, tips=(Offer(5), Offer(10), Offer(15)))
)
FIRST = Shift("K07-aa-Z0001", 1, NOW, "UTC", "00:00")
TILLS: dict[type[screens.Screen], till.Till] = {
    screens.Idle: till.Idle(),
    screens.OutOfOrder: till.Idle(),
    screens.Keying: keying.Keying(1250),
    screens.QuickAmounts: keying.Board((1250,)),
    screens.SameCustomer: keying.Asking(DRAFT, Tender.QUICK_PAY, Doubt.SAME_CUSTOMER),
    screens.PaidAlready: keying.Asking(DRAFT, Tender.QUICK_PAY, Doubt.REPEATED),
    screens.UnusualAmount: keying.Asking(DRAFT, Tender.QUICK_PAY, Doubt.UNUSUAL, 100),
    screens.Noting: keying.Noting(DRAFT, Tender.QUICK_PAY, "42"),
    screens.Tipping: keying.Tipping(DRAFT, Tender.QUICK_PAY, NOW),
    screens.Scanning: till.Scanning(_ONE, NOW),
    Checkup: trying.begin(NOW),
    ReadTest: trying.TryingRead(trying.begin(NOW), "trial 1", NOW),
    KeyTest: trying.TryingKeys(trying.begin(NOW), NOW),
    ColourTest: trying.TryingColours(trying.begin(NOW), NOW),
    screens.ShiftReport: shift_till.Report(replace(FIRST, z=2), 3, NOW, NOW),
    screens.NoShift: shift_till.NoShift(NOW),
    screens.ShiftClosing: shift_till.Closing(FIRST, NOW, NOW),
}
STAGES: dict[type[screens.Screen], Stage] = {
    screens.Charging: Stage.CHARGING,
    screens.Password: Stage.PASSWORD,
    screens.Placing: Stage.PLACING,
    screens.ShowingQr: Stage.QR,
    screens.Cancelling: Stage.CANCELLING,
    screens.PaidScreen: Stage.PAID,
    screens.DeclinedScreen: Stage.DECLINED,
    screens.Unresolved: Stage.UNRESOLVED,
    screens.CancelledScreen: Stage.CANCELLED,
    screens.AttentionScreen: Stage.ATTENTION,
}


@pytest.mark.parametrize("screen", [screen for screen in MEANT if screen not in (screens.SeekingReceipt, screens.OwnersPage)])
def test_the_keys_that_stand_out_are_those_that_do_something(screen: type[screens.Screen]) -> None:
    if screen in (
        screens.Starting,
        screens.Updating,
    ):  # keys pressed before there is a till are dropped, and those of a kiosk that is held
        assert MEANT[screen] == frozenset()
        return
    does = set()
    for key in KEYS:
        if screen in STAGES:
            intent = till._front(STAGES[screen], key, PLAIN, NOW)
        else:
            rules = OFFERING if screen in (screens.QuickAmounts, screens.Tipping) else PLAIN
            intent = till.press(TILLS[screen], key, None, rules, NOW)
        if not isinstance(intent, Refused):
            does.add(key)
    (shown,) = (view.screen for name, view in MAIN.items() if type(view.screen) is screen and name != "qr_paying")
    assert {key for key, look in looks(shown, frozenset()).items() if look.meant} == does


def test_what_the_row_of_keys_names_stands_out_on_the_screen_too() -> None:
    for view in MAIN.values():
        meant = {key for key, look in looks(view.screen, frozenset()).items() if look.meant}
        assert {cap for cap, _ in keys_of(view.screen) if cap in KEYS} | MEANT[type(view.screen)] | chosen_by(
            view.screen
        ) == meant


def test_a_faint_key_looks_faint() -> None:
    painter = Painter((800, 480), "en", "zh_CN", keys=True)
    brightness = {}
    for name in ("charging", "keying"):
        painter.paint(MAIN[name], NOW)
        brightness[name] = {key: _part(painter, key).mean() for key in KEYS}
    for key in KEYS:
        faint = bool(brightness["charging"][key] < brightness["keying"][key] / 1.3)
        assert faint is (key is not Key.CANCEL), key


def test_a_tile_is_touched_as_its_key_is_and_only_while_it_is_there() -> None:
    """Quick amounts and tips: a finger on a tile is one on its key; on another screen nothing is there."""
    painter = Painter((800, 480), "en", "zh_CN", keys=True)
    assert painter.panel is not None
    touches = Touches(painter.panel, painter.tile_at)
    for name, digits in (("quick_amounts", "12345678"), ("tipping", "1230")):
        painter.paint(MAIN[name], NOW)
        tiles = {key: box for box, key in painter._tiles}
        assert "".join(sorted(tiles)) == "".join(sorted(digits))
        assert all(box[2] >= LEAST and box[3] >= LEAST // 2 for box in tiles.values())
        for finger, (key, (x, y, width, height)) in enumerate(tiles.items()):
            point = (x + width // 2, y + height // 2)
            assert touches.finger(finger, point, True) == (finger, key, True)
            assert touches.finger(finger, point, False) == (finger, key, False)
    painter.paint(MAIN["keying"], NOW)
    assert painter.tile_at(point) is None


# --- fingers ---


def middle(key: Key, panel: tuple[int, int, int, int] = PANEL) -> tuple[int, int]:
    x, y, width, height = share_of(key, panel)
    return x + width // 2, y + height // 2


def test_every_point_of_the_panel_is_a_key_and_none_beside_it() -> None:
    x, y, width, height = PANEL
    assert {key_at((x + across, y + down), PANEL) for across in range(0, width, 7) for down in range(0, height, 7)} == set(KEYS)
    assert all(key_at(middle(key), PANEL) is key for key in KEYS)
    for point in ((x - 1, y + 5), (x + width, y + 5), (x + 5, y - 1), (x + 5, y + height)):
        assert key_at(point, PANEL) is None


def test_a_finger_is_told_down_and_lifted_on_its_key() -> None:
    touches = Touches(PANEL)
    assert touches.finger(3, middle(Key.D5), True) == (3, Key.D5, True)
    assert touches.held == {Key.D5}
    x, y = middle(Key.D5)
    assert touches.finger(3, (x + 4, y - 4), True) is None
    assert touches.finger(3, (x + 4, y - 4), False) == (3, Key.D5, False)
    assert touches.held == frozenset()


def test_a_finger_that_leaves_its_key_is_told_once_and_presses_no_other() -> None:
    touches = Touches(PANEL)
    touches.finger(3, middle(Key.D5), True)
    assert touches.finger(3, middle(Key.D6), True) == (3, None, False)
    assert touches.held == frozenset()
    assert touches.finger(3, middle(Key.D5), True) is None
    assert touches.finger(3, middle(Key.D5), False) is None
    assert touches.finger(3, middle(Key.D5), True) == (3, Key.D5, True)


def test_a_finger_that_slides_in_from_the_picture_presses_nothing() -> None:
    touches = Touches(PANEL)
    assert touches.finger(1, (20, 20), True) is None
    assert touches.finger(1, middle(Key.OK), True) is None
    assert touches.finger(1, middle(Key.OK), False) is None


def test_a_lift_that_nobody_saw_begin_and_an_ignored_finger_are_nothing() -> None:
    touches = Touches(PANEL)
    assert touches.finger(1, middle(Key.OK), False) is None
    assert touches.finger(1, middle(Key.OK), True, ignored=True) is None
    assert touches.finger(1, middle(Key.OK), True) is None
    assert touches.finger(1, middle(Key.OK), False) is None
    assert touches.finger(1, middle(Key.OK), True) == (1, Key.OK, True)


def test_a_pressed_key_looks_pressed_and_nothing_else_changes() -> None:
    painter = Painter((800, 480), "en", "zh_CN", keys=True)
    painter.paint(MAIN["keying"], NOW)
    before = _pixels(painter)
    assert painter.hold(frozenset((Key.OK, Key.D5))) == painter.panel
    differs = (_pixels(painter) != before).any(axis=2)
    assert painter.panel is not None
    for key in KEYS:
        x, y, width, height = share_of(key, painter.panel)
        assert differs[y : y + height, x : x + width].any() == (key in (Key.OK, Key.D5))
        differs[y : y + height, x : x + width] = False
    assert not differs.any()
    painter.paint(MAIN["keying"], NOW)  # a view that comes meanwhile
    assert (_pixels(painter) != before).any()
    painter.hold(frozenset())
    assert (_pixels(painter) == before).all()
    assert painter.hold(frozenset()) is None


def _pixels(painter: Painter) -> np.ndarray:
    width, height = painter.canvas.size
    return np.frombuffer(painter.canvas.rgb(), dtype=np.uint8).reshape(height, width, 3)


def _part(painter: Painter, key: Key) -> np.ndarray:
    assert painter.panel is not None
    x, y, width, height = share_of(key, painter.panel)
    return _pixels(painter)[y : y + height, x : x + width].astype(int)
