"""Reads a kiosk's picture as a person would: draws what it could say, and sees whether it is that. Runs in the machine.

One JSON object on stdin: `screen` (PNG, base64) and `page` (url, fingerprint: is it the set-up's invitation to that page? Prints
the code that stands there, or nothing) or `undone` (shop, version: is it the idle screen with that news? Prints yes or no).
"""

from __future__ import annotations

import base64
import io
import json
import sys
import time

import pygame

from kiosk.core.screens import Idle, Network, News, Signs, UpdateEnd, View
from kiosk.core.setup_nouns import Facts, Invite, PageFacts, Setup
from kiosk.core.setup_screens import Inviting
from kiosk.core.setup_view import screen
from kiosk.display.painter import Painter

SIZE = (800, 480)
TOP = 60  # rows above are the clock's and the network's
DIGITS = "0123456789"
LENGTH = 8


class Reader:
    """One picture."""

    def __init__(self, png: bytes) -> None:
        self._painter = Painter(SIZE, "en", "zh_CN")
        now = time.time_ns() // 1_000_000
        self._minutes = (now, now - 60_000)
        self._seen = _below(pygame.image.tobytes(pygame.image.load(io.BytesIO(png)), "RGB"))

    def far(self, view: View) -> int:
        """By how many bits the view's picture differs: that of this minute or of the last, as each is moved by a pixel."""
        return min(self._far(view, now) for now in self._minutes)

    def _far(self, view: View, now: int) -> int:
        self._painter.paint(view, now)
        return (_below(self._painter.canvas.rgb()) ^ self._seen).bit_count()

    def code(self, url: str, fingerprint: str) -> str:
        """The digits, one after another; empty when it is not that page's picture with any."""
        read = ""
        for _ in range(LENGTH):
            filled = {digit: f"{read}{digit}".ljust(LENGTH, "0") for digit in DIGITS}
            read += min(DIGITS, key=lambda digit: self.far(_invitation(url, fingerprint, filled[digit])))
        return read if self.far(_invitation(url, fingerprint, read)) == 0 else ""


def _below(rgb: bytes) -> int:
    return int.from_bytes(rgb[TOP * SIZE[0] * 3 :])


def _invitation(url: str, fingerprint: str, code: str) -> View:
    facts = Facts("en", online=True, zone="Asia/Hong_Kong")
    return View(screen(Setup(facts, Invite(Inviting.PAGE), PageFacts(url, fingerprint, code)), 0), SIGNS)


SIGNS = Signs(Network.ONLINE, clock_known=True, unresolved=0)


def main() -> None:
    asked = json.load(sys.stdin)
    reader = Reader(base64.b64decode(asked["screen"]))
    if "page" in asked:
        print(reader.code(*asked["page"]))
    else:
        shop, version = asked["undone"]
        told = reader.far(View(Idle(shop, News(version, UpdateEnd.UNDONE)), SIGNS)) == 0
        print("yes" if told else "no")


if __name__ == "__main__":
    main()
