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
NO_CLOSE_BEFORE = 5 * 60_000  # contract 3.5
STILL_PAYING = 60_000  # who opened the payment before the QR expired may still finish (contract 6.2)
DAY = 86_400_000
PAYABLE = ("NOTPAY", "USERPAYING")


@dataclass(slots=True)
class Account:
    """One order as WeChat has it. `taken` and `returned` count in smallest units."""

    total: Money
    tender: Tender
    made_at: int
    expires_at: int | None = None
    state: str = "NOTPAY"
    taken: int = 0
    returned: int = 0
    refunds: dict[str, int] = field(default_factory=dict)
    refused: int = 0  # refunds that did not fit
    refusals: set[str] = field(default_factory=set)  # refunds that can never be made, whatever is asked
    told_done: set[str] = field(default_factory=set)  # refunds that somebody has heard to be done
    changed_at: int = 0
    opened_at: int | None = None  # as the kiosk says it

    @property
    def kept(self) -> int:
        """What the merchant has of it."""
        return self.taken - self.returned

    @property
    def payable(self) -> bool:
        """Whether money may still be taken."""
        return self.state in PAYABLE


class Bank:
    """All orders. Each call is one request that has arrived; the answer may still be lost on its way back."""

    def __init__(self) -> None:
        self.accounts: dict[str, Account] = {}
        self.codes: dict[str, str] = {}  # used ones, and for which order

    def charge(self, order: Order, code: str, fate: str, now: int) -> Answer:
        """`fate`: paid, password, declined or payerror, as the customer's card will have it."""
        known = self.accounts.get(order.out_trade_no)
        if known is not None:
            return Answer(Unknown(Why.UNLISTED, "OUTTRADENOUSED"), reached=True)
        if code in self.codes:
            return Answer(Declined(Decline.CODE_INVALID), reached=True)
        self.codes[code] = order.out_trade_no
        if fate == "declined":
            return Answer(Declined(Decline.BALANCE), reached=True)
        made = self.accounts[order.out_trade_no] = Account(
            order.money, order.tender, now, changed_at=now, opened_at=order.opened_at
        )
        if fate == "paid":
            self.pay(order.out_trade_no, now)
        else:
            made.state = "PAYERROR" if fate == "payerror" else "USERPAYING"
        return self.ask(order, now)

    def place(self, order: Order, now: int) -> Answer:
        """Idempotent: the same number is the same order."""
        made = self.accounts.get(order.out_trade_no)
        if made is None:
            made = Account(order.money, order.tender, now, order.expires_at, changed_at=now, opened_at=order.opened_at)
            self.accounts[order.out_trade_no] = made
        if made.state != "NOTPAY":
            paid = made.state == "SUCCESS"
            return Answer(Unknown(Why.ORDER_PAID) if paid else Declined(Decline.NUMBER), reached=True)
        return Answer(Pending(), code_url=f"weixin://{order.out_trade_no}", reached=True)

    def pay(self, number: str, now: int) -> bool:
        """The customer pays; whether money was taken."""
        account = self.accounts.get(number)
        if account is None:
            return False
        self._age(account, now)
        late = account.expires_at is not None and now > account.expires_at + STILL_PAYING
        if not account.payable or late:
            return False
        account.state, account.changed_at = "SUCCESS", now
        account.taken += account.total.amount
        return True

    def fail(self, number: str, now: int) -> None:
        """The customer types a wrong password once too often."""
        account = self.accounts.get(number)
        if account is not None and account.state == "USERPAYING":
            account.state, account.changed_at = "PAYERROR", now

    def ask(self, order: Order, now: int, behind: int = 0) -> Answer:
        """The query; `behind`: a replica that does not know yet of an order made so many ms ago."""
        account = self.accounts.get(order.out_trade_no)
        if account is None or now - account.made_at < behind:
            return Answer(NotFound(), reached=True)
        self._age(account, now)
        outcome: Outcome
        match account.state:
            case "SUCCESS":
                outcome = Paid(f"42{order.out_trade_no}", account.total, account.changed_at)
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
        numbers = (("appid", MERCHANT.appid), ("mchid", MERCHANT.mchid))
        echo = Echo(order.out_trade_no, account.total, numbers, opened_at=account.opened_at)
        return Answer(outcome, echo, reached=True)

    def reverse(self, order: Order, now: int, *, busy: bool) -> Answer:
        """Gives back what was taken; not while the customer types (`busy`), and not on a later day (contract 3.6, C5)."""
        account = self.accounts.get(order.out_trade_no)
        if account is None:
            return Answer(NotFound(), reached=True)
        self._age(account, now)
        if busy and account.state == "USERPAYING":
            return Answer(Unknown(Why.BUSY), reached=True)
        if account.state == "REFUND" or (account.state == "SUCCESS" and _day(now) > _day(account.made_at)):
            return Answer(Unknown(Why.ORDER_PAID), reached=True)
        if account.state == "PAYERROR" and order.out_trade_no[-1] in "13579":
            account.state = "REVOKED"
        elif account.state not in ("PAYERROR", "REVOKED"):
            account.returned = account.taken
            account.state, account.changed_at = "REVOKED", now
        return Answer(Pending(), reached=True)

    def close(self, order: Order, now: int) -> Answer:
        """Five minutes after placing, unless paid."""
        account = self.accounts.get(order.out_trade_no)
        if account is None:
            return Answer(NotFound(), reached=True)
        if account.state in ("SUCCESS", "REFUND"):
            return Answer(Unknown(Why.ORDER_PAID), reached=True)
        if now - account.made_at < NO_CLOSE_BEFORE:
            return Answer(Unknown(Why.REFUSED, "INVALIDREQUEST"), reached=True)
        account.state, account.changed_at = "CLOSED", now
        return Answer(Pending(), reached=True)

    def refund(self, refund: Refund, order: Order, *, poor: bool, abnormal: bool, lost: bool) -> Answer:
        """The same out_refund_no is the same refund; none while the merchant's pool is empty, nor to an `abnormal` account."""
        account = self.accounts[order.out_trade_no]
        if refund.out_refund_no not in account.refunds:
            if abnormal or refund.out_refund_no in account.refusals:
                account.refusals.add(refund.out_refund_no)
                return Answer(Declined(Decline.REFUSED), reached=True)
            if poor:
                return Answer(Unknown(Why.BUSY, "NOTENOUGH"), reached=True)
            if lost:  # accepted, and then nothing comes of it: the next question finds no such refund
                return Answer(Pending(), reached=True)
            if account.kept < refund.money.amount:
                account.refused += 1
                return Answer(Declined(Decline.REFUSED), reached=True)
            account.refunds[refund.out_refund_no] = refund.money.amount
            account.returned += refund.money.amount
            account.state = "REFUND" if account.kept == 0 else account.state
        return Answer(Pending(), reached=True)

    def ask_refund(self, refund: Refund, order: Order, *, busy: bool, abnormal: bool) -> Answer:
        """Done as soon as it was accepted; but it may be under way for a while (`busy`), or not come off (`abnormal`).

        What was told to be done stays so, also when an older question arrives after it. The contract (3.7) does not say in words
        that SUCCESS of a refund is final; kiosk and bank both take it so.
        """
        account = self.accounts[order.out_trade_no]
        known = refund.out_refund_no in account.refunds
        busy = busy and refund.out_refund_no not in account.told_done
        if known and busy and abnormal:
            account.returned -= account.refunds.pop(refund.out_refund_no)
            account.state = "SUCCESS"
            account.refusals.add(refund.out_refund_no)
        if refund.out_refund_no in account.refusals:
            return Answer(Declined(Decline.REFUSED), reached=True)
        if known and busy:
            return Answer(Pending(), reached=True)
        if not known:
            return Answer(NotFound(), reached=True)
        account.told_done.add(refund.out_refund_no)
        return Answer(Ended(OrderState.REFUNDED), reached=True)

    def _age(self, account: Account, now: int) -> None:
        waiting = account.tender is Tender.QUICK_PAY and account.state == "USERPAYING"
        if waiting and now - account.made_at > REVOKED_AFTER:
            account.state, account.changed_at = "REVOKED", account.made_at + REVOKED_AFTER


def _day(at: int) -> int:
    """Days since 1970 in Beijing."""
    return (at + DAY // 3) // DAY
