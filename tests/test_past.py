"""Looking back: the last orders and older ones, a search, one order with its story, and what else there is."""

from __future__ import annotations

from itertools import chain

import pytest

from kiosk.core import past, screens
from kiosk.core.commands import Play, Reverse, Sound
from kiosk.core.events import Key, PageTold, PastRead, Pressed
from kiosk.core.model import Call, Ended, OrderState, Pending, RefundState, Tender
from kiosk.core.past_nouns import ByAmount, ByEnd
from kiosk.core.past_screens import Cause, Entry, History, More, PastLine, SaleOpened, Searching, Told
from kiosk.core.slips import Receipts
from kiosk.core.step import step
from kiosk.display.keys import ROWS, looks
from tests.flow import START, Flow, always, hkd

S = OrderState
SECOND = 1000
REFUSED = (Play(Sound.REFUSED_KEY),)


def shown(flow: Flow) -> list[str]:
    """The ends of the numbers on the screen, from the top."""
    assert isinstance(flow.screen, History), flow.screen
    return [line.tail for line in flow.screen.lines]


def many(count: int) -> Flow:
    """A kiosk that has sold 0.01, 0.02 and so on."""
    flow = Flow()
    for amount in range(1, count + 1):
        flow.sell(f"{' '.join(str(amount))} OK")
        flow.now += SECOND
    return flow


# -- the list ------------------------------------------------------------------------------------------------------


def test_menu_lists_the_last_orders_newest_first_also_after_a_restart() -> None:
    """Six of them with their state; an order never sent is not listed."""
    flow = many(7)
    flow.press("9 OK CANCEL OK MENU")
    first = flow.screen
    assert shown(flow) == [f"aa{n:04}" for n in range(7, 1, -1)]
    assert first.lines[0] == PastLine(hkd(7), Tender.QUICK_PAY, S.PAID, "aa0007", START + 6 * SECOND)
    assert first.more
    flow.restart()
    flow.press("MENU")
    assert flow.screen == first


def test_the_first_page_is_there_before_the_ledger_has_told() -> None:
    """It stands in memory."""
    flow = many(7)
    flow.press("MENU")
    there = flow.kiosk.till
    assert isinstance(there, past.Listing)
    rows = there.rows
    flow.press("CANCEL")
    flow.happen = lambda event: None if isinstance(event, PastRead) else Flow.happen(flow, event)  # type: ignore[method-assign, assignment]
    flow.press("MENU")
    assert isinstance(flow.kiosk.till, past.Listing)
    assert flow.kiosk.till.rows == rows
    assert flow.kiosk.till.more


def test_older_ones_come_out_of_the_ledger_and_newer_ones_again() -> None:
    """0 and CLEAR, to the very first order, beyond what is kept in memory; each once."""
    flow = many(31)
    flow.press("MENU")
    seen = shown(flow)
    pages = [flow.screen]
    while flow.screen.more:
        flow.press("0")
        seen += shown(flow)
        pages.append(flow.screen)
    assert seen == [f"aa{n:04}" for n in range(31, 0, -1)]
    assert [page.page for page in pages] == [0, 1, 2, 3, 4, 5]
    flow.press("0")
    assert flow.acts == REFUSED
    for page in reversed(pages[:-1]):
        flow.press("CLEAR")
        assert flow.screen == page
    flow.press("CLEAR")
    assert flow.acts == REFUSED


def test_orders_of_the_same_moment_are_all_there() -> None:
    """Their numbers tell them apart."""
    flow = Flow()
    numbers = [flow.sell("5 OK") for _ in range(14)]
    flow.press("MENU")
    seen = shown(flow)
    flow.press("0")
    seen += shown(flow)
    flow.press("0")
    assert seen + shown(flow) == [number[-6:] for number in reversed(numbers)]


def test_what_goes_on_behind_the_list_shows_on_it() -> None:
    """So "did the last one go through?" is one key away."""
    flow = Flow()
    number = flow.charge()
    flow.press("CANCEL OK MENU")
    assert flow.screen == History((PastLine(hkd(1250), Tender.QUICK_PAY, S.REVERSING, number[-6:], START),))
    flow.pass_time(20 * SECOND, lambda act: Pending() if isinstance(act, Reverse) else Ended(S.REVERSED))
    assert [line.state for line in flow.screen.lines] == [S.REVERSED]


def test_what_was_given_back_stands_beside_it() -> None:
    """What was asked for and is not accepted yet does not."""
    flow = Flow()
    number = flow.sell()
    flow.ask_refund(number, 500)
    flow.press("MENU")
    assert flow.screen.lines[0].refunded is None
    flow.refund_answer(Call.REFUND, Pending(), f"{number}-R1")
    assert flow.screen.lines[0].refunded == hkd(500)


def test_an_order_that_needs_a_person_stands_first_until_it_was_seen() -> None:
    """On the first page only, and once."""
    flow = Flow()
    wrong = flow.charge("1 OK")
    flow.answer(Call.CHARGE, flow.paid(wrong, total=hkd(9)))
    flow.press("OK")
    others = [flow.sell("5 OK") for _ in range(8)]
    flow.press("MENU")
    assert flow.signs.attention == 1
    assert shown(flow) == [wrong[-6:], *(number[-6:] for number in others[:-6:-1])]
    flow.press("0")
    assert shown(flow) == [*(number[-6:] for number in others[2::-1]), wrong[-6:]]
    assert flow.signs.attention == 0
    flow.press("CLEAR CANCEL MENU")
    assert shown(flow) == [number[-6:] for number in others[:-7:-1]]


@pytest.mark.parametrize("keys", ["MENU", "MENU OK", "MENU OK 5", "MENU 1", "MENU 1 0", "MENU MENU"])
def test_each_place_closes_after_half_a_minute_without_a_key(keys: str) -> None:
    """A passer-by must not read it; whoever presses a key may go on."""
    flow = many(2)
    flow.press(keys)
    place = type(flow.screen)
    flow.pass_time(30 * SECOND - 1)
    flow.sees(place)
    flow.pass_time(1)
    flow.sees(screens.Idle)


def test_whoever_reads_on_is_given_time() -> None:
    """A page more, half a minute more."""
    flow = many(20)
    flow.press("MENU")
    for _ in range(2):
        flow.pass_time(29 * SECOND)
        flow.press("0")
    flow.sees(History)


# -- the search ----------------------------------------------------------------------------------------------------


def test_orders_are_found_by_their_amount() -> None:
    """All of them, newest first, page by page."""
    flow = Flow()
    sevens = [flow.sell("7 0 0 OK") for _ in range(8)]
    flow.sell("7 0 1 OK")
    flow.press("MENU OK 7 0 0")
    assert flow.screen == Searching("700", hkd(700))
    flow.press("OK")
    assert flow.screen.find == ByAmount(700)
    assert flow.screen.sought == hkd(700)
    assert shown(flow) == [number[-6:] for number in sevens[:1:-1]]
    flow.press("0")
    assert shown(flow) == [number[-6:] for number in sevens[1::-1]]
    flow.press("CANCEL")
    assert flow.screen.find is None


@pytest.mark.parametrize("digits", ["3", "0 0 0 3", "0 0 3", "0 7 0 0 0 3"])
def test_one_is_found_by_the_end_of_its_number_and_opened(digits: str) -> None:
    """As it stands on the receipt, with or without the noughts before it; the last four digits count."""
    flow = many(13)
    flow.press(f"MENU OK {digits} QR")
    assert isinstance(flow.screen, SaleOpened)
    assert flow.screen.out_trade_no == "K07-260105-aa0003"


def test_the_same_end_of_other_days_is_found_too() -> None:
    """Numbers are counted anew each day."""
    flow = Flow()
    first = flow.sell()
    flow.now += 24 * 3600 * SECOND
    second = flow.sell()
    assert first[-4:] == second[-4:]
    flow.press("MENU OK 1 QR")
    assert flow.screen.find == ByEnd("1")
    assert [line.opened_at for line in flow.screen.lines] == [START + 24 * 3600 * SECOND, START]


def test_what_is_not_there_is_said_and_can_be_keyed_again() -> None:
    """CLEAR takes a digit back, held all of them."""
    flow = many(2)
    flow.press("MENU OK 9 9 OK")
    assert flow.screen == Searching("99", hkd(99), missed=True)
    flow.press("CLEAR")
    assert flow.screen == Searching("9", hkd(9))
    flow.press("QR")
    assert flow.screen.missed
    flow.press("CLEAR_ALL 2 OK")
    flow.sees(SaleOpened)
    flow.press("CANCEL")
    flow.sees(History)


def test_nothing_keyed_nothing_sought() -> None:
    """Nor an amount of nothing; and nine digits are the most."""
    flow = many(1)
    for keys in ("MENU OK OK", "QR", "CLEAR", "0 OK"):
        flow.press(keys)
        assert flow.acts == REFUSED
    flow.press("1 2 3 4 5 6 7 8 9")
    assert flow.acts == REFUSED


def test_a_search_that_answers_late_opens_nothing() -> None:
    """Whoever left is not led back."""
    flow = many(1)
    flow.press("MENU OK 1 CANCEL CANCEL")
    flow.happen(PastRead(f"search {flow.now}", (), more=False))
    flow.sees(screens.Idle)


# -- one order -----------------------------------------------------------------------------------------------------


def test_an_order_tells_its_numbers_and_its_story() -> None:
    """Asked so often, WeChat says paid then; each arrow with its time."""
    flow = Flow(receipts=Receipts.ASKED)
    number = flow.charge()
    flow.answer(Call.CHARGE, Pending(payer_acts=True))
    flow.pass_time(9 * SECOND, always(Pending(payer_acts=True)))
    at = flow.now
    flow.answer(Call.ASK, flow.paid(number))
    flow.press("OK MENU 1")
    sale = flow.screen
    assert isinstance(sale, SaleOpened)
    assert (sale.out_trade_no, sale.transaction_id, sale.paid_at) == (number, f"42{number}", at)
    assert (sale.page, sale.pages, sale.asks, sale.prints) == (0, 2, 3, True)
    flow.press("0")
    assert flow.screen.story == (
        Told(START, S.ARMED),
        Told(START, S.SENT),
        Told(START, S.PAYING),
        Told(at, S.PAID, 3),
    )
    flow.press("0")
    assert flow.screen.page == 0


def test_a_cancellation_says_who_asked_for_it() -> None:
    """And questions before it count, too."""
    flow = Flow()
    flow.charge()
    flow.pass_time(9 * SECOND, lambda act: Pending() if type(act).__name__ == "Ask" else None)
    flow.press("CANCEL OK MENU 1")
    assert flow.screen.asks == 2
    flow.press("0")
    assert flow.screen.story[-1] == Told(flow.now, S.REVERSING, 2, Cause.CANCELLED)


def test_refunds_stand_on_pages_of_their_own_newest_first() -> None:
    """Each with its state, as it goes on."""
    flow = Flow()
    number = flow.sell()
    flow.ask_refund(number, 500)
    flow.press("MENU 1 0")
    assert [(line.number, line.money, line.state) for line in flow.screen.refunds] == [(1, hkd(500), RefundState.REQUESTED)]
    flow.refund_answer(Call.REFUND, Pending(), f"{number}-R1")
    assert flow.screen.refunds[0].state is RefundState.ACCEPTED
    flow.press("0")
    assert flow.screen.story[-1] == Told(START, RefundState.ACCEPTED, money=hkd(500))
    flow.press("0")
    assert (flow.screen.line.refunded, flow.screen.left) == (hkd(500), hkd(750))


def test_from_an_order_back_to_the_page_it_was_opened_from() -> None:
    """Also to a search's."""
    flow = many(13)
    flow.press("MENU 0")
    page = flow.screen
    flow.press("3")
    assert flow.screen.line == page.lines[2]
    flow.press("CANCEL")
    assert flow.screen == page


# -- what else there is --------------------------------------------------------------------------------------------


def test_more_lists_what_there_is_and_a_digit_opens_it() -> None:
    """The owner's page only while it says that it is there."""
    flow = Flow()
    flow.press("MENU MENU")
    assert flow.screen == More((Entry.CHECKUP, Entry.PINS, Entry.EXPORTS, Entry.TRAINING))
    flow.press("5")
    assert flow.acts == REFUSED
    flow.press("1")
    flow.sees(screens.Checkup)


def test_where_the_owners_page_is_stands_in_more() -> None:
    """For as long as the page says that it is there."""
    flow = Flow()
    told = PageTold("https://192.168.1.5:8443/", "AB" * 32, "12345678")
    flow.happen(told)
    flow.press("MENU MENU 2")
    assert flow.screen == screens.OwnersPage(told.url, told.fingerprint, told.code)
    flow.press("CANCEL")
    assert flow.screen == More((Entry.CHECKUP, Entry.PAGE, Entry.PINS, Entry.EXPORTS, Entry.TRAINING))
    flow.press("2")
    for _ in range(5):
        flow.pass_time(20 * SECOND)
        flow.happen(told)
    flow.sees(screens.OwnersPage)
    flow.pass_time(20 * SECOND)
    flow.sees(More)  # two minutes are enough
    flow.press("2")
    flow.pass_time(60 * SECOND)  # the page has fallen silent
    flow.press("MENU MENU")
    assert flow.screen == More((Entry.CHECKUP, Entry.PINS, Entry.EXPORTS, Entry.TRAINING))


# -- the keys ------------------------------------------------------------------------------------------------------

PLACES = (
    "MENU",
    "MENU 0",
    "MENU OK",
    "MENU OK 5",
    "MENU OK 0",
    "MENU 1",
    "MENU MENU",
    "MENU MENU 2",
    "MENU MENU 3",
    "MENU MENU 3 1",
    "MENU SCAN",
)


@pytest.mark.parametrize("receipts", [None, Receipts.ASKED])
@pytest.mark.parametrize("keys", PLACES)
def test_the_keys_that_stand_out_are_those_that_do_something(keys: str, receipts: Receipts | None) -> None:
    """On a touched screen the others are faint. Each key is pressed at the same moment: a step changes nothing of it."""
    flow = Flow(receipts=receipts)
    for _ in range(8):
        flow.sell("5 OK")
    flow.happen(PageTold("https://192.168.1.5:8443/", "AB" * 32, ""))
    flow.press(keys)
    meant = {key for key, look in looks(flow.screen, frozenset()).items() if look.meant}
    refused = Play(Sound.REFUSED_KEY)
    assert meant == {key for key in chain(*ROWS) if refused not in step(flow.kiosk, Pressed(key), flow.now).acts}


@pytest.mark.parametrize("key", Key)
@pytest.mark.parametrize("keys", PLACES)
def test_no_key_in_no_place_raises(keys: str, key: Key) -> None:
    """Whatever people press."""
    flow = many(2)
    flow.press(keys)
    flow.happen(Pressed(key))
