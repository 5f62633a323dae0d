"""A PIN as it is keyed is shown and stored by no accident."""

from __future__ import annotations

import copy
import pickle

import pytest

from kiosk.core.operators import MOST_PIN, PinDigits

SECRET = "73918264"


def test_a_pin_is_in_no_text() -> None:
    pin = PinDigits(SECRET)
    assert {repr(pin), str(pin), f"{pin}", f"{pin!r:>9}".strip(), "%s" % pin} == {"<PIN>"}  # noqa: UP031  that way, too
    with pytest.raises(ValueError, match="not a PIN") as caught:
        PinDigits(SECRET + "x")
    assert SECRET not in str(caught.value)


def test_a_pin_is_not_stored() -> None:
    for away in (pickle.dumps, copy.copy, copy.deepcopy):
        with pytest.raises(TypeError, match="not pickled"):
            away(PinDigits(SECRET))


def test_it_grows_and_shrinks_by_a_digit_and_is_never_too_long() -> None:
    pin = PinDigits()
    for digit in SECRET:
        pin = pin.more(digit)
    assert pin == PinDigits(SECRET)
    assert len(pin) == len(SECRET)
    assert pin.less() == PinDigits(SECRET[:-1])
    assert PinDigits().less() == PinDigits()
    full = PinDigits("1" * MOST_PIN)
    assert full.more("2") is full
