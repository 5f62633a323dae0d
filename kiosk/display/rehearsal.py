"""One picture of each screen that may be shown next, painted aside while nobody waits: a first showing loads faces and glyphs.

The amount stands in for any other: what is kept are letters, digits and layouts, not this picture.
"""

from __future__ import annotations

from kiosk.core.model import Decline, OrderState, Tender
from kiosk.core.money import Money
from kiosk.core.past_screens import History, PastLine
from kiosk.core.screens import (
    CancelledScreen,
    Cancelling,
    Charging,
    DeclinedScreen,
    Keying,
    Network,
    PaidScreen,
    Password,
    Placing,
    Scanning,
    Screen,
    ShowingQr,
    Signs,
    Unresolved,
    View,
)

_SIGNS = Signs(Network.ONLINE, clock_known=True, unresolved=0)
_MONEY = Money(1234567890, "HKD")
_TAIL = "aa0123"


def views(now: int) -> list[View]:
    """In the order of need, the last first: they are popped."""
    until = now + 60_000
    screens: tuple[Screen, ...] = (
        Keying(_MONEY),
        Scanning(_MONEY, until),
        Charging(_MONEY, _TAIL),
        PaidScreen(_MONEY, _TAIL, Money(1234567890, "CNY")),
        Placing(_MONEY),
        ShowingQr(_MONEY, "weixin://wxpay/bizpayurl?pr=0123456789", until),
        Password(_MONEY, _TAIL, until),
        *(DeclinedScreen(_MONEY, reason, _TAIL) for reason in (Decline.BALANCE, Decline.REFUSED)),
        Cancelling(_MONEY, _TAIL),
        CancelledScreen(_MONEY, _TAIL),
        Unresolved(_MONEY, _TAIL),
        History((PastLine(_MONEY, Tender.QUICK_PAY, OrderState.PAID, _TAIL, opened_at=0),)),
    )
    return [View(screen, _SIGNS) for screen in reversed(screens)]
