"""The ways of looking at a frame, and what the eye lets out of them."""

from __future__ import annotations

import ctypes
from collections.abc import Callable

import numpy as np
import pytest
from PIL import Image
from pyzbar import wrapper as zbar

from kiosk.camera import eye as eye_module
from kiosk.camera.decode import read_symbols
from kiosk.camera.eye import Eye, study
from kiosk.camera.parts import Part
from kiosk.camera.sightings import Believed, Sightings, weigh
from kiosk.camera.symbol import Format, Symbol
from kiosk.camera.zxing import find_symbols
from kiosk.core.secret import PaymentCode, is_payment_code
from tests.camera_pictures import CODE, OTHER_CODE, barcode, page, qr, scene
from tests.frames.shots import Approach, empty, graded, negative


def grey(image: Image.Image) -> np.ndarray:
    return np.asarray(image.convert("L"))


def texts(symbols: list[Symbol]) -> set[str]:
    return {symbol.text for symbol in symbols}


def studied(picture: np.ndarray) -> set[str]:
    return {symbol.text for symbols in study(picture) for symbol in symbols}


# --- parts ---


def test_the_busiest_part_holds_the_phone_and_not_the_empty_rest():
    frame = Image.new("L", (1280, 720), 90)
    frame.paste(qr(CODE, 200), (900, 100))
    part = Part(grey(frame)).busiest()
    assert part is not None
    assert part.grey.size < 0.15 * 1280 * 720
    assert texts(find_symbols(part.grey)) == {CODE}


def test_where_there_are_no_edges_nothing_is_busy():
    even = np.random.default_rng(2).normal(120, 3, (720, 1280)).astype(np.uint8)
    assert Part(even).busiest() is None


def test_the_spot_is_one_of_two_phones():
    frame = Image.new("L", (1280, 720), 90)
    frame.paste(qr(CODE, 200), (100, 100))
    frame.paste(qr(OTHER_CODE, 220), (900, 300))
    assert len(texts(find_symbols(Part(grey(frame)).busiest_spot().grey))) == 1


WAYS: list[Callable[[Part], Part]] = [
    Part.softened,
    Part.halved,
    Part.enlarged,
    Part.inverted,
    Part.busiest_spot,
    lambda part: part.cut(301, 111, 1280, 720),
    lambda part: part.cut(301, 111, 1280, 720).halved().cut(5, 7, 900, 900).enlarged(),
    lambda part: part.busiest_spot().enlarged().softened(),
    lambda part: part.around(((500, 200), (760, 200), (760, 470), (500, 470)), share=0.3).halved(),
]


@pytest.mark.parametrize("way", WAYS)
@pytest.mark.parametrize("read", [read_symbols, find_symbols], ids=["zbar", "zxing"])
def test_corners_are_the_frames_whatever_part_was_looked_at(way: Callable[[Part], Part], read: Callable[..., list[Symbol]]):
    frame = Image.new("L", (1280, 720), 240)
    frame.paste(qr(CODE, 290), (501, 203))
    frame = frame.point(lambda value: 255 - value) if way is Part.inverted else frame
    part = way(Part(grey(frame)))
    (symbol,) = part.placed(read(part.grey))
    # The code within its quiet zone: 21 of 29 modules of 10 pixels.
    wanted = np.array([(541, 243), (751, 243), (751, 453), (541, 453)])
    assert np.abs(np.array(symbol.corners) - wanted).max() <= 5


@pytest.mark.parametrize("size", [(0, 0), (1, 1), (2, 3), (17, 40), (40, 17), (700, 1)])
def test_every_way_takes_pictures_of_any_size(size: tuple[int, int]):
    for way in WAYS:
        way(Part(np.zeros(size, np.uint8)))


# --- the eye ---


@pytest.mark.parametrize("size", [(0, 0), (1, 1), (1, 500), (500, 1), (16, 16), (37, 700), (700, 37)])
def test_a_picture_too_small_for_a_code_is_seen_as_empty(size: tuple[int, int]):
    assert Eye().see(np.zeros(size, np.uint8)) == []
    assert studied(np.zeros(size, np.uint8)) == set()


def test_each_symbol_is_seen_once():
    symbols = Eye().see(grey(scene(page())))
    assert sorted(symbol.format for symbol in symbols) == [Format.CODE128, Format.QR]


@pytest.mark.parametrize("seed", range(8))
def test_an_easy_phone_is_read_at_the_first_glance(seed: int):
    shot = graded(0, 100 + seed)
    assert texts(Eye().see(shot.grey)) == {shot.truth}


@pytest.mark.parametrize("turn", [0, 90, 180, 270, 37])
@pytest.mark.parametrize("with_qr", [True, False])
def test_a_turned_phone_is_read_within_a_round_of_looks(turn: int, with_qr: bool):
    if turn == 37 and not with_qr:
        pytest.skip("no decoder reads a barcode that lies aslant")
    frame = Image.new("L", (1280, 720), 90)
    frame.paste(
        page(with_qr=with_qr).resize((390, 700)).rotate(turn, Image.Resampling.BICUBIC, expand=True, fillcolor=90), (300, 0)
    )
    eye = Eye()
    assert CODE in set().union(*(texts(eye.see(grey(frame))) for _ in range(7)))


@pytest.mark.parametrize(("with_qr", "with_barcode"), [(True, True), (True, False), (False, True)])
def test_a_phone_in_dark_mode_is_believed_within_two_rounds_of_looks(with_qr: bool, with_barcode: bool):
    picture = grey(scene(page(dark=True, with_qr=with_qr, with_barcode=with_barcode)))
    eye, sightings = Eye(), Sightings()
    assert Believed(PaymentCode(CODE)) in [sightings.judge(eye.see(picture), at / 30) for at in range(12)]


@pytest.mark.parametrize("seed", range(16))
def test_what_is_no_payment_code_is_not_taken_for_one(seed: int):
    shot = negative(seed)
    eye, sightings = Eye(), Sightings()
    verdicts = [sightings.judge(eye.see(shot.grey), at / 30) for at in range(4)]
    assert not [verdict for verdict in verdicts if isinstance(verdict, Believed)]


def test_a_phone_coming_nearer_is_believed_before_it_rests():
    approach = Approach(1, 4)
    eye, sightings = Eye(), Sightings()
    verdicts = [sightings.judge(eye.see(approach.frame(number)), number / 30) for number in range(15)]
    assert Believed(PaymentCode(approach.truth)) in verdicts


def test_an_empty_counter_costs_one_look(monkeypatch: pytest.MonkeyPatch):
    calls: list[int] = []
    monkeypatch.setattr(eye_module, "find_symbols", lambda grey, **_: calls.append(grey.size) or [])
    Eye().see(np.full((720, 1280), 120, np.uint8))
    assert calls == [360 * 640]


def test_a_torn_frame_is_no_error():
    chance = np.random.default_rng(11)
    eye = Eye()
    for seed in range(6):
        picture = graded(1, seed).grey.copy()
        top, left = int(chance.integers(0, 720)), int(chance.integers(0, 1280))
        picture[top:] = np.roll(picture[top:], left, axis=1)
        picture[: top // 2, left:] = chance.integers(0, 256, picture[: top // 2, left:].shape)
        assert texts(eye.see(picture)) <= {graded(1, seed).truth}


def test_a_look_that_read_a_barcode_is_taken_at_the_next_frame_again():
    picture = grey(scene(page(dark=True, with_qr=False)))
    eye = Eye()
    read = [CODE in texts(eye.see(picture)) for _ in range(8)]
    assert read == sorted(read), "once it was read it is read in every frame"
    assert read[-1]


# --- proofreading ---


def test_a_barcode_that_only_one_decoder_reads_is_not_let_out(monkeypatch: pytest.MonkeyPatch):
    ghost = Symbol(Format.CODE128, OTHER_CODE.encode(), ((300, 200), (600, 200), (600, 260), (300, 260)))
    frame = grey(scene(barcode(CODE, 400)))
    monkeypatch.setattr(eye_module, "read_symbols", lambda _grey: [ghost])
    eye = Eye()
    assert OTHER_CODE not in set().union(*(texts(eye.see(frame)) for _ in range(7)))


def test_a_barcode_misread_beside_its_qr_does_not_hide_the_qr(monkeypatch: pytest.MonkeyPatch):
    """The misread number is dropped, and not taken for a second phone's."""
    frame = grey(scene(page()))
    (square,) = [symbol for symbol in find_symbols(frame) if symbol.format is Format.QR]
    ghost = Symbol(Format.CODE128, OTHER_CODE.encode(), ((300, 50), (600, 50), (600, 90), (300, 90)))
    monkeypatch.setattr(eye_module, "find_symbols", lambda _grey, **_: [ghost, square])
    symbols = Eye().see(frame)
    assert weigh(symbols) == (None, CODE)


def test_two_phones_one_with_a_qr_and_one_with_a_barcode_are_both_seen():
    frame = grey(scene(page(with_barcode=False), page(OTHER_CODE, with_qr=False)))
    assert {text for text in texts(Eye().see(frame)) if is_payment_code(text)} == {CODE, OTHER_CODE}


# --- what zbar prints ---


def test_zbars_words_about_a_barcode_do_not_reach_standard_error(monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture):
    """It prints the code words of a barcode with a surprising check sum, which are the digits."""

    def scan(_scanner: object, _image: object) -> int:
        ctypes.CDLL(None).dprintf(2, b"WARNING: code128.c: buf=0b 30 26\n")
        return 0

    monkeypatch.setattr(zbar, "zbar_scan_image", scan)
    assert read_symbols(np.zeros((40, 40), np.uint8)) == []
    ctypes.CDLL(None).dprintf(2, b"after\n")
    assert capfd.readouterr().err == "after\n"


# --- the frames themselves ---


def test_a_seed_is_always_the_same_frame_and_another_is_another():
    for make in (lambda seed: graded(4, seed).grey, lambda seed: negative(seed).grey, lambda seed: empty(seed).grey):
        assert np.array_equal(make(3), make(3))
        assert not np.array_equal(make(3), make(4))
    assert np.array_equal(Approach(2, 5).frame(7), Approach(2, 5).frame(7))
    assert not np.array_equal(Approach(2, 5).frame(7), Approach(2, 5).frame(8))
