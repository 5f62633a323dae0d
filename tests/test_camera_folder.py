"""The folder camera, and the drivers by name."""

from __future__ import annotations

import itertools
import logging
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from kiosk.camera import open_scanner
from kiosk.camera.decode import read_symbols
from kiosk.camera.drivers import open_camera
from kiosk.camera.folder import FRAMES_PER_S, FolderCamera
from kiosk.camera.frame import Frame
from kiosk.core.errors import ConfigError, DriverError
from tests.camera_pictures import CODE, page, scene


class Clock:
    """A clock that only waiting moves."""

    def __init__(self) -> None:
        self.at = 100.0

    def now(self) -> float:
        return self.at

    def wait(self, seconds: float) -> None:
        self.at += seconds


def camera(folder: Path) -> FolderCamera:
    clock = Clock()
    return FolderCamera(folder, clock.wait, clock.now)


def put(folder: Path, name: str, level: int) -> None:
    Image.new("L", (64, 48), level).save(folder / name, format="PNG")


def levels(frames: list[Frame]) -> list[int]:
    return [int(frame.grey[0, 0]) for frame in frames]


def test_its_images_come_in_name_order_again_and_again(tmp_path: Path):
    for name, level in (("b.png", 20), ("a.png", 10), ("c.PNG", 30)):
        put(tmp_path, name, level)
    (tmp_path / "notes.txt").write_text("no image")
    assert levels(list(itertools.islice(camera(tmp_path).frames(), 7))) == [10, 20, 30, 10, 20, 30, 10]


def test_each_round_reads_the_folder_afresh(tmp_path: Path):
    put(tmp_path, "a.png", 10)
    frames = camera(tmp_path).frames()
    assert levels([next(frames), next(frames)]) == [10, 10]
    put(tmp_path, "a.png", 11)
    put(tmp_path, "b.png", 20)
    assert levels([next(frames), next(frames)]) == [11, 20]
    (tmp_path / "a.png").unlink()
    assert levels([next(frames), next(frames)]) == [20, 20]


def test_an_empty_folder_shows_an_even_grey_so_that_the_view_lives(tmp_path: Path):
    frames = camera(tmp_path).frames()
    frame = next(frames)
    assert len(set(frame.grey.ravel())) == len(set(frame.view.rgb)) == 1
    assert frame.view.width * frame.view.height * 3 == len(frame.view.rgb)
    put(tmp_path, "a.png", 10)
    assert levels([next(frames)]) == [10]


def test_frames_are_paced_and_lost_time_is_not_made_up_for(tmp_path: Path):
    put(tmp_path, "a.png", 10)
    clock = Clock()
    frames, times = FolderCamera(tmp_path, clock.wait, clock.now).frames(), []
    for number in range(6):
        next(frames)
        times.append(clock.at)
        clock.at += 1.0 if number == 2 else 0.0  # a slow decoder
    steps = np.diff(times) * FRAMES_PER_S
    assert steps == pytest.approx([1, 1, FRAMES_PER_S, 1, 1])


def test_a_broken_image_is_skipped_and_named_once_in_the_log(tmp_path: Path, caplog: pytest.LogCaptureFixture):
    put(tmp_path, "b.png", 20)
    (tmp_path / "a.png").write_bytes((tmp_path / "b.png").read_bytes()[:50])
    with caplog.at_level(logging.WARNING):
        assert levels(list(itertools.islice(camera(tmp_path).frames(), 3))) == [20, 20, 20]
    assert [record.getMessage().count("a.png") for record in caplog.records] == [1]


def test_a_half_written_copy_under_a_hidden_name_is_not_looked_at(tmp_path: Path):
    put(tmp_path, ".a.png", 10)
    put(tmp_path, "b.png", 20)
    assert levels(list(itertools.islice(camera(tmp_path).frames(), 2))) == [20, 20]


def test_the_grey_picture_is_whole_and_the_view_small_and_mirrored(tmp_path: Path):
    picture = scene(page()).convert("RGB")
    picture.paste("red", (0, 0, 100, 720))
    picture.save(tmp_path / "a.png")
    frame = next(camera(tmp_path).frames())
    assert frame.grey.shape == (720, 1280)
    assert CODE in {symbol.text for symbol in read_symbols(frame.grey)}
    view = np.frombuffer(frame.view.rgb, np.uint8).reshape(frame.view.height, frame.view.width, 3)
    assert view.shape == (180, 320, 3)
    assert tuple(view[90, -2]) == (255, 0, 0)
    assert tuple(view[90, 1]) != (255, 0, 0)


def test_a_missing_folder_is_named_with_the_remedy(tmp_path: Path):
    with pytest.raises(DriverError, match=r"frames.*\[camera\] folder"):
        FolderCamera(tmp_path / "frames")


def test_a_folder_that_goes_away_while_looking_is_an_error(tmp_path: Path):
    folder = tmp_path / "frames"
    folder.mkdir()
    frames = camera(folder).frames()
    next(frames)
    folder.rmdir()
    with pytest.raises(DriverError, match="frames"):
        next(frames)


@pytest.mark.parametrize("driver", ["webcam", ""])
def test_a_driver_that_does_not_exist_is_the_owners_mistake_and_the_others_are_named(driver: str):
    with pytest.raises(ConfigError, match="picamera2, v4l2, folder"):
        open_scanner(print, print, driver=driver, folder=None)


def test_the_folder_camera_needs_a_folder():
    with pytest.raises(ConfigError, match=r"\[camera\] folder"):
        open_scanner(print, print, driver="folder", folder=None)
    with pytest.raises(ConfigError, match=r"\[camera\] folder"):
        open_camera("folder", None)
