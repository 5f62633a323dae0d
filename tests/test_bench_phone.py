"""The customer's phone of the bench page: what it draws is read by the kiosk's kind of reader, and it behaves like a wallet."""

from __future__ import annotations

import io
from pathlib import Path

import pytest
import qrcode
from PIL import Image
from pyzbar import pyzbar

from kiosk.core.secret import is_payment_code
from kiosk.sandbox.bank import PASSWORD, Bank
from kiosk.sandbox.desk import Desk, RefundWanted
from kiosk.sandbox.phone import CAMERA_SIZE, barcode_svg, held_picture, qr_svg, qr_texts
from kiosk.sandbox.records import Kind, Refusal, Wanted
from kiosk.sandbox.wallet import PICTURE, RENEW_AFTER_S, Wallet

CODES = ["134567890123456789", "100000000000000000", "159999999999999999", "127031415926535897"]


class Watch:
    """Seconds that pass when told to."""

    def __init__(self) -> None:
        self.s = 100.0

    def __call__(self) -> float:
        return self.s


class Table:
    """A bank, a desk, a phone and a camera's folder, with one clock."""

    def __init__(self, folder: Path) -> None:
        self.watch, self.frames = Watch(), folder / "frames"
        self.bank = Bank(now=lambda: int(self.watch.s * 1000))
        self.desk = Desk(self.bank)
        self.wallet = Wallet(self.bank, self.frames, self.watch)

    def seen(self) -> str | None:
        """The payment code that a reader finds in the camera's folder."""
        files = [file for file in self.frames.iterdir() if not file.name.startswith(".")] if self.frames.exists() else []
        codes = {symbol.data.decode() for file in files for symbol in pyzbar.decode(Image.open(file))}
        assert len(codes) <= 1
        return codes.pop() if codes else None

    def charge(self, number: str, total: int = 1250) -> None:
        """Quick Pay with what the camera sees."""
        code = self.seen()
        assert code is not None
        self.desk.charge(Wanted(Kind.MICROPAY, number, "Snacks", total, "HKD", "same"), code)

    def place(self, number: str) -> str:
        """A QR's link."""
        return self.desk.place(Wanted(Kind.NATIVE, number, "Snacks", 1250, "HKD", "same"))


@pytest.fixture
def table(tmp_path: Path) -> Table:
    """Nothing sold yet."""
    return Table(tmp_path)


@pytest.mark.parametrize("digits", CODES)
def test_held_picture_shows_one_code_as_both_symbols(digits: str) -> None:
    """The kiosk's own reader finds the same digits from the barcode and from the QR of a phone that is held askew."""
    picture = Image.open(io.BytesIO(held_picture(digits)))
    assert picture.size == CAMERA_SIZE == (1280, 720)
    found = sorted((symbol.type, symbol.data.decode()) for symbol in pyzbar.decode(picture))
    assert found == [("CODE128", digits), ("QRCODE", digits)]


def test_barcode_is_as_narrow_as_pairs_of_digits_allow() -> None:
    """Set C: start, nine pairs, check and stop are 134 modules; with ten either side the drawing is 154 wide."""
    assert 'viewBox="0 0 154 40"' in barcode_svg(CODES[0])
    assert 'viewBox="0 0 29 29"' in qr_svg(CODES[0])


def test_drawings_differ_between_codes_and_hold_no_digits() -> None:
    """The page's drawings show the code as bars alone: no text that a log or a copy could carry."""
    for draw in (barcode_svg, qr_svg):
        assert draw(CODES[0]) != draw(CODES[1])
        assert CODES[0] not in draw(CODES[0])


def test_qr_of_a_screen_is_read() -> None:
    """The phone's camera reads a link off a picture; a picture without a QR gives nothing, no picture is said to be none."""
    link = "weixin://wxpay/bizpayurl?pr=Ab3dEf6h1jKLmnoP"
    out, empty = io.BytesIO(), io.BytesIO()
    qrcode.make(link).get_image().save(out, "PNG")
    Image.new("RGB", (80, 48)).save(empty, "PNG")
    assert qr_texts(out.getvalue()) == [link]
    assert qr_texts(empty.getvalue()) == []
    with pytest.raises(ValueError, match="no picture in these 5 bytes"):
        qr_texts(b"hello")


def test_phone_is_seen_only_while_it_is_held(table: Table) -> None:
    """Hold puts one whole picture before the camera, take away leaves nothing behind."""
    assert table.seen() is None
    table.wallet.hold(True)
    code = table.seen()
    assert code is not None
    assert is_payment_code(code)
    assert [file.name for file in table.frames.iterdir()] == [PICTURE]
    table.wallet.hold(False)
    assert list(table.frames.iterdir()) == []


def test_code_is_renewed_before_its_minute_is_over_while_held(table: Table) -> None:
    """The picture before the camera always shows the code now valid."""
    table.wallet.hold(True)
    first = table.seen()
    table.watch.s += RENEW_AFTER_S - 1
    assert table.wallet.look()["left_s"] == 1
    assert table.seen() == first
    table.watch.s += 1
    assert table.wallet.look()["left_s"] == RENEW_AFTER_S < 60
    assert table.seen() not in (None, first)


def test_renew_by_hand_changes_the_picture(table: Table) -> None:
    """The button on the phone makes a new code, on the screen and before the camera."""
    table.wallet.hold(True)
    before, drawing = table.seen(), table.wallet.qr()
    table.wallet.renew()
    assert table.seen() not in (None, before)
    assert table.wallet.qr() != drawing


def test_payment_shows_a_result_and_a_new_code_and_lowers_the_hand(table: Table) -> None:
    """After Quick Pay the phone tells its owner what was paid, and the used code is not shown again."""
    version = table.wallet.look()["version"]
    table.wallet.hold(True)
    table.charge("K07-1")
    phone = table.wallet.look()
    assert (phone["page"], phone["held"], phone["version"]) == ("result", False, version + 1)
    result = phone["result"]
    assert (result["kind"], result["total"]["amount"], result["payer"]["amount"]) == ("paid", 1250, 1150)
    assert table.seen() is None
    table.wallet.done()
    assert table.wallet.look()["page"] == "code"


def test_password_is_asked_and_a_wrong_one_changes_nothing(table: Table) -> None:
    """While the question is on the phone its code is not before the camera; the right password pays."""
    table.bank.trouble.set("password", "always")
    table.wallet.hold(True)
    table.charge("K07-2")
    phone = table.wallet.look()
    assert (phone["page"], phone["bill"]["asks_password"], phone["seen"]) == ("bill", True, False)
    with pytest.raises(Refusal, match="Wrong password"):
        table.wallet.pay("K07-2", "000000")
    assert table.wallet.look()["page"] == "bill"
    table.wallet.pay("K07-2", PASSWORD)
    assert table.wallet.look()["result"]["kind"] == "paid"


def test_refusing_to_pay_is_told_as_not_paid(table: Table) -> None:
    """Decline fails the order; close merely puts the question away."""
    table.bank.trouble.set("password", "always")
    for number, act, page in (("K07-3", table.wallet.dismiss, "code"), ("K07-4", table.wallet.decline, "result")):
        table.wallet.hold(True)
        table.charge(number)
        table.wallet.look()
        act(number)
        assert table.wallet.look()["page"] == page
    assert table.wallet.look()["result"]["kind"] == "failed"


def test_scanned_bill_asks_no_password_and_shows_both_amounts(table: Table) -> None:
    """Native: the customer sees shop, price and yuan before agreeing, and may put it off and scan again."""
    link = table.place("K07-5")
    for _ in range(2):
        table.wallet.scan(link)
        bill = table.wallet.look()["bill"]
        assert (bill["shop"], bill["total"]["en"], bill["payer"]["zh"]) == ("Harbour Snacks", "HK$12.50", "¥11.50")
        assert not bill["asks_password"]
        table.wallet.dismiss("K07-5")
    table.wallet.scan(link)
    table.wallet.pay("K07-5", None)
    assert table.wallet.look()["result"]["kind"] == "paid"


def test_money_that_comes_back_is_news(table: Table) -> None:
    """A reversal and a refund are both told to the customer, once."""
    table.bank.trouble.set("reverse_early", "accept")
    table.wallet.hold(True)
    table.charge("K07-6")
    table.wallet.look()
    table.desk.reverse("K07-6")
    assert table.wallet.look()["result"]["kind"] == "returned"
    table.wallet.done()
    table.wallet.hold(True)
    table.charge("K07-7")
    table.wallet.look()
    table.desk.refund(RefundWanted("K07-7", "", "R-1", 1250, 1250, "HKD", "", "same"))
    table.desk.find_refund("R-1")
    assert table.wallet.look()["result"]["kind"] == "returned"
    table.wallet.done()
    assert table.wallet.look()["page"] == "code"
    assert table.wallet.look()["balance"]["amount"] == 100_000_000


def test_old_orders_and_old_pictures_are_no_news(table: Table) -> None:
    """A phone that is switched on does not tell of yesterday, and takes away what a bench left before the camera."""
    table.wallet.hold(True)
    table.charge("K07-8")
    (table.frames / PICTURE).write_bytes(b"yesterday's")
    wallet = Wallet(table.bank, table.frames, table.watch)
    assert wallet.look()["page"] == "code"
    assert table.seen() is None


def test_without_a_folder_camera_there_is_nothing_to_hold_to(table: Table) -> None:
    """A kiosk with a real camera looks at a real phone: the bench says so."""
    wallet = Wallet(table.bank, None, table.watch)
    assert wallet.look()["can_hold"] is False
    with pytest.raises(Refusal, match="no folder camera"):
        wallet.hold(True)
