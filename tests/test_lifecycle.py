"""The order's table: every pair has an answer, finals never regress, and a row alone says what comes next."""

from __future__ import annotations

from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from kiosk.core import lifecycle
from kiosk.core.errors import ImpossibleMove
from kiosk.core.lifecycle import ARROWS, Around, Due, On, cancel, is_open, merge, move, next_call, resume, too_long_at
from kiosk.core.model import (
    FINALS,
    Answer,
    Call,
    Decline,
    Declined,
    Direct,
    Echo,
    Ended,
    NotFound,
    Order,
    OrderState,
    Outcome,
    Paid,
    Pending,
    Tender,
    Unknown,
    Why,
)
from kiosk.core.money import Money
from tests import order_diagram

S = OrderState
T = 1_767_600_000_000
MERCHANT = Direct("wx1", "1900009999")
MONEY = Money(1250, "HKD")
PAID = Paid("4200", MONEY, T)
OUTCOMES: tuple[Outcome, ...] = (
    PAID,
    Declined(Decline.BALANCE),
    Declined(Decline.PAYMENT_FAILED, clean_up=True),
    Ended(S.CLOSED),
    Ended(S.REVERSED),
    Ended(S.REFUNDED),
    Pending(),
    Pending(payer_acts=True),
    NotFound(),
    *(Unknown(why) for why in Why),
)


def order(state: OrderState = S.SENT, tender: Tender = Tender.QUICK_PAY, **facts: object) -> Order:
    """An order sent at T."""
    row = Order("K07-260105-aa0001", "S-1", tender, MONEY, T, state, sent_at=T, anchor_at=T)
    if tender is Tender.NATIVE:
        row = replace(row, expires_at=T + lifecycle.NATIVE_LIFE)
    return replace(row, **facts)  # type: ignore[arg-type]


def after(row: Order, outcome: Outcome, call: Call = Call.ASK, now: int = T + 5000, **around: bool) -> Order:
    """The row after this answer to this call."""
    return merge(row, call, Answer(outcome, reached=True), Around(**around), MERCHANT, now)


def test_the_diagram_in_the_docs_is_the_table() -> None:
    """docs/order.md is drawn from ARROWS; `python -m tests.order_diagram` draws it anew."""
    assert order_diagram.FILE.read_text("utf-8") == order_diagram.drawn()


@pytest.mark.parametrize("state", [s for s in S if s not in FINALS or s is S.VOID])
@pytest.mark.parametrize("outcome", OUTCOMES, ids=str)
@pytest.mark.parametrize("tender", Tender)
def test_every_open_state_has_an_answer_to_every_outcome(state: OrderState, outcome: Outcome, tender: Tender) -> None:
    """No answer of WeChat, however odd, stops the kiosk."""
    assert after(order(state, tender), outcome).state in S


@pytest.mark.parametrize("state", sorted(FINALS - {S.VOID}))
@pytest.mark.parametrize("outcome", OUTCOMES, ids=str)
def test_a_final_never_regresses(state: OrderState, outcome: Outcome) -> None:
    """PAID, DECLINED, CLOSED, REVERSED, REFUNDED and ATTENTION stay to the letter."""
    row = order(state, settled_at=T)
    assert after(row, outcome, sale_paid=True) is row
    assert cancel(row, T) is row


def test_a_pair_the_table_does_not_list_raises() -> None:
    """Outside the table there is no move."""
    with pytest.raises(ImpossibleMove, match="PAID"):
        move(order(S.PAID), On.PAID, Around(), T)


@pytest.mark.parametrize(
    ("state", "outcome", "to"),
    [
        (S.SENT, PAID, S.PAID),
        (S.SENT, Declined(Decline.BALANCE), S.DECLINED),
        (S.SENT, Pending(payer_acts=True), S.PAYING),
        (S.SENT, Unknown(Why.TIMEOUT), S.SENT),
        (S.SENT, NotFound(), S.SENT),
        (S.PAYING, PAID, S.PAID),
        (S.PAYING, Unknown(Why.SERVER), S.PAYING),
        (S.PAYING, Ended(S.REVERSED), S.REVERSED),
        (S.REVERSING, PAID, S.REVERSING),
        (S.REVERSING, Pending(), S.REVERSING),
        (S.REVERSING, Declined(Decline.BALANCE), S.DECLINED),
        (S.REVERSING, Ended(S.REFUNDED), S.REVERSED),
        (S.REFUNDING, PAID, S.REFUNDING),
        (S.REFUNDING, NotFound(), S.ATTENTION),
        (S.REFUNDING, Ended(S.REFUNDED), S.REFUNDED),
        (S.VOID, PAID, S.REFUNDING),
        (S.VOID, Pending(), S.REVERSING),
        (S.VOID, NotFound(), S.VOID),
    ],
    ids=str,
)
def test_the_table_as_designed(state: OrderState, outcome: Outcome, to: OrderState) -> None:
    """The cells that carry money, one by one."""
    assert after(order(state), outcome).state is to


def test_not_found_counts_only_after_the_grace() -> None:
    """Before 30 s a missing order may only be late; afterwards it never was."""
    assert after(order(), NotFound(), now=T + 29_999).state is S.SENT
    assert after(order(), NotFound(), now=T + 30_000).state is S.VOID


def test_an_order_that_never_left_is_void_at_once_and_not_watched() -> None:
    """Connect refused by every host: nothing can be there."""
    row = after(order(), Unknown(Why.NOT_SENT), Call.CHARGE)
    assert (row.state, row.sent_at) == (S.VOID, None)
    assert next_call(row, at_counter=False) is None


def test_not_sent_of_a_later_question_proves_nothing() -> None:
    """Only the charge itself can say that nothing left."""
    assert after(order(), Unknown(Why.NOT_SENT), Call.ASK).state is S.SENT
    asked = after(order(), Unknown(Why.TIMEOUT), Call.ASK)
    assert after(asked, Unknown(Why.NOT_SENT), Call.CHARGE).state is S.SENT


def test_payerror_is_reversed_once_and_then_declined() -> None:
    """PAYERROR wants a clean-up; its end is DECLINED whatever the reversal shows."""
    row = after(order(), Declined(Decline.PAYMENT_FAILED, clean_up=True))
    assert (row.state, row.decline) == (S.REVERSING, Decline.PAYMENT_FAILED)
    assert next_call(row, at_counter=True) == Due(Call.REVERSE, T + 15_000)
    row = after(row, Pending(), Call.REVERSE, T + 15_100)
    assert next_call(row, at_counter=True) == Due(Call.ASK, T + 15_100)
    assert after(row, Ended(S.REVERSED), now=T + 15_200).state is S.DECLINED
    assert after(row, Declined(Decline.PAYMENT_FAILED, clean_up=True), now=T + 15_200).state is S.DECLINED


def test_payerror_told_again_before_its_reversal_has_left_does_not_spare_it() -> None:
    """A notification brings a question forward, between the first answer and the reversal 15 s after the sending."""
    row = after(order(), Declined(Decline.PAYMENT_FAILED, clean_up=True))
    row = after(row, Declined(Decline.PAYMENT_FAILED, clean_up=True), now=T + 6000)
    assert row.state is S.REVERSING
    assert next_call(row, at_counter=True) == Due(Call.REVERSE, T + 15_000)


def test_a_second_payment_of_a_sale_goes_back() -> None:
    """Whatever the order's tender, money on top of a paid sale is refunded."""
    assert after(order(), PAID, sale_paid=True).state is S.REFUNDING
    assert after(order(S.CLOSING, Tender.NATIVE), PAID, sale_paid=True, customer_present=True).state is S.REFUNDING


def test_late_money_is_kept_only_while_the_customer_stands_there() -> None:
    """A cancelled QR that is paid after all."""
    row = order(S.CLOSING, Tender.NATIVE)
    assert after(row, PAID, customer_present=True).state is S.PAID
    assert after(row, PAID, customer_present=False).state is S.REFUNDING


def test_a_reversal_refused_as_paid_ends_in_a_refund() -> None:
    """ORDER_PAID to the reversal, "paid" to the query: the money goes back the other way."""
    row = after(order(S.REVERSING), Unknown(Why.ORDER_PAID), Call.REVERSE, T + 16_000)
    assert next_call(row, at_counter=False) == Due(Call.ASK, T + 18_000)
    assert after(row, PAID, now=T + 18_100).state is S.REFUNDING


@pytest.mark.parametrize(
    ("answer", "word"),
    [
        (Answer(Paid("4200", Money(1251, "HKD"))), "12.51"),
        (Answer(Paid("4200", Money(1250, "CNY"))), "CNY"),
        (Answer(Pending(), Echo(out_trade_no="K07-260105-aa0002")), "aa0002"),
        (Answer(PAID, Echo(merchant_numbers=(("mchid", "1900000000"),))), "1900000000"),
        (Answer(PAID, Echo(opened_at=T + 1)), "another kiosk's"),
    ],
)
def test_an_answer_about_something_else_needs_a_person(answer: Answer, word: str) -> None:
    """Amount, currency, number or merchant differ: ATTENTION with both values, never PAID."""
    row = merge(order(), Call.ASK, answer, Around(), MERCHANT, T)
    assert row.state is S.ATTENTION
    assert row.note is not None
    assert word in row.note


def test_quick_pay_is_asked_for_at_the_contracts_times() -> None:
    """5, 8, 11, 15, 20 ... 45 s after sending, then reversed."""
    row, asked = order(), []
    while (due := next_call(row, at_counter=True)) and due.at <= T + 45_000 and len(asked) < 20:
        asked.append((due.at - T) // 1000)
        if due.at >= T + 45_000:
            break
        row = after(row, Pending(payer_acts=True), now=due.at)
    assert asked == [5, 8, 11, 15, 20, 25, 30, 35, 40, 45]
    assert too_long_at(row) == T + 45_000
    assert cancel(row, T + 45_000).state is S.REVERSING


def test_no_reversal_leaves_within_15_s_of_sending_or_restart() -> None:
    """Contract 3.6, by the row alone."""
    cancelled = cancel(order(), T + 2000)
    assert next_call(cancelled, at_counter=True) == Due(Call.REVERSE, T + 15_000)
    resumed = resume(cancelled, T + 60_000)
    assert next_call(resumed, at_counter=True) == Due(Call.REVERSE, T + 75_000)


def test_native_is_queried_before_it_is_closed_and_closed_after_five_minutes() -> None:
    """Contract 3.5: not before 5 min; the query comes first."""
    row = cancel(order(S.PAYING, Tender.NATIVE), T + 10_000)
    assert next_call(row, at_counter=False) == Due(Call.ASK, T)
    row = after(row, Pending(), now=T + 10_100)
    assert next_call(row, at_counter=False) == Due(Call.ASK, T + 20_100)
    row = after(row, Pending(), now=T + 300_000)
    assert next_call(row, at_counter=False) == Due(Call.CLOSE, T + 300_000)
    row = after(row, Pending(), Call.CLOSE, T + 300_100)
    assert next_call(row, at_counter=False) == Due(Call.ASK, T + 300_100)
    assert after(row, Ended(S.CLOSED), now=T + 300_200).state is S.CLOSED


def test_a_qr_that_could_not_be_placed_is_asked_for_and_not_placed_for_ever() -> None:
    """Three times in all; nobody stands before it, so its end is learned by questions."""
    row = order(tender=Tender.NATIVE)
    for tries in range(len(lifecycle.PLACE_AGAIN) + 1):
        due = next_call(row, at_counter=False)
        assert due is not None
        assert (due.call, row.tries) == (Call.PLACE, tries)
        row = after(row, Unknown(Why.TIMEOUT), Call.PLACE, due.at)
    due = next_call(row, at_counter=False)
    assert due is not None
    assert due.call is Call.ASK


def test_an_armed_order_is_asked_for_after_a_crash() -> None:
    """Nobody knows whether it left, so it is SENT and asked for at once, and it is not reversed unasked."""
    row = resume(order(S.ARMED, sent_at=None, anchor_at=None), T + 90_000)
    assert row.state is S.SENT
    assert too_long_at(row) is None
    due = next_call(row, at_counter=False)
    assert due is not None
    assert due.call is Call.ASK
    assert due.at <= T + 90_000
    assert too_long_at(after(row, Pending(), now=T + 90_100)) == T + 45_000


@pytest.mark.parametrize("state", [S.ARMED, S.SENT, S.PAYING])
def test_a_restart_at_the_very_moment_of_the_sending_is_a_restart(state: S) -> None:
    """A clock without a battery may begin there again: nothing is undone before WeChat has said something."""
    armed = state is S.ARMED
    row = resume(order(state, **({"sent_at": None, "anchor_at": None} if armed else {})), T)
    assert too_long_at(row) is None
    assert too_long_at(after(row, Unknown(Why.TIMEOUT), now=T + 60_000)) is None


def test_a_void_order_that_was_sent_is_watched() -> None:
    """A request delayed on the way is found 5 min and 1 h later."""
    row = after(order(), NotFound(), now=T + 30_000)
    assert next_call(row, at_counter=False) == Due(Call.ASK, T + 330_000)
    row = after(row, NotFound(), now=T + 330_050)
    assert next_call(row, at_counter=False) == Due(Call.ASK, T + 3_630_000)
    row = after(row, NotFound(), now=T + 3_630_050)
    assert next_call(row, at_counter=False) is None


def test_the_day_on_which_a_reversal_is_allowed_is_the_payments() -> None:
    """Beijing's; a charge sent before midnight may arrive after it. Without WeChat's time of the payment the sending counts."""
    midnight = 1_767_628_800_000  # 2026-01-06 00:00 in Beijing
    row = order(S.REVERSING, sent_at=midnight - 1000)
    paid_before, paid_after, paid_somewhen = (Paid("4200", MONEY, at) for at in (midnight - 1, midnight, None))
    assert after(row, paid_before, now=midnight + 20_000).state is S.REFUNDING
    assert after(row, paid_after, now=midnight + 20_000).state is S.REVERSING
    assert after(row, paid_somewhen, now=midnight + 20_000).state is S.REFUNDING
    assert after(row, paid_after, now=midnight + lifecycle.DAY).state is S.REFUNDING


def test_a_look_at_a_void_order_that_nobody_answers_is_no_look() -> None:
    """With the network down at the fifth minute and at the first hour, the money that came late would stay unseen."""
    row = after(order(), NotFound(), now=T + 30_000)
    row = after(row, Unknown(Why.TIMEOUT), now=T + 330_000)
    assert next_call(row, at_counter=False) == Due(Call.ASK, T + 330_000 + 82_500)
    row = after(row, Unknown(Why.TIMEOUT), now=T + 3_630_050)
    assert next_call(row, at_counter=False) == Due(Call.ASK, T + 3_630_050 + 600_000)
    row = after(row, NotFound(), now=T + 4_230_050)
    assert next_call(row, at_counter=False) is None


@given(
    st.sampled_from([s for s in S if s not in FINALS]),
    st.sampled_from(list(Tender)),
    st.lists(st.tuples(st.sampled_from(OUTCOMES), st.integers(0, 400_000)), max_size=12),
)
def test_no_path_from_an_open_order_leaves_it_without_a_next_call(
    state: OrderState, tender: Tender, answers: list[tuple[Outcome, int]]
) -> None:
    """An order is never forgotten: while it is open, something is due, or a refund or scan carries it."""
    row, now = order(state, tender), T
    for outcome, wait in answers:
        now += wait
        row = after(row, outcome, now=now)
        if is_open(row) and row.state not in (S.ARMED, S.REFUNDING):
            due = next_call(row, at_counter=False)
            assert due is not None
            assert due.at <= now + lifecycle.NO_CLOSE_BEFORE + lifecycle.SLOWEST


@given(st.sampled_from(ARROWS))
def test_no_arrow_leads_back(arrow: lifecycle.Arrow) -> None:
    """Neither from undoing to waiting nor out of a final; VOID alone is watched."""
    waiting, undoing = {S.ARMED, S.SENT, S.PAYING}, {S.REVERSING, S.CLOSING, S.REFUNDING}
    assert not (arrow.state in undoing | {S.VOID} and arrow.to in waiting)
    assert arrow.state not in FINALS - {S.VOID}
