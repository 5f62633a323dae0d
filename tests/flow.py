"""The pure heart driven like a script: keys, codes, answers and time in; the screen, the acts and the ledger's rows out.

The real `resume` and `step` over a real ledger in memory; time moves only by `pass_time`. No thread, no network, no luck.
"""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, time, tzinfo
from typing import Any, TypeVar

from kiosk.core.commands import (
    Act,
    Ask,
    AskForRefund,
    AskRefund,
    Charge,
    CheckPin,
    Close,
    CorrectClock,
    GiveBack,
    KeepPin,
    LookUp,
    Place,
    Probe,
    ReadPast,
    Reply,
    Reverse,
)
from kiosk.core.events import (
    Answered,
    CodeSeen,
    Event,
    Key,
    Left,
    PinChecked,
    PinKept,
    PinsKnown,
    Pressed,
    Probed,
    RefundAnswered,
    RefundAsked,
    Tick,
)
from kiosk.core.lifecycle import watched_since
from kiosk.core.model import (
    Answer,
    Call,
    Direct,
    Merchant,
    Order,
    OrderState,
    Outcome,
    Paid,
    Pending,
    Refund,
    SaleState,
    Tender,
    Unknown,
    Why,
)
from kiosk.core.money import Money
from kiosk.core.operators import ALL_OF_IT, ALONE, Operator, RefundRules
from kiosk.core.screens import Signs
from kiosk.core.secret import PaymentCode
from kiosk.core.shifts import MIDNIGHT
from kiosk.core.slips import Receipts
from kiosk.core.state import Kiosk, Settings, Step, in_front, wake_at
from kiosk.core.step import resume, step
from kiosk.core.view import view
from kiosk.loop.reading import read
from kiosk.payment.ledger import SqliteLedger

START = 1_767_600_000_000  # 2026-01-05 08:00 UTC
MERCHANT = Direct("wx1", "1900009999")

A = TypeVar("A")


class Flow:
    """One kiosk, from its start on. `acts` are those of the newest step; `done` all of them."""

    def __init__(
        self,
        *,
        online: bool = True,
        default: Tender = Tender.QUICK_PAY,
        limit: int = 1_000_000,
        currency: str = "HKD",
        generation: str = "aa",
        result_ms: int = 0,
        merchant: Merchant = MERCHANT,
        receipts: Receipts | None = None,
        operators: tuple[Operator, ...] = (ALONE,),
        rules: RefundRules = ALL_OF_IT,
        pins: dict[str, str] | None = None,
        zone: tzinfo = UTC,
        day_starts: time = MIDNIGHT,
    ) -> None:
        self.now = START
        self.settings = Settings(
            merchant,
            "Harbour Snacks",
            currency,
            "K07",
            zone,
            default,
            limit,
            result_ms,
            receipts,
            operators=operators,
            refunds=rules,
            day_starts=day_starts,
        )
        self.pins = dict(pins or {})  # of the operators
        self.looked_at = 0  # PINs, so far
        self.shut_ms = 0  # how long a wrong one keeps the door shut
        self.ledger = SqliteLedger.in_memory(generation)
        self.kiosk: Kiosk
        self.acts: tuple[Act, ...] = ()
        self.done: list[Act] = []
        self.flying: list[Act] = []  # calls whose answer is still out
        self.codes = 0
        self.start()
        if online:
            self.probe()

    # -- what happens ----------------------------------------------------------------------------------------------

    def start(self) -> None:
        """The process comes up over what the ledger holds."""
        snapshot = self.ledger.load(watched_since(self.now, self.ledger.last_opened_at()))
        parents = {r.out_trade_no: (self.order(r.out_trade_no), self.ledger.refunds_of(r.out_trade_no)) for r in snapshot.refunds}
        self.flying = []  # what an earlier life sent is answered to nobody
        self._carry_out(resume(self.settings, snapshot, parents, self.now))
        if self.pins:
            self.happen(PinsKnown(tuple(self.pins)))

    def restart(self, dark_ms: int = 60_000) -> None:
        """The plug is pulled, and is in again later."""
        self.now += dark_ms
        self.start()

    def happen(self, event: Event) -> tuple[Act, ...]:
        """One step: the commit, then the acts. A LedgerError leaves everything as it was."""
        self._carry_out(step(self.kiosk, event, self.now))
        return self.acts

    def press(self, keys: str) -> None:
        """Keys as "1 2 5 0 OK"."""
        for key in keys.split():
            self.happen(Pressed(Key(key)))

    def code(self, digits: str | None = None, ticket: str | None = None) -> None:
        """The scanner believes a code: a new one unless given; for the order in front unless another ticket is given."""
        self.codes += 1
        shown = PaymentCode(digits or f"13{self.codes:016d}")
        self.happen(CodeSeen(ticket or self.front().out_trade_no, shown))

    def charge(self, keys: str = "1 2 5 0 OK") -> str:
        """A sale up to the request that left; its out_trade_no."""
        self.press(keys)
        self.code()
        number = self.front().out_trade_no
        self.happen(Left(number, Call.CHARGE))
        return number

    def show_qr(self, keys: str = "1 2 5 0 QR") -> str:
        """A sale up to the QR on the screen; its out_trade_no."""
        self.press(keys)
        number = self.front().out_trade_no
        self.answer(Call.PLACE, Pending(), code_url=f"weixin://{number}")
        return number

    def sell(self, keys: str = "1 2 5 0 OK") -> str:
        """A whole sale, paid, and back at the start; its out_trade_no."""
        number = self.charge(keys)
        self.answer(Call.CHARGE, self.paid(number))
        self.press("OK")
        return number

    def answer(self, call: Call, outcome: Outcome, number: str | None = None, **facts: Any) -> None:
        """A call about an order comes back: of the one in front unless named."""
        name = number or self.front().out_trade_no
        self.flying = [act for act in self.flying if subject(act) != (name, call)]
        facts.setdefault("reached", True)
        self.happen(Answered(name, call, Answer(outcome, **facts)))

    def refund_answer(self, call: Call, outcome: Outcome, number: str) -> None:
        """A call about a refund comes back."""
        self.flying = [act for act in self.flying if subject(act) != (number, call)]
        self.happen(RefundAnswered(number, call, Answer(outcome, reached=True)))

    def ask_refund(self, number: str, amount: int | None = None) -> Reply:
        """The merchant wants money back, through the control socket."""
        order = self.order(number)
        sale = self.ledger.sale(order.sale_id)
        assert sale is not None
        self.happen(RefundAsked(order, sale, self.ledger.refunds_of(number), amount, token="t"))
        return self.one(Reply)

    def probe(self, *, reached: bool = True, ahead_ms: int | None = 0) -> None:
        """A probe comes back; WeChat's clock is ahead of ours by so much, or says nothing."""
        self.flying = [act for act in self.flying if not isinstance(act, Probe)]
        time = None if ahead_ms is None or not reached else self.now + ahead_ms
        self.happen(Probed(reached, time, self.now))

    def pass_time(self, ms: int, bank: Callable[[Act], Outcome | None] | None = None, takes_ms: int = 100) -> None:
        """Let time pass, waking when the kiosk wants to be woken. `bank` says what each call comes back with, `takes_ms` later.

        Without a bank nothing comes back, nor do calls for which it says None.
        """
        end = self.now + ms
        back: list[tuple[int, Act]] = [(self.now + takes_ms, act) for act in self.flying] if bank else []
        steps = 0
        while True:
            steps += 1
            assert steps < 20_000, "the kiosk never rests"
            wake = max(wake_at(self.kiosk, self.now), self.now + 1)
            when = min([wake, end, *(at for at, _ in back)])
            self.now = when
            ready = [act for at, act in back if at <= when]
            back = [(at, act) for at, act in back if at > when]
            known = len(self.done)
            for act in ready:
                outcome = bank(act) if bank else None
                if outcome is not None:
                    self._come_back(act, outcome)
            if not ready and wake <= when:
                self.happen(Tick())
            if bank:
                back += [(self.now + takes_ms, act) for act in self.done[known:] if subject(act) or isinstance(act, Probe)]
            if self.now >= end and not [at for at, _ in back if at <= end]:
                return

    # -- what is to be seen ----------------------------------------------------------------------------------------

    @property
    def screen(self) -> Any:  # a Screen; Any, so that a test may look at the fields of the one it expects
        """What people see now."""
        return view(self.kiosk, self.now).screen

    @property
    def signs(self) -> Signs:
        """The row of small signs."""
        return view(self.kiosk, self.now).signs

    def sees(self, screen: type) -> None:
        """People see a screen of this kind."""
        assert isinstance(self.screen, screen), self.screen

    def front(self) -> Order:
        """The order in front."""
        order = in_front(self.kiosk)
        assert order is not None, f"no order in front: {self.screen}"
        return order

    def order(self, number: str) -> Order:
        """The row as committed."""
        row = self.ledger.order(number)
        assert row is not None, f"{number} is not in the ledger"
        return row

    def state(self, number: str) -> OrderState:
        """The order's state as committed."""
        return self.order(number).state

    def sale_state(self, number: str) -> SaleState:
        """The state of the order's sale as committed."""
        sale = self.ledger.sale(self.order(number).sale_id)
        assert sale is not None
        return sale.state

    def refunds(self, number: str) -> tuple[Refund, ...]:
        """The order's refunds as committed."""
        return self.ledger.refunds_of(number)

    def numbers(self) -> list[str]:
        """Every out_trade_no that may have been seen at WeChat, oldest first."""
        return [line.out_trade_no for line in self.ledger.lines(0, 1 << 60, include_open=True)]

    def paid(self, number: str, **facts: Any) -> Paid:
        """WeChat took the money of this order."""
        facts.setdefault("total", self.order(number).money)
        return Paid(f"42{number}", **{"paid_at": self.now, **facts})

    def all(self, kind: type[A]) -> list[A]:
        """Every act of this kind since the beginning."""
        return [act for act in self.done if isinstance(act, kind)]

    def one(self, kind: type[A]) -> A:
        """The one act of this kind of the newest step."""
        (act,) = [act for act in self.acts if isinstance(act, kind)]
        return act

    # -- small parts -----------------------------------------------------------------------------------------------

    def _carry_out(self, made: Step) -> None:
        self.acts = ()
        if made.records:
            self.ledger.commit(made.records, self.now)
        self.kiosk = made.kiosk
        self.acts = made.acts
        self.done += made.acts
        for act in made.acts:
            if isinstance(act, CorrectClock):
                self.now += act.offset_ms
            elif isinstance(act, Probe) or subject(act) is not None:
                self.flying.append(act)
        for act in made.acts:
            if isinstance(act, LookUp | ReadPast | AskForRefund):  # as the loop does: at once, and before anything else happens
                self.happen(read(self.ledger, act))
                self.acts = (*made.acts, *self.acts)
            elif isinstance(act, CheckPin):
                self.looked_at += 1
                self.happen(PinChecked(act.ticket, self.pins.get(act.operator) == act.pin.reveal(), self.shut_ms))
            elif isinstance(act, KeepPin):
                self.pins[act.operator] = act.pin.reveal()
                self.happen(PinsKnown(tuple(self.pins)))
                self.happen(PinKept(act.ticket))

    def _come_back(self, act: Act, outcome: Outcome) -> None:
        named = subject(act)
        if named is None:
            self.probe(reached=not _silent(outcome))
        elif isinstance(act, GiveBack | AskRefund):
            self.flying.remove(act)
            self.happen(RefundAnswered(named[0], named[1], Answer(outcome, reached=not _silent(outcome))))
        else:
            self.answer(named[1], outcome, named[0], reached=not _silent(outcome))


def hkd(amount: int) -> Money:
    """So many cents of Hong Kong."""
    return Money(amount, "HKD")


def always(outcome: Outcome) -> Callable[[Act], Outcome]:
    """A bank that knows one answer."""
    return lambda _: outcome


def subject(act: Act) -> tuple[str, Call] | None:
    """Which call about which number an act is; None for those that are about none."""
    match act:
        case Charge(order, _):
            return order.out_trade_no, Call.CHARGE
        case Place(order, _):
            return order.out_trade_no, Call.PLACE
        case Ask(order, _):
            return order.out_trade_no, Call.ASK
        case Reverse(order, _):
            return order.out_trade_no, Call.REVERSE
        case Close(order, _):
            return order.out_trade_no, Call.CLOSE
        case GiveBack(refund, _):
            return refund.out_refund_no, Call.REFUND
        case AskRefund(refund, _):
            return refund.out_refund_no, Call.ASK_REFUND
        case _:
            return None


def _silent(outcome: Outcome) -> bool:
    return isinstance(outcome, Unknown) and outcome.why in (Why.NOT_SENT, Why.TIMEOUT, Why.CUT, Why.UNVERIFIED)
