"""The words between the money process and the scanner process, and how they lie on a stream. Pure; knows no socket.

A message is one frame: two lengths (big-endian, 2 bytes for the header and 4 for the body), a header of JSON and a body of raw
bytes (only a picture has one). The money process takes every frame as written by an enemy: anything odd is a WireError.
`code` carries a payment code, so frames are never logged and WireError never quotes one.
"""

from __future__ import annotations

import json
import re
import struct
from collections.abc import Callable
from dataclasses import dataclass, field

from kiosk.camera.symbol import Format
from kiosk.camera.texts import LONGEST as MAX_TEXT
from kiosk.camera.texts import fits
from kiosk.core.errors import KioskError
from kiosk.core.numbers import is_order_number
from kiosk.core.scanning import ABOUT_THE_CAMERA, LookFor, Outline, Reading, ScanHint
from kiosk.core.secret import PaymentCode, is_payment_code

MAX_HEADER = 16 * 1024
MAX_BODY = 512 * 1024
MAX_SIDE = 640  # of a picture, in pixels
MAX_OUTLINES = 4  # on one picture
MAX_TICKET = 64
MAX_NUMBER = 32
MAX_USED = 128
MAX_TROUBLE = 1000
_LENGTHS = struct.Struct(">HI")
_DIGEST = re.compile(r"[0-9a-f]{64}")


class WireError(KioskError):
    """The other side sent what the protocol does not know. The link is dropped; the scanner is started anew."""


@dataclass(frozen=True, slots=True)
class Open:
    """To the scanner: it is the one now; open the camera. Until then it is a spare, and says nothing.

    `prove`: the camera did not work before, so it is ready only when its pictures come.
    """

    prove: bool = False


@dataclass(frozen=True, slots=True)
class Scan:
    """To the scanner: look, and report with this ticket. `used`: digests of codes that must not be believed again.

    Looking for a receipt it reports the number of one (Number), and no payment code, whatever it reads. Looking for anything it
    reports which kinds of codes were there (Seen), and nothing of what they say.
    """

    ticket: str
    used: tuple[str, ...] = ()
    look_for: LookFor = LookFor.PAYMENT


@dataclass(frozen=True, slots=True)
class Pause:
    """To the scanner: stop looking."""


@dataclass(frozen=True, slots=True)
class Stop:
    """To the scanner: end."""


@dataclass(frozen=True, slots=True)
class Ready:
    """From the scanner: the camera is open, or works again. It has been told nothing yet."""


@dataclass(frozen=True, slots=True)
class Beat:
    """From the scanner, about once a second: it lives."""


@dataclass(frozen=True, slots=True)
class Code:
    """From the scanner: this payment code is believed. The scan is over with it."""

    ticket: str
    code: PaymentCode


@dataclass(frozen=True, slots=True)
class Number:
    """From the scanner: this order's number was read off a receipt. The scan is over with it."""

    ticket: str
    out_trade_no: str


@dataclass(frozen=True, slots=True)
class Seen:
    """From the scanner, looking for anything: a code of this kind was read. What it says stays where it was read."""

    ticket: str
    kind: Format


@dataclass(frozen=True, slots=True)
class Text:
    """From the scanner, while the kiosk is set up: the text of a QR of the form that is looked for. The scan goes on."""

    ticket: str
    text: str = field(repr=False)


@dataclass(frozen=True, slots=True)
class Hint:
    """From the scanner: something is seen and not handed over."""

    ticket: str
    hint: ScanHint


@dataclass(frozen=True, slots=True)
class Picture:
    """From the scanner: what the camera sees, 3 bytes a pixel, rows from the top, mirrored; and what to mark on it."""

    width: int
    height: int
    rgb: bytes = field(repr=False)
    outlines: tuple[Outline, ...] = ()


@dataclass(frozen=True, slots=True)
class Trouble:
    """From the scanner: the camera does not work, in words with the remedy. It is tried again; the scan is over with it."""

    text: str
    hint: ScanHint = ScanHint.NO_CAMERA  # of ABOUT_THE_CAMERA


@dataclass(frozen=True, slots=True)
class Blind:
    """From the scanner while it looks: why the pictures show nothing, in words with the remedy; None: they do again."""

    problem: str | None


Message = Open | Scan | Pause | Stop | Ready | Beat | Code | Number | Seen | Text | Hint | Picture | Trouble | Blind


def pack(message: Message) -> bytes:
    """The frame of a message."""
    header: dict[str, object]
    body = b""
    match message:
        case Scan(ticket, used, look_for):
            header = {"is": "scan", "ticket": ticket, "used": list(used), "for": look_for.value}
        case Code(ticket, code):
            header = {"is": "code", "ticket": ticket, "digits": code.reveal()}
        case Number(ticket, number):
            header = {"is": "number", "ticket": ticket, "number": number}
        case Seen(ticket, kind):
            header = {"is": "seen", "ticket": ticket, "kind": kind.value}
        case Text(ticket, text):
            header = {"is": "text", "ticket": ticket, "text": text}
        case Hint(ticket, hint):
            header = {"is": "hint", "ticket": ticket, "hint": hint.value}
        case Picture(width, height, body, outlines):
            header = {"is": "picture", "width": width, "height": height}
            if outlines:
                header["outlines"] = [[one.reading.value, *(side for point in one.corners for side in point)] for one in outlines]
        case Trouble(text, hint):
            header = {"is": "trouble", "text": text[:MAX_TROUBLE], "hint": hint.value}
        case Blind(problem):
            header = {"is": "blind", "problem": problem and problem[:MAX_TROUBLE]}
        case Open(prove):
            header = {"is": "open", "prove": prove}
        case Pause() | Stop() | Ready() | Beat():
            header = {"is": _BARE[type(message)]}
    head = json.dumps(header).encode("ascii")
    if len(head) > MAX_HEADER or len(body) > MAX_BODY:
        raise WireError(f"a message of {len(head)} + {len(body)} bytes is larger than the wire allows")
    return _LENGTHS.pack(len(head), len(body)) + head + body


class Unpacker:
    """Turns what arrives, in pieces of any size, into messages."""

    def __init__(self) -> None:
        self._buffer = bytearray()

    def feed(self, data: bytes) -> list[Message]:
        """The messages that `data` completes; WireError at the first that is none (those before it are lost too)."""
        self._buffer += data
        messages = []
        while len(self._buffer) >= _LENGTHS.size:
            header, body = _LENGTHS.unpack_from(self._buffer)
            if header > MAX_HEADER or body > MAX_BODY:
                raise WireError("a message is larger than the wire allows")
            end = _LENGTHS.size + header + body
            if len(self._buffer) < end:
                break
            with memoryview(self._buffer) as whole:  # else a picture is copied twice, and the screen waits meanwhile
                messages.append(_parse(bytes(whole[_LENGTHS.size : end - body]), bytes(whole[end - body : end])))
            del self._buffer[:end]
        return messages


def _parse(header: bytes, body: bytes) -> Message:
    try:
        values = json.loads(header)
    except (ValueError, RecursionError):
        raise WireError("a message's header is not JSON") from None
    if not isinstance(values, dict):
        raise WireError("a message's header is not an object")
    kind = values.pop("is", None)
    read = _READERS.get(kind) if isinstance(kind, str) else None
    if read is None:
        raise WireError("a message of no known kind")
    if body and kind != "picture":
        raise WireError(f"a {kind} message with a body")
    try:
        message = read(values, body)
    except KeyError:
        raise WireError(f"a {kind} message lacks a value") from None
    if values:
        raise WireError(f"a {kind} message with unknown values")
    return message


def _open(values: dict[str, object], _body: bytes) -> Open:
    prove = values.pop("prove")
    if not isinstance(prove, bool):
        raise WireError("an open message's prove is neither true nor false")
    return Open(prove)


def _scan(values: dict[str, object], _body: bytes) -> Scan:
    ticket, used = _text(values, "ticket", MAX_TICKET), values.pop("used")
    if not isinstance(used, list) or len(used) > MAX_USED:
        raise WireError("a scan message's digests are no list, or too many")
    digests = tuple(item for item in used if isinstance(item, str) and _DIGEST.fullmatch(item))
    if len(digests) != len(used):
        raise WireError("a scan message's digests are none")
    try:
        return Scan(ticket, digests, LookFor(_text(values, "for", 32)))
    except ValueError:
        raise WireError("a scan message that looks for nothing known") from None


def _code(values: dict[str, object], _body: bytes) -> Code:
    ticket, digits = _text(values, "ticket", MAX_TICKET), _text(values, "digits", 18)
    if not is_payment_code(digits):
        raise WireError("a code message without a payment code")
    return Code(ticket, PaymentCode(digits))


def _number(values: dict[str, object], _body: bytes) -> Number:
    ticket, number = _text(values, "ticket", MAX_TICKET), _text(values, "number", MAX_NUMBER)
    if not is_order_number(number):
        raise WireError("a number message without an order's number")
    return Number(ticket, number)


def _seen(values: dict[str, object], _body: bytes) -> Seen:
    try:
        return Seen(_text(values, "ticket", MAX_TICKET), Format(_text(values, "kind", 32)))
    except ValueError:
        raise WireError("a seen message of no known kind of code") from None


def _setup_text(values: dict[str, object], _body: bytes) -> Text:
    ticket, text = _text(values, "ticket", MAX_TICKET), _text(values, "text", MAX_TEXT)
    if not any(fits(text, look_for) for look_for in LookFor):
        raise WireError("a text message with a text that nobody looks for")
    return Text(ticket, text)


def _hint(values: dict[str, object], _body: bytes) -> Hint:
    return Hint(_text(values, "ticket", MAX_TICKET), _scan_hint(values))


def _scan_hint(values: dict[str, object]) -> ScanHint:
    try:
        return ScanHint(_text(values, "hint", 32))
    except ValueError:
        raise WireError("a message with an unknown hint") from None


def _picture(values: dict[str, object], body: bytes) -> Picture:
    width, height = values.pop("width"), values.pop("height")
    if type(width) is not int or type(height) is not int or not (0 < width <= MAX_SIDE and 0 < height <= MAX_SIDE):
        raise WireError("a picture's sides are impossible")
    if len(body) != width * height * 3:
        raise WireError("a picture's bytes do not fit its sides")
    return Picture(width, height, body, _outlines(values.pop("outlines", []), width, height))


def _outlines(value: object, width: int, height: int) -> tuple[Outline, ...]:
    if not isinstance(value, list) or len(value) > MAX_OUTLINES:
        raise WireError("a picture's outlines are no list, or too many")
    return tuple(_outline(one, width, height) for one in value)


def _outline(value: object, width: int, height: int) -> Outline:
    """A word and four times x and y, all within the picture."""
    if not isinstance(value, list) or len(value) != 9:  # noqa: PLR2004  a word, and four times x and y
        raise WireError("a picture's outline is none")
    name, *sides = value
    try:
        reading = Reading(name)
    except ValueError:
        raise WireError("a picture's outline is of an unknown kind") from None
    if not all(type(side) is int and 0 <= side < (height if place % 2 else width) for place, side in enumerate(sides)):
        raise WireError("a picture's outline lies outside of it")
    first, second, third, fourth = zip(sides[::2], sides[1::2], strict=True)
    return Outline(reading, (first, second, third, fourth))


def _trouble(values: dict[str, object], _body: bytes) -> Trouble:
    text, hint = _printable(_text(values, "text", MAX_TROUBLE)), _scan_hint(values)
    if hint not in ABOUT_THE_CAMERA:
        raise WireError("a camera's trouble with a hint about something else")
    return Trouble(text, hint)


def _blind(values: dict[str, object], _body: bytes) -> Blind:
    if values["problem"] is None:
        del values["problem"]
        return Blind(None)
    return Blind(_printable(_text(values, "problem", MAX_TROUBLE)))


def _printable(text: str) -> str:
    """It goes to a log and a screen."""
    return "".join(char if char.isprintable() else " " for char in text)


def _text(values: dict[str, object], key: str, limit: int) -> str:
    value = values.pop(key)
    if not isinstance(value, str) or not 0 < len(value) <= limit:
        raise WireError(f"a message's {key} is no text, empty or too long")
    return value


_BARE: dict[type[Message], str] = {Pause: "pause", Stop: "stop", Ready: "ready", Beat: "beat"}
_READERS: dict[str, Callable[[dict[str, object], bytes], Message]] = {
    "scan": _scan,
    "code": _code,
    "number": _number,
    "seen": _seen,
    "text": _setup_text,
    "hint": _hint,
    "picture": _picture,
    "trouble": _trouble,
    "blind": _blind,
    "open": _open,
    "pause": lambda _values, _body: Pause(),
    "stop": lambda _values, _body: Stop(),
    "ready": lambda _values, _body: Ready(),
    "beat": lambda _values, _body: Beat(),
}
