"""The displays that really paint: in a window, or on a surface for whoever asks for a snapshot.

Knows threads and when to paint; the painter knows what. `show`, `show_camera`, `play` and `snapshot` may be called from
any thread; a window is opened, run and closed by one.
"""

from __future__ import annotations

import logging
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING

from kiosk.core.commands import Sound
from kiosk.core.events import Key
from kiosk.core.money import Money
from kiosk.core.scanning import Outline
from kiosk.core.screens import WITH_CAMERA, Network, Screen, Signs, Starting, View
from kiosk.display import rehearsal
from kiosk.display.announcer import Announcer
from kiosk.display.backlight import Backlight
from kiosk.display.canvas import Rect
from kiosk.display.guidance import Guide
from kiosk.display.light import Light, Rest, light
from kiosk.display.loudspeaker import Speaker
from kiosk.display.painter import Painter, moment
from kiosk.display.png import encode
from kiosk.display.qr import modules
from kiosk.display.sounds import Sounds
from kiosk.display.touches import Touches
from kiosk.display.window import Window

if TYPE_CHECKING:
    from kiosk.display.customer_window import CustomerWindow

_Frame = tuple[int, int, bytes, tuple[Outline, ...]]  # width, height, pixels, what to mark

OnTouch = Callable[[int, Key | None, bool], None]
"""A finger (its number while it is down), the key it is on, and whether it is down; without a key: it has slid off its own."""

_LOG = logging.getLogger(__name__)

_FIRST = View(Starting(), Signs(Network.CONNECTING, clock_known=False, unresolved=0))
_PAINTING = threading.Lock()  # one for all displays of the process: they share their fonts, and FreeType bears no two threads
_REHEARSING_MS = 20  # between two pictures painted aside: time for a key
_BEAT_MS = 250  # the longest sleep: a heart that beats, and a countdown that is never late by more


class _Picture:
    """The newest view and camera picture, and the painting of them."""

    def __init__(self, painter: Painter, now: Callable[[], int]) -> None:
        self._painter = painter
        self._now = now
        self._newest = threading.Lock()  # around the two below, held for an instant
        self._view = _FIRST
        self._frame: _Frame | None = None
        self._painted: tuple[View, int, Rest] | None = None
        self._painted_frame: _Frame | None = None
        self._number = 0  # counts the changes of the picture
        self._encoded: tuple[int, bytes] = (-1, b"")

    def show(self, view: View) -> None:
        with self._newest:
            if type(view.screen) is not type(self._view.screen):
                self._frame = None  # a code that was taken is not shown any more, and the next scan begins without a picture
            self._view = view

    def show_camera(self, width: int, height: int, rgb: bytes, outlines: tuple[Outline, ...] = ()) -> None:
        with self._newest:
            if isinstance(self._view.screen, WITH_CAMERA) and len(rgb) == width * height * 3 > 0:
                self._frame = (width, height, rgb, outlines)

    @property
    def view(self) -> View:
        """The newest, whether it is painted or not."""
        return self._view

    @property
    def screen(self) -> Screen:
        """The newest view's."""
        return self._view.screen

    @property
    def panel(self) -> Rect | None:
        """Where the keys are, if there are any."""
        return self._painter.panel

    def refresh(self, rest: Rest = Rest.AWAKE, held: frozenset[Key] = frozenset()) -> tuple[bool, Rect | None]:
        """Paint what has changed. `held`: the keys with a finger on them.

        Returns whether anything has changed, and the part, when only the camera's picture or only keys have.
        """
        with _PAINTING:
            return self._refresh(rest, held)

    def _refresh(self, rest: Rest = Rest.AWAKE, held: frozenset[Key] = frozenset()) -> tuple[bool, Rect | None]:
        with self._newest:
            view, frame = self._view, self._frame
        now = self._now()
        wanted = (view, moment(view, now), rest)
        pressed = self._painter.hold(held)
        part: Rect | None = None
        if wanted != self._painted or (frame is None) != (self._painted_frame is None):
            self._painter.paint(view, now, None, rest)
            self._painted = wanted
            if frame is not None:
                self._painter.paint_camera(*frame)
        elif frame is None or frame is self._painted_frame:
            if pressed is None:
                return False, None
            part = pressed
        else:
            part = self._painter.paint_camera(*frame)
            if pressed is not None:
                part = None  # two parts: all of it
        self._painted_frame = frame
        self._number += 1
        return True, part

    def snapshot(self, *, fresh: bool) -> bytes:
        """As PNG; `fresh`: paint first. Encoded outside the lock, and again only when the picture has changed."""
        with _PAINTING:
            if fresh or self._painted is None:
                self._refresh()
            number, encoded = self._encoded
            if number == self._number:
                return encoded
            number, rgb = self._number, self._painter.canvas.rgb()
        picture = encode(*self._painter.canvas.size, rgb)
        self._encoded = (number, picture)
        return picture

    def rehearse(self, view: View) -> None:
        with _PAINTING:
            self._painter.rehearse(view, self._now())

    def present(self, window: Window, part: Rect | None, share: int) -> None:
        with _PAINTING:
            window.present(self._painter.canvas, part, share)


@dataclass(frozen=True, slots=True)
class Habits:
    """How bright the screen is, and when it rests. `monotonic`: seconds; what is quiet is measured by it."""

    brightness: int = 100
    dim_after_s: int = 120
    backlight: Backlight | None = None
    monotonic: Callable[[], float] = time.monotonic


class WindowDisplay:
    """A real window, or the whole screen. Where keys are on it, `on_touch` is told which finger lies on which."""

    def __init__(  # noqa: PLR0913  its parts, by name
        self,
        painter: Painter,
        window: Window,
        now: Callable[[], int],
        on_key: Callable[[str, bool], None],
        on_touch: OnTouch,
        *,
        sounds: Sounds | None,
        habits: Habits,
        customer: CustomerWindow | None = None,
    ) -> None:
        self._picture = _Picture(painter, now)
        self._customer = customer
        self._window = window
        self._now = now
        self._on_key = on_key
        self._on_touch = on_touch
        self._sounds = sounds
        self._announcer = Announcer(sounds or Sounds(), now, window.wake)
        self._guide = Guide(self._announcer.guide)
        self._habits = habits
        self._touches: Touches | None = None
        if self._picture.panel is not None:
            self._touches = Touches(self._picture.panel, painter.tile_at)
            window.watch_fingers()
        self._busy_at = habits.monotonic()
        self._light = Light()
        self._speaker: Speaker | None = None
        self._to_play: list[Sound] = []
        self._ready = False
        self._to_rehearse: list[View] = []
        self._stopping = False
        self._running = False

    def show(self, view: View) -> None:
        if view.screen != self._picture.screen:
            self._busy_at = self._habits.monotonic()
        self._picture.show(view)
        self._guide.show(view)
        self._window.wake()

    def show_camera(self, width: int, height: int, rgb: bytes, outlines: tuple[Outline, ...] = ()) -> None:
        self._picture.show_camera(width, height, rgb, outlines)
        self._window.wake()

    def play(self, sound: Sound) -> None:
        self._busy_at = self._habits.monotonic()  # each key that is pressed sounds, also one that changes nothing
        if self._sounds is not None and len(self._to_play) < 4:  # noqa: PLR2004  more are not told apart anyway
            self._to_play.append(sound)
            self._window.wake()

    def announce(self, money: Money, at: int) -> None:
        self._announcer.announce(money, at)

    def try_voice(self, at: int) -> None:
        self._announcer.try_voice(at)

    def hush(self) -> None:
        self._announcer.hush()

    def snapshot(self) -> bytes:
        return self._picture.snapshot(fresh=False)

    def run(self, beat: Callable[[], None]) -> None:
        self._running = True
        try:
            exposed = True
            while not self._stopping:
                light = self._light_now()
                held = self._touches.held if self._touches is not None else frozenset()
                changed, part = self._picture.refresh(light.rest, held)
                relit = light.picture != self._light.picture
                if changed or exposed or relit:
                    self._picture.present(self._window, None if exposed or relit else part, light.picture)
                self._shine(light)
                beat()
                self._show_customer(again=exposed)
                self._make_ready()
                self._sound()
                exposed = self._window.wait(self._sleep_ms(), self._on_key, self._finger)
        finally:
            self._running = False
            if self._habits.backlight is not None:
                self._habits.backlight.put(self._habits.brightness)  # whoever comes next shall see something
            if self._speaker is not None:
                self._speaker.close()
            self._close()

    def stop(self) -> None:
        self._stopping = True
        self._window.wake()
        if not self._running:
            self._close()

    def _close(self) -> None:
        if self._customer is not None:
            self._customer.close()
        self._window.close()

    def _show_customer(self, *, again: bool) -> None:
        """After the merchant's picture, which is the one that keys change."""
        if self._customer is not None:
            with _PAINTING:
                self._customer.turn(self._picture.view, self._habits.monotonic(), again=again)

    def _light_now(self) -> Light:
        habits = self._habits
        return light(
            self._picture.screen,
            habits.monotonic() - self._busy_at,
            dim_after_s=habits.dim_after_s,
            brightness=habits.brightness,
            has_lamp=habits.backlight is not None,
        )

    def _shine(self, wanted: Light) -> None:
        """The lamp follows the picture: nobody sees the old one in a new light."""
        if self._habits.backlight is not None and (wanted.lamp != self._light.lamp or not self._ready):
            self._habits.backlight.put(wanted.lamp)
        self._light = wanted

    def _finger(self, number: int, at: tuple[int, int], down: bool) -> None:  # noqa: FBT001  the shape of a finger's event
        """A finger on the glass is a sign of life; on the dark screen, where no key is seen, it is nothing else."""
        if self._touches is None:
            return
        told = self._touches.finger(number, at, down, ignored=self._light.rest is Rest.CALM)
        self._busy_at = self._habits.monotonic()
        if told is not None:
            self._on_touch(*told)

    def _sleep_ms(self) -> int:
        """Until the next second begins, as then a countdown changes."""
        soon = self._to_rehearse or self._announcer.waiting
        return min(_REHEARSING_MS if soon else _BEAT_MS, 1000 - self._now() % 1000)

    def _make_ready(self) -> None:
        """Once, when the first picture stands: what is slow and needed soon."""
        if self._ready:
            if self._to_rehearse:  # one a turn: whoever presses a key waits for no more than one
                self._picture.rehearse(self._to_rehearse.pop())
            return
        self._ready = True
        self._to_rehearse = rehearsal.views(self._now())
        modules("")
        if self._sounds is not None:
            self._speaker = Speaker(self._sounds.volume)
            if self._speaker.problem is not None:
                _LOG.warning("no sound device: the kiosk stays silent", extra={"problem": self._speaker.problem})

    def _sound(self) -> None:
        """After the picture: what is heard never keeps it waiting."""
        if self._speaker is None:
            return
        self._announcer.stop(self._speaker)  # first: no tone is heard through words that are no longer true
        while self._to_play:
            self._speaker.play(self._to_play.pop(0))
        self._announcer.turn(self._speaker)


class OffscreenDisplay:
    """The same picture without a window, painted at first and when somebody asks. Silent: nobody sits at this machine."""

    def __init__(self, painter: Painter, now: Callable[[], int]) -> None:
        self._picture = _Picture(painter, now)
        self._stopped = threading.Event()

    def show(self, view: View) -> None:
        self._picture.show(view)

    def show_camera(self, width: int, height: int, rgb: bytes, outlines: tuple[Outline, ...] = ()) -> None:
        self._picture.show_camera(width, height, rgb, outlines)

    def play(self, sound: Sound) -> None:
        """Nobody hears it."""

    def announce(self, money: Money, at: int) -> None:
        """Nobody hears it."""

    def try_voice(self, at: int) -> None:
        """Nobody hears it."""

    def hush(self) -> None:
        """Nothing is being said."""

    def snapshot(self) -> bytes:
        return self._picture.snapshot(fresh=True)

    def run(self, beat: Callable[[], None]) -> None:
        self._picture.refresh()
        while True:
            beat()
            if self._stopped.wait(_BEAT_MS / 1000):
                return

    def stop(self) -> None:
        self._stopped.set()
