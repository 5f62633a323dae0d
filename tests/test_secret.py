"""A payment code is believed only in its exact form, and gets out of its wrapper by `reveal` alone."""

from __future__ import annotations

import copy
import hashlib
import json
import logging
import pickle
import traceback

import pytest
from hypothesis import given
from hypothesis import strategies as st

from kiosk.core.commands import Charge
from kiosk.core.events import CodeSeen
from kiosk.core.model import Call
from kiosk.core.secret import PaymentCode, is_payment_code
from tests.flow import Flow
from tests.history import history_of

DIGITS = "130000000000000042"


@pytest.mark.parametrize("prefix", ["10", "11", "12", "13", "14", "15"])
def test_18_digits_beginning_10_to_15_are_a_payment_code(prefix: str) -> None:
    """Contract 5."""
    assert is_payment_code(prefix + "0" * 16)


@pytest.mark.parametrize(
    "text",
    [
        "",
        "13000000000000004",
        "1300000000000000042",
        "160000000000000042",
        "090000000000000042",
        "280000000000000042",
        DIGITS + "\n",
        " " + DIGITS,
        DIGITS + "\x00",
        "13000000000000004²",
        "１３００００００００００００００４２",
        "13" + "٠" * 16,
        "1300000000000000-2",
        f"https://x/{DIGITS}",
    ],
)
def test_anything_else_is_not(text: str) -> None:
    """Nothing before, nothing after, ASCII digits only; and the refusal does not repeat what was shown."""
    assert not is_payment_code(text)
    with pytest.raises(ValueError, match="18 ASCII digits") as refused:
        PaymentCode(text)
    assert not text.strip() or text.strip() not in str(refused.value)


@given(st.text(max_size=24))
def test_whatever_is_accepted_is_ascii_18_and_of_the_prefix(text: str) -> None:
    """The form in other words than the rule's own."""
    if is_payment_code(text):
        assert text.isascii()
        assert text.isdecimal()
        assert len(text) == 18
        assert 10 <= int(text[:2]) <= 15


def test_no_way_of_printing_shows_the_digits(caplog: pytest.LogCaptureFixture) -> None:
    """repr, str, format, %, f-strings with widths, logging, an exception's text, an event's and an act's repr."""
    code = PaymentCode(DIGITS)
    flow = Flow()
    flow.press("5 OK")
    flow.code(DIGITS)
    logging.getLogger("x").warning("saw %s %r", code, {"code": code})
    told = "".join(traceback.format_exception(RuntimeError(code, flow.one(Charge), CodeSeen("t", code))))
    shown = [repr(code), str(code), f"{code}", f"{code:>40}", f"{code!r:x<50}", "%s" % code, told, caplog.text]  # noqa: UP031  this is what is tried
    shown += [repr(flow.kiosk), repr(flow.done), repr(flow.screen), repr(vars(type(code)))]
    assert not any(DIGITS in text or DIGITS[2:] in text for text in shown)


def test_no_row_and_no_history_of_the_ledger_holds_it() -> None:
    """Neither the digits nor their digest, which can be undone by trying."""
    flow = Flow()
    flow.press("5 OK")
    flow.code(DIGITS)
    number = flow.front().out_trade_no
    flow.answer(Call.CHARGE, flow.paid(number))
    text = repr((flow.order(number), history_of(flow.ledger, number), flow.ledger.sale(flow.order(number).sale_id)))
    assert DIGITS not in text
    assert hashlib.sha256(DIGITS.encode()).hexdigest() not in text


def test_it_cannot_be_pickled_or_turned_into_json() -> None:
    """Nothing can put it on disk by accident."""
    code = PaymentCode(DIGITS)
    for attempt in (pickle.dumps, copy.deepcopy):
        with pytest.raises(TypeError, match="not pickled"):
            attempt(code)
    with pytest.raises(TypeError):
        json.dumps(code)
    assert not hasattr(code, "__dict__")


def test_two_codes_are_told_apart_without_being_shown() -> None:
    """By value."""
    assert PaymentCode(DIGITS) == PaymentCode(DIGITS)
    assert PaymentCode(DIGITS) != PaymentCode("130000000000000043")
    assert PaymentCode(DIGITS) != DIGITS
    assert len({PaymentCode(DIGITS), PaymentCode(DIGITS)}) == 1
    assert PaymentCode(DIGITS).reveal() == DIGITS
    assert PaymentCode(DIGITS).digest() == hashlib.sha256(DIGITS.encode("ascii")).hexdigest()
