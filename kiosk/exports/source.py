"""Where exports come from, and which file they make: the kiosk is asked for one piece after the other, whoever wants it.

Knows the verbs of the kiosk's socket and of its door for the owner's page, which are the same; and nothing of where a file goes.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import date
from typing import Any

from kiosk.config.posting import PostingConfig
from kiosk.core.errors import KioskError
from kiosk.core.shifts import day_bounds
from kiosk.exports import forms, posting
from kiosk.exports.rows import COLUMNS, KINDS, Row, Shop, rows_of

ALL = "all"  # of what there is in every form, in one ZIP: packed.py
FORMS = ("csv", "json", "posting")
TYPES = {"csv": "text/csv; charset=utf-8", "json": "application/json", "posting": "text/csv; charset=utf-8"}

Ask = Callable[[dict[str, object]], dict[str, Any]]
"""Puts a request to the kiosk, or to its ledger; raises KioskError."""


@dataclass(frozen=True, slots=True)
class Export:
    """What is wanted: of these days of the shop, both included."""

    kind: str
    form: str
    first: date
    last: date

    @property
    def name(self) -> str:
        """The file's."""
        what = f"posting-{self.kind}" if self.form == "posting" else self.kind
        return f"{what}-{self.first}-{self.last}.{'json' if self.form == 'json' else 'csv'}"


def problem(wanted: Export) -> str | None:
    """Why there is no such file, in words."""
    if wanted.kind not in KINDS or wanted.form not in FORMS:
        return f"There is no export of {wanted.kind[:20]} as {wanted.form[:20]}."
    if wanted.last < wanted.first:
        return "The last day is before the first."
    if wanted.form == "posting" and wanted.kind not in ("sales", "shifts"):
        return "Postings are made of sales (an entry for each, refunds included) or of shifts (an entry for each Z and tender)."
    return None


def pieces(wanted: Export, shop: Shop, accounts: PostingConfig, ask: Ask) -> Iterator[bytes]:
    """The file, piece by piece. KioskError when there is none, or the kiosk goes away meanwhile."""
    wrong = problem(wanted)
    if wrong is not None:
        raise KioskError(wrong)
    if wanted.form == "posting":
        return forms.as_csv(posting.COLUMNS, (line.row() for line in postings(wanted, shop, accounts, ask)))
    made = _rows(wanted, shop, ask)
    return forms.as_json(made) if wanted.form == "json" else forms.as_csv(COLUMNS[wanted.kind], made)


def postings(wanted: Export, shop: Shop, accounts: PostingConfig, ask: Ask) -> Iterator[posting.Line]:
    """The lines of a posting file."""
    start, end = span(wanted, shop)
    if wanted.kind == "shifts":
        for told in told_of("shifts", start, end, ask):
            yield from posting.of_shift(told, accounts)
        return
    for told in told_of("sales", start, end, ask):
        yield from posting.of_sale(told, accounts, shop)
    for told in told_of("refunds", start, end, ask):
        yield from posting.of_refund(told, accounts, shop, start, end)


def told_of(kind: str, start: int, end: int, ask: Ask) -> Iterator[dict[str, Any]]:
    """What the ledger tells of a kind, one piece after the other."""
    after: object = None
    while True:
        answer = ask({"do": "rows", "kind": kind, "start": start, "end": end, "after": after})
        found = answer["rows"]
        yield from found
        if not found:
            return
        after = found[-1]["mark"]


def span(wanted: Export, shop: Shop) -> tuple[int, int]:
    """The first moment of the first day, and of the day after the last, in ms."""
    zone, starts = shop.zone, shop.day_starts
    return day_bounds(wanted.first, zone, starts)[0], day_bounds(wanted.last, zone, starts)[1]


def _rows(wanted: Export, shop: Shop, ask: Ask) -> Iterator[Row]:
    start, end = span(wanted, shop)
    for told in told_of(wanted.kind, start, end, ask):
        if wanted.kind != "refunds" or _within(told, start, end):
            yield from rows_of(wanted.kind, told, shop)


def _within(refund: dict[str, Any], start: int, end: int) -> bool:
    """Whether it was asked for, accepted or given up in these days."""
    times = (refund["opened_at"], refund["accepted_at"], refund["failed_at"])
    return any(at is not None and start <= at < end for at in times)
