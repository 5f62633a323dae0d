"""From a flat sheet to what a sensor makes of it: homography, lens, hand, light and grain. Knows numpy and Pillow."""

from __future__ import annotations

import math
import random

import numpy as np
from PIL import Image, ImageDraw, ImageFilter

from tests.frames.trouble import Trouble

WIDTH, HEIGHT = 1280, 720
_WHITE = 225 / 250  # what a sheet's paper white is exposed to
_BEZEL = 0.035  # of the screen's height
_GLASS = 30  # level of a phone's frame

Light = np.ndarray
"""float32 levels [row, column], 0 to 255 and beyond: what falls in, before the sensor clips it."""


def seen(sheets: list[tuple[Image.Image, Trouble]], behind: Light, chance: random.Random, grain: str = "") -> np.ndarray:
    """The frame (uint8) with these phones in it, from the back to the front; the camera is as the last one's trouble says.

    `chance` draws the cracks, the thumb and the lamp, `grain` names the noise: so they can stay while it changes.
    """
    noise = np.random.default_rng(random.Random(grain or chance.random()).getrandbits(64))
    light = behind
    for sheet, trouble in sheets:
        light = _with_phone(light, _marked(sheet, trouble, chance), trouble, chance)
    trouble = sheets[-1][1] if sheets else Trouble(tall=0.5)
    light = _blurred(light, trouble)
    light = light * trouble.gain + _glare(trouble, chance)
    # Shot noise grows with the root of the light, and a short exposure's gain multiplies it.
    light += noise.standard_normal(light.shape, np.float32) * (trouble.noise * np.sqrt(0.25 + np.clip(light, 0, 255) / 200))
    return np.clip(light, 0, 255).astype(np.uint8)


def corners_of(trouble: Trouble, sheet: Image.Image) -> list[tuple[float, float]]:
    """Where the sheet's corners come to lie, clockwise from its own upper left."""
    tall = HEIGHT * trouble.tall
    wide = tall * sheet.width / sheet.height
    turn = math.radians(trouble.turn)
    spread = abs(wide * math.cos(turn)) + abs(tall * math.sin(turn)), abs(tall * math.cos(turn)) + abs(wide * math.sin(turn))
    middle = tuple(
        side / 2 + (share - 0.5) * max(0.0, side - room)
        for side, room, share in zip((WIDTH, HEIGHT), spread, trouble.place, strict=True)
    )
    ring = []
    for x, y in ((-0.5, -0.5), (0.5, -0.5), (0.5, 0.5), (-0.5, 0.5)):
        depth = 1 + x * trouble.tilt[0] + y * trouble.tilt[1]
        flat_x, flat_y = x * wide / depth, y * tall / depth
        ring.append(
            (
                middle[0] + flat_x * math.cos(turn) - flat_y * math.sin(turn),
                middle[1] + flat_x * math.sin(turn) + flat_y * math.cos(turn),
            )
        )
    return ring


def homography(sheet: Image.Image, ring: list[tuple[float, float]]) -> list[float]:
    """The eight numbers that take a pixel of the frame to one of the sheet."""
    rows, wanted = [], []
    flat = [(0, 0), (sheet.width, 0), (sheet.width, sheet.height), (0, sheet.height)]
    for (x, y), (u, v) in zip(ring, flat, strict=True):
        rows += [[x, y, 1, 0, 0, 0, -u * x, -u * y], [0, 0, 0, x, y, 1, -v * x, -v * y]]
        wanted += [u, v]
    return list(np.linalg.solve(np.array(rows), np.array(wanted)))


def _with_phone(light: Light, sheet: Image.Image, trouble: Trouble, chance: random.Random) -> Light:
    edge = round(sheet.height * _BEZEL)
    phone = Image.new("LA", (sheet.width + 2 * edge, sheet.height + 2 * edge), (_GLASS, 255))
    phone.paste(sheet, (edge, edge))
    shrink = HEIGHT * trouble.tall * 1.4 / sheet.height
    if shrink < 1:  # a sensor's pixel takes the mean of what falls on it
        phone = phone.resize((round(phone.width * shrink), round(phone.height * shrink)), Image.Resampling.BOX)
    ring = corners_of(trouble, phone)
    view = np.asarray(
        phone.transform((WIDTH, HEIGHT), Image.Transform.PERSPECTIVE, homography(phone, ring), Image.Resampling.BICUBIC)
    )
    shown, solid = view[:, :, 0].astype(np.float32), view[:, :, 1].astype(np.float32) / 255
    screen = (shown * _WHITE + trouble.haze) * _pattern(trouble, chance)
    return light * (1 - solid) + screen * solid


def _pattern(trouble: Trouble, chance: random.Random) -> np.ndarray:
    """What the screen's grid and its dimming do to its light: moire over the frame, bands down the rows."""
    y, x = np.mgrid[0:HEIGHT, 0:WIDTH].astype(np.float32)
    way, bend = chance.uniform(0, math.pi), chance.uniform(-0.0006, 0.0006)
    wave = 2 * math.pi / trouble.moire_period * (x * math.cos(way) + y * math.sin(way) + bend * x * y)
    rows = np.sin(2 * math.pi * (np.arange(HEIGHT, dtype=np.float32) / chance.uniform(60, 260) + chance.random()))[:, None]
    even: np.ndarray = (1 + trouble.moire * np.sin(wave)) * (1 - trouble.banding * (0.5 + 0.5 * rows))
    return even.astype(np.float32)


def _marked(sheet: Image.Image, trouble: Trouble, chance: random.Random) -> Image.Image:
    """With the thumb that holds it and the cracks of its glass."""
    if not trouble.thumb and not trouble.cracks:
        return sheet
    sheet = sheet.copy()
    draw = ImageDraw.Draw(sheet)
    for _ in range(trouble.cracks):
        x, y = chance.uniform(0, sheet.width), chance.uniform(0, sheet.height * 0.8)
        way = chance.uniform(0, 2 * math.pi)
        points = [(x, y)]
        for _ in range(9):
            way += chance.gauss(0, 0.35)
            x, y = x + 55 * math.cos(way), y + 55 * math.sin(way)
            points.append((x, y))
        draw.line(points, fill=chance.choice([40, 150, 255]), width=chance.randint(1, 3))
    if trouble.thumb:
        reach, middle = trouble.thumb * sheet.width, chance.uniform(0.2, 0.95) * sheet.height
        left = chance.random() < 0.5
        ends = (-80, reach) if left else (sheet.width - reach, sheet.width + 80)
        draw.ellipse((ends[0], middle - 75, ends[1], middle + 75), fill=128)
    return sheet


def _blurred(light: Light, trouble: Trouble) -> Light:
    if trouble.defocus > 0.3:
        light = np.asarray(
            Image.fromarray(np.clip(light, 0, 255).astype(np.uint8)).filter(ImageFilter.GaussianBlur(trouble.defocus))
        )
        light = light.astype(np.float32)
    across, down = trouble.motion
    steps = math.ceil(max(abs(across), abs(down)))
    if steps < 2:
        return light
    # Shifts by whole pixels, spread evenly along the way.
    shifts = [(round(down * (i / (steps - 1) - 0.5)), round(across * (i / (steps - 1) - 0.5))) for i in range(steps)]
    total = np.zeros_like(light)
    for shift in shifts:
        total += np.roll(light, shift, (0, 1))
    return total / steps


def _glare(trouble: Trouble, chance: random.Random) -> Light | float:
    if not trouble.glare:
        return 0.0
    y, x = np.ogrid[0:HEIGHT, 0:WIDTH]
    across, down = chance.uniform(0.2, 0.8) * WIDTH, chance.uniform(0.1, 0.9) * HEIGHT
    wide, high = chance.uniform(60, 220), chance.uniform(50, 160)
    spot = np.exp(-(((x - across) / wide) ** 2), dtype=np.float32) * np.exp(-(((y - down) / high) ** 2), dtype=np.float32)
    lamp: Light = trouble.glare * spot.astype(np.float32)
    return lamp
