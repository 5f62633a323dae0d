"""From the command to a screen one can sell with, against a script that only opens the window."""

from __future__ import annotations

import sys
import time
from functools import partial
from pathlib import Path
from statistics import median

from tests.bench.conftest import Table
from tests.bench.desk import SIZE, Desk, XScreen, quiet, wait_for, window

ROUNDS = 7
ROUND_S = 15.0  # at most, quiet() included
BARE = f"""
import pygame, time
pygame.display.init()
screen = pygame.display.set_mode({SIZE})
screen.fill((8, 106, 62))
pygame.display.flip()
time.sleep(600)
"""
NAME = (80, 150, 20, 480)  # where the idle screen, and no other, has the shop's name
STAGE = (40, 470)  # all but the row of signs


def test_the_first_usable_screen_comes_soon(desk: Desk, screen: XScreen, table: Table, tmp_path: Path) -> None:
    """The idle screen, on which an amount can be keyed, within twice the time of a bare window; started in turns."""
    kiosk = [sys.executable, "-m", "kiosk", "--config", str(desk.config), "run"]
    log = tmp_path / "log"
    usable, ready, bare = [], [], []
    minute, name, stage = 0, b"", b""
    for _ in range(ROUNDS):
        while minute != int(time.time() + ROUND_S) // 60:  # all of the picture moves with each (kiosk/display/drift.py)
            with window(kiosk, screen, log):
                name, stage = _settled(screen)
            minute = int(time.time()) // 60
        quiet()
        with window(kiosk, screen, log) as (_, began):
            usable.append(wait_for(partial(_shows, screen, NAME, name)) - began)
            ready.append(wait_for(partial(_shows, screen, STAGE, stage)) - began)
        quiet()
        with window([sys.executable, "-c", BARE], screen, log) as (_, began):
            bare.append(wait_for(lambda: not screen.dark()) - began)
    peer = median(bare) / 1e9
    against = f"bare pygame window {peer:.2f} s"
    table.row("start -> online, ready to sell", f"{median(ready) / 1e9:.2f} s", against, median(ready) / 1e9 / peer)
    table.row("start -> idle screen", f"{median(usable) / 1e9:.2f} s", against, median(usable) / 1e9 / peer, 2.0)


def _shows(screen: XScreen, part: tuple[int, ...], picture: bytes) -> bool:
    return screen.rows(*part) == picture


def _settled(screen: XScreen) -> tuple[bytes, bytes]:
    """The idle screen's parts once nothing moves any more: the kiosk is online."""
    wait_for(lambda: not screen.dark())
    while True:
        before = screen.rows(*STAGE)
        try:
            wait_for(lambda before=before: screen.rows(*STAGE) != before, most_s=3.0)  # type: ignore[misc]
        except AssertionError:
            return screen.rows(*NAME), before
