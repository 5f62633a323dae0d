"""What a shop's days ask of its ledger, deed by deed, the same each time; and what a ledger must then hold.

No deed depends on chance or on the disk, so a second ledger, in memory, that does the same deeds tells what the first must hold.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace
from typing import Any

from kiosk.core.commands import Insert, Record, Update
from kiosk.core.model import Call, OrderState, RefundState, SaleState, Tender
from kiosk.payment.inbox import Notification
from kiosk.payment.ledger import SqliteLedger
from tests.ledger_samples import HKD, keyed, number, order, paid, refund, sale

TABLES = ("sales", "orders", "refunds", "history", "counters", "notifications")  # meta tells of the last opening
KINDS = 7  # of sales, in turn
S = OrderState


@dataclass(frozen=True, slots=True)
class Commit:
    """Records, together."""

    records: tuple[Record, ...]
    at: int


@dataclass(frozen=True, slots=True)
class Notified:
    """WeChat has notified."""

    notification: Notification


@dataclass(frozen=True, slots=True)
class Idle:
    """Nothing is going on: the ledger may checkpoint."""


@dataclass(frozen=True, slots=True)
class Asked:
    """People look at the day: nothing is written."""


Deed = Commit | Notified | Idle | Asked


def do(ledger: SqliteLedger, deed: Deed) -> None:
    """Returns when it is on the disk, and raises what the ledger raises."""
    match deed:
        case Commit(records, at):
            ledger.commit(records, at)
        case Notified(notification):
            assert ledger.keep_notification(notification)
        case Idle():
            ledger.idle(0, lambda: True)
        case Asked():
            ask(ledger)


def ask(ledger: SqliteLedger) -> None:
    """What a starting kiosk and its commands ask."""
    ledger.load(0)
    ledger.lines(0, 10**12, include_open=True)
    ledger.totals(0, 10**12)


class Script:
    """The deeds from the first on, made when they are needed."""

    def __init__(self) -> None:
        self._made: list[Deed] = []
        self._rest = _deeds()

    def __getitem__(self, place: int) -> Deed:
        while len(self._made) <= place:
            self._made.append(next(self._rest))
        return self._made[place]

    def days(self, sales: int) -> int:
        """How many deeds so many sales are."""
        return sum(len(list(_sale(counter))) for counter in range(1, sales + 1))


class Twin:
    """A ledger in memory that has done the first `done` deeds."""

    def __init__(self, script: Script) -> None:
        self.script, self.done = script, 0
        self._ledger = SqliteLedger.in_memory()

    def go_on(self, done: int) -> None:
        """Until so many are done; a deed is never taken back."""
        while self.done < done:
            do(self._ledger, self.script[self.done])
            self.done += 1

    def holds(self, ledger: SqliteLedger) -> bool:
        """Whether the other holds row for row the same."""
        if lengths(self._ledger) != lengths(ledger):  # most that differ do so here already
            return False
        return all(rows(self._ledger, table) == rows(ledger, table) for table in TABLES)


def lengths(ledger: SqliteLedger) -> list[dict[str, Any]]:
    """Of the tables that most deeds make longer."""
    return ledger._file.rows("SELECT (SELECT count(*) FROM history), (SELECT count(*) FROM notifications) AS notified")


def rows(ledger: SqliteLedger, table: str) -> list[dict[str, Any]]:
    """All of a table, ordered by its key."""
    return ledger._file.rows(f"SELECT * FROM {table} ORDER BY 1")


def _deeds() -> Iterator[Deed]:
    counter = 0
    while True:
        counter += 1
        yield from _sale(counter)


def _sale(counter: int) -> Iterator[Deed]:
    """One sale from the keyed amount to its end, of the kind whose turn it is."""
    at = 1_000 * counter

    def commit(*records: Record) -> Commit:
        return Commit(records, at + 9)

    match counter % KINDS:
        case 1:  # scanned and paid
            yield commit(*keyed(counter))
            yield commit(Update(order(counter, S.SENT), "sent"))
            yield commit(*paid(counter))
            yield Notified(Notification(f"EV-{counter}", at + 10, "TRANSACTION.SUCCESS", number(counter), None, at + 10))
        case 2:  # a password, asked for; paid; part of it given back
            yield commit(*keyed(counter))
            yield commit(Update(order(counter, S.SENT), "sent"))
            yield commit(Update(order(counter, S.PAYING, asks=1), "charge: pending"))
            yield commit(Update(order(counter, S.PAYING, asks=2), "ask: pending"))  # the same state: no line in the history
            yield commit(*paid(counter))
            back = refund(counter)
            yield commit(Insert(back, "refund asked"))
            back = replace(back, state=RefundState.ACCEPTED, refund_id=f"50000{counter}", tries=1)
            yield commit(Update(back, "refund: accepted"))
            yield Notified(Notification(f"EV-{counter}", at + 10, "REFUND.SUCCESS", number(counter), back.out_refund_no, at + 10))
            yield commit(Update(replace(back, state=RefundState.DONE, settled_at=at + 11), "ask refund: done"))
        case 3:  # no money on the card
            yield commit(*keyed(counter))
            yield commit(Update(order(counter, S.SENT), "sent"))
            yield commit(
                Update(order(counter, S.DECLINED), "charge: declined"),
                Update(sale(counter, state=SaleState.UNPAID), "declined"),
            )
        case 4:  # a QR, cancelled, paid all the same, given back
            native = {"tender": Tender.NATIVE, "expires_at": at + 300}
            yield commit(*keyed(counter, tender=Tender.NATIVE))
            yield commit(Update(order(counter, S.SENT, **native), "placing"))
            yield commit(Update(order(counter, S.PAYING, **native, asks=1), "place: pending"))
            yield commit(
                Update(order(counter, S.CLOSING, **native, asks=1), "cancelled"),
                Update(sale(counter, state=SaleState.UNPAID), "cancelled"),
            )
            refunding = order(counter, S.REFUNDING, **native, asks=1)
            late = refund(counter, money=HKD, late=True)
            yield commit(Update(refunding, "close: paid"), Insert(late, "late money"))
            yield commit(
                Update(replace(late, state=RefundState.DONE, settled_at=at + 12), "refund: done"),
                Update(replace(refunding, state=S.REFUNDED, settled_at=at + 12), "refunded"),
                Update(sale(counter, state=SaleState.REFUNDED), "refunded"),
            )
        case 5:  # cancelled after the scan
            yield commit(*keyed(counter))
            yield commit(Update(order(counter, S.SENT), "sent"))
            yield commit(Update(order(counter, S.REVERSING), "too long"))
            yield commit(
                Update(order(counter, S.REVERSED, tries=1, last_call=Call.REVERSE, last_outcome="ended", called_at=at), "ended"),
                Update(sale(counter, state=SaleState.UNPAID), "ended"),
            )
        case 6:  # nobody scanned
            yield commit(*keyed(counter))
            yield commit(
                Update(order(counter, S.VOID, sent_at=None, anchor_at=None), "left"),
                Update(sale(counter, state=SaleState.UNPAID), "left"),
            )
        case _:  # WeChat has another amount
            yield commit(*keyed(counter))
            yield commit(Update(order(counter, S.SENT), "sent"))
            yield commit(
                Update(order(counter, S.ATTENTION), "ask: paid"),
                Update(sale(counter, state=SaleState.ATTENTION), "attention"),
            )
            yield Asked()
    yield Idle()
