"""Amounts are whole smallest units, and the currency's own table says how many decimals people see."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from kiosk.core.money import Money, exponent, figures, from_major, in_words, known_currency, major


@pytest.mark.parametrize("amount", [12.5, 1.0, "5", True, None])
def test_an_amount_is_an_int_and_nothing_like_one(amount: object) -> None:
    """Neither float nor bool nor text."""
    with pytest.raises(TypeError, match="smallest unit"):
        Money(amount, "HKD")  # type: ignore[arg-type]


def test_an_amount_is_not_negative() -> None:
    """What is owed or given back is never below nothing."""
    assert Money(0, "HKD").amount == 0
    with pytest.raises(ValueError, match="-1"):
        Money(-1, "HKD")


@pytest.mark.parametrize(
    ("amount", "currency", "text"),
    [
        (1250, "HKD", "12.50"),
        (5, "HKD", "0.05"),
        (0, "HKD", "0.00"),
        (1250, "JPY", "1250"),
        (1250, "KRW", "1250"),
        (1250, "KWD", "1.250"),
        (123_456_789, "CNY", "1234567.89"),
        (100_000_000_000, "JPY", "100000000000"),
    ],
)
def test_whole_units_have_the_currencys_decimals(amount: int, currency: str, text: str) -> None:
    """Plain digits: no grouping, no exponent."""
    assert major(Money(amount, currency)) == text
    assert from_major(text, currency) == Money(amount, currency)
    assert str(Money(amount, currency)) == f"{text} {currency}"


@given(st.integers(0, 10**15), st.sampled_from(["HKD", "JPY", "KWD", "CNY", "USD"]))
def test_reading_is_the_inverse_of_writing(amount: int, currency: str) -> None:
    """To the last unit."""
    assert from_major(major(Money(amount, currency)), currency) == Money(amount, currency)


@pytest.mark.parametrize("text", ["", "abc", "12.505", "NaN", "Infinity", "-0.01", "1,250", "0x10"])
def test_what_is_no_whole_number_of_units_is_refused(text: str) -> None:
    """A statement's cell is not rounded."""
    with pytest.raises(ValueError):  # noqa: PT011  each has its own words
        from_major(text, "HKD")


def test_yen_in_a_statement_may_have_empty_decimals_only() -> None:
    """1250.00 is 1250 yen; 12.50 is not an amount of yen."""
    assert from_major("1250.00", "JPY") == Money(1250, "JPY")
    with pytest.raises(ValueError, match=r"12\.50"):
        from_major("12.50", "JPY")


def test_currencies_are_iso_codes_in_capitals() -> None:
    """From the library's table."""
    assert all(map(known_currency, ("HKD", "JPY", "KWD")))
    assert not any(map(known_currency, ("hkd", "HK", "ZZZ", "ＨＫＤ", "HKD\n", "")))


def test_the_exponent_is_the_currencys() -> None:
    """Two, none, three."""
    assert [exponent(code) for code in ("HKD", "JPY", "KRW", "KWD")] == [2, 0, 0, 3]


@pytest.mark.parametrize(
    ("money", "locale", "text"),
    [
        (Money(1250, "HKD"), "en", "HK$12.50"),
        (Money(1250, "HKD"), "zh_CN", "HK$12.50"),
        (Money(125_000, "JPY"), "ja", "￥125,000"),
        (Money(1250, "CNY"), "zh_CN", "¥12.50"),
    ],
)
def test_people_read_amounts_as_they_write_them(money: Money, locale: str, text: str) -> None:
    """By the locale, never with wrong decimals."""
    assert in_words(money, locale) == text


def test_where_everybody_knows_the_currency_its_figures_suffice() -> None:
    """With the currency's decimals and the language's marks."""
    assert figures(Money(125_000, "EUR"), "de") == "1.250,00"
    assert figures(Money(125_000, "JPY"), "en") == "125,000"
