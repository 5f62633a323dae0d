"""WeChat's side as a state model: the customer's phone, the money, and what time does to orders.

What the merchant may ask is desk.py; HTTP, keys and signatures are elsewhere. Thread-safe by one lock; time and chance
are arguments.
"""

from __future__ import annotations

import hashlib
import secrets
import threading
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

from kiosk.core.secret import is_payment_code
from kiosk.sandbox.clock import HOUR, MINUTE, SECOND, BankClock, stamp
from kiosk.sandbox.rates import rate_e8, to_fen
from kiosk.sandbox.records import Bill, Entry, Fault, Kind, Merchant, OrderRow, RefundRow, Refusal, State, Wanted
from kiosk.sandbox.store import Store
from kiosk.sandbox.story import Fates
from kiosk.sandbox.trouble import Trouble

CODE_LIFE = MINUTE  # contract 5
CODE_URL_LIFE = 2 * HOUR  # contract 3.3
REVOKED_AFTER = 45 * SECOND  # contract 6.1: an unpaid Quick Pay order is revoked by itself
REFUND_TAKES = 20 * MINUTE  # contract 3.8
CUSTOMER = "customer"
PASSWORD = "123456"  # noqa: S105  of the phone of this stand-in; the bench page tells it


def wall_ms() -> int:
    """Unix time in milliseconds."""
    return time.time_ns() // 1_000_000


class Bank:
    """One shop, its customers' wallets, and all orders. `tell` is called, under the lock, when a notification is due."""

    def __init__(
        self,
        merchant: Merchant | None = None,
        *,
        now: Callable[[], int] = wall_ms,
        below: Callable[[int], int] = secrets.randbelow,
        file: Path | None = None,
        balance: int = 100_000_000,
    ) -> None:
        self.merchant = merchant or Merchant()
        self.trouble = Trouble()
        self.fates = Fates()
        self.lock = threading.RLock()
        self.now = now  # the true time: signatures and skew
        self.below = below  # below(n): chance, 0 <= result < n
        self.password = PASSWORD
        self.tell: Callable[[OrderRow, RefundRow | None], None] = lambda _order, _refund: None
        self.book: dict[str, OrderRow] = {}
        self._restless: dict[str, OrderRow] = {}  # those that time or the customer can change
        self._cost: dict[str, int] = {}  # CNY fen that an order took and did not give back
        self._spent = 0  # their sum
        self._clock = BankClock(now)
        self._start = balance
        self._codes: dict[str, tuple[str, int]] = {}  # payment code -> account, shown at
        self._used: set[str] = set()  # payment codes
        self._salt = secrets.token_bytes(16)
        self._code_of: dict[str, bytes] = {}  # out_trade_no -> salted digest of its payment code
        self._store = Store(file) if file else None
        if self._store:
            for order in self._store.load():
                self.book[order.out_trade_no] = order
                self._index(order)

    # --- the customer's phone

    def new_code(self, account: str = CUSTOMER) -> str:
        """A fresh payment code of this customer: 18 digits, one use, valid for a minute."""
        with self.lock:
            code = "13" + "".join(str(self.below(10)) for _ in range(16))
            self._codes[code] = (account, self.time())
            return code

    def scan(self, code_url: str, account: str = CUSTOMER) -> Bill:
        """Read the kiosk's QR. Raises Refusal in the words of the phone."""
        with self.lock:
            self.pass_time()
            order = next((each for each in self.book.values() if each.code_url == code_url != ""), None)
            if order is None:
                raise Refusal("This QR code is unknown or was replaced by a newer one.")
            self._payable(order)
            if order.code_url_until <= self.time() or (order.expires_at is not None and order.expires_at <= self.time()):
                raise Refusal("This QR code has expired.")
            if order.holder not in {"", account}:
                raise Refusal("Order information wrong: another account has scanned this code.")
            order.holder = account
            self.await_customer(order)
            self.keep(order)
            return self.bill(order)

    def waiting(self) -> list[Bill]:
        """The orders that show a payment dialog on the customer's phone, oldest first."""
        with self.lock:
            self.pass_time()
            return [self.bill(each) for each in self._restless.values() if each.open and each.dialog]

    def approve(self, out_trade_no: str, password: str | None = None) -> None:
        """Pay. A wrong password changes nothing (contract 3.4.2); None is a fingerprint. Raises Refusal."""
        with self.lock:
            order = self._on_phone(out_trade_no)
            if password is not None and password != self.password:
                raise Refusal("Wrong password.")
            if order.never_finishes:
                raise Refusal("The phone does not react.")
            if order.payer_total > self.balance():
                raise Refusal("Not enough money.")
            self.take_money(order)

    def decline(self, out_trade_no: str) -> None:
        """Do not pay. A Quick Pay order has failed by that; a Native one can be scanned again."""
        with self.lock:
            order = self._on_phone(out_trade_no)
            order.dialog, order.late_at = False, None
            order.state = State.PAYERROR if order.kind is Kind.MICROPAY else State.NOTPAY
            self.keep(order)

    def dismiss(self, out_trade_no: str) -> None:
        """Close the dialog without a decision: Quick Pay stays USERPAYING, Native is NOTPAY."""
        with self.lock:
            order = self._on_phone(out_trade_no)
            order.dialog = False
            if order.kind is Kind.NATIVE:
                order.state = State.NOTPAY
            self.keep(order)

    def balance(self) -> int:
        """The customers' CNY fen: what is left of the first balance after all that was taken and given back."""
        with self.lock:
            return self._start - self._spent

    def orders(self) -> list[dict[str, Any]]:
        """The ledger, oldest order first."""
        with self.lock:
            self.pass_time()
            return [_shown(order) for order in self.book.values()]

    # --- money and time, for desk.py; all under the lock

    def time(self) -> int:
        """The bank's time: true, unless switched to run ahead or faster."""
        with self.lock:
            return self._clock(self.trouble.clock_scale, self.trouble.clock_ahead_s)

    def bill(self, order: OrderRow) -> Bill:
        """The order as its payer sees it."""
        return Bill(
            order.out_trade_no, self.merchant.name, order.description, order.total, order.currency, order.payer_total, "CNY"
        )

    def use_code(self, code: str) -> None:
        """Spend a payment code. Raises Fault (contract 3.11.4); the code is named in no text."""
        if not is_payment_code(code):
            raise Fault(400, "AUTH_CODE_INVALID", "This is not a payment code", number=268501011)
        if code in self._used:
            raise Fault(400, "AUTH_CODE_ERROR", "Each payment code can be used once", number=268501784)
        if code not in self._codes and self.trouble.unknown_codes == "refuse":
            raise Fault(400, "AUTH_CODE_INVALID", "No phone shows this payment code", number=268501011)
        _account, shown_at = self._codes.setdefault(code, (CUSTOMER, self.time()))
        self._used.add(code)
        if self.time() - shown_at >= CODE_LIFE:
            raise Fault(400, "AUTH_CODE_EXPIRE", "The payment code has expired", number=268501011)

    def remember_code(self, out_trade_no: str, code: str) -> None:
        """Note which code this number came with, so that another one is noticed; in memory only."""
        self._code_of[out_trade_no] = self._digest(code)

    def same_code(self, out_trade_no: str, code: str) -> bool:
        """Whether the number came with this code; after a restart nobody knows, and it is taken to be the same."""
        return self._code_of.get(out_trade_no, self._digest(code)) == self._digest(code)

    def open_order(self, wanted: Wanted) -> OrderRow:
        """Enter a new order, not paid."""
        fen = to_fen(wanted.total, wanted.currency)
        at = self.time()
        order = OrderRow(
            wanted.kind, wanted.out_trade_no, wanted.description, wanted.total, wanted.currency, fen, rate_e8(wanted.currency),
            wanted.body, at, State.NOTPAY, wanted.attach, wanted.device_id, wanted.notify_url,
            expires_at=None if wanted.expires_in_ms is None else at + max(wanted.expires_in_ms, MINUTE),
        )  # fmt: skip
        self.book[order.out_trade_no] = order
        self.keep(order)
        return order

    def await_customer(self, order: OrderRow) -> None:
        """The customer's phone shows the payment dialog."""
        order.state, order.dialog = State.USERPAYING, True
        if self.trouble.late_success_s and order.late_at is None:
            order.late_at = self.time() + self.trouble.late_success_s * SECOND

    def take_money(self, order: OrderRow) -> None:
        """Debit the customer: the one place where money is taken."""
        if not order.open or order.debits:
            raise AssertionError(f"{order.out_trade_no} is {order.state} and would be debited again")
        at = self.time()
        order.transaction_id = f"4200{self._digits(6)}{stamp(at)[:10].replace('-', '')}{self._digits(10)}"
        order.state, order.success_time = State.SUCCESS, at
        order.dialog, order.late_at = False, None
        order.entries.append(Entry("payment", at, order.total, order.payer_total))
        self.keep(order)
        if order.kind is Kind.NATIVE:
            self.tell(order, None)

    def pass_time(self) -> None:
        """Do what is due by now: late payments, Quick Pay orders revoked by themselves, refunds that arrive."""
        at = self.time()
        for order in list(self._restless.values()):
            if order.open and order.late_at is not None and order.late_at <= at:
                self.take_money(order)
            elif order.open and order.kind is Kind.MICROPAY and order.late_at is None and order.created_at + REVOKED_AFTER <= at:
                order.state, order.dialog = State.REVOKED, False
                self.keep(order)
            for refund in order.refunds:
                if refund.status == "PROCESSING" and refund.created_at + REFUND_TAKES <= at:
                    self.end_refund(order, refund)

    def end_refund(self, order: OrderRow, refund: RefundRow) -> None:
        """Let a refund that is under way reach the end that the switch names."""
        refund.status = self.trouble.refund_ends
        refund.success_time = self.time() if refund.status == "SUCCESS" else None
        self.keep(order)
        self.tell(order, refund)

    def keep(self, order: OrderRow) -> None:
        """Take note of a change of this order, also for the next start. Called after each."""
        self._index(order)
        if self._store:
            self._store.keep(order)

    def number(self, prefix: str, digits: int) -> str:
        """A number of WeChat's: prefix and random digits."""
        return prefix + self._digits(digits)

    # --- helpers

    def _index(self, order: OrderRow) -> None:
        cost = _taken(order)
        self._spent += cost - self._cost.get(order.out_trade_no, 0)
        self._cost[order.out_trade_no] = cost
        if order.open or any(each.status == "PROCESSING" for each in order.refunds):
            self._restless[order.out_trade_no] = order
        else:
            self._restless.pop(order.out_trade_no, None)

    def _on_phone(self, out_trade_no: str) -> OrderRow:
        self.pass_time()
        order = self.book.get(out_trade_no)
        if order is None:
            raise Refusal("There is no such order.")
        self._payable(order)
        if not order.dialog:
            raise Refusal("The payment was cancelled on this phone.")
        return order

    @staticmethod
    def _payable(order: OrderRow) -> None:
        match order.state:
            case State.SUCCESS | State.REFUND:
                raise Refusal("This order has been paid.")
            case State.CLOSED | State.REVOKED | State.PAYERROR:
                raise Refusal("This order was closed by the shop.")
            case State.NOTPAY | State.USERPAYING:
                return

    def _digits(self, count: int) -> str:
        return "".join(str(self.below(10)) for _ in range(count))

    def _digest(self, code: str) -> bytes:
        return hashlib.blake2b(code.encode(), key=self._salt).digest()


def _taken(order: OrderRow) -> int:
    """The CNY fen that this order cost its payer so far."""
    back = {each.out_refund_no for each in order.refunds if each.status == "SUCCESS"}
    paid = sum(each.payer_total for each in order.entries if each.what == "payment")
    returned = sum(each.payer_total for each in order.entries if each.what == "reversal" or each.out_refund_no in back)
    return paid - returned


def _shown(order: OrderRow) -> dict[str, Any]:
    return {
        "out_trade_no": order.out_trade_no,
        "transaction_id": order.transaction_id or None,
        "trade_type": str(order.kind),
        "trade_state": str(order.state),
        "total": order.total,
        "currency": order.currency,
        "payer_total": order.payer_total,
        "refunded": order.refunded,
        "created_at": stamp(order.created_at),
        "success_time": None if order.success_time is None else stamp(order.success_time),
        "debits": order.debits,
        "reversals": order.reversals,
        "refunds": [
            {"out_refund_no": each.out_refund_no, "refund_id": each.refund_id, "refund": each.refund, "status": each.status}
            for each in order.refunds
        ],
    }
