"""The versions of the ledger's schema, as SQL in schema/. Knows their order, and not what they say."""

from __future__ import annotations

from importlib.resources import files
from importlib.resources.abc import Traversable
from typing import Final

from kiosk.core.errors import LedgerError

SCHEMA: Final[Traversable] = files("kiosk.payment") / "schema"


def migrations(schema: Traversable) -> tuple[str, ...]:
    """The SQL of 0001.sql, 0002.sql, ... in order; each takes the version before it to its own."""
    names = sorted(item.name for item in schema.iterdir() if item.name.endswith(".sql"))
    if not names or names != [f"{number:04}.sql" for number in range(1, len(names) + 1)]:
        raise LedgerError(f"schema {schema}: expected 0001.sql, 0002.sql and so on without a gap, found {names}; install again")
    return tuple((schema / name).read_text(encoding="utf-8") for name in names)
