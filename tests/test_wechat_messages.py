"""The requests of both modes hold the fields of the contract, no others, and always the same bytes (contract 2, 3)."""

from __future__ import annotations

import json
from dataclasses import replace

import pytest

from kiosk.core.model import Direct, Institution, Order, OrderState, Reason, Refund, Tender
from kiosk.core.money import Money
from kiosk.core.secret import PaymentCode
from kiosk.payment.wechat import messages

DIRECT = Direct("wx1234567890abcdef", "1900009999")
INSTITUTION = Institution("wx7bc98d929da735fe", "1900007777", "1900008888")
ORDER = Order("K07-260105-a00001", "s", Tender.QUICK_PAY, Money(1750, "USD"), 0, OrderState.SENT, expires_at=1767607920_000)
REFUND = Refund("R-K07-260105-a00001", ORDER.out_trade_no, Money(500, "USD"), 0)
CODE = PaymentCode("134567890123456789")
IDS = {
    "direct": (DIRECT, {"appid": "wx1234567890abcdef", "mchid": "1900009999"}, {"mchid": "1900009999"}, "mchid=1900009999"),
    "institution": (
        INSTITUTION,
        {"sp_appid": "wx7bc98d929da735fe", "sp_mchid": "1900007777", "sub_mchid": "1900008888"},
        {"sp_mchid": "1900007777", "sub_mchid": "1900008888"},
        "sp_mchid=1900007777&sub_mchid=1900008888",
    ),
}
modes = pytest.mark.parametrize(("merchant", "ids"), [mode[:2] for mode in IDS.values()], ids=IDS.keys())
modes_in_full = pytest.mark.parametrize(("merchant", "ids", "short_ids", "query"), IDS.values(), ids=IDS.keys())


def shop(merchant) -> messages.Shop:
    return messages.Shop(merchant, "5814", "Harbour Snacks 海港", "https://pay.example.net/notify", "K07")


@modes
def test_charge(merchant, ids) -> None:
    """The fields of 3.2.1 and no notify_url."""
    sent = messages.charge(shop(merchant), ORDER, CODE)
    assert (sent.method, sent.target) == ("POST", "/v3/global/micropay/transactions/pay")
    assert json.loads(sent.body) == {
        **ids,
        "description": "Harbour Snacks 海港",
        "out_trade_no": "K07-260105-a00001",
        "trade_type": "MICROPAY",
        "merchant_category_code": "5814",
        "payer": {"auth_code": "134567890123456789"},
        "amount": {"total": 1750, "currency": "USD"},
        "scene_info": {"device_id": "K07"},
        "attach": str(ORDER.opened_at),
    }
    assert "134567890123456789" not in repr(sent)


@modes
def test_place(merchant, ids) -> None:
    """The fields of 3.3, the end in Beijing time, and the same bytes each time."""
    sent = messages.place(shop(merchant), ORDER)
    assert (sent.method, sent.target) == ("POST", "/v3/global/transactions/native")
    assert json.loads(sent.body) == {
        **ids,
        "description": "Harbour Snacks 海港",
        "out_trade_no": "K07-260105-a00001",
        "trade_type": "NATIVE",
        "merchant_category_code": "5814",
        "notify_url": "https://pay.example.net/notify",
        "time_expire": "2026-01-05T18:12:00+08:00",
        "amount": {"total": 1750, "currency": "USD"},
        "scene_info": {"device_id": "K07"},
        "attach": str(ORDER.opened_at),
    }
    assert messages.place(shop(merchant), ORDER).body == sent.body


def test_a_refunds_reason_is_wechats_to_show() -> None:
    """One of the kiosk's own in words, any other as it was written; without one none."""
    told = [
        json.loads(messages.refund(DIRECT, replace(REFUND, reason=reason), ORDER).body).get("reason")
        for reason in (Reason.FAULTY, "paid by hand", None)
    ]
    assert told == [messages._REASONS[Reason.FAULTY], "paid by hand", None]


@modes_in_full
def test_the_other_calls(merchant, ids, short_ids, query) -> None:
    """Query, reverse and close name the merchant without the app; a refund with it."""
    number = ORDER.out_trade_no
    asked = messages.ask(merchant, number)
    assert (asked.method, asked.target, asked.body) == ("GET", f"/v3/global/transactions/out-trade-no/{number}?{query}", b"")
    assert messages.look_up(merchant, "4200").target == f"/v3/global/transactions/id/4200?{query}"
    reverse = messages.reverse(merchant, ORDER)
    assert reverse.target == f"/v3/global/micropay/transactions/out-trade-no/{number}/reverse"
    close = messages.close(merchant, ORDER)
    assert close.target == f"/v3/global/transactions/out-trade-no/{number}/close"
    assert json.loads(reverse.body) == json.loads(close.body) == short_ids
    refund = messages.refund(merchant, REFUND, ORDER)
    assert (refund.method, refund.target) == ("POST", "/v3/global/refunds")
    assert json.loads(refund.body) == {
        **ids,
        "out_trade_no": number,
        "out_refund_no": "R-K07-260105-a00001",
        "amount": {"refund": 500, "total": 1750, "currency": "USD"},
    }
    back = messages.ask_refund(merchant, REFUND)
    assert (back.method, back.target) == ("GET", f"/v3/global/refunds/out-refund-no/R-K07-260105-a00001?{query}")


def test_an_order_without_an_end_says_nothing_of_one() -> None:
    """No time_expire, rather than null, which WeChat refuses."""
    order = Order("K07-260105-a00002", "s", Tender.NATIVE, Money(900, "JPY"), 0, OrderState.SENT)
    assert "time_expire" not in json.loads(messages.place(shop(DIRECT), order).body)


def test_who_signs() -> None:
    """The institution, never its sub-merchant."""
    assert messages.signing_number(DIRECT) == "1900009999"
    assert messages.signing_number(INSTITUTION) == "1900007777"
