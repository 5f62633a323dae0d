"""One request under way: how long it may take, how much may come back, and whether it has left.

Knows sockets and time, no HTTP and no library. That `sent` is true from before the first byte on is what every
NOT_SENT of this kiosk rests on.
"""

from __future__ import annotations

import contextlib
import socket
import threading
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Protocol

from kiosk.core.model import Why
from kiosk.payment.wechat.resolver import Resolver
from kiosk.payment.wechat.trust import problem

LARGEST_BODY = 64 * 1024
LARGEST_HEAD = 64 * 1024

_LAST_MOMENT_S = 0.05
"""No answer comes back in less: what left then would only turn a certain NOT_SENT into an unknown TIMEOUT."""


class HasSocket(Protocol):
    """A connection, as far as it matters here."""

    sock: socket.socket | None


@dataclass(frozen=True, slots=True)
class Limits:
    """Limits of one exchange, in seconds from its start and in bytes of body."""

    total_s: float
    connect_s: float = 5.0
    body_bytes: int = LARGEST_BODY


@dataclass(frozen=True, slots=True)
class Message:
    """What is sent: path and query of `target`, headers and body exactly as signed. The body may hold a payment code."""

    method: str
    target: str
    headers: Mapping[str, str] = field(repr=False)
    body: bytes = field(default=b"", repr=False)


@dataclass(frozen=True, slots=True)
class Reply:
    """What a host answered: raw. Header names are looked up without regard to case."""

    status: int
    headers: Mapping[str, str] = field(repr=False)
    body: bytes = field(repr=False)


@dataclass(frozen=True, slots=True)
class NoReply:
    """Why there is no answer: NOT_SENT, TIMEOUT, CUT or MALFORMED (too large). `detail` is what trust.problem calls it."""

    why: Why
    detail: str


class Exchange:
    """One request under way: how long it may take, whether it has left, and what went wrong first."""

    def __init__(
        self, until: float, limits: Limits, left: Callable[[], None], stopped: threading.Event, resolver: Resolver
    ) -> None:
        self.limits = limits
        self.sent = False
        self.problem: str | None = None
        self.connection: HasSocket | None = None
        self._until = until
        self._left = left
        self._stopped = stopped
        self._resolver = resolver
        self._bytes_left = limits.body_bytes + LARGEST_HEAD

    @property
    def left_s(self) -> float:
        """Seconds until the deadline."""
        return self._until - time.monotonic()

    @property
    def over(self) -> bool:
        """Whether there is no time, or no wish, for another host."""
        return self._stopped.is_set() or self.left_s < _LAST_MOMENT_S

    def wait_s(self) -> float:
        """The longest the next wait may last; raises when it may not begin."""
        if self._stopped.is_set():
            raise _Stopped
        if (left_s := self.left_s) <= 0:
            raise TimeoutError
        return left_s

    def leave(self, connection: HasSocket) -> float:
        """The next bytes may go out on `connection`, for so long. The first time, `left` is called.

        Raises when they may not: the kiosk is stopping, time is up, or there is too little of it for a first byte.
        """
        left_s = self.wait_s()
        if not self.sent:
            if left_s < _LAST_MOMENT_S:
                raise TimeoutError
            self.connection = connection
            self.sent = True  # before the call: should that raise, nothing is sent, and no other host is tried either
            self._left()
        return left_s

    def count(self, received: int) -> None:
        """`received` bytes came in; raises when it is too much, whether head or body."""
        self._bytes_left -= received
        if self._bytes_left < 0:
            raise _TooLarge

    def connect(self, host: str, port: int, options: Sequence[tuple[Any, ...]]) -> socket.socket:
        """A connected socket; its timeout is what is left for TLS.

        Several addresses share the time, so that a dead one (IPv6 without a way out) leaves some for the next.
        """
        until = time.monotonic() + min(self.wait_s(), self.limits.connect_s)
        addresses = self._resolver.resolve(host, port, until, self._stopped)
        error: OSError = TimeoutError()
        for number, (family, kind, protocol, _, address) in enumerate(addresses, start=1):
            self.wait_s()
            left_s = until - time.monotonic()
            if left_s <= 0:
                break
            sock = socket.socket(family, kind, protocol)
            try:
                for option in options:
                    sock.setsockopt(*option)
                sock.settimeout(left_s if number == len(addresses) else left_s / 2)
                sock.connect(address)
                sock.settimeout(max(until - time.monotonic(), 0.001))
            except OSError as failed:
                sock.close()
                error = failed
            else:
                return sock
        raise error

    def noticed(self, error: BaseException) -> None:
        """Keep the name of the first thing that went wrong, before libraries wrap it."""
        if self.problem is None:
            self.problem = problem(error)

    def failed(self, error: BaseException) -> NoReply:
        """The honest reason for having no answer."""
        while error.__context__ is not None:
            error = error.__context__
        self.noticed(error)
        detail = self.problem or ""
        if not self.sent:
            return NoReply(Why.NOT_SENT, detail)
        if detail == "TooLarge":
            return NoReply(Why.MALFORMED, detail)
        if self._stopped.is_set() or self.left_s > 0:
            return NoReply(Why.CUT, detail)
        return NoReply(Why.TIMEOUT, detail)

    def interrupt(self) -> None:
        """Wake a thread that waits for bytes: called from another one."""
        connection = self.connection
        sock = None if connection is None else connection.sock
        if sock is not None:
            with contextlib.suppress(OSError):  # closed in between: then nobody waits
                # Not SSLSocket.shutdown, which takes the TLS object away from under the thread that is reading.
                socket.socket.shutdown(sock, socket.SHUT_RDWR)


class _Stopped(OSError):
    """The kiosk is stopping."""


class _TooLarge(OSError):
    """More bytes than an answer may have."""
