"""The kiosk as a service: readiness, status and watchdog for systemd, the log, and whether the machine's clock is set.

The one file that imports `systemd`, and only where there is one to talk to. Must not know what the kiosk does.
"""

from __future__ import annotations

import contextlib
import ctypes
import logging
import os
import re
import resource
import signal
import socket
import sys
from collections.abc import Callable, Iterator
from typing import Any

from kiosk.core.errors import DriverError


def notify_ready() -> None:
    """Say that the start is over."""
    _notify("READY=1")


def stopping() -> None:
    """Say that the kiosk is on its way down."""
    _notify("STOPPING=1")


def status(text: str) -> None:
    """Tell in one line how things are; `systemctl status` shows it."""
    _notify("STATUS=" + mask(" ".join(text.split())))


def watchdog() -> None:
    """Feed the watchdog."""
    _notify("WATCHDOG=1")


def watchdog_within(seconds: float) -> None:
    """From now on two calls of watchdog() may be so far apart, whatever the unit's file says; counts as one of them."""
    _notify(f"WATCHDOG_USEC={round(seconds * 1_000_000)}\nWATCHDOG=1")


def listening_socket() -> socket.socket:
    """The one socket that systemd listens on for this process (sd_listen_fds(3)). DriverError when it was started otherwise."""
    if (os.environ.get("LISTEN_PID"), os.environ.get("LISTEN_FDS")) != (str(os.getpid()), "1"):
        raise DriverError("systemd has passed no socket to this process. Its unit starts it: systemctl start kiosk-scanner")
    return socket.socket(fileno=_FIRST_PASSED)


def set_up_logging(level: int = logging.INFO) -> None:
    """Send the log to the journal, the fields of `extra=` beside the message; without a journal to stderr, one line each."""
    handler = JournalHandler() if _stderr_is_the_journal() else logging.StreamHandler(sys.stderr)
    handler.setFormatter(LineFormatter())
    root = logging.getLogger()
    for old in root.handlers[:]:
        root.removeHandler(old)
    root.addHandler(handler)
    root.setLevel(level)
    logging.captureWarnings(capture=True)


def no_core_files() -> None:
    """From here on a crash leaves no image of the memory, which holds keys and payment codes, on the disk."""
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))


def one_heap() -> None:
    """All threads allocate from one heap. To be called before there are others.

    glibc would give each thread one of its own, to keep them out of each other's way; here they wait for Python's lock already,
    and each heap keeps its own holes. Not in a unit's file (MALLOC_ARENA_MAX), so that it holds for a kiosk started by hand.
    """
    with contextlib.suppress(AttributeError):  # not glibc
        ctypes.CDLL(None).mallopt(_M_ARENA_MAX, 1)


@contextlib.contextmanager
def signals(stop: Callable[[], None]) -> Iterator[None]:
    """SIGTERM and SIGINT stop the kiosk in its order while this lasts."""
    before = {sig: signal.signal(sig, lambda *_: stop()) for sig in (signal.SIGTERM, signal.SIGINT)}
    try:
        yield
    finally:
        for sig, handler in before.items():
            signal.signal(sig, handler)


def clock_is_set() -> bool:
    """Whether the kernel says that NTP keeps this machine's clock, whichever daemon does it."""
    try:
        adjtimex = ctypes.CDLL(None).adjtimex
    except AttributeError:  # not Linux
        return False
    # adjtimex(2): a zeroed struct timex asks and changes nothing; the answer 5 is TIME_ERROR, the clock is not synchronised.
    state = adjtimex(ctypes.create_string_buffer(_TIMEX_BYTES))
    return state not in {-1, _TIME_ERROR}


def mask(text: str) -> str:
    """The text without anything that could be a payment code. None should get here; this is the last line of defence."""
    return _LIKE_A_PAYMENT_CODE.sub("<18 digits>", text)


class LineFormatter(logging.Formatter):
    """One readable line: time, level, who, the message, and the fields in brackets; a traceback below where there is one."""

    def __init__(self) -> None:
        super().__init__("%(asctime)s %(levelname)s %(name)s: %(message)s", "%Y-%m-%dT%H:%M:%S%z")

    def format(self, record: logging.LogRecord) -> str:
        """Put it together, and mask it as a whole."""
        text = super().format(record)
        if fields := fields_of(record):
            line, newline, rest = text.partition("\n")
            text = f"{line} ({', '.join(f'{name}={value}' for name, value in fields.items())}){newline}{rest}"
        return mask(text)


class JournalHandler(logging.Handler):
    """One journal entry a record: the message constant, the fields beside it, all of it masked."""

    def __init__(self) -> None:
        super().__init__()
        from systemd.journal import send  # type: ignore[import-untyped]  # noqa: PLC0415  only where there is a journal

        self._send: Any = send

    def emit(self, record: logging.LogRecord) -> None:
        """Send; what goes wrong here is told on stderr by handleError, as logging does it."""
        try:
            fields = {_journal_name(name): mask(str(value)) for name, value in fields_of(record).items()}
            if record.exc_info:
                fields["EXCEPTION"] = mask(logging.Formatter().formatException(record.exc_info))
            fields |= {"PRIORITY": _priority(record.levelno), "LOGGER": record.name, "THREAD": record.threadName or ""}
            where = {"CODE_FILE": record.pathname, "CODE_LINE": record.lineno, "CODE_FUNC": record.funcName}
            self._send(mask(record.getMessage()), SYSLOG_IDENTIFIER="kiosk", **where, **fields)
        except (OSError, TypeError, ValueError):  # no journal any more, or a message that does not fit its arguments
            self.handleError(record)


def fields_of(record: logging.LogRecord) -> dict[str, object]:
    """Pick what `extra=` brought."""
    return {name: value for name, value in record.__dict__.items() if name not in _OWN}


def _notify(state: str) -> None:
    """Send to $NOTIFY_SOCKET, whoever set it; nothing when nobody did."""
    if not os.environ.get("NOTIFY_SOCKET"):
        return
    try:
        from systemd.daemon import notify  # type: ignore[import-untyped]  # noqa: PLC0415  a laptop without systemd runs the kiosk too
    except ImportError as error:
        raise DriverError(f"NOTIFY_SOCKET is set, but systemd-python cannot be imported ({error}). Install it.") from None
    notify(state)


def _stderr_is_the_journal() -> bool:
    """systemd.exec(5): $JOURNAL_STREAM names device and inode of the stream; a redirected stderr is another one."""
    try:
        device, _, inode = os.environ.get("JOURNAL_STREAM", "").partition(":")
        stream = os.fstat(sys.stderr.fileno())
        return (stream.st_dev, stream.st_ino) == (int(device), int(inode))
    except (OSError, ValueError, AttributeError):
        return False


def _priority(level: int) -> str:
    """The level as syslog(3) numbers it."""
    return next(number for least, number in _PRIORITIES if level >= least)


def _journal_name(name: str) -> str:
    """systemd.journal-fields(7): capitals, digits and _, not beginning with _ (those are the journal's own)."""
    return re.sub(r"[^0-9A-Z_]", "_", name.upper()).lstrip("_0123456789")[:64] or "FIELD"


_PRIORITIES = ((logging.CRITICAL, "2"), (logging.ERROR, "3"), (logging.WARNING, "4"), (logging.INFO, "6"), (0, "7"))
_FIRST_PASSED = 3  # SD_LISTEN_FDS_START
_TIME_ERROR = 5
_TIMEX_BYTES = 512  # more than struct timex has on any machine
_M_ARENA_MAX = -8  # malloc.h
_LIKE_A_PAYMENT_CODE = re.compile(r"(?<![0-9])1[0-5][0-9]{16}(?![0-9])")
_OWN = frozenset(logging.makeLogRecord({}).__dict__) | {"message", "asctime", "taskName"}
