"""The kiosk under test: `kiosk run` itself, in a process of its own, that meets its fate at a named point and tells what it saw.

`python -m tests.crash.subject --config FILE`. What runs is the product; from here it gets wrappers around a few methods, which
count how often a point is passed, and a witness file that outlives any kill: what was committed, every screen shown, and every
scanner process that got ready.
`--clock` lets the kiosk's own time pass faster; whatever is signed or verified keeps the true time.
"""

from __future__ import annotations

import argparse
import functools
import json
import os
import signal
import threading
import time
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from kiosk import app, cli, clock, parts
from kiosk.camera.link import ScannerLink
from kiosk.camera.wire import Ready
from kiosk.core.commands import Act, Insert, Record
from kiosk.core.events import Answered, CodeSeen, Event, Pressed, RefundAnswered
from kiosk.core.screens import View
from kiosk.loop import lanes, runtime, supervision
from kiosk.payment import ledger, ledger_rows
from kiosk.payment.wechat import Deadlines, exchange, transport

CALLS = {  # the act's name -> the call's, as in kiosk.core.model.Call
    "charge": "charge",
    "place": "place",
    "ask": "ask",
    "reverse": "reverse",
    "close": "close",
    "giveback": "refund",
    "askrefund": "ask_refund",
}
LEAST_S = 1.0  # no deadline becomes shorter than this by a faster clock: the machine does not become faster
DEEDS = ("kill", "raise", "hang")
PRODUCT: Any = app
MADE: Any = parts
LOOP: Any = runtime
ENDS = {"/micropay/transactions/pay": "charge", "/transactions/native": "place", "/reverse": "reverse", "/close": "close"}


class Witness:
    """A file of JSON lines, each written by one system call: what is in it was seen before the kill."""

    def __init__(self, file: Path) -> None:
        self._file = os.open(file, os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o600)

    def tell(self, what: str, **facts: object) -> None:
        """One line more. `at` is the true time in ms."""
        line = json.dumps({"what": what, "at": time.time_ns() // 1_000_000, **facts})
        os.write(self._file, line.encode() + b"\n")


@dataclass
class Fate:
    """At the `nth` passage of `point` with a label that begins with `label`, the `deed`.

    Counting begins with the first key, or with the key named `key`, or `at_once`.
    """

    point: str
    label: str
    nth: int
    deed: str
    at_once: bool
    key: str
    witness: Witness

    def __post_init__(self) -> None:
        self._lock = threading.Lock()

    def passes(self, point: str, *labels: str) -> None:
        """Somebody is at this point now."""
        if point != self.point or not self.at_once or not any(label.startswith(self.label) for label in labels or ("",)):
            return
        with self._lock:
            self.nth -= 1
            met = self.nth == 0
        if met:
            self.witness.tell("fate", point=point, labels=labels, deed=self.deed)
            match self.deed:
                case "kill":
                    os.killpg(0, signal.SIGKILL)  # the scanner's process too: the plug is pulled
                case "raise":
                    raise ZeroDivisionError("the fate of this thread")
                case _:
                    threading.Event().wait()

    def pressed(self, key: str) -> None:
        """From now on it counts, if this is the key."""
        self.at_once = self.at_once or self.key in {"", key}


class FastClock(clock.SteadyClock):
    """A steady clock that passes `scale` times as fast, without a seam from one process to its successor."""

    def __init__(self, began_s: float, began_ms: int, scale: float) -> None:
        super().__init__()
        self._began_s, self._began_ms, self._scale = began_s, began_ms, scale

    def now(self) -> int:
        """Milliseconds of the time that this kiosk lives in."""
        return self._began_ms + round((time.monotonic() - self._began_s) * 1000 * self._scale)

    def behind_wall(self) -> int:
        """Nothing: the wall clock has no say here."""
        return 0


def hasten(began_s: float, began_ms: int, scale: float) -> None:
    """Let time pass faster for all that waits, and truly for all that signs."""
    deadlines = Deadlines()
    calls = ("charge_s", "place_s", "ask_s", "undo_s", "refund_s")
    shorter = {name: max(LEAST_S, getattr(deadlines, name) / scale) for name in calls}
    open_provider, lane = MADE.open_provider, lanes.Lane.__init__
    PRODUCT.SteadyClock = functools.partial(FastClock, began_s, began_ms, scale)

    def provider(**given: Any) -> Any:
        return open_provider(**{**given, "clock": clock.SteadyClock(), "deadlines": Deadlines(**shorter)})

    def with_true_time(self: lanes.Lane, name: str, provider: Any, post: Any, _: Any, second: Any = None) -> None:
        lane(self, name, provider, post, clock.SteadyClock(), second)  # the lanes compare WeChat's time with ours

    MADE.open_provider = provider
    lanes.Lane.__init__ = with_true_time  # type: ignore[method-assign,assignment]
    runtime.BEAT_MS = max(5, round(runtime.BEAT_MS / scale))


def watch(witness: Witness, fate: Fate) -> None:
    """Put the wrappers on."""
    _watch_ledger(witness, fate)
    _watch_wire(fate)
    _watch_loop(witness, fate)
    beat, feed, take = supervision.Heartbeats.beat, app.App._feed, ScannerLink._take

    def beats(self: supervision.Heartbeats, name: str) -> None:
        fate.passes("beat", name)
        beat(self, name)

    def feeds(self: app.App) -> None:
        fate.passes("feed")
        feed(self)

    def takes(self: ScannerLink, child: Any, message: object) -> None:
        take(self, child, message)  # type: ignore[arg-type]
        if isinstance(message, Ready):
            witness.tell("scanner", pid=child._process.pid)

    supervision.Heartbeats.beat = beats  # type: ignore[method-assign]
    app.App._feed = feeds  # type: ignore[method-assign]
    ScannerLink._take = takes  # type: ignore[method-assign,assignment]


def _watch_ledger(witness: Witness, fate: Fate) -> None:
    commit, write = ledger.SqliteLedger.commit, ledger.SqliteLedger._write

    def commits(self: ledger.SqliteLedger, records: Any, at: int) -> None:
        rows = [_row(record) for record in records]
        reasons = [record.why for record in records]
        if records:
            fate.passes("commit before", *reasons)
            witness.tell("writing", rows=rows)
        commit(self, records, at)
        if records:
            witness.tell("written", rows=rows)
            fate.passes("commit after", *reasons)

    def writes(self: ledger.SqliteLedger, record: Record, at: int) -> None:
        write(self, record, at)
        fate.passes("commit within", record.why)

    ledger.SqliteLedger.commit = commits  # type: ignore[method-assign]
    ledger.SqliteLedger._write = writes  # type: ignore[method-assign]


def _row(record: Record) -> list[object]:
    table, key, values = ledger_rows.columns(record.row)
    return [table, key, values, isinstance(record, Insert)]


def _watch_wire(fate: Fate) -> None:
    calling = threading.local()
    exchanged, leave, send = transport.Transport.exchange, exchange.Exchange.leave, transport._PlainConnection.send

    def exchanges(self: transport.Transport, message: transport.Message, **given: Any) -> Any:
        calling.name = call_of(message.method, message.target)
        fate.passes("request before", calling.name)
        reply = exchanged(self, message, **given)
        fate.passes("answer read", calling.name)
        return reply

    def leaves(self: exchange.Exchange, connection: Any) -> float:
        left_s = leave(self, connection)
        fate.passes("request leaving", calling.name)
        return left_s

    def sends(self: Any, data: Any) -> None:
        send(self, data)
        if self._pieces is None:
            fate.passes("request left", calling.name)

    transport.Transport.exchange = exchanges  # type: ignore[method-assign]
    exchange.Exchange.leave = leaves  # type: ignore[method-assign]
    transport._PlainConnection.send = sends  # type: ignore[method-assign]


def call_of(method: str, target: str) -> str:
    """Which call of the contract (3.1) a request is."""
    path = target.partition("?")[0]
    if path.endswith("/certificates"):
        return "probe"
    if "/refunds" in path:
        return "refund" if method == "POST" else "ask_refund"
    return next((name for end, name in ENDS.items() if path.endswith(end)), "ask")


def _watch_loop(witness: Witness, fate: Fate) -> None:
    post, step, dispatch, show = runtime.Runtime.post, LOOP.step, runtime.Runtime._dispatch, app.App._show

    def posts(self: runtime.Runtime, event: Event) -> None:
        if isinstance(event, Pressed):
            fate.pressed(event.key)
        name = _event(event)
        if name:
            fate.passes("event before", name)
        post(self, event)
        if name:
            fate.passes("event after", name)

    def steps(kiosk: Any, event: Event, now: int) -> Any:
        name = _event(event)
        if name:
            fate.passes("decision before", name)
        made = step(kiosk, event, now)
        if name:
            fate.passes("decision after", name)
        return made

    def dispatches(self: runtime.Runtime, act: Act) -> None:
        name = CALLS.get(type(act).__name__.lower())
        if name:
            fate.passes("act before", name)
        dispatch(self, act)
        if name:
            fate.passes("act after", name)

    def shows(self: app.App, view: View) -> None:
        screen = view.screen
        name = type(screen).__name__
        fate.passes("screen before", name)
        show(self, view)
        money = getattr(screen, "money", None)
        witness.tell("screen", name=name, tail=getattr(screen, "tail", ""), amount=money.amount if money is not None else None)
        fate.passes("screen after", name)

    runtime.Runtime.post = posts  # type: ignore[method-assign]
    LOOP.step = steps
    runtime.Runtime._dispatch = dispatches  # type: ignore[method-assign]
    app.App._show = shows  # type: ignore[method-assign]


def _event(event: Event) -> str:
    """The call an event answers, "code" for a payment code, nothing for any other."""
    if isinstance(event, Answered | RefundAnswered):
        return str(event.call)
    return "code" if isinstance(event, CodeSeen) else ""


def main() -> None:
    words = argparse.ArgumentParser()
    words.add_argument("--config", required=True)
    words.add_argument("--witness", type=Path, required=True)
    words.add_argument("--clock", help="monotonic s, kiosk ms, scale", default="")
    words.add_argument("--silent", type=float, help="seconds after which a thread without a beat is dead")
    words.add_argument("--point", default="")
    words.add_argument("--label", default="")
    words.add_argument("--nth", type=int, default=1)
    words.add_argument("--deed", choices=DEEDS, default="kill")
    words.add_argument("--at-once", action="store_true")
    words.add_argument("--key", default="")
    given = words.parse_args()
    witness = Witness(given.witness)
    watch(witness, Fate(given.point, given.label, given.nth, given.deed, given.at_once, given.key, witness))
    if given.clock:
        began_s, began_ms, scale = given.clock.split(",")
        hasten(float(began_s), int(began_ms), float(scale))
    if given.silent:
        for name in ("SILENT_S", "LONGEST_CALL_S", "END_MOST_S"):
            assert hasattr(app, name)
            setattr(app, name, given.silent)
    cli.main(["--config", given.config, "run"])


if __name__ == "__main__":
    main()
