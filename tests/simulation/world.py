"""One day of one kiosk in virtual time. Every draw of luck has a name, so that a seed replays its day to the letter."""

from __future__ import annotations

import heapq
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from hashlib import blake2b
from typing import TypeVar
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
from kiosk.core.events import Answered, CodeSeen, Event, Key, Left, Notified, Pressed, Probed, RefundAnswered, RefundAsked, Tick
from kiosk.core.lifecycle import is_open, is_watched
from kiosk.core.model import Answer, Call, Order, OrderState, RefundState, Sale, SaleState, Tender, Unknown, Why
from kiosk.core.secret import PaymentCode
from kiosk.core.state import Kiosk, Settings, Step, wake_at
from kiosk.core.step import resume, step
from kiosk.core.view import view
from kiosk.payment.ledger import SqliteLedger
from tests.simulation.bank import MERCHANT, Bank

BEGIN = 1_767_600_000_000
CALM_AFTER = 15 * 60_000  # the bad luck ends here
QUIET_AFTER = CALM_AFTER + 10 * 60_000  # no customer acts any more
END = 3 * 3600_000
CLOCK_MOST = 5 * 60_000  # contract C3: a request whose time is further off is refused
DEADLINE = 15_000  # of a request, as the client has it


T = TypeVar("T")


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
    disk: float  # a commit fails
    poor: float  # no money in the pool that refunds are paid from
    clock: float  # a start with a wrong clock


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
        self.story: list[tuple[int, str, Event | None, Step | None]] = []
        self.kiosk: Kiosk
        self.life = 0  # answers to an earlier life of the process reach nobody
        self.dark = False  # no kiosk for the moment
        self.kept: list[Event] | None = None  # what comes in meanwhile, if the process lives
        self.wakes = 0
        self.codes = 0
        self.skew = 0  # how far the kiosk's clock is ahead of the truth
        self.paid: list[str] = []
        self.refunded_at: dict[str, tuple[str, int]] = {}
        some = (0.0, 0.05, 0.2, 0.5, 1.0)
        few = (0.0, 0.0, 0.05, 0.2)

        def pick(name: str) -> float:
            return self.choose(some, f"luck {name}") if self.draw(f"any luck {name}") < 0.7 else 0.0

        self.luck = Luck(
            lose_request=pick("lose request"),
            lose_answer=pick("lose answer"),
            not_sent=pick("not sent") * 0.5,
            late=pick("late"),
            crash=self.choose(few, "luck crash"),
            busy=pick("busy"),
            disk=self.choose(few, "luck disk"),
            poor=pick("poor"),
            clock=pick("clock"),
        )
        self.start()

    # -- the day ---------------------------------------------------------------------------------------------------

    def run(self) -> None:
        """Play the day to its end and hold everything against the promises."""
        self.at(self.now + 1000, self.merchant)
        while self.heap and self.now < BEGIN + END:
            self.now, _, what = heapq.heappop(self.heap)
            what()
            if self.now > BEGIN + QUIET_AFTER and self.at_rest():
                break
        self.check_end()

    def at_rest(self) -> bool:
        """Whether nothing is left that could move by itself."""
        if self.dark:
            return False
        orders = self.kiosk.orders.values()
        return not self.kiosk.refunds and not any(is_open(order) or is_watched(order) for order in orders)

    def merchant(self) -> None:
        """Somebody keys something, again and again, until the bad luck is over."""
        if self.now > BEGIN + CALM_AFTER:
            return
        if self.dark:
            self.at(self.now + 5000, self.merchant)
            return
        shown = view(self.kiosk, self.kiosk_now).screen
        draw = self.draw("merchant")
        if isinstance(shown, screens.Idle | screens.PaidScreen | screens.Unresolved | screens.CancelledScreen):
            if self.paid and self.draw("refund") < 0.15:
                self.refund()
            for key in self.choose(("5", "12", "77"), "amount"):
                self.happen(Pressed(Key(key)))
        elif isinstance(shown, screens.Keying):
            self.happen(Pressed(Key.OK if draw < 0.5 else Key.QR))
        elif isinstance(shown, screens.Scanning) and draw < 0.8:
            self.show_code()
        elif isinstance(shown, screens.DeclinedScreen) and draw < 0.6:
            self.happen(Pressed(self.choose((Key.SCAN, Key.QR), "anew")))
        elif draw < 0.35:
            keys = (Key.CANCEL, Key.OK, Key.SCAN, Key.QR, Key.MENU, Key.CLEAR)
            self.happen(Pressed(self.choose(keys, "key")))
        self.at(self.now + int(300 + 9000 * self.draw("pause") ** 3), self.merchant)

    def show_code(self) -> None:
        shown = self.kiosk.till
        self.codes += 1
        again = self.codes > 1 and self.draw("same code") < 0.1
        digits = f"13{self.codes - again:016d}"
        self.happen(CodeSeen(shown.out_trade_no, PaymentCode(digits)))  # type: ignore[union-attr]

    def refund(self) -> None:
        """The merchant gives part or all of a payment back; sometimes more than there is, sometimes twice."""
        order = self._row(self.choose(self.paid, "which refund"))
        sale = self.ledger.sale(order.sale_id)
        assert sale is not None
        amount = self.choose((None, None, 1, order.money.amount // 2, order.money.amount), "how much")
        self.happen(RefundAsked(order, sale, self.ledger.refunds_of(order.out_trade_no), amount, token=""))

    def start(self) -> None:
        """The process starts, perhaps with a clock that is wrong until WeChat has answered."""
        self.skew = 0
        if not self.calm and self.draw("wrong clock") < self.luck.clock * 0.3:
            self.skew = -int(86_400_000 * self.draw("skew") ** 3)  # a machine without a battery starts in the past
        self.boot()

    def boot(self) -> None:
        """The kiosk takes up what the ledger holds, and then what came in meanwhile."""
        kept, self.kept, self.dark = self.kept or [], None, False
        snapshot = self.ledger.load(self.kiosk_now - 7200_000)
        parents = {}
        for refund in snapshot.refunds:
            order = self.ledger.order(refund.out_trade_no)
            assert order is not None
            parents[order.out_trade_no] = (order, self.ledger.refunds_of(order.out_trade_no))
        made = resume(self.settings, snapshot, parents, self.kiosk_now)
        self.commit(made.records)
        self.kiosk = made.kiosk
        for act in made.acts:
            self.dispatch(act)
        self.note("boot", made=made)
        for event in kept:
            self.later(0, event)
        self.wake()

    def happen(self, event: Event) -> None:
        """One step: the commit, then the acts; a crash may come before, between or after."""
        if self.dark:
            if self.kept is not None and not isinstance(event, Pressed):
                self.kept.append(event)
            return
        if self.crash("before"):
            return
        made = step(self.kiosk, event, self.kiosk_now)
        if made.records and self.disk_fails(made):
            return
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
            self.ledger.commit(records, self.kiosk_now)
        except LedgerError as refused:
            raise Violation(str(refused)) from refused

    def crash(self, where: str) -> bool:
        """Whether the plug is pulled here; if so, the kiosk is up again a while later."""
        if self.luck.crash == 0.0 or self.calm or self.draw("crash " + where) >= self.luck.crash * 0.1:
            return False
        self.note("crash " + where)
        self.life += 1
        self.dark = True
        self.at(self.now + int(2000 + 600_000 * self.draw("dark") ** 4), self.start)
        return True

    def disk_fails(self, made: Step) -> bool:
        """Whether the commit fails here: nothing leaves, and the kiosk takes up its rows again while the lanes live on.

        What the commit held may be found on the disk all the same.
        """
        if self.luck.disk == 0.0 or self.calm or self.draw("disk fails") >= self.luck.disk * 0.1:
            return False
        kept = self.draw("kept all the same") < 0.5
        if kept:
            self.commit(made.records)
        self.note("disk fails, " + ("kept" if kept else "lost"), made=made)
        self.dark, self.kept = True, []
        self.at(self.now + 3000, self.boot)
        return True

    def wake(self) -> None:
        self.wakes += 1
        newest = self.wakes
        at = max(wake_at(self.kiosk, self.kiosk_now) - self.skew, self.now + 1)
        self.at(at, lambda: self.happen(Tick()) if newest == self.wakes else None)

    # -- the network -----------------------------------------------------------------------------------------------

    def dispatch(self, act: Act) -> None:
        match act:
            case Charge(order, code):
                self.happen_soon(Left(order.out_trade_no, Call.CHARGE))
                digits = code.reveal()
                fate = self.choose(("paid", "paid", "paid", "password", "declined", "payerror"), digits)
                self.customer_types(order, fate)
                self.call(order, Call.CHARGE, lambda: self.bank.charge(order, digits, fate, self.now))
            case Place(order, _):
                self.call(order, Call.PLACE, lambda: self.bank.place(order, self.now))
                self.customer_scans(order)
            case Ask(order, _):
                self.call(order, Call.ASK, lambda: self.bank.ask(order, self.now))
            case Reverse(order, _):
                sent, anchor = order.sent_at or 0, order.anchor_at or 0
                if self.kiosk_now - max(sent, anchor) < 15_000:
                    raise Violation(f"{order.out_trade_no} reversed {self.kiosk_now - sent} ms after sending")
                busy = not self.calm and self.draw("busy") < self.luck.busy
                self.call(order, Call.REVERSE, lambda: self.bank.reverse(order, busy=busy))
            case Close(order, _):
                if self.kiosk_now - (order.sent_at or 0) < 5 * 60_000:
                    raise Violation(f"{order.out_trade_no} closed {self.kiosk_now - (order.sent_at or 0)} ms after placing")
                self.call(order, Call.CLOSE, lambda: self.bank.close(order, self.now))
            case GiveBack(refund, order):
                self.check_refund(refund.out_refund_no, order.out_trade_no)
                poor = not self.calm and self.draw("poor") < self.luck.poor
                answer = lambda: self.bank.refund(refund, order, poor=poor)  # noqa: E731
                self.carry(answer, lambda a: RefundAnswered(refund.out_refund_no, Call.REFUND, a))
            case AskRefund(refund, order):
                busy = not self.calm and self.draw("refund under way") < 0.5
                answer = lambda: self.bank.ask_refund(refund, order, busy=busy)  # noqa: E731
                self.carry(answer, lambda a: RefundAnswered(refund.out_refund_no, Call.ASK_REFUND, a))
            case Probe():
                up = self.calm or self.draw("probe") >= self.luck.not_sent
                life = self.life
                self.at(self.now + 40, lambda: self.happen(self.probed(up=up)) if life == self.life else None)
            case CorrectClock(offset_ms):
                self.skew += offset_ms
            case Warm() | StartScan() | StopScan() | Play() | Reply():
                pass

    def probed(self, *, up: bool) -> Probed:
        """What a probe learns: whether WeChat answers, and its time."""
        return Probed(up, self.now // 1000 * 1000 if up else None, self.kiosk_now)

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
        if abs(self.skew) > CLOCK_MOST:
            self.later(60, event(Answer(Unknown(Why.UNVERIFIED, "SIGNERROR"))))
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
            self.at(self.now + int(60_000 * self.draw("typing")), lambda: self.pays(order.out_trade_no))

    def customer_scans(self, order: Order) -> None:
        if self.draw("scans") < 0.7:
            wait = int(400_000 * self.draw("scanning") ** 2)
            self.at(self.now + wait, lambda: self.pays(order.out_trade_no))

    def pays(self, number: str) -> None:
        """The customer does what the phone asks for; WeChat may tell the kiosk, once, twice or never."""
        if self.bank.pay(number, self.now):
            for _ in range(int(3 * self.draw("notified"))):
                self.later(int(20_000 * self.draw("how soon told")), Notified(number))

    # -- promises --------------------------------------------------------------------------------------------------

    def check(self, made: Step) -> None:
        """After every step: PAID is never shown or written without the bank's money for exactly that number."""
        for record in made.records:
            row = record.row
            if isinstance(row, Order) and row.state is OrderState.PAID and not isinstance(record, Insert):
                account = self.bank.accounts.get(row.out_trade_no)
                if account is None or account.taken != row.money.amount:
                    raise Violation(f"{row.out_trade_no} is PAID and the bank has taken nothing")
                self.paid.append(row.out_trade_no)

    def check_refund(self, refund: str, number: str) -> None:
        """A refund leaves once its row was committed, and a minute after another one of the same order."""
        if refund not in {row.out_refund_no for row in self.ledger.refunds_of(number)}:
            raise Violation(f"{refund} left without a row")
        other, at = self.refunded_at.get(number, (refund, 0))
        if other != refund and self.now - at < 60_000:
            raise Violation(f"{refund} left {self.now - at} ms after {other}")
        self.refunded_at[number] = (refund, self.now)

    def check_end(self) -> None:
        """When all is calm: every order has an end, the bank agrees with it, and no sale keeps more than one payment."""
        kept: dict[str, int] = {}
        for line in self.ledger.lines(0, 1 << 60, include_open=True):
            account = self.bank.accounts.get(line.out_trade_no)
            money = account.kept if account is not None else 0
            kept[line.sale] = kept.get(line.sale, 0) + money
            if line.state not in OrderState.__members__ or is_open(self._row(line.out_trade_no)):
                raise Violation(f"{line.out_trade_no} is still {line.state} after {END // 60_000} min")
            if line.state == "PAID" and money != line.amount - line.refunded:
                raise Violation(f"{line.out_trade_no} is PAID less {line.refunded} and the bank keeps {money} of {line.amount}")
            for refund in self.ledger.refunds_of(line.out_trade_no):
                if refund.state is not RefundState.DONE:
                    raise Violation(f"{refund.out_refund_no} is {refund.state}: {refund.note}")
            if line.state not in ("PAID", "ATTENTION") and money:
                raise Violation(f"{line.out_trade_no} is {line.state} and the bank keeps {money}")
            if line.state == "ATTENTION":
                raise Violation(f"{line.out_trade_no} needs a person though nobody lied: {self._row(line.out_trade_no).note}")
            if kept[line.sale] > line.amount:
                raise Violation(f"sale {line.sale} keeps {kept[line.sale]} of {line.amount}")
            if line.sale_state == SaleState.OPEN:
                raise Violation(f"sale {line.sale} is still open")
            if line.state == "PAID" and (line.sale_state == SaleState.PAID) != (kept[line.sale] > 0):
                raise Violation(f"sale {line.sale} is {line.sale_state} with {kept[line.sale]} kept")
        listed = {line.out_trade_no for line in self.ledger.lines(0, 1 << 60, include_open=True)}
        for number, account in self.bank.accounts.items():
            if number not in listed:
                raise Violation(f"{number} is forgotten; the bank has {account.state}")
            if account.refused:
                raise Violation(f"more was asked back of {number} than was paid")
            if account.tender is Tender.NATIVE and account.state == "NOTPAY":
                raise Violation(f"{number} can still be paid")

    # -- small parts -----------------------------------------------------------------------------------------------

    @property
    def calm(self) -> bool:
        return self.now > BEGIN + CALM_AFTER

    @property
    def kiosk_now(self) -> int:
        return self.now + self.skew

    def draw(self, purpose: str) -> float:
        """The next draw of this purpose: deleting one event does not move the luck of the others."""
        count = self.draws[purpose] = self.draws.get(purpose, 0) + 1
        return int.from_bytes(blake2b(f"{self.seed}-{purpose}-{count}".encode(), digest_size=6).digest()) / (1 << 48)

    def choose(self, options: Sequence[T], purpose: str) -> T:
        return options[int(self.draw(purpose) * len(options))]

    def at(self, when: int, what: Callable[[], None]) -> None:
        self.order_of_events += 1
        heapq.heappush(self.heap, (when, self.order_of_events, what))

    def later(self, ms: int, event: Event) -> None:
        life = self.life
        self.at(self.now + ms, lambda: self.happen(event) if life == self.life else None)

    def happen_soon(self, event: Event) -> None:
        self.later(1, event)

    def note(self, what: str, event: Event | None = None, made: Step | None = None) -> None:
        self.story.append((self.now, what, event, made))

    def trace(self) -> list[str]:
        """The day in lines, without what moved nothing."""
        lines = []
        for now, what, event, made in self.story:
            rows = [r.row for r in made.records if not isinstance(r.row, Sale)] if made else []
            states = [f"{row.out_trade_no[-6:]}:{row.state}" for row in rows]
            about = ""
            if isinstance(event, Answered | RefundAnswered):
                outcome = event.answer.outcome
                name = event.out_trade_no if isinstance(event, Answered) else event.out_refund_no
                about = f"{name[11:]} {event.call} {type(outcome).__name__}"
                about += f" {outcome.why}" if isinstance(outcome, Unknown) else ""
            if isinstance(event, Pressed):
                about = str(event.key)
            if what not in ("Tick", "Probed") or states:
                shown = type(view(made.kiosk, now).screen).__name__ if made else ""
                lines.append(f"{(now - BEGIN) / 1000:9.3f} {what:10} {about:40} {' '.join(states):50} {shown}")
        return lines

    def _row(self, number: str) -> Order:
        order = self.ledger.order(number)
        assert order is not None
        return order
