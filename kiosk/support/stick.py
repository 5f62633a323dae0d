"""A USB stick that takes files: where it is mounted, and one file written to it so that it can be pulled out.

Mounting is not the kiosk's to do, and it may not: a desktop does it, or whoever is at the prompt, or the steward for a moment.
"""

from __future__ import annotations

import logging
import os
from contextlib import suppress
from pathlib import Path
from typing import TYPE_CHECKING

from kiosk.core.errors import KioskError
from kiosk.written import put_pieces

if TYPE_CHECKING:
    from kiosk.steward.client import Steward

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


def carry(name: str, content: bytes, steward: Steward, mounted: Path | None, own: Path) -> bool:
    """A file onto the stick that is `mounted`, or onto one that the steward mounts for it; False when no stick has taken it.

    `own`: where the steward looks for it; it is there only meanwhile.
    """
    if mounted is not None:
        try:
            put_pieces(mounted / name, [content])
        except OSError as error:
            _log.warning("the stick took no file", extra={"problem": error.strerror})
        else:
            return True
    if not own.parent.is_dir():  # no appliance
        return False
    file = own / name
    try:
        own.mkdir(mode=0o700, exist_ok=True)
        put_pieces(file, [content])
        return steward.carry(file)
    except (KioskError, OSError) as error:
        _log.warning("no file was carried to a stick", extra={"problem": str(error)})
        return False
    finally:
        with suppress(OSError):
            file.unlink()
