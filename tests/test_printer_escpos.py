"""ESC/POS in detail: what is asked and when, Chinese as text, one that gives no answers, one that runs out in the middle."""

from __future__ import annotations

import logging
import os
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import pytest
import usb.core

from kiosk.core.slips import PrinterTrouble
from kiosk.printer import escpos
from kiosk.printer.device import Place, Unwell
from kiosk.printer.escpos import EscposPrinter
from kiosk.printer.layout import lay_out
from tests.escpos_printer import NetworkPrinter
from tests.slip_samples import BILL, COPY, NUMBER, RECEIPT, house


@pytest.fixture(autouse=True)
def impatient(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(escpos, "ANSWER_S", 0.2)
    monkeypatch.setattr(escpos, "PRINTED_S", 0.4)
    monkeypatch.setattr(escpos, "SEND_S", 1.0)


@pytest.fixture
def printer() -> Iterator[NetworkPrinter]:
    made = NetworkPrinter()
    yield made
    assert made.odd == b""
    if not made._stopping.is_set():
        made.unplug()


def driver(
    printer: NetworkPrinter, dots: int = 384, languages: tuple[str, str] = ("en", "zh_CN"), **more: object
) -> EscposPrinter:
    place = Place("network", host="127.0.0.1", port=printer.port)
    return EscposPrinter(place, dots, house(*languages), **more)  # type: ignore[arg-type]


def test_a_network_printer_is_let_go_after_each_slip(printer: NetworkPrinter):
    """Another till may print on it, too."""
    one, other = driver(printer), driver(printer)
    for device in (one, other, one):
        device.look()
        device.put(lay_out(BILL, house()))
    assert len(printer.slips) == 3
    assert printer.connections == 6


def test_chinese_goes_out_as_text_where_the_printer_holds_it(printer: NetworkPrinter):
    driver(printer, chinese="gb18030").put(lay_out(RECEIPT, house()))
    (slip,) = printer.slips
    assert [line.strip() for line in slip.lines][:3] == ["海港小食 Harbour Snacks", "收据  Receipt", "正本  Original"]
    assert {"商户单号  Order", NUMBER} <= {line.strip() for line in slip.lines}
    assert slip.picture.width == 384  # the QR alone
    assert slip.picture.height < 300


def test_a_line_that_the_code_page_lacks_goes_out_as_dots(printer: NetworkPrinter):
    """GB18030 has a code for Thai and Hangul; such a printer has no glyph."""
    driver(printer, languages=("th", "ko"), chinese="gb18030").put(lay_out(COPY, house("th", "ko")))
    (slip,) = printer.slips
    assert not [char for line in slip.lines for char in line if "\u0e00" <= char <= "\u0e7f" or "\uac00" <= char <= "\ud7a3"]
    assert slip.picture.height > 400


@pytest.mark.parametrize("dots", [384, 576])
def test_no_line_of_text_is_wider_than_the_paper(printer: NetworkPrinter, dots: int):
    device = driver(printer, dots, chinese="gb18030")
    for slip in (RECEIPT, COPY, BILL):
        device.put(lay_out(slip, house()))
    widths = [sum(1 if char.isascii() else 2 for char in line) for slip in printer.slips for line in slip.lines]
    assert max(widths) == dots // 12


def test_one_that_never_answers_prints_if_kiosk_toml_says_so(printer: NetworkPrinter):
    printer.answers = False
    device = driver(printer, answers=False)
    device.look()
    device.put(lay_out(BILL, house()))
    end = time.monotonic() + 10
    while not printer.slips and time.monotonic() < end:
        time.sleep(0.01)
    assert len(printer.slips) == 1
    assert printer.asked == 0


def test_one_that_gives_no_answer_is_told_of_with_the_key_to_write(printer: NetworkPrinter):
    printer.answers = False
    with pytest.raises(Unwell, match="answers = false"):
        driver(printer).look()


def test_paper_that_ends_in_the_middle_of_a_slip_is_told(printer: NetworkPrinter):
    """It may have been printed in part, and may go on with a new roll: the lane does not send it again."""
    printer.runs_out_after = 1
    with pytest.raises(Unwell) as told:
        driver(printer).put(lay_out(BILL, house()))
    assert told.value.trouble is PrinterTrouble.PAPER


def test_one_that_does_not_say_when_it_has_printed_is_believed(printer: NetworkPrinter):
    printer.answers_in_turn = False
    driver(printer).put(lay_out(BILL, house()))
    assert len(printer.slips) == 1


def test_one_that_takes_nothing_is_given_up(printer: NetworkPrinter):
    printer.deaf = True
    device = driver(printer)
    with pytest.raises(Unwell) as told:
        device.look()
    assert told.value.trouble is PrinterTrouble.SILENT


def test_one_that_hangs_up_is_told_of_at_once_and_called_again(printer: NetworkPrinter):
    """As when it is switched off and on while the kiosk wants to know of its paper."""
    device = driver(printer)
    printer.paper = False
    for _ in range(2):
        with pytest.raises(Unwell):
            device.look()
    assert printer.connections == 2, "an unwell one is let go, too"
    printer.rude = True
    with pytest.raises(Unwell, match="broke off") as told:
        device.look()
    assert told.value.trouble is PrinterTrouble.AWAY
    printer.rude, printer.paper = False, True
    device.look()


def test_words_said_unasked_are_not_taken_for_an_answer(printer: NetworkPrinter, monkeypatch: pytest.MonkeyPatch):
    """Some tell of each change by themselves (GS a): four bytes that begin with another pattern."""
    answer = printer._status
    monkeypatch.setattr(printer, "_status", lambda which: b"\x10\x00\x00\x0f" + answer(which))
    driver(printer).look()
    printer.open = True
    with pytest.raises(Unwell) as told:
        driver(printer).look()
    assert told.value.trouble is PrinterTrouble.COVER


@pytest.mark.skipif(Path("/dev/bus/usb").exists(), reason="this machine has USB, and perhaps a printer")
def test_without_usb_the_printer_is_not_there():
    with pytest.raises(Unwell, match=r"lsusb|libusb") as told:
        EscposPrinter(Place("usb", 0x04B8, 0x0E15), 384, house()).look()
    assert told.value.trouble is PrinterTrouble.AWAY


class _End:
    def __init__(self, address: int) -> None:
        self.bEndpointAddress = address


class _Part(list[_End]):
    bInterfaceClass = 7  # noqa: N815  pyusb's name


def test_usb_endpoints_are_those_of_the_printers_own_part(monkeypatch: pytest.MonkeyPatch):
    """The library's defaults fit some printers only."""
    scanner, printer = _Part([_End(0x81), _End(0x02)]), _Part([_End(0x03), _End(0x84)])
    scanner.bInterfaceClass = 3  # type: ignore[misc]
    monkeypatch.setattr(usb.core, "find", lambda **_: [[scanner, printer]])
    made = escpos._usb(Place("usb"))
    assert (made.out_ep, made.in_ep) == (0x03, 0x84)
    assert made.usb_args["custom_match"]([[scanner]]) is False


def test_the_library_loads_no_table_of_all_printers_and_leaves_nothing_behind(tmp_path: Path):
    """In a process of its own: what it does once, it does at its first import."""
    program = (
        "from kiosk.printer import escpos; from kiosk.printer.device import Place; escpos._library(Place('network', host='x'));"
        "from escpos.capabilities import CAPABILITIES; print(len(CAPABILITIES['profiles']))"
    )
    env = {**os.environ, "TMPDIR": str(tmp_path)}
    done = subprocess.run([sys.executable, "-c", program], env=env, capture_output=True, text=True, check=True)
    assert (done.stdout, list(tmp_path.iterdir())) == ("1\n", [])


def test_openings_and_closings_are_not_logged(printer: NetworkPrinter, caplog: pytest.LogCaptureFixture):
    """Every 15 seconds, for a year."""
    with caplog.at_level(logging.INFO):
        driver(printer).look()
    assert caplog.records == []
