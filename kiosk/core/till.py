"""Who stands in front: the screens a merchant walks through and what each key means there. Pure; lost at any moment.

The till decides what people want (an `Intent`); what that does to orders is step.py's. It knows an order's row only to tell how
far it is (`stage`).
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from typing import assert_never

from kiosk.core import giving, keying, past, shift_till, trying, who
from kiosk.core.checkup import Trial
from kiosk.core.commands import StartScan
from kiosk.core.events import Key
from kiosk.core.lifecycle import SECOND
from kiosk.core.model import Order, OrderState, Tender
from kiosk.core.scanning import LookFor, ScanHint
from kiosk.core.selling import digit_of
from kiosk.core.shifts import Reading

SCAN_FOR = 60 * SECOND  # then back to the amount
VERDICT_AFTER = 55 * SECOND  # the cashier has a verdict within 60 s, whatever the network does
STANDS_THERE = 60 * SECOND  # after CANCEL, until the merchant keys anything
HINT_FOR = 2 * SECOND  # longer than the scanner's pause between two hints


@dataclass(frozen=True, slots=True)
class Idle:
    """Nobody in front."""


@dataclass(frozen=True, slots=True)
class Scanning:
    """The camera looks for a payment code for this armed order."""

    out_trade_no: str
    until: int
    hint: ScanHint | None = None
    hint_until: int | None = None  # what is no longer seen is no longer said


@dataclass(frozen=True, slots=True)
class Front:
    """An order that has left is in front; how far it is stands in its row."""

    out_trade_no: str
    code_url: str | None = None
    payer_acts: bool = False
    ended_at: int | None = None  # when a person or time ended the wait
    since: int | None = None  # when the payment code was taken: the cashier has waited from then on


Till = Idle | keying.There | Scanning | Front | past.There | shift_till.There | who.There | giving.There | trying.There
WITH_AN_ORDER = (Scanning, Front)


def ticket(till: Till) -> StartScan | None:
    """What the camera has to do while the till is there."""
    match till:
        case Scanning(out_trade_no):
            return StartScan(out_trade_no)
        case past.Seeking(name):
            return StartScan(name, LookFor.RECEIPT)
        case trying.TryingRead(_, name):
            return StartScan(name, LookFor.ANYTHING)
        case _:
            return None


class Stage(StrEnum):
    """How far the order in front is, as people see it."""

    CHARGING = "charging"
    PASSWORD = "password"  # noqa: S105  the screen's name
    PLACING = "placing"
    QR = "qr"
    CANCELLING = "cancelling"
    UNRESOLVED = "unresolved"
    PAID = "paid"
    DECLINED = "declined"
    CANCELLED = "cancelled"
    ATTENTION = "attention"


def stage(till: Front, order: Order, now: int) -> Stage:
    """How far `order` is; a wait without an end turns into UNRESOLVED in time for the cashier's verdict."""
    native = order.tender is Tender.NATIVE
    match order.state:
        case OrderState.PAID:
            return Stage.PAID
        case OrderState.DECLINED:
            return Stage.DECLINED
        case OrderState.CLOSED | OrderState.REVERSED | OrderState.REFUNDED | OrderState.VOID | OrderState.REFUNDING:
            return Stage.CANCELLED
        case OrderState.ATTENTION:
            return Stage.ATTENTION
        case OrderState.REVERSING if order.decline is not None:
            return Stage.DECLINED  # PAYERROR is final; the reversal only cleans up
        case OrderState.REVERSING | OrderState.CLOSING:
            return Stage.UNRESOLVED if _overdue(till, order, now) else Stage.CANCELLING
        case OrderState.ARMED | OrderState.SENT | OrderState.PAYING:
            if _overdue(till, order, now):
                return Stage.UNRESOLVED
            if native:
                shown = till.code_url is not None and now < (order.expires_at or 0)
                return Stage.QR if shown else Stage.CANCELLING if till.code_url else Stage.PLACING
            return Stage.PASSWORD if order.state is OrderState.PAYING else Stage.CHARGING
        case _:
            assert_never(order.state)


def verdict_at(till: Front, order: Order) -> int | None:
    """When a wait still without an end is shown as UNRESOLVED: a Quick Pay order by the clock."""
    since = till.since or order.sent_at or order.opened_at
    return since + VERDICT_AFTER if order.tender is Tender.QUICK_PAY else None


def _overdue(till: Front, order: Order, now: int) -> bool:
    at = verdict_at(till, order)
    if at is None:  # native: the customer may have paid where the kiosk cannot see it
        return now >= (order.expires_at or 0) and order.last_outcome == "unknown"
    return now >= at


@dataclass(frozen=True, slots=True)
class Go:
    """The till goes there; no order is touched."""

    till: Till


@dataclass(frozen=True, slots=True)
class Anew:
    """Another order for the sale in front, by this tender; the old one is undone when it is still open."""

    tender: Tender


@dataclass(frozen=True, slots=True)
class Undo:
    """End the wait for the order in front."""


@dataclass(frozen=True, slots=True)
class Try:
    """Try this out by hand."""

    trial: Trial


@dataclass(frozen=True, slots=True)
class LookBack:
    """Show the last sales."""


@dataclass(frozen=True, slots=True)
class OfShift:
    """Something is wanted of a shift."""

    wanted: Reading | shift_till.Open


@dataclass(frozen=True, slots=True)
class Refused:
    """The key means nothing here."""


Intent = Go | keying.Begin | Anew | Undo | Try | LookBack | OfShift | Refused


def press(till: Till, key: Key, order: Order | None, rules: keying.Rules, now: int) -> Intent:
    """What a key means. `order` is the one in front, for Scanning and Front."""
    match till:
        case Idle():
            return _idle(key, rules, now)
        case keying.Keying() | keying.Board() | keying.Asking() | keying.Noting() | keying.Tipping():
            return _keying(till, key, rules, now)
        case Scanning():
            return _scanning(key)
        case Front():
            assert order is not None
            return _front(stage(till, order, now), key, rules, now)
        case trying.Checkup() | trying.TryingRead() | trying.TryingKeys() | trying.TryingColours():
            return _trying(till, key, now)
        case shift_till.Report() | shift_till.NoShift() | shift_till.Closing():
            return _shift(till, key, now)
        case _:
            raise AssertionError(till)  # looking back, and what follows from it: their own parts of the turn were asked before


def _idle(key: Key, rules: keying.Rules, now: int) -> Intent:
    digit = digit_of(key)
    if digit is not None:
        return Go(keying.Keying(digit))
    if key is Key.SCAN and rules.selling.quick:
        return Go(keying.board((), "", now))
    return LookBack() if key is Key.MENU else Refused()


def _keying(till: keying.There, key: Key, rules: keying.Rules, now: int) -> Intent:
    to = keying.press(till, key, rules, now)
    if to is None:
        return Refused()
    if isinstance(to, keying.Begin):
        return to
    return Go(Idle() if isinstance(to, keying.Nobody) else to)


def _scanning(key: Key) -> Intent:
    match key:
        case Key.CANCEL:
            return Undo()
        case Key.QR:
            return Anew(Tender.NATIVE)
        case _:
            return Refused()


def _front(at: Stage, key: Key, rules: keying.Rules, now: int) -> Intent:
    match at:
        case Stage.CHARGING | Stage.PLACING:
            return Undo() if key is Key.CANCEL else Refused()  # an answer is on its way
        case Stage.PASSWORD:
            return Undo() if key is Key.CANCEL else Anew(Tender.NATIVE) if key is Key.QR else Refused()
        case Stage.QR:
            return Undo() if key is Key.CANCEL else Anew(Tender.QUICK_PAY) if key is Key.SCAN else Refused()
        case Stage.CANCELLING | Stage.UNRESOLVED | Stage.PAID | Stage.ATTENTION:
            return _leave(key, rules, now)
        case Stage.DECLINED | Stage.CANCELLED:
            return Anew(keying.TENDER[key]) if key in keying.TENDER else _leave(key, rules, now)
        case _:
            assert_never(at)


def _leave(key: Key, rules: keying.Rules, now: int) -> Intent:
    """From a result: OK and CANCEL to the start, a digit straight into the next amount. Open orders settle behind."""
    if key in (Key.OK, Key.CANCEL, Key.CLEAR):
        return Go(Idle())
    return Refused() if key is Key.SCAN else _idle(key, rules, now)  # the board opens from the start alone, which says so


def _trying(till: trying.There, key: Key, now: int) -> Intent:
    if isinstance(till, trying.Checkup) and key in (Key.CANCEL, Key.MENU):
        return Go(Idle())
    to = trying.press(till, key, now)
    return Refused() if to is None else Try(to) if isinstance(to, Trial) else Go(to)


def _shift(till: shift_till.There, key: Key, now: int) -> Intent:
    if key is Key.CANCEL and not isinstance(till, shift_till.Closing):
        return Go(past.More(now + past.READ_FOR))
    to = shift_till.press(till, key, now)
    return Refused() if to is None else OfShift(to) if isinstance(to, Reading | shift_till.Open) else Go(to)
