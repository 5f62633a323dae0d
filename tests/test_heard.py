"""What really comes out of the loudspeaker: the kiosk's own window, mixer and voice, played into a file.

SDL's "disk" driver stands for the sound card, and hands over what a card would get; faster than a card, so that nobody waits.
"""

from __future__ import annotations

import shutil
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from itertools import count
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from kiosk.core.commands import Sound
from kiosk.core.money import Money
from kiosk.core.ports import Display
from kiosk.display import Sounds, espeak, open_display, tones
from kiosk.display.announcer import REST_MS
from kiosk.display.loudspeaker import Speaker
from kiosk.display.spoken import guided, received
from tests.display_views import MAIN, NOW

pytestmark = pytest.mark.voice

HKD = Money(1250, "HKD")
SPEECH, ASKED, TOLD, THANKS = (
    espeak.render(speech) if shutil.which("espeak-ng") else b""
    for speech in (received(HKD, "zh_CN"), *(guided(key, "en", "HKD") for key in ("say.scanning", "say.password", "say.paid")))
)
PAID, FAILED, KEY = (tones.pcm(sound) for sound in (Sound.PAID, Sound.FAILED, Sound.KEY))


@dataclass
class Shop:
    """A kiosk's display whose sound goes into a file."""

    file: Path
    display: Display = field(init=False)
    now: int = NOW

    def open(self, sounds: Sounds) -> None:
        self.display = open_display(
            "pygame",
            size=(320, 240),
            fullscreen=False,
            merchant_language="zh_CN",
            customer_language="en",
            now=lambda: self.now,
            on_key=lambda *_: None,
            sounds=sounds,
        )

    def run(self, work: Callable[[], None]) -> bytes:
        """All that was heard while `work` was done; raises what it raised."""
        with ThreadPoolExecutor(1) as other:
            done = other.submit(self._work, work)
            self.display.run(lambda: None)
            done.result(30)
        return self.heard()

    def heard(self) -> bytes:
        return self.file.read_bytes() if self.file.exists() else b""

    def has(self, samples: bytes) -> bool:
        return samples in self.heard()

    def _work(self, work: Callable[[], None]) -> None:
        try:
            work()
        finally:
            self.display.stop()


@pytest.fixture
def shop(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Shop:
    file = tmp_path / "sound.raw"
    monkeypatch.setenv("SDL_VIDEODRIVER", "dummy")
    monkeypatch.setenv("SDL_AUDIODRIVER", "disk")
    monkeypatch.setenv("SDL_DISKAUDIOFILE", str(file))
    monkeypatch.setenv("SDL_DISKAUDIODELAY", "2")  # ms for each 23 ms of sound
    return Shop(file)


def test_the_tone_and_then_the_amount_are_heard_whole(shop: Shop, until: Callable[..., Any]) -> None:
    """Sample by sample what tone and voice are, and no word while the tone lasts."""
    shop.open(Sounds("zh_CN"))

    def work() -> None:
        shop.display.show(MAIN["paid"])
        shop.display.play(Sound.PAID)
        shop.display.announce(HKD, NOW - 1000)
        until(lambda: shop.has(SPEECH))

    heard = shop.run(work)
    assert heard.count(PAID) == heard.count(SPEECH) == 1
    assert heard.index(PAID) + len(PAID) <= heard.index(SPEECH)


def test_a_payment_that_is_not_fresh_has_its_tone_alone(shop: Shop, until: Callable[..., Any]) -> None:
    shop.open(Sounds("zh_CN", fresh_ms=5000))

    def work() -> None:
        shop.display.play(Sound.PAID)
        shop.display.announce(HKD, NOW - 5001)
        until(lambda: shop.has(PAID))
        shop.display.play(Sound.KEY)  # and a whole sentence's time later there is still nothing
        until(lambda: shop.has(KEY))
        end = len(shop.heard())
        until(lambda: len(shop.heard()) > end + len(SPEECH))

    heard = shop.run(work)
    assert loudest(heard.replace(PAID, b"").replace(KEY, b"")) == 0


def test_the_next_sale_cuts_the_sentence_short_and_its_own_tones_are_heard(shop: Shop, until: Callable[..., Any]) -> None:
    shop.open(Sounds("zh_CN"))
    begun = SPEECH[: len(SPEECH) // 20]

    def work() -> None:
        shop.display.announce(HKD, NOW)
        until(lambda: shop.has(begun))
        shop.display.hush()
        shop.display.play(Sound.KEY)
        until(lambda: shop.has(KEY))
        end = len(shop.heard())
        until(lambda: len(shop.heard()) > end + len(SPEECH))

    heard = shop.run(work)
    assert begun in heard
    assert SPEECH not in heard
    assert loudest(heard[heard.index(KEY) + len(KEY) :]) == 0


def test_words_that_are_no_longer_true_stop_before_the_next_tone_begins(shop: Shop, monkeypatch: pytest.MonkeyPatch) -> None:
    told: list[str] = []
    for name in ("hush", "play"):
        does = getattr(Speaker, name)
        monkeypatch.setattr(Speaker, name, lambda *args, name=name, does=does: (told.append(name), does(*args)))
    shop.open(Sounds("zh_CN"))
    turn = count()

    def beat() -> None:
        at = next(turn)
        if at == 2:  # the speaker is there since the first turn
            shop.display.hush()
            shop.display.play(Sound.KEY)
        elif at == 4:
            shop.display.stop()

    shop.display.run(beat)
    assert told == ["hush", "play"]


def test_a_customer_is_guided_from_screen_to_screen_and_the_payment_cuts_in(shop: Shop, until: Callable[..., Any]) -> None:
    """What to do is heard whole while its screen stands; the next one begins when the newer screen has stood for a while."""
    shop.open(Sounds("zh_CN", guide="en", currency="HKD"))
    begun = TOLD[: len(TOLD) // 20]

    def work() -> None:
        shop.display.show(MAIN["scanning"])
        shop.now += REST_MS
        until(lambda: shop.has(ASKED))
        shop.display.show(MAIN["password"])
        shop.now += REST_MS
        until(lambda: shop.has(begun))
        shop.display.play(Sound.PAID)
        shop.display.announce(HKD, shop.now)
        shop.display.show(MAIN["paid"])
        until(lambda: shop.has(THANKS))

    heard = shop.run(work)
    assert TOLD not in heard
    assert [heard.count(samples) for samples in (ASKED, begun, SPEECH, THANKS)] == [1, 1, 1, 1]
    places = [heard.index(samples) for samples in (ASKED, begun, SPEECH, THANKS)]
    assert places == sorted(places)
    assert places[2] + len(SPEECH) <= places[3]


def test_a_failure_sounds_like_one_and_says_nothing(shop: Shop, until: Callable[..., Any]) -> None:
    shop.open(Sounds("zh_CN"))

    def work() -> None:
        shop.display.show(MAIN["declined"])
        shop.display.play(Sound.FAILED)
        until(lambda: shop.has(FAILED))

    heard = shop.run(work)
    assert loudest(heard.replace(FAILED, b"")) == 0


@pytest.mark.parametrize("volume", [0, 40])
def test_the_volume_is_that_of_tones_and_voice(shop: Shop, until: Callable[..., Any], volume: int) -> None:
    shop.open(Sounds("zh_CN", volume=volume))

    def work() -> None:
        shop.display.play(Sound.PAID)
        shop.display.announce(HKD, NOW)
        until(lambda: len(shop.heard()) > 2 * len(PAID + SPEECH))

    shop.run(work)
    wanted = max(loudest(PAID), loudest(SPEECH)) * volume / 100
    assert abs(loudest(shop.heard()) - wanted) <= 0.02 * max(wanted, 1)


def loudest(samples: bytes) -> int:
    return int(np.abs(np.frombuffer(samples[: len(samples) // 2 * 2], dtype=np.int16).astype(int)).max(initial=0))
