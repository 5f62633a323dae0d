"""The door to the network: TLS, and one whole, small, timely request a connection before anything behind it hears of it.

Knows the head of an HTTP/1.1 request and its length; nothing of pages. Behind it waitress answers on a Unix socket of this
process, which it reaches alone. A handshake that stands still, a head or a body that trickles, a body too large for somebody who
is not logged in: each ends here, with one task's memory spent on it and no thread waiting.
"""

from __future__ import annotations

import asyncio
import contextlib
import re
import socket
import ssl
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

LARGEST_HEAD = 16 * 1024
LARGEST_FORM = 64 * 1024
LARGEST_UPLOAD = 128 * 1024 * 1024
HANDSHAKE_S = 5.0
HEAD_S = 10.0
LEAST_BYTES_PER_S = 8 * 1024  # a body slower than that, over all, is not waited for
ANSWER_S = 180.0
LET_GO_S = 2.0  # for the rest of what is refused
CONNECTIONS = 64
CONNECTIONS_OF_ONE = 12
_CHUNK = 64 * 1024
_TOKEN = re.compile(rb"[!#$%&'*+.^_`|~0-9A-Za-z-]+")
_METHODS = (b"GET", b"HEAD", b"POST")
_REFUSALS = {400: "Bad Request", 405: "Method Not Allowed", 408: "Request Timeout", 413: "Content Too Large"}


class Refused(Exception):
    """A request that is not handed on; `status` is what its sender is told."""

    def __init__(self, status: int) -> None:
        self.status = status
        super().__init__(_REFUSALS[status])


@dataclass(frozen=True, slots=True)
class Head:
    """The head of a request, as it is handed on, and how many bytes of body come after it."""

    lines: bytes
    body: int


def read_head(raw: bytes, most_body: Callable[[str], int], peer: str) -> Head:
    """Check a head (with its empty line) and write it anew. `most_body`: the largest body, by the value of Cookie. Refused."""
    request, *lines = raw[:-4].split(b"\r\n")
    parts = request.split(b" ")
    if len(parts) != 3 or parts[2] != b"HTTP/1.1" or not parts[1].startswith(b"/") or re.search(rb"[^!-~]", parts[1]):  # noqa: PLR2004  method, target, version
        raise Refused(400)
    if parts[0] not in _METHODS:
        raise Refused(405)
    fields: dict[bytes, bytes] = {}
    for line in lines:
        name, colon, value = line.partition(b":")
        name = name.lower()
        if not colon or not _TOKEN.fullmatch(name) or name in fields or re.search(rb"[\x00-\x08\x0a-\x1f\x7f]", value):
            raise Refused(400)  # a field twice is somebody's attempt to be read in two ways
        fields[name] = value.strip()
    if b"transfer-encoding" in fields or b"upgrade" in fields or not fields.get(b"host"):
        raise Refused(400)
    length = fields.pop(b"content-length", b"0")
    if not re.fullmatch(rb"[0-9]{1,12}", length):
        raise Refused(400)
    if int(length) > most_body(fields.get(b"cookie", b"").decode("latin-1")):
        raise Refused(413)
    for name in [b"connection", b"keep-alive", b"expect", b"proxy-connection", *(n for n in fields if n.startswith(b"x-"))]:
        fields.pop(name, None)
    told = {
        **fields,
        b"content-length": str(int(length)).encode(),
        b"connection": b"close",
        b"x-peer": peer.encode("ascii", "replace"),
    }
    return Head(
        request + b"\r\n" + b"".join(name + b": " + value + b"\r\n" for name, value in told.items()) + b"\r\n", int(length)
    )


class Front:
    """Serves in a thread's own event loop. `behind`: waitress's socket. `most_body`: as read_head has it, called in the loop."""

    def __init__(self, behind: Path, context: ssl.SSLContext, most_body: Callable[[str], int]) -> None:
        self._behind = behind
        self._context = context
        self._most_body = most_body
        self._peers: Counter[str] = Counter()
        self._tasks: set[asyncio.Task[None]] = set()

    async def serve(self, listener: socket.socket, stopped: asyncio.Event) -> None:
        """Answer on a socket that listens, until `stopped`."""
        loop = asyncio.get_running_loop()
        listener.setblocking(False)
        stopping = asyncio.ensure_future(stopped.wait())
        while not stopped.is_set():
            accepting = asyncio.ensure_future(loop.sock_accept(listener))
            await asyncio.wait({stopping, accepting}, return_when=asyncio.FIRST_COMPLETED)
            if not accepting.done():
                accepting.cancel()
                break
            try:
                connection, address = accepting.result()
            except OSError:  # no descriptor is free, or whoever knocked is gone
                await asyncio.sleep(0.1)
                continue
            peer = str(address[0])
            if self._peers.total() >= CONNECTIONS or self._peers[peer] >= CONNECTIONS_OF_ONE:
                connection.close()
                continue
            self._peers[peer] += 1
            task = loop.create_task(self._take(connection, peer))
            self._tasks.add(task)
            task.add_done_callback(self._tasks.discard)
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)

    async def _take(self, connection: socket.socket, peer: str) -> None:
        """One connection, counted from before its handshake until it is closed."""
        loop = asyncio.get_running_loop()
        reader = asyncio.StreamReader(limit=LARGEST_HEAD)
        protocol = asyncio.StreamReaderProtocol(reader)
        try:
            with contextlib.suppress(OSError, EOFError):  # who goes away, falls silent or speaks no TLS is no event
                transport, _ = await loop.connect_accepted_socket(  # from here on the socket is the transport's to close
                    lambda: protocol, connection, ssl=self._context, ssl_handshake_timeout=HANDSHAKE_S, ssl_shutdown_timeout=1.0
                )
                writer = asyncio.StreamWriter(transport, protocol, reader, loop)
                try:
                    await self._one(reader, writer, peer)
                    await _drained(writer)
                    writer.close()
                    await writer.wait_closed()
                finally:
                    transport.abort()
        finally:
            self._peers[peer] -= 1
            if not self._peers[peer]:
                del self._peers[peer]

    async def _one(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter, peer: str) -> None:
        """One request and its answer."""
        try:
            try:
                async with asyncio.timeout(HEAD_S):
                    raw = await _head(reader)
            except TimeoutError:
                raise Refused(408) from None
            head = read_head(raw, self._most_body, peer)
            async with asyncio.timeout(HEAD_S + head.body / LEAST_BYTES_PER_S + ANSWER_S):
                await self._hand_on(head, reader, writer)
        except Refused as refused:
            writer.write(f"HTTP/1.1 {refused.status} {refused}\r\nContent-Length: 0\r\nConnection: close\r\n\r\n".encode())
            await _drained(writer)
            await _let_go(reader)

    async def _hand_on(self, head: Head, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        """Body in, answer out. Waitress hears of a form when all of it is there."""
        inner, outer = await asyncio.open_unix_connection(self._behind)
        try:
            async with asyncio.timeout(HEAD_S + head.body / LEAST_BYTES_PER_S):
                outer.write(head.lines)
                left = head.body
                while left:
                    piece = await reader.read(min(left, _CHUNK))
                    if not piece:
                        return
                    left -= len(piece)
                    outer.write(piece)
                    await outer.drain()
            while piece := await inner.read(_CHUNK):
                writer.write(piece)
                await writer.drain()
        finally:
            outer.close()


async def _drained(writer: asyncio.StreamWriter) -> None:
    async with asyncio.timeout(ANSWER_S):
        await writer.drain()


async def _let_go(reader: asyncio.StreamReader) -> None:
    """Drop what is still on its way, for a moment: closing on it would take the refusal back (RFC 9112, 9.6)."""
    with contextlib.suppress(TimeoutError):
        async with asyncio.timeout(LET_GO_S):
            while await reader.read(_CHUNK):
                pass


async def _head(reader: asyncio.StreamReader) -> bytes:
    try:
        raw = await reader.readuntil(b"\r\n\r\n")
    except asyncio.LimitOverrunError:
        raise Refused(400) from None
    if len(raw) > LARGEST_HEAD:
        raise Refused(400)
    return raw
