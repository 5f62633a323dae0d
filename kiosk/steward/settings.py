"""A new kiosk.toml: read as the kiosk would read it, and put in the old one's place as a whole or not at all."""

from __future__ import annotations

import os
from contextlib import suppress
from pathlib import Path

from kiosk import config
from kiosk.core.errors import ConfigError

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


def put(path: Path, content: bytes, *, mode: int = 0o644) -> None:
    """Write a file as a whole or not at all: down to the disk under another name, then it takes its own."""
    beside = path.with_name(f".{path.name}.new")
    write(beside, content, mode=mode)
    beside.replace(path)
    sync_folder(path.parent)


def write(path: Path, content: bytes, *, mode: int = 0o644) -> None:
    """Write a new file down to the disk; one of that name, or a link, is not written through but taken away."""
    with suppress(FileNotFoundError):
        path.unlink()
    descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_NOFOLLOW, 0o600)
    with open(descriptor, "wb") as file:  # noqa: PTH123  of a descriptor
        file.write(content)
        file.flush()
        os.fchmod(descriptor, mode)
        os.fsync(descriptor)


def sync_folder(folder: Path) -> None:
    """Names in a folder are on the disk only when the folder is."""
    descriptor = os.open(folder, os.O_RDONLY | os.O_DIRECTORY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
