"""The connection's and server's troubles are real ones, seen on a real socket, and say nothing false about what was done."""

from __future__ import annotations

import http.client
import itertools
import socket
import time

import pytest

from tests.sandbox_kit import PAY, Stand

_count = itertools.count(1)


@pytest.fixture(scope="module")
def served(tmp_path_factory):
    stand = Stand(tmp_path_factory.mktemp("keys"))
    yield stand
    stand.server.stop()


@pytest.fixture
def stand(served, until):
    served.trouble.reset()
    until(lambda: connecting(served) == "connected")
    return served


@pytest.fixture
def number():
    return f"K07-261122-{next(_count):06}"


def known(stand, number):
    return any(each["out_trade_no"] == number for each in stand.bank.orders())


def connecting(stand):
    """What becomes of a new connection."""
    connection = stand.connect()
    try:
        connection.connect()
    except ConnectionRefusedError:
        return "refused"
    except ConnectionResetError:
        return "reset"  # it came in the moment in which the door was closed
    finally:
        connection.close()
    return "connected"


def ask_again_on(connection, stand):
    """Another request on a connection that was used before."""
    stand.send(connection, "GET", "/v3/global/certificates")
    return connection.getresponse()


def test_a_connection_is_kept_open_for_many_requests(stand):
    connection = stand.connect()
    ports = set()
    for _ in range(3):
        stand.send(connection, "GET", "/v3/global/certificates")
        response = connection.getresponse()
        response.read()
        assert response.status == 200
        ports.add(connection.sock.getsockname()[1])
    connection.close()
    assert len(ports) == 1


def test_a_drop_before_processing_leaves_nothing(stand, number):
    stand.trouble.set("drop_before", 1)
    with pytest.raises((ConnectionResetError, http.client.RemoteDisconnected)):
        stand.charge(number)
    assert not known(stand, number)
    assert stand.charge(number).status == 200


def test_a_lost_answer_leaves_the_money_taken(stand, number):
    stand.trouble.set("drop_after", 1)
    with pytest.raises(ConnectionResetError):
        stand.charge(number)
    assert stand.order(number)["debits"] == 1
    assert stand.query(number).json["trade_state"] == "SUCCESS"


def test_a_swallowed_answer_leaves_the_money_taken(stand, number, until):
    stand.trouble.set("silent_after", 1)
    with pytest.raises(TimeoutError):
        stand.call("POST", PAY, stand.charge_body(number, stand.bank.new_code()), timeout=0.2)
    until(lambda: known(stand, number))
    assert stand.order(number)["debits"] == 1


def test_minus_one_strikes_every_time(stand, number):
    stand.trouble.set("drop_after", -1)
    for each in range(3):
        with pytest.raises(ConnectionResetError):
            stand.charge(number + str(each))


def test_trouble_strikes_only_the_requests_it_is_meant_for(stand, number):
    stand.trouble.set("strikes", "charge")
    stand.trouble.set("drop_after", 1)
    assert stand.query("K07-nothing").status == 404
    assert stand.place(number + "n").status == 200
    with pytest.raises(ConnectionResetError):
        stand.charge(number)
    assert stand.query(number).status == 200


@pytest.mark.parametrize("status", [500, 502, 503])
@pytest.mark.parametrize(("switch", "done"), [("error_before", False), ("error_after", True)])
def test_a_5xx_comes_unsigned_before_or_after_the_work(stand, number, switch, done, status):
    stand.trouble.set("error_status", str(status))
    stand.trouble.set(switch, 1)
    answer = stand.charge(number)
    assert answer.status == status
    assert answer.headers["Wechatpay-Signature"] is None
    assert known(stand, number) == done


def test_a_429_does_nothing(stand, number):
    stand.trouble.set("rate_limited", 1)
    answer = stand.charge(number)
    assert (answer.status, answer.code, answer.verified) == (429, "FREQUENCY_LIMITED", True)
    assert not known(stand, number)


@pytest.mark.parametrize(
    ("switch", "header"),
    [
        ("unsigned_2xx", None),
        ("signtest", "WECHATPAY/SIGNTEST/"),
        ("stale_timestamp", ""),
        ("unknown_serial", ""),
        ("tampered", ""),
    ],
)
def test_an_unverifiable_success_is_a_success_all_the_same(stand, number, switch, header):
    stand.trouble.set(switch, 1)
    answer = stand.charge(number)
    assert (answer.status, answer.verified) == (200, False)
    signature = answer.headers["Wechatpay-Signature"]
    assert signature is None if header is None else signature.startswith(header)
    assert stand.order(number)["debits"] == 1
    assert stand.query(number).verified


def test_a_refusal_may_come_unsigned(stand, number):
    stand.trouble.set("unsigned_4xx", 1)
    first, second = stand.query(number), stand.query(number)
    assert [(each.status, each.verified) for each in (first, second)] == [(404, False), (404, True)]


def test_slow_means_that_nothing_comes_for_so_long(stand, number):
    stand.trouble.set("slow_ms", 150)
    started = time.monotonic()
    assert stand.query(number).status == 404
    assert time.monotonic() - started >= 0.15


def test_a_drip_keeps_the_connection_busy_and_the_answer_far(stand, number):
    stand.trouble.set("drip_ms", 20)
    connection = stand.connect()
    stand.send(connection, "GET", f"/v3/global/transactions/out-trade-no/{number}?{stand.params}")
    arrived = [connection.sock.recv(100) for _ in range(5)]
    assert all(1 <= len(each) < 10 for each in arrived)
    assert b"".join(arrived).startswith(b"HTTP/"[: len(b"".join(arrived))])
    connection.close()


def test_offline_means_that_nothing_listens_and_open_connections_are_gone(stand, until):
    connection = stand.connect()
    stand.send(connection, "GET", "/v3/global/certificates")
    connection.getresponse().read()
    stand.trouble.set("offline", "refuse")

    until(lambda: connecting(stand) == "refused")
    with pytest.raises(ConnectionError):
        ask_again_on(connection, stand)
    page = http.client.HTTPConnection("127.0.0.1", int(stand.server.page.split(":")[2].split("/")[0]), timeout=5)
    page.request("GET", "/")
    assert page.getresponse().status == 302  # the page stays, so that trouble can be switched off
    stand.trouble.set("offline", "no")
    until(lambda: connecting(stand) == "connected")
    assert stand.query("K07-nothing").status == 404


def test_offline_can_also_mean_silence(stand, number):
    stand.trouble.set("offline", "silent")
    with pytest.raises(TimeoutError):
        stand.call("POST", PAY, stand.charge_body(number, stand.bank.new_code()), timeout=0.2)
    assert not known(stand, number)


def test_the_bench_pages_port_serves_no_api(stand):
    page = http.client.HTTPConnection("127.0.0.1", int(stand.server.page.split(":")[2].split("/")[0]), timeout=5)
    stand.send(page, "GET", "/v3/global/certificates")
    assert page.getresponse().status == 302


def test_a_body_without_length_or_too_large_is_not_read(stand):
    for header in (b"Transfer-Encoding: chunked", b"Content-Length: 99999999", b"Content-Length: -1"):
        with socket.create_connection(("127.0.0.1", int(stand.server.url.rpartition(":")[2])), timeout=5) as raw:
            raw.sendall(b"POST " + PAY.encode() + b" HTTP/1.1\r\nHost: x\r\n" + header + b"\r\n\r\n")
            assert raw.recv(100).startswith(b"HTTP/1.1 413")


def test_stopping_frees_the_port_and_ends_what_waits(tmp_path_factory):
    stand = Stand(tmp_path_factory.mktemp("keys"))
    stand.trouble.set("offline", "silent")
    connection = stand.connect()
    stand.send(connection, "GET", "/v3/global/certificates")
    stand.server.stop()
    with pytest.raises((ConnectionError, http.client.RemoteDisconnected)):
        connection.getresponse()
    port = int(stand.server.url.rpartition(":")[2])
    socket.create_server(("127.0.0.1", port)).close()
