"""Ironed bars: thin ones that no decoder reads as they are, leaning, on their side, light on dark; and where they stand."""

from __future__ import annotations

import numpy as np
import pytest
from PIL import Image

from kiosk.camera.bars import ironed
from kiosk.camera.parts import Part
from kiosk.camera.symbol import Symbol
from kiosk.camera.zxing import find_symbols
from tests.camera_pictures import CODE, barcode

LEFT, TOP, WIDE, HIGH = 70, 60, 200, 60  # 154 modules of 1.3 pixels, ten of them to each side of the bars
QUIET = 13


def small(turn: float, *, dark: bool = False) -> np.ndarray:
    """A barcode as a camera sees it from too far, with grain."""
    large = Image.new("L", (1600, 800), 235)
    large.paste(barcode(CODE, WIDE * 4, HIGH * 4), (LEFT * 4, TOP * 4))
    seen = large.rotate(turn, Image.Resampling.BICUBIC, expand=turn == 90, fillcolor=235)
    seen = seen.resize((seen.width // 4, seen.height // 4), Image.Resampling.BOX)
    levels = np.asarray(seen, dtype=np.float64) + np.random.default_rng(5).normal(0, 18, (seen.height, seen.width))
    return np.clip(255 - levels if dark else levels, 0, 255).astype(np.uint8)


def read(part: Part, *, dark: bool = False) -> list[Symbol]:
    smooth = ironed(part, 2.5)
    assert smooth is not None
    return smooth.placed(find_symbols(~smooth.grey if dark else smooth.grey))


@pytest.mark.parametrize("dark", [False, True])
@pytest.mark.parametrize("turn", [-12, -5, -1.5, 0, 1.5, 5, 12, 90])
def test_thin_bars_are_read_ironed_and_only_so(turn: float, dark: bool):
    part = Part(small(turn, dark=dark))
    plain = part.inverted() if dark else part
    assert not find_symbols(plain.grey, rotated=True)
    assert not find_symbols(plain.softened().grey, rotated=True)
    assert [symbol.text for symbol in read(part, dark=dark)] == [CODE]


def test_a_barcode_stands_where_it_is_in_the_frame():
    """Across to a pixel or two; down as far as rows that were averaged can tell."""
    frame = np.full((600, 900), 235, np.uint8)
    frame[100:300, 300:700] = small(0)
    (symbol,) = read(Part(frame).cut(280, 90, 760, 320))
    across, down = [sorted(point[axis] for point in symbol.corners) for axis in (0, 1)]
    ends = [300 + LEFT + QUIET, 300 + LEFT + WIDE - QUIET]
    assert np.abs(np.array(across) - np.repeat(ends, 2)).max() <= 3, symbol.corners
    assert 100 + TOP - 12 <= down[0] <= down[-1] <= 100 + TOP + HIGH + 12, symbol.corners


def test_a_barcode_on_its_side_stands_there_too():
    (symbol,) = read(Part(small(90)))
    across, down = [sorted(point[axis] for point in symbol.corners) for axis in (0, 1)]
    assert down[-1] - down[0] > WIDE - 3 * QUIET > 2 * (across[-1] - across[0])


@pytest.mark.parametrize("shape", [(0, 0), (8, 500), (500, 8), (24, 24)])
def test_what_is_too_small_is_not_ironed(shape: tuple[int, int]):
    assert ironed(Part(np.zeros(shape, np.uint8)), 1.0) is None


@pytest.mark.parametrize("shape", [(25, 25), (26, 400), (400, 26), (300, 300)])
@pytest.mark.parametrize("level", [0, 127, 255])
def test_where_there_are_no_bars_nothing_is_read(shape: tuple[int, int], level: int):
    assert read(Part(np.full(shape, level, np.uint8))) == []
