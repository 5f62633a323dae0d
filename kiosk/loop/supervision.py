"""Heartbeats of the threads, and the one that watches them: the watchdog is fed only while every heart beats.

A thread that raises, ends or falls silent is fatal: the process stops and is started again, and the ledger says what to do.
Knows threads and a monotonic clock. Must not know what a thread does, nor systemd: feeding and stopping are handed in.
"""

from __future__ import annotations

import logging
import threading
from collections.abc import Callable
from dataclasses import dataclass

from kiosk.core.errors import KioskError

_log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class _Heart:
    last: float
    limit_s: float


class Heartbeats:
    """When each registered thread last gave a sign of life. `now` is a monotonic clock in seconds."""

    def __init__(self, now: Callable[[], float]) -> None:
        self._now = now
        self._hearts: dict[str, _Heart] = {}
        self._lock = threading.Lock()

    def register(self, name: str, limit_s: float) -> None:
        """From now on `name` must beat at least every `limit_s` seconds; registering counts as the first beat."""
        with self._lock:
            if name in self._hearts:
                raise ValueError(f"a heart called {name!r} beats already; give each thread a name of its own")
            self._hearts[name] = _Heart(self._now(), limit_s)

    def beat(self, name: str) -> None:
        """A sign of life. KeyError for a name that was not registered."""
        with self._lock:
            self._hearts[name] = _Heart(self._now(), self._hearts[name].limit_s)

    def retire(self, name: str) -> None:
        """No more beats are expected: the thread has ended as it should."""
        with self._lock:
            self._hearts.pop(name, None)

    def stale(self) -> list[str]:
        """The names that have been silent for longer than they may."""
        with self._lock:
            now = self._now()
            return [name for name, heart in self._hearts.items() if now - heart.last > heart.limit_s]


class Supervisor:
    """Starts the threads and watches them. `on_fatal(name)` is called at most once; it has to bring the process down.

    `feed` is called each `every_s` seconds while all is well. After the first fatal it is never called again, so that a watchdog
    ends what `on_fatal` could not.
    """

    def __init__(
        self, hearts: Heartbeats, feed: Callable[[], None], on_fatal: Callable[[str], None], every_s: float = 1.0
    ) -> None:
        self.hearts = hearts
        self._feed = feed
        self._on_fatal = on_fatal
        self._every_s = every_s
        self._stopping = threading.Event()
        self._fatal = threading.Event()
        self._lock = threading.Lock()
        self._threads: list[threading.Thread] = []

    def start(self) -> None:
        """Watch, in a thread of its own."""
        self._start("supervisor", self._watch)

    def spawn(self, name: str, target: Callable[[], None], limit_s: float) -> threading.Thread:
        """Run `target` in a thread that must beat as `name` every `limit_s` seconds, until stop() is called."""
        self.hearts.register(name, limit_s)
        return self._start(name, target)

    def check(self) -> bool:
        """One look at all hearts: feeds when all are fresh. Returns whether they are."""
        stale = self.hearts.stale()
        if stale:
            self.fatal(stale[0], "a thread has been silent for too long")
        if self._fatal.is_set():
            return False
        self._feed()
        return True

    def fatal(self, name: str, why: str) -> None:
        """Something the kiosk cannot go on without has failed."""
        with self._lock:
            first = not self._fatal.is_set()
            self._fatal.set()
        _log.critical(why, extra={"part": name})
        if first:
            self._on_fatal(name)

    @property
    def failed(self) -> bool:
        """Whether anything was fatal."""
        return self._fatal.is_set()

    def stop(self) -> None:
        """From now on a thread may end. Its own stop has to be called by who started it."""
        self._stopping.set()

    def join(self, timeout_s: float) -> list[str]:
        """Wait for all threads, each at most `timeout_s`; returns the names of those that go on."""
        current = threading.current_thread()
        for thread in self._threads:
            if thread is not current:
                thread.join(timeout_s)
        return [thread.name for thread in self._threads if thread is not current and thread.is_alive()]

    def _start(self, name: str, target: Callable[[], None]) -> threading.Thread:
        thread = threading.Thread(target=self._top, args=(name, target), name=name, daemon=True)
        self._threads.append(thread)
        thread.start()
        return thread

    def _top(self, name: str, target: Callable[[], None]) -> None:
        """The top of every thread: the one place that catches everything, and stops the kiosk for it."""
        try:
            target()
        except KioskError as problem:  # it names the thing and the remedy: no traceback may bury that
            self.fatal(name, str(problem))
            return
        except Exception:  # noqa: BLE001  a thread's top
            _log.exception("a thread has failed", extra={"part": name})
            self.fatal(name, "the kiosk cannot go on without this thread")
            return
        if self._stopping.is_set():
            self.hearts.retire(name)
        else:
            self.fatal(name, "a thread has ended that should go on")

    def _watch(self) -> None:
        while not self._stopping.wait(self._every_s):
            self.check()
