"""`python -m kiosk.steward`: what kiosk-steward.service starts when somebody asks, and what ends when nobody has for a while."""

from __future__ import annotations

import os
import pwd
import sys
import threading
import time
from pathlib import Path

from kiosk import service
from kiosk.control.unix_socket import Answer, ControlServer, Request
from kiosk.core.errors import KioskError
from kiosk.steward import door
from kiosk.steward.client import SOCKET, Steward
from kiosk.steward.real import RealSteward

SPEAKERS = ("kiosk", "kiosk-owner")
IDLE_S = 60.0


class Attended:
    """A steward at the door, and since when nobody has asked."""

    def __init__(self, steward: Steward) -> None:
        self._steward = steward
        self._busy, self._since = 0, time.monotonic()
        self._lock = threading.Lock()

    def answer(self, request: Request) -> Answer:
        """What ControlServer calls, from several threads."""
        with self._lock:
            self._busy += 1
        try:
            return door.answer(self._steward, request)
        except OSError as error:
            return {"problem": f"The machine does not allow it: {error.strerror or error}"}
        finally:
            with self._lock:
                self._busy -= 1
                self._since = time.monotonic()

    def idle_s(self) -> float:
        """Seconds since the last answer; 0 while one is under way."""
        with self._lock:
            return 0.0 if self._busy else time.monotonic() - self._since


def speakers() -> set[int]:
    """The ids of the users who may ask, besides root, as far as there are such users."""
    found = set()
    for name in SPEAKERS:
        try:
            found.add(pwd.getpwnam(name).pw_uid)
        except KeyError:
            continue
    return found


def main() -> int:
    """Exit code 1 when it was not started by its socket."""
    service.set_up_logging()
    service.no_core_files()
    os.umask(0o022)  # a release is for other users to run; what is secret is made 0600 where it is made
    attended = Attended(RealSteward())
    server = ControlServer(Path(SOCKET), attended.answer, speakers)
    try:
        server.adopt(service.listening_socket())
    except KioskError as error:
        sys.stderr.write(f"{error}\n")
        return 1
    service.notify_ready()

    def beat() -> None:
        service.watchdog()
        if attended.idle_s() > IDLE_S:
            server.stop()

    server.serve(beat)
    return 0


if __name__ == "__main__":
    sys.exit(main())
