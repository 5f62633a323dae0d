"""The words of the page in each language; an order's state and WeChat Pay's name are as on the kiosk's screen."""

from __future__ import annotations

from functools import cache

from kiosk.display.words import Words, read_words, words_of
from kiosk.owner.english import PAGE

__all__ = ["page_words"]

_LENT = ("state.", "role.", "finding.wechat")


@cache
def page_words(language: str) -> Words:
    """The words of `language`, read once; states and roles (`state.PAID`, `role.cashier`) are the screen's."""
    ours = read_words(language, PAGE)
    theirs = words_of(language).table
    lent = {key: text.replace("|", "") for key, text in theirs.items() if key.startswith(_LENT)}
    return Words(language, {**ours.table, **lent}, ours.counted)
