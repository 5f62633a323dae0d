"""Days are written as CLDR has it, each language in its own way, and nothing at a start pays for it."""

from __future__ import annotations

import subprocess
import sys
from datetime import date

import pytest

from kiosk.core.cldr import day_in_words, day_of_year
from kiosk.core.languages import LANGUAGES
from kiosk.core.shift_lines import signed

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


@pytest.mark.parametrize(
    ("currency", "written"),
    [
        ("HKD", "-HK$12.50 -12,50\u00a0HK$ -12,50\u00a0HKD"),
        ("EUR", "-€12.50 -12,50\u00a0€ -12,50\u00a0€"),
        ("JPY", "-¥1,250 JPY -1.250\u00a0¥ JPY -1\u202f250\u00a0JPY".replace("\u202f", "\u00a0")),
        ("USD", "-$12.50 USD -12,50\u00a0$ USD -12,50\u00a0$US"),
    ],
)
def test_a_reports_sum_names_its_currency_once(currency: str, written: str) -> None:
    """By its code where the sign alone is that of several."""
    assert " ".join(signed(-1250, currency, language) for language in ("en", "de", "fr")) == written
