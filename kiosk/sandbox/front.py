"""The stand-in's socket: HTTP/1.1 on loopback before a WSGI application, able to do what no server should.

Flask cannot reset a connection, drip an answer or refuse to listen, and its usual servers close after each answer, keep
their read-ahead to themselves and hide the target as it was sent. So this one is small and our own. It knows nothing of
WeChat: the application asks for misbehaviour by a Wire in `environ["kiosk.wire"]`.
"""

from __future__ import annotations

import contextlib
import io
import select
import socket
import struct
import sys
import threading
import time
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from http.server import BaseHTTPRequestHandler
from typing import Any
from urllib.parse import unquote_to_bytes

LOOPBACK = "127.0.0.1"
_LARGEST_BODY = 1 << 20
_GLANCE_S = 0.05  # how often the switch "offline" is looked at
_IDLE_S = 120  # an idle connection is closed after this


@dataclass(frozen=True, slots=True)
class Wire:
    """How an answer goes out. `act`: answer, reset (the connection) or silent (nothing until the other side gives up)."""

    act: str = "answer"
    delay_ms: int = 0
    drip_ms: int = 0


class Front:
    """Listens on a loopback port and hands requests to `app`, a thread a connection."""

    def __init__(self, app: Any, port: int = 0, offline: Callable[[], str] = lambda: "no") -> None:  # noqa: ANN401  any WSGI
        """Bind at once, so that the port is known and taken. `offline()` is no, refuse or silent."""
        self.app = app
        self.offline = offline
        self.stopping = threading.Event()
        self._listener: socket.socket | None = _listen(port)
        self.port: int = self._listener.getsockname()[1]
        self._connections: set[socket.socket] = set()
        self._lock = threading.Lock()
        self._thread = threading.Thread(target=self._run, name=f"sandbox-{self.port}", daemon=True)

    @property
    def url(self) -> str:
        """Where it listens."""
        return f"http://{LOOPBACK}:{self.port}"

    def start(self) -> None:
        """Begin to accept."""
        self._thread.start()

    def stop(self) -> None:
        """Reset what is open and free the port."""
        self.stopping.set()
        if self._thread.is_alive():
            self._thread.join()
        self._hang_up()

    def _run(self) -> None:
        while not self.stopping.is_set():
            if self.offline() == "refuse":
                self._hang_up()
                self.stopping.wait(_GLANCE_S)
                continue
            if self._listener is None:
                try:
                    self._listener = _listen(self.port)
                except OSError:  # somebody took the port meanwhile: look again
                    self.stopping.wait(_GLANCE_S)
                    continue
            if select.select([self._listener], [], [], _GLANCE_S)[0]:
                with contextlib.suppress(OSError):  # gone again already
                    self._welcome(self._listener.accept()[0])

    def _welcome(self, connection: socket.socket) -> None:
        connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        connection.settimeout(_IDLE_S)
        with self._lock:
            self._connections.add(connection)
        threading.Thread(target=self._talk, args=(connection,), daemon=True).start()

    def _talk(self, connection: socket.socket) -> None:
        with contextlib.suppress(OSError):  # the other side went away: that is its right
            _Talk(connection, (LOOPBACK, 0), self)  # type: ignore[arg-type]  # of a server only what Front has is used
        with self._lock:
            self._connections.discard(connection)
        connection.close()

    def _hang_up(self) -> None:
        """Stop listening, and reset all connections."""
        if self._listener is not None:
            self._listener.close()
            self._listener = None
        with self._lock:
            for connection in self._connections:
                reset(connection)


class _Talk(BaseHTTPRequestHandler):
    """One connection."""

    protocol_version = "HTTP/1.1"
    server: Any
    connection: socket.socket

    def _serve(self) -> None:
        if self.server.offline() == "silent":
            self._wait()
            return
        body = self._body()
        if body is None:
            self.close_connection = True
            self.send_error(413)
            return
        environ = self._environ(body)
        head: list[tuple[str, list[tuple[str, str]]]] = []

        def start_response(status: str, headers: list[tuple[str, str]], _exc: object = None) -> Callable[[bytes], None]:
            head[:] = [(status, headers)]
            return _no_write

        chunks: Iterable[bytes] = self.server.app(environ, start_response)
        try:
            self._answer(environ.get("kiosk.wire") or Wire(), chunks, head)
        finally:
            closer = getattr(chunks, "close", None)
            if closer is not None:
                closer()

    do_GET = do_POST = do_PUT = do_DELETE = do_PATCH = do_HEAD = do_OPTIONS = _serve  # noqa: N815  named by http.server

    def _answer(self, wire: Wire, chunks: Iterable[bytes], head: list[tuple[str, list[tuple[str, str]]]]) -> None:
        if wire.delay_ms and self.server.stopping.wait(wire.delay_ms / 1000):
            return
        offline = self.server.offline()  # it may have been switched on since the request came
        if wire.act == "silent" or offline == "silent":
            self._wait()
            return
        if wire.act == "reset" or offline == "refuse":
            self.close_connection = True
            reset(self.connection)
            return
        waiting = iter(chunks)
        first = next(waiting, b"")  # an application may call start_response as late as this
        status, headers = head[0]
        sized = any(name.lower() == "content-length" for name, _ in headers)
        bodyless = self.command == "HEAD" or status.startswith(("204", "304"))
        lines = [f"HTTP/1.1 {status}", *(f"{name}: {value}" for name, value in headers), f"Date: {self.date_time_string()}"]
        if not sized and not bodyless:
            lines.append("Transfer-Encoding: chunked")
        out = "\r\n".join([*lines, "", ""]).encode("latin-1")
        if sized or bodyless:
            self._send(out + (b"" if bodyless else first + b"".join(waiting)), wire.drip_ms)
            return
        self._send(out + _chunk(first), 0)
        for each in waiting:
            self._send(_chunk(each), 0)
        self._send(b"0\r\n\r\n", 0)

    def _send(self, data: bytes, drip_ms: int) -> None:
        if not drip_ms:
            self.connection.sendall(data)
            return
        for at in range(len(data)):
            if self.server.stopping.wait(drip_ms / 1000):
                return
            self.connection.sendall(data[at : at + 1])

    def _wait(self) -> None:
        """Say nothing until the other side closes, or we stop."""
        self.close_connection = True
        until = time.monotonic() + _IDLE_S
        while not self.server.stopping.is_set() and time.monotonic() < until:
            if select.select([self.connection], [], [], _GLANCE_S)[0] and not self.connection.recv(4096):
                return

    def _body(self) -> bytes | None:
        """The request's body; None when its length is not told or beyond reason."""
        if "Transfer-Encoding" in self.headers:
            return None
        length = self.headers.get("Content-Length", "0")
        if not (length.isascii() and length.isdigit()) or int(length) > _LARGEST_BODY:
            return None
        return self.rfile.read(int(length))

    def _environ(self, body: bytes) -> dict[str, Any]:
        path, _, query = self.path.partition("?")
        environ: dict[str, Any] = {
            "REQUEST_METHOD": self.command,
            "SCRIPT_NAME": "",
            "PATH_INFO": _unquoted(path),
            "QUERY_STRING": query,
            "REQUEST_URI": self.path,  # as it was sent: this is what the other side signed
            "SERVER_NAME": LOOPBACK,
            "SERVER_PORT": str(self.server.port),
            "SERVER_PROTOCOL": self.request_version,
            "REMOTE_ADDR": LOOPBACK,
            "wsgi.version": (1, 0),
            "wsgi.url_scheme": "http",
            "wsgi.input": io.BytesIO(body),
            "wsgi.errors": sys.stderr,
            "wsgi.multithread": True,
            "wsgi.multiprocess": False,
            "wsgi.run_once": False,
            "CONTENT_LENGTH": str(len(body)),
        }
        for name, value in self.headers.items():
            key = name.upper().replace("-", "_")
            environ[key if key in {"CONTENT_TYPE", "CONTENT_LENGTH"} else f"HTTP_{key}"] = value
        return environ

    def log_message(self, format: str, *args: object) -> None:  # noqa: A002  the name is http.server's
        """Nothing: a target may hold what belongs in no log."""


def reset(connection: socket.socket) -> None:
    """Close so that the other side sees a reset, not an end."""
    with contextlib.suppress(OSError):
        connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        connection.shutdown(socket.SHUT_RD)  # wakes the thread that reads from it, which closes it


def _listen(port: int) -> socket.socket:
    listener = socket.socket(socket.AF_INET, socket.SOCK_STREAM)
    try:
        listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        listener.bind((LOOPBACK, port))
        listener.listen(64)
    except OSError:
        listener.close()
        raise
    return listener


def _chunk(data: bytes) -> bytes:
    return b"%x\r\n%s\r\n" % (len(data), data) if data else b""


def _unquoted(path: str) -> str:
    return unquote_to_bytes(path).decode("latin-1")  # as WSGI wants it


def _no_write(_data: bytes) -> None:
    raise AssertionError("this application uses WSGI's old write()")
