"""Fingers on the keys of the screen: on which key each began, and whether it is still there. Pure; knows places and no window."""

from __future__ import annotations

from collections.abc import Callable

from kiosk.core.events import Key
from kiosk.display.canvas import Rect
from kiosk.display.keys import key_at

Told = tuple[int, Key | None, bool]
"""A finger, its key, and whether it is down; without a key: it has slid off."""


class Touches:
    """A finger belongs to the key it came down on, until it lifts or leaves it. One that slides in from elsewhere to none."""

    def __init__(self, panel: Rect, tile_at: Callable[[tuple[int, int]], Key | None] = lambda _: None) -> None:
        """`tile_at`: the key of the tile that lies there, beside the panel."""
        self._panel = panel
        self._tile_at = tile_at
        self._down: dict[int, Key | None] = {}

    @property
    def held(self) -> frozenset[Key]:
        """The keys with a finger on them."""
        return frozenset(key for key in self._down.values() if key is not None)

    def finger(self, number: int, at: tuple[int, int], down: bool, *, ignored: bool = False) -> Told | None:  # noqa: FBT001  the shape of a finger's event
        """The finger is here now, or has lifted here: what is to be told of it. `ignored`: it means nothing until it lifts."""
        key = key_at(at, self._panel) or self._tile_at(at)
        if number not in self._down:
            if not down:
                return None
            self._down[number] = None if ignored else key
            return None if ignored or key is None else (number, key, True)
        began = self._down[number]
        if down and key is began:
            return None
        if down:
            self._down[number] = None
        else:
            del self._down[number]
        if began is None:
            return None
        return (number, began, False) if key is began else (number, None, False)
