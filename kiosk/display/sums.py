"""A sum of money as people say it in English, French, German, Spanish and Russian: "un euro et 50 centimes", "одна крона". Pure.

Babel has the currencies' names, in the form that their number wants. What it has not is here: the gender of what is counted,
where a voice would say "eins Euro", and what small change is called. A number may stay as digits where the voice reads it right.
"""

from __future__ import annotations

from babel import Locale
from babel.numbers import get_currency_name

from kiosk.core.money import Money, exponent
from kiosk.display import numerals

COMMA = ("fr", "de", "es", "ru")


def said(money: Money, language: str) -> str:
    """`language` as "en" or one of COMMA."""
    whole, rest = divmod(money.amount, 10 ** exponent(money.currency))
    small = _CHANGE.get(money.currency) if rest else None
    if small is None and rest:
        plain, _ = decimals(money)
        return f"{plain.replace('.', ',') if language in COMMA else plain} {name(money, language)}"
    parts = []
    if whole or not rest:
        named = name(Money(money.amount - rest, money.currency), language)
        parts.append(f"{_counted(whole, language, feminine=money.currency in _FEMININE[language])} {named}")
    if small is not None:
        forms, feminine = _NAMES[language][small]
        parts.append(f"{_counted(rest, language, feminine=feminine)} {_form(forms, rest, language)}")
    return _JOINED[language].join(parts)


def decimals(money: Money) -> tuple[str, int | float]:
    """12.5, and 12 rather than 12.00: as it is said, and as a number for whoever chooses a word by it."""
    places = exponent(money.currency)
    whole, rest = divmod(money.amount, 10**places)
    if not rest:
        return str(whole), whole
    text = f"{whole}.{rest:0{places}}".rstrip("0")
    return text, float(text)


def name(money: Money, locale: str) -> str:
    """The currency's, as Babel has it for this many of it; at home by the short one."""
    _, count = decimals(money)
    short = _AT_HOME.get((locale, money.currency))
    if short is not None:
        return _form(short, count, locale)
    named = get_currency_name(money.currency, count=count, locale=locale)
    if locale in ("fr", "es") and count and not count % 10**6:  # un million d'euros, un millón de euros
        return f"d'{named}" if locale == "fr" and named[0] in "aeioué" else f"de {named}"
    return named


def _form(forms: tuple[str, ...], count: float, locale: str) -> str:
    return forms[min(_FORMS[Locale.parse(locale).plural_form(count)], len(forms) - 1)]


def _counted(number: int, language: str, *, feminine: bool) -> str:
    """The number, with its one and two in the gender of what is counted."""
    ones, tens = number % 10, number % 100
    match language:
        case "es":
            return numerals.spanish(number, feminine=feminine)
        case "de" if number == 1:
            return "eine" if feminine else "ein"
        case "fr" if number == 1:
            return "une" if feminine else "un"
        case "fr" if feminine and ones == 1 and tens not in (11, 71, 91):
            return f"{number - 1} et une" if 20 < tens < 70 else f"{number - 1} une"  # noqa: PLR2004  vingt et une, quatre-vingt-une
        case "ru" if feminine and ones in (1, 2) and tens not in (11, 12):
            return f"{number - ones or ''} {'одна' if ones == 1 else 'две'}".strip()
        case _:
            return str(number)


_KRONER = {"SEK", "DKK", "NOK", "CZK", "ISK"}
_FEMININE = {
    "en": set[str](),
    "de": _KRONER | {"TRY", "MOP", "IDR"},
    "fr": _KRONER | {"GBP", "TRY", "MOP", "IDR"},
    "es": _KRONER | {"GBP", "TRY", "MOP", "IDR"},
    "ru": _KRONER | {"TRY", "MOP", "IDR", "JPY", "KRW"},
}
_DOLLARS = ("HKD", "USD", "CAD", "AUD", "NZD", "SGD", "TWD", "FJD")
_CHANGE = {"EUR": "euro", "GBP": "pound", "RUB": "rouble", "CHF": "franc", **dict.fromkeys(_DOLLARS, "dollar")}
"""Currencies whose small change is named; of the others people hear a decimal number."""

_Names = dict[str, tuple[tuple[str, ...], bool]]
_FORMS = {"one": 0, "few": 1, "many": 2, "other": 2}
_JOINED = {"en": " and ", "de": " und ", "fr": " et ", "es": " con ", "ru": " "}
# Of one and of more, in Russian as 1, 2 and 5 want it; and whether it is feminine. "Pence" as French and German voices read it.
_NAMES: dict[str, _Names] = {
    "en": {
        "euro": (("cent", "cents"), False),
        "dollar": (("cent", "cents"), False),
        "pound": (("penny", "pence"), False),
        "rouble": (("kopeck", "kopecks"), False),
        "franc": (("centime", "centimes"), False),
    },
    "de": {
        "euro": (("Cent", "Cent"), False),
        "dollar": (("Cent", "Cent"), False),
        "pound": (("Penny", "Penss"), False),
        "rouble": (("Kopeke", "Kopeken"), True),
        "franc": (("Rappen", "Rappen"), False),
    },
    "fr": {
        "euro": (("centime", "centimes"), False),
        "dollar": (("centime", "centimes"), False),  # "cents" would be read as hundreds
        "pound": (("penni", "pènse"), False),
        "rouble": (("kopeck", "kopecks"), False),
        "franc": (("centime", "centimes"), False),
    },
    "es": {
        "euro": (("céntimo", "céntimos"), False),
        "dollar": (("centavo", "centavos"), False),
        "pound": (("penique", "peniques"), False),
        "rouble": (("kopek", "kopeks"), False),
        "franc": (("céntimo", "céntimos"), False),
    },
    "ru": {
        "euro": (("цент", "цента", "центов"), False),
        "dollar": (("цент", "цента", "центов"), False),
        "pound": (("пенс", "пенса", "пенсов"), False),
        "rouble": (("копейка", "копейки", "копеек"), True),
        "franc": (("раппен", "раппена", "раппенов"), False),
    },
}
# Where everybody knows whose they are. French reads "sterling" as English.
_AT_HOME = {
    ("zh_CN", "CNY"): ("元",),
    ("zh_TW", "TWD"): ("元",),
    ("ko", "KRW"): ("원",),
    ("fr", "GBP"): ("livre", "livres"),
    ("ru", "RUB"): ("рубль", "рубля", "рублей"),
}
