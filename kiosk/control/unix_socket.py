"""The Unix socket over which other commands ask the running kiosk: one JSON object a line, one answer a line.

Knows sockets and who may speak: root and the process's own user, unless a server is told otherwise. Must not know what is
asked; a handler answers, and an answer with the key "problem" is a refusal in words. The steward speaks this way too.
"""

from __future__ import annotations

import contextlib
import errno
import json
import logging
import os
import socket
import struct
import threading
from collections.abc import Callable, Collection, Iterator
from dataclasses import dataclass
from pathlib import Path

from kiosk.core.errors import DriverError, KioskError

Request = dict[str, object]
Answer = dict[str, object]

_log = logging.getLogger(__name__)

_REQUEST_LIMIT_BYTES = 65_536
_ANSWER_LIMIT_BYTES = 32 * 1024 * 1024
_CONNECTIONS = 16
_IDLE_S = 60.0
_ACCEPT_S = 0.5
_PATH_LIMIT_BYTES = 107  # sun_path of unix(7), without the zero byte at its end


class ControlUnavailable(KioskError):
    """Nobody answers at this socket: none runs, or it runs for another user."""


class ControlFailed(KioskError):
    """Somebody is there and gave no good answer; what was asked may have been done all the same."""


@dataclass(frozen=True, slots=True)
class Peer:
    """Who is asked, for the words of a failure: its name, how it is started, and its unit, whose log says more."""

    name: str
    remedy: str
    unit: str


KIOSK = Peer("kiosk", "Start one with: kiosk run", "kiosk")


class ControlServer:
    """Answers at `path` until stop(). `handler` is called from several threads, one for each connection.

    `speakers`: the ids of the users who are answered besides root; None: this process's own. `mode`: who may open the path; its
    group is the folder's where that has the set-group-ID bit.
    """

    def __init__(
        self,
        path: Path,
        handler: Callable[[Request], Answer],
        speakers: Callable[[], Collection[int]] | None = None,
        mode: int = 0o600,
    ) -> None:
        self._path = path
        self._mode = mode
        self._handler = handler
        self._speakers = speakers or (lambda: {os.geteuid()})
        self._stopping = threading.Event()
        self._places = threading.BoundedSemaphore(_CONNECTIONS)
        self._listener: socket.socket | None = None
        self._inode = 0

    def open(self) -> None:
        """Take the path. Raises DriverError when it cannot be had or another kiosk answers there."""
        listener = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
        os.fchmod(listener.fileno(), 0o600)  # before bind, so that there is no moment in which others may connect
        try:
            self._bind(listener)
        except OSError as error:
            listener.close()
            why = error.strerror or str(error)
            raise DriverError(
                f"[control] socket {self._path} cannot be opened ({why}). Name a place the kiosk may write to."
            ) from None
        except DriverError:
            listener.close()
            raise
        if self._mode != 0o600:  # noqa: PLR2004  as it was made
            self._path.chmod(self._mode)
        listener.listen(_CONNECTIONS)
        self._inode = self._path.stat().st_ino
        self.adopt(listener)

    def adopt(self, listener: socket.socket) -> None:
        """Answer on a socket that listens already, as systemd passes one; instead of open(), and its path is left alone."""
        listener.settimeout(_ACCEPT_S)
        self._listener = listener

    def serve(self, beat: Callable[[], None] = lambda: None) -> None:
        """Accept until stop(); calls `beat` at least each second. open() or adopt() comes first."""
        listener = self._listener
        if listener is None:
            raise RuntimeError("open() or adopt() comes before serve()")
        with listener:
            while not self._stopping.is_set():
                beat()
                try:
                    connection, _ = listener.accept()
                except (TimeoutError, ConnectionAbortedError):
                    continue
                if not self._may_speak(connection) or not self._places.acquire(blocking=False):
                    connection.close()
                    continue
                threading.Thread(target=self._talk, args=(connection,), name="control-talk", daemon=True).start()

    def stop(self) -> None:
        """Give the path back and stop accepting; serve() returns within a second."""
        self._stopping.set()
        with contextlib.suppress(OSError):  # it has gone, or its disk has failed
            if self._path.stat().st_ino == self._inode:  # not the socket of the kiosk that came after
                self._path.unlink()

    def _may_speak(self, connection: socket.socket) -> bool:
        """unix(7), SO_PEERCRED: the kernel says who is at the other end."""
        credentials = connection.getsockopt(socket.SOL_SOCKET, socket.SO_PEERCRED, struct.calcsize("3i"))
        _, uid, _ = struct.unpack("3i", credentials)
        return uid == 0 or uid in self._speakers()

    def _bind(self, listener: socket.socket) -> None:
        with _address(self._path) as address:
            try:
                listener.bind(address)
            except OSError as error:
                if error.errno != errno.EADDRINUSE or not self._path.is_socket():
                    raise
            else:
                return
            if _answers(address):
                raise DriverError(
                    f"[control] socket {self._path} is in use: a kiosk runs already. Stop it, or give this one its own ledger."
                )
            self._path.unlink()  # left behind by a kiosk that was killed
            listener.bind(address)

    def _talk(self, connection: socket.socket) -> None:
        """One connection, to its end. A handler's failure is told and logged; it must not stop the sale in front."""
        try:
            with connection:
                connection.settimeout(_IDLE_S)
                with connection.makefile("rb") as lines:
                    while line := lines.readline(_REQUEST_LIMIT_BYTES + 1):
                        connection.sendall(json.dumps(self._answer(line)).encode() + b"\n")
                        if len(line) > _REQUEST_LIMIT_BYTES or self._stopping.is_set():
                            return
        except OSError:
            return  # the other side went away or fell silent
        except Exception:  # noqa: BLE001  a thread's top
            _log.exception("a request over the control socket failed")
        finally:
            self._places.release()

    def _answer(self, line: bytes) -> Answer:
        if len(line) > _REQUEST_LIMIT_BYTES:
            return {"problem": f"A request is at most {_REQUEST_LIMIT_BYTES} bytes."}
        try:
            request = json.loads(line)
        except (ValueError, RecursionError):  # brackets within brackets, thousands deep
            request = None
        if not isinstance(request, dict):
            return {"problem": 'A request is a JSON object on one line, as {"do": "state"}.'}
        try:
            return self._handler(request)
        except KioskError as error:
            return {"problem": str(error)}


def ask(path: Path, request: Request, timeout_s: float = 5.0, peer: Peer = KIOSK) -> Answer:
    """Ask who is at `path`, the kiosk or another `peer`, and return the answer, whatever it says.

    Raises ControlUnavailable when none is there, ControlFailed when one is there and does not answer within `timeout_s`.
    """
    with socket.socket(socket.AF_UNIX, socket.SOCK_STREAM) as connection:
        connection.settimeout(timeout_s)
        try:
            with _address(path) as address:
                connection.connect(address)
        except OSError as error:
            raise ControlUnavailable(f"No {peer.name} answers at {path} ({error.strerror or error}). {peer.remedy}") from None
        try:
            connection.sendall(json.dumps(request).encode() + b"\n")
            with connection.makefile("rb") as lines:
                line = lines.readline(_ANSWER_LIMIT_BYTES)
        except OSError as error:
            what = "within the time given" if isinstance(error, TimeoutError) else f"({error.strerror})"
            raise ControlFailed(
                f"The {peer.name} at {path} does not answer {what}. See its log: journalctl -u {peer.unit}"
            ) from None
    try:
        answer = json.loads(line)
    except ValueError:
        answer = None
    if not line.endswith(b"\n") or not isinstance(answer, dict):
        raise ControlFailed(f"The {peer.name} at {path} broke off its answer. See its log: journalctl -u {peer.unit}")
    return answer


def _answers(address: str) -> bool:
    with socket.socket(socket.AF_UNIX, socket.SOCK_STREAM) as probe:
        probe.settimeout(_ACCEPT_S)
        try:
            probe.connect(address)
        except (ConnectionRefusedError, FileNotFoundError):
            return False
        except OSError:
            return True  # somebody holds it and is busy
    return True


@contextlib.contextmanager
def _address(path: Path) -> Iterator[str]:
    """The path as bind and connect take it: one that is too long for the kernel is reached through its open folder."""
    if len(os.fsencode(path)) <= _PATH_LIMIT_BYTES:
        yield str(path)
        return
    folder = os.open(path.parent, os.O_PATH | os.O_DIRECTORY)
    try:
        short = f"/proc/self/fd/{folder}/{path.name}"
        if len(os.fsencode(short)) > _PATH_LIMIT_BYTES:
            raise OSError(errno.ENAMETOOLONG, f"the name is longer than {_PATH_LIMIT_BYTES - 20} bytes")
        yield short
    finally:
        os.close(folder)
