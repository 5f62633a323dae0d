"""Webcams: which is chosen, what is asked of it, what its pictures become, and what is said when it fails."""

from __future__ import annotations

import io
from pathlib import Path

import numpy as np
import pytest
import videodev2 as v4l2
from PIL import Image

from kiosk.camera import pixels
from kiosk.camera import v4l2 as driver
from kiosk.camera.decode import read_symbols
from kiosk.camera.frame import Unplugged
from kiosk.camera.pictures import PictureError, jpeg_frame
from kiosk.camera.v4l2 import WebCamera
from kiosk.core.errors import DriverError
from tests.camera_pictures import CODE, page, scene
from tests.v4l2_kernel import FakeKernel, Webcam, encoded

GOOD = "MJPG"


def open_first(**webcams: Webcam) -> WebCamera:
    return WebCamera(None, 50, FakeKernel(**webcams))


def chosen(**webcams: Webcam) -> str:
    return open_first(**webcams)._device.path.name


def test_the_first_camera_on_usb_is_taken_whatever_else_is_called_video():
    isp, codec = Webcam("YUYV", usb=False), Webcam("YUYV")
    codec.caps = v4l2.V4L2_CAP_VIDEO_M2M | v4l2.V4L2_CAP_STREAMING
    found = chosen(video0=isp, video1=codec, video2=Webcam("H264"), video3=Webcam("YUYV"), video4=Webcam(GOOD))
    assert found == "video3"


def test_one_that_shows_only_grey_is_the_last_choice():
    assert chosen(video0=Webcam("GREY"), video1=Webcam("YUYV")) == "video1"
    assert chosen(video0=Webcam("GREY")) == "video0"


def test_the_one_that_is_named_is_taken_and_no_other():
    kernel = FakeKernel(video0=Webcam(GOOD), video5=Webcam("YUYV", usb=False))
    assert WebCamera(Path("/dev/video5"), 50, kernel)._device.path == Path("/dev/video5")
    assert len(kernel.open_files) == 1
    with pytest.raises(Unplugged, match=r"\[camera\] device /dev/video9 is not there"):
        WebCamera(Path("/dev/video9"), 50, kernel)


def test_mjpeg_is_preferred_and_a_size_near_the_wanted_one_agreed_on():
    many = Webcam("YUYV", "H264", GOOD, sizes=((320, 240), (1280, 720), (1920, 1080)))
    open_first(video0=many)
    assert (many.form, many.size) == (GOOD, (1280, 720))
    old = Webcam("YUYV", sizes=((320, 240), (640, 480)))
    open_first(video0=old)
    assert old.size == (640, 480)


def test_focus_exposure_and_mains_are_set_where_the_camera_has_them():
    full, plain = Webcam(GOOD), Webcam(GOOD)
    full.controls = {
        v4l2.V4L2_CID_FOCUS_AUTO: [0, 1, 0],
        v4l2.V4L2_CID_EXPOSURE_AUTO: [0, 3, 1],
        v4l2.V4L2_CID_EXPOSURE_AUTO_PRIORITY: [0, 1, 1],
        v4l2.V4L2_CID_BACKLIGHT_COMPENSATION: [0, 2, 2],
        v4l2.V4L2_CID_POWER_LINE_FREQUENCY: [0, 2, 0],
    }
    open_first(video0=full)
    assert [value for _, _, value in full.controls.values()] == [1, 3, 0, 0, 1]
    WebCamera(None, 60, FakeKernel(video0=full))
    assert full.controls[v4l2.V4L2_CID_POWER_LINE_FREQUENCY][2] == 2
    full.controls[v4l2.V4L2_CID_POWER_LINE_FREQUENCY][1] = 3
    open_first(video0=full)
    assert full.controls[v4l2.V4L2_CID_POWER_LINE_FREQUENCY][2] == 3  # it finds out itself
    next(open_first(video0=plain).frames())


@pytest.mark.parametrize("form", [GOOD, "YUYV", "GREY"])
def test_its_pictures_are_read_and_the_view_is_small_coloured_and_mirrored(form: str):
    webcam = Webcam(form)
    seen = scene(page()).convert("RGB")
    seen.paste((220, 30, 30), (0, 0, 160, 720))
    webcam.scene = lambda: seen
    frame = next(open_first(video0=webcam).frames())
    assert frame.grey.shape == (720, 1280)
    assert frame.grey.flags.owndata or frame.grey.base is not None
    assert CODE in {symbol.text for symbol in read_symbols(frame.grey)}
    view = np.frombuffer(frame.view.rgb, np.uint8).reshape(frame.view.height, frame.view.width, 3)
    assert view.shape == (180, 320, 3)
    red, green, blue = view[90, -10].astype(int)
    assert abs(red - (220 if form != "GREY" else 90)) < 40
    assert (red - green > 100) == (red - blue > 100) == (form != "GREY")
    assert np.ptp(view[90, 5].astype(int)) < 20


def test_an_mjpeg_without_its_huffman_tables_is_read():
    out = io.BytesIO()
    Image.linear_gradient("L").convert("RGB").save(out, "JPEG")
    data, kept, at = out.getvalue(), b"\xff\xd8", 2
    while data[at + 1] != 0xDA:
        length = 2 + int.from_bytes(data[at + 2 : at + 4], "big")
        kept += b"" if data[at + 1] == 0xC4 else data[at : at + length]
        at += length
    bare = kept + data[at:]
    assert len(bare) < len(data)
    assert np.array_equal(jpeg_frame(bare, (256, 256)).grey, jpeg_frame(data, (256, 256)).grey)


def test_bytes_that_are_no_picture_are_said_so_and_nothing_worse():
    jpeg = encoded(Image.new("RGB", (64, 48)), GOOD, 0)
    for broken in (b"", b"\xff\xd8", jpeg[: len(jpeg) // 2], encoded(Image.new("RGB", (65, 48)), GOOD, 0), b"GIF89a" + bytes(99)):
        with pytest.raises(PictureError):
            jpeg_frame(broken, (64, 48))
    with pytest.raises(PictureError):
        pixels.yuyv(bytes(64 * 48 * 2 - 1), 64, 48, 128)
    with pytest.raises(PictureError):
        pixels.grey(bytes(64 * 48 - 1), 64, 48, 0)


def test_a_garbled_picture_is_passed_over_and_a_camera_that_sends_no_other_is_told_of(monkeypatch: pytest.MonkeyPatch):
    webcam = Webcam(GOOD)
    frames = open_first(video0=webcam).frames()
    next(frames)
    monkeypatch.setattr(driver, "FRAME_WAIT_S", 0.05)
    webcam.garbled = True
    with pytest.raises(DriverError, match="no picture for"):
        next(frames)


def failure(webcam: Webcam | None, **more: Webcam) -> str:
    """What is said of it."""
    with pytest.raises(DriverError) as caught:
        next(open_first(**({"video0": webcam} if webcam else {}), **more).frames())
    return str(caught.value)


def test_each_failure_is_named_with_its_remedy():
    assert "plug one in" in failure(None)
    assert 'driver = "picamera2"' in failure(Webcam("YUYV", usb=False))
    forbidden, held = Webcam(GOOD), Webcam(GOOD)
    forbidden.allowed, held.held = False, True
    assert "usermod -aG video" in failure(forbidden)
    assert "fuser /dev/video0" in failure(held)
    assert "nothing 640 pixels wide" in failure(Webcam(GOOD, sizes=((320, 240),)))
    silent = Webcam(GOOD)
    silent.silent = True
    driver_wait, driver.FRAME_WAIT_S = driver.FRAME_WAIT_S, 0.01
    try:
        assert "no picture for" in failure(silent)
    finally:
        driver.FRAME_WAIT_S = driver_wait


def test_unplugged_while_looking_or_not_it_says_so_and_gives_everything_back():
    webcam = Webcam(GOOD)
    kernel = FakeKernel(video0=webcam)
    camera = WebCamera(None, 50, kernel)
    frames = camera.frames()
    next(frames)
    camera.check()
    webcam.plugged = False
    with pytest.raises(Unplugged, match="unplugged"):
        next(frames)
    with pytest.raises(Unplugged, match="unplugged"):
        camera.check()
    camera.close()
    assert not kernel.open_files


def test_it_streams_only_while_it_is_looked_at():
    webcam = Webcam(GOOD)
    camera = open_first(video0=webcam)
    assert not webcam.streaming
    for _ in range(2):
        frames = camera.frames()
        next(frames)
        assert webcam.streaming
        frames.close()
        assert not webcam.streaming
