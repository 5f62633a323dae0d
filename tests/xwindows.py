"""The X server's own word on windows, by xdotool. pygame's get_wm_info() crashes by chance: it reads members X has not filled."""

from __future__ import annotations

import os
import subprocess


def xdotool(*words: str, display: str | None = None) -> str:
    """What `xdotool WORDS` prints; it goes to the server of that name, else to the one that DISPLAY names."""
    env = os.environ | ({} if display is None else {"DISPLAY": display})
    return subprocess.run(["xdotool", *words], env=env, capture_output=True, text=True, check=True).stdout


def newest_window() -> int:
    """X's number of the window made last; such that no window manager manages have no names to be found by."""
    return max(map(int, xdotool("search", "--class", ".*").split()))


def corner(window: int) -> tuple[int, int]:
    """Where its upper left corner stands."""
    place = xdotool("getwindowgeometry", "--shell", str(window))
    at = dict(line.split("=") for line in place.split() if "=" in line)
    return int(at["X"]), int(at["Y"])
