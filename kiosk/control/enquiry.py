"""What the merchant asks about past orders: the orders of a day, the totals of a day, from whoever holds the ledger.

Knows when the shop's day begins and how a time is written. A running kiosk is asked over its socket; only when none runs is the
ledger opened here, because two processes must not have it open.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import asdict
from datetime import date, datetime, tzinfo
from typing import Any, Protocol, cast

from kiosk import ledgers
from kiosk.config import Config, MerchantConfig
from kiosk.control.unix_socket import ControlFailed, ControlUnavailable, ask
from kiosk.core.errors import KioskError
from kiosk.core.shifts import business_day, day_bounds
from kiosk.payment.disk import takes_no_writes
from kiosk.payment.ledger import SqliteLedger

Line = dict[str, Any]


class _Holder(Protocol):
    """Whoever holds the ledger; times in ms, `end` not included."""

    def lines(self, start: int, end: int, *, include_open: bool) -> list[Line]: ...

    def totals(self, start: int, end: int) -> list[Line]: ...

    def last_opened_at(self) -> int | None: ...


def orders(config: Config, day: date | None) -> list[Line]:
    """The orders of the shop's day; without a day everything open and all of the last day that had any."""
    shop = config.merchant
    zone = shop.time_zone
    with _holder(config) as holder:
        wanted = day or _last_day(holder, shop)
        start, end = day_bounds(wanted, shop.time_zone, shop.day_starts) if wanted else (0, 0)
        lines = holder.lines(start, end, include_open=day is None)
    for line in lines:
        line["opened_at"] = rfc3339(line["opened_at"], zone)
        line["settled_at"] = None if line["settled_at"] is None else rfc3339(line["settled_at"], zone)
        for key in ("tip", "memo"):  # where there is one; the other keys are always there
            if not line.get(key):
                line.pop(key, None)
    return lines


def report(config: Config, day: date | None) -> Line:
    """The totals of the shop's day by tender and currency, and how many orders are open; without a day of the last one.

    Keys: `day` (None when there was no order yet), `zone` and `day_starts`, by which it is counted, `totals` (rows of
    ledger.Total, with `net` = paid - refunded), `open`.
    """
    shop = config.merchant
    with _holder(config) as holder:
        wanted = day or _last_day(holder, shop)
        totals = holder.totals(*day_bounds(wanted, shop.time_zone, shop.day_starts)) if wanted else []
        unresolved = len(holder.lines(0, 0, include_open=True))
    for total in totals:
        total["net"] = total["paid"] - total["refunded"]
    told = {"zone": str(shop.time_zone), "day_starts": f"{shop.day_starts:%H:%M}"}
    return {"day": wanted.isoformat() if wanted else None, **told, "totals": totals, "open": unresolved}


def rfc3339(at: int, zone: tzinfo) -> str:
    """The time `at` (ms) as people of the shop read it: 2026-01-05T14:02:59.123+08:00."""
    return datetime.fromtimestamp(at // 1000, zone).replace(microsecond=at % 1000 * 1000).isoformat(timespec="milliseconds")


class _Running:
    """The kiosk that runs."""

    def __init__(self, config: Config) -> None:
        self._socket = config.control.socket

    def lines(self, start: int, end: int, *, include_open: bool) -> list[Line]:
        return cast("list[Line]", self._ask({"do": "orders", "start": start, "end": end, "include_open": include_open}, "orders"))

    def totals(self, start: int, end: int) -> list[Line]:
        return cast("list[Line]", self._ask({"do": "report", "start": start, "end": end}, "totals"))

    def last_opened_at(self) -> int | None:
        return cast("int | None", self._ask({"do": "orders"}, "last_opened_at"))

    def _ask(self, request: dict[str, object], wanted: str) -> object:
        answer = ask(self._socket, request, timeout_s=15.0)
        if "problem" in answer:
            raise KioskError(f"The running kiosk says: {answer['problem']}")
        if wanted not in answer:
            raise ControlFailed(f"The running kiosk does not know {wanted}: it is of another version. Restart it.")
        return answer[wanted]


class _Alone:
    """The ledger itself, while no kiosk runs."""

    def __init__(self, ledger: SqliteLedger) -> None:
        self._ledger = ledger

    def lines(self, start: int, end: int, *, include_open: bool) -> list[Line]:
        return [asdict(line) for line in self._ledger.lines(start, end, include_open=include_open)]

    def totals(self, start: int, end: int) -> list[Line]:
        return [asdict(total) for total in self._ledger.totals(start, end)]

    def last_opened_at(self) -> int | None:
        return self._ledger.last_opened_at()


@contextmanager
def _holder(config: Config) -> Iterator[_Holder]:
    if takes_no_writes(config.ledger.path):  # a running kiosk cannot use it either, and nobody changes it
        with ledgers.to_ask(config) as ledger:
            yield _Alone(ledger)
        return
    try:
        ask(config.control.socket, {"do": "state"})
    except ControlUnavailable:
        with ledgers.to_ask(config) as ledger:
            yield _Alone(ledger)
    else:
        yield _Running(config)


def _last_day(holder: _Holder, shop: MerchantConfig) -> date | None:
    at = holder.last_opened_at()
    return None if at is None else business_day(at, shop.time_zone, shop.day_starts)
