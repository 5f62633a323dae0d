"""The wire before the stand-in: a TLS end of its own process that notes, to the nanosecond, what crosses it.

`python -m tests.bench.relay --to PORT --cert FILE --key FILE`. Prints its port, then one JSON object a line: `what` (open,
request, answer), `at` (ns of the monotonic clock, which all processes share), `link` (counts connections) and, of a request,
`target`. A request is noted when its last byte has come, an answer when its last byte has gone. The word "drop" on stdin closes
all connections; the end of stdin is the end of it. Knows HTTP's framing and nothing of payments.
"""

from __future__ import annotations

import argparse
import contextlib
import json
import socket
import ssl
import sys
import threading
import time

LOOPBACK = "127.0.0.1"
_FREEBIND = 15  # IP_FREEBIND of linux/in.h


class Relay:
    """Carries each connection to the stand-in's port in a thread of its own."""

    def __init__(self, to: int, cert: str, key: str, address: str = LOOPBACK) -> None:
        self._to = to
        self._context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        self._context.load_cert_chain(cert, key)
        self._listener = socket.socket()
        self._listener.setsockopt(socket.IPPROTO_IP, _FREEBIND, 1)  # the wire to a machine that is not on yet
        self._listener.bind((address, 0))
        self._listener.listen(16)
        self._links: set[socket.socket] = set()
        self._lock = threading.Lock()
        self.port: int = self._listener.getsockname()[1]

    def accept(self) -> None:
        """For ever."""
        for number in range(1 << 60):
            plain, _ = self._listener.accept()
            _note("open", time.monotonic_ns(), number)
            plain.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            threading.Thread(target=self._carry, args=(plain, number), daemon=True).start()

    def drop(self) -> None:
        """Close what is open, as servers do with connections that have been idle."""
        with self._lock:
            for link in self._links:
                with contextlib.suppress(OSError):
                    socket.socket.shutdown(link, socket.SHUT_RDWR)

    def _carry(self, plain: socket.socket, number: int) -> None:
        with contextlib.suppress(OSError), self._context.wrap_socket(plain, server_side=True) as link:
            with self._lock:
                self._links.add(link)
            try:
                with socket.create_connection((LOOPBACK, self._to)) as onward:
                    onward.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
                    while request := _message(link):
                        at = time.monotonic_ns()
                        onward.sendall(request)
                        _note("request", at, number, request.split(b" ", 2)[1].decode())
                        answer = _message(onward)
                        link.sendall(answer)
                        _note("answer", time.monotonic_ns(), number)
            finally:
                with self._lock:
                    self._links.discard(link)


def _message(sock: socket.socket) -> bytes:
    """A whole HTTP message with its Content-Length; nothing when the other side is gone."""
    got = b""
    while True:
        head, blank, body = got.partition(b"\r\n\r\n")
        if blank:
            lines = (line.partition(b":") for line in head.lower().split(b"\r\n"))
            length = next((int(value) for name, _, value in lines if name == b"content-length"), 0)
            if len(body) >= length:
                return got
        more = sock.recv(65536)
        if not more:
            return b""
        got += more


def _note(what: str, at: int, link: int, target: str = "") -> None:
    sys.stdout.write(json.dumps({"what": what, "at": at, "link": link, "target": target}) + "\n")
    sys.stdout.flush()


def main() -> None:
    words = argparse.ArgumentParser()
    words.add_argument("--to", type=int, required=True)
    words.add_argument("--cert", required=True)
    words.add_argument("--key", required=True)
    words.add_argument("--address", default=LOOPBACK)
    given = words.parse_args()
    relay = Relay(given.to, given.cert, given.key, given.address)
    print(relay.port, flush=True)
    threading.Thread(target=relay.accept, daemon=True).start()
    for line in sys.stdin:
        if line.strip() == "drop":
            relay.drop()


if __name__ == "__main__":
    main()
