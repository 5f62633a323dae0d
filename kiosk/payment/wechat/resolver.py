"""Host names to addresses within a time limit: `getaddrinfo` itself knows none, and can take half a minute without a network."""

from __future__ import annotations

import socket
import threading
import time
from typing import Any

Addresses = list[tuple[Any, ...]]
"""What `socket.getaddrinfo` gives."""

_LOOK_EVERY_S = 0.1


class Resolver:
    """Asks the system in a thread of its own, one for each name at most, however many callers wait for it."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._asking: dict[tuple[str, int], _Question] = {}

    def resolve(self, host: str, port: int, until: float, stopped: threading.Event) -> Addresses:
        """The addresses; OSError (socket.gaierror) when there are none, TimeoutError at `until` (monotonic seconds)."""
        with self._lock:
            question = self._asking.get((host, port))
            if question is None:
                question = self._asking[host, port] = _Question()
                threading.Thread(target=self._ask, args=(host, port, question), name="resolver", daemon=True).start()
        while not question.done.wait(_LOOK_EVERY_S):
            if stopped.is_set() or time.monotonic() >= until:
                raise TimeoutError
        if question.error is not None:
            raise question.error
        return question.addresses

    def _ask(self, host: str, port: int, question: _Question) -> None:
        try:
            question.addresses = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)
        except (OSError, UnicodeError) as error:  # UnicodeError: a host name that is none
            question.error = error if isinstance(error, OSError) else socket.gaierror(socket.EAI_NONAME)
        finally:
            with self._lock:
                self._asking.pop((host, port), None)
            question.done.set()


class _Question:
    """One name being asked for."""

    def __init__(self) -> None:
        self.done = threading.Event()
        self.addresses: Addresses = []
        self.error: OSError | None = None
