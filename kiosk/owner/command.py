"""What the set-up and a person at the prompt do for the page: give it its PIN."""

from __future__ import annotations

from pathlib import Path

from kiosk import config as configuration
from kiosk.config.owner import OwnerConfig
from kiosk.core.errors import KioskError
from kiosk.owner.place import make_folder
from kiosk.pins import Pin, typed


def set_pin(path: Path, line: str) -> None:
    """Keep the PIN in this line, as the user whose page it is. PinRefused when it cannot be one, KioskError when not written."""
    config = configuration.load_owner(path) if path.exists() else OwnerConfig()
    make_folder(config.folder)
    try:
        Pin(config.folder).set(typed(line))
    except OSError as error:
        raise KioskError(
            f"{config.folder}: the PIN cannot be written ({error.strerror}). Run this as root or as kiosk-owner."
        ) from None
