"""What every printer's driver promises the lane, asked of each: ESC/POS over TCP and over a serial line, and the folder.

Without a device the first two have a printer of the test's own at the other end. `KIOSK_PRINTER=kiosk.toml` adds the one that
this file names: it prints, and a person looks.
"""

from __future__ import annotations

import os
import shutil
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pytest
import zxingcpp
from PIL import Image

from kiosk import config
from kiosk.core.slips import PrinterTrouble
from kiosk.printer import open_device
from kiosk.printer.device import Device, Place, Unwell
from kiosk.printer.layout import lay_out
from kiosk.printer.raster import render
from kiosk.printers import make_device
from tests.escpos_printer import Mechanism, NetworkPrinter, SerialPrinter
from tests.slip_samples import BILL, COPY, NUMBER, RECEIPT, house

HOUSE = house()
MECHANICAL = {
    PrinterTrouble.PAPER: {"paper": False},
    PrinterTrouble.COVER: {"open": True},
    PrinterTrouble.FAULT: {"fault": True},
    PrinterTrouble.SILENT: {"answers": False},
}


@dataclass
class Rig:
    """A driver and what is at its other end; `ail(None)` makes it well. `came_out`: the slips. None: no test can do that."""

    device: Device
    ail: Callable[[PrinterTrouble | None], None] | None = None
    unplug: Callable[[], None] | None = None
    came_out: Callable[[], list[Image.Image]] | None = None


def mechanical(place: Place, printer: Mechanism, unplug: Callable[[], None]) -> Rig:
    def ail(trouble: PrinterTrouble | None) -> None:
        printer.paper, printer.open, printer.fault, printer.answers = True, False, False, True
        for name, value in ({} if trouble is None else MECHANICAL[trouble]).items():
            setattr(printer, name, value)

    device = open_device("escpos", HOUSE, place=place)
    return Rig(device, ail, unplug, lambda: [slip.picture for slip in printer.slips])


def folder(path: Path) -> Rig:
    def ail(trouble: PrinterTrouble | None) -> None:
        path.mkdir(exist_ok=True)
        if trouble is None:
            (path / "trouble").unlink(missing_ok=True)
        else:
            (path / "trouble").write_text(f"{trouble}\n")

    def unplug() -> None:
        shutil.rmtree(path, ignore_errors=True)
        path.write_text("a file where the folder was")

    device = open_device("paper", HOUSE, place=Place("usb"), folder=path)
    return Rig(device, ail, unplug, lambda: [Image.open(slip) for slip in sorted(path.glob("slip-*.png"))])


@pytest.fixture(params=["network", "serial", "paper", "real"])
def rig(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Rig]:
    match request.param:
        case "network":
            at_port = NetworkPrinter()
            made = mechanical(Place("network", host="127.0.0.1", port=at_port.port), at_port, at_port.unplug)
        case "serial":
            at_device = SerialPrinter()
            made = mechanical(Place("serial", device=at_device.device, baud=115_200), at_device, at_device.unplug)
        case "paper":
            made = folder(tmp_path / "slips")
        case "real" if "KIOSK_PRINTER" in os.environ:
            read = config.load(Path(os.environ["KIOSK_PRINTER"]))
            assert read.printer is not None
            made = Rig(make_device(read.printer, read.display))
        case "real":
            pytest.skip("no printer here: KIOSK_PRINTER=kiosk.toml")
        case nameless:
            pytest.fail(f"{nameless}: give it a case above; a driver that is skipped has passed nothing")
    yield made
    made.device.close()


def same(one: Image.Image, other: Image.Image) -> bool:
    return np.array_equal(np.asarray(one.convert("1")), np.asarray(other.convert("1")))


def test_what_is_put_comes_out_as_it_was_drawn_one_slip_after_the_other(rig: Rig):
    for slip in (RECEIPT, BILL):
        rig.device.look()
        rig.device.put(lay_out(slip, HOUSE))
    if rig.came_out is None:
        pytest.skip("a person looks at this one")
    first, second = rig.came_out()
    assert same(first, render(lay_out(RECEIPT, HOUSE), HOUSE, 384))
    assert same(second, render(lay_out(BILL, HOUSE), HOUSE, 384))


def test_the_codes_can_be_read_off_what_came_out(rig: Rig):
    if rig.came_out is None:
        pytest.skip("a person looks at this one")
    for slip in (RECEIPT, BILL):
        rig.device.put(lay_out(slip, HOUSE))
    texts = [[found.text for found in zxingcpp.read_barcodes(picture.convert("L"))] for picture in rig.came_out()]
    assert texts == [[NUMBER], [BILL.code_url]]


@pytest.mark.parametrize("trouble", [PrinterTrouble.PAPER, PrinterTrouble.COVER, PrinterTrouble.FAULT, PrinterTrouble.SILENT])
def test_an_unwell_printer_says_why_prints_nothing_and_is_well_again_by_itself(rig: Rig, trouble: PrinterTrouble):
    if rig.ail is None or rig.came_out is None:
        pytest.skip("no test can make this one unwell")
    rig.device.look()
    rig.ail(trouble)
    with pytest.raises(Unwell, match=r": .{8,}") as told:
        rig.device.look()
    assert told.value.trouble is trouble
    assert rig.came_out() == []
    rig.ail(None)
    rig.device.look()
    rig.device.put(lay_out(COPY, HOUSE))
    assert len(rig.came_out()) == 1


def test_one_that_is_not_there_is_told_of_with_the_remedy(rig: Rig):
    if rig.unplug is None:
        pytest.skip("no test can unplug this one")
    rig.device.look()
    rig.unplug()
    with pytest.raises(Unwell, match=": ") as told:
        rig.device.look()
    assert told.value.trouble is PrinterTrouble.AWAY
    with pytest.raises(Unwell):
        rig.device.put(lay_out(RECEIPT, HOUSE))


def test_the_printer_of_the_tests_takes_its_bytes_in_any_pieces():
    """A serial line hands over whatever has come: half a cut is not a cut yet."""
    sent = b"\x1b@\x1bE\x01Harbour Snacks\n\x1dv0\x00\x01\x00\x02\x00\xff\x00\x1bd\x04\x1dVB\x00\x1dr\x01\x10\x04\x01\x1dV\x01"
    whole, piecemeal = Mechanism(), Mechanism()
    told: dict[Mechanism, list[object]] = {}
    for printer, size in ((whole, len(sent)), (piecemeal, 1)):
        told[printer] = []
        for at in range(0, len(sent), size):
            printer.take(sent[at : at + size], told[printer].append)
    assert [slip.lines for slip in piecemeal.slips] == [slip.lines for slip in whole.slips] == [["Harbour Snacks"], []]
    assert piecemeal.slips[0].picture.tobytes() == whole.slips[0].picture.tobytes()
    assert told[piecemeal] == told[whole]
    assert len(told[whole]) == 2
    assert whole.odd == piecemeal.odd == b""
