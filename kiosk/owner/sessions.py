"""Who is logged in, and what proves that a form is ours. In memory alone: whoever restarts the page logs everybody out.

Knows tokens and times; nothing of HTTP and nothing of the PIN.
"""

from __future__ import annotations

import hashlib
import hmac
import secrets
import threading
from collections.abc import Callable
from dataclasses import dataclass

IDLE_S = 15 * 60.0
LONGEST_S = 8 * 3600.0
MOST = 8
CODE_FOR_S = 10 * 60.0
CODE_EACH_S = 1.0


@dataclass(frozen=True, slots=True)
class Session:
    """One browser that gave the right PIN. `csrf` stands in each of its forms."""

    csrf: str
    began: float
    seen: float
    device: str | None


class Sessions:
    """Those there are now. Any thread may call. `now`: seconds that only go forwards."""

    def __init__(self, now: Callable[[], float]) -> None:
        self._now = now
        self._lock = threading.Lock()
        self._sessions: dict[str, Session] = {}  # by the digest of the cookie: who reads this memory has no cookie yet
        self._secret = secrets.token_bytes(32)

    def begin(self, device: str | None) -> str:
        """A new session; returns its cookie. Of too many the one that was seen longest ago ends."""
        token, now = secrets.token_urlsafe(32), self._now()
        with self._lock:
            self._sweep()
            while len(self._sessions) >= MOST:
                del self._sessions[min(self._sessions, key=lambda name: self._sessions[name].seen)]
            self._sessions[_digest(token)] = Session(secrets.token_urlsafe(24), now, now, device)
        return token

    def of(self, token: str | None, *, touch: bool = True) -> Session | None:
        """The session of this cookie, if it still goes on. `touch`: it was used just now."""
        name = _digest(token or "")
        with self._lock:
            self._sweep()
            session = self._sessions.get(name)
            if session is not None and touch:
                session = Session(session.csrf, session.began, self._now(), session.device)
                self._sessions[name] = session
            return session

    def end(self, token: str | None) -> None:
        """Log out."""
        with self._lock:
            self._sessions.pop(_digest(token or ""), None)

    def end_others(self, token: str | None) -> None:
        """Log out everybody else."""
        name = _digest(token or "")
        with self._lock:
            self._sessions = {key: session for key, session in self._sessions.items() if key == name}

    def form_of(self, visitor: str) -> str:
        """What stands in a form for somebody who is not logged in yet and has this cookie."""
        return hmac.new(self._secret, visitor.encode("utf-8", "replace"), hashlib.sha256).hexdigest()

    def _sweep(self) -> None:
        now = self._now()
        self._sessions = {
            name: session
            for name, session in self._sessions.items()
            if now - session.seen < IDLE_S and now - session.began < LONGEST_S
        }


class OneTimeCode:
    """Eight digits on the kiosk's screen, which only somebody who stands before it can type. For the very first PIN."""

    def __init__(self, now: Callable[[], float]) -> None:
        self._now = now
        self._lock = threading.Lock()
        self._code, self._until, self._next = "", 0.0, 0.0

    def current(self) -> str:
        """The code that counts now; after ten minutes another one."""
        with self._lock:
            return self._current()

    def take(self, code: str) -> bool:
        """Whether it is the code. A right one counts once; one try a second is looked at, whosever it is."""
        given = "".join(code.split()).encode("utf-8", "replace")
        with self._lock:
            if self._now() < self._next:
                return False
            self._next = self._now() + CODE_EACH_S
            if not hmac.compare_digest(given, self._current().encode()):
                return False
            self._until = 0.0
            return True

    def _current(self) -> str:
        if self._now() >= self._until:
            self._code, self._until = f"{secrets.randbelow(10**8):08d}", self._now() + CODE_FOR_S
        return self._code


def _digest(token: str) -> str:
    return hashlib.sha256(token.encode("utf-8", "replace")).hexdigest()
