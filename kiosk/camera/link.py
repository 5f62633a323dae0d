"""The money process's end of the scanner: starts it, keeps it alive, and believes nothing it says beyond wire.py's words.

Must stay light: no numpy, no Pillow, no pyzbar. A payment code becomes a PaymentCode as soon as it is heard, and is never logged.
"""

from __future__ import annotations

import contextlib
import logging
import os
import select
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Callable
from pathlib import Path

from kiosk.camera.sightings import UsedCodes
from kiosk.camera.unit import connect
from kiosk.camera.wire import Beat, Code, Hint, Message, Pause, Picture, Ready, Scan, Stop, Trouble, Unpacker, WireError, pack
from kiosk.core.events import CodeRefused, CodeSeen, Health, Part
from kiosk.core.ports import Post
from kiosk.core.screens import Outline
from kiosk.core.secret import PaymentCode

OnView = Callable[[int, int, bytes, tuple[Outline, ...]], None]
Command = Callable[[int], list[str]]
"""The words that start a scanner process which speaks on the inherited file descriptor it is given."""

LOOP_S = 0.5  # the longest time between two heartbeats
STALE_S = 3.0  # without a word for so long a scanner hangs
PATIENCE_S = 20.0  # a slow Pi opens its camera in a few seconds; no scanner takes longer than this to say it is ready
GRACE_S = 5.0  # a scanner that dies is back before this; only when it is not, the camera counts as unwell
STEADY_S = 1.0  # a scanner that worked this long starts again at once when it dies
FIRST_PAUSE_S, LONGEST_PAUSE_S = 0.1, 5.0  # before starting it again; doubled each time it dies at once
END_S = 1.0  # a scanner told to stop has this long
HINT_GAP_S = 0.3  # hints that come faster are not passed on: the inbox is not the scanner's to fill
_ENVIRONMENT = ("PATH", "HOME", "LANG", "LC_", "TZ", "PYTHON", "VIRTUAL_ENV", "LD_", "LIBCAMERA_", "XDG_RUNTIME_DIR")
_log = logging.getLogger(__name__)


def scanner_command(driver: str, folder: Path | None) -> Command:
    """How the scanner process is started by hand, in this interpreter."""
    words = [sys.executable, "-m", "kiosk.camera", "--driver", driver]
    if folder is not None:
        words += ["--folder", str(folder)]
    return lambda fd: [*words, "--fd", str(fd)]


class ScannerLink:
    """A Scanner over a process of its own. `post`, `on_view` and `beat` are called from this link's thread."""

    def __init__(self, post: Post, on_view: OnView, scanner: Command | Path, beat: Callable[[], None] = lambda: None) -> None:
        """`scanner`: how one is started, or the socket of one that somebody else starts (unit.py)."""
        self._post = post
        self._on_view = on_view
        self._scanner = scanner
        self._beat = beat
        self._wanted: str | None = None  # the ticket to look for; what it was last told is _Child's matter
        self._asked = 0  # counts calls of `scan`, so that the same ticket asked for twice is two scans
        self._lock = threading.Lock()
        self._wake, self._woken = socket.socketpair()
        self._wake.setblocking(False)
        self._woken.setblocking(False)
        self._stopping = False
        self._used = UsedCodes()
        self._hint_at = 0.0
        self._well: bool | None = None
        self._thread = threading.Thread(target=self._run, name="scanner link", daemon=True)

    def start(self) -> None:
        self._thread.start()

    def scan(self, ticket: str) -> None:
        """Look for payment codes and report them with this ticket; the scan ends with the first that is believed."""
        with self._lock:
            self._wanted = ticket
            self._asked += 1
        self._ring()

    def pause(self) -> None:
        with self._lock:
            self._wanted = None
        self._ring()

    def stop(self) -> None:
        """End the scanner process and the thread; when this returns there is neither."""
        self._stopping = True
        self._ring()
        if self._thread.is_alive():
            self._thread.join(END_S * 3 + LOOP_S)

    def _ring(self) -> None:
        with contextlib.suppress(OSError):  # it was rung already, or the thread has ended
            self._wake.send(b"!")

    def _run(self) -> None:
        pause_s, down_since, told = FIRST_PAUSE_S, time.monotonic(), ""
        while not self._stopping:
            problem, ready_at = self._one_life(down_since)
            if self._stopping:
                break
            steady = ready_at is not None and time.monotonic() - ready_at >= STEADY_S
            pause_s = FIRST_PAUSE_S if steady else min(pause_s * 2, LONGEST_PAUSE_S)
            if ready_at is not None:
                down_since = time.monotonic()
            # A camera that stays away is told of once, not every few seconds for a week.
            level = logging.DEBUG if problem == told and ready_at is None else logging.WARNING
            _log.log(level, "the scanner process ended; it is started again", extra={"problem": problem, "after_s": pause_s})
            told = problem
            self._rest(pause_s, down_since, problem)
        self._wake.close()
        self._woken.close()

    def _one_life(self, down_since: float) -> tuple[str, float | None]:
        """Start a scanner and serve it until it ends or misbehaves; returns why it ended, and when it got ready, if it did."""
        try:
            child = _Child(self._scanner)
        except OSError as error:
            return f"it cannot be started: {error}", None
        try:
            while not self._stopping:
                self._beat()
                self._tell(child)
                for message in child.hear(self._woken, LOOP_S):
                    self._take(child, message)
                child.check()
                if child.ready_at is None:
                    self._mark_unwell_after_grace(down_since, "the scanner process does not get ready: see the journal")
            child.say(Stop())
            return "stopped", child.ready_at  # noqa: TRY300  the loop above is what may raise
        except _Ended as ended:
            if ended.told:
                self._mark(str(ended))
            return str(ended), child.ready_at
        finally:
            child.end(END_S if self._stopping else 0.1)

    def _tell(self, child: _Child) -> None:
        """Bring the scanner up to what is wanted; a new scanner has been told nothing."""
        with self._lock:
            wanted, asked = self._wanted, self._asked
        if child.ready_at is not None and (wanted, asked) != child.told and (wanted is not None or child.told[0] is not None):
            child.told = (wanted, asked)
            child.say(Pause() if wanted is None else Scan(wanted, self._used.known(time.monotonic())))

    def _take(self, child: _Child, message: Message) -> None:
        match message:
            case Ready():
                child.ready_at = time.monotonic()
                self._mark(None)
            case Beat():
                pass
            case Code(ticket, digits):
                self._take_code(child, ticket, PaymentCode(digits))
            case Hint(ticket, hint):
                if ticket == self._wanted and time.monotonic() - self._hint_at >= HINT_GAP_S:
                    self._hint_at = time.monotonic()
                    self._post(CodeRefused(ticket, hint))
            case Picture(width, height, rgb, outlines):
                if self._wanted is not None:
                    self._on_view(width, height, rgb, outlines)
            case Trouble(text):
                raise _Ended(text, told=True)
            case _:
                raise _Ended(f"it said {type(message).__name__}, which is not a scanner's word")

    def _take_code(self, child: _Child, ticket: str, code: PaymentCode) -> None:
        """Once a scan, and only for the scan that is wanted now: a late code never pays for the next customer."""
        with self._lock:
            current = ticket == self._wanted and child.told == (self._wanted, self._asked)
            if current:
                self._wanted = None
        if current:
            self._used.add(code.digest(), time.monotonic())
            self._post(CodeSeen(ticket, code))

    def _rest(self, pause_s: float, down_since: float, problem: str) -> None:
        until = time.monotonic() + pause_s
        while not self._stopping and (left := until - time.monotonic()) > 0:
            self._beat()
            self._mark_unwell_after_grace(down_since, f"the scanner process keeps ending: {problem}; see the journal")
            select.select([self._woken], [], [], min(left, LOOP_S))
            _drain(self._woken)

    def _mark_unwell_after_grace(self, down_since: float, problem: str) -> None:
        if self._well is not False and time.monotonic() - down_since > GRACE_S:
            self._mark(problem)

    def _mark(self, problem: str | None) -> None:
        """Report a change between well and unwell."""
        well = problem is None
        if well != self._well:
            self._well = well
            self._post(Health(Part.CAMERA, problem))


class _Ended(Exception):
    """The scanner process is of no more use, in words. `told`: its own words, meant for people."""

    def __init__(self, why: str, *, told: bool = False) -> None:
        super().__init__(why)
        self.told = told


class _Child:
    """One scanner process and the socket to it."""

    def __init__(self, scanner: Command | Path) -> None:
        self.ready_at: float | None = None
        self.told: tuple[str | None, int] = (None, 0)
        self._unpacker = Unpacker()
        self._heard_at = time.monotonic()
        self._process: subprocess.Popen[bytes] | None = None
        if isinstance(scanner, Path):
            self._line = connect(scanner)
        else:
            self._line, self._process = _spawned(scanner)
        self._line.setblocking(False)

    def hear(self, bell: socket.socket, wait_s: float) -> list[Message]:
        """What it says within `wait_s`; empty when the bell rang or nothing came. _Ended when it hung up or talks nonsense."""
        readable = select.select([self._line, bell], [], [], wait_s)[0]
        _drain(bell)
        if self._line not in readable:
            return []
        try:
            data = self._line.recv(1 << 18)
        except OSError as error:
            raise _Ended(f"its line broke: {error.strerror}") from None
        if not data:
            raise _Ended("it hung up")
        try:
            messages = self._unpacker.feed(data)
        except WireError as error:
            raise _Ended(f"it sent what no scanner sends: {error}") from None
        if messages:
            self._heard_at = time.monotonic()
        return messages

    def check(self) -> None:
        """_Ended when it has been silent for too long."""
        silent = time.monotonic() - self._heard_at
        if silent > (PATIENCE_S if self.ready_at is None else STALE_S):
            raise _Ended(f"no word for {silent:.1f} s")

    def say(self, message: Message) -> None:
        try:
            self._line.send(pack(message))
        except OSError as error:  # BlockingIOError too: one that has not read so many commands hangs
            raise _Ended(f"it does not listen: {error.strerror}") from None

    def end(self, patience_s: float) -> None:
        """Hang up, which ends a scanner that is well; after `patience_s` kill one of ours. No process and no zombie stays."""
        self._line.close()
        if self._process is None:
            return
        try:
            self._process.wait(patience_s)
        except subprocess.TimeoutExpired:
            self._process.kill()
            self._process.wait()


def _spawned(command: Command) -> tuple[socket.socket, subprocess.Popen[bytes]]:
    """A new scanner process, and this side of the line to it; it is given nothing else. OSError when it cannot be started."""
    ours, theirs = socket.socketpair()
    environment = {key: value for key, value in os.environ.items() if key.startswith(_ENVIRONMENT)}
    environment["OPENBLAS_NUM_THREADS"] = "1"  # numpy's, which would each map memory and start at every birth
    try:
        process = subprocess.Popen(  # noqa: S603  our own words
            command(theirs.fileno()), pass_fds=[theirs.fileno()], stdin=subprocess.DEVNULL, env=environment
        )
    except OSError:
        ours.close()
        raise
    finally:
        theirs.close()
    return ours, process


def _drain(bell: socket.socket) -> None:
    with contextlib.suppress(BlockingIOError):
        bell.recv(4096)
