"""What people see of a kiosk: a pure function from its state to a View. No words, no pixels."""

from __future__ import annotations

from typing import assert_never

from kiosk.core import screens, till, trying
from kiosk.core.checkup import COLOURS, Verdict, ordered
from kiosk.core.events import Part
from kiosk.core.expiry import expiring
from kiosk.core.lifecycle import TOO_LONG, is_open
from kiosk.core.model import Decline, Order, OrderState
from kiosk.core.money import Money
from kiosk.core.screens import MenuLine, Screen, Signs, View
from kiosk.core.state import Kiosk, in_front, is_held
from kiosk.core.till import Stage

TAIL = 6  # enough of an out_trade_no to find the sale by
MENU_LINES = 6


def view(kiosk: Kiosk, now: int) -> View:
    """The screen and the row of signs at this moment."""
    front = in_front(kiosk)
    unresolved = sum(1 for order in kiosk.orders.values() if is_open(order) and order is not front)
    attention = sum(1 for order in kiosk.attention if front is None or order.out_trade_no != front.out_trade_no)
    attention += kiosk.differing
    signs = Signs(
        kiosk.network,
        kiosk.clock_known,
        unresolved,
        kiosk.offline_since,
        kiosk.clock_doubted,
        attention,
        kiosk.printer,
        expiring(kiosk.ends, now) if kiosk.clock_known and isinstance(kiosk.till, till.Idle) else None,
    )
    return View(_screen(kiosk, now), signs)


def _screen(kiosk: Kiosk, now: int) -> Screen:
    currency = kiosk.settings.currency
    match kiosk.till:
        case till.Idle() if is_held(kiosk):
            return screens.Updating()
        case till.Idle():
            for part in (Part.LEDGER, Part.KEYPAD):
                if part in kiosk.problems:
                    return screens.OutOfOrder(kiosk.problems[part])
            return screens.Idle(kiosk.settings.shop, kiosk.news)
        case till.Keying(amount, hint):
            limit = Money(kiosk.settings.max_amount, currency)
            return screens.Keying(Money(amount, currency), hint, limit)
        case till.Asking(amount, _):
            return screens.SameCustomer(Money(amount, currency))
        case till.Scanning(number, until, hint):
            return screens.Scanning(kiosk.orders[number].money, until, hint)
        case till.Front() as front:
            return _front(kiosk, front, kiosk.orders[front.out_trade_no], now)
        case till.Menu():
            others = (order for order in kiosk.recent if order not in kiosk.attention)
            return screens.Menu(
                tuple(_line(order) for order in (*kiosk.attention, *others))[:MENU_LINES], _prints(kiosk), kiosk.page is not None
            )
        case till.Page():
            assert kiosk.page is not None
            return screens.OwnersPage(kiosk.page.url, kiosk.page.fingerprint, kiosk.page.code)
        case till.Seeking(_, until):
            return screens.SeekingReceipt(until)
        case till.Found() as found:
            return _found(kiosk, found)
        case tried:
            return _trying(kiosk, tried)


def _trying(kiosk: Kiosk, tried: trying.There) -> Screen:
    match tried:
        case trying.Checkup() as checkup:
            return _checkup(kiosk, checkup)
        case trying.TryingRead(_, _, until, read):
            return screens.ReadTest(until, read)
        case trying.TryingKeys(_, _, pressed, last):
            return screens.KeyTest(pressed, last)
        case trying.TryingColours(step=number):
            return screens.ColourTest(COLOURS[number])
        case _:
            assert_never(tried)


def _front(kiosk: Kiosk, front: till.Front, order: Order, now: int) -> Screen:
    money, tail = order.money, order.out_trade_no[-TAIL:]
    match till.stage(front, order, now):
        case Stage.CHARGING:
            return screens.Charging(money, tail)
        case Stage.PASSWORD:
            return screens.Password(money, tail, (order.sent_at or order.opened_at) + TOO_LONG)
        case Stage.PLACING:
            return screens.Placing(money)
        case Stage.QR:
            assert front.code_url is not None
            until = order.expires_at or now
            return screens.ShowingQr(money, front.code_url, until, paying=front.payer_acts, prints=_prints(kiosk))
        case Stage.CANCELLING:
            return screens.Cancelling(money, tail)
        case Stage.UNRESOLVED:
            return screens.Unresolved(money, tail)
        case Stage.PAID:
            twice = _other_refunded(kiosk, order)
            return screens.PaidScreen(money, tail, order.payer, other_refunded=twice, prints=_prints(kiosk))
        case Stage.DECLINED:
            return screens.DeclinedScreen(money, order.decline or Decline.REFUSED, tail)
        case Stage.CANCELLED:
            refunding = order.state in (OrderState.REFUNDING, OrderState.REFUNDED)
            return screens.CancelledScreen(money, tail, refunding=refunding)
        case Stage.ATTENTION:
            return screens.AttentionScreen(money, tail)
        case _ as never:
            assert_never(never)


def _found(kiosk: Kiosk, found: till.Found) -> Screen:
    order = found.order
    if order is None:
        return screens.SaleUnknown(found.out_trade_no)
    refunded = Money(found.refunded, order.money.currency) if found.refunded else None
    return screens.SaleFound(_line(order), found.out_trade_no, refunded, prints=_prints(kiosk) and order.state is OrderState.PAID)


def _checkup(kiosk: Kiosk, checkup: trying.Checkup) -> Screen:
    care = sum(1 for finding in checkup.found if finding.verdict is not Verdict.OK)
    page = min(checkup.page, checkup.pages - 1)
    lines = ordered(checkup.found)[page * trying.LINES :]
    return screens.Checkup(lines, page, checkup.pages, care, not checkup.over, checkup.bundle, _prints(kiosk))


def _prints(kiosk: Kiosk) -> bool:
    return kiosk.settings.receipts is not None


def _other_refunded(kiosk: Kiosk, order: Order) -> bool:
    back, undone = (OrderState.REFUNDING, OrderState.REFUNDED), (OrderState.REVERSING, OrderState.REVERSED)
    others = (o for o in (*kiosk.orders.values(), *kiosk.recent) if o.sale_id == order.sale_id)
    return any(o.state in back or (o.state in undone and o.paid_at is not None) for o in others)


def _line(order: Order) -> MenuLine:
    return MenuLine(order.money, order.tender, order.state, order.out_trade_no[-TAIL:], order.opened_at)
