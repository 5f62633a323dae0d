"""The HTTP listener for notifications (contract 7.2): one address, one path, POST only. Off unless kiosk.toml names an address.

Knows HTTP and nothing of a notification: that is handed on as headers and raw body. TLS ends before it, at the owner's proxy.
The server is waitress; what it does not do itself, beating and hanging up on whoever is slow, is done between its loop's rounds.
"""

from __future__ import annotations

import json
import logging
import os
import socket
import threading
import time
from collections.abc import Callable, Iterable, Mapping
from http import HTTPStatus
from typing import Any

from kiosk.core.errors import DriverError
from kiosk.notifications import Receipt

LARGEST_BODY = 64 * 1024
LARGEST_HEAD = 16 * 1024
CONNECTIONS = 64
PATIENCE_S = 5.0  # WeChat gives up after this (contract 7.5), so nobody is listened to for longer
_ROUND_S = 0.5
_WORKERS = 4
_END_S = 2.0

Take = Callable[[Mapping[str, str], bytes], Receipt]
Start = Callable[[str, list[tuple[str, str]]], object]


class Listener:
    """Hands what is posted to `path` to `take`, called from several threads. open() comes first, then serve() until stop()."""

    def __init__(self, host: str, port: int, path: str, take: Take) -> None:
        self._host, self._port, self._path = host, port, path
        self._take = take
        self._stopping = threading.Event()
        self._sockets: dict[int, Any] = {}  # waitress's own, by descriptor
        self._server: Any = None

    def open(self) -> None:
        """Take the address. Raises DriverError when it cannot be had."""
        from waitress import create_server  # type: ignore[import-untyped]  # noqa: PLC0415  loaded only where it is used

        logging.getLogger("waitress.queue").setLevel(logging.ERROR)  # that one waits for another is no event
        family = socket.AF_INET6 if ":" in self._host else socket.AF_INET
        try:
            bound = socket.create_server((self._host, self._port), family=family)
        except OSError as error:
            why = os.strerror(error.errno) if error.errno else str(error)
            raise DriverError(
                f'[notifications] listen = "{self._shown(self._port)}" cannot be had ({why}). '
                "Name an address of this machine and a port that is free."
            ) from None
        self._port = bound.getsockname()[1]
        self._server = create_server(
            self._answer,
            map=self._sockets,
            sockets=[bound],
            threads=_WORKERS,
            connection_limit=CONNECTIONS + 2,  # it counts its own two sockets, too
            max_request_body_size=LARGEST_BODY + 1,  # the first size it refuses
            max_request_header_size=LARGEST_HEAD,
            ident=None,
            log_socket_errors=False,  # who goes away is no event
        )

    @property
    def url(self) -> str:
        """Where notifications may be posted."""
        return f"http://{self._shown(self._port)}{self._path}"

    def serve(self, beat: Callable[[], None] = lambda: None) -> None:
        """Serve until stop(); calls `beat` at least each second."""
        from waitress import wasyncore  # noqa: PLC0415  loaded only where it is used

        try:
            while not self._stopping.is_set():
                beat()
                wasyncore.loop(timeout=_ROUND_S, use_poll=True, map=self._sockets, count=1)
                self._hang_up()
        finally:
            self._server.task_dispatcher.shutdown(timeout=_END_S)
            wasyncore.close_all(self._sockets, ignore_all=True)

    def stop(self) -> None:
        """Give the address back: serve() returns within a second, or three if an answer is still under way."""
        self._stopping.set()

    def _hang_up(self) -> None:
        """No connection lives longer than WeChat would wait, however busily it sends a byte at a time."""
        before = time.time() - PATIENCE_S
        for channel in tuple(self._server.active_channels.values()):
            if channel.creation_time < before and not channel.requests:
                channel.will_close = True

    def _answer(self, environ: dict[str, Any], start: Start) -> Iterable[bytes]:
        """The WSGI application."""
        if environ["PATH_INFO"] != self._path or environ["QUERY_STRING"]:
            receipt = Receipt(404, "nothing here")
        elif environ["REQUEST_METHOD"] != "POST":
            receipt = Receipt(405, "POST only")
        else:
            headers = {key[5:].replace("_", "-"): value for key, value in environ.items() if key.startswith("HTTP_")}
            receipt = self._take(headers, environ["wsgi.input"].read(LARGEST_BODY + 1))
        answer = json.dumps({"code": receipt.code, "message": receipt.message}).encode()
        head = [("Content-Type", "application/json"), ("Content-Length", str(len(answer)))]
        if receipt.status == HTTPStatus.METHOD_NOT_ALLOWED:
            head.append(("Allow", "POST"))
        start(f"{receipt.status} {HTTPStatus(receipt.status).phrase}", head)
        return [answer]

    def _shown(self, port: int) -> str:
        return f"[{self._host}]:{port}" if ":" in self._host else f"{self._host}:{port}"
