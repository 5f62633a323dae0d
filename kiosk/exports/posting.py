"""Sales as double entry, for an accounting system: by Z report and tender, or by sale. The columns are in docs/exports.md. Pure.

Every entry sums to zero in its currency: what is debited is credited. The clearing account is what WeChat owes the shop; its
settlements are booked against it by whoever books the bank.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from kiosk.config.posting import PostingConfig
from kiosk.control.shift_desk import of_json
from kiosk.core.shift_lines import business_day_of
from kiosk.core.shifts import Tally
from kiosk.exports.rows import Row, Shop, plain

COLUMNS = ("entry", "date", "account", "debit", "credit", "currency", "text", "tender", "z", "document")

Told = dict[str, Any]


@dataclass(frozen=True, slots=True)
class Line:
    """One line of an entry, in smallest units: one of debit and credit is nothing."""

    entry: str
    date: str
    account: str
    debit: int
    credit: int
    currency: str
    text: str
    tender: str
    z: int | None
    document: str

    def row(self) -> Row:
        """As texts under COLUMNS."""
        return {
            "entry": self.entry,
            "date": self.date,
            "account": self.account,
            "debit": plain(self.debit, self.currency),
            "credit": plain(self.credit, self.currency),
            "currency": self.currency,
            "text": self.text,
            "tender": self.tender,
            "z": None if self.z is None else str(self.z),
            "document": self.document,
        }


@dataclass(frozen=True, slots=True)
class _Entry:
    """What all lines of an entry share."""

    name: str
    date: str
    currency: str
    tender: str
    z: int | None
    document: str

    def moved(self, debit: str, credit: str, amount: int, text: str) -> Iterator[Line]:
        """So much from one account to another."""
        if amount:
            yield self._line(debit, amount, 0, text)
            yield self._line(credit, 0, amount, text)

    def sold(self, accounts: PostingConfig, amount: int, tips: int) -> Iterator[Line]:
        """What WeChat took for the shop: a part of it may be tips."""
        if amount:
            yield self._line(accounts.clearing, amount, 0, "sales")
        if amount - tips:
            yield self._line(accounts.sales, 0, amount - tips, "sales")
        if tips:
            yield self._line(accounts.tips, 0, tips, "tips")

    def _line(self, account: str, debit: int, credit: int, text: str) -> Line:
        shared = (self.currency, text, self.tender, self.z, self.document)
        return Line(self.name, self.date, account, debit, credit, *shared)


def of_shift(told: Told, accounts: PostingConfig) -> Iterator[Line]:
    """A Z report, as shift_desk.as_json tells it: an entry for each tender and currency."""
    shift = of_json(told)
    for tally in shift.tallies:
        name = f"{shift.shift_id}-{tally.tender.value}-{tally.currency}"
        date = business_day_of(shift).isoformat()
        entry = _Entry(name, date, tally.currency, tally.tender.value, shift.z, shift.shift_id)
        yield from _of_tally(entry, tally, accounts)


def of_sale(told: Told, accounts: PostingConfig, shop: Shop) -> Iterator[Line]:
    """A paid sale, as the ledger's export tells it."""
    number = told["out_trade_no"]
    entry = _Entry(number, shop.day(told["settled_at"]), told["currency"], str(told["tender"]), told["z"], number)
    yield from entry.sold(accounts, told["amount"], told["tip"] or 0)


def of_refund(told: Told, accounts: PostingConfig, shop: Shop, start: int, end: int) -> Iterator[Line]:
    """A refund that was accepted, or failed after that, from `start` up to and without `end`. Late money never was a sale."""
    number, tender, currency = told["out_refund_no"], str(told["tender"]), told["currency"]
    if told["late"]:
        return
    if told["accepted_at"] is not None and start <= told["accepted_at"] < end:
        entry = _Entry(number, shop.day(told["accepted_at"]), currency, tender, told["z"], told["out_trade_no"])
        yield from entry.moved(accounts.refunds, accounts.clearing, told["amount"], "refund")
    if told["failed_at"] is not None and start <= told["failed_at"] < end:
        name, day = f"{number}-failed", shop.day(told["failed_at"])
        entry = _Entry(name, day, currency, tender, told["failed_z"], told["out_trade_no"])
        yield from entry.moved(accounts.clearing, accounts.refunds, told["amount"], "refund not made")


def _of_tally(entry: _Entry, tally: Tally, accounts: PostingConfig) -> Iterator[Line]:
    yield from entry.sold(accounts, tally.sales, tally.tips)
    yield from entry.moved(accounts.refunds, accounts.clearing, tally.refunds, "refunds")
    yield from entry.moved(accounts.clearing, accounts.refunds, tally.failed, "refunds not made")
