"""The counter of a shop: a stand-in for WeChat Pay, a customer's phone, and the kiosk that is started, driven and killed.

Everything is a process of its own and everything is asked as others ask it: keys over the control socket, the phone and the
trouble over the bench page, the stand-in's ledger from its file. Time at the counter may pass faster than true time, for the bank
and the kiosk alike.
"""

from __future__ import annotations

import contextlib
import json
import os
import signal
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Callable
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import requests

from kiosk import config
from kiosk.control import enquiry

HERE = Path(__file__).resolve().parents[2]
PATIENCE_S = 40.0  # of a machine that is very busy
LOOK_S = 0.02  # each look is work for the kiosk, too


class Died(Exception):
    """The kiosk is dead."""


class Time:
    """The time at the counter: it passes at one scale until another is set, and never jumps."""

    def __init__(self) -> None:
        self.began_s = time.monotonic()
        self.began_ms = time.time_ns() // 1_000_000
        self.scale = 1.0
        self.pieces: list[tuple[int, int, float]] = [(self.began_ms, self.began_ms, 1.0)]  # true ms, counter's ms, scale

    def now(self) -> int:
        """Milliseconds at the counter."""
        return self.began_ms + round((time.monotonic() - self.began_s) * 1000 * self.scale)

    def pass_at(self, scale: float) -> None:
        """From now on so fast."""
        at = time.monotonic()
        self.began_ms += round((at - self.began_s) * 1000 * self.scale)
        self.began_s, self.scale = at, scale
        self.pieces.append((time.time_ns() // 1_000_000, self.began_ms, scale))

    def at(self, true_ms: int) -> int:
        """The counter's time at a moment of true time."""
        true, counters, scale = next(piece for piece in reversed(self.pieces) if piece[0] <= true_ms)
        return counters + round((true_ms - true) * scale)

    def words(self) -> str:
        """As tests.crash.subject takes it."""
        return f"{self.began_s!r},{self.began_ms},{self.scale!r}"


class Kiosk:
    """One life of the kiosk. Whatever asks a dead one raises Died."""

    def __init__(self, counter: Counter, words: list[str], env: dict[str, str] | None = None) -> None:
        self._counter = counter
        self._socket = counter.socket
        command = [sys.executable, "-m", "tests.crash.subject", "--config", str(counter.config)]
        command += ["--witness", str(counter.witness), *words]
        with counter.log.open("ab") as log:
            self.process = subprocess.Popen(
                command, cwd=HERE, env={**os.environ, **(env or {})}, stdout=log, stderr=log, start_new_session=True
            )
        self._line: socket.socket | None = None
        self._answers: Any = None

    @property
    def alive(self) -> bool:
        return self.process.poll() is None

    def kill(self) -> None:
        """Pull the plug: the kiosk's process and its scanner's."""
        with contextlib.suppress(ProcessLookupError):
            os.killpg(self.process.pid, signal.SIGKILL)

    def ask(self, **question: object) -> dict[str, Any]:
        """One question over the control socket. Waits for a kiosk that is still starting."""
        end = time.monotonic() + PATIENCE_S
        while True:
            try:
                return self._ask(question)
            except (OSError, ValueError):
                self._hang_up()
                if not self.alive:
                    raise Died from None
                assert time.monotonic() < end, "the kiosk lives and does not answer"
                time.sleep(LOOK_S)

    def key(self, *names: str) -> None:
        """Press these keys."""
        for name in names:
            assert self.ask(do="key", key=name).get("ok")

    def screen(self) -> str:
        """The name of what is shown."""
        return str(self.ask(do="state")["screen"])

    def until(self, *screens: str, seconds: float = PATIENCE_S) -> str:
        """Wait for one of these screens; returns the one that came, or the last one seen when none did."""
        end = time.monotonic() + seconds
        while (seen := self.screen()) not in screens and time.monotonic() < end:
            time.sleep(LOOK_S)
        return seen

    def online(self, seconds: float = PATIENCE_S) -> None:
        """Wait until it could sell."""
        end = time.monotonic() + seconds
        while not ((now := self.ask(do="state"))["network"] == "online" and now["clock_known"] and now["screen"] == "Idle"):
            assert time.monotonic() < end, f"the kiosk does not come on line: {now}; {self._counter.bank_is()}"
            time.sleep(LOOK_S)

    def buried(self) -> None:
        """Wait until no process of it is left; its lock on the ledger has gone with it."""
        self.process.wait(PATIENCE_S)
        self.kill()  # a scanner that outlives its kiosk would have another minute
        self._hang_up()

    def stop(self) -> int:
        """End it as systemd would; returns the exit code."""
        self.process.send_signal(signal.SIGTERM)
        code = self.process.wait(PATIENCE_S)
        self._hang_up()
        return code

    def _ask(self, question: dict[str, object]) -> dict[str, Any]:
        if self._line is None:
            line = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
            self._line = line
            line.settimeout(15)
            line.connect(str(self._socket))
            self._answers = line.makefile("rb")
        self._line.sendall(json.dumps(question).encode() + b"\n")
        answer: dict[str, Any] = json.loads(self._answers.readline())
        return answer

    def _hang_up(self) -> None:
        if self._line is not None:
            self._line.close()
            self._line = None


class Counter:
    """The stand-in, its folder, and one kiosk after another before it."""

    def __init__(self, folder: Path, disk: Path | None = None) -> None:
        """`disk`: where the ledger lies, if not beside the rest."""
        self.folder = folder / "counter"
        self.config = self.folder / "kiosk.toml"
        self.ledger, self.socket = (disk or self.folder) / "kiosk.db", self.folder / "kiosk.db.sock"
        self.witness = folder / "witness.jsonl"
        self.log = folder / "counter.log"
        self.time = Time()
        self.slack_ms = 2000  # how far the bank's clock and the counter's may be apart: it tells whole seconds, and what follows
        self.switched: set[str] = set()
        self._book: dict[str, dict[str, Any]] = {}
        self._read = 0
        self._settings: config.Config | None = None
        self._http = requests.Session()

    def open(self) -> None:
        """Start the stand-in and let it write kiosk.toml."""
        self.folder.mkdir(parents=True)
        self.witness.touch()
        command = [sys.executable, "-m", "kiosk", "sandbox", "--dir", str(self.folder)]
        with self.log.open("ab") as log:
            self._bank = subprocess.Popen(command, cwd=HERE, stdout=log, stderr=log)
        facts = self.folder / "sandbox.json"
        end = time.monotonic() + PATIENCE_S
        while not (facts.exists() and facts.read_text("utf-8").endswith("}\n") and self.config.exists()):
            assert self._bank.poll() is None, self.log.read_text("utf-8")
            assert time.monotonic() < end, self.log.read_text("utf-8")
            time.sleep(LOOK_S)
        self._page = json.loads(facts.read_text("utf-8"))["page"]
        text = self.config.read_text("utf-8").replace('driver = "pygame"', 'driver = "offscreen"', 1)
        if self.ledger.parent != self.folder:
            text = text.replace('path = "kiosk.db"', f'path = "{self.ledger}"', 1) + f'\n[control]\nsocket = "{self.socket}"\n'
        self.config.write_text(text.replace("[merchant]", '[merchant]\ntime_zone = "Asia/Hong_Kong"'), "utf-8")
        self._settings = config.load(self.config)

    def close(self) -> None:
        """End the stand-in; it must end well."""
        self._http.close()
        self._bank.terminate()
        code = self._bank.wait(PATIENCE_S)
        assert code == 0, self.log.read_text("utf-8")[-3000:]

    def pass_at(self, scale: int) -> None:
        """Let time pass so fast from now on. No kiosk may be alive: each is told at its start."""
        if scale == self.time.scale:
            return
        before = time.monotonic()
        self._switch("clock_scale", scale)
        self.time.pass_at(scale)
        self.look()  # the bank takes note of the new scale when it next looks at its clock
        self.slack_ms += round((time.monotonic() - before) * 1000 * scale)

    def start(self, *words: str, env: dict[str, str] | None = None) -> Kiosk:
        """A kiosk over whatever the ledger holds. `words` are those of tests.crash.subject."""
        return Kiosk(self, ["--clock", self.time.words(), *words], env)

    def trouble(self, **switches: object) -> None:
        """Throw switches of the trouble panel."""
        for name, value in switches.items():
            self._switch(name, value)
            self.switched.add(name)

    def calm(self) -> None:
        """All switches back, but the clock's."""
        if not self.switched:
            return
        defaults = {switch["name"]: switch["default"] for switch in self.look()["trouble"]}
        for name in self.switched:
            self._switch(name, defaults[name])
        self.switched.clear()

    def phone(self, verb: str, **body: object) -> dict[str, Any] | None:
        """What the customer does; None when the phone says no, as it may when the kiosk is dead or the order over."""
        answer = self._http.post(f"{self._page}/phone/{verb}", json=body, timeout=30)
        assert answer.status_code in {200, 409, 503}, answer.text
        told: dict[str, Any] | None = answer.json() if answer.status_code == 200 else None
        return told

    def bank_is(self) -> str:
        """How the stand-in is, in words, for a test that has failed."""
        if self._bank.poll() is not None:
            return f"the stand-in has ended with {self._bank.poll()}"
        thrown = {each["name"]: each["value"] for each in self.look()["trouble"] if each["value"] != each["default"]}
        return f"the stand-in's switches that are thrown: {thrown}"

    def look(self) -> dict[str, Any]:
        """The bench page's view, after time has done what is due."""
        found: dict[str, Any] = self._http.get(f"{self._page}/now", timeout=30).json()
        return found

    def bank(self) -> dict[str, dict[str, Any]]:
        """The stand-in's ledger by out_trade_no, from its file: rows of kiosk.sandbox.records.OrderRow."""
        file = self.folder / "bank" / "orders.jsonl"
        if not file.exists():
            return {}
        with file.open("rb") as lines:
            lines.seek(self._read)
            new = lines.read()
        whole = new[: new.rfind(b"\n") + 1]
        self._read += len(whole)
        for line in whole.splitlines():
            row = json.loads(line)
            self._book[row["out_trade_no"]] = row
        return self._book

    def orders(self) -> list[dict[str, Any]]:
        """What `kiosk orders --day` lists, of each day at the counter."""
        assert self._settings is not None
        zone = self._settings.merchant.time_zone
        first, last = (datetime.fromtimestamp(ms / 1000, zone).date() for ms in (self.time.pieces[0][1], self.time.now()))
        days = [first + timedelta(days=n) for n in range((last - first).days + 1)]
        return [line for day in days for line in enquiry.orders(self._settings, day)]

    def command(self, *words: str) -> list[dict[str, Any]]:
        """`kiosk WORDS --json`, as typed at a prompt."""
        command = [sys.executable, "-m", "kiosk", "--config", str(self.config), *words, "--json"]
        done = subprocess.run(command, capture_output=True, text=True, timeout=PATIENCE_S, check=False)
        assert done.returncode == 0, done.stderr
        return [json.loads(line) for line in done.stdout.splitlines()]

    def _switch(self, name: str, value: object) -> None:
        answer = self._http.post(f"{self._page}/trouble", json={"name": name, "value": value}, timeout=30)
        assert answer.status_code == 200, answer.text


def later(seconds: float, deed: Callable[[], None]) -> threading.Timer:
    """Do it in so many seconds, from a thread of its own."""
    timer = threading.Timer(seconds, deed)
    timer.daemon = True
    timer.start()
    return timer
