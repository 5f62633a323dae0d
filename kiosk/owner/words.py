"""The words of the page in each language; the state of an order is said as on the kiosk's screen."""

from __future__ import annotations

from functools import cache

from kiosk.display.words import Words, read_words, words_of
from kiosk.owner.english import PAGE

__all__ = ["page_words"]


@cache
def page_words(language: str) -> Words:
    """The words of `language`, read once; `state.PAID` and its like are the screen's."""
    ours = read_words(language, PAGE)
    states = {key: text.replace("|", "") for key, text in words_of(language).table.items() if key.startswith("state.")}
    return Words(language, {**ours.table, **states}, ours.counted)
