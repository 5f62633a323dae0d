"""The lamp behind the screen, by the kernel's /sys/class/backlight: the first there is. HDMI screens have none that can be set.

Writes percentages and argues about none. What goes wrong is said once in the log: a kiosk sells in any light.
"""

from __future__ import annotations

import logging
import os
from pathlib import Path

FOLDER = Path("/sys/class/backlight")

_log = logging.getLogger(__name__)


class Backlight:
    """One lamp. `problem`: in words why it cannot be set, or None."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self.name = folder.name
        self.problem: str | None = None
        self._told = False
        try:
            self._most = int((folder / "max_brightness").read_text("ascii"))
        except (OSError, ValueError) as error:
            self._most = 0
            self.problem = f"{folder}/max_brightness cannot be read ({error})"
            return
        if not os.access(self._brightness, os.W_OK):
            self.problem = self._refused("not permitted")

    def put(self, percent: int) -> None:
        """Set it to 1 to 100 percent, never wholly dark: some screens take 0 for off."""
        if self._most > 0:
            try:
                self._brightness.write_text(str(max(1, self._most * percent // 100)), "ascii")
            except OSError as error:
                self.problem = self._refused(error.strerror or str(error))
            else:
                self.problem = None
        if self.problem is not None and not self._told:
            self._told = True
            _log.warning("the screen's brightness stays as it is", extra={"problem": self.problem})

    @property
    def _brightness(self) -> Path:
        return self._folder / "brightness"

    def _refused(self, why: str) -> str:
        return (
            f"{self._brightness} cannot be written ({why}): the kiosk's user has to be in the group video, and "
            "the package brings the rule that opens it to that group (it counts after a restart)"
        )


def find(folder: Path = FOLDER) -> Backlight | None:
    """The machine's lamp, or None."""
    lamps = sorted(folder.iterdir()) if folder.is_dir() else []
    return Backlight(lamps[0]) if lamps else None
