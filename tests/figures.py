"""Where a command that measures leaves its figures besides printing them: a JSON line each, in the file that KIOSK_FIGURES names.

`make check` names one and reads it. Knows no bar.
"""

from __future__ import annotations

import json
import os
from pathlib import Path
from typing import Any

PLACE = "KIOSK_FIGURES"
Told = list[dict[str, Any]]
"""The lines of one command, in its order; `of` says which of its measurements a line is."""


def tell(of: str, **facts: Any) -> None:
    """Leave a line. Nobody asks: nothing happens."""
    if place := os.environ.get(PLACE):
        with Path(place).open("a", encoding="utf-8") as file:
            file.write(json.dumps({"of": of, **facts}, ensure_ascii=False) + "\n")


def told(place: Path) -> Told:
    """What was left there."""
    return [json.loads(line) for line in place.read_text("utf-8").splitlines()] if place.exists() else []
