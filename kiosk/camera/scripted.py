"""A Scanner without a camera, for tests and rehearsals: codes are shown to it by name."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable

from kiosk.camera.sightings import Believed, Refused, Sightings, receipt_number
from kiosk.camera.symbol import Format, Symbol
from kiosk.core.events import CodeRead, CodeRefused, CodeSeen, ReceiptSeen
from kiosk.core.ports import Post
from kiosk.core.scanning import LookFor


class ScriptedScanner:
    """Judges what it is shown as the real one does, at once and on the caller's thread."""

    def __init__(self, post: Post, now: Callable[[], float] = time.monotonic) -> None:
        self._post = post
        self._now = now
        self._lock = threading.Lock()
        self._ticket: str | None = None
        self._look_for = LookFor.PAYMENT
        self._sightings = Sightings()

    def start(self) -> None:
        """Nothing needs starting."""

    def scan(self, ticket: str, look_for: LookFor = LookFor.PAYMENT, used: tuple[str, ...] = ()) -> None:
        """Look from now on; the scan ends with the first code that is believed."""
        with self._lock:
            self._look_for = look_for
            self._ticket, self._sightings = ticket, Sightings(used)

    def pause(self) -> None:
        with self._lock:
            self._ticket = None

    def stop(self) -> None:
        self.pause()

    def show(self, *texts: str, form: Format = Format.QR, frames: int = 2) -> None:
        """Hold codes with these texts before the camera, side by side, for as long as `frames` take."""
        symbols = [Symbol(form, text.encode()) for text in texts]
        for _ in range(frames):
            event = self._see(symbols)
            if event is not None:
                self._post(event)

    def _see(self, symbols: list[Symbol]) -> CodeSeen | CodeRefused | CodeRead | ReceiptSeen | None:
        with self._lock:
            if self._ticket is None:
                return None
            ticket, now = self._ticket, self._now()
            if self._look_for is LookFor.RECEIPT:
                number = receipt_number(symbols)
                self._ticket = ticket if number is None else None
                return None if number is None else ReceiptSeen(ticket, number)
            if self._look_for is LookFor.ANYTHING:
                return CodeRead(ticket, symbols[0].format.value) if symbols else None
            match self._sightings.judge(symbols, now):
                case Believed(code):
                    self._ticket = None
                    return CodeSeen(ticket, code)
                case Refused(hint):
                    return CodeRefused(ticket, hint)
                case None:
                    return None
