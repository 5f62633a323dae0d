"""What may be believed of a stream of frames. Pure: symbols and times in, at most one verdict a frame out.

A QR was never misread as another payment code in any measurement; a Code 128 was, about once in 10,000 damaged frames. So a QR
is believed at once and a Code 128 when the next one read, or the QR beside it, says the same. Two numbers in one frame, or by
turns: neither. Where nothing is read for a while, what the picture looks like is told instead (advice.py).
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from urllib.parse import urlsplit

from kiosk.camera.advice import AGAIN_S, HOLD_S, Advice, Area
from kiosk.camera.symbol import Corners, Format, Symbol
from kiosk.core.numbers import is_order_number
from kiosk.core.scanning import Foreign, Reading, ScanHint
from kiosk.core.secret import PaymentCode, is_payment_code

ALONE_FOR_S = 1.0  # after two codes in one frame, one must have been alone this long: the other phone may just be unreadable
SECOND_LOOK_S = 5.0  # a barcode is confirmed within this, or begins anew
PERSIST_S = 1.0  # a hint is told when two frames no further apart than this show it

_ALIPAY = re.compile(r"(?:2[5-9]|30)[0-9]{14,22}")  # contract 5
_WECHAT_HOSTS = frozenset({"u.wechat.com", "weixin.qq.com", "payapp.weixin.qq.com", "wx.tenpay.com"})
_LINK = re.compile(r"(?:[a-z][a-z0-9+.-]*://|www\.)\S+", re.IGNORECASE)
_RETAIL = re.compile(r"[0-9]{8}|[0-9]{12,14}")  # EAN-8, UPC-A, EAN-13, GTIN-14
# Not (?:\([0-9]{2,4}\)[!-~]+)+, which says the same: a text that fits only nearly would be split in every way there is.
_GS1 = re.compile(r"(?:\]C1|\x1d)[\x1d -~]+|\([0-9]{2,4}\)[!-~]+")
_PARCEL = re.compile(r"(?=(?:[^0-9]*[0-9]){6})[A-Z0-9-]{8,34}")  # carriers differ: capitals and at least six digits


@dataclass(frozen=True, slots=True)
class Believed:
    """The payment code in front of the camera."""

    code: PaymentCode


@dataclass(frozen=True, slots=True)
class Refused:
    """What is seen is not handed over, and people should hear why."""

    hint: ScanHint


Verdict = Believed | Refused | None


class Sightings:
    """The frames of one scan. `used`: digests of the codes that must not be believed again."""

    def __init__(self, used: Iterable[str] = ()) -> None:
        self._used = frozenset(used)
        self._once: tuple[str, float] | None = None  # the barcode read last, and when
        self._two_at: float | None = None
        self._hint_at: dict[ScanHint, float] = {}
        self._told: tuple[ScanHint, float] | None = None
        self._advice = Advice()

    @property
    def waiting(self) -> bool:
        """A barcode was read and lacks its second look."""
        return self._once is not None

    def judge(self, symbols: Sequence[Symbol], at: float) -> Verdict:
        """The verdict on the next frame; `at` in seconds of any clock that does not go back."""
        hint, digits = weigh(symbols, self._used)
        if symbols:
            self._advice.read(at)
        if hint is ScanHint.TWO_CODES:
            self._two_at = at
            self._once = None
        if digits is None:
            return self._tell(hint, at) if hint is not None else None
        if self._two_at is not None and at - self._two_at < ALONE_FOR_S:
            return None
        once, once_at = self._once or ("", at)
        by_turns = once not in {"", digits} and at - once_at < ALONE_FOR_S  # two phones, or a misread barcode
        if any(symbol.format is Format.QR and symbol.text == digits for symbol in symbols):
            return self._tell(ScanHint.TWO_CODES, at) if by_turns else Believed(PaymentCode(digits))
        if once == digits and at - once_at <= SECOND_LOOK_S:
            return Believed(PaymentCode(digits))
        self._once = (digits, at)
        return self._tell(ScanHint.TWO_CODES, at) if by_turns else None

    def advise(self, area: Area | None, at: float) -> Refused | None:
        """What may help, for a frame in which nothing was read; `area` is what in it looks like a code, if anything does."""
        hint = self._advice.on(area, at)
        return None if hint is None else self._tell(hint, at)

    def readings(self, symbols: Sequence[Symbol]) -> list[tuple[Reading, Corners]]:
        """Where in the frame, which was judged, people are shown something, and how it is understood."""
        if not symbols:
            found = self._advice.found
            return [] if found is None else [(Reading.UNREAD, found)]
        hint, digits = weigh(symbols, self._used)
        each = dict.fromkeys(symbols)  # two looks at one frame see the same symbol twice
        if digits is not None:
            return [(Reading.UNSURE, symbol.corners) for symbol in each if symbol.text == digits]
        payment = hint in {ScanHint.TWO_CODES, ScanHint.USED}
        return [(Reading.REFUSED, symbol.corners) for symbol in each if not payment or is_payment_code(symbol.text)]

    def _tell(self, hint: ScanHint, at: float) -> Refused | None:
        """Tell it when it persists; the same one again after a while, another one when the last was long enough to be read."""
        before = self._hint_at.get(hint)
        self._hint_at[hint] = at
        if before is None or at - before > PERSIST_S:
            return None
        if self._told is not None and at - self._told[1] < (AGAIN_S if self._told[0] is hint else HOLD_S):
            return None
        self._told = (hint, at)
        return Refused(hint)


def weigh(symbols: Sequence[Symbol], used: frozenset[str] = frozenset()) -> tuple[ScanHint | None, str | None]:
    """One frame by itself: (why not, None), (None, the one payment code in it) or (None, None) for nothing.

    Exactly the 18 ASCII digits count: a code with a space, a newline or full-width digits around or in it was made by
    somebody else than WeChat, and is not trimmed into one.
    """
    codes = {symbol.text for symbol in symbols if is_payment_code(symbol.text)}
    if len(codes) > 1:
        return ScanHint.TWO_CODES, None
    if codes:
        digits = codes.pop()
        return (ScanHint.USED, None) if PaymentCode(digits).digest() in used else (None, digits)
    kinds = {foreign_kind(symbol.text) for symbol in symbols}
    first = next((kind for kind in Foreign if kind in kinds), None)  # the surest of them
    return (None, None) if first is None else (ScanHint(first.value), None)


def receipt_number(symbols: Sequence[Symbol]) -> str | None:
    """The order's number on the one receipt in this frame; all else, a payment code first of all, is as good as not seen.

    A QR is believed at once, as that of a payment. A barcode never is: no receipt of ours has one.
    """
    numbers = {symbol.text for symbol in symbols if symbol.format is Format.QR and is_order_number(symbol.text)}
    return numbers.pop() if len(numbers) == 1 else None


def foreign_kind(text: str) -> Foreign:
    """What a text that is no payment code most likely is."""
    if _ALIPAY.fullmatch(text):
        return Foreign.ALIPAY
    if _LINK.fullmatch(text):
        return Foreign.WECHAT_RECEIVE if _is_wechat(text) else Foreign.LINK
    if _RETAIL.fullmatch(text) or _GS1.fullmatch(text) or _PARCEL.fullmatch(text):
        return Foreign.PRODUCT
    return Foreign.OTHER


def _is_wechat(link: str) -> bool:
    try:
        parts = urlsplit(link)
    except ValueError:  # "http://[" has no host
        return False
    return parts.scheme in {"wxp", "weixin"} or parts.hostname in _WECHAT_HOSTS
