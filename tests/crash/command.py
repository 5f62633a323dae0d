"""The two commands that break a kiosk in many rounds: the same options, the same figures, the same exit code."""

from __future__ import annotations

import argparse
import json
import shutil
import sys
import tempfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

from tests.crash.books import Books
from tests.crash.counter import Counter
from tests.figures import tell


def outcome(books: Books, counter: Counter) -> dict[str, Any]:
    """What all the rounds came to, once everything has settled."""
    found = books.found
    return {
        "lost": len(found.lost),
        "double": len(found.double),
        "forgotten": len(found.forgotten),
        "false_paid": len(found.false_paid),
        "orders": len(counter.bank()),
        "paid_screens": books.screens["PaidScreen"],
        "tracebacks": counter.log.read_text("utf-8").count("Traceback"),
        "problems": found.all,
    }


def main(prog: str, what: str, rounds: str, default: int, run: Callable[..., dict[str, Any]]) -> int:
    """`run(folder, seeds, tell=...)` so many times as `--<rounds>` says; 1 when anything was found."""
    wants = argparse.ArgumentParser(prog=prog, description=what)
    wants.add_argument(f"--{rounds}", dest="rounds", type=int, default=default)
    wants.add_argument("--first", type=int, default=0, help="the first round's seed")
    wants.add_argument("--json", action="store_true")
    wants.add_argument("--keep", action="store_true", help="keep the folder, and say where it is")
    given = wants.parse_args()
    folder = Path(tempfile.mkdtemp(prefix="crash-"))
    try:
        figures = run(folder, range(given.first, given.first + given.rounds), tell=not given.json)
    finally:
        if given.keep:
            print(f"kept: {folder}", file=sys.stderr)
        else:
            shutil.rmtree(folder, ignore_errors=True)
    tell(prog.rpartition(".")[2], **figures)
    if given.json:
        print(json.dumps(figures))
    else:
        for missed in figures.get("missed", ()):
            print(f"never came to: {missed}")
        print(", ".join(f"{name} {value}" for name, value in figures.items() if name not in {"problems", "missed"}))
    return 1 if figures["problems"] or figures["tracebacks"] else 0
