"""The numbers a kiosk gives: what an out_trade_no is made of, and what is named after it. Whether there is one, the ledger knows.

An out_trade_no is `<kiosk_id>-<yymmdd>-<generation><counter>`, as K07-260105-aa0001: so a lost ledger's numbers can be walked. A
payment code has no hyphen, and so never is one.
"""

from __future__ import annotations

import re
from dataclasses import dataclass

_KIOSK = r"[0-9A-Za-z_]{1,10}"
_REST = r"-([0-9]{6})-([0-9A-Za-z]{2})([0-9]{4,15})"
_FORM = re.compile(rf"({_KIOSK}){_REST}", re.ASCII)


@dataclass(frozen=True, slots=True)
class OrderNumber:
    """An out_trade_no in its parts; as a text it is whole again. `day`: yymmdd of the shop's own day."""

    kiosk_id: str
    day: str
    generation: str
    counter: int

    def __str__(self) -> str:
        return f"{self.kiosk_id}-{self.day}-{self.generation}{self.counter:04}"


def read_number(text: str) -> OrderNumber | None:
    """The parts of an out_trade_no that some kiosk of this program made; None for any other text."""
    parts = _FORM.fullmatch(text)
    made = None if parts is None else OrderNumber(parts[1], parts[2], parts[3], int(parts[4]))
    return made if str(made) == text else None  # aa00012 is nobody's: as aa0012 another order would be asked for


def is_order_number(text: str) -> bool:
    """Whether `text` is, from end to end, such a number."""
    return read_number(text) is not None


def form_of(kiosk_id: str) -> re.Pattern[str]:
    """Of all numbers of one kiosk, for whoever looks at a million of them."""
    return re.compile(re.escape(kiosk_id) + _REST, re.ASCII)


def sale_id(first: OrderNumber) -> str:
    """A sale is named after its first order."""
    return f"S-{first}"


def shift_id(kiosk_id: str, generation: str, z: int) -> str:
    """K07-aa-Z0001: with the generation in it, for a lost ledger had a shift of this number, too."""
    return f"{kiosk_id}-{generation}-Z{z:04}"
