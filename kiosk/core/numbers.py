"""What a kiosk's own order numbers look like. Words only: whether there is such an order, the ledger knows."""

from __future__ import annotations

import re

# <kiosk_id>-<yymmdd>-<generation><counter>, as Books.number() makes them. A payment code has no hyphen, so it never fits.
_FORM = re.compile(r"\A[0-9A-Za-z_]{1,10}-[0-9]{6}-[0-9A-Za-z]{2}[0-9]{4,9}\Z", re.ASCII)


def is_order_number(text: str) -> bool:
    """Whether `text` is, from end to end, of the form of an out_trade_no that some kiosk of this program made."""
    return _FORM.match(text) is not None
