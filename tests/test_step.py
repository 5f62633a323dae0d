"""Money through the pure heart: what leaves and when, what is asked for, what a restart takes up, what is given back."""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import replace

import pytest

from kiosk.camera.wire import MAX_USED
from kiosk.core import screens
from kiosk.core.commands import (
    Act,
    Announce,
    Ask,
    AskRefund,
    Charge,
    Close,
    CorrectClock,
    GiveBack,
    Hush,
    Insert,
    Place,
    Play,
    Probe,
    Reverse,
    Sound,
    StartScan,
    Update,
)
from kiosk.core.errors import LedgerError
from kiosk.core.events import Answered, ClockSynchronized, CodeSeen, Key, Left, Notified, Pressed
from kiosk.core.lifecycle import NATIVE_LIFE, NATIVE_MARGIN, is_open
from kiosk.core.model import (
    FINALS,
    Answer,
    Call,
    Decline,
    Declined,
    Echo,
    Ended,
    Institution,
    NotFound,
    Order,
    OrderState,
    Outcome,
    Pending,
    RefundState,
    SaleState,
    Tender,
    Unknown,
    Why,
)
from kiosk.core.secret import PaymentCode
from kiosk.core.state import wake_at
from kiosk.core.step import REMEMBERED_CODES, step
from tests.flow import START, Flow, always, hkd, subject

S = OrderState
LOST = Unknown(Why.TIMEOUT)
NOT_SENT = Unknown(Why.NOT_SENT)
SECOND = 1000
MINUTE = 60 * SECOND
HOUR = 60 * MINUTE


NOBODY_KNOWS = always(LOST)

# -- rule 1 and 4: commit, then act; charge once -------------------------------------------------------------------


def test_the_charge_leaves_once_and_its_row_was_committed_before() -> None:
    """The row stands ARMED in the ledger while the camera looks; the scan itself writes nothing and sends one charge."""
    flow = Flow()
    flow.press("1 2 5 0 OK")
    number = flow.front().out_trade_no
    assert flow.state(number) is S.ARMED
    scanned = step(flow.kiosk, _seen(flow), flow.now)
    assert scanned.records == ()
    flow.code()
    assert flow.one(Charge).order.out_trade_no == number
    flow.code(ticket=number)
    flow.happen(Left(number, Call.CHARGE))
    flow.pass_time(10 * MINUTE, NOBODY_KNOWS)
    assert len(flow.all(Charge)) == 1


def test_the_sending_is_written_down_while_the_request_is_on_its_way() -> None:
    """`Left` makes the row SENT on disk: from then on it is known that somebody may be paying."""
    flow = Flow()
    flow.press("1 2 5 0 OK")
    flow.code()
    number = flow.front().out_trade_no
    assert flow.state(number) is S.ARMED
    flow.happen(Left(number, Call.CHARGE))
    assert flow.state(number) is S.SENT


def test_a_commit_that_fails_leaves_nothing_sent_and_the_old_state() -> None:
    """The step made a number and a QR request; the ledger refused the row: neither exists, and the kiosk is as before."""
    flow = Flow()
    flow.press("1 2 5 0")
    before = flow.kiosk
    made = step(before, Pressed(Key.QR), flow.now)
    order = next(r.row for r in made.records if isinstance(r.row, Order))
    flow.ledger.commit([r for r in made.records if isinstance(r, Insert)], flow.now)  # the number is taken already
    with pytest.raises(LedgerError):
        flow.happen(Pressed(Key.QR))
    assert flow.kiosk is before
    assert flow.acts == ()
    assert not [act for act in flow.done if isinstance(act, Place)]
    assert order.tender is Tender.NATIVE


def test_one_order_takes_money_for_a_sale_at_a_time() -> None:
    """The sale and its order are one commit, of the same amount."""
    flow = Flow()
    number = flow.charge("7 5 OK")
    order = flow.order(number)
    assert (order.money, order.tender, flow.sale_state(number)) == (hkd(75), Tender.QUICK_PAY, SaleState.OPEN)


# -- the answer ----------------------------------------------------------------------------------------------------


def test_paid_is_told_and_written_down() -> None:
    """The money is there: PAID in row, sale and on the screen, and a sound."""
    flow = Flow()
    number = flow.charge()
    flow.answer(Call.CHARGE, flow.paid(number, payer=hkd(1100)))
    assert flow.screen == screens.PaidScreen(hkd(1250), number[-6:], payer=hkd(1100))
    assert Play(Sound.PAID) in flow.acts
    assert Announce(hkd(1250), flow.now) in flow.acts
    assert (flow.state(number), flow.sale_state(number)) == (S.PAID, SaleState.PAID)
    assert flow.order(number).transaction_id == f"42{number}"


@pytest.mark.parametrize(("ago_ms", "told"), [(7000, 7000), (-3000, 0)])
def test_a_payment_is_announced_as_of_when_it_was_paid(ago_ms: int, told: int) -> None:
    """WeChat's own time, so that what is learnt late is not spoken of as if it were new; a time to come is now."""
    flow = Flow()
    number = flow.charge()
    flow.answer(Call.CHARGE, flow.paid(number, paid_at=flow.now - ago_ms))
    assert flow.one(Announce) == Announce(hkd(1250), flow.now - told)


def test_what_is_paid_behind_the_next_sale_is_not_announced() -> None:
    """Nobody may take it for the sale in front, not even when the amounts are the same."""
    flow = Flow()
    first = flow.charge()
    flow.restart(1000)
    flow.probe()
    flow.press("1 2 5 0 OK OK")
    flow.sees(screens.Scanning)
    flow.answer(Call.ASK, flow.paid(first), first)
    assert flow.state(first) is S.PAID
    assert not [act for act in flow.done if isinstance(act, Announce)]


def test_the_next_sales_first_digit_ends_what_is_said() -> None:
    """The amount before is of another customer; going on keying hushes nobody again."""
    flow = Flow()
    flow.sell()
    assert Hush() not in flow.done[-2:]
    flow.press("5")
    assert Hush() in flow.acts
    flow.press("0")
    assert Hush() not in flow.acts


def test_a_decline_says_why_and_scan_makes_a_new_order_of_the_same_sale() -> None:
    """A definite decline needs a new number and a new code."""
    flow = Flow()
    first = flow.charge()
    flow.answer(Call.CHARGE, Declined(Decline.BALANCE))
    assert flow.screen == screens.DeclinedScreen(hkd(1250), Decline.BALANCE, first[-6:])
    assert Play(Sound.FAILED) in flow.acts
    assert flow.sale_state(first) is SaleState.UNPAID
    flow.press("SCAN")
    flow.code()
    second = flow.front().out_trade_no
    assert second != first
    assert flow.order(second).sale_id == flow.order(first).sale_id
    assert flow.sale_state(second) is SaleState.OPEN
    flow.answer(Call.CHARGE, flow.paid(second))
    assert flow.sale_state(first) is SaleState.PAID


def test_an_answer_about_another_amount_needs_a_person() -> None:
    """Not PAID, no goods: AttentionScreen, and the note says both amounts."""
    flow = Flow()
    number = flow.charge()
    flow.answer(Call.CHARGE, flow.paid(number, total=hkd(1)))
    flow.sees(screens.AttentionScreen)
    assert flow.sale_state(number) is SaleState.ATTENTION
    assert "0.01" in (flow.order(number).note or "")


def test_an_answer_about_another_order_needs_a_person() -> None:
    """WeChat speaks of a number that was not asked about."""
    flow = Flow()
    number = flow.charge()
    flow.answer(Call.CHARGE, Pending(payer_acts=True), echo=Echo("K07-260105-aa9999"))
    assert flow.state(number) is S.ATTENTION


@pytest.mark.parametrize("name", ["sp_appid", "sp_mchid", "sub_mchid"])
def test_each_of_an_institutions_three_numbers_is_compared(name: str) -> None:
    """Money that went to another merchant is no payment; a number the kiosk does not know of is no matter."""
    ours = Institution("wx7", "1900007777", "1900008888")
    flow = Flow(merchant=ours)
    number = flow.charge()
    right = Echo(number, hkd(1250), ((name, getattr(ours, name)), ("sub_appid", "wx9")))
    flow.answer(Call.CHARGE, Pending(payer_acts=True), echo=right)
    assert flow.state(number) is S.PAYING
    flow.answer(Call.ASK, flow.paid(number), echo=Echo(number, hkd(1250), ((name, "1900000000"),)))
    assert flow.state(number) is S.ATTENTION
    assert name in (flow.order(number).note or "")


def test_a_request_that_never_left_goes_back_to_the_amount_and_the_code_may_be_shown_again() -> None:
    """No host could be connected to: VOID at once, nothing to watch, and WeChat never saw the code."""
    flow = Flow()
    flow.press("1 2 5 0 OK")
    flow.code("130000000000000042")
    number = flow.front().out_trade_no
    flow.answer(Call.CHARGE, NOT_SENT, reached=False)
    assert flow.screen == screens.Keying(hkd(1250), screens.AmountHint.NOT_SENT, hkd(1_000_000))
    assert (flow.state(number), flow.sale_state(number)) == (S.VOID, SaleState.UNPAID)
    flow.probe()
    flow.press("OK")
    flow.code("130000000000000042")
    assert flow.one(Charge).order.out_trade_no != number


def test_the_scanner_is_told_of_each_code_that_was_sent_and_of_none_that_never_left() -> None:
    """One memory of used codes: else the camera refuses what may be shown again, or ends a scan with what is refused here."""
    flow = Flow()
    flow.press("1 2 5 0 OK")
    assert flow.one(StartScan).used == ()
    flow.code("130000000000000042")
    flow.answer(Call.CHARGE, NOT_SENT, reached=False)
    flow.probe()
    flow.press("OK")
    assert flow.one(StartScan).used == ()
    flow.code("130000000000000042")
    flow.answer(Call.CHARGE, Declined(Decline.BALANCE))
    flow.press("SCAN")
    assert flow.one(StartScan).used == (PaymentCode("130000000000000042").digest(),)


def test_the_scanner_can_be_told_of_every_code_that_is_remembered() -> None:
    assert REMEMBERED_CODES <= MAX_USED


def test_a_verdict_is_there_within_60_s_when_every_answer_is_unknown() -> None:
    """The cashier is told "nobody knows" in time; the order goes on being undone behind."""
    flow = Flow()
    number = flow.charge()
    flow.pass_time(59 * SECOND, NOBODY_KNOWS)
    assert flow.screen == screens.Unresolved(hkd(1250), number[-6:])
    assert flow.state(number) is S.REVERSING
    assert flow.signs.unresolved == 0


def test_a_verdict_is_there_although_the_charge_never_comes_back() -> None:
    """Even a request that hangs for ever holds nobody up."""
    flow = Flow()
    flow.charge()
    flow.pass_time(59 * SECOND)
    flow.sees(screens.Unresolved)


def _but_the_charge(outcome: Outcome) -> Callable[[Act], Outcome | None]:
    """A bank that answers questions; the charge is still under way."""
    return lambda act: None if isinstance(act, Charge) else outcome


def _charge_behind_a_hanging_call(flow: Flow, wait_ms: int) -> str:
    """The lane is taken by another call, so that the request leaves late after the scan."""
    flow.press("1 2 5 0 OK")
    flow.code()
    number = flow.front().out_trade_no
    flow.pass_time(wait_ms, _but_the_charge(NotFound()))
    return number


def test_the_15_s_before_a_reversal_count_from_the_leaving_not_from_the_scan() -> None:
    """The charge waited 14 s behind a call that hung; WeChat must have had it for 15 s before it is undone."""
    flow = Flow()
    number = _charge_behind_a_hanging_call(flow, 14 * SECOND)
    flow.happen(Left(number, Call.CHARGE))
    assert flow.order(number).sent_at == flow.now
    flow.answer(Call.CHARGE, LOST)
    flow.press("CANCEL")
    flow.pass_time(14 * SECOND, always(Pending()))
    assert not flow.all(Reverse)
    flow.pass_time(1 * SECOND, always(Pending()))
    assert flow.all(Reverse)


def test_a_charge_that_leaves_after_the_cancelling_is_reversed_15_s_after_it_left() -> None:
    """Cancelled while it still waited for its turn: it leaves all the same, and is undone."""
    flow = Flow()
    number = _charge_behind_a_hanging_call(flow, 10 * SECOND)
    flow.press("CANCEL")
    flow.pass_time(10 * SECOND, _but_the_charge(NotFound()))
    flow.happen(Left(number, Call.CHARGE))
    flow.answer(Call.CHARGE, LOST)
    flow.pass_time(14 * SECOND, always(Pending()))
    assert not flow.all(Reverse)
    flow.pass_time(1 * SECOND, always(Pending()))
    assert flow.all(Reverse)


def test_a_charge_that_leaves_after_the_ledger_was_opened_afresh_is_not_undone_beside_it() -> None:
    """The disk failed while it waited in its lane: the 15 s count from its leaving, and its answer is waited for."""
    flow = Flow()
    number = _charge_behind_a_hanging_call(flow, 2 * SECOND)
    flow.press("CANCEL")
    flow.restart(3 * SECOND)
    flow.pass_time(4 * SECOND, _but_the_charge(NotFound()))
    flow.happen(Left(number, Call.CHARGE))
    flow.pass_time(14 * SECOND, _but_the_charge(NotFound()))
    assert not flow.all(Reverse)
    flow.happen(Answered(number, Call.CHARGE, Answer(LOST)))
    flow.pass_time(10 * SECOND, always(Pending()))
    assert flow.all(Reverse)


def test_not_found_says_nothing_while_the_charge_is_on_its_way() -> None:
    """After 31 s in a lane that hangs, "no such order" is no reason to call it void: the request may leave this moment."""
    flow = Flow()
    number = _charge_behind_a_hanging_call(flow, 31 * SECOND)
    assert flow.kiosk.orders[number].state is S.SENT
    flow.happen(Left(number, Call.CHARGE))
    flow.answer(Call.CHARGE, flow.paid(number))
    flow.sees(screens.PaidScreen)


def test_the_verdict_counts_from_the_scan_however_late_the_charge_leaves() -> None:
    """The cashier has waited since the scan."""
    flow = Flow()
    number = _charge_behind_a_hanging_call(flow, 25 * SECOND)
    flow.happen(Left(number, Call.CHARGE))
    flow.pass_time(31 * SECOND, _but_the_charge(NotFound()))
    flow.sees(screens.Unresolved)


def test_a_restart_is_still_known_after_a_late_leaving() -> None:
    """An order taken up after a restart keeps the dates of its sending: it is asked for until something definite is heard."""
    flow = Flow()
    number = flow.charge()
    flow.restart(90 * SECOND)
    sent = flow.order(number).sent_at
    flow.happen(Left(number, Call.CHARGE))
    assert flow.order(number).sent_at == sent


@pytest.mark.parametrize("ahead", [-22 * HOUR, 0, 22 * HOUR], ids=["behind", "right", "ahead"])
def test_a_void_order_is_looked_at_after_a_restart_whatever_the_clock_says(ahead: int) -> None:
    """Its request may have been stuck on the way: the money that comes late is found, and given back."""
    flow = Flow()
    number = flow.charge()
    flow.pass_time(40 * SECOND, always(NotFound()))
    assert flow.state(number) is S.VOID
    flow.restart(15 * SECOND + ahead)
    if flow.all(Ask)[-1] in flow.flying:  # the look seems due: it is no less due once the time is known
        flow.answer(Call.ASK, NotFound(), number)
    flow.probe(ahead_ms=-ahead)
    flow.done.clear()
    flow.pass_time(6 * MINUTE, lambda act: flow.paid(number) if isinstance(act, Ask) else Pending())
    assert [act.order.out_trade_no for act in flow.all(Ask)] == [number]
    assert flow.state(number) is S.REFUNDING


def test_the_next_sale_goes_on_while_the_parked_order_is_still_asked_for() -> None:
    """UNRESOLVED holds no till: another customer pays meanwhile, and the parked order reaches its end by itself."""
    flow = Flow()
    parked = flow.charge()
    flow.pass_time(58 * SECOND, NOBODY_KNOWS)
    flow.probe()
    paid = flow.sell("8 8 OK")
    assert flow.state(paid) is S.PAID
    assert flow.signs.unresolved == 1
    asked = len([act for act in flow.done if isinstance(act, Ask | Reverse) and act.order.out_trade_no == parked])
    flow.pass_time(2 * MINUTE, NOBODY_KNOWS)
    assert len([act for act in flow.done if isinstance(act, Ask | Reverse) and act.order.out_trade_no == parked]) > asked
    flow.pass_time(10 * MINUTE, lambda act: Pending() if isinstance(act, Reverse) else Ended(S.REVERSED))
    assert flow.state(parked) is S.REVERSED
    flow.sees(screens.Idle)


def test_a_charge_whose_answer_is_late_is_asked_for_beside_it() -> None:
    """The question may go while the charge is out; a reversal may not."""
    flow = Flow()
    number = flow.charge()
    flow.pass_time(12 * SECOND)
    assert [subject(act) for act in flow.flying] == [(number, Call.CHARGE), (number, Call.ASK)]
    assert not flow.all(Ask)[0].at_counter  # the counter's lane is held by the charge itself
    flow.press("CANCEL")
    flow.answer(Call.ASK, Pending())
    flow.pass_time(30 * SECOND)
    assert not flow.all(Reverse)
    flow.answer(Call.CHARGE, LOST)
    assert flow.all(Reverse)


def test_a_cancelled_charge_is_reversed_after_15_s_and_ends_reversed() -> None:
    """CANCEL while charging: the reversal waits for the contract's 15 s, and WeChat's word ends it."""
    flow = Flow()
    number = flow.charge()
    flow.answer(Call.CHARGE, Pending(payer_acts=True))
    flow.press("CANCEL")
    flow.sees(screens.Cancelling)
    flow.pass_time(14_999)
    assert not flow.all(Reverse)
    flow.pass_time(1)
    assert len(flow.all(Reverse)) == 1
    flow.answer(Call.REVERSE, Pending())
    flow.answer(Call.ASK, Ended(S.REVERSED))
    assert (flow.state(number), flow.sale_state(number)) == (S.REVERSED, SaleState.UNPAID)
    assert flow.screen == screens.CancelledScreen(hkd(1250), number[-6:])


def test_a_payment_that_crosses_a_cancellation_is_reversed_not_celebrated() -> None:
    """Once REVERSING, "paid" no longer wins: the money goes back."""
    flow = Flow()
    number = flow.charge()
    flow.press("CANCEL")
    flow.answer(Call.CHARGE, flow.paid(number))
    assert flow.state(number) is S.REVERSING
    assert Play(Sound.PAID) not in flow.done
    flow.pass_time(15 * SECOND)
    assert len(flow.all(Reverse)) == 1


def test_the_reversal_is_sent_again_until_wechat_confirms_it() -> None:
    """5, 10, 20 s and ever more slowly; an accepted reversal alone is no end."""
    flow = Flow()
    number = flow.charge()
    flow.answer(Call.CHARGE, Pending(payer_acts=True))
    flow.press("CANCEL")
    flow.pass_time(5 * MINUTE, lambda act: Unknown(Why.BUSY) if isinstance(act, Reverse) else Pending(payer_acts=True))
    assert len(flow.all(Reverse)) >= 4
    assert flow.state(number) is S.REVERSING


def test_payerror_is_shown_as_declined_at_once_and_reversed_once() -> None:
    """PAYERROR is final for the people; the reversal only cleans up."""
    flow = Flow()
    number = flow.charge()
    flow.answer(Call.CHARGE, Declined(Decline.PAYMENT_FAILED, clean_up=True))
    flow.sees(screens.DeclinedScreen)
    flow.pass_time(MINUTE, lambda act: Pending() if isinstance(act, Reverse) else Ended(S.REVERSED))
    assert len(flow.all(Reverse)) == 1
    assert flow.state(number) is S.DECLINED


def test_a_refund_seen_on_an_order_that_is_not_ours_to_refund_ends_it() -> None:
    """Somebody gave it back in the merchant portal: REFUNDED, sale refunded."""
    flow = Flow()
    number = flow.charge()
    flow.answer(Call.CHARGE, Ended(S.REFUNDED))
    assert (flow.state(number), flow.sale_state(number)) == (S.REFUNDED, SaleState.REFUNDED)


# -- native, and both tenders --------------------------------------------------------------------------------------


def test_native_is_placed_in_the_step_that_commits_it_and_again_under_the_same_number() -> None:
    """Placing is idempotent: lost twice, it leaves a third time as the same order; then the amount is back."""
    flow = Flow()
    flow.press("1 2 5 0 QR")
    number = flow.front().out_trade_no
    assert flow.one(Place).order.out_trade_no == number
    flow.pass_time(MINUTE, NOBODY_KNOWS)
    assert [act.order.out_trade_no for act in flow.all(Place)] == [number] * 3
    assert flow.screen == screens.Keying(hkd(1250), screens.AmountHint.NOT_PLACED, hkd(1_000_000))
    assert flow.state(number) is S.CLOSING


def test_native_that_never_left_is_void() -> None:
    """No host could be connected to: back to the amount, no close needed."""
    flow = Flow()
    flow.press("1 2 5 0 QR")
    number = flow.front().out_trade_no
    flow.answer(Call.PLACE, NOT_SENT, reached=False)
    assert flow.screen == screens.Keying(hkd(1250), screens.AmountHint.NOT_PLACED, hkd(1_000_000))
    assert flow.state(number) is S.VOID


def test_native_is_asked_for_every_3_s_while_its_qr_is_shown() -> None:
    """The customer scans when he likes."""
    flow = Flow()
    number = flow.show_qr()
    assert flow.screen == screens.ShowingQr(hkd(1250), f"weixin://{number}", START + NATIVE_LIFE)
    flow.pass_time(31 * SECOND, always(Pending()))
    assert len(flow.all(Ask)) == 10
    flow.answer(Call.ASK, Pending(payer_acts=True))
    flow.sees(screens.ShowingQr)
    assert flow.screen.paying


def test_an_expired_qr_is_no_longer_shown_and_is_closed_after_a_margin() -> None:
    """After time_expire nobody may scan; a payer in time may still finish; then it is closed, asked first."""
    flow = Flow()
    number = flow.show_qr()
    flow.pass_time(NATIVE_LIFE, always(Pending()))
    flow.sees(screens.Cancelling)
    assert flow.state(number) is S.PAYING
    flow.pass_time(NATIVE_MARGIN + SECOND, lambda act: Ended(S.CLOSED) if isinstance(act, Ask) and flow.all(Close) else Pending())
    assert len(flow.all(Close)) == 1
    assert (flow.state(number), flow.sale_state(number)) == (S.CLOSED, SaleState.UNPAID)


def test_a_cancelled_qr_is_watched_until_it_may_be_closed() -> None:
    """Contract 3.5: no close within 5 min of placing; the query comes first, each 10 s, then ever more slowly."""
    flow = Flow()
    number = flow.show_qr()
    flow.press("CANCEL OK")
    flow.pass_time(MINUTE, always(Pending()))
    soon = len(flow.all(Ask))
    flow.pass_time(4 * MINUTE - 1, always(Pending()))
    assert not flow.all(Close)
    assert (soon, len(flow.all(Ask)) - soon) == (6, 7)
    flow.pass_time(MINUTE, lambda act: Ended(S.CLOSED) if flow.all(Close) and isinstance(act, Ask) else Pending())
    assert len(flow.all(Close)) == 1
    assert flow.state(number) is S.CLOSED


def test_a_close_refused_as_paid_is_no_close() -> None:
    """ORDER_PAID: the query tells, and the money is given back because the customer is gone."""
    flow = Flow()
    number = flow.show_qr()
    flow.press("CANCEL OK")
    flow.pass_time(5 * MINUTE + SECOND, lambda act: None if isinstance(act, Close) else Pending())
    assert flow.all(Close)
    flow.answer(Call.CLOSE, Unknown(Why.ORDER_PAID), number)
    assert flow.state(number) is S.CLOSING
    flow.pass_time(2 * SECOND)
    flow.answer(Call.ASK, flow.paid(number), number)
    assert flow.state(number) is S.REFUNDING


def test_a_cancelled_qr_paid_while_the_customer_stands_there_is_paid() -> None:
    """CANCEL, and the customer was quicker: within 60 s and before a key it is a sale."""
    flow = Flow()
    number = flow.show_qr()
    flow.press("CANCEL")
    flow.pass_time(MINUTE)
    flow.answer(Call.ASK, flow.paid(number))
    flow.sees(screens.PaidScreen)


@pytest.mark.parametrize("gone", ["a minute is over", "the merchant keyed something"])
def test_late_money_goes_back_and_both_ends_are_written(gone: str) -> None:
    """The customer is gone: REFUNDING with a refund row in the same commit, and both reach their end."""
    flow = Flow()
    number = flow.show_qr()
    flow.press("CANCEL")
    if gone == "a minute is over":
        flow.pass_time(MINUTE + 1)
    else:
        flow.press("5")
    flow.answer(Call.ASK, flow.paid(number), number)
    (refund,) = flow.refunds(number)
    assert (flow.state(number), refund.state, refund.late, refund.money) == (
        S.REFUNDING, RefundState.REQUESTED, True, hkd(1250),
    )  # fmt: skip
    assert flow.one(GiveBack).refund.out_refund_no == refund.out_refund_no
    flow.refund_answer(Call.REFUND, Pending(), refund.out_refund_no)
    assert flow.refunds(number)[0].state is RefundState.ACCEPTED
    flow.pass_time(5 * SECOND)
    assert flow.all(AskRefund)
    flow.refund_answer(Call.ASK_REFUND, Ended(S.REFUNDED), refund.out_refund_no)
    assert (flow.state(number), flow.sale_state(number)) == (S.REFUNDED, SaleState.REFUNDED)
    assert flow.refunds(number)[0].state is RefundState.DONE


@pytest.mark.parametrize("ended", [Ended(S.REFUNDED), Ended(S.REVERSED), Declined(Decline.REFUSED), NotFound()], ids=str)
@pytest.mark.parametrize("refund_ends", [Ended(S.REFUNDED), Declined(Decline.REFUSED)], ids=str)
def test_a_refund_that_ends_after_its_order_did_leaves_the_order_as_it_is(ended: Outcome, refund_ends: Outcome) -> None:
    """Late money whose order got its end from a late query first: the refund's own end changes its row only."""
    flow = Flow()
    number = flow.show_qr()
    flow.press("CANCEL OK")
    flow.answer(Call.ASK, flow.paid(number), number)
    flow.answer(Call.ASK, ended, number)
    order = flow.order(number)
    assert order.state in FINALS
    flow.pass_time(SECOND)
    flow.refund_answer(Call.REFUND, refund_ends, f"{number}-R1")
    assert flow.order(number) == order
    assert flow.refunds(number)[0].settled_at == flow.now


def test_late_money_that_cannot_go_back_needs_a_person() -> None:
    """WeChat refuses the refund: order, refund and sale say so."""
    flow = Flow()
    number = flow.show_qr()
    flow.press("CANCEL OK")
    flow.answer(Call.ASK, flow.paid(number), number)
    flow.refund_answer(Call.REFUND, Declined(Decline.REFUSED), flow.refunds(number)[0].out_refund_no)
    assert (flow.state(number), flow.sale_state(number)) == (S.ATTENTION, SaleState.ATTENTION)
    assert flow.order(number).note == flow.refunds(number)[0].note


def test_scan_to_qr_before_a_code_leaves_no_request_behind() -> None:
    """The armed order was never sent: VOID, and the QR is the same sale's."""
    flow = Flow()
    flow.press("1 2 5 0 SCAN")
    armed = flow.front().out_trade_no
    flow.press("QR")
    shown = flow.front().out_trade_no
    assert (flow.state(armed), flow.state(shown)) == (S.VOID, S.SENT)
    assert flow.order(armed).sale_id == flow.order(shown).sale_id
    assert not flow.all(Charge)
    assert flow.sale_state(shown) is SaleState.OPEN


def test_qr_to_scan_while_shown_keeps_the_sale_and_watches_the_qr() -> None:
    """The old order is being closed; a payment of either ends the sale."""
    flow = Flow()
    shown = flow.show_qr()
    flow.press("SCAN")
    flow.sees(screens.Scanning)
    assert flow.state(shown) is S.CLOSING
    armed = flow.front().out_trade_no
    flow.pass_time(4 * SECOND)
    flow.answer(Call.ASK, flow.paid(shown), shown)
    flow.sees(screens.PaidScreen)
    assert (flow.state(shown), flow.state(armed)) == (S.PAID, S.VOID)
    flow.code(ticket=armed)
    assert not flow.all(Charge)


def test_password_to_qr_undoes_the_charge() -> None:
    """QR while the customer types: the Quick Pay order is reversed."""
    flow = Flow()
    typed = flow.charge()
    flow.answer(Call.CHARGE, Pending(payer_acts=True))
    assert flow.screen == screens.Password(hkd(1250), typed[-6:], START + 45 * SECOND)
    flow.press("QR")
    flow.sees(screens.Placing)
    assert flow.state(typed) is S.REVERSING


def test_when_both_orders_of_a_sale_are_paid_the_second_goes_back_at_once_and_both_people_see_it() -> None:
    """One sale keeps one payment."""
    flow = Flow()
    shown = flow.show_qr()
    flow.press("SCAN")
    flow.code()
    scanned = flow.front().out_trade_no
    flow.happen(Left(scanned, Call.CHARGE))
    flow.answer(Call.CHARGE, flow.paid(scanned))
    assert not flow.screen.other_refunded
    flow.pass_time(4 * SECOND)
    flow.answer(Call.ASK, flow.paid(shown), shown)
    assert flow.one(GiveBack).order.out_trade_no == shown
    assert flow.state(shown) is S.REFUNDING
    assert flow.screen == screens.PaidScreen(hkd(1250), scanned[-6:], other_refunded=True)
    flow.refund_answer(Call.REFUND, Pending(), f"{shown}-R1")
    flow.refund_answer(Call.ASK_REFUND, Ended(S.REFUNDED), f"{shown}-R1")
    assert (flow.state(shown), flow.sale_state(shown)) == (S.REFUNDED, SaleState.PAID)
    assert flow.screen.other_refunded


def test_a_charge_in_flight_is_undone_when_the_other_order_has_paid() -> None:
    """The QR was paid while the code was being charged: the charge is reversed whatever it says."""
    flow = Flow()
    shown = flow.show_qr()
    flow.press("SCAN")
    flow.code()
    scanned = flow.front().out_trade_no
    flow.happen(Left(scanned, Call.CHARGE))
    flow.pass_time(4 * SECOND)
    flow.answer(Call.ASK, flow.paid(shown), shown)
    assert (flow.state(shown), flow.state(scanned)) == (S.PAID, S.REVERSING)
    assert flow.front().out_trade_no == shown
    assert not flow.screen.other_refunded
    flow.answer(Call.CHARGE, flow.paid(scanned), scanned)
    assert flow.screen.other_refunded
    flow.pass_time(MINUTE, lambda act: Pending() if isinstance(act, Reverse) else Ended(S.REVERSED))
    assert flow.state(scanned) is S.REVERSED
    assert flow.screen.other_refunded
    assert flow.sale_state(scanned) is SaleState.PAID


# -- asking sooner -------------------------------------------------------------------------------------------------


def test_a_notification_brings_the_query_forward_and_pays_nothing_itself() -> None:
    """The query is the authority."""
    flow = Flow()
    number = flow.charge()
    flow.answer(Call.CHARGE, Pending(payer_acts=True))
    flow.happen(Notified(number))
    assert flow.one(Ask).order.out_trade_no == number
    assert flow.state(number) is S.PAYING
    flow.happen(Notified("K07-260105-aa9999"))
    assert flow.acts == ()


def test_the_networks_return_hastens_all_open_orders_and_refunds() -> None:
    """Nobody waits out the pauses of an outage."""
    flow = Flow()
    cancelled = flow.charge("1 OK")
    flow.press("CANCEL OK")
    shown = flow.show_qr("2 QR")
    flow.press("CANCEL OK")
    sold = flow.sell("3 OK")
    flow.ask_refund(sold)
    flow.pass_time(15 * MINUTE, NOBODY_KNOWS, takes_ms=1)
    flow.answer(Call.ASK, NOT_SENT, cancelled, reached=False)
    assert flow.signs.network is screens.Network.OFFLINE
    flow.flying.clear()
    flow.kiosk = replace(flow.kiosk, in_flight=frozenset())
    flow.probe()
    assert {subject(act) for act in flow.acts} == {
        (cancelled, Call.ASK), (shown, Call.ASK), (f"{sold}-R1", Call.REFUND),
    }  # fmt: skip


def test_offline_is_noticed_by_what_fails_and_probed_for() -> None:
    """NOT_SENT, a timeout or a cut say offline; a probe every 3 s notices the return."""
    flow = Flow()
    flow.charge()
    flow.answer(Call.CHARGE, LOST, reached=False)
    assert (flow.signs.network, flow.signs.offline_since) == (screens.Network.OFFLINE, START)
    probes = len(flow.all(Probe))
    flow.pass_time(10 * SECOND, NOBODY_KNOWS, takes_ms=10)
    assert len(flow.all(Probe)) - probes >= 3
    assert flow.signs.offline_since == START


def test_a_kiosk_with_nothing_to_do_probes_once_a_minute() -> None:
    """So that offline is known before a customer stands there."""
    flow = Flow()
    flow.pass_time(5 * MINUTE + SECOND, always(Pending()))
    assert len(flow.all(Probe)) == 6


# -- the clock -----------------------------------------------------------------------------------------------------


def test_the_clock_is_learnt_once_before_the_first_sale_and_never_later() -> None:
    """A verified time stamp corrects it; afterwards no answer moves it."""
    flow = Flow(online=False)
    flow.probe(ahead_ms=3_600_000)
    assert flow.one(CorrectClock).offset_ms == 3_600_500
    assert flow.signs.clock_known
    flow.sell()
    flow.probe(ahead_ms=3_600_000)
    flow.happen(ClockSynchronized(7_200_000))
    assert len(flow.all(CorrectClock)) == 1


def test_a_clock_that_is_right_is_left_alone() -> None:
    """Within 5 s nothing is shifted, and it counts as known."""
    flow = Flow(online=False)
    flow.happen(ClockSynchronized(4_000))
    assert flow.signs.clock_known
    assert not flow.all(CorrectClock)


def test_open_orders_are_not_put_off_by_a_clock_that_was_ahead() -> None:
    """Asked under the wrong time, corrected by a day: the order is asked for again soon."""
    flow = Flow()
    number = flow.charge()
    flow.restart(24 * 3600_000)  # the machine's clock was a day ahead when it came up
    flow.answer(Call.ASK, Unknown(Why.UNVERIFIED), number, reached=False)
    flow.probe(ahead_ms=-24 * 3600_000)
    assert flow.one(CorrectClock).offset_ms < 0
    flow.answer(Call.ASK, Unknown(Why.SERVER), number)
    asked = len(flow.all(Ask))
    flow.pass_time(MINUTE, always(Unknown(Why.SERVER)))
    assert len(flow.all(Ask)) > asked


# -- numbers -------------------------------------------------------------------------------------------------------


def test_numbers_can_be_walked_through_by_day_and_counter() -> None:
    """<kiosk>-<yymmdd>-<generation><counter>, from 1 each day."""
    flow = Flow(generation="Q7")
    first, second = flow.sell("1 OK"), flow.sell("2 OK")
    flow.now += 24 * 3600_000
    flow.probe()
    third = flow.sell("3 OK")
    assert [first, second, third] == ["K07-260105-Q70001", "K07-260105-Q70002", "K07-260106-Q70001"]
    assert all(re.fullmatch(r"[0-9A-Za-z_-]{1,32}", number) for number in (first, second, third))


def test_a_number_is_never_used_twice_even_if_it_was_never_sent_and_the_kiosk_restarted() -> None:
    """A scan cancelled, the plug pulled: the counter goes on."""
    flow = Flow()
    flow.press("5 OK CANCEL OK")
    flow.press("5 OK")
    flow.restart()
    flow.probe()
    flow.press("9 OK")
    assert flow.front().out_trade_no == "K07-260105-aa0003"


# -- the plug ------------------------------------------------------------------------------------------------------


def _armed(flow: Flow) -> str:
    flow.press("1 2 5 0 OK")
    return flow.front().out_trade_no


def _sent(flow: Flow) -> str:
    return flow.charge()


def _paying(flow: Flow) -> str:
    number = flow.charge()
    flow.answer(Call.CHARGE, Pending(payer_acts=True))
    return number


def _paying_native(flow: Flow) -> str:
    return flow.show_qr()


def _placing(flow: Flow) -> str:
    flow.press("1 2 5 0 QR")
    return flow.front().out_trade_no


def _reversing(flow: Flow) -> str:
    number = flow.charge()
    flow.press("CANCEL")
    return number


def _closing(flow: Flow) -> str:
    number = flow.show_qr()
    flow.press("CANCEL OK")
    return number


def _refunding(flow: Flow) -> str:
    number = _closing(flow)
    flow.answer(Call.ASK, flow.paid(number), number)
    return number


def _void(flow: Flow) -> str:
    number = flow.charge()
    flow.pass_time(40 * SECOND, lambda act: LOST if isinstance(act, Charge) else NotFound())
    return number


@pytest.mark.parametrize(
    ("get_there", "state", "asked"),
    [
        (_armed, S.ARMED, Call.ASK),
        (_sent, S.SENT, Call.ASK),
        (_paying, S.PAYING, Call.ASK),
        (_paying_native, S.PAYING, Call.ASK),
        (_placing, S.SENT, Call.ASK),
        (_reversing, S.REVERSING, Call.ASK),
        (_closing, S.CLOSING, Call.ASK),
        (_refunding, S.REFUNDING, Call.REFUND),
        (_void, S.VOID, Call.ASK),
    ],
    ids=lambda it: getattr(it, "__name__", str(it)),
)
def test_after_a_restart_what_is_open_is_asked_for_at_once(
    get_there: Callable[[Flow], str], state: OrderState, asked: Call,
) -> None:  # fmt: skip
    """The rows alone say what was going on; the first answer of WeChat brings forward what would have waited."""
    flow = Flow()
    number = get_there(flow)
    assert flow.state(number) is state
    flow.restart(6 * MINUTE)
    first = {subject(act) for act in flow.acts}
    flow.probe()
    subject_of = number if asked is Call.ASK else f"{number}-R1"
    assert (subject_of, asked) in first | {subject(act) for act in flow.acts}
    assert ((subject_of, asked) in first) == (state is not S.REVERSING)  # a reversal waits 15 s after a restart
    assert not [act for act in flow.done if isinstance(act, Charge)][1:]
    flow.sees(screens.Idle)


def test_an_order_paid_while_the_kiosk_was_dead_is_kept() -> None:
    """The customer has gone with a receipt on the phone: asked first, PAID, not reversed."""
    flow = Flow()
    number = flow.charge()
    flow.restart(10 * MINUTE)
    flow.answer(Call.ASK, flow.paid(number), number)
    assert (flow.state(number), flow.sale_state(number)) == (S.PAID, SaleState.PAID)
    assert not flow.all(Reverse)


def test_an_order_unpaid_while_the_kiosk_was_dead_is_undone() -> None:
    """WeChat says it waits: nobody stands there any more, so it is reversed 15 s after the start."""
    flow = Flow()
    number = flow.charge()
    flow.restart(10 * MINUTE)
    flow.pass_time(15 * SECOND - 1, always(Pending(payer_acts=True)))
    assert flow.state(number) is S.REVERSING
    assert not flow.all(Reverse)
    flow.pass_time(1, always(Pending()))
    assert len(flow.all(Reverse)) == 1


def test_an_armed_order_that_never_left_ends_void_after_a_restart() -> None:
    """Nobody knows, so WeChat is asked; 30 s later "not found" means never."""
    flow = Flow()
    number = _armed(flow)
    flow.restart()
    flow.pass_time(2 * MINUTE, always(NotFound()))
    assert (flow.state(number), flow.sale_state(number)) == (S.VOID, SaleState.UNPAID)


def test_a_kiosk_that_starts_without_network_asks_with_pauses() -> None:
    """An old open order must not make a busy loop of connection attempts."""
    flow = Flow()
    flow.charge()
    flow.restart(3 * MINUTE)
    asked = len(flow.all(Ask))
    flow.pass_time(MINUTE, always(NOT_SENT), takes_ms=2)
    assert 1 <= len(flow.all(Ask)) - asked <= 12


def test_a_reversal_begun_before_a_restart_goes_on_after_it() -> None:
    """REVERSING is durable: it is sent again until confirmed."""
    flow = Flow()
    number = _reversing(flow)
    flow.restart()
    flow.pass_time(MINUTE, lambda act: Pending() if isinstance(act, Reverse) else Unknown(Why.SERVER))
    assert flow.all(Reverse)
    flow.restart()
    sent = len(flow.all(Reverse))
    reversed_now = Ended(S.REVERSED)
    flow.pass_time(3 * MINUTE, lambda act: reversed_now if isinstance(act, Ask) and len(flow.all(Reverse)) > sent else Pending())
    assert flow.state(number) is S.REVERSED


def test_a_sale_without_an_open_order_is_unpaid_after_a_restart() -> None:
    """However it came to be open, as in a ledger mended by hand."""
    flow = Flow()
    number = flow.charge()
    flow.answer(Call.CHARGE, Declined(Decline.BALANCE))
    sale = flow.ledger.sale(flow.order(number).sale_id)
    assert sale is not None
    flow.ledger.commit([Update(replace(sale, state=SaleState.OPEN), "mended")], flow.now)
    flow.restart()
    assert flow.sale_state(number) is SaleState.UNPAID


def test_a_void_order_that_lives_after_all_is_undone_or_given_back() -> None:
    """A request delayed on the way: found 5 min later, paid; the money goes back."""
    flow = Flow()
    number = _void(flow)
    assert flow.state(number) is S.VOID
    flow.press("OK")
    flow.pass_time(6 * MINUTE, lambda act: flow.paid(number) if isinstance(act, Ask) else Pending())
    assert flow.state(number) is S.REFUNDING
    assert flow.sale_state(number) is SaleState.OPEN
    assert flow.all(GiveBack)


def test_answers_to_an_earlier_life_or_about_a_final_order_change_nothing() -> None:
    """Whatever comes late, a final stays, and no act follows."""
    flow = Flow()
    number = flow.charge()
    flow.answer(Call.CHARGE, flow.paid(number))
    row = flow.order(number)
    for outcome in (LOST, NotFound(), Declined(Decline.BALANCE), Ended(S.REVERSED), Pending()):
        for call in (Call.CHARGE, Call.ASK, Call.REVERSE):
            flow.happen(Answered(number, call, Answer(outcome, reached=True)))
            assert flow.acts == ()
            assert flow.order(number) == row
    flow.press("OK")
    flow.happen(Answered(number, Call.ASK, Answer(Declined(Decline.BALANCE), reached=True)))
    assert flow.order(number) == row


def test_a_quiet_kiosk_keeps_nothing_in_memory_but_what_is_open() -> None:
    """What is over is in the ledger only."""
    flow = Flow()
    for _ in range(3):
        flow.sell("1 OK")
    number = flow.sell("2 OK")
    assert not flow.kiosk.orders
    assert not flow.kiosk.sales
    assert flow.state(number) in FINALS
    assert wake_at(flow.kiosk, flow.now) <= flow.now + MINUTE
    assert not any(is_open(order) for order in flow.kiosk.recent)


def _seen(flow: Flow) -> CodeSeen:
    return CodeSeen(flow.front().out_trade_no, PaymentCode("139999999999999999"))


def test_a_refund_waits_a_minute_for_one_that_was_refused_too() -> None:
    """The second leaves a minute after the first whatever became of it."""
    flow = Flow()
    number = flow.sell()
    flow.ask_refund(number, 5)
    flow.ask_refund(number, 7)
    flow.refund_answer(Call.REFUND, Declined(Decline.REFUSED), f"{number}-R1")
    flow.pass_time(59 * SECOND)
    assert len(flow.all(GiveBack)) == 1
    flow.pass_time(1 * SECOND)
    assert len(flow.all(GiveBack)) == 2


def test_a_sale_is_paid_again_when_an_accepted_refund_fails() -> None:
    """WeChat accepts all of it and then cannot make it: the shop still has the money, and its books say so."""
    flow = Flow()
    number = flow.sell()
    flow.ask_refund(number)
    flow.refund_answer(Call.REFUND, Pending(), f"{number}-R1")
    assert flow.sale_state(number) is SaleState.REFUNDED
    flow.refund_answer(Call.ASK_REFUND, Declined(Decline.REFUSED), f"{number}-R1")
    assert flow.refunds(number)[0].state is RefundState.ATTENTION
    assert flow.sale_state(number) is SaleState.PAID


@pytest.mark.parametrize("heard", [LOST, Pending(payer_acts=True)])
def test_a_restart_with_a_clock_behind_the_sending_undoes_nothing_unasked(heard: Outcome) -> None:
    """A machine without a battery starts in the past: the customer may have paid meanwhile, and that is asked for first."""
    flow = Flow()
    number = flow.charge()
    flow.answer(Call.CHARGE, heard)
    flow.restart(-90 * SECOND)
    flow.pass_time(10 * MINUTE, always(NOT_SENT))
    assert flow.kiosk.orders[number].state in (S.SENT, S.PAYING)
    assert not flow.all(Reverse)
    flow.probe()
    flow.answer(Call.ASK, flow.paid(number), number)
    assert flow.state(number) is S.PAID
