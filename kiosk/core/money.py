"""Amounts: an integer of the currency's smallest unit, never a float."""

from __future__ import annotations

from dataclasses import dataclass
from decimal import Decimal, InvalidOperation

from kiosk.core.cldr import amount_in_words, figures_in_words, get_currency_precision, is_currency


@dataclass(frozen=True, slots=True)
class Money:
    """`amount` smallest units of `currency` (ISO 4217): Money(1250, "HKD") is 12.50 Hong Kong dollars."""

    amount: int
    currency: str

    def __post_init__(self) -> None:
        if type(self.amount) is not int:  # bool and float are no amounts
            raise TypeError(f"an amount is an int of the smallest unit, not {self.amount!r}")
        if self.amount < 0:
            raise ValueError(f"an amount is not negative: {self.amount}")

    def __str__(self) -> str:
        return f"{major(self)} {self.currency}"


def known_currency(code: str) -> bool:
    """Whether `code` is a currency of ISO 4217 that the table of this library holds."""
    return code.isascii() and code.isupper() and is_currency(code)


def exponent(currency: str) -> int:
    """How many decimals the currency has: 2 for HKD, 0 for JPY and KRW."""
    return get_currency_precision(currency)


def major(money: Money) -> str:
    """The amount in whole units with a point and no grouping: "12.50", "1250" for yen."""
    return f"{Decimal(money.amount).scaleb(-exponent(money.currency)):f}"


def in_words(money: Money, locale: str) -> str:
    """The amount as people of `locale` (as "zh_CN") write it: "HK$12.50", "￥1,250", "12,50 €"."""
    value = Decimal(money.amount).scaleb(-exponent(money.currency))
    return amount_in_words(value, money.currency, locale)


def figures(money: Money, locale: str) -> str:
    """The same where everybody knows the currency: "12.50", "1.250,00"."""
    return figures_in_words(Decimal(money.amount).scaleb(-exponent(money.currency)), money.currency, locale)


def rate_in_words(money: Money, payer: Money, rate_e8: int) -> str:
    """What one unit of the price's currency is in the payer's: "1 HKD = 0.9256 CNY"."""
    rate = Decimal(rate_e8).scaleb(-8).normalize()
    return f"1 {money.currency} = {rate:f} {payer.currency}"


def from_major(text: str, currency: str) -> Money:
    """Read "17.50" of a statement; raises ValueError for anything that is not a whole number of smallest units."""
    try:
        units = Decimal(text).scaleb(exponent(currency))
    except InvalidOperation:
        raise ValueError(f"not an amount of {currency}: {text!r}") from None
    if not units.is_finite() or units != units.to_integral_value():
        raise ValueError(f"not an amount of {currency}: {text!r}")
    return Money(int(units), currency)
