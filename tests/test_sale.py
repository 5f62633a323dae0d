"""Sales end to end at the counter: keys and codes in, the stand-in's ledger and ours agree at the end."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from kiosk.core import screens
from kiosk.core.model import Decline
from tests.rig import PATIENCE_S, Rig


@pytest.fixture(params=["institution", "direct"])
def rig(tmp_path: Path, request: pytest.FixtureRequest) -> Iterator[Rig]:
    """A started kiosk, in both modes."""
    made = Rig(tmp_path, mode=request.param)
    made.start()
    yield made
    made.close()


def test_quick_pay_takes_the_money_once_and_says_so(rig: Rig) -> None:
    """An amount, a payment code, PAID in both ledgers."""
    rig.press("1 2 5 0 OK")
    rig.sees(screens.Scanning)
    rig.scanner.show(rig.bank.new_code())
    paid = rig.sees(screens.PaidScreen)
    assert (paid.money.amount, paid.money.currency) == (1250, "HKD")
    (line,) = rig.lines()
    (order,) = rig.bank.orders()
    assert (line.state, line.sale_state, line.amount, line.currency) == ("PAID", "paid", 1250, "HKD")
    assert (line.out_trade_no, line.transaction_id) == (order["out_trade_no"], order["transaction_id"])
    assert order["debits"] == 1
    assert rig.sounds[-1] == "paid"
    (announced,) = rig.announced
    assert announced.money == paid.money
    assert 0 <= rig.clock.now() - announced.at < PATIENCE_S * 1000  # by the bank's own time, which counts whole seconds


def test_native_is_paid_by_the_customers_scan(rig: Rig) -> None:
    """The QR on the screen is the bank's; when the customer pays, the till says so."""
    rig.press("9 0 0 QR")
    shown = rig.sees(screens.ShowingQr)
    bill = rig.bank.scan(shown.code_url)
    rig.sees(screens.ShowingQr, paying=False)
    rig.bank.approve(bill.out_trade_no, "123456")
    rig.sees(screens.PaidScreen)
    (line,) = rig.lines()
    assert (line.state, line.tender) == ("PAID", "native")
    assert [order["debits"] for order in rig.bank.orders()] == [1]


def test_a_password_is_waited_for(rig: Rig) -> None:
    """USERPAYING shows the password screen; the customer's password makes it PAID."""
    rig.bank.trouble.set("password", "next")
    rig.press("5 0 0 SCAN")
    rig.sees(screens.Scanning)
    rig.scanner.show(rig.bank.new_code())
    rig.sees(screens.Password)
    (bill,) = rig.bank.waiting()
    rig.bank.approve(bill.out_trade_no, "123456")
    rig.sees(screens.PaidScreen)
    assert [line.state for line in rig.lines()] == ["PAID"]


def test_a_declined_card_can_be_tried_again_under_a_new_number(rig: Rig) -> None:
    """A definite decline says why; SCAN makes a new order of the same sale."""
    rig.bank.trouble.set("decline", "NOT_ENOUGH")
    rig.press("5 0 0 OK")
    rig.sees(screens.Scanning)
    rig.scanner.show(rig.bank.new_code())
    declined = rig.sees(screens.DeclinedScreen)
    assert declined.reason is Decline.BALANCE
    rig.press("SCAN")
    rig.sees(screens.Scanning)
    rig.scanner.show(rig.bank.new_code())
    rig.sees(screens.PaidScreen)
    first, second = rig.lines()
    assert {first.state, second.state} == {"DECLINED", "PAID"}
    assert first.sale == second.sale
    assert first.sale_state == "paid"
    assert first.out_trade_no != second.out_trade_no


def test_a_scan_cancelled_before_a_code_leaves_nothing_behind(rig: Rig) -> None:
    """CANCEL while scanning: no request, nothing listed, nothing at the bank."""
    rig.press("5 0 0 OK")
    rig.sees(screens.Scanning)
    rig.press("CANCEL")
    rig.sees(screens.CancelledScreen)
    rig.press("OK")
    rig.sees(screens.Idle)
    assert [line.state for line in rig.lines()] in ([], ["VOID"])
    assert rig.bank.orders() == []


def test_a_lost_answer_is_asked_for_and_found_paid(rig: Rig) -> None:
    """The bank takes the money and the answer is lost: the kiosk asks, and never charges again."""
    rig.bank.trouble.set("drop_after", 1)
    rig.press("7 7 OK")
    rig.sees(screens.Scanning)
    rig.scanner.show(rig.bank.new_code())
    rig.sees(screens.PaidScreen)
    assert any(isinstance(view.screen, screens.Charging) for view in rig.views)  # for some milliseconds: too short to wait for
    assert [order["debits"] for order in rig.bank.orders()] == [1]


def test_a_kiosk_that_died_while_charging_finds_out_when_it_is_back(rig: Rig) -> None:
    """Stopped with the answer still out, started again: the row alone says what to ask, and the sale ends PAID."""
    rig.bank.trouble.set("drop_after", 1)
    rig.press("3 0 0 OK")
    rig.sees(screens.Scanning)
    rig.scanner.show(rig.bank.new_code())
    rig.until(lambda: bool(rig.bank.orders()), "the order at the bank")
    rig.stop()
    rig.views.clear()
    rig.start()
    rig.until(lambda: [line.state for line in rig.lines()] == ["PAID"], "PAID after the restart")
    assert [order["debits"] for order in rig.bank.orders()] == [1]
