"""A real window under a real X server: what it shows, the keys it hands on, and how it wakes."""

from __future__ import annotations

import io
import logging
import os
import shutil
import subprocess
import sys
import threading
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pygame
import pytest
from PIL import Image, ImageGrab

from kiosk.core.commands import Sound
from kiosk.core.ports import Display
from kiosk.display import Sounds, open_display
from kiosk.display import window as windows
from tests.display_views import MAIN, NOW, camera_picture
from tests.xwindows import corner, newest_window, xdotool

pytestmark = pytest.mark.screen

SIZE = (800, 480)


class Desk:
    """The window's display, run by the main thread while `work` does something with it in another."""

    def __init__(self, xdisplay: str, *, sounds: bool = False, fullscreen: bool = False) -> None:
        self.xdisplay = xdisplay
        self.keys: list[tuple[str, bool]] = []
        self.beats = 0
        self.display = _open("pygame", self._key, sounds=sounds, fullscreen=fullscreen)
        self.window = newest_window()

    def run(self, work: Callable[[], None]) -> None:
        """Returns when `work` has; raises what it raised."""
        raised: list[BaseException] = []

        def in_the_other_thread() -> None:
            try:
                work()
            except BaseException as error:  # noqa: BLE001  handed to the test
                raised.append(error)
            finally:
                self.display.stop()

        thread = threading.Thread(target=in_the_other_thread)
        thread.start()
        self.display.run(self._beat)
        thread.join(10)
        if raised:
            raise raised[0]

    def seen(self) -> np.ndarray:
        """What the X server has on its screen where the window is."""
        screen = np.asarray(ImageGrab.grab(xdisplay=self.xdisplay))
        x, y = corner(self.window)
        return screen[y : y + SIZE[1], x : x + SIZE[0]]

    def _key(self, name: str, down: bool) -> None:
        self.keys.append((name, down))

    def _beat(self) -> None:
        self.beats += 1


def _open(driver: str, on_key: Callable[[str, bool], None], *, sounds: bool = False, fullscreen: bool = False) -> Display:
    return open_display(
        driver,
        size=SIZE,
        fullscreen=fullscreen,
        merchant_language="en",
        customer_language="zh_CN",
        now=lambda: NOW,
        on_key=on_key,
        sounds=Sounds() if sounds else None,
    )


@pytest.fixture
def desk(xvfb: str, monkeypatch: pytest.MonkeyPatch) -> Iterator[Desk]:
    if not shutil.which("xdotool"):
        pytest.skip("xdotool is not installed")
    monkeypatch.setenv("DISPLAY", xvfb)
    monkeypatch.setenv("SDL_VIDEODRIVER", "x11")
    monkeypatch.delenv("WAYLAND_DISPLAY", raising=False)
    made = Desk(xvfb)
    yield made
    made.display.stop()


def _pixels(png: bytes) -> np.ndarray:
    return np.asarray(Image.open(io.BytesIO(png)).convert("RGB"))


def test_the_window_shows_the_very_picture_of_the_offscreen_driver(desk: Desk, until: Callable[..., Any]) -> None:
    twin = _open("offscreen", lambda _name, _down: None)

    def work() -> None:
        for name in ("idle", "qr", "paid", "unresolved"):
            desk.display.show(MAIN[name])
            twin.show(MAIN[name])
            expected = _pixels(twin.snapshot())
            until(lambda expected=expected: (desk.seen() == expected).all())
            assert (_pixels(desk.display.snapshot()) == expected).all()

    desk.run(work)


def test_a_full_screen_is_filled_at_its_own_size(desk: Desk, until: Callable[..., Any]) -> None:
    """Whatever size was asked for: the X server's screen is 1280x800, and all of it shows the kiosk's picture."""
    desk.display.stop()
    whole = Desk(desk.xdisplay, fullscreen=True)

    def filled() -> bool:
        return bool((np.asarray(ImageGrab.grab(xdisplay=whole.xdisplay)) == _pixels(whole.display.snapshot())).all())

    def work() -> None:
        whole.display.show(MAIN["paid"])
        until(filled)

    whole.run(work)


def test_the_camera_is_seen_in_the_window(desk: Desk, until: Callable[..., Any]) -> None:
    def work() -> None:
        desk.display.show(MAIN["scanning"])
        until(lambda: desk.beats > 1)
        desk.display.show_camera(*camera_picture())
        until(lambda: (desk.seen() == (40, 168, 92)).all(axis=2).mean() > 0.001)
        desk.display.show(MAIN["charging"])
        until(lambda: not (desk.seen() == (40, 168, 92)).all(axis=2).any())

    desk.run(work)


def test_keys_arrive_by_the_names_pygame_gives_them_down_and_up(desk: Desk, until: Callable[..., Any]) -> None:
    names = {
        "1": "1",
        "KP_1": "[1]",
        "Return": "return",
        "KP_Enter": "enter",
        "BackSpace": "backspace",
        "F1": "f1",
        "a": "a",
        "Escape": "escape",
        "KP_Add": "[+]",
        "KP_Subtract": "[-]",
        "KP_Multiply": "[*]",
        "KP_Divide": "[/]",
    }

    def work() -> None:
        until(lambda: desk.beats > 1)
        xdotool("windowfocus", "--sync", str(desk.window))
        for pressed, name in names.items():
            xdotool("key", pressed)
            until(lambda name=name: (name, True) in desk.keys and (name, False) in desk.keys)

    desk.run(work)


def test_a_key_held_is_told_once(desk: Desk, until: Callable[..., Any]) -> None:
    def work() -> None:
        until(lambda: desk.beats > 1)
        xdotool("windowfocus", "--sync", str(desk.window))
        xdotool("keydown", "7", "sleep", "1.0", "keyup", "7")
        until(lambda: ("7", False) in desk.keys)

    desk.run(work)
    assert [key for key in desk.keys if key[0] == "7"] == [("7", True), ("7", False)]


def test_a_window_that_nobody_touches_looks_less_often_until_the_next_key(
    desk: Desk, until: Callable[..., Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    """Fifty looks in vain are enough here; a window event that comes late on a busy machine begins the count anew."""
    monkeypatch.setattr(windows, "_REST_AFTER", 50)
    looked: list[float] = []  # how long each look waited
    last_event = 0  # looks until then
    woken, get = desk.display._window._woken, pygame.event.get

    def wait(seconds: float, wait: Callable[[float], bool] = woken.wait) -> bool:
        looked.append(seconds)
        return wait(seconds)

    def events() -> list[pygame.event.Event]:
        nonlocal last_event
        found = get()
        if found and windows._REST_LOOK_MS / 1000 not in looked:
            last_event = len(looked)
        return found

    monkeypatch.setattr(woken, "wait", wait)
    monkeypatch.setattr(pygame.event, "get", events)

    def work() -> None:
        xdotool("windowfocus", "--sync", str(desk.window))
        until(lambda: windows._REST_LOOK_MS / 1000 in looked)
        xdotool("key", "7")
        until(lambda: ("7", True) in desk.keys)
        heard = len(looked)
        until(lambda: windows._LOOK_MS / 1000 in looked[heard:])

    desk.run(work)
    in_vain = looked.index(windows._REST_LOOK_MS / 1000) - last_event
    assert 50 <= in_vain < 100


def test_a_view_shown_by_another_thread_wakes_the_window(
    desk: Desk, until: Callable[..., Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    """Not at the next beat: here the loop would sleep for a minute."""
    monkeypatch.setattr(desk.display, "_sleep_ms", lambda: 60_000)

    def work() -> None:
        for name in ("paid", "declined", "idle"):
            before = desk.beats
            desk.display.show(MAIN[name])
            until(lambda before=before: desk.beats > before)

    desk.run(work)


def test_no_window_on_a_desktop_loads_opengl(xvfb: str) -> None:
    """Neither the merchant's nor the customer's: Mesa's compiler alone is half as large as all of the kiosk."""
    code = """
from pathlib import Path
from kiosk.display.canvas import Canvas
from kiosk.display.window import SecondWindow, Window
first = Window((320, 240), fullscreen=False)
first.present(Canvas((320, 240)))
second = SecondWindow((320, 240), output=7, fullscreen=False)
second.present(Canvas((320, 240)))
print(Path("/proc/self/maps").read_text())
"""
    environment = {name: value for name, value in os.environ.items() if name != "WAYLAND_DISPLAY"}
    environment |= {"DISPLAY": xvfb, "SDL_VIDEODRIVER": "x11"}
    done = subprocess.run([sys.executable, "-c", code], env=environment, capture_output=True, text=True, check=True, timeout=60)
    loaded = {Path(line.split()[-1]).name for line in done.stdout.splitlines() if "/" in line}
    assert any("libSDL2-" in name for name in loaded)
    assert not [name for name in loaded if name.startswith(("libLLVM", "libGL", "libEGL", "libgallium")) or "_dri" in name]


def test_closing_the_window_is_told_as_quit(desk: Desk, until: Callable[..., Any]) -> None:
    def work() -> None:
        until(lambda: desk.beats > 1)
        # what a window manager sends; none runs here
        pygame.event.post(pygame.event.Event(pygame.QUIT))
        until(lambda: ("quit", True) in desk.keys)

    desk.run(work)


def test_no_sound_device_is_said_once_and_the_kiosk_goes_on(
    desk: Desk, until: Callable[..., Any], monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    desk.display.stop()
    monkeypatch.setenv("SDL_AUDIODRIVER", "nothing-of-this-name")
    loud = Desk(desk.xdisplay, sounds=True)

    def work() -> None:
        for sound in Sound:
            loud.display.play(sound)
        until(lambda: loud.beats > 3)

    with caplog.at_level(logging.WARNING):
        loud.run(work)
    assert len([record for record in caplog.records if "sound" in record.message]) == 1
