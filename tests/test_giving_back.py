"""Money given back at the kiosk: who may, by which PIN, how much, why, a second look; and that it is a refund as any other."""

from __future__ import annotations

from datetime import time
from itertools import chain
from zoneinfo import ZoneInfo

import pytest

from kiosk.core import screens, who
from kiosk.core.commands import AskForRefund, CheckPin, GiveBack, Play, Sound
from kiosk.core.events import Key, PinChecked, PinKept, Pressed
from kiosk.core.model import Call, Decline, Declined, OrderState, Pending, Reason, RefundState, RefundTrouble, Unknown, Why
from kiosk.core.operators import ALONE, Against, NoPin, Operator, PinDigits, RefundRules, Role
from kiosk.core.past_screens import (
    Entry,
    History,
    More,
    PinAsked,
    PinWanted,
    RefundAmount,
    RefundLook,
    RefundRefused,
    RefundWhy,
    SaleOpened,
    WhoIsIt,
)
from kiosk.display.keys import ROWS, looks
from tests.flow import START, Flow, hkd

SECOND = 1000
DAY = 24 * 3600 * SECOND
MEI, LEE = Operator("Mei", Role.CASHIER), Operator("Lee", Role.MANAGER)
ALONE_PIN = {"manager": "7391"}
BOTH = {"Mei": "1357", "Lee": "8642"}
REFUSED = (Play(Sound.REFUSED_KEY),)


def sold(**settings: object) -> tuple[Flow, str]:
    """A kiosk with one order, paid, and a manager's PIN."""
    flow = Flow(**{"pins": ALONE_PIN, **settings})  # type: ignore[arg-type]
    return flow, flow.sell()


def team(**settings: object) -> tuple[Flow, str]:
    """The same with a cashier and a manager."""
    return sold(**{"operators": (MEI, LEE), "pins": BOTH, **settings})


# -- the way through it --------------------------------------------------------------------------------------------


def test_all_of_it_goes_back_after_a_pin_a_reason_and_a_second_look() -> None:
    """The row says who and why, and is committed before the refund leaves."""
    flow, number = sold()
    flow.press("MENU 1 QR")
    assert flow.screen == PinAsked(ALONE, 0)
    flow.press("7 3 9 1")
    assert flow.screen == PinAsked(ALONE, 4)
    flow.press("OK")
    assert flow.screen == RefundAmount(flow.screen.line, hkd(1250), hkd(1250), keyed=False)
    flow.press("OK")
    assert flow.screen == RefundWhy(hkd(1250), tuple(Reason))
    flow.press("2")
    assert flow.screen == RefundLook(flow.screen.line, number, hkd(1250), hkd(0), Reason.FAULTY, ALONE)
    assert flow.refunds(number) == ()
    flow.press("OK")
    (refund,) = flow.refunds(number)
    assert (refund.money, refund.reason, refund.operator) == (hkd(1250), "faulty", "manager")
    assert refund.state is RefundState.REQUESTED
    assert flow.one(GiveBack).refund == refund
    flow.sees(SaleOpened)
    flow.refund_answer(Call.REFUND, Pending(), f"{number}-R1")
    assert flow.screen.line.refunded == hkd(1250)


def test_a_part_is_keyed() -> None:
    """CLEAR corrects it; none keyed is all that is left."""
    flow, number = sold()
    flow.press("MENU 1 QR 7 3 9 1 OK 5 0 1 CLEAR")
    assert (flow.screen.money, flow.screen.keyed) == (hkd(50), True)
    flow.press("CLEAR_ALL")
    assert (flow.screen.money, flow.screen.keyed) == (hkd(1250), False)
    flow.press("5 0 0 OK 6")
    assert (flow.screen.money, flow.screen.left) == (hkd(500), hkd(750))
    flow.press("OK")
    assert flow.refunds(number)[0].money == hkd(500)


def test_cancel_leads_back_step_by_step_and_nothing_has_happened() -> None:
    """To the order from which it began."""
    flow, number = sold()
    flow.press("MENU 1 QR 7 3 9 1 OK 5 OK 1")
    flow.sees(RefundLook)
    flow.press("CANCEL")
    flow.sees(RefundWhy)
    flow.press("CANCEL")
    assert flow.screen.money == hkd(5)
    flow.press("CANCEL")
    flow.sees(SaleOpened)
    flow.press("QR CANCEL CANCEL")
    flow.sees(History)
    assert flow.refunds(number) == ()


def test_ok_twice_gives_back_once() -> None:
    """Also when the second press comes before the ledger has told."""
    flow, number = sold()
    flow.press("MENU 1 QR 7 3 9 1 OK OK 1")
    before = flow.kiosk
    from kiosk.core.step import step  # noqa: PLC0415  by hand, so that nothing is read between the presses

    first = step(before, Pressed(Key.OK), flow.now)
    second = step(first.kiosk, Pressed(Key.OK), flow.now)
    assert [type(act) for act in first.acts if isinstance(act, AskForRefund)] == [AskForRefund]
    assert second.acts == REFUSED
    flow.press("OK OK")
    assert len(flow.refunds(number)) == 1


@pytest.mark.parametrize("keys", ["QR", "QR 7", "QR 7 3 9 1 OK", "QR 7 3 9 1 OK OK", "QR 7 3 9 1 OK OK 1"])
def test_each_place_closes_by_itself(keys: str) -> None:
    """Whoever comes next finds the start screen, and no PIN that somebody else keyed."""
    flow, _ = sold()
    flow.press(f"MENU 1 {keys}")
    flow.pass_time(61 * SECOND, lambda _: None)
    flow.sees(screens.Idle)


def test_a_key_that_means_nothing_at_a_refusal_leaves_it_there() -> None:
    """It is read before it goes."""
    flow, _ = sold(pins={})
    flow.press("MENU 1 QR 5")
    assert flow.acts == REFUSED
    flow.sees(RefundRefused)
    flow.press("OK")
    flow.sees(SaleOpened)


# -- what is refused -----------------------------------------------------------------------------------------------


def refusal(flow: Flow, keys: str) -> tuple[Against, object]:
    flow.press(keys)
    assert isinstance(flow.screen, RefundRefused | RefundAmount)
    assert flow.screen.against is not None
    return flow.screen.against, flow.screen.most


def test_more_than_is_left_is_refused_where_it_is_keyed() -> None:
    """With what there is; the next digit begins to mend it."""
    flow, number = sold()
    flow.ask_refund(number, 1000)
    flow.refund_answer(Call.REFUND, Pending(), f"{number}-R1")
    assert refusal(flow, "MENU 1 QR 7 3 9 1 OK 2 5 1 OK") == (Against.TOO_MUCH, hkd(250))
    flow.press("CLEAR")
    assert flow.screen.against is None


def test_what_cannot_be_refunded_is_said_before_anybody_keys_a_pin() -> None:
    """Nothing left; after a year; OK goes back to the order."""
    flow, number = sold()
    flow.ask_refund(number)
    assert refusal(flow, "MENU 1 QR") == (Against.NOTHING_LEFT, None)
    flow.press("OK")
    flow.sees(SaleOpened)
    flow, number = sold()
    flow.now += 366 * DAY
    assert refusal(flow, "MENU 1 QR") == (Against.TOO_OLD, None)
    assert flow.looked_at == 0


def test_an_order_that_was_not_paid_has_no_such_key() -> None:
    """QR means nothing there."""
    flow = Flow(pins=ALONE_PIN)
    flow.charge()
    flow.answer(Call.CHARGE, Declined(Decline.BALANCE))
    flow.press("OK MENU 1 QR")
    assert flow.acts == REFUSED


def test_fifty_are_the_most() -> None:
    """The fifty-first is refused in words."""
    flow, number = sold()
    for count in range(50):
        assert flow.ask_refund(number, 1).problem is None, count
    assert refusal(flow, "MENU 1 QR") == (Against.TOO_MANY, None)


def test_what_happened_meanwhile_is_seen_when_it_is_done() -> None:
    """Somebody else gives it back by command while it is confirmed here."""
    flow, number = sold()
    flow.press("MENU 1 QR 7 3 9 1 OK OK 1")
    flow.ask_refund(number, 1000)
    flow.press("OK")
    assert (flow.screen.against, flow.screen.most) == (Against.TOO_MUCH, hkd(250))
    assert len(flow.refunds(number)) == 1


def test_one_refund_has_its_limit_and_an_operators_day_another() -> None:
    """The day is the shop's; what was refused by WeChat does not count; another operator has an own one."""
    flow, number = team(rules=RefundRules(most=600, most_a_day=1000, cashiers=True))
    assert refusal(flow, "MENU 1 QR 1 1 3 5 7 OK 6 0 1 OK") == (Against.LIMIT, hkd(600))
    flow.press("CLEAR_ALL 6 0 0 OK 1 OK")
    assert flow.refunds(number)[0].operator == "Mei"
    assert refusal(flow, "QR 1 1 3 5 7 OK 4 0 1 OK 1 OK") == (Against.LIMIT_A_DAY, hkd(400))
    flow.press("OK QR 2 8 6 4 2 OK 4 0 1 OK 1 OK")
    assert flow.refunds(number)[1].operator == "Lee"
    flow.refund_answer(Call.REFUND, Declined(Decline.REFUSED), f"{number}-R1")
    flow.press("QR 1 1 3 5 7 OK 6 0 0 OK 1 OK")
    assert len(flow.refunds(number)) == 3
    flow.pass_time(31 * SECOND)
    flow.now += DAY
    flow.sell()
    flow.press("MENU 2 QR 1 1 3 5 7 OK 6 0 0 OK 1 OK")
    flow.sees(SaleOpened)


@pytest.mark.parametrize("hours", [11.9, 12.1])
def test_an_operators_day_is_the_shops_business_day(hours: float) -> None:
    """It is 16:00 in Hong Kong, and the day starts at 04:00: just before that it is the same day, just after it the next."""
    flow, _ = team(rules=RefundRules(most_a_day=1000, cashiers=True), zone=ZoneInfo("Asia/Hong_Kong"), day_starts=time(4))
    flow.press("MENU 1 QR 1 1 3 5 7 OK 5 0 0 OK 1 OK")
    flow.pass_time(31 * SECOND)
    flow.now = START + round(hours * 3600 * SECOND)
    flow.sell()
    flow.press("MENU 2 QR 1 1 3 5 7 OK 6 0 0 OK 1 OK")
    flow.sees(RefundRefused if hours < 12 else SaleOpened)


def test_a_cashier_gives_nothing_back_unless_the_owner_allows_it() -> None:
    """Then the manager is asked at once, being the only one who may."""
    flow, _ = team()
    flow.press("MENU 1 QR")
    assert flow.screen == PinAsked(LEE, 0)
    flow, _ = team(rules=RefundRules(cashiers=True))
    flow.press("MENU 1 QR")
    assert flow.screen == WhoIsIt((MEI, LEE))


def test_by_command_the_operators_rules_do_not_count() -> None:
    """Whoever may speak to the kiosk there is the owner, or root."""
    flow, number = sold(rules=RefundRules(most=1))
    assert flow.ask_refund(number, 1000).problem is None
    assert flow.refunds(number)[0].operator is None


# -- what becomes of it --------------------------------------------------------------------------------------------


@pytest.mark.parametrize("trouble", [RefundTrouble.ACCOUNT, RefundTrouble.CLOSED, RefundTrouble.OVERDUE])
def test_what_wechat_refuses_stands_first_with_a_sign_until_it_was_seen(trouble: RefundTrouble) -> None:
    """Also after a restart; and says what to do."""
    flow, number = sold()
    flow.ask_refund(number, 500)
    flow.refund_answer(Call.REFUND, Declined(Decline.REFUSED, trouble=trouble), f"{number}-R1")
    assert flow.signs.attention == 1
    for _ in range(7):
        flow.sell("5 OK")
    flow.restart()
    assert flow.signs.attention == 1
    flow.press("MENU")
    assert (flow.screen.lines[0].tail, flow.screen.lines[0].refused) == (number[-6:], True)
    flow.press("1")
    assert flow.signs.attention == 0
    assert flow.screen.line.refused
    flow.press("0")
    (line,) = flow.screen.refunds
    assert (line.state, line.trouble) == (RefundState.ATTENTION, trouble)


def test_a_refund_that_waits_for_money_says_so_and_goes_on() -> None:
    """It is no matter for a person; the word goes when it is over."""
    flow, number = sold()
    flow.ask_refund(number, 500)
    flow.press("MENU 1 0")
    flow.refund_answer(Call.REFUND, Unknown(Why.POOR), f"{number}-R1")
    assert flow.signs.attention == 0
    assert (flow.screen.refunds[0].state, flow.screen.refunds[0].trouble) == (RefundState.REQUESTED, RefundTrouble.POOR)
    flow.refund_answer(Call.REFUND, Pending(), f"{number}-R1")
    assert (flow.screen.refunds[0].state, flow.screen.refunds[0].trouble) == (RefundState.ACCEPTED, None)


# -- PINs ----------------------------------------------------------------------------------------------------------


def test_a_wrong_pin_leads_nowhere_and_may_shut_the_door_for_a_while() -> None:
    """No key is taken meanwhile but CANCEL; afterwards it is keyed anew."""
    flow, _ = sold()
    flow.press("MENU 1 QR 1 1 1 2 OK")
    assert flow.screen == PinAsked(ALONE, 0, wrong=True)
    flow.shut_ms = 20 * SECOND
    flow.press("1 1 1 2 OK")
    assert flow.screen == PinAsked(ALONE, 0, wrong=True, until=START + 20 * SECOND)
    flow.press("7")
    assert flow.acts == REFUSED
    flow.pass_time(20 * SECOND)
    assert flow.screen == PinAsked(ALONE, 0, wrong=True)
    flow.shut_ms = 0
    flow.press("7 3 9 1 OK")
    flow.sees(RefundAmount)


def test_while_a_pin_is_looked_at_no_other_is_taken() -> None:
    """Nor does a late answer of another look count."""
    flow, _ = sold()
    flow.press("MENU 1 QR 7 3 9")
    flow.press("OK")
    assert flow.acts == REFUSED
    flow.press("1")
    flow.happen(PinChecked("pin 1", right=True))
    flow.sees(PinAsked)
    flow.press("CANCEL QR")
    assert flow.screen == PinAsked(ALONE, 0)
    flow.press("7 3 9 1 OK")
    ticket = flow.all(CheckPin)[-1].ticket
    flow.press("MENU")
    flow.happen(PinChecked(ticket, right=True))
    flow.sees(SaleOpened)


def test_without_any_pin_nothing_is_given_back_and_the_first_is_set_on_the_screen() -> None:
    """Twice the same; then it is asked for, also to set another."""
    flow, _ = sold(pins={})
    assert refusal(flow, "MENU 1 QR") == (Against.NO_PIN, None)
    flow.press("OK CANCEL MENU")
    assert flow.screen == More((Entry.CHECKUP, Entry.PINS, Entry.EXPORTS, Entry.TRAINING))
    flow.press("2")
    assert flow.screen == PinWanted(ALONE, 0)
    flow.press("7 3 9 OK")
    assert flow.screen.problem is NoPin.FORM
    flow.press("1 OK")
    assert flow.screen == PinWanted(ALONE, 0, again=True)
    flow.press("7 3 9 2 OK")
    assert flow.screen == PinWanted(ALONE, 0, problem=NoPin.DIFFERS)
    flow.press("7 3 9 1 OK 7 3 9 1 OK")
    flow.sees(More)
    assert flow.pins == {"manager": "7391"}
    flow.press("2")
    flow.sees(PinAsked)
    flow.press("7 3 9 1 OK 8 6 4 2 OK 8 6 4 2 OK")
    assert flow.pins == {"manager": "8642"}


def test_only_a_manager_sets_the_pins_of_others() -> None:
    """A cashier's own is none for that."""
    flow, _ = team(pins={"Lee": "8642"})
    flow.press("MENU MENU 3")
    assert flow.screen == PinAsked(LEE, 0)
    flow.press("8 6 4 2 OK")
    assert flow.screen == WhoIsIt((MEI, LEE), pins=True)
    flow.press("1 1 3 5 7 OK 1 3 5 7 OK")
    assert flow.pins == BOTH


def test_a_pin_that_cannot_be_kept_is_said() -> None:
    """Too easy, or a disk that takes no writes."""
    flow, _ = sold(pins={})
    flow.press("MENU MENU 2 1 2 3 4 OK")
    before = flow.kiosk.till
    flow.happen(PinKept("pin 1", NoPin.EASY))
    assert flow.kiosk.till == before  # of another


def test_while_a_pin_is_being_kept_no_key_means_anything_and_only_its_own_answer_counts() -> None:
    """What the disk refuses is said, and the PIN is keyed anew."""
    flow, _ = sold(pins={})
    flow.press("MENU MENU 2")
    keeping = who.NewPin(flow.now + 1000, ALONE, ticket="pin 7")
    flow.kiosk.till = keeping
    flow.press("1")
    assert flow.acts == REFUSED
    flow.happen(PinKept("pin 6"))
    assert flow.kiosk.till == keeping
    flow.happen(PinKept("pin 7", NoPin.EASY))
    assert flow.screen == PinWanted(ALONE, 0, problem=NoPin.EASY)


def test_whoever_works_here_is_asked_first() -> None:
    """And by the PIN alone; the name is in no screen of the customer's."""
    flow, _ = team(rules=RefundRules(cashiers=True))
    flow.press("MENU MENU 1 1 1 3 5 7 OK")
    flow.sees(screens.Idle)
    assert flow.kiosk.operator == MEI
    flow.press("MENU 1 QR")
    assert flow.screen == PinAsked(MEI, 0)


def test_a_pin_is_in_no_act_and_no_state_that_can_be_read() -> None:
    """Whatever is printed of the kiosk while it is keyed."""
    flow, _ = sold(pins={"manager": "73918264"})
    flow.press("MENU 1 QR 7 3 9 1 8 2 6 4")
    assert "73918264" not in repr(flow.kiosk)
    flow.press("OK")
    assert "73918264" not in repr(flow.done)
    assert flow.all(CheckPin)[-1].pin == PinDigits("73918264")


# -- the keys ------------------------------------------------------------------------------------------------------

PLACES = (
    "QR",
    "QR 2",
    "QR 2 8",
    "QR 2 8 6 4 2",
    "QR 2 8 6 4 2 OK",
    "QR 2 8 6 4 2 OK 5",
    "QR 2 8 6 4 2 OK OK",
    "QR 2 8 6 4 2 OK OK 1",
    "QR 2 8 6 4 2 OK 9 9 9 9 OK",
    "CANCEL MENU 1",
    "CANCEL MENU 3",
    "CANCEL MENU 3 8 6 4 2 OK",
    "CANCEL MENU 3 8 6 4 2 OK 1",
    "CANCEL MENU 3 8 6 4 2 OK 1 5",
)


@pytest.mark.parametrize("keys", PLACES)
def test_the_keys_that_stand_out_are_those_that_do_something(keys: str) -> None:
    """And none of them raises, nor do the others."""

    def there() -> Flow:
        flow, _ = team(rules=RefundRules(cashiers=True))
        flow.press(f"MENU 1 {keys}")
        return flow

    meant = {key for key, look in looks(there().screen, frozenset()).items() if look.meant}
    does = set()
    for key in chain(*ROWS):
        flow = there()
        known = len(flow.done)
        flow.happen(Pressed(key))
        if Play(Sound.REFUSED_KEY) not in flow.done[known:]:
            does.add(key)
    assert meant == does
    there().press("CLEAR_ALL")


def test_the_order_stays_paid() -> None:
    """A refund is a row of its own."""
    flow, number = sold()
    flow.press("MENU 1 QR 7 3 9 1 OK OK 1 OK")
    assert flow.state(number) is OrderState.PAID
