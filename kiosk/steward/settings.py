"""A new kiosk.toml: read as the kiosk would read it, and put in the old one's place as a whole or not at all."""

from __future__ import annotations

from contextlib import suppress
from pathlib import Path

from kiosk import config
from kiosk.core.errors import ConfigError
from kiosk.written import sync_folder, write

NAME = "kiosk.toml"


def take_settings(toml: str, folder: Path, credentials: Path) -> tuple[str, ...]:
    """Make `toml` the kiosk.toml of `folder`; its warnings. Raises ConfigError with all mistakes, and then the old one stays.

    `credentials`: a folder with the keys, as systemd would show it to the kiosk.
    """
    path = folder / f".{NAME}.new"  # in the same folder: names in it are relative to that, and a rename stays within a disk
    try:
        write(path, toml.encode())
        warnings = config.load(path, credentials).warnings
        path.replace(folder / NAME)
        sync_folder(folder)
    except ConfigError as error:
        raise ConfigError([problem.replace(str(path), NAME) for problem in error.problems]) from None
    finally:
        with suppress(FileNotFoundError):
            path.unlink()
    return warnings
