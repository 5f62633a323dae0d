"""Whether something came from WeChat Pay (contract 1.4, 1.5): four headers, a signature, a window of time.

Knows bytes and headers, no network and no JSON. A probe (`WECHATPAY/SIGNTEST/...`) gets no case of its own: it fails.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from enum import StrEnum

from kiosk.payment.wechat.crypto import PlatformKey

WINDOW_S = 300
"""Contract 1.4: what is 5 minutes old, or 5 minutes ahead, is refused."""

KeyOf = Callable[[str], PlatformKey | None]
"""The platform key of a serial, or None when it is not known."""

# The signed string has line feeds for fences and no lengths. With a line feed inside one of these values the fences could be
# moved (the start of the body passed off as the end of the nonce), so the characters are checked before any signature is.
_TIMESTAMP = re.compile(r"[0-9]{10}", re.ASCII)
_NONCE = re.compile(r"[0-9A-Za-z]{1,64}", re.ASCII)
_SERIAL = re.compile(r"[0-9A-Za-z_]{1,64}", re.ASCII)
_SHA1 = re.compile(r"[0-9A-Fa-f]{40}", re.ASCII)
_LONGEST_SIGNATURE = 1024


class Flaw(StrEnum):
    """Why something is not taken for WeChat's."""

    UNSIGNED = "unsigned"  # one of the four headers is missing
    FORM = "form"  # one of them has characters it cannot have
    UNKNOWN_SERIAL = "unknown_serial"
    SIGNATURE = "signature"
    STALE = "stale"  # truly signed, but not now


@dataclass(frozen=True, slots=True)
class Check:
    """`flaw` is None for what is WeChat's. `signed_at` (Unix ms) is there when the signature is right, even if it is stale."""

    flaw: Flaw | None
    signed_at: int | None = None


def check(headers: Mapping[str, str], body: bytes, key_of: KeyOf, now: int) -> Check:
    """Check `headers` (looked up without regard to case by the mapping) over the raw `body`; `now` in Unix ms.

    The body of a 204 is empty, and is signed as such.
    """
    timestamp = headers.get("Wechatpay-Timestamp", "")
    nonce = headers.get("Wechatpay-Nonce", "")
    signature = headers.get("Wechatpay-Signature", "")
    serial = headers.get("Wechatpay-Serial", "")
    if not (timestamp and nonce and signature and serial):
        return Check(Flaw.UNSIGNED)
    if not (
        _TIMESTAMP.fullmatch(timestamp)
        and _NONCE.fullmatch(nonce)
        and _SERIAL.fullmatch(serial)
        and len(signature) <= _LONGEST_SIGNATURE
    ):
        return Check(Flaw.FORM)
    key = key_of(serial)
    if key is None:
        return Check(Flaw.UNKNOWN_SERIAL)
    if not key.verifies(signature, signed_string(timestamp, nonce, body)):
        return Check(Flaw.SIGNATURE)
    signed_at = int(timestamp) * 1000
    # The signature comes first: a probe learns the true time from an answer that is stale by a wrong clock of ours.
    if abs(now - signed_at) >= WINDOW_S * 1000:
        return Check(Flaw.STALE, signed_at)
    return Check(None, signed_at)


def check_statement(headers: Mapping[str, str], key_of: KeyOf, now: int) -> Check:
    """Check the headers of a statement, whose signature covers its SHA-1 instead of its body (contract 8).

    Whoever calls compares the SHA-1 of the (unzipped) statement with the header `Wechatpay-Statement-Sha1` afterwards.
    """
    sha1 = headers.get("Wechatpay-Statement-Sha1", "")
    if not _SHA1.fullmatch(sha1):
        return Check(Flaw.FORM if sha1 else Flaw.UNSIGNED)
    return check(headers, b'{"sha1":"' + sha1.encode("ascii") + b'"}', key_of, now)


def signed_string(timestamp: str, nonce: str, body: bytes) -> bytes:
    """What WeChat signs: three lines, each ended by LF."""
    return f"{timestamp}\n{nonce}\n".encode() + body + b"\n"
