"""The part of a turn that shows where the owner's page is: what its process told, for as long as it goes on telling. Pure."""

from __future__ import annotations

from kiosk.core.events import PageTold
from kiosk.core.lifecycle import SECOND
from kiosk.core.paper import Paper

PAGE_FRESH = 60 * SECOND  # the page says every 20 s that it is there


class Signpost(Paper):
    """What the owner's page tells."""

    def page_told(self, told: PageTold) -> None:
        self.k.page, self.k.page_at = told, self.now

    def page_passes(self) -> None:
        """A page that is silent is gone."""
        if self.k.page is not None and self.now >= self.k.page_at + PAGE_FRESH:
            self.k.page = None
