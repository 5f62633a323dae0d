"""`make cover` measures what it says: its lists name files that are there, and each exception from the count has its reason."""

from __future__ import annotations

import tomllib

from tests.cover import ASIDE, BESIDE, OURS, ROOT, files


def test_the_lists_name_files_that_are_there() -> None:
    """One by one; and none stands in both."""
    for name in BESIDE + ASIDE:
        assert (ROOT / "tests" / f"test_{name}.py").exists(), name
    assert not set(BESIDE) & set(ASIDE)
    assert len(files()) > 40
    assert "tests/test_lifecycle.py" in files()
    assert "tests/test_window.py" not in files()


def test_no_line_of_core_and_payment_leaves_itself_out() -> None:
    """The exceptions stand in pyproject.toml, each with its reason; a comment in the code makes none."""
    text = (ROOT / "pyproject.toml").read_text("utf-8")
    told = tomllib.loads(text)["tool"]["coverage"]
    assert told["run"] == {"branch": True, "source": list(OURS)}
    assert told["report"]["fail_under"] == 100
    lines = text[text.index("exclude_also") :].split("]", maxsplit=1)[0].splitlines()[1:-1]
    assert lines
    assert [line for line in lines if "#" not in line] == []
    folders = [ROOT / name.replace(".", "/") for name in OURS]
    assert [path for folder in folders for path in folder.rglob("*.py") if "no cover" in path.read_text("utf-8")] == []
