"""What an update adds to a step: a kiosk that is about to be stopped, or is on trial, sells nothing. Pure."""

from __future__ import annotations

from kiosk.core.commands import Play, Reply, Sound
from kiosk.core.drafting import Drafting
from kiosk.core.events import Hold
from kiosk.core.state import Step, is_calm, is_held

HOLD_MOST = 10 * 60 * 1000  # ms; whoever asked may have died, and then the shop sells on


class Pause(Drafting):
    """The part of a turn that is about updates."""

    def hold(self, wanted: Hold) -> None:
        if not is_calm(self.k):
            self.acts.append(Reply(wanted.token, "", "a sale is in front or not settled yet"))
            return
        self.k.held_until = min(wanted.until, self.now + HOLD_MOST)
        self.acts.append(Reply(wanted.token, "held"))

    def held_key(self) -> bool:
        """Whether a key means nothing because of an update. The first key takes the news away."""
        self.k.calm_since = None
        self.k.news = None
        if is_held(self.k):
            self.acts.append(Play(Sound.REFUSED_KEY))
        return is_held(self.k)

    def release(self) -> None:
        """Sell again when the time is over."""
        if self.k.held_until is not None and self.now >= self.k.held_until:
            self.k.held_until = None

    def shift_pause(self, offset_ms: int) -> None:
        """The clock has jumped."""
        self.k.calm_since = None
        if self.k.held_until is not None:
            self.k.held_until += offset_ms

    def done(self) -> Step:
        if not is_calm(self.k):
            self.k.calm_since = None
        elif self.k.calm_since is None:
            self.k.calm_since = self.now
        return super().done()
