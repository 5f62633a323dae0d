"""What the customer is debited: CNY for one unit of a price currency. Fixed figures of this stand-in, near those of 2026."""

from __future__ import annotations

from decimal import ROUND_HALF_UP, Decimal

from kiosk.core.money import exponent

_CNY_FOR_ONE = {
    "CNY": "1", "HKD": "0.92", "USD": "7.19", "EUR": "8.31", "GBP": "9.62", "JPY": "0.0478", "KRW": "0.00513", "THB": "0.222",
    "SGD": "5.58", "AUD": "4.71", "NZD": "4.19", "CAD": "5.21", "MOP": "0.893", "TWD": "0.236", "MYR": "1.70", "PHP": "0.123",
    "CHF": "8.88", "SEK": "0.752", "DKK": "1.11", "NOK": "0.706", "AED": "1.96", "TRY": "0.171", "RUB": "0.089", "CZK": "0.342",
    "IDR": "0.00043", "MNT": "0.0020", "QAR": "1.97", "HUF": "0.0213", "KHR": "0.0018", "ISK": "0.0584", "PLN": "1.96",
}  # fmt: skip


def rate_e8(currency: str) -> int:
    """CNY for one unit of `currency`, times 10^8 (contract 4.3); a currency without a figure is taken one to one."""
    return int(Decimal(_CNY_FOR_ONE.get(currency, "1")) * 10**8)


def to_fen(total: int, currency: str) -> int:
    """The CNY fen a customer pays for `total` smallest units of `currency`; never nothing."""
    fen = Decimal(total).scaleb(-exponent(currency)) * rate_e8(currency) * 100 / 10**8
    return max(1, int(fen.quantize(Decimal(1), rounding=ROUND_HALF_UP)))
