"""All words on the screen, in the language asked for. Knows catalogues and keys; nothing of fonts, places or screens.

The English is in the program (kiosk/display/english); every other language is a catalogue of GNU gettext in kiosk/locale, of
which only the compiled file is read. What a catalogue lacks is said in English.
"""

from __future__ import annotations

import gettext
from collections.abc import Callable, Mapping
from functools import cache, partial
from pathlib import Path

from kiosk.core.errors import DriverError
from kiosk.core.languages import LANGUAGES
from kiosk.display.english import ENGLISH
from kiosk.display.english.texts import Texts

LOCALE = Path(__file__).parents[1] / "locale"
DOMAIN = "kiosk"


class Words:
    """The table of one language: `words("paid.merchant")`, with {named} parts filled in.

    `counted`: for each key whose text depends on {count}, the text for a number; `table` holds the one for many.
    """

    def __init__(self, language: str, table: dict[str, str], counted: Mapping[str, Callable[[int], str]] | None = None) -> None:
        self.language = language
        self.table = table
        self.counted = counted or {}

    def __call__(self, key: str, **parts: str | int) -> str:
        text = self.table[key]
        if key in self.counted:
            text = self.counted[key](int(parts["count"]))
        return text.format(**parts) if parts else text


@cache
def words_of(language: str) -> Words:
    """The words of `language`, read once. DriverError for a language there are no words for."""
    if language not in LANGUAGES:
        raise DriverError(f"display: there are no words for the language {language!r}; use one of {', '.join(LANGUAGES)}")
    return read_words(language, ENGLISH)


def read_words(language: str, english: Texts) -> Words:
    """These texts in `language`. DriverError when its catalogue was not compiled."""
    catalogue = _catalogue(language)
    table: dict[str, str] = {}
    counted: dict[str, Callable[[int], str]] = {}
    for key, text in english.items():
        if len(text) == 1:
            table[key] = catalogue.pgettext(key, text[0])
        else:
            counted[key] = partial(catalogue.npgettext, key, *text)
            table[key] = counted[key](_MANY)
    return Words(language, table, counted)


@cache
def _catalogue(language: str) -> gettext.NullTranslations:
    if language == "en":
        return gettext.NullTranslations()
    try:
        return gettext.translation(DOMAIN, LOCALE, [language])
    except FileNotFoundError:
        raise DriverError(f"display: the words of {language!r} are not compiled; in a clone, make setup does it") from None


_MANY = 100
