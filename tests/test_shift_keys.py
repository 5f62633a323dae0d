"""Shifts at the kiosk: what each key wants of one, what hinders it and how that is said, and what others did meanwhile. Pure."""

from __future__ import annotations

from dataclasses import replace
from datetime import time

import pytest

from kiosk.core import past, shift_lines, shift_till, shifts, till
from kiosk.core.commands import Reply
from kiosk.core.events import Health, Part, ShiftAsked, ShiftRead, Tick
from kiosk.core.model import OrderState, Tender
from kiosk.core.screens import AmountHint, NoShift, ShiftClosing, ShiftReport
from kiosk.core.shifts import Aim, Count, Figures, Reading, ShiftState, What
from kiosk.core.state import ShiftHabits, wake_at
from kiosk.core.view import view
from tests.shift_samples import AT, OPEN, X, Z
from tests.test_shifts import KEPT, NOON, Shop, opened, printed


def at_more(shop: Shop) -> Shop:
    """Somebody stands before the entries of More."""
    shop.kiosk.till = past.More(shop.now + 1000)
    return shop


def screen(shop: Shop) -> object:
    return view(shop.kiosk, shop.now).screen


# --- no shift yet ---


def test_before_the_first_shift_the_screen_says_so_and_1_opens_it() -> None:
    """The report that follows is the new one's."""
    shop = at_more(Shop())
    shop.keys("1")
    assert screen(shop) == NoShift(None)
    shop.keys("5")
    assert screen(shop) == NoShift(None)
    shop.keys("1")
    assert isinstance(screen(shop), ShiftReport)
    assert (shop.kiosk.shift.z, shop.kiosk.shift.is_open) == (1, True)


def test_a_closed_shift_offers_the_next_one() -> None:
    """1 on the newest report: Z 2 begins."""
    shop = opened(Shop())
    shop.close()
    at_more(shop).keys("1 1")
    assert (shop.kiosk.shift.z, shop.kiosk.shift.is_open) == (2, True)


@pytest.mark.parametrize("hint", [AmountHint.CLOCK, AmountHint.LEDGER])
def test_what_keeps_a_shift_from_opening_is_said_where_it_was_asked(hint: AmountHint) -> None:
    """An unknown time, a disk that takes nothing."""
    shop = at_more(Shop())
    shop.keys("1")
    hinder(shop, hint)
    shop.keys("1")
    assert screen(shop) == NoShift(hint)
    assert shop.kiosk.shift is None


@pytest.mark.parametrize("keys", ["1", "1 OK"])
def test_what_keeps_a_shift_from_closing_is_said_on_its_report(keys: str) -> None:
    """On the report itself, and when the question was asked already: nothing is closed over a disk that takes nothing."""
    shop = opened(Shop())
    shop.sold(1, OrderState.PAYING)
    at_more(shop).keys("1" if keys == "1" else "1 1")
    hinder(shop, AmountHint.LEDGER)
    shop.keys(keys.rsplit(maxsplit=1)[-1])
    there = screen(shop)
    assert isinstance(there, ShiftReport)
    assert there.hint is AmountHint.LEDGER
    assert shop.kiosk.shift.is_open
    assert "stored" in shop.close().problem


def hinder(shop: Shop, hint: AmountHint) -> None:
    if hint is AmountHint.CLOCK:
        shop.kiosk.clock_known = False
    else:
        shop.happen(Health(Part.LEDGER, "the disk takes no writes: change the card"))


# --- its screens ---


def test_the_question_names_what_is_unresolved_and_menu_turns_its_pages() -> None:
    """And the report's; CANCEL at the question leads back to the report."""
    shop = opened(Shop())
    shop.sold(1, OrderState.PAYING)
    at_more(shop).keys("1 MENU")
    report = screen(shop)
    assert isinstance(report, ShiftReport)
    assert report.page == 1
    shop.keys("1 MENU MENU")
    closing = screen(shop)
    assert isinstance(closing, ShiftClosing)
    assert closing.page == 2
    shop.keys("CANCEL")
    assert isinstance(screen(shop), ShiftReport)
    shop.keys("CANCEL")
    assert isinstance(shop.kiosk.till, past.More)


# --- others, meanwhile ---


def test_what_another_has_closed_meanwhile_is_shown_as_closed() -> None:
    """OK at the question, a moment after the command: no second Z, no word of an error."""
    shop = opened(Shop())
    at_more(shop).keys("1 1")
    there = shop.kiosk.till
    if isinstance(there, shift_till.Report):  # nothing unresolved: it was closed at once
        there = shift_till.Closing(there.shift, shop.now, shop.now + 1000)
    shop.kiosk.till = there
    shop.close()
    shop.kiosk.till = there
    shop.keys("OK")
    assert isinstance(shop.kiosk.till, shift_till.Report)
    assert (shop.kiosk.shift.z, shop.kiosk.shift.is_open) == (1, False)


def test_the_answer_of_a_question_that_was_left_changes_nothing() -> None:
    """The ledger has counted, and whoever asked has gone."""
    shop = Shop()
    for wanted in (Reading(Aim.SHOW), Reading(Aim.ASK)):
        shop.happen(ShiftRead(wanted, None))
        assert isinstance(shop.kiosk.till, till.Idle)
    opened(shop)
    for wanted in (Reading(Aim.SHOW), Reading(Aim.ASK)):
        shop.happen(ShiftRead(wanted, shop.ledger.shift_figures(1)))
        assert isinstance(shop.kiosk.till, till.Idle)
    shop.close()
    shop.happen(ShiftRead(Reading(Aim.CLOSE, clock=True), shop.ledger.shift_figures(1)))
    assert isinstance(shop.kiosk.till, till.Idle)


def test_a_command_without_a_shift_or_against_an_open_one_is_told_in_words() -> None:
    """Nothing to close, nothing to open."""
    shop = Shop()
    assert "no shift is open" in shop.close().problem
    opened(shop)
    (again,) = (act for act in shop.happen(ShiftAsked("t")) if isinstance(act, Reply))
    assert "Z 1 is open already" in str(again.problem)
    shop.close()
    assert "no shift is open" in shop.close().problem


def test_an_update_keeps_a_shift_open() -> None:
    """What is closed while the kiosk is changed would be closed by nobody."""
    shop = opened(Shop())
    shop.kiosk.held_until = shop.now + 60_000
    assert "an update is under way" in shop.close().problem
    assert shop.kiosk.shift.is_open


def test_a_shift_closed_by_the_time_of_day_is_seen_by_nobody_and_prints_without_a_printer_nothing() -> None:
    """Nobody asked: the idle screen stays."""
    shop = opened(Shop(replace(KEPT, shifts=ShiftHabits(time(23, 30)), receipts=None)))
    shop.now = NOON + 11 * 3_600_000 + 30 * 60_000
    shop.happen(Tick())
    assert not shop.kiosk.shift.is_open
    assert isinstance(shop.kiosk.till, till.Idle)
    assert printed(shop.acts) == []


def test_the_kiosk_wakes_for_the_time_of_day() -> None:
    """Not before, and once it was passed (unresolved orders keep it open) not again at once."""
    shop = opened(Shop(replace(KEPT, shifts=ShiftHabits(time(12, 0, 5)))))
    shop.kiosk.probing = True
    assert wake_at(shop.kiosk, shop.now) == NOON + 5000


# --- the figures ---


def test_every_kind_of_count_comes_into_its_own_figure() -> None:
    """Late money and what needs a person, too."""
    counts = tuple(Count(what, Tender.NATIVE, "HKD", 2, 500) for what in What)
    (tally,) = shifts.report(Figures(OPEN, counts), ()).tallies
    assert (tally.sale_count, tally.refund_count, tally.failed_count, tally.late_count) == (2, 2, 2, 2)
    assert (tally.sales, tally.refunds, tally.failed, tally.late) == (500, 500, 500, 500)
    assert (tally.declined, tally.undone, tally.attention) == (2, 2, 2)


def test_a_closed_shifts_report_is_its_row() -> None:
    """Whatever is counted by now."""
    late = (Count(What.LATE, Tender.NATIVE, "HKD", 9, 9),)
    assert shifts.report(Figures(Z, late), ()) == Z
    assert Z.state is ShiftState.CLOSED


def test_a_zone_that_nobody_knows_any_more_is_read_as_utc() -> None:
    """A row of another system: its report must not fail for it."""
    assert str(shift_lines.zone_of(replace(X, zone="Mars/Olympus"))) == "UTC"
    assert str(shift_lines.zone_of(X)) == "Asia/Hong_Kong"


def test_what_comes_in_after_a_shift_was_closed_is_the_next_ones() -> None:
    """Counted before that one is opened, too."""
    shop = opened(Shop())
    shop.sold(1)
    shop.close()
    shop.sold(2)
    first = shop.ledger.shifts.one(1)
    assert first is not None
    assert [count.count for count in shop.ledger.shifts.after(first)] == [1]
    assert [tally.sale_count for tally in first.tallies] == [1]


def test_a_report_has_a_line_for_all_that_happened_and_none_for_what_did_not() -> None:
    """A quiet tender has its sales alone."""
    busy, quiet = (
        [line.label for line in shift_lines.lines(replace(X, tallies=(tally,)), AT) if isinstance(line, shift_lines.Figure)]
        for tally in X.tallies
    )
    assert busy == ["net", "sales", "tips", "refunds", "failed", "net", "late", "declined", "undone", "attention"]
    assert quiet == ["net", "sales"]
    named = [line.waiting for line in shift_lines.lines(Z, AT) if isinstance(line, shift_lines.Named)]
    assert [shift_lines.tail(one) for one in named] == ["aa0153", "aa0101-R2", "aa0098"]
    assert shift_lines.lines(replace(X, opened_by=None, handed_over=(), taken_over=(), tallies=()), AT)


@pytest.mark.parametrize(
    ("amount", "currency", "text"), [(1250, "HKD", "HK$12.50"), (-1250, "HKD", "-HK$12.50"), (1250, "JPY", "¥1,250 JPY")]
)
def test_a_sum_below_nothing_has_its_sign_and_one_yen_is_no_yuan(amount: int, currency: str, text: str) -> None:
    assert shift_lines.signed(amount, currency, "en") == text
