"""Views for the pictures of the documents alone: one shop, one evening, figures that a reader can follow."""

from __future__ import annotations

from dataclasses import replace

from kiosk.core import screens
from kiosk.core.checkup import Bundle, BundleEnd, Finding, Kind, Verdict
from kiosk.core.checkup_screens import Checkup
from kiosk.core.model import OrderState, Reason, RefundState, Tender
from kiosk.core.money import Money
from kiosk.core.operators import Operator, Role
from kiosk.core.past_screens import History, PastLine, PinAsked, RefundAmount, RefundLine, RefundLook, RefundWhy, SaleOpened
from tests.display_views import MONEY, NOW, ONE_OPEN, ONLINE, TAIL

_MINUTE = 60_000
_NO_LINE = screens.Signs(screens.Network.OFFLINE, clock_known=True, unresolved=1, offline_since=NOW - 7 * _MINUTE)
_LEE = Operator("Lee", Role.MANAGER)


def _line(cents: int, tender: Tender, state: OrderState, number: int, minutes: int) -> PastLine:
    return PastLine(Money(cents, "HKD"), tender, state, f"aa{number:04}", NOW - minutes * _MINUTE)


_SOLD = _line(4800, Tender.QUICK_PAY, OrderState.PAID, 149, 21)
_LINES = (
    _line(1250, Tender.QUICK_PAY, OrderState.SENT, 153, 1),
    _line(3200, Tender.QUICK_PAY, OrderState.PAID, 152, 4),
    _line(6450, Tender.NATIVE, OrderState.DECLINED, 151, 9),
    _line(2100, Tender.NATIVE, OrderState.CLOSED, 150, 13),
    _SOLD,
    replace(_line(9900, Tender.QUICK_PAY, OrderState.PAID, 148, 34), refused=True),
)
_NUMBER, _PART = "K07-260921-aa0149", Money(1800, "HKD")
_REST = Money(_SOLD.money.amount - _PART.amount, "HKD")
_SALE = SaleOpened(
    _SOLD,
    _NUMBER,
    0,
    2,
    transaction_id="4200001234202609211234567890",
    paid_at=_SOLD.opened_at + 9_000,
    asks=1,
    payer=Money(4443, "CNY"),
    prints=True,
    refundable=True,
)
_GIVEN = replace(_SOLD, refunded=_PART)
_REFUND = RefundLine(1, _PART, RefundState.ACCEPTED, NOW, reason="returned", operator=_LEE.name)
_WELL = tuple(Finding(kind, Verdict.OK) for kind in Kind)
_ON_STICK = Bundle(BundleEnd.STICK, "kiosk-K07-20260921-2213.tar.gz")
_STUCK = (
    "stuck on the keypad: 5 (down for 5 s; it counts for nothing until it is up again). Free it, look for dirt or liquid under "
    "it; if that does not help, change the keypad"
)

VIEWS: dict[str, screens.View] = {
    "history": screens.View(History(_LINES, more=True), ONE_OPEN),
    "sale_refundable": screens.View(_SALE, ONLINE),
    "pin_keyed": screens.View(PinAsked(_LEE, 4), ONLINE),
    "refund_part": screens.View(RefundAmount(_SOLD, _PART, _SOLD.money, keyed=True), ONLINE),
    "refund_why": screens.View(RefundWhy(_PART, tuple(Reason)), ONLINE),
    "refund_look": screens.View(RefundLook(_SOLD, _NUMBER, _PART, _REST, Reason.RETURNED, _LEE), ONLINE),
    "sale_refunds": screens.View(replace(_SALE, line=_GIVEN, page=1, pages=3, left=_REST, refunds=(_REFUND,)), ONLINE),
    "unresolved": screens.View(screens.Unresolved(MONEY, TAIL), _NO_LINE),
    "idle_offline": screens.View(screens.Idle("Harbour Snacks"), _NO_LINE),
    "idle_undone": screens.View(screens.Idle("Harbour Snacks", screens.News("1.4.0", screens.UpdateEnd.UNDONE)), ONLINE),
    "out_of_order": screens.View(screens.OutOfOrder(_STUCK), ONLINE),
    "checkup_bundle_stick": screens.View(Checkup(_WELL, 0, 9, 0, busy=False, bundle=_ON_STICK, prints=True), ONLINE),
}
"""By the pictures' names."""
