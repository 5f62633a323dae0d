"""The contract's tables: call, status and body in, outcome out (contract 3.2.3, 3.2.4, 3.4.2, 3.5 to 3.8, 3.11)."""

from __future__ import annotations

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from kiosk.core.model import (
    Answer,
    Decline,
    Declined,
    Echo,
    Ended,
    NotFound,
    OrderState,
    Paid,
    Pending,
    Refund,
    RefundTrouble,
    Tender,
    Unknown,
    Why,
)
from kiosk.core.money import Money
from kiosk.payment.wechat import answers
from kiosk.payment.wechat.strict_json import read_object

NUMBER = "K07-20260105-000123-1"
REFUND = Refund(out_refund_no="R-" + NUMBER, out_trade_no=NUMBER, money=Money(1750, "USD"), opened_at=0)
TRANSACTION = {
    "id": "4200009999202601050000000123",
    "appid": "wx1234567890abcdef",
    "mchid": "1900009999",
    "out_trade_no": NUMBER,
    "trade_type": "MICROPAY",
    "trade_state": "SUCCESS",
    "success_time": "2026-01-05T18:04:11+08:00",
    "payer": {"openid": "oKioskUserExample0000000001"},
    "amount": {
        "total": 1750,
        "currency": "USD",
        "payer_total": 12583,
        "payer_currency": "CNY",
        "exchange_rate": {"type": "SETTLEMENT_RATE", "rate": 719000000},
    },
}
PAID = Paid("4200009999202601050000000123", Money(1750, "USD"), 1767607451_000, Money(12583, "CNY"), 719000000)


def state(name: str) -> dict:
    return {"out_trade_no": NUMBER, "trade_state": name}


def code(name: str) -> dict:
    return {"code": name, "message": "words"}


def declined(reason: Decline, trouble: RefundTrouble | None = None) -> Declined:
    return Declined(reason, trouble=trouble)


def unknown(why: Why, detail: str) -> Unknown:
    return Unknown(why, detail)


CHARGE = [
    (200, TRANSACTION, PAID),
    (202, TRANSACTION, PAID),
    (202, code("USERPAYING"), Pending(payer_acts=True)),
    (202, state("USERPAYING"), Pending(payer_acts=True)),
    (200, state("USERPAYING"), Pending(payer_acts=True)),
    (400, code("USER_PAYING"), Pending(payer_acts=True)),
    (200, state("NOTPAY"), Pending()),
    (200, state("ACCEPT"), Pending()),
    (200, state("PAYERROR"), Declined(Decline.PAYMENT_FAILED, clean_up=True)),
    (200, state("REVOKED"), Ended(OrderState.REVERSED)),
    (200, state("CLOSED"), Ended(OrderState.CLOSED)),
    (200, state("REFUND"), Ended(OrderState.REFUNDED)),
    (200, state("SOMETHING_NEW"), unknown(Why.UNLISTED, "SOMETHING_NEW")),
    (200, {}, unknown(Why.MALFORMED, "HTTP200")),
    (200, b"", unknown(Why.MALFORMED, "HTTP200")),
    (200, b"[]", unknown(Why.MALFORMED, "HTTP200")),
    (302, b"", unknown(Why.UNLISTED, "HTTP302")),
    (403, code("NOT_ENOUGH"), declined(Decline.BALANCE)),
    (403, code("NOTENOUGH"), declined(Decline.BALANCE)),
    (400, code("AUTHCODEEXPIRE"), declined(Decline.CODE_EXPIRED)),
    (400, code("AUTH_CODE_EXPIRED"), declined(Decline.CODE_EXPIRED)),
    (400, code("AUTH_CODE_ERROR"), declined(Decline.CODE_INVALID)),
    (400, code("AUTHCODE_INVALID"), declined(Decline.CODE_INVALID)),
    (403, code("NOT_SUPORT_CARD"), declined(Decline.CARD)),
    (403, code("TRADE_ERROR"), declined(Decline.REFUSED)),
    (403, code("RULE_LIMIT"), declined(Decline.REFUSED)),
    (403, code("ACCOUNT_ERROR"), declined(Decline.REFUSED)),
    (400, code("BUYER_MISMATCH"), declined(Decline.REFUSED)),
    (400, code("ORDER_CLOSED"), declined(Decline.NUMBER)),
    (400, code("ORDER_REVERSED"), declined(Decline.NUMBER)),
    (403, code("NO_AUTH"), declined(Decline.MERCHANT)),
    (400, code("PARAM_ERROR"), declined(Decline.MERCHANT)),
    (400, code("INVALID_REQUEST"), declined(Decline.MERCHANT)),
    (401, code("SIGN_ERROR"), declined(Decline.MERCHANT)),
    (400, code("APPID_MCHID_NOT_MATCH"), declined(Decline.MERCHANT)),
    (400, code("MCH_NOT_EXISTS"), declined(Decline.MERCHANT)),
    (400, code("ORDER_PAID"), unknown(Why.ORDER_PAID, "ORDER_PAID")),
    (403, code("OUT_TRADE_NO_USED"), unknown(Why.REFUSED, "OUT_TRADE_NO_USED")),
    (500, code("SYSTEM_ERROR"), unknown(Why.SERVER, "SYSTEM_ERROR")),
    (400, code("SYSTEMERROR"), unknown(Why.SERVER, "SYSTEMERROR")),
    (202, code("SYSTEM_ERROR"), unknown(Why.SERVER, "SYSTEM_ERROR")),
    (500, code("BANK_ERROR"), unknown(Why.SERVER, "BANK_ERROR")),
    (500, code("NOT_ENOUGH"), unknown(Why.SERVER, "NOT_ENOUGH")),
    (200, code("NOT_ENOUGH"), unknown(Why.REFUSED, "NOT_ENOUGH")),
    (429, code("RATE_LIMITED"), unknown(Why.BUSY, "RATE_LIMITED")),
    (403, code("FREQUENCY_LIMITED"), unknown(Why.BUSY, "FREQUENCY_LIMITED")),
    (400, code("BRAND_NEW_CODE"), unknown(Why.UNLISTED, "BRAND_NEW_CODE")),
    (404, code("ORDER_NOT_EXIST"), unknown(Why.UNLISTED, "ORDER_NOT_EXIST")),
    (400, code("134567890123456789"), unknown(Why.UNLISTED, "HTTP400")),
    (200, state("134567890123456789"), unknown(Why.UNLISTED, "")),
    (400, code("NOT_UTF8"), declined(Decline.MERCHANT)),
]
PLACE = [
    (200, {"code_url": ""}, unknown(Why.MALFORMED, "code_url")),
    (200, {"code_url": 5}, unknown(Why.MALFORMED, "code_url")),
    (200, {"code_url": "weixin://a b"}, unknown(Why.MALFORMED, "code_url")),
    (200, {"code_url": "weixin://" + "x" * 600}, unknown(Why.MALFORMED, "code_url")),
    (403, code("NO_AUTH"), declined(Decline.MERCHANT)),
    (400, code("PARAM_ERROR"), declined(Decline.MERCHANT)),
    (401, code("SIGN_ERROR"), declined(Decline.MERCHANT)),
    (400, code("INVALID_REQUEST"), unknown(Why.REFUSED, "INVALID_REQUEST")),
    (403, code("OUT_TRADE_NO_USED"), unknown(Why.REFUSED, "OUT_TRADE_NO_USED")),
    (400, code("ORDER_PAID"), unknown(Why.ORDER_PAID, "ORDER_PAID")),
    (400, code("ORDER_CLOSED"), declined(Decline.NUMBER)),
    (500, code("NO_AUTH"), unknown(Why.SERVER, "NO_AUTH")),
]
ASK = [
    (200, TRANSACTION, PAID),
    (200, state("NOTPAY"), Pending()),
    (202, code("USERPAYING"), Pending(payer_acts=True)),
    (404, code("ORDER_NOT_EXIST"), NotFound()),
    (404, code("ORDERNOTEXIST"), NotFound()),
    (404, code("NOT_FOUND"), NotFound()),
    (400, code("ORDER_NOT_EXIST"), NotFound()),
    (500, code("ORDER_NOT_EXIST"), unknown(Why.SERVER, "ORDER_NOT_EXIST")),
    (404, code("RESOURCE_NOT_EXISTS"), unknown(Why.UNLISTED, "RESOURCE_NOT_EXISTS")),
    (404, b"", unknown(Why.UNLISTED, "HTTP404")),
    (401, code("SIGN_ERROR"), unknown(Why.REFUSED, "SIGN_ERROR")),
    (403, code("NO_AUTH"), unknown(Why.REFUSED, "NO_AUTH")),
    (429, code("RATE_LIMITED"), unknown(Why.BUSY, "RATE_LIMITED")),
    (500, code("SYSTEM_ERROR"), unknown(Why.SERVER, "SYSTEM_ERROR")),
    (200, {}, unknown(Why.MALFORMED, "trade_state")),
]
UNDO = [
    (204, b"", Pending()),
    (200, b"", Pending()),
    (200, {"out_trade_no": NUMBER}, Pending()),
    (202, code("USERPAYING"), unknown(Why.BUSY, "USERPAYING")),
    (400, code("USERPAYING"), unknown(Why.BUSY, "USERPAYING")),
    (500, code("USERPAYING"), unknown(Why.BUSY, "USERPAYING")),
    (500, code("SYSTEM_ERROR"), unknown(Why.SERVER, "SYSTEM_ERROR")),
    (500, code("ORDER_CLOSED"), unknown(Why.SERVER, "ORDER_CLOSED")),
    (400, code("ORDERPAID"), unknown(Why.ORDER_PAID, "ORDERPAID")),
    (400, code("ORDER_CLOSED"), Ended(OrderState.CLOSED)),
    (400, code("ORDER_REVERSED"), Ended(OrderState.REVERSED)),
    (404, code("NOT_FOUND"), NotFound()),
    (404, code("ORDER_NOT_EXIST"), NotFound()),
    (404, code("RESOURCE_NOT_EXISTS"), unknown(Why.UNLISTED, "RESOURCE_NOT_EXISTS")),
    (400, code("INVALID_REQUEST"), unknown(Why.REFUSED, "INVALID_REQUEST")),
    (429, b"", unknown(Why.BUSY, "")),
]
GIVEN_BACK = {"id": "503", "out_refund_no": REFUND.out_refund_no, "amount": {"refund": 1750, "currency": "USD"}}
GIVE_BACK = [
    (200, GIVEN_BACK, Pending()),
    (200, GIVEN_BACK | {"id": None}, unknown(Why.MALFORMED, "id")),
    (200, GIVEN_BACK | {"out_refund_no": "R-other"}, unknown(Why.MALFORMED, "out_refund_no")),
    (200, GIVEN_BACK | {"amount": {"refund": 1, "currency": "USD"}}, unknown(Why.MALFORMED, "amount")),
    (403, code("NOT_ENOUGH"), unknown(Why.POOR, "NOT_ENOUGH")),
    (500, code("BIZERR_NEED_RETRY"), unknown(Why.BUSY, "BIZERR_NEED_RETRY")),
    (429, code("FREQUENCY_LIMITED"), unknown(Why.BUSY, "FREQUENCY_LIMITED")),
    (500, code("SYSTEM_ERROR"), unknown(Why.SERVER, "SYSTEM_ERROR")),
    (400, code("TRADE_OVERDUE"), declined(Decline.REFUSED, RefundTrouble.OVERDUE)),
    (403, code("USER_ACCOUNT_ABNORMAL"), declined(Decline.REFUSED, RefundTrouble.ACCOUNT)),
    (400, code("OUT_REFUND_NO_USED"), declined(Decline.NUMBER, RefundTrouble.NUMBER)),
    (400, code("PARAM_ERROR"), declined(Decline.MERCHANT, RefundTrouble.MERCHANT)),
    (404, code("ORDER_NOT_EXIST"), NotFound()),
    (400, code("BRAND_NEW_CODE"), unknown(Why.UNLISTED, "BRAND_NEW_CODE")),
]
ASK_BACK = [
    (200, GIVEN_BACK | {"status": "SUCCESS"}, Ended(OrderState.REFUNDED)),
    (200, GIVEN_BACK | {"status": "PROCESSING"}, Pending()),
    (200, GIVEN_BACK | {"status": "ABNORMAL"}, declined(Decline.REFUSED, RefundTrouble.ACCOUNT)),
    (200, GIVEN_BACK | {"status": "REFUNDCLOSE"}, declined(Decline.REFUSED, RefundTrouble.CLOSED)),
    (200, GIVEN_BACK | {"status": "CLOSED"}, declined(Decline.REFUSED, RefundTrouble.CLOSED)),
    (200, GIVEN_BACK | {"status": "ODD"}, unknown(Why.UNLISTED, "ODD")),
    (200, GIVEN_BACK, unknown(Why.MALFORMED, "status")),
    (200, GIVEN_BACK | {"status": "SUCCESS", "out_refund_no": "x"}, unknown(Why.MALFORMED, "out_refund_no")),
    (404, code("RESOURCE_NOT_EXISTS"), NotFound()),
    (404, code("REFUND_NOT_EXIST"), NotFound()),
    (500, code("SYSTEM_ERROR"), unknown(Why.SERVER, "SYSTEM_ERROR")),
]
READS = {
    "charge": answers.charged,
    "place": answers.placed,
    "ask": answers.asked,
    "undo": answers.undone,
    "refund": lambda status, body: answers.refunded(status, body, REFUND),
    "ask_refund": lambda status, body: answers.refund_asked(status, body, REFUND),
}
TABLES = {"charge": CHARGE, "place": PLACE, "ask": ASK, "undo": UNDO, "refund": GIVE_BACK, "ask_refund": ASK_BACK}


def as_bytes(body: object) -> bytes:
    return body if isinstance(body, bytes) else json.dumps(body).encode()


@pytest.mark.parametrize(("call", "status", "body", "outcome"), [(call, *row) for call, rows in TABLES.items() for row in rows])
def test_the_table(call: str, status: int, body: object, outcome: object) -> None:
    """Each row of the contract's tables has the outcome it names."""
    assert READS[call](status, as_bytes(body)).outcome == outcome


def test_a_placed_order_has_its_link() -> None:
    """The link goes on as it is; the order lives."""
    answer = answers.placed(200, b'{"code_url":"weixin://wxpay/bizpayurl?pr=Qx9Example0zz","new":1}')
    assert answer == Answer(Pending(), code_url="weixin://wxpay/bizpayurl?pr=Qx9Example0zz")


def test_the_echo_repeats_what_the_answer_is_about() -> None:
    """Number, amount and merchant numbers as the answer has them, for the comparison with the row."""
    answer = answers.charged(200, as_bytes(TRANSACTION))
    merchant = (("appid", "wx1234567890abcdef"), ("mchid", "1900009999"))
    assert answer.echo == Echo(NUMBER, Money(1750, "USD"), merchant, Tender.QUICK_PAY)
    for attach, opened_at in (
        ("1767607920123", 1767607920123),
        ("1767607920123 table 7", 1767607920123),
        ("k07/123", None),
        ("1", None),
    ):
        assert (answers.charged(200, as_bytes(TRANSACTION | {"attach": attach})).echo or Echo()).opened_at == opened_at
    institution = {"sp_appid": "a", "sp_mchid": "b", "sub_mchid": "c", **state("NOTPAY")}
    numbers = (("sp_appid", "a"), ("sp_mchid", "b"), ("sub_mchid", "c"))
    assert answers.asked(200, as_bytes(institution)).echo == Echo(NUMBER, None, numbers)


@pytest.mark.parametrize(
    ("trade_type", "tender"),
    [("MICROPAY", Tender.QUICK_PAY), ("NATIVE", Tender.NATIVE), ("JSAPI", None), (7, None), (None, None)],
)
def test_the_echo_tells_the_tender(trade_type: object, tender: Tender | None) -> None:
    """The two kinds a kiosk makes; whatever else stands there is none."""
    echo = answers.asked(200, as_bytes(state("NOTPAY") | {"trade_type": trade_type})).echo
    assert echo is not None
    assert echo.tender is tender


def test_the_refund_number_is_told() -> None:
    """WeChat's number of the refund comes with both answers about it."""
    assert answers.refunded(200, as_bytes(GIVEN_BACK), REFUND).transaction_id == "503"
    assert answers.refund_asked(200, as_bytes(GIVEN_BACK | {"status": "PROCESSING"}), REFUND).transaction_id == "503"


def test_transaction_id_may_be_called_either_way() -> None:
    """`id` in the global API, `transaction_id` in one guide."""
    renamed = {"transaction_id" if name == "id" else name: value for name, value in TRANSACTION.items()}
    assert answers.asked(200, as_bytes(renamed)).outcome == PAID


@pytest.mark.parametrize("missing", ["id", "out_trade_no", "amount"])
def test_paid_needs_its_facts(missing: str) -> None:
    """SUCCESS without number, amount or WeChat's number is nothing to hand goods over for."""
    body = {name: value for name, value in TRANSACTION.items() if name != missing}
    assert answers.charged(200, as_bytes(body)).outcome == Unknown(Why.MALFORMED, "SUCCESS")


@pytest.mark.parametrize(
    "amount",
    [
        {"total": 1750},
        {"currency": "USD"},
        {"total": True, "currency": "USD"},
        {"total": 1750.0, "currency": "USD"},
        {"total": "1750", "currency": "USD"},
        {"total": -1750, "currency": "USD"},
        {"total": 2**53, "currency": "USD"},
        {"total": 1750, "currency": "usd"},
        {"total": 1750, "currency": "USD\n"},
        [1750, "USD"],
        None,
    ],
)
def test_paid_needs_an_amount_that_is_one(amount: object) -> None:
    """An amount is an int with a currency; True, 1750.0 and "1750" are none."""
    assert answers.charged(200, as_bytes(TRANSACTION | {"amount": amount})).outcome == Unknown(Why.MALFORMED, "SUCCESS")


def test_odd_extras_do_not_hide_a_payment() -> None:
    """What is only shown (payer, rate, time) may be odd or missing; unknown fields are passed over."""
    amount = {"total": 1750, "currency": "USD", "payer_total": "?", "exchange_rate": 3}
    body = TRANSACTION | {"amount": amount, "success_time": "yesterday", "brand_new": {"a": [1]}}
    assert answers.charged(200, as_bytes(body)).outcome == Paid(PAID.transaction_id, Money(1750, "USD"))


@pytest.mark.parametrize("when", ["0001-01-01T00:00:00Z", "0001-01-01T00:00:00+14:00", "1969-12-31T23:59:59+08:00"])
def test_a_time_or_a_rate_that_says_none_is_none(when: str) -> None:
    """The ledger would refuse such a row, and with it the payment, each time it is told."""
    amount = {"total": 1750, "currency": "USD", "exchange_rate": {"type": "SETTLEMENT_RATE", "rate": 0}}
    body = TRANSACTION | {"amount": amount, "success_time": when}
    assert answers.charged(200, as_bytes(body)).outcome == Paid(PAID.transaction_id, Money(1750, "USD"))


@pytest.mark.parametrize(
    "text",
    [
        b'{"trade_state":"SUCCESS","trade_state":"NOTPAY"}',
        b'{"amount":{"total":1,"total":2}}',
        b'{"a":NaN}',
        b'{"a":-Infinity}',
        b'{"a":' + b"[" * 100_000,
        b'{"a":' + b"9" * 10_000 + b"}",
        b"\xef\xbb\xbf{}",
        b'{"a":"\xff"}',
        b"{} {}",
        b'"text"',
        b"null",
    ],
)
def test_json_is_read_strictly(text: bytes) -> None:
    """Two meanings, no meaning, or a trap: not an object."""
    assert read_object(text) is None


@given(st.binary(max_size=200) | st.text().map(str.encode))
def test_no_body_makes_a_reader_raise(body: bytes) -> None:
    """Whatever the bytes, each reader has an answer, and never that something was paid."""
    for read in READS.values():
        for status in (200, 202, 204, 302, 400, 401, 404, 429, 500):
            assert not isinstance(read(status, body).outcome, Paid)
    answers.unverified(400, body, "unsigned")


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | st.text(max_size=5),
    lambda inner: st.lists(inner, max_size=2) | st.dictionaries(st.text(max_size=5), inner, max_size=2),
    max_leaves=4,
)


@given(
    st.dictionaries(st.sampled_from([*TRANSACTION, "code", "code_url", "status", "out_refund_no", "refund_id"]), JSON, max_size=6)
)
def test_any_types_make_no_reader_raise(changes: dict) -> None:
    """Right names with wrong types: an answer all the same."""
    body = as_bytes(TRANSACTION | changes)
    for read in READS.values():
        for status in (200, 400, 404, 500):
            assert isinstance(read(status, body), Answer)


@pytest.mark.parametrize(
    ("status", "outcome"),
    [
        (200, Unknown(Why.UNVERIFIED, "signature")),
        (400, Unknown(Why.UNVERIFIED, "signature NOT_ENOUGH")),
        (404, Unknown(Why.UNVERIFIED, "signature NOT_ENOUGH")),
        (302, Unknown(Why.UNVERIFIED, "signature")),
        (429, Unknown(Why.BUSY, "NOT_ENOUGH")),
        (502, Unknown(Why.SERVER, "NOT_ENOUGH")),
    ],
)
def test_what_is_not_verified_proves_nothing(status: int, outcome: Unknown) -> None:
    """An unsigned refusal is a hint for the log and no more."""
    assert answers.unverified(status, as_bytes(code("NOT_ENOUGH")), "signature").outcome == outcome
