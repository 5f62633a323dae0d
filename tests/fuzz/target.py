"""What a target is: samples to begin with, and one call that takes an input and must come back without raising.

A target raises AssertionError (or lets out an exception that is not documented) when the code it feeds is wrong.
"""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import dataclass

from kiosk.core.model import Answer, Declined, Ended, NotFound, Paid, Pending, Unknown
from kiosk.core.money import Money


@dataclass(frozen=True, slots=True)
class Target:
    """`lines_a_byte` and `bytes_a_byte`: how many lines of Python, and how much memory, one byte of input may cost at most."""

    name: str
    seeds: tuple[bytes, ...]
    feed: Callable[[bytes], None]
    words: tuple[str, ...] = ()
    lines: int = 20_000  # that any input may cost
    lines_a_byte: int = 100
    memory: int = 2_000_000
    bytes_a_byte: int = 200


def form_of_a_code(data: bytes) -> bool:
    """Whether these bytes are a payment code: contract 5 written down a second time, without a regular expression."""
    return len(data) == 18 and all(0x30 <= byte <= 0x39 for byte in data) and 10 <= int(data[:2]) <= 15


def sound(answer: Answer) -> None:
    """Whatever was read, the Answer is one of the six, its money is whole, and what goes to a log is short and plain."""
    outcome = answer.outcome
    assert isinstance(outcome, Paid | Declined | Ended | Pending | NotFound | Unknown)
    if isinstance(outcome, Unknown):
        assert len(outcome.detail) <= 80
        assert all(char.isascii() and (char.isalnum() or char in "_ ") for char in outcome.detail), outcome.detail
    for money in _moneys(answer):
        whole(money)
    for number in (answer.transaction_id, answer.echo and answer.echo.out_trade_no):
        assert number is None or (isinstance(number, str) and 0 < len(number) <= 64 and number.isascii() and number.isprintable())
    if isinstance(outcome, Paid):
        assert outcome.transaction_id
        assert outcome.paid_at is None or type(outcome.paid_at) is int
        assert outcome.rate_e8 is None or type(outcome.rate_e8) is int
    assert answer.code_url is None or (isinstance(answer.code_url, str) and 0 < len(answer.code_url) <= 512)


def whole(money: Money) -> None:
    """An int that any reader of JSON understands alike, of a currency of three capitals."""
    assert type(money.amount) is int
    assert 0 <= money.amount < 2**53
    assert len(money.currency) == 3
    assert money.currency.isascii()
    assert money.currency.isupper()


def says_paid(body: bytes) -> bool:
    """Whether an ordinary JSON reader, too, finds SUCCESS and a whole amount."""
    data = json.loads(body)
    total = data["amount"]["total"]
    return data["trade_state"] == "SUCCESS" and type(total) is int and isinstance(data["amount"]["currency"], str)


def _moneys(answer: Answer) -> list[Money]:
    found = [answer.echo.total if answer.echo else None]
    if isinstance(answer.outcome, Paid):
        found += [answer.outcome.total, answer.outcome.payer]
    return [money for money in found if money is not None]
