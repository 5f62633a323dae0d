"""A month of a shop with several kiosks, against the stand-in with its clock moved: `python -m tests.month --html month.html`.

Thirty seeded days of sales both ways, cancellations, passwords, refunds, reversals, lost answers, and on one day a card that is
lost: the kiosk goes on with an empty ledger under another generation. What each morning's statement teaches is settled as the
kiosk does it, and at the end the two sides match to the cent; so does the Z report that each kiosk prints in the evening. Each
kiosk is the real pure core over a real ledger (month_till.py); every call goes to the stand-in over HTTP through the real
client, its statements signed and zipped.
"""

from __future__ import annotations

import argparse
import io
import random
import sys
import tempfile
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from datetime import date, timedelta
from pathlib import Path
from typing import Any

from kiosk.books.answers import told_of
from kiosk.books.comparison import Settler, compare
from kiosk.books.report import as_html, as_text, unsettled
from kiosk.books.statement_files import of_wechat
from kiosk.core import statements
from kiosk.core.differences import Reconciliation
from kiosk.core.events import (
    CodeSeen,
    RefundAsked,
    ShiftAsked,
    Tick,
)
from kiosk.core.lifecycle import MINUTE
from kiosk.core.model import Order, OrderState
from kiosk.core.secret import PaymentCode
from kiosk.core.shifts import Aim, Reading
from kiosk.core.state import in_front
from kiosk.payment import reconciliations
from kiosk.payment.wechat.statements import NoStatement
from tests.books_kit import SHOP, beijing, client_of
from tests.month_slips import Slips
from tests.month_till import Till
from tests.sandbox_kit import Stand

FIRST = date(2026, 1, 5)
OPENS, CLOSES = 9 * 60 * MINUTE, 21 * 60 * MINUTE  # of the Beijing day
KIOSKS = ("K07", "K08")


@dataclass
class Luck:
    """How likely each thing is, in a hundred sales."""

    native: int = 35
    cancelled: int = 4
    refunded: int = 6
    answer_lost: int = 6
    password: int = 5
    cut_off: int = 4  # of those with a code: WeChat takes it, no answer comes back for a minute, and the customer goes


@dataclass
class Month:
    """The shop. `now` is everybody's clock."""

    seed: int
    folder: Path
    days: int = 30
    sales: int = 20  # of each kiosk and day
    lost: int = 12  # the day on whose evening K07's card is lost
    luck: Luck = field(default_factory=Luck)
    counts: dict[str, int] = field(default_factory=dict)
    slips: Slips = field(default_factory=Slips)

    def __post_init__(self) -> None:
        self.random = random.Random(self.seed)
        self.stand = Stand(self.folder)
        self.stand.trouble.set("password", "never")
        self.stand.now.ms = beijing(f"{FIRST} 08:00:00")
        self.cut_off = False
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

    def count(self, what: str, more: int = 1) -> None:
        self.counts[what] = self.counts.get(what, 0) + more

    def provider(self, name: str) -> Any:
        return client_of(self.stand, self.folder, self, lambda: f"{self.random.getrandbits(128):032x}", name)

    def play(self, tell: Callable[[str], None] = lambda _: None) -> None:
        """All of it. AssertionError when the two sides do not match at the end."""
        for each in range(self.days):
            day = FIRST + timedelta(days=each)
            self._day(day)
            if each == self.lost:
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
            till.happen(ShiftAsked("evening", Reading(Aim.CLOSE)))

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
        if self.strikes(self.luck.cut_off):
            self.count("cut off")
            self.cut_off = True
            till.happen(CodeSeen(order.out_trade_no, PaymentCode(self.stand.bank.new_code())))
            till.pass_time(5)
            till.press("CANCEL")
            till.pass_time(60)
            self.cut_off = False
            return
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
        report = till.recover([FIRST + timedelta(days=self.lost)])
        self.counts["orders walked"] = len(report.recovered)
        for each in range(self.lost):
            self.compare(till, (FIRST + timedelta(days=each)).isoformat())

    def _close_the_month(self, till: Till) -> None:
        """Every day again, with all that is known now: twice changes nothing, and both sides have the same money."""
        for each in range(self.days):
            day = (FIRST + timedelta(days=each)).isoformat()
            self.compare(till, day)
        kept = till.read(lambda ledger: ledger.read(reconciliations.days))
        assert len(kept) == self.days
        for books in kept:
            for sums in books.sums:
                assert sums.ours.net == sums.theirs.net, (till.name, books)
                for what in ("paid_count", "reversal_count", "refund_count"):
                    self.count(f"{what} in the statements", getattr(sums.theirs, what))
            self.slips.hold_against(till.name, books)

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
    parser.add_argument("--slips", type=Path, help="a folder for the Z reports")
    chosen = parser.parse_args(words)
    began = time.monotonic()
    with tempfile.TemporaryDirectory() as folder:
        month = Month(chosen.seed, Path(folder), chosen.days, chosen.sales, slips=Slips(chosen.slips))
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
            print(f"seed {chosen.seed}: {month.counts}, {len(month.slips.of)} Z reports, {time.monotonic() - began:.0f} s")
        finally:
            month.stand.server.stop()
    return 0 if well else 1


if __name__ == "__main__":
    sys.exit(main())
