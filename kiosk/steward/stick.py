"""The folder `kiosk/` of a USB stick: which files of it count, and how they are read. Knows no mount: it is given a folder.

A stick comes from anywhere: only files of the names below are opened, no link is followed, and nothing large is read.
"""

from __future__ import annotations

import os
import stat
from pathlib import Path
from typing import TYPE_CHECKING

from kiosk.steward.words import CREDENTIAL_LIMIT, PUBLIC, SECRETS, SETTINGS_LIMIT, StewardRefused, Stick

if TYPE_CHECKING:
    from kiosk.steward.client import Steward

FOLDER = "kiosk"
MERCHANT = "merchant.toml"
REQUEST = "merchant_request.pem"
_OTHER_NAMES = {"apiclient_key.pem": "merchant_key.pem", "apiclient_cert.pem": "merchant_cert.pem"}
"""As the merchant platform's tool calls them."""


def take(steward: Steward, folder: Path, request: str | None) -> Stick:
    """Keep what the folder has, keys before certificates, as those are held against them; leave the request there."""
    given = read(folder)
    merchant = given.pop(MERCHANT, None)
    try:
        text = None if merchant is None else merchant.decode("utf-8-sig")  # with the mark that some editors put in front
    except UnicodeDecodeError:
        raise StewardRefused(f"{MERCHANT} on the stick is not UTF-8 text. Save it as UTF-8.") from None
    for name in (*SECRETS, *PUBLIC):
        if name in given:
            steward.credential(name, given[name])
    if request is not None:
        leave(folder, request)
    return Stick(text, tuple(given))


def read(folder: Path) -> dict[str, bytes]:
    """What is given, by our names: MERCHANT, SECRETS, PUBLIC. StewardRefused when a file is not what can be read."""
    given = {}
    for name in (*_OTHER_NAMES, MERCHANT, *SECRETS, *PUBLIC):
        content = _content(folder / name, SETTINGS_LIMIT if name == MERCHANT else CREDENTIAL_LIMIT)
        if content is not None:
            given[_OTHER_NAMES.get(name, name)] = content
    return given


def leave(folder: Path, request: str) -> None:
    """Put the request there, for whoever makes the certificate."""
    try:
        with (folder / REQUEST).open("w", encoding="ascii") as file:
            file.write(request)
            file.flush()
            os.fsync(file.fileno())
    except OSError as error:
        raise StewardRefused(f"The stick takes no file ({error.strerror}). Use one that is not write-protected.") from None


def _content(path: Path, limit: int) -> bytes | None:
    try:
        descriptor = os.open(path, os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC)
    except FileNotFoundError:
        return None
    except OSError as error:
        raise StewardRefused(f"{path.name} on the stick cannot be read ({error.strerror}).") from None
    with open(descriptor, "rb") as file:  # noqa: PTH123  of a descriptor
        if not stat.S_ISREG(os.fstat(descriptor).st_mode):
            raise StewardRefused(f"{path.name} on the stick is no file.")
        try:
            content = file.read(limit + 1)
        except OSError as error:
            raise StewardRefused(f"{path.name} on the stick cannot be read ({error.strerror}).") from None
    if len(content) > limit:
        raise StewardRefused(f"{path.name} on the stick is larger than {limit} bytes, which it never is.")
    return content
