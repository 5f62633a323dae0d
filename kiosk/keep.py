"""The page's small JSON files, which only its user may open: there as a whole or not at all, whatever the plug does."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from kiosk.written import put


def write_json(path: Path, value: dict[str, Any]) -> None:
    """Put it in the place of the file. May raise OSError."""
    put(path, json.dumps(value, indent=1).encode() + b"\n", mode=0o600)


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
