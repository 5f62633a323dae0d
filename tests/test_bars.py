"""The README's table and the list behind `make check` name the same bars, and a figure gets the verdict that it deserves."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from tests import check, figures
from tests.bars import BARS, Bar, Bench, Figure

BENCHES = Path(__file__).parent / "bench"
TABLE = check.rows(check.README.read_text("utf-8"))


def test_each_row_of_the_table_is_a_bar_with_the_same_commands():
    """In the same order, so that no row is forgotten on either side."""
    assert [(row.row, row.commands) for row in TABLE] == [(bar.row, bar.commands) for bar in BARS]


def test_each_command_of_make_is_one_of_the_makefile():
    targets = set(re.findall(r"^([a-z-]+):", (check.ROOT / "Makefile").read_text("utf-8"), re.MULTILINE))
    named = {words.split()[1] for bar in BARS for words in bar.commands if words.startswith("make ")}
    assert named <= targets


def test_each_row_of_the_bench_that_a_bar_reads_is_measured_there():
    """By the text that a bench gives to its table; a renamed row would otherwise never be seen again."""
    text = "".join(file.read_text("utf-8") for file in BENCHES.glob("bench_*.py"))
    rows = [row for bar in BARS if isinstance(bar.read, Bench) for row in bar.read.rows]
    assert [row for row in rows if row not in text and row.split(",")[0] not in text] == []


def test_a_measuring_command_leaves_its_figures_where_it_is_told(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    figures.tell("nobody asks", value=1)
    monkeypatch.setenv(figures.PLACE, str(tmp_path / "figures"))
    figures.tell("idle", share=1.5)
    figures.tell("idle", share=2.5)
    told = figures.told(tmp_path / "figures")
    assert told == [{"of": "idle", "share": 1.5}, {"of": "idle", "share": 2.5}]
    assert figures.told(tmp_path / "nothing") == []


def bar(start: str) -> Bar:
    return next(each for each in BARS if each.row.startswith(start))


def bench(what: str, ratio: float, *, held: bool) -> dict[str, object]:
    return {"of": "bench", "what": what, "kiosk": "1.1 ms", "against": "1 ms", "ratio": ratio, "bar": 1.5, "held": held}


def test_a_bench_row_out_of_its_bar_falls_short():
    rows = [bench("decoded code -> request on the wire", 1.1, held=True)]
    rows += [
        bench("disk syncs, decoded code -> request", 1, held=False),
        bench("connections made, OK -> paid screen", 0, held=True),
    ]
    figure = bar("decoded code").read(rows)
    assert figure is not None
    assert not figure.held
    assert "1.1 ms, 1 ms: 1.10" in figure.words


def test_a_row_that_was_not_measured_is_no_figure():
    """One of three is missing, as when its test broke off."""
    assert bar("decoded code").read([bench("decoded code -> request on the wire", 1.1, held=True)]) is None
    assert check.word(None) == check.UNMEASURED


@pytest.mark.parametrize(
    ("start", "line", "held"),
    [
        ("the simulation's speed", {"of": "simulation", "seeds": 4000, "violations": 0, "seeds_per_s": 215.4}, False),
        ("simulated days", {"of": "simulation", "seeds": 4000, "violations": 0, "seeds_per_s": 215.4}, True),
        ("simulated days", {"of": "simulation", "seeds": 4000, "violations": 1, "seeds_per_s": 215.4}, False),
        ("flipped bits", {"of": "flips", "flips": 10_000, "harmful": 4445, "unnoticed": 1}, False),
        ("forged", {"of": "signatures", "tried": 1_000_004, "accepted": 0}, True),
        ("a Debian", {"of": "lab", "level": "shop", "checks": 17, "well": 16, "notes": [], "not_run": None}, False),
        ("a Debian", {"of": "lab", "level": "shop", "checks": 9, "well": 9, "notes": [], "not_run": None}, False),
        ("a Debian", {"of": "lab", "level": "shop", "checks": 17, "well": 17, "notes": [], "not_run": None}, True),
    ],
)
def test_a_line_gets_its_verdict(start: str, line: dict[str, object], held: bool):
    figure = bar(start).read([line])
    assert figure is not None
    assert figure.held is held


def test_a_level_that_could_not_run_is_no_figure():
    line = {"of": "lab", "level": "shop", "checks": 0, "well": 0, "notes": [], "not_run": "apt install mmdebstrap"}
    assert bar("a Debian").read([line]) is None


def test_what_did_not_run_is_told_with_its_command_and_what_is_known_of_it():
    """Never as if it had been measured now."""
    kept = {bar("idle").row: {"verdict": "holds", "figure": "1.50 %", "date": "2026-11-26", "commit": "abc1234"}}
    said = "\n".join(check.lines({bar("forged").row: Figure("9, 0 accepted", held=True)}, kept, {row.row: row for row in TABLE}))
    assert "holds         forged signatures and envelopes" in said
    assert "not run: make bench (15 minutes); holds on 2026-11-26 (abc1234): 1.50 %" in said
    assert "not run: make mutants (2 hours); never kept; the README's line of " in said
    assert "by hand; never kept" in said
