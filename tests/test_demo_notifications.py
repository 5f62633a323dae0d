"""`kiosk demo` is notified: the stand-in's notifications reach the kiosk's listener, real processes on both sides."""

from __future__ import annotations

import base64
import os
import signal
import subprocess
import sys
import tomllib
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import requests

from kiosk.control.unix_socket import ControlUnavailable, ask

pytestmark = pytest.mark.slow


def test_the_demo_is_notified_and_its_troubles_can_be_played(tmp_path: Path, until: Callable[..., Any]) -> None:
    """A probe first, then the genuine one: refused, taken; and the relay's door stands open beside it."""
    env = {name: value for name, value in os.environ.items() if name not in ("DISPLAY", "WAYLAND_DISPLAY")}
    log = tmp_path / "demo.log"
    with log.open("wb") as out:
        demo = subprocess.Popen([sys.executable, "-m", "kiosk", "demo"], cwd=tmp_path, env=env, stdout=out, stderr=out)
    try:
        until(lambda: "Bench page" in log.read_text("utf-8"), 40)
        page = next(line for line in log.read_text("utf-8").splitlines() if "Bench page" in line).split()[-1]
        kiosk = tmp_path / ".demo" / "kiosk.db.sock"

        def bench(way: str, **body: object) -> None:
            answer = requests.post(f"{page}/{way}", json=body, timeout=10)
            assert answer.status_code == 200, answer.text

        def shows(screen: str) -> bool:
            try:
                return ask(kiosk, {"do": "state"}).get("screen") == screen
            except ControlUnavailable:  # not there yet, or bound and not yet listening
                return False

        until(lambda: shows("Idle") and ask(kiosk, {"do": "state"})["network"] == "online", 40)
        bench("trouble", name="notify_signtest", value=True)
        for key in ("9", "0", "0", "QR"):
            bench("key", key=key)
        until(lambda: shows("ShowingQr"), 40)
        until(lambda: requests.get(f"{page}/screen.png", timeout=10).status_code == 200, 40)
        bench("phone/scan")
        (order,) = requests.get(f"{page}/now", timeout=5).json()["orders"]
        bench("phone/pay", out_trade_no=order["out_trade_no"], password="123456")
        until(lambda: "a notification was refused" in log.read_text("utf-8"), 40)
        bench("trouble", name="clock_scale", value=100)  # the fifteen seconds until it is sent again
        until(lambda: "a notification was taken" in log.read_text("utf-8"), 40)
        until(lambda: shows("PaidScreen"), 40)

        config = tomllib.loads((tmp_path / ".demo" / "kiosk.toml").read_text("utf-8"))
        assert config["wechat_pay"]["notify_url"] == f"http://{config['notifications']['listen']}/wechat/notify"
        forged: dict[str, object] = {"do": "notification", "headers": {}, "body_base64": base64.b64encode(b"{}").decode()}
        assert ask(kiosk, forged)["problem"] == "unsigned"
    finally:
        demo.send_signal(signal.SIGINT)
        assert demo.wait(40) == 0, log.read_text("utf-8")
