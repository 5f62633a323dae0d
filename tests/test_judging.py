"""What a difference between statement and ledger needs, by the row as it is now and WeChat's newest word: every pair, pure."""

from __future__ import annotations

from dataclasses import replace

import pytest

from kiosk.core import statements
from kiosk.core.differences import Difference, Moved, Side, Standing, What
from kiosk.core.events import BooksKnown, Doubted, StatementCame
from kiosk.core.lifecycle import DAY
from kiosk.core.model import Answer, Ended, NotFound, Order, OrderState, Outcome, Paid, Refund, RefundState, Unknown, Why
from kiosk.core.money import Money
from kiosk.core.statements import Came, Verdict, judge
from tests.books_kit import beijing
from tests.flow import START, Flow
from tests.ledger_samples import HKD, number, order, refund, sale
from tests.simulation.bank import MERCHANT

AT = beijing("2026-01-05 18:00:00")
PAID = Paid("42000099992026" + "1".zfill(14), HKD, AT)


def differing(what: What, moved: Moved = Moved.PAYMENT, theirs: str | None = None) -> Difference:
    name = f"{number(1)}-R1" if moved is Moved.REFUND else number(1)
    return Difference("2026-01-05", moved, name, number(1), what, AT, theirs=theirs)


def judged(difference: Difference, row: Order, outcome: Outcome | None, refunds: tuple[Refund, ...] = ()) -> Verdict:
    return judge(difference, row, refunds, None if outcome is None else Answer(outcome), MERCHANT)


@pytest.mark.parametrize("outcome", [None, Unknown(Why.TIMEOUT)])
@pytest.mark.parametrize("state", [OrderState.PAID, OrderState.DECLINED, OrderState.ATTENTION])
def test_as_long_as_wechat_has_said_nothing_definite_it_is_asked_again(state: OrderState, outcome: Outcome | None) -> None:
    """A missing answer decides nothing, not even about a row that a person has to look at."""
    assert judged(differing(What.AMOUNT), order(1, state), outcome).standing is Standing.OPEN


def test_an_order_that_goes_on_is_waited_for() -> None:
    """Whatever the statement says of it."""
    assert judged(differing(What.STATE), order(1, OrderState.PAYING), PAID).standing is Standing.OPEN


def test_what_the_kiosk_has_meanwhile_learned_itself_is_settled_without_a_question() -> None:
    """The statement knew of the payment before the kiosk did."""
    verdict = judged(differing(What.STATE), order(1, OrderState.PAID), None)
    assert (verdict.standing, "PAID now" in (verdict.note or "")) == (Standing.SETTLED, True)


@pytest.mark.parametrize("note", ["WeChat has 12.00 HKD, this kiosk 12.50 HKD", None])
def test_an_order_that_waits_for_a_person_keeps_waiting_for_one(note: str | None) -> None:
    """With the row's own reason where it has one."""
    verdict = judged(differing(What.AMOUNT), order(1, OrderState.ATTENTION, note=note), PAID)
    assert verdict.standing is Standing.ATTENTION
    assert note or "a person has to decide" in (verdict.note or "")


def test_an_answer_that_contradicts_the_row_is_a_persons() -> None:
    """WeChat's own word, not the statement's, and it differs."""
    verdict = judged(differing(What.AMOUNT), order(1, OrderState.DECLINED), PAID)
    assert (verdict.standing, "paid with" in (verdict.note or "")) == (Standing.ATTENTION, True)


@pytest.mark.parametrize(
    ("what", "row", "outcome", "standing", "words"),
    [
        (What.ONLY_OURS, order(1, OrderState.PAID), replace(PAID, paid_at=AT + DAY), Standing.SETTLED, "2026-01-06"),
        (What.ONLY_OURS, order(1, OrderState.PAID), PAID, Standing.ATTENTION, "this day's statement lacks it"),
        (What.ONLY_OURS, order(1, OrderState.REVERSED), Ended(OrderState.REVERSED), Standing.ATTENTION, "lacks it"),
        (What.AMOUNT, order(1, OrderState.PAID), PAID, Standing.ATTENTION, "its statement another"),
        (What.ONLY_THEIRS, order(1, OrderState.PAID), PAID, Standing.SETTLED, "WeChat agrees"),
        (What.ONLY_THEIRS, order(1, OrderState.REVERSED), Ended(OrderState.REVERSED), Standing.SETTLED, "went back"),
        (What.STATE, order(1, OrderState.DECLINED), NotFound(), Standing.SETTLED, "went back"),
    ],
)
def test_where_wechat_agrees_with_the_row_the_statement_is_explained(
    what: What, row: Order, outcome: Outcome, standing: Standing, words: str
) -> None:
    """Of another day, of another amount, or simply late."""
    verdict = judged(differing(what), row, outcome)
    assert verdict.standing is standing
    assert words in (verdict.note or "")


@pytest.mark.parametrize(
    ("what", "theirs", "state", "outcome", "standing", "words"),
    [
        (What.STATE, "SUCCESS", RefundState.DONE, None, Standing.SETTLED, "DONE now"),
        (What.STATE, "PROCESSING", RefundState.ACCEPTED, None, Standing.SETTLED, "ACCEPTED now"),
        (What.STATE, "CLOSED", RefundState.ACCEPTED, None, Standing.OPEN, ""),
        (What.STATE, "CLOSED", RefundState.DONE, None, Standing.OPEN, ""),
        (What.STATE, "CLOSED", RefundState.DONE, Unknown(Why.TIMEOUT), Standing.OPEN, ""),
        (What.STATE, "CLOSED", RefundState.DONE, NotFound(), Standing.ATTENTION, "not so at WeChat"),
        (What.AMOUNT, None, RefundState.REQUESTED, None, Standing.OPEN, ""),
        (What.ONLY_OURS, None, RefundState.DONE, Ended(OrderState.REFUNDED), Standing.ATTENTION, "this day's statement lacks it"),
        (What.ONLY_OURS, None, RefundState.DONE, NotFound(), Standing.ATTENTION, "not so at WeChat"),
    ],
)
def test_a_refund_is_judged_by_its_own_row(
    what: What, theirs: str | None, state: RefundState, outcome: Outcome | None, standing: Standing, words: str
) -> None:
    """One that WeChat calls closed or failed is never taken for given, whatever the kiosk's row says."""
    row = refund(1, 1, state=state)
    verdict = judged(differing(what, Moved.REFUND, theirs), order(1, OrderState.PAID), outcome, (refund(1, 2), row))
    assert verdict.standing is standing
    assert words in (verdict.note or "")


def test_a_refund_that_the_kiosk_never_made_is_a_persons() -> None:
    """Somebody gave back in the merchant's portal, or under a lost row."""
    verdict = judged(differing(What.ONLY_THEIRS, Moved.REFUND), order(1, OrderState.PAID), PAID)
    assert (verdict.standing, "not in the kiosk's books" in (verdict.note or "")) == (Standing.ATTENTION, True)


def test_only_a_void_order_is_taken_up_again_by_a_doubt() -> None:
    """One that is over and not watched stays over; WeChat is not asked, nothing is written."""
    flow = Flow()
    at = START - 2 * DAY
    over = order(1, OrderState.DECLINED, opened_at=at, sent_at=at, settled_at=at + 1)
    flow.happen(Doubted(over, sale(1, opened_at=at)))
    assert over.out_trade_no not in flow.kiosk.orders
    assert flow.acts == ()


def test_a_statement_that_comes_before_the_ledger_has_spoken_counts_for_nothing() -> None:
    """Of a kiosk that was just started: the day is asked for again once it is known which are done."""
    flow = Flow()
    flow.happen(StatementCame("2026-01-04", Came.COMPARED))
    assert flow.kiosk.statements is None
    flow.happen(BooksKnown(frozenset(), None, 0))
    assert flow.kiosk.statements is not None
    assert flow.kiosk.statements.done == frozenset()


def test_a_doubt_in_yen_is_a_doubt() -> None:
    """The judge compares what WeChat says with the row, in the row's currency."""
    yen = Money(1250, "JPY")
    verdict = judged(differing(What.ONLY_THEIRS), order(1, OrderState.PAID, money=yen), replace(PAID, total=HKD))
    assert verdict.standing is Standing.ATTENTION


def test_a_days_sums_and_times_are_wechats() -> None:
    """What is left of what was paid, and the clock of Beijing."""
    assert Side(paid=1000, reversed=200, refunded=50).net == 750
    assert statements.as_time(AT) == "2026-01-05 18:00:00"
