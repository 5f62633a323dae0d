"""From a picture to what is in it: `kiosk decode` over files."""

from __future__ import annotations

import hashlib
import os
import struct
import zlib
from pathlib import Path

import numpy as np
import pytest
import zxingcpp
from PIL import Image

from kiosk.camera.command import decode_paths
from kiosk.camera.eye import study
from kiosk.camera.symbol import Format, Symbol
from tests.camera_pictures import CODE, OTHER_CODE, barcode, held, page, qr, scene

FULL_WIDTH = CODE.translate({ord("0") + i: 0xFF10 + i for i in range(10)})


def grey(image: Image.Image) -> np.ndarray:
    return np.asarray(image.convert("L"))


def decoded(image: Image.Image, folder: Path, name: str = "frame.png") -> dict:
    image.save(folder / name)
    (answer,) = decode_paths([folder / name], any_symbols=False)
    return answer


@pytest.mark.parametrize("size", [(0, 0), (1, 1), (1, 500), (500, 1), (3, 3)])
def test_a_picture_too_small_for_a_code_is_read_as_empty(size: tuple[int, int]):
    assert [symbols for symbols in study(np.zeros(size, np.uint8)) if symbols] == []


def test_phones_held_with_little_trouble_are_nearly_all_believed(tmp_path: Path):
    answers = [decoded(held(page(), 0.25, seed), tmp_path, f"{seed}.png") for seed in range(12)]
    assert sum(answer["payment_code"] for answer in answers) >= 11


def test_a_believed_code_is_told_by_its_digest_alone(tmp_path: Path):
    answer = decoded(scene(page()), tmp_path)
    assert answer.pop("ms") > 0
    assert answer == {
        "file": str(tmp_path / "frame.png"),
        "payment_code": True,
        "digits_sha256": hashlib.sha256(CODE.encode()).hexdigest(),
        "reason": None,
    }


def test_a_lone_barcode_is_believed_when_a_second_look_agrees(tmp_path: Path):
    assert decoded(scene(page(with_qr=False)), tmp_path)["payment_code"] is True


def test_a_barcode_that_only_one_look_read_is_not_believed(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr("kiosk.camera.command.study", lambda _grey: iter([[Symbol(Format.CODE128, CODE.encode())], [], []]))
    answer = decoded(scene(), tmp_path)
    assert (answer["payment_code"], answer["digits_sha256"]) == (False, None)
    assert "second look" in answer["reason"]


@pytest.mark.parametrize(
    ("sheets", "word"),
    [
        ((page(), page(OTHER_CODE)), "two different"),
        ((page("281234567890123456"),), "Alipay"),
        ((qr("wxp://f2f0AbCdEf"),), "receiving"),
        ((qr("https://example.com/a?code=134567890123456789"),), "a link"),
        ((barcode("4006381333931"),), "product"),
        ((barcode("00340123450000000018"),), "parcel"),
        ((qr(FULL_WIDTH),), "not a WeChat payment code"),
        ((qr(CODE + "\n"),), "not a WeChat payment code"),
        ((barcode(CODE[:9] + " " + CODE[9:]),), "not a WeChat payment code"),
        ((page("1645678901234567"),), "not a payment code"),
        ((), "no QR and no Code 128"),
    ],
)
def test_what_is_refused_is_refused_with_its_reason(sheets: tuple[Image.Image, ...], word: str, tmp_path: Path):
    answer = decoded(scene(*sheets), tmp_path)
    assert (answer["payment_code"], answer["digits_sha256"]) == (False, None)
    assert word in answer["reason"]


def test_with_any_every_symbol_is_listed_once(tmp_path: Path):
    scene(qr("https://example.com/a"), barcode("AB-12")).save(tmp_path / "a.png")
    (answer,) = decode_paths([tmp_path / "a.png"], any_symbols=True)
    assert answer["file"] == str(tmp_path / "a.png")
    assert sorted(answer["symbols"], key=lambda symbol: symbol["format"]) == [
        {"format": "Code128", "text": "AB-12"},
        {"format": "QRCode", "text": "https://example.com/a"},
    ]


def test_a_gs1_label_is_listed_as_its_digits_and_is_no_payment_code(tmp_path: Path):
    made = zxingcpp.create_barcode("(15)260101(10)12345678", zxingcpp.BarcodeFormat.Code128, gs1=True)
    label = Image.fromarray(np.array(zxingcpp.write_barcode_to_image(made, scale=3, add_quiet_zones=True)))
    answer = decoded(scene(label), tmp_path)
    assert (answer["payment_code"], "product" in answer["reason"]) == (False, True)
    (listed,) = decode_paths([tmp_path / "frame.png"], any_symbols=True)
    assert listed["symbols"] == [{"format": "Code128", "text": "152601011012345678"}]


def test_folders_are_read_whole_in_name_order(tmp_path: Path):
    for name in ("b/2.png", "b/1.PNG", "a.png", "c.jpg", "b/deep/x.png", "b/notes.txt"):
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        Image.new("L", (40, 40)).save(tmp_path / name, format="PNG")
    answers = decode_paths([tmp_path], any_symbols=False)
    names = [os.path.relpath(answer["file"], tmp_path) for answer in answers]
    assert names == ["a.png", "b/1.PNG", "b/2.png", "b/deep/x.png", "c.jpg"]


def test_what_cannot_be_opened_is_told_and_the_rest_goes_on(tmp_path: Path):
    (tmp_path / "half.png").write_bytes(_png(scene(page()), tmp_path)[:3000])
    (tmp_path / "text.png").write_text("no picture")
    (tmp_path / "empty.png").touch()
    os.mkfifo(tmp_path / "pipe.png")
    (tmp_path / "bomb.png").write_bytes(_bomb())
    names = ["missing.png", "half.png", "text.png", "empty.png", "pipe.png", "bomb.png", "good.png"]
    answers = list(decode_paths([tmp_path / name for name in names], any_symbols=False))
    assert [answer["payment_code"] for answer in answers] == [False] * 6 + [True]
    for place, word in ((0, "no such file"), (4, "ordinary"), (5, "pixels")):
        assert word in answers[place]["reason"]
    with_any = list(decode_paths([tmp_path / "missing.png"], any_symbols=True))
    assert with_any == [{"file": str(tmp_path / "missing.png"), "symbols": [], "reason": "no such file"}]


@pytest.mark.parametrize("mode", ["1", "L", "P", "LA", "RGBA", "CMYK"])
def test_images_of_every_usual_kind_are_read(mode: str, tmp_path: Path):
    name = "a.jpg" if mode == "CMYK" else "a.png"
    assert decoded(scene(page()).convert(mode), tmp_path, name)["payment_code"] is True


def test_a_code_on_nothing_is_read_as_on_white(tmp_path: Path):
    see_through = Image.new("RGBA", (360, 360), (0, 0, 0, 0))
    see_through.paste((0, 0, 0, 255), (0, 0), qr(CODE, 360).point(lambda value: 255 - value))
    assert decoded(see_through, tmp_path)["payment_code"] is True


def test_a_large_photograph_is_scaled_and_read(tmp_path: Path):
    assert decoded(scene(page(), size=(4608, 2592)), tmp_path, "large.jpg")["payment_code"] is True


def _png(image: Image.Image, folder: Path) -> bytes:
    image.save(folder / "good.png")
    return (folder / "good.png").read_bytes()


def _bomb() -> bytes:
    """A PNG of a few bytes that says it is 60,000 x 60,000."""
    head = b"IHDR" + struct.pack(">IIBBBBB", 60000, 60000, 8, 0, 0, 0, 0)
    chunk = struct.pack(">I", 13) + head + struct.pack(">I", zlib.crc32(head))
    return b"\x89PNG\r\n\x1a\n" + chunk + struct.pack(">I", 0) + b"IDAT"
