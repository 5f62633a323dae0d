"""Inputs from the counter: what a camera reads, what the scanner process says, which keys are pressed."""

from __future__ import annotations

import contextlib

from kiosk.camera.sightings import Believed, Sightings, foreign_kind
from kiosk.camera.symbol import Format, Symbol
from kiosk.camera.wire import (
    MAX_BODY,
    MAX_HEADER,
    MAX_OUTLINES,
    Beat,
    Code,
    Hint,
    Number,
    Pause,
    Picture,
    Ready,
    Scan,
    Seen,
    Stop,
    Trouble,
    Unpacker,
    WireError,
    pack,
)
from kiosk.core.commands import Charge, Place
from kiosk.core.events import Key, Pressed
from kiosk.core.keying import MOST_DIGITS
from kiosk.core.model import Call, Decline, Declined, Pending, Unknown, Why
from kiosk.core.scanning import Outline, Reading, ScanHint
from kiosk.core.secret import PaymentCode
from kiosk.core.state import in_front
from kiosk.core.till import Scanning
from kiosk.keypad.keyboard import NAMES, KeyboardKeypad
from kiosk.keypad.scripted import ScriptedKeypad
from tests.flow import Flow
from tests.fuzz.target import Target, form_of_a_code, whole

CODE = b"134567890123456789"
_MOST_KEYS = 400


def see_symbols(data: bytes) -> None:
    """The first byte says which symbologies; zero bytes part the symbols of one frame, FS (0x1c) the frames."""
    kinds = data[0] if data else 0
    sightings, seen = Sightings(), set[bytes]()
    for at, frame in enumerate(data[1:].split(b"\x1c")[:64]):
        texts = frame.split(b"\x00")[:8]
        symbols = [Symbol(Format.QR if kinds >> place & 1 else Format.CODE128, text) for place, text in enumerate(texts)]
        codes = {text for text in texts if form_of_a_code(text)}
        for symbol in symbols:
            foreign_kind(symbol.text)
        verdict = sightings.judge(symbols, at / 4)
        assert len(sightings.readings(symbols)) <= len(symbols)
        if isinstance(verdict, Believed):
            assert codes == {verdict.code.reveal().encode("ascii")}, "believed what is not the one payment code in the frame"
            by_qr = any(symbol.format is Format.QR and symbol.data in codes for symbol in symbols)
            assert by_qr or codes <= seen, "a barcode believed at its first look"
            assert verdict.code.reveal().encode("ascii") in codes
            assert verdict.code.reveal() not in repr((verdict, symbols))
        seen |= codes


def read_wire(data: bytes) -> None:
    """The stream at once and in pieces gives the same messages, or the same refusal; what was read can be said again."""
    whole_stream, size = _unpack(data, len(data) or 1)
    step = data[0] % 23 + 1 if data else 1
    pieces, held = _unpack(data, step)
    assert pieces[: len(whole_stream)] == whole_stream or whole_stream[-1:] == [None]
    assert max(size - len(data), held) <= 6 + MAX_HEADER + MAX_BODY
    for message in pieces:
        if message is None:
            continue
        assert pack(message)  # type: ignore[arg-type]
        if isinstance(message, Code):
            assert form_of_a_code(message.code.reveal().encode("utf-8", "surrogatepass"))
            assert message.code.reveal() not in repr(message)
        if isinstance(message, Picture):
            sides = [point for outline in message.outlines for point in outline.corners]
            assert all(0 <= x < message.width and 0 <= y < message.height for x, y in sides), "an outline outside its picture"
            assert len(message.outlines) <= MAX_OUTLINES
        if isinstance(message, Trouble):
            assert message.text.isprintable()


def _unpack(data: bytes, step: int) -> tuple[list[object], int]:
    """The messages, None at the end for a refusal, and the most that was ever held."""
    unpacker, messages, most = Unpacker(), list[object](), 0
    for at in range(0, len(data), step):
        try:
            messages += unpacker.feed(data[at : at + step])
        except WireError:
            return [*messages, None], most
        most = max(most, len(unpacker._buffer))
    return messages, most


def press_keys(data: bytes) -> None:
    """Each byte a key, by any keypad, or something else that happens in between: the till stays whole."""
    flow = Flow(limit=500_000)
    events: list[object] = []
    keyboard = KeyboardKeypad(events.append)
    scripted = ScriptedKeypad(events.append)
    charged: set[str] = set()
    for place, byte in enumerate(data[:_MOST_KEYS]):
        match byte:
            case _ if byte < 128:
                keyboard.raw(_KEYS[byte % len(_KEYS)], True)
                keyboard.raw(_KEYS[byte % len(_KEYS)], False)
            case _ if byte < 192:
                scripted.press(_LOGICAL[byte % len(_LOGICAL)])
            case _ if byte < 208:
                with contextlib.suppress(ValueError):  # hardly ever the name of a key
                    scripted.press(data[place : place + 5].decode("latin-1"))
            case _ if byte < 224 and isinstance(flow.kiosk.till, Scanning):
                flow.code()
            case _ if byte < 240 and (order := in_front(flow.kiosk)) is not None and order.sent_at is not None:
                number = order.out_trade_no
                outcome = (Pending(payer_acts=True), Declined(Decline.BALANCE), Unknown(Why.CUT), flow.paid(number))[byte % 4]
                flow.answer(Call.ASK, outcome, number)
            case _:
                flow.now += byte * 50
        while events:
            event = events.pop(0)
            assert isinstance(event, Pressed)
            flow.happen(event)
        for act in flow.acts:
            if isinstance(act, Charge | Place):
                whole(act.order.money)
                assert 0 < act.order.money.amount <= 500_000 < 10**MOST_DIGITS
            if isinstance(act, Charge):
                assert act.order.out_trade_no not in charged, "charged twice"
                charged.add(act.order.out_trade_no)
        assert flow.screen is not None
        flow.acts = ()
    keyboard.stop()


_KEYS = [*NAMES, "q", "", "KEYPAD 5", "F1", "ｆ１", "return\n", "1 "]
_LOGICAL = [*Key]

SYMBOL = Target(
    "symbol",
    (
        b"\x01" + CODE,
        b"\x00" + CODE + b"\x1c" + CODE,
        b"\x03" + CODE + b"\x00" + b"150000000000000001",
        b"\x01wxp://f2f0abc\x00https://u.wechat.com/x",
        b"\x01(01)09501101530003(17)250101",
        b"\x00]C100614141000418\x1d10AB",
        b"\x01HTTP://EXAMPLE.NET/a?b=c",
        b"\x00" + b"281234567890123456" + b"\x00" + b"4901234567894",
        b"\x00SF1234567890123",
    ),
    see_symbols,
    ("13", "\x1c", "134567890123456789", "１３", "160000000000000000", "(01)a"),
)

_OUTLINES = tuple(Outline(reading, ((0, 0), (1, 0), (1, 0), (0, 0))) for reading in Reading)

WIRE = Target(
    "wire",
    tuple(
        b"\x07" + b"".join(pack(message) for message in stream)
        for stream in (
            [Ready(), Beat(), Hint("K07-260105-aa000001", ScanHint.ALIPAY)],
            [Code("K07-260105-aa000001", PaymentCode(CODE.decode())), Picture(2, 1, b"\x00\x01\x02\x03\x04\x05")],
            [Trouble("the camera is away\x07"), Stop(), Pause()],
            [Scan("t", ("0" * 64, "f" * 64))],
            [Number("t", "K07-260105-aa000001"), Seen("t", Format.QR)],
            [Hint("t", ScanHint.CLOSER), Picture(2, 1, b"\x00\x01\x02\x03\x04\x05", _OUTLINES)],
        )
    ),
    lambda data: read_wire(data[1:]),
    ('"is"', '"digits"', '"ticket"', '"code"', '"width"', '"outlines"', "unsure", "\x00\x40\x00\x00", "\x00\x00\x00\x08\x00\x00"),
)

KEYS = Target(
    "keys",
    (
        bytes([1, 2, 5, 0, 10, 210, 226, 230, 10]),
        bytes(_KEYS.index(name) for name in ("9", "9", "9", "9", "9", "9", "9", "9", "9", "9", "return", "backspace", "f2")),
        bytes(
            128 + _LOGICAL.index(key) - 128 % len(_LOGICAL) for key in (Key.D5, Key.SCAN, Key.QR, Key.CANCEL, Key.MENU, Key.OK)
        ),
    ),
    press_keys,
    lines=3_000_000,  # a few hundred whole steps and commits
    lines_a_byte=20_000,
    memory=20_000_000,
)
