"""Rows as files, piece by piece: CSV that a spreadsheet opens and cannot be tricked by, and JSON. Pure.

Nothing here holds more than one row, so that an export of years needs no more memory than one of a day.
"""

from __future__ import annotations

import csv
import io
import json
from collections.abc import Iterable, Iterator, Sequence

from kiosk.exports.rows import Row

_BEGINS_A_FORMULA = ("=", "+", "-", "@", "\t", "\r", "\n", "＝", "＋", "－", "＠")
SIGNED = ("net",)
"""Columns of numbers of our own making that may be below nothing: a number is no formula."""

MARK = b"\xef\xbb\xbf"
"""By which spreadsheets know UTF-8."""


def as_csv(columns: Sequence[str], rows: Iterable[Row]) -> Iterator[bytes]:
    """RFC 4180 in UTF-8 with a mark at its beginning; a line a piece."""
    yield MARK + _line(columns)
    for row in rows:
        yield _line([(row[name] or "") if name in SIGNED else safe(row[name] or "") for name in columns])


def as_json(rows: Iterable[Row]) -> Iterator[bytes]:
    """A list of objects, one a line."""
    before = "[\n"
    for row in rows:
        yield (before + json.dumps(row, ensure_ascii=False)).encode()
        before = ",\n"
    yield b"[]\n" if before == "[\n" else b"\n]\n"


def safe(text: str) -> str:
    """A cell that no spreadsheet takes for a formula (OWASP, CSV injection): what begins like one gets a ' before it."""
    return f"'{text}" if text.startswith(_BEGINS_A_FORMULA) else text


def _line(cells: Iterable[str]) -> bytes:
    out = io.StringIO(newline="")
    csv.writer(out).writerow(cells)
    return out.getvalue().encode()
