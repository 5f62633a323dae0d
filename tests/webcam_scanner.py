"""`python -m tests.webcam_scanner FOLDER FD`: a scanner process with a webcam that a test can plug in, unplug, cover and freeze.

It is plugged in while FOLDER/plugged is there, frozen while FOLDER/frozen is, and sees FOLDER/scene.png.
"""

from __future__ import annotations

import socket
import sys
from pathlib import Path

from PIL import Image

from kiosk.camera import v4l2
from kiosk.camera.drivers import open_camera
from kiosk.camera.process import confine, serve
from tests.v4l2_kernel import FakeKernel, Webcam


class Switched(Webcam):
    """Plugged in and frozen as the files say."""

    folder = Path(sys.argv[1])
    plugged = property(lambda self: (self.folder / "plugged").exists(), lambda *_: None)
    frozen = property(lambda self: (self.folder / "frozen").exists(), lambda *_: None)

    def see(self) -> Image.Image:
        """What is before it now."""
        with Image.open(self.folder / "scene.png") as picture:
            return picture.convert("RGB")


if __name__ == "__main__":
    webcam = Switched("MJPG", sizes=((640, 480),))
    webcam.scene = webcam.see
    v4l2.Linux = lambda: FakeKernel(video0=webcam)  # type: ignore[misc,assignment]
    confine()
    with socket.socket(fileno=int(sys.argv[2])) as line:
        serve(line, lambda: open_camera("v4l2", None))
