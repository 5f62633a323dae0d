"""What the scanner believes, and what it refuses and why."""

from __future__ import annotations

import signal
from collections.abc import Iterator

import pytest
from hypothesis import given
from hypothesis import strategies as st

from kiosk.camera.sightings import (
    ALONE_FOR_S,
    PERSIST_S,
    SECOND_LOOK_S,
    Believed,
    Refused,
    Sightings,
    Verdict,
    foreign_kind,
    receipt_number,
)
from kiosk.camera.symbol import Corners, Format, Symbol
from kiosk.core.scanning import Foreign, Reading, ScanHint
from kiosk.core.secret import PaymentCode

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
    assert shown([qr(A)]) == [Believed(PaymentCode(A))]


def test_a_barcode_is_believed_when_a_second_frame_says_the_same():
    assert shown([bars(A)], [], [bars(A)]) == [None, None, Believed(PaymentCode(A))]


def test_a_barcode_is_believed_at_once_with_the_qr_beside_it():
    assert shown([bars(A), qr(A)]) == [Believed(PaymentCode(A))]


def test_one_misread_barcode_is_never_believed():
    assert shown([bars(B)], [bars(A)], [bars(A)]) == [None, None, Believed(PaymentCode(A))]


def test_two_codes_in_one_frame_are_both_refused():
    assert shown([qr(A), qr(B)], [qr(A), qr(B)]) == [None, Refused(ScanHint.TWO_CODES)]
    assert shown([qr(A), bars(B)], [qr(A), bars(B)])[-1] == Refused(ScanHint.TWO_CODES)


def test_the_other_phone_being_unreadable_for_a_moment_does_not_charge_this_one():
    assert Believed(PaymentCode(A)) not in shown([qr(A), qr(B)], [qr(A)], [qr(A), qr(B)], [qr(A)], [qr(A)])


def test_when_the_other_phone_is_gone_the_code_is_believed():
    assert shown([qr(A), qr(B)], *[[qr(A)]] * 11)[-1] == Believed(PaymentCode(A))


def test_a_barcode_seen_beside_another_code_has_not_been_seen_once():
    frames = shown([bars(A), qr(B)], *[[]] * 11, [bars(A)], [bars(A)])
    assert frames[-2:] == [None, Believed(PaymentCode(A))]


def test_one_look_at_a_barcode_is_forgotten_when_another_code_appears():
    frames = shown([bars(A)], [bars(A), qr(B)], *[[]] * 11, [bars(A)], [bars(A)])
    assert frames[-2:] == [None, Believed(PaymentCode(A))]


def test_a_misread_between_two_reads_costs_a_look_and_no_more():
    assert shown([bars(A)], [bars(B)], [bars(A)], [bars(A)]) == [
        None,
        None,
        Refused(ScanHint.TWO_CODES),
        Believed(PaymentCode(A)),
    ]


def test_the_same_misread_on_both_sides_of_the_right_number_is_not_believed():
    assert Believed(PaymentCode(B)) not in shown([bars(B)], [bars(A)], [bars(B)], [bars(A)], [bars(B)])


def test_two_phones_whose_barcodes_are_read_by_turns_are_both_refused():
    verdicts = shown(*[[bars(A)], [bars(B)]] * 10)
    assert verdicts[2] == Refused(ScanHint.TWO_CODES)
    assert not any(isinstance(verdict, Believed) for verdict in verdicts)


def test_a_qr_waits_until_another_number_has_been_out_of_sight_for_a_second():
    """The other phone may still be there, unreadable for a moment."""
    verdicts = shown([bars(B)], *[[qr(A)]] * 12)
    assert verdicts.index(Believed(PaymentCode(A))) == 10
    assert Refused(ScanHint.TWO_CODES) in verdicts[:10]


def test_a_barcode_of_the_same_number_does_not_delay_its_qr():
    assert shown([bars(A)], [qr(A)]) == [None, Believed(PaymentCode(A))]


@pytest.mark.parametrize(
    ("gap_s", "believed"), [(SECOND_LOOK_S - 0.1, True), (SECOND_LOOK_S, True), (SECOND_LOOK_S + 0.1, False)]
)
def test_a_second_look_counts_for_some_seconds(gap_s: float, *, believed: bool):
    sightings = Sightings()
    assert sightings.judge([bars(A)], 0.0) is None
    assert (sightings.judge([bars(A)], gap_s) == Believed(PaymentCode(A))) is believed
    if not believed:
        assert sightings.judge([bars(A)], gap_s + 0.1) == Believed(PaymentCode(A))


def test_one_frame_in_which_a_barcode_stands_twice_is_one_look():
    assert shown([bars(A), bars(A)]) == [None]


def test_the_code_just_used_beside_a_fresh_one_is_two_codes():
    assert shown([qr(A), qr(B)], [qr(A), qr(B)], used=(PaymentCode(A).digest(),))[-1] == Refused(ScanHint.TWO_CODES)


@pytest.mark.parametrize(("after_s", "believed"), [(ALONE_FOR_S - 0.01, False), (ALONE_FOR_S, True)])
def test_after_two_codes_one_must_have_been_alone_for_a_second(after_s: float, *, believed: bool):
    sightings = Sightings()
    sightings.judge([qr(A), qr(B)], 0.0)
    assert (sightings.judge([qr(A)], after_s) == Believed(PaymentCode(A))) is believed


@pytest.mark.parametrize(("after_s", "told"), [(PERSIST_S, True), (PERSIST_S + 0.01, False)])
def test_a_hint_persists_when_two_frames_show_it_within_a_second(after_s: float, *, told: bool):
    sightings = Sightings()
    assert sightings.judge([qr("hello")], 0.0) is None
    assert (sightings.judge([qr("hello")], after_s) == Refused(ScanHint.OTHER)) is told


PLACE: Corners = ((10, 10), (90, 12), (88, 92), (8, 90))
ELSEWHERE: Corners = ((210, 10), (290, 12), (288, 92), (208, 90))


@pytest.mark.parametrize(
    ("symbols", "readings"),
    [
        ([Symbol(Format.CODE128, A.encode(), PLACE)], [(Reading.UNSURE, PLACE)]),
        ([Symbol(Format.QR, B.encode(), PLACE)], [(Reading.REFUSED, PLACE)]),  # used
        ([Symbol(Format.QR, b"hello", PLACE)], [(Reading.REFUSED, PLACE)]),
        ([Symbol(Format.QR, b"hello", PLACE), Symbol(Format.QR, b"hello", ELSEWHERE)], [(Reading.REFUSED, PLACE)]),  # two looks
        (
            [Symbol(Format.QR, A.encode(), PLACE), Symbol(Format.QR, B.encode(), ELSEWHERE)],
            [(Reading.REFUSED, PLACE), (Reading.REFUSED, ELSEWHERE)],
        ),
        ([Symbol(Format.QR, A.encode(), PLACE), Symbol(Format.QR, b"hello", ELSEWHERE)], [(Reading.UNSURE, PLACE)]),
        (
            [Symbol(Format.QR, A.encode(), PLACE), Symbol(Format.QR, B.encode(), ELSEWHERE), Symbol(Format.QR, b"x", PLACE)],
            [(Reading.REFUSED, PLACE), (Reading.REFUSED, ELSEWHERE)],
        ),
        ([], []),
    ],
)
def test_what_is_outlined_says_how_far_it_is_understood(symbols: list[Symbol], readings: list[tuple[Reading, Corners]]):
    sightings = Sightings([PaymentCode(B).digest()])
    sightings.judge(symbols, 0.0)
    assert sightings.readings(symbols) == readings


def test_a_code_handed_over_before_is_refused_as_used():
    assert shown([qr(A)], [qr(A)], used=(PaymentCode(A).digest(),)) == [None, Refused(ScanHint.USED)]


def test_a_foreign_code_beside_the_payment_code_does_not_matter():
    assert shown([qr("https://example.com/menu"), qr(A)]) == [Believed(PaymentCode(A))]


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
    sightings = Sightings([PaymentCode(A).digest()] if a_used else [])
    for at, frame in enumerate(frames):
        verdict = sightings.judge(frame, at * 0.3)
        if isinstance(verdict, Believed):
            digits = verdict.code.reveal()
            assert digits.isascii()
            assert len(digits) == 18
            assert all("0" <= char <= "9" for char in digits)
            assert digits[:2] in {"10", "11", "12", "13", "14", "15"}
            assert not (a_used and digits == A)
            assert any(symbol.data == digits.encode() for symbol in frame)


def test_verdicts_and_symbols_do_not_show_a_code():
    assert A not in repr([qr(A), bars(A), Believed(PaymentCode(A))])


NUMBER, OTHER_NUMBER = "K07-260105-aa0001", "SHOP_00001-260105-z912345"


@pytest.mark.parametrize(
    ("frame", "number"),
    [
        ([qr(NUMBER)], NUMBER),
        ([qr(OTHER_NUMBER)], OTHER_NUMBER),
        ([qr(A), qr(NUMBER), bars("12345678")], NUMBER),
        ([qr(NUMBER), qr(NUMBER)], NUMBER),
        ([qr(NUMBER), qr(OTHER_NUMBER)], None),
        ([bars(NUMBER)], None),
        ([qr(A)], None),
        ([qr(f" {NUMBER}")], None),
        ([qr(f"{NUMBER}\n")], None),
        ([qr("K07-260105-aa1")], None),
        ([qr(f"https://example.net/{NUMBER}")], None),
        ([], None),
    ],
)
def test_a_receipt_is_known_by_its_number_alone(frame: list[Symbol], number: str | None):
    """A payment code is none, and neither is anything around a number."""
    assert receipt_number(frame) == number


@given(st.text(max_size=40) | st.from_regex(r"\A1[0-5][0-9]{16}\Z"))
def test_a_payment_code_is_never_a_number(text: str):
    number = receipt_number([qr(text)])
    assert number is None or not (number.isdigit() and len(number) == 18)
