"""A kiosk of the played month (month.py): the real step over a real ledger, the real client, and its Z reports printed."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace
from datetime import date
from typing import TYPE_CHECKING, Any, TypeVar

from kiosk.core.commands import (
    Ask,
    AskRefund,
    Charge,
    Close,
    GiveBack,
    Keep,
    Place,
    Print,
    Probe,
    ReadShift,
    Record,
    Reverse,
    Warm,
)
from kiosk.core.differences import Account
from kiosk.core.events import (
    Answered,
    Doubted,
    Event,
    Key,
    Left,
    Pressed,
    Probed,
    RefundAnswered,
    Tick,
)
from kiosk.core.lifecycle import SECOND, watched_since
from kiosk.core.model import Answer as Heard
from kiosk.core.model import Call, Order, Sale, Unknown, Why
from kiosk.core.slips import Receipts, ShiftSlip
from kiosk.core.state import Kiosk, Settings, ShiftHabits, Step, wake_at
from kiosk.core.step import resume, step
from kiosk.loop.reading import read
from kiosk.payment.history import Loss
from kiosk.payment.ledger import SqliteLedger
from kiosk.recovery.walk import Report, Run
from tests.books_kit import NUMBERS, SHOP

if TYPE_CHECKING:
    from tests.month import Month

T = TypeVar("T")


class Till:
    """One kiosk: the real step over a real ledger. Calls go through the real client, at once; luck loses answers."""

    def __init__(self, name: str, month: Month) -> None:
        self.name = name
        self.month = month
        self.settings = Settings(
            *(NUMBERS, SHOP.name, "HKD", name, SHOP.time_zone), receipts=Receipts.ASKED, shifts=ShiftHabits()
        )
        self.shop = replace(SHOP, kiosk_id=name)
        self.ledger = SqliteLedger.in_memory("aa")
        self.provider = month.provider(name)
        self.kiosk: Kiosk
        self.start()

    def start(self) -> None:
        """The process comes up over what the ledger holds."""
        now = self.month.now()
        snapshot = self.ledger.load(watched_since(now, self.ledger.last_opened_at()))
        parents = {
            r.out_trade_no: (self._order(r.out_trade_no), self.ledger.refunds_of(r.out_trade_no)) for r in snapshot.refunds
        }
        self._carry_out(resume(self.settings, snapshot, parents, now))

    def lose_the_card(self) -> None:
        """Another card, an empty ledger, another generation; WeChat is asked for the numbers that were made today."""
        self.ledger = SqliteLedger.in_memory("bb")
        with self.ledger._history.transaction():
            self.ledger._history._lose((Loss("aa", 0, "the card was lost"),), self.month.now())
        self.start()

    def recover(self, days: Sequence[date]) -> Report:
        """As `kiosk recover` walks them."""
        run = Run(self.shop, self.provider, self.ledger, self.month, lambda _: None, lambda _: None, Report([], dry_run=False))  # type: ignore[arg-type]
        report = run.over(days, "aa", "a", ["aa"])
        self.start()  # what was found open is looked after
        return report

    def happen(self, event: Event) -> None:
        self._carry_out(step(self.kiosk, event, self.month.now()))

    def press(self, keys: str) -> None:
        for key in keys.split():
            self.happen(Pressed(Key(key)))

    def pass_time(self, seconds: float) -> None:
        """Tick whenever something is due."""
        end = self.month.now() + int(seconds * SECOND)
        while (at := wake_at(self.kiosk, self.month.now())) < end:
            self.month.clock(max(at, self.month.now() + 1))
            self.happen(Tick())
        self.month.clock(end)
        self.happen(Tick())

    def _order(self, number: str) -> Order:
        order = self.ledger.order(number)
        assert order is not None
        return order

    def _carry_out(self, made: Step) -> None:
        if made.records:
            self.ledger.commit(made.records, self.month.now())
        self.kiosk = made.kiosk
        for act in made.acts:
            self._do(act)

    def _do(self, act: Any) -> None:
        provider = self.provider
        match act:
            case Charge(order, code):
                self.happen(Left(order.out_trade_no, Call.CHARGE))
                self._answered(order, Call.CHARGE, lambda: provider.charge(order, code, lambda: None))
            case Place(order, _):
                self._answered(order, Call.PLACE, lambda: provider.place(order, lambda: None))
            case Ask(order, _):
                self._answered(order, Call.ASK, lambda: provider.ask(order))
            case Reverse(order, _):
                self._answered(order, Call.REVERSE, lambda: provider.reverse(order))
            case Close(order, _):
                self._answered(order, Call.CLOSE, lambda: provider.close(order))
            case GiveBack(refund, order):
                self.happen(RefundAnswered(refund.out_refund_no, Call.REFUND, provider.refund(refund, order)))
            case AskRefund(refund, order):
                self.happen(RefundAnswered(refund.out_refund_no, Call.ASK_REFUND, provider.ask_refund(refund, order)))
            case ReadShift():
                self.happen(read(self.ledger, act))
            case Print(ShiftSlip() as slip):
                self.month.slips.take(slip)
            case Probe() | Warm():
                now = self.month.now()
                self.happen(Probed(reached=True, server_time=now // 1000 * 1000, at=now))
            case _:
                pass

    def _answered(self, order: Order, call: Call, ask: Callable[[], Heard]) -> None:
        answer = ask()
        if self.month.cut_off:
            answer = Heard(Unknown(Why.TIMEOUT))
        elif call in (Call.CHARGE, Call.PLACE, Call.REVERSE) and self.month.strikes(self.month.luck.answer_lost):
            self.month.count("answers lost")
            answer = Heard(Unknown(Why.TIMEOUT))
        self.happen(Answered(order.out_trade_no, call, answer))

    # -- the ledger, as a comparison needs it (reconcile.Books) --------------------------------------------------------

    def read(self, question: Callable[[SqliteLedger], T]) -> T:
        return question(self.ledger)

    def keep(self, rows: tuple[Account, ...]) -> None:
        self.commit([Keep(row) for row in rows])

    def commit(self, records: Sequence[Record]) -> None:
        self.ledger.commit(records, self.month.now())

    def doubt(self, order: Order, sale: Sale) -> None:
        self.happen(Doubted(order, sale))

    def give_back(self, order: Order) -> None:
        raise AssertionError(order)  # the rule here is to keep
