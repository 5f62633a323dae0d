"""`kiosk ask`: what WeChat says of one order, by our number or by WeChat's own, as it stands on the customer's phone.

Asks WeChat alone: neither the ledger nor a running kiosk has a part in it, and nothing is written.
"""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any, assert_never

from kiosk.clock import SteadyClock
from kiosk.config import Config, LedgerConfig
from kiosk.control.enquiry import rfc3339
from kiosk.core.errors import KioskError
from kiosk.core.model import Answer, Declined, Ended, NotFound, Paid, Pending, Unknown
from kiosk.parts import make_provider


def ask_wechat(config: Config, number: str) -> dict[str, Any]:
    """Keys: `out_trade_no`, `transaction_id`, `state`, `amount` (smallest unit), `currency`, `paid_at`; None where unknown.

    `state` is PAID, CLOSED, REVERSED, REFUNDED, DECLINED, PENDING or NOT_FOUND. Raises KioskError when there is no answer, or
    none that is proven to be WeChat's.
    """
    with TemporaryDirectory() as folder:  # its certificates, fetched afresh, are not put beside the kiosk's ledger
        provider = make_provider(replace(config, ledger=LedgerConfig(Path(folder, "kiosk.db"))), SteadyClock())
        try:
            answer = provider.look_up(number)
        finally:
            provider.stop()
    echo = answer.echo
    total = echo.total if echo is not None else None
    paid_at = answer.outcome.paid_at if isinstance(answer.outcome, Paid) else None
    return {
        "out_trade_no": (echo.out_trade_no if echo is not None else None) or (None if number.isdecimal() else number),
        "transaction_id": answer.transaction_id or (number if number.isdecimal() else None),
        "state": _state(answer),
        "amount": None if total is None else total.amount,
        "currency": None if total is None else total.currency,
        "paid_at": None if paid_at is None else rfc3339(paid_at, config.merchant.time_zone),
    }


def _state(answer: Answer) -> str:
    match answer.outcome:
        case Paid():
            return "PAID"
        case Ended(state):
            return state.value
        case Declined():
            return "DECLINED"
        case Pending():
            return "PENDING"
        case NotFound():
            return "NOT_FOUND"
        case Unknown(why, detail):
            about = f"{why}, {detail}" if detail else f"{why}"
            raise KioskError(f"WeChat gave no good answer ({about}). Ask again in a minute; `kiosk doctor` looks for the cause.")
        case _:
            assert_never(answer.outcome)
