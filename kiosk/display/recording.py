"""The display that only remembers: for tests and for machines where nothing is to be seen. Needs no pygame and no font."""

from __future__ import annotations

import threading
from collections.abc import Callable

from kiosk.core.commands import Sound
from kiosk.core.money import Money
from kiosk.core.scanning import Outline
from kiosk.core.screens import View
from kiosk.display.customer import CustomerView, seen
from kiosk.display.png import encode


class RecordingDisplay:
    """Keeps the views, sounds and announcements it was given, in order. `shop`: there is a customer's screen, too."""

    def __init__(self, shop: str | None = None) -> None:
        self._shop = shop
        self.views: list[View] = []
        self.customer: list[CustomerView] = []  # what was to be seen there, each once
        self.sounds: list[Sound] = []
        self.announced: list[Money | None] = []  # None: hushed
        self.tried: list[int] = []  # when the voice was to be tried
        self.camera: tuple[int, int, bytes] | None = None
        self.outlines: tuple[Outline, ...] = ()
        self._stopped = threading.Event()

    def show(self, view: View) -> None:
        self.views.append(view)
        if self._shop is None:
            return
        theirs = seen(view, self._shop)
        if not self.customer or theirs != self.customer[-1]:
            self.customer.append(theirs)

    def show_camera(self, width: int, height: int, rgb: bytes, outlines: tuple[Outline, ...] = ()) -> None:
        self.camera, self.outlines = (width, height, rgb), outlines

    def play(self, sound: Sound) -> None:
        self.sounds.append(sound)

    def announce(self, money: Money, at: int) -> None:
        del at  # nobody listens, so nothing is too old
        self.announced.append(money)

    def try_voice(self, at: int) -> None:
        self.tried.append(at)

    def hush(self) -> None:
        self.announced.append(None)

    def snapshot(self) -> bytes:
        """One pixel, grey: as many levels as views were shown, so that a new view gives a new picture."""
        return encode(1, 1, bytes([len(self.views) % 256] * 3))

    def run(self, beat: Callable[[], None]) -> None:
        while True:
            beat()
            if self._stopped.wait(0.25):
                return

    def stop(self) -> None:
        self._stopped.set()
