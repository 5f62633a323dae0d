"""The money process's end of the scanner: starts it, keeps it alive, and believes nothing it says beyond wire.py's words.

Must stay light: no numpy, no Pillow, no pyzbar. It hands a payment code on and remembers none.
"""

from __future__ import annotations

import contextlib
import logging
import math
import os
import select
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Callable
from pathlib import Path

from kiosk.camera.drivers import MAINS_HZ
from kiosk.camera.symbol import Format
from kiosk.camera.texts import MOST, fits
from kiosk.camera.unit import connect
from kiosk.camera.wire import (
    Beat,
    Blind,
    Code,
    Hint,
    Message,
    Number,
    Open,
    Pause,
    Picture,
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
from kiosk.core.events import CodeRead, CodeRefused, CodeSeen, Health, Part, ReceiptSeen, TextSeen
from kiosk.core.ports import Post
from kiosk.core.scanning import LookFor, Outline, ScanHint
from kiosk.core.secret import PaymentCode

OnView = Callable[[int, int, bytes, tuple[Outline, ...]], None]
Command = Callable[[int], list[str]]
"""The words that start a scanner process which speaks on the inherited file descriptor it is given."""

LOOP_S = 0.5  # the longest time between two heartbeats
STALE_S = 3.0  # without a word for so long a scanner hangs
PATIENCE_S = 20.0  # a slow Pi opens its camera in a few seconds; no scanner takes longer than this to say it is ready
GRACE_S = 5.0  # a scanner that dies is back before this; only when it is not, the camera counts as unwell
SPARE_AFTER_S = 10.0  # after the start a spare process is kept
STEADY_S = 1.0  # a scanner that could speak for so long starts again at once when it dies
FIRST_PAUSE_S, LONGEST_PAUSE_S = 0.1, 5.0  # before starting it again; doubled each time it dies at once
END_S = 1.0  # a scanner told to stop has this long
HINT_GAP_S = 0.3  # hints that come faster are not passed on: the inbox is not the scanner's to fill
MOST_CHANGES, MOST_CHANGES_PER_S = 10, 4  # between well and unwell: more often no camera falls ill
_ENVIRONMENT = ("PATH", "HOME", "LANG", "LC_", "TZ", "PYTHON", "VIRTUAL_ENV", "LD_", "LIBCAMERA_", "XDG_RUNTIME_DIR")
_log = logging.getLogger(__name__)


def scanner_command(driver: str, folder: Path | None, device: Path | None = None, mains_hz: int = MAINS_HZ[0]) -> Command:
    """How the scanner process is started by hand, in this interpreter."""
    words = [sys.executable, "-m", "kiosk.camera", "--driver", driver, "--mains-hz", str(mains_hz)]
    if folder is not None:
        words += ["--folder", str(folder)]
    if device is not None:
        words += ["--device", str(device)]
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
        self._look_for = LookFor.PAYMENT
        self._used: tuple[str, ...] = ()  # digests of payment codes to refuse
        self._seen: set[Format] = set()  # kinds of codes of this scan for anything
        self._texts = 0  # posted of this scan
        self._asked = 0  # counts calls of `scan`, so that the same ticket asked for twice is two scans
        self._lock = threading.Lock()
        self._wake, self._woken = socket.socketpair()
        self._wake.setblocking(False)
        self._woken.setblocking(False)
        self._stopping = False
        self._hint_at = 0.0
        self._spare: _Child | None = None  # all but its camera is ready, for when the scanner dies
        self._spare_at = math.inf
        self._health: Health | None = None  # what was said last
        self._thread = threading.Thread(target=self._run, name="scanner link", daemon=True)

    def start(self) -> None:
        self._thread.start()

    def scan(self, ticket: str, look_for: LookFor = LookFor.PAYMENT, used: tuple[str, ...] = ()) -> None:
        """Look for this kind of code and report it with this ticket; the scan ends with the first that is believed."""
        with self._lock:
            self._wanted = ticket
            self._look_for = look_for
            self._used = used
            self._seen = set()
            self._texts = 0
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
        self._spare_at = time.monotonic() + SPARE_AFTER_S
        while not self._stopping:
            problem, spoke_at = self._one_life(down_since)
            if self._stopping:
                break
            steady = spoke_at is not None and time.monotonic() - spoke_at >= STEADY_S
            pause_s = FIRST_PAUSE_S if steady else min(pause_s * 2, LONGEST_PAUSE_S)
            if spoke_at is not None:
                down_since = time.monotonic()
            # A camera that stays away is told of once, not every few seconds for a week.
            level = logging.DEBUG if problem == told and self._unwell else logging.WARNING
            _log.log(level, "the scanner process ended; it is started again", extra={"problem": problem})
            told = problem
            self._rest(0.0 if steady else pause_s, down_since, problem)
        if self._spare is not None:
            self._spare.end(END_S)
        self._wake.close()
        self._woken.close()

    def _one_life(self, down_since: float) -> tuple[str, float | None]:
        """Start a scanner and serve it until it ends or misbehaves; returns why it ended, and when it first spoke, if it did."""
        try:
            child = self._next_child()
        except OSError as error:
            return f"it cannot be started: {error}", None
        try:
            child.say(Open(prove=self._unwell))
            while not self._stopping:
                self._beat()
                self._tell(child)
                for message in child.hear(self._woken, LOOP_S):
                    self._take(child, message)
                child.check()
                if child.ready_at is not None:
                    self._keep_a_spare()
                else:
                    self._mark_unwell_after_grace(child, down_since, "the scanner process does not get ready: see the journal")
            child.say(Stop())
            return "stopped", child.spoke_at  # noqa: TRY300  the loop above is what may raise
        except _Ended as ended:
            return str(ended), child.spoke_at
        finally:
            child.end(END_S if self._stopping else 0.1)

    def _next_child(self) -> _Child:
        spare, self._spare = self._spare, None
        if spare is not None and spare.lives:
            spare.adopt()
            return spare
        if spare is not None:
            spare.end(END_S)
        return _Child(self._scanner)

    def _keep_a_spare(self) -> None:
        """Not at once when the kiosk starts: then the screen needs the processor. A unit's next scanner is systemd's matter."""
        if self._spare is None and not isinstance(self._scanner, Path) and time.monotonic() >= self._spare_at:
            with contextlib.suppress(OSError):  # then there is none, and the next scanner takes longer
                self._spare = _Child(self._scanner)

    def _tell(self, child: _Child) -> None:
        """Bring the scanner up to what is wanted; a new scanner, or one whose camera was away, has been told nothing."""
        with self._lock:
            wanted, asked, look_for, used = self._wanted, self._asked, self._look_for, self._used
        if child.ready_at is not None and (wanted, asked) != child.told and (wanted is not None or child.told[0] is not None):
            child.told = (wanted, asked)
            child.say(Pause() if wanted is None else Scan(wanted, used, look_for))

    def _take(self, child: _Child, message: Message) -> None:
        match message:
            case Ready():
                child.ready_at = time.monotonic()
                self._mark(child, None)
            case Trouble(text, hint):
                child.ready_at, child.told = None, (None, 0)
                self._mark(child, text, hint)
            case Blind(problem):
                self._mark(child, problem, ScanHint.COVERED)
            case Beat():
                pass
            case Code(ticket, code):
                self._take_code(child, ticket, code)
            case Number(ticket, number):
                if self._take_scan(child, ticket, LookFor.RECEIPT):
                    self._post(ReceiptSeen(ticket, number))
            case Seen(ticket, kind):
                if ticket == self._wanted and self._look_for is LookFor.ANYTHING and kind not in self._seen:
                    self._seen.add(kind)  # told once: the inbox is not the scanner's to fill
                    self._post(CodeRead(ticket, kind.value))
            case Text(ticket, text):
                self._take_text(child, ticket, text)
            case Hint(ticket, hint):
                if ticket == self._wanted and time.monotonic() - self._hint_at >= HINT_GAP_S:
                    self._hint_at = time.monotonic()
                    self._post(CodeRefused(ticket, hint))
            case Picture(width, height, rgb, outlines):
                if self._wanted is not None:
                    self._on_view(width, height, rgb, outlines)
            case _:
                raise _Ended(f"it said {type(message).__name__}, which is not a scanner's word")

    def _take_code(self, child: _Child, ticket: str, code: PaymentCode) -> None:
        if self._take_scan(child, ticket, LookFor.PAYMENT):
            self._post(CodeSeen(ticket, code))

    def _take_text(self, child: _Child, ticket: str, text: str) -> None:
        """As many as anybody has to show, and only of the form that is looked for."""
        with self._lock:
            current = ticket == self._wanted and fits(text, self._look_for) and child.told == (self._wanted, self._asked)
            current = current and self._texts < MOST
            self._texts += current
        if current:
            self._post(TextSeen(ticket, text))

    def _take_scan(self, child: _Child, ticket: str, found: LookFor) -> bool:
        """Once a scan, and only for the scan that is wanted now: a late code never pays for the next customer."""
        with self._lock:
            current = ticket == self._wanted and found is self._look_for and child.told == (self._wanted, self._asked)
            if current:
                self._wanted = None
        return current

    def _rest(self, pause_s: float, down_since: float, problem: str) -> None:
        until = time.monotonic() + pause_s
        while not self._stopping and (left := until - time.monotonic()) > 0:
            self._beat()
            self._mark_unwell_after_grace(None, down_since, f"the scanner process keeps ending: {problem}; see the journal")
            select.select([self._woken], [], [], min(left, LOOP_S))
            _drain(self._woken)

    def _mark_unwell_after_grace(self, child: _Child | None, down_since: float, problem: str) -> None:
        if not self._unwell and time.monotonic() - down_since > GRACE_S:
            self._mark(child, problem)

    @property
    def _unwell(self) -> bool:
        return self._health is not None and self._health.problem is not None

    def _mark(self, child: _Child | None, problem: str | None, hint: ScanHint = ScanHint.NO_CAMERA) -> None:
        """Report how the camera is, when that has changed."""
        health = Health(Part.CAMERA, problem, hint if problem else None)
        if health != self._health:
            if child is not None:
                child.change()
            self._health = health
            _log.log(logging.INFO if problem is None else logging.WARNING, "the camera: %s", problem or "it works")
            self._post(health)


class _Ended(Exception):
    """The scanner process is of no more use, in words."""


class _Child:
    """One scanner process and the socket to it."""

    def __init__(self, scanner: Command | Path) -> None:
        self.spoke_at: float | None = None  # its first word
        self.ready_at: float | None = None  # None while its camera does not work
        self.told: tuple[str | None, int] = (None, 0)
        self._unpacker = Unpacker()
        self._changes = 0
        self._born_at = self._heard_at = time.monotonic()
        self._process: subprocess.Popen[bytes] | None = None
        if isinstance(scanner, Path):
            self._line = connect(scanner)
        else:
            self._line, self._process = _spawned(scanner)
        self._line.setblocking(False)

    @property
    def lives(self) -> bool:
        """Its process, if it is ours, has not ended."""
        return self._process is None or self._process.poll() is None

    def adopt(self) -> None:
        """From a spare it becomes the scanner: its time begins now."""
        self._born_at = self._heard_at = time.monotonic()

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
            self.spoke_at = self.spoke_at or self._heard_at
        return messages

    def check(self) -> None:
        """_Ended when it has been silent for too long."""
        silent = time.monotonic() - self._heard_at
        if silent > (PATIENCE_S if self.ready_at is None else STALE_S):
            raise _Ended(f"no word for {silent:.1f} s")

    def change(self) -> None:
        """Once more it says something new of its camera; _Ended when it does so too often."""
        self._changes += 1
        if self._changes > MOST_CHANGES + MOST_CHANGES_PER_S * (time.monotonic() - self._born_at):
            raise _Ended("it says well and unwell by turns")

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
