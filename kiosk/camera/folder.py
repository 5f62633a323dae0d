"""The folder camera: image files in place of a lens, for the demo, for tests and for `kiosk decode`.

Of the camera's files the one that knows Pillow.
"""

from __future__ import annotations

import logging
import stat
import struct
import time
from collections.abc import Callable, Generator
from pathlib import Path

import numpy as np
from PIL import Image

from kiosk.camera.decode import Grey
from kiosk.camera.frame import VIEW_HEIGHT, VIEW_WIDTH, Frame, mirrored, nothing
from kiosk.core.errors import DriverError, KioskError

FRAMES_PER_S = 12
MAX_BYTES = 32 * 1024 * 1024  # of a file
MAX_PIXELS = 64_000_000  # a larger picture is not opened
_MAX_TOLD = 1000  # complaints remembered, so that each is logged once
_READ_SIDE = 1920  # a larger picture is read at this size: the camera's own is 1280 x 720, and zbar is slow
_SUFFIXES = frozenset({".png", ".jpg", ".jpeg", ".bmp", ".webp", ".gif", ".ppm", ".pgm"})
_FORMATS = ("PNG", "JPEG", "BMP", "WEBP", "GIF", "PPM")  # Pillow knows dozens more, and guesses by content
_log = logging.getLogger(__name__)


class PictureError(KioskError):
    """A file is no picture that can be read; the text says why, without the file's name."""


class FolderCamera:
    """A Camera over the images of a folder in name order, again and again, read afresh each round."""

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


def open_frame(path: Path) -> Frame:
    """The picture as a camera would have given it; PictureError says in words why not."""
    try:
        status = path.stat()
        if not stat.S_ISREG(status.st_mode):  # opening a named pipe would wait for ever
            raise PictureError("no ordinary file")
        if status.st_size > MAX_BYTES:
            raise PictureError(f"larger than {MAX_BYTES // 2**20} MiB")
        with Image.open(path, formats=_FORMATS) as image:
            if image.width * image.height > MAX_PIXELS:
                raise PictureError(f"{image.width} x {image.height} is more than {MAX_PIXELS // 10**6} million pixels")
            image.draft(None, (_READ_SIDE * 3 // 4, _READ_SIDE * 9 // 16))  # a JPEG can be unpacked at a half or a quarter
            coloured = _opaque(image)
    except FileNotFoundError:
        raise PictureError("no such file") from None
    except Image.DecompressionBombError:
        raise PictureError("too many pixels") from None
    except (OSError, EOFError, SyntaxError, ValueError, struct.error) as error:  # Pillow says "broken" in all of these ways
        raise PictureError(f"not a readable image ({type(error).__name__})") from None
    if max(coloured.size) > _READ_SIDE:
        coloured.thumbnail((_READ_SIDE, _READ_SIDE))
    grey: Grey = np.asarray(coloured.convert("L"))
    coloured.thumbnail((VIEW_WIDTH, VIEW_HEIGHT), Image.Resampling.BILINEAR)
    return Frame(grey, mirrored(np.asarray(coloured)))


def _opaque(image: Image.Image) -> Image.Image:
    """Red, green and blue on white; the first picture of a moving one."""
    if image.mode in {"I;16", "I;16L", "I;16B", "I", "F"}:
        raise PictureError("more than 8 bits a channel")
    if image.has_transparency_data:
        image = image.convert("RGBA")
        white = Image.new("RGBA", image.size, "white")
        return Image.alpha_composite(white, image).convert("RGB")
    return image.convert("RGB")
