"""What follows from a notification of WeChat's (contract 7): it is opened, written down, acknowledged, and hastens a query.

It pays nothing by itself: the query is the authority. Knows the client that opens one, the loop and the ledger; not how it
came here, which is listener.py over HTTP or a relay over the control socket.
"""

from __future__ import annotations

import logging
import queue
from collections.abc import Callable, Mapping
from dataclasses import dataclass

from kiosk.core.errors import LedgerError
from kiosk.core.events import Notified
from kiosk.core.lifecycle import merchant_numbers, mismatch
from kiosk.core.model import Merchant, Order, OrderState
from kiosk.core.ports import Clock, Ledger
from kiosk.core.state import Kiosk
from kiosk.loop.runtime import Runtime
from kiosk.payment.inbox import Notification
from kiosk.payment.ledger import SqliteLedger
from kiosk.payment.wechat.notification import Closed, Notice, Refused
from kiosk.payment.wechat.verifier import Flaw

_log = logging.getLogger(__name__)

Opener = Callable[[Mapping[str, str], bytes], Notice | Refused]
"""WechatPay.open_notification: headers and the raw body in."""

SIGNED_BY = ("Wechatpay-Timestamp", "Wechatpay-Nonce", "Wechatpay-Signature", "Wechatpay-Serial")
KEPT_WITHIN_S = 0.8  # contract 7.5: five seconds, better one; whoever gets no good answer sends it again

_STATUS: dict[Flaw | Closed, int] = {
    Flaw.UNSIGNED: 400,
    Flaw.FORM: 400,
    Flaw.UNKNOWN_SERIAL: 401,
    Flaw.SIGNATURE: 401,  # probes, too (contract 1.5): the genuine one follows
    Flaw.STALE: 401,
    Closed.TOO_LARGE: 413,
    Closed.MALFORMED: 400,
    Closed.UNREADABLE: 400,
}
_ENDED_UNPAID = (OrderState.DECLINED, OrderState.CLOSED, OrderState.VOID)


@dataclass(frozen=True, slots=True)
class Receipt:
    """The answer to a notification (contract 7.5): an HTTP status, and why."""

    status: int
    message: str

    @property
    def code(self) -> str:
        """SUCCESS: it need not be sent again."""
        return "SUCCESS" if 200 <= self.status < 300 else "FAIL"  # noqa: PLR2004  HTTP's own numbers


@dataclass(frozen=True, slots=True)
class _Kept:
    """What the ledger knew when the notification was written down. `fresh`: it was not there before."""

    fresh: bool
    order: Order | None
    refund_known: bool


class Notifications:
    """`take` may be called from any thread."""

    def __init__(self, open_notification: Opener, runtime: Runtime, merchant: Merchant, clock: Clock) -> None:
        self._open = open_notification
        self._runtime = runtime
        self._merchant = merchant
        self._clock = clock

    def take(self, headers: Mapping[str, str], body: bytes) -> Receipt:
        """Take one as it came: all headers, whatever their case, and the raw body. Written down before it is acknowledged."""
        names = {name.lower(): value for name, value in headers.items()}
        notice = self._open({name: names[name.lower()] for name in SIGNED_BY if name.lower() in names}, body)
        if isinstance(notice, Refused):
            _log.info("a notification was refused", extra={"problem": str(notice.problem)})
            return Receipt(_STATUS[notice.problem], str(notice.problem))
        foreign = _foreign(notice, self._merchant)
        if foreign is not None:
            _tell(notice, foreign)
            return Receipt(403, "not this merchant's")
        try:
            kept = self._runtime.ask(lambda ledger, kiosk: self._keep(notice, ledger, kiosk), KEPT_WITHIN_S)
        except (LedgerError, TimeoutError, queue.Full) as error:
            _log.error("a notification could not be written down", extra={"problem": str(error) or type(error).__name__})
            return Receipt(500, "cannot be kept now")
        _log.info(
            "a notification was taken" if kept.fresh else "a notification came again",
            extra={"notification": notice.notice_id, "event_type": notice.event_type, "out_trade_no": notice.out_trade_no},
        )
        if kept.fresh:
            self._follow(notice, kept)
        return Receipt(200, "OK")

    def _keep(self, notice: Notice, ledger: Ledger, _: Kiosk) -> _Kept:
        """In the loop's thread."""
        assert isinstance(ledger, SqliteLedger)
        number = notice.out_trade_no or ""
        seen = Notification(
            id=notice.notice_id,
            received_at=self._clock.now(),
            event_type=notice.event_type,
            out_trade_no=notice.out_trade_no,
            out_refund_no=notice.out_refund_no,
            signed_at=notice.signed_at,
        )
        return _Kept(
            fresh=ledger.keep_notification(seen),
            order=ledger.order(number),
            refund_known=any(refund.out_refund_no == notice.out_refund_no for refund in ledger.refunds_of(number)),
        )

    def _follow(self, notice: Notice, kept: _Kept) -> None:
        """Hasten the query, and tell the log what a person should look at. It is written down: all this may be lost."""
        doubt = _doubt(notice, kept, self._merchant)
        if doubt is not None:
            _tell(notice, doubt)
        if kept.order is not None:
            try:
                self._runtime.post(Notified(kept.order.out_trade_no, notice.out_refund_no))
            except queue.Full:
                _log.warning("a notification hastens nothing: the kiosk is busy, and will ask in its turn")


def _foreign(notice: Notice, merchant: Merchant) -> str | None:
    """In words why it is not for this merchant (contract 7.6). Merchant numbers are always told, app ids not of refunds."""
    told = dict(notice.about.echo.merchant_numbers) if notice.about.echo is not None else {}
    for name, ours in merchant_numbers(merchant).items():
        value = told.get(name)
        if value != ours and (value is not None or name.endswith("mchid")):
            return f"it is for {name} {(value or 'nobody')[:40]!r} instead of {ours}"
    return None


def _doubt(notice: Notice, kept: _Kept, merchant: Merchant) -> str | None:
    """In words what a person should look at, None when all is as expected."""
    order = kept.order
    if order is None:
        return "it names an order that is not in this ledger: another kiosk's, or this ledger has lost it"
    wrong = mismatch(order, notice.about, merchant)
    if wrong is not None:
        return wrong
    if notice.out_refund_no is not None:
        return None if kept.refund_known else "it names a refund that is not in this ledger: made in the merchant portal?"
    if order.state in _ENDED_UNPAID:
        return f"it tells of a payment, and the order is {order.state}"
    return None


def _tell(notice: Notice, doubt: str) -> None:
    _log.error(
        "a notification to look at",
        extra={
            "problem": doubt,
            "notification": notice.notice_id,
            "event_type": notice.event_type,
            "out_trade_no": notice.out_trade_no,
            "out_refund_no": notice.out_refund_no,
        },
    )
