"""docs/messages.md has a row for each message that asks somebody to act, in the screen's words, in English and in Chinese."""

from __future__ import annotations

import re
from collections import Counter

import pytest

from kiosk.display.english import ENGLISH
from kiosk.owner.english import PAGE
from tests import messages
from tests.test_floors import ROOT

TEXTS = {language: file.read_text("utf-8") for language, file in messages.FILES.items()}
in_each = pytest.mark.parametrize("language", TEXTS)


@in_each
def test_each_message_has_advice_once(language: str) -> None:
    """A new text needs a row in both files (then python -m tests.messages), or its reason in SILENT of tests/messages.py."""
    told = Counter(messages.keys_of(TEXTS[language]))
    assert [key for key, count in told.items() if count > 1] == []
    assert sorted(set(told) - set(ENGLISH | PAGE)) == [], "no such text any more"
    assert [key for key in ENGLISH | PAGE if key not in told and not messages.silent(key)] == [], "without advice"


@in_each
def test_the_messages_stand_there_in_the_screens_words(language: str) -> None:
    assert messages.drawn(TEXTS[language], language) == TEXTS[language], "stale: python -m tests.messages"


@in_each
def test_each_row_says_what_it_means_and_what_to_do(language: str) -> None:
    rows = [line for line in TEXTS[language].splitlines() if line.startswith("| <!--")]
    assert rows
    assert [row for row in rows if [bool(cell.strip()) for cell in row.split("|")] != [False, True, True, True, False]] == []


def test_both_files_have_the_same_rows_in_the_same_order() -> None:
    english, chinese = (messages.ROW.findall(TEXTS[language]) for language in ("en", "zh_CN"))
    assert english == chinese


def test_no_reason_for_silence_is_left_over() -> None:
    """Each pattern keeps at least one text out of the table."""
    told = set(messages.keys_of(TEXTS["en"]))
    used = {pattern for key in ENGLISH | PAGE if key not in told for pattern in messages.silent(key)}
    assert sorted({pattern for patterns in messages.SILENT.values() for pattern in patterns.split()} - used) == []


def test_a_text_is_of_one_table_only() -> None:
    assert set(ENGLISH) & set(PAGE) == set()


def test_a_new_message_is_missed_and_a_changed_one_is_stale() -> None:
    assert not messages.silent("printer.ink")
    row = "| <!-- printer.paper --> **Put in paper.** | It is empty | Put in a roll |\n"
    assert messages.drawn(row, "en") == (
        "| <!-- printer.paper --> **No paper in the receipt printer: put in a new roll.** | It is empty | Put in a roll |\n"
    )


@pytest.mark.parametrize("name", ["guide.md", "guide.zh.md", "messages.md", "messages.zh.md"])
def test_each_link_leads_to_a_file_and_a_heading_of_it(name: str) -> None:
    file = ROOT / "docs" / name
    for target in re.findall(r"\]\(([^)]+)\)", file.read_text("utf-8")):
        path, _, heading = target.partition("#")
        there = file.parent / path if path else file
        assert there.is_file(), target
        assert not heading or heading in _headings(there.read_text("utf-8")), target


def _headings(text: str) -> list[str]:
    """By what a link to them is called: small letters, no signs, a dash for a space."""
    return [re.sub(r"[^\w -]", "", line).lower().replace(" ", "-") for line in re.findall(r"^#+ (.+)$", text, re.MULTILINE)]
