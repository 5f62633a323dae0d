"""Each trouble of the bench page played through the page, in a browser, with the real kiosk behind it: what is read at the end.

Under the kiosk stand the truth, what became of the last answer, and what the kiosk believes; after each trouble they fit.
Time runs four times as fast for bank and kiosk, so that a reversal is not waited for.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest
from PIL import Image
from pyzbar import pyzbar

from kiosk.clock import SteadyClock
from kiosk.control.answers import Answers
from kiosk.core.screens import View
from kiosk.display.painter import Painter
from kiosk.display.recording import RecordingDisplay
from kiosk.display.screen import OffscreenDisplay
from kiosk.notifications import Notifications
from kiosk.payment.wechat import Deadlines
from kiosk.sandbox.bank import PASSWORD, Bank
from kiosk.sandbox.keys import Keys
from kiosk.sandbox.prepare import merchant_of, prepare
from kiosk.sandbox.server import SandboxServer
from kiosk.sandbox.story import BELIEFS
from kiosk.sandbox.wallet import PICTURE
from tests.rig import Rig
from tests.webdriver import ENTER, Browser, missing

pytestmark = [pytest.mark.browser, pytest.mark.skipif(missing() is not None, reason=missing() or "")]
PICTURES = Path(__file__).parent / "out"
SPEED = 4
HASTE = Deadlines(charge_s=3, place_s=3, ask_s=3, undo_s=3, refund_s=3, probe_s=3)


class Painted(RecordingDisplay):
    """Keeps the views, and paints the newest for the page."""

    def __init__(self, shop: str, page: OffscreenDisplay) -> None:
        super().__init__(shop)
        self.page = page

    def show(self, view: View) -> None:
        super().show(view)
        self.page.show(view)


class FastDesk(Rig):
    """A rig whose time runs fast, with the bench page in front of it."""

    def __init__(self, folder: Path) -> None:
        super().__init__(folder)
        self.server.stop()
        began, wall = time.monotonic(), time.time()

        def monotonic() -> float:
            return began + (time.monotonic() - began) * SPEED

        self.clock = SteadyClock(lambda: wall + monotonic() - began, monotonic)
        self.bank = Bank(merchant_of(folder), now=self.clock.now)
        keys = Keys(folder)
        self.server = SandboxServer(self.bank, keys, control=self._asked, frames=folder / "frames")
        self.prepared = prepare(folder, url=self.server.url, page=self.server.page, keys=keys, overwrite=True)
        self.server.start()
        (folder / "frames").mkdir(exist_ok=True)
        self.page = OffscreenDisplay(Painter((800, 480), "en", "zh_CN"), self.clock.now)
        self.display = Painted(self.settings.shop, self.page)
        self.views = self.display.views

    def start(self) -> None:
        super().start()
        self.provider._deadlines = HASTE
        notifications = Notifications(self.provider.open_notification, self.runtime, self.merchant, self.clock)
        self.answers = Answers(self.runtime, lambda: self.page, lambda: self.views[-1], self.keypad, notifications)

    def _asked(self, question: dict[str, Any]) -> dict[str, Any]:
        return self.answers.answer(question)

    def look(self) -> None:
        """The camera sees what the phone page holds before it."""
        picture = self.folder / "frames" / PICTURE
        self.until(picture.exists, "a phone before the camera")
        self.scanner.show(next(each.data.decode() for each in pyzbar.decode(Image.open(picture)) if each.type == "QRCODE"))


@dataclass(frozen=True)
class Play:
    """A sale under trouble: `do` after the code was shown or the QR was there; then what is read."""

    trouble: dict[str, object]
    truth: str
    wire: str
    belief: str
    do: str = ""
    tender: str = "OK"
    verdict: str = "They agree"
    screen: str = field(default="PaidScreen")


TOOK, NOT_TAKEN = "WeChat took HK$", "Nothing was taken."
ASKED = "The question was answered."
PAID, NOT_PAID, CANCELLED, NEVER = (BELIEFS[each] for each in ("PAID", "DECLINED", "REVERSED", "VOID"))
LOOK, BACK = BELIEFS["ATTENTION"], "and gave it back."
PROVES_NOTHING = ("unsigned_2xx", "signtest", "tampered")
DIFFER = "They differ"

PLAYS: dict[str, Play] = {
    "no trouble": Play({}, TOOK, "The charge was answered.", PAID),
    "QR, no trouble": Play({}, TOOK, ASKED, PAID, "scan pay", "QR"),
    "request lost": Play({"drop_before": 1}, NOT_TAKEN, "The charge was lost", NEVER, "cancel", screen="CancelledScreen"),
    "answer lost": Play({"drop_after": 1}, TOOK, "The answer to the charge was lost", PAID),
    "answer swallowed": Play({"silent_after": 1}, TOOK, "The answer to the charge never comes.", PAID),
    "QR, answer lost": Play({"drop_after": 1}, TOOK, "The answer to the request for a QR was lost", PAID, "scan pay", "QR"),
    "QR, request lost": Play({"drop_before": 1}, TOOK, "The request for a QR was lost", PAID, "scan pay", "QR"),
    "slow": Play({"slow_ms": 150}, TOOK, "is slow.", PAID),
    "drip": Play({"drip_ms": 1}, TOOK, "byte by byte", PAID, tender="OK"),
    "5xx after": Play({"error_after": 1, "error_status": "502"}, TOOK, "a server error was answered", PAID),
    **{each: Play({each: 1}, TOOK, "proves nothing", PAID) for each in PROVES_NOTHING},
    "unsigned refusal": Play(
        {"unsigned_4xx": 1, "decline": "NOT_ENOUGH"},
        NOT_TAKEN,
        "carries no signature",
        NOT_PAID,
        screen="DeclinedScreen",
    ),
    "no balance": Play({"decline": "NOT_ENOUGH"}, "WeChat has refused", "refused: NOT_ENOUGH", NOT_PAID, screen="DeclinedScreen"),
    "code expired": Play(
        {"decline": "AUTH_CODE_EXPIRE"}, "WeChat has refused", "refused: AUTH_CODE_EXPIRE", NOT_PAID, screen="DeclinedScreen"
    ),
    "500, and paid": Play({"pay_error": "SYSTEM_ERROR"}, TOOK, "server error: SYSTEM_ERROR", PAID),
    "password": Play({"password": "always"}, TOOK, ASKED, PAID, "password"),
    "password refused": Play({"password": "always"}, NOT_TAKEN, "", NOT_PAID, "refuse", screen="DeclinedScreen"),
    "paid late": Play({"password": "next", "late_success_s": 8}, TOOK, ASKED, PAID),
    "wrong amount": Play({"wrong_amount": True}, TOOK, "another amount", LOOK, verdict=DIFFER, screen="AttentionScreen"),
    "QR, wrong amount": Play(
        {"wrong_amount": True}, TOOK, "another amount", LOOK, "scan trouble pay", "QR", DIFFER, screen="AttentionScreen"
    ),
    "old and new fields": Play({"strikes": "any", "transaction_id_name": True, "unknown_fields": True}, TOOK, "", PAID),
    "cancelled": Play({"password": "next"}, "reversed the order", "", CANCELLED, "cancel", screen="CancelledScreen"),
    "cancelled while being paid": Play(
        {"password": "next", "reverse_paying": 1}, "reversed the order", "", CANCELLED, "cancel", screen="CancelledScreen"
    ),
    "paid and cancelled": Play({"silent_after": 1}, BACK, "", CANCELLED, "cancel", screen="CancelledScreen"),
}


@pytest.fixture(scope="module")
def stage(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[FastDesk, Browser]]:
    """One desk and one browser for all plays, as one afternoon."""
    folder = tmp_path_factory.mktemp("played")
    desk = FastDesk(folder)
    desk.start()
    try:
        with Browser(folder) as browser:
            browser.view(1440, 900)
            browser.open(desk.server.page)
            browser.wait("document.querySelector('#switch-strikes') !== null")  # the page has been told what troubles there are
            yield desk, browser
    finally:
        desk.close()


@pytest.mark.parametrize("name", PLAYS)
def test_a_trouble_reads_right_at_its_end(stage: tuple[FastDesk, Browser], name: str) -> None:
    """Truth, way and belief in words beside the kiosk's own screen; and its money is where these words say."""
    (desk, browser), play = stage, PLAYS[name]
    _clear(desk, browser)
    switches = {"strikes": "sale"} | play.trouble
    if "trouble" not in play.do:
        _make(browser, switches)
    keys = str(100 + list(PLAYS).index(name))
    for key in (*keys, play.tender):
        browser.click(f'[data-key="{key}"]')
    if play.tender == "OK":
        desk.until(lambda: _screen(desk) == "Scanning", "Scanning")
        _hold(desk, browser)
        desk.until(lambda: _screen(desk) != "Scanning", "a charge")
    else:
        desk.until(lambda: _screen(desk) == "ShowingQr", "a QR")
    for act in play.do.split():
        if act == "trouble":  # not before: it would take the QR away before a slow customer has scanned it
            _make(browser, switches)
        else:
            _ACTS[act](browser)
    browser.wait(f"document.querySelector('#screen').getAttribute('aria-label').endsWith(': {play.screen}')")
    browser.wait_text("#story-kiosk", play.belief)
    browser.wait_text("#story-wechat", play.truth)
    browser.wait_text("#story-wire", play.wire)
    browser.wait_text("#story-verdict", play.verdict)


def test_offline_is_refused_with_words_and_resumed(stage: tuple[FastDesk, Browser]) -> None:
    """No new charge; what is open waits and is said to; back on line, it is settled without a key."""
    desk, browser = stage
    _clear(desk, browser)
    _switch(browser, "password", "next")
    for key in (*"777", "OK"):
        browser.click(f'[data-key="{key}"]')
    desk.until(lambda: _screen(desk) == "Scanning", "Scanning")
    _hold(desk, browser)
    desk.until(lambda: _screen(desk) == "Password", "Password")
    browser.click('.quick [data-name="offline"]')
    browser.wait_text("#story-wire", "Offline: nothing gets through.")
    browser.wait("document.querySelector('#screen').getAttribute('aria-label').endsWith(': Unresolved')")
    browser.wait_text("#story-verdict", "Not settled yet")
    browser.click('[data-key="OK"]')
    desk.until(lambda: _screen(desk) == "Idle", "Idle")
    signs = desk.views[-1].signs
    assert (str(signs.network), signs.unresolved, signs.offline_since is not None) == ("offline", 1, True)
    browser.click('[data-key="5"]')
    browser.click('[data-key="OK"]')
    desk.until(lambda: getattr(desk.views[-1].screen, "hint", None) == "offline", "a refusal in words")
    browser.screenshot(PICTURES / "trouble" / "offline.png")
    browser.click("#reset")
    desk.until(lambda: str(desk.views[-1].signs.network) == "online", "online")
    browser.wait_text("#story-kiosk", CANCELLED)
    browser.wait_text("#story-verdict", "They agree")


def _clear(desk: FastDesk, browser: Browser) -> None:
    """No trouble, nobody in front, and the phone shows its code."""
    desk.bank.trouble.reset()
    browser.script("document.querySelectorAll('details').forEach((each) => { each.open = true; })")
    desk.until(lambda: str(desk.views[-1].signs.network) == "online", "online")
    while _screen(desk) != "Idle":
        desk.press("CANCEL OK" if _screen(desk) not in {"Keying", "Scanning"} else "CANCEL")
        time.sleep(0.02)
    browser.wait("(document.querySelector('#done').click(), !document.querySelector('[data-page=code]').hidden)")


def _hold(desk: FastDesk, browser: Browser) -> None:
    """A fresh code, as a minute is a quarter of one here, held to the camera."""
    if browser.script("document.querySelector('#hold').getAttribute('aria-pressed')") == "true":
        browser.click("#hold")  # it was held before, and its code never reached WeChat
        desk.until(lambda: not (desk.folder / "frames" / PICTURE).exists(), "a phone taken away")
    browser.click("#renew")
    browser.wait("document.querySelector('#hold').getAttribute('aria-pressed') === 'false'")
    browser.click("#hold")
    desk.look()


def _screen(desk: FastDesk) -> str:
    return type(desk.views[-1].screen).__name__


def _make(browser: Browser, switches: dict[str, object]) -> None:
    for switch, value in switches.items():
        _switch(browser, switch, value)


def _switch(browser: Browser, name: str, value: object) -> None:
    """As a person would set it, but for the scrolling."""
    setting = (
        "(control, value) => { if (control.type === 'checkbox') control.checked = value; else control.value = String(value);"
    )
    setting += " control.dispatchEvent(new Event('change', {bubbles: true})); }"
    browser.script(f"({setting})(document.querySelector('#switch-{name}'), arguments[0])", value)
    browser.wait(f"document.querySelector('[data-name={name}].switch').classList.contains('on')")


def _password(browser: Browser) -> None:
    browser.wait("document.activeElement.id === 'password'")
    browser.press(*PASSWORD, ENTER)


def _refuse(browser: Browser) -> None:
    browser.wait("!document.querySelector('#sheet').hidden")
    browser.click("#refuse")


def _pay(browser: Browser) -> None:
    browser.wait("!document.querySelector('[data-page=bill]').hidden")
    browser.click("#pay")


_ACTS: dict[str, Callable[[Browser], Any]] = {
    "password": _password,
    "refuse": _refuse,
    "scan": lambda browser: browser.click("#scan"),
    "pay": _pay,
    "cancel": lambda browser: browser.click('[data-key="CANCEL"]'),
}
