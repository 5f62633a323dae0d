"""What stands still for days burns into a screen: how far all of it is moved in each minute. Pure: only the time decides."""

from __future__ import annotations

_MINUTE_MS = 60_000
_SPREAD = (0.7548776662466927, 0.5698402909980532)  # fractions of these numbers fill a square evenly (M. Roberts' R2 sequence)


def shift(now: int, most: int) -> tuple[int, int]:
    """Pixels to the right and down, each from -most to most; one more or less from minute to minute, and all pairs in turn.

    `now` in ms.
    """
    if most <= 0:
        return 0, 0
    minute = now // _MINUTE_MS
    return _to_and_fro(minute, most), _to_and_fro(minute // (4 * most), most)


def place(now: int, room: tuple[int, int]) -> tuple[int, int]:
    """Somewhere from (0, 0) to `room`, far from where it was a minute before. `now` in ms."""
    minute = now // _MINUTE_MS
    across, down = (round(minute * step % 1 * most) for step, most in zip(_SPREAD, room, strict=True))
    return across, down


def _to_and_fro(step: int, most: int) -> int:
    return abs((step + most) % (4 * most) - 2 * most) - most
