"""Several amounts in one sale, the board of quick amounts, doubts, the shop's number, a tip; and what is kept of it."""

from __future__ import annotations

import json
from dataclasses import replace

import pytest

from kiosk.core import screens, till
from kiosk.core.commands import Play, Print, Sound
from kiosk.core.events import Key, Probed
from kiosk.core.lifecycle import SECOND
from kiosk.core.model import Call, Decline, Declined, Direct, Institution, Order, OrderState, Tender
from kiosk.core.money import Money, rate_in_words
from kiosk.core.screens import AmountHint
from kiosk.core.secret import PaymentCode
from kiosk.core.selling import Draft, Offer, Selling, unusual
from kiosk.core.slips import Receipt, Receipts
from kiosk.core.state import leave_at
from kiosk.payment.wechat.messages import Shop, charge, place
from tests.flow import Flow, hkd

QUICK = {Key.D1: 1500, Key.D2: 250, Key.D0: 9}


def shop(selling: Selling, *, receipts: Receipts | None = None, limit: int = 1_000_000, result_ms: int = 0) -> Flow:
    """A kiosk with these habits."""
    flow = Flow(receipts=receipts, limit=limit, result_ms=result_ms)
    flow.kiosk.settings = flow.settings = replace(flow.settings, selling=selling)
    return flow


def pay(flow: Flow, keys: str) -> str:
    """A sale to its end; its out_trade_no."""
    number = flow.charge(keys)
    flow.answer(Call.CHARGE, flow.paid(number))
    return number


# --- several amounts ---


def test_the_largest_figure_is_always_what_ok_would_charge() -> None:
    flow = shop(Selling())
    flow.press("8 5 0 MENU")
    assert flow.screen == screens.Keying(hkd(850), None, hkd(1_000_000), (850, 0))
    flow.press("3 5 0")
    assert flow.screen == screens.Keying(hkd(1200), None, hkd(1_000_000), (850, 350))
    flow.press("OK")
    assert flow.screen.money == hkd(1200)  # type: ignore[union-attr]
    assert flow.front().money == hkd(1200)
    sale = flow.ledger.sale(flow.front().sale_id)
    assert sale is not None
    assert (sale.lines, sale.tip) == ((850, 350), 0)


def test_ok_right_after_plus_sells_what_was_added() -> None:
    flow = shop(Selling())
    flow.press("8 5 0 MENU 3 5 0 MENU OK")
    assert flow.front().money == hkd(1200)


def test_one_amount_is_no_sum() -> None:
    flow = shop(Selling())
    flow.press("8 5 0 MENU OK")
    sale = flow.ledger.sale(flow.front().sale_id)
    assert sale is not None
    assert sale.lines == ()


@pytest.mark.parametrize(
    ("keys", "total", "lines"),
    [
        ("8 0 MENU 3 0 MENU CLEAR", 80, (80, 0)),  # the last line is taken back
        ("8 0 MENU 3 5 CLEAR", 83, (80, 3)),  # first its digits
        ("8 0 MENU 3 CLEAR", 80, (80, 0)),
        ("8 0 MENU 3 CLEAR CLEAR", None, ()),
        ("8 0 MENU 3 MENU 5 CANCEL", None, ()),
        ("8 0 MENU 3 MENU 5 CLEAR_ALL", None, ()),
    ],
)
def test_clear_takes_back_the_digits_and_then_the_lines(keys: str, total: int | None, lines: tuple[int, ...]) -> None:
    flow = shop(Selling())
    flow.press(keys)
    if total is None:
        flow.sees(screens.Idle)
    else:
        assert flow.screen == screens.Keying(hkd(total), None, hkd(1_000_000), lines)


def test_plus_with_nothing_keyed_adds_nothing() -> None:
    flow = shop(Selling())
    flow.press("0 MENU")
    assert flow.acts == (Play(Sound.REFUSED_KEY),)
    flow.press("7 MENU MENU")
    assert flow.acts == (Play(Sound.REFUSED_KEY),)


def test_a_sum_over_the_limit_is_no_sale_and_no_line() -> None:
    flow = shop(Selling(), limit=1000)
    flow.press("9 0 0 MENU 2 0 0 MENU")
    assert flow.screen == screens.Keying(hkd(1100), AmountHint.TOO_LARGE, hkd(1000), (900, 200))
    flow.press("OK")
    assert flow.screen == screens.Keying(hkd(1100), AmountHint.TOO_LARGE, hkd(1000), (900, 200))
    flow.press("CLEAR OK")
    assert flow.front().money == hkd(920)


def test_there_is_an_end_to_lines() -> None:
    flow = shop(Selling())
    flow.press("1 MENU " * 20 + "1 OK")
    assert isinstance(flow.screen, screens.Keying)
    assert flow.screen.hint is AmountHint.TOO_MANY
    flow.press("CLEAR OK")
    assert flow.front().money == hkd(20)


def test_what_came_to_nothing_is_back_as_it_was_keyed() -> None:
    """Nothing shown for a minute: the lines are there, to be sold again or corrected."""
    flow = shop(Selling())
    flow.press("8 5 0 MENU 3 5 0 SCAN")
    flow.pass_time(60 * SECOND)
    assert flow.screen == screens.Keying(hkd(1200), AmountHint.SCAN_TIMEOUT, hkd(1_000_000), (850, 350))


# --- the board ---


def test_scan_on_the_idle_screen_opens_the_board_and_a_digit_there_adds() -> None:
    flow = shop(Selling(QUICK))
    flow.press("SCAN")
    offers = tuple((key, hkd(amount)) for key, amount in QUICK.items())
    assert flow.screen == screens.QuickAmounts(hkd(0), offers, limit=hkd(1_000_000))
    flow.press("1 1 2")
    assert flow.screen == screens.QuickAmounts(hkd(3250), offers, (1500, 1500, 250), limit=hkd(1_000_000))
    flow.press("OK")
    assert flow.front().money == hkd(3250)


def test_a_digit_without_an_amount_says_so_and_a_digit_elsewhere_stays_a_digit() -> None:
    flow = shop(Selling(QUICK))
    flow.press("SCAN 7")
    assert flow.acts == (Play(Sound.REFUSED_KEY),)
    flow.press("CANCEL 1")
    assert flow.screen == screens.Keying(hkd(1), None, hkd(1_000_000), board=True)


def test_menu_goes_from_the_board_to_the_digits_and_back_with_all_that_was_added() -> None:
    flow = shop(Selling(QUICK))
    flow.press("SCAN 1 MENU 5 0 MENU")
    assert flow.screen == screens.Keying(hkd(1550), None, hkd(1_000_000), (1500, 50, 0), board=True)
    flow.press("MENU 2")
    assert isinstance(flow.screen, screens.QuickAmounts)
    assert flow.screen.lines == (1500, 50, 250)
    flow.press("CLEAR CLEAR QR")
    assert (flow.front().money, flow.front().tender) == (hkd(1500), Tender.NATIVE)


def test_an_empty_board_sells_nothing_and_leaves_by_itself() -> None:
    flow = shop(Selling(QUICK))
    flow.press("SCAN OK")
    assert flow.acts == (Play(Sound.REFUSED_KEY),)
    flow.pass_time(120 * SECOND)
    flow.sees(screens.Idle)


def test_without_quick_amounts_scan_means_nothing_when_idle() -> None:
    flow = shop(Selling())
    flow.press("SCAN")
    assert flow.acts == (Play(Sound.REFUSED_KEY),)


# --- doubts ---


@pytest.mark.parametrize(
    ("amount", "before", "usual"),
    [
        (1000, (100, 100, 100, 100, 100), 100),
        (999, (100, 100, 100, 100, 100), None),
        (1000, (100, 100, 100, 100), None),  # too few to tell
        (1000, (1, 1, 100, 5000, 5000), 100),
        (10**9, (), None),
    ],
)
def test_what_is_usual_is_the_median(amount: int, before: tuple[int, ...], usual: int | None) -> None:
    assert unusual(amount, before, 10) == usual
    assert unusual(amount, before, 0) is None


def test_ten_times_the_usual_asks_back_before_anything_leaves() -> None:
    flow = shop(Selling(guard_times=10))
    for _ in range(5):
        pay(flow, "1 2 5 0 OK")
        flow.press("OK")
    flow.press("1 2 5 0 0 OK")
    assert flow.screen == screens.UnusualAmount(hkd(12_500), hkd(1250))
    assert not flow.kiosk.orders
    flow.press("CANCEL")
    assert flow.screen == screens.Keying(hkd(12_500), None, hkd(1_000_000))
    flow.press("OK OK")
    assert flow.front().money == hkd(12_500)


def test_the_same_amount_a_moment_after_it_was_paid_asks_back() -> None:
    flow = shop(Selling(repeat_ms=10 * SECOND))
    pay(flow, "1 2 5 0 OK")
    flow.press("OK 1 2 5 0 OK")
    assert flow.screen == screens.PaidAlready(hkd(1250))
    flow.press("OK")
    flow.sees(screens.Scanning)
    flow.press("CANCEL OK")
    flow.pass_time(10 * SECOND)
    flow.press("1 2 5 0 OK")
    flow.sees(screens.Scanning)


def test_an_amount_paid_in_another_currency_was_another_one() -> None:
    """The owner has changed the kiosk's: 12.50 HKD of a moment ago are not 1250 yen."""
    flow = shop(Selling(repeat_ms=10 * SECOND))
    pay(flow, "1 2 5 0 OK")
    flow.kiosk.settings = replace(flow.kiosk.settings, currency="JPY")
    flow.press("OK 1 2 5 0 OK")
    flow.sees(screens.Scanning)


# --- the shop's number ---


def test_the_number_is_asked_for_and_goes_to_wechat_the_ledger_and_the_receipt() -> None:
    flow = shop(Selling(memo=True), receipts=Receipts.PAID)
    flow.press("1 2 5 0 OK 0 0 4 3 CLEAR 2")
    assert flow.screen == screens.Noting(hkd(1250), "0042")
    number = pay(flow, "OK")
    assert flow.order(number).memo == "0042"
    (line,) = flow.ledger.lines(0, 2**62)
    assert (line.memo, line.tip) == ("0042", 0)
    (slip,) = (act.slip for act in flow.done if isinstance(act, Print))
    assert isinstance(slip, Receipt)
    assert slip.memo == "0042"


def test_no_number_is_a_number_too() -> None:
    flow = shop(Selling(memo=True))
    flow.press("1 2 5 0 OK OK")
    assert flow.front().memo == ""
    flow.press("CANCEL QR")  # another order of the same sale
    assert flow.front().memo == ""


def test_the_number_is_keyed_anew_after_clear_is_held_and_cancel_leads_back_to_the_amount_with_it() -> None:
    flow = shop(Selling(memo=True))
    flow.press("1 2 5 0 OK 4 2 CLEAR_ALL 7")
    assert flow.screen == screens.Noting(hkd(1250), "7")
    flow.press("MENU")
    assert flow.acts == (Play(Sound.REFUSED_KEY),)
    flow.press("CANCEL")
    assert flow.screen == screens.Keying(hkd(1250), None, hkd(1_000_000))
    flow.press("OK")
    assert flow.screen == screens.Noting(hkd(1250), "7")


def test_another_order_of_the_sale_has_the_number_too() -> None:
    flow = shop(Selling(memo=True))
    flow.press("1 2 5 0 OK 4 2 OK QR")
    assert (flow.front().tender, flow.front().memo) == (Tender.NATIVE, "42")


ORDER = Order("K07-260105-aa0001", "S-1", Tender.NATIVE, Money(1250, "HKD"), 1767607920123, OrderState.SENT, memo="0042")


@pytest.mark.parametrize("merchant", [Direct("wx1", "1900009999"), Institution("wx1", "1900007777", "1900008888")])
def test_wechat_is_told_as_the_contract_allows(merchant: Direct | Institution) -> None:
    """Contract 3.2.1: attach and description of 1 to 127 characters; in attach the number stands behind the order's moment."""
    house = Shop(merchant, "5814", "Harbour Snacks", "https://pay.example.net/notify", "K07")
    for made in (place(house, ORDER), charge(house, ORDER, PaymentCode("134567890123456789"))):
        body = json.loads(made.body)
        assert (body["attach"], body["description"]) == ("1767607920123 0042", "Harbour Snacks-0042")
    plain = json.loads(place(house, replace(ORDER, memo="")).body)
    assert plain["attach"] == "1767607920123"
    assert plain["description"] == "Harbour Snacks"


# --- a tip ---

TIPS = Selling(tips=(Offer(10), Offer(percent=15), Offer(amount=200)))


@pytest.mark.parametrize(("keys", "tip"), [("1", 125), ("2", 188), ("3", 200), ("OK", 0), ("0 3 0 OK", 30), ("0 OK", 0)])
def test_the_customer_chooses_and_the_order_has_it(keys: str, tip: int) -> None:
    flow = shop(TIPS)
    flow.press("1 2 5 0 OK")
    assert flow.screen == screens.Tipping(hkd(1250), ((10, hkd(125)), (15, hkd(188)), (None, hkd(200))), flow.now + 60 * SECOND)
    flow.press(keys)
    assert flow.front().money == hkd(1250 + tip)
    sale = flow.ledger.sale(flow.front().sale_id)
    assert sale is not None
    assert sale.tip == tip


def test_no_tip_is_larger_than_the_goods_and_silence_is_none() -> None:
    flow = shop(TIPS)
    flow.press("1 0 OK 0 9 9")
    assert isinstance(flow.screen, screens.Tipping)
    assert flow.screen.own == hkd(9)
    flow.press("CANCEL 9")
    assert flow.acts == (Play(Sound.REFUSED_KEY),)
    flow.pass_time(60 * SECOND)
    assert flow.screen == screens.Keying(hkd(10), None, hkd(1_000_000))
    assert not flow.kiosk.orders


def test_a_tip_can_be_taken_back_digit_by_digit_and_the_sale_by_cancel() -> None:
    """First among the offers again, then at the amount; keys that say nothing there are refused."""
    flow = shop(TIPS)
    flow.press("1 2 5 0 OK 0 3 5 CLEAR")
    assert flow.screen.own == hkd(3)
    flow.press("MENU")
    assert flow.acts == (Play(Sound.REFUSED_KEY),)
    flow.press("CLEAR CLEAR")
    assert flow.screen.own is None
    flow.press("MENU")
    assert flow.acts == (Play(Sound.REFUSED_KEY),)
    flow.press("CANCEL")
    assert flow.screen == screens.Keying(hkd(1250), None, hkd(1_000_000))
    assert not flow.kiosk.orders


def test_tips_are_kept_apart_and_in_what_was_paid() -> None:
    flow = shop(replace(TIPS, quick=QUICK), receipts=Receipts.PAID)
    pay(flow, "1 2 5 0 MENU 5 0 OK 1")
    (total,) = flow.ledger.totals(0, 2**62)
    assert (total.paid_count, total.paid, total.tips) == (1, 1430, 130)
    (slip,) = (act.slip for act in flow.done if isinstance(act, Print))
    assert isinstance(slip, Receipt)
    assert (slip.lines, slip.tip, slip.money) == ((1250, 50), 130, hkd(1430))


def test_the_same_customer_is_known_by_the_goods_whatever_the_tip() -> None:
    flow = shop(TIPS)
    flow.charge("1 2 5 0 OK 1")
    flow.press("CANCEL OK")
    flow.press("1 2 5 0 OK")
    assert flow.screen == screens.SameCustomer(hkd(1250))


# --- results, and the customer's money ---


def test_in_public_a_payment_leaves_and_what_failed_does_not() -> None:
    flow = shop(Selling(), result_ms=8 * SECOND)
    pay(flow, "1 2 5 0 OK")
    flow.sees(screens.PaidScreen)
    flow.pass_time(8 * SECOND)
    flow.sees(screens.Idle)
    flow.charge("5 0 0 OK")
    flow.answer(Call.CHARGE, Declined(Decline.BALANCE))
    flow.sees(screens.DeclinedScreen)
    flow.pass_time(3600 * SECOND)
    flow.sees(screens.DeclinedScreen)


def test_in_public_a_payment_that_came_after_the_verdict_stays_until_somebody_has_seen_it() -> None:
    """The merchant was told that nobody knows, and looks away by now."""
    flow = shop(Selling(), result_ms=8 * SECOND)
    order, front = flow.order(pay(flow, "1 2 5 0 OK")), flow.kiosk.till
    assert isinstance(front, till.Front)
    assert leave_at(flow.kiosk, order) == flow.now + 8 * SECOND
    assert leave_at(flow.kiosk, replace(order, settled_at=till.verdict_at(front, order))) is None


def test_the_rate_is_written_as_it_is() -> None:
    payer = Money(1157, "CNY")
    assert rate_in_words(hkd(1250), payer, 92_560_000) == "1 HKD = 0.9256 CNY"
    assert rate_in_words(Money(1, "JPY"), payer, 4_812_345) == "1 JPY = 0.04812345 CNY"
    assert rate_in_words(Money(1, "GBP"), payer, 1_000_000_000) == "1 GBP = 10 CNY"


def test_the_rate_is_on_screen_and_receipt() -> None:
    flow = shop(Selling(), receipts=Receipts.PAID)
    number = flow.charge()
    flow.answer(Call.CHARGE, flow.paid(number, payer=Money(1157, "CNY"), rate_e8=92_560_000))
    assert isinstance(flow.screen, screens.PaidScreen)
    assert (flow.screen.payer, flow.screen.rate_e8) == (Money(1157, "CNY"), 92_560_000)
    (slip,) = (act.slip for act in flow.done if isinstance(act, Print))
    assert isinstance(slip, Receipt)
    assert (slip.payer, slip.rate_e8) == (Money(1157, "CNY"), 92_560_000)


def test_a_draft_adds_up() -> None:
    assert Draft((1250, 50), tip=130).total == 1430
    assert Draft((1250, 50)).goods == 1300


def test_the_board_opens_from_the_start_alone() -> None:
    flow = shop(Selling(QUICK))
    pay(flow, "1 2 5 0 OK")
    flow.press("SCAN")
    assert flow.acts == (Play(Sound.REFUSED_KEY),)


def test_a_clock_that_keeps_wechat_away_is_named_and_not_the_network() -> None:
    """The amount stays, and the first answer takes the word away."""
    flow = Flow(online=False)
    flow.happen(Probed(reached=False, server_time=None, at=flow.now, clock_doubted=True))
    flow.press("1 2 5 0 OK")
    assert flow.screen.hint is AmountHint.CLOCK
    flow.probe()
    assert flow.screen.hint is None
