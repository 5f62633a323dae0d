"""The check of a whole ledger: whether the file is sound, its history hangs together, and its rows follow from that.

Reads, and changes nothing. Seconds for a large ledger, and so it is made of a copy, in a process of its own (backups.py).
"""

# ruff: noqa: S608  what is put into SQL text here are names of tables and columns; values are bound
from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator
from contextlib import closing
from dataclasses import dataclass, field
from itertools import groupby
from pathlib import Path

from kiosk.core.errors import LedgerError
from kiosk.payment import chain
from kiosk.payment.chain import ChainKey, Link
from kiosk.payment.history import KEYS, proof_problem
from kiosk.payment.ledger_file import LedgerFile, Row

MOST = 50
"""Problems told of each kind: whoever reads them knows enough."""

_EACH = 500


def _silent() -> None:
    """Nobody waits."""


@dataclass(frozen=True, slots=True)
class Verdict:
    """What a check came to. `damage`: the file is not sound. `doubts`: it is, and what it says was not written by a kiosk.

    `unchecked`: so many rows of history are under a key that is not here. `reaches`: its last row of history.
    """

    damage: list[str] = field(default_factory=list)
    doubts: list[str] = field(default_factory=list)
    lines: int = 0
    unchecked: int = 0
    reaches: int = 0

    @property
    def well(self) -> bool:
        """Whether it may be believed, as far as anybody can say."""
        return not self.damage and not self.doubts


def check(path: Path, keys: Iterable[ChainKey], beat: Callable[[], None] = _silent, newest: int | None = None) -> Verdict:
    """The file at `path`, which nobody writes meanwhile. `beat` is called all the while.

    `newest`: hold only so many rows of history against each other, and no row against its history; for what was checked before.
    """
    try:
        with closing(LedgerFile.read_only(path)) as file:
            return examine(file, keys, beat, newest)
    except LedgerError as error:
        return Verdict(damage=[str(error)])


def examine(file: LedgerFile, keys: Iterable[ChainKey], beat: Callable[[], None] = _silent, newest: int | None = None) -> Verdict:
    """An open file, whosoever; otherwise as `check`."""
    damage = file.problems(beat)
    if damage:
        return Verdict(damage=damage[:MOST])
    found = chain.Findings()
    known = {key.id: key for key in keys}
    try:
        if file.rows("PRAGMA user_version")[0]["user_version"] < _BOUND_SINCE:
            return Verdict()  # older than the chain: its next opening binds it
        before = _before(file, newest)
        with closing(file.each("SELECT * FROM history WHERE seq > ? ORDER BY seq", (before.seq,))) as lines:
            end = chain.follow(_beating(lines, beat), known, found, before)
        (meta,) = file.rows("SELECT * FROM meta") or ({"proof_key": None},)
        cut = proof_problem(file, meta, known[meta["proof_key"]]) if meta["proof_key"] in known else None
        doubts = found.problems[:MOST] + ([cut] if cut else [])
        if newest is None:
            with closing(file.each("SELECT kind, number, was, became, changed FROM history ORDER BY number, seq")) as lines:
                doubts += _rows(file, lines, beat)[:MOST]
    except LedgerError as error:
        return Verdict(damage=[str(error)])
    return Verdict(doubts=doubts, lines=found.lines, unchecked=found.unchecked, reaches=end.seq)


_BOUND_SINCE = 3
_NUMBER = re.compile(r"-([0-9]{6})-([0-9A-Za-z]{2})([0-9]{1,15})\Z", re.ASCII)


def _before(file: LedgerFile, newest: int | None) -> Link:
    """Where the check of the history begins."""
    if newest is None:
        return Link()
    rows = file.rows("SELECT seq, key_id, mac FROM history ORDER BY seq DESC LIMIT 1 OFFSET ?", (newest,))
    return Link.of(rows[0]) if rows else Link()


def _rows(file: LedgerFile, lines: Iterator[Row], beat: Callable[[], None]) -> list[str]:
    """Sales, orders, refunds, shifts and counters against their history."""
    problems: list[str] = []
    there = {row["name"] for row in file.rows("SELECT name FROM sqlite_schema WHERE type = 'table'")}
    keys = {kind: (table, key) for kind, (table, key) in KEYS.items() if table in there}  # an older version's has fewer
    told = dict.fromkeys(keys, 0)
    counted = {(row["generation"], row["day"]): row["highest"] for row in file.rows("SELECT * FROM counters")}
    by_number = groupby(_beating(lines, beat), key=lambda line: line["number"])
    for _, of_number in by_number:
        for (kind, number), history in chain.replay(of_number).items():
            if kind not in keys or not isinstance(number, str):
                continue  # no MAC fits that
            told[kind] += 1
            table, key = keys[kind]
            rows = file.rows(f"SELECT * FROM {table} WHERE {key} = ?", (number,))
            if not rows:
                problems.append(f"{kind} {number} is gone; by its history it was {history['state']}")
                continue
            problems += [f"{kind} {number}: {difference}" for difference in chain.differences(rows[0], history, key)]
            parts = _NUMBER.search(number) if kind == "order" else None
            if parts is not None and int(parts[3]) > counted.get((parts[2], parts[1]), int(parts[3])):
                problems.append(f"order {number} is beyond the counter of its day, {counted[parts[2], parts[1]]}")
    for kind, (table, key) in keys.items():
        if file.rows(f"SELECT count(*) AS n FROM {table}")[0]["n"] != told[kind]:
            strangers = file.rows(
                f"SELECT {key} AS number FROM {table} WHERE NOT EXISTS "
                f"(SELECT 1 FROM history WHERE number = {key} AND kind = ?) LIMIT ?",
                (kind, MOST),
            )
            problems += [f"{kind} {row['number']} has no history: it was put in by somebody else" for row in strangers]
    return problems


def _beating(lines: Iterator[Row], beat: Callable[[], None]) -> Iterator[Row]:
    for count, line in enumerate(lines):
        if count % _EACH == 0:
            beat()
        yield line
