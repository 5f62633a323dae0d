"""One place makes the rows of every export: what the ledger tells, as texts under the columns of docs/exports.md. Pure."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import datetime, time, tzinfo
from typing import Any

from kiosk.control.shift_desk import of_json
from kiosk.core.money import Money, major
from kiosk.core.shift_lines import business_day_of, zone_of
from kiosk.core.shifts import MIDNIGHT, Shift, business_day

Told = dict[str, Any]
Row = dict[str, str | None]

KINDS = ("orders", "sales", "refunds", "shifts")

COLUMNS: dict[str, tuple[str, ...]] = {
    "orders": (
        *("opened_at", "settled_at", "out_trade_no", "transaction_id", "tender", "state", "amount", "refunded", "currency"),
        *("sale", "tip", "memo"),
    ),
    "sales": (
        *("business_day", "settled_at", "paid_at", "opened_at", "out_trade_no", "transaction_id", "tender", "amount", "tip"),
        *("refunded", "currency", "payer_amount", "payer_currency", "rate", "z", "memo", "sale"),
    ),
    "refunds": (
        *("business_day", "accepted_at", "asked_at", "out_refund_no", "out_trade_no", "refund_id", "tender", "state", "amount"),
        *("currency", "late", "failed_at", "z", "failed_z"),
    ),
    "shifts": (
        *("z", "shift_id", "business_day", "opened_at", "closed_at", "zone", "day_starts", "opened_by", "closed_by", "tender"),
        *("currency", "sale_count", "sales", "tips", "refund_count", "refunds", "failed_count", "failed", "net", "late_count"),
        *("late", "declined", "undone", "attention", "handed_over", "taken_over"),
    ),
}


@dataclass(frozen=True, slots=True)
class Shop:
    """By what the shop's days are counted."""

    zone: tzinfo
    day_starts: time = MIDNIGHT

    def day(self, at: int) -> str:
        """The business day of a time (ms)."""
        return business_day(at, self.zone, self.day_starts).isoformat()


def rows_of(kind: str, told: Told, shop: Shop) -> Iterator[Row]:
    """The rows of one thing the ledger tells; of a shift one for each tender and currency."""
    makers: dict[str, Callable[[Told, Shop], Iterator[Row]]] = {
        "orders": _order,
        "sales": _sale,
        "refunds": _refund,
        "shifts": _shift,
    }
    return makers[kind](told, shop)


def _order(told: Told, shop: Shop) -> Iterator[Row]:
    currency = told["currency"]
    yield {
        "opened_at": _time(told["opened_at"], shop.zone),
        "settled_at": _time(told["settled_at"], shop.zone),
        "out_trade_no": str(told["out_trade_no"]),
        "transaction_id": _text(told["transaction_id"]),
        "tender": str(told["tender"]),
        "state": str(told["state"]),
        "amount": _sum(told["amount"], currency),
        "refunded": _sum(told["refunded"], currency),
        "currency": currency,
        "sale": str(told["sale"]),
        "tip": _sum(told.get("tip") or 0, currency),
        "memo": told.get("memo"),
    }


def _sale(told: Told, shop: Shop) -> Iterator[Row]:
    currency, payer, rate = told["currency"], told["payer_currency"], told["rate_e8"]
    yield {
        "business_day": shop.day(told["settled_at"]),
        "settled_at": _time(told["settled_at"], shop.zone),
        "paid_at": _time(told["paid_at"], shop.zone),
        "opened_at": _time(told["opened_at"], shop.zone),
        "out_trade_no": str(told["out_trade_no"]),
        "transaction_id": _text(told["transaction_id"]),
        "tender": str(told["tender"]),
        "amount": _sum(told["amount"], currency),
        "tip": _sum(told["tip"] or 0, currency),
        "refunded": _sum(told["refunded"], currency),
        "currency": currency,
        "payer_amount": None if payer is None else _sum(told["payer_amount"], payer),
        "payer_currency": payer,
        "rate": None if rate is None else f"{rate // 10**8}.{rate % 10**8:08}",
        "z": _text(told["z"]),
        "memo": told["memo"],
        "sale": str(told["sale"]),
    }


def _refund(told: Told, shop: Shop) -> Iterator[Row]:
    accepted = told["accepted_at"]
    yield {
        "business_day": None if accepted is None else shop.day(accepted),
        "accepted_at": _time(accepted, shop.zone),
        "asked_at": _time(told["opened_at"], shop.zone),
        "out_refund_no": str(told["out_refund_no"]),
        "out_trade_no": str(told["out_trade_no"]),
        "refund_id": _text(told["refund_id"]),
        "tender": str(told["tender"]),
        "state": str(told["state"]),
        "amount": _sum(told["amount"], told["currency"]),
        "currency": told["currency"],
        "late": "yes" if told["late"] else "no",
        "failed_at": _time(told["failed_at"], shop.zone),
        "z": _text(told["z"]),
        "failed_z": _text(told["failed_z"]),
    }


def _shift(told: Told, shop: Shop) -> Iterator[Row]:  # noqa: ARG001  a shift has its own zone and day
    shift = of_json(told)
    about = _about(shift)
    if not shift.tallies:
        yield {name: about.get(name) for name in COLUMNS["shifts"]}
    for tally in shift.tallies:
        currency = tally.currency
        counts = ("sale_count", "refund_count", "failed_count", "late_count", "declined", "undone", "attention")
        sums = ("sales", "tips", "refunds", "failed", "net", "late")
        yield {
            **{name: about.get(name) for name in COLUMNS["shifts"]},
            "tender": tally.tender.value,
            "currency": currency,
            **{name: str(getattr(tally, name)) for name in counts},
            **{name: _sum(getattr(tally, name), currency) for name in sums},
        }


def _about(shift: Shift) -> Row:
    zone = zone_of(shift)
    return {
        "z": str(shift.z),
        "shift_id": shift.shift_id,
        "business_day": business_day_of(shift).isoformat(),
        "opened_at": _time(shift.opened_at, zone),
        "closed_at": _time(shift.closed_at, zone),
        "zone": shift.zone,
        "day_starts": shift.day_starts,
        "opened_by": shift.opened_by,
        "closed_by": shift.closed_by,
        "handed_over": " ".join(one.number for one in shift.handed_over) or None,
        "taken_over": " ".join(one.number for one in shift.taken_over) or None,
    }


def _time(at: int | None, zone: tzinfo) -> str | None:
    return None if at is None else datetime.fromtimestamp(at / 1000, zone).isoformat(timespec="seconds")


def _text(value: object) -> str | None:
    return None if value is None else str(value)


def _sum(amount: int, currency: str) -> str:
    """In whole units with a point, signed."""
    return f"{'-' if amount < 0 else ''}{major(Money(abs(amount), currency))}"


def plain(amount: int, currency: str) -> str:
    """As the columns of sums have it; nothing for nothing, so that a column of debits shows debits alone."""
    return _sum(amount, currency) if amount else ""
