"""The vigil over the pictures: what stands still, what shows nothing, and what does neither."""

from __future__ import annotations

import numpy as np
import pytest

from kiosk.camera.decode import Grey
from kiosk.camera.vigil import DARK_S, FROZEN_S, Sight, Vigil, lit

NOISE = np.random.default_rng(5)


def picture(level: int, noise: float = 0.0) -> Grey:
    return np.clip(level + noise * NOISE.standard_normal((720, 1280)), 0, 255).astype(np.uint8)


def watched(*pictures: Grey, live: bool = True, every_s: float = 0.5) -> list[Sight]:
    vigil = Vigil(live=live)
    return [vigil.look(grey, 100 + number * every_s) for number, grey in enumerate(pictures)]


def test_the_same_bytes_for_two_seconds_are_a_camera_that_hangs():
    still = picture(90, 3)
    sights = watched(*[still] * 5, picture(90, 3))
    assert sights == [Sight.FINE] * 4 + [Sight.FROZEN, Sight.FINE]
    assert FROZEN_S == 2


def test_a_sensor_before_a_still_life_is_never_called_frozen():
    assert set(watched(*(picture(90, 0.5) for _ in range(12)))) == {Sight.FINE}


def test_still_pictures_may_stand_as_long_as_they_like_where_no_sensor_is():
    assert set(watched(*[picture(90)] * 12, live=False)) == {Sight.FINE}


@pytest.mark.parametrize("live", [True, False])
@pytest.mark.parametrize(("level", "noise"), [(0, 0), (12, 8)])
def test_a_covered_lens_is_dark_and_not_frozen_until_light_falls_in(level: int, noise: float, live: bool):
    dark = [picture(level, noise) for _ in range(6)]
    assert watched(*dark, picture(90, 3), live=live) == [Sight.FINE] * 4 + [Sight.DARK] * 2 + [Sight.FINE]
    assert DARK_S == 2


def test_a_lit_phone_in_a_dark_room_is_a_picture_and_a_hot_pixel_is_none():
    room = picture(5, 3)
    hot = room.copy()
    hot[80, 80] = 255
    assert not lit(hot)
    room[300:420, 600:680] = 200  # 1 % of the picture: a phone far away
    assert lit(room)


def test_what_moves_is_remembered():
    vigil = Vigil(live=True)
    still = picture(90, 3)
    vigil.look(still, 0)
    vigil.look(still, 1)
    assert not vigil.moved
    vigil.look(picture(90, 3), 2)
    assert vigil.moved
