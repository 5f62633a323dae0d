"""An independent client, PyPI's wechatpayv3, trades with the stand-in in both modes and finds nothing wrong."""

from __future__ import annotations

import json

import pytest
from wechatpayv3 import WeChatPay, WeChatPayType
from wechatpayv3.type import RequestType

from tests.sandbox_kit import DIRECT, INSTITUTION, NATIVE, PAY, REFUNDS, Stand


@pytest.fixture(scope="module", params=[INSTITUTION, DIRECT], ids=["institution", "direct"])
def stand(request, tmp_path_factory):
    stand = Stand(tmp_path_factory.mktemp("keys"), request.param)
    yield stand
    stand.server.stop()


@pytest.fixture(scope="module")
def ask(stand):
    """`ask(path, body)` posts, `ask(path)` gets: (status, body). The library raises when a success does not verify."""
    client = WeChatPay(
        wechatpay_type=WeChatPayType.NATIVE,
        mchid=stand.merchant.mchid,
        private_key=(stand.folder / "merchant_key.pem").read_text(),
        cert_serial_no=stand.keys.merchant_serial,
        appid=stand.merchant.appid,
        apiv3_key=stand.api_v3_key.decode(),
        notify_url="https://pay.example.net/wechat/notify",
        public_key=(stand.folder / "platform_public_key.pem").read_text(),
        public_key_id=stand.keys.pub_key_id,
    )
    client._core._gate_way = stand.server.url

    def call(path, body=None):
        kind = RequestType.GET if body is None else RequestType.POST
        status, text = client._core.request(path, method=kind, data=body)
        return status, json.loads(text) if text else None

    return call


def later(stand, seconds):
    """The library signs with the true time, so only the bank's own clock may run ahead."""
    stand.trouble.set("clock_ahead_s", stand.trouble.clock_ahead_s + seconds)


def test_it_sells_finds_reverses_and_refunds_by_quick_pay(stand, ask):
    status, sold = ask(PAY, stand.charge_body("K07-1-000001", stand.bank.new_code()))
    assert (status, sold["trade_state"]) == (200, "SUCCESS")
    by_number = f"/v3/global/transactions/out-trade-no/K07-1-000001?{stand.params}"
    by_id = f"/v3/global/transactions/id/{sold['id']}?{stand.params}"
    assert ask(by_number) == ask(by_id) == (200, sold)
    later(stand, 15)
    assert ask("/v3/global/micropay/transactions/out-trade-no/K07-1-000001/reverse", stand.merchant.numbers()) == (204, None)
    assert ask(by_number)[1]["trade_state"] == "REVOKED"
    ask(PAY, stand.charge_body("K07-1-000002", stand.bank.new_code()))
    status, accepted = ask(REFUNDS, stand.refund_body("K07-1-000002", "R-1", 250))
    assert status == 200
    assert ask(f"{REFUNDS}/out-refund-no/R-1?{stand.params}")[1]["status"] == "SUCCESS"
    assert ask(f"{REFUNDS}/id/{accepted['id']}?{stand.params}")[1]["out_refund_no"] == "R-1"


def test_it_waits_for_a_password(stand, ask):
    stand.trouble.set("password", "next")
    status, told = ask(PAY, stand.charge_body("K07-1-000003", stand.bank.new_code()))
    assert (status, told["code"]) == (202, "USERPAYING")
    stand.bank.approve("K07-1-000003", "123456")
    assert ask(f"/v3/global/transactions/out-trade-no/K07-1-000003?{stand.params}")[1]["trade_state"] == "SUCCESS"


def test_it_places_pays_and_closes_native_orders(stand, ask):
    status, placed = ask(NATIVE, stand.native_body("K07-1-000004", description="小吃 & <b>"))
    assert status == 200
    assert stand.bank.scan(placed["code_url"]).description == "小吃 & <b>"
    stand.bank.approve("K07-1-000004")
    assert ask(f"/v3/global/transactions/out-trade-no/K07-1-000004?{stand.params}")[1]["trade_state"] == "SUCCESS"
    ask(NATIVE, stand.native_body("K07-1-000005"))
    later(stand, 300)
    assert ask("/v3/global/transactions/out-trade-no/K07-1-000005/close", stand.merchant.numbers()) == (204, None)
    assert ask(f"/v3/global/transactions/out-trade-no/K07-1-000005?{stand.params}")[1]["trade_state"] == "CLOSED"


def test_it_is_told_no_in_words(stand, ask):
    status, told = ask(f"/v3/global/transactions/out-trade-no/K07-1-nothing?{stand.params}")
    assert (status, told["code"]) == (404, "ORDER_NOT_EXIST")


def test_it_notices_a_success_that_does_not_verify(stand, ask):
    stand.trouble.set("signtest", 1)
    with pytest.raises(Exception, match="verify"):
        ask(PAY, stand.charge_body("K07-1-000006", stand.bank.new_code()))
    assert stand.order("K07-1-000006")["debits"] == 1
