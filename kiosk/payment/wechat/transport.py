"""One HTTP request, one answer or one honest reason for none: the only file of kiosk/payment that imports `requests`.

Knows hosts, TLS, deadlines and sizes; no signature and no message. What it promises (contract 1.1):
- A request leaves at most once. `left` is called just before its first byte can; until then the next host may be tried,
  after that never. Whether it was called, and not which exception came, tells NOT_SENT from TIMEOUT and CUT. So a kept-alive
  connection that turns out to be dead is CUT: its bytes may have arrived. `warm` exists to make that rare.
- The deadline is a total: names, connecting, TLS, headers and body; neither a slow drip nor endless headers stretch it.
- No redirects, cookies, proxies or settings from the environment, no decompression, nothing sent again by a library.
Each thread has connections of its own.
"""

from __future__ import annotations

import http.client
import io
import logging
import socket
import ssl
import threading
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import requests
from requests.adapters import HTTPAdapter
from requests.utils import DEFAULT_CA_BUNDLE_PATH
from urllib3.connection import HTTPConnection, HTTPSConnection
from urllib3.connectionpool import HTTPConnectionPool, HTTPSConnectionPool
from urllib3.exceptions import HTTPError
from urllib3.util import Retry
from urllib3.util.connection import is_connection_dropped

from kiosk.core.model import Why
from kiosk.payment.wechat.exchange import LARGEST_BODY, Exchange, Limits, Message, NoReply, Reply
from kiosk.payment.wechat.resolver import Resolver
from kiosk.payment.wechat.trust import Dates, Trust

if TYPE_CHECKING:
    from requests import PreparedRequest

# This one quotes head lines it cannot read, and a broken server may send back what it was sent: a payment code, say.
logging.getLogger("urllib3.connection").addFilter(lambda _: False)

_CHUNK = 16 * 1024
_OK = 200


def unix_ms() -> int:
    """The machine's own clock."""
    return time.time_ns() // 1_000_000


class Transport:
    """The hosts, tried in turn, beginning with the one that last could be connected to."""

    def __init__(
        self, hosts: Sequence[str], *, ca_file: Path | None = None, idle_s: float = 45.0, now: Callable[[], int] = unix_ms
    ) -> None:
        """`hosts` as "https://name[:port]". `ca_file` (PEM) is trusted besides the usual authorities; `now`: see trust.py.

        A connection idle for `idle_s` is replaced before use: servers and routers forget such ones, some without a word.
        """
        self._hosts = tuple(host.rstrip("/") for host in hosts)
        usual = Path(DEFAULT_CA_BUNDLE_PATH)
        self._trust = Trust([usual] if ca_file is None else [usual, ca_file], now)
        self._idle_s = idle_s
        self._good = 0
        self._lanes = threading.local()
        self._resolver = Resolver()
        self._lock = threading.Lock()
        self._under_way: set[Exchange] = set()
        self._stopped = threading.Event()

    def exchange(
        self,
        message: Message,
        *,
        limits: Limits,
        left: Callable[[], None],
        undated: bool = False,
        into: Callable[[bytes], None] | None = None,
    ) -> Reply | NoReply:
        """Send one request from the calling thread's connections and wait for its answer.

        `into` takes the body of a 200 as it comes, which is then not in the Reply. `undated` asks a server of any date, on a
        connection that nothing else is sent on. ValueError when the library would not send the target as it is given.
        """
        now = time.monotonic()
        lane = self._lane()
        dates = Dates.NOBODY if undated else self._trust.dates()
        if (lane.used_at is not None and now - lane.used_at >= self._idle_s) or lane.dates is not dates or undated:
            lane.adapter.close()
        if lane.dates is not dates:
            lane.adapter, lane.dates = self._adapter(dates), dates
        exchange = Exchange(now + limits.total_s, limits, left, self._stopped, self._resolver)
        with self._lock:
            self._under_way.add(exchange)
        try:
            return self._exchange(lane, exchange, message, into)
        finally:
            with self._lock:
                self._under_way.discard(exchange)

    def idle_for(self) -> float | None:
        """Seconds since the calling thread's open connection was last used; None when it has none, or a dropped one."""
        lane = self._lane()
        if lane.used_at is None or lane.connection is None or is_connection_dropped(lane.connection):
            return None
        return time.monotonic() - lane.used_at

    def stop(self) -> None:
        """End all exchanges under way, from any thread; no further one begins. One that is connecting ends in `connect_s`."""
        self._stopped.set()
        with self._lock:
            for exchange in self._under_way:
                exchange.interrupt()

    def _lane(self) -> _Lane:
        lane: _Lane | None = getattr(self._lanes, "lane", None)
        if lane is None:
            dates = self._trust.dates()
            lane = self._lanes.lane = _Lane(self._adapter(dates), dates)
        return lane

    def _adapter(self, dates: Dates) -> _Adapter:
        return _Adapter(self._trust.context(dates), lambda certificate: self._trust.check(certificate, dates))

    def _exchange(
        self, lane: _Lane, exchange: Exchange, message: Message, into: Callable[[bytes], None] | None
    ) -> Reply | NoReply:
        failure = NoReply(Why.NOT_SENT, "NoHost")
        first = self._good
        for turn in range(len(self._hosts)):
            index = (first + turn) % len(self._hosts)
            url = self._hosts[index] + message.target
            request = requests.Request(message.method, url, headers=dict(message.headers), data=message.body or None).prepare()
            if request.path_url != message.target:
                raise ValueError(f"the path would not be sent as it was signed: {message.target!r}")
            result = self._try(lane, exchange, request, into)
            if exchange.sent:
                self._good = index
            if isinstance(result, Reply) or exchange.sent or exchange.over:
                return result
            failure = result
        return failure

    def _try(
        self, lane: _Lane, exchange: Exchange, request: PreparedRequest, into: Callable[[bytes], None] | None
    ) -> Reply | NoReply:
        exchange.problem = None
        _of_thread.exchange = exchange
        response: requests.Response | None = None
        try:
            left_s = max(exchange.left_s, 0.001)
            # The adapter itself, without the session around it: no cookies, no redirects, no netrc, no environment.
            response = lane.adapter.send(request, stream=True, timeout=(left_s, left_s))
            body, size, aside = b"", 0, into if response.status_code == _OK else None
            while chunk := response.raw.read(_CHUNK, decode_content=False):
                size += len(chunk)
                if size > (exchange.limits.body_bytes if aside is not None else min(exchange.limits.body_bytes, LARGEST_BODY)):
                    exchange.problem = "TooLarge"
                    return NoReply(Why.MALFORMED, "TooLarge")
                if aside is None:
                    body += chunk
                else:
                    aside(chunk)
            reply = Reply(response.status_code, response.headers, body)
        except (requests.RequestException, HTTPError, http.client.HTTPException, OSError, ValueError) as error:
            # What is caught carries the request, payment code and all: nothing but a class name goes on from here.
            return exchange.failed(error)
        finally:
            _of_thread.exchange = None
            if response is not None and exchange.problem is not None:
                response.close()
            lane.connection = exchange.connection if isinstance(exchange.connection, _Connection) else None
            lane.used_at = time.monotonic()
        return reply


@dataclass(slots=True)
class _Lane:
    """The connections of one thread."""

    adapter: _Adapter
    dates: Dates
    connection: _Connection | None = None
    used_at: float | None = None


_of_thread = threading.local()
"""`.exchange`: the Exchange of this thread. The library makes the connections, so they cannot be handed it."""


def _current() -> Exchange:
    exchange: Exchange = _of_thread.exchange
    return exchange


class _TimedReader(io.RawIOBase):
    """The receiving side of a socket: every wait is bounded by what is left until the deadline, and every byte is counted."""

    def __init__(self, raw: io.RawIOBase, sock: socket.socket) -> None:
        self._raw = raw
        self._sock = sock
        self.ended = False  # nothing more will come

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: Any) -> int | None:  # noqa: ANN401  the library's own type is as wide
        exchange = _current()
        try:
            self._sock.settimeout(exchange.wait_s())
            received: int | None = self._raw.readinto(buffer)
            exchange.count(received or 0)
            self.ended = received == 0
        except OSError as error:
            exchange.noticed(error)
            raise
        return received

    def close(self) -> None:
        self._raw.close()
        super().close()


class _TimedResponse(http.client.HTTPResponse):
    """An answer read through a _TimedReader."""

    def __init__(self, sock: socket.socket, *args: Any, **kwargs: Any) -> None:  # noqa: ANN401  as the class it derives from
        super().__init__(sock, *args, **kwargs)
        self._reader = _TimedReader(self.fp.detach(), sock)
        self.fp = io.BufferedReader(self._reader)

    def begin(self) -> None:
        """Read the head. The library takes one that breaks off for a whole one."""
        super().begin()
        if self._reader.ended:
            raise http.client.IncompleteRead(b"")


if TYPE_CHECKING:
    _Mixable = HTTPConnection
else:
    _Mixable = object


class _Connection(_Mixable):
    """Mixed into the library's connections: our connecting, our deadlines, and the moment the first byte leaves."""

    response_class: type[http.client.HTTPResponse] = _TimedResponse
    auto_open = 0  # the library's own `send` would open a second connection for the rest of a request
    _pieces: list[bytes] | None = None  # of the request that is being put together

    def _new_conn(self) -> socket.socket:
        return _current().connect(self.host, self.port, self.socket_options or ())

    def connect(self) -> None:
        """Connect (and shake hands), keeping the name of what goes wrong.

        The library forgives a reset while a request is sent, as an answer may lie there all the same, and reads on. Without
        TLS it takes connecting for a part of sending: there is nothing to read from, so no OSError goes on from here.
        """
        try:
            self._connect()
        except OSError as error:
            _current().noticed(error)
            raise HTTPError from error
        except Exception as error:
            _current().noticed(error)
            raise

    def _connect(self) -> None:
        super().connect()

    def request(self, *args: Any, **kwargs: Any) -> None:  # noqa: ANN401  as the class it derives from
        """Send a request, head and body in one piece: between two, another thread takes its turn, and the body waits for it."""
        pieces: list[bytes] = []
        self._pieces = pieces
        try:
            super().request(*args, **kwargs)
        finally:
            self._pieces = None
        self.send(b"".join(pieces))

    def send(self, data: Any) -> None:  # noqa: ANN401  as the class it derives from
        """All bytes of a request pass here; the library brings head and body apart."""
        if self._pieces is not None:
            self._pieces.append(data)
            return
        exchange = _current()
        if self.sock is None and not exchange.sent:
            self.connect()
        left_s = exchange.leave(self)
        if self.sock is not None:
            self.sock.settimeout(left_s)
        try:
            super().send(data)
        except OSError as error:
            exchange.noticed(error)
            raise


class _PlainConnection(_Connection, HTTPConnection):
    pass


class _TlsConnection(_Connection, HTTPSConnection):
    check: Callable[[Mapping[str, Any]], None]

    def _connect(self) -> None:
        super()._connect()
        assert isinstance(self.sock, ssl.SSLSocket)
        self.check(self.sock.getpeercert() or {})


class _PlainPool(HTTPConnectionPool):
    ConnectionCls = _PlainConnection


class _Adapter(HTTPAdapter):
    """The library's adapter with our connections, one TLS context for all of them, and nothing ever sent again."""

    def __init__(self, context: ssl.SSLContext, check: Callable[[Mapping[str, Any]], None]) -> None:
        """`check` gets the certificate of each connection before a byte is sent, and may raise."""
        self._context = context
        self._check = check
        super().__init__(pool_connections=8, pool_maxsize=1, max_retries=Retry(total=False, redirect=False))

    def init_poolmanager(self, *args: Any, **kwargs: Any) -> None:  # noqa: ANN401  as the class it derives from
        super().init_poolmanager(*args, **kwargs, ssl_context=self._context)
        checked = type("_CheckedConnection", (_TlsConnection,), {"check": staticmethod(self._check)})
        pool = type("_CheckedPool", (HTTPSConnectionPool,), {"ConnectionCls": checked})
        self.poolmanager.pool_classes_by_scheme = {"http": _PlainPool, "https": pool}

    def cert_verify(self, conn: Any, url: Any, verify: Any, cert: Any) -> None:  # noqa: ANN401, ARG002  as the class it derives from
        """Always verify, by the context alone: the library would read the authorities again for every connection."""
        conn.cert_reqs = "CERT_REQUIRED"
        conn.ca_certs = None
        conn.ca_cert_dir = None
