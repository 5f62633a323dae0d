"""Letters from a number pad, as on old telephones: the same key again within a second is its next letter. Pure.

A last resort, for a Wi-Fi's password where neither a phone nor another screen is at hand.
"""

from __future__ import annotations

from dataclasses import dataclass, field

AGAIN_MS = 1000
LETTERS = {
    "1": ".,-_@!?1#$%&*+/=:;'\"()[]{}<>\\|^~`",
    "2": "abc2ABC",
    "3": "def3DEF",
    "4": "ghi4GHI",
    "5": "jkl5JKL",
    "6": "mno6MNO",
    "7": "pqrs7PQRS",
    "8": "tuv8TUV",
    "9": "wxyz9WXYZ",
    "0": "0 ",
}


@dataclass(frozen=True, slots=True)
class Tapped:
    """The text so far; its last letter still turns while `key` is pressed again before AGAIN_MS after `at` (ms)."""

    text: str = field(default="", repr=False)
    key: str = ""
    turn: int = 0
    at: int = 0

    def tap(self, key: str, at: int) -> Tapped:
        """A digit was pressed."""
        letters = LETTERS[key]
        if key == self.key and at - self.at < AGAIN_MS:
            turn = (self.turn + 1) % len(letters)
            return Tapped(self.text[:-1] + letters[turn], key, turn, at)
        return Tapped(self.text + letters[0], key, 0, at)

    def settle(self) -> Tapped:
        """The last letter stays; the same key begins another."""
        return Tapped(self.text)

    def back(self) -> Tapped:
        """One letter less."""
        return Tapped(self.text[:-1])
