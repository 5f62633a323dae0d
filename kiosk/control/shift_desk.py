"""`kiosk report --x`, `--shift N` and `kiosk shift`: a shift read, opened or closed, by whoever holds the ledger.

A running kiosk is asked over its socket; only when none runs is the ledger opened here, as enquiry.py does it. What is told over
the socket is the form of `as_json`, with times in ms.
"""

from __future__ import annotations

import contextlib
from collections.abc import Mapping
from dataclasses import asdict
from typing import Any

from kiosk import ledgers
from kiosk.clock import SteadyClock
from kiosk.config import Config
from kiosk.control.enquiry import rfc3339
from kiosk.control.unix_socket import ControlFailed, ControlUnavailable, ask
from kiosk.core import shift_lines, shifts
from kiosk.core.commands import Insert, Update
from kiosk.core.errors import KioskError
from kiosk.core.lifecycle import is_open
from kiosk.core.model import OrderState, Tender
from kiosk.core.money import Money
from kiosk.core.ports import Ledger
from kiosk.core.shifts import Shift, ShiftState, Tally, Waiting

_ASK_S = 15.0
_OFF = "Shifts are off: write [shifts] into kiosk.toml."
_NONE = "There is no such shift."


def read(config: Config, z: int | None) -> Shift:
    """The shift of this number with its report; None: the newest, so an X report while it is open. KioskError: there is none."""
    try:
        told = _asked(config, {"do": "shift", "z": z})
    except ControlUnavailable:
        with ledgers.to_ask(config) as ledger:
            return report_of(ledger, z)
    return of_json(told["shift"])


def open_shift(config: Config, by: str | None) -> Shift:
    """Begin the next shift. KioskError says why not."""
    try:
        z = _asked(config, {"do": "shift_open", "by": by})["z"]
    except ControlUnavailable:
        return _alone(config, by, None)
    return read(config, int(z))


def close_shift(config: Config, by: str | None, over: frozenset[str]) -> Shift:
    """Close the open one, over the unresolved ones of these numbers and no others. KioskError says why not, naming them."""
    try:
        z = _asked(config, {"do": "shift_close", "by": by, "hand_over": sorted(over)})["z"]
    except ControlUnavailable:
        return _alone(config, by, over)
    return read(config, int(z))


def report_of(ledger: Ledger, z: int | None) -> Shift:
    """As `read`, of a ledger that nobody else holds."""
    figures = ledger.shift_figures(z)
    if figures is None:
        raise KioskError(_NONE)
    found = ledger.load(0)
    return shifts.report(figures, shifts.waiting((o for o in found.orders if is_open(o)), found.refunds))


def as_json(shift: Shift) -> dict[str, Any]:
    """Ints and texts, times in ms; `net` of each tender with its sums."""
    return {
        "kind": "X" if shift.is_open else "Z",
        "z": shift.z,
        "shift_id": shift.shift_id,
        "opened_at": shift.opened_at,
        "opened_by": shift.opened_by,
        "closed_at": shift.closed_at,
        "closed_by": shift.closed_by,
        "business_day": shift_lines.business_day_of(shift).isoformat(),
        "zone": shift.zone,
        "day_starts": shift.day_starts,
        "tallies": [{**asdict(tally), "net": tally.net} for tally in shift.tallies],
        "handed_over": [_waiting(one) for one in shift.handed_over],
        "taken_over": [_waiting(one) for one in shift.taken_over],
    }


def of_json(told: Mapping[str, Any]) -> Shift:
    """The shift that as_json made this of."""
    return Shift(
        shift_id=told["shift_id"],
        z=told["z"],
        opened_at=told["opened_at"],
        zone=told["zone"],
        day_starts=told["day_starts"],
        state=ShiftState.OPEN if told["kind"] == "X" else ShiftState.CLOSED,
        opened_by=told["opened_by"],
        closed_at=told["closed_at"],
        closed_by=told["closed_by"],
        taken_over=tuple(map(_waiting_of, told["taken_over"])),
        handed_over=tuple(map(_waiting_of, told["handed_over"])),
        tallies=tuple(_tally_of(one) for one in told["tallies"]),
    )


def printed(shift: Shift) -> dict[str, Any]:
    """As as_json, with the times as people of the shop read them."""
    zone = shift_lines.zone_of(shift)
    told = as_json(shift)
    for name in ("opened_at", "closed_at"):
        told[name] = None if told[name] is None else rfc3339(told[name], zone)
    for one in (*told["handed_over"], *told["taken_over"]):
        one["opened_at"] = rfc3339(one["opened_at"], zone)
    return told


def as_text(shift: Shift, at: int) -> list[str]:
    """The report in English, line by line; `at`: when it was counted."""
    from kiosk.display.words import words_of  # noqa: PLC0415  a table, and only for people

    words = words_of("en")
    told = [words("shift.x") if shift.is_open else words("shift.z", z=shift.z), shift.shift_id]
    for line in shift_lines.lines(shift, at):
        match line:
            case shift_lines.Heading(label, currency):
                told.append(f"{words(f'shift.{label}')} {currency}".rstrip())
            case shift_lines.Fact(label, text):
                told.append(f"  {words(f'shift.{label}'):<24} {text}")
            case shift_lines.Figure(label, currency, amount, count):
                times = "" if count is None else f"{count} x" if amount is not None else str(count)
                sum_ = "" if amount is None else f"{'-' if amount < 0 else ''}{Money(abs(amount), currency)}"
                told.append(f"  {words(f'shift.{label}'):<24} {times:<8} {sum_}".rstrip())
            case shift_lines.Named(waiting, time):
                became = "" if waiting.became is None else f"  {words(f'state.{waiting.became}')}"
                told.append(f"  {time}  {waiting.number}  {waiting.money}{became}")
    return told


def _alone(config: Config, by: str | None, over: frozenset[str] | None) -> Shift:
    """Open (`over` None) or close one in the ledger of a kiosk that does not run."""
    if config.shifts is None:
        raise KioskError(_OFF)
    clock = SteadyClock()
    with contextlib.closing(ledgers.to_write(config, clock)) as ledger:
        last = ledger.shifts.one(None)
        if over is None:
            if last is not None and last.is_open:
                raise KioskError(f"Shift Z {last.z} is open already.")
            shop = config.merchant
            who = shop.kiosk_id, ledger.generation
            made = shifts.next_shift(last, *who, clock.now(), shop.time_zone, shop.day_starts, by)
            ledger.commit([Insert(made, "opened")], clock.now())
            return made
        if last is None or not last.is_open:
            raise KioskError("No shift is open.")
        counted = report_of(ledger, last.z)
        left = [one for one in counted.handed_over if one.number not in over]
        if left:
            raise KioskError(f"not resolved yet: {', '.join(f'{one.number} ({one.money})' for one in left)}")
        made = shifts.closed(counted, clock.now(), by)
        ledger.commit([Update(made, "closed")], clock.now())
        return made


def _asked(config: Config, request: dict[str, object]) -> dict[str, Any]:
    answer = ask(config.control.socket, request, _ASK_S)
    if "problem" in answer:
        raise KioskError(str(answer["problem"]))
    if "shift" not in answer and "z" not in answer:
        raise ControlFailed("The running kiosk does not know shifts: it is of another version. Restart it.")
    return answer


def _waiting(one: Waiting) -> dict[str, Any]:
    return {
        "number": one.number,
        "amount": one.money.amount,
        "currency": one.money.currency,
        "opened_at": one.opened_at,
        "refund": one.refund,
        "became": one.became,
    }


def _waiting_of(told: Mapping[str, Any]) -> Waiting:
    became = None if told["became"] is None else OrderState(told["became"])
    return Waiting(told["number"], Money(told["amount"], told["currency"]), told["opened_at"], told["refund"], became)


def _tally_of(told: Mapping[str, Any]) -> Tally:
    sums = {name: told[name] for name in Tally.__dataclass_fields__ if name != "tender"}
    return Tally(tender=Tender(told["tender"]), **sums)
