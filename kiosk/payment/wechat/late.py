"""The transport before it is there: the library for HTTP is a hundred modules, and the screen comes first.

They are loaded by the first thread that wants to send something, once `begin` was called or a little time has passed. Whoever is
in a hurry, as with an order that is open, calls `begin`.
"""

from __future__ import annotations

import threading
import time
from collections.abc import Callable
from dataclasses import replace
from typing import TYPE_CHECKING

from kiosk.core.model import Why
from kiosk.payment.wechat.exchange import Limits, Message, NoReply, Reply

if TYPE_CHECKING:
    from kiosk.payment.wechat.transport import Transport

PATIENCE_S = 2.0


class LateTransport:
    """A Transport as the provider sees it. Any thread."""

    def __init__(self, make: Callable[[], Transport], patience_s: float = 0.0) -> None:
        """`patience_s`: so long the first request waits for `begin`, at most."""
        self._make = make
        self._patience_until = time.monotonic() + patience_s
        self._may_begin = threading.Event()
        self._making = threading.Lock()
        self._made: Transport | None = None
        self._stopped = False

    def begin(self) -> None:
        """Wait no longer."""
        self._may_begin.set()

    def exchange(
        self,
        message: Message,
        *,
        limits: Limits,
        left: Callable[[], None],
        undated: bool = False,
        into: Callable[[bytes], None] | None = None,
    ) -> Reply | NoReply:
        """As Transport.exchange; the time until it was there counts."""
        if self._made is not None:
            return self._made.exchange(message, limits=limits, left=left, undated=undated, into=into)
        began = time.monotonic()
        self._may_begin.wait(min(limits.total_s / 2, max(0.0, self._patience_until - began)))
        made = self.there()
        if self._stopped:
            return NoReply(Why.NOT_SENT, "Stopped")
        rest = replace(limits, total_s=limits.total_s - (time.monotonic() - began))
        return made.exchange(message, limits=rest, left=left, undated=undated, into=into)

    def idle_for(self) -> float | None:
        """As Transport.idle_for."""
        return None if self._made is None else self._made.idle_for()

    def stop(self) -> None:
        """As Transport.stop."""
        self._stopped = True
        self._may_begin.set()
        if self._made is not None:
            self._made.stop()

    def there(self) -> Transport:
        """The transport itself, made if it is not there yet."""
        with self._making:
            if self._made is None:
                self._made = self._make()
                if self._stopped:
                    self._made.stop()
            return self._made
