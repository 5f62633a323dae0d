"""Inputs from the network: answers to each call and the rows they become, headers, certificates, notifications."""

from __future__ import annotations

import json
from collections.abc import Callable

from kiosk.core.events import Answered, RefundAnswered
from kiosk.core.model import Answer, Call, Declined, Ended, NotFound, OrderState, Paid, Refund, Unknown
from kiosk.core.money import Money
from kiosk.payment.wechat import answers
from kiosk.payment.wechat.certificates import PlatformKeys
from kiosk.payment.wechat.crypto import PlatformKey, platform_key
from kiosk.payment.wechat.notification import Notice, open_notification
from kiosk.payment.wechat.verifier import Check, check, check_statement
from tests import wechat_vectors as vectors
from tests.flow import MERCHANT, Flow
from tests.fuzz.target import Target, says_paid, sound
from tests.test_wechat_vectors import V5_HEADERS, V5_NOW
from tests.wechat_stub import API_V3_KEY, NOW, Platform, as_body, seal

REFUND = Refund("K07-260105-aa000000-R1", "K07-260105-aa000000", Money(1250, "HKD"), NOW)
PLATFORM = Platform(name="platform", serial="5157F09EFDC096DE15EBE81A47057A7232F1B8E1")
KEY = platform_key(*PLATFORM.given)
STATUSES = (200, 202, 204, 400, 401, 403, 404, 429, 500, 503, 100, 301, 599, 0)

READ: dict[Call, Callable[[int, bytes], Answer]] = {
    Call.CHARGE: answers.charged,
    Call.PLACE: answers.placed,
    Call.ASK: answers.asked,
    Call.REVERSE: answers.undone,
    Call.CLOSE: answers.undone,
    Call.REFUND: lambda status, body: answers.refunded(status, body, REFUND),
    Call.ASK_REFUND: lambda status, body: answers.refund_asked(status, body, REFUND),
}
CALLS = list(READ)
_NAMES = ("Timestamp", "Nonce", "Signature", "Serial")


def read_answer(data: bytes) -> None:
    """First byte: the call; second: the status; the rest is the body."""
    call, status, body = _parts(data)
    answer = READ[call](status, body)
    sound(answer)
    match answer.outcome:
        case Paid():
            assert call in (Call.CHARGE, Call.ASK)
            assert 200 <= status < 300
            assert says_paid(body)
        case Declined(clean_up=cleans):
            assert cleans or 400 <= status < 500 or call is Call.ASK_REFUND or _is_no_success(call, status)
        case NotFound() | Ended():
            assert isinstance(answer.outcome, Ended) or 400 <= status < 500
        case _:
            pass
    hint = answers.unverified(status, body, "signature")
    sound(hint)
    assert isinstance(hint.outcome, Unknown), "believed without a signature"


def _is_no_success(call: Call, status: int) -> bool:
    """Statuses that HTTP does not have, or that are neither success nor error: a verified code decides alone there."""
    return call is Call.CHARGE and not 200 <= status < 300 and status < 500


def answer_to_row(data: bytes) -> None:
    """A verified answer, whatever is in it, becomes a row that the ledger takes, and PAID only for exactly this order."""
    call, status, body = _parts(data)
    flow = Flow()
    native = call in (Call.PLACE, Call.CLOSE)
    number = flow.show_qr() if native else flow.charge()
    assert number == NUMBER
    if call in (Call.REFUND, Call.ASK_REFUND):
        flow.answer(Call.CHARGE, flow.paid(number))
        refund = flow.refunds(number)[0] if flow.ask_refund(number).problem is None else REFUND
        read = answers.refunded if call is Call.REFUND else answers.refund_asked
        flow.happen(RefundAnswered(refund.out_refund_no, call, read(status, body, refund)))
    else:
        if call in (Call.REVERSE, Call.CLOSE):
            flow.press("CANCEL")
        answer = READ[call](status, body)
        flow.happen(Answered(number, call, answer))
        row = flow.order(number)
        if row.state is OrderState.PAID:
            assert isinstance(answer.outcome, Paid)
            assert (answer.outcome.total, row.money) == (row.money, Money(1250, "HKD"))
            assert answer.echo is not None
            assert answer.echo.out_trade_no == number
            assert {"mchid": MERCHANT.mchid, "appid": MERCHANT.appid} | dict(answer.echo.merchant_numbers) == {
                **dict(answer.echo.merchant_numbers),
                "mchid": MERCHANT.mchid,
                "appid": MERCHANT.appid,
            }
    assert flow.screen is not None
    assert flow.numbers()


def read_headers(data: bytes) -> None:
    """Five lines (parted by zero bytes, so that a header may hold a line feed): four headers and the body."""
    parts = data.split(b"\x00", 4)
    values = [part.decode("utf-8", "surrogateescape") for part in parts[:4]]
    headers = {f"Wechatpay-{name}": value for name, value in zip(_NAMES, values, strict=False)}
    body = parts[4] if len(parts) > 4 else b""
    verdict = check(headers, body, lambda serial: _PUBLISHED if serial == V5_HEADERS["Wechatpay-Serial"] else None, V5_NOW)
    assert isinstance(verdict, Check)
    assert verdict.flaw is not None or (headers, body) == (V5_HEADERS, vectors.V5_BODY), "accepted what nobody signed"
    of_a_day = check_statement(headers | {"Wechatpay-Statement-Sha1": values[-1]}, lambda _: _PUBLISHED, V5_NOW)
    assert of_a_day.flaw is not None


def read_certificates(data: bytes) -> None:
    """First byte: whether the list itself is odd, or the certificate sealed in it. All of it is truly signed."""
    odd_list, rest = bool(data[:1] < b"\x80"), data[1:]
    body = (
        rest
        if odd_list
        else as_body({"data": [{"serial_no": PLATFORM.serial, "encrypt_certificate": seal(rest, "certificate")}]})
    )
    keys = PlatformKeys(api_v3_key=API_V3_KEY)
    verdict = keys.take(PLATFORM.headers(body), body, NOW)
    assert isinstance(verdict, Check)
    assert len(keys._entries) <= 16
    for entry in keys._entries.values():
        json.dumps(entry.sealed).encode("ascii")


def read_notification(data: bytes) -> None:
    """First byte: whether the envelope is odd, or what is sealed in it. Signed truly, and then not."""
    odd_envelope, rest = bool(data[:1] < b"\x80"), data[1:]
    body = rest if odd_envelope else envelope(rest)
    opened = open_notification(PLATFORM.headers(body), body, key_of=key_of, api_v3_key=API_V3_KEY, now=NOW)
    if isinstance(opened, Notice):
        sound(opened.about)
        for name in (opened.notice_id, opened.event_type, opened.out_trade_no or "", opened.out_refund_no or ""):
            assert len(name) <= 64
            assert name.isascii()
        if isinstance(opened.about.outcome, Paid) and not odd_envelope:
            assert says_paid(rest)
    forged = open_notification(_GENUINE, body, key_of=key_of, api_v3_key=API_V3_KEY, now=NOW)
    assert not isinstance(forged, Notice), "opened what nobody signed"


def envelope(plain: bytes) -> bytes:
    """A notification around this plaintext."""
    resource = {"original_type": "transaction", **seal(plain, "transaction")}
    return as_body({"id": "n-1", "event_type": "TRANSACTION.SUCCESS", "resource_type": "encrypt-resource", "resource": resource})


def key_of(serial: str) -> PlatformKey | None:
    """The one key there is."""
    return KEY if serial == PLATFORM.serial else None


def _parts(data: bytes) -> tuple[Call, int, bytes]:
    head = data[:2].ljust(2, b"\x00")
    return CALLS[head[0] % len(CALLS)], STATUSES[head[1] % len(STATUSES)], data[2:]


def _seed(call: Call, status: int, body: object) -> bytes:
    return bytes([CALLS.index(call), STATUSES.index(status)]) + as_body(body)


def _number() -> str:
    flow = Flow()
    return flow.charge()


NUMBER = _number()
_RATE = {"type": "SETTLEMENT_RATE", "rate": 91000000}
_AMOUNT = {"total": 1250, "currency": "HKD", "payer_total": 1138, "payer_currency": "CNY", "exchange_rate": _RATE}
ORDER = {
    "id": "4200001234202601051234567890",
    "appid": MERCHANT.appid,
    "mchid": MERCHANT.mchid,
    "out_trade_no": NUMBER,
    "trade_type": "MICROPAY",
    "trade_state": "SUCCESS",
    "success_time": "2026-01-05T18:04:11+08:00",
    "payer": {"openid": "oCustomerOfTheFuzzer00000001"},
    "amount": _AMOUNT,
}
_REFUND = {
    "id": "503",
    "out_refund_no": f"{NUMBER}-R1",
    "status": "SUCCESS",
    "amount": {"refund": 1250, "total": 1250, "currency": "HKD"},
}
_BODY = as_body(ORDER)
_GENUINE = PLATFORM.headers(_BODY)
_PUBLISHED = platform_key(V5_HEADERS["Wechatpay-Serial"], vectors.PUBLIC_KEY)  # with it an input says the same in any process
_STATES = ("SUCCESS", "REFUND", "NOTPAY", "CLOSED", "REVOKED", "USERPAYING", "PAYERROR", "ACCEPT")
_CODES = (
    "ORDER_PAID",
    "ORDER_NOT_EXIST",
    "SYSTEM_ERROR",
    "AUTH_CODE_EXPIRE",
    "NOT_ENOUGH",
    "ORDERCLOSED",
    "USERPAYING",
    "SIGN_ERROR",
)
_WORDS = (*_STATES, *_CODES, *(f'"{name}"' for name in (*ORDER, *_AMOUNT, "code", "status", "refund", "payer _currency")))

_SEEDS = (
    *(_seed(call, 200, ORDER) for call in (Call.CHARGE, Call.ASK)),
    *(_seed(Call.ASK, 200, ORDER | {"trade_state": state}) for state in _STATES),
    _seed(Call.ASK, 200, ORDER | {"amount": _AMOUNT | {"exchange_rate": _RATE | {"rate": 0}}}),
    _seed(Call.ASK, 200, ORDER | {"success_time": "0001-01-01T00:00:00Z"}),
    *(_seed(call, 400, {"code": code, "message": "m"}) for call in CALLS for code in _CODES),
    _seed(Call.CHARGE, 202, {"code": "USERPAYING", "message": "m"}),
    _seed(Call.PLACE, 200, {"code_url": "weixin://wxpay/bizpayurl?pr=AbCdEfG"}),
    *(_seed(call, 204, b"") for call in (Call.REVERSE, Call.CLOSE)),
    *(_seed(call, 200, _REFUND) for call in (Call.REFUND, Call.ASK_REFUND)),
    *(_seed(Call.CHARGE, status, b"<html>") for status in STATUSES),
)
_FEW_SEEDS = tuple(seed for seed in _SEEDS if STATUSES[seed[1]] < 300 or seed[2:].startswith(b'{"code": "ORDER'))
ANSWER = Target("answer", _SEEDS, read_answer, _WORDS)
ROW = Target("row", _FEW_SEEDS, answer_to_row, _WORDS, lines=60_000, memory=4_000_000)
HEADERS = Target(
    "headers",
    (
        b"\x00".join([*(V5_HEADERS[f"Wechatpay-{name}"].encode() for name in _NAMES), vectors.V5_BODY]),
        b"\x00\x00\x00\x00",
        b"1624523846\x00n\x00QUJD\x00X\x00{}",
    ),
    read_headers,
    (*V5_HEADERS.values(), "WECHATPAY/SIGNTEST/"),
)
CERTIFICATES = Target(
    "certificates",
    (b"\x00" + as_body({"data": [PLATFORM.listed(), PLATFORM.listed(days=-1)]}), b"\x80" + PLATFORM.certificate()),
    read_certificates,
    ("serial_no", "encrypt_certificate", "AEAD_AES_256_GCM", "-----BEGIN CERTIFICATE-----", "-----END CERTIFICATE-----", "MII"),
)
NOTIFICATION = Target(
    "notification",
    (b"\x00" + envelope(_BODY), b"\x80" + _BODY, b"\x80" + as_body(_REFUND | {"out_trade_no": NUMBER})),
    read_notification,
    (*_WORDS, "resource", "ciphertext", "associated_data", "nonce"),
)
