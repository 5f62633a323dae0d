"""Image files and JPEGs as frames: of the camera's files the one that knows Pillow. Every picture is taken as an enemy's."""

from __future__ import annotations

import io
import stat
import struct
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import numpy as np
from PIL import Image

from kiosk.camera.decode import Grey
from kiosk.camera.frame import VIEW_HEIGHT, VIEW_WIDTH, Frame, mirrored
from kiosk.core.errors import KioskError

MAX_BYTES = 32 * 1024 * 1024  # of a file
MAX_PIXELS = 64_000_000  # a larger picture is not opened
_READ_SIDE = 1920  # a larger picture is read at this size: the camera's own is 1280 x 720, and zbar is slow
_FORMATS = ("PNG", "JPEG", "BMP", "WEBP", "GIF", "PPM")  # Pillow knows dozens more, and guesses by content


class PictureError(KioskError):
    """What should be a picture is none that can be read; the text says why, without the file's name."""


def open_frame(path: Path) -> Frame:
    """The picture as a camera would have given it; PictureError says in words why not."""
    with _in_words():
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
    if max(coloured.size) > _READ_SIDE:
        coloured.thumbnail((_READ_SIDE, _READ_SIDE))
    grey: Grey = np.asarray(coloured.convert("L"))
    coloured.thumbnail((VIEW_WIDTH, VIEW_HEIGHT), Image.Resampling.BILINEAR)
    return Frame(grey, mirrored(np.asarray(coloured)))


def jpeg_frame(data: bytes, size: tuple[int, int]) -> Frame:
    """A camera's JPEG of this size (width, height), with or without its Huffman tables, which MJPEG may leave out.

    Unpacked twice, which costs less than once in colour: whole without its colours, and small with them.
    """
    with _in_words():
        with _jpeg(data, size) as whole:
            whole.draft("L", size)
            grey: Grey = np.asarray(whole.convert("L"))
        with _jpeg(data, size) as small:
            small.draft("RGB", (VIEW_WIDTH * 3 // 4, VIEW_HEIGHT * 3 // 4))  # a half, a quarter or an eighth of it
            view = small.convert("RGB")
    view.thumbnail((VIEW_WIDTH, VIEW_HEIGHT), Image.Resampling.BILINEAR)
    return Frame(grey, mirrored(np.asarray(view)))


def _jpeg(data: bytes, size: tuple[int, int]) -> Image.Image:
    image = Image.open(io.BytesIO(data), formats=("JPEG",))
    if image.size != size:
        raise PictureError(f"{image.width} x {image.height}, where {size[0]} x {size[1]} was agreed on")
    return image


@contextmanager
def _in_words() -> Iterator[None]:
    """Pillow says "broken" in many ways; all of them leave as PictureError."""
    try:
        yield
    except FileNotFoundError:
        raise PictureError("no such file") from None
    except Image.DecompressionBombError:
        raise PictureError("too many pixels") from None
    except (OSError, EOFError, SyntaxError, ValueError, struct.error) as error:
        raise PictureError(f"not a readable image ({type(error).__name__})") from None


def _opaque(image: Image.Image) -> Image.Image:
    """Red, green and blue on white; the first picture of a moving one."""
    if image.mode in {"I;16", "I;16L", "I;16B", "I", "F"}:
        raise PictureError("more than 8 bits a channel")
    if image.has_transparency_data:
        image = image.convert("RGBA")
        white = Image.new("RGBA", image.size, "white")
        return Image.alpha_composite(white, image).convert("RGB")
    return image.convert("RGB")
