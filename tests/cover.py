"""`make cover`: whether the tests go through every branch of kiosk/core and kiosk/payment; names those they do not.

Run are the test files that import nothing of the kiosk but these two, and a few more that need one part besides; none of the slow
ones, and no process of its own is looked into: what only a whole kiosk comes through is claimed by nobody. What is left out of
the count, and why, stands in pyproject.toml alone.
"""

from __future__ import annotations

import ast
import json
import os
import subprocess
import sys
import tempfile
from pathlib import Path
from typing import Any

from tests.figures import tell

ROOT = Path(__file__).resolve().parents[1]
OURS = ("kiosk.core", "kiosk.payment")
BESIDE = (
    "dark_disk",
    "exports",
    "exports_away",
    "giving_back",
    "ledger_chain",
    "ledger_room",
    "notifications",
    "operators",
    "past",
    "pause",
    "reconcile",
)
BESIDE += ("recovery", "set_up_core", "set_up_texts", "step", "support_latency", "training")
ASIDE = ("crash", "disk", "keypad_contract", "keypad_health", "keypad_touch")  # they need no more of the core than its words
QUICK = "not slow and not whole and not browser and not screen and not voice"


def files() -> list[str]:
    """The test files, by what they import."""
    there = {path.stem.removeprefix("test_"): path for path in sorted((ROOT / "tests").glob("test_*.py"))}
    return [f"tests/{path.name}" for name, path in there.items() if name in BESIDE or (name not in ASIDE and _is_pure(path))]


def _is_pure(path: Path) -> bool:
    imported = [
        node.module
        for node in ast.walk(ast.parse(path.read_text("utf-8")))
        if isinstance(node, ast.ImportFrom) and node.module is not None and node.module.split(".")[0] == "kiosk"
    ]
    return bool(imported) and all(name.startswith(OURS) for name in imported)


def main() -> int:
    with tempfile.TemporaryDirectory() as folder:
        report = Path(folder) / "coverage.json"
        command = [sys.executable, "-m", "pytest", "-m", QUICK, "-n", "2", "--dist", "loadfile"]
        command += ["--hypothesis-seed=1", *sys.argv[1:], *files()]  # the count hangs on no luck
        command += ["--cov", "--cov-report=term-missing", f"--cov-report=json:{report}"]
        place = {**os.environ, "COVERAGE_FILE": str(Path(folder) / "coverage")}
        ended = subprocess.run(command, cwd=ROOT, check=False, env=place)
        if report.exists():
            totals: dict[str, Any] = json.loads(report.read_text("utf-8"))["totals"]
            left = {"lines": totals["missing_lines"], "branches": totals["missing_branches"]}
            tell("cover", of_branches=totals["num_branches"], failed=ended.returncode, **left)
    return ended.returncode


if __name__ == "__main__":
    sys.exit(main())
