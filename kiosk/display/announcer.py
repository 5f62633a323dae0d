"""Says what was paid and what a customer is to do: once, soon, or not at all. Knows when; loudspeaker and voice are given to it.

What is said has to be fresh at the moment when its sound would begin: what waited (for a tone, for the voice, behind a hung
program) stays unsaid, rather than be taken for the next customer's. A payment comes before guidance and cuts it short; guidance
waits for a payment's words, and ends with the screen that it is about. `stop` and `turn` belong to the display's thread, the rest
to any.
"""

from __future__ import annotations

import logging
import threading
from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from typing import Protocol

from kiosk.core.errors import DriverError
from kiosk.core.money import Money
from kiosk.display import espeak
from kiosk.display.sounds import Sounds
from kiosk.display.spoken import UNSPOKEN, Speech, guided, received, tried

_LOG = logging.getLogger(__name__)

REST_MS = 1000  # a screen that is gone sooner is not spoken of: half a sentence helps nobody


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
    """One sentence on its way. `since`: when what it is about happened, for its freshness; `begin`: not sooner."""

    speech: Callable[[], Speech]
    since: int
    begin: int
    guides: bool = False
    seen: bool = False
    begun: bool = False
    samples: bytes | None = None
    done: bool = False


class Announcer:
    """What it says and how fresh that has to be, by `sounds`; `now` in ms. `wake`: `turn` has something to do."""

    def __init__(
        self,
        sounds: Sounds,
        now: Callable[[], int],
        wake: Callable[[], None],
        render: Callable[[Speech], bytes] = espeak.render,
    ) -> None:
        self._sounds = sounds
        self._now = now
        self._wake = wake
        self._render = render
        self._news: tuple[_Wanted, ...] = ()  # of the newest payment
        self._guidance: tuple[_Wanted, ...] = ()  # of the newest screen: one, or none
        self._hush = False
        self._passed = False  # the screen that guidance was about
        self._guiding = False  # what was said last
        self._told = False
        for language in sorted({sounds.language, sounds.guide} & set(UNSPOKEN), key=str):
            _LOG.warning("no voice speaks this language: English is spoken", extra={"language": language})

    def announce(self, money: Money, at: int) -> None:
        """A payment, in the language of amounts; a customer who hears another one is told in theirs that it went well."""
        language, guide = self._sounds.language, self._sounds.guide
        speeches = [] if language is None else [partial(received, money, language)]
        if guide is not None and guide != language:
            speeches.append(partial(guided, "say.paid", guide, self._sounds.currency))
        self._say(speeches, at)

    def try_voice(self, at: int) -> None:
        language = self._sounds.language or self._sounds.guide
        self._say([] if language is None else [partial(tried, language)], at)

    def guide(self, key: str | None) -> None:
        """Another screen is there: from now on this text is true, or none."""
        if self._sounds.guide is None:
            return
        wanted = []
        if key is not None:
            now = self._now()
            speech = partial(guided, key, self._sounds.guide, self._sounds.currency)
            wanted = [_Wanted(speech, now, now + REST_MS, guides=True)]
        self._guidance = tuple(wanted)
        self._passed = True
        self._wake()

    def hush(self) -> None:
        self._guidance = ()
        self._say([], 0)

    @property
    def waiting(self) -> bool:
        """Whether `turn` should be called again soon."""
        return self._next() is not None

    def turn(self, loudspeaker: Loudspeaker) -> None:
        """Do what can be done now: stop, have the voice begin, say what it has made. Never blocks."""
        self.stop(loudspeaker)
        wanted, now = self._next(), self._now()
        if wanted is None or now < wanted.begin:
            return
        if now - wanted.since > self._sounds.fresh_ms:
            wanted.done = True
            if not wanted.guides:
                _LOG.info("a payment was not announced: too old by now")
        elif not wanted.seen:  # the picture of it may be a moment behind: it is drawn before a program is started
            wanted.seen = True
        elif not wanted.begun:
            wanted.begun = True
            threading.Thread(target=self._make, args=(wanted,), name="voice", daemon=True).start()
        elif wanted.samples is not None and not loudspeaker.busy():  # the tone first, then the words
            wanted.done = True
            self._guiding = wanted.guides
            loudspeaker.say(wanted.samples)

    def stop(self, loudspeaker: Loudspeaker) -> None:
        """Cut short what is being said when it is no longer true."""
        hush, passed = self._hush, self._passed
        self._hush = self._passed = False
        if hush or (passed and self._guiding):
            loudspeaker.hush()

    def _say(self, speeches: list[partial[Speech]], at: int) -> None:
        self._news = tuple(_Wanted(speech, at, at) for speech in speeches)
        self._hush = True  # whatever is being said is about something else
        self._wake()

    def _next(self) -> _Wanted | None:
        return next((wanted for wanted in (*self._news, *self._guidance) if not wanted.done), None)

    def _make(self, wanted: _Wanted) -> None:
        """A thread of its own for each: the voice takes its time, and one that hangs keeps nobody waiting."""
        try:
            wanted.samples = self._render(wanted.speech())
        except DriverError as problem:
            wanted.done = True
            if not self._told:
                self._told = True
                _LOG.warning("nothing is spoken: only tones are heard", extra={"problem": str(problem)})
        self._wake()
