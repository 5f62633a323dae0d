"""What people see of a kiosk: a pure function from its state to a View. No words, no pixels."""

from __future__ import annotations

from typing import assert_never

from kiosk.core import checkup_screens, giving, keying, past, screens, shift_till, till, trying, who
from kiosk.core.checkup import COLOURS, Verdict, ordered
from kiosk.core.events import Part
from kiosk.core.expiry import expiring
from kiosk.core.giving_view import giving_view
from kiosk.core.lifecycle import TOO_LONG, is_open
from kiosk.core.model import Decline, Order, OrderState
from kiosk.core.money import Money
from kiosk.core.past_view import TAIL, past_view
from kiosk.core.screens import Screen, Signs, View
from kiosk.core.selling import Doubt
from kiosk.core.state import Kiosk, in_front, is_held, known_ends, other_refunded
from kiosk.core.till import Stage


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
        expiring(known_ends(kiosk), now) if kiosk.clock_known and isinstance(kiosk.till, till.Idle) else None,
    )
    return View(_screen(kiosk, now), signs)


def _screen(kiosk: Kiosk, now: int) -> Screen:
    match kiosk.till:
        case till.Idle() if is_held(kiosk):
            return screens.Updating()
        case till.Idle():
            for part in (Part.LEDGER, Part.KEYPAD):
                if part in kiosk.problems:
                    return screens.OutOfOrder(kiosk.problems[part])
            return screens.Idle(kiosk.settings.shop, kiosk.news, board=bool(kiosk.settings.selling.quick))
        case keying.Keying() | keying.Board() | keying.Asking() | keying.Noting() | keying.Tipping() as there:
            return _before(kiosk, there)
        case till.Scanning(number, until, hint):
            return screens.Scanning(kiosk.orders[number].money, until, hint)
        case till.Front() as front:
            return _front(kiosk, front, kiosk.orders[front.out_trade_no], now)
        case there if isinstance(there, past.There):
            return past_view(kiosk, there)
        case shift_till.Report() | shift_till.NoShift() | shift_till.Closing() as there:
            return _shift(kiosk, there)
        case there if isinstance(there, who.There | giving.There):
            return giving_view(kiosk, there, now)
        case tried:
            return _trying(kiosk, tried)


def _trying(kiosk: Kiosk, tried: trying.There) -> Screen:
    match tried:
        case trying.Checkup() as checkup:
            return _checkup(kiosk, checkup)
        case trying.TryingRead(_, _, until, read):
            return checkup_screens.ReadTest(until, read)
        case trying.TryingKeys(_, _, pressed, last):
            return checkup_screens.KeyTest(pressed, last)
        case trying.TryingColours(step=number):
            return checkup_screens.ColourTest(COLOURS[number])
        case _:
            assert_never(tried)


def _before(kiosk: Kiosk, there: keying.There) -> Screen:
    """Before there is a sale."""
    currency, selling = kiosk.settings.currency, kiosk.settings.selling
    limit = Money(kiosk.settings.max_amount, currency)
    match there:
        case keying.Keying(amount, hint, lines):
            total = Money(sum(lines) + amount, currency)
            return screens.Keying(total, hint, limit, (*lines, amount) if lines else (), board=bool(selling.quick))
        case keying.Board(lines, _, hint):
            offers = tuple((key, Money(one, currency)) for key, one in selling.quick.items())
            return screens.QuickAmounts(Money(sum(lines), currency), offers, lines, hint, limit)
        case keying.Asking(draft, _, Doubt.SAME_CUSTOMER):
            return screens.SameCustomer(Money(draft.goods, currency))
        case keying.Asking(draft, _, Doubt.REPEATED):
            return screens.PaidAlready(Money(draft.goods, currency))
        case keying.Asking(draft, _, _, usual):
            return screens.UnusualAmount(Money(draft.goods, currency), Money(usual or 0, currency))
        case keying.Noting(draft, _, memo):
            return screens.Noting(Money(draft.goods, currency), memo)
        case keying.Tipping(draft, _, until, own):
            goods = draft.goods
            tips = tuple((offer.percent, Money(offer.of(goods), currency)) for offer in selling.tips)
            return screens.Tipping(Money(goods, currency), tips, until, None if own is None else Money(own, currency))
        case _:
            assert_never(there)


def _shift(kiosk: Kiosk, there: shift_till.There) -> Screen:
    match there:
        case shift_till.Report(shift, newest, at, _, page, hint):
            older, newer = shift.z > 1, shift.z < newest
            return screens.ShiftReport(shift, at, page, older=older, newer=newer, hint=hint, prints=_prints(kiosk))
        case shift_till.NoShift(hint=hint):
            return screens.NoShift(hint)
        case shift_till.Closing(shift, _, _, page):
            return screens.ShiftClosing(shift, page)
        case _:
            assert_never(there)


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
            twice, prints = other_refunded(kiosk, order), _prints(kiosk)
            return screens.PaidScreen(money, tail, order.payer, other_refunded=twice, prints=prints, rate_e8=order.rate_e8)
        case Stage.DECLINED:
            return screens.DeclinedScreen(money, order.decline or Decline.REFUSED, tail)
        case Stage.CANCELLED:
            refunding = order.state in (OrderState.REFUNDING, OrderState.REFUNDED)
            return screens.CancelledScreen(money, tail, refunding=refunding)
        case Stage.ATTENTION:
            return screens.AttentionScreen(money, tail)
        case _ as never:
            assert_never(never)


def _checkup(kiosk: Kiosk, checkup: trying.Checkup) -> Screen:
    care = sum(1 for finding in checkup.found if finding.verdict is not Verdict.OK)
    page = min(checkup.page, checkup.pages - 1)
    lines = ordered(checkup.found)[page * trying.LINES :]
    return checkup_screens.Checkup(lines, page, checkup.pages, care, not checkup.over, checkup.bundle, _prints(kiosk))


def _prints(kiosk: Kiosk) -> bool:
    return kiosk.settings.receipts is not None
