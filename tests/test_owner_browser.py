"""The owner's page in a real browser over real TLS, before a real kiosk that has sold: by keyboard alone, and on a phone."""

from __future__ import annotations

import time
from collections.abc import Iterator
from itertools import pairwise
from pathlib import Path

import pytest

from tests.owner_rig import PIN, Stall
from tests.test_owner_certificates import certificate_for, other_key
from tests.webdriver import BACKSPACE, ENTER, TAB, Browser, missing

pytestmark = [pytest.mark.browser, pytest.mark.skipif(missing() is not None, reason=missing() or "")]
PICTURES = Path(__file__).parent / "out"
SHOP_PLACES = ("settings", "settings/all", "operators", "merchant", "wifi", "update", "support", "pin", "merchant/check")
PLACES = ("", "day", "export", *SHOP_PLACES)


@pytest.fixture(scope="module")
def opened(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Stall]:
    """A kiosk that has sold twice, and the page."""
    stall = Stall(tmp_path_factory.mktemp("stall"))
    try:
        stall.sell_by_qr("1 2 5 0")
        stall.sell_by_qr("9 8 0 0")
        yield stall
    finally:
        stall.close()


@pytest.fixture
def stall(opened: Stall) -> Stall:
    """Its kiosk is there: not just being started anew, as a setting was saved in the test before."""
    with opened.changing:
        opened.until(lambda: opened.ask({"do": "state"}).get("network") == "online", "online")
    return opened


@pytest.fixture(scope="module")
def browser(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Browser]:
    """One window that takes the page's certificate."""
    with Browser(tmp_path_factory.mktemp("browser"), any_certificate=True) as browser:
        yield browser


def go(browser: Browser, stall: Stall, place: str = "") -> None:
    browser.open(stall.page.url + place)


def log_in(browser: Browser, stall: Stall) -> None:
    go(browser, stall)
    if browser.script("document.querySelector('#pin') !== null"):
        browser.type("#pin", PIN + ENTER)
        browser.wait("document.querySelector('.signs') !== null")


def tab_to(browser: Browser, css: str) -> None:
    """On with TAB until that has the focus, and the focus can be seen."""
    for _ in range(80):
        browser.press(TAB)
        if browser.script("document.activeElement.matches(arguments[0])", css):
            outline = browser.script("getComputedStyle(document.activeElement).outlineStyle")
            width = browser.script("parseFloat(getComputedStyle(document.activeElement).outlineWidth)")
            assert outline != "none", css
            assert width >= 2, css
            return
    raise AssertionError(f"TAB never came to {css}")


def test_a_walk_with_the_keyboard_alone(stall: Stall, browser: Browser, tmp_path: Path) -> None:
    """Log in, look at today, take the export, change a setting, log out: no mouse, and always a focus to be seen."""
    sold = [order["total"] for order in stall.server.bank.orders()]
    assert sold[:2] == [1250, 9800]
    browser.devtools("Browser.setDownloadBehavior", {"behavior": "allow", "downloadPath": str(tmp_path)})
    browser.devtools("Network.clearBrowserCookies", {})  # whoever was logged in before
    browser.view(1280, 800)
    go(browser, stall)
    browser.wait("document.activeElement.id === 'pin'")
    browser.press(*PIN, ENTER)
    browser.wait_text("h1", "Status")
    browser.wait_text("main", "Reached, and its answers are signed right")
    browser.press(TAB)
    assert browser.script("document.activeElement.className") == "skip"
    tab_to(browser, "a[href='/day']")
    browser.press(ENTER)
    browser.wait_text("h1", "Sales")
    assert f"HK${sum(sold) / 100:.2f}" in browser.text(".sum.net")
    assert browser.script("document.querySelectorAll('.orders li').length") == len(sold)
    assert "Paid" in browser.text(".orders")
    browser.screenshot(PICTURES / "owner-day.png")
    tab_to(browser, "a[href='/export']")
    browser.press(ENTER)
    browser.wait_text("h1", "Export")
    tab_to(browser, "button[value=csv]")
    browser.press(ENTER)
    file = wait_for_file(tmp_path)
    lines = file.read_text("utf-8-sig").splitlines()
    assert len(lines) == 1 + len(sold)
    assert ",12.50," in lines[1]
    assert ",98.00," in lines[2]
    tab_to(browser, "a[href='/operators']")
    browser.press(ENTER)
    browser.wait_text("h1", "Operators")
    tab_to(browser, "summary")
    browser.press(ENTER)
    tab_to(browser, "#new-1")
    browser.press(*"8642", TAB, *"8642", ENTER)
    browser.wait_text("[role=status]", "The PIN is changed.")
    assert "has a PIN" in browser.text("summary")
    tab_to(browser, "a[href='/settings']")
    browser.press(ENTER)
    browser.wait_text("h1", "Settings")
    tab_to(browser, "#sound-volume")
    save(browser, stall, [BACKSPACE] * 3 + ["6", "0", ENTER])
    assert "volume = 60" in stall.config.read_text("utf-8")
    tab_to(browser, ".menu button")
    browser.press(ENTER)
    browser.wait_text("h1", "Log in")
    go(browser, stall, "day")
    browser.wait_text("h1", "Log in")


def save(browser: Browser, stall: Stall, keys: list[str]) -> None:
    """Into the field that has the focus; the kiosk is started anew with it."""
    before = stall.kiosk.pid
    browser.press(*keys)
    browser.wait_text("[role=status]", "Saved.")
    stall.until(lambda: stall.kiosk.pid != before, "another kiosk")


def wait_for_file(folder: Path) -> Path:
    end = time.monotonic() + 30
    while not (found := sorted(folder.glob("sales-*.csv"))):
        assert time.monotonic() < end
        time.sleep(0.05)
    return found[0]


def test_a_phone_needs_no_sideways_and_has_keys_for_fingers(stall: Stall, browser: Browser) -> None:
    """At 360 pixels nothing reaches over the edge; what is pressed is 44 pixels high or more, on every page."""
    log_in(browser, stall)
    browser.view(360, 740, touch=True)
    for place in PLACES:
        go(browser, stall, place)
        assert browser.script("document.documentElement.scrollWidth") <= 360, place
        assert browser.script(SMALL) == [], place
    go(browser, stall)
    browser.click(".to-menu")
    browser.wait("document.querySelector('#menu').getBoundingClientRect().top < innerHeight / 2")
    browser.click(".menu a[href='/day']")
    browser.wait_text("h1", "Sales")
    browser.view(1280, 800)


SMALL = """[...document.querySelectorAll(`button, .button, input:not([type=hidden], [type=radio]), select, summary, .choice,
    .menu a, .tongues a`)].filter(e => e.checkVisibility() && e.getBoundingClientRect().height < 43.9).map(e => e.outerHTML)"""
UNNAMED = """[...document.querySelectorAll('input:not([type=hidden]), select, textarea')]
    .filter(e => e.checkVisibility() && !(e.labels && e.labels.length && e.labels[0].innerText.trim())).map(e => e.outerHTML)"""
NAMELESS = """[...document.querySelectorAll('a, button, summary')]
    .filter(e => e.checkVisibility() && !(e.innerText.trim() || e.getAttribute('aria-label'))).map(e => e.outerHTML)"""
BROKEN = """[...document.querySelectorAll('[aria-describedby], [aria-errormessage]')].flatMap(e =>
    ['aria-describedby', 'aria-errormessage'].map(a => e.getAttribute(a)).filter(id => id && !document.getElementById(id)))"""
TWICE = "(ids => ids.filter((id, at) => ids.indexOf(id) !== at))([...document.querySelectorAll('[id]')].map(e => e.id))"
HEADINGS = "[...document.querySelectorAll('h1, h2, h3, h4')].map(h => +h.tagName[1])"
FAINT = """(() => {
    const rgb = text => { const [r, g, b, a = 1] = text.match(/[\\d.]+/g).map(Number); return [r, g, b, a]; };
    const straight = v => (v /= 255) <= .03928 ? v / 12.92 : ((v + .055) / 1.055) ** 2.4;
    const light = ([r, g, b]) => .2126 * straight(r) + .7152 * straight(g) + .0722 * straight(b);
    const behind = e => {
        const colour = rgb(getComputedStyle(e).backgroundColor);
        return colour[3] === 1 ? colour : e.parentElement ? behind(e.parentElement) : [255, 255, 255];
    };
    const found = [];
    const walker = document.createTreeWalker(document.body, NodeFilter.SHOW_TEXT);
    while (walker.nextNode()) {
        const e = walker.currentNode.parentElement;
        if (!walker.currentNode.data.trim() || !e.checkVisibility() || e.tagName === 'OPTION') continue;
        const [a, b] = [light(rgb(getComputedStyle(e).color)), light(behind(e))];
        const ratio = (Math.max(a, b) + .05) / (Math.min(a, b) + .05);
        if (ratio < 4.5) found.push(walker.currentNode.data.trim().slice(0, 30) + ' ' + ratio.toFixed(2));
    }
    return found;
})()"""


@pytest.mark.parametrize("dark", [False, True], ids=["light", "dark"])
def test_every_page_can_be_read_and_named(stall: Stall, browser: Browser, dark: bool) -> None:
    """WCAG 2.2 AA by hand: each field has its label, each link its name, headings in their order, text at 4.5 to 1."""
    log_in(browser, stall)
    browser.view(1280, 800, dark=dark)
    for place in PLACES:
        go(browser, stall, place)
        assert browser.script(UNNAMED) == [], place
        assert browser.script(NAMELESS) == [], place
        assert browser.script(BROKEN) == [], place
        assert browser.script(TWICE) == [], place
        assert browser.script(FAINT) == [], place
        levels = browser.script(HEADINGS)
        assert levels[0] == 1
        assert all(after <= before + 1 for before, after in pairwise(levels)), place
        assert browser.script("document.querySelectorAll('main, nav[aria-label]').length") == 2, place
        assert browser.script("document.documentElement.lang") == "en"
    browser.view(1280, 800)


def test_the_browser_has_nothing_to_complain_of(stall: Stall, browser: Browser) -> None:
    """No blocked style, no failed request, nothing from elsewhere, on any page."""
    log_in(browser, stall)
    browser.complaints()
    for place in PLACES:
        go(browser, stall, place)
        loaded = browser.script("performance.getEntriesByType('resource').map(e => new URL(e.name).origin)")
        assert set(loaded) <= {stall.page.url.rstrip("/")}, place
    assert browser.complaints() == []


def test_everything_is_checked_by_the_kiosk_itself(stall: Stall, browser: Browser) -> None:
    """The doctor of the running kiosk, asked through its door; the list says what to do."""
    log_in(browser, stall)
    browser.click("#doctor button")
    browser.wait_text("#doctor", "Checking")
    end = time.monotonic() + 90
    while "Checking" in browser.text("#doctor"):
        assert time.monotonic() < end
        time.sleep(0.5)
        go(browser, stall)
    assert "WeChat Pay answers, and its signature is right" in browser.text("#doctor")
    browser.screenshot(PICTURES / "owner-doctor.png")


def test_the_kiosk_shows_where_the_page_is(stall: Stall) -> None:
    """MENU twice, then its digit: the address and the certificate that the page told it."""
    stall.page.page.tell_kiosk()
    stall.until(lambda: stall.ask({"do": "state"}).get("screen") == "Idle", "idle")
    stall.press("MENU MENU 2")
    stall.until(lambda: stall.ask({"do": "state"}).get("screen") == "OwnersPage", "the page's screen")
    stall.press("CANCEL CANCEL")
    stall.until(lambda: stall.ask({"do": "state"}).get("screen") == "Idle", "idle again")


def test_keys_are_uploaded_and_wechat_is_asked_before_ready_is_said(stall: Stall, browser: Browser, tmp_path: Path) -> None:
    """Certificate and key by the file chooser; the kiosk is started anew with them, and WeChat's own word is waited for."""
    log_in(browser, stall)
    pem = (stall.config.parent / "merchant_key.pem").read_bytes()
    (tmp_path / "apiclient_key.pem").write_bytes(pem)
    (tmp_path / "apiclient_cert.pem").write_bytes(certificate_for(pem, int(stall.prepared.keys.merchant_serial, 16)))
    (tmp_path / "wrong_key.pem").write_bytes(other_key())
    go(browser, stall, "merchant")
    browser.type("#certificate", str(tmp_path / "apiclient_cert.pem"))
    browser.type("#key", str(tmp_path / "wrong_key.pem"))
    browser.press(TAB)
    browser.script("document.querySelector('main form').requestSubmit()")
    browser.wait_text("[role=alert]", "do not belong together")
    browser.type("#certificate", str(tmp_path / "apiclient_cert.pem"))
    browser.type("#key", str(tmp_path / "apiclient_key.pem"))
    browser.type("#api_key", (stall.config.parent / "api_v3_key.txt").read_text().strip())
    before = stall.kiosk.pid
    browser.script("document.querySelector('main form').requestSubmit()")
    browser.wait_text("h1", "Asking WeChat Pay")
    browser.wait_text("[role=status]", "Ready")
    assert stall.kiosk.pid != before
    stall.sell_by_qr("7 7 0 0")
