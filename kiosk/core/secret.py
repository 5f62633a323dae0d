"""The payment code: a bearer secret of 18 digits. It can be compared and sent, and by no accident printed or stored."""

from __future__ import annotations

import hashlib
import re
from typing import NoReturn

# Contract 5: 18 decimal digits, the first two 10-15. ASCII only: `\d` and str.isdigit take full-width digits, `$` a newline.
_FORM = re.compile(r"\A1[0-5][0-9]{16}\Z", re.ASCII)


def is_payment_code(text: str) -> bool:
    """Whether `text` is exactly a WeChat payment code: nothing before, nothing after, ASCII digits."""
    return _FORM.match(text) is not None


class PaymentCode:
    """The 18 digits of one customer's phone. repr, str, format and pickle do not show them; `reveal()` alone does."""

    __slots__ = ("__digits",)

    def __init__(self, digits: str) -> None:
        if not is_payment_code(digits):
            raise ValueError("not a WeChat payment code (18 ASCII digits beginning 10 to 15)")  # never shows the value
        self.__digits = digits

    def reveal(self) -> str:
        """The digits, for the request's body and nothing else."""
        return self.__digits

    def digest(self) -> str:
        """SHA-256 of the digits in hex: tells two codes apart in memory. It can be undone by trying: keep it there."""
        return hashlib.sha256(self.__digits.encode("ascii")).hexdigest()

    def __repr__(self) -> str:
        return "<payment code>"

    __str__ = __repr__

    def __format__(self, spec: str) -> str:
        return "<payment code>"

    def __eq__(self, other: object) -> bool:
        return isinstance(other, PaymentCode) and self.__digits == other.__digits

    def __hash__(self) -> int:
        return hash(self.__digits)

    def __reduce__(self) -> NoReturn:
        raise TypeError("a payment code is not pickled or copied to disk")
