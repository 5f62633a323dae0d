"""What CONTRIBUTING.md and docs/release.md send people to is there: each file, each list, each command."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from kiosk import __version__, config
from kiosk.camera import drivers
from kiosk.config import display
from kiosk.display import DRIVERS as DISPLAYS

ROOT = Path(__file__).parents[1]
PAGES = ("CONTRIBUTING.md", "docs/release.md")
TOLD = re.compile(r"`([^`\n]+)`")
PLACEHOLDER = re.compile(r"kiosk\.toml|NAME|LOCALE|FILE|signing|dist/|\.pub|20\d\d|/usr/|…|~|tests/out|desk/")


def words(page: str) -> list[str]:
    """All that stands between backticks, but what whoever reads fills in."""
    return [each for each in TOLD.findall((ROOT / page).read_text("utf-8")) if not PLACEHOLDER.search(each)]


@pytest.mark.parametrize("page", PAGES)
def test_each_file_it_names_is_there(page: str):
    there = [
        path.relative_to(ROOT).as_posix() for top in ("kiosk", "tests", "docs", "deploy") for path in (ROOT / top).rglob("*")
    ]
    there += [path.name for path in ROOT.iterdir()]
    named = {
        word.rstrip("/") for each in words(page) for word in re.split(r"[\s\"]+", each) if re.search(r"\.(py|toml|md)$|/$", word)
    }
    assert len(named) > 3
    assert [name for name in named if not any(f"/{path}".endswith(f"/{name}") for path in there)] == []


def test_each_list_it_names_is_in_the_code():
    text = "".join(path.read_text("utf-8") for top in ("kiosk", "tests") for path in (ROOT / top).rglob("*.py"))
    named = {each for each in words("CONTRIBUTING.md") if re.fullmatch(r"_?[A-Z][A-Z_]+", each)}
    assert {"FLOORS", "KITS", "RIGS", "LEGENDS"} <= named
    assert [name for name in named if not re.search(rf"^{name}(: .*)? = ", text, re.MULTILINE)] == []


def test_the_drivers_that_kiosk_toml_may_name_are_those_there_are():
    """The keypad's and the printer's are held together in their own tests."""
    assert config.CAMERAS == drivers.DRIVERS
    assert display.DISPLAYS == DISPLAYS


def test_the_changelog_has_this_version():
    assert f"\n## [{__version__}]" in (ROOT / "CHANGELOG.md").read_text("utf-8")
