"""The screen without a desktop (KMSDRM): which drivers SDL brings, and why one cannot draw. Knows /dev and /sys, no pygame."""

from __future__ import annotations

import ctypes
import os
import re
from collections.abc import Mapping
from pathlib import Path

DEVICES = Path("/dev/dri")
CONNECTORS = Path("/sys/class/drm")
_SDL = re.compile(r"/\S+/libSDL2-2[^/\s]*\.so\S*$", re.MULTILINE)


def wanted(environment: Mapping[str, str]) -> bool:
    """Whether there is no desktop and nobody has chosen a driver: then the screen is drawn to directly."""
    return not any(environment.get(name) for name in ("DISPLAY", "WAYLAND_DISPLAY", "SDL_VIDEODRIVER"))


def video_drivers() -> tuple[str, ...]:
    """The drivers that the SDL of this process was built with, asked of SDL as pygame does not tell; () when none is loaded."""
    found = _SDL.search(Path("/proc/self/maps").read_text("utf-8"))
    if found is None:
        return ()
    sdl = ctypes.CDLL(found[0])
    sdl.SDL_GetVideoDriver.restype = ctypes.c_char_p
    return tuple(sdl.SDL_GetVideoDriver(place).decode() for place in range(sdl.SDL_GetNumVideoDrivers()))


def problem(drivers: tuple[str, ...], devices: Path = DEVICES, connectors: Path = CONNECTORS) -> str | None:
    """Why an SDL with these drivers cannot draw straight to a screen, and what to do; None when nothing is seen to be wrong."""
    if "KMSDRM" not in drivers:
        return (
            "this pygame cannot draw without a desktop (KMSDRM), as PyPI's cannot: sudo apt install python3-pygame, for a venv "
            "that sees the system's packages (make setup makes one on a Pi)"
        )
    cards = sorted(devices.glob("card*"))
    if not cards:
        return (
            f"there is no graphics device ({devices}/card*): on a Pi let dtoverlay=vc4-kms-v3d stand in "
            "/boot/firmware/config.txt, and restart it"
        )
    if not any(os.access(card, os.R_OK | os.W_OK) for card in cards):
        return (
            f"{', '.join(map(str, cards))} may not be opened: the kiosk's user has to be in the groups video and render "
            "(sudo usermod -aG video,render NAME)"
        )
    states = plugs(connectors)
    if states and not any(states.values()):
        return f"no screen is connected ({', '.join(states)}): plug it in, switch it on, and start the kiosk again"
    return None


def plugs(connectors: Path = CONNECTORS) -> dict[str, bool]:
    """The sockets for screens by their names, "HDMI-A-1", and whether a screen is in them."""
    paths = sorted(connectors.glob("card*-*/status"), key=lambda path: path.parent.name.partition("-")[2])
    return {path.parent.name.partition("-")[2]: path.read_text("ascii").strip() == "connected" for path in paths}
