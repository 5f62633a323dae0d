"""Says what was paid, once, soon, or not at all. Knows when something may be said; the loudspeaker and the voice are given to it.

An announcement has to be fresh at the moment when its sound would begin: one that waited (for a tone, for the voice, behind a
hung program) stays unsaid, rather than be taken for the next customer's. `announce` and `hush` may be called from any thread;
`turn` belongs to the display's.
"""

from __future__ import annotations

import logging
import threading
from collections.abc import Callable
from dataclasses import dataclass
from typing import Protocol

from kiosk.core.errors import DriverError
from kiosk.core.money import Money
from kiosk.display import espeak
from kiosk.display.spoken import UNSPOKEN, Speech, received, tried

_LOG = logging.getLogger(__name__)


class Loudspeaker(Protocol):
    """What an announcement needs of a sound device."""

    def busy(self) -> bool:
        """Whether anything sounds just now."""
        ...

    def say(self, samples: bytes) -> None:
        """Let this be heard now."""
        ...

    def hush(self) -> None:
        """Stop what is being said; a tone goes on."""
        ...


@dataclass(eq=False, slots=True)
class _Wanted:
    """One announcement on its way. Only the newest counts. `money` None: the voice is tried."""

    money: Money | None
    at: int
    seen: bool = False
    begun: bool = False
    samples: bytes | None = None


class Announcer:
    """`language` as "zh_CN", None: nothing is ever said. `fresh_ms`: how old a payment may be when its sound begins."""

    def __init__(
        self,
        language: str | None,
        fresh_ms: int,
        now: Callable[[], int],
        wake: Callable[[], None],
        render: Callable[[Speech], bytes] = espeak.render,
    ) -> None:
        self._language = language
        self._fresh_ms = fresh_ms
        self._now = now
        self._wake = wake
        self._render = render
        self._wanted: _Wanted | None = None
        self._hush = False
        self._told = False
        if language in UNSPOKEN:
            _LOG.warning("no voice speaks this language: amounts are spoken in English", extra={"language": language})

    def announce(self, money: Money | None, at: int) -> None:
        self._hush = True  # whatever is being said is about another payment
        self._wanted = None if self._language is None else _Wanted(money, at)
        self._wake()

    def hush(self) -> None:
        self._hush = True
        self._wanted = None
        self._wake()

    @property
    def waiting(self) -> bool:
        """Whether `turn` should be called again soon."""
        return self._wanted is not None

    def turn(self, loudspeaker: Loudspeaker) -> None:
        """Do what can be done now: stop, have the voice begin, say what it has made. Never blocks."""
        if self._hush:
            self._hush = False
            loudspeaker.hush()
        wanted = self._wanted
        if wanted is None:
            return
        if self._now() - wanted.at > self._fresh_ms:
            self._drop(wanted)
            _LOG.info("a payment was not announced: too old by now")
        elif not wanted.seen:  # the picture of it may be a moment behind: it is drawn before a program is started
            wanted.seen = True
        elif not wanted.begun:
            wanted.begun = True
            threading.Thread(target=self._make, args=(wanted,), name="voice", daemon=True).start()
        elif wanted.samples is not None and not loudspeaker.busy():  # the tone first, then the words
            self._drop(wanted)
            loudspeaker.say(wanted.samples)

    def _make(self, wanted: _Wanted) -> None:
        """A thread of its own for each: the voice takes its time, and one that hangs keeps nobody waiting."""
        assert self._language is not None
        try:
            said = tried(self._language) if wanted.money is None else received(wanted.money, self._language)
            wanted.samples = self._render(said)
        except DriverError as problem:
            self._drop(wanted)
            if not self._told:
                self._told = True
                _LOG.warning("amounts are not spoken: only tones are heard", extra={"problem": str(problem)})
        self._wake()

    def _drop(self, wanted: _Wanted) -> None:
        if self._wanted is wanted:
            self._wanted = None
