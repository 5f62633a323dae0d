"""What the merchant may ask of the bank: charge, place, find, close, reverse, refund. Contract 14's table of rules, without HTTP.

Every method raises Fault for an answer that is no success; requests were checked for form already (checks.py).
"""

from __future__ import annotations

from dataclasses import dataclass

from kiosk.core.secret import is_payment_code
from kiosk.sandbox.bank import CODE_URL_LIFE, CUSTOMER, Bank
from kiosk.sandbox.clock import DAY, MINUTE, SECOND
from kiosk.sandbox.rates import to_fen
from kiosk.sandbox.records import Entry, Fault, Kind, OrderRow, RefundRow, State, Wanted

REVERSE_NOT_BEFORE = 15 * SECOND  # contract 3.6
CLOSE_NOT_BEFORE = 5 * MINUTE  # contract 3.5
_NO_ORDER = (404, "ORDER_NOT_EXIST", "The order does not exist")
_WITH_403 = {"NOT_ENOUGH", "NOT_SUPORT_CARD", "TRADE_ERROR", "RULE_LIMIT", "ACCOUNT_ERROR", "NO_AUTH"}  # other declines: 400
_MOST_REFUNDS = 50  # contract 3.7


@dataclass(frozen=True, slots=True)
class RefundWanted:
    """A refund as a checked request asks for it. One of the two order numbers is empty."""

    out_trade_no: str
    transaction_id: str
    out_refund_no: str
    refund: int
    total: int
    currency: str
    notify_url: str
    body: str


class Desk:
    """The bank's counter for the merchant."""

    def __init__(self, bank: Bank) -> None:
        self._bank = bank

    def charge(self, wanted: Wanted, code: str, negative_test: str = "") -> OrderRow:
        """Quick Pay. The order's state says what became of it; USERPAYING is no Fault here."""
        bank = self._bank
        with bank.lock:
            bank.pass_time()
            known = bank.book.get(wanted.out_trade_no)
            if known is not None:
                return self._charged_before(known, wanted, code)
            if not is_payment_code(code):
                raise Fault(400, "AUTH_CODE_INVALID", "This is not a payment code", number=268501011)
            error = bank.trouble.pay_error
            if error != "none" and bank.trouble.pay_error_when == "nothing":
                raise Fault(500, error, "The system is busy")
            order = bank.open_order(wanted)
            bank.remember_code(order.out_trade_no, code)
            try:
                bank.use_code(code)
            except Fault:
                self._fail(order)
                raise
            self._debit(order, negative_test, held=error != "none" and bank.trouble.pay_error_when in {"before", "late"})
            if error != "none":
                raise Fault(500, error, "The system is busy")
            return order

    def place(self, wanted: Wanted) -> str:
        """Native. The code_url; asking again with the same parameters kills the one before (contract 3.3)."""
        bank = self._bank
        with bank.lock:
            bank.pass_time()
            order = bank.book.get(wanted.out_trade_no)
            if order is None:
                order = bank.open_order(wanted)
            elif order.body != wanted.body or order.kind is not Kind.NATIVE:
                raise Fault(403, "OUT_TRADE_NO_USED", "This out_trade_no was used with other parameters")
            elif not order.open:
                raise _finished(order)
            order.code_url = bank.number("weixin://wxpay/bizpayurl?pr=", 16)
            order.code_url_until = bank.time() + CODE_URL_LIFE
            bank.keep(order)
            return order.code_url

    def find(self, out_trade_no: str = "", transaction_id: str = "") -> OrderRow:
        """The order by either number."""
        with self._bank.lock:
            self._bank.pass_time()
            return self._order(out_trade_no, transaction_id)

    def close(self, out_trade_no: str = "", transaction_id: str = "") -> None:
        """Make an unpaid Native order unpayable (contract 3.5)."""
        bank = self._bank
        with bank.lock:
            bank.pass_time()
            order = self._order(out_trade_no, transaction_id)
            if order.kind is not Kind.NATIVE:
                raise Fault(400, "INVALID_REQUEST", "A Quick Pay order cannot be closed; reverse it", number=268449304)
            if order.state in {State.SUCCESS, State.REFUND}:
                raise Fault(400, "ORDER_PAID", "The order is paid")
            if order.state is State.CLOSED:
                if bank.trouble.close_closed == "204":
                    return
                raise Fault(400, "ORDER_CLOSED", "The order is closed")
            if bank.trouble.close_five_minutes and bank.time() - order.created_at < CLOSE_NOT_BEFORE:
                raise Fault(400, "INVALID_REQUEST", "An order cannot be closed within 5 minutes of being placed")
            order.state, order.dialog, order.late_at = State.CLOSED, False, None
            bank.keep(order)

    def reverse(self, out_trade_no: str = "", transaction_id: str = "") -> None:
        """Undo a Quick Pay order (contract 3.6): unpaid ones cannot be paid any more, of paid ones the money goes back."""
        bank, trouble = self._bank, self._bank.trouble
        with bank.lock:
            bank.pass_time()
            order = self._order(out_trade_no, transaction_id)
            if order.kind is not Kind.MICROPAY:
                raise Fault(400, "INVALID_REQUEST", "Only Quick Pay orders can be reversed; close it", number=268449304)
            if trouble.reverse_early == "refuse" and bank.time() - order.created_at < REVERSE_NOT_BEFORE:
                raise Fault(400, "INVALID_REQUEST", "An order cannot be reversed within 15 seconds of the payment call")
            if order.reversals or order.state is State.REVOKED:
                return
            if order.open and trouble.take("reverse_paying"):
                status = 400 if trouble.reverse_paying_code == "USERPAYING" else 500
                raise Fault(status, trouble.reverse_paying_code, "The order is being paid")
            if order.state is State.SUCCESS:
                if trouble.take("reverse_refused"):
                    raise Fault(400, "ORDER_PAID", "The order is paid and cannot be reversed; use refund")
                if order.success_time is not None and bank.time() - order.success_time > 7 * DAY:
                    raise Fault(400, "INVALID_REQUEST", "The order is too old to be reversed; use refund", number=268449386)
                order.entries.append(Entry("reversal", bank.time(), order.total, order.payer_total))
                order.state = State(trouble.reversed_shows)
            elif order.state is State.REFUND:
                raise Fault(400, "ORDER_PAID", "A refund of this order was made; use refund for the rest")
            else:
                order.state, order.dialog, order.late_at = State.REVOKED, False, None
            bank.keep(order)

    def refund(self, wanted: RefundWanted) -> tuple[OrderRow, RefundRow]:
        """Accept a refund (contract 3.7); the same number with the same parameters is the same refund, however often."""
        bank = self._bank
        with bank.lock:
            bank.pass_time()
            order = self._order(wanted.out_trade_no, wanted.transaction_id)
            for holder, refund in self._refunds():
                if refund.out_refund_no == wanted.out_refund_no:
                    if refund.body != wanted.body or holder is not order:
                        raise Fault(403, "OUT_REFUND_NO_USED", "This out_refund_no was used with other parameters")
                    return order, refund
            self._refundable(order, wanted)
            if bank.trouble.take("refund_not_enough"):
                raise Fault(403, "NOT_ENOUGH", "The merchant's balance does not suffice", number=88430113)
            refund = RefundRow(
                bank.number("5030", 25),
                wanted.out_refund_no,
                order.out_trade_no,
                wanted.refund,
                self._share(order, wanted.refund),
                wanted.body,
                bank.time(),
                wanted.notify_url,
            )
            order.refunds.append(refund)
            order.entries.append(Entry("refund", refund.created_at, refund.refund, refund.payer_refund, refund.out_refund_no))
            order.state = State.REFUND
            bank.keep(order)
            return order, refund

    def find_refund(self, out_refund_no: str = "", refund_id: str = "") -> tuple[OrderRow, RefundRow]:
        """One refund by either number. Each asking brings a refund under way nearer to its end."""
        bank = self._bank
        with bank.lock:
            bank.pass_time()
            for order, refund in self._refunds():
                if out_refund_no == refund.out_refund_no or refund_id == refund.refund_id:
                    if refund.status == "PROCESSING" and refund.queries >= bank.trouble.refund_processing:
                        bank.end_refund(order, refund)
                    refund.queries += 1
                    return order, refund
            raise Fault(404, "RESOURCE_NOT_EXISTS", "The refund does not exist")

    # --- helpers, under the lock

    def _charged_before(self, order: OrderRow, wanted: Wanted, code: str) -> OrderRow:
        """The same number again: never a second debit."""
        if order.kind is not Kind.MICROPAY or order.body != wanted.body:
            raise Fault(403, "OUT_TRADE_NO_USED", "This out_trade_no was used with other parameters")
        if not self._bank.same_code(order.out_trade_no, code):
            raise Fault(400, "AUTH_CODE_INVALID", "This out_trade_no was used with another payment code", number=268501011)
        if not order.open:
            raise _finished(order)
        return order

    def _debit(self, order: OrderRow, negative_test: str, *, held: bool) -> None:
        """Take the money, or find out why not; `held`: the customer is not asked, the server has an error first."""
        bank, trouble = self._bank, self._bank.trouble
        decline = trouble.use_up("decline", "none")
        order.holder = CUSTOMER
        if negative_test == "MICROPAY_PAYERROR" or decline == "PAYERROR":
            self._fail(order)
        elif decline != "none":
            self._fail(order)
            raise Fault(403 if decline in _WITH_403 else 400, decline, f"The payment was refused: {decline}")
        elif order.payer_total > bank.balance():
            self._fail(order)
            raise Fault(403, "NOT_ENOUGH", "The customer's balance does not suffice", number=88430113)
        elif held:
            if trouble.pay_error_when == "late":
                order.late_at = bank.time() + (trouble.late_success_s or 10) * SECOND
        elif negative_test == "MICROPAY_USERPAYING" or self._asks_password(order):
            order.never_finishes = negative_test == "MICROPAY_USERPAYING"
            bank.await_customer(order)
        else:
            order.queries_fail = negative_test == "MICROPAY_PAY_QUERY_TIMEOUT"
            bank.take_money(order)
        bank.keep(order)

    def _asks_password(self, order: OrderRow) -> bool:
        trouble = self._bank.trouble
        match trouble.password:
            case "next":
                trouble.use_up("password", "above")
                return True
            case "above":
                return order.payer_total >= trouble.password_above_fen
            case choice:
                return choice == "always"

    def _fail(self, order: OrderRow) -> None:
        order.state = State.PAYERROR
        self._bank.keep(order)

    def _order(self, out_trade_no: str, transaction_id: str) -> OrderRow:
        if out_trade_no:
            order = self._bank.book.get(out_trade_no)
        else:
            order = next((each for each in self._bank.book.values() if transaction_id == each.transaction_id != ""), None)
        if order is None:
            raise Fault(*_NO_ORDER, number=268512771)
        return order

    def _refunds(self) -> list[tuple[OrderRow, RefundRow]]:
        return [(order, refund) for order in self._bank.book.values() for refund in order.refunds]

    def _refundable(self, order: OrderRow, wanted: RefundWanted) -> None:
        at = self._bank.time()
        if not order.debits or order.reversals:
            raise Fault(400, "INVALID_REQUEST", "The order is not paid, or was reversed")
        for name, ours, theirs in (("total", order.total, wanted.total), ("currency", order.currency, wanted.currency)):
            if ours != theirs:
                detail = {"field": f"/amount/{name}", "value": str(theirs), "issue": "differs from the order", "location": "body"}
                raise Fault(400, "PARAM_ERROR", f"amount.{name} differs from the order", detail=detail)
        if order.success_time is not None and at - order.success_time > 365 * DAY:
            raise Fault(403, "TRADE_OVERDUE", "The order is older than a year")
        if order.refunded + wanted.refund > order.total:
            raise Fault(400, "INVALID_REQUEST", "The refunds would exceed what was paid")
        if len(order.refunds) >= _MOST_REFUNDS:
            raise Fault(400, "INVALID_REQUEST", f"The order has {_MOST_REFUNDS} refunds already")
        if order.refunds and at - order.refunds[-1].created_at < MINUTE:
            raise Fault(429, "FREQUENCY_LIMITED", "Less than a minute since the last refund of this order")

    @staticmethod
    def _share(order: OrderRow, refund: int) -> int:
        """The payer's CNY fen of a refund: at the payment's rate, and the last one gives back exactly what is left."""
        if order.refunded + refund == order.total:
            return order.payer_total - sum(each.payer_refund for each in order.refunds if each.status != "CLOSED")
        return min(to_fen(refund, order.currency), order.payer_total)


def _finished(order: OrderRow) -> Fault:
    match order.state:
        case State.SUCCESS | State.REFUND:
            return Fault(400, "ORDER_PAID", "This order is paid")
        case State.REVOKED:
            return Fault(400, "ORDER_REVERSED", "This order was reversed; use a new number")
        case _:
            return Fault(400, "ORDER_CLOSED", "This order is closed; use a new number")
