"""The listener by itself: what it hands on, what it refuses, and how it treats who is too big, too slow or too many."""

from __future__ import annotations

import http.client
import json
import socket
import threading
from collections.abc import Callable, Iterator, Mapping
from typing import Any

import pytest

from kiosk import listener
from kiosk.core.errors import DriverError
from kiosk.listener import LARGEST_BODY, LARGEST_HEAD, Listener
from kiosk.notifications import Receipt

PATH = "/wechat/notify"


class Heard:
    """A served listener; `came` is what it handed on, `receipt` what it is told to answer."""

    def __init__(self, host: str = "127.0.0.1") -> None:
        self.came: list[tuple[Mapping[str, str], bytes]] = []
        self.receipt = Receipt(200, "OK")
        self.beats = 0
        self.listener = Listener(host, 0, PATH, self.take)
        self.listener.open()
        self.host, self.port = host, int(self.listener.url.removesuffix(PATH).rpartition(":")[2])
        self.thread = threading.Thread(target=self.listener.serve, args=(self.beat,), daemon=True)
        self.thread.start()

    def take(self, headers: Mapping[str, str], body: bytes) -> Receipt:
        self.came.append((headers, body))
        return self.receipt

    def beat(self) -> None:
        self.beats += 1

    def ask(
        self, method: str = "POST", path: str = PATH, body: bytes = b"{}", **headers: str
    ) -> tuple[int, dict[str, Any] | str]:
        """Status, and the answer: an object where it is JSON."""
        connection = http.client.HTTPConnection(self.host, self.port, timeout=10)
        try:
            connection.request(method, path, body, {name.replace("_", "-"): value for name, value in headers.items()})
            answer = connection.getresponse()
            text = answer.read().decode()
            return answer.status, json.loads(text) if answer.headers["Content-Type"] == "application/json" else text
        finally:
            connection.close()

    def said(self, sent: bytes) -> bytes:
        """The beginning of what is answered to these bytes, after which the connection is open and no more comes."""
        with self.connect() as connection:
            connection.sendall(sent)
            return connection.recv(1000)

    def connect(self) -> socket.socket:
        return socket.create_connection((self.host, self.port), timeout=10)


@pytest.fixture
def heard() -> Iterator[Heard]:
    made = Heard()
    yield made
    made.listener.stop()
    made.thread.join(10)
    assert not made.thread.is_alive()


def test_what_is_posted_is_handed_on_as_it_came(heard: Heard) -> None:
    """The raw bytes, and the headers; the answer is WeChat's form (contract 7.5)."""
    body = '{ "id" : "EV-1",\n"summary": "支付成功" }\n'.encode()
    assert heard.ask(body=body, Wechatpay_Nonce="aB3") == (200, {"code": "SUCCESS", "message": "OK"})
    ((headers, came),) = heard.came
    assert came == body
    assert headers["WECHATPAY-NONCE"] == "aB3"


def test_a_failure_has_its_status_and_says_why(heard: Heard) -> None:
    """WeChat sends again what was answered with 4xx or 5xx."""
    for receipt in (Receipt(401, "signature"), Receipt(500, "cannot be kept now")):
        heard.receipt = receipt
        assert heard.ask() == (receipt.status, {"code": "FAIL", "message": receipt.message})


@pytest.mark.parametrize("method", ["GET", "PUT", "DELETE", "OPTIONS"])
def test_nothing_but_post_is_answered(heard: Heard, method: str) -> None:
    """And nothing is handed on."""
    status, _ = heard.ask(method)
    assert status == 405
    assert heard.came == []


@pytest.mark.parametrize("path", ["/", "/wechat", PATH + "/", PATH + "/x", PATH + "?a=1", "/WECHAT/notify", "/wechat/notify%2f"])
def test_no_other_path_is_answered(heard: Heard, path: str) -> None:
    """The address is known to one caller, who was given it in full."""
    assert heard.ask(path=path) == (404, {"code": "FAIL", "message": "nothing here"})
    assert heard.came == []


def test_a_header_said_twice_or_with_an_underscore_is_not_passed_off_as_signed(heard: Heard) -> None:
    """Two values become one that has a form no signature allows; an underscore is no hyphen."""
    lines = "Host: x", "Wechatpay-Nonce: one", "Wechatpay-Nonce: two", "Wechatpay_Serial: three", "Content-Length: 0"
    with heard.connect() as connection:
        connection.sendall("\r\n".join([f"POST {PATH} HTTP/1.1", *lines, "", ""]).encode())
        assert connection.recv(1000).startswith(b"HTTP/1.1 200 ")
    ((headers, _),) = heard.came
    assert headers["WECHATPAY-NONCE"] == "one, two"
    assert "WECHATPAY-SERIAL" not in headers


def test_the_largest_body_is_taken_and_one_byte_more_is_not(heard: Heard) -> None:
    """64 KiB. What is larger is refused before it is read, or, in chunks, as soon as it is too much."""
    assert heard.ask(body=b"x" * LARGEST_BODY)[0] == 200
    head = f"POST {PATH} HTTP/1.1\r\nHost: x\r\n"
    assert heard.said(f"{head}Content-Length: {LARGEST_BODY + 1}\r\n\r\n".encode()).startswith(b"HTTP/1.1 413 ")
    size = b"%x\r\n" % (LARGEST_BODY + 1)
    chunk = size + b"x" * (LARGEST_BODY + 1 - len(size))  # its framing counts, too
    assert heard.said(f"{head}Transfer-Encoding: chunked\r\n\r\n".encode() + chunk).startswith(b"HTTP/1.1 413 ")
    assert [len(body) for _, body in heard.came] == [LARGEST_BODY]


def test_a_head_that_is_too_large_is_refused(heard: Heard) -> None:
    """16 KiB in all, whether it ever ends or not."""
    head = f"POST {PATH} HTTP/1.1\r\nHost: x\r\nWechatpay-Nonce: ".encode()
    assert heard.said(head.ljust(LARGEST_HEAD, b"x")).startswith(b"HTTP/1.0 431 ")
    assert heard.came == []


def test_who_sends_a_byte_at_a_time_is_hung_up_on(
    heard: Heard, monkeypatch: pytest.MonkeyPatch, until: Callable[..., Any]
) -> None:
    """However busy it is: nobody is listened to for longer than WeChat itself would wait."""
    monkeypatch.setattr(listener, "PATIENCE_S", 0.3)
    with heard.connect() as connection:
        connection.sendall(f"POST {PATH} HTTP/1.1\r\nHost: x\r\nContent-Length: 1000\r\n\r\n".encode())

        def hung_up() -> bool:
            try:
                connection.sendall(b"x")
                connection.settimeout(0.01)
                return connection.recv(1) == b""
            except TimeoutError:
                return False
            except ConnectionError:
                return True

        until(hung_up, 10)
    assert heard.came == []


def test_many_idle_ones_keep_nobody_out_for_long(heard: Heard, monkeypatch: pytest.MonkeyPatch) -> None:
    """All places are taken by connections that say nothing; they are hung up on, and a notification comes through."""
    monkeypatch.setattr(listener, "PATIENCE_S", 1.5)
    idle = [heard.connect() for _ in range(listener.CONNECTIONS + 5)]
    try:
        assert heard.ask()[0] == 200
    finally:
        for connection in idle:
            connection.close()


def test_a_sudden_end_and_nonsense_do_it_no_harm(heard: Heard) -> None:
    """Whoever comes next is served."""
    with heard.connect() as connection:
        connection.sendall(f"POST {PATH} HTTP/1.1\r\nHost: x\r\nContent-Length: 10\r\n\r\nab".encode())
    with heard.connect() as connection:
        connection.sendall(b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03\r\n\r\n")
        assert connection.recv(1000).startswith(b"HTTP/1.0 400 ")
    assert heard.ask()[0] == 200


def test_it_beats_while_nothing_comes(heard: Heard, until: Callable[..., Any]) -> None:
    """The supervisor is told at least each second that it lives."""
    seen = heard.beats
    until(lambda: heard.beats >= seen + 2)


def test_an_address_that_is_taken_is_told_with_the_remedy(heard: Heard) -> None:
    """And after stop() it is free again."""
    with pytest.raises(DriverError, match=rf'listen = "127.0.0.1:{heard.port}" cannot be had \(Address already in use\)\. Name'):
        Listener("127.0.0.1", heard.port, PATH, heard.take).open()
    heard.listener.stop()
    heard.thread.join(10)
    again = Listener("127.0.0.1", heard.port, PATH, heard.take)
    again.open()
    again.stop()
    again.serve()


@pytest.mark.skipif(not socket.has_ipv6, reason="this machine has no IPv6")
def test_it_listens_on_ipv6_too() -> None:
    """Its address stands in brackets."""
    try:
        heard = Heard("::1")
    except DriverError as error:
        pytest.skip(str(error))
    assert heard.listener.url == f"http://[::1]:{heard.port}{PATH}"
    assert heard.ask()[0] == 200
    heard.listener.stop()
    heard.thread.join(10)


def test_what_is_under_way_at_the_end_is_still_answered(heard: Heard, monkeypatch: pytest.MonkeyPatch) -> None:
    """The end waits for the answer that a notification is waiting for."""
    monkeypatch.setattr(listener, "_END_S", 10.0)
    taken, go_on = threading.Event(), threading.Event()
    answers: list[tuple[int, Any]] = []
    shutdown = heard.listener._server.task_dispatcher.shutdown

    def slowly(_: Mapping[str, str], __: bytes) -> Receipt:
        taken.set()
        go_on.wait(10)
        return Receipt(200, "OK")

    def late(**how: float) -> None:
        threading.Timer(0.2, go_on.set).start()  # when the end has long begun
        shutdown(**how)

    heard.listener._take = slowly
    heard.listener._server.task_dispatcher.shutdown = late
    asking = threading.Thread(target=lambda: answers.append(heard.ask()))
    asking.start()
    assert taken.wait(10)
    heard.listener.stop()
    asking.join(10)
    assert [status for status, _ in answers] == [200]
