"""Views of every screen of looking back."""

from __future__ import annotations

from dataclasses import replace
from datetime import date

from kiosk.core.carried import CarryEnd, Span, days_of
from kiosk.core.model import Decline, OrderState, Reason, RefundState, RefundTrouble, Tender
from kiosk.core.money import Money
from kiosk.core.operators import Against, NoPin, Operator, Role
from kiosk.core.past import REFUND_LINES, ROWS, STORY_LINES
from kiosk.core.past_nouns import ByAmount, ByEnd
from kiosk.core.past_screens import (
    Cause,
    Entry,
    ExportDays,
    ExportsCarried,
    History,
    More,
    PastLine,
    PinAsked,
    PinWanted,
    RefundAmount,
    RefundLine,
    RefundLook,
    RefundRefused,
    RefundWhy,
    SaleOpened,
    SaleUnknown,
    Searching,
    Told,
    WhoIsIt,
)
from kiosk.core.screens import View
from kiosk.core.slips import PrinterTrouble
from tests.display_views import NOW, ONLINE

_STATES = list(OrderState)
_DAY = date(2026, 11, 27)
_MUCH = Money(123_456_789, "HKD")
LINES = tuple(
    PastLine(
        Money(1250 * (place % 9 + 1) ** 2, "HKD"),
        list(Tender)[place % 2],
        _STATES[(place + 6) % len(_STATES)],
        f"aa{place:04}",
        NOW - place * 7_000_000,
        Money(500, "HKD") if place == 0 else None,
        refused=place == 3,
    )
    for place in range(3 * ROWS)
)
_WIDE = tuple(replace(line, money=_MUCH, refunded=_MUCH) for line in LINES)
_NUMBER = "KIOSK_0008-261105-x20001"
_TRANSACTION = "4200001234202611051234567890"
_PAID = LINES[0]
SALE = SaleOpened(
    _PAID,
    "K07-261126-aa0001",
    0,
    3,
    transaction_id=_TRANSACTION,
    paid_at=NOW,
    asks=6,
    payer=Money(1157, "CNY"),
    left=Money(750, "HKD"),
    prints=True,
)
STORY = (
    Told(NOW - 9000, OrderState.ARMED),
    Told(NOW - 6000, OrderState.SENT),
    Told(NOW - 5000, OrderState.PAYING, 1),
    Told(NOW - 2000, OrderState.PAID, 6),
    Told(NOW + 60_000, RefundState.REQUESTED, money=Money(500, "HKD")),
    Told(NOW + 62_000, RefundState.ACCEPTED, money=Money(500, "HKD")),
)
_CAUSED = tuple(
    Told(NOW + place, state, 12, cause) for place, (state, cause) in enumerate(zip(_STATES[3:], [*Cause] * 2, strict=False))
)
_REFUNDS = tuple(
    RefundLine(place + 1, _MUCH, state, NOW, reason="wrong_amount", operator="Mei") for place, state in enumerate(RefundState)
)
_TROUBLED = tuple(
    RefundLine(place + 1, _MUCH, RefundState.ATTENTION, NOW, trouble, "returned", "Chan Siu-ming (evening)")
    for place, trouble in enumerate(RefundTrouble)
)
MEI, LEE = Operator("Mei", Role.CASHIER), Operator("Chan Siu-ming (evening)", Role.MANAGER)


VIEWS: dict[str, View] = {
    "history": View(History(LINES[:ROWS], more=True), ONLINE),
    "history_older": View(History(LINES[ROWS : 2 * ROWS], page=1, more=True), ONLINE),
    "history_oldest": View(History(LINES[2 * ROWS :][:2], page=2), ONLINE),
    "history_much": View(History(_WIDE[:ROWS], page=998, more=True), ONLINE),
    "history_one": View(History(LINES[:1]), ONLINE),
    "history_empty": View(History(()), ONLINE),
    "history_of_amount": View(History(LINES[:3], find=ByAmount(123_456_789), sought=_MUCH), ONLINE),
    "history_of_end": View(History(LINES[:3], find=ByEnd("0042")), ONLINE),
    "searching": View(Searching("", Money(0, "HKD")), ONLINE),
    "searching_keyed": View(Searching("1250", Money(1250, "HKD")), ONLINE),
    "searching_missed": View(Searching("123456789", _MUCH, missed=True), ONLINE),
    "sale": View(SALE, ONLINE),
    "sale_yen": View(replace(SALE, line=replace(_PAID, money=Money(1250, "JPY"), refunded=None), left=None), ONLINE),
    "sale_refused": View(replace(SALE, line=replace(_PAID, refused=True), out_trade_no=_NUMBER), ONLINE),
    "sale_open": View(SaleOpened(LINES[9], _NUMBER, 0, 1), ONLINE),
    **{f"sale_declined_{why}": View(SaleOpened(LINES[1], _NUMBER, 0, 2, asks=1, decline=why), ONLINE) for why in Decline},
    "sale_printer": View(SALE, replace(ONLINE, printer=PrinterTrouble.COVER)),
    "sale_refunds": View(replace(SALE, page=1, refunds=_REFUNDS[:REFUND_LINES]), ONLINE),
    "sale_refunds_ended": View(replace(SALE, page=1, refunds=_REFUNDS[REFUND_LINES:]), ONLINE),
    "sale_story": View(replace(SALE, page=2, story=STORY), ONLINE),
    "sale_story_causes": View(replace(SALE, page=2, story=_CAUSED[:STORY_LINES]), ONLINE),
    "sale_story_more": View(replace(SALE, page=2, story=_CAUSED[STORY_LINES:]), ONLINE),
    "sale_unknown": View(SaleUnknown(_NUMBER), ONLINE),
    "sale_refundable": View(replace(SALE, refundable=True), ONLINE),
    "sale_refunds_own_words": View(
        replace(SALE, page=1, refunds=(replace(_REFUNDS[0], reason="The cup was broken when it came"),)), ONLINE
    ),
    **{f"sale_refunds_troubled_{line.trouble}": View(replace(SALE, page=1, refunds=(line, line)), ONLINE) for line in _TROUBLED},
    "more": View(More(tuple(Entry)), ONLINE),
    "export_days": View(ExportDays(tuple((span, days_of(span, _DAY)) for span in Span)), ONLINE),
    **{
        f"exports_{end or 'busy'}": View(
            ExportsCarried(Span.THIS_MONTH, days_of(Span.THIS_MONTH, _DAY), end, "exports-KIOSK_0008-2026-11-01-2026-11-27.zip"),
            ONLINE,
        )
        for end in (None, *CarryEnd)
    },
    "who": View(WhoIsIt((MEI, LEE)), ONLINE),
    "who_many": View(WhoIsIt((MEI, Operator("Wong Ka-yan", Role.CASHIER)) * 4 + (MEI,)), ONLINE),
    "who_pins": View(WhoIsIt((MEI, LEE), pins=True), ONLINE),
    "pin": View(PinAsked(MEI, 0), ONLINE),
    "pin_keyed": View(PinAsked(MEI, 5), ONLINE),
    "pin_full": View(PinAsked(LEE, 12), ONLINE),
    "pin_busy": View(PinAsked(MEI, 0, busy=True), ONLINE),
    "pin_wrong": View(PinAsked(MEI, 0, wrong=True), ONLINE),
    "pin_shut": View(PinAsked(MEI, 0, wrong=True, until=NOW + 899_000), ONLINE),
    "pin_new": View(PinWanted(MEI, 4), ONLINE),
    "pin_again": View(PinWanted(MEI, 4, again=True), ONLINE),
    **{f"pin_new_{problem}": View(PinWanted(MEI, 0, problem=problem), ONLINE) for problem in NoPin},
    "refund_all": View(RefundAmount(_PAID, Money(750, "HKD"), Money(750, "HKD"), keyed=False), ONLINE),
    "refund_part": View(RefundAmount(_PAID, Money(500, "HKD"), Money(750, "HKD"), keyed=True), ONLINE),
    "refund_too_much": View(RefundAmount(_WIDE[0], _MUCH, _MUCH, keyed=True, against=Against.TOO_MUCH, most=_MUCH), ONLINE),
    "refund_why": View(RefundWhy(_MUCH, tuple(Reason)), ONLINE),
    **{
        f"refund_look_{reason}": View(RefundLook(_PAID, _NUMBER, Money(500, "HKD"), Money(250, "HKD"), reason, LEE), ONLINE)
        for reason in Reason
    },
    "refund_look_busy": View(
        RefundLook(_PAID, _NUMBER, Money(500, "HKD"), Money(250, "HKD"), Reason.OTHER, MEI, busy=True), ONLINE
    ),
    **{f"refund_refused_{against}": View(RefundRefused(_NUMBER, against, _MUCH), ONLINE) for against in Against},
}
