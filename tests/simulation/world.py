"""One day of one kiosk in virtual time. Every draw of luck has a name, so that a seed replays its day to the letter."""

from __future__ import annotations

import heapq
import random
from collections.abc import Callable
from dataclasses import dataclass
from zoneinfo import ZoneInfo

from kiosk.core import screens
from kiosk.core.commands import (
    Act,
    Ask,
    AskRefund,
    Charge,
    Close,
    CorrectClock,
    GiveBack,
    Insert,
    Place,
    Play,
    Probe,
    Record,
    Reply,
    Reverse,
    StartScan,
    StopScan,
    Warm,
)
from kiosk.core.errors import LedgerError
from kiosk.core.events import Answered, CodeSeen, Event, Key, Left, Pressed, Probed, RefundAnswered, Tick
from kiosk.core.lifecycle import is_open
from kiosk.core.model import Answer, Call, Order, OrderState, SaleState, Unknown, Why
from kiosk.core.secret import PaymentCode
from kiosk.core.state import Kiosk, Settings, Step, wake_at
from kiosk.core.step import resume, step
from kiosk.core.view import view
from kiosk.payment.ledger import SqliteLedger
from tests.simulation.bank import MERCHANT, Bank

BEGIN = 1_767_600_000_000
CALM_AFTER = 15 * 60_000  # the bad luck ends here
END = 3 * 3600_000
DEADLINE = 15_000  # of a request, as the client has it


class Violation(AssertionError):
    """A promise about money was broken."""


@dataclass(frozen=True)
class Luck:
    """How bad this day is: chances between 0 and 1."""

    lose_request: float
    lose_answer: float
    not_sent: float
    late: float
    crash: float
    busy: float


class World:
    """Kiosk, bank, network, merchant and customers of one seed."""

    def __init__(self, seed: int) -> None:
        self.seed = seed
        self.now = BEGIN
        self.bank = Bank()
        self.ledger = SqliteLedger.in_memory()
        self.settings = Settings(MERCHANT, "Shop", "HKD", "K07", ZoneInfo("UTC"))
        self.heap: list[tuple[int, int, Callable[[], None]]] = []
        self.order_of_events = 0
        self.draws: dict[str, int] = {}
        self.trace: list[str] = []
        self.kiosk: Kiosk
        self.life = 0  # answers to an earlier life of the process reach nobody
        self.wakes = 0
        self.codes = 0
        luck = random.Random(f"{seed}-luck")
        pick = lambda: luck.choice((0.0, 0.05, 0.2, 0.5, 1.0)) if luck.random() < 0.7 else 0.0  # noqa: E731
        self.luck = Luck(pick(), pick(), pick() * 0.5, pick(), luck.choice((0.0, 0.0, 0.05, 0.2)), pick())
        self.boot()

    # -- the day ---------------------------------------------------------------------------------------------------

    def run(self) -> None:
        """Play the day to its end and hold everything against the promises."""
        self.at(self.now + 1000, self.merchant)
        while self.heap and self.now < BEGIN + END:
            self.now, _, what = heapq.heappop(self.heap)
            what()
        self.check_end()

    def merchant(self) -> None:
        """Somebody keys something, again and again, until the bad luck is over."""
        if self.now > BEGIN + CALM_AFTER:
            return
        shown = view(self.kiosk, self.now).screen
        draw = self.draw("merchant")
        if isinstance(shown, screens.Idle | screens.PaidScreen | screens.Unresolved | screens.CancelledScreen):
            for key in random.Random(draw).choice(("5", "12", "77")):
                self.happen(Pressed(Key(key)))
        elif isinstance(shown, screens.Keying):
            self.happen(Pressed(Key.OK if draw < 0.5 else Key.QR))
        elif isinstance(shown, screens.Scanning) and draw < 0.8:
            self.show_code()
        elif draw < 0.35:
            self.happen(Pressed(random.Random(draw).choice((Key.CANCEL, Key.OK, Key.SCAN, Key.QR, Key.MENU, Key.CLEAR))))
        self.at(self.now + int(300 + 9000 * self.draw("pause") ** 3), self.merchant)

    def show_code(self) -> None:
        shown = self.kiosk.till
        self.codes += 1
        again = self.codes > 1 and self.draw("same code") < 0.1
        digits = f"13{self.codes - again:016d}"
        self.happen(CodeSeen(shown.out_trade_no, PaymentCode(digits)))  # type: ignore[union-attr]

    def boot(self) -> None:
        """The process starts over what the ledger holds."""
        self.life += 1
        snapshot = self.ledger.load(self.now - 7200_000)
        parents = {}
        for refund in snapshot.refunds:
            order = self.ledger.order(refund.out_trade_no)
            assert order is not None
            parents[order.out_trade_no] = (order, self.ledger.refunds_of(order.out_trade_no))
        made = resume(self.settings, snapshot, parents, self.now)
        self.commit(made.records)
        self.kiosk = made.kiosk
        for act in made.acts:
            self.dispatch(act)
        self.note("boot")
        self.wake()

    def happen(self, event: Event) -> None:
        """One step: the commit, then the acts; a crash may come before, between or after."""
        if self.crash("before"):
            return
        made = step(self.kiosk, event, self.now)
        self.commit(made.records)
        self.note(type(event).__name__, event, made)
        if self.crash("after commit"):
            return
        self.kiosk = made.kiosk
        for act in made.acts:
            self.dispatch(act)
            if self.crash("between acts"):
                return
        self.check(made)
        self.wake()

    def commit(self, records: tuple[Record, ...]) -> None:
        if not records:
            return
        try:
            self.ledger.commit(records, self.now)
        except LedgerError as refused:
            raise Violation(str(refused)) from refused

    def crash(self, where: str) -> bool:
        """Whether the plug is pulled here; if so, the kiosk is up again a while later."""
        if self.calm or self.draw("crash " + where) >= self.luck.crash * 0.1:
            return False
        self.note("crash " + where)
        self.now += int(2000 + 600_000 * self.draw("dark") ** 4)
        self.boot()
        return True

    def wake(self) -> None:
        self.wakes += 1
        newest = self.wakes
        at = max(wake_at(self.kiosk, self.now), self.now + 1)
        self.at(at, lambda: self.happen(Tick()) if newest == self.wakes else None)

    # -- the network -----------------------------------------------------------------------------------------------

    def dispatch(self, act: Act) -> None:
        match act:
            case Charge(order, code):
                self.happen_soon(Left(order.out_trade_no, Call.CHARGE))
                digits = code.reveal()
                fate = random.Random(f"{self.seed}-{digits}").choice(("paid", "paid", "paid", "password", "declined", "payerror"))
                self.customer_types(order, fate)
                self.call(order, Call.CHARGE, lambda: self.bank.charge(order, digits, fate, self.now))
            case Place(order, _):
                self.call(order, Call.PLACE, lambda: self.bank.place(order, self.now))
                self.customer_scans(order)
            case Ask(order, _):
                self.call(order, Call.ASK, lambda: self.bank.ask(order, self.now))
            case Reverse(order, _):
                sent, anchor = order.sent_at or 0, order.anchor_at or 0
                if self.now - max(sent, anchor) < 15_000:
                    raise Violation(f"{order.out_trade_no} reversed {self.now - sent} ms after sending")
                busy = not self.calm and self.draw("busy") < self.luck.busy
                self.call(order, Call.REVERSE, lambda: self.bank.reverse(order, self.now, busy=busy))
            case Close(order, _):
                self.call(order, Call.CLOSE, lambda: self.bank.close(order, self.now))
            case GiveBack(refund, order):
                answer = lambda: self.bank.refund(refund, order)  # noqa: E731
                self.carry(answer, lambda a: RefundAnswered(refund.out_refund_no, Call.REFUND, a))
            case AskRefund(refund, order):
                answer = lambda: self.bank.ask_refund(refund, order)  # noqa: E731
                self.carry(answer, lambda a: RefundAnswered(refund.out_refund_no, Call.ASK_REFUND, a))
            case Probe():
                up = self.calm or self.draw("probe") >= self.luck.not_sent
                self.later(40, Probed(up, self.now if up else None, self.now))
            case Warm() | StartScan() | StopScan() | Play() | CorrectClock() | Reply():
                pass

    def call(self, order: Order, call: Call, request: Callable[[], Answer]) -> None:
        if self.ledger.order(order.out_trade_no) is None:
            raise Violation(f"{call} of {order.out_trade_no} left without a row")
        self.carry(request, lambda answer: Answered(order.out_trade_no, call, answer))

    def carry(self, request: Callable[[], Answer], event: Callable[[Answer], Event]) -> None:
        """Take a request there and its answer back, as this day's luck has it."""
        if not self.calm and self.draw("not sent") < self.luck.not_sent:
            self.later(20, event(Answer(Unknown(Why.NOT_SENT))))
            return
        if not self.calm and self.draw("lose request") < self.luck.lose_request:
            self.later(DEADLINE, event(Answer(Unknown(Why.TIMEOUT))))
            return
        late = 0.0 if self.calm or self.draw("late") >= self.luck.late else self.draw("how late")
        arrives = self.now + 30 + int(20_000 * late)
        lost = not self.calm and self.draw("lose answer") < self.luck.lose_answer
        life, began = self.life, self.now

        def arrive() -> None:
            answer = request()
            if lost or self.now - began > DEADLINE:
                answer = Answer(Unknown(Why.TIMEOUT))
            back = max(self.now + 30, began + DEADLINE if lost else 0)
            self.at(back, lambda: self.happen(event(answer)) if life == self.life else None)

        self.at(arrives, arrive)

    def customer_types(self, order: Order, fate: str) -> None:
        if fate == "password" and self.draw("types") < 0.7:
            self.at(self.now + int(60_000 * self.draw("typing")), lambda: self.bank.pay(order.out_trade_no, self.now) and None)

    def customer_scans(self, order: Order) -> None:
        if self.draw("scans") < 0.7:
            wait = int(400_000 * self.draw("scanning") ** 2)
            self.at(self.now + wait, lambda: self.bank.pay(order.out_trade_no, self.now) and None)

    # -- promises --------------------------------------------------------------------------------------------------

    def check(self, made: Step) -> None:
        """After every step: PAID is never shown or written without the bank's money for exactly that number."""
        for record in made.records:
            row = record.row
            if isinstance(row, Order) and row.state is OrderState.PAID and not isinstance(record, Insert):
                account = self.bank.accounts.get(row.out_trade_no)
                if account is None or account.taken != row.money.amount:
                    raise Violation(f"{row.out_trade_no} is PAID and the bank has taken nothing")

    def check_end(self) -> None:
        """When all is calm: every order has an end, the bank agrees with it, and no sale keeps more than one payment."""
        kept: dict[str, int] = {}
        for line in self.ledger.lines(0, 1 << 60, include_open=True):
            account = self.bank.accounts.get(line.out_trade_no)
            money = account.kept if account is not None else 0
            kept[line.sale] = kept.get(line.sale, 0) + money
            if line.state not in OrderState.__members__ or is_open(self._row(line.out_trade_no)):
                raise Violation(f"{line.out_trade_no} is still {line.state} after {END // 60_000} min")
            if line.state == "PAID" and money != line.amount:
                raise Violation(f"{line.out_trade_no} is PAID and the bank keeps {money} of {line.amount}")
            if line.state not in ("PAID", "ATTENTION") and money:
                raise Violation(f"{line.out_trade_no} is {line.state} and the bank keeps {money}")
            if line.state == "ATTENTION":
                raise Violation(f"{line.out_trade_no} needs a person though nobody lied: {self._row(line.out_trade_no).note}")
            if kept[line.sale] > line.amount:
                raise Violation(f"sale {line.sale} keeps {kept[line.sale]} of {line.amount}")
            if line.sale_state == SaleState.OPEN:
                raise Violation(f"sale {line.sale} is still open")
            if (line.sale_state == SaleState.PAID) != (kept[line.sale] == line.amount) and line.state == "PAID":
                raise Violation(f"sale {line.sale} is {line.sale_state} with {kept[line.sale]} kept")
        listed = {line.out_trade_no for line in self.ledger.lines(0, 1 << 60, include_open=True)}
        for number, account in self.bank.accounts.items():
            if number not in listed:
                raise Violation(f"{number} is forgotten; the bank has {account.state}")

    # -- small parts -----------------------------------------------------------------------------------------------

    @property
    def calm(self) -> bool:
        return self.now > BEGIN + CALM_AFTER

    def draw(self, purpose: str) -> float:
        """The next draw of this purpose: deleting one event does not move the luck of the others."""
        count = self.draws[purpose] = self.draws.get(purpose, 0) + 1
        return random.Random(f"{self.seed}-{purpose}-{count}").random()

    def at(self, when: int, what: Callable[[], None]) -> None:
        self.order_of_events += 1
        heapq.heappush(self.heap, (when, self.order_of_events, what))

    def later(self, ms: int, event: Event) -> None:
        life = self.life
        self.at(self.now + ms, lambda: self.happen(event) if life == self.life else None)

    def happen_soon(self, event: Event) -> None:
        self.later(1, event)

    def note(self, what: str, event: Event | None = None, made: Step | None = None) -> None:
        states = [f"{r.row.out_trade_no[-6:]}:{r.row.state}" for r in made.records if isinstance(r.row, Order)] if made else []
        answered = ""
        if isinstance(event, Answered):
            outcome = event.answer.outcome
            answered = f"{event.out_trade_no[-6:]} {event.call} {type(outcome).__name__}"
            answered += f" {outcome.why}" if isinstance(outcome, Unknown) else ""
        if isinstance(event, Pressed):
            answered = str(event.key)
        if what not in ("Tick", "Probed") or states:
            shown = type(view(self.kiosk, self.now).screen).__name__ if made else ""
            self.trace.append(f"{(self.now - BEGIN) / 1000:9.3f} {what:10} {answered:40} {' '.join(states):50} {shown}")

    def _row(self, number: str) -> Order:
        order = self.ledger.order(number)
        assert order is not None
        return order
