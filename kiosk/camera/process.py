"""The scanner process: camera in, words of wire.py out. It has no keys, no network, and nothing to lose when it dies.

One loop and one thread: between two frames it hears commands. So a camera or a decoder that hangs stops the beats, and whoever
holds the other end of the socket ends this process. It knows nothing of where its socket came from.
"""

from __future__ import annotations

import contextlib
import ctypes
import logging
import resource
import select
import socket
import time
from collections.abc import Callable, Generator
from typing import Protocol

from kiosk.camera.eye import Eye
from kiosk.camera.frame import Frame
from kiosk.camera.look import Looker
from kiosk.camera.marks import Marks
from kiosk.camera.sightings import Believed, Refused, Sightings
from kiosk.camera.wire import Beat, Code, Hint, Message, Pause, Ready, Scan, Stop, Trouble, Unpacker, WireError, pack
from kiosk.core.errors import DriverError

BEAT_S = 1.0
_MEMORY = 3 * 2**30  # of address space: libcamera maps much; a picture that asks for more ends this process, not the machine
_OPEN_FILES = 256
_NO_NEW_PRIVS = 38  # PR_SET_NO_NEW_PRIVS of linux/prctl.h
_log = logging.getLogger(__name__)


class Camera(Protocol):
    """A source of pictures whose `frames` end when their generator is closed, and can then be begun again."""

    def frames(self) -> Generator[Frame, None, None]: ...

    def close(self) -> None: ...


class _Over(Exception):
    """The socket is closed, or Stop was said."""


def serve(line: socket.socket, open_camera: Callable[[], Camera], beat: Callable[[], None] = lambda: None) -> bool:
    """Do as the other end of `line` says until it hangs up; False when the camera failed (it was told why).

    `beat` is called with each Beat that is said.
    """
    line.setblocking(True)
    with contextlib.suppress(_Over, OSError):  # OSError: the other end is gone
        try:
            camera = open_camera()
            try:
                _Scanner(line, camera, beat).run()
            finally:
                camera.close()
        except DriverError as error:
            line.sendall(pack(Trouble(str(error))))
            return False
    return True


class _Scanner:
    def __init__(self, line: socket.socket, camera: Camera, beat: Callable[[], None]) -> None:
        self._line = line
        self._camera = camera
        self._beat = beat
        self._unpacker = Unpacker()
        self._beat_at = 0.0

    def run(self) -> None:
        self._send(Ready())
        scan: Scan | None = None
        while True:
            while scan is None:
                scan = self._hear(None, wait_s=BEAT_S / 2)
            scan = self._look(scan)

    def _look(self, scan: Scan) -> Scan | None:
        """One scan, to its code or to the next command; returns what to look for next."""
        sightings, eye, looker, marks = Sightings(scan.used), Eye(), Looker(), Marks()
        self._send(Beat())  # starting a camera takes a while, and no word is said meanwhile
        with contextlib.closing(self._camera.frames()) as frames:
            for frame in frames:
                heard = self._hear(scan, wait_s=0.0)
                if heard is not scan:
                    return heard
                symbols, at = eye.see(frame.grey), time.monotonic()
                verdict = sightings.judge(symbols, at)
                if not symbols:
                    verdict = sightings.advise(looker.look(frame.grey), at)
                if not isinstance(verdict, Believed):  # or the screen would show what was just taken
                    size = (frame.grey.shape[1], frame.grey.shape[0])
                    self._send(marks.on(frame.view, size, sightings.readings(symbols), at))
                match verdict:
                    case Believed(digits):
                        self._send(Code(scan.ticket, digits))
                        return None  # from here on no picture may show the code
                    case Refused(hint):
                        self._send(Hint(scan.ticket, hint))
        return None

    def _hear(self, scan: Scan | None, wait_s: float) -> Scan | None:
        """Take in commands, waiting at most `wait_s` for one; beat when it is time. Returns the scan wanted from now on."""
        if time.monotonic() >= self._beat_at:
            self._beat_at = time.monotonic() + BEAT_S
            self._beat()
            self._send(Beat())
        if not select.select([self._line], [], [], wait_s)[0]:
            return scan
        data = self._line.recv(65536)
        if not data:
            raise _Over
        try:
            messages = self._unpacker.feed(data)
        except WireError as error:
            _log.warning("the other side is no kiosk of this version: %s", error)
            raise _Over from None
        for message in messages:
            match message:
                case Scan():
                    scan = message
                case Pause():
                    scan = None
                case Stop():
                    raise _Over
                case _:
                    _log.warning("a message that is none for a scanner: %s", type(message).__name__)
        return scan

    def _send(self, message: Message) -> None:
        self._line.sendall(pack(message))


def confine() -> None:
    """Give up what a scanner never needs: core files (they would hold codes), many files, much memory, new privileges."""
    for limit, wanted in (
        (resource.RLIMIT_CORE, 0),
        (resource.RLIMIT_NOFILE, _OPEN_FILES),
        (resource.RLIMIT_AS, _MEMORY),
    ):
        hard = resource.getrlimit(limit)[1]
        most = wanted if hard == resource.RLIM_INFINITY else min(wanted, hard)
        resource.setrlimit(limit, (most, most))
    with contextlib.suppress(AttributeError, OSError):  # not Linux
        ctypes.CDLL(None).prctl(_NO_NEW_PRIVS, 1, 0, 0, 0)
