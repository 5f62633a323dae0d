"""Nothing passes for WeChat's but what WeChat signed, a moment ago, to the byte (contract 1.4, 1.5)."""

from __future__ import annotations

import base64

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from kiosk.payment.wechat.crypto import platform_key
from kiosk.payment.wechat.verifier import Check, Flaw, check
from tests.wechat_stub import NONCE, NOW, Platform

PLATFORM = Platform()
KEY = platform_key(*PLATFORM.given)
BODY = b'{"trade_state":"SUCCESS"}\nsecond line'
HEADERS = PLATFORM.headers(BODY)


def verdict(headers: dict[str, str], body: bytes = BODY, now: int = NOW) -> Check:
    return check(headers, body, lambda serial: KEY if serial == PLATFORM.serial else None, now)


def test_what_is_signed_passes() -> None:
    """The right one, and the time it was signed at."""
    assert verdict(HEADERS) == Check(None, NOW)


@pytest.mark.parametrize(
    ("seconds", "flaw"), [(299, None), (-299, None), (300, Flaw.STALE), (-300, Flaw.STALE), (301, Flaw.STALE)]
)
def test_the_window_is_five_minutes_both_ways(seconds: int, flaw: Flaw | None) -> None:
    """299 s old is well, 300 s is not; what is stale still tells its true time."""
    assert verdict(HEADERS, now=NOW + seconds * 1000) == Check(flaw, NOW)


@pytest.mark.parametrize("name", ["Timestamp", "Nonce", "Signature", "Serial"])
def test_each_of_the_four_headers_is_needed(name: str) -> None:
    """Missing or empty is unsigned."""
    assert verdict({key: value for key, value in HEADERS.items() if key != f"Wechatpay-{name}"}).flaw is Flaw.UNSIGNED
    assert verdict(HEADERS | {f"Wechatpay-{name}": ""}).flaw is Flaw.UNSIGNED


def test_a_fence_cannot_be_moved() -> None:
    """The signed bytes stay the same when a line of the body is passed off as the end of the nonce: the form is refused first."""
    first, _, rest = BODY.partition(b"\n")
    moved = HEADERS | {"Wechatpay-Nonce": f"{NONCE}\n{first.decode()}"}
    assert KEY.verifies(HEADERS["Wechatpay-Signature"], f"{NOW // 1000}\n{moved['Wechatpay-Nonce']}\n".encode() + rest + b"\n")
    assert verdict(moved, rest).flaw is Flaw.FORM


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("Timestamp", f"{NOW // 1000}\n"),
        ("Timestamp", f" {NOW // 1000}"),
        ("Timestamp", f"+{NOW // 10_000}"),
        ("Timestamp", "".join(chr(ord(digit) + 0xFEE0) for digit in str(NOW // 1000))),
        ("Timestamp", f"{NOW}"),
        ("Nonce", f"{NONCE}\n"),
        ("Nonce", f"{NONCE}, {NONCE}"),
        ("Nonce", "x" * 65),
        ("Serial", f"{PLATFORM.serial}\n"),
        ("Serial", "../key"),
        ("Signature", "A" * 1025),
    ],
)
def test_odd_characters_are_refused_before_anything_is_computed(name: str, value: str) -> None:
    """Line feeds, blanks, signs, full-width digits, two headers joined into one, and endless values."""
    assert verdict(HEADERS | {f"Wechatpay-{name}": value}).flaw is Flaw.FORM


def test_an_unknown_serial_is_named_as_such() -> None:
    """So that whoever holds the keys can look for a newer one."""
    assert verdict(HEADERS | {"Wechatpay-Serial": "5157F09E"}).flaw is Flaw.UNKNOWN_SERIAL


def test_a_probe_fails_like_any_wrong_signature() -> None:
    """WECHATPAY/SIGNTEST/ is Base64 like any other, whether the whole decodes or not."""
    genuine = HEADERS["Wechatpay-Signature"]
    for probe in ("WECHATPAY/SIGNTEST/" + genuine[19:], "WECHATPAY/SIGNTEST/" + genuine, "WECHATPAY/SIGNTEST/"):
        assert verdict(HEADERS | {"Wechatpay-Signature": probe}).flaw is Flaw.SIGNATURE


def test_a_signature_has_one_spelling() -> None:
    """Base64 of 256 bytes ends in a letter of which four bits mean nothing: only the spelling with zeros there is taken."""
    genuine = HEADERS["Wechatpay-Signature"]
    assert genuine.endswith("==")
    letters = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/"
    second = genuine[:-3] + letters[letters.index(genuine[-3]) + 1] + "=="
    assert base64.b64decode(second, validate=True) == base64.b64decode(genuine)
    assert verdict(HEADERS | {"Wechatpay-Signature": second}).flaw is Flaw.SIGNATURE


@settings(max_examples=150)
@given(st.data())
def test_no_mutation_is_accepted(data: st.DataObject) -> None:
    """Change, drop or add any byte of the body, the signature, the nonce or the time: never accepted."""
    part = data.draw(st.sampled_from(["body", "signature", "nonce", "timestamp"]))
    raw = base64.b64decode(HEADERS["Wechatpay-Signature"])
    original = {"body": BODY, "signature": raw, "nonce": NONCE.encode(), "timestamp": str(NOW // 1000).encode()}[part]
    start = data.draw(st.integers(0, len(original)))
    end = data.draw(st.integers(start, min(len(original), start + 3)))
    mutated = original[:start] + data.draw(st.binary(max_size=3)) + original[end:]
    if mutated == original:
        return
    if part == "body":
        assert verdict(HEADERS, mutated).flaw is not None
    else:
        value = base64.b64encode(mutated).decode() if part == "signature" else mutated.decode("latin-1")
        assert verdict(HEADERS | {f"Wechatpay-{part.title()}": value}).flaw is not None
