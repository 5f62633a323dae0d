"""What the camera may hand over while the kiosk is set up: a Wi-Fi's QR, a part of an enrolment. Light: both processes use it.

A payment code is of neither form, so none gets out this way, whatever is before the camera.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence

from kiosk.camera.symbol import Format, Symbol
from kiosk.core.enrolment import LONGEST as LONGEST_PART
from kiosk.core.enrolment import MOST_PARTS, read_part
from kiosk.core.scanning import LookFor
from kiosk.core.wifi import LONGEST as LONGEST_WIFI
from kiosk.core.wifi import read_wifi

LONGEST = max(LONGEST_PART, LONGEST_WIFI)
MOST = 2 * MOST_PARTS  # different texts in one look: more is somebody's joke

_READ: dict[LookFor, Callable[[str], object | None]] = {LookFor.WIFI: read_wifi, LookFor.ENROLMENT: read_part}


def fits(text: str, look_for: LookFor) -> bool:
    """Whether the text is of the form that is looked for."""
    read = _READ.get(look_for)
    return read is not None and read(text) is not None


def fitting(symbols: Sequence[Symbol], look_for: LookFor) -> list[str]:
    """The texts of this form in one frame, each once. QR only."""
    return list(dict.fromkeys(one.text for one in symbols if one.format is Format.QR and fits(one.text, look_for)))
