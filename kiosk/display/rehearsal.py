"""One picture of each screen that may be shown next, painted aside while nobody waits: a first showing loads faces and glyphs.

The amount stands in for any other: what is kept are letters, digits and layouts, not this picture.
"""

from __future__ import annotations

from kiosk.core import screens
from kiosk.core.model import Decline, OrderState, Tender
from kiosk.core.money import Money
from kiosk.core.past_screens import History, PastLine

_SIGNS = screens.Signs(screens.Network.ONLINE, clock_known=True, unresolved=0)
_MONEY = Money(1234567890, "HKD")
_TAIL = "aa0123"


def views(now: int) -> list[screens.View]:
    """In the order of need, the last first: they are popped."""
    until = now + 60_000
    shown: tuple[screens.Screen, ...] = (
        screens.Keying(_MONEY),
        screens.Scanning(_MONEY, until),
        screens.Charging(_MONEY, _TAIL),
        screens.PaidScreen(_MONEY, _TAIL, Money(1234567890, "CNY")),
        screens.Placing(_MONEY),
        screens.ShowingQr(_MONEY, "weixin://wxpay/bizpayurl?pr=0123456789", until),
        screens.Password(_MONEY, _TAIL, until),
        *(screens.DeclinedScreen(_MONEY, reason, _TAIL) for reason in (Decline.BALANCE, Decline.REFUSED)),
        screens.Cancelling(_MONEY, _TAIL),
        screens.CancelledScreen(_MONEY, _TAIL),
        screens.Unresolved(_MONEY, _TAIL),
        History((PastLine(_MONEY, Tender.QUICK_PAY, OrderState.PAID, _TAIL, opened_at=0),)),
    )
    return [screens.View(screen, _SIGNS) for screen in reversed(shown)]
