"""The client and the stand-in, written apart from the same contract, understand each other."""

from __future__ import annotations

import secrets
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest

from kiosk.core.model import (
    Decline,
    Declined,
    Direct,
    Ended,
    Institution,
    NotFound,
    Order,
    OrderState,
    Paid,
    Pending,
    Refund,
    Tender,
    Unknown,
    Why,
)
from kiosk.core.money import Money
from kiosk.core.secret import PaymentCode
from kiosk.payment.wechat import WechatPay, open_provider
from tests import sandbox_kit


class Client(sandbox_kit.Stand):
    """The stand-in, with our client in front of it instead of the stand's own merchant."""

    def __init__(self, folder: Path, mode: str, keys: str) -> None:
        super().__init__(folder, sandbox_kit.DIRECT if mode == "direct" else sandbox_kit.INSTITUTION)
        ids = self.merchant.ids()
        self.count = 0
        self.provider: WechatPay = open_provider(
            merchant=Direct(**ids) if mode == "direct" else Institution(**ids),
            merchant_category_code="5814",
            hosts=[self.server.url],
            merchant_key_pem=(folder / "merchant_key.pem").read_bytes(),
            merchant_serial=self.keys.merchant_serial,
            api_v3_key=self.api_v3_key,
            platform_keys="certificates" if keys == "certificates" else [(self.keys.pub_key_id, self.public_pem)],
            notify_url="https://pay.example.net/wechat/notify",
            description="Harbour Snacks 海港",
            device_id="K07",
            clock=self,  # the stand's time is ours
            nonce=lambda: secrets.token_hex(16),
            certificate_cache=folder / "certificates.json",
        )

    @property
    def public_pem(self) -> bytes:
        return (self.folder / "platform_public_key.pem").read_bytes()

    def correct(self, offset_ms: int) -> None:
        self.now.ms += offset_ms

    def order(self, tender: Tender) -> Order:
        self.count += 1
        at = self.now()
        number = f"K07-260105-ab{self.count:05}"
        return Order(number, "s", tender, Money(1250, "HKD"), at, OrderState.SENT, expires_at=at + 300_000)


@pytest.fixture(params=["direct", "institution"])
def mode(request: pytest.FixtureRequest) -> str:
    return request.param


@pytest.fixture(params=["certificates", "public key"])
def client(request: pytest.FixtureRequest, mode: str, tmp_path: Path) -> Iterator[Client]:
    stand = Client(tmp_path, mode, request.param)
    yield stand
    stand.server.stop()


def test_a_day_with_the_stand_in(client: Client) -> None:
    """Probe, charge, query, refund, reverse, place, close: each means to one side what it means to the other."""
    pay = client.provider
    assert pay.probe().outcome == Pending()
    charged = client.order(Tender.QUICK_PAY)
    code = client.bank.new_code()
    lefts: list[int] = []
    answer = pay.charge(charged, PaymentCode(code), lambda: lefts.append(1))
    assert isinstance(answer.outcome, Paid)
    assert answer.outcome.total == charged.money
    assert answer.echo is not None
    assert answer.echo.out_trade_no == charged.out_trade_no
    assert set(client.merchant.numbers().items()) <= set(answer.echo.merchant_numbers)
    assert lefts == [1]
    assert pay.ask(charged).outcome == pay.look_up(charged.out_trade_no).outcome == answer.outcome
    assert pay.look_up(answer.outcome.transaction_id).outcome == answer.outcome
    refund = Refund(f"R-{charged.out_trade_no}", charged.out_trade_no, Money(500, "HKD"), client.now())
    assert pay.refund(refund, charged).outcome == Pending()
    assert isinstance(pay.ask_refund(refund, charged).outcome, Pending | Ended)

    again = client.order(Tender.QUICK_PAY)
    assert pay.charge(again, PaymentCode(code), lambda: None).outcome == Declined(Decline.CODE_INVALID)
    assert pay.ask(client.order(Tender.QUICK_PAY)).outcome == NotFound()

    reversed_ = client.order(Tender.QUICK_PAY)
    assert isinstance(pay.charge(reversed_, PaymentCode(client.bank.new_code()), lambda: None).outcome, Paid)
    client.now.forward(16)
    assert pay.reverse(reversed_).outcome == Pending()
    assert isinstance(pay.ask(reversed_).outcome, Ended)

    placed = client.order(Tender.NATIVE)
    answer = pay.place(placed, lambda: None)
    assert answer.outcome == Pending()
    assert answer.code_url is not None
    assert answer.code_url.startswith("weixin://")
    assert isinstance(pay.ask(placed).outcome, Pending)
    client.now.forward(301)
    assert pay.close(placed).outcome == Pending()
    assert pay.ask(placed).outcome == Ended(OrderState.CLOSED)


def test_a_certificate_the_stand_in_does_not_know_is_no_failed_payment(client: Client) -> None:
    """A wrong serial of ours: nothing is Paid, nothing is NotFound, and the log has the code."""
    client.provider._signer = replace(client.provider._signer, serial="00")
    answer = client.provider.ask(client.order(Tender.QUICK_PAY))
    assert isinstance(answer.outcome, Unknown)
    assert answer.outcome.why in {Why.REFUSED, Why.UNVERIFIED}
    assert "SIGN_ERROR" in answer.outcome.detail
