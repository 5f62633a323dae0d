"""What WeChat's side remembers: merchant, orders, refunds, and the two ways of saying no. Values; the rules are in bank.py."""

from __future__ import annotations

from dataclasses import dataclass, field
from enum import StrEnum
from typing import Any


class State(StrEnum):
    """`trade_state` (contract 3.4.2)."""

    SUCCESS = "SUCCESS"
    REFUND = "REFUND"
    NOTPAY = "NOTPAY"
    CLOSED = "CLOSED"
    REVOKED = "REVOKED"
    USERPAYING = "USERPAYING"
    PAYERROR = "PAYERROR"


class Kind(StrEnum):
    """`trade_type`."""

    MICROPAY = "MICROPAY"
    NATIVE = "NATIVE"


class Refusal(Exception):
    """What the customer's phone says when it will not do something. `str()` is for the customer."""


class Fault(Exception):
    """An answer of the API that is not a success: the error envelope of contract 3.11.1."""

    def __init__(
        self, status: int, code: str, message: str, *, detail: dict[str, Any] | None = None, number: int = 268435461
    ) -> None:
        self.status = status
        self.code = code
        self.message = message
        self.detail = detail
        self.number = number  # the internal number behind the last hyphen of Request-ID (contract 3.11.5)
        super().__init__(f"{status} {code}: {message}")


@dataclass(frozen=True, slots=True)
class Merchant:
    """The one shop this stand-in knows. With `sub_mchid` the institution mode of contract 2, without it the direct one."""

    appid: str = "wx7bc98d929da735fe"  # direct: appid; institution: sp_appid
    mchid: str = "1900007777"  # who signs; direct: mchid; institution: sp_mchid
    sub_mchid: str | None = "1900008888"
    name: str = "Harbour Snacks"
    currency: str = "HKD"  # settlement currency

    @property
    def app_field(self) -> str:
        """The name of the appid in bodies."""
        return "appid" if self.sub_mchid is None else "sp_appid"

    def numbers(self) -> dict[str, str]:
        """The merchant numbers as GET, close and reverse carry them."""
        if self.sub_mchid is None:
            return {"mchid": self.mchid}
        return {"sp_mchid": self.mchid, "sub_mchid": self.sub_mchid}

    def ids(self) -> dict[str, str]:
        """The merchant numbers with the appid, as orders and refunds carry them."""
        return {self.app_field: self.appid, **self.numbers()}


@dataclass(frozen=True, slots=True)
class Wanted:
    """An order as a checked request asks for it. `body` is a digest of all parameters but the payment code."""

    kind: Kind
    out_trade_no: str
    description: str
    total: int
    currency: str
    body: str
    attach: str = ""
    device_id: str = ""
    notify_url: str = ""
    expires_in_ms: int | None = None  # time_expire, counted from the request


@dataclass(frozen=True, slots=True)
class Bill:
    """What a customer's phone shows before paying. Totals in the smallest unit; `payer_total` is CNY fen."""

    out_trade_no: str
    shop: str
    description: str
    total: int
    currency: str
    payer_total: int
    payer_currency: str


@dataclass(slots=True)
class RefundRow:
    """One refund. Times are ms of the bank's clock."""

    refund_id: str
    out_refund_no: str
    out_trade_no: str
    refund: int
    payer_refund: int
    body: str
    created_at: int
    notify_url: str = ""
    status: str = "PROCESSING"  # SUCCESS, CLOSED, PROCESSING, ABNORMAL
    queries: int = 0
    success_time: int | None = None


@dataclass(frozen=True, slots=True)
class Entry:
    """Money that moved, as the ledger and the statement list it. `at` is ms of the bank's clock."""

    what: str  # payment, reversal, refund
    at: int
    total: int
    payer_total: int
    out_refund_no: str = ""


@dataclass(slots=True)
class OrderRow:
    """One order at WeChat. Times are ms of the bank's clock."""

    kind: Kind
    out_trade_no: str
    description: str
    total: int
    currency: str
    payer_total: int
    rate_e8: int
    body: str
    created_at: int
    state: State
    attach: str = ""
    device_id: str = ""
    notify_url: str = ""
    transaction_id: str = ""
    success_time: int | None = None
    expires_at: int | None = None
    late_at: int | None = None  # will be paid by itself then
    code_url: str = ""
    code_url_until: int = 0
    holder: str = ""  # the account that scanned it first
    dialog: bool = False  # the customer's phone shows the payment dialog
    never_finishes: bool = False
    queries_fail: bool = False
    entries: list[Entry] = field(default_factory=list)
    refunds: list[RefundRow] = field(default_factory=list)

    @property
    def debits(self) -> int:
        """How often money was taken."""
        return sum(each.what == "payment" for each in self.entries)

    @property
    def reversals(self) -> int:
        """How often money was given back by reversing."""
        return sum(each.what == "reversal" for each in self.entries)

    @property
    def refunded(self) -> int:
        """The sum of refunds that were accepted and not closed."""
        return sum(each.refund for each in self.refunds if each.status != "CLOSED")

    @property
    def open(self) -> bool:
        """Whether it can still be paid."""
        return self.state in {State.NOTPAY, State.USERPAYING}
