"""Secrets with marks on them, and a checker that knows them again in whatever they leak into.

A secret is looked for as it is, in pieces of twelve characters, grouped with blanks, and as hex, Base64 or SHA-256 of it.
"""

from __future__ import annotations

import base64
import hashlib
import logging
import re
from collections.abc import Iterable
from pathlib import Path
from typing import Any, Self

from cryptography.hazmat.primitives.asymmetric import rsa
from cryptography.hazmat.primitives.serialization import load_pem_private_key

from kiosk.service import JournalHandler, fields_of

PIECE = 12


class Canaries:
    """The secrets of one run. `look` returns what of them is in a text or in bytes."""

    def __init__(self) -> None:
        self._needles: dict[bytes, dict[bytes, str]] = {}  # by their first PIECE bytes
        self.looked = 0  # bytes that were looked through

    def add(self, name: str, secret: str | bytes) -> None:
        """A secret of letters and digits that nothing else contains."""
        raw = secret.encode() if isinstance(secret, str) else secret
        assert len(raw) >= PIECE
        forms = {raw[at : at + PIECE] for at in range(len(raw) - PIECE + 1)}
        forms |= {raw.hex().encode(), raw.hex().upper().encode(), hashlib.sha256(raw).hexdigest().encode()}
        forms |= {base64.b64encode(hashlib.sha256(raw).digest()).rstrip(b"=")}
        for shift in range(3):  # Base64 of a longer text that contains it, whatever stands before
            forms.add(base64.b64encode(b"\x00" * shift + raw)[4 if shift else 0 : -4])
        for form in forms:
            self._keep(form, name)

    def add_key(self, name: str, pem: bytes) -> None:
        """A private RSA key: the lines of its PEM, and its secret numbers."""
        for line in pem.splitlines()[8:-1]:  # the first lines hold the public half
            if len(line) > 40:
                self._keep(line[8:40], name)
        key = load_pem_private_key(pem, None, unsafe_skip_rsa_key_validation=True)
        assert isinstance(key, rsa.RSAPrivateKey)
        numbers = key.private_numbers()
        for number in (numbers.d, numbers.p, numbers.q):
            self._keep(str(number)[20:60].encode(), name)
            self._keep(f"{number:x}"[20:60].encode(), name)

    def look(self, where: str, data: object) -> list[str]:
        """One line for each secret found in `data` (bytes, or the repr of anything)."""
        raw = data if isinstance(data, bytes) else (data if isinstance(data, str) else repr(data)).encode("utf-8", "replace")
        self.looked += len(raw)
        closed_up = re.sub(rb"(?<=[0-9])[ \-_.,](?=[0-9])", b"", raw)
        found = self._known_in(raw) | (self._known_in(closed_up) if closed_up != raw else set())
        return [f"{where} shows {name}" for name in sorted(found)]

    def _keep(self, needle: bytes, name: str) -> None:
        self._needles.setdefault(needle[:PIECE], {})[needle] = name

    def _known_in(self, raw: bytes) -> set[str]:
        """One walk over the bytes, however many secrets there are."""
        starts = {raw[at : at + PIECE] for at in range(len(raw) - PIECE + 1)} & self._needles.keys()
        return {name for start in starts for needle, name in self._needles[start].items() if needle in raw}

    def look_into(self, folder: Path, spare: Iterable[str] = ()) -> list[str]:
        """Every file below `folder`, by content and by name, but those whose path begins with one of `spare`."""
        found = []
        for file in sorted(folder.rglob("*")):
            name = str(file.relative_to(folder))
            if not any(name == each or name.startswith(f"{each}/") for each in spare):
                found += self.look("a file's name", name)
                found += self.look(name, file.read_bytes()) if file.is_file() else []
        return found


class Everything(logging.Handler):
    """All that any logger is told, at any level, before anything masks it; and what the journal would be sent."""

    def __init__(self) -> None:
        super().__init__(logging.NOTSET)
        self.told: list[str] = []
        self.sent: list[str] = []
        self._journal = JournalHandler.__new__(JournalHandler)
        logging.Handler.__init__(self._journal)
        self._journal._send = lambda *words, **fields: self.sent.append(repr((words, fields)))
        self._levels: dict[logging.Logger, int] = {}

    def emit(self, record: logging.LogRecord) -> None:
        parts: list[Any] = [record.name, record.msg, record.args, fields_of(record), record.stack_info]
        if record.exc_info:
            parts.append(logging.Formatter().formatException(record.exc_info))
        self.told.append(f"{record.getMessage()} {parts!r}")
        self._journal.emit(record)

    def __enter__(self) -> Self:
        root = logging.getLogger()
        loggers = [each for each in root.manager.loggerDict.values() if isinstance(each, logging.Logger)]
        self._levels = {each: each.level for each in (root, *loggers)}
        for each in loggers:
            each.setLevel(logging.NOTSET)
        root.setLevel(logging.DEBUG)
        root.addHandler(self)
        return self

    def __exit__(self, *_: object) -> None:
        logging.getLogger().removeHandler(self)
        for each, level in self._levels.items():
            each.setLevel(level)
