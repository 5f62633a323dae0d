"""A whole desk in real processes: `kiosk sandbox` and `kiosk run` as a person starts them, and what they say afterwards."""

from __future__ import annotations

import json
import os
import re
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import requests
from click.testing import CliRunner

from kiosk.cli import main
from kiosk.control.unix_socket import ask
from kiosk.core.errors import KioskError

PATIENCE_S = 40.0
LOOK_S = 0.05  # whoever is asked has something else to do


class Desk:
    """`folder` is made by the stand-in; `display` is an X server's name, or None for a kiosk that draws off-screen."""

    def __init__(self, folder: Path, display: str | None = None) -> None:
        self.folder = folder
        self.display = display
        self.config = folder / "kiosk.toml"
        self._running: list[subprocess.Popen[str]] = []

    def open(self, change: Callable[[str], str] = lambda text: text) -> None:
        """The stand-in first, then a kiosk with its kiosk.toml after `change`."""
        self.start("sandbox", "--dir", str(self.folder))
        self.until(lambda: (self.folder / "sandbox.json").exists() and self.config.exists(), "the stand-in's files")
        self.facts = json.loads((self.folder / "sandbox.json").read_text("utf-8"))
        text = change(self.config.read_text("utf-8"))
        if self.display is None:
            text = text.replace('driver = "pygame"', 'driver = "offscreen"', 1)
        self.config.write_text(text, "utf-8")
        self.run_kiosk()

    def run_kiosk(self) -> subprocess.Popen[str]:
        """Start the kiosk; returns when it is on line."""
        kiosk = self.start("--config", str(self.config), "run")
        self.until(lambda: self.state().get("network") == "online", "a kiosk on line")
        return kiosk

    def start(self, *words: str) -> subprocess.Popen[str]:
        """`kiosk WORDS` in the background; its log goes to the folder beside."""
        env = {**os.environ, "PYTHONUNBUFFERED": "1"}
        if self.display is not None:
            env |= {"DISPLAY": self.display, "SDL_VIDEODRIVER": "x11"}
        with self.log.open("ab") as log:
            command = [sys.executable, "-m", "kiosk", *words]
            process = subprocess.Popen(command, env=env, stdout=log, stderr=log, text=True)
        self._running.append(process)
        return process

    def close(self) -> None:
        """Everything down, in the order a person would: the kiosk first. Each must end by itself and well."""
        for process in reversed(self._running):
            if process.poll() is None:
                process.send_signal(signal.SIGTERM)
            assert process.wait(PATIENCE_S) == 0, self.log.read_text("utf-8")[-3000:]

    @property
    def log(self) -> Path:
        return self.folder.parent / "desk.log"

    def kiosk(self, *words: str) -> subprocess.CompletedProcess[str]:
        """`kiosk --config ... WORDS`, to its end."""
        command = [sys.executable, "-m", "kiosk", "--config", str(self.config), *words]
        return subprocess.run(command, capture_output=True, text=True, timeout=PATIENCE_S, check=False)

    def orders(self) -> list[dict[str, Any]]:
        """`kiosk orders --json`, without a process of its own."""
        done = CliRunner().invoke(main, ["--config", str(self.config), "orders", "--json"])
        assert done.exit_code == 0, done.output
        return [json.loads(line) for line in done.stdout.splitlines()]

    def state(self) -> dict[str, Any]:
        """What the kiosk shows; KioskError while there is none."""
        return ask(self.folder / "kiosk.db.sock", {"do": "state"})

    def bench(self, way: str, **body: object) -> dict[str, Any]:
        """POST to the bench page: the customer's phone, the panel of trouble."""
        answer = requests.post(f"{self.facts['page']}/{way}", json=body, timeout=10)
        assert answer.status_code == 200, answer.text
        return answer.json() if answer.content else {}

    def bank(self) -> list[dict[str, Any]]:
        """The stand-in's own ledger."""
        found: list[dict[str, Any]] = requests.get(self.facts["page"] + "/now", timeout=5).json()["orders"]
        return found

    def shows(self, screen: str) -> None:
        """Wait for this screen."""
        self.until(lambda: self.state().get("screen") == screen, f"screen {screen}")

    def until(self, fact: Callable[[], Any], what: str) -> None:
        """Wait until it is so, at most PATIENCE_S."""
        end = time.monotonic() + PATIENCE_S
        while True:
            try:
                if fact():
                    return
            except (OSError, requests.RequestException, AttributeError, KioskError):
                pass
            assert time.monotonic() < end, f"not seen: {what}\n{self.log.read_text('utf-8')[-3000:]}"
            time.sleep(LOOK_S)

    def agree(self) -> None:
        """`kiosk orders` and the stand-in's ledger say the same of every order that was sent."""
        states = {"PAID": "SUCCESS", "DECLINED": None, "CLOSED": "CLOSED", "REVERSED": "REVOKED", "REFUNDED": "REFUND"}
        bank = {order["out_trade_no"]: order for order in self.bank()}
        for line in self.orders():
            order = bank.get(line["out_trade_no"])
            wanted = states[line["state"]]
            if wanted is None:
                assert order is None or order["debits"] == 0
                continue
            assert order is not None
            assert (order["trade_state"], order["total"]["amount"], order["total"]["currency"]) == (
                wanted,
                line["amount"],
                line["currency"],
            )
            assert order["debits"] == (1 if line["state"] == "PAID" else order["debits"])
            if line["state"] == "PAID":
                assert order["transaction_id"] == line["transaction_id"]


@contextmanager
def desk(folder: Path, display: str | None = None, kind: type[Desk] = Desk) -> Iterator[Any]:
    """An open desk that is closed in any case."""
    made = kind(folder / "desk", display)
    made.folder.mkdir()
    made.open()
    try:
        yield made
    finally:
        made.close()


def no_payment_code(text: str) -> bool:
    """Whether nothing in the text could be one."""
    return re.search(r"(?<![0-9])1[0-5][0-9]{16}(?![0-9])", text) is None
