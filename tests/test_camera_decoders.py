"""Both decoders by one suite: what they read, what they must not, and where they say it was."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import pytest
import zxingcpp
from PIL import Image

from kiosk.camera.decode import read_symbols
from kiosk.camera.sightings import weigh
from kiosk.camera.symbol import Corners, Format, Symbol
from kiosk.camera.zxing import find_symbols
from kiosk.core.scanning import ScanHint
from tests.camera_pictures import CODE, barcode, page, qr, scene

Reader = Callable[[np.ndarray], list[Symbol]]

pytestmark = pytest.mark.parametrize("read", [read_symbols, find_symbols], ids=["zbar", "zxing"])


def grey(image: Image.Image) -> np.ndarray:
    return np.asarray(image.convert("L"))


def drawn(form: str, text: str, **options: object) -> Image.Image:
    made = zxingcpp.create_barcode(text, getattr(zxingcpp.BarcodeFormat, form), **options)
    return Image.fromarray(np.array(zxingcpp.write_barcode_to_image(made, scale=4, add_quiet_zones=True)))


def apart(corners: Corners, wanted: Corners) -> float:
    return float(np.abs(np.array(corners) - np.array(wanted)).max())


def test_a_phones_page_gives_its_qr_and_its_barcode(read: Reader):
    assert set(read(grey(scene(page())))) == {Symbol(Format.QR, CODE.encode()), Symbol(Format.CODE128, CODE.encode())}


@pytest.mark.parametrize("size", [(0, 0), (0, 9), (1, 1), (1, 500), (500, 1), (3, 3)])
def test_a_picture_too_small_for_a_code_is_read_as_empty(read: Reader, size: tuple[int, int]):
    assert read(np.zeros(size, np.uint8)) == []


def test_a_picture_that_is_not_grey_is_refused(read: Reader):
    for wrong in (np.zeros((4, 4, 3), np.uint8), np.zeros((4, 4), np.int16), np.zeros(4, np.uint8)):
        with pytest.raises(ValueError, match="2-D and uint8"):
            read(wrong)


def test_a_view_into_a_larger_array_is_read_like_a_copy(read: Reader):
    wide = np.full((720, 2000), 200, np.uint8)
    wide[:, 100:1380] = grey(scene(page()))
    wide.setflags(write=False)
    assert set(read(wide[:, 100:1380])) == set(read(wide[:, 100:1380].copy())) != set()


@pytest.mark.parametrize(
    ("form", "text"),
    [
        ("EAN13", "4006381333931"),
        ("ITF", "134567890123456789"),
        ("Code39", "134567890123456789"),
        ("Codabar", "A1234B"),
        ("Code93", "134567890123456789"),
        ("DataMatrix", CODE),
        ("Aztec", CODE),
        ("PDF417", CODE),
        ("MicroQRCode", "13456789012345678"),
        ("RMQRCode", CODE),
    ],
)
def test_other_symbologies_are_not_looked_for(read: Reader, form: str, text: str):
    picture = scene(drawn(form, text))
    assert zxingcpp.read_barcodes(picture), f"zxing-cpp could read this {form}"
    assert read(grey(picture)) == []


def test_a_gs1_label_of_18_digits_is_no_payment_code(read: Reader):
    for form, mark in (("Code128", b"]C1"), ("QRCode", b"]Q3")):
        (symbol,) = read(grey(scene(drawn(form, "(15)260101(10)12345678", gs1=True))))
        assert symbol.data == mark + b"152601011012345678"
        assert weigh([symbol])[1] is None
    (label,) = read(grey(scene(drawn("Code128", "(15)260101(10)12345678", gs1=True))))
    assert weigh([label])[0] is ScanHint.PRODUCT


def test_a_text_that_is_not_ascii_comes_as_utf_8_or_not_at_all(read: Reader):
    """Of charsets zbar makes a guess, and a wrong one in one of ten."""
    texts = [symbol.text for symbol in read(grey(scene(drawn("QRCode", "http://example.com/収款"))))]
    assert texts == ([] if read is read_symbols else ["http://example.com/収款"])


def test_digits_of_full_width_are_no_payment_code(read: Reader):
    wide = CODE.translate({ord("0") + i: 0xFF10 + i for i in range(10)})
    assert weigh(read(grey(scene(qr(wide)))))[1] is None


@pytest.mark.parametrize("turn", range(0, 360, 15))
def test_a_qrs_corners_are_where_it_is_and_in_order(read: Reader, turn: int):
    """Clockwise as one looks at it, from the one nearest the upper left."""
    frame = Image.new("L", (640, 480), 255)
    frame.paste(qr(CODE, 290), (175, 95))
    (symbol,) = read(grey(frame.rotate(turn, Image.Resampling.BICUBIC, fillcolor=255)))
    half = 105  # the code within its quiet zone: 21 of 29 modules of 10 pixels
    angle = np.radians(-turn)
    spin = np.array([[np.cos(angle), -np.sin(angle)], [np.sin(angle), np.cos(angle)]])
    ring = np.array([(-half, -half), (half, -half), (half, half), (-half, half)]) @ spin.T + (320, 240)
    assert min(apart(symbol.corners, np.roll(ring, way, axis=0)) for way in range(4)) <= 5
    sums = [x + y for x, y in symbol.corners]
    assert sums[0] == min(sums)


@pytest.mark.parametrize("sideways", [False, True])
def test_a_barcodes_corners_are_its_ends(read: Reader, sideways: bool):
    frame = Image.new("L", (800, 800), 255)
    frame.paste(barcode(CODE, 576, 200), (112, 300))  # 121 modules and twice 10 of quiet zone
    wanted: Corners = ((153, 300), (647, 300), (647, 500), (153, 500))
    if sideways:
        frame = frame.transpose(Image.Transpose.ROTATE_90)
        wanted = ((300, 153), (500, 153), (500, 647), (300, 647))
    picture = grey(frame)
    (symbol,) = read(picture) if read is read_symbols or not sideways else find_symbols(picture, rotated=True)
    assert apart(symbol.corners, wanted) <= 12


def test_what_was_read_does_not_linger_in_the_next_picture(read: Reader):
    assert read(grey(scene(page())))
    assert read(grey(scene())) == []


def test_noise_and_broken_pictures_are_read_as_what_they_are(read: Reader):
    chance = np.random.default_rng(5)
    whole = grey(scene(page()))
    for _ in range(12):
        broken = whole.copy()
        top = int(chance.integers(0, 700))
        broken[top : top + 60] = chance.integers(0, 256, broken[top : top + 60].shape)
        broken[:, int(chance.integers(0, 1280)) :] = chance.integers(0, 256)
        assert {symbol.text for symbol in read(broken)} <= {CODE}
        assert read(chance.integers(0, 256, (300, 400), dtype=np.uint8)) == []
