"""What the scanner believes, and what it refuses and why."""

from __future__ import annotations

import signal
from collections.abc import Iterator

import pytest
from hypothesis import given
from hypothesis import strategies as st

from kiosk.camera.sightings import USED_FOR_S, Believed, Refused, Sightings, UsedCodes, Verdict, digest, foreign_kind
from kiosk.camera.symbol import Format, Symbol
from kiosk.core.events import Foreign, ScanHint

A, B = "134567890123456789", "109876543210987654"
FULL_WIDTH = A.translate({ord("0") + i: 0xFF10 + i for i in range(10)})


def qr(text: str) -> Symbol:
    return Symbol(Format.QR, text.encode())


def bars(text: str) -> Symbol:
    return Symbol(Format.CODE128, text.encode())


def shown(*frames: list[Symbol], used: tuple[str, ...] = (), every_s: float = 0.1) -> list[Verdict]:
    """The verdicts on frames that come `every_s` apart."""
    sightings = Sightings(used)
    return [sightings.judge(frame, at * every_s) for at, frame in enumerate(frames)]


def test_a_qr_is_believed_at_once():
    assert shown([qr(A)]) == [Believed(A)]


def test_a_barcode_is_believed_when_a_second_frame_says_the_same():
    assert shown([bars(A)], [], [bars(A)]) == [None, None, Believed(A)]


def test_a_barcode_is_believed_at_once_with_the_qr_beside_it():
    assert shown([bars(A), qr(A)]) == [Believed(A)]


def test_one_misread_barcode_is_never_believed():
    assert shown([bars(B)], [bars(A)], [bars(A)]) == [None, None, Believed(A)]


def test_two_codes_in_one_frame_are_both_refused():
    assert shown([qr(A), qr(B)], [qr(A), qr(B)]) == [None, Refused(ScanHint.TWO_CODES)]
    assert shown([qr(A), bars(B)], [qr(A), bars(B)])[-1] == Refused(ScanHint.TWO_CODES)


def test_the_other_phone_being_unreadable_for_a_moment_does_not_charge_this_one():
    assert Believed(A) not in shown([qr(A), qr(B)], [qr(A)], [qr(A), qr(B)], [qr(A)], [qr(A)])


def test_when_the_other_phone_is_gone_the_code_is_believed():
    assert shown([qr(A), qr(B)], *[[qr(A)]] * 11)[-1] == Believed(A)


def test_a_barcode_seen_beside_another_code_has_not_been_seen_once():
    frames = shown([bars(A), qr(B)], *[[]] * 11, [bars(A)], [bars(A)])
    assert frames[-2:] == [None, Believed(A)]


def test_one_look_at_a_barcode_is_forgotten_when_another_code_appears():
    frames = shown([bars(A)], [bars(A), qr(B)], *[[]] * 11, [bars(A)], [bars(A)])
    assert frames[-2:] == [None, Believed(A)]


def test_a_code_handed_over_before_is_refused_as_used():
    assert shown([qr(A)], [qr(A)], used=(digest(A),)) == [None, Refused(ScanHint.USED)]


def test_a_code_is_known_as_used_for_two_minutes():
    codes = UsedCodes()
    codes.add(digest(A), 100.0)
    assert codes.known(100.0 + USED_FOR_S - 0.1) == (digest(A),)
    assert codes.known(100.0 + USED_FOR_S + 0.1) == ()
    assert USED_FOR_S >= 120


def test_a_foreign_code_beside_the_payment_code_does_not_matter():
    assert shown([qr("https://example.com/menu"), qr(A)]) == [Believed(A)]


def test_a_hint_is_told_when_it_persists_and_then_once_a_second():
    told = [at for at, verdict in enumerate(shown(*[[qr("hello")]] * 30)) if verdict]
    assert told == [1, 11, 21]


def test_a_code_that_flits_by_gives_no_hint():
    assert shown([qr("hello")], *[[]] * 15, [qr("hello")]) == [None] * 17


def test_hints_do_not_flicker_between_two_foreign_codes():
    told = [verdict for verdict in shown(*[[qr("hello")], [qr("http://a.example")]] * 6) if verdict]
    assert len(told) <= 2


@pytest.mark.parametrize(
    ("text", "kind"),
    [
        ("2812345678901234", Foreign.ALIPAY),
        ("301234567890123456", Foreign.ALIPAY),
        ("251234567890123456789012", Foreign.ALIPAY),
        ("241234567890123456", Foreign.PRODUCT),
        ("wxp://f2f0abcdefgh", Foreign.WECHAT_RECEIVE),
        ("weixin://wxpay/bizpayurl?pr=abc", Foreign.WECHAT_RECEIVE),
        ("https://u.wechat.com/abcdef", Foreign.WECHAT_RECEIVE),
        ("HTTPS://U.WECHAT.COM/abcdef", Foreign.WECHAT_RECEIVE),
        ("https://u.wechat.com.evil.example/x", Foreign.LINK),
        ("https://example.com/?code=134567890123456789", Foreign.LINK),
        ("www.example.com", Foreign.LINK),
        ("http://[", Foreign.LINK),
        ("4006381333931", Foreign.PRODUCT),
        ("96385074", Foreign.PRODUCT),
        ("012345678905", Foreign.PRODUCT),
        ("00340123450000000018", Foreign.PRODUCT),
        ("(01)04006381333931(10)AB-12", Foreign.PRODUCT),
        ("SF1234567890123", Foreign.PRODUCT),
        ("RR123456785CN", Foreign.PRODUCT),
        ("1Z999AA10123456784", Foreign.PRODUCT),
        ("hello", Foreign.OTHER),
        ("", Foreign.OTHER),
        (FULL_WIDTH, Foreign.OTHER),
        (A + "\n", Foreign.OTHER),
        (A[:9] + " " + A[9:], Foreign.OTHER),
    ],
)
def test_a_foreign_code_is_told_by_its_kind(text: str, kind: Foreign):
    assert foreign_kind(text) is kind


@pytest.fixture
def alarm() -> Iterator[None]:
    """What has not returned after 20 seconds never will."""

    def ring(_number: int, _frame: object) -> None:
        pytest.fail("it does not come to an end")

    before = signal.signal(signal.SIGALRM, ring)
    signal.alarm(20)
    yield
    signal.alarm(0)
    signal.signal(signal.SIGALRM, before)


@pytest.mark.usefixtures("alarm")
@pytest.mark.parametrize("piece", ["(01)a", "(01)(02)", "www.", "A1", "a:", "\x1d1", "25"])
def test_no_poster_makes_the_scanner_ponder(piece: str):
    """Where a repeat stands within a repeat, a long text that fits only nearly is tried in more ways than there is time for."""
    assert foreign_kind(piece * 500 + " \x07") is Foreign.OTHER


@pytest.mark.parametrize(
    "text", [FULL_WIDTH, A + "\n", "\n" + A, " " + A, A[:9] + " " + A[9:], A + "0", A[:-1], "16" + A[2:], "\x1d" + A]
)
@pytest.mark.parametrize("form", list(Format))
def test_what_only_resembles_a_payment_code_is_refused(text: str, form: Format):
    verdicts = shown(*[[Symbol(form, text.encode())]] * 5)
    assert any(isinstance(verdict, Refused) for verdict in verdicts)
    assert not any(isinstance(verdict, Believed) for verdict in verdicts)


def test_data_that_is_no_utf_8_is_no_payment_code():
    frames = [[Symbol(Format.QR, A.encode() + b"\xff")]] * 3
    assert shown(*frames) == [None, Refused(ScanHint.OTHER), None]


digit_like = st.text(st.sampled_from("0123456789\uff11\uff12\uff13\u0663\u096a \n\x00"), min_size=15, max_size=20)
near_codes = st.from_regex(r"\A(10|13|15|16|25)[0-9]{15,17}\n?\Z")
texts = st.one_of(digit_like, near_codes, st.just(A), st.just(B), st.text(max_size=30))
symbols = st.builds(lambda form, text: Symbol(form, text.encode("utf-8", "replace")), st.sampled_from(Format), texts)


@given(st.lists(st.lists(symbols, max_size=3), max_size=12), st.booleans())
def test_whatever_is_shown_only_a_lone_unused_payment_code_is_believed(frames: list[list[Symbol]], a_used: bool):
    sightings = Sightings([digest(A)] if a_used else [])
    for at, frame in enumerate(frames):
        verdict = sightings.judge(frame, at * 0.3)
        if isinstance(verdict, Believed):
            digits = verdict.digits
            assert digits.isascii()
            assert len(digits) == 18
            assert all("0" <= char <= "9" for char in digits)
            assert digits[:2] in {"10", "11", "12", "13", "14", "15"}
            assert not (a_used and digits == A)
            assert any(symbol.data == digits.encode() for symbol in frame)


def test_verdicts_and_symbols_do_not_show_a_code():
    assert A not in repr([qr(A), bars(A), Believed(A)])
