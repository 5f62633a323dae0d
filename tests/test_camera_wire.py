"""The scanner's stream: every message survives the journey, and nothing else is let in."""

from __future__ import annotations

import json
import struct

import pytest
from hypothesis import given
from hypothesis import strategies as st

from kiosk.camera.symbol import Format
from kiosk.camera.wire import (
    MAX_BODY,
    MAX_HEADER,
    MAX_OUTLINES,
    Beat,
    Blind,
    Code,
    Hint,
    Message,
    Number,
    Open,
    Pause,
    Picture,
    Ready,
    Scan,
    Seen,
    Stop,
    Text,
    Trouble,
    Unpacker,
    WireError,
    pack,
)
from kiosk.core.scanning import LookFor, Outline, Reading, ScanHint
from kiosk.core.secret import PaymentCode

CODE = "134567890123456789"
MESSAGES: list[Message] = [
    Scan("K07-261122-a1000001", ("0" * 64, "f" * 64)),
    Scan("t"),
    Scan("t", look_for=LookFor.RECEIPT),
    Number("t", "K07-261122-a10001"),
    Seen("t", Format.QR),
    Open(),
    Open(prove=True),
    Pause(),
    Stop(),
    Ready(),
    Beat(),
    Code("t", PaymentCode(CODE)),
    Hint("t", ScanHint.ALIPAY),
    Picture(2, 1, b"abcdef"),
    Picture(2, 1, b"abcdef", (Outline(Reading.UNSURE, ((0, 0), (1, 0), (1, 0), (0, 0))),)),
    Picture(2, 2, b"abcdefghijkl", tuple(Outline(reading, ((0, 0), (1, 0), (1, 1), (0, 1))) for reading in Reading)),
    Trouble("no camera: see to it"),
    Trouble("plug it in", ScanHint.UNPLUGGED),
    Blind("it is dark"),
    Blind(None),
]


def raw(header: object, body: bytes = b"") -> bytes:
    text = header if isinstance(header, bytes) else json.dumps(header).encode()
    return struct.pack(">HI", len(text), len(body)) + text + body


@given(st.lists(st.sampled_from(MESSAGES), max_size=6), st.integers(1, 50))
def test_messages_arrive_whole_however_the_stream_is_cut(messages: list[Message], size: int):
    stream, unpacker = b"".join(map(pack, messages)), Unpacker()
    arrived = [message for start in range(0, len(stream), size) for message in unpacker.feed(stream[start : start + size])]
    assert arrived == messages


@pytest.mark.parametrize(
    "frame",
    [
        struct.pack(">HI", MAX_HEADER + 1, 0),
        struct.pack(">HI", 2, MAX_BODY + 1),
        raw({"is": "number", "ticket": "t", "number": CODE}),
        raw({"is": "number", "ticket": "t", "number": "K07-261122-a10001 "}),
        raw({"is": "scan", "ticket": "t", "used": [], "for": "love"}),
        raw({"is": "scan", "ticket": "t", "used": []}),
        raw(b"{"),
        raw(b"[" * 10000),
        raw(b"\xff\xfe"),
        raw([]),
        raw({"is": "nonsense"}),
        raw({"is": ["beat"]}),
        raw({}),
        raw({"is": "beat", "more": 1}),
        raw({"is": "beat"}, b"x"),
        raw({"is": "code", "ticket": "t"}),
        raw({"is": "code", "ticket": "t", "digits": CODE + "\n"}),
        raw({"is": "code", "ticket": "t", "digits": "16" + CODE[2:]}),
        raw({"is": "code", "ticket": "t", "digits": int(CODE)}),
        raw({"is": "code", "ticket": "", "digits": CODE}),
        raw({"is": "code", "ticket": "t" * 65, "digits": CODE}),
        raw({"is": "hint", "ticket": "t", "hint": "bad"}),
        raw({"is": "picture", "width": 2, "height": 1}, b"abc"),
        raw({"is": "picture", "width": True, "height": 1}, b"abc"),
        raw({"is": "picture", "width": 2.0, "height": 1}, b"abcdef"),
        raw({"is": "picture", "width": -1, "height": -1}, b"abc"),
        raw({"is": "picture", "width": 10**9, "height": 0}),
        *(
            raw({"is": "picture", "width": 2, "height": 1, "outlines": outlines}, b"abcdef")
            for outlines in (
                None,
                "unsure",
                {"unsure": 1},
                ["unsure"],
                [[]],
                [["unsure"]],
                [["unsure", *[0] * 7]],
                [["unsure", *[0] * 9]],
                [["believed", *[0] * 8]],
                [[["unsure"], *[0] * 8]],
                [[None, *[0] * 8]],
                [["unsure", 2, *[0] * 7]],  # to the right of it
                [["unsure", 0, 1, *[0] * 6]],  # below it
                [["unsure", -1, *[0] * 7]],
                [["unsure", True, *[0] * 7]],
                [["unsure", 1.0, *[0] * 7]],
                [["unsure", "1", *[0] * 7]],
                [["unsure", 10**30, *[0] * 7]],
                [["unsure", *[0] * 8]] * (MAX_OUTLINES + 1),
            )
        ),
        raw({"is": "beat", "outlines": []}),
        raw({"is": "trouble", "text": "x" * 1001, "hint": "frozen"}),
        raw({"is": "trouble", "text": "x"}),
        raw({"is": "trouble", "text": "x", "hint": "closer"}),  # says nothing of the camera
        raw({"is": "blind"}),
        raw({"is": "open"}),
        raw({"is": "open", "prove": 1}),
        raw({"is": "blind", "problem": ""}),
        raw({"is": "blind", "problem": "x" * 1001}),
        raw({"is": "scan", "ticket": "t", "used": ["short"]}),
        raw({"is": "scan", "ticket": "t", "used": "no list"}),
    ],
)
def test_what_is_no_message_is_refused_without_quoting_it(frame: bytes):
    with pytest.raises(WireError) as caught:
        Unpacker().feed(frame)
    assert CODE not in str(caught.value)
    assert caught.value.__cause__ is None


@given(st.binary(max_size=300))
def test_garbage_is_refused_or_waited_on_and_nothing_else_happens(garbage: bytes):
    unpacker = Unpacker()
    try:
        unpacker.feed(garbage)
    except WireError:
        return
    assert len(unpacker._buffer) <= len(garbage)


def test_words_of_a_scanner_carry_no_control_characters_to_the_log():
    assert Unpacker().feed(pack(Trouble("a\x1b[2Jb\nc"))) == [Trouble("a [2Jb c")]
    assert Unpacker().feed(pack(Blind("a\x1b[2Jb\nc"))) == [Blind("a [2Jb c")]


def test_a_picture_without_outlines_is_packed_as_it_always_was():
    """So each end understands the other's of a version before."""
    assert pack(Picture(2, 1, b"abcdef")) == raw({"is": "picture", "width": 2, "height": 1}, b"abcdef")


@pytest.mark.parametrize("hint", ScanHint)
def test_every_hint_arrives(hint: ScanHint):
    assert Unpacker().feed(pack(Hint("t", hint))) == [Hint("t", hint)]


def test_a_code_is_not_in_the_repr_of_its_message():
    assert CODE not in repr(Code("t", PaymentCode(CODE)))


def test_what_is_too_large_for_the_wire_is_not_sent():
    with pytest.raises(WireError):
        pack(Picture(1, 1, b"x" * (MAX_BODY + 1)))


# --- while the kiosk is set up ---

_WIFI = "WIFI:T:WPA;S:x;P:12345678;;"


@pytest.mark.parametrize(
    "text", ["134567890123456789", "", "https://example.com", "KE1/ABCDEFGH/02/01/AAAA", _WIFI + "x", "W" * 421]
)
def test_a_text_that_nobody_looks_for_is_no_message(text: str) -> None:
    with pytest.raises(WireError):
        Unpacker().feed(pack(Text("t", text)))


def test_a_text_of_a_set_up_comes_through_and_is_in_no_repr() -> None:
    for text in (_WIFI, "KE1/ABCDEFGH/01/02/AAAA"):
        (message,) = Unpacker().feed(pack(Text("t", text)))
        assert message == Text("t", text)
        assert text not in repr(message)
