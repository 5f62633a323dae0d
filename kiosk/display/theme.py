"""Colours, size classes and the type scale: the look of the kiosk in numbers. Knows no screen, no words, no drawing library.

A dark ground for a screen that is on day and night; one field of strong colour where the answer stands. Every pair of
text and ground used has a contrast of at least 4.5:1 (WCAG 2.1, 1.4.3), which the gallery test measures.
"""

from __future__ import annotations

from dataclasses import asdict, dataclass, replace
from enum import Enum

Colour = tuple[int, int, int]

GROUND: Colour = (9, 13, 20)
PANEL: Colour = (22, 29, 41)
CAP: Colour = (39, 49, 66)
LINE: Colour = (54, 66, 86)
FAINT_CAP: Colour = (15, 20, 29)
FAINT_TEXT: Colour = (122, 134, 153)
BLACK: Colour = (0, 0, 0)
TEXT: Colour = (243, 246, 250)
MUTED: Colour = (166, 178, 196)
INK: Colour = (14, 17, 23)
WHITE: Colour = (255, 255, 255)
GREEN: Colour = (62, 207, 130)
AMBER: Colour = (255, 193, 70)
RED: Colour = (255, 122, 112)
BLUE: Colour = (112, 178, 255)


@dataclass(frozen=True, slots=True)
class Field:
    """A ground and what may stand on it."""

    ground: Colour
    text: Colour
    soft: Colour  # second-rank text
    mark: Colour  # the icon


class Tone(Enum):
    """The mood of an answer. The icon and the words say the same: colour is never the only sign."""

    CALM = Field(PANEL, TEXT, MUTED, BLUE)
    ACT = Field((18, 74, 148), WHITE, (214, 229, 250), WHITE)  # the customer has something to do
    GOOD = Field((8, 106, 62), WHITE, (207, 240, 222), WHITE)
    BAD = Field((158, 30, 36), WHITE, (252, 220, 218), WHITE)
    OPEN = Field((250, 184, 52), INK, (62, 44, 4), INK)  # nobody knows yet
    OVER = Field((58, 69, 88), WHITE, (214, 221, 231), WHITE)  # ended without payment
    PLAYED = Field((96, 20, 112), WHITE, (240, 216, 246), WHITE)  # a payment of a training: never the green of a real one


@dataclass(frozen=True, slots=True)
class Scale:
    """One size class: lengths in pixels. `side`: the two voices stand side by side, otherwise one above the other."""

    side: bool
    pad: int
    gap: int
    bar: int  # height of the row of signs
    legend: int  # height of the row of keys
    radius: int
    huge: int  # the amount
    title: int
    head: int
    body: int
    small: int
    floor: int  # no text is smaller
    icon: int
    stroke: int  # of the outlines on the camera's picture
    roomy: bool = True  # there is room for second-rank words


_LARGE = Scale(True, 20, 14, 40, 66, 22, 168, 74, 40, 29, 22, 17, 132, 5)
_MEDIUM = Scale(True, 14, 10, 34, 54, 18, 132, 58, 32, 24, 18, 14, 104, 4)
_TALL = Scale(False, 12, 9, 30, 54, 16, 104, 44, 27, 20, 16, 13, 88, 4)
_SMALL = Scale(False, 8, 6, 24, 36, 12, 84, 34, 22, 16, 14, 12, 62, 3)
_TINY = Scale(False, 5, 4, 20, 27, 9, 58, 26, 17, 14, 12, 11, 46, 2, roomy=False)

SMALLEST = (320, 240)
_BESIDE = {(960, 560): _LARGE, (640, 400): _MEDIUM, (440, 290): _SMALL}
_BELOW = {(440, 420): _TALL, (440, 290): _SMALL}
_ALONE = 1.35
_WIDE = 1.1  # width by height: from here on things stand side by side, on screens that are large enough


def scale_for(size: tuple[int, int]) -> Scale:
    """The class for a screen of `size` pixels."""
    width, height = size
    beside = width >= height * _WIDE  # two columns of words
    base, grown = (_LARGE, min(width / 1024, height / 600)) if beside else (_TALL, min(width / 480, height / 520))
    if grown > (1.2 if beside else 1.1):  # a television, say: everything grows with it
        return _grown(base, grown)
    for least, scale in (_BESIDE if beside else _BELOW).items():
        if width >= least[0] and height >= least[1]:
            return scale
    return _TINY


def alone(size: tuple[int, int]) -> Scale:
    """The class for a screen of `size` pixels on which one voice speaks: its words have the room of two."""
    scale = scale_for(size)
    grown = _grown(scale, _ALONE)
    return replace(grown, pad=scale.pad, gap=scale.gap, floor=scale.floor, body=scale.head)


def _grown(scale: Scale, factor: float) -> Scale:
    numbers = {name: round(value * factor) for name, value in asdict(scale).items() if not isinstance(value, bool)}
    return replace(scale, **numbers)


def contrast(one: Colour, other: Colour) -> float:
    """The contrast ratio of two colours, 1 to 21 (WCAG 2.1, relative luminance)."""
    light, dark = sorted((_luminance(one), _luminance(other)), reverse=True)
    return (light + 0.05) / (dark + 0.05)


def _luminance(colour: Colour) -> float:
    def linear(value: int) -> float:
        share = value / 255
        return share / 12.92 if share <= 0.04045 else ((share + 0.055) / 1.055) ** 2.4  # noqa: PLR2004  sRGB's

    red, green, blue = (linear(value) for value in colour)
    return 0.2126 * red + 0.7152 * green + 0.0722 * blue
