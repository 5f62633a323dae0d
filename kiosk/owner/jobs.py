"""What takes longer than a page may: one of each name at a time, in a thread; the page looks again until it is done."""

from __future__ import annotations

import logging
import threading
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from kiosk.core.errors import KioskError

_log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class Job:
    """How far it is. `problem`: in words, why it came to nothing."""

    running: bool
    result: Any = None
    problem: str | None = None


class Jobs:
    """Any thread may call."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._jobs: dict[str, Job] = {}

    def start(self, name: str, work: Callable[[], Any]) -> None:
        """Begin, unless one of this name is under way."""
        with self._lock:
            if name in self._jobs and self._jobs[name].running:
                return
            self._jobs[name] = Job(running=True)
        threading.Thread(target=self._run, args=(name, work), name=f"job-{name}", daemon=True).start()

    def look(self, name: str) -> Job | None:
        """How it is with the newest of this name; None when there was none."""
        with self._lock:
            return self._jobs.get(name)

    def _run(self, name: str, work: Callable[[], Any]) -> None:
        try:
            done = Job(running=False, result=work())
        except KioskError as error:
            done = Job(running=False, problem=str(error))
        except Exception:  # noqa: BLE001  a thread's top
            _log.exception("a job of the owner's page failed", extra={"job": name})
            done = Job(running=False, problem="?")
        with self._lock:
            self._jobs[name] = done
