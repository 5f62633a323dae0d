"""All words on the screen, one table for each language. Knows TOML and keys; nothing of fonts, places or screens."""

from __future__ import annotations

import tomllib
from functools import cache
from pathlib import Path

from kiosk.core.errors import DriverError

LANGUAGES = ("en", "zh_CN", "zh_TW", "ja", "th", "ko")

_FOLDER = Path(__file__).parent / "words"


class Words:
    """The table of one language: `words("paid.merchant")`, with {named} parts filled in."""

    def __init__(self, language: str, table: dict[str, str]) -> None:
        self.language = language
        self.table = table

    def __call__(self, key: str, **parts: str | int) -> str:
        text = self.table[key]
        return text.format(**parts) if parts else text


@cache
def words_of(language: str) -> Words:
    """The words of `language`, read once. DriverError for a language there is no table for."""
    if language not in LANGUAGES:
        raise DriverError(f"display: there are no words for the language {language!r}; use one of {', '.join(LANGUAGES)}")
    return Words(language, read_words(_FOLDER, language))


def read_words(folder: Path, language: str) -> dict[str, str]:
    """The table in `folder`, its keys as `paid.merchant`."""
    with (folder / f"{language}.toml").open("rb") as file:
        return dict(_flat(tomllib.load(file), ""))


def _flat(table: dict[str, object], before: str) -> list[tuple[str, str]]:
    found: list[tuple[str, str]] = []
    for name, value in table.items():
        if isinstance(value, dict):
            found += _flat(value, f"{before}{name}.")
        else:
            found.append((before + name, str(value)))
    return found
