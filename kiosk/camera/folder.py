"""The folder camera: image files in place of a lens, for the demo, for tests and for `kiosk decode`.

What lies in the files is read by pictures.py.
"""

from __future__ import annotations

import logging
import time
from collections.abc import Callable, Generator
from pathlib import Path

from kiosk.camera.frame import Frame, nothing
from kiosk.camera.pictures import PictureError, open_frame
from kiosk.core.errors import DriverError

FRAMES_PER_S = 12
_MAX_TOLD = 1000  # complaints remembered, so that each is logged once
_SUFFIXES = frozenset({".png", ".jpg", ".jpeg", ".bmp", ".webp", ".gif", ".ppm", ".pgm"})
_log = logging.getLogger(__name__)


class FolderCamera:
    """A Camera over the images of a folder in name order, again and again, read afresh each round."""

    live = False

    def __init__(
        self, folder: Path, wait: Callable[[float], None] = time.sleep, now: Callable[[], float] = time.monotonic
    ) -> None:
        self._folder = folder
        self._wait = wait
        self._now = now
        self._told: dict[str, str] = {}  # the last complaint about each file
        self._listing()

    def frames(self) -> Generator[Frame, None, None]:
        """At most FRAMES_PER_S a second; a grey nothing while no image is there. DriverError when the folder goes away."""
        due = self._now()
        while True:
            due = self._pace(due)  # before the folder is listed and the file read, so that neither is stale when it is seen
            shown = False
            for path in self._listing():
                if shown:
                    due = self._pace(due)
                frame = self._frame(path)
                if frame is not None:
                    shown = True
                    yield frame
            if not shown:
                yield nothing()

    def check(self) -> None:
        """A folder that went away is told of when it is looked into."""

    def close(self) -> None:
        """Nothing is held open between two frames."""

    def _pace(self, due: float) -> float:
        """Wait until `due`; returns when the next frame is. Time lost in decoding is not made up for."""
        late = self._now() - due
        if late < 0:
            self._wait(-late)
        return max(due, self._now()) + 1 / FRAMES_PER_S

    def _listing(self) -> list[Path]:
        try:
            return image_files(self._folder)
        except OSError as error:
            raise DriverError(
                f"camera folder {self._folder} cannot be read ({error.strerror}): "
                "make it, or name another in [camera] folder of kiosk.toml"
            ) from None

    def _frame(self, path: Path) -> Frame | None:
        try:
            frame = open_frame(path)
        except PictureError as error:
            if self._told.get(path.name) != str(error):
                if len(self._told) >= _MAX_TOLD:
                    self._told.clear()
                self._told[path.name] = str(error)
                _log.warning("picture skipped: %s: %s", path.name, error)
            return None
        self._told.pop(path.name, None)
        return frame


def image_files(folder: Path) -> list[Path]:
    """The image files directly in `folder`, by name; hidden ones are somebody's half-written copies. OSError as it comes."""
    return sorted(
        (path for path in folder.iterdir() if path.suffix.lower() in _SUFFIXES and not path.name.startswith(".")),
        key=lambda path: path.name,
    )
