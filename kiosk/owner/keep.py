"""Small files that must outlive a power cut: written beside the old one, synced, renamed, the folder synced. Knows no content."""

from __future__ import annotations

import json
import os
from pathlib import Path
from typing import Any


def write(path: Path, content: bytes) -> None:
    """Put `content` in the place of the file, which only its owner may open; all of it or nothing. May raise OSError."""
    fresh = path.with_name(path.name + ".new")
    descriptor = os.open(fresh, os.O_WRONLY | os.O_CREAT | os.O_TRUNC | os.O_NOFOLLOW, 0o600)
    try:
        with os.fdopen(descriptor, "wb") as file:
            file.write(content)
            file.flush()
            os.fsync(file.fileno())
        fresh.replace(path)
    except OSError:
        fresh.unlink(missing_ok=True)
        raise
    folder = os.open(path.parent, os.O_RDONLY | os.O_DIRECTORY)
    try:
        os.fsync(folder)
    finally:
        os.close(folder)


def write_json(path: Path, value: dict[str, Any]) -> None:
    """As write()."""
    write(path, json.dumps(value, indent=1).encode() + b"\n")


def read_json(path: Path) -> dict[str, Any] | None:
    """The object in the file; None when there is no file. ValueError when it holds something else."""
    try:
        content = path.read_bytes()
    except FileNotFoundError:
        return None
    value = json.loads(content)
    if not isinstance(value, dict):
        raise ValueError(f"{path} holds no object")  # noqa: TRY004  its content is wrong, not its type
    return value
