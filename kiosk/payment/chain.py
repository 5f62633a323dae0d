"""The chain of the history: a MAC over each of its rows and the one before it, under a key that does not lie beside the ledger.

SQLite has no checksums, and whoever can open the file can edit it. Here is what a row's MAC is over, and how the rows of sales,
orders and refunds follow from their history; values only: no SQL, no file. Whoever has the key can write a false history.
"""

from __future__ import annotations

import hmac
import json
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any, Final, Self

MAC_BYTES: Final = 16
"""Of the 32 of HMAC-SHA-256 (RFC 2104, 5: not fewer than half)."""

_encode = json.JSONEncoder(separators=(",", ":")).encode

Row = Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class ChainKey:
    """What MACs are made with. `id` is told with each of them, so that a ledger outlives a change of key."""

    id: str
    secret: bytes = field(repr=False)


OPEN_KEY: Final = ChainKey("open", b"not a secret: finds accidents, and nobody's edits")
"""For ledgers in memory and for tests."""


@dataclass(frozen=True, slots=True)
class Link:
    """The end of a chain: what the next row is bound to."""

    seq: int = 0
    key_id: str = ""
    mac: bytes = bytes(MAC_BYTES)

    @classmethod
    def of(cls, line: Row) -> Self:
        """The end that this row of history is."""
        return cls(line["seq"], line["key_id"] or "", line["mac"] or bytes(MAC_BYTES))


def mac(key: ChainKey, before: Link, line: Row) -> bytes:
    """Of a row of history with its `seq`. The id of the key before is in it: nobody can pass a row off as another key's."""
    said = [line[name] for name in ("seq", "kind", "number", "was", "became", "why", "at", "changed")]
    return _mac(key, before.mac, [*said, before.key_id])


def proof(key: ChainKey, meta: Row, end: Link) -> bytes:
    """Says that the history went as far as `end` when `meta` (generation, created_at, opened_at) was written."""
    return _mac(key, end.mac, ["proof", meta["generation"], meta["created_at"], meta["opened_at"], end.seq, end.key_id])


def told(columns: Row) -> str:
    """Columns as the history keeps them, as JSON."""
    return _encode(columns) if columns else "{}"


@dataclass(slots=True)
class Findings:
    """What a check came to. `unchecked`: rows of history whose key is not here, so nobody can say whether they are true."""

    problems: list[str] = field(default_factory=list)
    lines: int = 0
    unchecked: int = 0


def follow(lines: Iterable[Row], keys: Mapping[str, ChainKey], found: Findings, before: Link | None = None) -> Link:
    """Hold each row of history, in the order of `seq`, against the one before; the first against `before`, which is believed.

    Returns the end; what is wrong goes to `found`.
    """
    before = before or Link()
    for line in lines:
        seq, key_id, said = line["seq"], line["key_id"], line["mac"]
        found.lines += 1
        if key_id is None or said is None:
            found.problems.append(f"history {seq} ({_about(line)}) is bound to nothing: it was put in by somebody else")
        elif key_id not in keys:
            found.unchecked += 1
        elif mac(keys[key_id], before, line) != said:  # nobody measures time here
            found.problems.append(f"history {seq} ({_about(line)}) was changed, or the row before it was changed or taken away")
        before = Link.of(line)
    return before


def replay(lines: Iterable[Row]) -> dict[tuple[str, str], dict[str, Any]]:
    """By (kind, number) the columns that each row must have, by its history, oldest first; without its number, NULL left out."""
    rows: dict[tuple[str, str], dict[str, Any]] = {}
    for line in lines:
        row = rows.setdefault((line["kind"], line["number"]), {})
        if line["was"] is None:
            row.clear()
        try:
            row.update(json.loads(line["changed"]))
        except (ValueError, TypeError):  # its MAC will not fit either
            row["changed"] = "unreadable"
        row["state"] = line["became"]
    return rows


def differences(row: Row, history: Row, key_column: str) -> list[str]:
    """In words, column by column, how a row differs from what its history tells; 1 and 1.0 differ, too."""
    return [
        f"{name} is {row[name]!r}, and {history.get(name)!r} by its history"
        for name in row
        if name != key_column and (row[name] != history.get(name) or type(row[name]) is not type(history.get(name)))
    ]


def _about(line: Row) -> str:
    return f"{line['kind']} {line['number']}"


def _mac(key: ChainKey, before: bytes, said: list[object]) -> bytes:
    """ascii() sets each text apart in quotes, and writes it the same way in every version of Python."""
    return hmac.digest(key.secret, before + ascii(said).encode("ascii"), "sha256")[:MAC_BYTES]
