"""Notifications end to end: the stand-in's own notifier, the real listener, loop, ledger and client.

The kiosk's clock stands still where it matters: then no question is due by itself, and whatever is asked was hastened.
"""

from __future__ import annotations

import base64
import json
import logging
import threading
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import pytest
import requests

from kiosk import notifications
from kiosk.clock import SteadyClock
from kiosk.control.answers import Answers
from kiosk.core import screens
from kiosk.core.errors import LedgerError
from kiosk.core.events import Event, Notified
from kiosk.core.model import Answer, Order, RefundState
from kiosk.listener import Listener
from kiosk.notifications import Notifications, Receipt
from kiosk.payment.inbox import Notification
from kiosk.payment.ledger import SqliteLedger
from kiosk.payment.wechat.verifier import signed_string
from kiosk.sandbox import answers as sandbox_answers
from tests.rig import Rig

PATH = "/wechat/notify"
UNPAID = ("SENT", "PAYING")


class StillClock(SteadyClock):
    """A steady clock that can be stopped."""

    def __init__(self) -> None:
        super().__init__()
        self._stopped_at: int | None = None

    def now(self) -> int:
        return super().now() if self._stopped_at is None else self._stopped_at

    def stop(self) -> None:
        self._stopped_at = super().now()


class Shop(Rig):
    """A rig whose kiosk is notified. `taken` is all that came, with the answer it got."""

    def __init__(self, folder: Path, mode: str = "institution") -> None:
        super().__init__(folder, mode)
        self.clock = self.still = StillClock()
        self.listener = Listener("127.0.0.1", 0, PATH, self.take)
        self.listener.open()
        self.notify_url = self.listener.url
        self.taken: list[tuple[dict[str, str], bytes, Receipt]] = []
        self.serving = threading.Thread(target=self.listener.serve, daemon=True)
        self.serving.start()
        self.asked = 0
        self.start()
        ask = self.provider.ask

        def counted(order: Order) -> Answer:
            self.asked += 1
            return ask(order)

        self.provider.ask = counted  # type: ignore[method-assign]

    def take(self, headers: Mapping[str, str], body: bytes) -> Receipt:
        receipt = self.notifications().take(headers, body)
        self.taken.append(({name: value for name, value in headers.items() if name.startswith("WECHATPAY")}, body, receipt))
        return receipt

    def notifications(self) -> Notifications:
        return Notifications(self.provider.open_notification, self.runtime, self.merchant, self.clock)

    def answers(self) -> Answers:
        return Answers(self.runtime, lambda: None, lambda: self.views[-1], None, self.notifications())

    def refunds(self, number: str) -> list[RefundState]:
        return self.runtime.ask(lambda ledger, _: [refund.state for refund in ledger.refunds_of(number)])

    def relay(self, headers: Mapping[str, Any], body: bytes) -> dict[str, object]:
        """As a relay hands it to the control socket."""
        return self.answers().answer(
            {"do": "notification", "headers": dict(headers), "body_base64": base64.b64encode(body).decode("ascii")}
        )

    def close(self) -> None:
        self.listener.stop()
        self.serving.join(20)
        assert not self.serving.is_alive()
        super().close()

    def show_qr(self) -> str:
        """A Native order on the screen, and from here on the clock stands still. Returns its out_trade_no."""
        self.press("9 0 0 QR")
        shown = self.sees(screens.ShowingQr)
        self.still.stop()
        self.until(lambda: not self.runtime.ask(lambda _, kiosk: kiosk.in_flight), "every question answered")
        return self.bank.scan(shown.code_url).out_trade_no

    def pay(self) -> str:
        number = self.show_qr()
        self.bank.approve(number, "123456")
        return number

    def arrives(self, count: int = 1) -> Receipt:
        """Wait for so many notifications; the answer to the last."""
        self.until(lambda: len(self.taken) >= count, f"{count} notifications")
        return self.taken[count - 1][2]

    def settled(self, number: str) -> str:
        """The order's state once the loop has done all it was told to do and nothing is on its way."""
        self.until(lambda: not self.runtime.ask(lambda _, kiosk: kiosk.in_flight), "every question answered")
        return next(line.state for line in self.lines() if line.out_trade_no == number)

    def kept(self) -> list[dict[str, Any]]:
        def read(ledger: object, _: object) -> list[dict[str, Any]]:
            assert isinstance(ledger, SqliteLedger)
            return ledger._file.rows("SELECT * FROM notifications ORDER BY received_at, id")

        return self.runtime.ask(read)

    def sealed(self, event: str, plain: dict[str, Any], notice_id: str = "EV-1") -> tuple[dict[str, str], bytes]:
        """Headers and body of a notification that the stand-in's notifier itself does not send, by its keys."""
        resource = self.prepared.keys.encrypt(json.dumps(plain).encode(), "x")
        body = json.dumps({"id": notice_id, "event_type": event, "resource": resource}).encode()
        return self.signed(body), body

    def signed(self, body: bytes) -> dict[str, str]:
        """The headers of any body."""
        pair = self.prepared.keys.current
        return sandbox_answers.signature_headers(pair, pair.serial, body, self.clock.now())

    def tell(self, event: str, plain: dict[str, Any], notice_id: str = "EV-1") -> Receipt:
        """Post one to the listener."""
        headers, body = self.sealed(event, plain, notice_id)
        answer = requests.post(self.notify_url, body, headers=headers, timeout=10)
        said = answer.json()
        receipt = Receipt(answer.status_code, said["message"])
        assert said == {"code": receipt.code, "message": receipt.message}
        return receipt

    def ids(self) -> dict[str, str]:
        return self.prepared.merchant.ids()


@pytest.fixture(autouse=True)
def patience(monkeypatch: pytest.MonkeyPatch) -> None:
    """No verdict hangs on how fast this disk syncs."""
    monkeypatch.setattr(notifications, "KEPT_WITHIN_S", 20.0)


@pytest.fixture
def shop(tmp_path: Path) -> Iterator[Shop]:
    made = Shop(tmp_path)
    yield made
    made.close()


def test_a_payment_shows_as_paid_before_the_next_question_was_due(shop: Shop) -> None:
    """Written down, acknowledged, asked for at once; the order is PAID by the query's word."""
    number = shop.pay()
    assert shop.arrives() == Receipt(200, "OK")
    shop.sees(screens.PaidScreen)
    (kept,) = shop.kept()
    assert (kept["out_trade_no"], kept["event_type"], kept["out_refund_no"]) == (number, "TRANSACTION.SUCCESS", None)
    assert shop.settled(number) == "PAID"
    shop.until(lambda: shop.server.notifier.log[-1].done, "the stand-in content")


def test_a_refusal_changes_nothing_and_the_order_is_asked_for_in_its_turn(shop: Shop) -> None:
    """A probe (contract 1.5) is no special case: it fails, and the genuine one that follows is taken."""
    shop.bank.trouble.set("notify_signtest", True)
    number = shop.pay()
    assert shop.arrives() == Receipt(401, "signature")
    shop.until(lambda: shop.server.notifier.log[-1].rounds == 1, "the end of the first round")
    assert shop.server.notifier.log[-1].status == 401
    assert shop.kept() == []
    assert shop.settled(number) in UNPAID
    shop.bank.trouble.set("clock_scale", 1000)  # fifteen seconds pass at the bank
    assert shop.arrives(2) == Receipt(200, "OK")
    shop.sees(screens.PaidScreen)
    assert len(shop.kept()) == 1


@pytest.mark.parametrize(
    ("switch", "receipt"),
    [
        ("notify_stale", Receipt(401, "stale")),
        ("notify_unknown_serial", Receipt(401, "unknown_serial")),
        ("notify_tampered", Receipt(400, "unreadable")),
    ],
)
def test_what_cannot_be_believed_is_refused(shop: Shop, switch: str, receipt: Receipt) -> None:
    """Nothing is written down, nothing is asked; WeChat is told to send it again."""
    shop.bank.trouble.set(switch, True)
    number = shop.pay()
    assert shop.arrives() == receipt
    assert receipt.code == "FAIL"
    assert shop.kept() == []
    assert shop.settled(number) in UNPAID
    assert isinstance(shop.views[-1].screen, screens.ShowingQr)


def test_one_that_comes_twice_is_acknowledged_twice_and_asked_for_once(shop: Shop, monkeypatch: pytest.MonkeyPatch) -> None:
    """The second is known by its id, and nothing follows from it."""
    posted: list[object] = []
    post = shop.runtime.post

    def noted(event: Event) -> None:
        posted.append(event)
        post(event)

    monkeypatch.setattr(shop.runtime, "post", noted)
    shop.bank.trouble.set("notify_duplicate", True)
    number = shop.pay()
    assert shop.arrives(2) == Receipt(200, "OK")
    assert [receipt for _, _, receipt in shop.taken] == [Receipt(200, "OK")] * 2
    shop.sees(screens.PaidScreen)
    assert len(shop.kept()) == 1
    assert [event for event in posted if isinstance(event, Notified)] == [Notified(number)]


def test_those_that_come_in_the_wrong_order_do_no_harm(shop: Shop) -> None:
    """A refund's before its payment's: all are kept, and the order goes by what the queries say."""
    shop.bank.trouble.set("notify_off", True)
    number = shop.pay()
    money = {"total": 900, "currency": "HKD"}
    refund = {**shop.ids(), "out_trade_no": number, "out_refund_no": f"{number}-R1", "amount": money}
    payment = {**shop.ids(), "id": "42", "out_trade_no": number, "trade_state": "SUCCESS", "amount": money}
    assert shop.tell("REFUND.SUCCESS", refund, "EV-2") == Receipt(200, "OK")
    assert shop.settled(number) in UNPAID
    assert shop.tell("TRANSACTION.SUCCESS", payment, "EV-1") == Receipt(200, "OK")
    shop.sees(screens.PaidScreen)
    assert shop.tell("REFUND.CLOSED", refund, "EV-3") == Receipt(200, "OK")
    assert sorted(row["id"] for row in shop.kept()) == ["EV-1", "EV-2", "EV-3"]
    assert shop.settled(number) == "PAID"


def test_a_wrong_amount_is_kept_and_told_and_changes_no_order(shop: Shop, caplog: pytest.LogCaptureFixture) -> None:
    """The query alone decides, and it says the true amount."""
    shop.bank.trouble.set("notify_wrong_amount", True)
    number = shop.pay()
    assert shop.arrives() == Receipt(200, "OK")
    shop.until(lambda: "WeChat has 9.01 HKD, this kiosk 9.00 HKD" in told(caplog), "the amount in the log")
    shop.sees(screens.PaidScreen)
    (line,) = shop.lines()
    assert (line.out_trade_no, line.state, line.amount) == (number, "PAID", 900)


def test_a_payment_that_the_query_does_not_confirm_is_none(shop: Shop) -> None:
    """Signed, sealed, ours, of the right amount: and still only the query could make the order PAID."""
    number = shop.show_qr()
    before = shop.asked
    plain = {**shop.ids(), "id": "42", "out_trade_no": number, "trade_state": "SUCCESS"}
    assert shop.tell("TRANSACTION.SUCCESS", plain | {"amount": {"total": 900, "currency": "HKD"}}) == Receipt(200, "OK")
    shop.until(lambda: shop.asked > before, "a question")
    assert shop.settled(number) in UNPAID
    assert isinstance(shop.views[-1].screen, screens.ShowingQr)


@pytest.mark.parametrize("wrong", ["sub_mchid", "sp_mchid", "sp_appid"])
def test_one_for_another_merchant_is_refused_and_told(shop: Shop, caplog: pytest.LogCaptureFixture, wrong: str) -> None:
    """An institution's key opens the notifications of all its sub-merchants: those are not ours."""
    number = shop.show_qr()
    plain = {**shop.ids(), "out_trade_no": number, "trade_state": "SUCCESS", wrong: "1900000000"}
    assert shop.tell("TRANSACTION.SUCCESS", plain) == Receipt(403, "not this merchant's")
    assert shop.kept() == []
    assert f"{wrong} '1900000000'" in told(caplog)


def test_one_that_does_not_say_for_whom_is_refused(shop: Shop) -> None:
    """A number that is missing is not one that fits; app ids are missing in a refund's (contract 7.7)."""
    ids = shop.ids()
    plain = {"out_trade_no": "K07-260105-aa0001", "sp_mchid": ids["sp_mchid"]}
    assert shop.tell("REFUND.SUCCESS", plain).status == 403
    assert shop.tell("REFUND.SUCCESS", plain | {"sub_mchid": ids["sub_mchid"]}).status == 200


def test_a_direct_merchant_is_notified_too(tmp_path: Path) -> None:
    """With its own two numbers, and not with an institution's."""
    shop = Shop(tmp_path, "direct")
    number = shop.pay()
    assert shop.arrives() == Receipt(200, "OK")
    shop.sees(screens.PaidScreen)
    assert shop.settled(number) == "PAID"
    assert shop.tell("TRANSACTION.SUCCESS", {"mchid": "1900000000", "out_trade_no": number}).status == 403
    shop.close()


def test_an_unknown_order_is_kept_acknowledged_and_told(shop: Shop, caplog: pytest.LogCaptureFixture) -> None:
    """Sending it again would not make it known; a person has to look (contract 7.6)."""
    plain = {**shop.ids(), "out_trade_no": "K99-260105-zz0001", "trade_state": "SUCCESS"}
    assert shop.tell("TRANSACTION.SUCCESS", plain) == Receipt(200, "OK")
    (kept,) = shop.kept()
    assert kept["out_trade_no"] == "K99-260105-zz0001"
    assert "not in this ledger" in told(caplog)
    assert shop.tell("TRANSACTION.SUCCESS", {**shop.ids(), "trade_state": "SUCCESS"}, "EV-2") == Receipt(200, "OK")
    assert shop.kept()[1]["out_trade_no"] is None


def test_a_quick_pay_order_may_be_notified_though_it_should_not(shop: Shop) -> None:
    """Contract 7.1: the official sample is one of MICROPAY; it says nothing new and does no harm."""
    shop.press("5 0 0 OK")
    shop.sees(screens.Scanning)
    shop.scanner.show(shop.bank.new_code())
    shop.sees(screens.PaidScreen)
    (line,) = shop.lines()
    plain: dict[str, Any] = {**shop.ids(), "id": line.transaction_id, "out_trade_no": line.out_trade_no, "trade_type": "MICROPAY"}
    plain |= {"trade_state": "SUCCESS", "amount": {"total": 500, "currency": "HKD"}, "payer": {"sp_openid": "o-secret"}}
    assert shop.tell("TRANSACTION.SUCCESS", plain) == Receipt(200, "OK")
    assert shop.settled(line.out_trade_no) == "PAID"
    assert b"o-secret" not in (shop.folder / "kiosk.db-wal").read_bytes()


def test_a_payment_of_an_order_that_ended_unpaid_is_told(shop: Shop, caplog: pytest.LogCaptureFixture) -> None:
    """Finals never regress; a person looks."""
    shop.bank.trouble.set("decline", "NOT_ENOUGH")
    shop.press("5 0 0 OK")
    shop.sees(screens.Scanning)
    shop.scanner.show(shop.bank.new_code())
    shop.sees(screens.DeclinedScreen)
    (line,) = shop.lines()
    plain = {**shop.ids(), "out_trade_no": line.out_trade_no, "amount": {"total": 500, "currency": "HKD"}}
    assert shop.tell("TRANSACTION.SUCCESS", plain) == Receipt(200, "OK")
    assert "it tells of a payment, and the order is DECLINED" in told(caplog)
    assert shop.settled(line.out_trade_no) == "DECLINED"


def test_a_refunds_end_is_asked_for_at_once(shop: Shop) -> None:
    """The refund's own query is hastened, and it alone says that the money went back."""
    number = shop.pay()
    shop.sees(screens.PaidScreen)
    asked = shop.answers().answer({"do": "refund", "out_trade_no": number, "amount": None})
    shop.until(lambda: shop.refunds(number) == [RefundState.ACCEPTED], "an accepted refund")
    plain = {**shop.ids(), "out_trade_no": number, "out_refund_no": asked["out_refund_no"], "refund_status": "SUCCESS"}
    assert shop.settled(number) == "PAID"
    assert shop.refunds(number) == [RefundState.ACCEPTED]
    assert shop.tell("REFUND.SUCCESS", plain, "EV-2") == Receipt(200, "OK")
    shop.until(lambda: shop.refunds(number) == [RefundState.DONE], "the refund done")


def test_it_is_written_down_before_it_is_acknowledged(shop: Shop, monkeypatch: pytest.MonkeyPatch) -> None:
    """While the disk has not taken it, there is no answer; the answer comes after."""
    order: list[str] = []
    writing, go_on = threading.Event(), threading.Event()
    keep = SqliteLedger.keep_notification

    def slowly(ledger: SqliteLedger, notification: Notification) -> bool:
        writing.set()
        assert go_on.wait(10)
        fresh = keep(ledger, notification)
        order.append("written down")
        return fresh

    monkeypatch.setattr(SqliteLedger, "keep_notification", slowly)

    def post() -> None:
        receipt = shop.tell("TRANSACTION.SUCCESS", {**shop.ids(), "out_trade_no": "K07-260105-aa9999"})
        order.append(f"answered {receipt.status}")

    asking = threading.Thread(target=post)
    asking.start()
    assert writing.wait(10)
    assert order == []
    go_on.set()
    asking.join(10)
    assert order == ["written down", "answered 200"]


def test_what_cannot_be_written_down_is_not_acknowledged(shop: Shop, monkeypatch: pytest.MonkeyPatch) -> None:
    """Contract 0.3, C9: 500, so that it comes again; then it is taken as new."""

    def full(_: SqliteLedger, __: Notification) -> bool:
        raise LedgerError("the disk is full")

    plain = {**shop.ids(), "out_trade_no": "K07-260105-aa9999"}
    with monkeypatch.context() as broken:
        broken.setattr(SqliteLedger, "keep_notification", full)
        assert shop.tell("TRANSACTION.SUCCESS", plain) == Receipt(500, "cannot be kept now")
    assert shop.kept() == []
    assert shop.tell("TRANSACTION.SUCCESS", plain) == Receipt(200, "OK")


def test_a_busy_kiosk_says_so_instead_of_letting_wechat_wait(shop: Shop, monkeypatch: pytest.MonkeyPatch) -> None:
    """The loop does not come to it in time: FAIL, while it is still busy."""
    monkeypatch.setattr(notifications, "KEPT_WITHIN_S", 0.05)
    held = threading.Event()
    blocking = threading.Thread(target=lambda: shop.runtime.ask(lambda _, __: held.wait(10)))
    blocking.start()
    assert shop.tell("TRANSACTION.SUCCESS", {**shop.ids(), "out_trade_no": "K07-260105-aa9999"}).status == 500
    assert not held.is_set()
    held.set()
    blocking.join(10)


# --- the relay ---


def test_a_relay_hands_on_the_original(shop: Shop) -> None:
    """Headers in any case and the raw body over the control socket: the same checks, the same end."""
    shop.bank.trouble.set("notify_off", True)
    number = shop.pay()
    plain = {**shop.ids(), "id": "42", "out_trade_no": number, "trade_state": "SUCCESS"}
    headers, body = shop.sealed("TRANSACTION.SUCCESS", plain)
    assert shop.relay(headers, body + b" ") == refusal(401, "signature")
    assert shop.kept() == []
    lower = {name.lower(): value for name, value in headers.items()} | {"host": "pay.example.net"}
    assert shop.relay(lower, body) == {"ok": True, "status": 200, "code": "SUCCESS", "message": "OK"}
    shop.sees(screens.PaidScreen)
    assert len(shop.kept()) == 1


def test_the_fences_of_the_signed_text_cannot_be_moved(shop: Shop) -> None:
    """JSON can put a line feed into a header, which HTTP cannot: the start of the body passed off as the end of the nonce.

    The signature is right for the moved text, too, so it must be the form of the headers that is refused.
    """
    body = b'{"id":"x"}\n{"id":"EV-9","event_type":"TRANSACTION.SUCCESS"}'
    headers = shop.signed(body)
    first, rest = body.split(b"\n")
    timestamp, nonce = headers["Wechatpay-Timestamp"], headers["Wechatpay-Nonce"]
    moved = f"{nonce}\n{first.decode()}"
    assert signed_string(timestamp, moved, rest) == signed_string(timestamp, nonce, body)
    assert shop.relay(headers | {"Wechatpay-Nonce": moved}, rest) == refusal(400, "form")
    early = {"Wechatpay-Timestamp": f"{timestamp}\n{nonce}", "Wechatpay-Nonce": first.decode()}
    assert shop.relay(headers | early, rest) == refusal(400, "form")
    assert shop.relay(headers | {"Wechatpay-Timestamp": timestamp + "\n"}, body) == refusal(400, "form")
    assert shop.relay(headers, body) == refusal(400, "malformed")  # the unmoved text is truly signed


@pytest.mark.parametrize(
    "request_",
    [
        {"headers": [], "body_base64": ""},
        {"headers": {"Wechatpay-Nonce": 1}, "body_base64": ""},
        {"headers": {}, "body_base64": "not base64!"},
        {"headers": {}},
    ],
)
def test_a_relay_is_told_what_it_has_to_hand_on(shop: Shop, request_: dict[str, object]) -> None:
    """In words, as all that is said over the control socket."""
    problem = str(shop.answers().answer({"do": "notification", **request_})["problem"])
    assert problem.startswith("notification wants ")
    assert shop.relay({}, b"") == refusal(400, "unsigned")


# --- what the tests look at ---


def told(caplog: pytest.LogCaptureFixture) -> str:
    """What a person is told to look at."""
    return "\n".join(str(getattr(record, "problem", "")) for record in caplog.records if record.levelno >= logging.ERROR)


def refusal(status: int, why: str) -> dict[str, object]:
    return {"problem": why, "status": status, "code": "FAIL", "message": why}
