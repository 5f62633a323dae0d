"""The part of a turn that shows where the owner's page is: what its process told, for as long as it goes on telling. Pure."""

from __future__ import annotations

from kiosk.core import till
from kiosk.core.commands import Play, Sound
from kiosk.core.events import Key, PageTold
from kiosk.core.lifecycle import SECOND
from kiosk.core.paper import Paper

PAGE_FRESH = 60 * SECOND  # the page says every 20 s that it is there


class Signpost(Paper):
    """What the owner's page tells, and the key that shows it."""

    def page_told(self, told: PageTold) -> None:
        self.k.page, self.k.page_at = told, self.now

    def page_key(self, key: Key) -> bool:
        """Show where the page is, if there is one; False when the key means something else."""
        if key is not Key.QR or not isinstance(self.k.till, till.Menu) or self.k.page is None:
            return False
        self.acts.append(Play(Sound.KEY))
        self.go(till.Page(self.now + till.PAGE_FOR))
        return True

    def page_passes(self) -> None:
        """A page that is silent is gone."""
        if self.k.page is not None and self.now >= self.k.page_at + PAGE_FRESH:
            self.k.page = None
        if isinstance(self.k.till, till.Page) and (self.now >= self.k.till.until or self.k.page is None):
            self.go(till.Menu(self.now + till.MENU_FOR))
