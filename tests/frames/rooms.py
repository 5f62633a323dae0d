"""What is behind the phone, and what the camera sees when there is none: a counter, shelves, a ceiling, a hand."""

from __future__ import annotations

import math
import random

import numpy as np
from PIL import Image, ImageDraw, ImageFilter

from tests.frames.optics import HEIGHT, WIDTH, Light


def behind(chance: random.Random) -> Light:
    """One of the rooms, lit from somewhere."""
    draw = chance.choice([_counter, _counter, _shelves, _ceiling, _cloth, _hand])
    room = np.asarray(draw(chance).filter(ImageFilter.GaussianBlur(chance.uniform(0.5, 4)))).astype(np.float32)
    across, down = np.linspace(0, chance.uniform(-60, 60), WIDTH), np.linspace(0, chance.uniform(-60, 60), HEIGHT)
    lit: Light = np.clip(room + across[None, :] + down[:, None], 5, 250).astype(np.float32)
    return lit


def _counter(chance: random.Random) -> Image.Image:
    return Image.new("L", (WIDTH, HEIGHT), chance.randint(40, 200))


def _shelves(chance: random.Random) -> Image.Image:
    """Boxes with stripes and lettering on them: edges everywhere, as on real shelves."""
    room = Image.new("L", (WIDTH, HEIGHT), chance.randint(30, 90))
    draw = ImageDraw.Draw(room)
    for _ in range(130):
        x, y = chance.randrange(WIDTH), chance.randrange(HEIGHT)
        wide, high = chance.randint(20, 160), chance.randint(30, 180)
        level = chance.randint(20, 240)
        draw.rectangle((x, y, x + wide, y + high), fill=level)
        for line in range(chance.randint(0, 6)):
            top = y + 8 + 9 * line
            draw.line((x + 6, top, x + chance.randint(10, wide), top), fill=255 - level, width=chance.randint(1, 4))
    return room


def _ceiling(chance: random.Random) -> Image.Image:
    """What a camera that looks upward sees: lamps, and the lines of the tiles."""
    room = Image.new("L", (WIDTH, HEIGHT), chance.randint(110, 170))
    draw = ImageDraw.Draw(room)
    step, lean = chance.randint(90, 260), chance.randint(-80, 80)
    for place in range(-WIDTH, 2 * WIDTH, step):
        draw.line((place, 0, place + lean, HEIGHT), fill=90, width=3)
        draw.line((0, place, WIDTH, place + lean), fill=90, width=3)
    for _ in range(chance.randint(1, 4)):
        x, y = chance.randrange(WIDTH), chance.randrange(HEIGHT)
        draw.rectangle((x, y, x + chance.randint(60, 320), y + chance.randint(20, 90)), fill=255)
    return room


def _cloth(chance: random.Random) -> Image.Image:
    """A striped or checked shirt: regular lines, which is what a reader of barcodes takes longest over."""
    y, x = np.mgrid[0:HEIGHT, 0:WIDTH]
    way, period = chance.uniform(0, math.pi), chance.uniform(6, 40)
    wave = np.sin(2 * math.pi / period * (x * math.cos(way) + y * math.sin(way) + 9 * np.sin(y / 80)))
    if chance.random() < 0.5:
        wave = wave * np.sin(2 * math.pi / period * (y * math.cos(way) - x * math.sin(way)))
    return Image.fromarray((120 + 70 * np.sign(wave) * np.abs(wave) ** 0.5).astype(np.uint8))


def _hand(chance: random.Random) -> Image.Image:
    room = _counter(chance)
    draw = ImageDraw.Draw(room)
    x, y = chance.randint(300, 900), chance.randint(200, 500)
    for finger in range(5):
        way = math.radians(-150 + 30 * finger + chance.uniform(-8, 8))
        tip = x + 330 * math.cos(way), y + 330 * math.sin(way)
        draw.line((x, y, *tip), fill=150 + 6 * finger, width=70)
        draw.ellipse((tip[0] - 35, tip[1] - 35, tip[0] + 35, tip[1] + 35), fill=150 + 6 * finger)
    draw.ellipse((x - 140, y - 120, x + 140, y + 160), fill=160)
    return room
