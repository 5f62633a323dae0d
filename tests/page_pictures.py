"""Takes the pictures of pages in a browser: `python -m tests.page_pictures` (needs Chromium; a minute and a half).

docs/owner.png, and in Chinese docs/owner.zh.png: a day's sales on a computer beside the status on a phone, from a real kiosk
that has sold to the stand-in. docs/bench.png: what `make demo` opens, after a sale each way.
"""

from __future__ import annotations

import io
import tempfile
import time
from pathlib import Path

from PIL import Image

from kiosk.control.unix_socket import ask
from tests.owner_rig import PIN, Stall
from tests.test_demo import Demo, leave, press, screen, shown
from tests.test_floors import ROOT
from tests.webdriver import ENTER, Browser

DESK, PHONE = (1280, 800), (360, 740)  # windows, in pixels of the page
TALL = 650  # so high is each in the picture
BENCH = (1440, 900)
EDGE, BESIDE = 24, (170, 182, 189)
COLOURS = 200
OWNER = {"en": "docs/owner.png", "zh_CN": "docs/owner.zh.png"}


def owner(folder: Path, language: str) -> Image.Image:
    """Both windows side by side."""
    stall = Stall(folder, language)
    try:
        for digits in ("1250", "4800", "9800"):
            stall.sell_by_qr(digits)
        with Browser(folder, any_certificate=True) as browser:
            browser.open(stall.page.url)
            browser.type("#pin", PIN + ENTER)
            browser.wait("document.querySelector('.signs') !== null")
            phone = _shot(browser, PHONE, stall.page.url, folder)
            desk = _shot(browser, DESK, f"{stall.page.url}day", folder)
    finally:
        stall.close()
    whole = Image.new("RGB", (desk.width + phone.width + 3 * EDGE, TALL + 2 * EDGE), BESIDE)
    whole.paste(desk, (EDGE, EDGE))
    whole.paste(phone, (desk.width + 2 * EDGE, EDGE))
    return whole


def _shot(browser: Browser, size: tuple[int, int], url: str, folder: Path) -> Image.Image:
    browser.view(*size, touch=True)  # no bars at its side
    browser.open(url)
    browser.wait("document.readyState === 'complete'")
    return _picture(browser, folder).resize((round(size[0] * TALL / size[1]), TALL), Image.Resampling.LANCZOS)


def bench(folder: Path) -> Image.Image:
    """A sale by QR, then one by payment code, which stands on the kiosk and on the phone."""
    demo = Demo(folder)
    try:
        with Browser(folder, deadline_s=40) as browser:
            browser.view(*BENCH)
            browser.open(demo.page)
            browser.wait(screen("Idle"))
            while ask(folder / ".demo/kiosk.db.sock", {"do": "state"}).get("network") != "online":
                time.sleep(0.2)
            press(browser, "9", "0", "0", "QR")
            browser.wait(screen("ShowingQr"))
            browser.click("#scan")
            browser.wait(shown("bill"))
            browser.click("#pay")
            browser.wait(screen("PaidScreen"))
            leave(browser)
            press(browser, "1", "2", "5", "0", "OK")
            browser.wait(screen("Scanning"))
            browser.click("#hold")
            browser.wait(shown("result"))
            browser.wait("!document.querySelector('#slip').hidden")
            browser.wait("document.body.textContent.includes('They agree')")
            browser.wait("document.querySelector('#hold').getAttribute('aria-pressed') === 'false'")
            time.sleep(2)  # the phone has come back, and the new order no longer stands out
            return _picture(browser, folder)
    finally:
        demo.stop()


def _picture(browser: Browser, folder: Path) -> Image.Image:
    browser.screenshot(folder / "page.png")
    return Image.open(io.BytesIO((folder / "page.png").read_bytes())).convert("RGB")


def _write(made: Image.Image, file: str) -> None:
    made.quantize(COLOURS, dither=Image.Dither.NONE).save(ROOT / file, optimize=True)


if __name__ == "__main__":
    for language, file in OWNER.items():
        with tempfile.TemporaryDirectory() as name:
            _write(owner(Path(name), language), file)
    with tempfile.TemporaryDirectory() as name:
        _write(bench(Path(name)), "docs/bench.png")
