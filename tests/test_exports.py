"""Exports: one place makes the rows, in pieces; a posting file balances, and comes to what the Z reports say."""

from __future__ import annotations

import csv
import io
import json
from collections import Counter
from collections.abc import Iterator
from dataclasses import replace
from datetime import date, time
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from click.testing import CliRunner
from hypothesis import given, settings
from hypothesis import strategies as st

from kiosk.cli import main
from kiosk.config.posting import PostingConfig
from kiosk.core import shifts
from kiosk.core.commands import Insert, Update
from kiosk.core.errors import KioskError
from kiosk.core.model import OrderState, RefundState, Tender
from kiosk.core.money import Money
from kiosk.exports import forms, posting, source, told
from kiosk.exports.rows import COLUMNS, Shop
from kiosk.exports.source import Ask, Export
from kiosk.payment import export_rows
from kiosk.payment.ledger import SqliteLedger
from tests import shift_samples
from tests.ledger_samples import order, refund, sale
from tests.test_cli import HONG_KONG, kiosk, put, shop, sold

__all__ = ["shop"]

ACCOUNTS = PostingConfig()
FOUR = Shop(HONG_KONG, time(4))
DAY = 86_400_000
NOON = 1_767_672_000_000  # 2026-01-06 12:00 in Hong Kong
JANUARY = (date(2026, 1, 1), date(2026, 1, 31))


def asks(ledger: SqliteLedger) -> Ask:
    """The ledger as whoever exports asks it, by way of JSON as over the socket."""

    def ask(request: dict[str, object]) -> dict[str, Any]:
        answer: dict[str, Any] = json.loads(json.dumps(told.piece(ledger, json.loads(json.dumps(request)))))
        assert "problem" not in answer, answer
        return answer

    return ask


def made(kind: str, form: str, ledger: SqliteLedger, days: tuple[date, date] = JANUARY) -> bytes:
    """The whole file."""
    return b"".join(source.pieces(Export(kind, form, *days), FOUR, ACCOUNTS, asks(ledger)))


def table(content: bytes) -> list[dict[str, str]]:
    """What a program reads of a CSV file."""
    return list(csv.DictReader(io.StringIO(content.decode("utf-8-sig"), newline="")))


def sell(ledger: SqliteLedger, counter: int, at: int, amount: int = 1250, tender: Tender = Tender.QUICK_PAY) -> None:
    """A paid sale."""
    money = Money(amount, "HKD")
    paid = order(counter, OrderState.PAID, money=money, tender=tender, opened_at=at, sent_at=at, anchor_at=at, settled_at=at)
    first = replace(paid, state=OrderState.SENT, transaction_id=None, paid_at=None, settled_at=None)
    ledger.commit([Insert(sale(counter, money=money), "keyed"), Insert(first, "sent")], at)
    ledger.commit([Update(replace(paid, paid_at=at), "paid")], at)


def give(ledger: SqliteLedger, counter: int, at: int, amount: int, *, fails: bool) -> None:
    """A refund, accepted; and given up by WeChat afterwards, if it fails."""
    asked = refund(counter, money=Money(amount, "HKD"), opened_at=at)
    ledger.commit([Insert(asked, "asked")], at)
    accepted = replace(asked, state=RefundState.ACCEPTED, refund_id=f"50{counter}")
    ledger.commit([Update(accepted, "accepted")], at)
    if fails:
        ledger.commit([Update(replace(accepted, state=RefundState.ATTENTION, settled_at=at, note="x"), "failed")], at)


class Zs:
    """Shifts of a ledger, one after the other."""

    def __init__(self, ledger: SqliteLedger) -> None:
        self.ledger = ledger

    def turn(self, at: int) -> None:
        """Close the open one, and open the next."""
        last = self.ledger.shifts.one(None)
        if last is not None and last.is_open:
            figures = self.ledger.shift_figures(None)
            assert figures is not None
            last = shifts.closed(shifts.report(figures, ()), at, None)
            self.ledger.commit([Update(last, "closed")], at)
        self.ledger.commit([Insert(shifts.next_shift(last, "K07", "aa", at, HONG_KONG, time(4)), "opened")], at)


# --- postings ---

Deed = st.tuples(st.sampled_from(["sell", "sell", "give", "fail", "turn"]), st.integers(1, 10**6), st.sampled_from(list(Tender)))


@settings(max_examples=40, deadline=None)
@given(st.lists(Deed, max_size=25))
def test_debits_equal_credits_and_both_equal_the_z_reports(deeds: list[tuple[str, int, Tender]]) -> None:
    """By sale and by Z: each entry sums to zero, and what is booked of a Z is what it says."""
    ledger = SqliteLedger.in_memory()
    zs = Zs(ledger)
    zs.turn(NOON)
    amounts: dict[int, int] = {}
    for place, (deed, amount, tender) in enumerate(deeds):
        at = NOON + place * 1000
        if deed == "sell":
            amounts[place] = amount
            sell(ledger, place, at, amount, tender)
        elif deed == "turn":
            zs.turn(at)
        elif amounts:
            counter, most = amounts.popitem()
            give(ledger, counter, at, 1 + amount % most, fails=deed == "fail")
    zs.turn(NOON + DAY)
    said = Counter[tuple[int, str]]()
    for z in range(1, ledger.shifts.one(None).z):
        for tally in ledger.shifts.one(z).tallies:
            said[z, ACCOUNTS.sales] += tally.sales
            said[z, ACCOUNTS.refunds] -= tally.refunds - tally.failed
            said[z, ACCOUNTS.clearing] -= tally.net
    for kind in ("sales", "shifts"):
        lines = list(source.postings(Export(kind, "posting", *JANUARY), FOUR, ACCOUNTS, asks(ledger)))
        booked = Counter[tuple[int, str]]()
        entries = Counter[tuple[str, str]]()
        for line in lines:
            assert (line.debit == 0) != (line.credit == 0)
            entries[line.entry, line.currency] += line.debit - line.credit
            booked[line.z, line.account] += line.credit - line.debit
        assert set(entries.values()) <= {0}, kind
        assert {key: amount for key, amount in booked.items() if amount} == {
            key: amount for key, amount in said.items() if amount
        }


def test_an_entry_of_a_z_has_tips_refunds_and_what_came_back() -> None:
    """Line by line, as docs/exports.md has it."""
    lines = list(posting.of_shift(told_of(shift_samples.Z), ACCOUNTS))
    assert [(line.account, line.debit, line.credit) for line in lines[:7]] == [
        ("1150", 640_550, 0),
        ("4000", 0, 628_250),
        ("4050", 0, 12_300),
        ("4090", 3_750, 0),
        ("1150", 0, 3_750),
        ("1150", 500, 0),
        ("4090", 0, 500),
    ]
    assert {line.entry for line in lines} == {"K07-aa-Z0012-quick_pay-HKD", "K07-aa-Z0012-native-HKD"}
    assert {line.date for line in lines} == {"2026-01-05"}
    assert lines[0].row()["debit"] == "6405.50"
    assert lines[0].row()["credit"] == ""


def told_of(shift: shifts.Shift) -> dict[str, Any]:
    from kiosk.control.shift_desk import as_json  # noqa: PLC0415  loaded where it is used

    return as_json(shift)


def test_late_money_is_no_sale_and_no_refund() -> None:
    """It never was the shop's."""
    row = {"out_refund_no": "x", "tender": "native", "currency": "HKD", "late": True, "accepted_at": NOON, "failed_at": None}
    assert list(posting.of_refund(row, ACCOUNTS, FOUR, 0, 2**60)) == []


def test_postings_are_of_sales_or_shifts() -> None:
    """In words."""
    with pytest.raises(KioskError, match="Postings are made"):
        made("refunds", "posting", SqliteLedger.in_memory())
    with pytest.raises(KioskError, match="before the first"):
        made("sales", "csv", SqliteLedger.in_memory(), (JANUARY[1], JANUARY[0]))


# --- rows ---


@pytest.fixture
def ledger() -> Iterator[SqliteLedger]:
    """A month with two Z reports, sales around the day's beginning, and refunds across two days."""
    made_ = SqliteLedger.in_memory()
    zs = Zs(made_)
    sell(made_, 1, NOON - DAY)  # before the first shift
    zs.turn(NOON)
    sell(made_, 2, NOON + 15 * 3_600_000)  # 03:00 of the next morning
    sell(made_, 3, NOON + 16 * 3_600_000, tender=Tender.NATIVE)  # 04:00
    zs.turn(NOON + DAY)
    give(made_, 2, NOON + DAY + 1, 500, fails=False)
    give(made_, 3, NOON + DAY + 2, 500, fails=True)
    zs.turn(NOON + 2 * DAY)
    sell(made_, 4, NOON + 2 * DAY + 1)
    yield made_
    made_.close()


def test_a_paid_sale_stands_on_its_business_day_and_names_its_z(ledger: SqliteLedger) -> None:
    """None before the first shift, none yet while it is open."""
    rows = table(made("sales", "csv", ledger))
    assert list(rows[0]) == list(COLUMNS["sales"])
    assert [(row["business_day"], row["z"], row["tender"], row["refunded"]) for row in rows] == [
        ("2026-01-05", "", "quick_pay", "0.00"),
        ("2026-01-06", "1", "quick_pay", "5.00"),
        ("2026-01-07", "1", "native", "0.00"),
        ("2026-01-08", "", "quick_pay", "0.00"),
    ]
    assert rows[0]["settled_at"] == "2026-01-05T12:00:00+08:00"
    (only,) = table(made("sales", "csv", ledger, (date(2026, 1, 6), date(2026, 1, 6))))
    assert only["out_trade_no"].endswith("0002")


def test_refunds_name_the_z_of_their_acceptance_and_of_their_failure(ledger: SqliteLedger) -> None:
    """As JSON, too, with the same keys."""
    rows = json.loads(made("refunds", "json", ledger))
    assert [(row["z"], row["failed_z"], row["amount"], row["late"]) for row in rows] == [
        ("2", None, "5.00", "no"),
        ("2", "2", "5.00", "no"),
    ]
    assert list(rows[0]) == list(COLUMNS["refunds"])


def test_shifts_have_a_row_for_each_tender_and_an_empty_one_has_one(ledger: SqliteLedger) -> None:
    """What is below nothing stays a number."""
    rows = table(made("shifts", "csv", ledger))
    assert [(row["z"], row["tender"], row["sales"], row["net"]) for row in rows] == [
        ("1", "native", "12.50", "12.50"),
        ("1", "quick_pay", "12.50", "12.50"),
        ("2", "native", "0.00", "0.00"),
        ("2", "quick_pay", "0.00", "-5.00"),
    ]


@pytest.mark.parametrize("kind", ["orders", "sales", "refunds", "shifts"])
def test_a_file_is_the_same_in_pieces_of_any_size(kind: str, ledger: SqliteLedger, monkeypatch: pytest.MonkeyPatch) -> None:
    """No row twice, none missing, also where several have the same time."""
    for counter in range(20, 30):
        sell(ledger, counter, NOON + 5 * DAY)
    whole = made(kind, "csv", ledger)
    for one in (export_rows.ExportRows.sales, export_rows.ExportRows.refunds):
        monkeypatch.setattr(one, "__defaults__", (export_rows.NOTHING, 1))
    monkeypatch.setattr(told, "PIECE", 1)
    assert made(kind, "csv", ledger) == whole
    assert whole.count(b"\n") > 2


def test_no_cell_is_a_formula_and_a_number_stays_one() -> None:
    """OWASP's list, and the wide forms of its signs."""
    for text in ("=1+1", "+1", "-1", "@SUM(A1)", "\t=1", "＝1", "-"):
        assert forms.safe(text) == f"'{text}"
    for text in ("12.50", "Harbour", ""):
        assert forms.safe(text) == text
    made_ = b"".join(forms.as_csv(("net", "text"), [{"net": "-5.00", "text": "-5.00"}]))
    assert made_.endswith(b"-5.00,'-5.00\r\n")


def test_a_request_that_is_no_request_is_refused() -> None:
    """Over the socket anything may come."""
    with_ledger = SqliteLedger.in_memory()
    good: dict[str, object] = {"kind": "sales", "start": 0, "end": 9, "after": None}
    assert told.piece(with_ledger, good) == {"ok": True, "rows": []}
    bad: list[dict[str, object]] = [
        {"kind": "keys"}, {"start": True}, {"end": 2**63}, {"start": -2}, {"after": [1]}, {"after": [1, 2]}, {"after": "x"},
        {"after": [2**63, ""]}, {"after": [1, "\ud800"]}, {"end": None},
    ]  # fmt: skip
    for change in bad:
        assert "problem" in told.piece(with_ledger, {**good, **change}), change


# --- the command ---


def test_the_command_writes_a_file_or_prints_it(shop: Path) -> None:
    """Without a kiosk that runs; the name says what it is and of when."""
    put(shop, *sold("K07-260105-a10001", NOON - DAY))
    done = kiosk("export", "sales", "--first", "2026-01-05", "--last", "2026-01-05", ".")
    assert done.output == "sales-2026-01-05-2026-01-05.csv\n"
    (row,) = table(Path("sales-2026-01-05-2026-01-05.csv").read_bytes())
    assert (row["amount"], row["currency"], row["business_day"]) == ("12.50", "HKD", "2026-01-05")
    printed = CliRunner().invoke(main, ["export", "sales", "--form", "posting", "--first", "2026-01-05", "--last", "2026-01-05"])
    assert [(line["account"], line["debit"], line["credit"]) for line in table(printed.stdout_bytes)] == [
        ("1150", "12.50", ""),
        ("4000", "", "12.50"),
    ]
    assert kiosk("export", "orders", "--first", "2026-01-05", "--last", "2026-01-05", "nowhere/x").exit_code == 1
    assert [path.name for path in shop.iterdir() if path.name.startswith(".")] == []


def test_a_shift_is_opened_shown_and_closed_by_command(shop: Path) -> None:
    """Without a kiosk that runs; a Z is there for ever."""
    assert kiosk("shift", "open").exit_code == 1, "shifts are off"
    text = Path("kiosk.toml").read_text()
    Path("kiosk.toml").write_text(text + "\n[shifts]\n")
    assert kiosk("report", "--x").exit_code == 1
    assert "X report" in kiosk("shift", "open", "--by", "Mei").stdout
    put(shop, *sold("K07-260105-a10001", NOON), *sold("K07-260105-a10002", NOON, OrderState.SENT))
    x = json.loads(kiosk("report", "--x", "--json").stdout)
    assert (x["kind"], x["opened_by"], x["tallies"][0]["sales"]) == ("X", "Mei", 1250)
    assert [one["number"] for one in x["handed_over"]] == ["K07-260105-a10002"]
    refused = kiosk("shift", "close")
    assert refused.exit_code == 1
    assert "K07-260105-a10002 (12.50 HKD)" in refused.output
    assert "Z report 1" in kiosk("shift", "close", "--hand-over", "--by", "Mei").stdout
    z = json.loads(kiosk("report", "--shift", "1", "--json").stdout)
    assert (z["kind"], z["closed_by"], z["zone"], z["day_starts"]) == ("Z", "Mei", "Asia/Hong_Kong", "00:00")
    assert kiosk("report", "--shift", "2").exit_code == 1
    assert kiosk("report", "--shift", "1", "--x").exit_code == 2


def test_the_shops_zone_is_a_zone() -> None:
    """Of the tests' own: Hong Kong has had no summer time since 1979."""
    assert isinstance(HONG_KONG, ZoneInfo)
