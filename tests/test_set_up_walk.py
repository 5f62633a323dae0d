"""The whole of it on a desk, with real processes: from the box by keys alone to a sale of each tender, no file edited by hand.

The steward and WeChat are stand-ins, the camera is the folder one; kiosk, scanner, control socket, restarts and HTTP are real.
Keys, digits and the Wi-Fi's password are looked for afterwards everywhere.
"""

from __future__ import annotations

import base64
import os
import shutil
import signal
import subprocess
import sys
import time
import tomllib
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
import qrcode
import requests
from PIL import ImageGrab

from kiosk.control.unix_socket import ask
from kiosk.core.errors import KioskError
from kiosk.core.wifi import wifi_text
from kiosk.sandbox.server import desk_control, open_sandbox
from kiosk.setup.desk import WIFI, lay_out
from kiosk.setup.enrol import enrolment
from tests.set_up_kit import Desk
from tests.xwindows import xdotool

PATIENCE_S = 60
pytestmark = pytest.mark.whole
_NAMES = {"OK": "Return", "CANCEL": "Escape", "QR": "F2", "MENU": "F4", "CLEAR": "BackSpace"}


class Counter:
    """The kiosk's process on the desk, its keys and its camera."""

    def __init__(self, desk: Desk) -> None:
        self.desk = desk
        self.log = desk.folder.parent / "kiosk.log"
        self.process: subprocess.Popen[bytes] | None = None
        self.display: str | None = None

    def plug_in(self) -> None:
        env = {name: value for name, value in os.environ.items() if name not in {"DISPLAY", "WAYLAND_DISPLAY"}}
        if self.display is not None:
            env |= {"DISPLAY": self.display, "SDL_VIDEODRIVER": "x11"}
        command = [sys.executable, "-m", "kiosk.setup.desk", str(self.desk.folder)]
        with self.log.open("ab") as log:
            self.process = subprocess.Popen(command, env=env, stdout=log, stderr=log)

    def pull_plug(self) -> None:
        """As hard as it gets for a process; its scanner sees the line go, and ends."""
        assert self.process is not None
        self.process.kill()
        self.process.wait()

    def switch_off(self) -> None:
        if self.process is not None and self.process.poll() is None:
            self.process.send_signal(signal.SIGTERM)
            assert self.process.wait(PATIENCE_S) == 0, self.log.read_text()[-3000:]

    def ask(self, what: str, **more: object) -> dict[str, Any]:
        return ask(self.desk.places.control, {"do": what, **more}, 10)

    def press(self, keys: str) -> None:
        """On the window's keyboard where there is a window, else over the control socket."""
        if self.display is not None:
            named = [_NAMES.get(key, key) for key in keys.split()]
            xdotool("key", "--delay", "40", *named, display=self.display)
            return
        for key in keys.split():
            assert self.ask("key", key=key).get("ok")

    def shows(self, screen: str, step: int | None = None) -> None:
        """Wait for it."""

        def there() -> bool:
            state = self.ask("state")
            return state["screen"] == screen and (step is None or state.get("setup") == step)

        self.until(there, f"{screen}, step {step}")

    def until(self, fact: Callable[[], Any], what: str) -> None:
        end = time.monotonic() + PATIENCE_S
        while True:
            try:
                if fact():
                    return
            except (OSError, KioskError, requests.RequestException):
                pass
            assert time.monotonic() < end, f"not seen: {what}; {self.log.read_text()[-3000:]}"
            time.sleep(0.05)

    def show(self, text: str, name: str = "shown.png") -> None:
        """Hold a QR before the camera, in place of the one before."""
        beside = self.desk.folder / "frames" / f".{name}"
        qrcode.make(text).convert("RGB").save(beside, format="PNG")
        beside.rename(beside.with_name(name))

    def take_away(self) -> None:
        for picture in (self.desk.folder / "frames").glob("*.png"):
            picture.unlink()

    def picture(self) -> bytes:
        return base64.b64decode(str(self.ask("screen")["png"]))


@pytest.fixture
def counter(tmp_path: Path) -> Iterator[Counter]:
    folder = tmp_path / "desk"
    server, prepared = open_sandbox(folder, control=desk_control(folder))
    lay_out(prepared)
    made = Counter(Desk(folder, server))
    try:
        yield made
    finally:
        try:
            made.switch_off()
        finally:
            server.stop()


def _sell_both_ways(counter: Counter) -> None:
    page = counter.desk.server.page

    def post(way: str, **body: object) -> None:
        answer = requests.post(f"{page}/{way}", json=body, timeout=10)
        assert answer.status_code == 200, answer.text

    def orders() -> list[dict[str, Any]]:
        found: list[dict[str, Any]] = requests.get(f"{page}/now", timeout=10).json()["orders"]
        return found

    counter.until(lambda: "kiosk.app: kiosk ready" in counter.log.read_text(), "a window that takes keys")
    counter.until(lambda: counter.ask("state")["network"] == "online", "on line")
    counter.press("1 2 5 0 OK")
    counter.shows("Scanning")
    post("phone/hold", held=True)
    counter.shows("PaidScreen")
    post("phone/hold", held=False)
    counter.press("OK 9 9 0 QR")
    counter.shows("ShowingQr")
    post("phone/scan")
    (number,) = [order["out_trade_no"] for order in orders() if order["trade_state"] != "SUCCESS"]
    post("phone/pay", out_trade_no=number, password="123456")
    counter.shows("PaidScreen")
    assert sorted(order["total"]["amount"] for order in orders() if order["trade_state"] == "SUCCESS") == [990, 1250]


def _join_by_phone(counter: Counter) -> None:
    counter.press("1")
    counter.shows("SetupLook", 2)
    counter.show(wifi_text(WIFI))
    counter.shows("SetupChoice", 3)
    counter.take_away()


@pytest.mark.screen
def test_from_the_box_with_a_phone_and_a_stick_to_a_sale_of_each_tender(counter: Counter, xvfb: str) -> None:
    """In a real window, with a keyboard."""
    counter.display = xvfb
    counter.plug_in()
    counter.shows("SetupChoice", 1)
    counter.until(lambda: ImageGrab.grab(xdisplay=xvfb).getbbox() is not None, "a window that is not black")
    counter.press("1")
    counter.shows("SetupChoice", 2)
    _join_by_phone(counter)
    counter.press("MENU 1")  # Tokyo is on the second page
    counter.shows("SetupChoice", 4)
    counter.press("1")
    counter.shows("SetupTold", 4)  # no stick yet
    shutil.copytree(counter.desk.folder / "stick", counter.desk.folder / "steward" / "stick")
    counter.press("OK")
    counter.shows("SetupChoice", 4)
    counter.press("1")
    counter.shows("SetupTold", 5)
    counter.press("OK")  # and it starts anew, to get at its keys
    settings = counter.desk.places.settings / "kiosk.toml"
    counter.until(settings.exists, "settings")
    counter.shows("SetupTold")
    counter.press("OK")
    counter.shows("Idle")
    written = tomllib.loads(settings.read_text())
    assert written["keypad"]["driver"] == "keyboard"
    assert written["merchant"]["time_zone"] == "Asia/Tokyo"
    _sell_both_ways(counter)


def test_in_japanese_with_qr_codes_and_the_plug_pulled_after_each_step(counter: Counter) -> None:
    """What was given is there again each time; of the keys, nothing lies anywhere but with the steward."""
    digits, texts = enrolment(counter.desk.given)
    counter.plug_in()
    counter.shows("SetupChoice", 1)
    counter.press("4")
    counter.shows("SetupChoice", 2)
    counter.pull_plug()
    counter.plug_in()
    counter.shows("SetupChoice", 2)
    _join_by_phone(counter)
    counter.press("1")
    counter.shows("SetupChoice", 4)
    counter.press("2")
    counter.shows("SetupLook", 4)
    for number, text in enumerate(texts):
        counter.show(text, f"{number:02}.png")
    counter.shows("SetupEntry", 4)
    counter.take_away()
    counter.pull_plug()  # what was being keyed, and read, is gone: it is in nobody's memory but the phone's
    counter.plug_in()
    counter.shows("SetupChoice", 4)
    counter.press("2")
    counter.shows("SetupLook", 4)
    for number, text in enumerate(texts[::-1]):
        counter.show(text, f"{number:02}.png")
    counter.shows("SetupEntry", 4)
    counter.take_away()
    counter.press(" ".join(digits))
    counter.until((counter.desk.places.settings / "kiosk.toml").exists, "settings")
    toml = (counter.desk.places.settings / "kiosk.toml").read_text()
    assert 'merchant_language = "ja"' in toml
    assert 'time_zone = "Asia/Tokyo"' in toml
    counter.shows("SetupTold")
    counter.pull_plug()
    counter.plug_in()
    counter.shows("Idle")
    _no_secret_outside(counter, digits)
    _sell_both_ways(counter)


def _no_secret_outside(counter: Counter, digits: str) -> None:
    """Keys, digits and the Wi-Fi's password: not in the log, in what was given, in kiosk.toml, nor in any other file."""
    desk = counter.desk
    secrets = {
        "key": (desk.given / "merchant_key.pem").read_bytes().splitlines()[3].decode(),
        "api": (desk.given / "api_v3_key.txt").read_text().strip(),
        "digits": digits,
        "wifi": WIFI.password or "",
    }
    theirs = {desk.folder / "stick", desk.folder / "bank", desk.folder / "steward" / "sealed"}
    own = {desk.folder / "merchant_key.pem", desk.folder / "api_v3_key.txt"}  # the stand-in's
    looked_at = 0
    for path in [counter.log, *desk.folder.rglob("*")]:
        if not path.is_file() or path in own or any(folder in path.parents for folder in theirs):
            continue
        content = path.read_bytes()
        looked_at += 1
        for name, secret in secrets.items():
            assert secret.encode() not in content, (name, path)
    assert looked_at > 3
    assert counter.process is not None
    environment = Path(f"/proc/{counter.process.pid}/environ").read_bytes()
    words = Path(f"/proc/{counter.process.pid}/cmdline").read_bytes()
    assert not any(secret.encode() in environment + words for secret in secrets.values())


def test_a_payment_code_before_the_camera_while_it_is_set_up_goes_nowhere(counter: Counter) -> None:
    code = "134567890123456789"
    counter.plug_in()
    counter.shows("SetupChoice", 1)
    counter.press("1")
    counter.shows("SetupChoice", 2)
    counter.press("1")
    counter.shows("SetupLook", 2)
    counter.show(code, "00.png")
    counter.show(f"WIFI:T:WPA;S:{code};P:{code}", "01.png")  # nearly a Wi-Fi
    counter.show("https://example.com", "02.png")
    time.sleep(2)
    assert counter.ask("state")["screen"] == "SetupLook"
    assert code not in counter.log.read_text()
    assert code not in (counter.desk.folder / "setup.json").read_text()


def test_the_owners_page_brings_the_merchants_data_and_is_shown_on_the_screen(counter: Counter) -> None:
    steward = counter.desk.steward()
    counter.plug_in()
    counter.shows("SetupChoice", 1)
    counter.press("1")
    counter.shows("SetupChoice", 2)
    _join_by_phone(counter)
    counter.press("1")
    counter.shows("SetupChoice", 4)
    assert "problem" in counter.ask("page", url="http://192.0.2.7/", fingerprint="4F:0B", code="4719")
    assert "problem" in counter.ask("merchant", toml="[merchant")
    counter.press("3")
    counter.shows("SetupInvite")
    counter.until(counter.desk.places.page_wanted.exists, "the page is wanted")
    before = counter.picture()
    told = {"do": "page", "url": "https://192.0.2.7:8443/", "fingerprint": "4F:0B", "code": "4719"}
    assert ask(counter.desk.places.door, told)["ok"]
    assert "problem" in ask(counter.desk.places.door, {"do": "screen"})
    counter.until(lambda: counter.picture() != before, "the page's address")
    assert counter.ask("merchant", toml=counter.desk.merchant())["ok"]
    for name in ("merchant_key.pem", "api_v3_key.txt"):
        steward.credential(name, (counter.desk.given / name).read_bytes())
    counter.until((counter.desk.places.settings / "kiosk.toml").exists, "settings")
