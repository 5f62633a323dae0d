"""The words of the page, one table for each language; the state of an order is said as on the kiosk's screen."""

from __future__ import annotations

from functools import cache
from pathlib import Path

from kiosk.display.words import LANGUAGES, Words, read_words, words_of

__all__ = ["LANGUAGES", "NAMES", "page_words"]

NAMES = {"en": "English", "zh_CN": "简体中文", "zh_TW": "繁體中文", "ja": "日本語", "th": "ไทย", "ko": "한국어"}
"""Each language in its own words."""

_FOLDER = Path(__file__).parent / "words"


@cache
def page_words(language: str) -> Words:
    """The words of `language`, read once; `state.PAID` and its like are the screen's."""
    ours = read_words(_FOLDER, language)
    states = {key: text.replace("|", "") for key, text in words_of(language).table.items() if key.startswith("state.")}
    return Words(language, {**ours, **states})
