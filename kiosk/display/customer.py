"""What a customer may see on a screen of their own: a pure function from what the kiosk shows. No words, no pixels.

What is not their business (orders, menus, an order's number, signs, what is wrong) shows as the idle screen or is left out.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import assert_never

from kiosk.core import screens
from kiosk.core.checkup_screens import Checkup, ColourTest, KeyTest, ReadTest
from kiosk.core.past_screens import PastScreen
from kiosk.core.setup_screens import SetupBusy, SetupChoice, SetupEntry, SetupInvite, SetupLook, SetupTold

CustomerScreen = (
    screens.Idle
    | screens.Updating
    | screens.Keying
    | screens.SameCustomer
    | screens.Tipping
    | screens.Scanning
    | screens.Charging
    | screens.Password
    | screens.Placing
    | screens.ShowingQr
    | screens.Cancelling
    | screens.PaidScreen
    | screens.DeclinedScreen
    | screens.Unresolved
    | screens.CancelledScreen
    | screens.AttentionScreen
    | screens.OutOfOrder
)


@dataclass(frozen=True, slots=True)
class Beside:
    """A second screen, towards the customer. `output`: SDL's number of it; `size` is what people see, where it is a window."""

    shop: str
    size: tuple[int, int] = (800, 480)
    output: int = 1
    rotation: int = 0


@dataclass(frozen=True, slots=True)
class CustomerView:
    """All that the customer's screen is told. `selling`: a payment can be taken, as far as is known; told while it is idle."""

    screen: CustomerScreen
    selling: bool = True
    training: bool = False


def seen(view: screens.View, shop: str) -> CustomerView:
    """What the customer sees while the merchant sees this."""
    screen = _screen(view.screen, shop)
    return CustomerView(screen, _sells(view.signs) if isinstance(screen, screens.Idle) else True, view.training)


def _sells(signs: screens.Signs) -> bool:
    return signs.network is screens.Network.CONNECTING or (signs.network is screens.Network.ONLINE and signs.clock_known)


def _screen(screen: screens.Screen, shop: str) -> CustomerScreen:
    """Each screen has its arm, so that whoever adds one decides. What stays of it is what the customer's words are made of."""
    if isinstance(screen, PastScreen):  # somebody looks back, or says who they are
        return screens.Idle(shop)
    match screen:
        case screens.Keying(money) if money.amount:
            return screens.Keying(money)
        case screens.QuickAmounts(money) | screens.Noting(money) if money.amount:
            return screens.Keying(money)
        case screens.PaidAlready(money) | screens.UnusualAmount(money) if money.amount:
            return screens.Keying(money)
        case screens.Tipping():
            return replace(screen, until=0)
        case screens.Scanning(money, _, hint):
            return screens.Scanning(money, 0, hint)
        case screens.ShowingQr():
            return replace(screen, prints=False)
        case screens.PaidScreen():
            return replace(screen, tail="", prints=False)
        case (
            screens.Charging()
            | screens.Password()
            | screens.Cancelling()
            | screens.DeclinedScreen()
            | screens.Unresolved()
            | screens.CancelledScreen()
            | screens.AttentionScreen()
        ):
            return replace(screen, tail="")
        case screens.SameCustomer() | screens.Placing() | screens.Updating():
            return screen
        case screens.OutOfOrder() | SetupChoice() | SetupLook() | SetupEntry() | SetupBusy() | SetupInvite() | SetupTold():
            return screens.OutOfOrder("")  # in the set-up there is no shop yet
        case screens.QuickAmounts() | screens.Noting() | screens.PaidAlready() | screens.UnusualAmount():
            return screens.Idle(shop)
        case screens.Starting() | screens.Idle() | screens.Keying() | screens.SeekingReceipt() | screens.OwnersPage():
            return screens.Idle(shop)
        case (
            Checkup() | ReadTest() | KeyTest() | ColourTest() | screens.ShiftReport() | screens.NoShift() | screens.ShiftClosing()
        ):
            return screens.Idle(shop)
        case _:
            assert_never(screen)
