"""pygame as the kiosk wants it, and what SDL says of the screens there are. Whoever draws, shows or plays has pygame from here.

It knows SDL; no picture, no window, no sound. Works with pygame 2.1.2 (Debian 12) and later.
"""

from __future__ import annotations

import os
import sys
from types import ModuleType
from typing import cast

from kiosk.core.errors import DriverError
from kiosk.display import kms

os.environ.setdefault("PYGAME_HIDE_SUPPORT_PROMPT", "1")  # or it prints an advertisement into the journal
os.environ.setdefault("SDL_NO_SIGNAL_HANDLERS", "1")  # or SIGTERM becomes a closed window instead of what the kiosk makes of it
os.environ.setdefault("SDL_MOUSE_FOCUS_CLICKTHROUGH", "1")  # or a click that gives the window the keyboard is no press
# pygame would bring numpy for array functions that nobody calls here, and setuptools to look for its own font: both take longer
# to import than all of SDL, and pygame does without what is not there.
_kept_away = [name for name in ("numpy", "pkg_resources") if name not in sys.modules]
sys.modules |= cast("dict[str, ModuleType]", dict.fromkeys(_kept_away))  # None there: it is told that there is none
try:
    import pygame as pygame  # noqa: PLC0414  handed on
    import pygame.freetype
finally:
    for _name in _kept_away:
        del sys.modules[_name]


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


def takes_pixels() -> bool:
    """Whether the desktop takes pictures as they are.

    SDL would rather hand them to OpenGL, for which Mesa loads a compiler: 60 MB and the better part of a window's start, only to
    copy one picture. Without a desktop, and on Wayland, SDL knows no other way.
    """
    return bool(pygame.display.get_driver() == "x11")


def video_drivers() -> tuple[str, ...]:
    """What the SDL that is loaded with this module can draw on."""
    return kms.video_drivers()
