"""Shifts: every payment is in exactly one Z, whatever the clock said and however often the kiosk fell; and how one is closed."""

from __future__ import annotations

from collections import Counter
from dataclasses import replace
from datetime import date, time
from itertools import pairwise
from zoneinfo import ZoneInfo

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from kiosk.core import keying, past, shift_till, shifts, till
from kiosk.core.commands import Insert, Print, ReadShift, Reply, Update
from kiosk.core.errors import LedgerError
from kiosk.core.events import Event, Key, Pressed, ShiftAsked, ShiftRead, Tick
from kiosk.core.model import Order, OrderState, Refund, RefundState, Tender
from kiosk.core.operators import Operator, Role
from kiosk.core.shifts import Aim, Reading, Shift, Waiting
from kiosk.core.slips import Receipts, ShiftSlip
from kiosk.core.state import Kiosk, Settings, ShiftHabits, Step, wake_at
from kiosk.core.step import resume, step
from kiosk.payment.chain import OPEN_KEY
from kiosk.payment.ledger import SqliteLedger
from tests.ledger_samples import HKD, number, order, refund, sale
from tests.simulation.bank import MERCHANT

ZONE = ZoneInfo("Asia/Hong_Kong")
NOON = 1_767_672_000_000  # 2026-01-06 12:00 in Hong Kong
MINUTE, HOUR = 60_000, 3_600_000
KEPT = Settings(MERCHANT, "Harbour Snacks", "HKD", "K07", ZONE, receipts=Receipts.ASKED, shifts=ShiftHabits())


class Shop:
    """A kiosk's steps over a real ledger; `now` goes where a test sends it."""

    def __init__(self, kept: Settings = KEPT, now: int = NOON) -> None:
        self.ledger = SqliteLedger.in_memory()
        self.settings = kept
        self.now = now
        self.acts: list[object] = []
        self.kiosk: Kiosk
        self.start()

    def start(self) -> None:
        """A start of the process: only what was committed is there."""
        found = self.ledger.load(0)
        numbers = {one.out_trade_no for one in found.refunds}
        parents = {name: (row, self.ledger.refunds_of(name)) for name in numbers if (row := self.ledger.order(name))}
        made = resume(self.settings, found, parents, self.now)
        self.kiosk = self._take(made)
        self.kiosk.clock_known = True

    def happen(self, event: Event) -> list[object]:
        """The event, and what it has read; returns the acts."""
        self.acts = []
        self.kiosk = self._take(step(self.kiosk, event, self.now))
        return self.acts

    def _take(self, made: Step) -> Kiosk:
        self.ledger.commit(made.records, self.now)
        self.acts += made.acts
        kiosk = made.kiosk
        for act in made.acts:
            if isinstance(act, ReadShift):
                figures = self.ledger.shift_figures(act.wanted.z)
                kiosk = self._take(step(kiosk, ShiftRead(act.wanted, figures), self.now))
        return kiosk

    def keys(self, words: str) -> None:
        for word in words.split():
            self.happen(Pressed(Key(word)))

    def sold(self, counter: int, state: OrderState = OrderState.PAID) -> Order:
        """A sale written down as a step would, and known to the kiosk as far as it is open."""
        made = asked(counter) if state is OrderState.PAYING else order(counter, state)
        first = replace(made, state=OrderState.SENT, transaction_id=None, paid_at=None, settled_at=None, decline=None)
        self.ledger.commit([Insert(sale(counter), "keyed"), Insert(first, "sent")], self.now)
        self.ledger.commit([Update(made, "asked")], self.now)
        if state not in (OrderState.PAID, OrderState.DECLINED):
            self.kiosk.sales = {**self.kiosk.sales, made.sale_id: sale(counter)}
            self.kiosk.orders = {**self.kiosk.orders, made.out_trade_no: made}
        return made

    def close(self, *, hand_over: bool = False) -> Reply:
        """As the command does it."""
        numbers = frozenset(self.kiosk.orders) if hand_over else None
        wanted = Reading(Aim.CLOSE, hand_over=numbers, by="Ann", token="t")
        return next(act for act in self.happen(ShiftAsked("t", wanted)) if isinstance(act, Reply))


def asked(counter: int, state: OrderState = OrderState.PAYING) -> Order:
    """A QR that can be paid for ever: no time of the kiosk's ends it."""
    return order(counter, state, tender=Tender.NATIVE, opened_at=NOON, sent_at=NOON, anchor_at=NOON, expires_at=2**60)


def opened(shop: Shop) -> Shop:
    shop.happen(ShiftAsked("t", by="Ann"))
    return shop


def printed(acts: list[object]) -> list[ShiftSlip]:
    return [act.slip for act in acts if isinstance(act, Print) and isinstance(act.slip, ShiftSlip)]


# --- the rule ---

Deed = st.sampled_from(["sell", "sell", "sell", "pay late", "decline", "refund", "fail", "close", "open", "crash", "clock"])


@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(st.lists(st.tuples(Deed, st.integers(-3 * 86_400_000, 3 * 86_400_000)), max_size=40))
def test_every_payment_and_every_refund_is_in_exactly_one_z(deeds: list[tuple[str, int]]) -> None:  # noqa: PLR0915  a history
    """Random days with restarts and a clock that jumps both ways: the Z reports together are what the ledger's rows come to."""
    shop = opened(Shop())
    counter, waiting, paid, accepted = 0, [], [], []
    for deed, jump in deeds:
        shop.now += 1000
        match deed:
            case "sell":
                counter += 1
                paid.append(shop.sold(counter))
            case "pay late":
                counter += 1
                waiting.append(shop.sold(counter, OrderState.PAYING))
                if len(waiting) > 1:
                    done = waiting.pop(0)
                    after = asked(int(done.out_trade_no[-4:]), OrderState.PAID)
                    shop.ledger.commit([Update(after, "ask: paid")], shop.now)
                    shop.kiosk.orders = {n: o for n, o in shop.kiosk.orders.items() if n != done.out_trade_no}
                    paid.append(after)
            case "decline":
                counter += 1
                shop.sold(counter, OrderState.DECLINED)
            case "refund" if paid:
                given = refund(int(paid.pop().out_trade_no[-4:]))
                shop.ledger.commit([Insert(given, "asked")], shop.now)
                accepted.append(replace(given, state=RefundState.ACCEPTED, refund_id=f"50{given.out_refund_no}"))
                shop.ledger.commit([Update(accepted[-1], "accepted")], shop.now)
            case "fail" if accepted:
                lost = replace(accepted.pop(), state=RefundState.ATTENTION, settled_at=1, note="x")
                shop.ledger.commit([Update(lost, "could not")], shop.now)
            case "close":
                shop.close(hand_over=True)
            case "open":
                shop.happen(ShiftAsked("t"))
            case "crash":
                shop.start()
            case "clock":
                shop.now = max(0, shop.now + jump)
    shop.happen(ShiftAsked("t"))
    shop.close(hand_over=True)
    kept = [found for z in range(1, shop.kiosk.shift.z + 1) if (found := shop.ledger.shifts.one(z)) is not None]
    assert [one.z for one in kept] == list(range(1, len(kept) + 1))
    assert all(not one.is_open for one in kept)
    sums = Counter[str]()
    for one in kept:
        assert shifts.tallies(shop.ledger.shifts.counts(one)) == one.tallies, "a Z that is counted again is as it was printed"
        for tally in one.tallies:
            assert tally.net == tally.sales - tally.refunds + tally.failed
            sums.update(sold=tally.sales, times=tally.sale_count, back=tally.refunds, failed=tally.failed, no=tally.declined)
    rows = shop.ledger._file.rows("SELECT state, count(*) AS n, sum(amount) AS sum FROM orders GROUP BY state")
    orders = {row["state"]: (row["n"], row["sum"]) for row in rows}
    assert (sums["times"], sums["sold"]) == orders.get("PAID", (0, 0))
    assert sums["no"] == orders.get("DECLINED", (0, 0))[0]
    given = shop.ledger._file.rows("SELECT sum(amount) AS sum FROM refunds WHERE state IN ('ACCEPTED', 'DONE')")[0]["sum"] or 0
    assert sums["back"] - sums["failed"] == given
    assert shop.ledger.audit([OPEN_KEY]).well
    for before, after in pairwise(kept):
        assert [one.number for one in before.handed_over] == [one.number for one in after.taken_over]


def test_what_was_paid_while_no_shift_was_open_is_the_next_ones() -> None:
    """No gap between two shifts, and nothing of before the first."""
    shop = Shop()
    shop.sold(1)
    opened(shop)
    shop.sold(2)
    shop.close()
    shop.sold(3)
    opened(shop)
    shop.sold(4)
    assert [tally.sale_count for tally in shop.ledger.shifts.one(1).tallies] == [1]
    assert [count.count for count in shop.ledger.shift_figures(None).counts] == [2]


def test_the_first_sale_opens_a_shift_in_its_own_commit() -> None:
    """A crash leaves both or neither; the next sale opens no second one."""
    shop = Shop()
    made = step(_online(shop), Pressed(Key.D5), shop.now)
    made = step(made.kiosk, Pressed(Key.QR), shop.now)
    rows = [record.row for record in made.records]
    assert [type(row).__name__ for row in rows] == ["Sale", "Shift", "Order"]
    assert rows[1].opened_by is None
    assert rows[1].shift_id == "K07-aa-Z0001"
    shop.ledger.commit(made.records, shop.now)
    again = step(replace(made.kiosk, till=keying.Keying(7)), Pressed(Key.QR), shop.now)
    assert not [record for record in again.records if isinstance(record.row, Shift)]


def test_without_shifts_in_the_configuration_nothing_of_them_is_written() -> None:
    """[shifts] is optional."""
    shop = Shop(replace(KEPT, shifts=None))
    made = step(replace(_online(shop), till=keying.Keying(5)), Pressed(Key.QR), shop.now)
    assert [type(record.row).__name__ for record in made.records] == ["Sale", "Order"]
    assert "off" in shop.close().problem


def _online(shop: Shop) -> Kiosk:
    from kiosk.core.screens import Network  # noqa: PLC0415  loaded where it is used

    return replace(shop.kiosk, network=Network.ONLINE)


# --- closing ---


def test_whoever_works_here_stands_on_the_shift_that_their_keys_open_and_close() -> None:
    """And nobody, where nobody has said who works here."""
    for operator, name in ((Operator("Mei", Role.CASHIER), "Mei"), (None, None)):
        shop = Shop()
        shop.kiosk = replace(_online(shop), operator=operator)
        shop.keys("5 QR")
        assert shop.kiosk.shift.opened_by == name
        shop.kiosk.till = past.More(shop.now + 1000)
        shop.keys("1 1 OK")
        assert (shop.kiosk.shift.is_open, shop.kiosk.shift.closed_by) == (False, name)


def test_a_shift_is_never_closed_silently_over_what_is_unresolved() -> None:
    """The command is refused by name; closed all the same, it is on this Z and on the next one."""
    shop = opened(Shop())
    shop.sold(1)
    late = shop.sold(2, OrderState.PAYING)
    refused = shop.close()
    assert late.out_trade_no in refused.problem
    assert "12.50 HKD" in refused.problem
    assert shop.kiosk.shift.is_open
    assert shop.close(hand_over=True).problem is None
    named = (Waiting(late.out_trade_no, HKD, late.opened_at),)
    assert shop.kiosk.shift.handed_over == named
    opened(shop)
    assert shop.kiosk.shift.taken_over == named
    shop.ledger.commit([Update(asked(2, OrderState.PAID), "ask: paid")], shop.now)
    shop.kiosk.orders = {}
    shop.close()
    assert shop.kiosk.shift.taken_over == (replace(named[0], became=OrderState.PAID),)
    assert [tally.sale_count for tally in shop.kiosk.shift.tallies] == [1]


def test_on_the_screen_it_is_asked_and_what_came_in_meanwhile_is_asked_again() -> None:
    """OK closes over what was named, and over nothing else."""
    shop = opened(Shop())
    shop.sold(1, OrderState.PAYING)
    shop.kiosk.till = past.More(shop.now + 1000)
    shop.keys("1")
    assert isinstance(shop.kiosk.till, shift_till.Report)
    shop.keys("1")
    assert isinstance(shop.kiosk.till, shift_till.Closing)
    assert [one.number for one in shop.kiosk.till.shift.handed_over] == [number(1)]
    shop.sold(2, OrderState.PAYING)
    shop.keys("OK")
    assert shop.kiosk.shift.is_open
    assert [one.number for one in shop.kiosk.till.shift.handed_over] == [number(1), number(2)]
    shop.keys("OK")
    assert not shop.kiosk.shift.is_open
    assert isinstance(shop.kiosk.till, shift_till.Report)
    assert shop.kiosk.till.shift == shop.ledger.shifts.one(1)
    assert [slip.copy for slip in printed(shop.acts)] == [False]
    shop.keys("OK")
    assert [slip.copy for slip in printed(shop.acts)] == [True]


def test_a_z_can_be_seen_again_and_a_report_leaves_by_itself() -> None:
    """0 older, CLEAR newer, 1 opens the next; half a minute, and a passer-by reads nothing."""
    shop = opened(Shop())
    shop.close()
    opened(shop)
    shop.kiosk.till = past.More(shop.now + 1000)
    shop.keys("1")
    shop.keys("0")
    assert shop.kiosk.till.shift.z == 1
    shop.keys("1")
    assert shop.kiosk.till.shift.z == 1, "an old one is not closed"
    shop.keys("CLEAR")
    assert shop.kiosk.till.shift.z == 2
    shop.keys("1 CANCEL")
    assert isinstance(shop.kiosk.till, shift_till.Report)
    assert shop.kiosk.shift.is_open
    shop.now = wake_at(shop.kiosk, shop.now)
    shop.now = shop.kiosk.till.until
    shop.happen(Tick())
    assert isinstance(shop.kiosk.till, till.Idle)


def test_an_x_report_closes_nothing() -> None:
    """It can be printed as often as wanted, and is never a copy."""
    shop = opened(Shop())
    shop.sold(1)
    shop.happen(ShiftAsked("", Reading(Aim.PRINT)))
    shop.happen(ShiftAsked("", Reading(Aim.PRINT)))
    (slip,) = printed(shop.acts)
    assert slip.shift.is_open
    assert not slip.copy
    assert slip.shift.tallies[0].sales == HKD.amount


def test_a_sale_in_front_an_unknown_time_or_a_full_disk_keeps_a_shift_open() -> None:
    """In words."""
    shop = opened(Shop())
    shop.kiosk.till = keying.Keying(1)
    assert "in front" in shop.close().problem
    shop.kiosk.till = till.Idle()
    shop.kiosk.clock_known = False
    assert "time" in shop.close().problem
    assert shop.kiosk.shift.is_open


def test_a_time_of_day_closes_it_when_nobody_stands_there_and_waits_a_while_for_the_unresolved() -> None:
    """Half an hour at most; then they are handed over by name."""
    shop = opened(Shop(replace(KEPT, shifts=ShiftHabits(time(23, 30)))))
    due = NOON + 11 * HOUR + 30 * MINUTE
    shop.now = due - 1
    shop.happen(Tick())
    assert shop.kiosk.shift.is_open
    late = shop.sold(1, OrderState.PAYING)
    shop.now = due
    shop.happen(Tick())
    assert shop.kiosk.shift.is_open
    shop.now = due + 30 * MINUTE
    shop.kiosk.till = keying.Keying(1)
    shop.happen(Tick())
    assert shop.kiosk.shift.is_open
    shop.kiosk.till = till.Idle()
    shop.happen(Tick())
    assert not shop.kiosk.shift.is_open
    assert [one.number for one in shop.kiosk.shift.handed_over] == [late.out_trade_no]
    assert len(printed(shop.acts)) == 1
    shop.happen(Tick())
    assert shop.kiosk.shift.z == 1


# --- the ledger's own guards ---


def test_a_z_number_is_the_next_one_and_a_closed_shift_stays_as_it_is() -> None:
    """Whoever writes: no gap, no second open one, no change, no deletion."""
    shop = opened(Shop())
    first = shop.kiosk.shift
    with pytest.raises(LedgerError, match="UNIQUE"):
        shop.ledger.commit([Insert(replace(first, shift_id="K07-aa-Z0002", z=2), "twice")], 1)
    shop.close()
    done = shop.kiosk.shift
    for wrong in (replace(first, shift_id="K07-aa-Z0003", z=3), replace(first, shift_id="K07-aa-Z0009")):
        with pytest.raises(LedgerError, match="one after the last"):
            shop.ledger.commit([Insert(wrong, "a gap")], 1)
    with pytest.raises(LedgerError, match="closed once"):
        shop.ledger.commit([Update(replace(done, closed_by="Bob"), "edited")], 1)


def test_an_edited_z_is_noticed() -> None:
    """Its figures are in the history, under the same MAC as every sale."""
    shop = opened(Shop())
    shop.sold(1)
    shop.close()
    (guard,) = shop.ledger._file.rows("SELECT sql FROM sqlite_schema WHERE name = 'shifts_keep_what_they_are'")
    shop.ledger._file.rows("DROP TRIGGER shifts_keep_what_they_are")
    shop.ledger._file.rows("UPDATE shifts SET tallies = replace(tallies, '1250', '1249')")
    shop.ledger._file.rows(guard["sql"])
    (doubt,) = shop.ledger.audit([OPEN_KEY]).doubts
    assert doubt.startswith("shift K07-aa-Z0001: tallies is")


# --- the business day ---


def test_the_business_day_begins_when_the_shop_says() -> None:
    """What is sold after midnight is of the evening before, until the day begins; a day may have 23 or 25 hours."""
    four = time(4)
    assert shifts.business_day(NOON, ZONE, four) == date(2026, 1, 6)
    assert shifts.business_day(NOON + 15 * HOUR, ZONE, four) == date(2026, 1, 6)
    assert shifts.business_day(NOON + 16 * HOUR, ZONE, four) == date(2026, 1, 7)
    start, end = shifts.day_bounds(date(2026, 1, 6), ZONE, four)
    assert (start, end - start) == (NOON - 8 * HOUR, 24 * HOUR)
    berlin = ZoneInfo("Europe/Berlin")
    lengths = [end - start for start, end in (shifts.day_bounds(date(2026, m, d), berlin, four) for m, d in ((3, 28), (10, 24)))]
    assert lengths == [23 * HOUR, 25 * HOUR]
    assert shifts.next_time(NOON, time(12), ZONE) == NOON + 24 * HOUR
    assert shifts.next_time(NOON - 1, time(12), ZONE) == NOON


def test_refunds_asked_for_are_named_too_and_late_money_is_not_named_twice() -> None:
    """An order that was only armed never left, and is no question."""
    wanted = refund(1)
    late = Refund(number(2), number(2), HKD, 5, late=True)
    found = shifts.waiting(
        [order(2, OrderState.REFUNDING), order(3)], [wanted, late, replace(wanted, state=RefundState.ACCEPTED)]
    )
    assert [(one.number, one.refund) for one in found] == [(wanted.out_refund_no, True), (number(2), False)]
