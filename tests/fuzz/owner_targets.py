"""Inputs from the owner's side: kiosk.toml, and the lines on the control socket and the steward's."""

from __future__ import annotations

import base64
import functools
import json
import tempfile
from collections.abc import Mapping
from concurrent.futures import Future
from functools import partial
from pathlib import Path
from typing import Any

from kiosk.config import Config, load
from kiosk.control.answers import Answers
from kiosk.control.unix_socket import ControlServer
from kiosk.core.commands import Reply
from kiosk.core.errors import ConfigError
from kiosk.core.events import Event, Pressed
from kiosk.core.view import view
from kiosk.display.recording import RecordingDisplay
from kiosk.keypad.scripted import ScriptedKeypad
from kiosk.notifications import Notifications
from kiosk.payment.wechat.notification import Notice, Refused, open_notification
from kiosk.sandbox.prepare import prepare
from kiosk.steward import door, words
from kiosk.steward.fake import FakeSteward
from tests.flow import MERCHANT, Flow
from tests.fuzz.provider_targets import ORDER, PLATFORM, envelope, key_of
from tests.fuzz.target import Target, whole
from tests.wechat_stub import API_V3_KEY, NOW, StillClock, as_body

_NOTICE = envelope(as_body(ORDER))


@functools.cache
def folder() -> Path:
    """A folder with keys as the stand-in makes them, gone when the process ends."""
    kept = tempfile.TemporaryDirectory(prefix="kiosk-fuzz-")
    _KEPT.append(kept)
    path = Path(kept.name)
    prepare(path, url="http://127.0.0.1:1", page="http://127.0.0.1:2/bench")
    return path


@functools.cache
def _secrets() -> tuple[str, ...]:
    pem = (folder() / "merchant_key.pem").read_text("ascii").splitlines()
    return ((folder() / "api_v3_key.txt").read_text("ascii"), *(line[8:40] for line in pem[1:-1]))


def load_config(data: bytes) -> None:
    """A Config whose numbers are whole, or one ConfigError with a sentence for each mistake and no secret in it."""
    file = folder() / "odd.toml"
    file.write_bytes(data)
    config: Config | ConfigError
    try:
        config = load(file, credentials=folder())
    except ConfigError as error:
        config = error
    if isinstance(config, ConfigError):
        assert config.problems
        for problem in config.problems:
            assert len(problem) < 5_000, "a mistake told at endless length"
            assert not any(secret in problem for secret in _secrets()), "a secret in a message"
        return
    assert type(config.till.max_amount) is int
    assert 1 <= config.till.max_amount <= 10**10
    assert not any(secret in repr(config) for secret in _secrets())
    assert all(
        host.startswith(("https://", "http://127.", "http://localhost", "http://[::1]")) for host in config.wechat_pay.hosts
    )


class _Loop:
    """The running kiosk as the socket meets it, in one thread: what `put` raises besides LedgerError would end the loop."""

    def __init__(self) -> None:
        self.flow = Flow()
        self.number = self.flow.sell()
        self._replies: dict[str, Future[Reply]] = {}

    def ask(self, put: Any, timeout_s: float = 10.0) -> Any:  # noqa: ARG002  as Runtime
        return put(self.flow.ledger, self.flow.kiosk)

    def now(self) -> int:
        return self.flow.now

    def expect_reply(self, token: str) -> Future[Reply]:
        self._replies[token] = Future()
        return self._replies[token]

    def post(self, event: Event) -> None:
        for act in self.flow.happen(event):
            if isinstance(act, Reply):
                self._replies.pop(act.token).set_result(act)


@functools.cache
def _loop() -> _Loop:
    return _Loop()


def ask_control(data: bytes) -> None:
    """Any line gets an answer that is JSON: "ok" or a "problem" in words."""
    loop = _loop()
    posted: list[Event] = []
    notices = Notifications(_opened, loop, MERCHANT, StillClock())  # type: ignore[arg-type]
    keys = ScriptedKeypad(posted.append)
    answers = Answers(loop, RecordingDisplay, lambda: view(loop.flow.kiosk, loop.flow.now), keys, notices)  # type: ignore[arg-type]
    server = ControlServer(folder() / "unused.sock", answers.answer)
    answer = server._answer(data.split(b"\n")[0] + b"\n")
    assert isinstance(answer, dict)
    assert answer.get("ok") is True or isinstance(answer.get("problem"), str) or "status" in answer
    json.dumps(answer, allow_nan=False).encode("ascii")
    assert all(isinstance(event, Pressed) for event in posted)
    for refund in loop.flow.refunds(loop.number):
        whole(refund.money)
    if len(loop.flow.refunds(loop.number)) > 5:
        _loop.cache_clear()


def ask_steward(data: bytes) -> None:
    """As ask_control, of the steward: and whatever was asked, only its own folder has changed."""
    steward = FakeSteward(folder() / "steward")
    server = ControlServer(folder() / "unused.sock", partial(door.answer, steward))
    answer = server._answer(data.split(b"\n")[0] + b"\n")
    assert answer.get("ok") is True or isinstance(answer.get("problem"), str)
    json.dumps(answer, allow_nan=False).encode("ascii")
    assert {path.name for path in steward.etc.iterdir()} <= {"kiosk.toml", *words.PUBLIC}
    assert {path.name for path in steward.sealed.iterdir()} <= {*words.SECRETS, "wifi.nmconnection", "merchant_key.next.pem"}


def _opened(headers: Mapping[str, str], body: bytes) -> Notice | Refused:
    return open_notification(headers, body, key_of=key_of, api_v3_key=API_V3_KEY, now=NOW)


_KEPT: list[Any] = []


def _samples() -> tuple[bytes, ...]:
    text = (folder() / "kiosk.toml").read_text("utf-8")
    direct = text.replace('mode = "institution"', 'mode = "direct"').replace("sp_appid", "appid").replace("sp_mchid", "mchid")
    return (
        text.encode(),
        direct.encode(),
        text.replace('"certificates"', '[{ id = "PUB_KEY_ID_1", file = "platform_public_key.pem" }]').encode(),
    )


_VERBS: tuple[words.Verb, ...] = (
    words.TellStatus(),
    words.TellNetworks(),
    words.Join("Guests", None),
    words.Join("Harbour Snacks", "12345678", hidden=True),
    words.SetHotspot(on=True),
    words.SetTimeZone("Asia/Hong_Kong"),
    words.Settings("[merchant]"),
    words.Credential("api_v3_key.txt", b"0123456789abcdefghijklmnopqrstuv"),
    words.Credential("wechat_pub.pem", b"-----BEGIN PUBLIC KEY-----"),
    words.Restart(words.What.KIOSK),
    words.Stage("/media/1.4.0.release"),
    words.MakeBundle(),
)


@functools.cache
def targets() -> tuple[Target, ...]:
    """All; making them makes keys."""
    number = _loop().number
    requests: list[dict[str, Any]] = [
        *({"do": name} for name in ("screen", "state", "orders", "report", "quiet", "health", "nonsense")),
        {"do": "key", "key": "OK"},
        {"do": "hold", "for_s": 0},
        {"do": "orders", "start": 0, "end": 1 << 60, "include_open": True},
        {"do": "report", "start": 0, "end": 1 << 60},
        {"do": "refund", "out_trade_no": number, "amount": 1},
        {"do": "refund", "out_trade_no": number},
        {"do": "notification", "headers": PLATFORM.headers(_NOTICE), "body_base64": base64.b64encode(_NOTICE).decode()},
    ]
    return (
        Target(
            "config",
            _samples(),
            load_config,
            (
                "[merchant]",
                "currency",
                "[[ledger]]",
                "a.b.c = 1",
                "time_zone",
                "size = [1, 2]",
                "1979-05-27",
                "'''",
                '"""',
                "= inf",
            ),
            lines=400_000,
            lines_a_byte=400,
            memory=8_000_000,
            bytes_a_byte=2_000,
        ),
        Target(
            "control",
            tuple(json.dumps(request).encode() for request in requests),
            ask_control,
            ('"do"', '"refund"', '"amount"', '"start"', '"end"', "\\ud800", "K07"),
            lines=60_000,
        ),
        Target(
            "steward",
            tuple(json.dumps(words.verb_to(verb)).encode() for verb in _VERBS),
            ask_steward,
            ('"do"', '"join"', '"ssid"', '"password"', '"content"', "\\ud800", "merchant_cert.pem", "../"),
            lines=60_000,
        ),
    )
