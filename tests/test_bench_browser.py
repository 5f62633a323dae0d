"""The bench page in a real browser: sales by mouse and keyboard, at three sizes, in both languages and both schemes."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from pathlib import Path

import pytest
from flask import Flask
from werkzeug.serving import make_server

from kiosk.sandbox.bank import PASSWORD, Bank
from kiosk.sandbox.bench import blueprint
from tests.bench_kiosk import DeskKiosk
from tests.webdriver import BACKSPACE, ENTER, ESCAPE, Browser, missing

pytestmark = [pytest.mark.browser, pytest.mark.skipif(missing() is not None, reason=missing() or "")]
PICTURES = Path(__file__).parent / "out"


class Stall:
    """A bank, a kiosk that asks its desk, and the page at an address."""

    def __init__(self, folder: Path) -> None:
        self.bank = Bank()
        self.kiosk = DeskKiosk(self.bank, folder / "frames")
        app = Flask("stall")
        app.register_blueprint(blueprint(self.bank, control=self.kiosk.control, frames=folder / "frames"))
        self.server = make_server("127.0.0.1", 0, app, threaded=True)
        self.page = f"http://127.0.0.1:{self.server.server_port}/bench/"


@pytest.fixture(scope="module")
def browser(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Browser]:
    """One window for all tests of this file."""
    with Browser(tmp_path_factory.mktemp("browser")) as browser:
        yield browser


@pytest.fixture
def stall(tmp_path: Path, browser: Browser) -> Iterator[Stall]:
    """The page open in a window of 1440x900, everything drawn; afterwards its console must have said nothing."""
    stall = Stall(tmp_path)
    serving = threading.Thread(target=stall.server.serve_forever)
    serving.start()
    browser.view(1440, 900)
    browser.open(stall.page)
    browser.wait("document.querySelectorAll('.switch').length && document.querySelector('#square').naturalWidth > 0")
    browser.wait_text("#sign-kiosk", "Kiosk is running")
    yield stall
    complaints = browser.complaints()
    browser.open("about:blank")  # or it would go on asking a server that has gone
    stall.server.shutdown()
    serving.join()
    stall.server.server_close()
    assert complaints == []


def shown(page: str) -> str:
    """An expression: this page of the phone is the one on its screen."""
    return f"!document.querySelector('[data-page={page}]').hidden"


def screen(name: str) -> str:
    """An expression: the kiosk's screen is the one of this name."""
    return f"document.querySelector('#screen').getAttribute('aria-label').endsWith(': {name}')"


def test_quick_pay_with_the_mouse(stall: Stall, browser: Browser) -> None:
    """Keys clicked in order reach the kiosk in order; held to the camera, the phone pays and tells so; the ledger shows it."""
    for key in ("1", "2", "5", "0", "SCAN"):
        browser.click(f'[data-key="{key}"]')
    browser.click("#hold")
    browser.wait(shown("result"))
    assert stall.kiosk.keys == ["1", "2", "5", "0", "SCAN"]
    assert "支付成功" in browser.text("[data-page=result]")
    assert "HK$12.50" in browser.text("[data-page=result]")
    browser.wait_text("#orders", "paid")
    assert "CN¥11.50" in browser.text("#orders")
    browser.wait("document.querySelector('#hold').getAttribute('aria-pressed') === 'false'")
    browser.screenshot(PICTURES / "bench-paid.png")
    browser.click("#done")
    browser.wait(shown("code"))


def test_password_with_the_keyboard_alone(stall: Stall, browser: Browser) -> None:
    """Typed keys go to the kiosk, in order and CLEAR held included, until the phone asks; then digits are its password."""
    stall.bank.trouble.set("password", "always")
    browser.press("9", "8", BACKSPACE, "8", "0", "0", "a")
    browser.wait_text("#sign-trouble", "1 on")
    browser.script("document.querySelector('#hold').focus()")
    browser.press(ENTER)
    browser.wait("document.activeElement.id === 'password'")
    assert stall.kiosk.keys == ["9", "8", "CLEAR", "8", "0", "0", "SCAN"]
    browser.press(*"000000", ENTER)
    browser.wait_text("#toast", "Wrong password.")
    browser.complaints()  # the refusal, which the browser notes as a failed request
    browser.screenshot(PICTURES / "bench-password.png")
    browser.press(*PASSWORD, ENTER)
    browser.wait(shown("result"))
    assert stall.kiosk.keys[-1] == "SCAN"
    browser.wait_text("#orders", "HK$98.00")


def test_escape_closes_the_password_and_the_order_stays_open(stall: Stall, browser: Browser) -> None:
    """Closing the question decides nothing; the kiosk's own CANCEL is not pressed by it."""
    stall.bank.trouble.set("password", "always")
    browser.press("5", "a")
    browser.click("#hold")
    browser.wait("document.activeElement.id === 'password'")
    browser.press(ESCAPE)
    browser.wait("document.querySelector('#sheet').hidden")
    browser.wait_text("#orders", "paying")
    assert "CANCEL" not in stall.kiosk.keys


@pytest.mark.usefixtures("stall")
def test_customer_scans_the_kiosks_qr(browser: Browser) -> None:
    """The screen's picture is read, shop and amount are shown, Not now pays nothing, Pay pays."""
    browser.click("#scan")
    browser.wait_text("#toast", "no QR on the kiosk's screen")
    browser.complaints()  # the refusal, which the browser notes as a failed request
    browser.press("8", "8", "0", "b")
    browser.wait_text("#orders", "not paid")
    browser.click("#scan")
    browser.wait(shown("bill"))
    browser.wait_text("[data-page=bill]", "Harbour Snacks")
    assert "HK$8.80" in browser.text("[data-page=bill]")
    browser.click("#not-now")
    browser.wait(shown("code"))
    browser.click("#scan")
    browser.wait(shown("bill"))
    browser.click("#pay")
    browser.wait(shown("result"))
    browser.wait(screen("PaidScreen"))


def test_held_clear_clears_all(stall: Stall, browser: Browser) -> None:
    """A short press takes one digit back, a held one all, by mouse."""
    browser.press("1", "2")
    browser.click('[data-key="CLEAR"]')
    browser.wait(screen("Keying"))
    browser.hold('[data-key="CLEAR"]', until=screen("Idle"))
    browser.press("3")
    browser.wait(screen("Keying"))
    assert stall.kiosk.keys == ["1", "2", "CLEAR", "CLEAR_ALL", "3"]


def test_trouble_is_switched_and_reset(stall: Stall, browser: Browser) -> None:
    """What is at hand and what is in the catalogue are the same switches; what is on is said in words; one button ends all."""
    browser.click('.quick [data-name="offline"]')
    browser.wait_text("#sign-trouble", "Trouble: 1 on")
    assert stall.bank.trouble.offline == "refuse"
    browser.click('.group[data-group="Notifications"] summary')
    browser.click("#switch-notify_off")
    browser.wait_text("#sign-trouble", "Trouble: 2 on")
    assert stall.bank.trouble.notify_off is True
    browser.click('.group[data-group="Connection"] summary')
    browser.script("document.querySelector('#switch-slow_ms').value = ''")
    browser.type("#switch-slow_ms", "2500" + ENTER)
    browser.wait_text("#sign-trouble", "Trouble: 3 on")
    assert stall.bank.trouble.slow_ms == 2500
    browser.screenshot(PICTURES / "bench-trouble.png")
    browser.click("#reset")
    browser.wait_text("#sign-trouble", "No trouble")
    assert stall.bank.trouble.offline == "no"


def test_kiosk_that_stops_is_said_in_place_of_its_screen(stall: Stall, browser: Browser) -> None:
    """Plain words where the picture was; when the kiosk is back, so is the picture."""
    stall.kiosk.running = False
    browser.wait_text("#no-screen", "The kiosk is not running")
    browser.wait("document.querySelector('#scan').disabled")
    browser.screenshot(PICTURES / "bench-no-kiosk.png")
    stall.kiosk.running = True
    browser.wait("document.querySelector('#no-screen').hidden")
    browser.complaints()  # the failed requests of the time without a kiosk


def test_phone_speaks_both_languages_and_remembers(stall: Stall, browser: Browser) -> None:
    """Chinese with small English at first; English alone on demand, and still so after a reload."""
    assert "付款码" in browser.text("[data-page=code]")
    browser.click('.tongue [data-tongue="en"]')
    assert "付款码" not in browser.text("[data-page=code]")
    browser.open(stall.page)
    browser.wait(shown("code"))
    assert browser.text("[data-page=code] h3") == "Pay"
    browser.click('.tongue [data-tongue="zh"]')


@pytest.mark.parametrize(("width", "height"), [(1440, 900), (1024, 768), (390, 844)])
@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.usefixtures("stall")
def test_page_fits_its_window(browser: Browser, width: int, height: int, scheme: str) -> None:
    """Nothing sticks out sideways; the code is whole in the first view; a phone-sized window is the phone."""
    browser.view(width, height, dark=scheme == "dark")
    browser.wait("document.querySelector('#bars').complete")
    assert browser.script("document.documentElement.scrollWidth") <= width
    box = browser.script("document.querySelector('#hold').getBoundingClientRect().bottom")
    assert box <= height
    assert browser.script("document.querySelector('.tabs').checkVisibility()") is (width < 800)
    if width < 800:
        assert browser.script("document.querySelector('#kiosk').offsetParent") is None
        for part, css in (("kiosk", "#keypad"), ("books", "#orders"), ("phone", "#square")):
            browser.click(f'.tabs [data-part="{part}"]')
            browser.wait(f"document.querySelector('{css}').offsetParent !== null")
            assert browser.script("document.documentElement.scrollWidth") <= width
    browser.screenshot(PICTURES / f"bench-{width}x{height}-{scheme}.png")
