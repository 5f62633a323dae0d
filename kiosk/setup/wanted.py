"""Whether there is anything to set up. Light: each start of the kiosk asks."""

from __future__ import annotations

from pathlib import Path

from kiosk import config as configuration

SETTINGS = configuration.PLACES[0]


def wanted(config: Path | None) -> bool:
    """Whether `kiosk run` is the set-up: kiosk.toml is looked for where an appliance has it, and a steward is there to write it.

    `config`: as it was named, if it was. One that somebody names at a prompt and that does not exist is a mistake.
    """
    if config is None:
        return not any(place.exists() for place in configuration.PLACES) and _a_steward_is_there()
    return config == SETTINGS and not config.exists() and _a_steward_is_there()


def _a_steward_is_there() -> bool:
    from kiosk.steward import client  # noqa: PLC0415  a kiosk that is set up has no need of it

    return client.SOCKET.exists()
