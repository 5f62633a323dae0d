"""What every camera driver promises the scanner process, asked of each: the folder, webcams, the Pi's camera.

Without hardware the webcam has a kernel of the test's. `KIOSK_VIDEO=/dev/video0` adds a real one, `KIOSK_PICAMERA2=1` libcamera's
first camera (with `KIOSK_PICAMERA2_SHIM=module` something to import before: a virtual camera lacks what a real one has).
"""

from __future__ import annotations

import importlib
import itertools
import os
import shutil
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from kiosk.camera.decode import read_symbols
from kiosk.camera.drivers import open_camera
from kiosk.camera.frame import VIEW_HEIGHT, VIEW_WIDTH, Frame
from kiosk.camera.process import Camera
from kiosk.camera.v4l2 import WebCamera
from kiosk.camera.vigil import lit
from kiosk.camera.wire import Unpacker, pack
from kiosk.core.errors import DriverError
from tests.camera_pictures import CODE, page, scene
from tests.v4l2_kernel import FakeKernel, Webcam


@dataclass
class Rig:
    """A driver and what is before its lens: `show` and `unplug` are None where a test cannot do that."""

    open: Callable[[], Camera]
    show: Callable[[Image.Image], None] | None = None
    unplug: Callable[[], None] | None = None


def folder(tmp_path: Path) -> Rig:
    def show(picture: Image.Image) -> None:
        picture.save(tmp_path / ".new.png")
        (tmp_path / ".new.png").replace(tmp_path / "frame.png")

    return Rig(lambda: open_camera("folder", tmp_path), show, lambda: shutil.rmtree(tmp_path))


def webcam(form: str) -> Rig:
    device = Webcam(form)

    def show(picture: Image.Image) -> None:
        device.scene = lambda: picture

    def unplug() -> None:
        device.plugged = False

    kernel = FakeKernel(video0=device)
    return Rig(lambda: WebCamera(None, 50, kernel), show, unplug)


def picamera2() -> Rig:
    if "KIOSK_PICAMERA2_SHIM" in os.environ:
        importlib.import_module(os.environ["KIOSK_PICAMERA2_SHIM"])
    return Rig(lambda: open_camera("picamera2", None))


@pytest.fixture(params=["folder", "webcam MJPG", "webcam YUYV", "webcam GREY", "real webcam", "picamera2"])
def rig(request: pytest.FixtureRequest, tmp_path: Path) -> Rig:
    match request.param.split():
        case ["folder"]:
            return folder(tmp_path)
        case ["webcam", form]:
            return webcam(form)
        case ["real", _] if "KIOSK_VIDEO" in os.environ:
            return Rig(lambda: open_camera("v4l2", None, Path(os.environ["KIOSK_VIDEO"])))
        case ["picamera2"] if "KIOSK_PICAMERA2" in os.environ:
            return picamera2()
        case ["real", _] | ["picamera2"]:
            pytest.skip("no such camera here: KIOSK_VIDEO=/dev/video0, KIOSK_PICAMERA2=1")
        case nameless:
            pytest.fail(f"{nameless}: give it a case above; a driver that is skipped has passed nothing")


@pytest.fixture
def camera(rig: Rig) -> Iterator[Camera]:
    if rig.show is not None:
        rig.show(scene(page()).convert("RGB"))
    one = rig.open()
    yield one
    one.close()


def some(camera: Camera, number: int) -> list[Frame]:
    frames = camera.frames()
    taken = list(itertools.islice(frames, number))
    frames.close()
    return taken


def test_a_frame_is_a_large_grey_picture_and_a_small_view_that_fits_the_wire(camera: Camera):
    frame = some(camera, 1)[0]
    assert (frame.grey.ndim, frame.grey.dtype) == (2, np.uint8)
    assert frame.grey.shape[1] >= 640
    assert 0 < frame.view.width <= VIEW_WIDTH
    assert 0 < frame.view.height <= VIEW_HEIGHT
    assert frame.view.width / frame.view.height == pytest.approx(frame.grey.shape[1] / frame.grey.shape[0], rel=0.02)
    assert Unpacker().feed(pack(frame.view)) == [frame.view]


def test_what_is_held_to_it_is_read_and_the_view_is_its_mirror_image(rig: Rig, camera: Camera):
    if rig.show is None:
        pytest.skip("nothing can be held to this one")
    frame = some(camera, 1)[0]
    assert CODE in {symbol.text for symbol in read_symbols(frame.grey)}
    view = np.frombuffer(frame.view.rgb, np.uint8).reshape(frame.view.height, frame.view.width, 3)
    seen = Image.fromarray(view[:, ::-1].copy()).convert("L").resize((32, 18))
    whole = Image.fromarray(np.ascontiguousarray(frame.grey)).resize((32, 18))
    assert np.abs(np.asarray(seen).astype(int) - np.asarray(whole)).mean() < 12


def test_looking_can_end_and_begin_again(camera: Camera):
    assert [len(some(camera, 2)) for _ in range(3)] == [2, 2, 2]
    camera.check()


def test_a_frame_that_is_kept_is_not_written_over_by_the_next(camera: Camera):
    frames = camera.frames()
    kept = next(frames)
    before = kept.grey.copy()
    for _ in range(8):  # more than there are buffers
        next(frames)
    frames.close()
    assert np.array_equal(kept.grey, before)
    assert lit(before)


def test_only_a_sensor_says_it_is_one_and_its_pictures_are_never_the_same(camera: Camera):
    one, other = some(camera, 2)
    assert camera.live != np.array_equal(one.grey, other.grey)


def test_once_closed_it_can_be_opened_again(rig: Rig, camera: Camera):
    some(camera, 1)
    camera.close()
    again = rig.open()
    assert len(some(again, 1)) == 1
    again.close()


def test_taken_away_while_it_looks_it_says_what_to_do(rig: Rig, camera: Camera):
    if rig.unplug is None:
        pytest.skip("this one cannot be unplugged by a test")
    frames = camera.frames()
    next(frames)
    rig.unplug()
    with pytest.raises(DriverError, match=": "):
        next(frames)
    with pytest.raises(DriverError, match=": "):
        rig.open()
