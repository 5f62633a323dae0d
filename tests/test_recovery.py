"""After the loss of the ledger the order numbers are walked at the stand-in, and the day stands in a new ledger again."""

from __future__ import annotations

import json
import secrets
import shutil
import subprocess
import sys
from collections.abc import Iterator
from contextlib import closing
from dataclasses import dataclass, replace
from datetime import date
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner

from kiosk import config
from kiosk.cli import main
from kiosk.core import recovery as core
from kiosk.core import screens
from kiosk.core.errors import KioskError
from kiosk.core.lifecycle import next_call
from kiosk.core.model import (
    Answer,
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
    Refund,
    RefundState,
    Tender,
    Unknown,
    Why,
)
from kiosk.core.money import Money
from kiosk.core.numbers import OrderNumber, form_of, is_order_number, read_number
from kiosk.payment.ledger import SqliteLedger
from kiosk.recovery import command
from kiosk.sandbox.desk import Desk, RefundWanted
from tests.history import history_of
from tests.rig import Rig

HKD = Money(1250, "HKD")
MERCHANT = Direct("wx1", "1900")
NUMBER = "K07-260105-aa0001"
NOON = 1_767_585_600_000
FITS = {  # what the stand-in calls each state
    "PAID": "SUCCESS",
    "DECLINED": "PAYERROR",
    "CLOSED": "CLOSED",
    "REVERSED": "REVOKED",
    "REFUNDED": "REFUND",
    "ATTENTION": "REFUND",  # of a part only
    "REVERSING": "USERPAYING",
    "CLOSING": "NOTPAY",
}


# --- the walk ---


def walked(numbers: set[str], days: list[core.Day], generations: list[str]) -> list[str]:
    """Every number asked for, when WeChat has `numbers`."""
    asked: list[str] = []
    walk = core.walk("K07", days, generations)
    there: bool | None = None
    while True:
        try:
            question = next(walk) if there is None else walk.send(there)
        except StopIteration:
            return asked
        asked.append(str(question.number))
        there = str(question.number) in numbers


def numbered(day: str, generation: str, *counters: int) -> set[str]:
    return {f"K07-{day}-{generation}{counter:04d}" for counter in counters}


def test_a_walk_goes_over_gaps_and_ends_after_fifty_of_them() -> None:
    """49 armed orders in a row do not hide the one behind them; 50 numbers after the last one the walk is over."""
    there = numbered("260105", "aa", 1, 2, 52)
    asked = walked(there, [core.Day("260105", {"aa": 0})], [])
    assert set(asked) >= there
    assert asked[-1] == "K07-260105-aa0102"
    assert len(asked) == len(set(asked))


def test_a_walk_goes_at_least_as_far_as_the_ledger_has_numbers() -> None:
    """What the ledger has is never cut off by a long gap."""
    there = numbered("260105", "aa", 120)
    assert there <= set(walked(there, [core.Day("260105", {"aa": 120})], []))


def test_a_search_finds_a_generation_whose_first_orders_were_never_sent() -> None:
    """It looks at the first three numbers of each generation, then walks the one it found, asking for nothing twice."""
    there = numbered("260105", "zb", 3, 4, 30)
    asked = walked(there, [core.Day("260105", search=True)], ["za", "zb", "zc"])
    assert set(asked) >= there
    assert asked[:4] == [*sorted(numbered("260105", "za", 1) | numbered("260105", "zb", 1) | numbered("260105", "zc", 1)),
                         "K07-260105-za0002"]  # fmt: skip
    assert len(asked) == len(set(asked)) == 9 + 27 + 50


def test_a_search_that_finds_nothing_ends_after_the_first_numbers_of_each_generation() -> None:
    """A day on which nothing was sold."""
    asked = walked(set(), [core.Day("260105", search=True)], ["za", "zb"])
    assert len(asked) == len(set(asked)) == 6


def test_a_generation_found_today_is_walked_yesterday_without_a_search() -> None:
    """One lost ledger had one generation."""
    there = numbered("260105", "zb", 1) | numbered("260104", "zb", 1, 2)
    asked = walked(there, [core.Day("260105", search=True), core.Day("260104", search=True)], ["za", "zb"])
    assert set(asked) >= there
    assert not any(number.startswith("K07-260104-za") for number in asked)


def test_a_known_generation_does_not_keep_the_other_from_being_searched() -> None:
    """A kiosk that has sold with its new ledger before anybody thought of recovering."""
    there = numbered("260105", "nn", 1) | numbered("260105", "zb", 1, 2)
    assert set(walked(there, [core.Day("260105", {"nn": 1}, search=True)], ["nn", "za", "zb"])) >= there


def test_a_walk_that_finds_every_number_ends() -> None:
    """Whoever knows all numbers is not believed for ever."""
    walk = core.walk("K07", [core.Day("260105", {"aa": 0})], [])
    next(walk)
    for _ in range(core.MOST - 1):
        walk.send(True)
    with pytest.raises(core.TooMany):
        walk.send(True)


def test_a_number_is_read_as_it_was_made() -> None:
    """Kiosk, day, generation and counter; a refund's number, or one with anything around it, is none."""
    for number in (OrderNumber("K_7", "260105", "a7", 1), OrderNumber("K07", "260105", "a7", 12345)):
        assert read_number(str(number)) == number
        assert form_of(number.kiosk_id).fullmatch(str(number))
    for other in (
        "K07-260105-a700012",
        "K07-260105-a70001-R1",
        "K07-260105-a70001\n",
        "K-7-260105-a70001",
        "K07-260105-a7001",
        "S-K07-260105-a70001",
    ):
        assert not is_order_number(other)
        assert read_number(other) is None


# --- the rows ---


def says(outcome: Outcome, tender: Tender | None = Tender.QUICK_PAY, **echo: Any) -> Answer:
    usual: dict[str, Any] = {"out_trade_no": NUMBER, "total": HKD, "tender": tender}
    return Answer(outcome, Echo(**usual | echo), transaction_id="42")


PAID = Paid("42", HKD, NOON + 500)


@pytest.mark.parametrize(
    ("outcome", "tender", "state", "sale"),
    [
        (PAID, Tender.QUICK_PAY, "PAID", "paid"),
        (PAID, Tender.NATIVE, "PAID", "paid"),
        (Declined(Decline.PAYMENT_FAILED, clean_up=True), Tender.QUICK_PAY, "DECLINED", "unpaid"),
        (Ended(OrderState.CLOSED), Tender.NATIVE, "CLOSED", "unpaid"),
        (Ended(OrderState.REVERSED), Tender.QUICK_PAY, "REVERSED", "unpaid"),
        (Ended(OrderState.REFUNDED), Tender.QUICK_PAY, "REFUNDED", "refunded"),
        (Pending(payer_acts=True), Tender.QUICK_PAY, "REVERSING", "open"),
        (Pending(), Tender.NATIVE, "CLOSING", "open"),
    ],
)
def test_each_answer_makes_a_row_the_ledger_takes(outcome: Outcome, tender: Tender, state: str, sale: str) -> None:
    """With the guards of the schema as they are, and the word "recovered" in the history."""
    order = core.rebuild(NUMBER, says(outcome, tender), MERCHANT, NOON, NOON + 900)
    assert isinstance(order, Order)
    with closing(SqliteLedger.in_memory()) as ledger:
        ledger.commit(core.records(order), NOON + 900)
        (line,) = ledger.lines(0, 1 << 60)
        assert (line.state, line.sale_state, line.tender, line.amount, line.currency) == (state, sale, tender, 1250, "HKD")
        assert {each.why for each in history_of(ledger, NUMBER)} == {"recovered"}
        assert (next_call(order, at_counter=False) is not None) == (sale == "open")
        assert ledger.load(0).counters == {"260105": 1}


def test_when_it_was_opened_is_what_wechat_was_told() -> None:
    """Else it would be taken for a copy's order the next time it is asked for."""
    answer = says(PAID, opened_at=NOON - 777)
    order = core.rebuild(NUMBER, answer, MERCHANT, NOON, NOON + 900)
    assert isinstance(order, Order)
    assert order.opened_at == NOON - 777
    assert core.contradiction(order, (), answer, MERCHANT) is None
    assert core.contradiction(replace(order, opened_at=NOON), (), answer, MERCHANT) is not None


def test_a_refund_under_way_goes_on_and_one_that_is_done_is_counted() -> None:
    """All of it went back under this kiosk's own number."""
    order = core.rebuild(NUMBER, says(Ended(OrderState.REFUNDED)), MERCHANT, NOON, NOON + 900)
    assert isinstance(order, Order)
    first = next(core.refund_numbers(order))
    assert core.refunded(order, first, Answer(NotFound()), NOON) is None
    for outcome, state, refund_state in ((Pending(), "REFUNDING", "ACCEPTED"), (Ended(OrderState.REFUNDED), "REFUNDED", "DONE")):
        found = core.refunded(order, first, Answer(outcome, transaction_id="50"), NOON + 900)
        assert found is not None
        with closing(SqliteLedger.in_memory()) as ledger:
            ledger.commit(core.records(*found), NOON + 900)
            (line,) = ledger.lines(0, 1 << 60)
            (refund,) = ledger.refunds_of(NUMBER)
            assert (line.state, line.refunded, refund.state, refund.out_refund_no) == (state, 1250, refund_state, NUMBER + "-R1")


def test_a_refund_that_does_not_say_what_became_of_it_is_a_persons() -> None:
    """And so is one whose order WeChat tells without its transaction; the numbers to ask for come to an end."""
    order = core.rebuild(NUMBER, says(Ended(OrderState.REFUNDED)), MERCHANT, NOON, NOON + 900)
    assert isinstance(order, Order)
    numbers = list(core.refund_numbers(order))
    assert [one.out_refund_no for one in numbers] == [f"{NUMBER}-R{count}" for count in range(1, core.REFUND_NUMBERS + 1)]
    for outcome, words in ((Declined(Decline.PAYMENT_FAILED), "did not come to its end"), (core.PART, "gave back a part")):
        found = core.refunded(order, numbers[0], Answer(outcome), NOON + 900)
        assert found is not None
        assert (found[0].state, words in (found[0].note or ""), found[1]) == (OrderState.ATTENTION, True, None)


@pytest.mark.parametrize(
    "answer",
    [
        says(PAID, None),
        says(Pending(), total=None),
        says(PAID, merchant_numbers=(("mchid", "1901"),)),
        says(PAID, out_trade_no="K07-260105-aa0002"),
    ],
)
def test_an_answer_that_tells_too_little_or_of_another_makes_no_row(answer: Answer) -> None:
    """It is told in words instead."""
    assert isinstance(core.rebuild(NUMBER, answer, MERCHANT, NOON, NOON), str)


@pytest.mark.parametrize(
    ("state", "outcome", "fits"),
    [
        ("PAID", PAID, True),
        ("PAID", Paid("43", HKD), False),
        ("PAID", Paid("42", Money(1, "HKD")), False),
        ("PAID", NotFound(), False),
        ("PAID", Ended(OrderState.REVERSED), False),
        ("PAID", Ended(OrderState.REFUNDED), False),
        ("DECLINED", Declined(Decline.PAYMENT_FAILED), True),
        ("DECLINED", Ended(OrderState.REVERSED), True),
        ("DECLINED", NotFound(), True),
        ("DECLINED", PAID, False),
        ("VOID", Pending(), False),
        ("REVERSED", Ended(OrderState.REFUNDED), True),
        ("REVERSING", PAID, True),
    ],
)
def test_a_row_and_an_answer_either_fit_or_not(state: str, outcome: Outcome, fits: bool) -> None:
    """What the kiosk still asks for is no contradiction; money that only one side knows of is."""
    order = Order(NUMBER, "S", Tender.QUICK_PAY, HKD, NOON, OrderState(state), sent_at=NOON, transaction_id="42")
    assert (core.contradiction(order, (), Answer(outcome), MERCHANT) is None) == fits


@pytest.mark.parametrize("outcome", [NotFound(), Unknown(Why.TIMEOUT)])
def test_no_answer_makes_no_row(outcome: Outcome) -> None:
    """Nor does one contradict a row that says what it knows."""
    assert "cannot be read" in str(core.rebuild(NUMBER, Answer(outcome), MERCHANT, NOON, NOON))
    order = Order(NUMBER, "S", Tender.QUICK_PAY, HKD, NOON, OrderState.VOID, sent_at=NOON)
    assert core.contradiction(order, (), Answer(outcome), MERCHANT) is None


def test_a_refund_in_the_ledger_explains_what_wechat_shows() -> None:
    """A paid order of which money was given back is REFUND at WeChat."""
    order = Order(NUMBER, "S", Tender.QUICK_PAY, HKD, NOON, OrderState.PAID, sent_at=NOON, transaction_id="42")
    refund = Refund(NUMBER + "-R1", NUMBER, HKD, NOON, RefundState.DONE)
    assert core.contradiction(order, (refund,), Answer(Ended(OrderState.REFUNDED)), MERCHANT) is None


# --- the command, over HTTP to the stand-in ---


@dataclass
class Shop:
    """A stopped kiosk after a day of sales, and its stand-in."""

    rig: Rig
    day: date

    @property
    def toml(self) -> Path:
        return self.rig.folder / "kiosk.toml"

    def lose_the_card(self) -> None:
        for file in self.rig.folder.glob("kiosk.db*"):
            file.unlink()

    def recover(self, **how: Any) -> command.Report:
        usual: dict[str, Any] = {"day": self.day, "generation": "aa", "sleep": lambda _: None}
        return command.recover(config.load(self.toml), **usual | how)

    def kiosk(self, *words: str) -> tuple[int, str]:
        done = CliRunner().invoke(main, ["--config", str(self.toml), *words])
        return done.exit_code, done.output

    def orders(self) -> list[dict[str, Any]]:
        code, output = self.kiosk("orders", "--day", self.day.isoformat())
        assert code == 0, output
        return [json.loads(line) for line in output.splitlines()]

    def agrees(self) -> None:
        """`kiosk orders` has every order of the stand-in, as the stand-in has it, and no other."""
        bank = {order["out_trade_no"]: order for order in self.rig.bank.orders()}
        lines = {line["out_trade_no"]: line for line in self.orders()}
        assert lines.keys() == bank.keys()
        for number, line in lines.items():
            theirs = bank[number]
            assert FITS[line["state"]] == theirs["trade_state"]
            assert (line["amount"], line["currency"], line["transaction_id"]) == (
                theirs["total"],
                theirs["currency"],
                theirs["transaction_id"],
            )
            assert line["tender"] == {"MICROPAY": "quick_pay", "NATIVE": "native"}[theirs["trade_type"]]

    def rows(self) -> list[str]:
        """Everything in the ledger but the time of its opening."""
        with closing(SqliteLedger.open(self.rig.folder / "kiosk.db", generation=lambda: "xx", now=0)) as ledger:
            lines = ledger.lines(0, 1 << 60)
            return [*map(str, lines), *(str(history_of(ledger, line.out_trade_no)) for line in lines), str(ledger.load(0))]


@pytest.fixture(scope="module")
def sold(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The folder of a kiosk and its stand-in, both stopped after a day of sales: see `sell_a_day`."""
    rig = Rig(tmp_path_factory.mktemp("sold"))
    rig.start()
    try:
        sell_a_day(rig)
    finally:
        rig.close()
    return rig.folder


@pytest.fixture
def shop(sold: Path, tmp_path: Path) -> Iterator[Shop]:
    """A copy of it, with the stand-in up again."""
    folder = tmp_path / "desk"
    shutil.copytree(sold, folder)
    toml, old = folder / "kiosk.toml", json.loads((folder / "sandbox.json").read_text("utf-8"))["url"]
    rig = Rig(folder)
    text = toml.read_text("utf-8").replace(old, rig.server.url)
    toml.write_text(text.replace("[merchant]", '[merchant]\ntime_zone = "Asia/Hong_Kong"'), "utf-8")
    number = read_number(rig.bank.orders()[0]["out_trade_no"])
    assert number is not None
    yield Shop(rig, date(2000 + int(number.day[:2]), int(number.day[2:4]), int(number.day[4:])))
    rig.server.stop()


def sell_a_day(rig: Rig) -> None:
    """Paid twice, never sent, reversed, declined, closed, all refunded, a part refunded, and two still open."""
    trouble, desk = rig.bank.trouble, Desk(rig.bank)
    trouble.set("close_five_minutes", "off")
    quick_pay(rig, "1 0 0")
    rig.sees(screens.PaidScreen)
    rig.press("2 0 0 QR")
    pay_native(rig)
    rig.press("3 0 0 OK")
    rig.sees(screens.Scanning)
    rig.press("CANCEL")
    rig.sees(screens.CancelledScreen)
    trouble.set("password", "next")
    quick_pay(rig, "4 0 0")
    rig.sees(screens.Password)
    trouble.set("clock_ahead_s", 60)  # the stand-in revokes what nobody paid within 45 s
    rig.until(lambda: rig.lines()[-1].state == "REVERSED", "REVERSED")
    trouble.set("decline", "NOT_ENOUGH")
    quick_pay(rig, "5 0 0")
    rig.sees(screens.DeclinedScreen)
    rig.press("6 0 0 QR")
    desk.close(order_shown(rig))
    rig.until(lambda: rig.lines()[-1].state == "CLOSED", "CLOSED")
    for amount, back in ((700, 700), (800, 300)):
        quick_pay(rig, f"{amount // 100} 0 0")
        rig.sees(screens.PaidScreen)
        number = rig.lines()[-1].out_trade_no
        desk.refund(RefundWanted(number, "", f"{number}-R1", back, amount, "HKD", "", f"body {back}"))
    rig.press("9 0 0 QR")
    order_shown(rig)
    rig.press("CANCEL")
    rig.sees(screens.Cancelling)
    trouble.set("password", "next")
    trouble.set("late_success_s", 86_400)  # without it the stand-in revokes the order in 45 s
    quick_pay(rig, "9 9 9")
    rig.sees(screens.Password)


def quick_pay(rig: Rig, keys: str) -> None:
    rig.until(lambda: not isinstance(rig.views[-1].screen, screens.Scanning), "no longer scanning")
    if not isinstance(rig.views[-1].screen, screens.Idle):
        rig.press("OK")
    rig.press(f"{keys} SCAN")
    rig.sees(screens.Scanning)
    rig.scanner.show(rig.bank.new_code())


def order_shown(rig: Rig) -> str:
    """The number of the order whose QR is on the screen now."""
    rig.sees(screens.ShowingQr)
    rig.until(lambda: rig.bank.orders()[-1]["trade_type"] == "NATIVE", "placed")
    return str(rig.bank.orders()[-1]["out_trade_no"])


def pay_native(rig: Rig) -> None:
    number = order_shown(rig)
    rig.bank.scan(rig.bank.book[number].code_url)
    rig.bank.approve(number)
    rig.sees(screens.PaidScreen)


def test_the_day_is_rebuilt_as_the_stand_in_has_it(shop: Shop) -> None:
    """Each ending has its row; what is only partly refunded is a person's to decide, and makes the exit code 1."""
    shop.lose_the_card()
    report = shop.recover()
    shop.agrees()
    assert sorted(found.state for found in report.recovered) == sorted([*FITS, "PAID"])  # one of each, and a second payment
    assert report.stopped is None
    assert [number for number, _ in report.problems] == [f.out_trade_no for f in report.recovered if f.state == "ATTENTION"]
    assert report.open == 2
    (refunded,) = [line for line in shop.orders() if line["state"] == "REFUNDED"]
    assert refunded["refunded"] == 700


def test_a_second_run_changes_nothing(shop: Shop) -> None:
    """What is in the ledger stays as it is, and is counted as known."""
    shop.lose_the_card()
    first = shop.recover()
    before = shop.rows()
    second = shop.recover()
    assert (second.recovered, second.known, second.problems) == ([], len(first.recovered), [])
    assert shop.rows() == before


def test_the_generation_is_searched_when_nobody_knows_it(shop: Shop) -> None:
    """Here among four; the person who waits is told how to make it quick."""
    shop.lose_the_card()
    told: list[str] = []
    shop.recover(generation=None, alphabet="ab", tell=told.append)
    shop.agrees()
    assert "--generation" in told[0]


def test_a_kiosk_that_has_sold_since_still_finds_what_was_lost(shop: Shop) -> None:
    """A new ledger of another generation, with a sale of today in it, does not hide the old one."""
    shop.lose_the_card()
    shop.rig._open_ledger = lambda: SqliteLedger.open(  # type: ignore[method-assign]
        shop.rig.folder / "kiosk.db", generation=lambda: "bb", now=shop.rig.clock.now()
    )
    shop.rig.start()
    try:
        quick_pay(shop.rig, "1 1 1")
        shop.rig.sees(screens.PaidScreen)
    finally:
        shop.rig.stop()
    report = shop.recover(generation=None, alphabet="ab")
    assert report.known == 1
    shop.agrees()


def test_the_kiosk_ends_what_was_recovered_open_and_uses_no_number_again(shop: Shop) -> None:
    """A QR of the lost kiosk that is paid late is refunded by the ordinary queue; the next sale has a number of its own."""
    rig = shop.rig
    shop.lose_the_card()
    shop.recover()
    (closing_one,) = [line["out_trade_no"] for line in shop.orders() if line["state"] == "CLOSING"]
    lost = {order["out_trade_no"] for order in rig.bank.orders()}
    rig.bank.scan(rig.bank.book[closing_one].code_url)
    rig.bank.approve(closing_one)
    rig.start()
    try:
        rig.until(lambda: rig.bank.book[closing_one].state == "REFUND", "late money given back")
        rig.bank.trouble.set("password", "never")
        quick_pay(rig, "1 1 1")
        rig.sees(screens.PaidScreen)
        assert rig.bank.orders()[-1]["out_trade_no"] not in lost
    finally:
        rig.stop()


def test_a_ledger_of_the_lost_generation_counts_on_behind_what_is_recovered(shop: Shop) -> None:
    """As after a copy was put back that is older than the day."""
    shop.lose_the_card()
    with closing(SqliteLedger.open(shop.rig.folder / "kiosk.db", generation=lambda: "aa", now=0)):
        pass
    shop.recover()
    last = max(read_number(number).counter for number in shop.rig.bank.book)  # type: ignore[union-attr]
    with closing(SqliteLedger.open(shop.rig.folder / "kiosk.db", generation=lambda: "xx", now=0)) as ledger:
        assert ledger.load(0).counters == {f"{shop.day:%y%m%d}": last}


def test_a_new_ledger_is_never_of_the_lost_generation(shop: Shop, monkeypatch: pytest.MonkeyPatch) -> None:
    """Not all of it may be found: chance is not asked about it."""
    shop.lose_the_card()
    monkeypatch.setattr(secrets, "choice", lambda some: some[0])  # the first is "aa", were it not the lost one
    shop.recover()
    with closing(SqliteLedger.open(shop.rig.folder / "kiosk.db", generation=lambda: "xx", now=0)) as ledger:
        assert ledger.generation == "ab"


def test_a_dry_run_says_the_same_and_writes_nothing(shop: Shop) -> None:
    """Neither a file that was not there nor a row in one that is."""
    shop.lose_the_card()
    dry = shop.recover(dry_run=True)
    assert not (shop.rig.folder / "kiosk.db").exists()
    with closing(SqliteLedger.open(shop.rig.folder / "kiosk.db", generation=lambda: "bb", now=0)):
        pass
    before = shop.rows()
    again = shop.recover(dry_run=True)
    assert shop.rows() == before
    wet = shop.recover()
    assert dry.recovered == again.recovered == wet.recovered


def test_a_network_that_goes_away_is_told_with_how_far_it_came(shop: Shop) -> None:
    """Exit code 1 and the last number; what was found stays, and the next run finds the rest."""
    shop.lose_the_card()

    def cut(line: str) -> None:
        if "REVERSED" in line:
            shop.rig.bank.trouble.set("drop_before", -1)

    report = shop.recover(tell=cut)
    assert report.stopped is not None
    assert not report.well
    assert report.last is not None
    assert report.last in report.stopped
    assert report.last in report.as_text()
    assert 0 < len(report.recovered) < len(shop.rig.bank.book)
    assert len(shop.orders()) == len(report.recovered)
    shop.rig.bank.trouble.set("drop_before", 0)
    shop.recover()
    shop.agrees()


def test_a_wechat_that_is_not_there_at_all_is_told_at_once(shop: Shop) -> None:
    """And no ledger is made."""
    shop.lose_the_card()
    shop.rig.bank.trouble.set("offline", "refuse")
    with pytest.raises(KioskError, match="cannot be reached"):
        shop.recover()
    assert not (shop.rig.folder / "kiosk.db").exists()


def test_a_429_makes_it_pause_and_lost_answers_are_asked_for_again(shop: Shop) -> None:
    """It never asks faster than ten times a second, and more slowly when it is told to."""
    shop.lose_the_card()
    pauses: list[float] = []
    shop.rig.bank.trouble.set("strikes", "query")
    for trouble, times, expected in (("rate_limited", 4, [1, 2, 4, 8]), ("drop_after", 2, [1, 2])):
        pauses.clear()
        shop.rig.bank.trouble.set(trouble, times)
        report = shop.recover(sleep=pauses.append)
        shop.agrees()
        assert pauses.count(command.APART_S) == report.asked
        assert [pause for pause in pauses if pause != command.APART_S] == expected
    assert command.APART_S >= 0.1


def test_a_contradiction_is_told_and_the_row_stays(shop: Shop) -> None:
    """A payment that WeChat tells otherwise than the ledger."""
    number = next(n for n, order in shop.rig.bank.book.items() if order.state == "SUCCESS")
    shop.rig.bank.book[number].state = type(shop.rig.bank.book[number].state)("CLOSED")
    before = shop.rows()
    report = shop.recover()
    assert number in [each for each, _ in report.problems]
    assert shop.rows() == before


def test_a_run_that_is_killed_is_gone_on_with_by_the_next(shop: Shop) -> None:
    """Each order is committed when it is found."""
    shop.lose_the_card()
    words = ["--config", str(shop.toml), "recover", "--day", shop.day.isoformat(), "--generation", "aa"]
    with subprocess.Popen([sys.executable, "-m", "kiosk", *words], stderr=subprocess.PIPE, text=True) as run:
        assert run.stderr is not None
        assert any("REVERSED" in line for line in run.stderr)
        run.kill()
    kept = len(shop.orders())
    assert 0 < kept < len(shop.rig.bank.book)
    report = shop.recover()
    assert report.known == kept
    shop.agrees()


def test_the_command_prints_what_it_found_and_how_it_went(shop: Shop, monkeypatch: pytest.MonkeyPatch) -> None:
    """JSON on stdout, progress on stderr; 1 while a person has to look at something, 0 when all is well."""
    monkeypatch.setattr(command, "APART_S", 0)
    shop.lose_the_card()
    words = ["--config", str(shop.toml), "recover", "--day", shop.day.isoformat(), "--generation", "aa"]
    first = CliRunner().invoke(main, [*words, "--json"])
    said = json.loads(first.stdout)
    assert (first.exit_code, said["complete"], said["stopped"], said["dry_run"]) == (1, True, None, False)
    assert {each["out_trade_no"] for each in said["recovered"]} == set(shop.rig.bank.book)
    assert set(said["recovered"][0]) == {"out_trade_no", "state", "tender", "amount", "currency", "transaction_id"}
    assert "PAID 1.00 HKD" in first.stderr
    second = CliRunner().invoke(main, words)
    assert second.exit_code == 0, second.output
    assert "0 orders recovered, 9 were in the ledger already" in second.stdout
