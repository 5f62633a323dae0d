"""`python -m tests.bench.webcam FOLDER FD`: the real scanner process, but that its webcam's JPEGs come from FOLDER, 30 a second.

Loads nothing that a scanner does not: it is weighed.
"""

from __future__ import annotations

import itertools
import mmap
import socket
import sys
import time
from collections.abc import Generator
from pathlib import Path

from kiosk.camera.drivers import load
from kiosk.camera.frame import Frame
from kiosk.camera.pictures import jpeg_frame
from kiosk.camera.process import confine, serve

SIZE = (1280, 720)
FRAMES_PER_S = 30
BUFFERS, BUFFER_BYTES = 4, 1280 * 720 * 2  # the kernel's own, mapped into the process, which a real webcam's driver fills


class Webcam:
    """A Camera whose pictures lie in a folder."""

    live = True

    def __init__(self, folder: Path) -> None:
        self._sent = [file.read_bytes() for file in sorted(folder.glob("*.jpg"))]
        self._buffers = [mmap.mmap(-1, BUFFER_BYTES) for _ in range(BUFFERS)]
        for buffer in self._buffers:
            buffer[:] = bytes(BUFFER_BYTES)

    def frames(self) -> Generator[Frame, None, None]:
        due = time.monotonic()
        for data, buffer in zip(itertools.cycle(self._sent), itertools.cycle(self._buffers), strict=False):
            time.sleep(max(0.0, due - time.monotonic()))
            due = max(due + 1 / FRAMES_PER_S, time.monotonic())
            buffer[: len(data)] = data
            yield jpeg_frame(buffer[: len(data)], SIZE)

    def check(self) -> None:
        """It is always there."""

    def close(self) -> None:
        """Nothing is held."""


if __name__ == "__main__":
    confine()
    load("v4l2")
    with socket.socket(fileno=int(sys.argv[2])) as line:
        serve(line, lambda: Webcam(Path(sys.argv[1])))
