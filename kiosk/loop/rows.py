"""The running kiosk's ledger for whoever works beside its loop: each question and each commit between two of its steps."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, Protocol, TypeVar, cast

from kiosk.core.commands import Record
from kiosk.core.model import Order, Refund
from kiosk.payment.history import Loss
from kiosk.payment.ledger import OrderLine, SqliteLedger
from kiosk.payment.ledger_file import LedgerFile

if TYPE_CHECKING:
    from kiosk.loop.runtime import Runtime

T = TypeVar("T")


class Reads(Protocol):
    """Where a ledger can be asked."""

    def read(self, question: Callable[[SqliteLedger], T]) -> T: ...


def of_file(where: Reads, question: Callable[[LedgerFile], T]) -> T:
    """What the question of the ledger's file yields, asked where the ledger is."""
    return where.read(lambda ledger: ledger.read(question))


class InLoop:
    """Asks in the loop's thread."""

    def __init__(self, runtime: Runtime) -> None:
        self._runtime = runtime

    def read(self, question: Callable[[SqliteLedger], T]) -> T:
        """What the question yields, or raises."""
        return self._runtime.ask(lambda ledger, _: question(cast("SqliteLedger", ledger)))


class LoopRows:
    """A ledger as a walk needs it (walk.Rows), wherever it is asked."""

    def __init__(self, where: Reads) -> None:
        self._ask = where.read

    @property
    def generation(self) -> str:
        return self._ask(lambda ledger: ledger.generation)

    def order(self, out_trade_no: str) -> Order | None:
        return self._ask(lambda ledger: ledger.order(out_trade_no))

    def refunds_of(self, out_trade_no: str) -> tuple[Refund, ...]:
        return self._ask(lambda ledger: ledger.refunds_of(out_trade_no))

    def lines(self, start: int, end: int) -> list[OrderLine]:
        return self._ask(lambda ledger: ledger.lines(start, end))

    def last_opened_at(self) -> int | None:
        return self._ask(lambda ledger: ledger.last_opened_at())

    def generations(self) -> list[str]:
        return self._ask(lambda ledger: ledger.generations())

    def losses(self) -> list[Loss]:
        return self._ask(lambda ledger: ledger.losses())

    def recovered(self, generation: str, now: int) -> None:
        self._ask(lambda ledger: ledger.recovered(generation, now))

    def commit(self, records: Sequence[Record], at: int) -> None:
        self._ask(lambda ledger: ledger.commit(records, at))
