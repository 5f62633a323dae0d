"""Who closes a shift at the kiosk: a PIN is asked for where anybody has one, and the Z report has their name."""

from __future__ import annotations

from dataclasses import replace

from kiosk.core import past, shift_till, who
from kiosk.core.commands import CheckPin
from kiosk.core.events import PinChecked, PinsKnown
from kiosk.core.model import OrderState
from kiosk.core.operators import Operator, Role
from tests.ledger_samples import number
from tests.test_shifts import KEPT, Shop, opened, printed

MEI, LEE = Operator("Mei", Role.CASHIER), Operator("Lee", Role.MANAGER)


def team(*with_pin: str) -> Shop:
    """A shop with an open shift, at its X report; these have a PIN."""
    shop = opened(Shop(replace(KEPT, operators=(MEI, LEE))))
    shop.happen(PinsKnown(with_pin))
    shop.kiosk.till = past.More(shop.now + 1000)
    shop.keys("1")
    assert isinstance(shop.kiosk.till, shift_till.Report)
    return shop


def pin(shop: Shop, *, right: bool = True) -> None:
    """Somebody keys one, and it is looked at."""
    shop.keys("1 3 5 7 OK")
    (check,) = (act for act in shop.acts if isinstance(act, CheckPin))
    shop.happen(PinChecked(check.ticket, right))


def test_whoever_closes_it_shows_a_pin_and_stands_on_the_report() -> None:
    """On the row, and on the slip; also over what is named once more because it came in meanwhile."""
    shop = team("Mei", "Lee")
    shop.sold(1, OrderState.PAYING)
    shop.keys("1 2")
    assert isinstance(shop.kiosk.till, who.EnteringPin)
    assert shop.kiosk.till.who == LEE
    pin(shop)
    assert isinstance(shop.kiosk.till, shift_till.Closing)
    shop.sold(2, OrderState.PAYING)
    shop.keys("OK")
    assert [one.number for one in shop.kiosk.till.shift.handed_over] == [number(1), number(2)]
    shop.keys("OK")
    assert shop.ledger.shifts.one(1).closed_by == "Lee"
    assert [slip.shift.closed_by for slip in printed(shop.acts)] == ["Lee"]
    assert shop.kiosk.operator is None, "nobody works here for that"


def test_without_a_right_pin_it_stays_open() -> None:
    """And whoever leaves is back at the report."""
    shop = team("Lee")
    shop.keys("1")
    assert isinstance(shop.kiosk.till, who.EnteringPin), "who alone has one is not chosen"
    pin(shop, right=False)
    assert isinstance(shop.kiosk.till, who.EnteringPin)
    shop.keys("CANCEL")
    assert isinstance(shop.kiosk.till, shift_till.Report)
    assert shop.kiosk.shift.is_open


def test_whoever_works_here_is_the_one() -> None:
    """Asked for the PIN all the same: a till that somebody has left is anybody's."""
    shop = team("Mei", "Lee")
    shop.kiosk.operator = MEI
    shop.keys("1")
    assert shop.kiosk.till.who == MEI
    pin(shop)
    shop.keys("OK")
    assert shop.ledger.shifts.one(1).closed_by == "Mei"


def test_an_x_report_wants_no_pin_and_nor_does_a_shop_without_one() -> None:
    """As before."""
    shop = team("Lee")
    shop.keys("OK")
    assert [slip.shift.is_open for slip in printed(shop.acts)] == [True]
    shop = team()
    shop.keys("1 OK")
    assert not shop.kiosk.shift.is_open
    assert shop.kiosk.shift.closed_by is None
