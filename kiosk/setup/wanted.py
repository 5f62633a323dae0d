"""Whether there is anything to set up. Light: each start of the kiosk asks."""

from __future__ import annotations

from pathlib import Path

from kiosk import config as configuration
from kiosk.steward.client import SOCKET

SETTINGS = configuration.PLACES[0]


def wanted(config: Path | None) -> bool:
    """Whether `kiosk run` is the set-up: kiosk.toml is looked for where an appliance has it, and a steward is there to write it.

    `config`: as it was named, if it was. One that somebody names at a prompt and that does not exist is a mistake.
    """
    if config is None:
        return not any(place.exists() for place in configuration.PLACES) and SOCKET.exists()
    return config == SETTINGS and not config.exists() and SOCKET.exists()
