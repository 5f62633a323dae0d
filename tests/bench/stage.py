"""The kiosk's window and its scanner, without the till: shows keys or a scan for a while, and says how long each frame took.

`python -m tests.bench.stage`. A line "PHASE SECONDS" on stdin is answered with a JSON list of frame times in ms, each from the
first line painted until the window has it. PHASE: `keying`, a digit more 20 times a second; `memory`, the scan's screen with
pictures from memory, 30 a second, while no scanner runs; `scanning`, the same with pictures from the scanner process.

`python -m tests.bench.stage --fd N` is that process: the real one, but for a webcam that shows a shop's counter from memory, 30
times a second. No code is in it, so that it is looked for in every way there is.
"""

from __future__ import annotations

import io
import itertools
import json
import sys
import threading
import time
from collections.abc import Generator

from kiosk.camera.link import ScannerLink
from kiosk.core.events import Event
from kiosk.core.money import Money
from kiosk.core.scanning import Outline
from kiosk.core.screens import Keying, Network, Scanning, Signs, View

SIZE = (1280, 720)
FRAMES_PER_S = 30
KEYS_PER_S = 20
PICTURES = 8
SIGNS = Signs(Network.ONLINE, clock_known=True, unresolved=0)


def counter() -> list[bytes]:
    """The counter as a webcam sends it: JPEGs of the same place, each with its own noise."""
    import numpy as np  # noqa: PLC0415  the scanner's libraries
    from PIL import Image  # noqa: PLC0415  loaded where it is used

    chance = np.random.default_rng(11)
    rough = chance.integers(40, 200, (36, 64, 3), dtype=np.uint8)
    place = np.asarray(Image.fromarray(rough).resize(SIZE, Image.Resampling.BICUBIC)).astype(np.int16)
    sent = []
    for _ in range(PICTURES):
        noisy = np.clip(place + chance.normal(0, 4, place.shape), 0, 255).astype(np.uint8)
        out = io.BytesIO()
        Image.fromarray(noisy).save(out, "JPEG", quality=85)
        sent.append(out.getvalue())
    return sent


class Memory:
    """A Camera that unpacks those JPEGs as the webcam's driver does, at its pace."""

    live = True

    def __init__(self) -> None:
        self._sent = counter()

    def frames(self) -> Generator:
        from kiosk.camera.pictures import jpeg_frame  # noqa: PLC0415  as above

        due = time.monotonic()
        for data in itertools.cycle(self._sent):
            time.sleep(max(0.0, due - time.monotonic()))
            due = max(due + 1 / FRAMES_PER_S, time.monotonic())
            yield jpeg_frame(data, SIZE)

    def check(self) -> None:
        """It is always there."""

    def close(self) -> None:
        """Nothing is held."""


class Stage:
    """A display whose frames are timed, and who shows what."""

    def __init__(self) -> None:
        from kiosk.display import open_display, painter, screen, window  # noqa: PLC0415  the window's libraries

        self.times: list[float] = []
        self.views: list[tuple[int, int, bytes, tuple[Outline, ...]]] = []
        self._began = 0.0
        refresh, present = screen._Picture._refresh, window.Window.present
        _ = painter

        def refreshed(self_: screen._Picture, *rest):
            self._began = time.perf_counter()
            return refresh(self_, *rest)

        def presented(self_: window.Window, *rest) -> None:
            present(self_, *rest)
            self.times.append((time.perf_counter() - self._began) * 1000)

        screen._Picture._refresh = refreshed  # type: ignore[method-assign]
        window.Window.present = presented  # type: ignore[method-assign]
        self.display = open_display(
            "pygame",
            size=(800, 480),
            fullscreen=False,
            merchant_language="en",
            customer_language="zh_CN",
            now=lambda: time.time_ns() // 1_000_000,
            on_key=lambda *_: None,
        )
        command = [sys.executable, "-m", "tests.bench.stage", "--fd"]
        self.link = ScannerLink(self._hear, self._see, lambda fd: [*command, str(fd)])

    def _hear(self, event: Event) -> None:
        """Nothing is scanned here."""

    def _see(self, width: int, height: int, rgb: bytes, outlines: tuple[Outline, ...]) -> None:
        if len(self.views) < PICTURES:
            self.views.append((width, height, rgb, outlines))
        self.display.show_camera(width, height, rgb, outlines)

    def play(self) -> None:
        """Do as stdin says; for a thread beside the display's."""
        self.link.start()
        self._scan(until=lambda: len(self.views) == PICTURES)
        print("ready", flush=True)
        for line in sys.stdin:
            phase, seconds = line.split()
            end = time.monotonic() + float(seconds)
            getattr(self, f"_{phase}")(lambda end=end: time.monotonic() >= end)
            print(json.dumps(self.times), flush=True)
        self.link.stop()
        self.display.stop()

    def _keying(self, until) -> None:
        self.times.clear()
        for number in itertools.count(1):
            self.display.show(View(Keying(Money(number, "HKD")), SIGNS))
            time.sleep(1 / KEYS_PER_S)
            if until():
                return

    def _memory(self, until) -> None:
        self._show_scan()
        for view in itertools.cycle(self.views):
            self.display.show_camera(*view)
            time.sleep(1 / FRAMES_PER_S)
            if until():
                return

    def _scanning(self, until) -> None:
        self.link.scan("order")
        time.sleep(0.3)  # until its pictures come
        self._show_scan()
        self._scan(until)

    def _scan(self, until) -> None:
        self.link.scan("order")
        while not until():
            time.sleep(0.01)
        self.link.pause()
        time.sleep(0.1)

    def _show_scan(self) -> None:
        self.display.show(View(Scanning(Money(1250, "HKD"), time.time_ns() // 1_000_000 + 60_000), SIGNS))
        time.sleep(0.1)
        self.times.clear()


def main() -> None:
    if sys.argv[1:2] == ["--fd"]:
        import socket  # noqa: PLC0415  loaded where it is used

        from kiosk.camera.process import confine, serve  # noqa: PLC0415  the scanner's libraries

        confine()
        with socket.socket(fileno=int(sys.argv[2])) as line:
            serve(line, Memory)
        return
    stage = Stage()
    threading.Thread(target=stage.play, daemon=True).start()
    stage.display.run(lambda: None)


if __name__ == "__main__":
    main()
