"""JSON from outside, read strictly: no duplicate keys, no NaN, no endless nesting, and an integer is an int. Knows no message."""

from __future__ import annotations

import json
from typing import NoReturn

LARGEST_INT = 2**53 - 1
"""Beyond this two readers of one JSON text may differ, and no amount comes near."""


def read_object(body: bytes) -> dict[str, object] | None:
    """The JSON object that `body` (UTF-8, no BOM) is, or None when it is anything else."""
    try:
        data = json.loads(body.decode("utf-8"), object_pairs_hook=_no_duplicates, parse_constant=_refuse)
    except (ValueError, RecursionError):  # ValueError: bad UTF-8, bad JSON, an integer of thousands of digits
        return None
    return data if isinstance(data, dict) else None


def text(data: dict[str, object] | None, name: str, longest: int = 64) -> str | None:
    """The printable ASCII string of 1 to `longest` characters under `name`, else None: no number or code has others."""
    value = None if data is None else data.get(name)
    return value if isinstance(value, str) and 0 < len(value) <= longest and value.isascii() and value.isprintable() else None


def integer(data: dict[str, object] | None, name: str) -> int | None:
    """The int from 0 to LARGEST_INT under `name`, else None. True and 12.0 are none."""
    value = None if data is None else data.get(name)
    return value if type(value) is int and 0 <= value <= LARGEST_INT else None


def sub_object(data: dict[str, object] | None, name: str) -> dict[str, object] | None:
    """The object under `name`, else None."""
    value = None if data is None else data.get(name)
    return value if isinstance(value, dict) else None


def _no_duplicates(pairs: list[tuple[str, object]]) -> dict[str, object]:
    data = dict(pairs)
    if len(data) != len(pairs):
        raise ValueError("a key twice")
    return data


def _refuse(constant: str) -> NoReturn:
    raise ValueError(f"{constant} is no JSON")
