"""A picture to draw on: areas, icons, lines and text of any script, by pygame.

It knows pixels and fonts; no screen, no words, no layout.
"""

from __future__ import annotations

from collections.abc import Sequence
from functools import lru_cache
from itertools import pairwise

from kiosk.display.fonts import FACE_OF, Script, path_of, runs
from kiosk.display.icons import Icon, Stroke
from kiosk.display.kept import Kept
from kiosk.display.sdl import pygame
from kiosk.display.theme import Colour

Rect = tuple[int, int, int, int]

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
