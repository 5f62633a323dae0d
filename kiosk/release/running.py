"""The kiosk's side of an update: what works of it, as `health` is answered, and what it has to tell of the last one.

Called from several threads; each fact is one value, set by one of them.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path

from kiosk.core.events import Event, Health, Part, Probed
from kiosk.core.screens import Idle, Network, Screen, Signs
from kiosk.core.state import Settings
from kiosk.release.news import on_trial, tell, untold
from kiosk.release.shelf import Shelf


class Updates:
    """`folder`: the kiosk's own, where it notes what has been read."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._shelf = Shelf()
        self._signed = False  # the last signed question was answered, and the answer's signature is right
        self._camera = False  # the scanner has told how the camera is
        self.drawn = False  # the screen was painted once

    def settings(self, settings: Settings) -> Settings:
        """With what the releases' folder says."""
        return replace(settings, trial=on_trial(self._shelf), news=untold(self._shelf, self._folder))

    def hear(self, event: Event) -> None:
        """What the lanes and the scanner bring."""
        match event:
            case Probed(reached, _, _, problem):
                self._signed = reached and not problem
            case Health(Part.CAMERA):
                self._camera = True

    def shown(self, before: Screen, now: Screen) -> None:
        """News that has gone from the screen was read."""
        if isinstance(before, Idle) and before.news is not None and not (isinstance(now, Idle) and now.news is not None):
            tell(self._folder, before.news)

    def well(self, signs: Signs, problems: Mapping[str, str | None]) -> list[str]:
        """What works, besides the ledger."""
        facts = {
            "signed": self._signed,
            "reached": signs.network is Network.ONLINE,
            "scanner": self._camera and problems[Part.CAMERA] is None,
            "drawn": self.drawn,
        }
        return [part for part, works in facts.items() if works]
