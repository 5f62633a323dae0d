"""From switches that go down and up to what the kiosk is told: one press each, CLEAR held, and a key that is stuck.

Pure: time is an argument, in ms of any clock that never jumps. Every keypad that knows ups and downs uses it, so that a key held,
repeated or jammed means the same on each.
"""

from __future__ import annotations

from dataclasses import dataclass

from kiosk.core.events import Health, Key, Part, Pressed

DEBOUNCE_MS = 25  # what worn contacts bounce; a person's quickest tap is twice as long
CLEAR_HELD_MS = 800
STUCK_MS = 5000  # nobody means to hold a key for so long
FREED_MS = 1000  # a jammed key chatters: only one that stays up this long is believed again

Report = Pressed | Health


@dataclass(slots=True)
class _Down:
    key: Key
    since: int
    clears: bool  # held long enough it still becomes CLEAR_ALL


class Presses:
    """The switches that are down. A switch goes by its name, which people read when it is stuck; two may be one key."""

    def __init__(self, stuck_ms: int = STUCK_MS) -> None:
        self._stuck_ms = stuck_ms
        self._down: dict[str, _Down] = {}
        self._stuck: dict[str, int | None] = {}  # since when it is up again; None while it is down

    @property
    def down_now(self) -> frozenset[str]:
        """The switches that are down."""
        return frozenset(self._down)

    @property
    def quiet(self) -> bool:
        """Whether the passing of time alone brings nothing."""
        return not self._down and not self._stuck

    def down(self, switch: str, key: Key, at: int) -> list[Report]:
        """The switch went down: one press, unless it was down already or counts as stuck."""
        if switch in self._down:
            return []
        counts = switch not in self._stuck
        self._down[switch] = _Down(key, at, clears=counts and key is Key.CLEAR)
        if not counts:
            self._stuck[switch] = None
        return [Pressed(key)] if counts else []

    def found(self, switch: str, key: Key, at: int) -> None:
        """The switch is down, and nobody saw it go down: no press, yet it may turn out to be stuck."""
        self._down.setdefault(switch, _Down(key, at, clears=False))

    def up(self, switch: str, at: int) -> None:
        """The switch came up."""
        if self._down.pop(switch, None) is not None and switch in self._stuck:
            self._stuck[switch] = at

    def forget(self) -> None:
        """All switches are gone, with the keypad they are on."""
        self._down.clear()
        self._stuck.clear()

    def pass_time(self, at: int) -> list[Report]:
        """What follows from the time alone. Health comes with each change of what is stuck, and names all of it."""
        reports: list[Report] = []
        for held in self._down.values():
            if held.clears and at - held.since >= CLEAR_HELD_MS:
                held.clears = False
                reports.append(Pressed(Key.CLEAR_ALL))
        jammed = [s for s, held in self._down.items() if s not in self._stuck and at - held.since >= self._stuck_ms]
        freed = [s for s, up_at in self._stuck.items() if up_at is not None and at - up_at >= FREED_MS]
        for switch in jammed:
            self._stuck[switch] = None
        for switch in freed:
            del self._stuck[switch]
        if jammed or freed:
            reports.append(Health(Part.KEYPAD, self._words()))
        return reports

    def _words(self) -> str | None:
        if not self._stuck:
            return None
        return (
            f"stuck on the keypad: {', '.join(sorted(self._stuck))} (down for {self._stuck_ms / 1000:g} s; it counts for nothing "
            "until it is up again). Free it, look for dirt or liquid under it; if that does not help, change the keypad"
        )
