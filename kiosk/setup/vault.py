"""An enrolment, sealed with digits: a merchant's data and keys as a text for QR codes. The one file here that knows cryptography.

Version 1: salt (16 bytes), nonce (12), then AES-256-GCM over zlib over JSON, in Base32. The key is scrypt's of the digits
(N = 2^16, r = 8, p = 1: 64 MiB and some tenths of a second for each try). All of that is fixed by the version, so that a QR
drawn by a stranger can ask for no more work or memory than ours.
"""

from __future__ import annotations

import base64
import binascii
import hashlib
import json
import re
import secrets
import zlib
from collections.abc import Mapping

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from kiosk.core.enrolment import PASSPHRASE_DIGITS
from kiosk.core.errors import KioskError

_ABOUT = b"kiosk enrolment 1"
_SALT, _NONCE = 16, 12
_N, _R, _P = 2**16, 8, 1
_MEMORY = 96 * 1024 * 1024  # scrypt takes 128 * N * r bytes and a little
_LARGEST = 64 * 1024  # bytes of JSON: merchant's data and four PEM files are a tenth of it


class WrongDigits(KioskError):
    """The digits do not open it, or it was damaged: which of the two, nobody can tell."""


class NoEnrolment(KioskError):
    """It was opened, and what is in it is no enrolment."""


def new_passphrase() -> str:
    """Digits that nobody can guess; all keypads have them."""
    return "".join(secrets.choice("0123456789") for _ in range(PASSPHRASE_DIGITS))


def seal(files: Mapping[str, bytes], digits: str) -> str:
    """The files (by name, all of them text) as one text that the digits open again."""
    plain = zlib.compress(json.dumps({name: content.decode("utf-8") for name, content in files.items()}).encode(), 9)
    salt, nonce = secrets.token_bytes(_SALT), secrets.token_bytes(_NONCE)
    sealed = AESGCM(_key(digits, salt)).encrypt(nonce, plain, _ABOUT)
    return base64.b32encode(salt + nonce + sealed).decode("ascii").rstrip("=")


def unseal(text: str, digits: str) -> dict[str, bytes]:
    """The files in it. WrongDigits when it does not open, NoEnrolment when it holds something else."""
    try:
        raw = base64.b32decode(text + "=" * (-len(text) % 8))
    except binascii.Error:
        raise WrongDigits("The QR codes are damaged. Make new ones.") from None
    if len(raw) < _SALT + _NONCE or not re.fullmatch(rf"[0-9]{{{PASSPHRASE_DIGITS}}}", digits, re.ASCII):
        raise WrongDigits("These are not the digits, or not the QR codes.")
    salt, nonce, sealed = raw[:_SALT], raw[_SALT : _SALT + _NONCE], raw[_SALT + _NONCE :]
    try:
        plain = AESGCM(_key(digits, salt)).decrypt(nonce, sealed, _ABOUT)
    except InvalidTag:
        raise WrongDigits("The digits do not open it. Look at them again, one by one.") from None
    return _files(plain)


def _files(plain: bytes) -> dict[str, bytes]:
    """Whoever had the digits may have made it: still nothing of it is believed beyond its form."""
    unpacker = zlib.decompressobj()
    try:
        packed = unpacker.decompress(plain, _LARGEST)
        found = json.loads(packed) if unpacker.eof else None
    except (zlib.error, ValueError, RecursionError):
        found = None
    if not isinstance(found, dict) or not all(isinstance(text, str) for text in found.values()):
        raise NoEnrolment("What was sealed is no enrolment of this version. Make it with kiosk enrol-code.")
    try:
        return {str(name): str(text).encode("utf-8") for name, text in found.items()}
    except UnicodeEncodeError:  # half of a surrogate pair
        raise NoEnrolment("What was sealed is not text. Make it with kiosk enrol-code.") from None


def _key(digits: str, salt: bytes) -> bytes:
    return hashlib.scrypt(digits.encode("ascii"), salt=salt, n=_N, r=_R, p=_P, maxmem=_MEMORY, dklen=32)
