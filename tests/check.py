"""`make check [ALL=1] [KEEP=1] [ONLY="idle"]`: each bar of the README's table, held against what was measured now.

Without ALL what takes longer than a quarter of an hour is not run: its command is printed, with the last figure that was kept and
when that was. KEEP=1 keeps the figures of this run in docs/figures.json, with date and commit, for somebody to look over and
commit. ONLY runs the rows that hold this text. Exit code 1 when a bar falls short, 2 when one could not be measured.
"""

from __future__ import annotations

import argparse
import datetime as dt
import json
import os
import re
import shlex
import subprocess
import sys
import tempfile
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from tests.bars import BARS, Bar, Bench, Figure
from tests.figures import PLACE, Told, told

ROOT = Path(__file__).resolve().parents[1]
README, KEPT = ROOT / "README.md", ROOT / "docs/figures.json"
HEAD = "| the promise, and what it has to stand |"
HOLDS, SHORT, UNMEASURED = "holds", "FALLS SHORT", "NOT MEASURED"


@dataclass(frozen=True, slots=True)
class Row:
    """One of the README's table: its first cell without the asterisk, its figure, the commands of its last cell."""

    row: str
    figure: str
    commands: tuple[str, ...]
    line: int


def rows(readme: str) -> list[Row]:
    """All of the README's table, in its order."""
    found, inside = [], False
    for number, line in enumerate(readme.splitlines(), start=1):
        inside = line.startswith(HEAD) or (inside and line.startswith("|"))
        if inside and not line.startswith((HEAD, "| ---")):
            row, figure, last = line.strip("|").split(" | ")
            commands = (words for words in re.findall(r"`([^`]+)`", last) if words.startswith(("make ", "python ")))
            found.append(Row(row.removesuffix(r" \*").strip(), figure.strip(), tuple(commands), number))
    return found


def run(command: str) -> Told:
    """What it told; its own words go to where ours go."""
    words = shlex.split(command)
    words[0] = sys.executable if words[0] == "python" else words[0]
    print(f"\n$ {command}", flush=True)
    with tempfile.TemporaryDirectory() as folder:
        place = Path(folder) / "figures"
        subprocess.run(words, cwd=ROOT, env={**os.environ, PLACE: str(place)}, check=False)
        return told(place)


def last_known(bar: Bar, kept: Mapping[str, Any], table: Mapping[str, Row]) -> str:
    """In words: the figure that was kept last, or the README's with the age of its line."""
    if bar.row in kept:
        one = kept[bar.row]
        return f"{one['verdict']} on {one['date']} ({one['commit']}): {one['figure']}"
    row = table[bar.row]
    said = _git("blame", "--porcelain", f"-L{row.line},{row.line}", "HEAD", "--", README.name)
    when = re.search(r"^committer-time (\d+)$", said, re.MULTILINE)
    age = f"{dt.datetime.fromtimestamp(int(when[1]), dt.UTC):%Y-%m-%d} ({said[:7]})" if when else "an unknown day"
    return f"never kept; the README's line of {age}: {row.figure}"


def verdicts(bars: Iterable[Bar]) -> tuple[dict[str, Figure | None], Told]:
    """Of these, by row, and all that was told; each command runs once."""
    told_by: dict[str, Told] = {}
    found: dict[str, Figure | None] = {}
    for bar in bars:
        if bar.command is not None:
            if bar.command not in told_by:
                told_by[bar.command] = run(bar.command)
            found[bar.row] = bar.read(told_by[bar.command])
    return found, [line for each in told_by.values() for line in each]


def others(told: Told) -> list[str]:
    """What `make bench` holds against a bar of its own that is in no row of the README."""
    known = tuple(row for bar in BARS if isinstance(bar.read, Bench) for row in bar.read.rows)
    mine = [line for line in told if line["of"] == "bench" and line["bar"] is not None and not line["what"].startswith(known)]
    return [f"{HOLDS if line['held'] else SHORT:13} not in the README: {line['what']}: {line['ratio']:.2f}" for line in mine]


def lines(
    found: Mapping[str, Figure | None], kept: Mapping[str, Any], table: Mapping[str, Row], bars: Iterable[Bar] = BARS
) -> list[str]:
    """One for each bar, and below it what was measured."""
    said = []
    for bar in bars:
        if bar.row in found:
            figure = found[bar.row]
            said.append(f"{word(figure):13} {bar.row}")
            said.append(f"{'':13} {figure.words if figure else 'its command told no figure: see above'}  [{bar.limit}]")
        else:
            how = f"not run: {bar.command} ({_time(bar.minutes)})" if bar.command else "by hand"
            said += [f"{'-':13} {bar.row}", f"{'':13} {how}; {last_known(bar, kept, table)}  [{bar.limit}]"]
    return said


def word(figure: Figure | None) -> str:
    """The verdict."""
    return UNMEASURED if figure is None else HOLDS if figure.held else SHORT


def figures_kept() -> dict[str, Any]:
    """Those of docs/figures.json, by row."""
    kept: dict[str, Any] = json.loads(KEPT.read_text("utf-8")) if KEPT.exists() else {}
    return kept


def keep(found: Mapping[str, Figure | None]) -> None:
    """Into docs/figures.json, in the order of the table. What was not measured leaves what there is by now."""
    kept = figures_kept()
    here = {"date": f"{dt.datetime.now(dt.UTC):%Y-%m-%d}", "commit": _git("describe", "--always", "--dirty").strip()}
    for row, figure in found.items():
        if figure is not None:
            kept[row] = {"verdict": word(figure), "figure": figure.words, **here}
    ordered = {bar.row: kept[bar.row] for bar in BARS if bar.row in kept}
    KEPT.write_text(json.dumps(ordered, indent=1, ensure_ascii=False) + "\n", "utf-8")


def main() -> int:
    wants = argparse.ArgumentParser("python -m tests.check", description=__doc__, formatter_class=argparse.RawTextHelpFormatter)
    wants.add_argument("--all", action="store_true", help="run what takes hours, too")
    wants.add_argument("--keep", action="store_true", help="keep the figures in docs/figures.json")
    wants.add_argument("only", nargs="*", help="the rows that hold one of these texts")
    given = wants.parse_args()
    kept = figures_kept()
    asked = [bar for bar in BARS if any(each in bar.row for each in given.only)] if given.only else list(BARS)
    found, told_ = verdicts(bar for bar in asked if given.all or given.only or bar.quick)
    table = {row.row: row for row in rows(README.read_text("utf-8"))}
    print("", *lines(found, kept, table, asked), *others(told_), sep="\n")
    if given.keep:
        keep(found)
    said = [word(figure) for figure in found.values()]
    load = Path("/proc/loadavg").read_text("ascii").split()[0]
    print(f"\n{said.count(HOLDS)} hold, {said.count(SHORT)} fall short, {said.count(UNMEASURED)} could not be measured, ", end="")
    print(f"{len(asked) - len(said)} were not run; load {load} on {os.cpu_count()} cores: a busy machine makes poor figures")
    return 2 if UNMEASURED in said else 1 if SHORT in said else 0


def _git(*words: str) -> str:
    done = subprocess.run(["git", *words], cwd=ROOT, capture_output=True, text=True, check=False)
    return done.stdout


def _time(minutes: float) -> str:
    return "a minute" if minutes <= 1 else f"{minutes:.0f} minutes" if minutes < 90 else f"{minutes / 60:.0f} hours"


if __name__ == "__main__":
    sys.exit(main())
