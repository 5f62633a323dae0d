"""How amounts and days are written in each language, by CLDR. The one file of the heart that knows Babel; pure.

Babel's dates are loaded when the first day is written, which no screen of a start does. The time of day is written with 24 hours
everywhere, as on every till: always as wide, and no night taken for a day.
"""

from __future__ import annotations

from datetime import date
from decimal import Decimal

from babel.numbers import format_currency, get_currency_precision, is_currency

__all__ = ["amount_in_words", "day_in_words", "day_of_year", "figures_in_words", "get_currency_precision", "is_currency"]


def amount_in_words(value: Decimal, currency: str, locale: str) -> str:
    """As "HK$12.50", "￥1,250", "12,50 €"; no line is broken at its spaces."""
    return format_currency(value, currency, locale=locale).translate(_IN_NO_FONT)


def figures_in_words(value: Decimal, currency: str, locale: str) -> str:
    """The same without the currency: "12.50", "1.250,00"."""
    return format_currency(value, currency, format="#,##0.00", locale=locale).translate(_IN_NO_FONT)


def day_in_words(day: date, locale: str) -> str:
    """With its year: "Nov 26, 2026", "2026年11月26日", "26.11.2026"."""
    from babel.dates import format_date  # noqa: PLC0415  see above

    return format_date(day, "medium", locale).translate(_IN_NO_FONT)


def day_of_year(day: date, locale: str) -> str:
    """The same without its year, in a few characters: "Nov 6", "11/6", "6.11."."""
    from babel.dates import format_skeleton  # noqa: PLC0415  see above

    # in English 11/6 is a day of June to some and of November to others
    return format_skeleton("MMMd" if locale == "en" else "Md", day, locale=locale)


_IN_NO_FONT = str.maketrans({"\u202f": "\u00a0", "₽": "RUB"})
"""What CLDR writes and no font of a kiosk or printer holds: French groups by a narrow space, the rouble has a sign of its own."""
