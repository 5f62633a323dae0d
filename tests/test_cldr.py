"""Days are written as CLDR has it, each language in its own way, and nothing at a start pays for it."""

from __future__ import annotations

import subprocess
import sys
from datetime import date

import pytest

from kiosk.core.cldr import day_in_words, day_of_year
from kiosk.core.languages import LANGUAGES

WRITTEN = {
    "en": ("Nov 6, 2026", "Nov 6"),
    "zh_CN": ("2026年11月6日", "11/6"),
    "zh_TW": ("2026年11月6日", "11/6"),
    "ja": ("2026/11/06", "11/6"),
    "th": ("6 พ.ย. 2026", "6/11"),
    "ko": ("2026. 11. 6.", "11. 6."),
    "fr": ("6 nov. 2026", "06/11"),
    "de": ("06.11.2026", "6.11."),
    "es": ("6 nov 2026", "6/11"),
    "ru": ("6 нояб. 2026\u00a0г.", "06.11"),
}


@pytest.mark.parametrize("language", LANGUAGES)
def test_a_day_is_written_as_its_language_does(language: str) -> None:
    day = date(2026, 11, 6)
    assert (day_in_words(day, language), day_of_year(day, language)) == WRITTEN[language]


def test_what_draws_the_first_screen_does_not_load_babels_dates() -> None:
    code = "import sys, kiosk.display.painter; print('babel.dates' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True).stdout == "False\n"
