"""A month of a shop with several kiosks, against the stand-in with its clock moved: `python -m tests.month --html month.html`.

Thirty seeded days of sales both ways, cancellations, passwords, refunds, reversals, lost answers, and on one day a card that is
lost: the kiosk goes on with an empty ledger under another generation. What each morning's statement teaches is settled as the
kiosk does it, and at the end the two sides match to the cent. Each kiosk is the real pure core over a real ledger; every call
goes to the stand-in over HTTP through the real client, its statements signed and zipped.
"""

from __future__ import annotations

import argparse
import io
import random
import sys
import tempfile
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, replace
from datetime import date, timedelta
from pathlib import Path
from typing import Any, TypeVar

from kiosk.core import statements
from kiosk.core.commands import Ask, AskRefund, Charge, Close, GiveBack, Keep, Place, Probe, Record, Reverse, Warm
from kiosk.core.differences import Account, Reconciliation
from kiosk.core.events import Answered, CodeSeen, Doubted, Event, Key, Left, Pressed, Probed, RefundAnswered, RefundAsked, Tick
from kiosk.core.lifecycle import MINUTE, SECOND, watched_since
from kiosk.core.model import Answer as Heard
from kiosk.core.model import Call, Order, OrderState, Sale, Unknown, Why
from kiosk.core.secret import PaymentCode
from kiosk.core.state import Kiosk, Settings, Step, in_front, wake_at
from kiosk.core.step import resume, step
from kiosk.payment import reconciliations
from kiosk.payment.history import Loss
from kiosk.payment.ledger import SqliteLedger
from kiosk.payment.wechat import open_provider
from kiosk.payment.wechat.statements import NoStatement
from kiosk.reconcile import Settler, compare
from kiosk.reconcile_answers import told_of
from kiosk.reconcile_report import as_html, as_text, unsettled
from kiosk.statement_files import of_wechat
from kiosk.walk import Report, Run
from tests.books_kit import NUMBERS, SHOP, beijing
from tests.sandbox_kit import Stand

T = TypeVar("T")
FIRST = date(2026, 1, 5)
OPENS, CLOSES = 9 * 60 * MINUTE, 21 * 60 * MINUTE  # of the Beijing day
KIOSKS = ("K07", "K08")
LOST = 12  # the day on whose evening K07's card is lost


@dataclass
class Luck:
    """How likely each thing is, in a hundred sales."""

    native: int = 35
    cancelled: int = 4
    refunded: int = 6
    answer_lost: int = 6
    password: int = 5


class Till:
    """One kiosk: the real step over a real ledger. Calls go through the real client, at once; luck loses answers."""

    def __init__(self, name: str, month: Month) -> None:
        self.name = name
        self.month = month
        self.settings = Settings(NUMBERS, SHOP.name, "HKD", name, SHOP.time_zone)
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
            case Probe() | Warm():
                now = self.month.now()
                self.happen(Probed(reached=True, server_time=now // 1000 * 1000, at=now))
            case _:
                pass

    def _answered(self, order: Order, call: Call, ask: Callable[[], Heard]) -> None:
        answer = ask()
        if call in (Call.CHARGE, Call.PLACE, Call.REVERSE) and self.month.strikes(self.month.luck.answer_lost):
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


@dataclass
class Month:
    """The shop. `now` is everybody's clock."""

    seed: int
    folder: Path
    days: int = 30
    sales: int = 20  # of each kiosk and day
    luck: Luck = field(default_factory=Luck)
    counts: dict[str, int] = field(default_factory=dict)

    def __post_init__(self) -> None:
        self.random = random.Random(self.seed)
        self.stand = Stand(self.folder)
        self.stand.trouble.set("password", "never")
        self.stand.now.ms = beijing(f"{FIRST} 08:00:00")
        self.tills = [Till(name, self) for name in KIOSKS]

    def now(self) -> int:
        return self.stand.now()

    def clock(self, at: int) -> None:
        assert at >= self.stand.now.ms
        self.stand.now.ms = at

    def correct(self, offset_ms: int) -> None:
        """Everybody's clock is true."""

    def strikes(self, in_hundred: int) -> bool:
        return self.random.randrange(100) < in_hundred

    def count(self, what: str) -> None:
        self.counts[what] = self.counts.get(what, 0) + 1

    def provider(self, name: str) -> Any:
        folder = self.folder
        return open_provider(
            merchant=NUMBERS,
            merchant_category_code="5814",
            hosts=[self.stand.server.url],
            merchant_key_pem=(folder / "merchant_key.pem").read_bytes(),
            merchant_serial=self.stand.keys.merchant_serial,
            api_v3_key=self.stand.api_v3_key.strip(),
            platform_keys="certificates",
            notify_url="https://pay.example.net/wechat/notify",
            description=SHOP.name,
            device_id=name,
            clock=self,
            nonce=lambda: f"{self.random.getrandbits(128):032x}",
            certificate_cache=None,
        )

    def play(self, tell: Callable[[str], None] = lambda _: None) -> None:
        """All of it. AssertionError when the two sides do not match at the end."""
        for each in range(self.days):
            day = FIRST + timedelta(days=each)
            self._day(day)
            if each == LOST and self.days > LOST:
                self._lose()
            self.clock(max(self.now(), beijing(f"{day + timedelta(days=1)} 00:00:00") + statements.READY + MINUTE))
            for till in self.tills:
                till.happen(Tick())
                self.compare(till, day.isoformat())
            tell(f"{day}: {self.counts}")
        for till in self.tills:
            self._close_the_month(till)

    def compare(self, till: Till, day: str) -> Reconciliation:
        """The morning: fetched, verified, compared, settled."""
        file = io.BytesIO()
        found = of_wechat(till.provider.statement(day, file), file)
        assert not isinstance(found, NoStatement), found
        made = compare(day, found, till.shop, till, self.now(), lambda _share, _at: None)
        settler = Settler(till.shop, till, till.provider, self, lambda _: None, give_unknown_back=False)  # type: ignore[arg-type]
        for _ in range(20):
            if not settler.settle():
                break
            till.pass_time(60)
        return made

    def _day(self, day: date) -> None:
        start = beijing(f"{day} 00:00:00")
        times = sorted(self.random.randrange(start + OPENS, start + CLOSES) for _ in range(self.sales * len(self.tills)))
        for at in times:
            till = self.random.choice(self.tills)
            self.clock(max(self.now(), at))
            till.happen(Tick())
            self._sale(till)
        for till in self.tills:
            till.pass_time(700)  # what is open comes to its end

    def _sale(self, till: Till) -> None:
        amount = self.random.randrange(100, 50_000)
        native = self.strikes(self.luck.native)
        keys = " ".join(str(amount))
        self.count("sales begun")
        till.press(f"CANCEL {keys} {'QR' if native else 'SCAN'}")
        front = in_front(till.kiosk)
        if front is None:  # the same amount is open yet: a new customer
            till.press("OK")
            front = in_front(till.kiosk)
        if front is None:
            till.press("CANCEL")
            return
        if self.strikes(self.luck.cancelled):
            self.count("cancelled")
            till.press("CANCEL")
        elif native:
            self._pay_native(till, front)
        else:
            self._pay_by_code(till, front)
        till.pass_time(self.random.randrange(2, 90))
        till.press("CANCEL")
        order = till.ledger.order(front.out_trade_no)
        if order is not None and order.state is OrderState.PAID and self.strikes(self.luck.refunded):
            self._refund(till, order)

    def _pay_by_code(self, till: Till, order: Order) -> None:
        asks = self.strikes(self.luck.password)
        self.stand.trouble.set("password", "always" if asks else "never")
        till.happen(CodeSeen(order.out_trade_no, PaymentCode(self.stand.bank.new_code())))
        self.stand.trouble.set("password", "never")
        if asks and self.strikes(60):  # else nobody types it, and the kiosk reverses
            self.count("passwords typed")
            till.pass_time(6)
            waiting = [bill.out_trade_no for bill in self.stand.bank.waiting()]
            if order.out_trade_no in waiting:
                self.stand.bank.approve(order.out_trade_no)
        till.pass_time(10)

    def _pay_native(self, till: Till, order: Order) -> None:
        row = self.stand.bank.book.get(order.out_trade_no)
        if row is None or not row.code_url or self.strikes(10):
            self.count("not scanned")
            return
        self.stand.bank.scan(row.code_url)
        self.stand.bank.approve(order.out_trade_no)
        till.pass_time(8)

    def _refund(self, till: Till, order: Order) -> None:
        self.count("refunds")
        sale = till.ledger.sale(order.sale_id)
        assert sale is not None
        part = None if self.strikes(50) else max(1, order.money.amount // 3)
        till.happen(RefundAsked(order, sale, till.ledger.refunds_of(order.out_trade_no), part, ""))

    def _lose(self) -> None:
        """K07's card is lost in the evening; only the last day is walked, all older days come back by their statements."""
        till = self.tills[0]
        till.lose_the_card()
        self.count("cards lost")
        report = till.recover([FIRST + timedelta(days=LOST)])
        self.counts["orders walked"] = len(report.recovered)
        for each in range(LOST):
            self.compare(till, (FIRST + timedelta(days=each)).isoformat())

    def _close_the_month(self, till: Till) -> None:
        """Every day again, with all that is known now: twice changes nothing, and both sides have the same money."""
        for each in range(self.days):
            day = (FIRST + timedelta(days=each)).isoformat()
            self.compare(till, day)
        kept = till.read(lambda ledger: ledger.read(reconciliations.days))
        assert len(kept) == self.days
        for day in kept:
            for sums in day.sums:
                assert sums.ours.net == sums.theirs.net, (till.name, day)

    def totals(self, till: Till) -> tuple[int, int]:
        """What was kept, by the kiosk's ledger and by the stand-in's own book."""
        ours = sum(line.amount - line.refunded for line in till.ledger.lines(0, 1 << 60) if line.state is OrderState.PAID)
        rows = [row for number, row in self.stand.bank.book.items() if number.startswith(f"{till.name}-")]
        theirs = sum(sum(each.total if each.what == "payment" else -each.total for each in row.entries) for row in rows)
        return ours, theirs


def main(words: Sequence[str] | None = None) -> int:
    """Play, print a table, write the report of the first kiosk."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else None)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--days", type=int, default=30)
    parser.add_argument("--sales", type=int, default=20, help="of each kiosk and day")
    parser.add_argument("--html", type=Path)
    chosen = parser.parse_args(words)
    began = time.monotonic()
    with tempfile.TemporaryDirectory() as folder:
        month = Month(chosen.seed, Path(folder), chosen.days, chosen.sales)
        try:
            month.play(lambda line: print(line, file=sys.stderr))
            well = True
            for till in month.tills:
                last = (FIRST + timedelta(days=chosen.days - 1)).isoformat()
                told = told_of(till.ledger, FIRST.isoformat(), last)
                ours, theirs = month.totals(till)
                well &= ours == theirs
                print(as_text(told, till.name))
                print(
                    f"{till.name}: kept {ours / 100:.2f} HKD here, {theirs / 100:.2f} HKD there; not settled: {unsettled(told)}"
                )
                if chosen.html is not None and till is month.tills[0]:
                    title = f"{SHOP.name}, {till.name}: books of {FIRST:%Y-%m-%d} to {last}"
                    chosen.html.write_text(as_html(told, title=title, zone=SHOP.time_zone, made_at=month.now()), "utf-8")
            print(f"seed {chosen.seed}: {month.counts}, {time.monotonic() - began:.0f} s")
        finally:
            month.stand.server.stop()
    return 0 if well else 1


if __name__ == "__main__":
    sys.exit(main())
