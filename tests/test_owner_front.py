"""The page's door to the network: only whole, small, timely requests get through, and nobody who dawdles keeps others waiting."""

from __future__ import annotations

import contextlib
import hashlib
import socket
import ssl
import time
from collections.abc import Iterator
from pathlib import Path

import hypothesis.strategies as st
import pytest
from cryptography import x509
from hypothesis import given

from kiosk import pins
from kiosk.owner import front
from kiosk.owner.front import LARGEST_FORM, Refused, read_head
from tests.owner_rig import PIN, Page, page


@pytest.fixture(scope="module", autouse=True)
def quick() -> Iterator[None]:
    """What a PIN costs is test_pins.py's."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(pins, "_SCRYPT", {"n": 2, "r": 1, "p": 1})
        yield


@pytest.fixture(scope="module")
def served(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Page]:
    with page(tmp_path_factory.mktemp("front")) as made:
        yield made


PIECES = (
    *(b"GET / HTTP/1.1", b"POST", b"\r\n", b"\n", b"\r", b" ", b":", b"Host: a", b"host:b", b"Content-Length: 5"),
    *(b"content-length:", b"X-Peer: c", b"Transfer-Encoding: chunked", b"Cookie: a=b", b"\x00", b"\xff", b"a"),
)


def head(raw: str, most: int = 100) -> bytes:
    return read_head(raw.replace("\n", "\r\n").encode("latin-1"), lambda _: most, "192.168.1.9").lines


def status(raw: str, most: int = 100) -> int:
    with pytest.raises(Refused) as caught:
        head(raw, most)
    return caught.value.status


def test_a_head_is_written_anew():
    """Hop-by-hop fields and what a proxy would add are the front's to say."""
    told = head(
        "POST /a?b=%20 HTTP/1.1\nHost: kiosk.local\nX-Peer: 1.1.1.1\nConnection: keep-alive\nContent-Length: 007\nCookie: a=b\n\n"
    )
    assert told == (
        b"POST /a?b=%20 HTTP/1.1\r\nhost: kiosk.local\r\ncookie: a=b\r\ncontent-length: 7\r\nconnection: close\r\n"
        b"x-peer: 192.168.1.9\r\n\r\n"
    )


@pytest.mark.parametrize(
    "raw",
    [
        "GET / HTTP/1.1\n\n",  # no host
        "GET / HTTP/1.0\nHost: a\n\n",
        "GET / HTTP/2\nHost: a\n\n",
        "GET  / HTTP/1.1\nHost: a\n\n",
        "GET http://evil/ HTTP/1.1\nHost: a\n\n",
        "GET /\u00e9 HTTP/1.1\nHost: a\n\n",
        "GET / HTTP/1.1\nHost: a\nHost: b\n\n",
        "GET / HTTP/1.1\nHost: a\nContent-Length: 1\nContent-Length: 2\n\n",
        "POST / HTTP/1.1\nHost: a\nContent-Length: +1\n\n",
        "POST / HTTP/1.1\nHost: a\nContent-Length: 1, 1\n\n",
        "POST / HTTP/1.1\nHost: a\nTransfer-Encoding: chunked\n\n",
        "POST / HTTP/1.1\nHost: a\nTransfer-Encoding : chunked\n\n",
        "GET / HTTP/1.1\nHost: a\n folded: b\n\n",
        "GET / HTTP/1.1\nHost: a\nb: c\x0bd\n\n",
        "GET / HTTP/1.1\nHost: a\nUpgrade: h2c\n\n",
        "GET / HTTP/1.1\nHost: a\nnonsense\n\n",
    ],
)
def test_what_could_be_read_in_two_ways_is_not_read(raw: str):
    assert status(raw) == 400


@given(st.binary(max_size=300) | st.lists(st.sampled_from(PIECES), max_size=12).map(b"".join))
def test_whatever_comes_is_refused_or_written_anew(raw: bytes):
    """Nothing that was sent ends a line of its own in what is handed on."""
    try:
        told = read_head(raw + b"\r\n\r\n", lambda _: 100, "::1")
    except Refused:
        return
    lines = told.lines.split(b"\r\n")
    assert lines[-2:] == [b"", b""]
    assert all(b"\r" not in line and b"\n" not in line for line in lines)
    names = [line.partition(b":")[0] for line in lines[1:-2]]
    assert len(names) == len(set(names))
    assert {b"host", b"content-length", b"connection", b"x-peer"} <= set(names)
    assert 0 <= told.body <= 100


def test_other_methods_and_large_bodies_are_refused():
    assert status("PUT / HTTP/1.1\nHost: a\n\n") == 405
    assert status("POST / HTTP/1.1\nHost: a\nContent-Length: 101\n\n") == 413
    assert head("POST / HTTP/1.1\nHost: a\nContent-Length: 100\n\n")


def test_a_release_is_taken_from_somebody_who_is_logged_in_and_from_nobody_else(served: Page):
    client = served.client()
    large = b"x" * (LARGEST_FORM + 1)
    assert client.ask("POST", "/update", body=large).status == 413
    client.cookies["__Host-session"] = "A" * 43
    assert client.ask("POST", "/update", body=large).status == 413
    client.cookies.clear()
    client.log_in()
    assert client.ask("POST", "/update", body=large).status == 403  # read whole, and then it is no form of ours
    boundary = b'--x\r\nContent-Disposition: form-data; name="csrf"\r\n\r\n' + client.get("/update").token.encode()
    body = (
        boundary
        + b'\r\n--x\r\nContent-Disposition: form-data; name="release"; filename="../../a.release"\r\n\r\n'
        + large
        + b"\r\n--x--\r\n"
    )
    assert client.ask("POST", "/update", body=body, headers={"Content-Type": "multipart/form-data; boundary=x"}).status == 303
    assert not (served.folder / "a.release").exists()


def test_who_sends_far_too_much_is_told_so_and_not_cut_off(served: Page):
    """While the rest is still on its way: closing on it would take the refusal back."""
    for _ in range(5):
        assert served.client().ask("POST", "/update", body=b"x" * 4_000_000).status == 413


def connected(served: Page) -> socket.socket:
    return socket.create_connection(("127.0.0.1", served.port), timeout=30)


def secured(served: Page) -> ssl.SSLSocket:
    return ssl._create_unverified_context().wrap_socket(connected(served))


def test_nobody_waits_for_who_stands_in_the_door(served: Page):
    """Connections that say nothing, half a handshake, half a head, half a body: the next one is served at once all the same."""
    with contextlib.ExitStack() as held:
        for _ in range(3):
            held.enter_context(connected(served))
            half = held.enter_context(connected(served))
            half.sendall(b"\x16\x03\x01\x02\x00\x01\x00")
            slow = held.enter_context(secured(served))
            slow.sendall(b"GET / HTTP/1.1\r\nHost: a\r\n")
        body = held.enter_context(secured(served))
        body.sendall(b"POST /log-in HTTP/1.1\r\nHost: 127.0.0.1\r\nContent-Length: 60000\r\n\r\nx")
        for _ in range(3):
            assert served.client().get("/log-in").status == 200


def test_who_is_silent_is_hung_up_on(served: Page, monkeypatch: pytest.MonkeyPatch):
    """No byte of a handshake, a head that comes byte by byte, a body that trickles: each has its time and no more."""
    monkeypatch.setattr(front, "HANDSHAKE_S", 0.3)
    monkeypatch.setattr(front, "HEAD_S", 0.3)
    with connected(served) as nothing:
        nothing.settimeout(10)
        assert nothing.recv(1) == b""
    with secured(served) as head_only:
        answer = b""
        with contextlib.suppress(OSError):
            for byte in b"GET / HTTP/1.1\r\nHost: a\r\n" + b"x" * 5000:
                head_only.sendall(bytes([byte]))
                time.sleep(0.002)
        with contextlib.suppress(OSError):
            answer = head_only.recv(4096)
        assert answer.startswith(b"HTTP/1.1 408") or answer == b""
    with secured(served) as trickle:
        trickle.sendall(b"POST /log-in HTTP/1.1\r\nHost: 127.0.0.1\r\nContent-Length: 4000\r\n\r\n")
        ended = False
        for _ in range(2000):
            try:
                trickle.sendall(b"x")
                time.sleep(0.002)
            except OSError:
                ended = True
                break
        assert ended


def test_one_address_has_so_many_connections_and_no_more(served: Page, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(front, "CONNECTIONS_OF_ONE", 4)
    with contextlib.ExitStack() as held:
        for _ in range(4):
            held.enter_context(secured(served))
        with pytest.raises(OSError):  # noqa: PT011  reset or closed, as it happens
            secured(served)
    served.client().wait()
    assert served.client().get("/log-in").status == 200


@pytest.mark.filterwarnings("ignore:ssl.TLSVersion")
def test_plain_http_and_old_tls_get_nothing(served: Page):
    with connected(served) as plain:
        plain.sendall(b"GET /log-in HTTP/1.1\r\nHost: 127.0.0.1\r\n\r\n")
        answer = b""
        with contextlib.suppress(OSError):
            answer = plain.recv(4096)
        assert b"HTTP" not in answer
    old = ssl._create_unverified_context()
    old.set_ciphers("ALL:@SECLEVEL=0")
    old.minimum_version, old.maximum_version = ssl.TLSVersion.TLSv1, ssl.TLSVersion.TLSv1_1
    with connected(served) as raw, pytest.raises((ssl.SSLError, OSError)):
        old.wrap_socket(raw)


def test_a_head_that_is_too_large_is_refused(served: Page):
    with secured(served) as large:
        with contextlib.suppress(OSError):
            large.sendall(b"GET / HTTP/1.1\r\nHost: a\r\nb: " + b"x" * 40_000 + b"\r\n\r\n")
        answer = b""
        with contextlib.suppress(OSError):
            answer = large.recv(4096)
        assert answer.startswith(b"HTTP/1.1 400") or answer == b""


def test_a_second_request_on_one_connection_is_not_read(served: Page):
    with secured(served) as twice:
        one = b"GET /log-in HTTP/1.1\r\nHost: 127.0.0.1\r\n\r\n"
        twice.sendall(one + one)
        answer = b""
        with contextlib.suppress(OSError):
            while piece := twice.recv(65_536):
                answer += piece
    assert answer.count(b"HTTP/1.1 200") == 1


def test_the_certificate_is_of_this_machine_and_known_to_the_kiosk(served: Page):
    client = served.client()
    client.get("/log-in")
    found = x509.load_der_x509_certificate(client.certificate)
    names = found.extensions.get_extension_for_class(x509.SubjectAlternativeName).value
    assert socket.gethostname().split(".")[0].lower() + ".local" in names.get_values_for_type(x509.DNSName)
    assert [str(a) for a in names.get_values_for_type(x509.IPAddress)] == ["127.0.0.1"]
    assert found.public_key().curve.name == "secp256r1"  # type: ignore[union-attr]
    served.page.tell_kiosk()
    url, fingerprint, code = served.kiosk.told[-1]
    assert url == f"https://127.0.0.1:{served.port}/"
    assert bytes.fromhex(fingerprint) == hashlib.sha256(client.certificate).digest()
    assert code == ""
    assert served.kiosk.ends_at == found.not_valid_after_utc.timestamp() * 1000
    path: Path = served.folder / "owner/page.pem"
    assert path.stat().st_mode & 0o077 == 0


def test_the_pin_is_asked_before_anything(served: Page):
    client = served.client()
    assert client.log_in(PIN).to == "/"


def test_a_page_that_has_ended_still_knows_where_it_was(tmp_path: Path):
    """The thread that tells the kiosk may be about to when the socket is closed already."""
    with page(tmp_path) as shop:
        url = shop.page.url
    shop.page.tell_kiosk()
    assert shop.page.url == url
