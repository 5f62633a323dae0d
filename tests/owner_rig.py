"""The owner's page as it runs, for tests: real TLS, a real kiosk that sells against the stand-in, the steward's stand-in.

`Stall` starts and stops it all; `Client` is a browser without a window, and without its good manners.
"""

from __future__ import annotations

import contextlib
import http.client
import re
import shutil
import ssl
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any
from urllib.parse import urlencode

from kiosk.config.owner import OwnerConfig
from kiosk.control.unix_socket import ControlFailed, ControlUnavailable, ask
from kiosk.owner.kiosk_link import KioskAway, SocketKiosk, Span
from kiosk.owner.server import OwnerPage
from kiosk.owner.shop import ShopFile
from kiosk.sandbox.prepare import prepare
from kiosk.sandbox.server import open_sandbox
from kiosk.steward.fake import FakeSteward
from kiosk.steward.words import What

PIN = "482915"


class QuietKiosk:
    """A kiosk of no process: what tests want it to say."""

    def __init__(self) -> None:
        self.lines: list[dict[str, Any]] = []
        self.sums: list[dict[str, Any]] = []
        self.given = ""
        self.kept: dict[str, str] = {}  # PINs of operators
        self.told_books: dict[str, Any] = {"days": [], "differences": [], "settlements": []}
        self.told: list[tuple[str, str, str]] = []
        self.ends_at: int | None = None
        self.now: dict[str, Any] | None = {"screen": "Idle", "network": "online", "clock_known": True, "camera": None}

    def state(self) -> dict[str, Any]:
        if self.now is None:
            raise KioskAway("No kiosk answers.")
        return self.now

    def orders(self, _: Span) -> list[dict[str, Any]]:
        return self.lines

    def rows(self, request: dict[str, object]) -> dict[str, Any]:
        self.state()
        lines = self.lines if request["after"] is None and request["kind"] == "orders" else []
        return {"rows": [{**line, "mark": [line["opened_at"], line["out_trade_no"]]} for line in lines]}

    def totals(self, _: Span) -> list[dict[str, Any]]:
        return self.sums

    def unresolved(self) -> list[dict[str, Any]]:
        return [line for line in self.lines if line["state"] == "SENT"]

    def books(self, first: str, last: str) -> dict[str, Any]:
        assert first < last
        return self.told_books

    def doctor(self) -> list[dict[str, Any]]:
        return [{"name": "clock", "verdict": "warn", "found": "<b>odd</b>", "remedy": "Set it."}]

    def bundle(self) -> bytes | None:
        return None

    def tell_page(self, url: str, fingerprint: str, code: str, ends_at: int | None) -> None:
        self.told.append((url, fingerprint, code))
        self.ends_at = ends_at

    def pins(self, names: list[str]) -> frozenset[str]:
        return frozenset(names) & self.kept.keys()

    def set_pin(self, name: str, pin: str) -> str | None:
        self.state()
        self.kept[name] = pin
        return None

    def drop_pin(self, name: str) -> None:
        self.kept.pop(name, None)

    def give_merchant(self, toml: str) -> None:
        self.given = toml


class Page:
    """An owner's page on loopback over `folder`, which has the steward's `etc/kiosk.toml` if any, and the PIN if `pin`."""

    def __init__(self, folder: Path, kiosk: Any = None, pin: str | None = PIN, steward: FakeSteward | None = None) -> None:
        self.folder = folder
        self.kiosk = kiosk or QuietKiosk()
        self.steward = steward or FakeSteward(folder / "steward")
        self.shop_file = ShopFile(self.steward.etc / "kiosk.toml")
        self.config = OwnerConfig("127.0.0.1", 0, folder=folder / "owner")
        self.page = OwnerPage(self.config, self.shop_file, self.kiosk, self.steward)
        if pin is not None and not self.page.parts.pin.is_set:
            self.page.parts.pin.set(pin)
        self.page.open()
        self.url = self.page.url
        self.port = int(self.url.rsplit(":", 1)[1].strip("/"))
        self.thread = threading.Thread(target=self.page.run, name="page")
        self.thread.start()
        Client(self.port).wait()

    def close(self) -> None:
        self.page.stop()
        self.thread.join(20)
        assert not self.thread.is_alive()

    def client(self) -> Client:
        return Client(self.port)


@contextlib.contextmanager
def page(folder: Path, **wanted: Any) -> Iterator[Page]:
    made = Page(folder, **wanted)
    try:
        yield made
    finally:
        made.close()


class Client:
    """Requests as they are told to be, one a connection; keeps cookies, checks no certificate but keeps it."""

    def __init__(self, port: int, host: str = "127.0.0.1") -> None:
        self.port, self.host = port, host
        self.cookies: dict[str, str] = {}
        self.certificate = b""

    def ask(
        self,
        method: str,
        path: str,
        form: dict[str, str] | None = None,
        headers: dict[str, str | None] | None = None,
        body: bytes | None = None,
    ) -> Answer:
        context = ssl._create_unverified_context()
        connection = http.client.HTTPSConnection(self.host, self.port, timeout=30, context=context)
        sent: dict[str, str | None] = {"Host": f"{self.host}:{self.port}"}
        if self.cookies:
            sent["Cookie"] = "; ".join(f"{name}={value}" for name, value in self.cookies.items())
        if method == "POST":
            sent |= {"Origin": f"https://{self.host}:{self.port}", "Content-Type": "application/x-www-form-urlencoded"}
            body = body if body is not None else urlencode(form or {}).encode()
        sent |= headers or {}
        try:
            connection.request(method, path, body, {name: value for name, value in sent.items() if value is not None})
            self.certificate = connection.sock.getpeercert(binary_form=True)
            answer = connection.getresponse()
            told = Answer(answer.status, answer.msg, answer.read())
        finally:
            connection.close()
        for line in told.headers.get_all("Set-Cookie") or []:
            name, _, rest = line.partition("=")
            value = rest.partition(";")[0]
            if "Max-Age=0" in line:
                self.cookies.pop(name, None)
            else:
                self.cookies[name] = value
        return told

    def get(self, path: str, **headers: str | None) -> Answer:
        return self.ask("GET", path, headers=headers)

    def post(self, path: str, form: dict[str, str] | None = None, *, source: str | None = None, **more: Any) -> Answer:
        """Send a form as the page has it: with the token that stands in `source` (the same path unless told)."""
        token = self.get(source or path).token
        return self.ask("POST", path, {"csrf": token, **(form or {})}, **more)

    def log_in(self, pin: str = PIN) -> Answer:
        return self.post("/log-in", {"pin": pin})

    def wait(self) -> None:
        end = time.monotonic() + 20
        while True:
            try:
                self.get("/log-in")
            except (OSError, http.client.HTTPException):
                assert time.monotonic() < end
                time.sleep(0.02)
            else:
                return


class Answer:
    def __init__(self, status: int, headers: Any, body: bytes) -> None:
        self.status, self.headers, self.body = status, headers, body

    @property
    def text(self) -> str:
        return self.body.decode()

    @property
    def token(self) -> str:
        found = re.search(r'name="csrf" value="([^"]+)"', self.text)
        return found[1] if found else ""

    @property
    def to(self) -> str:
        return self.headers.get("Location", "")


class Restarting(FakeSteward):
    """Starts the kiosk anew for real, a moment after the answer."""

    def restart(self, what: What) -> None:
        super().restart(what)
        threading.Timer(0.3, self.anew).start()

    def anew(self) -> None:
        """A stall puts its own in the place of this."""


class Stall:
    """The stand-in for WeChat, a kiosk of its own process, and the page; kiosk.toml is the steward's."""

    def __init__(self, folder: Path, language: str = "en") -> None:
        self.folder = folder
        self.steward = Restarting(folder / "steward")
        self.steward.anew = self.restart_kiosk
        etc = self.steward.etc
        self.server, self.prepared = open_sandbox(etc)
        prepare(etc, url=self.server.url, page=self.server.page, keys=self.prepared.keys, overwrite=True)
        self.config = etc / "kiosk.toml"
        text = self.config.read_text("utf-8").replace('driver = "pygame"', 'driver = "offscreen"')
        text = text.replace('merchant_language = "en"', f'merchant_language = "{language}"')
        text += f'\n[owner]\nlisten = "127.0.0.1:8443"\nfolder = "{folder / "owner"}"\ndoor = "owner.sock"\n'
        self.config.write_text(text, "utf-8")
        for name in ("merchant_key.pem", "api_v3_key.txt"):
            shutil.copyfile(etc / name, self.steward.sealed / name)
        self.changing = threading.Lock()
        self.start_kiosk()
        self.page = Page(
            folder, kiosk=SocketKiosk(etc / "owner.sock", lambda: ShopFile(self.config).shop.zone), steward=self.steward
        )

    def start_kiosk(self) -> None:
        log = (self.folder / "kiosk.log").open("ab")
        self.kiosk = subprocess.Popen(
            [sys.executable, "-m", "kiosk", "--config", str(self.config), "run"], stdout=log, stderr=log, cwd=self.folder
        )
        self.until(lambda: self.ask({"do": "state"}).get("network") == "online", "online")

    def stop_kiosk(self) -> None:
        self.kiosk.terminate()
        self.kiosk.wait(30)

    def restart_kiosk(self) -> None:
        """As systemd does; the keys are those that the steward was given."""
        with self.changing:
            self.stop_kiosk()
            for path in self.steward.sealed.glob("*_key.*"):
                shutil.copyfile(path, self.config.with_name(path.name))
            self.start_kiosk()

    def close(self) -> None:
        self.page.close()
        with self.changing:
            self.stop_kiosk()
        self.server.stop()

    def ask(self, request: dict[str, Any]) -> dict[str, Any]:
        try:
            return ask(self.config.with_name("kiosk.db.sock"), request)
        except (ControlUnavailable, ControlFailed):
            return {}

    def press(self, keys: str) -> None:
        for key in keys.split():
            assert self.ask({"do": "key", "key": key}).get("ok")

    def sell_by_qr(self, digits: str) -> str:
        """Key an amount, show the QR, and let the stand-in's customer pay it; the order's number."""
        known = {order["out_trade_no"] for order in self.server.bank.orders()}
        self.press(f"{' '.join(digits)} QR")
        fresh: list[dict[str, Any]] = []

        def placed() -> bool:
            fresh[:] = [order for order in self.server.bank.orders() if order["out_trade_no"] not in known]
            return bool(fresh)

        self.until(placed, "placed")
        number = str(fresh[0]["out_trade_no"])
        self.until(lambda: self.ask({"do": "state"}).get("screen") == "ShowingQr", "QR")
        self.server.bank.scan(self.server.bank.book[number].code_url)
        self.server.bank.approve(number)
        self.until(lambda: self.ask({"do": "state"}).get("screen") == "PaidScreen", "paid")
        self.press("OK")
        return number

    def until(self, fact: Any, what: str) -> None:
        end = time.monotonic() + 60
        while not fact():
            assert time.monotonic() < end, f"never: {what}\n{(self.folder / 'kiosk.log').read_text()[-2000:]}"
            time.sleep(0.05)
