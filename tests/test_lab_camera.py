"""The lab's camera and processor: what stands in for libcamera's own, what is shown to it, and whence a Pi gets what it needs."""

from __future__ import annotations

import importlib
import runpy
import sys
from itertools import pairwise
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from deploy.deb.archive import listed
from deploy.deb.needs import needs, upstream
from kiosk.camera.frame import rgb
from kiosk.camera.picamera2_source import coloured
from kiosk.camera.pictures import open_frame
from tests.lab import scene
from tests.lab.__main__ import BY_NAME, LEVELS


@pytest.mark.parametrize("name", [*LEVELS, *BY_NAME])
def test_each_level_says_what_it_lacks_and_what_it_shows(name: str, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr("os.geteuid", lambda: 1000)
    level = importlib.import_module(f"tests.lab.{name}").LEVEL
    assert level.name == name
    assert level.shows
    assert "root" in str(level.missing())


def test_the_virtual_camera_s_colours_are_laid_apart_as_the_kiosk_takes_them():
    width, height = 16, 8
    light, blue, red = (np.full((height, width), level, np.uint8) for level in (120, 90, 200))
    blue[:, width // 2 :] = 160
    pairs = np.stack([blue[::2, ::2], red[::2, ::2]], axis=2).reshape(height // 2, width)
    apart = stand_in("sitecustomize.py")["_apart"](np.vstack([light, pairs]), {"format": "NV12", "size": (width, height)})
    assert np.array_equal(coloured(apart, width, height), rgb(light, blue, red))


def test_a_buffer_of_one_plane_is_given_to_the_virtual_camera_as_two():
    class Plane:
        fd = offset = length = 0

    class Buffer:
        def __init__(self, planes: list[Plane]) -> None:
            self.planes = planes

    Buffer.Plane = Plane
    whole = Plane()
    whole.fd, whole.length = 7, 6 * 4
    planes = stand_in("sitecustomize.py")["_two_planes"](Buffer)([whole]).planes
    assert [(plane.fd, plane.offset, plane.length) for plane in planes] == [(7, 0, 16), (7, 16, 8)]


def test_what_is_before_the_virtual_camera_never_stands_still(tmp_path: Path):
    (tmp_path / "old.jpg").touch()
    scene.show(tmp_path, [np.full((720, 1280), 90), np.full((720, 1280, 3), 90)])
    pictures = sorted(tmp_path.iterdir())
    assert [path.name for path in pictures] == ["000.jpg", "001.jpg", "002.jpg", "003.jpg"]
    greys = [open_frame(path).grey for path in pictures]
    assert all(grey.shape == (720, 1280) for grey in greys)
    assert not any(np.array_equal(one[::8, ::8], other[::8, ::8]) for one, other in pairwise(greys))


def test_what_the_pi_s_python_needs_comes_by_pip_or_by_apt():
    found = {need.name: need for need in needs("pi")}
    by_apt = {need.package for need in found.values() if need.package is not None}
    assert by_apt <= set(listed("PI"))
    assert {"python3-systemd", "python3-picamera2", "python3-pygame"} <= by_apt
    assert found["cryptography"].package is None
    assert upstream("1:2.6.1+dfsg-1+b2") == "2.6.1"


def stand_in(name: str) -> dict[str, Any]:
    """What a file of the virtual camera's defines. It lays hands on the imports of the process that runs it: not on ours."""
    before = list(sys.meta_path)
    try:
        return runpy.run_path(str(Path(__file__).parent / "lab/virtual_camera" / name))
    finally:
        sys.meta_path[:] = before
