"""One JSON object while it is read: hands out typed values, and refuses with a sentence that never repeats one. Pure."""

from __future__ import annotations

import base64
import binascii
import re
from collections.abc import Callable, Mapping
from enum import StrEnum
from typing import TypeVar

from kiosk.core.errors import KioskError

_T = TypeVar("_T")


class StewardRefused(KioskError):
    """The steward does not do it, and did nothing; the text says why, and what to do."""


class WrongWords(StewardRefused):
    """The request or the answer is not as the table of verbs has it."""


class Fields:
    """The fields of one object. Each reader returns the value or raises WrongWords; a value is never repeated in one."""

    def __init__(self, raw: Mapping[str, object]) -> None:
        self._raw = raw
        self._asked = {"do"}

    def text(self, key: str, most_bytes: int = 65_536, form: re.Pattern[str] | None = None, remedy: str = "") -> str:
        """A text of UTF-8 (JSON knows lone halves of characters, which are none) that, with `form`, matches as a whole."""
        value = self._typed(key, str)
        try:
            size = len(value.encode())
        except UnicodeEncodeError:
            raise WrongWords(f"{key} is no text of UTF-8") from None
        if size > most_bytes:
            raise WrongWords(f"{key} is longer than {most_bytes} bytes")
        if form is not None and not form.fullmatch(value):
            raise WrongWords(f"{key} is not {remedy}")
        return value

    def flag(self, key: str) -> bool:
        """A yes or no."""
        return self._typed(key, bool)

    def number(self, key: str) -> int:
        """A whole number."""
        return self._typed(key, int)

    def table(self, key: str) -> dict[str, object]:
        """An object."""
        value: dict[str, object] = self._typed(key, dict)
        return value

    def texts(self, key: str) -> tuple[str, ...]:
        """A list of texts."""
        value: list[object] = self._typed(key, list)
        if not all(isinstance(item, str) for item in value):
            raise WrongWords(f"{key} is not a list of texts")
        return tuple(map(str, value))

    def word(self, key: str, words: type[StrEnum]) -> str:
        """One of a few words."""
        value = self.text(key)
        if value not in set(words):
            raise WrongWords(f"{key} is not one of: {', '.join(words)}")
        return value

    def content(self, key: str, most_bytes: int) -> bytes:
        """Bytes, written in base64."""
        try:
            value = base64.b64decode(self.text(key, most_bytes * 2), validate=True)
        except (ValueError, binascii.Error):
            raise WrongWords(f"{key} is not base64") from None
        if not 0 < len(value) <= most_bytes:
            raise WrongWords(f"{key} is not 1 to {most_bytes} bytes")
        return value

    def maybe(self, key: str, read: Callable[[str], _T]) -> _T | None:
        """What `read` reads, or None where there is null or nothing."""
        self._asked.add(key)
        return None if self._raw.get(key) is None else read(key)

    def end(self) -> None:
        """Refuse what nobody asked for: a misspelt key must not be taken for one left out."""
        if unknown := sorted(set(self._raw) - self._asked):
            raise WrongWords(f"{unknown[0][:40]!r} is not a key of this request")

    def _typed(self, key: str, kind: type[_T]) -> _T:
        self._asked.add(key)
        value = self._raw.get(key)
        if type(value) is not kind:  # exactly: True is no number
            raise WrongWords(f"{key} is not {_KINDS[kind]}" if key in self._raw else f"{key} is missing")
        return value


_KINDS: dict[type[object], str] = {str: "a text", int: "a whole number", bool: "true or false", dict: "an object", list: "a list"}
