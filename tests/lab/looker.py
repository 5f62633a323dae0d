"""The kiosk's end of the line to a scanner, in a level's hands: what is asked, what is posted, what is shown."""

from __future__ import annotations

import contextlib
import queue
import time
from collections.abc import Callable, Iterator
from pathlib import Path

from kiosk.camera.link import ScannerLink
from kiosk.core.events import CodeRefused, CodeSeen, Event
from kiosk.core.scanning import Outline

SEEN_S = 20.0  # a new scanner's start and a few looks, on a machine that is busy


class Looker:
    """The kiosk's end of the line to the unit: the production link, and what it posts."""

    def __init__(self, unit: Path) -> None:
        """`unit`: the scanner's socket."""
        self._events: queue.SimpleQueue[Event] = queue.SimpleQueue()
        self.views: list[tuple[int, int, bytes]] = []
        self._link = ScannerLink(self._events.put, self._on_view, unit)
        self._scans = 0
        self._used: tuple[str, ...] = ()  # digests, as the kiosk's decisions keep them
        self._link.start()

    def scan(self) -> None:
        self._scans += 1
        self._link.scan(f"scan {self._scans}", used=self._used)

    def pause(self) -> None:
        self._link.pause()

    def stop(self) -> None:
        self._link.stop()

    def until(self, wanted: Callable[[Event], bool], seconds: float = SEEN_S) -> list[Event]:
        """All that is posted up to the event wanted, which is the last; AssertionError when it does not come."""
        end, heard = time.monotonic() + seconds, []
        while True:
            try:
                heard.append(self._events.get(timeout=max(0.0, end - time.monotonic())))
            except queue.Empty:
                kinds = [event.hint if isinstance(event, CodeRefused) else type(event).__name__ for event in heard]
                raise AssertionError(f"not within {seconds:.0f} s; only {kinds}, {len(self.views)} views") from None
            if wanted(heard[-1]):
                return heard

    def seen(self) -> str:
        """The digest of the next code that is handed over."""
        code = self.until(lambda event: isinstance(event, CodeSeen))[-1]
        assert isinstance(code, CodeSeen)
        self._used += (code.code.digest(),)
        return self._used[-1]

    def heard(self) -> list[Event]:
        """All that has been posted and not yet been looked at."""
        events = []
        with contextlib.suppress(queue.Empty):
            while True:
                events.append(self._events.get_nowait())
        return events

    def _on_view(self, width: int, height: int, rgb: bytes, _outlines: tuple[Outline, ...]) -> None:
        self.views.append((width, height, rgb))


@contextlib.contextmanager
def looking(unit: Path) -> Iterator[Looker]:
    """A new scanner, which opens the camera on the scene as it is now."""
    looker = Looker(unit)
    try:
        looker.scan()
        yield looker
    finally:
        looker.stop()
