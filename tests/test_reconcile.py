"""A day's statement against the ledger: each kind of difference is found, asked for, settled or put to a person."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from kiosk.books.comparison import MOST_DIFFERENCES
from kiosk.core.commands import Insert
from kiosk.core.differences import Moved, Reconciliation, Source, Standing, What
from kiosk.core.model import Decline, Order, OrderState, Refund, RefundState
from kiosk.core.money import Money
from kiosk.payment.history import Loss
from kiosk.payment.statement import StatementWrong
from kiosk.payment.wechat.statements import Lack, NoStatement
from tests.books_kit import DAY, BooksShop, beijing
from tests.statement_files import row, statement

NEXT = "2026-01-06"


@pytest.fixture(scope="module")
def keys(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """RSA keys are made once."""
    return tmp_path_factory.mktemp("keys")


@pytest.fixture
def shop(keys: Path) -> Iterator[BooksShop]:
    made = BooksShop(keys)
    yield made
    made.close()


def compared(shop: BooksShop, day: str = DAY) -> Reconciliation:
    found = shop.compare(day)
    assert isinstance(found, Reconciliation), found
    return found


def only(shop: BooksShop) -> Any:
    (found,) = shop.differences()
    return found


# -- all is well -------------------------------------------------------------------------------------------------------


def test_a_day_of_all_kinds_agrees_to_the_cent(shop: BooksShop) -> None:
    """Sales both ways, a part and a whole given back, one reversed; sums of both sides, and WeChat's fee."""
    sold = [shop.sell(1000 + at, native=at % 2 == 1) for at in range(4)]
    shop.refund(sold[0], 300)
    shop.refund(sold[1])
    undone = shop.sell(700, OrderState.REVERSED)
    assert shop.stand.reverse(undone.out_trade_no).status == 400  # not before 15 s
    shop.stand.now.forward(20)
    assert shop.stand.reverse(undone.out_trade_no).status == 204
    shop.morning()
    made = compared(shop)
    assert (made.rows, made.others, made.agreed, made.source) == (8, 0, 8, Source.FETCHED)
    (sums,) = made.sums
    assert sums.ours == sums.theirs
    assert (sums.theirs.paid, sums.theirs.reversed, sums.theirs.refunded) == (4706, 700, 1301)
    assert sums.fee == 540_000  # 2 % of each row, rounded, given back with the money
    assert shop.differences() == []


def test_a_day_without_trades_is_compared_too(shop: BooksShop) -> None:
    """None at WeChat and none here; and with one here it is a difference."""
    shop.morning()
    assert compared(shop).source is Source.NONE
    assert shop.days()[0].sha1 is None
    noon = shop.now() - 23 * 3600 * 1000
    shop.write("K07-260105-aa0009", 500, OrderState.PAID, opened_at=noon, paid_at=noon + 500)
    compared(shop)
    assert only(shop).what is What.ONLY_OURS


def test_doing_it_again_changes_nothing(shop: BooksShop) -> None:
    """The same statement, the same ledger: not one row is written."""
    shop.sell()
    shop.pay("K07-260105-aa0099", 800)
    shop.morning()
    compared(shop)
    shop.settle()
    differing = shop.differences()
    compared(shop)  # now with what was brought back
    shop.books.kept.clear()
    for _ in range(2):
        shop.stand.now.forward(60)
        compared(shop)
        shop.settle()
    assert shop.books.kept == []
    assert (shop.differences(), [day.agreed for day in shop.days()]) == (differing, [2])


# -- what cannot be compared -------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("switch", "value", "lack"),
    [
        ("statement_wrong", "sha1", Lack.UNVERIFIED),
        ("statement_wrong", "signature", Lack.UNVERIFIED),
        ("statement_wrong", "cut", Lack.UNVERIFIED),
        ("statement_is", "creating", Lack.NOT_READY),
        ("unsigned_2xx", "-1", Lack.UNVERIFIED),
        ("error_before", "-1", Lack.UNVERIFIED),
        ("drop_after", "-1", Lack.UNREACHED),
    ],
)
def test_what_is_not_proved_to_be_wechats_changes_nothing(shop: BooksShop, switch: str, value: str, lack: Lack) -> None:
    """Said in words, and the books are as they were."""
    shop.sell()
    shop.provider.probe()
    shop.morning()
    shop.stand.trouble.set("strikes", "any")
    shop.stand.trouble.set(switch, value)
    found = shop.compare()
    assert isinstance(found, NoStatement)
    assert (found.lack, bool(found.words)) == (lack, True)
    assert shop.days() == []


@pytest.mark.parametrize("zipped", ["never", "always"])
@pytest.mark.parametrize("plain", [True, False])
def test_every_form_of_the_file_is_taken(shop: BooksShop, zipped: str, plain: bool) -> None:
    """Zipped or not, mark and sums or not."""
    shop.sell()
    shop.morning()
    shop.stand.trouble.set("statement_gzip", zipped)
    shop.stand.trouble.set("statement_bom", plain)
    shop.stand.trouble.set("statement_summary", plain)
    assert compared(shop).agreed == 1


@pytest.mark.parametrize(
    ("rows", "words"),
    [
        ([row("K07-260105-aa0001"), row("K07-260105-aa0001")], "line 3 of the statement: the same order"),
        ([row("K07-260105-aa0001", time="2026-01-04 12:00:00")], "line 2 of the statement: a payment of 2026-01-04"),
        ([row("K07-260105-aa0001", "SUCCESS", "1.-")], "line 2"),
    ],
)
def test_of_a_wrong_file_nothing_is_kept(shop: BooksShop, rows: list[list[str]], words: str) -> None:
    """Twice the same order, another day's payment, no amount."""
    with pytest.raises(StatementWrong, match=words):
        shop.compare_file(statement(rows))
    assert (shop.days(), shop.differences()) == ([], [])


# -- only theirs -------------------------------------------------------------------------------------------------------


def test_a_payment_nobody_knew_of_is_brought_back_and_put_to_a_person(shop: BooksShop) -> None:
    """It counts as paid from then on, so that the books agree; whether the customer got something, a person knows."""
    shop.sell()
    shop.pay("K07-260105-aa0099", 800)
    shop.morning()
    compared(shop)
    assert (only(shop).what, only(shop).standing) == (What.ONLY_THEIRS, Standing.OPEN)
    assert shop.settle() == 0
    order = shop.ledger.order("K07-260105-aa0099")
    assert order is not None
    assert (order.state, order.money) == (OrderState.PAID, Money(800, "HKD"))
    assert only(shop).standing is Standing.ATTENTION
    assert "kiosk refund K07-260105-aa0099" in only(shop).note
    assert compared(shop).agreed == 2


def test_by_rule_it_is_refunded(shop: BooksShop) -> None:
    """[books] unknown_payments = "refund"."""
    shop.pay("K07-260105-aa0099", 800)
    shop.morning()
    compared(shop)
    shop.settle(give_back=True)
    (refund,) = shop.ledger.refunds_of("K07-260105-aa0099")
    assert (refund.money.amount, refund.state, only(shop).standing) == (800, RefundState.REQUESTED, Standing.SETTLED)


def test_what_was_lost_with_a_ledger_needs_no_person(shop: BooksShop) -> None:
    """The ledger knows that numbers of that generation may be missing."""
    shop.pay("K07-260105-zz0001", 800)
    with shop.ledger._history.transaction():
        shop.ledger._history._lose((Loss("zz", 0, "test"),), 1)
    shop.morning()
    compared(shop)
    shop.settle()
    assert only(shop).standing is Standing.SETTLED
    assert shop.ledger.order("K07-260105-zz0001") is not None


def test_a_lost_order_with_a_part_given_back_comes_back_with_that_part(shop: BooksShop) -> None:
    """WeChat's answer does not say how much went back; the statement does, and each refund is asked for."""
    shop.pay("K07-260105-aa0099", 900)
    shop.stand.now.forward(61)
    for part, amount in enumerate((200, 300), 1):
        shop.stand.now.forward(61)
        money = {"total": 900, "refund": amount, "currency": "HKD"}
        assert shop.stand.refund("K07-260105-aa0099", f"K07-260105-aa0099-R{part}", amount=money).status == 200
    shop.morning()
    compared(shop)
    assert shop.settle() == 0
    order = shop.ledger.order("K07-260105-aa0099")
    assert order is not None
    assert order.state is OrderState.PAID
    assert [refund.money.amount for refund in shop.ledger.refunds_of(order.out_trade_no)] == [200, 300]
    (sums,) = compared(shop).sums
    assert sums.ours == sums.theirs


def test_an_unknown_payment_that_went_back_is_brought_back_as_that(shop: BooksShop) -> None:
    """Paid and reversed, both rows only theirs."""
    shop.pay("K07-260105-aa0099", 800)
    shop.stand.now.forward(20)
    shop.stand.reverse("K07-260105-aa0099")
    shop.morning()
    compared(shop)
    assert [each.moved for each in shop.differences()] == [Moved.PAYMENT, Moved.REVERSAL]
    assert shop.settle() == 0
    assert {each.standing for each in shop.differences()} == {Standing.SETTLED}
    order = shop.ledger.order("K07-260105-aa0099")
    assert order is not None
    assert order.state is OrderState.REVERSED


def test_a_refund_made_in_the_merchant_platform_comes_into_the_books(shop: BooksShop) -> None:
    """A part of a sale of ours, under a number that is not ours."""
    order = shop.sell(1250)
    shop.refund(order, 400, ours=False)
    shop.morning()
    compared(shop)
    assert (only(shop).moved, only(shop).what) == (Moved.REFUND, What.ONLY_THEIRS)
    assert shop.settle() == 0
    (refund,) = shop.ledger.refunds_of(order.out_trade_no)
    assert (refund.money.amount, refund.state) == (400, RefundState.DONE)
    assert only(shop).standing is Standing.SETTLED
    (sums,) = compared(shop).sums
    assert sums.ours == sums.theirs


def test_a_refund_learnt_of_days_later_is_not_missed_in_the_statement_of_that_day(shop: BooksShop) -> None:
    """The ledger dates it by when it learnt of it; it stands in an older statement."""
    shop.refund(shop.sell(1250), 400, ours=False)
    shop.morning("2026-01-06")
    compared(shop)
    shop.sell(at="2026-01-07 12:00:00")
    assert shop.settle() == 0
    shop.morning("2026-01-07")
    made = shop.compare("2026-01-07")
    assert isinstance(made, Reconciliation)
    (sums,) = made.sums
    assert sums.ours == sums.theirs
    assert only(shop).day == DAY


# -- only ours ---------------------------------------------------------------------------------------------------------


def test_a_payment_that_only_we_have_is_asked_for(shop: BooksShop) -> None:
    """WeChat does not know it: a person has to look, with the next step in words."""
    shop.sell()
    shop.write("K07-260105-aa0050", 900, OrderState.PAID)
    shop.morning()
    compared(shop)
    assert (only(shop).what, only(shop).ours) == (What.ONLY_OURS, "PAID")
    assert shop.settle() == 0
    assert only(shop).standing is Standing.ATTENTION
    assert "unknown at WeChat" in only(shop).note


def test_one_second_before_midnight_belongs_to_either_day(shop: BooksShop) -> None:
    """Our row says 23:59:59, WeChat's file has it the next day: no difference on either, in whatever order they are compared."""
    shop.sell(at=f"{DAY} 12:00:00")
    late = shop.sell(at=f"{DAY} 23:59:59")
    shop.stand.bank.book[late.out_trade_no].entries[0] = _at(shop, late, f"{NEXT} 00:00:01")
    early = shop.sell(at=f"{NEXT} 00:00:01")
    shop.stand.bank.book[early.out_trade_no].entries[0] = _at(shop, early, f"{DAY} 23:59:59")
    shop.morning(NEXT)
    assert compared(shop).agreed == 2
    assert compared(shop, NEXT).agreed == 1
    assert shop.differences() == []
    compared(shop)
    assert shop.differences() == []


def test_what_no_day_has_is_found_the_day_after(shop: BooksShop) -> None:
    """Our payment of 23:59:59 that is in neither file."""
    shop.sell(at=f"{DAY} 12:00:00")
    shop.stand.now.ms += 12 * 3600 * 1000 - 5000
    lost = shop.write("K07-260105-aa0050", 900, OrderState.PAID)
    shop.sell(at=f"{NEXT} 12:00:00")
    shop.morning(NEXT)
    compared(shop)
    assert shop.differences() == []
    compared(shop, NEXT)
    assert (only(shop).number, only(shop).day) == (lost.out_trade_no, NEXT)


def test_the_shops_day_is_not_beijings(shop: BooksShop) -> None:
    """A number made in the evening in Los Angeles carries another date than the statement it stands in."""
    shop.pay("K07-260104-aa0001", 600)
    shop.stand.now.forward(1)
    shop.write("K07-260104-aa0001", 600, OrderState.PAID)
    shop.morning()
    assert compared(shop).agreed == 1


def _at(shop: BooksShop, order: Order, text: str) -> Any:
    return replace(shop.stand.bank.book[order.out_trade_no].entries[0], at=beijing(text))


# -- amount and state --------------------------------------------------------------------------------------------------


def test_another_amount_is_for_a_person(shop: BooksShop) -> None:
    """Ours and theirs in the note."""
    shop.pay("K07-260105-aa0001", 1200)
    shop.stand.now.forward(1)
    shop.write("K07-260105-aa0001", 1250, OrderState.PAID)
    shop.morning()
    compared(shop)
    assert (only(shop).what, only(shop).our_money, only(shop).their_money) == (
        What.AMOUNT,
        Money(1250, "HKD"),
        Money(1200, "HKD"),
    )
    shop.settle()
    assert only(shop).standing is Standing.ATTENTION
    assert "12.00 HKD" in only(shop).note


def test_a_void_order_that_was_paid_after_all_goes_to_the_tills_queue(shop: BooksShop) -> None:
    """The statement is the last watch over it: asked again there, its money goes back."""
    order = shop.sell(state=OrderState.VOID)
    shop.morning()
    compared(shop)
    assert (only(shop).what, only(shop).ours, only(shop).theirs) == (What.STATE, "VOID", "SUCCESS")
    assert shop.settle() == 1
    assert shop.books.doubted == [order.out_trade_no]


def test_a_declined_order_with_money_is_for_a_person(shop: BooksShop) -> None:
    """A final never regresses; what to do is said."""
    number = "K07-260105-aa0001"
    shop.pay(number, 1250)
    shop.stand.now.forward(1)
    shop.write(number, 1250, OrderState.DECLINED, decline=Decline.BALANCE)
    shop.morning()
    compared(shop)
    shop.settle()
    assert only(shop).standing is Standing.ATTENTION
    assert "merchant portal" in only(shop).note


def test_a_reversal_after_midnight_is_settled_by_asking(shop: BooksShop) -> None:
    """The day's file has the payment alone; WeChat says reversed, and so does the ledger."""
    order = shop.sell(state=OrderState.REVERSED, at=f"{DAY} 23:59:50")
    shop.stand.now.forward(20)
    assert shop.stand.reverse(order.out_trade_no).status == 204
    shop.morning()
    compared(shop)
    assert only(shop).what is What.STATE
    shop.settle()
    assert only(shop).standing is Standing.SETTLED
    assert shop.compare(NEXT).agreed == 1  # type: ignore[union-attr]


def test_a_paid_order_that_was_reversed_elsewhere_is_for_a_person(shop: BooksShop) -> None:
    """PAID here, REVOKED there."""
    order = shop.sell()
    shop.stand.now.forward(20)
    shop.stand.reverse(order.out_trade_no)
    shop.morning()
    compared(shop)
    assert (only(shop).moved, only(shop).what) == (Moved.REVERSAL, What.STATE)
    shop.settle()
    assert only(shop).standing is Standing.ATTENTION


def test_a_refund_that_wechat_is_still_making_counts_as_made(shop: BooksShop) -> None:
    """PROCESSING in the statement, ACCEPTED here."""
    order = shop.sell()
    number = f"{order.out_trade_no}-R1"
    shop.stand.now.ms = max(shop.now(), 0) + 11 * 3600 * 1000 + 50 * 60_000
    assert shop.stand.refund(order.out_trade_no, number).status == 200
    shop.ledger.commit(
        [Insert(Refund(number, order.out_trade_no, order.money, shop.now(), RefundState.ACCEPTED), "x")], shop.now()
    )
    shop.stand.trouble.set("refund_processing", "5")
    csv = shop.stand.call("GET", f"/v3/global/statements?date=20260105&{shop.stand.params}").raw
    assert "`PROCESSING" in csv.decode()
    made = shop.compare_file(csv)
    assert (made.agreed, shop.differences()) == (2, [])


def test_a_refund_the_ledger_has_not_heard_of_yet_is_waited_for(shop: BooksShop) -> None:
    """REQUESTED here, made there: the till's queue asks, and then it is settled."""
    order = shop.sell()
    number = f"{order.out_trade_no}-R1"
    shop.stand.now.forward(61)
    assert shop.stand.refund(order.out_trade_no, number).status == 200
    asked = Refund(number, order.out_trade_no, order.money, shop.now())
    shop.ledger.commit([Insert(asked, "refund asked")], shop.now())
    shop.morning()
    compared(shop)
    assert only(shop).what is What.STATE
    assert shop.settle() == 1


def test_more_differences_than_a_kiosk_sells_are_a_wrong_ledger(shop: BooksShop, monkeypatch: pytest.MonkeyPatch) -> None:
    """Nothing is kept of them."""
    assert MOST_DIFFERENCES > 20_000
    monkeypatch.setattr("kiosk.books.comparison.MOST_DIFFERENCES", 2)
    with pytest.raises(StatementWrong, match="another"):
        shop.compare_file(statement([row(f"K07-260105-aa000{at}") for at in range(1, 5)]))
    assert shop.days() == []
