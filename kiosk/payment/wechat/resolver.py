"""Host names to addresses within a time limit: `getaddrinfo` itself knows none, and can take half a minute without a network.

A name that was found once is not lost with the name server: the old addresses serve until it answers again. Who really
answers there is for TLS to say.
"""

from __future__ import annotations

import socket
import threading
import time
from typing import Any

Addresses = list[tuple[Any, ...]]
"""What `socket.getaddrinfo` gives."""

_LOOK_EVERY_S = 0.1
_PATIENCE_S = 1.0  # then the old addresses, if there are any
_ASK_BESIDE_S = 2.0  # a question sent into a dead network is repeated by the system after 5 s only; a new one leaves at once
_ASKING_MOST = 4


class Resolver:
    """Asks the system in threads of its own: one for a name, however many callers wait, and a further one when it is slow."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._asking: dict[tuple[str, int], _Question] = {}
        self._known: dict[tuple[str, int], Addresses] = {}

    def resolve(self, host: str, port: int, until: float, stopped: threading.Event) -> Addresses:
        """The addresses; OSError (socket.gaierror) when there are none, TimeoutError at `until` (monotonic seconds)."""
        name = (host, port)
        with self._lock:
            question = self._ask(name)
            known = self._known.get(name)
        patience_until = time.monotonic() + _PATIENCE_S
        while not question.done.wait(_LOOK_EVERY_S):
            if stopped.is_set() or time.monotonic() >= until:
                raise TimeoutError
            if known is not None and time.monotonic() >= patience_until:
                return known
        if question.addresses is not None:
            return question.addresses
        if known is not None:
            return known
        raise question.error

    def _ask(self, name: tuple[str, int]) -> _Question:
        """The question under way about this name, with a further thread when the newest one is slow. Under the lock."""
        now = time.monotonic()
        question = self._asking.get(name)
        if question is None:
            question = self._asking[name] = _Question(now)
        elif now - question.asked_at < _ASK_BESIDE_S or question.threads >= _ASKING_MOST:
            return question
        question.asked_at = now
        question.threads += 1
        threading.Thread(target=self._answer, args=(name, question), name="resolver", daemon=True).start()
        return question

    def _answer(self, name: tuple[str, int], question: _Question) -> None:
        addresses: Addresses | None = None
        error: OSError = socket.gaierror(socket.EAI_NONAME)
        try:
            addresses = socket.getaddrinfo(*name, type=socket.SOCK_STREAM)
        except OSError as failed:
            error = failed
        except UnicodeError:  # a host name that is none
            pass
        with self._lock:
            question.threads -= 1
            if addresses is not None:
                self._known[name] = question.addresses = addresses
            elif question.threads:
                return  # another thread may yet know better
            else:
                question.error = error
            if self._asking.get(name) is question:
                del self._asking[name]
        question.done.set()


class _Question:
    """One name being asked for."""

    def __init__(self, asked_at: float) -> None:
        self.asked_at = asked_at  # of the newest thread; monotonic seconds
        self.threads = 0
        self.done = threading.Event()
        self.addresses: Addresses | None = None
        self.error: OSError = socket.gaierror(socket.EAI_NONAME)
