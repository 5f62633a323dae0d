"""Whole sales as the customer sees them, on a screen of their own: nothing but what is theirs, in the order it comes."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import groupby
from pathlib import Path

import pytest

from kiosk.core import screens
from kiosk.core.model import Decline
from kiosk.core.money import Money
from kiosk.core.past_screens import History
from tests.rig import Rig


@pytest.fixture
def rig(tmp_path: Path) -> Iterator[Rig]:
    made = Rig(tmp_path)
    made.start()
    yield made
    made.close()


def seen(rig: Rig) -> list[str]:
    """The customer's screens, each once while it stood; and no number of an order on any."""
    shown = [view.screen for view in rig.display.customer]
    assert not any(getattr(screen, "tail", "") for screen in shown)
    return [name for name, _ in groupby(type(screen).__name__ for screen in shown)]


def test_quick_pay(rig: Rig) -> None:
    rig.press("1 2 5 0 OK")
    rig.sees(screens.Scanning)
    rig.scanner.show(rig.bank.new_code())
    rig.sees(screens.PaidScreen)
    rig.press("OK MENU")
    rig.sees(History)
    assert seen(rig) == ["Idle", "Keying", "Scanning", "Charging", "PaidScreen", "Idle"]
    keyed = [view.screen.money.amount for view in rig.display.customer if isinstance(view.screen, screens.Keying)]
    assert keyed == [1, 12, 125, 1250]


def test_native(rig: Rig) -> None:
    rig.press("9 0 0 QR")
    shown = rig.sees(screens.ShowingQr)
    bill = rig.bank.scan(shown.code_url)
    rig.bank.approve(bill.out_trade_no, "123456")
    rig.sees(screens.PaidScreen)
    rig.press("CANCEL")
    rig.sees(screens.Idle)
    assert seen(rig) == ["Idle", "Keying", "Placing", "ShowingQr", "PaidScreen", "Idle"]
    codes = {view.screen.code_url for view in rig.display.customer if isinstance(view.screen, screens.ShowingQr)}
    assert codes == {shown.code_url}


def test_declined_and_the_receipts_look_up_after_it(rig: Rig) -> None:
    """Not paid, and why; then the merchant looks for something, which is not the customer's business."""
    rig.bank.trouble.set("decline", "NOT_ENOUGH")
    rig.press("5 0 0 OK")
    rig.sees(screens.Scanning)
    rig.scanner.show(rig.bank.new_code())
    rig.sees(screens.DeclinedScreen)
    rig.press("OK MENU")
    rig.sees(History)
    assert seen(rig) == ["Idle", "Keying", "Scanning", "Charging", "DeclinedScreen", "Idle"]
    (told,) = (view.screen for view in rig.display.customer if isinstance(view.screen, screens.DeclinedScreen))
    assert told == screens.DeclinedScreen(Money(500, "HKD"), Decline.BALANCE, "")
