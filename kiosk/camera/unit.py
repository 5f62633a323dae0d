"""The scanner as a systemd unit of its own: where the kiosk finds it, and how it waits for one. Knows the socket, not systemd.

systemd holds the listening socket, so a kiosk that connects while no scanner lives waits in the queue for the next one.
"""

from __future__ import annotations

import os
import socket
from collections.abc import Callable
from pathlib import Path

VARIABLE = "KIOSK_SCANNER"
CONNECT_S = 1.0  # the queue takes a caller at once, or it is full


def scanner_socket() -> Path | None:
    """Where the unit's scanner is reached, as kiosk.service says; None for a kiosk started by hand, which starts its own."""
    name = os.environ.get(VARIABLE)
    return Path(name) if name else None


def connect(path: Path) -> socket.socket:
    """A line to the scanner behind `path`, or to the one that will be there next. OSError when nobody holds the socket."""
    line = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
    try:
        line.settimeout(CONNECT_S)
        line.connect(str(path))
    except OSError:
        line.close()
        raise
    return line


def wait_for_kiosk(listener: socket.socket, every_s: float, beat: Callable[[], None]) -> socket.socket:
    """The line to the next kiosk that still holds its end; calls `beat` at least each `every_s` seconds until one is there."""
    listener.settimeout(every_s)
    while True:
        beat()
        try:
            line, _ = listener.accept()
        except (TimeoutError, ConnectionAbortedError):
            continue
        if not _hung_up(line):
            return line
        line.close()


def _hung_up(line: socket.socket) -> bool:
    """Whether the other end left while it waited: opening a camera for nobody takes seconds."""
    line.setblocking(False)
    try:
        return line.recv(1, socket.MSG_PEEK) == b""
    except BlockingIOError:
        return False
    except OSError:
        return True
