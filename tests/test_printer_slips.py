"""What stands on the paper: everything fits, in six languages and on both widths; codes are read back, by the camera too.

The pictures lie in tests/out/slips.
"""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import zxingcpp
from PIL import Image, ImageFilter

from kiosk.camera.eye import Eye
from kiosk.camera.sightings import receipt_number, weigh
from kiosk.core.money import Money
from kiosk.core.slips import Bill, Receipt
from kiosk.display.words import Words, words_of
from kiosk.printer import raster
from kiosk.printer.layout import House, Line, Pair, lay_out
from kiosk.printer.raster import render
from tests import shift_samples
from tests.languages import each_language
from tests.slip_samples import BILL, CODE_URL, COPY, MONEY, NUMBER, RECEIPT, SAMPLE, SUM, TRAINING, house

OUT = Path(__file__).parent / "out" / "slips"
SLIPS = {"receipt": RECEIPT, "copy": COPY, "bill": BILL, "sample": SAMPLE, "sum": SUM, "training": TRAINING}
LONG = {
    "name": replace(RECEIPT, shop="สวนอาหารริมน้ำบ้านสวนเจ้าพระยา 香港仔海鮮大酒樓 The Old Harbour Restaurant"),
    "amount": replace(RECEIPT, money=Money(999_999_999, "KRW"), payer=Money(999_999_999, "CNY")),
    "number": replace(RECEIPT, out_trade_no="K" * 10 + "-261231-zz999999999"),
    "code_url": replace(BILL, code_url="weixin://wxpay/bizpayurl?pr=" + "x" * 400),
}


def drawn(slip: Receipt | Bill, made: House, dots: int) -> Image.Image:
    return render(lay_out(slip, made), made, dots)


@pytest.mark.parametrize("dots", [384, 576])
@each_language
def test_every_slip_fits_the_paper_in_every_language(language: str, dots: int):
    """Nothing runs out at the right: no text is as wide as the paper or wider after it was set."""
    OUT.mkdir(parents=True, exist_ok=True)
    for merchant, customer in {(language, "zh_CN"), ("en", language), (language, language)}:
        made = house(merchant, customer)
        for name, slip in SLIPS.items():
            picture = drawn(slip, made, dots)
            picture.save(OUT / f"{dots}-{merchant}-{customer}-{name}.png", compress_level=1)
            assert (picture.mode, picture.width) == ("1", dots)
            assert 500 < picture.height < 1300


@pytest.mark.parametrize("dots", [384, 576])
@pytest.mark.parametrize("slip", LONG.values(), ids=LONG)
def test_what_is_awkward_fits_too(slip: Receipt | Bill, dots: int, monkeypatch: pytest.MonkeyPatch):
    """Made smaller, then broken into lines; never cut."""
    widths: list[float] = []
    row = raster._row

    def noted(texts: list[tuple[list[raster.Run], float]], size: int, room: int) -> Image.Image:
        widths.append(sum(raster._width(runs) for runs, _ in texts))
        return row(texts, size, room)

    monkeypatch.setattr(raster, "_row", noted)
    made = house()
    drawn(slip, made, dots).save(OUT.parent / "awkward.png")
    assert max(widths) <= dots


def test_a_broken_line_loses_no_character():
    made = house()
    whole = LONG["name"].shop
    lines = raster._broken(lay_out(LONG["name"], made)[0].spans[0], made, 20, 384, bold=True)  # type: ignore[union-attr]
    assert "".join(lines).replace(" ", "") == whole.replace(" ", "")
    assert len(lines) > 1


@pytest.mark.parametrize("dots", [384, 576])
@pytest.mark.parametrize(("slip", "text"), [(RECEIPT, NUMBER), (COPY, COPY.out_trade_no), (BILL, CODE_URL)])
def test_the_code_is_read_back(slip: Receipt | Bill, text: str, dots: int):
    found = zxingcpp.read_barcodes(drawn(slip, house(), dots).convert("L"))
    assert [one.text for one in found] == [text]


@pytest.mark.parametrize("distance_cm", [15, 20, 30, 40])
@pytest.mark.parametrize("turned", [-12, 0, 7])
def test_the_kiosks_own_eye_reads_the_receipt_in_front_of_its_camera(distance_cm: int, turned: int):
    """1280 x 720 of a lens that sees 66 degrees across: 4.9 pixels to a millimetre at 20 cm, 2.5 at 40. Unsharp, grainy."""
    frame = in_front_of_the_camera(drawn(RECEIPT, house(), 384), distance_cm, turned)
    assert receipt_number(Eye().see(frame)) == NUMBER


def test_no_receipt_is_taken_for_a_payment():
    frame = in_front_of_the_camera(drawn(RECEIPT, house(), 384), 20, 0)
    assert weigh(Eye().see(frame))[1] is None


def in_front_of_the_camera(slip: Image.Image, distance_cm: int, turned: int) -> np.ndarray:
    pixels_per_dot = 1280 / (2 * distance_cm * 10 * np.tan(np.radians(33))) / 8
    size = (round(slip.width * pixels_per_dot), round(slip.height * pixels_per_dot))
    paper = slip.convert("L").resize(size, Image.Resampling.BOX).rotate(turned, expand=True, fillcolor=90)
    scene = Image.new("L", (1280, 720), 90)
    code = (round(paper.width / 2), round(paper.height * 0.8))  # people hold the code to the middle
    scene.paste(paper.point(lambda level: 30 + level * 200 // 255), (640 - code[0], 360 - code[1]))
    soft = np.asarray(scene.filter(ImageFilter.GaussianBlur(0.8)), np.float64)
    return np.clip(soft + np.random.default_rng(1).normal(0, 6, soft.shape), 0, 255).astype(np.uint8)


def test_copy_and_original_are_marked_in_both_languages():
    for slip, key in ((RECEIPT, "slip.original"), (COPY, "slip.copy")):
        lines = [piece for piece in lay_out(slip, house()) if isinstance(piece, Line)]
        (marked,) = [line for line in lines if words_of("en")(key) in {span.text for span in line.spans}]
        assert [span.text for span in marked.spans] == [words_of("zh_CN")(key), words_of("en")(key)]
        assert marked.reversed is slip.copy


def test_the_copy_of_a_refunded_sale_says_what_is_left():
    pairs = [piece for piece in lay_out(COPY, house()) if isinstance(piece, Pair)]
    assert [pair.value.text for pair in pairs[-2:]] == ["HK$5.00", "HK$1,229.50"]


def test_one_language_is_said_once():
    (line,) = [piece for piece in lay_out(BILL, house("th", "th")) if isinstance(piece, Line)][-1:]
    assert len(line.spans) == 1


def test_a_currency_that_its_sign_does_not_name_has_its_code():
    """One ¥ is yen or yuan."""
    amounts = [lay_out(replace(RECEIPT, money=money), house("ja"))[4] for money in (Money(1250, "JPY"), MONEY)]
    assert [amount.spans[0].text for amount in amounts if isinstance(amount, Line)] == ["￥1,250 JPY", "HK$12.50"]


def test_every_word_of_the_slips_is_on_one():
    seen: set[str] = set()

    class Asked(Words):
        def __call__(self, key: str, **parts: str | int) -> str:
            seen.add(key)
            return super().__call__(key, **parts)

    asked = Asked("en", words_of("en").table)
    made = replace(house(), merchant=asked)
    for slip in (*SLIPS.values(), *shift_samples.SLIPS.values()):
        lay_out(slip, made)
        lay_out(slip, replace(house(), customer=asked))
    assert {key for key in seen if key.startswith("slip.")} == {key for key in asked.table if key.startswith("slip.")}
