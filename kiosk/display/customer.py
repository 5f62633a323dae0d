"""What a customer may see on a screen of their own: a pure function from what the kiosk shows. No words, no pixels.

What is not their business (orders, menus, an order's number, signs, what is wrong) shows as the idle screen or is left out.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import assert_never

from kiosk.core.checkup_screens import Checkup, ColourTest, KeyTest, ReadTest
from kiosk.core.past_screens import PastScreen
from kiosk.core.screens import (
    AttentionScreen,
    CancelledScreen,
    Cancelling,
    Charging,
    DeclinedScreen,
    Idle,
    Keying,
    Network,
    NoShift,
    Noting,
    OutOfOrder,
    OwnersPage,
    PaidAlready,
    PaidScreen,
    Password,
    Placing,
    QuickAmounts,
    SameCustomer,
    Scanning,
    Screen,
    SeekingReceipt,
    ShiftClosing,
    ShiftReport,
    ShowingQr,
    Signs,
    Starting,
    Tipping,
    Unresolved,
    UnusualAmount,
    Updating,
    View,
)
from kiosk.core.setup_screens import SetupBusy, SetupChoice, SetupEntry, SetupInvite, SetupLook, SetupTold

CustomerScreen = (
    Idle
    | Updating
    | Keying
    | SameCustomer
    | Tipping
    | Scanning
    | Charging
    | Password
    | Placing
    | ShowingQr
    | Cancelling
    | PaidScreen
    | DeclinedScreen
    | Unresolved
    | CancelledScreen
    | AttentionScreen
    | OutOfOrder
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


def seen(view: View, shop: str) -> CustomerView:
    """What the customer sees while the merchant sees this."""
    screen = _screen(view.screen, shop)
    return CustomerView(screen, _sells(view.signs) if isinstance(screen, Idle) else True, view.training)


def _sells(signs: Signs) -> bool:
    return signs.network is Network.CONNECTING or (signs.network is Network.ONLINE and signs.clock_known)


def _screen(screen: Screen, shop: str) -> CustomerScreen:
    """Each screen has its arm, so that whoever adds one decides. What stays of it is what the customer's words are made of."""
    if isinstance(screen, PastScreen):  # somebody looks back, or says who they are
        return Idle(shop)
    match screen:
        case Keying(money) if money.amount:
            return Keying(money)
        case QuickAmounts(money) | Noting(money) | PaidAlready(money) | UnusualAmount(money) if money.amount:
            return Keying(money)
        case Tipping():
            return replace(screen, until=0)
        case Scanning(money, _, hint):
            return Scanning(money, 0, hint)
        case ShowingQr():
            return replace(screen, prints=False)
        case PaidScreen():
            return replace(screen, tail="", prints=False)
        case Charging() | Password() | Cancelling() | DeclinedScreen() | Unresolved() | CancelledScreen() | AttentionScreen():
            return replace(screen, tail="")
        case SameCustomer() | Placing() | Updating():
            return screen
        case OutOfOrder():
            return OutOfOrder("")
        case SetupChoice() | SetupLook() | SetupEntry() | SetupBusy() | SetupInvite() | SetupTold():  # there is no shop yet
            return OutOfOrder("")
        case QuickAmounts() | Noting() | PaidAlready() | UnusualAmount():
            return Idle(shop)
        case Starting() | Idle() | Keying() | SeekingReceipt() | OwnersPage():
            return Idle(shop)
        case Checkup() | ReadTest() | KeyTest() | ColourTest() | ShiftReport() | NoShift() | ShiftClosing():
            return Idle(shop)
        case _:
            assert_never(screen)
