"""The one file that knows pygame: a surface to draw on, a window with keys, a loudspeaker.

It knows pixels, fonts and SDL; no screen, no words, no layout. Works with pygame 2.1.2 (Debian 12) and later.
"""
# long: all that is said to pygame

from __future__ import annotations

import os
import sys
import threading
from collections.abc import Callable, Sequence
from functools import lru_cache
from itertools import pairwise
from types import ModuleType
from typing import cast

from kiosk.core.commands import Sound
from kiosk.core.errors import DriverError
from kiosk.display import kms, tones
from kiosk.display.fonts import FACE_OF, Script, path_of, runs
from kiosk.display.icons import Icon, Stroke
from kiosk.display.kept import Kept
from kiosk.display.theme import Colour
from kiosk.display.turn import turned, turned_back, turned_size

os.environ.setdefault("PYGAME_HIDE_SUPPORT_PROMPT", "1")  # or it prints an advertisement into the journal
os.environ.setdefault("SDL_NO_SIGNAL_HANDLERS", "1")  # or SIGTERM becomes a closed window instead of what the kiosk makes of it
os.environ.setdefault("SDL_MOUSE_FOCUS_CLICKTHROUGH", "1")  # or a click that gives the window the keyboard is no press
# pygame would bring numpy for array functions that nobody calls here, and setuptools to look for its own font: both take longer
# to import than all of SDL, and pygame does without what is not there.
_kept_away = [name for name in ("numpy", "pkg_resources") if name not in sys.modules]
sys.modules |= cast("dict[str, ModuleType]", dict.fromkeys(_kept_away))  # None there: it is told that there is none
try:
    import pygame
    import pygame.freetype
finally:
    for _name in _kept_away:
        del sys.modules[_name]

Rect = tuple[int, int, int, int]

_LOOK_MS = 15  # how often a window looks for keys: well within two frames of 60 a second
_REST_LOOK_MS = 24  # when nobody has touched it for a while: with the drawing still within two frames, for a third less work
_REST_AFTER = 600  # looks in vain: nine seconds
_EM = 200  # a size at which the rounding to whole pixels no longer counts
_ROUNDING = 1.02  # at the sizes of a screen each glyph's advance is rounded to a pixel
_SMALL = 150  # pixels: the edges of larger icons need less care
_SLANT, _THIN = 14, 44  # degrees; of 255
_TEXT_ROOM = 4  # pictures: all words of a sale weigh one and a half, and the amounts keyed last stay beside them
_FINER = 4  # icons and corners are drawn this many times larger and scaled down: pygame's own shapes have jagged edges


class Canvas:
    """A picture to draw on. One thread at a time."""

    def __init__(self, size: tuple[int, int]) -> None:
        pygame.freetype.init()
        pygame.font.init()
        self.size = size
        self.surface = pygame.Surface(size, depth=32)
        _TEXTS.make_room(_TEXT_ROOM * size[0] * size[1] * self.surface.get_bytesize())

    def fill(self, rect: Rect, colour: Colour) -> None:
        self.surface.fill(colour, rect)

    def panel(self, rect: Rect, colour: Colour, radius: int) -> None:
        """A rectangle with smooth round corners."""
        x, y, width, height = rect
        radius = min(radius, width // 2, height // 2)
        self.surface.fill(colour, (x + radius, y, width - 2 * radius, height))
        self.surface.fill(colour, (x, y + radius, width, height - 2 * radius))
        disc = _disc(radius, colour)
        for left in (True, False):
            for top in (True, False):
                part = (0 if left else radius, 0 if top else radius, radius, radius)
                self.surface.blit(disc, (x if left else x + width - radius, y if top else y + height - radius), part)

    def icon(self, icon: Icon, rect: Rect, colour: Colour) -> None:
        """The icon, in the largest square in the middle of `rect`."""
        x, y, width, height = rect
        side = min(width, height)
        self.surface.blit(_drawn(icon, side, colour), (x + (width - side) // 2, y + (height - side) // 2))

    def text(self, text: str, at: tuple[int, int], language: str, size: int, colour: Colour, *, bold: bool) -> Rect:
        """One line, its pen starting at `at` on the baseline. Returns the rectangle of its ink."""
        pen, base = at
        ink = pygame.Rect(pen, base, 0, 0)
        for script, run in runs(text):
            picture, right, up, inked = _rendered(script, run, language, size, colour, bold=bold)
            place = (pen + right, base - up)
            self.surface.blit(picture, place)
            found = inked.move(place)
            ink = found if ink.width == 0 else ink.union(found)
            pen += round(_advance(script, run, language, size, bold=bold))
        return (ink.x, ink.y, ink.width, ink.height)

    def picture(self, width: int, height: int, rgb: bytes, rect: Rect) -> Rect:
        """A camera picture (3 bytes a pixel), as large as fits in `rect`, its aspect kept. Returns where it stands."""
        image = pygame.image.frombuffer(rgb, (width, height), "RGB")
        share = min(rect[2] / width, rect[3] / height)
        size = (max(1, round(width * share)), max(1, round(height * share)))
        scaled = pygame.transform.scale(image, size)
        place = (rect[0] + (rect[2] - size[0]) // 2, rect[1] + (rect[3] - size[1]) // 2)
        self.surface.blit(scaled, place)
        return (*place, *size)

    def line(self, points: Sequence[tuple[int, int]], colour: Colour, width: int, within: Rect) -> None:
        """A line with round ends through `points`, `width` pixels wide; what of it is not `within` is not drawn."""
        self.surface.set_clip(within)
        for start, end in pairwise(points):
            pygame.draw.line(self.surface, colour, start, end, width)
        for point in points:
            pygame.draw.circle(self.surface, colour, point, width / 2)
        self.surface.set_clip(None)

    def across(self, lines: Sequence[tuple[str, str]], rect: Rect, colour: Colour) -> None:
        """Words (text, language) over all of `rect`, large, slanted, so thin that what is under them is read."""
        self.surface.blit(_slanted(tuple(lines), (rect[2], rect[3]), colour), rect[:2])

    def colour_at(self, x: int, y: int) -> Colour:
        red, green, blue, _ = self.surface.get_at((x, y))
        return (red, green, blue)

    def rgb(self) -> bytes:
        """All pixels, 3 bytes each, from the top left."""
        return pygame.image.tostring(self.surface, "RGB")


def measure(text: str, language: str, size: int, *, bold: bool) -> float:
    """The width of one line in pixels."""
    return sum(_advance(script, run, language, size, bold=bold) for script, run in runs(text))


def estimate(text: str, language: str, size: int, *, bold: bool) -> float:
    """The width of one line, a little too large rather than too small, and cheap for many sizes: no glyph is hinted for it."""
    return _ems(text, language, bold=bold) * size * _ROUNDING


@lru_cache(maxsize=4096)
def _ems(text: str, language: str, *, bold: bool) -> float:
    em = 0.0
    for script, run in runs(text):
        if script is Script.THAI:
            em += _thai_em(run, bold=bold)
        else:
            face = FACE_OF[language]
            em += sum(_em(char, face, bold=bold) for char in run)
    return em


@lru_cache(maxsize=4096)
def _em(char: str, face: int, *, bold: bool) -> float:
    metric = _face(face, bold=bold).get_metrics(char, size=_EM)[0]
    return 0.0 if metric is None else float(metric[4]) / _EM


def _thai_em(run: str, *, bold: bool) -> float:
    return float(_thai(_EM, bold=bold).size(run)[0]) / _EM


@lru_cache(maxsize=4096)
def _advance(script: Script, run: str, language: str, size: int, *, bold: bool) -> float:
    if script is Script.THAI:
        return float(_thai(size, bold=bold).size(run)[0])
    metrics = _wide(language, bold=bold).get_metrics(run, size=size)
    return float(sum(metric[4] for metric in metrics if metric is not None))


_Text = tuple[pygame.Surface, int, int, pygame.Rect]
"""A run on a clear ground; where its top left lies, in pixels right of the pen and above the baseline; where its ink is."""

_TEXTS: Kept[_Text] = Kept(lambda text: text[0].get_pitch() * text[0].get_height())
"""Most words of a screen are those of the one before, and glyphs cost more than all else; an amount is hardly ever seen again."""


def _rendered(script: Script, run: str, language: str, size: int, colour: Colour, *, bold: bool) -> _Text:
    key = (script, run, language, size, colour, bold)
    return _TEXTS.get(key, lambda: _render(script, run, language, size, colour, bold=bold))


def _render(script: Script, run: str, language: str, size: int, colour: Colour, *, bold: bool) -> _Text:
    if script is Script.THAI:
        font = _thai(size, bold=bold)
        picture = font.render(run, True, colour)
        return picture, 0, font.get_ascent(), picture.get_bounding_rect()
    picture, box = _wide(language, bold=bold).render(run, colour, size=size)
    return picture, box.x, box.y, picture.get_bounding_rect()


@lru_cache(maxsize=4)
def _slanted(lines: tuple[tuple[str, str], ...], size: tuple[int, int], colour: Colour) -> pygame.Surface:
    """On a clear ground of this size."""
    width, height = size
    upright = pygame.Surface((width, height), pygame.SRCALPHA, 32)
    row = height // (len(lines) + 1)
    for place, (text, language) in enumerate(lines, 1):
        large = min(row, round(width * 0.75 / max(1e-3, measure(text, language, 100, bold=True)) * 100))
        pen = round((width - measure(text, language, large, bold=True)) / 2)
        for script, run in runs(text):
            picture, right, up, _ = _rendered(script, run, language, large, colour, bold=True)
            upright.blit(picture, (pen + right, row * place + large // 3 - up))
            pen += round(_advance(script, run, language, large, bold=True))
    upright.fill((255, 255, 255, _THIN), special_flags=pygame.BLEND_RGBA_MULT)
    turned = pygame.transform.rotozoom(upright, _SLANT, 1)
    made = pygame.Surface(size, pygame.SRCALPHA, 32)
    made.blit(turned, ((width - turned.get_width()) // 2, (height - turned.get_height()) // 2))
    return made


def _wide(language: str, *, bold: bool) -> pygame.freetype.Font:
    return _face(FACE_OF[language], bold=bold)


@lru_cache(maxsize=8)
def _face(face: int, *, bold: bool) -> pygame.freetype.Font:
    """pygame.freetype, as only that can choose a face of a collection. One for all languages that share it."""
    font = pygame.freetype.Font(path_of(Script.WIDE, bold=bold), 16, font_index=face)
    font.origin = True
    return font


@lru_cache(maxsize=32)
def _thai(size: int, *, bold: bool) -> pygame.font.Font:
    """pygame.font, as only that shapes (HarfBuzz): Thai vowels and tone marks stand above and below their letters."""
    return pygame.font.Font(path_of(Script.THAI, bold=bold), size)


@lru_cache(maxsize=32)
def _disc(radius: int, colour: Colour) -> pygame.Surface:
    side = max(1, radius * 2)
    fine = pygame.Surface((side * _FINER, side * _FINER), pygame.SRCALPHA, 32)
    fine.fill((*colour, 0))
    pygame.draw.circle(fine, (*colour, 255), (radius * _FINER, radius * _FINER), radius * _FINER)
    return pygame.transform.smoothscale(fine, (side, side))


@lru_cache(maxsize=96)
def _drawn(icon: Icon, side: int, colour: Colour) -> pygame.Surface:
    large = side * (_FINER if side <= _SMALL else _FINER // 2)  # the cost grows with the square
    fine = pygame.Surface((large, large), pygame.SRCALPHA, 32)
    fine.fill((*colour, 0))  # the same colour, clear: else the edges would darken
    for stroke in icon:
        _draw(fine, stroke, large, (*colour, 0 if stroke.hole else 255))
    return pygame.transform.smoothscale(fine, (side, side))


def _draw(fine: pygame.Surface, stroke: Stroke, large: int, colour: tuple[int, int, int, int]) -> None:
    points = [(x * large, y * large) for x, y in stroke.points]
    if stroke.solid:
        pygame.draw.polygon(fine, colour, points)
    half = stroke.width * large / 2
    if half <= 0:
        return
    for point in points:
        pygame.draw.circle(fine, colour, point, half)
    ends = points[1:] + (points[:1] if stroke.solid else [])
    for (x1, y1), (x2, y2) in zip(points, ends, strict=False):
        length = ((x2 - x1) ** 2 + (y2 - y1) ** 2) ** 0.5
        if length > 0:
            dx, dy = (y2 - y1) / length * half, (x1 - x2) / length * half
            quad = [(x1 + dx, y1 + dy), (x2 + dx, y2 + dy), (x2 - dx, y2 - dy), (x1 - dx, y1 - dy)]
            pygame.draw.polygon(fine, colour, quad)


_NOBODY_SEES = ("offscreen", "dummy", "evdev")


def _refuse_a_fallback() -> None:
    """Where there is no screen SDL takes by itself a driver that nobody sees; one that was asked for is no fallback."""
    driver = pygame.display.get_driver()
    if "SDL_VIDEODRIVER" not in os.environ and driver in _NOBODY_SEES:
        raise pygame.error(f"no screen but {driver}")


class Window:
    """A window of `size`, or the whole screen at its own size; without a desktop always that. Used by one thread; `wake` by any.

    `size` is what people see: the picture is turned clockwise by `rotation` degrees, and fingers are turned back.
    """

    def __init__(self, size: tuple[int, int], *, fullscreen: bool, rotation: int = 0, leave: int | None = None) -> None:
        """`leave`: the output (SDL's number) that is another window's, if there are two."""
        bare = kms.wanted(os.environ)
        try:
            if bare:
                os.environ["SDL_VIDEODRIVER"] = "kmsdrm"
            pygame.display.init()
            _refuse_a_fallback()
            if _takes_pixels():
                os.environ.setdefault("SDL_FRAMEBUFFER_ACCELERATION", "0")
            pygame.display.set_caption("kiosk")
            output = 1 if leave == 0 and len(outputs()) > 1 else 0
            # (0, 0) is the screen's own size: asked for another one, SDL draws a part of the picture into the middle
            self._screen = (
                pygame.display.set_mode((0, 0), pygame.FULLSCREEN, display=output)
                if fullscreen or bare
                else pygame.display.set_mode(turned_size(size, rotation), display=output)
            )
        except pygame.error as error:
            raise _no_window(size, error) from error
        finally:
            if bare:
                del os.environ["SDL_VIDEODRIVER"]  # it is ours, and no child's
        if fullscreen or bare:
            pygame.mouse.set_visible(False)
        pygame.event.set_blocked(None)
        pygame.event.set_allowed([pygame.KEYDOWN, pygame.KEYUP, *_CLOSED, *_REDRAW])
        self._woken = threading.Event()
        self._in_vain = 0  # looks since the last key or finger
        self._rotation = rotation
        self.size: tuple[int, int] = turned_size(self._screen.get_size(), rotation)

    def present(self, canvas: Canvas, rect: Rect | None = None, share: int = 100) -> None:
        """Put the canvas, or this part of it, on the screen, with `share` percent of its brightness."""
        if rect is None and not self._rotation:
            place, part = (0, 0, *self.size), canvas.surface
        elif not self._rotation:
            assert rect is not None
            place, part = rect, canvas.surface.subsurface(rect)
        else:
            rect = rect or (0, 0, *canvas.size)
            place = turned(rect, canvas.size, self._rotation)
            part = pygame.transform.rotate(canvas.surface.subsurface(rect), -self._rotation)
        self._screen.blit(part, place)
        if share < 100:  # noqa: PLR2004  per cent
            level = 255 * share // 100
            self._screen.fill((level, level, level), place, pygame.BLEND_RGB_MULT)
        if place[2:] == self._screen.get_size():
            pygame.display.flip()
        else:
            pygame.display.update(place)

    def watch_fingers(self) -> None:
        """From now on `wait` passes fingers on; a mouse stands for one."""
        pygame.event.set_allowed(list(_FINGERS | _MOUSE))

    def wait(self, timeout_ms: int, on_key: Callable[[str, bool], None], on_finger: OnFinger) -> bool:
        """Wait until a key, a finger, `wake` or the time-out; pass all on. True when the window has to be drawn anew.

        SDL's own waiting looks a thousand times a second, which costs a Raspberry Pi more than everything else here.
        """
        look_ms = _LOOK_MS if self._in_vain < _REST_AFTER else _REST_LOOK_MS
        for _ in range(max(1, timeout_ms // look_ms)):
            woken = self._woken.wait(look_ms / 1000)
            events = pygame.event.get()
            self._in_vain = 0 if events else self._in_vain + 1
            if woken or events:
                break
        self._woken.clear()
        exposed = False
        for event in events:
            if event.type in (pygame.KEYDOWN, pygame.KEYUP):
                on_key(pygame.key.name(event.key), event.type == pygame.KEYDOWN)
            elif event.type in _CLOSED:
                on_key("quit", True)
            elif event.type in _FINGERS | _MOUSE and _on_another_window(event):
                continue
            elif event.type in _FINGERS:
                width, height = self._screen.get_size()
                at = (min(int(event.x * width), width - 1), min(int(event.y * height), height - 1))
                on_finger(event.finger_id, self._seen_at(at), event.type != pygame.FINGERUP)
            elif event.type in _MOUSE:
                # SDL lets each finger move the mouse as well, which would be a second one
                if not event.touch and (event.buttons[0] if event.type == pygame.MOUSEMOTION else event.button == 1):
                    on_finger(_MOUSE_FINGER, self._seen_at(event.pos), event.type != pygame.MOUSEBUTTONUP)
            else:
                exposed = True
        return exposed

    def _seen_at(self, point: tuple[int, int]) -> tuple[int, int]:
        return turned_back(point, self.size, self._rotation)

    def wake(self) -> None:
        """Make `wait` return now."""
        self._woken.set()

    def close(self) -> None:
        pygame.display.quit()


class SecondWindow:
    """A window beside the first one, to look at only: over all of its output, or of `size`. Without a desktop always over all.

    Used by the first one's thread, and closed before it. `size` is what people see, turned clockwise by `rotation` degrees.
    """

    def __init__(self, size: tuple[int, int], *, output: int, fullscreen: bool, rotation: int = 0) -> None:
        """DriverError when it cannot be opened. `output`: SDL's number of it; an ordinary window may do without."""
        from pygame._sdl2 import sdl2, video  # noqa: PLC0415  only where there is a second window

        self._errors = (pygame.error, sdl2.error)  # which have nothing to do with each other
        self._window: video.Window | None = None
        there = outputs()
        own = there[output] if fullscreen else turned_size(size, rotation)
        place = (_CENTERED | output, _CENTERED | output) if output < len(there) else (0, 0)
        try:
            self._window = video.Window("kiosk: customer", size=own, position=place, borderless=fullscreen)
            if fullscreen:
                self._window.position = place  # KMSDRM takes a new window for one on the first output
                self._window.set_fullscreen(True)
            self._renderer = video.Renderer(self._window, accelerated=0 if _takes_pixels() else -1)
        except self._errors as error:
            if self._window is not None:
                self._window.destroy()
            raise DriverError(f'display: SDL opens no window for the customer: "{error}"') from error
        self._rotation = rotation
        self._texture_of = video.Texture.from_surface
        width, height = self._window.size
        self.size: tuple[int, int] = turned_size((width, height), rotation)

    def present(self, canvas: Canvas, share: int = 100) -> None:
        """Put the canvas on the screen, with `share` percent of its brightness. DriverError when SDL cannot any more."""
        picture = pygame.transform.rotate(canvas.surface, -self._rotation) if self._rotation else canvas.surface
        level = 255 * share // 100
        try:
            texture = self._texture_of(self._renderer, picture)
            texture.color = (level, level, level)
            self._renderer.clear()
            texture.draw()
            self._renderer.present()
        except self._errors as error:
            raise DriverError(f'display: SDL shows the customer nothing: "{error}"') from error

    def close(self) -> None:
        del self._renderer  # before its window
        if self._window is not None:
            self._window.destroy()


_CENTERED = 0x2FFF0000  # SDL_WINDOWPOS_CENTERED_MASK, with the output's number


def outputs() -> tuple[tuple[int, int], ...]:
    """The sizes of the screens that SDL knows now. Without a desktop those at its start: it looks for no others then."""
    return tuple(pygame.display.get_desktop_sizes())


def screens() -> tuple[tuple[int, int], ...]:
    """The same where no window is open, asked once. DriverError when SDL finds no desktop."""
    try:
        pygame.display.init()
        return outputs()
    except pygame.error as error:
        raise DriverError(f'display: SDL says "{error}"') from error
    finally:
        pygame.display.quit()


def bare() -> bool:
    """Whether windows stand straight on the screen, without a desktop."""
    return bool(pygame.display.get_driver() == "KMSDRM")


def _takes_pixels() -> bool:
    """Whether the desktop takes pictures as they are.

    SDL would rather hand them to OpenGL, for which Mesa loads a compiler: 60 MB and the better part of a window's start, only to
    copy one picture. Without a desktop, and on Wayland, SDL knows no other way.
    """
    return bool(pygame.display.get_driver() == "x11")


def _on_another_window(event: pygame.event.Event) -> bool:
    """A touch or a click there is no key here. Without a desktop SDL takes all for the newest window's, so nothing is told apart.

    Nor are touches by pygame 2.1, which names the window of clicks alone.
    """
    return getattr(event, "window", None) is not None and not bare()


def _no_window(size: tuple[int, int], error: pygame.error) -> DriverError:
    """Why there is no window, and what to do."""
    driver = os.environ.get("SDL_VIDEODRIVER", "of its own choice")
    drivers = video_drivers()
    pygame.display.quit()
    said = (
        f'display: driver "pygame" cannot open a window of {size[0]}x{size[1]}: SDL (video driver {driver}) says "{error}". '
        'With no screen at all, set [display] driver = "offscreen"'
    )
    if driver == "kmsdrm":
        other = "does another program draw on it (a desktop: sudo systemctl set-default multi-user.target, then restart)?"
        return DriverError(f"{said}. Without a desktop (DISPLAY or WAYLAND_DISPLAY): {kms.problem(drivers) or other}")
    return DriverError(f"{said}; else run it where a screen is (DISPLAY or WAYLAND_DISPLAY set), or without a desktop at all")


OnFinger = Callable[[int, tuple[int, int], bool], None]
"""A finger (its number while it is down), the point of the picture where it is, and whether it is still down."""

_MOUSE_FINGER = -1
_CLOSED = (
    pygame.QUIT,
    *((pygame.WINDOWCLOSE,) if hasattr(pygame, "WINDOWCLOSE") else ()),
)  # QUIT comes with the last window only
_FINGERS = frozenset((pygame.FINGERDOWN, pygame.FINGERMOTION, pygame.FINGERUP))
_MOUSE = frozenset((pygame.MOUSEBUTTONDOWN, pygame.MOUSEMOTION, pygame.MOUSEBUTTONUP))
_REDRAW = tuple(getattr(pygame, name) for name in ("VIDEOEXPOSE", "WINDOWEXPOSED") if hasattr(pygame, name))


class Speaker:
    """Plays tones and speech at a `volume` of 0 to 100. `problem`: what went wrong at opening, so that it is silent; or None."""

    def __init__(self, volume: int = 100) -> None:
        self.problem: str | None = None
        self._volume = volume / 100
        self._sounds: dict[Sound, pygame.mixer.Sound] = {}
        try:
            pygame.mixer.init(tones.RATE_HZ, -16, 1, 512)
            rate, _, channels = pygame.mixer.get_init()
            if (rate, channels) != (tones.RATE_HZ, 1):
                pygame.mixer.quit()
                pygame.mixer.init(tones.RATE_HZ, -16, 1, 512, allowedchanges=0)
            pygame.mixer.set_reserved(1)  # the first channel is the voice's, and no tone takes it
        except pygame.error as error:
            self.problem = str(error)

    def play(self, sound: Sound) -> None:
        if self.problem is not None:
            return
        if sound not in self._sounds:
            self._sounds[sound] = self._sound(tones.pcm(sound))
        self._sounds[sound].play()

    def busy(self) -> bool:
        """Whether anything sounds just now."""
        return self.problem is None and bool(pygame.mixer.get_busy())

    def say(self, samples: bytes) -> None:
        """Let this be heard now, in place of what is being said: 16 bits, mono, RATE_HZ."""
        if self.problem is None:
            pygame.mixer.Channel(0).play(self._sound(samples))

    def hush(self) -> None:
        """Stop what is being said; a tone goes on."""
        if self.problem is None:
            pygame.mixer.Channel(0).stop()

    def _sound(self, samples: bytes) -> pygame.mixer.Sound:
        sound = pygame.mixer.Sound(buffer=samples)
        sound.set_volume(self._volume)
        return sound

    def close(self) -> None:
        if self.problem is None:
            pygame.mixer.quit()


def video_drivers() -> tuple[str, ...]:
    """What the SDL that is loaded with this module can draw on."""
    return kms.video_drivers()


def version() -> str:
    """Which pygame and SDL these are, for `kiosk doctor` and the log."""
    return f"pygame {pygame.version.ver}, SDL {'.'.join(map(str, pygame.get_sdl_version()))}, Python {sys.version.split()[0]}"
