"""Notifications arrive sealed and signed, are sent again by the contract's list, and can be as troublesome as the real ones."""

from __future__ import annotations

import itertools
import json
import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import pytest
from cryptography.exceptions import InvalidTag

from tests.sandbox_kit import INSTITUTION, Stand

_count = itertools.count(1)
LIST_S = [0, 15, 30, 60, 240, 840, 2040, 3840, 5640, 7440, 11040, 21840, 32640, 43440, 65040, 86640]  # contract 7.5, cumulative


class Receiver:
    """A shop's notify_url: keeps what came, answers with `status`."""

    def __init__(self) -> None:
        self.came: list[tuple[dict[str, str], bytes]] = []
        self.status = 200
        receiver = self

        class Handler(BaseHTTPRequestHandler):
            def do_POST(self):
                body = self.rfile.read(int(self.headers["Content-Length"]))
                receiver.came.append((self.headers, body))
                self.send_response(receiver.status)
                self.end_headers()

            def log_message(self, *args):
                pass

        self.server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.url = f"http://127.0.0.1:{self.server.server_port}/wechat/notify"
        threading.Thread(target=self.server.serve_forever, args=(0.02,), daemon=True).start()


@pytest.fixture(scope="module")
def served(tmp_path_factory):
    stand = Stand(tmp_path_factory.mktemp("keys"), INSTITUTION)
    yield stand
    stand.server.stop()


@pytest.fixture
def stand(served):
    served.trouble.reset()
    return served


@pytest.fixture
def shop():
    receiver = Receiver()
    yield receiver
    receiver.server.shutdown()
    receiver.server.server_close()


@pytest.fixture
def number():
    return f"K07-261122-{next(_count):06}"


def pay(stand, number, shop):
    stand.bank.scan(stand.place(number, notify_url=shop.url).json["code_url"])
    stand.bank.approve(number)


def verified(stand, came):
    return stand.verified(*came)


def plain(stand, came):
    return json.loads(stand.decrypt(json.loads(came[1])["resource"]))


def test_a_payment_is_told_once_sealed_and_signed(stand, shop, number, until):
    pay(stand, number, shop)
    until(lambda: shop.came)
    ((headers, body),) = shop.came
    assert stand.verified(headers, body)
    envelope = json.loads(body)
    assert (envelope["event_type"], envelope["resource_type"]) == ("TRANSACTION.SUCCESS", "encrypt-resource")
    assert len(envelope["resource"]["nonce"]) == 12
    assert plain(stand, (headers, body)) == stand.query(number).json
    notice = stand.server.notifier.log[-1]
    until(lambda: notice.done)
    until(lambda: notice not in stand.server.notifier._waiting)
    assert notice.rounds == 1


def test_quick_pay_tells_nothing(stand, number):
    before = len(stand.server.notifier.log)
    stand.charge(number)
    assert len(stand.server.notifier.log) == before


def test_who_does_not_acknowledge_is_told_again_by_the_list_and_then_no_more(stand, shop, number, until):
    shop.status = 500
    started = stand.now()
    times = []
    pay(stand, number, shop)
    notice = stand.server.notifier.log[-1]
    for each in range(16):
        until(lambda each=each: notice.rounds == each + 1)
        times.append((stand.now() - started) // 1000)
        if each < 15:
            stand.now.forward(LIST_S[each + 1] - LIST_S[each])
    assert times == LIST_S
    assert len(shop.came) == 16
    assert len({json.loads(body)["id"] for _, body in shop.came}) == 1
    until(lambda: notice not in stand.server.notifier._waiting)


def test_the_list_can_be_made_to_pass_quickly(stand, shop, number, until):
    shop.status = 503
    stand.trouble.set("clock_scale", 100_000)
    pay(stand, number, shop)
    notice = stand.server.notifier.log[-1]
    until(lambda: stand.now.forward(1) or notice.rounds == 16)
    assert len(shop.came) == 16


def test_each_is_delivered_twice_by_switch(stand, shop, number, until):
    stand.trouble.set("notify_duplicate", value=True)
    pay(stand, number, shop)
    until(lambda: len(shop.came) == 2)
    assert len({json.loads(body)["id"] for _, body in shop.came}) == 1


def test_later_ones_can_overtake(stand, shop, number, until):
    stand.trouble.set("notify_reorder", value=True)
    for each in "abc":
        pay(stand, number + each, shop)
        stand.now.forward(1)
    assert shop.came == []
    stand.now.forward(10)
    until(lambda: len(shop.came) == 3)
    assert [plain(stand, each)["out_trade_no"][-1] for each in shop.came] == ["c", "b", "a"]


def test_the_probe_comes_first_and_the_true_one_after_fifteen_seconds(stand, shop, number, until):
    stand.trouble.set("notify_signtest", value=True)
    shop.status = 401
    pay(stand, number, shop)
    until(lambda: stand.server.notifier.log[-1].rounds == 1)
    assert shop.came[0][0]["Wechatpay-Signature"].startswith("WECHATPAY/SIGNTEST/")
    assert not verified(stand, shop.came[0])
    shop.status = 200
    stand.now.forward(15)
    until(lambda: len(shop.came) == 2)
    assert verified(stand, shop.came[1])


@pytest.mark.parametrize("switch", ["notify_stale", "notify_unknown_serial"])
def test_some_cannot_be_verified(stand, shop, number, until, switch):
    stand.trouble.set(switch, value=True)
    pay(stand, number, shop)
    until(lambda: shop.came)
    assert not verified(stand, shop.came[0])
    assert plain(stand, shop.came[0])["out_trade_no"] == number


def test_a_tampered_one_verifies_and_does_not_decrypt(stand, shop, number, until):
    stand.trouble.set("notify_tampered", value=True)
    pay(stand, number, shop)
    until(lambda: shop.came)
    assert verified(stand, shop.came[0])
    with pytest.raises(InvalidTag):
        plain(stand, shop.came[0])


def test_some_say_a_wrong_amount_or_another_name_for_the_number(stand, shop, number, until):
    stand.trouble.set("notify_wrong_amount", value=True)
    stand.trouble.set("notify_transaction_id", value=True)
    pay(stand, number, shop)
    until(lambda: shop.came)
    told, true = plain(stand, shop.came[0]), stand.query(number).json
    assert verified(stand, shop.came[0])
    assert told["amount"]["total"] == true["amount"]["total"] + 1
    assert told["transaction_id"] == true["id"]
    assert "id" not in told


def test_none_may_come_at_all(stand, shop, number):
    before = len(stand.server.notifier.log)
    stand.trouble.set("notify_off", value=True)
    pay(stand, number, shop)
    assert len(stand.server.notifier.log) == before


@pytest.mark.parametrize("ends", ["SUCCESS", "ABNORMAL", "CLOSED"])
def test_a_refunds_end_is_told_to_the_refunds_own_address(stand, shop, number, until, ends):
    stand.trouble.set("refund_ends", ends)
    stand.charge(number)
    stand.refund(number, "R" + number, notify_url=shop.url)
    stand.refund_query("R" + number)
    until(lambda: shop.came)
    assert json.loads(shop.came[0][1])["event_type"] == f"REFUND.{ends}"
    told = plain(stand, shop.came[0])
    assert (told["out_refund_no"], told["refund_status"], told["amount"]["refund"]) == ("R" + number, ends, 1250)


def test_an_address_out_in_the_world_is_never_called(stand, number):
    stand.bank.scan(stand.place(number).json["code_url"])  # the kit's address is a public one
    stand.bank.approve(number)
    notice = stand.server.notifier.log[-1]
    assert (notice.out_trade_no, notice.rounds, notice.done) == (number, 0, False)
    assert notice not in stand.server.notifier._waiting
