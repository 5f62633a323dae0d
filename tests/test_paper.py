"""What is printed and when: once by itself, then copies; bills; and the sale that a receipt leads back to."""

from __future__ import annotations

import pytest

from kiosk.core import screens
from kiosk.core.commands import LookUp, Play, Print, Sound, StartScan, StopScan
from kiosk.core.events import Health, LookedUp, NotPrinted, Part, ReceiptSeen
from kiosk.core.model import Call, Decline, Declined, Pending, RefundState, SaleState, Unknown, Why
from kiosk.core.numbers import is_order_number
from kiosk.core.past_screens import History, SaleOpened, SaleUnknown
from kiosk.core.scanning import LookFor
from kiosk.core.slips import Bill, PrinterTrouble, Receipt, Receipts, Wanted
from tests.flow import START, Flow, always, hkd

SECOND = 1000


def slips(flow: Flow) -> list[Receipt | Bill]:
    """All that was to be printed so far."""
    return [act.slip for act in flow.all(Print)]


def paid(flow: Flow) -> str:
    """A sale that is paid and still on the screen."""
    number = flow.charge()
    flow.answer(Call.CHARGE, flow.paid(number, payer=hkd(1250)))
    return number


def seek(flow: Flow) -> str:
    """From the start to the camera that looks for a receipt; its ticket."""
    flow.press("MENU SCAN")
    return flow.one(StartScan).ticket


def test_a_paid_sale_prints_one_receipt_with_its_facts() -> None:
    """It leaves in the step that commits the payment, so never ahead of it."""
    flow = Flow(receipts=Receipts.PAID)
    number = paid(flow)
    (receipt,) = slips(flow)
    row = flow.order(number)
    assert isinstance(receipt, Receipt)
    assert (receipt.shop, receipt.money, receipt.out_trade_no, receipt.copy) == ("Harbour Snacks", hkd(1250), number, False)
    assert (receipt.transaction_id, receipt.paid_at, receipt.tender) == (row.transaction_id, row.paid_at, row.tender)
    assert flow.sale_state(number) is SaleState.PAID
    flow.pass_time(600 * SECOND, always(Unknown(Why.SERVER)))
    assert len(slips(flow)) == 1


def test_a_receipt_that_cannot_be_committed_is_not_printed(monkeypatch: pytest.MonkeyPatch) -> None:
    """Commit, then act: also on paper."""
    flow = Flow(receipts=Receipts.PAID)
    number = flow.charge()

    def fails(*_: object) -> None:
        raise OSError

    monkeypatch.setattr(flow.ledger, "commit", fails)
    with pytest.raises(OSError):  # noqa: PT011  which one is the system's matter
        flow.answer(Call.CHARGE, flow.paid(number))
    assert slips(flow) == []


@pytest.mark.parametrize("keys", ["QR", "QR QR", "OK MENU 1 OK", "MENU 1 OK"])
def test_every_further_receipt_is_a_copy(keys: str) -> None:
    """From the paid screen as from the last orders."""
    flow = Flow(receipts=Receipts.PAID)
    number = paid(flow)
    flow.press(keys)
    first, *others = slips(flow)
    assert len(others) == max(1, keys.count("QR"))
    assert not first.copy  # type: ignore[union-attr]
    assert all(other.copy and other.out_trade_no == number for other in others)  # type: ignore[union-attr]


def test_by_setting_it_is_printed_when_asked_for_and_the_first_is_the_original() -> None:
    """QR on the paid screen."""
    flow = Flow(receipts=Receipts.ASKED)
    paid(flow)
    assert slips(flow) == []
    flow.press("QR QR")
    assert [slip.copy for slip in slips(flow)] == [False, True]  # type: ignore[union-attr]
    assert Play(Sound.KEY) in flow.done
    flow.sees(screens.PaidScreen)


def test_after_a_restart_nobody_knows_what_was_printed_and_it_is_a_copy() -> None:
    """A crash may lose a receipt; it never makes two originals."""
    flow = Flow(receipts=Receipts.ASKED)
    paid(flow)
    flow.restart()
    flow.press("MENU 1 OK")
    assert [slip.copy for slip in slips(flow)] == [True]  # type: ignore[union-attr]


def test_a_payment_that_a_later_life_learns_of_has_its_original_then() -> None:
    """No earlier life can have printed what was not paid yet."""
    flow = Flow(receipts=Receipts.PAID)
    number = flow.charge()
    flow.restart()
    flow.probe()
    flow.pass_time(10 * SECOND, lambda _: flow.paid(number))
    assert slips(flow) == [], "nobody stands there"
    flow.press("MENU 1 OK")
    assert [slip.copy for slip in slips(flow)] == [False]  # type: ignore[union-attr]


def test_a_receipt_that_was_given_up_unbegun_is_still_to_come() -> None:
    """Out of paper for too long: the next one is the original, and only the next."""
    flow = Flow(receipts=Receipts.PAID)
    number = paid(flow)
    flow.happen(NotPrinted(number))
    flow.press("QR QR")
    assert [slip.copy for slip in slips(flow)] == [False, False, True]  # type: ignore[union-attr]


def test_a_receipt_that_is_given_up_twice_is_named_once() -> None:
    """The printer says so at each try."""
    flow = Flow(receipts=Receipts.PAID)
    number = paid(flow)
    for _ in range(2):
        flow.happen(NotPrinted(number))
    assert flow.kiosk.unprinted == (number,)


def test_an_order_that_is_not_paid_by_the_time_it_was_read_has_no_receipt() -> None:
    """The rows are as committed, whatever the screen showed when the key was pressed."""
    flow = Flow(receipts=Receipts.PAID)
    number = flow.show_qr()
    flow.happen(LookedUp(number, Wanted.RECEIPT, flow.order(number), ()))
    flow.happen(LookedUp(number, Wanted.RECEIPT, None, ()))
    assert slips(flow) == []


def test_refunds_stand_on_the_copy() -> None:
    """Those accepted or done; what was refused is none."""
    flow = Flow(receipts=Receipts.PAID)
    number = flow.sell()
    flow.ask_refund(number, 500)
    flow.press("MENU 1 OK")
    assert slips(flow)[-1].refunds == ()  # type: ignore[union-attr]
    flow.refund_answer(Call.REFUND, Pending(), f"{number}-R1")
    flow.press("OK")
    (refund,) = slips(flow)[-1].refunds  # type: ignore[union-attr]
    assert (refund.money, refund.state) == (hkd(500), RefundState.ACCEPTED)


def test_the_qr_can_be_printed_as_a_bill() -> None:
    """MENU while it is on the screen; it stays there."""
    flow = Flow(receipts=Receipts.PAID)
    number = flow.show_qr()
    flow.press("MENU")
    assert slips(flow) == [Bill("Harbour Snacks", hkd(1250), number, f"weixin://{number}", flow.front().expires_at or 0)]
    flow.sees(screens.ShowingQr)


def test_nothing_paid_nothing_to_print() -> None:
    """OK on an order that was not paid sounds refused and stays."""
    flow = Flow(receipts=Receipts.PAID)
    flow.charge()
    flow.answer(Call.CHARGE, Declined(Decline.BALANCE))
    flow.press("MENU 1 OK")
    assert (flow.acts, slips(flow)) == ((Play(Sound.REFUSED_KEY),), [])
    flow.sees(SaleOpened)


def test_the_receipt_is_sought_with_a_ticket_of_its_own_and_its_sale_shown() -> None:
    """What it was, what became of it; OK prints it once more, CANCEL goes back."""
    flow = Flow(receipts=Receipts.PAID)
    number = flow.sell()
    flow.ask_refund(number, 500)
    flow.refund_answer(Call.REFUND, Pending(), f"{number}-R1")
    ticket = seek(flow)
    assert flow.all(StartScan)[-1] == StartScan(ticket, LookFor.RECEIPT)
    flow.sees(screens.SeekingReceipt)
    flow.happen(ReceiptSeen(ticket, number))
    found = flow.screen
    assert isinstance(found, SaleOpened)
    assert (found.out_trade_no, found.line.money, found.line.refunded, found.prints) == (number, hkd(1250), hkd(500), True)
    assert flow.one(StopScan)
    flow.press("OK")
    assert slips(flow)[-1].copy  # type: ignore[union-attr]
    flow.press("CANCEL")
    flow.sees(History)


def test_a_receipt_of_another_ledger_is_said_to_be_so() -> None:
    """SCAN looks for the next one."""
    flow = Flow(receipts=Receipts.PAID)
    flow.happen(ReceiptSeen(seek(flow), "K08-260105-zz0001"))
    assert flow.screen == SaleUnknown("K08-260105-zz0001")
    flow.press("OK")
    assert flow.acts == (Play(Sound.REFUSED_KEY),)
    flow.press("SCAN")
    flow.sees(screens.SeekingReceipt)


def test_only_what_a_kiosk_made_is_an_order_number() -> None:
    """From end to end; a payment code never is one."""
    assert is_order_number("K07-260105-aa0001")
    assert not any(is_order_number(text) for text in ("134567890123456789", "K07-260105-aa0001\n", "K07-260105-aa0001-R1", ""))


def test_an_order_that_is_not_paid_is_shown_and_has_no_receipt() -> None:
    """Its bill bears its number, too."""
    flow = Flow(receipts=Receipts.PAID)
    number = flow.show_qr()
    flow.press("CANCEL OK")
    flow.happen(ReceiptSeen(seek(flow), number))
    assert isinstance(flow.screen, SaleOpened)
    assert not flow.screen.prints
    flow.press("OK")
    assert flow.acts == (Play(Sound.REFUSED_KEY),)


def test_a_late_receipt_changes_nothing() -> None:
    """Nor does a payment code seen while a receipt is sought."""
    flow = Flow(receipts=Receipts.PAID)
    number = flow.sell()
    ticket = seek(flow)
    flow.code(ticket=ticket)
    flow.happen(ReceiptSeen("receipt 1", number))
    flow.sees(screens.SeekingReceipt)
    assert len(flow.all(LookUp)) == 0
    flow.press("CANCEL CANCEL")
    flow.happen(ReceiptSeen(ticket, number))
    flow.happen(LookedUp(number, Wanted.SALE, flow.order(number), ()))
    flow.sees(screens.Idle)


def test_the_camera_stops_by_itself_and_the_sale_is_not_left_open_for_a_passer_by() -> None:
    """A minute for the search, half a minute for what was found."""
    flow = Flow(receipts=Receipts.PAID)
    number = flow.sell()
    seek(flow)
    flow.pass_time(61 * SECOND, always(Pending()))
    flow.sees(History)
    flow.press("SCAN")
    flow.happen(ReceiptSeen(flow.one(StartScan).ticket, number))
    flow.pass_time(31 * SECOND, always(Pending()))
    flow.sees(screens.Idle)


def test_without_a_camera_no_receipt_is_sought() -> None:
    """The key is refused."""
    flow = Flow(receipts=Receipts.PAID)
    flow.happen(Health(Part.CAMERA, "no camera: plug one in"))
    flow.press("MENU SCAN")
    assert flow.acts == (Play(Sound.REFUSED_KEY),)
    flow.sees(History)


def test_an_unwell_printer_is_a_sign_and_hinders_no_sale() -> None:
    """It goes when the printer is well again."""
    flow = Flow(receipts=Receipts.PAID)
    flow.happen(Health(Part.PRINTER, "out of paper: put in a new roll", printer=PrinterTrouble.PAPER))
    assert flow.signs.printer is PrinterTrouble.PAPER
    paid(flow)
    flow.sees(screens.PaidScreen)
    flow.happen(Health(Part.PRINTER, None))
    assert flow.signs.printer is None


def test_without_a_printer_nothing_is_new() -> None:
    """No act, no offer on a screen, no key."""
    flow = Flow()
    number = flow.show_qr()
    assert not flow.screen.prints
    flow.press("MENU")
    assert flow.acts == (Play(Sound.REFUSED_KEY),)
    flow.answer(Call.ASK, flow.paid(number))
    assert not flow.screen.prints
    flow.press("QR")
    assert flow.acts == (Play(Sound.REFUSED_KEY),)
    flow.press("MENU 1")
    assert not flow.screen.prints
    flow.press("OK")
    assert flow.acts == (Play(Sound.REFUSED_KEY),)
    assert not flow.all(Print)
    assert flow.now >= START
