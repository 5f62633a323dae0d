"""A request leaves once or not at all, and it is known which: real sockets, real TLS, every way to fail (contract 1.1)."""

from __future__ import annotations

import gzip
import http.client
import logging
import random
import socket
import ssl
import struct
import threading
import time

import pytest
from urllib3.exceptions import LocationParseError

from kiosk.core.model import Why
from kiosk.payment.wechat import transport
from kiosk.payment.wechat.exchange import LARGEST_BODY, Exchange, Limits, NoReply
from kiosk.payment.wechat.resolver import Resolver
from kiosk.payment.wechat.transport import Message, Reply, Transport, unix_ms
from tests.wechat_stub import Authority, Received, Stub, closed_door, raw_reply

HEADERS = {"Authorization": "signed", "User-Agent": "kiosk/test", "Accept": "application/json", "Accept-Encoding": "identity"}
BODY = b'{"auth_code":"secret"}'
LONG = Limits(total_s=20)


@pytest.fixture(scope="module")
def authority(tmp_path_factory) -> Authority:
    return Authority(tmp_path_factory.mktemp("tls"))


class Try:
    """One exchange, and how often its `left` was called."""

    def __init__(self, transport: Transport, *, limits: Limits = LONG, target: str = "/v3/x?a=b", body: bytes = BODY) -> None:
        self.left = 0
        self.result = transport.exchange(Message("POST", target, HEADERS, body), limits=limits, left=self._leave)

    def _leave(self) -> None:
        self.left += 1


def fine(_: Received) -> bytes:
    return raw_reply(200, b"fine", {})


def test_what_is_signed_is_what_is_sent() -> None:
    """Target, headers and body arrive byte for byte, with nothing added that could change or unpack them."""
    with Stub(fine) as stub:
        tried = Try(Transport([stub.url]))
        assert isinstance(tried.result, Reply)
        assert (tried.result.status, tried.result.body, tried.left) == (200, b"fine", 1)
        request = stub.received[0]
        assert (request.method, request.target, request.body) == ("POST", "/v3/x?a=b", BODY)
        expected = {name.lower(): value for name, value in HEADERS.items()}
        assert request.headers == expected | {"host": f"127.0.0.1:{stub.port}", "content-length": str(len(BODY))}


def test_head_and_body_leave_in_one_piece(monkeypatch: pytest.MonkeyPatch) -> None:
    """Between two pieces another thread could write to the disk while the second waits."""
    pieces: list[bytes] = []
    send, us = socket.socket.sendall, threading.current_thread()

    def sendall(sock: socket.socket, data: bytes, *flags: int) -> None:
        if threading.current_thread() is us:
            pieces.append(bytes(data))
        send(sock, data, *flags)

    monkeypatch.setattr(socket.socket, "sendall", sendall)
    with Stub(fine) as stub:
        Try(Transport([stub.url]))
    assert len(pieces) == 1
    assert pieces[0].startswith(b"POST ")
    assert pieces[0].endswith(BODY)


def test_one_connection_serves_one_thread_and_another_the_other() -> None:
    """Kept alive between calls; two threads never share one."""
    with Stub(fine) as stub:
        transport = Transport([stub.url])
        for _ in range(3):
            Try(transport)
        assert stub.connections == 1
        thread = threading.Thread(target=Try, args=(transport,))
        thread.start()
        thread.join()
        assert stub.connections == 2
        assert len({request.port for request in stub.received}) == 2


def test_a_target_the_library_would_change_is_our_mistake() -> None:
    """Better an error than a signature over something else."""
    with Stub(fine) as stub, pytest.raises(ValueError, match="as it was signed"):
        Try(Transport([stub.url]), target="/v3/a b")


# --- before a byte has left: the next host, else NOT_SENT ---


def test_a_refused_host_gives_way_to_the_next() -> None:
    """The second host answers; `left` was called once, for it."""
    with closed_door() as closed, Stub(fine) as stub:
        transport = Transport([closed, stub.url])
        first, second = Try(transport), Try(transport)
        assert isinstance(first.result, Reply)
        assert isinstance(second.result, Reply)
        assert first.left == second.left == 1
        assert stub.connections == 1


def test_nobody_listens_nothing_left() -> None:
    """All hosts refuse: NOT_SENT, with the reason's class, and `left` was never called."""
    with closed_door() as one, closed_door() as two:
        tried = Try(Transport([one, two]))
        assert tried.result == NoReply(Why.NOT_SENT, "ConnectionRefusedError")
        assert tried.left == 0


@pytest.mark.parametrize("error", [ConnectionResetError, BrokenPipeError, TimeoutError, OSError])
@pytest.mark.parametrize("scheme", ["http", "https"])
def test_a_connect_that_is_reset_is_a_connect_that_failed(monkeypatch: pytest.MonkeyPatch, error, scheme: str) -> None:
    """The library passes over some errors while sending, to read an answer all the same: of a connection there must be one."""

    def failing(*_: object) -> socket.socket:
        raise error(104 if error is ConnectionResetError else 32, "gone")

    monkeypatch.setattr(Exchange, "connect", failing)
    tried = Try(Transport([f"{scheme}://127.0.0.1:9"]))
    assert isinstance(tried.result, NoReply)
    assert (tried.result.why, tried.left) == (Why.NOT_SENT, 0)


def test_whatever_the_library_raises_while_it_connects_nothing_has_left(monkeypatch: pytest.MonkeyPatch) -> None:
    """Not only what the network does."""

    def broken(_: object) -> None:
        raise LocationParseError("pay.example")

    monkeypatch.setattr(transport._Connection, "_connect", broken)
    tried = Try(Transport(["http://pay.example"]))
    assert (tried.result, tried.left) == (NoReply(Why.NOT_SENT, "LocationParseError"), 0)


def test_a_reset_while_the_request_leaves_is_cut_and_it_leaves_once(monkeypatch: pytest.MonkeyPatch) -> None:
    """Some of it may have arrived: no second host, no second connection."""

    def reset(_: object, __: object) -> None:
        raise ConnectionResetError

    with Stub(fine) as stub, Stub(fine) as other:
        monkeypatch.setattr(http.client.HTTPConnection, "send", reset)
        tried = Try(Transport([stub.url, other.url]))
        assert (tried.result, tried.left) == (NoReply(Why.CUT, "ConnectionResetError"), 1)
        assert other.connections == 0


def test_what_has_left_is_not_sent_again_over_another_connection() -> None:
    """Should the library try: the moment is told once, and no connection is opened for the rest."""
    told: list[str] = []
    exchange = Exchange(time.monotonic() + 20, LONG, lambda: told.append("left"), threading.Event(), Resolver())
    connection = transport._PlainConnection("127.0.0.1", 1)
    exchange.leave(connection)
    transport._of_thread.exchange = exchange
    try:
        with pytest.raises(http.client.NotConnected):
            connection.send(b"again")
    finally:
        transport._of_thread.exchange = None
    assert told == ["left"]
    exchange.interrupt()  # of a connection that is closed: nobody waits


def test_after_the_deadline_nothing_is_waited_for() -> None:
    """Nor after the kiosk has begun to stop."""
    stopped = threading.Event()
    exchange = Exchange(time.monotonic() - 1, LONG, lambda: None, stopped, Resolver())
    with pytest.raises(TimeoutError):
        exchange.wait_s()
    stopped.set()
    with pytest.raises(OSError, match=r"^$"):
        exchange.wait_s()
    assert exchange.over


def test_in_the_last_moment_nothing_leaves_any_more() -> None:
    """Its answer could not come in time: NOT_SENT is certain, and TIMEOUT would be a customer who waits."""
    told: list[str] = []
    exchange = Exchange(time.monotonic() + 0.03, LONG, lambda: told.append("left"), threading.Event(), Resolver())
    connection = transport._PlainConnection("127.0.0.1", 1)
    assert exchange.over
    with pytest.raises(TimeoutError):
        exchange.leave(connection)
    assert (exchange.sent, told) == (False, [])
    assert exchange.failed(TimeoutError()) == NoReply(Why.NOT_SENT, "TimeoutError")


@pytest.mark.parametrize(
    ("server", "problem"),
    [
        ({"host": "other.example"}, "SSLCertVerificationError"),
        ({"days": -1}, "CertificateExpired"),
        ({"days": 40}, "CertificateNotYetValid"),
        ({"self_signed": True}, "SSLCertVerificationError"),
    ],
    ids=["wrong name", "expired", "not yet valid", "self-signed"],
)
def test_a_host_that_cannot_prove_itself_hears_nothing(authority: Authority, server: dict, problem: str) -> None:
    """A bad certificate is a failed connection: nothing left; the next host is tried."""
    with Stub(fine, authority.server(**server)) as false, Stub(fine, authority.server()) as true:
        tried = Try(Transport([false.url], ca_file=authority.file))
        assert tried.result == NoReply(Why.NOT_SENT, problem)
        assert tried.left == 0
        transport = Transport([false.url, true.url], ca_file=authority.file)
        before = false.connections
        assert [type(Try(transport).result), type(Try(transport).result)] == [Reply, Reply]
        assert (false.connections - before, false.received) == (1, [])  # the good one is asked first from then on


@pytest.mark.parametrize(("days", "server"), [(100, {"days": 110}), (-100, {"days": -90})], ids=["behind", "ahead"])
def test_a_certificate_is_held_against_the_kiosks_clock_where_the_machines_is_wrong(
    authority: Authority, days: int, server: dict
) -> None:
    """Valid by the true time, which the kiosk knows and the machine does not; and the other way round."""
    true = unix_ms() + days * 86_400_000
    with Stub(fine, authority.server(**server)) as stub, Stub(fine, authority.server()) as of_now:
        assert isinstance(Try(Transport([stub.url], ca_file=authority.file, now=lambda: true)).result, Reply)
        untimely = Try(Transport([of_now.url], ca_file=authority.file, now=lambda: true))
        assert untimely.result == NoReply(Why.NOT_SENT, "CertificateExpired" if days > 0 else "CertificateNotYetValid")
        assert (untimely.left, of_now.received) == (0, [])


def test_no_clock_makes_another_name_or_authority_right(authority: Authority) -> None:
    """Only the dates are for the kiosk's clock to judge; and an undated question is no door for others."""
    true = unix_ms() + 100 * 86_400_000
    for server in ({"host": "other.example", "days": 110}, {"self_signed": True, "days": 110}):
        with Stub(fine, authority.server(**server)) as stub:
            transport = Transport([stub.url], ca_file=authority.file, now=lambda: true)
            message = Message("GET", "/v3/x", HEADERS)
            for undated in (False, True):
                result = transport.exchange(message, limits=LONG, left=lambda: None, undated=undated)
                assert result == NoReply(Why.NOT_SENT, "SSLCertVerificationError")
            assert stub.received == []


def test_what_is_asked_undated_leaves_no_connection_behind(authority: Authority) -> None:
    """The next request judges dates again, although the server is still there."""
    with Stub(fine, authority.server(days=-1)) as stub:
        transport = Transport([stub.url], ca_file=authority.file)
        asked = transport.exchange(Message("GET", "/v3/x", HEADERS), limits=LONG, left=lambda: None, undated=True)
        assert isinstance(asked, Reply)
        assert Try(transport).result == NoReply(Why.NOT_SENT, "CertificateExpired")
        assert len(stub.received) == 1


def test_the_usual_authorities_do_not_know_ours(authority: Authority) -> None:
    """Without ca_file, our own authority is nobody's."""
    with Stub(fine, authority.server()) as stub:
        assert Try(Transport([stub.url])).result == NoReply(Why.NOT_SENT, "SSLCertVerificationError")


def test_old_tls_is_not_spoken(authority: Authority) -> None:
    """TLS 1.1 is refused (contract 1.1)."""
    context = authority.server()
    with pytest.warns(DeprecationWarning, match="TLSv1"):
        context.minimum_version, context.maximum_version = ssl.TLSVersion.TLSv1, ssl.TLSVersion.TLSv1_1
    context.set_ciphers("DEFAULT@SECLEVEL=0")  # or the server would not speak it either
    with Stub(fine, context) as stub:
        result = Try(Transport([stub.url], ca_file=authority.file)).result
        assert isinstance(result, NoReply)
        assert result.why is Why.NOT_SENT


def test_a_host_that_never_shakes_hands_gives_way(authority: Authority) -> None:
    """Connected, but no TLS within connect_s: nothing left, next host."""
    with socket.create_server(("127.0.0.1", 0)) as silent, Stub(fine, authority.server()) as stub:
        hosts = [f"https://127.0.0.1:{silent.getsockname()[1]}", stub.url]
        tried = Try(Transport(hosts, ca_file=authority.file), limits=Limits(total_s=20, connect_s=1))
        assert isinstance(tried.result, Reply)
        assert tried.left == 1


def test_time_spent_connecting_is_time_spent() -> None:
    """When the whole deadline goes into connecting, nothing leaves any more, not even to a host that would answer."""
    with socket.create_server(("127.0.0.1", 0)) as silent, Stub(fine) as stub:
        hosts = [f"https://127.0.0.1:{silent.getsockname()[1]}", stub.url]
        tried = Try(Transport(hosts), limits=Limits(total_s=0.2, connect_s=5))
        assert isinstance(tried.result, NoReply)
        assert (tried.result.why, tried.left, stub.received) == (Why.NOT_SENT, 0, [])


def test_a_name_that_does_not_resolve_does_not_hold_the_call(monkeypatch: pytest.MonkeyPatch) -> None:
    """The system may take half a minute for a name; the call takes its connect_s, and one thread asks, not one per call."""
    answered, asked = threading.Event(), []

    def stuck(host: str, *_: object, **__: object) -> list:
        asked.append(host)
        answered.wait(20)
        raise socket.gaierror

    monkeypatch.setattr(socket, "getaddrinfo", stuck)
    transport = Transport(["https://pay.invalid"])
    for _ in range(2):
        tried = Try(transport, limits=Limits(total_s=20, connect_s=0.05))
        assert tried.result == NoReply(Why.NOT_SENT, "TimeoutError")
    assert asked == ["pay.invalid"]
    answered.set()


def test_a_name_that_is_none_is_not_sent(monkeypatch: pytest.MonkeyPatch) -> None:
    """DNS says no: NOT_SENT; the next host is tried."""

    def nothing(host: str, *rest: object, **more: object) -> list:
        if host == "pay.invalid":
            raise socket.gaierror
        return real(host, *rest, **more)

    real = socket.getaddrinfo
    monkeypatch.setattr(socket, "getaddrinfo", nothing)
    assert Try(Transport(["https://pay.invalid"])).result == NoReply(Why.NOT_SENT, "gaierror")
    with Stub(fine) as stub:
        assert isinstance(Try(Transport(["http://pay.invalid", stub.url])).result, Reply)


def test_a_name_that_dns_cannot_even_be_asked_for_is_not_sent(monkeypatch: pytest.MonkeyPatch) -> None:
    """Longer than a label may be, say: a mistake in kiosk.toml, no exception of the library."""

    def never(*_: object, **__: object) -> list:
        raise UnicodeError("label too long")

    monkeypatch.setattr(socket, "getaddrinfo", never)
    assert Try(Transport(["https://pay.invalid"])).result == NoReply(Why.NOT_SENT, "gaierror")


def test_without_time_for_an_address_none_is_tried(monkeypatch: pytest.MonkeyPatch) -> None:
    """The name took all that connecting may take."""
    monkeypatch.setattr(Resolver, "resolve", lambda *_: [(socket.AF_INET, socket.SOCK_STREAM, 0, "", ("127.0.0.1", 1))])
    tried = Try(Transport(["http://pay.example"]), limits=Limits(total_s=20, connect_s=0))
    assert (tried.result, tried.left) == (NoReply(Why.NOT_SENT, "TimeoutError"), 0)


def test_a_name_that_was_found_once_is_not_lost_with_the_name_server(monkeypatch: pytest.MonkeyPatch) -> None:
    """The name server says no, or nothing at all: the addresses it gave before serve on."""
    real, dead = socket.getaddrinfo, threading.Event()
    with Stub(fine) as stub:
        monkeypatch.setattr(socket, "getaddrinfo", lambda _, *rest, **more: real("127.0.0.1", *rest, **more))
        transport = Transport([f"http://pay.example:{stub.port}"], idle_s=0)
        assert isinstance(Try(transport).result, Reply)

        def refusing(*_: object, **__: object) -> list:
            raise socket.gaierror

        def silent(*_: object, **__: object) -> list:
            dead.wait(20)
            raise socket.gaierror

        for broken in (refusing, silent):
            monkeypatch.setattr(socket, "getaddrinfo", broken)
            assert isinstance(Try(transport).result, Reply)
        dead.set()
        assert stub.connections == 3


def test_a_slow_name_server_is_asked_again_beside_the_question_that_waits(monkeypatch: pytest.MonkeyPatch) -> None:
    """The first question went into a dead network and is waited for in vain; a later one is answered, and all get that."""
    real, dead, asked = socket.getaddrinfo, threading.Event(), []

    def first_lost(host: str, *rest: object, **more: object) -> list:
        asked.append(host)
        if len(asked) == 1:
            dead.wait(20)
            raise socket.gaierror
        return real("127.0.0.1", *rest, **more)

    monkeypatch.setattr(socket, "getaddrinfo", first_lost)
    monkeypatch.setattr("kiosk.payment.wechat.resolver._ASK_BESIDE_S", 0.1)
    with Stub(fine) as stub:
        transport = Transport([f"http://pay.example:{stub.port}"])
        assert Try(transport, limits=Limits(total_s=20, connect_s=0.2)).result == NoReply(Why.NOT_SENT, "TimeoutError")
        assert isinstance(Try(transport).result, Reply)
        assert len(asked) == 2
        dead.set()


def test_a_name_server_that_says_no_is_not_believed_while_an_earlier_question_waits(monkeypatch: pytest.MonkeyPatch) -> None:
    """The network came back between the two; the first one is answered after all."""
    real, refused, asked = socket.getaddrinfo, threading.Event(), []

    def second_refused(host: str, *rest: object, **more: object) -> list:
        asked.append(host)
        if len(asked) == 2:
            refused.set()
            raise socket.gaierror
        refused.wait(20)
        time.sleep(0.2)  # the no is in before the yes
        return real("127.0.0.1", *rest, **more)

    monkeypatch.setattr(socket, "getaddrinfo", second_refused)
    monkeypatch.setattr("kiosk.payment.wechat.resolver._ASK_BESIDE_S", 0)
    monkeypatch.setattr("kiosk.payment.wechat.resolver._ASKING_MOST", 2)
    resolver, stopped = Resolver(), threading.Event()
    with pytest.raises(TimeoutError):
        resolver.resolve("pay.example", 1, time.monotonic(), stopped)
    (found,) = resolver.resolve("pay.example", 1, time.monotonic() + 20, stopped)
    assert refused.is_set()
    assert found[-1] == ("127.0.0.1", 1)


def test_a_dead_address_leaves_time_for_the_next(monkeypatch: pytest.MonkeyPatch) -> None:
    """Of several addresses of one name the first may swallow everything; the second still gets its turn."""
    with Stub(fine) as stub, socket.socket() as full:
        full.bind(("127.0.0.1", 0))
        full.listen(0)
        fillers = [socket.socket() for _ in range(4)]
        for filler in fillers:  # the queue of a listener that never accepts: further connects hang
            filler.setblocking(False)
            filler.connect_ex(full.getsockname())
        both = [
            (socket.AF_INET, socket.SOCK_STREAM, 0, "", address) for address in (full.getsockname(), ("127.0.0.1", stub.port))
        ]
        monkeypatch.setattr(Resolver, "resolve", lambda *_: both)
        tried = Try(Transport(["http://pay.example"]), limits=Limits(total_s=20, connect_s=1))
        assert isinstance(tried.result, Reply)
        assert tried.left == 1
        for filler in fillers:
            filler.close()


# --- once a byte may have left: never again, to nobody ---


def cut(connection: socket.socket) -> None:
    """Reset: what the other side has not read is thrown away."""
    connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))


def half_an_answer(connection: socket.socket) -> None:
    connection.sendall(b"HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\nhalf")


def half_a_head(connection: socket.socket) -> None:
    connection.sendall(b"HTTP/1.1 200 OK\r\nContent-Le")


def no_http(connection: socket.socket) -> None:
    connection.sendall(b"\x00\xff\x00 what?\r\n\r\n")


@pytest.mark.parametrize("end", [lambda _: None, cut, half_an_answer, half_a_head, no_http])
@pytest.mark.parametrize("tls", [False, True])
def test_a_connection_cut_after_the_request_is_cut(authority: Authority, end, tls: bool) -> None:
    """Whatever is left unsaid: CUT, one request in all, and the second host is not asked."""
    context = authority.server() if tls else None
    with Stub(lambda _: end, context) as stub, Stub(fine, context) as second:
        tried = Try(Transport([stub.url, second.url], ca_file=authority.file))
        assert isinstance(tried.result, NoReply)
        assert (tried.result.why, tried.left) == (Why.CUT, 1)
        assert len(stub.received) == 1
        assert second.received == []


def test_an_idle_connection_closed_in_time_is_replaced() -> None:
    """The server closed it while it was idle and that was seen: a new one is opened before anything is sent."""
    with Stub(fine) as stub:
        transport = Transport([stub.url])
        Try(transport)
        assert transport.idle_for() is not None
        stub.hang_up()
        while transport.idle_for() is not None:  # until the close has arrived
            pass
        tried = Try(transport)
        assert isinstance(tried.result, Reply)
        assert (tried.left, len(stub.received), stub.connections) == (1, 2, 2)


def test_an_idle_connection_that_dies_under_the_request_is_cut_and_not_not_sent(authority: Authority) -> None:
    """The close crosses the request on the wire: its bytes may have arrived. Nothing is sent a second time."""
    for context in (None, authority.server()):
        reactions = iter([raw_reply(200, b"fine", {}), cut])
        with Stub(lambda _, reactions=reactions: next(reactions), context) as stub:
            transport = Transport([stub.url, stub.url], ca_file=authority.file)
            Try(transport)
            tried = Try(transport)
            assert isinstance(tried.result, NoReply)
            assert (tried.result.why, tried.left, len(stub.received), stub.connections) == (Why.CUT, 1, 2, 1)


def test_a_connection_idle_for_long_is_not_trusted() -> None:
    """Routers forget idle connections without a word: past idle_s a new one is opened."""
    with Stub(fine) as stub:
        transport = Transport([stub.url], idle_s=0)
        Try(transport)
        assert isinstance(Try(transport).result, Reply)
        assert stub.connections == 2


def test_a_host_that_failed_while_answering_is_not_left_for_another() -> None:
    """Sticky means: only a failed connect moves on."""
    with Stub(lambda _: None) as stub, Stub(fine) as second:
        transport = Transport([stub.url, second.url])
        Try(transport)
        Try(transport)
        assert len(stub.received) == 2
        assert second.received == []


@pytest.mark.parametrize("status", [301, 302, 303, 307, 308])
def test_no_redirect_is_followed(status: int) -> None:
    """A 30x is an answer like any other; where it points to hears nothing."""
    with Stub(fine) as elsewhere, Stub(lambda _: raw_reply(status, b"", {"Location": elsewhere.url + "/v3/x"})) as stub:
        result = Try(Transport([stub.url])).result
        assert isinstance(result, Reply)
        assert result.status == status
        assert elsewhere.received == []
        assert len(stub.received) == 1


@pytest.mark.parametrize("status", [413, 429, 500, 503])
def test_retry_after_is_not_obeyed_by_a_library(status: int) -> None:
    """No answer, whatever it says, makes the request leave again."""
    with Stub(lambda _: raw_reply(status, b"", {"Retry-After": "0"})) as stub:
        Try(Transport([stub.url]))
        assert len(stub.received) == 1


def test_nothing_of_the_environment_counts(monkeypatch: pytest.MonkeyPatch, tmp_path) -> None:
    """Proxies, certificate settings and a netrc of the environment change nothing."""
    with closed_door() as closed, Stub(fine) as stub:
        netrc = tmp_path / "netrc"
        netrc.write_text("machine 127.0.0.1 login a password b")
        settings = {"http_proxy": closed, "HTTPS_PROXY": closed, "ALL_PROXY": closed, "NETRC": str(netrc)}
        for name, value in (settings | {"REQUESTS_CA_BUNDLE": "/nonexistent"}).items():
            monkeypatch.setenv(name, value)
        assert isinstance(Try(Transport([stub.url])).result, Reply)
        assert stub.received[0].headers["authorization"] == "signed"


def test_cookies_are_not_kept() -> None:
    """Nothing a server says comes back to it."""
    with Stub(lambda _: raw_reply(200, b"", {"Set-Cookie": "a=b; Path=/"})) as stub:
        transport = Transport([stub.url])
        Try(transport)
        Try(transport)
        assert "cookie" not in stub.received[1].headers


# --- deadlines and sizes ---

QUICK = Limits(total_s=0.5)


def drip(what: bytes, stub_over: threading.Event):
    """One byte at a time, for ten seconds at most: each comes soon enough to please a read timeout."""

    def react(connection: socket.socket) -> None:
        for byte in what[:200]:
            connection.sendall(bytes([byte]))
            if stub_over.wait(0.05):
                break

    return react


@pytest.mark.parametrize(
    "what",
    [
        raw_reply(200, b"x" * 200, {}),
        b"HTTP/1.1 200 OK\r\n" + b"X: " + b"y" * 200,
        b"HTTP/1.1 100 Continue\r\n\r\n" * 9,
        b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n" + b"1\r\nx\r\n" * 30 + b"0\r\n\r\n",
    ],
    ids=["body", "header", "continue", "chunks"],
)
@pytest.mark.parametrize("tls", [False, True])
def test_a_drip_does_not_stretch_the_deadline(authority: Authority, what: bytes, tls: bool) -> None:
    """The deadline is a total: whatever is being dripped, TIMEOUT, after `left`."""
    over = threading.Event()
    reactions = iter([raw_reply(200, b"fine", {}), drip(what, over)])
    with Stub(lambda _: next(reactions), authority.server() if tls else None) as stub:
        transport = Transport([stub.url], ca_file=authority.file)
        Try(transport)  # so that the short time is not spent on connecting
        tried = Try(transport, limits=QUICK)
        over.set()
        assert tried.result == NoReply(Why.TIMEOUT, "TimeoutError")
        assert tried.left == 1


def test_silence_is_a_timeout() -> None:
    """Nothing comes: TIMEOUT, and the late answer is never read as the answer to the next request."""
    over = threading.Event()

    def late(connection: socket.socket) -> None:
        over.wait(10)
        connection.sendall(raw_reply(200, b"late", {}))

    reactions = iter([late, raw_reply(200, b"second", {})])
    with Stub(lambda _: next(reactions)) as stub:
        transport = Transport([stub.url])
        assert Try(transport, limits=Limits(total_s=3)).result == NoReply(Why.TIMEOUT, "TimeoutError")
        over.set()
        result = Try(transport).result
        assert isinstance(result, Reply)
        assert result.body == b"second"


def endless(start: bytes, piece: bytes, over: threading.Event):
    def react(connection: socket.socket) -> None:
        connection.sendall(start)
        while not over.is_set():
            connection.sendall(piece)

    return react


@pytest.mark.parametrize(
    ("start", "piece"),
    [
        (b"HTTP/1.1 200 OK\r\n\r\n", b"x" * 4096),
        (b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n", b"1000\r\n" + b"x" * 4096 + b"\r\n"),
        (b"HTTP/1.1 100 Continue\r\n\r\n", b"HTTP/1.1 100 Continue\r\nX: " + b"y" * 4096 + b"\r\n\r\n"),
    ],
    ids=["body", "chunks", "continue"],
)
def test_endless_answers_end_at_the_cap(start: bytes, piece: bytes) -> None:
    """Head and body have a cap in bytes, long before the deadline."""
    over = threading.Event()
    with Stub(lambda _: endless(start, piece, over)) as stub:
        assert Try(Transport([stub.url])).result == NoReply(Why.MALFORMED, "TooLarge")
        over.set()


def test_endless_headers_end_too() -> None:
    """Whether it is one endless line or ever more lines: no answer, and known to have left."""
    for piece in (b"x" * 4096, b"X: y\r\n"):
        over = threading.Event()
        with Stub(lambda _, piece=piece, over=over: endless(b"HTTP/1.1 200 OK\r\nX: ", piece, over)) as stub:
            result = Try(Transport([stub.url])).result
            over.set()
            assert isinstance(result, NoReply)
            assert result.why in {Why.CUT, Why.MALFORMED}


def test_the_cap_is_exact() -> None:
    """64 KiB pass, one byte more does not; and the next request is not disturbed."""
    sizes = iter([LARGEST_BODY, LARGEST_BODY + 1, 5])
    with Stub(lambda _: raw_reply(200, b"x" * next(sizes), {})) as stub:
        transport = Transport([stub.url])
        first, second, third = Try(transport).result, Try(transport).result, Try(transport).result
        assert isinstance(first, Reply)
        assert len(first.body) == LARGEST_BODY
        assert second == NoReply(Why.MALFORMED, "TooLarge")
        assert isinstance(third, Reply)
        assert third.body == b"xxxxx"


def test_a_gzip_bomb_stays_packed() -> None:
    """Nothing is unpacked: 64 MB of zeros come as the few KB they were sent as."""
    bomb = gzip.compress(b"\0" * (64 << 20))
    with Stub(lambda _: raw_reply(200, bomb[:LARGEST_BODY], {"Content-Encoding": "gzip"})) as stub:
        result = Try(Transport([stub.url])).result
        assert isinstance(result, Reply)
        assert result.body == bomb[:LARGEST_BODY]


def test_random_bytes_make_no_exception() -> None:
    """Whatever a server says, there is a Reply or a reason."""
    chance = random.Random(7)
    words = [
        b"HTTP/1.1 ",
        b"200 OK\r\n",
        b"204 \r\n",
        b"\r\n",
        b"Content-Length: ",
        b"-5",
        b"99",
        b"a,b",
        b"Transfer-Encoding: chunked",
    ]
    words += [
        b"zz\r\n",
        b"Content-Encoding: gzip\r\n",
        b"\xff\xfe",
        b" : \r\n",
        b"Location: http://[\r\n",
        b"Connection: close\r\n",
    ]

    def babble(_: Received):
        text = b"HTTP/1.1 " * chance.randint(0, 1) + b"".join(chance.choices(words, k=chance.randint(0, 9)))
        return lambda connection: connection.sendall(text)

    with Stub(babble) as stub:
        transport = Transport([stub.url])
        for _ in range(150):
            tried = Try(transport)
            assert isinstance(tried.result, Reply | NoReply)
            assert tried.left == 1
            if isinstance(tried.result, NoReply):
                assert tried.result.why is not Why.NOT_SENT
        assert len(stub.received) == 150


# --- stopping ---


@pytest.mark.parametrize("tls", [False, True])
def test_stop_ends_what_is_under_way(authority: Authority, tls: bool) -> None:
    """A call that waits for an answer ends at once, as CUT; later calls send nothing."""
    over, arrived = threading.Event(), threading.Event()

    def silence(_: Received):
        arrived.set()
        return lambda _: over.wait(30)

    with Stub(silence, authority.server() if tls else None) as stub:
        transport = Transport([stub.url], ca_file=authority.file)
        results: list[object] = []
        waiting = threading.Thread(target=lambda: results.append(Try(transport, limits=Limits(total_s=60)).result))
        waiting.start()
        assert arrived.wait(10)
        transport.stop()
        waiting.join(10)
        assert not waiting.is_alive()
        assert isinstance(results[0], NoReply)
        assert results[0].why is Why.CUT
        over.set()
        later = Try(transport)
        assert isinstance(later.result, NoReply)
        assert (later.result.why, later.left) == (Why.NOT_SENT, 0)


def test_nothing_of_the_body_is_logged_or_shown(caplog: pytest.LogCaptureFixture) -> None:
    """Not by us and not by the libraries, however loud."""
    caplog.set_level(logging.DEBUG)
    message = Message("POST", "/v3/x", HEADERS, BODY)
    with Stub(fine) as stub:
        Try(Transport([stub.url]))
    assert caplog.records
    assert "secret" not in caplog.text + repr(message)
