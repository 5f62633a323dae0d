"""What any display must do, with and without a window; and what is said when it cannot."""

from __future__ import annotations

import io
import subprocess
import sys
import threading
from collections.abc import Callable
from typing import Any

import numpy as np
import pygame
import pytest
from PIL import Image

from kiosk.core.commands import Sound
from kiosk.core.errors import DriverError
from kiosk.core.ports import Display
from kiosk.core.scanning import Outline, Reading
from kiosk.core.screens import Scanning, View
from kiosk.display import DRIVERS, open_display, tones
from kiosk.display.loudspeaker import Speaker
from kiosk.display.recording import RecordingDisplay
from kiosk.display.theme import GREEN
from tests.display_views import MAIN, MONEY, NOW, ONLINE, camera_picture

CLOCK = {"now": NOW}


def _open(driver: str = "offscreen", **changed: Any) -> Display:
    CLOCK["now"] = NOW
    options: dict[str, Any] = {
        "size": (800, 480),
        "fullscreen": False,
        "merchant_language": "en",
        "customer_language": "zh_CN",
        "now": lambda: CLOCK["now"],
        "on_key": lambda _name, _down: None,
    }
    return open_display(driver, **(options | changed))


def _picture(display: Display) -> np.ndarray:
    return np.asarray(Image.open(io.BytesIO(display.snapshot())).convert("RGB"))


@pytest.mark.parametrize("driver", ["offscreen", "recording"])
def test_a_new_view_gives_a_new_picture_and_the_run_ends_with_stop(driver: str, until: Callable[..., Any]) -> None:
    display = _open(driver)
    beats: list[int] = []
    thread = threading.Thread(target=display.run, args=(lambda: beats.append(1),))
    thread.start()
    try:
        display.show(MAIN["idle"])
        first = display.snapshot()
        display.show(MAIN["paid"])
        assert display.snapshot() != first
        assert Image.open(io.BytesIO(first)).format == "PNG"
        display.show_camera(*camera_picture())
        display.play(Sound.PAID)
        until(lambda: beats)
    finally:
        display.stop()
        thread.join(10)
    assert not thread.is_alive()


def test_the_recording_keeps_what_it_was_given_in_order() -> None:
    display = _open("recording")
    assert isinstance(display, RecordingDisplay)
    display.show(MAIN["idle"])
    display.show(MAIN["keying"])
    display.play(Sound.KEY)
    display.show_camera(2, 1, b"abcdef")
    assert display.views == [MAIN["idle"], MAIN["keying"]]
    assert (display.sounds, display.camera, display.outlines) == ([Sound.KEY], (2, 1, b"abcdef"), ())
    outline = Outline(Reading.REFUSED, ((0, 0), (1, 0), (1, 0), (0, 0)))
    display.show_camera(2, 1, b"abcdef", (outline,))
    assert display.outlines == (outline,)


def test_the_picture_has_the_size_asked_for_and_is_encoded_once() -> None:
    display = _open(size=(480, 320))
    display.show(MAIN["idle"])
    first = display.snapshot()
    assert Image.open(io.BytesIO(first)).size == (480, 320)
    assert display.snapshot() is first
    CLOCK["now"] += 30_000  # half a minute: the clock on an idle screen still says the same
    assert display.snapshot() is first


def test_a_countdown_goes_on_by_itself() -> None:
    display = _open()
    display.show(MAIN["qr"])
    first = display.snapshot()
    CLOCK["now"] += 1000
    assert display.snapshot() != first


def test_before_the_first_view_the_kiosk_says_that_it_is_starting() -> None:
    display = _open()
    untouched = _picture(display)
    display.show(MAIN["starting"])
    assert (_picture(display) == untouched).all()


def test_the_camera_picture_is_seen_while_scanning_and_never_after() -> None:
    """It may show a code: what was seen for one customer is on no later screen, not even on the next scan."""
    display = _open()
    empty = View(Scanning(MONEY, NOW + 60_000), ONLINE)
    display.show(empty)
    without = _picture(display)
    frame = (320, 240, bytes((10, 200, 30)) * (320 * 240))
    display.show_camera(*frame)
    assert (_picture(display) == (10, 200, 30)).all(axis=2).mean() > 0.15
    display.show(MAIN["charging"])
    display.show_camera(*frame)  # one that was under way
    assert not (_picture(display) == (10, 200, 30)).all(axis=2).any()
    display.show(empty)
    assert (_picture(display) == without).all()


def test_looking_for_a_receipt_one_sees_the_camera_too_and_nothing_of_a_scan_before() -> None:
    display = _open()
    display.show(MAIN["seeking_receipt"])
    without = _picture(display)
    frame = (320, 240, bytes((10, 200, 30)) * (320 * 240))
    display.show_camera(*frame)
    assert (_picture(display) == (10, 200, 30)).all(axis=2).mean() > 0.15
    display.show(MAIN["idle"])
    display.show_camera(*frame)
    assert not (_picture(display) == (10, 200, 30)).all(axis=2).any()
    display.show(MAIN["scanning"])
    display.show_camera(*frame)
    display.show(MAIN["seeking_receipt"])
    assert (_picture(display) == without).all()


def test_an_outline_is_seen_with_its_picture_and_goes_with_it() -> None:
    display = _open()
    display.show(MAIN["scanning"])
    frame = (320, 240, bytes((90, 90, 90)) * (320 * 240))
    outlines = (Outline(Reading.UNSURE, ((40, 40), (280, 40), (280, 200), (40, 200))),)
    display.show_camera(*frame)
    bare = _picture(display)
    display.show_camera(*frame, outlines)
    assert (_picture(display) == GREEN).all(axis=2).sum() - (bare == GREEN).all(axis=2).sum() > 1000
    display.show(MAIN["charging"])
    charging = _picture(display)
    display.show_camera(*frame, outlines)  # one that was under way
    assert (_picture(display) == charging).all()
    display.show(MAIN["scanning"])
    display.show_camera(*frame)
    assert (_picture(display) == bare).all()


def test_a_camera_picture_of_the_wrong_length_is_not_drawn() -> None:
    display = _open()
    display.show(MAIN["scanning"])
    before = display.snapshot()
    display.show_camera(320, 240, b"too short")
    display.show_camera(0, 0, b"")
    assert display.snapshot() == before


def test_snapshots_and_views_from_many_threads_give_whole_pictures() -> None:
    display = _open(size=(320, 240))
    wrong: list[str] = []

    def ask() -> None:
        for _ in range(10):
            display.show(MAIN["paid"])
            if Image.open(io.BytesIO(display.snapshot())).size != (320, 240):
                wrong.append("size")
            display.show(MAIN["declined"])

    threads = [threading.Thread(target=ask) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(30)
    assert wrong == []
    assert not any(thread.is_alive() for thread in threads)


def test_an_unknown_driver_is_refused_with_the_names_of_those_there_are() -> None:
    with pytest.raises(DriverError, match=r"'framebuffer'.*pygame, offscreen, recording"):
        _open("framebuffer")
    assert DRIVERS == ("pygame", "offscreen", "recording")


def test_a_screen_too_small_to_read_is_refused() -> None:
    with pytest.raises(DriverError, match=r"240x135.*320x240"):
        _open(size=(240, 135))


def test_a_language_without_words_is_refused() -> None:
    with pytest.raises(DriverError, match="'nl'"):
        _open(merchant_language="nl")


def test_a_window_that_cannot_open_is_an_error_with_the_remedy_and_no_other_driver(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("DISPLAY", raising=False)
    monkeypatch.delenv("WAYLAND_DISPLAY", raising=False)
    monkeypatch.setenv("SDL_VIDEODRIVER", "x11")
    with pytest.raises(DriverError, match=r'driver "pygame".*800x480.*SDL .*x11.*offscreen.*DISPLAY'):
        _open("pygame")


def test_naming_the_display_imports_no_pygame_and_the_recording_needs_none() -> None:
    program = (
        "import sys; from kiosk.display import open_display; assert 'pygame' not in sys.modules;"
        "open_display('recording', size=(800, 480), fullscreen=False, merchant_language='en', customer_language='th',"
        " now=lambda: 0, on_key=print); assert 'pygame' not in sys.modules"
    )
    subprocess.run([sys.executable, "-c", program], check=True)


@pytest.mark.parametrize("sound", Sound)
def test_each_sound_is_short_and_neither_silent_nor_clipped(sound: Sound) -> None:
    samples = np.frombuffer(tones.pcm(sound), dtype=np.int16).astype(int)
    assert 0.015 < len(samples) / tones.RATE_HZ < 1.2
    assert 3000 < abs(samples).max() < 32767
    assert abs(samples[0]) < 500
    assert abs(samples[-1]) < 2000


def test_paid_and_failed_are_told_apart_by_ear() -> None:
    """The paid chime rises, the failed tone falls: by the loudest pitch of their first and last thirds."""

    def pitch(part: np.ndarray) -> float:
        return float(np.argmax(abs(np.fft.rfft(part))) * tones.RATE_HZ / len(part))

    for sound, rises in ((Sound.PAID, True), (Sound.FAILED, False)):
        samples = np.frombuffer(tones.pcm(sound), dtype=np.int16).astype(float)
        third = len(samples) // 5
        assert (pitch(samples[-third:]) > pitch(samples[:third])) is rises


def test_without_a_sound_device_there_is_silence_and_a_reason(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SDL_AUDIODRIVER", "nothing-of-this-name")
    speaker = Speaker()
    assert speaker.problem
    speaker.play(Sound.PAID)
    speaker.close()


def test_a_sound_device_plays(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SDL_AUDIODRIVER", "dummy")
    speaker = Speaker()
    assert speaker.problem is None
    for sound in Sound:
        speaker.play(sound)
    speaker.close()


def test_nothing_sounds_any_more_when_the_device_is_closed(monkeypatch: pytest.MonkeyPatch) -> None:
    """A sound that ends while pygame frees its channels takes the whole process with it: one close of some hundreds."""
    monkeypatch.setenv("SDL_AUDIODRIVER", "dummy")
    sounding: list[bool] = []
    quit_ = pygame.mixer.quit
    monkeypatch.setattr(pygame.mixer, "quit", lambda: (sounding.append(pygame.mixer.get_busy()), quit_()))
    speaker = Speaker()
    speaker.play(Sound.PAID)
    assert speaker.busy()
    speaker.close()
    assert sounding == [False]
