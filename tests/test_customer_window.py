"""The customer's window beside the merchant's in one real X display: what stands in it, when it is painted, when it is away."""

from __future__ import annotations

import logging
import os
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pygame
import pytest
from PIL import ImageGrab
from pygame._sdl2 import sdl2, video

from kiosk.core.errors import DriverError
from kiosk.core.events import Key
from kiosk.core.screens import Keying, View
from kiosk.display import Beside, customer_window
from kiosk.display.canvas import Canvas
from kiosk.display.customer import seen
from kiosk.display.customer_painter import CustomerPainter
from kiosk.display.customer_window import CustomerWindow
from kiosk.display.keys import share_of, split
from kiosk.display.light import CALM_AFTER_S, DIM_SHARE
from kiosk.display.turn import turned_size
from kiosk.display.window import SecondWindow, Window
from tests.display_views import MAIN, MONEY, NOW, ONLINE
from tests.test_display_turn import Screen, xserver
from tests.xwindows import newest_window, xdotool

assert xserver  # the fixture

pytestmark = pytest.mark.screen
SHOP = "Harbour Snacks"
SIZE = (480, 320)
OUT = Path(__file__).parent / "out"


class Two(Screen):
    """Merchant's and customer's window, side by side."""

    def __init__(self, xdisplay: str, *, rotation: int = 0, **more: Any) -> None:
        self.theirs = Beside(SHOP, SIZE, rotation=rotation)
        super().__init__(xdisplay, (800, 480), 0, customer=self.theirs, **more)

    def second(self) -> str:
        """Its number; nothing before it is there."""
        newest = newest_window()
        return str(newest) if newest > self.window else ""

    def apart(self) -> None:
        """The customer's at the right of the merchant's: no window manager runs here."""
        xdotool("windowmove", str(self.window), "0", "0")
        xdotool("windowmove", self.second(), "800", "0")

    def _corner(self) -> tuple[int, int]:
        return 0, 0

    def customer(self) -> np.ndarray:
        """What the X server shows of the customer's window, as people see it."""
        width, height = turned_size(SIZE, self.theirs.rotation)
        screen = np.asarray(ImageGrab.grab(xdisplay=self.xdisplay))[:height, 800 : 800 + width]
        return np.rot90(screen, self.theirs.rotation // 90)


def drawn(name: str, size: tuple[int, int] = SIZE) -> np.ndarray:
    """What a customer is to see while the merchant sees this. Not while a window paints: fonts bear no two threads."""
    painter = CustomerPainter(size, "en", "zh_CN")
    painter.paint(seen(MAIN[name], SHOP), NOW)
    return np.frombuffer(painter.canvas.rgb(), dtype=np.uint8).reshape(size[1], size[0], 3)


def test_both_windows_stand_in_one_display_each_with_its_own_picture(xserver: str, until: Callable[..., Any]) -> None:
    two = Two(xserver)
    expected = {name: drawn(name) for name in ("idle", "keying", "scanning", "qr", "paid", "unresolved")}

    def work() -> None:
        until(two.second)
        two.apart()
        for name, picture in expected.items():
            two.display.show(MAIN[name])
            until(lambda picture=picture: two.stands() and np.array_equal(two.customer(), picture))
            if name == "qr":
                OUT.mkdir(exist_ok=True)
                ImageGrab.grab(xdisplay=xserver).save(OUT / "two_windows.png")
        two.display.show(MAIN["checkup"])
        until(lambda: two.stands() and np.array_equal(two.customer(), expected["idle"]))

    two.run(work)


@pytest.mark.parametrize("rotation", [90, 180, 270])
def test_the_customers_screen_may_stand_on_its_side(xserver: str, until: Callable[..., Any], rotation: int) -> None:
    two = Two(xserver, rotation=rotation)
    expected = drawn("qr")

    def work() -> None:
        until(two.second)
        two.apart()
        two.display.show(MAIN["qr"])
        until(lambda: np.array_equal(two.customer(), expected))

    two.run(work)


def test_a_touch_on_the_customers_window_presses_none_of_the_merchants_keys(xserver: str, until: Callable[..., Any]) -> None:
    two = Two(xserver, keys=True)
    parts = split((800, 480))
    assert parts is not None
    x, y, width, height = share_of(Key.D1, parts[1])

    def work() -> None:
        two.display.show(MAIN["keying"])
        until(two.second)
        two.apart()
        xdotool("mousemove", "1000", "100", "click", "1", "mousemove", "1200", "300", "click", "1")
        xdotool("mousemove", str(x + width // 2), str(y + height // 2), "mousedown", "1")
        until(lambda: two.touched)
        xdotool("mouseup", "1")
        until(lambda: len(two.touched) > 1)
        assert two.touched == [(-1, Key.D1, True), (-1, Key.D1, False)]

    two.run(work)


def test_it_is_painted_only_when_what_it_shows_has_changed(
    xserver: str, until: Callable[..., Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    presented: list[int] = []
    monkeypatch.setattr(SecondWindow, "present", lambda _window, _canvas, share=100: presented.append(share))
    two = Two(xserver)

    def work() -> None:
        two.display.show(MAIN["scanning"])
        until(lambda: presented)
        until(lambda: len(two.beats) > 4)  # it may have been exposed since
        presented.clear()
        before = len(two.beats)
        for place in range(20):
            two.display.show_camera(4, 2, bytes([place]) * 24)
            until(lambda place=place: len(two.beats) > before + place)
        assert presented == []
        two.display.show(MAIN["paid"])
        until(lambda: presented == [100])

    two.run(work)


def test_dimmed_it_is_the_same_picture_in_less_light(xserver: str, until: Callable[..., Any]) -> None:
    first = Window((320, 240), fullscreen=False)
    second = SecondWindow(SIZE, output=7, fullscreen=False)  # there is none: it stands in the upper left corner
    painter = CustomerPainter(second.size, "en", "zh_CN")
    painter.paint(seen(MAIN["paid"], SHOP), NOW)
    bright = np.frombuffer(painter.canvas.rgb(), dtype=np.uint8).reshape(SIZE[1], SIZE[0], 3).astype(int)

    def dimmed() -> bool:
        second.present(painter.canvas, DIM_SHARE)
        shown = np.asarray(ImageGrab.grab(xdisplay=xserver))[: SIZE[1], : SIZE[0]]
        return bool((abs(shown - bright * DIM_SHARE // 100) <= 1).all())

    until(dimmed)
    second.close()
    first.close()


def test_closing_one_of_two_windows_is_told_as_quit(xserver: str, until: Callable[..., Any]) -> None:
    """SDL itself says so only of the last one."""
    told: list[str] = []
    two = Two(xserver, on_key=lambda name, _down: told.append(name))

    def work() -> None:
        until(two.second)
        pygame.event.post(pygame.event.Event(pygame.WINDOWCLOSE))  # what a window manager has SDL say; none runs here
        until(lambda: told == ["quit"])

    two.run(work)


# --- by itself, with outputs that come and go ---


class Outlet:
    """Outputs as SDL would tell them, and windows on them that nobody sees."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch, *sizes: tuple[int, int]) -> None:
        self.sizes = sizes
        self.opened: list[tuple[int, bool]] = []
        self.shares: list[int] = []
        self.closed = 0
        self.fails = False
        outlet = self

        class Glass:
            def __init__(self, size: tuple[int, int], *, output: int, fullscreen: bool, rotation: int) -> None:
                if outlet.fails:
                    raise DriverError("display: SDL opens no window for the customer")
                outlet.opened.append((output, fullscreen))
                self.size = turned_size(outlet.sizes[output] if fullscreen else size, rotation if fullscreen else 0)

            def present(self, _canvas: object, share: int) -> None:
                if outlet.fails:
                    raise DriverError("display: SDL shows the customer nothing")
                outlet.shares.append(share)

            def close(self) -> None:
                outlet.closed += 1

        monkeypatch.setattr(customer_window, "bare", lambda: False)
        monkeypatch.setattr(customer_window, "outputs", lambda: self.sizes)
        monkeypatch.setattr(customer_window, "SecondWindow", Glass)

    def window(self, output: int = 1, *, fullscreen: bool = True) -> CustomerWindow:
        wanted = Beside(SHOP, SIZE, output=output)
        return CustomerWindow(wanted, ("en", "zh_CN"), lambda: NOW, fullscreen=fullscreen, dim_after_s=120)


@pytest.fixture(autouse=True)
def _only_what_is_wrong(caplog: pytest.LogCaptureFixture) -> None:
    """Whatever another test has made the log tell."""
    caplog.set_level(logging.WARNING)


def told(caplog: pytest.LogCaptureFixture) -> list[str]:
    return [getattr(record, "problem", record.message) for record in caplog.records]


def test_an_output_that_is_not_there_is_said_once_with_the_remedy_and_taken_when_it_comes(
    monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    outlet = Outlet(monkeypatch, (800, 480))
    window = outlet.window()
    with caplog.at_level(logging.INFO):
        for second in range(10):
            window.turn(MAIN["qr"], second, again=False)
        (said,) = told(caplog)
        assert said.startswith(
            "output 1 is not there: SDL sees 1 (800x480), one of them the merchant's. Plug the customer's screen in"
        )
        outlet.sizes = ((800, 480), (1024, 600))
        window.turn(MAIN["qr"], 20, again=False)
        assert (outlet.opened, outlet.shares, outlet.closed) == ([(1, True)], [100], 0)
        outlet.sizes = ((800, 480),)
        window.turn(MAIN["paid"], 30, again=False)
        window.turn(MAIN["idle"], 31, again=False)
        assert (outlet.shares, outlet.closed) == ([100], 1)
        outlet.sizes = ((800, 480), (800, 480))
        window.turn(MAIN["idle"], 40, again=False)
        assert len(outlet.shares) == 2
    assert [said[:6] for said in told(caplog)] == ["output", "the cu", "output", "the cu"]
    window.close()


def test_the_first_output_may_be_the_customers_but_not_the_only_one(monkeypatch: pytest.MonkeyPatch) -> None:
    alone = Outlet(monkeypatch, (800, 480))
    alone.window(0).turn(MAIN["idle"], 0, again=False)
    assert alone.opened == []
    both = Outlet(monkeypatch, (800, 480), (800, 480))
    both.window(0).turn(MAIN["idle"], 0, again=False)
    assert both.opened == [(0, True)]


def test_a_window_needs_no_output_of_its_own(monkeypatch: pytest.MonkeyPatch) -> None:
    outlet = Outlet(monkeypatch, (800, 480))
    outlet.window(fullscreen=False).turn(MAIN["idle"], 0, again=False)
    assert outlet.opened == [(1, False)]


def test_one_that_cannot_be_opened_or_read_is_said_once_too(
    monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    outlet = Outlet(monkeypatch, (800, 480), (160, 120))
    window = outlet.window()
    for second in range(10):
        window.turn(MAIN["qr"], second, again=False)
    assert (outlet.opened, outlet.closed, outlet.shares) == ([(1, True)], 1, [])
    outlet.fails, outlet.sizes = True, ((800, 480), (800, 480))
    for second in range(10, 20):
        window.turn(MAIN["qr"], second, again=False)
    assert ["160x120" in told(caplog)[0], "SDL opens no window" in told(caplog)[1], len(told(caplog))] == [True, True, 2]


def test_one_that_fails_later_is_said_once_and_let_go(monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture) -> None:
    outlet = Outlet(monkeypatch, (800, 480), (800, 480))
    window = outlet.window()
    window.turn(MAIN["idle"], 0, again=False)
    outlet.fails = True
    for second in range(1, 10):
        window.turn(MAIN["qr"], second, again=True)
    assert (told(caplog), outlet.closed) == (["display: SDL shows the customer nothing"], 1)


def test_sdls_errors_of_either_kind_are_a_drivers(monkeypatch: pytest.MonkeyPatch, xserver: str) -> None:
    """There are two, and one is no kind of the other."""
    assert xserver
    first = Window((320, 240), fullscreen=False)
    for error in (pygame.error("one"), sdl2.error("other")):

        def refuse(*held: object, error: Exception = error, **named: object) -> None:
            del held, named  # or the error keeps SDL's things for longer than their window lives
            raise error

        second = SecondWindow(SIZE, output=7, fullscreen=False)
        monkeypatch.setattr(second, "_texture_of", refuse)
        with pytest.raises(DriverError, match="shows the customer nothing"):
            second.present(Canvas(SIZE))
        second.close()
        with monkeypatch.context() as patched:
            patched.setattr(video, "Renderer", refuse)
            with pytest.raises(DriverError, match="opens no window"):
                SecondWindow(SIZE, output=7, fullscreen=False)
    first.close()


def test_light_is_as_on_the_merchants_and_a_qr_is_never_dimmed(monkeypatch: pytest.MonkeyPatch) -> None:
    outlet = Outlet(monkeypatch, (800, 480), (800, 480))
    window = outlet.window()
    for at in (0.0, 121.0, 121.0 + CALM_AFTER_S):
        window.turn(MAIN["idle"], at, again=False)
    assert outlet.shares == [100, DIM_SHARE, DIM_SHARE]
    dark = window._open[1].canvas.rgb()  # type: ignore[index]
    assert dark.count(0) / len(dark) > 0.9
    window.turn(View(Keying(MONEY), ONLINE), 800, again=False)
    window.turn(MAIN["qr"], 801, again=False)
    window.turn(MAIN["qr"], 9000, again=True)
    assert outlet.shares[3:] == [100, 100, 100]


def test_the_merchants_window_leaves_the_customers_output_alone(monkeypatch: pytest.MonkeyPatch, xserver: str) -> None:
    assert xserver
    chosen: list[int] = []
    set_mode = pygame.display.set_mode
    monkeypatch.setattr(pygame.display, "set_mode", lambda size, display: (chosen.append(display), set_mode(size))[1])
    for there, leave in ((2, 0), (2, 1), (1, 0), (2, None)):
        monkeypatch.setattr("kiosk.display.window.outputs", lambda there=there: ((800, 480),) * there)
        Window(SIZE, fullscreen=False, leave=leave).close()
    assert chosen == [1, 0, 0, 0]


def test_without_one_nothing_of_it_is_loaded(xserver: str) -> None:
    program = (
        "import sys; from kiosk.display import open_display\n"
        "open_display('pygame', size=(480, 320), fullscreen=False, merchant_language='en', customer_language='th',"
        " now=lambda: 0, on_key=print)\n"
        "assert not {'pygame._sdl2.video', 'kiosk.display.customer_window', 'kiosk.display.customer_painter'} & set(sys.modules)"
    )
    subprocess.run([sys.executable, "-c", program], check=True, env={**os.environ, "DISPLAY": xserver})
