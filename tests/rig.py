"""A kiosk on the bench for tests: real loop, ledger, lanes and client, real HTTP to the stand-in; keys and codes are scripted."""

from __future__ import annotations

import secrets
import threading
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

from kiosk.camera.scripted import ScriptedScanner
from kiosk.clock import SteadyClock
from kiosk.core.commands import Announce, Heard, Play
from kiosk.core.model import Direct, Institution, Tender
from kiosk.core.ports import Clock
from kiosk.core.screens import View
from kiosk.core.state import Settings
from kiosk.display.recording import RecordingDisplay
from kiosk.keypad.scripted import ScriptedKeypad
from kiosk.loop.lanes import lanes
from kiosk.loop.runtime import Runtime
from kiosk.payment.ledger import OrderLine, SqliteLedger
from kiosk.payment.wechat import open_provider
from kiosk.sandbox.server import SandboxServer, open_sandbox
from tests.lent_keys import lent

PATIENCE_S = 60.0


class Rig:
    """One stand-in and one kiosk over a folder; `start` and `stop` may be called again and again."""

    def __init__(self, folder: Path, mode: str = "institution", default_tender: Tender = Tender.QUICK_PAY) -> None:
        self.folder = folder
        self.server: SandboxServer
        self.server, self.prepared = open_sandbox(lent(folder), mode=mode)
        self.bank = self.server.bank
        ids = self.prepared.merchant.ids()
        self.merchant = Direct(**ids) if mode == "direct" else Institution(**ids)
        self.settings = Settings(self.merchant, "Harbour Snacks", "HKD", "K07", ZoneInfo("Asia/Hong_Kong"), default_tender)
        self.display = RecordingDisplay(self.settings.shop)
        self.views: list[View] = self.display.views
        self.sounds: list[str] = []
        self.announced: list[Announce] = []
        self.clock: Clock = SteadyClock()
        self.notify_url = "https://pay.example.net/wechat/notify"

    def start(self) -> None:
        """A kiosk comes up over whatever the ledger holds."""
        keys = self.prepared.keys
        self.provider = open_provider(
            merchant=self.merchant,
            merchant_category_code="5814",
            hosts=[self.server.url],
            merchant_key_pem=(self.folder / "merchant_key.pem").read_bytes(),
            merchant_serial=keys.merchant_serial,
            api_v3_key=(self.folder / "api_v3_key.txt").read_bytes().strip(),
            platform_keys="certificates",
            notify_url=self.notify_url,
            description="Harbour Snacks",
            device_id="K07",
            clock=self.clock,
            nonce=lambda: secrets.token_hex(16),
            certificate_cache=self.folder / "certificates.json",
        )
        self.runtime = Runtime(self.settings, self._open_ledger, self.clock, self.display.show, self._heard)
        self.scanner = ScriptedScanner(self.runtime.post)
        self.keypad = ScriptedKeypad(self.runtime.post)
        self.lanes = lanes(self.provider, self.runtime.post, self.clock)
        self.runtime.use(self.lanes[0], self.lanes[-1])
        self.runtime.use_scanner(self.scanner)
        work: list[Callable[[Callable[[], None]], None]] = [self.runtime.run, *(lane.run for lane in self.lanes)]
        self.threads = [threading.Thread(target=run, args=(lambda: None,), daemon=True) for run in work]
        for thread in self.threads:
            thread.start()
        self.until(lambda: bool(self.views) and self.views[-1].signs.network == "online", "online")

    def stop(self) -> None:
        """The kiosk goes down in its order; the stand-in stays."""
        self.provider.stop()
        for lane in self.lanes:
            lane.stop()
        for thread in self.threads[1:]:
            thread.join(PATIENCE_S)
        self.runtime.stop()
        self.threads[0].join(PATIENCE_S)
        assert not any(thread.is_alive() for thread in self.threads)

    def close(self) -> None:
        """Everything down."""
        self.stop()
        self.server.stop()

    def press(self, keys: str) -> None:
        """Press the keys of a line like "1 2 5 0 OK"."""
        for key in keys.split():
            self.keypad.press(key)

    def sees(self, screen: type[Any], **facts: object) -> Any:
        """Wait until the newest view is this screen with these facts; returns it."""

        def shown() -> bool:
            now = self.views[-1].screen
            return isinstance(now, screen) and all(getattr(now, name) == value for name, value in facts.items())

        self.until(shown, f"{screen.__name__} {facts}")
        return self.views[-1].screen

    def until(self, fact: Callable[[], bool], what: str) -> None:
        """Wait until it is so, at most PATIENCE_S."""
        end = time.monotonic() + PATIENCE_S
        while not fact():
            assert time.monotonic() < end, f"not seen: {what}; last view {self.views[-1:]}"
            time.sleep(0.005)

    def lines(self) -> list[OrderLine]:
        """What `kiosk orders` would list, oldest first."""

        def read(ledger: object, _: object) -> list[OrderLine]:
            assert isinstance(ledger, SqliteLedger)
            return ledger.lines(0, 1 << 60)

        return self.runtime.ask(read)

    def _open_ledger(self) -> SqliteLedger:
        return SqliteLedger.open(self.folder / "kiosk.db", generation=lambda: "aa", now=self.clock.now())

    def _heard(self, act: Heard) -> None:
        if isinstance(act, Play):
            self.sounds.append(str(act.sound))
        elif isinstance(act, Announce):
            self.announced.append(act)
