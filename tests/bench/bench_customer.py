"""What a customer's screen costs the merchant's: how long a key or a camera's picture waits for its frame."""

from __future__ import annotations

import itertools
import statistics
import threading
import time
from collections.abc import Callable

import pytest

from kiosk.core.money import Money
from kiosk.core.screens import Keying, PaidScreen, Scanning, Screen, ShowingQr, View
from kiosk.display import Beside, open_display
from kiosk.display.canvas import Canvas, Rect
from kiosk.display.screen import WindowDisplay
from kiosk.display.window import Window
from tests.bench.bench_camera import percentile
from tests.bench.conftest import Table
from tests.bench.desk import XScreen
from tests.display_views import CODE_URL, MONEY, ONLINE, camera_picture

ROUNDS = 8
KEYS, FRAMES, ANSWERS = 40, 60, 20  # of a round
KEY_S, FRAME_S, ANSWER_S = 1 / 20, 1 / 30, 1 / 10
READY_S = 3.0  # for what is made ready once
MOST = 1.3
SIZE = (800, 480)


class Pair:
    """Both windows, the customer's left out at will. `waited`: ms from a change until the merchant's window has its frame."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch) -> None:
        display = open_display(
            "pygame",
            size=SIZE,
            fullscreen=False,
            merchant_language="en",
            customer_language="zh_CN",
            now=_now,
            on_key=lambda _name, _down: None,
            customer=Beside("Harbour Snacks"),
        )
        assert isinstance(display, WindowDisplay)
        self.display, self._customer = display, display._customer
        self.waited: list[float] = []
        self._began: list[float] = []
        self._amounts = itertools.count(1)
        present = Window.present

        def presented(window: Window, canvas: Canvas, rect: Rect | None = None, share: int = 100) -> None:
            present(window, canvas, rect, share)
            if self._began:
                self.waited.append((time.perf_counter() - self._began.pop()) * 1000)

        monkeypatch.setattr(Window, "present", presented)

    def leave_out(self, *, customer: bool) -> None:
        self.display._customer = None if customer else self._customer

    def keying(self) -> None:
        for _ in range(KEYS):
            self._show(Keying(Money(next(self._amounts), "HKD")), KEY_S)

    def scanning(self) -> None:
        frames = camera_picture(640, 480), camera_picture(640, 476)
        self._show(Scanning(MONEY, _now() + 60_000), KEY_S)
        for frame in itertools.islice(itertools.cycle(frames), FRAMES):
            self._timed(lambda frame=frame: self.display.show_camera(*frame), FRAME_S)  # type: ignore[misc]

    def answers(self) -> None:
        for _ in range(ANSWERS):
            self._show(ShowingQr(MONEY, CODE_URL, _now() + 60_000), ANSWER_S)
            self._show(PaidScreen(Money(next(self._amounts), "HKD"), "A3F7"), ANSWER_S)

    def _show(self, screen: Screen, pace_s: float) -> None:
        self._timed(lambda: self.display.show(View(screen, ONLINE)), pace_s)

    def _timed(self, do: Callable[[], None], pace_s: float) -> None:
        self._began[:] = [time.perf_counter()]
        do()
        time.sleep(pace_s)


def test_the_merchants_frames_come_as_soon_with_a_customers_screen(
    screen: XScreen, table: Table, monkeypatch: pytest.MonkeyPatch
) -> None:
    """By turns in one pair of windows, of which the customer's is left out in every second turn."""
    monkeypatch.setenv("DISPLAY", screen.display)
    monkeypatch.setenv("SDL_VIDEODRIVER", "x11")
    pair = Pair(monkeypatch)
    phases = {"keying": pair.keying, "scanning": pair.scanning, "QR and paid by turns": pair.answers}
    times: dict[tuple[str, bool], list[float]] = {}

    def work() -> None:
        time.sleep(READY_S)
        for turn, (name, phase) in itertools.product(range(ROUNDS), phases.items()):
            for alone in (False, True) if turn % 2 else (True, False):
                pair.leave_out(customer=alone)
                pair.waited.clear()
                phase()
                times.setdefault((name, alone), []).extend(pair.waited)
        pair.leave_out(customer=False)
        pair.display.stop()

    thread = threading.Thread(target=work)
    thread.start()
    pair.display.run(lambda: None)
    thread.join()
    for name in phases:
        both, alone = times[name, False], times[name, True]
        table.row(
            f"{name}, with a customer's screen",
            _told(both),
            f"without: {_told(alone)}",
            percentile(both, 99) / percentile(alone, 99),
            MOST,
        )


def _told(taken: list[float]) -> str:
    return f"p99 {percentile(taken, 99):.1f} ms, median {statistics.median(taken):.1f}, {len(taken)} frames"


def _now() -> int:
    return time.time_ns() // 1_000_000
