"""The scanner process: camera in, words of wire.py out. It has no keys, no network, and nothing to lose when it dies.

One loop and one thread: between two frames it hears commands. So a camera or a decoder that hangs stops the beats, and whoever
holds the other end of the socket ends this process. It knows nothing of where its socket came from.
"""

from __future__ import annotations

import contextlib
import ctypes
import logging
import os
import resource
import select
import socket
import time
from collections.abc import Callable, Generator
from typing import Protocol

from kiosk.camera.eye import Eye
from kiosk.camera.frame import Frame, Frozen, Spent, hint_of
from kiosk.camera.look import Looker
from kiosk.camera.marks import Marks
from kiosk.camera.sightings import Believed, Refused, Sightings, receipt_number
from kiosk.camera.symbol import Format
from kiosk.camera.texts import MOST, fitting
from kiosk.camera.vigil import DARK_WORDS, FROZEN_WORDS, Sight, Vigil
from kiosk.camera.wire import (
    Beat,
    Blind,
    Code,
    Hint,
    Message,
    Number,
    Open,
    Pause,
    Ready,
    Scan,
    Seen,
    Stop,
    Text,
    Trouble,
    Unpacker,
    WireError,
    pack,
)
from kiosk.core.errors import DriverError
from kiosk.core.scanning import LookFor

BEAT_S = 1.0
RETRY_S = 0.5  # between two tries to open a camera that was away
TRIES = 60  # after so many in a row a new process takes over: a library may have got stuck
_SPARE_WAIT_S = 600.0  # a spare need not wake up until it is spoken to
_MEMORY = 3 * 2**30  # of address space: libcamera maps much; a picture that asks for more ends this process, not the machine
_OPEN_FILES = 256
_NICENESS = 10  # a scan takes all of a core: the screen and the money come first
_NO_NEW_PRIVS = 38  # PR_SET_NO_NEW_PRIVS of linux/prctl.h
_log = logging.getLogger(__name__)


class Camera(Protocol):
    """A source of pictures whose `frames` end when their generator is closed, and can then be begun again.

    Whatever fails is a DriverError in words with the remedy. `live`: the pictures come from a sensor, no two of them the same.
    """

    @property
    def live(self) -> bool: ...

    def frames(self) -> Generator[Frame, None, None]:
        """A frame comes, or DriverError, within two seconds: nobody is heard meanwhile."""

    def check(self) -> None:
        """Asked while nobody looks: DriverError when the camera is known to be gone."""

    def close(self) -> None: ...


class _Over(Exception):
    """The socket is closed, or Stop was said."""


def serve(line: socket.socket, open_camera: Callable[[], Camera], beat: Callable[[], None] = lambda: None) -> bool:
    """Do as the other end of `line` says until it hangs up; False when no camera worked, however often it was tried.

    `beat` is called with each Beat that is said.
    """
    line.setblocking(True)
    with contextlib.suppress(_Over, OSError):  # OSError: the other end is gone
        return _Scanner(line, open_camera, beat).run()
    return True


class _Scanner:
    def __init__(self, line: socket.socket, open_camera: Callable[[], Camera], beat: Callable[[], None]) -> None:
        self._line = line
        self._open_camera = open_camera
        self._beat = beat
        self._unpacker = Unpacker()
        self._opened = False  # Open was said; a spare beats not, as nobody listens to it
        self._prove_first = False  # pictures are wanted before Ready
        self._beat_at = 0.0
        self._trouble: Trouble | None = None  # what was said of a camera that does not work now
        self._blind: str | None = None  # those said of the pictures of this scan

    def run(self) -> bool:
        """The camera opened, used, and opened again when it fails. Returns when TRIES in a row were in vain, or it is spent."""
        while not self._opened:
            self._hear(None, wait_s=_SPARE_WAIT_S)
        tries = 0
        while tries < TRIES:
            try:
                with contextlib.closing(self._open_camera()) as camera:
                    if self._prove_first:
                        self._prove(camera)
                    tries, self._trouble, self._prove_first = 0, None, False
                    self._send(Ready())
                    self._obey(camera)
            except DriverError as error:
                tries += 1
                self._tell_trouble(Trouble(str(error), hint_of(error)))
                if isinstance(error, Spent):
                    break
                self._rest()
        return False

    def _tell_trouble(self, trouble: Trouble) -> None:
        self._blind, self._prove_first = None, True
        if trouble != self._trouble:
            self._trouble = trouble
            self._send(trouble)

    def _rest(self) -> None:
        """Before the next try. What is wanted meanwhile is said again after Ready."""
        until = time.monotonic() + RETRY_S
        while (left := until - time.monotonic()) > 0:
            self._hear(None, wait_s=left)

    def _prove(self, camera: Camera) -> None:
        """After trouble a camera is well when pictures come again, and, if it is live, not one and the same."""
        vigil = Vigil(live=camera.live)
        with contextlib.closing(camera.frames()) as frames:
            for frame in frames:
                self._hear(None, wait_s=0.0)
                sight = vigil.look(frame.grey, time.monotonic())
                if vigil.moved or not camera.live or sight is Sight.DARK:
                    return
                if sight is Sight.FROZEN:
                    raise Frozen(FROZEN_WORDS)

    def _obey(self, camera: Camera) -> None:
        scan: Scan | None = None
        while True:
            while scan is None:
                scan = self._hear(None, wait_s=BEAT_S / 2)
                camera.check()
            scan = self._look(camera, scan)

    def _look(self, camera: Camera, scan: Scan) -> Scan | None:
        """One scan, to its code or to the next command; returns what to look for next."""
        sightings, eye, looker, marks = Sightings(scan.used), Eye(), Looker(), Marks()
        seen: set[Format] = set()
        vigil = Vigil(live=camera.live)
        told: set[str] = set()
        self._send(Beat())  # starting a camera takes a while, and no word is said meanwhile
        with contextlib.closing(camera.frames()) as frames:
            for frame in frames:
                heard = self._hear(scan, wait_s=0.0)
                if heard is not scan:
                    self._tell_blind(None)  # nobody looks any more: it may be night
                    return heard
                self._judge_sight(vigil.look(frame.grey, time.monotonic()))
                symbols, at = eye.see(frame.grey), time.monotonic()
                if scan.look_for is LookFor.RECEIPT:
                    number = receipt_number(symbols)
                    if number is not None:
                        self._tell_blind(None)
                        self._send(Number(scan.ticket, number))
                        return None
                    self._send(frame.view)
                    continue
                if scan.look_for is LookFor.ANYTHING:
                    for kind in {symbol.format for symbol in symbols} - seen:
                        seen.add(kind)
                        self._send(Seen(scan.ticket, kind))
                    self._send(frame.view)
                    continue
                if scan.look_for in {LookFor.WIFI, LookFor.ENROLMENT}:
                    fresh = [text for text in fitting(symbols, scan.look_for) if text not in told][: MOST - len(told)]
                    for text in fresh:
                        self._send(Text(scan.ticket, text))
                    told |= set(fresh)
                    self._send(frame.view)
                    continue
                verdict = sightings.judge(symbols, at)
                if not symbols:
                    verdict = sightings.advise(looker.look(frame.grey), at)
                if not isinstance(verdict, Believed):  # or the screen would show what was just taken
                    size = (frame.grey.shape[1], frame.grey.shape[0])
                    self._send(marks.on(frame.view, size, sightings.readings(symbols), at))
                match verdict:
                    case Believed(code):
                        self._tell_blind(None)
                        self._send(Code(scan.ticket, code))
                        return None  # from here on no picture may show the code
                    case Refused(hint):
                        self._send(Hint(scan.ticket, hint))
        return None

    def _judge_sight(self, sight: Sight) -> None:
        if sight is Sight.FROZEN:
            raise Frozen(FROZEN_WORDS)  # opened afresh, it often comes to
        self._tell_blind(DARK_WORDS if sight is Sight.DARK else None)

    def _tell_blind(self, words: str | None) -> None:
        if words != self._blind:
            self._blind = words
            self._send(Blind(words))

    def _hear(self, scan: Scan | None, wait_s: float) -> Scan | None:
        """Take in commands, waiting at most `wait_s` for one; beat when it is time. Returns the scan wanted from now on."""
        if self._opened and time.monotonic() >= self._beat_at:
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
                case Open(prove):
                    self._opened, self._prove_first = True, prove
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
    """Give up what a scanner never needs: core files (they would hold codes), many files, much memory, rank, new privileges."""
    for limit, wanted in (
        (resource.RLIMIT_CORE, 0),
        (resource.RLIMIT_NOFILE, _OPEN_FILES),
        (resource.RLIMIT_AS, _MEMORY),
    ):
        hard = resource.getrlimit(limit)[1]
        most = wanted if hard == resource.RLIM_INFINITY else min(wanted, hard)
        resource.setrlimit(limit, (most, most))
    with contextlib.suppress(PermissionError):  # the unit's filter of system calls; the unit's file says Nice= itself
        os.nice(_NICENESS)
    with contextlib.suppress(AttributeError, OSError):  # not Linux
        ctypes.CDLL(None).prctl(_NO_NEW_PRIVS, 1, 0, 0, 0)
