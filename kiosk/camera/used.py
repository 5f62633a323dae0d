"""Which payment codes were handed over a short while ago. Pure; the one part of what is believed that the money process loads."""

from __future__ import annotations

import hashlib

USED_FOR_S = 120  # how long a code that was handed over is known again; it lives about a minute (contract 5)


def digest(digits: str) -> str:
    """SHA-256 of the digits in hex: what of a code is remembered."""
    return hashlib.sha256(digits.encode("ascii")).hexdigest()


class UsedCodes:
    """The codes that were handed over a short while ago, by digest."""

    def __init__(self) -> None:
        self._until: dict[str, float] = {}

    def add(self, code_digest: str, at: float) -> None:
        """Handed over `at` (seconds of a clock that does not go back)."""
        self._until[code_digest] = at + USED_FOR_S

    def known(self, at: float) -> tuple[str, ...]:
        """Those handed over in the last USED_FOR_S seconds."""
        self._until = {key: until for key, until in self._until.items() if until > at}
        return tuple(self._until)
