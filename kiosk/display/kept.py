"""What is dear to make and likely to be wanted again, kept as far as there is room: what was not used for longest goes first.

Counts bytes, not entries: one amount in the largest figures weighs as much as fifty words. Knows nothing of what it keeps.
"""

from __future__ import annotations

from collections.abc import Callable, Hashable
from typing import Generic, TypeVar

Value = TypeVar("Value")


class Kept(Generic[Value]):
    """One thread at a time."""

    def __init__(self, weigh: Callable[[Value], int]) -> None:
        """`weigh`: what a value takes, in bytes. There is no room before `make_room`."""
        self._weigh = weigh
        self._values: dict[Hashable, Value] = {}  # in the order of their last use
        self._most = 0
        self.weight = 0

    def make_room(self, most: int) -> None:
        """For so many bytes together, or as many as before if that is more."""
        self._most = max(self._most, most)

    def get(self, key: Hashable, make: Callable[[], Value]) -> Value:
        """The value that is kept under `key`, else a new one."""
        if key in self._values:
            value = self._values.pop(key)
        else:
            value = make()
            self.weight += self._weigh(value)
        self._values[key] = value
        while self.weight > self._most and len(self._values) > 1:  # the newest stays: it is being drawn
            self.weight -= self._weigh(self._values.pop(next(iter(self._values))))
        return value
