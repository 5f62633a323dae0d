"""What is measured of drawn pictures: each thing that goes wrong is seen as what it is, and a shop without a phone as nothing."""

from __future__ import annotations

import random
from functools import cache

import numpy as np
import pytest

from kiosk.camera.advice import Area, advise
from kiosk.camera.look import Looker, quarter
from kiosk.core.scanning import ScanHint
from tests.frames.optics import seen
from tests.frames.rooms import behind
from tests.frames.sheets import payment_code, wallet
from tests.frames.trouble import Trouble

SEEDS = range(4)
HELD = Trouble(tall=0.8, defocus=0.6)


@cache
def room(seed: int) -> np.ndarray:
    """A shop without anybody, as it is before any grain."""
    return behind(random.Random(seed))


def empty(seed: int, grain: str = "first") -> np.ndarray:
    return seen([], room(seed), random.Random(seed), grain)


def look(seed: int, trouble: Trouble) -> Area | None:
    """At a phone in a shop that was empty when the scan began."""
    looker = Looker()
    assert looker.look(empty(seed)) is None
    chance = random.Random(seed)
    return looker.look(seen([(wallet(chance, payment_code(chance))[0], trouble)], room(seed), chance))


@pytest.mark.parametrize(
    ("trouble", "hint"),
    [
        (Trouble(tall=0.14, defocus=0.6), ScanHint.CLOSER),
        (Trouble(tall=1.7, defocus=0.6), ScanHint.FURTHER),
        (Trouble(tall=0.8, defocus=0.6, place=(-0.16, 0.5)), ScanHint.MIDDLE),
        (Trouble(tall=0.8, defocus=4), ScanHint.STILL),
        (Trouble(tall=0.8, defocus=0.6, motion=(20, 0)), ScanHint.STILL),
        (Trouble(tall=0.8, defocus=0.6, motion=(14, 14)), ScanHint.STILL),
        (Trouble(tall=0.8, defocus=0.6, gain=5, haze=60), ScanHint.GLARE),
        (HELD, None),
        (Trouble(tall=0.8, defocus=0.6, turn=12, noise=10), None),
    ],
    ids=str,
)
def test_what_is_wrong_with_a_phone_is_seen(trouble: Trouble, hint: ScanHint | None) -> None:
    """Of most: a shop may be so busy that a phone is lost in it."""
    areas = [look(seed, trouble) for seed in SEEDS]
    hints = [None if area is None else advise(area) for area in areas]
    assert hints.count(hint) >= len(SEEDS) - 1, hints


@pytest.mark.parametrize("seed", SEEDS)
def test_a_screen_that_hardly_shines_is_seen_as_dark(seed: int) -> None:
    looker = Looker()
    looker.look(empty(seed))
    chance = random.Random(seed)
    sheet = wallet(chance, payment_code(chance))[0].point([level // 8 for level in range(256)])
    area = looker.look(seen([(sheet, HELD)], np.full_like(room(seed), 150), chance))
    assert area is not None
    assert advise(area) is ScanHint.BRIGHTER


@pytest.mark.parametrize("seed", range(12))
def test_what_was_there_when_the_scan_began_is_the_shop(seed: int) -> None:
    looker = Looker()
    assert looker.look(empty(seed)) is None
    assert looker.look(empty(seed, "other grain")) is None


def test_a_white_patch_that_comes_is_a_phone_that_blinds_the_camera() -> None:
    looker = Looker()
    dark = np.full((720, 1280), 40, np.uint8)
    looker.look(dark)
    blinding = dark.copy()
    blinding[100:600, 500:800] = 255
    area = looker.look(blinding)
    assert area is not None
    assert advise(area) is ScanHint.GLARE
    left, top, width, height = area.box
    assert left <= 512
    assert left + width >= 784
    assert top <= 112
    assert top + height >= 592


def test_the_area_found_is_where_the_code_is() -> None:
    area = look(1, HELD)
    assert area is not None
    left, top, width, _ = area.box
    assert left < 640 < left + width  # the phone is in the middle, its barcode above, its QR in the middle
    assert 100 < top < 420
    assert width < 330


@pytest.mark.parametrize("size", [(0, 0), (1, 1), (127, 400), (128, 128), (200, 131), (480, 640), (721, 1283), (1080, 1920)])
def test_pictures_of_any_size_are_looked_at(size: tuple[int, int]) -> None:
    noise = np.random.default_rng(1).integers(0, 255, size).astype(np.uint8)
    looker = Looker()
    looker.look(np.full(size, 90, np.uint8))
    for picture in (noise, np.zeros(size, np.uint8), np.full(size, 255, np.uint8)):
        area = looker.look(picture)
        if area is not None:
            advise(area)
            assert all(0 <= x < size[1] and 0 <= y < size[0] for x, y in area.corners)
    looker.look(np.full((240, 320), 90, np.uint8))  # a camera that changes its mind


def test_the_picture_in_quarters_is_the_mean_and_whole_cells() -> None:
    assert quarter(np.full((50, 70), 255, np.uint8)).shape == (12, 16)
    assert (quarter(np.full((50, 70), 255, np.uint8)) == 255).all()
    ramp = np.tile(np.arange(64, dtype=np.uint8), (64, 1))
    assert (quarter(ramp)[0] == np.arange(1, 64, 4)).all()
