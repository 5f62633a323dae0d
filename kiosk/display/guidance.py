"""What a customer is told aloud when the screen changes: which sentence, once for each screen. Pure but for whom it tells.

It follows what a customer may see (customer.py), so that nothing is said of orders, menus or the shop's troubles. That a payment
has come is not said by its screen but by the Announcer, which knows how old it is.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import assert_never

from kiosk.core import screens
from kiosk.core.model import Decline
from kiosk.core.scanning import ABOUT_THE_CAMERA, ScanHint
from kiosk.display.customer import CustomerScreen, seen

Tell = Callable[[str | None], None]
"""Takes the key of a sentence that is true from now on, or None: the one before is not any more. Any thread."""


class Guide:
    """Tells each sentence once while its screen stands."""

    def __init__(self, tell: Tell) -> None:
        self._tell = tell
        self._screen: CustomerScreen = screens.Idle("")
        self._told: set[str] = set()  # of this screen

    def show(self, view: screens.View) -> None:
        """From now on this is seen. In a training nothing is said, as nobody pays."""
        screen, before = seen(view, "").screen, self._screen
        self._screen = screen
        key = None if view.training else sentence(screen)
        if isinstance(screen, screens.OutOfOrder) and isinstance(before, screens.Idle | screens.OutOfOrder):
            key = None  # nobody is in front
        if type(screen) is not type(before):
            self._told.clear()
            self._tell(key)
        elif key is not None and key not in self._told:
            self._tell(key)
        if key is not None:
            self._told.add(key)


def sentence(screen: CustomerScreen) -> str | None:
    """The key of what it says aloud (kiosk/display/english/aloud.py); None where nobody is in front or nothing is to do."""
    match screen:
        case screens.Idle() | screens.Updating() | screens.Keying():
            return None
        case screens.Tipping():
            return None if screen.own is not None else "say.tipping"
        case screens.Scanning():
            return _of_hint(screen.hint)
        case screens.ShowingQr():
            return "say.qr_paying" if screen.paying else "say.qr"
        case screens.PaidScreen():
            return "say.paid_twice" if screen.other_refunded else None
        case screens.DeclinedScreen():
            return _DECLINED[screen.reason]
        case screens.CancelledScreen():
            return "say.refunding" if screen.refunding else "say.cancelled"
        case (
            screens.SameCustomer()
            | screens.Charging()
            | screens.Password()
            | screens.Placing()
            | screens.Cancelling()
            | screens.Unresolved()
            | screens.AttentionScreen()
            | screens.OutOfOrder()
        ):
            return _ALWAYS[type(screen)]
        case _:
            assert_never(screen)


def _of_hint(hint: ScanHint | None) -> str:
    """Of how the phone is held the picture tells, and it changes faster than a sentence."""
    if hint in ABOUT_THE_CAMERA:
        return "say.no_camera"
    return "say.wrong_code" if hint in _WRONG_CODE else "say.scanning"


_ALWAYS: dict[type[CustomerScreen], str] = {
    screens.SameCustomer: "say.same_customer",
    screens.Charging: "say.charging",
    screens.Password: "say.password",
    screens.Placing: "say.wait",
    screens.Cancelling: "say.cancelling",
    screens.Unresolved: "say.unresolved",
    screens.AttentionScreen: "say.attention",
    screens.OutOfOrder: "say.out_of_order",
}
_WRONG_CODE = (
    ScanHint.USED,
    ScanHint.ALIPAY,
    ScanHint.WECHAT_RECEIVE,
    ScanHint.LINK,
    ScanHint.PRODUCT,
    ScanHint.OTHER,
)
# Nobody else in the shop need hear that there is not enough money.
_DECLINED = {
    Decline.BALANCE: "say.declined_card",
    Decline.CARD: "say.declined_card",
    Decline.CODE_EXPIRED: "say.declined_code",
    Decline.CODE_INVALID: "say.declined_code",
    Decline.REFUSED: "say.declined_phone",
    Decline.PAYMENT_FAILED: "say.declined_again",
    Decline.NUMBER: "say.declined_again",
    Decline.MERCHANT: "say.declined_here",
}
