"""The kiosk's window and the customer's: pictures go onto a screen, keys and fingers come back.

It knows SDL's windows and its events; nothing of what is drawn, and no key's meaning.
"""

from __future__ import annotations

import os
import threading
from collections.abc import Callable

from kiosk.core.errors import DriverError
from kiosk.display import kms
from kiosk.display.canvas import Canvas, Rect
from kiosk.display.sdl import bare, outputs, pygame, takes_pixels
from kiosk.display.turn import turned, turned_back, turned_size

_LOOK_MS = 15  # how often a window looks for keys: well within two frames of 60 a second
_REST_LOOK_MS = 24  # when nobody has touched it for a while: with the drawing still within two frames, for a third less work
_REST_AFTER = 600  # looks in vain: nine seconds

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

_NOBODY_SEES = ("offscreen", "dummy", "evdev")
_CENTERED = 0x2FFF0000  # SDL_WINDOWPOS_CENTERED_MASK, with the output's number


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
            if takes_pixels():
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
            self._renderer = video.Renderer(self._window, accelerated=0 if takes_pixels() else -1)
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


def _on_another_window(event: pygame.event.Event) -> bool:
    """A touch or a click there is no key here. Without a desktop SDL takes all for the newest window's, so nothing is told apart.

    Nor are touches by pygame 2.1, which names the window of clicks alone.
    """
    return getattr(event, "window", None) is not None and not bare()


def _no_window(size: tuple[int, int], error: pygame.error) -> DriverError:
    """Why there is no window, and what to do."""
    driver = os.environ.get("SDL_VIDEODRIVER", "of its own choice")
    drivers = kms.video_drivers()
    pygame.display.quit()
    said = (
        f'display: driver "pygame" cannot open a window of {size[0]}x{size[1]}: SDL (video driver {driver}) says "{error}". '
        'With no screen at all, set [display] driver = "offscreen"'
    )
    if driver == "kmsdrm":
        other = "does another program draw on it (a desktop: sudo systemctl set-default multi-user.target, then restart)?"
        return DriverError(f"{said}. Without a desktop (DISPLAY or WAYLAND_DISPLAY): {kms.problem(drivers) or other}")
    return DriverError(f"{said}; else run it where a screen is (DISPLAY or WAYLAND_DISPLAY set), or without a desktop at all")
