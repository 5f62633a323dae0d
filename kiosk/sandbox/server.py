"""The stand-in as a whole: bank, API, notifications, bench page, on two loopback ports; and the command that runs it.

The bench page has a port of its own, so that switching the API off the air does not switch off the switch.
"""

from __future__ import annotations

import contextlib
import importlib.util
import signal
import socket
import threading
from collections.abc import Callable
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from flask import Flask

from kiosk.control.unix_socket import ask
from kiosk.core.errors import ConfigError
from kiosk.sandbox.api import Api
from kiosk.sandbox.bank import Bank
from kiosk.sandbox.front import LOOPBACK, Front
from kiosk.sandbox.keys import Keys
from kiosk.sandbox.notify import Notifier
from kiosk.sandbox.prepare import Prepared, merchant_of, prepare, read_facts

Control = Callable[[dict[str, Any]], dict[str, Any]]

ASK_S = 2.0  # the bench page waits for this


class SandboxServer:
    """Serves one bank. The ports are bound by making it, served between `start` and `stop`."""

    def __init__(
        self,
        bank: Bank,
        keys: Keys,
        *,
        port: int = 0,
        page_port: int = 0,
        control: Control | None = None,
        frames: Path | None = None,
    ) -> None:
        """`control` reaches the running kiosk and `frames` is the folder its camera reads: both for the bench page."""
        self.bank = bank
        self.keys = keys
        self.notifier = Notifier(bank, keys)
        app = Flask("kiosk.sandbox", static_folder=None)
        Api(bank, keys).join(app)
        if importlib.util.find_spec("kiosk.sandbox.bench") is not None:
            from kiosk.sandbox import bench  # noqa: PLC0415  drawing codes takes time to import, and the API works without

            app.register_blueprint(bench.blueprint(bank, control=control, frames=frames), url_prefix="/bench")
        self._api = Front(app, port, lambda: bank.trouble.offline)
        self._page = Front(_only_bench(app), page_port)

    @property
    def url(self) -> str:
        """Where the API listens."""
        return self._api.url

    @property
    def page(self) -> str:
        """Where the bench page is."""
        return f"{self._page.url}/bench"

    def start(self) -> None:
        """Serve, in threads of its own."""
        self._api.start()
        self._page.start()
        self.notifier.start()

    def stop(self) -> None:
        """Stop serving and free the ports."""
        self.notifier.stop()
        self._page.stop()
        self._api.stop()


def open_sandbox(
    folder: Path, *, port: int = 0, mode: str = "institution", control: Control | None = None
) -> tuple[SandboxServer, Prepared]:
    """A started stand-in over `folder`, its kiosk.toml and keys written; what it was told before, it still knows.

    Raises ConfigError when `port` cannot be had.
    """
    folder.mkdir(parents=True, exist_ok=True)
    keys = Keys(folder)
    bank = Bank(merchant_of(folder, mode), file=folder / "bank" / "orders.jsonl")
    ports = (port or _wanted(folder, "url"), _wanted(folder, "page"))
    try:
        server = SandboxServer(bank, keys, port=ports[0], page_port=ports[1], control=control, frames=folder / "frames")
    except OSError as error:
        raise ConfigError([f"port {ports[0]}: {error.strerror}; choose another, or 0 for any that is free"]) from None
    prepared = prepare(folder, url=server.url, page=server.page, mode=mode, keys=keys)
    server.start()
    return server, prepared


def serve(port: int, folder: Path) -> None:
    """`kiosk sandbox`: serve until SIGTERM or SIGINT. Port 0: the folder's last one, or any."""
    stopping = threading.Event()
    for each in (signal.SIGTERM, signal.SIGINT):
        signal.signal(each, lambda _number, _frame: stopping.set())
    server, prepared = open_sandbox(folder, port=port, control=desk_control(folder))
    print(f"WeChat Pay stand-in  {server.url}\nBench page           {server.page}", flush=True)  # noqa: T201  the command's output
    print(f"kiosk.toml           {prepared.config}", flush=True)  # noqa: T201  a command speaks
    if not prepared.config_fits:
        print(f'{prepared.config} names another address: set hosts = ["{server.url}"], or remove it', flush=True)  # noqa: T201  a command speaks
    stopping.wait()
    server.stop()


def desk_control(folder: Path) -> Control:
    """Reaches the kiosk that runs on `folder`'s kiosk.toml, whenever one does."""
    socket = folder / "kiosk.db.sock"
    return lambda question: ask(socket, question, ASK_S)


def _only_bench(app: Flask) -> Callable[..., Any]:
    """The same application, but nothing of it outside the bench page."""

    def guarded(environ: dict[str, Any], start_response: Callable[..., Any]) -> Any:  # noqa: ANN401  WSGI's own
        path = environ["PATH_INFO"]
        if path == "/bench" or path.startswith("/bench/"):
            return app(environ, start_response)
        start_response("302 Found", [("Location", "/bench"), ("Content-Length", "0")])
        return [b""]

    return guarded


def _wanted(folder: Path, name: str) -> int:
    """The port that was used before, when it is free; else 0, any."""
    port = urlsplit(str(read_facts(folder).get(name, ""))).port or 0
    with contextlib.suppress(OSError), socket.create_server((LOOPBACK, port)):
        return port
    return 0
