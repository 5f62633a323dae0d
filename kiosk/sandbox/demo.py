"""`kiosk demo`: the stand-in, the bench page and a kiosk, with nothing else needed. No real money moves.

The kiosk is the real one, in a process of its own, over real HTTP; with a display its window opens, without one it is drawn
off-screen and used through the bench page. Notifications reach it on this machine, so that their troubles can be played.
"""

from __future__ import annotations

import os
import re
import signal
import socket
import subprocess
import sys
from pathlib import Path
from types import FrameType

from kiosk.sandbox.front import LOOPBACK
from kiosk.sandbox.prepare import prepare
from kiosk.sandbox.server import SandboxServer, desk_control, open_sandbox

FOLDER = Path(".demo")
_PRINTER = """[printer]
driver = "paper"
folder = "slips"
"""


def demo(folder: Path = FOLDER) -> int:
    """Run until SIGTERM, SIGINT or the kiosk's end. Keys stay in `folder`, so that the next start is quick."""
    server, prepared = open_sandbox(folder, control=desk_control(folder))
    prepared = prepare(folder, url=server.url, page=server.page, keys=prepared.keys, overwrite=True)
    _adjust(prepared.config)
    say(f"Bench page  {server.page}")
    say("Open it in a browser: the kiosk, a customer's phone, and a panel of trouble. Ctrl-C ends it.")
    return serve(server, ["kiosk", "--config", str(prepared.config), "run"])


def serve(server: SandboxServer, module: list[str]) -> int:
    """Run this module of ours with its words, and the stand-in beside it, until it ends or we are told to. Its exit code."""
    kiosk = subprocess.Popen([sys.executable, "-m", *module])  # noqa: S603  our own

    def stop(_signal: int, _frame: FrameType | None) -> None:
        kiosk.send_signal(signal.SIGTERM)

    for sig in (signal.SIGTERM, signal.SIGINT):
        signal.signal(sig, stop)
    code = kiosk.wait()
    server.stop()
    return max(code, 0)


def has_display() -> bool:
    """Whether a window can be opened."""
    return bool(os.environ.get("DISPLAY") or os.environ.get("WAYLAND_DISPLAY"))


def _adjust(config: Path) -> None:
    """Without a display the same screens are drawn off-screen; what the stand-in notifies arrives; receipts become pictures."""
    text = config.read_text("utf-8")
    if not has_display():
        text = text.replace('driver = "pygame"', 'driver = "offscreen"', 1)
    address = f"{LOOPBACK}:{_free_port()}"
    text = re.sub(r"(?m)^notify_url = .*$", f'notify_url = "http://{address}/wechat/notify"', text, count=1)
    config.write_text(f'{text}\n[notifications]\nlisten = "{address}"\n\n{_PRINTER}', "utf-8")


def _free_port() -> int:
    """One that nobody has now; the kiosk takes it within a second or two."""
    with socket.create_server((LOOPBACK, 0)) as taken:
        port: int = taken.getsockname()[1]
        return port


def say(text: str) -> None:
    """A line for whoever started this."""
    print(text, flush=True)  # noqa: T201  the command's output
