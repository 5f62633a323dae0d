"""A USB stick that takes files: where it is mounted, and one file written to it so that it can be pulled out.

Mounting is not the kiosk's to do, and it may not: a desktop does it, or whoever is at the prompt, or the steward for a moment.
"""

from __future__ import annotations

import logging
import os
from collections.abc import Callable, Iterable
from contextlib import suppress
from pathlib import Path
from typing import TYPE_CHECKING

from kiosk.core.carried import CarryEnd
from kiosk.core.errors import KioskError
from kiosk.steward.fields import StewardRefused
from kiosk.written import put_pieces

if TYPE_CHECKING:
    from kiosk.steward.client import Steward

Content = Callable[[], Iterable[bytes]]
"""Makes a file's pieces, and makes them anew when the first stick has refused them."""

PLACES = ("/media/", "/run/media/", "/mnt/")
_log = logging.getLogger(__name__)
_OCTAL = {r"\040": " ", r"\011": "\t", r"\134": "\\"}


def mounted(mounts: Path = Path("/proc/self/mounts"), places: tuple[str, ...] = PLACES) -> Path | None:
    """The first place of a stick that may be written to; proc(5), /proc/pid/mounts."""
    try:
        lines = mounts.read_text("utf-8", "replace").splitlines()
    except OSError:
        return None
    for line in lines:
        words = line.split(" ")
        if len(words) < 4:  # noqa: PLR2004  device, place, kind, options
            continue
        place = words[1]
        for coded, char in _OCTAL.items():
            place = place.replace(coded, char)
        if f"{place}/".startswith(places) and "ro" not in words[3].split(",") and os.access(place, os.W_OK | os.X_OK):
            return Path(place)
    return None


def carry(name: str, content: Content, steward: Steward, mounted: Path | None, own: Path) -> CarryEnd:
    """A file onto the stick that is `mounted`, or onto one that the steward mounts for it. KioskError is `content`'s alone.

    `own`: where the steward looks for it, in memory; it is there only meanwhile.
    """
    none = CarryEnd.NO_STICK
    if mounted is not None:
        try:
            put_pieces(mounted / name, content())
        except OSError as error:
            _log.warning("the stick took no file", extra={"problem": error.strerror})
            none = CarryEnd.REFUSED
        else:
            return CarryEnd.DONE
    if not own.parent.is_dir():  # no appliance
        return none
    file = own / name
    try:
        own.mkdir(mode=0o700, exist_ok=True)
        put_pieces(file, content())
        return _carried(steward, file, none)
    except OSError as error:
        _log.warning("no file was there to be carried", extra={"problem": error.strerror})
        return CarryEnd.FAILED
    finally:
        with suppress(OSError):
            file.unlink()


def _carried(steward: Steward, file: Path, none: CarryEnd) -> CarryEnd:
    try:
        return CarryEnd.DONE if steward.carry(file) else none
    except StewardRefused as refused:
        _log.warning("the stick took no file", extra={"problem": str(refused)})
        return CarryEnd.REFUSED
    except KioskError as error:
        _log.warning("no file was carried to a stick", extra={"problem": str(error)})
        return CarryEnd.FAILED
