"""A real window that nobody uses: when it dims and goes dark, what brings it back, and that idling paints nothing."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from kiosk.core.commands import Sound
from kiosk.core.events import Key
from kiosk.display import backlight
from kiosk.display.canvas import Canvas
from kiosk.display.keys import share_of, split
from kiosk.display.light import CALM_AFTER_S, DIM_SHARE
from kiosk.display.painter import Painter
from kiosk.display.screen import Habits, WindowDisplay
from kiosk.display.window import Window
from tests.display_views import MAIN, NOW
from tests.test_display_turn import Screen, xserver
from tests.xwindows import xdotool

assert xserver  # the fixture

pytestmark = pytest.mark.screen
DIM_AFTER_S = 120


class Patience(Screen):
    """The window of a kiosk whose clocks are the test's."""

    def __init__(self, xdisplay: str, monkeypatch: pytest.MonkeyPatch, lamp: Path | None = None, **more: Any) -> None:
        self.s = 0.0  # since the start
        self.presented: list[tuple[Any, int]] = []
        present = Window.present

        def presented(window: Window, canvas: Canvas, rect: Any = None, share: int = 100) -> None:
            present(window, canvas, rect, share)
            self.presented.append((rect, share))

        monkeypatch.setattr(Window, "present", presented)
        if lamp is not None:
            monkeypatch.setattr(backlight, "FOLDER", lamp)
            monkeypatch.setattr("kiosk.display.backlight.find", lambda: backlight.Backlight(lamp / "10-0045"))
        super().__init__(xdisplay, (800, 480), 0, **more)
        assert isinstance(self.display, WindowDisplay)
        old = self.display._habits
        self.display._habits = Habits(old.brightness, old.dim_after_s, old.backlight, lambda: self.s)
        self.display._busy_at = 0.0

    def pass_time(self, seconds: float) -> None:
        self.s += seconds
        self.display._window.wake()  # type: ignore[attr-defined]


def _mean(screen: Screen) -> float:
    return float(screen.seen().mean())


def test_without_a_lamp_the_picture_is_darkened_and_a_key_brings_it_back(
    xserver: str, until: Callable[..., Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    screen = Patience(xserver, monkeypatch)

    def work() -> None:
        screen.display.show(MAIN["idle"])
        until(screen.stands)
        bright = screen.seen().astype(int)
        screen.pass_time(DIM_AFTER_S)
        until(lambda: screen.presented[-1] == (None, DIM_SHARE))
        dim = screen.seen().astype(int)
        assert (abs(dim - bright * DIM_SHARE // 100) <= 1).all()
        screen.display.play(Sound.REFUSED_KEY)  # CANCEL on the idle screen, say: nothing else changes
        until(lambda: screen.looks(bright))
        screen.pass_time(DIM_AFTER_S)
        until(lambda: screen.presented[-1] == (None, DIM_SHARE))
        screen.display.show(MAIN["paid"])
        until(lambda: _mean(screen) > bright.mean())

    screen.run(work)


def test_a_long_idle_screen_is_nearly_black_and_no_light_is_left_where_it_stood(
    xserver: str, until: Callable[..., Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    screen = Patience(xserver, monkeypatch)

    def work() -> None:
        screen.display.show(MAIN["idle"])
        until(screen.stands)
        screen.pass_time(DIM_AFTER_S + CALM_AFTER_S)
        until(lambda: (screen.seen() == 0).all(axis=2).mean() > 0.9)
        assert screen.seen().any()

    screen.run(work)


def test_nothing_is_painted_or_presented_while_nothing_changes(
    xserver: str, until: Callable[..., Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    screen = Patience(xserver, monkeypatch)
    painted: list[Any] = []
    paint = Painter.paint
    monkeypatch.setattr(Painter, "paint", lambda painter, *rest: (painted.append(rest), paint(painter, *rest))[1])

    def work() -> None:
        screen.display.show(MAIN["idle"])
        until(lambda: not screen.display._to_rehearse and screen.display._ready)  # type: ignore[attr-defined]
        for rest_s in (0, DIM_AFTER_S, CALM_AFTER_S):
            screen.pass_time(rest_s)
            until(lambda: screen.presented)
            until(lambda: _settled(screen, until))
            before = len(painted), len(screen.presented)
            for _ in range(20):
                turns = len(screen.beats)
                screen.pass_time(0.01)
                until(lambda turns=turns: len(screen.beats) > turns)
            assert (len(painted), len(screen.presented)) == before

    screen.run(work)


def _settled(screen: Patience, until: Callable[..., Any]) -> bool:
    before, turns = len(screen.presented), len(screen.beats)
    screen.display._window.wake()  # type: ignore[attr-defined]
    until(lambda: len(screen.beats) > turns + 1)
    return len(screen.presented) == before


def test_the_lamp_is_set_for_each_state_and_left_as_the_shop_wants_it(
    xserver: str, until: Callable[..., Any], monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    lamp = tmp_path / "10-0045"
    lamp.mkdir()
    (lamp / "max_brightness").write_text("200")
    (lamp / "brightness").write_text("3")
    screen = Patience(xserver, monkeypatch, tmp_path, brightness=70)

    def is_at(value: int) -> bool:
        return (lamp / "brightness").read_text() == str(value)

    def work() -> None:
        screen.display.show(MAIN["idle"])
        until(lambda: is_at(140))
        screen.display.show(MAIN["qr"])
        until(lambda: is_at(200))
        screen.display.show(MAIN["idle"])
        until(lambda: is_at(140))
        screen.pass_time(DIM_AFTER_S)
        until(lambda: is_at(28))
        assert all(share == 100 for _, share in screen.presented)

    screen.run(work)
    assert is_at(140)


def test_the_first_touch_on_a_dark_screen_only_wakes_it(
    xserver: str, until: Callable[..., Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    """No key is seen there. On a dimmed one they are, and count."""
    screen = Patience(xserver, monkeypatch, keys=True)
    parts = split((800, 480))
    assert parts is not None
    x, y, width, height = share_of(Key.D1, parts[1])

    def tap() -> None:
        xdotool("mousedown", "1")
        xdotool("mouseup", "1")

    def work() -> None:
        screen.display.show(MAIN["idle"])
        until(screen.stands)
        awake = screen.seen()
        screen.point((x + width // 2, y + height // 2))
        screen.pass_time(DIM_AFTER_S + CALM_AFTER_S)
        until(lambda: (screen.seen() == 0).all(axis=2).mean() > 0.9)
        tap()
        until(lambda: (screen.seen() == awake).all() and not screen.display._touches._down)  # type: ignore[attr-defined]
        assert screen.touched == []
        screen.pass_time(DIM_AFTER_S)
        until(lambda: screen.presented[-1][1] == DIM_SHARE)
        tap()
        until(lambda: screen.touched == [(-1, Key.D1, True), (-1, Key.D1, False)])
        until(lambda: screen.looks(awake))

    screen.run(work)


def test_times_own_steps_of_the_clock_do_not_count_as_idleness() -> None:
    """The steady clock is corrected by WeChat's; what is quiet is measured by one that nobody corrects."""
    assert Habits().monotonic() != pytest.approx(NOW / 1000, rel=0.01)
    assert np.isfinite(Habits().monotonic())
