"""The table [books] of kiosk.toml: whether statements are fetched by themselves, and what becomes of a payment nobody knew of."""

from __future__ import annotations

from dataclasses import dataclass

from kiosk.config.reader import Table

UNKNOWN = ("keep", "refund")


@dataclass(frozen=True, slots=True)
class BooksConfig:
    """`unknown_payments`: keep (bring it back and have a person look) or refund."""

    fetch: bool = True
    unknown_payments: str = UNKNOWN[0]


def read_books(table: Table) -> BooksConfig:
    """Read the table; what is wrong is noted in `table`."""
    remedy = "Write true to have the statement of each day fetched and compared, or false."
    return BooksConfig(
        fetch=table.flag("fetch", remedy, default=True),
        unknown_payments=table.choice("unknown_payments", UNKNOWN, default=UNKNOWN[0]),
    )
