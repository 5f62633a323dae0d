"""How a text of the kiosk is written down: a key, its English, and for a counted one its English of one and of more.

`make words` finds the texts by the names of these two functions (deploy/words.py).
"""

from __future__ import annotations

Text = tuple[str] | tuple[str, str]
Texts = dict[str, Text]


def said(key: str, text: str) -> tuple[str, Text]:
    """A text, as `said("paid.merchant", "Paid")`. The key is what the code asks for, and the context in the catalogues."""
    return key, (text,)


def counted(key: str, one: str, more: str) -> tuple[str, Text]:
    """A text that depends on a number, which is always called {count}."""
    return key, (one, more)


def table(*texts: tuple[str, Text]) -> Texts:
    """These texts by their keys."""
    return dict(texts)
