"""Sales with a printer: the real loop, ledger and lanes against the stand-in; slips into a folder, over TCP, or nowhere."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from dataclasses import replace
from functools import partial
from pathlib import Path

import pytest
import zxingcpp
from PIL import Image

from kiosk.core import screens
from kiosk.core.past_screens import SaleOpened
from kiosk.core.slips import PrinterTrouble, Receipts
from kiosk.printer import PrinterLane, lane, open_device, open_printer
from kiosk.printer.device import Device, Place
from tests.escpos_printer import NetworkPrinter
from tests.rig import PATIENCE_S, Rig
from tests.slip_samples import house

NOWHERE = Place("usb")


class Shop(Rig):
    """A rig with a printer."""

    def __init__(self, folder: Path) -> None:
        super().__init__(folder)
        self.settings = replace(self.settings, receipts=Receipts.PAID)
        self.slips = folder / "slips"

    def open(self, opens: Callable[[], Device]) -> None:
        self.start()
        self.printer: PrinterLane = open_printer(opens, house(), self.runtime.post)
        self.runtime.use_printer(self.printer)
        self.printing = threading.Thread(target=self.printer.run, args=(lambda: None,), daemon=True)
        self.printing.start()

    def close(self) -> None:
        self.printer.stop()
        self.printing.join(PATIENCE_S)
        assert not self.printing.is_alive()
        super().close()

    def sell(self) -> screens.PaidScreen:
        self.press("1 2 5 0 OK")
        self.sees(screens.Scanning)
        self.scanner.show(self.bank.new_code())
        paid: screens.PaidScreen = self.sees(screens.PaidScreen)
        return paid

    def wait_for_slips(self, count: int) -> list[Image.Image]:
        self.until(lambda: len(list(self.slips.glob("slip-*.png"))) == count, f"{count} slips")
        return [Image.open(path) for path in sorted(self.slips.glob("slip-*.png"))]


@pytest.fixture
def shop(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Shop]:
    monkeypatch.setattr(lane, "FIRST_LOOK_S", 0.0)
    monkeypatch.setattr(lane, "LOOK_AGAIN_S", 0.05)
    made = Shop(tmp_path)
    yield made
    made.close()


def test_from_the_sale_to_the_receipt_and_from_the_receipt_back_to_the_sale(shop: Shop) -> None:
    """What is printed is held to the camera, and the kiosk finds the sale, and prints a copy."""
    shop.open(partial(open_device, "paper", house(), place=NOWHERE, folder=shop.slips))
    shop.sell()
    (receipt,) = shop.wait_for_slips(1)
    (code,) = zxingcpp.read_barcodes(receipt.convert("L"))
    assert code.text == shop.lines()[0].out_trade_no
    shop.press("OK MENU SCAN")
    shop.sees(screens.SeekingReceipt)
    shop.scanner.show(shop.bank.new_code(), code.text)
    found = shop.sees(SaleOpened, out_trade_no=code.text, prints=True)
    assert (found.line.money.amount, found.line.refunded) == (1250, None)
    shop.press("OK")
    original, copy = shop.wait_for_slips(2)
    assert original.tobytes() != copy.tobytes()
    assert copy.height > 500


def test_a_bill_on_paper_is_paid_like_the_qr_on_the_screen(shop: Shop) -> None:
    shop.open(partial(open_device, "paper", house(), place=NOWHERE, folder=shop.slips))
    shop.press("9 0 0 QR")
    shown = shop.sees(screens.ShowingQr, prints=True)
    shop.press("MENU")
    (bill,) = shop.wait_for_slips(1)
    (code,) = zxingcpp.read_barcodes(bill.convert("L"))
    assert code.text == shown.code_url
    order = shop.bank.scan(code.text)
    shop.bank.approve(order.out_trade_no, "123456")
    shop.sees(screens.PaidScreen)
    shop.wait_for_slips(2)


def test_a_receipt_comes_out_of_a_network_printer(shop: Shop) -> None:
    printer = NetworkPrinter()
    shop.open(partial(open_device, "escpos", house(), place=Place("network", host="127.0.0.1", port=printer.port)))
    shop.sell()
    shop.until(lambda: len(printer.slips) == 1, "a slip")
    (code,) = zxingcpp.read_barcodes(printer.slips[0].picture.convert("L"))
    assert code.text == shop.lines()[0].out_trade_no
    printer.unplug()


@pytest.mark.parametrize("ails", ["hangs", "away", "no paper", "broken"])
def test_whatever_ails_the_printer_sales_go_on(shop: Shop, ails: str) -> None:
    """The money is taken and said to be, and the sign stands on the screen."""
    forever = threading.Event()

    class Hanging:
        def look(self) -> None:
            forever.wait()

        def put(self, pieces: object) -> None: ...

        def close(self) -> None: ...

    class Broken(Hanging):
        def look(self) -> None:
            raise ZeroDivisionError

    if ails == "no paper":
        shop.slips.mkdir()
        (shop.slips / "trouble").write_text("paper")
    opens: dict[str, Callable[[], Device]] = {
        "hangs": Hanging,
        "away": partial(open_device, "escpos", house(), place=Place("network", host="127.0.0.1", port=9)),
        "no paper": partial(open_device, "paper", house(), place=NOWHERE, folder=shop.slips),
        "broken": Broken,
    }
    shop.open(opens[ails])
    for _ in range(2):
        shop.sell()
        shop.press("OK")
        shop.sees(screens.Idle)
    assert [line.state for line in shop.lines()] == ["PAID", "PAID"]
    signs = {
        "hangs": None,  # so far: it is told of when it has hung for long
        "away": PrinterTrouble.AWAY,
        "no paper": PrinterTrouble.PAPER,
        "broken": PrinterTrouble.FAULT,
    }
    shop.until(lambda: shop.views[-1].signs.printer is signs[ails], f"the sign of {ails}")
    forever.set()


def test_the_slip_comes_when_paper_is_put_in_while_the_customer_waits(shop: Shop) -> None:
    shop.slips.mkdir()
    (shop.slips / "trouble").write_text("paper")
    shop.open(partial(open_device, "paper", house(), place=NOWHERE, folder=shop.slips))
    shop.sell()
    shop.until(lambda: shop.views[-1].signs.printer is PrinterTrouble.PAPER, "the sign")
    (shop.slips / "trouble").unlink()
    shop.wait_for_slips(1)
    shop.until(lambda: shop.views[-1].signs.printer is None, "no sign any more")
