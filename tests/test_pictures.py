"""The documents show pictures that are there, of screens that are."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests import pictures


def test_each_picture_that_is_shown_is_there_and_no_other() -> None:
    """`python -m tests.pictures` draws them; what nobody shows is removed."""
    there = {str(file.relative_to(pictures.FOLDER).with_suffix("")) for file in pictures.FOLDER.rglob("*.png")}
    assert sorted(there ^ pictures.named()) == []


def test_each_is_of_a_screen_that_there_is() -> None:
    for name in pictures.named():
        pictures.draw(Path(name).name, "en")


def test_one_of_no_screen_is_refused() -> None:
    with pytest.raises(KeyError):
        pictures.draw("no_such_screen", "en")
