"""`kiosk demo` as a newcomer uses it: one command, then sales by mouse in a browser, with the real kiosk behind the page."""

from __future__ import annotations

import io
import json
import os
import signal
import subprocess
import sys
import threading
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import requests
from PIL import Image
from pyzbar import pyzbar

from tests.webdriver import Browser, missing

pytestmark = [
    pytest.mark.browser,
    pytest.mark.skipif(missing() is not None, reason=missing() or ""),
]
PICTURES = Path(__file__).parent / "out"


class Demo:
    """The running command and the address it printed."""

    def __init__(self, folder: Path) -> None:
        env = {name: value for name, value in os.environ.items() if name not in ("DISPLAY", "WAYLAND_DISPLAY")}
        self.folder = folder
        self.process = subprocess.Popen(
            [sys.executable, "-m", "kiosk", "demo"],
            cwd=folder,
            env=env,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
        )
        self.said: list[str] = []
        found = threading.Event()

        def listen() -> None:
            assert self.process.stdout is not None
            for line in self.process.stdout:
                self.said.append(line)
                if "Bench page" in line:
                    found.set()

        threading.Thread(target=listen, daemon=True).start()
        assert found.wait(30), self.said
        self.page = next(line for line in self.said if "Bench page" in line).split()[-1]

    def orders(self) -> list[dict[str, Any]]:
        """`kiosk orders` of the demo's kiosk, oldest first."""
        command = [sys.executable, "-m", "kiosk", "--config", ".demo/kiosk.toml", "orders", "--json"]
        done = subprocess.run(command, cwd=self.folder, capture_output=True, text=True, check=True, timeout=30)
        return sorted((json.loads(line) for line in done.stdout.splitlines()), key=lambda line: line["opened_at"])

    def bank(self) -> dict[str, dict[str, Any]]:
        """The stand-in's ledger by number."""
        found = requests.get(self.page + "/now", timeout=5).json()["orders"]
        return {order["out_trade_no"]: order for order in found}

    def stop(self) -> int:
        """Ctrl-C."""
        self.process.send_signal(signal.SIGINT)
        return self.process.wait(30)


@pytest.fixture(scope="module")
def demo(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Demo]:
    """One demo for all sales of this file, as one afternoon at the desk."""
    made = Demo(tmp_path_factory.mktemp("demo"))
    yield made
    assert made.stop() == 0, "".join(made.said)


@pytest.fixture(scope="module")
def browser(demo: Demo, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Browser]:
    """A window with the bench page in it."""
    with Browser(tmp_path_factory.mktemp("browser"), deadline_s=40) as browser:
        browser.view(1440, 900)
        browser.open(demo.page)
        browser.wait_text("#sign-kiosk", "Kiosk is running")
        browser.wait(screen("Idle"))
        yield browser
        browser.open("about:blank")


def screen(name: str) -> str:
    """An expression: the kiosk shows the screen of this name."""
    return f"document.querySelector('#screen').getAttribute('aria-label').endsWith(': {name}')"


def shown(page: str) -> str:
    """An expression: this page of the phone is the one on its screen."""
    return f"!document.querySelector('[data-page={page}]').hidden"


def press(browser: Browser, *keys: str) -> None:
    """Click the kiosk's keys, and wait until they have reached it."""
    for key in keys:
        browser.click(f'[data-key="{key}"]')


def trouble(demo: Demo, **switches: object) -> None:
    """Throw switches of the trouble panel."""
    for name, value in switches.items():
        requests.post(f"{demo.page}/trouble", json={"name": name, "value": value}, timeout=5).raise_for_status()


def leave(browser: Browser) -> None:
    """From the result back to the start, on both sides."""
    if browser.script(shown("result")):
        browser.click("#done")
        browser.wait(shown("code"))
    press(browser, "CANCEL")
    browser.wait(screen("Idle"))


def test_quick_pay(demo: Demo, browser: Browser) -> None:
    """Amount, OK, the phone held to the camera: the scanner's process reads it, both sides say paid."""
    press(browser, "1", "2", "5", "0", "OK")
    browser.wait(screen("Scanning"))
    browser.click("#hold")
    browser.wait(screen("PaidScreen"))
    browser.wait(shown("result"))
    browser.screenshot(PICTURES / "demo-paid.png")
    line = demo.orders()[-1]
    assert (line["state"], line["tender"], line["amount"]) == ("PAID", "quick_pay", 1250)
    assert demo.bank()[line["out_trade_no"]]["trade_state"] == "SUCCESS"
    browser.wait("!document.querySelector('#slip').hidden")
    receipt = Image.open(io.BytesIO(requests.get(demo.page + "/slip.png", timeout=5).content))
    assert [code.data.decode() for code in pyzbar.decode(receipt.convert("L"))] == [line["out_trade_no"]]
    leave(browser)


def test_native(demo: Demo, browser: Browser) -> None:
    """QR on the kiosk, read off its picture by the phone, paid there."""
    press(browser, "9", "0", "0", "QR")
    browser.wait(screen("ShowingQr"))
    browser.click("#scan")
    browser.wait(shown("bill"))
    browser.screenshot(PICTURES / "demo-bill.png")
    browser.click("#pay")
    browser.wait(screen("PaidScreen"))
    line = demo.orders()[-1]
    assert (line["state"], line["tender"], line["amount"]) == ("PAID", "native", 900)
    assert demo.bank()[line["out_trade_no"]]["trade_state"] == "SUCCESS"
    leave(browser)


def test_password(demo: Demo, browser: Browser) -> None:
    """The kiosk asks for patience while the customer types; the right password ends it."""
    trouble(demo, password="next")
    press(browser, "5", "0", "0", "SCAN")
    browser.wait(screen("Scanning"))
    browser.click("#hold")
    browser.wait(screen("Password"))
    browser.screenshot(PICTURES / "demo-password.png")
    browser.type("#password", "123456")
    browser.click("#sheet-ok")
    browser.wait(screen("PaidScreen"))
    assert demo.orders()[-1]["state"] == "PAID"
    leave(browser)


def test_declined(demo: Demo, browser: Browser) -> None:
    """Too little money: the kiosk says why, nothing was taken."""
    trouble(demo, decline="NOT_ENOUGH")
    press(browser, "6", "0", "0", "OK")
    browser.wait(screen("Scanning"))
    browser.click("#hold")
    browser.wait(screen("DeclinedScreen"))
    line = demo.orders()[-1]
    assert (line["state"], line["sale_state"]) == ("DECLINED", "unpaid")
    order = demo.bank().get(line["out_trade_no"])
    assert order is None or order["debits"] == 0
    if browser.script("document.querySelector('#hold').getAttribute('aria-pressed') === 'true'"):
        browser.click("#hold")
    leave(browser)


def test_cancelled(demo: Demo, browser: Browser) -> None:
    """CANCEL before a code was shown: nothing left the kiosk."""
    before = len(demo.orders())
    press(browser, "7", "0", "0", "OK")
    browser.wait(screen("Scanning"))
    press(browser, "CANCEL")
    browser.wait(screen("CancelledScreen"))
    leave(browser)
    assert len(demo.orders()) == before


def test_an_answer_lost_is_found_again(demo: Demo, browser: Browser) -> None:
    """The money is taken, the answer never comes: the kiosk waits, asks, and says paid; one debit."""
    trouble(demo, drop_after=1)
    press(browser, "8", "0", "0", "OK")
    browser.wait(screen("Scanning"))
    browser.click("#hold")
    browser.wait(screen("PaidScreen"))
    line = demo.orders()[-1]
    assert line["state"] == "PAID"
    assert demo.bank()[line["out_trade_no"]]["debits"] == 1
    leave(browser)
