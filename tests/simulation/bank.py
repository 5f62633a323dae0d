"""A model of WeChat Pay for the simulation: what it knows of each order, and where the money is. Time is an argument."""

from __future__ import annotations

from dataclasses import dataclass, field

from kiosk.core.model import (
    Answer,
    Decline,
    Declined,
    Direct,
    Echo,
    Ended,
    NotFound,
    Order,
    OrderState,
    Outcome,
    Paid,
    Pending,
    Refund,
    Tender,
    Unknown,
    Why,
)
from kiosk.core.money import Money

MERCHANT = Direct("wx1", "1900009999")
REVOKED_AFTER = 45_000  # contract C6: an unpaid Quick Pay order dies by itself


@dataclass
class Account:
    """One order as WeChat has it. `taken` and `returned` count in smallest units."""

    total: Money
    tender: Tender
    made_at: int
    state: str = "NOTPAY"
    taken: int = 0
    returned: int = 0
    refunds: dict[str, int] = field(default_factory=dict)
    refused: int = 0  # refunds that did not fit
    password: bool = False

    @property
    def kept(self) -> int:
        """What the merchant has of it."""
        return self.taken - self.returned


class Bank:
    """All orders. Each call is one request that has arrived; the answer may still be lost on its way back."""

    def __init__(self) -> None:
        self.accounts: dict[str, Account] = {}
        self.codes: set[str] = set()
        self.debits = 0

    def charge(self, order: Order, code: str, fate: str, now: int) -> Answer:
        """`fate`: paid, password, declined or payerror, as the customer's card will have it."""
        known = self.accounts.get(order.out_trade_no)
        if known is not None:
            return self._answer(order, Unknown(Why.UNLISTED, "OUTTRADENOUSED"))
        if code in self.codes:
            return self._answer(order, Declined(Decline.CODE_INVALID))
        self.codes.add(code)
        if fate == "declined":
            return self._answer(order, Declined(Decline.BALANCE))
        made = self.accounts[order.out_trade_no] = Account(order.money, order.tender, now)
        if fate == "paid":
            self.pay(order.out_trade_no, now)
        elif fate == "payerror":
            made.state = "PAYERROR"
        else:
            made.state, made.password = "USERPAYING", True
        return self.ask(order, now)

    def place(self, order: Order, now: int) -> Answer:
        """Idempotent: the same number is the same order."""
        made = self.accounts.setdefault(order.out_trade_no, Account(order.money, order.tender, now))
        if made.state != "NOTPAY":
            paid = made.state == "SUCCESS"
            return self._answer(order, Unknown(Why.ORDER_PAID) if paid else Declined(Decline.NUMBER))
        return Answer(Pending(), self._echo(order), code_url=f"weixin://{order.out_trade_no}", reached=True)

    def pay(self, number: str, now: int) -> bool:
        """The customer pays; whether money was taken."""
        account = self.accounts.get(number)
        self._age(account, now)
        if account is None or account.state not in ("NOTPAY", "USERPAYING"):
            return False
        account.state = "SUCCESS"
        account.taken += account.total.amount
        self.debits += 1
        return True

    def ask(self, order: Order, now: int) -> Answer:
        """The query."""
        account = self.accounts.get(order.out_trade_no)
        self._age(account, now)
        if account is None:
            return self._answer(order, NotFound())
        outcome: Outcome
        match account.state:
            case "SUCCESS":
                outcome = Paid(f"42{order.out_trade_no}", account.total, now)
            case "NOTPAY":
                outcome = Pending()
            case "USERPAYING":
                outcome = Pending(payer_acts=True)
            case "PAYERROR":
                outcome = Declined(Decline.PAYMENT_FAILED, clean_up=True)
            case "CLOSED":
                outcome = Ended(OrderState.CLOSED)
            case "REVOKED":
                outcome = Ended(OrderState.REVERSED)
            case _:
                outcome = Ended(OrderState.REFUNDED)
        return self._answer(order, outcome)

    def reverse(self, order: Order, *, busy: bool) -> Answer:
        """Gives back what was taken; not while the customer types (`busy`)."""
        account = self.accounts.get(order.out_trade_no)
        if account is None:
            return self._answer(order, NotFound())
        if busy and account.state == "USERPAYING":
            return self._answer(order, Unknown(Why.BUSY))
        if account.state == "REFUND":
            return self._answer(order, Unknown(Why.ORDER_PAID))
        if account.state != "PAYERROR":
            account.returned = account.taken
            account.state = "REVOKED"
        return self._answer(order, Pending())

    def close(self, order: Order, now: int) -> Answer:
        """Five minutes after placing, unless paid."""
        account = self.accounts.get(order.out_trade_no)
        if account is None:
            return self._answer(order, NotFound())
        if account.state == "SUCCESS":
            return self._answer(order, Unknown(Why.ORDER_PAID))
        if now - account.made_at < 5 * 60_000:
            return self._answer(order, Unknown(Why.REFUSED, "INVALIDREQUEST"))
        account.state = "CLOSED"
        return self._answer(order, Pending())

    def refund(self, refund: Refund, order: Order, *, poor: bool) -> Answer:
        """The same out_refund_no is the same refund; none is made while the merchant's pool is empty (`poor`)."""
        account = self.accounts[order.out_trade_no]
        if refund.out_refund_no not in account.refunds:
            if poor:
                return self._answer(order, Unknown(Why.BUSY, "NOTENOUGH"))
            if account.kept < refund.money.amount:
                account.refused += 1
                return self._answer(order, Declined(Decline.REFUSED))
            account.refunds[refund.out_refund_no] = refund.money.amount
            account.returned += refund.money.amount
            account.state = "REFUND" if account.kept == 0 else account.state
        return self._answer(order, Pending())

    def ask_refund(self, refund: Refund, order: Order, *, busy: bool) -> Answer:
        """Done as soon as it was accepted, but for a while it may be under way (`busy`)."""
        if busy and refund.out_refund_no in self.accounts[order.out_trade_no].refunds:
            return self._answer(order, Pending())
        done = refund.out_refund_no in self.accounts[order.out_trade_no].refunds
        return self._answer(order, Ended(OrderState.REFUNDED) if done else NotFound())

    def _age(self, account: Account | None, now: int) -> None:
        waiting = account is not None and account.tender is Tender.QUICK_PAY and account.state == "USERPAYING"
        if account is not None and waiting and now - account.made_at > REVOKED_AFTER:
            account.state = "REVOKED"

    def _echo(self, order: Order) -> Echo:
        return Echo(order.out_trade_no, order.money, (("mchid", MERCHANT.mchid),))

    def _answer(self, order: Order, outcome: Outcome) -> Answer:
        return Answer(outcome, self._echo(order), reached=True)
