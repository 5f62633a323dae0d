"""What people see is a function of the kiosk's state: small true signs, the last orders, tails to find a sale by."""

from __future__ import annotations

import pytest

from kiosk.core import screens
from kiosk.core.commands import Reverse
from kiosk.core.events import Health, Part
from kiosk.core.lifecycle import DAY, NATIVE_LIFE
from kiosk.core.model import Call, Decline, Declined, Ended, OrderState, Paid, Pending, Unknown, Why
from kiosk.core.money import Money
from tests.flow import START, Flow, always, hkd

S = OrderState
SECOND = 1000


def test_idle_shows_the_shop() -> None:
    """Nobody in front."""
    assert Flow().screen == screens.Idle("Harbour Snacks")


def test_signs_say_connecting_then_online_then_offline_since_when() -> None:
    """Each change as it is learnt."""
    flow = Flow(online=False)
    assert flow.signs == screens.Signs(screens.Network.CONNECTING, clock_known=False, unresolved=0)
    flow.probe()
    assert flow.signs == screens.Signs(screens.Network.ONLINE, clock_known=True, unresolved=0)
    flow.pass_time(SECOND)
    flow.probe(reached=False)
    flow.pass_time(SECOND)
    assert flow.signs.offline_since == START + SECOND


def test_unresolved_counts_open_orders_besides_the_one_in_front() -> None:
    """The one in front has its own screen."""
    flow = Flow()
    flow.charge("1 OK")
    assert flow.signs.unresolved == 0
    flow.press("CANCEL OK")
    assert flow.signs.unresolved == 1
    flow.show_qr("2 QR")
    flow.press("CANCEL OK")
    assert flow.signs.unresolved == 2
    paid = flow.sell("3 OK")
    assert flow.signs.unresolved == 2
    assert flow.state(paid) is S.PAID


def test_what_needs_a_person_stays_on_every_screen_until_the_last_orders_were_opened() -> None:
    """Also over a restart, for a day; in the list it stands first, however long ago it was sold."""
    flow = Flow()
    number = flow.charge("1 OK")
    flow.press("CANCEL OK")
    flow.sell("2 OK")
    other = Paid("42", Money(999, "HKD"))
    flow.answer(Call.CHARGE, other, number)
    assert (flow.state(number), flow.signs.attention) == (S.ATTENTION, 1)
    flow.restart()
    assert flow.signs.attention == 1
    flow.press("MENU")
    assert flow.screen.lines[0].state is S.ATTENTION
    assert len(flow.screen.lines) == 2
    flow.press("CANCEL")
    assert flow.signs.attention == 0
    flow.restart(DAY)
    assert flow.signs.attention == 0


def test_what_needs_a_person_and_stands_in_front_is_not_counted_beside_it() -> None:
    """Its own screen says so; from then on the sign does."""
    flow = Flow()
    number = flow.charge("1 OK")
    flow.answer(Call.CHARGE, Paid("42", Money(999, "HKD")), number)
    flow.sees(screens.AttentionScreen)
    assert flow.signs.attention == 0
    flow.press("OK")
    assert flow.signs.attention == 1


@pytest.mark.parametrize("part", [Part.LEDGER, Part.KEYPAD])
def test_what_makes_selling_impossible_takes_the_start_screen(part: Part) -> None:
    """In the words of the part, until it is well."""
    flow = Flow()
    flow.happen(Health(part, "broken: do this"))
    assert flow.screen == screens.OutOfOrder("broken: do this")
    flow.happen(Health(part, None))
    flow.sees(screens.Idle)


@pytest.mark.parametrize("part", [Part.CAMERA, Part.PRINTER])
def test_what_leaves_a_way_to_sell_does_not(part: Part) -> None:
    """Without a camera there is the QR."""
    flow = Flow()
    flow.happen(Health(part, "broken"))
    flow.sees(screens.Idle)


def test_trouble_does_not_cover_a_result() -> None:
    """A paid customer's screen stays."""
    flow = Flow()
    number = flow.charge()
    flow.answer(Call.CHARGE, flow.paid(number))
    flow.happen(Health(Part.LEDGER, "broken"))
    flow.sees(screens.PaidScreen)


def test_the_tail_is_the_end_of_the_number() -> None:
    """Six characters to find the sale by, the same on every screen of it."""
    flow = Flow()
    number = flow.charge()
    assert flow.screen == screens.Charging(hkd(1250), "aa0001")
    flow.answer(Call.CHARGE, Pending(payer_acts=True))
    assert flow.screen == screens.Password(hkd(1250), "aa0001", START + 45 * SECOND)
    flow.press("CANCEL")
    assert flow.screen == screens.Cancelling(hkd(1250), "aa0001")
    assert number.endswith("aa0001")


def test_a_qr_shows_its_end_and_that_somebody_pays() -> None:
    """`until` is time_expire; USERPAYING shows, and NOTPAY takes it back."""
    flow = Flow()
    number = flow.show_qr()
    assert flow.screen == screens.ShowingQr(hkd(1250), f"weixin://{number}", START + NATIVE_LIFE)
    flow.answer(Call.ASK, Pending(payer_acts=True))
    assert flow.screen.paying
    flow.answer(Call.ASK, Pending())
    assert not flow.screen.paying


def test_an_expired_qr_nobody_can_ask_about_is_unresolved() -> None:
    """The customer may have paid where the kiosk cannot see it."""
    flow = Flow()
    number = flow.show_qr()
    flow.pass_time(NATIVE_LIFE, always(Unknown(Why.TIMEOUT)))
    assert flow.screen == screens.Unresolved(hkd(1250), number[-6:])


def test_late_money_is_said_to_go_back() -> None:
    """Cancelled, and `refunding` from the payment to the end of the refund."""
    flow = Flow()
    number = flow.show_qr()
    flow.press("CANCEL")
    flow.pass_time(61 * SECOND)
    flow.answer(Call.ASK, flow.paid(number))
    assert flow.screen == screens.CancelledScreen(hkd(1250), number[-6:], refunding=True)
    flow.refund_answer(Call.REFUND, Ended(S.REFUNDED), f"{number}-R1")
    assert flow.screen == screens.CancelledScreen(hkd(1250), number[-6:], refunding=True)


def test_a_decline_shown_while_it_is_cleaned_up_keeps_its_reason() -> None:
    """The reversal of a PAYERROR is no business of the people in front."""
    flow = Flow()
    number = flow.charge()
    flow.answer(Call.CHARGE, Declined(Decline.PAYMENT_FAILED, clean_up=True))
    declined = screens.DeclinedScreen(hkd(1250), Decline.PAYMENT_FAILED, number[-6:])
    assert flow.screen == declined
    flow.pass_time(20 * SECOND, lambda act: Pending() if isinstance(act, Reverse) else Ended(S.REVERSED))
    assert flow.state(number) is S.DECLINED
    assert flow.screen == declined
