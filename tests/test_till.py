"""Who stands in front: what each key means on each screen, why OK does not go on, and what a camera may and may not do."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from kiosk.core import screens, till
from kiosk.core.commands import Charge, Place, Play, Probe, Sound, StartScan, StopScan, Warm
from kiosk.core.events import CodeRefused, Health, Key, Left, Part, Pressed, Tick
from kiosk.core.model import Call, Decline, Declined, Ended, NotFound, OrderState, Pending, Tender, Unknown, Why
from kiosk.core.scanning import ScanHint
from kiosk.core.screens import AmountHint
from kiosk.core.state import wake_at
from tests.flow import START, Flow, always, hkd

S = OrderState
LIMIT = hkd(1_000_000)
SECOND = 1000


def keying(flow: Flow) -> screens.Keying:
    """The amount's screen."""
    shown = flow.screen
    assert isinstance(shown, screens.Keying)
    return shown


# -- the amount ----------------------------------------------------------------------------------------------------


def test_amounts_are_keyed_smallest_unit_first() -> None:
    """1 2 5 0 is 12.50, and each digit has a sound."""
    flow = Flow()
    flow.press("1 2 5 0")
    assert flow.screen == screens.Keying(hkd(1250), None, LIMIT)
    assert flow.acts == (Play(Sound.KEY),)


def test_yen_has_no_decimals() -> None:
    """1250 is 1,250 yen, from the keys to the row."""
    flow = Flow(currency="JPY")
    flow.press("1 2 5 0 OK")
    assert str(flow.front().money) == "1250 JPY"


def test_the_first_digit_warms_the_connection() -> None:
    """So that the charge finds it open."""
    flow = Flow()
    flow.press("1")
    assert flow.one(Warm)
    flow.press("2")
    assert Warm() not in flow.acts


def test_zero_is_no_amount() -> None:
    """OK on zero stays there and says so."""
    flow = Flow()
    flow.press("0 0 OK")
    assert flow.screen == screens.Keying(hkd(0), AmountHint.ZERO, LIMIT)
    flow.press("5")
    assert keying(flow).hint is None


def test_nine_digits_are_the_most() -> None:
    """The tenth is not taken and says so."""
    flow = Flow()
    flow.press("1 2 3 4 5 6 7 8 9")
    assert keying(flow).hint is None
    flow.press("1")
    assert flow.screen == screens.Keying(hkd(123_456_789), AmountHint.TOO_LONG, LIMIT)


def test_the_limit_is_the_largest_amount_of_a_sale() -> None:
    """The limit itself passes, one more does not."""
    flow = Flow(limit=500)
    flow.press("5 0 1 OK")
    assert flow.screen == screens.Keying(hkd(501), AmountHint.TOO_LARGE, hkd(500))
    flow.press("CLEAR 0 OK")
    flow.sees(screens.Scanning)


def test_clear_takes_one_digit_and_held_all() -> None:
    """The last digit cleared is the start."""
    flow = Flow()
    flow.press("1 2 CLEAR")
    assert keying(flow).money == hkd(1)
    flow.press("CLEAR")
    flow.sees(screens.Idle)
    flow.press("1 2 3 CLEAR_ALL")
    flow.sees(screens.Idle)
    flow.press("1 2 3 CANCEL")
    flow.sees(screens.Idle)


@pytest.mark.parametrize("default", Tender)
@pytest.mark.parametrize(("key", "tender"), [("OK", None), ("SCAN", Tender.QUICK_PAY), ("QR", Tender.NATIVE)])
def test_ok_takes_the_default_tender_and_scan_and_qr_their_own(default: Tender, key: str, tender: Tender | None) -> None:
    """By setting."""
    flow = Flow(default=default)
    flow.press(f"5 {key}")
    assert flow.front().tender is (tender or default)


# -- why OK does not go on -----------------------------------------------------------------------------------------


def refuses(flow: Flow, hint: AmountHint, keys: str = "5 OK") -> None:
    """The keys lead back to the amount with this hint, and no row was made."""
    flow.press(keys)
    assert flow.screen == screens.Keying(hkd(5), hint, LIMIT)
    assert not flow.kiosk.orders
    assert not flow.kiosk.counters
    assert not [act for act in flow.done if isinstance(act, Charge | Place | StartScan)]


@pytest.mark.parametrize("keys", ["5 OK", "5 QR"])
def test_before_the_first_contact_nothing_is_sold(keys: str) -> None:
    """Connecting: the hint goes when the network is there, and the amount stays."""
    flow = Flow(online=False)
    refuses(flow, AmountHint.CONNECTING, keys)
    flow.probe()
    assert flow.screen == screens.Keying(hkd(5), None, LIMIT)


@pytest.mark.parametrize("keys", ["5 OK", "5 QR"])
def test_offline_new_charges_are_refused(keys: str) -> None:
    """Honestly, with a probe at once; the network's return takes the hint away."""
    flow = Flow()
    flow.probe(reached=False)
    flow.press("CANCEL")
    refuses(flow, AmountHint.OFFLINE, keys)
    assert Probe() in flow.acts
    flow.probe()
    assert keying(flow).hint is None


def test_with_an_unknown_clock_nothing_is_sold() -> None:
    """No request could be signed with a time that WeChat accepts."""
    flow = Flow(online=False)
    flow.probe(ahead_ms=None)
    refuses(flow, AmountHint.CLOCK)


def test_with_a_ledger_in_trouble_nothing_is_sold() -> None:
    """And the start screen names the trouble."""
    flow = Flow()
    flow.happen(Health(Part.LEDGER, "the disk is full: delete something"))
    assert flow.screen == screens.OutOfOrder("the disk is full: delete something")
    refuses(flow, AmountHint.LEDGER)
    flow.happen(Health(Part.LEDGER, None))
    flow.press("OK")
    flow.sees(screens.Scanning)


def test_without_a_camera_scanning_is_refused_and_qr_is_not() -> None:
    """CAMERA names the way out."""
    flow = Flow()
    flow.happen(Health(Part.CAMERA, "no camera: check the cable"))
    refuses(flow, AmountHint.CAMERA)
    flow.press("QR")
    assert flow.front().tender is Tender.NATIVE


def test_a_tender_is_not_switched_to_what_cannot_work() -> None:
    """SCAN without a camera leaves the QR on the screen and its order as it was."""
    flow = Flow()
    number = flow.show_qr()
    flow.happen(Health(Part.CAMERA, "no camera"))
    flow.press("SCAN")
    flow.sees(screens.ShowingQr)
    assert flow.state(number) is S.PAYING
    assert Play(Sound.FAILED) in flow.acts


def test_another_try_while_offline_goes_back_to_the_amount() -> None:
    """After a decline there is nothing to stay with."""
    flow = Flow()
    flow.charge()
    flow.answer(Call.CHARGE, Declined(Decline.BALANCE))
    flow.probe(reached=False)
    flow.press("SCAN")
    assert flow.screen == screens.Keying(hkd(1250), AmountHint.OFFLINE, LIMIT)


# -- scanning ------------------------------------------------------------------------------------------------------


def test_the_camera_looks_only_while_a_code_is_wanted() -> None:
    """StartScan with the order's number as its ticket, StopScan when it is over."""
    flow = Flow()
    flow.press("5 OK")
    assert flow.one(StartScan).ticket == flow.front().out_trade_no
    assert flow.screen == screens.Scanning(hkd(5), START + 60 * SECOND)
    flow.code()
    assert flow.one(StopScan)
    flow.sees(screens.Charging)


def test_a_late_scan_never_pays_for_the_next_customer() -> None:
    """A code with the ticket of an earlier order is nobody's."""
    flow = Flow()
    flow.press("5 OK")
    old = flow.front().out_trade_no
    flow.press("CANCEL OK 7 OK")
    new = flow.front().out_trade_no
    flow.code(ticket=old)
    assert not flow.all(Charge)
    flow.sees(screens.Scanning)
    flow.code(ticket=new)
    assert flow.one(Charge).order.out_trade_no == new
    flow.code(ticket=new)
    assert len(flow.all(Charge)) == 1


def test_a_code_when_nobody_scans_does_nothing() -> None:
    """Idle, keying or at a result: no charge."""
    flow = Flow()
    number = flow.sell()
    flow.code(ticket=number)
    flow.press("5")
    flow.code(ticket=number)
    assert len(flow.all(Charge)) == 1


def test_the_same_code_twice_is_told_and_not_sent() -> None:
    """A code is good for one payment, also across sales."""
    flow = Flow()
    flow.press("5 OK")
    flow.code("130000000000000007")
    flow.answer(Call.CHARGE, Declined(Decline.BALANCE))
    flow.press("SCAN")
    flow.code("130000000000000007")
    flow.sees(screens.Scanning)
    assert flow.screen.hint is ScanHint.USED
    assert len(flow.all(Charge)) == 1
    flow.code("130000000000000008")
    assert len(flow.all(Charge)) == 2


def test_what_the_camera_refuses_is_told_for_a_moment() -> None:
    """A hint of this scan shows and lapses; one of another ticket does not show."""
    flow = Flow()
    flow.press("5 OK")
    number = flow.front().out_trade_no
    flow.happen(CodeRefused("K07-260105-aa9999", ScanHint.ALIPAY))
    assert flow.screen == screens.Scanning(hkd(5), START + 60 * SECOND)
    flow.happen(CodeRefused(number, ScanHint.ALIPAY))
    assert flow.screen == screens.Scanning(hkd(5), START + 60 * SECOND, ScanHint.ALIPAY)
    flow.pass_time(till.HINT_FOR)
    assert flow.screen == screens.Scanning(hkd(5), START + 60 * SECOND)


def test_a_camera_that_dies_while_scanning_is_told_until_it_is_back() -> None:
    """What is wrong with it comes and goes with the camera, not with the clock."""
    flow = Flow()
    flow.press("5 OK")
    flow.happen(Health(Part.CAMERA, "unplugged"))
    flow.pass_time(10 * SECOND)
    assert flow.screen == screens.Scanning(hkd(5), START + 60 * SECOND, ScanHint.NO_CAMERA)
    flow.happen(Health(Part.CAMERA, "black", ScanHint.COVERED))
    assert flow.screen == screens.Scanning(hkd(5), START + 60 * SECOND, ScanHint.COVERED)
    flow.happen(Health(Part.CAMERA, None))
    assert flow.screen == screens.Scanning(hkd(5), START + 60 * SECOND)


def test_a_late_hint_does_not_hide_that_the_camera_is_away() -> None:
    """It would lapse after a moment, and nothing would say any more why nothing is read."""
    flow = Flow()
    flow.press("5 OK")
    flow.happen(Health(Part.CAMERA, "unplugged"))
    flow.happen(CodeRefused(flow.front().out_trade_no, ScanHint.CLOSER))
    flow.pass_time(10 * SECOND)
    assert flow.screen == screens.Scanning(hkd(5), START + 60 * SECOND, ScanHint.NO_CAMERA)


def test_a_hint_stays_while_it_is_told_again_and_gives_way_to_the_next() -> None:
    """The scanner tells it once a second as long as its cause lasts; so a hint lives at most HINT_FOR longer than that."""
    flow = Flow()
    flow.press("5 OK")
    number = flow.front().out_trade_no
    for _ in range(5):
        flow.happen(CodeRefused(number, ScanHint.CLOSER))
        flow.pass_time(1 * SECOND)
        assert flow.screen == screens.Scanning(hkd(5), START + 60 * SECOND, ScanHint.CLOSER)
    flow.happen(CodeRefused(number, ScanHint.STILL))
    assert flow.screen == screens.Scanning(hkd(5), START + 60 * SECOND, ScanHint.STILL)
    flow.pass_time(till.HINT_FOR - 1)
    assert flow.screen == screens.Scanning(hkd(5), START + 60 * SECOND, ScanHint.STILL)
    flow.pass_time(1)
    assert flow.screen == screens.Scanning(hkd(5), START + 60 * SECOND)


def test_a_hint_is_gone_when_the_code_is_read_and_from_the_next_scan() -> None:
    flow = Flow()
    flow.press("5 OK")
    number = flow.front().out_trade_no
    flow.happen(CodeRefused(number, ScanHint.GLARE))
    flow.code()
    flow.sees(screens.Charging)
    flow.happen(CodeRefused(number, ScanHint.GLARE))  # one that was under way
    flow.sees(screens.Charging)
    flow.answer(Call.CHARGE, Declined(Decline.BALANCE))
    flow.press("SCAN")
    assert isinstance(flow.screen, screens.Scanning)
    assert flow.screen.hint is None


def test_scanning_gives_up_after_60_s_back_to_the_amount() -> None:
    """The armed order is VOID; the amount needs no second keying."""
    flow = Flow()
    flow.press("5 OK")
    number = flow.front().out_trade_no
    flow.pass_time(60 * SECOND - 1)
    flow.sees(screens.Scanning)
    flow.pass_time(1)
    assert flow.screen == screens.Keying(hkd(5), AmountHint.SCAN_TIMEOUT, LIMIT)
    assert flow.one(StopScan)
    assert flow.state(number) is S.VOID


def test_a_scan_cancelled_leaves_nothing_to_ask() -> None:
    """No request left, so nothing is watched."""
    flow = Flow()
    flow.press("5 OK")
    number = flow.front().out_trade_no
    flow.press("CANCEL")
    assert flow.screen == screens.CancelledScreen(hkd(5), number[-6:])
    assert flow.numbers() == []
    flow.press("OK")
    assert not flow.kiosk.orders


# -- keys during a sale --------------------------------------------------------------------------------------------


def _scanning(flow: Flow) -> None:
    flow.press("1 2 5 0 OK")


def _charging(flow: Flow) -> None:
    flow.charge()


def _password(flow: Flow) -> None:
    flow.charge()
    flow.answer(Call.CHARGE, Pending(payer_acts=True))


def _placing(flow: Flow) -> None:
    flow.press("1 2 5 0 QR")


def _qr(flow: Flow) -> None:
    flow.show_qr()


def _cancelling(flow: Flow) -> None:
    flow.charge()
    flow.press("CANCEL")


def _unresolved(flow: Flow) -> None:
    flow.charge()
    flow.pass_time(58 * SECOND, always(Unknown(Why.TIMEOUT)))
    flow.probe()


def _paid(flow: Flow) -> None:
    number = flow.charge()
    flow.answer(Call.CHARGE, flow.paid(number))


def _declined(flow: Flow) -> None:
    flow.charge()
    flow.answer(Call.CHARGE, Declined(Decline.CARD))


def _cancelled(flow: Flow) -> None:
    flow.charge()
    flow.answer(Call.CHARGE, Ended(S.REVERSED))


def _attention(flow: Flow) -> None:
    number = flow.charge()
    flow.answer(Call.CHARGE, flow.paid(number, total=hkd(1)))


def _same_customer(flow: Flow) -> None:
    _unresolved(flow)
    flow.press("1 2 5 0 OK")


KEYS: dict[Callable[[Flow], None], tuple[type, str]] = {  # what OK, CANCEL, SCAN, QR, MENU and a digit lead to; "-": refused
    _scanning: (screens.Scanning, "- CancelledScreen - Placing - -"),
    _charging: (screens.Charging, "- Cancelling - - - -"),
    _password: (screens.Password, "- Cancelling - Placing - -"),
    _placing: (screens.Placing, "- Cancelling - - - -"),
    _qr: (screens.ShowingQr, "- Cancelling Scanning - - -"),
    _cancelling: (screens.Cancelling, "Idle Idle - - History Keying"),
    _unresolved: (screens.Unresolved, "Idle Idle - - History Keying"),
    _paid: (screens.PaidScreen, "Idle Idle - - History Keying"),
    _declined: (screens.DeclinedScreen, "Idle Idle Scanning Placing History Keying"),
    _cancelled: (screens.CancelledScreen, "Idle Idle Scanning Placing History Keying"),
    _attention: (screens.AttentionScreen, "Idle Idle - - History Keying"),
    _same_customer: (screens.SameCustomer, "Scanning Keying - - - -"),
}


@pytest.mark.parametrize("get_there", KEYS, ids=lambda it: it.__name__[1:])
@pytest.mark.parametrize(("at", "key"), list(enumerate(["OK", "CANCEL", "SCAN", "QR", "MENU", "7"])))
def test_each_key_means_one_thing_on_each_screen(get_there: Callable[[Flow], None], at: int, key: str) -> None:
    """The table above, cell by cell; a key that means nothing sounds so and changes nothing."""
    flow = Flow()
    get_there(flow)
    here, row = KEYS[get_there]
    leads_to = row.split()[at]
    assert isinstance(flow.screen, here)
    before = flow.kiosk
    flow.press(key)
    if leads_to == "-":
        assert flow.acts == (Play(Sound.REFUSED_KEY),)
        assert flow.kiosk == before
    else:
        assert type(flow.screen).__name__ == leads_to
        assert Play(Sound.KEY) in flow.acts


@pytest.mark.parametrize("get_there", [_paid, _declined, _cancelled, _attention, _unresolved], ids=lambda it: it.__name__[1:])
def test_a_result_stays_until_a_key(get_there: Callable[[Flow], None]) -> None:
    """An hour later it is still there."""
    flow = Flow()
    get_there(flow)
    shown = flow.screen
    flow.pass_time(3600 * SECOND, always(Unknown(Why.SERVER)))
    assert flow.screen == shown


def test_by_setting_a_result_makes_room_by_itself() -> None:
    """After so many seconds the start screen is back, not before."""
    flow = Flow(result_ms=5 * SECOND)
    _paid(flow)
    flow.pass_time(5 * SECOND - 1)
    flow.sees(screens.PaidScreen)
    flow.pass_time(1)
    flow.sees(screens.Idle)


def test_idle_takes_digits_and_menu_only() -> None:
    """CANCEL does nothing when idle."""
    flow = Flow()
    for key in ("OK", "CANCEL", "CLEAR", "CLEAR_ALL", "SCAN", "QR"):
        flow.press(key)
        assert flow.acts == (Play(Sound.REFUSED_KEY),)
    flow.sees(screens.Idle)


# -- same customer? ------------------------------------------------------------------------------------------------


def test_the_amount_of_an_unresolved_sale_asks_same_customer_first() -> None:
    """No row before the answer; CANCEL goes back to the amount, OK is a new customer."""
    flow = Flow()
    _unresolved(flow)
    rows = len(flow.kiosk.orders)
    flow.press("1 2 5 0 QR")
    assert flow.screen == screens.SameCustomer(hkd(1250))
    assert len(flow.kiosk.orders) == rows
    flow.press("CANCEL")
    assert flow.screen == screens.Keying(hkd(1250), None, LIMIT)
    flow.press("QR OK")
    assert flow.front().tender is Tender.NATIVE


def test_another_amount_asks_nothing() -> None:
    """Only the same amount is suspicious."""
    flow = Flow()
    _unresolved(flow)
    flow.press("1 2 5 1 OK")
    flow.sees(screens.Scanning)


def test_a_resolved_sale_of_the_same_amount_asks_nothing() -> None:
    """Two coffees in a row are two customers."""
    flow = Flow()
    flow.sell()
    flow.press("1 2 5 0 OK")
    flow.sees(screens.Scanning)


def test_a_new_customer_while_offline_is_still_refused() -> None:
    """OK to "same customer?" does not lead around the network."""
    flow = Flow()
    _same_customer(flow)
    flow.probe(reached=False)
    flow.press("OK")
    assert flow.screen == screens.Keying(hkd(1250), AmountHint.OFFLINE, LIMIT)


# -- waking --------------------------------------------------------------------------------------------------------


def test_the_kiosk_wants_to_be_woken_when_its_screen_changes() -> None:
    """Scanning's end, the verdict, the QR's end."""
    flow = Flow()
    flow.press("5 OK")
    assert wake_at(flow.kiosk, flow.now) <= START + 60 * SECOND
    flow.happen(Tick())
    flow.code()
    flow.happen(Left(flow.front().out_trade_no, Call.CHARGE))
    flow.now += 54 * SECOND
    flow.happen(Tick())
    assert wake_at(flow.kiosk, flow.now) <= START + 55 * SECOND


def test_an_order_wechat_never_had_is_told_as_cancelled() -> None:
    """Not found after the grace: nothing was taken."""
    flow = Flow()
    number = flow.charge()
    flow.pass_time(40 * SECOND, lambda act: Unknown(Why.TIMEOUT) if isinstance(act, Charge) else NotFound())
    assert flow.screen == screens.CancelledScreen(hkd(1250), number[-6:])


@pytest.mark.parametrize("key", Key)
def test_no_key_on_no_screen_raises(key: Key) -> None:
    """Whatever people press."""
    for get_there in KEYS:
        flow = Flow()
        get_there(flow)
        flow.happen(Pressed(key))
