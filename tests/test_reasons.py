"""An exception from a rule of ruff or mypy says why it is one; the heart has none from mypy."""

from __future__ import annotations

import re
import tokenize
from io import BytesIO
from pathlib import Path

ROOT = Path(__file__).parents[1]
WITHOUT = re.compile(r"# noqa(:[A-Z0-9, ]*[A-Z0-9])?\s*$|# type: ignore(\[[a-z, -]+\])?\s*$")


def comments(*tops: str) -> dict[str, str]:
    """Each comment that makes an exception in the sources below these folders, by its place."""
    found = {}
    for path in sorted(path for top in tops for path in (ROOT / top).rglob("*.py")):
        text = path.read_bytes()
        if b"noqa" not in text and b"type: ignore" not in text:
            continue
        for token in tokenize.tokenize(BytesIO(text).readline):
            if token.type == tokenize.COMMENT:
                found[f"{path.relative_to(ROOT)}:{token.start[0]}"] = token.string
    return found


def test_each_exception_from_a_rule_has_its_reason_beside_it():
    """That none is needless ruff (RUF100) and mypy (strict) say."""
    assert [place for place, text in comments("kiosk", "deploy").items() if WITHOUT.search(text)] == []
    assert [place for place, text in comments("tests").items() if WITHOUT.search(text) and "noqa" in text] == []


def test_each_rule_that_is_left_out_for_all_has_its_reason_beside_it():
    text = (ROOT / "pyproject.toml").read_text("utf-8")
    listed = text.partition("\nignore = [\n")[2].partition("\n]")[0].splitlines()
    per_file = text.partition("[tool.ruff.lint.per-file-ignores]\n")[2].partition("\n\n")[0].splitlines()
    assert [line for line in listed + per_file if "#" not in line] == []
    assert len(listed) > 10


def test_the_heart_has_no_exception_from_mypy_and_nothing_of_any_type():
    assert [place for place, text in comments("kiosk/core").items() if "type: ignore" in text] == []
    loose = [
        path.name
        for path in (ROOT / "kiosk/core").glob("*.py")
        if re.search(r"\bAny\b.*import|import.*\bAny\b", path.read_text("utf-8"))
    ]
    assert loose == []


def test_a_bare_exception_is_noticed():
    assert WITHOUT.search("# noqa")
    assert WITHOUT.search("# noqa: S603, S607")
    assert WITHOUT.search("# type: ignore[misc]")
    assert not WITHOUT.search("# noqa: S603  our own words")
    assert not WITHOUT.search("# type: ignore[misc]  # a default binds it now")
