"""The kiosk under measurement: the real one, whole, in a process of its own; sells when told to and says when things happened.

`python -m tests.bench.subject --config FILE`. A line "sale AMOUNT PAUSE_S PICTURE" on stdin is one Quick Pay sale: keys at a
person's pace, OK, after PAUSE_S the picture of a phone before the camera, then what follows by itself. Answered with one JSON
object in ns of the monotonic clock: `ok_at`; `seen_at`, when the scanner's link hands the decoded code over; `paid_at`, when the
paid screen is in the window.

A line "past" opens the last orders, turns to the older ones and goes back: `menu_at` and `older_at`, when these keys are pressed;
`list_at` and `page_at`, when what they show is in the window. All of it is the product's own code but three wrapped methods,
which note these moments.
"""

from __future__ import annotations

import argparse
import json
import os
import sys
import threading
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

from kiosk import config, service
from kiosk.app import App
from kiosk.core import screens
from kiosk.core.events import CodeSeen, Event
from kiosk.core.past_screens import History
from kiosk.display import painter, window
from kiosk.loop.runtime import Runtime

KEY_GAP_S = 0.15
PATIENCE_S = 30.0
MARK = b"code seen\n"  # written to /dev/null, so that a trace of system calls shows the moment


class Seen:
    """When the code came, what the window has shown, and when."""

    def __init__(self) -> None:
        self._painted = ""
        self._changed = threading.Condition()
        self._shown: tuple[str, int] = ("", 0)
        self._page: int | None = None  # of the last orders, in the picture
        self._online = False
        self._pages: dict[int, int] = {}  # when each of them last came into the window
        self.code_at = 0
        paint, present, post = painter.Painter.paint, window.Window.present, Runtime.post

        def painted(self_: painter.Painter, view: screens.View, *rest: Any) -> None:
            paint(self_, view, *rest)
            self._painted = type(view.screen).__name__
            self._page = view.screen.page if isinstance(view.screen, History) else None
            self._online = view.signs.network is screens.Network.ONLINE and view.signs.clock_known

        def presented(self_: window.Window, *rest: Any) -> None:
            present(self_, *rest)
            at = time.monotonic_ns()
            with self._changed:
                if self._painted != self._shown[0]:
                    self._shown = (self._painted, at)
                if self._page is not None:
                    self._pages.setdefault(self._page, at)
                self._changed.notify_all()

        def posted(self_: Runtime, event: Event) -> None:
            if isinstance(event, CodeSeen):
                os.write(_NOWHERE, MARK)
                self.code_at = time.monotonic_ns()
            post(self_, event)

        setattr(Runtime, "post", posted)  # noqa: B010  mypy would not have it assigned
        setattr(painter.Painter, "paint", painted)  # noqa: B010  mypy would not have it assigned
        setattr(window.Window, "present", presented)  # noqa: B010  mypy would not have it assigned

    def wait(self, screen: type[Any]) -> int:
        """When this screen came into the window."""
        with self._changed:
            self._until(lambda: self._shown[0] == screen.__name__, screen.__name__)
            return self._shown[1]

    def wait_until_online(self) -> None:
        """Before that, OK is answered with a hint and begins no sale."""
        with self._changed:
            self._until(lambda: self._online, "a kiosk on line")

    def wait_for_page(self, page: int) -> int:
        """When this page of the last orders came into the window, for the first time since they were opened."""
        with self._changed:
            self._until(lambda: page in self._pages, f"page {page}")
            return self._pages[page]

    def forget_pages(self) -> None:
        with self._changed:
            self._pages.clear()

    def _until(self, fact: Callable[[], bool], what: str) -> None:
        """With the condition held."""
        if not self._changed.wait_for(fact, PATIENCE_S):
            raise AssertionError(f"{what} was not shown; {self._shown[0]} is")


def sell(app: App, seen: Seen, amount: str, pause_s: float, picture: Path) -> dict[str, int]:
    """One sale, as a cashier and a customer make it."""
    for key in amount:
        app._remote.press(key)
        time.sleep(KEY_GAP_S)
    ok_at = time.monotonic_ns()
    app._remote.press("OK")
    seen.wait(screens.Scanning)
    time.sleep(pause_s)
    folder = app._config.camera.folder
    assert folder is not None
    held = picture.replace(folder / picture.name)
    paid_at = seen.wait(screens.PaidScreen)
    held.unlink()
    return {"ok_at": ok_at, "seen_at": seen.code_at, "paid_at": paid_at}


def look_back(app: App, seen: Seen) -> dict[str, int]:
    """The last orders, the page of older ones, and back to the start."""
    seen.forget_pages()
    menu_at = time.monotonic_ns()
    app._remote.press("MENU")
    list_at = seen.wait_for_page(0)
    time.sleep(KEY_GAP_S)
    older_at = time.monotonic_ns()
    app._remote.press("0")
    page_at = seen.wait_for_page(1)
    time.sleep(KEY_GAP_S)
    app._remote.press("CANCEL")
    seen.wait(screens.Idle)
    return {"menu_at": menu_at, "list_at": list_at, "older_at": older_at, "page_at": page_at}


def _obey(app: App, seen: Seen) -> None:
    try:
        seen.wait(screens.Idle)
        seen.wait_until_online()
        _say({"ready_at": time.monotonic_ns()})
        for line in sys.stdin:
            if line.strip() == "past":
                _say(look_back(app, seen))
                continue
            _, amount, pause_s, picture = line.split(maxsplit=3)
            _say(sell(app, seen, amount, float(pause_s), Path(picture.strip())))
    finally:
        app.stop()


def _say(facts: dict[str, int]) -> None:
    sys.stdout.write(json.dumps(facts) + "\n")
    sys.stdout.flush()


_NOWHERE = os.open("/dev/null", os.O_WRONLY)


def main() -> int:
    words = argparse.ArgumentParser()
    words.add_argument("--config", type=Path, required=True)
    service.set_up_logging()
    app = App(config.load(words.parse_args().config))
    threading.Thread(target=_obey, args=(app, Seen()), daemon=True).start()
    return app.run()


if __name__ == "__main__":
    sys.exit(main())
