"""Money back at the merchant's wish: what is refused and why, what leaves and when, and that one number is one refund."""

from __future__ import annotations

import pytest

from kiosk.core import refunds
from kiosk.core.commands import Act, AskRefund, GiveBack, Reply
from kiosk.core.lifecycle import DAY
from kiosk.core.model import (
    Answer,
    Call,
    Decline,
    Declined,
    Ended,
    NotFound,
    OrderState,
    Outcome,
    Paid,
    Pending,
    Refund,
    RefundState,
    SaleState,
    Unknown,
    Why,
)
from kiosk.core.money import Money
from kiosk.core.operators import Against, Operator, RefundRules, Role
from kiosk.core.refunds import Refusal, begin, merge, next_call
from tests.flow import START, Flow, always, hkd, subject

R = RefundState
BUSY = Unknown(Why.BUSY)
SECOND, MINUTE, HOUR = 1000, 60_000, 3_600_000


def accepting(act: Act) -> Outcome:
    """A bank that does what it is asked."""
    return Pending() if isinstance(act, GiveBack) else Ended(OrderState.REFUNDED)


@pytest.fixture
def flow() -> Flow:
    """A kiosk at its start screen."""
    return Flow()


# -- what may be asked for -----------------------------------------------------------------------------------------


def test_a_part_is_given_back_and_the_order_stays_paid(flow: Flow) -> None:
    """The refund is a row of its own."""
    number = flow.sell()
    assert flow.ask_refund(number, 250) == Reply("t", f"{number}-R1")
    sent = flow.one(GiveBack)
    assert (sent.refund.money, sent.order.out_trade_no) == (hkd(250), number)
    flow.pass_time(MINUTE, accepting)
    assert [refund.state for refund in flow.refunds(number)] == [R.DONE]
    assert (flow.state(number), flow.sale_state(number)) == (OrderState.PAID, SaleState.PAID)


def test_without_an_amount_all_that_is_left_goes_back(flow: Flow) -> None:
    """1000 of 1250 remain after a part; then the sale is refunded."""
    number = flow.sell()
    flow.ask_refund(number, 250)
    flow.pass_time(5 * MINUTE, accepting)
    flow.ask_refund(number)
    assert flow.one(GiveBack).refund.money == hkd(1000)
    flow.refund_answer(Call.REFUND, Pending(), f"{number}-R2")
    assert flow.refunds(number)[1].state is R.ACCEPTED
    assert flow.sale_state(number) is SaleState.REFUNDED  # accepted counts


def test_the_row_is_committed_before_the_refund_leaves(flow: Flow) -> None:
    """Identified and written down, then sent."""
    number = flow.sell()
    flow.ask_refund(number, 1)
    assert flow.refunds(number)[0].state is R.REQUESTED
    assert [type(act) for act in flow.acts] == [Reply, GiveBack]


@pytest.mark.parametrize(
    ("amount", "words"),
    [(1251, "12.50 HKD is left"), (0, "more than nothing"), (-5, "more than nothing")],
)
def test_too_much_or_nothing_is_refused_in_words(flow: Flow, amount: int, words: str) -> None:
    """No row, no act."""
    number = flow.sell()
    reply = flow.ask_refund(number, amount)
    assert words in (reply.problem or "")
    assert flow.acts == (reply,)
    assert flow.refunds(number) == ()


@pytest.mark.parametrize(
    ("text", "fits"), [("Faulty", True), ("退" * 26, True), ("退" * 27, False), ("", False), ("two\nlines", False)]
)
def test_a_reason_is_what_wechat_takes(text: str, fits: bool) -> None:
    """Contract 3.7: at most 80 bytes, of characters that can be seen."""
    assert refunds.is_reason(text) == fits


def test_a_cashier_gives_back_only_where_the_owner_allows_it() -> None:
    """By whichever way the refund was begun; a manager always may."""
    made = refunds.Refund("K07-260105-aa0001-R1", "K07-260105-aa0001", hkd(250), START)
    mei, lee = Operator("Mei", Role.CASHIER), Operator("Lee", Role.MANAGER)
    refused = refunds.within(made, mei, RefundRules(), 0)
    assert isinstance(refused, Refusal)
    assert (refused.against, "Mei" in refused.problem) == (Against.NOT_ALLOWED, True)
    for one, rules in ((mei, RefundRules(cashiers=True)), (lee, RefundRules())):
        allowed = refunds.within(made, one, rules, 0)
        assert isinstance(allowed, Refund)
        assert allowed.operator == one.name


def test_twice_all_is_refused_while_the_first_is_still_on_its_way(flow: Flow) -> None:
    """What was asked for counts, answered or not."""
    number = flow.sell()
    flow.ask_refund(number)
    for amount in (None, 1):
        assert "refunded already, or about to be" in (flow.ask_refund(number, amount).problem or "")
    assert len(flow.refunds(number)) == 1


def test_a_refund_that_failed_leaves_its_money_to_be_refunded(flow: Flow) -> None:
    """ATTENTION gave nothing back."""
    number = flow.sell()
    flow.ask_refund(number)
    flow.refund_answer(Call.REFUND, Declined(Decline.REFUSED), f"{number}-R1")
    assert flow.refunds(number)[0].state is R.ATTENTION
    assert "pay back" in (flow.refunds(number)[0].note or "")
    flow.ask_refund(number)
    assert flow.refunds(number)[1].out_refund_no == f"{number}-R2"
    assert flow.refunds(number)[1].money == hkd(1250)


def test_only_a_paid_order_is_refunded(flow: Flow) -> None:
    """An order that is open, declined or undone has nothing to give back."""
    number = flow.charge()
    assert "is SENT" in (flow.ask_refund(number).problem or "")
    flow.answer(Call.CHARGE, Declined(Decline.BALANCE))
    assert "is DECLINED" in (flow.ask_refund(number).problem or "")


def test_fifty_refunds_are_the_most(flow: Flow) -> None:
    """Contract 3.7."""
    number = flow.sell()
    order = flow.order(number)
    before = tuple(Refund(f"{number}-R{n}", number, hkd(1), START, R.DONE) for n in range(1, 50))
    made = begin(order, before, 1, START)
    assert isinstance(made, Refund)
    assert made.out_refund_no == f"{number}-R50"
    assert isinstance(begin(order, (*before, made), 1, START), Refusal)


def test_after_a_year_wechat_refunds_no_more(flow: Flow) -> None:
    """Counted from the payment."""
    number = flow.sell()
    order = flow.order(number)
    year = 365 * DAY
    assert isinstance(begin(order, (), None, START + year), Refund)
    refused = begin(order, (), None, START + year + 1)
    assert isinstance(refused, Refusal)
    assert "older than a year" in refused.problem


# -- what leaves when ----------------------------------------------------------------------------------------------


def test_two_refunds_of_an_order_leave_a_minute_apart(flow: Flow) -> None:
    """Contract 3.7: the second waits, and is not forgotten."""
    number = flow.sell()
    flow.ask_refund(number, 100)
    flow.refund_answer(Call.REFUND, Pending(), f"{number}-R1")
    flow.ask_refund(number, 200)
    assert not [act for act in flow.acts if isinstance(act, GiveBack)]
    flow.pass_time(MINUTE - 1)
    assert len(flow.all(GiveBack)) == 1
    flow.pass_time(1)
    assert [act.refund.money.amount for act in flow.all(GiveBack)] == [100, 200]


def test_a_second_refund_waits_until_the_first_is_accepted(flow: Flow) -> None:
    """They are serialised: WeChat would refuse the sum in the wrong order."""
    number = flow.sell()
    flow.ask_refund(number, 100)
    flow.ask_refund(number, 200)
    flow.pass_time(30 * MINUTE, always(BUSY))
    assert {act.refund.out_refund_no for act in flow.all(GiveBack)} == {f"{number}-R1"}
    flow.pass_time(60 * MINUTE, accepting)
    assert [refund.state for refund in flow.refunds(number)] == [R.DONE, R.DONE]


def test_refunds_of_different_orders_wait_for_nobody(flow: Flow) -> None:
    """Each order has its own minute."""
    one, two = flow.sell("1 OK"), flow.sell("2 OK")
    flow.ask_refund(one)
    flow.ask_refund(two)
    assert flow.one(GiveBack).order.out_trade_no == two


def test_too_little_money_in_the_pool_sends_the_same_number_again(flow: Flow) -> None:
    """NOT_ENOUGH comes back as Unknown (BUSY): the same refund leaves again, more and more slowly, about hourly in the end."""
    number = flow.sell()
    flow.ask_refund(number, 500)
    flow.pass_time(24 * HOUR, always(BUSY))
    sent = flow.all(GiveBack)
    assert {act.refund.out_refund_no for act in sent} == {f"{number}-R1"}
    assert 20 <= len(sent) <= 60
    assert not flow.all(AskRefund)
    flow.pass_time(2 * HOUR, accepting)
    assert [refund.state for refund in flow.refunds(number)] == [R.DONE]


def test_an_accepted_refund_is_asked_for_until_it_is_done(flow: Flow) -> None:
    """It is not sent again while WeChat has it."""
    number = flow.sell()
    flow.ask_refund(number)
    flow.pass_time(HOUR, always(Pending()))
    assert len(flow.all(GiveBack)) == 1
    assert len(flow.all(AskRefund)) > 5
    flow.pass_time(2 * HOUR, accepting)
    assert flow.refunds(number)[0].state is R.DONE


def test_an_accepted_refund_that_wechat_has_lost_is_sent_again_under_its_number(flow: Flow) -> None:
    """Not found to the query: the same number cannot be paid back twice."""
    number = flow.sell()
    flow.ask_refund(number)
    flow.refund_answer(Call.REFUND, Pending(), f"{number}-R1")
    flow.pass_time(5 * SECOND)
    flow.refund_answer(Call.ASK_REFUND, NotFound(), f"{number}-R1")
    flow.pass_time(MINUTE)
    assert [act.refund.out_refund_no for act in flow.all(GiveBack)] == [f"{number}-R1"] * 2


def test_a_refund_of_an_order_wechat_does_not_know_needs_a_person(flow: Flow) -> None:
    """The portal has to be looked at; the order itself stays PAID."""
    number = flow.sell()
    flow.ask_refund(number)
    flow.refund_answer(Call.REFUND, NotFound(), f"{number}-R1")
    assert flow.refunds(number)[0].state is R.ATTENTION
    assert flow.state(number) is OrderState.PAID


def test_a_lost_answer_to_a_refund_sends_the_same_one_again(flow: Flow) -> None:
    """Never a second number for the same money."""
    number = flow.sell()
    flow.ask_refund(number)
    flow.pass_time(MINUTE, always(Unknown(Why.TIMEOUT)))
    assert {act.refund.out_refund_no for act in flow.all(GiveBack)} == {f"{number}-R1"}
    assert len(flow.all(GiveBack)) > 2


def test_a_refund_goes_on_after_a_restart(flow: Flow) -> None:
    """Its row says what to do, in the first step, and at its end the sale is refunded."""
    number = flow.sell()
    flow.ask_refund(number)
    flow.restart()
    assert subject(flow.acts[0]) == (f"{number}-R1", Call.REFUND)
    flow.pass_time(MINUTE, accepting)
    assert (flow.refunds(number)[0].state, flow.sale_state(number)) == (R.DONE, SaleState.REFUNDED)


@pytest.mark.parametrize("ahead", [-HOUR, 0, HOUR], ids=["behind", "right", "ahead"])
@pytest.mark.parametrize("jumps", ["at the restart", "when the time is learnt"])
def test_the_minute_between_refunds_outlives_a_restart_whatever_its_clock_says(flow: Flow, ahead: int, jumps: str) -> None:
    """A clock without a battery says anything; WeChat still wants its minute."""
    number = flow.sell()
    flow.ask_refund(number, 100)
    flow.ask_refund(number, 200)
    if jumps == "at the restart":
        flow.refund_answer(Call.REFUND, Pending(), f"{number}-R1")
        flow.restart(2 * SECOND + ahead)
        flow.probe()
    else:
        flow.restart(2 * SECOND + ahead)  # the first refund leaves again, dated by a clock that is wrong
        flow.refund_answer(Call.REFUND, Pending(), f"{number}-R1")
        flow.probe(ahead_ms=-ahead)
    flow.done.clear()
    flow.pass_time(MINUTE - 5 * SECOND, accepting)
    assert f"{number}-R2" not in [act.refund.out_refund_no for act in flow.all(GiveBack)]
    flow.pass_time(10 * SECOND, accepting)
    assert [act.refund.out_refund_no for act in flow.all(GiveBack)] == [f"{number}-R2"]


def test_parts_given_back_on_both_sides_of_a_restart_add_up(flow: Flow) -> None:
    """The whole is refunded although no life of the process saw all of it."""
    number = flow.sell()
    flow.ask_refund(number, 1000)
    flow.pass_time(5 * MINUTE, accepting)
    flow.ask_refund(number, 250)
    flow.restart()
    assert flow.sale_state(number) is SaleState.PAID
    flow.pass_time(5 * MINUTE, accepting)
    assert flow.sale_state(number) is SaleState.REFUNDED


def test_a_refund_of_a_sale_long_past_reaches_its_sale_after_a_restart(flow: Flow) -> None:
    """Many sales lie between: the refunded sale is still found."""
    number = flow.sell()
    for _ in range(25):
        flow.sell("1 OK")
    flow.ask_refund(number)
    flow.restart()
    flow.pass_time(MINUTE, accepting)
    assert (flow.refunds(number)[0].state, flow.sale_state(number)) == (R.DONE, SaleState.REFUNDED)


def test_late_answers_to_a_finished_refund_change_nothing(flow: Flow) -> None:
    """DONE and ATTENTION stay."""
    number = flow.sell()
    flow.ask_refund(number)
    flow.pass_time(MINUTE, accepting)
    done = flow.refunds(number)
    flow.refund_answer(Call.ASK_REFUND, Declined(Decline.REFUSED), f"{number}-R1")
    assert flow.acts == ()
    assert flow.refunds(number) == done


# -- the row -------------------------------------------------------------------------------------------------------

ROW = Refund("K07-260105-aa0001-R1", "K07-260105-aa0001", Money(1, "HKD"), START)


@pytest.mark.parametrize("state", [R.DONE, R.ATTENTION])
def test_a_final_refund_is_returned_as_it_is(state: RefundState) -> None:
    """To the letter, and nothing is due."""
    row = Refund(ROW.out_refund_no, ROW.out_trade_no, ROW.money, START, state, settled_at=START, note="n")
    assert merge(row, Call.REFUND, Answer(Pending()), START) is row
    assert next_call(row) is None


@pytest.mark.parametrize("outcome", [Unknown(Why.SERVER), Paid("42", Money(1, "HKD"))], ids=str)
def test_an_answer_that_says_nothing_of_the_refund_moves_nothing(outcome: Outcome) -> None:
    """It is counted, and asked for again later."""
    row = merge(ROW, Call.REFUND, Answer(outcome), START + 100)
    assert (row.state, row.tries, row.called_at) == (R.REQUESTED, 1, START + 100)
    due = next_call(row)
    assert due is not None
    assert (due.call, due.at) == (Call.REFUND, START + 100 + refunds.FIRST_ASK)


def test_wechats_refund_number_is_kept() -> None:
    """The first one heard."""
    row = merge(ROW, Call.REFUND, Answer(Pending(), transaction_id="50300"), START)
    assert merge(row, Call.ASK_REFUND, Answer(Pending(), transaction_id="other"), START).refund_id == "50300"
