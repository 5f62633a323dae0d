"""The ways into the code that the docs describe are there: each file a step names, and each name in one of that step's files."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]
KIOSK = ROOT / "kiosk"
TOLD = re.compile(r"`([^`\n]+)`")
WALKS = (ROOT / "docs/architecture.md").read_text("utf-8").split("## Walks")[1].split("\n### ")[1:]
WHERE = (ROOT / "README.md").read_text("utf-8").split("| where is it |")[1].split("\n\n")[0].splitlines()[2:]
A_FILE = re.compile(r"\.py$|/$")


def missing(step: str, top: Path = KIOSK) -> list[str]:
    """The files it names that are not there, and the names that none of its files defines."""
    told = TOLD.findall(step)
    named = [word for word in told if A_FILE.search(word)]
    gone = [word for word in named if not (top / word).exists()]
    there = {name for word in named if word not in gone for name in _defined(top / word)}
    return gone + [word for word in told if word not in named and " " not in word and word not in there]


def _defined(path: Path) -> Iterator[str]:
    """What a module calls by a name: its functions, classes, their fields and values, and the keys of its texts."""
    for file in sorted(path.rglob("*.py")) if path.is_dir() else [path]:
        for node in ast.walk(ast.parse(file.read_text("utf-8"))):
            match node:
                case ast.FunctionDef(name) | ast.ClassDef(name):
                    yield name
                case ast.Assign(targets=[ast.Name(name)]) | ast.AnnAssign(target=ast.Name(name)):
                    yield name
                case ast.Call(func=ast.Name("said"), args=[ast.Constant(str(key)), *_]):
                    yield key


@pytest.mark.parametrize("walk", WALKS, ids=lambda walk: walk.splitlines()[0])
def test_each_step_of_a_walk_names_what_is_there(walk: str) -> None:
    steps = re.findall(r"^\d+\. .*$", walk, re.MULTILINE)
    assert len(steps) == 10
    assert {step: lost for step in steps if (lost := missing(step))} == {}


@pytest.mark.parametrize("row", WHERE)
def test_what_the_readme_sends_people_to_is_there(row: str) -> None:
    assert missing(row, ROOT) == []


def test_a_step_that_names_what_has_gone_is_found() -> None:
    assert missing("`cancel` in `core/lifecycle.py`, `undo_all` in `core/till.py`, `core/gone.py`") == [
        "core/gone.py",
        "undo_all",
    ]


def test_a_payment_code_is_revealed_in_two_files_only() -> None:
    """A PIN's digits are another secret: its keeper alone looks at them."""
    revealing = {file.relative_to(KIOSK).as_posix() for file in KIOSK.rglob("*.py") if ".reveal()" in file.read_text("utf-8")} - {
        "operators/keeper.py"
    }
    assert revealing == {"camera/wire.py", "payment/wechat/messages.py"}
