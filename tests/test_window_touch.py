"""A whole sale by touch: the demo's kiosk in a real window, every key a finger (the mouse) on the screen's own keys."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
import zxingcpp
from PIL import Image, ImageGrab

from kiosk.core.events import Key
from kiosk.display.keys import share_of, split
from kiosk.display.turn import turned
from tests.desk import Desk
from tests.xwindows import xdotool

pytestmark = [pytest.mark.screen, pytest.mark.slow]

SIZE, ROTATION = (480, 800), 90  # a screen mounted on its side: its X server sees 800x480


@pytest.fixture
def counter(tmp_path: Path, xvfb: str) -> Iterator[Desk]:
    """A kiosk whose keys are on its turned screen; the bench page may press none."""
    made = Desk(tmp_path / "desk", xvfb)
    made.folder.mkdir()
    made.open(
        lambda text: text.replace("size = [800, 480]", f"size = {list(SIZE)}\nrotation = {ROTATION}").replace(
            'driver = "keyboard"\nremote = true', 'driver = "touch"\nremote = false'
        )
    )
    try:
        made.until(lambda: window(made).getbbox() is not None, "a window that is not black")
        yield made
    finally:
        made.close()


def window(counter: Desk) -> Image.Image:
    """What the X server shows."""
    picture = ImageGrab.grab(xdisplay=counter.display)
    assert isinstance(picture, Image.Image)
    return picture


def touch(counter: Desk, *keys: str) -> None:
    """A finger on each key in turn, where people see it."""
    parts = split(SIZE)
    assert parts is not None
    corner = window(counter).getbbox()  # the ground beside the window is black, and nothing of the window is
    assert corner is not None
    for key in keys:
        x, y, width, height = share_of(Key(key), parts[1])
        across, down, _, _ = turned((x + width // 2, y + height // 2, 1, 1), SIZE, ROTATION)
        xdotool("mousemove", str(corner[0] + across), str(corner[1] + down), display=counter.display)
        xdotool("mousedown", "1", "sleep", "0.05", "mouseup", "1", display=counter.display)


def test_a_sale_by_touch_on_a_screen_on_its_side(counter: Desk) -> None:
    """1250 keyed with a mistake taken back, QR, paid by the stand-in's customer; then a scan, and the last orders."""
    touch(counter, "1", "2", "5", "9", "CLEAR", "0", "QR")
    counter.shows("ShowingQr")
    read: list[str] = []

    def seen() -> bool:
        upright = window(counter).rotate(ROTATION, expand=True)
        read[:] = [code.text for code in zxingcpp.read_barcodes(upright, formats=zxingcpp.BarcodeFormat.QRCode)]
        return len(read) == 1

    counter.until(seen, "one QR in the window")
    counter.bench("phone/scan", code_url=read[0])
    counter.bench("phone/pay", out_trade_no=counter.bank()[0]["out_trade_no"], password="123456")
    counter.shows("PaidScreen")

    touch(counter, "8", "0", "0", "OK")
    counter.shows("Scanning")
    counter.bench("phone/hold", held=True)
    counter.shows("PaidScreen")
    touch(counter, "MENU")
    counter.shows("History")
    assert sorted((line["state"], line["amount"]) for line in counter.orders()) == [("PAID", 800), ("PAID", 1250)]
    counter.agree()


def test_clear_held_by_a_finger_takes_all_back(counter: Desk) -> None:
    touch(counter, "1", "2", "5")
    counter.shows("Keying")
    touch(counter, "CLEAR")  # the finger is over it now
    counter.shows("Keying")
    xdotool("mousedown", "1", display=counter.display)
    counter.shows("Idle")
    xdotool("mouseup", "1", display=counter.display)
    assert counter.orders() == []
