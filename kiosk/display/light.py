"""How bright the screen is, and whether it rests: by what it shows, and how long nobody has done anything. Pure.

Somebody who waits is never left in the dark: only screens on which nothing goes on rest.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import Enum

from kiosk.core import screens
from kiosk.core.checkup_screens import ReadTest
from kiosk.core.past_screens import PinAsked
from kiosk.core.setup_screens import SetupBusy

MOVING = (
    screens.Starting
    | screens.Scanning
    | screens.SeekingReceipt
    | ReadTest
    | screens.Charging
    | screens.Password
    | screens.Placing
    | screens.ShowingQr
    | screens.Cancelling
    | screens.Unresolved
    | screens.Updating
    | PinAsked
    | SetupBusy
)
"""Screens on which something goes on, and the picture shows it each second."""

CALM_AFTER_S = 600  # dimmed for so long, the idle screen makes room for a nearly black one
DIM_SHARE = 20  # percent of the usual light: to be read at night, and to save a lamp by day


class Rest(Enum):
    """How far the screen has gone to rest."""

    AWAKE = "awake"
    DIM = "dim"  # the same picture in less light
    CALM = "calm"  # a dark picture with little in it


@dataclass(frozen=True, slots=True)
class Light:
    """What the screen is to be like. `lamp`: percent of the backlight; `picture`: percent of the picture's own brightness.

    One of the two is dimmed: the picture where there is no lamp to be set.
    """

    rest: Rest = Rest.AWAKE
    lamp: int = 100
    picture: int = 100


def light(screen: screens.Screen, quiet_s: float, *, dim_after_s: int, brightness: int, has_lamp: bool) -> Light:
    """The light for this screen after so many seconds without a key, a finger or another screen. `dim_after_s` 0: always awake.

    `brightness`: percent of the lamp while awake; a QR has all of it.
    """
    rest = Rest.AWAKE
    if dim_after_s and quiet_s >= dim_after_s and not isinstance(screen, MOVING):
        rest = Rest.CALM if isinstance(screen, screens.Idle) and quiet_s >= dim_after_s + CALM_AFTER_S else Rest.DIM
    share = 100 if rest is Rest.AWAKE else DIM_SHARE
    if not has_lamp:
        return Light(rest, 100, share)
    return Light(rest, 100 if isinstance(screen, screens.ShowingQr) else max(1, brightness * share // 100))
