"""Looking at a grey picture in more than one way, for what one look misses.

It knows which look helps when; parts.py and bars.py prepare the pixels, zxing.py and decode.py read them.

Each frame gets two cheap looks: the whole at half its size, and the busiest part softened. When neither shows a payment code one
more is taken, by turns, so that what is dear or rarely needed is spread over the frames.

A barcode is proofread: a decoder misreads the same moire or smear frame after frame as the same wrong number (zxing-cpp one of
49 photographed barcodes, and payment codes in 2 of 250 drawn frames whose bars were uneven). So a Code 128 leaves here only when
something else in the same frame says the same: the QR beside it, the other decoder at its place, or pixels prepared in another
way.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from enum import Enum, auto

from kiosk.camera.bars import ironed
from kiosk.camera.decode import Grey, read_symbols
from kiosk.camera.parts import Part
from kiosk.camera.symbol import Corners, Format, Symbol
from kiosk.camera.zxing import find_symbols
from kiosk.core.secret import is_payment_code

_LEAST = 16  # a picture with a side of fewer pixels holds no code
_ENLARGE_TO = 1_000_000  # pixels: a larger part is looked at as it is, or it would cost more than all the rest
_ZBAR_MOST = 300_000  # pixels: zbar takes three times as long as zxing-cpp for each
_FOR_ZXING, _FOR_ZBAR = 2.5, 0.0  # how much each wants an ironed barcode sharpened
_QUIET = 0.125  # of a barcode's length: its quiet zone, and some
_REMEMBERED = 6  # frames for which the place of the last payment code is looked at


class _Way(Enum):
    """How pixels were prepared and read: two looks of the same way may share one misreading."""

    PLAIN = auto()
    SOFTENED = auto()
    IRONED = auto()
    ZBAR = auto()


_Seen = dict[Symbol, set[_Way]]
"""The barcodes of one frame, and in which ways each was read."""


@dataclass(frozen=True, slots=True)
class _Look:
    """`read` is given the whole frame, its busiest part, and the spot most likely to hold a code."""

    way: _Way
    read: Callable[[Part, Part, Part], list[Symbol]]
    proof: Callable[[Part], list[Symbol]]
    """The other decoder, for the place of a barcode."""


class Eye:
    """Sees frame after frame of one camera."""

    def __init__(self) -> None:
        self._turn = 0
        self._place: Corners | None = None  # of the last payment code
        self._since = 0  # frames

    def see(self, grey: Grey) -> list[Symbol]:
        """The symbols of the next camera frame (2-D, uint8), each once."""
        if min(grey.shape) < _LEAST:
            return []
        frame = Part(grey)
        busy = frame.busiest()
        looks = _ALWAYS if busy is not None else _ALWAYS[:1]
        seen: _Seen = {}
        symbols = [
            symbol for look in looks for symbol in _proofread(frame, look, look.read(frame, busy or frame, busy or frame), seen)
        ]
        if busy is not None and not _payment(symbols):
            look = _TURNS[self._turn % len(_TURNS)]
            symbols += _proofread(frame, look, look.read(frame, busy, self._spot(frame, busy)), seen)
            if not _payment(symbols):  # else the same look again: a barcode wants a second frame
                self._turn += 1
        self._remember(symbols)
        return list(dict.fromkeys(symbols))

    def _spot(self, frame: Part, busy: Part) -> Part:
        """The neighbourhood of the last payment code while that is fresh, else what is busiest."""
        return busy.busiest_spot() if self._place is None else frame.around(self._place, share=0.5)

    def _remember(self, symbols: list[Symbol]) -> None:
        self._since += 1
        found = _payment(symbols)
        if found is not None:
            self._place, self._since = found.corners, 0
        elif self._since > _REMEMBERED:
            self._place = None


def study(grey: Grey) -> Iterator[list[Symbol]]:
    """A still picture as several frames, lazily: in each way once, from the one that reads most to the one that reads least.

    The same look at the same pixels would repeat its own misreading; these are as independent as one picture allows.
    """
    if min(grey.shape) < _LEAST:
        return
    frame = Part(grey)
    busy = frame.busiest() or frame
    spot = busy.busiest_spot()
    seen: _Seen = {}
    for look in dict.fromkeys((*_STILL, *_ALWAYS, *_TURNS)):
        yield list(dict.fromkeys(_proofread(frame, look, look.read(frame, busy, spot), seen)))


def _payment(symbols: Iterable[Symbol]) -> Symbol | None:
    return next((symbol for symbol in symbols if is_payment_code(symbol.text)), None)


def _proofread(frame: Part, look: _Look, symbols: list[Symbol], seen: _Seen) -> list[Symbol]:
    """Without the barcodes that nothing else in this frame confirms; `seen` is kept up."""
    squares = {symbol.data for symbol in symbols if symbol.format is Format.QR}
    sure = []
    for symbol in symbols:
        if symbol.format is Format.CODE128:
            ways = seen.setdefault(symbol, set())
            ways.add(look.way)
            if symbol.data not in squares and len(ways) == 1 and symbol not in look.proof(_place(frame, symbol)):
                continue
        sure.append(symbol)
    return sure


def _place(frame: Part, barcode: Symbol) -> Part:
    return frame.around(barcode.corners, share=_QUIET)


def _zxing(part: Part, *, rotated: bool = False, smaller: bool = False) -> list[Symbol]:
    return part.placed(find_symbols(part.grey, rotated=rotated, smaller=smaller))


def _zbar(part: Part) -> list[Symbol]:
    return part.placed(read_symbols(part.grey))


def _enlarged(part: Part) -> Part:
    return part.enlarged() if 4 * part.grey.size <= _ENLARGE_TO else part


def _for_zbar(part: Part) -> Part:
    return part if part.grey.size <= _ZBAR_MOST else part.halved()


def _ironed(part: Part, read: Callable[[Grey], list[Symbol]], sharpen: float) -> list[Symbol]:
    """Light bars on dark too: neither decoder inverts a barcode by itself."""
    smooth = ironed(part, sharpen)
    if smooth is None:
        return []
    return smooth.placed(read(smooth.grey)) or smooth.placed(read(~smooth.grey))


def _by_zbar(place: Part) -> list[Symbol]:
    return _zbar(place.softened()) or _ironed(place, read_symbols, _FOR_ZBAR)


def _by_zxing(place: Part) -> list[Symbol]:
    return _zxing(_enlarged(_enlarged(place)), rotated=True)


def _dark_by_zbar(place: Part) -> list[Symbol]:
    return _by_zbar(place.inverted())


def _dark_by_zxing(place: Part) -> list[Symbol]:
    return _by_zxing(place.inverted())


_ALWAYS = (
    # The whole: of two phones one may lie outside the busiest part.
    _Look(_Way.SOFTENED, lambda frame, _busy, _spot: _zxing(frame.halved()), _by_zbar),
    _Look(_Way.SOFTENED, lambda _frame, busy, _spot: _zxing(busy.softened()), _by_zbar),
)
_BARS = _Look(_Way.IRONED, lambda _frame, _busy, spot: _ironed(spot, find_symbols, _FOR_ZXING), _by_zbar)
_TURNS = (
    # Thin bars; twice a round, because it is cheap, and a barcode by itself wants two frames.
    _BARS,
    # Far away or out of focus: small modules.
    _Look(_Way.SOFTENED, lambda _frame, _busy, spot: _zxing(_enlarged(_enlarged(spot).softened()), smaller=True), _by_zbar),
    # Torn, covered or crooked: zbar finds what zxing-cpp does not.
    _Look(_Way.ZBAR, lambda _frame, _busy, spot: _zbar(_for_zbar(spot)), _by_zxing),
    # Grain and moire.
    _Look(_Way.SOFTENED, lambda _frame, busy, _spot: _zxing(busy.softened().halved().softened()), _by_zbar),
    _BARS,
    # Dark mode: zxing-cpp inverts for a QR by itself, and for a barcode it does not.
    _Look(_Way.SOFTENED, lambda _frame, busy, _spot: _zxing(busy.softened().inverted()), _dark_by_zbar),
    # A barcode on its side, and codes so small that softening smears them.
    _Look(_Way.PLAIN, lambda _frame, busy, _spot: _zxing(busy, rotated=True), _by_zbar),
    _Look(_Way.ZBAR, lambda _frame, _busy, spot: _zbar(_for_zbar(spot).softened().inverted()), _dark_by_zxing),
)
_STILL = (
    _Look(_Way.PLAIN, lambda frame, _busy, _spot: _zxing(frame, rotated=True, smaller=True), _by_zbar),
    _Look(_Way.ZBAR, lambda frame, _busy, _spot: _zbar(frame), _by_zxing),
    _Look(_Way.ZBAR, lambda frame, _busy, _spot: _zbar(frame.softened()), _by_zxing),
    _Look(_Way.ZBAR, lambda frame, _busy, _spot: _zbar(frame.halved()), _by_zxing),
    _Look(_Way.PLAIN, lambda frame, _busy, _spot: frame.placed(find_symbols(frame.grey, level=True)), _by_zbar),
)
