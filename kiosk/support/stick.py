"""A USB stick that is mounted and takes files: where it is, and one file written to it so that it can be pulled out.

Mounting is not the kiosk's to do, and it may not: a desktop does it, or the steward, or whoever stands at the prompt.
"""

from __future__ import annotations

import os
from pathlib import Path

from kiosk.written import sync_folder

PLACES = ("/media/", "/run/media/", "/mnt/")
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


def put(folder: Path, name: str, content: bytes) -> None:
    """The whole file, on the medium when this returns. May raise OSError; then nothing of this name is there.

    Not written.put: a stick's FAT knows no modes, and refuses to be given one.
    """
    scratch = folder / f".{name}.new"
    try:
        with scratch.open("wb") as file:
            file.write(content)
            file.flush()
            os.fsync(file.fileno())
        scratch.replace(folder / name)
    except OSError:
        scratch.unlink(missing_ok=True)
        raise
    sync_folder(folder)
