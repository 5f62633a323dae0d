"""A screen on its side: the picture, its parts and the fingers are turned alike, in a real window under a real X server."""

from __future__ import annotations

import io
import shutil
import threading
import time
from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
from PIL import Image, ImageGrab

from kiosk.config.display import ROTATIONS
from kiosk.core.events import Key
from kiosk.core.ports import Display
from kiosk.display import open_display
from kiosk.display.keys import share_of, split
from kiosk.display.turn import turned, turned_back, turned_size
from tests.display_views import MAIN, NOW, camera_picture
from tests.xwindows import corner, newest_window, xdotool


@pytest.mark.parametrize("degrees", ROTATIONS)
def test_a_part_lies_where_numpy_turns_it(degrees: int) -> None:
    width, height = 7, 4
    picture = np.zeros((height, width), dtype=int)
    rect = (1, 2, 3, 2)
    picture[rect[1] : rect[1] + rect[3], rect[0] : rect[0] + rect[2]] = 1
    seen = np.rot90(picture, -degrees // 90)
    assert seen.shape[::-1] == turned_size((width, height), degrees)
    x, y, wide, high = turned(rect, (width, height), degrees)
    assert seen[y : y + high, x : x + wide].all()
    assert seen.sum() == wide * high


@pytest.mark.parametrize("degrees", ROTATIONS)
def test_each_point_comes_back(degrees: int) -> None:
    size = (7, 4)
    for x in range(7):
        for y in range(4):
            there = turned((x, y, 1, 1), size, degrees)[:2]
            assert turned_back((there[0], there[1]), size, degrees) == (x, y)


class Screen:
    """A turned window in which a finger (the mouse) touches keys."""

    def __init__(self, xdisplay: str, size: tuple[int, int], rotation: int, **more: Any) -> None:
        self.xdisplay, self.size, self.rotation = xdisplay, size, rotation
        self.touched: list[tuple[int, Key | None, bool]] = []
        self.beats: list[int] = []
        self.display: Display = open_display(
            "pygame",
            size=size,
            fullscreen=False,
            merchant_language="en",
            customer_language="zh_CN",
            now=lambda: NOW,
            on_touch=lambda *told: self.touched.append(told),
            rotation=rotation,
            **{"on_key": lambda _name, _down: None} | more,
        )
        self.window = newest_window()

    def run(self, work: Callable[[], None]) -> None:
        raised: list[BaseException] = []

        def beside() -> None:
            try:
                while not self.beats:  # a window is stopped by another thread only while it runs
                    time.sleep(0.01)
                work()
            except BaseException as error:  # noqa: BLE001  handed to the test
                raised.append(error)
            finally:
                self.display.stop()

        thread = threading.Thread(target=beside)
        thread.start()
        self.display.run(lambda: self.beats.append(1))
        thread.join(10)
        if raised:
            raise raised[0]

    def seen(self) -> np.ndarray:
        """The X server's picture of the window, turned back to how people see it."""
        x, y = self._corner()
        width, height = turned_size(self.size, self.rotation)
        screen = np.asarray(ImageGrab.grab(xdisplay=self.xdisplay))[y : y + height, x : x + width]
        return np.rot90(screen, self.rotation // 90)

    def stands(self) -> bool:
        """Whether people see the very picture that the display means, of the newest view."""
        picture = self.display._picture  # type: ignore[attr-defined]
        return picture._painted[0] is picture._view and self.looks(pixels(self.display.snapshot()))

    def looks(self, picture: np.ndarray) -> bool:
        return bool((self.seen() == picture).all())

    def point(self, at: tuple[int, int]) -> None:
        """Move the mouse to where people see this point."""
        x, y = self._corner()
        across, down, _, _ = turned((*at, 1, 1), self.size, self.rotation)
        xdotool("mousemove", str(x + across), str(y + down))

    def _corner(self) -> tuple[int, int]:
        return corner(self.window)


@pytest.fixture
def xserver(xvfb: str, monkeypatch: pytest.MonkeyPatch) -> str:
    if not shutil.which("xdotool"):
        pytest.skip("xdotool is not installed")
    monkeypatch.setenv("DISPLAY", xvfb)
    monkeypatch.setenv("SDL_VIDEODRIVER", "x11")
    monkeypatch.delenv("WAYLAND_DISPLAY", raising=False)
    return xvfb


def pixels(png: bytes) -> np.ndarray:
    return np.asarray(Image.open(io.BytesIO(png)).convert("RGB"))


@pytest.mark.screen
@pytest.mark.parametrize(("size", "rotation"), [((480, 800), 90), ((800, 480), 180), ((480, 800), 270)])
def test_people_see_the_very_picture_and_the_camera_in_it(
    xserver: str, until: Callable[..., Any], size: tuple[int, int], rotation: int
) -> None:
    screen = Screen(xserver, size, rotation)

    def work() -> None:
        for name in ("idle", "scanning", "paid"):
            screen.display.show(MAIN[name])
            until(screen.stands)
            if name == "scanning":
                without = screen.seen()
                screen.display.show_camera(*camera_picture())
                until(lambda without=without: (screen.seen() != without).any())
                until(screen.stands)

    screen.run(work)


@pytest.mark.screen
@pytest.mark.parametrize(("size", "rotation"), [((800, 480), 0), ((480, 800), 90), ((800, 480), 180), ((480, 800), 270)])
def test_a_finger_is_for_the_key_that_people_see_below_it(
    xserver: str, until: Callable[..., Any], size: tuple[int, int], rotation: int
) -> None:
    screen = Screen(xserver, size, rotation, keys=True)
    parts = split(size)
    assert parts is not None

    def at(key: Key) -> tuple[int, int]:
        x, y, width, height = share_of(key, parts[1])
        return x + width // 2, y + height // 3

    def work() -> None:
        screen.display.show(MAIN["keying"])
        until(screen.stands)
        resting = screen.seen()
        for key in (Key.D1, Key.OK, Key.MENU, Key.SCAN):
            screen.touched.clear()
            screen.point(at(key))
            xdotool("mousedown", "1")
            until(lambda key=key: (-1, key, True) in screen.touched)
            x, y, width, height = share_of(key, parts[1])
            until(lambda resting=resting: (screen.seen() != resting).any())
            differs = (screen.seen() != resting).any(axis=2)
            assert differs[y : y + height, x : x + width].any()
            differs[y : y + height, x : x + width] = False
            assert not differs.any()
            xdotool("mouseup", "1")
            until(lambda key=key: (-1, key, False) in screen.touched)
            until(lambda resting=resting: screen.looks(resting))
        screen.touched.clear()
        screen.point(at(Key.D5))
        xdotool("mousedown", "1")
        until(lambda: screen.touched == [(-1, Key.D5, True)])
        screen.point((10, 10))
        until(lambda: screen.touched[1:] == [(-1, None, False)])
        xdotool("mouseup", "1", "click", "3")
        screen.point(at(Key.D6))
        until(lambda resting=resting: screen.looks(resting))
        assert len(screen.touched) == 2

    screen.run(work)
