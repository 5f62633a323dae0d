"""What the kiosk itself wants to know of updates: whether it is on trial, and what the merchant has not been told yet."""

from __future__ import annotations

import logging
from contextlib import suppress
from pathlib import Path

from kiosk.core.screens import News, UpdateEnd
from kiosk.release.shelf import Shelf
from kiosk.release.trial import State
from kiosk.written import put

_log = logging.getLogger(__name__)
_NAME = "update-told"
_ENDS = {State.WELL: UpdateEnd.WELL, State.UNDONE: UpdateEnd.UNDONE}


def on_trial(shelf: Shelf) -> bool:
    """Whether the release that runs has yet to show that it works."""
    attempt = shelf.record().attempt
    return attempt is not None and attempt.state is State.TRIAL


def untold(shelf: Shelf, folder: Path) -> News | None:
    """How the last update ended, unless `folder`, the kiosk's own, says that somebody has read it."""
    attempt = shelf.record().attempt
    end = None if attempt is None else _ENDS.get(attempt.state)
    if attempt is None or end is None:
        return None
    news = News(attempt.version, end)
    with suppress(OSError, UnicodeDecodeError):
        if (folder / _NAME).read_text("utf-8") == _words(news):
            return None
    return news


def tell(folder: Path, news: News) -> None:
    """It has been read."""
    try:
        put(folder / _NAME, _words(news).encode(), mode=0o600)
    except OSError as error:  # it is told once more after the next start
        _log.warning("it could not be noted that the news of an update was read", extra={"problem": error.strerror})


def _words(news: News) -> str:
    return f"{news.version} {news.end}\n"
