"""The nouns: sale, order, refund, and what an answer can say. Values only; what follows from them is lifecycle.py.

Every time is an `int`, milliseconds of Unix time read from the kiosk's steady clock (ports.Clock): it never jumps while
the process lives. `None` means "does not apply (yet)", never "unknown".
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

from kiosk.core.money import Money


class Tender(StrEnum):
    """How an order is collected."""

    QUICK_PAY = "quick_pay"  # the camera reads the customer's payment code; WeChat: MICROPAY
    NATIVE = "native"  # the customer scans the QR on the screen; WeChat: NATIVE


class OrderState(StrEnum):
    """Where an order is in its life. The table is in lifecycle.py."""

    ARMED = "ARMED"  # the number is committed, nothing was sent (a crash turns this into SENT: nobody knows)
    SENT = "SENT"  # the request may be on the wire
    PAYING = "PAYING"  # WeChat knows the order; the payer must act
    REVERSING = "REVERSING"  # quick_pay: being undone; one-way
    CLOSING = "CLOSING"  # native: being made unpayable
    REFUNDING = "REFUNDING"  # all of it goes back: money that came too late or twice
    PAID = "PAID"
    DECLINED = "DECLINED"
    CLOSED = "CLOSED"
    REVERSED = "REVERSED"
    REFUNDED = "REFUNDED"
    VOID = "VOID"  # WeChat never had it; final, yet watched
    ATTENTION = "ATTENTION"  # a person has to decide


FINALS = frozenset(
    {
        OrderState.PAID,
        OrderState.DECLINED,
        OrderState.CLOSED,
        OrderState.REVERSED,
        OrderState.REFUNDED,
        OrderState.VOID,
        OrderState.ATTENTION,
    }
)


class SaleState(StrEnum):
    """What became of one keyed amount."""

    OPEN = "open"
    PAID = "paid"
    UNPAID = "unpaid"
    REFUNDED = "refunded"
    ATTENTION = "attention"


class RefundState(StrEnum):
    """A refund's life: asked for, accepted by WeChat, then done, or a person has to decide."""

    REQUESTED = "REQUESTED"
    ACCEPTED = "ACCEPTED"
    DONE = "DONE"
    ATTENTION = "ATTENTION"


class Reason(StrEnum):
    """Why a merchant gives money back, in the order in which it is asked; a command may give another in its own words."""

    RETURNED = "returned"  # the goods came back
    FAULTY = "faulty"
    NOT_DELIVERED = "not_delivered"  # sold out, say
    WRONG_AMOUNT = "wrong_amount"
    TWICE = "twice"  # paid twice
    OTHER = "other"


class RefundTrouble(StrEnum):
    """Why a refund does not come to its end, as far as people can do something about it."""

    POOR = "poor"  # the shop's money at WeChat does not suffice yet; asked again by itself
    ACCOUNT = "account"  # ABNORMAL, USER_ACCOUNT_ABNORMAL: the customer's account cannot take it
    CLOSED = "closed"  # WeChat has closed it
    OVERDUE = "overdue"  # a year is over
    NUMBER = "number"  # its number was used with other parameters
    MERCHANT = "merchant"  # the shop's set-up
    ORDER = "order"  # WeChat does not know the order
    REFUSED = "refused"  # by a rule


class Call(StrEnum):
    """The questions and commands a provider understands."""

    CHARGE = "charge"
    PLACE = "place"
    ASK = "ask"
    REVERSE = "reverse"
    CLOSE = "close"
    REFUND = "refund"
    ASK_REFUND = "ask_refund"


class Why(StrEnum):
    """Why an answer says nothing about the order: the fate of the request."""

    NOT_SENT = "not_sent"  # no host could be connected to: not one byte left, nothing can have happened there
    TIMEOUT = "timeout"  # the total deadline passed after bytes had left
    CUT = "cut"  # the connection broke after bytes had left
    SERVER = "server"  # 5xx, SYSTEM_ERROR, BANK_ERROR
    BUSY = "busy"  # 429, or a reverse answered "being paid"
    POOR = "poor"  # a refund: NOT_ENOUGH, until new sales have filled the shop's pool
    UNVERIFIED = "unverified"  # no signature, a wrong one, a probe, a stale time stamp, an unknown serial
    MALFORMED = "malformed"  # verified, yet not what the contract describes; or larger than the cap
    REFUSED = "refused"  # a verified refusal that tells nothing of the money (SIGN_ERROR, NO_AUTH on a query ...)
    ORDER_PAID = "order_paid"  # a reverse or close was refused because the order is paid: ask
    UNLISTED = "unlisted"  # a code no table holds


NOT_YET_VALID = "CertificateNotYetValid"
"""The detail of a NOT_SENT that points at our clock: the server's certificate is of a time after it."""


class Decline(StrEnum):
    """Why an order was definitely not paid, as far as the people in front need to know."""

    BALANCE = "balance"  # NOT_ENOUGH
    CODE_EXPIRED = "code_expired"  # AUTH_CODE_EXPIRE
    CODE_INVALID = "code_invalid"  # AUTH_CODE_ERROR, AUTH_CODE_INVALID: used before, or of another wallet
    CARD = "card"  # NOT_SUPORT_CARD
    REFUSED = "refused"  # TRADE_ERROR, RULE_LIMIT, ACCOUNT_ERROR, BUYER_MISMATCH
    PAYMENT_FAILED = "payment_failed"  # trade_state PAYERROR
    MERCHANT = "merchant"  # NO_AUTH, wrong ids, PARAM_ERROR, SIGN_ERROR: the shop's set-up, not the customer
    NUMBER = "number"  # ORDER_CLOSED, ORDER_REVERSED, OUT_REFUND_NO_USED: this number cannot be used again


@dataclass(frozen=True, slots=True)
class Paid:
    """The money was taken. `total` is what WeChat says was ordered; `payer` what the customer was debited."""

    transaction_id: str
    total: Money
    paid_at: int | None = None
    payer: Money | None = None
    rate_e8: int | None = None  # payer currency per unit of price currency, times 10^8 (contract 4.3)


@dataclass(frozen=True, slots=True)
class Declined:
    """Definitely not taken. `clean_up`: WeChat wants one reversal all the same (PAYERROR, contract 6.1)."""

    reason: Decline
    clean_up: bool = False
    trouble: RefundTrouble | None = None  # of a refund


@dataclass(frozen=True, slots=True)
class Ended:
    """WeChat names an end: CLOSED, REVERSED or REFUNDED."""

    state: OrderState


@dataclass(frozen=True, slots=True)
class Pending:
    """WeChat has it and it is not over: NOTPAY, USERPAYING, a 204 to reverse or close, a refund in PROCESSING."""

    payer_acts: bool = False  # USERPAYING: the customer types a password


@dataclass(frozen=True, slots=True)
class NotFound:
    """WeChat has no such order (or refund), says a verified answer."""


@dataclass(frozen=True, slots=True)
class Unknown:
    """Nobody knows. Not an error, not a failure, not a success."""

    why: Why
    detail: str = ""  # for the log: a code or an exception's class, never a body


Outcome = Paid | Declined | Ended | Pending | NotFound | Unknown


@dataclass(frozen=True, slots=True)
class Direct:
    """A merchant that signs for itself (contract 2)."""

    appid: str
    mchid: str


@dataclass(frozen=True, slots=True)
class Institution:
    """An acquirer that signs for a sub-merchant (contract 2)."""

    sp_appid: str
    sp_mchid: str
    sub_mchid: str


Merchant = Direct | Institution


@dataclass(frozen=True, slots=True)
class Echo:
    """What a verified answer says it is about; each part that is present must equal the row (lifecycle.mismatch).

    `merchant_numbers` are pairs as ("mchid", "1900009999"), only those present in the answer.
    """

    out_trade_no: str | None = None
    total: Money | None = None
    merchant_numbers: tuple[tuple[str, str], ...] = ()
    tender: Tender | None = None  # of the two kinds a kiosk makes; for a ledger that is rebuilt, compared with nothing
    opened_at: int | None = None  # as the kiosk sent it along: two copies of one kiosk make a number at two moments


@dataclass(frozen=True, slots=True)
class Answer:
    """What a provider returns from any call: always one of the six outcomes."""

    outcome: Outcome
    echo: Echo | None = None
    code_url: str | None = None  # of a placed Native order; opaque text
    transaction_id: str | None = None  # WeChat's number, also of orders not paid; of refunds WeChat's refund number
    server_time: int | None = None  # ms, from a *verified* Wechatpay-Timestamp
    reached: bool = False  # WeChat answered with something verified: the network works


@dataclass(frozen=True, slots=True)
class Sale:
    """What one customer owes: all of `money`, the `tip` in it. `lines`: what was added up, empty when it was one amount."""

    sale_id: str
    money: Money
    opened_at: int
    state: SaleState = SaleState.OPEN
    tip: int = 0
    lines: tuple[int, ...] = ()


@dataclass(frozen=True, slots=True)
class Order:
    """One try to collect a sale. The row alone says what to do next (lifecycle.next_act)."""

    out_trade_no: str
    sale_id: str
    tender: Tender
    money: Money
    opened_at: int
    state: OrderState
    sent_at: int | None = None
    anchor_at: int | None = None  # the sending, or the restart after it: no reversal within 15 s of this
    expires_at: int | None = None  # native: the last moment the payer can pay (time_expire)
    transaction_id: str | None = None
    paid_at: int | None = None  # WeChat's success_time
    settled_at: int | None = None  # when this kiosk learnt the final
    payer: Money | None = None
    rate_e8: int | None = None
    decline: Decline | None = None
    asks: int = 0  # answered queries since the order is in this state of waiting or undoing
    tries: int = 0  # answered reversals, closes or refunds
    last_call: Call | None = None
    last_outcome: str | None = None  # class name of the last outcome, in lower case
    called_at: int | None = None  # when last_call was answered
    pay_refused: bool = False  # the last reverse or close was refused with ORDER_PAID
    note: str | None = None  # why a person has to decide
    memo: str = ""  # the shop's own number of the sale, in digits; WeChat gives it back in `attach`


@dataclass(frozen=True, slots=True)
class Refund:
    """Money given back, part or all, under its own number that is reused each time the request is sent."""

    out_refund_no: str
    out_trade_no: str
    money: Money
    opened_at: int
    state: RefundState = RefundState.REQUESTED
    late: bool = False  # the whole of a REFUNDING order, begun by the kiosk itself
    refund_id: str | None = None  # WeChat's number
    settled_at: int | None = None
    tries: int = 0
    last_call: Call | None = None
    last_outcome: str | None = None
    called_at: int | None = None
    note: str | None = None
    reason: str | None = None  # one of Reason, or in other words; None: nobody was asked
    operator: str | None = None  # who gave it back at the kiosk
    trouble: RefundTrouble | None = None
