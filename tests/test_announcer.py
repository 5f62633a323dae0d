"""What is said: one at a time, after the tone, only while it is fresh, a payment first. The voice is a stand-in of the test's."""

from __future__ import annotations

import logging
import threading
from collections.abc import Callable
from typing import Any

import pytest

from kiosk.core.errors import DriverError
from kiosk.core.money import Money
from kiosk.display.announcer import REST_MS, Announcer
from kiosk.display.sounds import Sounds
from kiosk.display.spoken import Speech

HKD = Money(1250, "HKD")
FRESH_MS = 10_000
NOW = 1_767_600_000_000


class Counter:
    """A loudspeaker that remembers, a clock, and a voice that speaks when it is let."""

    def __init__(self, *, language: str | None = "en", guide: str | None = None, let: bool = True) -> None:
        self.now = NOW
        self.sounding = False
        self.heard: list[str] = []
        self.asked: list[str] = []
        self.may_speak = threading.Event()
        self.woken = threading.Event()
        self.fails = False
        if let:
            self.may_speak.set()
        self.announcer = Announcer(
            Sounds(language, fresh_ms=FRESH_MS, guide=guide, currency="HKD"), lambda: self.now, self.woken.set, self._render
        )

    def busy(self) -> bool:
        return self.sounding

    def say(self, samples: bytes) -> None:
        self.heard.append(samples.decode())

    def hush(self) -> None:
        self.heard.append("(hush)")

    def turns(self, times: int = 4) -> list[str]:
        """The display draws a few times, the voice working in between; what was heard so far."""
        for _ in range(times):
            self.announcer.turn(self)
            for thread in threading.enumerate():
                if thread.name == "voice" and self.may_speak.is_set():
                    thread.join(10)
        return self.heard

    def _render(self, speech: Speech) -> bytes:
        self.asked.append(speech.text)
        assert self.may_speak.wait(10)
        if self.fails:
            raise DriverError("espeak-ng is not there. Install it: sudo apt install espeak-ng")
        return speech.text.encode()


SAID = "WeChat Pay: 12 Hong Kong dollars and 50 cents received"
WAIT = "Einen Moment, bitte."
PASSWORD = "Bitte geben Sie Ihr Passwort auf Ihrem Telefon ein."
THANKS = "Zahlung erfolgreich. Vielen Dank!"


def test_a_payment_is_announced_once() -> None:
    counter = Counter()
    counter.announcer.announce(HKD, NOW - 1000)
    assert counter.turns() == ["(hush)", SAID]
    assert counter.turns() == ["(hush)", SAID]
    assert not counter.announcer.waiting


def test_the_tone_comes_first() -> None:
    """Words and tone at once are neither."""
    counter = Counter()
    counter.sounding = True
    counter.announcer.announce(HKD, NOW)
    assert counter.turns() == ["(hush)"]
    assert counter.announcer.waiting
    counter.sounding = False
    assert counter.turns() == ["(hush)", SAID]


def test_what_is_too_old_when_it_is_asked_for_is_not_said() -> None:
    counter = Counter()
    counter.announcer.announce(HKD, NOW - FRESH_MS - 1)
    assert counter.turns() == ["(hush)"]
    assert counter.asked == []
    assert not counter.announcer.waiting


@pytest.mark.parametrize(("later_ms", "heard"), [(FRESH_MS, ["(hush)", SAID]), (FRESH_MS + 1, ["(hush)"])])
def test_freshness_is_that_of_the_moment_when_the_sound_would_begin(later_ms: int, heard: list[str]) -> None:
    """The voice was slow, or a tone in the way: rather nothing than what may be taken for the next customer's."""
    counter = Counter()
    counter.sounding = True
    counter.announcer.announce(HKD, NOW)
    counter.turns()
    assert counter.asked == [SAID]
    counter.now += later_ms
    counter.sounding = False
    assert counter.turns() == heard


def test_the_next_sale_stops_what_is_said_and_what_is_yet_to_be_said() -> None:
    counter = Counter(let=False)
    counter.announcer.announce(HKD, NOW)
    counter.turns()
    counter.announcer.hush()
    counter.may_speak.set()
    assert counter.turns() == ["(hush)", "(hush)"]
    assert not counter.announcer.waiting


def test_a_newer_payment_takes_the_place_of_an_older_one() -> None:
    """Even if the older one's voice is ready later."""
    counter = Counter(let=False)
    counter.announcer.announce(HKD, NOW)
    counter.turns()
    counter.announcer.announce(Money(800, "HKD"), NOW)
    counter.turns(2)
    counter.may_speak.set()
    assert counter.turns() == ["(hush)", "(hush)", "WeChat Pay: 8 Hong Kong dollars received"]


def test_an_older_payments_failure_takes_nothing_from_the_newer_one() -> None:
    counter = Counter(let=False)
    counter.announcer.announce(HKD, NOW)
    counter.turns(2)
    counter.announcer.announce(Money(800, "HKD"), NOW)
    counter.fails = True
    counter.may_speak.set()
    for thread in threading.enumerate():
        if thread.name == "voice":
            thread.join(10)
    counter.fails = False
    assert counter.turns() == ["(hush)", "(hush)", "WeChat Pay: 8 Hong Kong dollars received"]


def test_the_displays_thread_never_waits_for_the_voice() -> None:
    """Whoever waits in `turn` would wait for ever here: the voice is not let speak before the test ends."""
    counter = Counter(let=False)
    counter.announcer.announce(HKD, NOW)
    counter.turns(20)
    assert counter.heard == ["(hush)"]
    counter.may_speak.set()


def test_a_payment_wakes_the_display_and_so_does_a_voice_that_is_ready(until: Callable[..., Any]) -> None:
    counter = Counter()
    counter.announcer.announce(HKD, NOW)
    assert counter.woken.is_set()
    counter.woken.clear()
    counter.turns(2)
    until(counter.woken.is_set)
    counter.announcer.hush()
    assert counter.woken.is_set()


def test_the_picture_is_drawn_before_the_voice_is_started() -> None:
    """The first turn may be before the picture, which is told of a moment later; the second is after it."""
    counter = Counter()
    counter.announcer.announce(HKD, NOW)
    counter.turns(1)
    assert counter.asked == []
    counter.turns(1)
    assert counter.asked == [SAID]


def test_a_language_that_no_voice_speaks_is_told_of(caplog: pytest.LogCaptureFixture) -> None:
    with caplog.at_level(logging.WARNING):
        Counter(language="th")
    assert [record.__dict__["language"] for record in caplog.records] == ["th"]


def test_a_voice_that_is_missing_is_told_of_once(caplog: pytest.LogCaptureFixture) -> None:
    """Tones alone, and the remedy in the log."""
    counter = Counter()
    counter.fails = True
    with caplog.at_level(logging.WARNING):
        for _ in range(3):
            counter.announcer.announce(HKD, NOW)
            counter.turns()
    assert set(counter.heard) == {"(hush)"}
    (record,) = caplog.records
    assert "only tones are heard" in record.message
    assert "sudo apt install espeak-ng" in record.__dict__["problem"]


def test_who_wants_tones_alone_starts_no_voice() -> None:
    counter = Counter(language=None)
    counter.announcer.announce(HKD, NOW)
    assert counter.turns() == ["(hush)"]
    assert counter.asked == []
    assert not counter.announcer.waiting


def guided(*, language: str | None = "en", let: bool = True) -> Counter:
    """A counter whose customers are told what to do, in German."""
    return Counter(language=language, guide="de", let=let)


def test_what_to_do_is_said_once_the_screen_has_stood_for_a_while() -> None:
    counter = guided()
    counter.announcer.guide("say.wait")
    counter.now += REST_MS - 1
    assert counter.turns() == []
    assert counter.announcer.waiting
    counter.now += 1
    assert counter.turns() == [WAIT]
    assert counter.turns() == [WAIT]
    assert not counter.announcer.waiting


def test_a_screen_that_passes_by_is_not_spoken_of() -> None:
    counter = guided()
    counter.announcer.guide("say.wait")
    counter.turns()
    counter.announcer.guide("say.password")
    counter.now += REST_MS
    assert counter.turns() == [PASSWORD]
    assert counter.asked == [PASSWORD]


@pytest.mark.parametrize("key", [None, "say.password"])
def test_a_newer_screen_ends_what_is_said_of_the_older_one(key: str | None) -> None:
    counter = guided()
    counter.announcer.guide("say.wait")
    counter.now += REST_MS
    counter.turns()
    counter.announcer.guide(key)
    counter.now += REST_MS
    assert counter.turns() == [WAIT, "(hush)", PASSWORD][: 2 if key is None else 3]


def test_a_newer_screen_takes_the_place_of_a_sentence_whose_voice_is_late() -> None:
    counter = guided(let=False)
    counter.announcer.guide("say.wait")
    counter.now += REST_MS
    counter.turns(3)
    counter.announcer.guide("say.password")
    counter.now += REST_MS
    counter.may_speak.set()
    assert counter.turns() == [PASSWORD]


@pytest.mark.parametrize(("later_ms", "heard"), [(FRESH_MS, [WAIT]), (FRESH_MS + 1, [])])
def test_guidance_that_waited_too_long_is_not_given(later_ms: int, heard: list[str]) -> None:
    counter = guided()
    counter.sounding = True
    counter.announcer.guide("say.wait")
    counter.now += REST_MS
    counter.turns()
    counter.now += later_ms - REST_MS
    counter.sounding = False
    assert counter.turns() == heard


def test_a_payment_cuts_guidance_short_and_is_not_cut_short_by_it() -> None:
    """However the screens go on while its words last; what they say waits."""
    counter = guided(language="de")
    counter.announcer.guide("say.wait")
    counter.now += REST_MS
    counter.turns()
    counter.announcer.announce(HKD, counter.now)
    paid = "Wietschätt-Zahlung erhalten: 12 Hongkong-Dollar und 50 Cent"
    assert counter.turns() == [WAIT, "(hush)", paid]
    counter.sounding = True
    counter.announcer.guide(None)
    counter.announcer.guide("say.password")
    counter.now += REST_MS
    assert counter.turns() == [WAIT, "(hush)", paid]
    counter.sounding = False
    assert counter.turns() == [WAIT, "(hush)", paid, PASSWORD]


def test_guidance_that_is_ready_waits_for_a_payment_that_is_not() -> None:
    counter = guided(language="de")
    counter.sounding = True
    counter.announcer.guide("say.wait")
    counter.now += REST_MS
    counter.turns()
    counter.announcer.announce(HKD, counter.now)
    counter.sounding = False
    heard = counter.turns(1)
    assert heard == ["(hush)"]
    counter.turns()
    assert heard[1].startswith("Wietschätt")


def test_a_customer_who_hears_the_amount_in_another_language_hears_in_theirs_that_it_went_well() -> None:
    counter = guided()
    counter.announcer.announce(HKD, NOW)
    assert counter.turns(8) == ["(hush)", SAID, THANKS]


@pytest.mark.parametrize(("age_ms", "heard"), [(0, ["(hush)", THANKS]), (FRESH_MS + 1, ["(hush)"])])
def test_who_speaks_no_amounts_still_thanks_while_it_is_fresh(age_ms: int, heard: list[str]) -> None:
    counter = guided(language=None)
    counter.announcer.announce(HKD, NOW - age_ms)
    assert counter.turns(8) == heard


def test_the_next_sale_ends_guidance_too() -> None:
    counter = guided()
    counter.announcer.guide("say.wait")
    counter.announcer.hush()
    counter.now += REST_MS
    assert counter.turns() == ["(hush)"]


def test_without_a_language_for_it_nobody_is_guided() -> None:
    counter = Counter()
    counter.announcer.guide("say.wait")
    assert not counter.announcer.waiting
    assert not counter.woken.is_set()


@pytest.mark.parametrize(("language", "guide", "heard"), [("en", "de", "This is a sound test"), (None, "de", "Tonprobe")])
def test_the_voice_is_tried_in_a_language_that_it_speaks_here(language: str | None, guide: str, heard: str) -> None:
    counter = Counter(language=language, guide=guide)
    counter.announcer.try_voice(NOW)
    assert counter.turns() == ["(hush)", heard]
