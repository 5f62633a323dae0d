"""The table [display] of kiosk.toml: the screen, how it stands, how bright it is, and what is spoken on it.

Must not open anything, nor know a driver.
"""

from __future__ import annotations

from dataclasses import dataclass

from kiosk.config.reader import Table
from kiosk.core.languages import LANGUAGES

DISPLAYS = ("pygame", "offscreen", "recording")
ROTATIONS = (0, 90, 180, 270)
_SIZE = (800, 480)
_LEAST_SIZE = (320, 240)
_KEYS_SIDE = 240  # four keys of a finger's width (kiosk/display/keys.py)
_DAY_S = 86_400
_OUTPUTS = 8  # more than any Pi has


@dataclass(frozen=True, slots=True)
class CustomerConfig:
    """A second screen, towards the customer. `output`: which of the machine's screens, as SDL counts them from 0.

    `size`: pixels as people see them, where it is a window. `rotation` as the merchant's.
    """

    size: tuple[int, int]
    output: int = 1
    rotation: int = 0


@dataclass(frozen=True, slots=True)
class DisplayConfig:
    """The screen: pixels as people see them, languages as locales ("zh_CN").

    `rotation`: degrees by which the picture is turned clockwise. `brightness`: percent of what the screen's lamp can.
    `dim_after_s` 0: never.
    """

    driver: str
    size: tuple[int, int]
    fullscreen: bool
    merchant_language: str
    customer_language: str
    rotation: int = 0
    brightness: int = 100
    dim_after_s: int = 120
    customer: CustomerConfig | None = None


def read_display(table: Table, *, keys: bool) -> DisplayConfig:
    """Read the table; what is wrong is noted in `table`. `keys`: the keypad is drawn on the screen."""
    return DisplayConfig(
        driver=table.choice("driver", DISPLAYS),
        size=_size(table, keys=keys),
        fullscreen=table.flag("fullscreen", "Write true or false.", default=False),
        merchant_language=table.choice("merchant_language", tuple(LANGUAGES), default="en"),
        customer_language=table.choice("customer_language", tuple(LANGUAGES), default="zh_CN"),
        rotation=_rotation(table),
        brightness=table.number(
            "brightness", "Write the percentage of full brightness, 10 to 100.", bounds=(10, 100), default=100
        ),
        dim_after_s=table.number(
            "dim_after_s", "Write after how many idle seconds the screen is dimmed; 0 is never.", bounds=(0, _DAY_S), default=120
        ),
        customer=_customer(table),
    )


def _customer(display: Table) -> CustomerConfig | None:
    table = display.below("customer")
    if table is None:
        return None
    remedy = "Write which of the screens is the customer's, counted from 0: 1 is the second one."
    customer = CustomerConfig(
        size=_size(table, keys=False),
        output=table.number("output", remedy, bounds=(0, _OUTPUTS - 1), default=1),
        rotation=_rotation(table),
    )
    table.end()
    return customer


def _size(table: Table, *, keys: bool) -> tuple[int, int]:
    remedy = "Write width and height in pixels, as [800, 480]; the least is [320, 240]."
    width, height = table.numbers("size", remedy, bounds=(1, 4096), default=_SIZE)
    if width < _LEAST_SIZE[0] or height < _LEAST_SIZE[1]:
        table.wrong("size", [width, height], "is too small for people to read", remedy)
    elif keys and not room_for_keys(width, height):
        table.wrong(
            "size",
            [width, height],
            'has no room for keys that a finger hits beside what is to be read, and [keypad] driver is "touch"',
            "Turn the screen on its side ([320, 480] with rotation = 90 has the room), or use a larger screen or another keypad.",
        )
    return width, height


def room_for_keys(width: int, height: int) -> bool:
    """Whether the least picture and sixteen keys fit a screen of this size, side by side or one above the other."""
    least_width, least_height = _LEAST_SIZE
    beside = width >= least_width + _KEYS_SIDE and height >= max(least_height, _KEYS_SIDE)
    return beside or (width >= least_width and height >= least_height + _KEYS_SIDE)


def _rotation(table: Table) -> int:
    remedy = "Write by how many degrees the picture is turned clockwise: 0, 90, 180 or 270."
    rotation = table.number("rotation", remedy, bounds=(0, 270), default=0)
    if rotation not in ROTATIONS:
        table.wrong("rotation", rotation, "is no quarter of a turn", remedy)
        return 0
    return rotation
