"""What must be true: after each commit, before each act, of each screen, and when all is quiet. Raises Violation.

Judged from the bank's hidden truth and from the rows as they were committed; of the kiosk's own conclusions only the screen is
looked at. I1 to I15 are the invariants' names in the tests' output.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace
from typing import TYPE_CHECKING

from kiosk.core import screens
from kiosk.core.commands import (
    Act,
    Announce,
    Ask,
    AskRefund,
    Charge,
    Close,
    CorrectClock,
    GiveBack,
    Insert,
    Place,
    Play,
    Record,
    Reverse,
    Sound,
)
from kiosk.core.events import Answered, Event, Key, Left, Notified, Part, Pressed, Tick
from kiosk.core.model import FINALS, Call, Order, OrderState, Refund, RefundState, Sale, SaleState, Tender, Unknown
from kiosk.core.money import Money
from kiosk.core.refunds import is_given
from kiosk.core.secret import PaymentCode
from kiosk.core.selling import Doubt, Draft
from kiosk.core.shifts import tallies
from kiosk.core.state import Kiosk, Step, in_front
from kiosk.core.step import step

if TYPE_CHECKING:
    from tests.simulation.world import World

S = OrderState
IN_DOUBT = (screens.Charging, screens.Placing, screens.Cancelling, screens.Unresolved)
WAITING = (screens.Charging, screens.Password, screens.Placing, screens.ShowingQr, *IN_DOUBT)
OPEN = frozenset(set(S) - FINALS)
VERDICT_WITHIN = 60_000
GRACE = 30_000
ASKS_MOST = 20


class Violation(AssertionError):
    """A promise about money was broken."""


class Rows:
    """What the kiosk has committed, as it must be on the disk."""

    def __init__(self) -> None:
        self.orders: dict[str, Order] = {}
        self.sales: dict[str, Sale] = {}
        self.refunds: dict[str, Refund] = {}

    def write(self, records: Iterable[Record]) -> None:
        for record in records:
            match record.row:
                case Order() as order:
                    self.orders[order.out_trade_no] = order
                case Sale() as sale:
                    self.sales[sale.sale_id] = sale
                case Refund() as refund:
                    self.refunds[refund.out_refund_no] = refund

    def refunds_of(self, number: str) -> list[Refund]:
        return [refund for refund in self.refunds.values() if refund.out_trade_no == number]


class Promises:
    """Of one world. Every method is called by it at the moment its name says."""

    def __init__(self, world: World) -> None:
        self.world = world
        self.bank = world.bank
        self.rows = world.rows
        self.charged: set[str] = set()
        self.charging: dict[tuple[int, str], bool] = {}  # in which life of the process which charge is on its way
        self.codes: dict[tuple[int, PaymentCode], str] = {}  # in which life of the kiosk which code was sent with which order
        self.refunded_at: dict[str, tuple[str, int]] = {}
        self.lied_about: set[str] = set()
        self.limit = world.settings.max_amount
        self.paid_since = 0
        self.made_in: dict[str, int] = {}  # in which life of the kiosk an order was made
        self.heard: set[tuple[int, str]] = set()  # in which life something definite was heard of which order
        self.closing_since: dict[str, int] = {}
        self.asked_at: dict[str, list[int]] = {}
        self.ordered_in = 0  # the newest life of the kiosk that has sold something

    # -- the step --------------------------------------------------------------------------------------------------

    def before_the_commit(self, event: Event, made: Step) -> None:
        """What this event may lead to."""
        before, records = self.world.kiosk, made.records
        new_sale = None
        lied = False
        if isinstance(event, Answered):
            lied = any(event.answer is told for told in self.world.lies)
            if event.call is Call.CHARGE:
                self.charging[self.world.life, event.out_trade_no] = False
            if not isinstance(event.answer.outcome, Unknown):
                self.heard.add((self.world.boots, event.out_trade_no))
        for record in records:
            row = record.row
            if isinstance(row, Order):
                self._order(record, row, lied=lied)
            elif isinstance(row, Sale) and isinstance(record, Insert):
                new_sale = row
        match event:
            case Pressed(key):
                self._pressed(key, new_sale, records)
            case Notified(number, _):
                self._notified(number, before, event, made)
            case Answered(number) if lied:
                self._lied(number, before, made)
            case Left(number) if before.orders[number].state is S.SENT and all(
                record.row.state is not S.SENT for record in records
            ):
                raise Violation(f"I1: {number} leaves, and the disk never learns it")
            case _:
                pass
        told = any(act == Play(Sound.PAID) or isinstance(act, Announce) for act in made.acts)
        if told and not any(isinstance(r.row, Order) and r.row.state is S.PAID for r in records):
            raise Violation("I3: it sounds as if somebody had paid")

    def _order(self, record: Record, row: Order, *, lied: bool) -> None:  # noqa: C901, PLR0912  one branch for each state
        known = self.rows.orders.get(row.out_trade_no)
        if isinstance(record, Insert):
            self.ordered_in = self.made_in[row.out_trade_no] = self.world.boots
            if known is not None or row.out_trade_no in self.bank.accounts:
                raise Violation(f"I11: the number {row.out_trade_no} is used twice")
            return
        if known is None or known.state is row.state:
            return
        if row.state is S.CLOSING:
            self.closing_since[row.out_trade_no] = self.world.now
        if known.state in FINALS and known.state is not S.VOID:
            raise Violation(f"I2: {row.out_trade_no} was {known.state} and becomes {row.state}")
        account = self.bank.accounts.get(row.out_trade_no)
        match row.state:
            case S.PAID if account is None or account.taken != row.money.amount or account.total != row.money:
                raise Violation(f"I3: {row.out_trade_no} is PAID and the bank has taken nothing of that kind")
            case S.PAID if known.state is S.CLOSING:
                self._late_money(row)
            case S.CLOSED | S.REVERSED if account is not None and (account.payable or account.kept):
                raise Violation(f"I4: {row.out_trade_no} is {row.state} and at the bank {account.state}")
            case S.DECLINED if account is not None and (account.payable or account.kept):
                raise Violation(f"I4: {row.out_trade_no} is DECLINED and at the bank {account.state}")
            case S.REVERSING if record.why == "too long" and (self.world.boots, row.out_trade_no) not in self.heard:
                if self.made_in[row.out_trade_no] != self.world.boots:
                    raise Violation(f"{row.out_trade_no} is undone after a restart, and nobody has asked whether it was paid")
            case S.VOID if row.sent_at is not None:
                since = self.world.now - self.world.left_at.get(row.out_trade_no, row.sent_at - self.world.skew)
                if known.state is not S.ARMED and since < GRACE:
                    raise Violation(f"I4: {row.out_trade_no} counts as never made {since} ms after it was sent")
            case S.VOID if account is not None:
                raise Violation(f"I4: {row.out_trade_no} counts as never sent and at the bank it is {account.state}")
            case S.ATTENTION if not lied and not (account is not None and account.refusals):
                raise Violation(f"{row.out_trade_no} needs a person though nobody lied: {row.note}")
            case _:
                pass

    def _late_money(self, row: Order) -> None:
        """A QR was being closed and is paid all the same: kept only while the customer stands there, a minute at most."""
        front = in_front(self.world.kiosk)
        since = self.world.now - self.closing_since.get(row.out_trade_no, self.world.now)
        if front is None or front.sale_id != row.sale_id or (front.out_trade_no == row.out_trade_no and since > 60_000):
            raise Violation(f"I7: {row.out_trade_no} was given up {since // 1000} s ago, and the money is kept")

    def _pressed(self, key: Key, new_sale: Sale | None, records: tuple[Record, ...]) -> None:
        shown = self.world.screen
        ordered = [r.row for r in records if isinstance(r, Insert) and isinstance(r.row, Order)]
        if ordered and isinstance(shown, IN_DOUBT):
            raise Violation(f"I10: {key} on {type(shown).__name__} makes another order while the first is in doubt")
        draft = getattr(self.world.kiosk.till, "draft", Draft(()))
        if new_sale is not None and not isinstance(shown, screens.SameCustomer) and Doubt.SAME_CUSTOMER not in draft.sure:
            same = [row for row in self.rows.orders.values() if row.state in OPEN and self._goods(row) == _goods(new_sale)]
            if same:
                raise Violation(
                    f"I10: {new_sale.money} again, and nobody asks whether it is the customer of {same[0].out_trade_no}"
                )
        if new_sale is not None and (getattr(shown, "money", None) != _goods(new_sale) or _goods(new_sale).amount > self.limit):
            raise Violation(f"{new_sale.money}, the tip {new_sale.tip}, is to be paid where {shown} was shown")
        if new_sale is not None and new_sale.tip and not isinstance(shown, screens.Tipping):
            raise Violation(f"a tip of {new_sale.tip} where {shown} was shown: nobody chose it")
        if new_sale is not None and new_sale.lines and sum(new_sale.lines) != _goods(new_sale).amount:
            raise Violation(f"{new_sale.lines} do not add up to {_goods(new_sale)}")
        signs, unwell = self.world.signs, self.world.unwell
        if ordered and signs is not None and not (signs.network is screens.Network.ONLINE and signs.clock_known):
            raise Violation(f"a new order while the signs are {signs}")
        if ordered and (unwell is Part.LEDGER or (unwell is Part.CAMERA and ordered[0].tender is Tender.QUICK_PAY)):
            raise Violation(f"a new {ordered[0].tender} order while the {unwell} is unwell")

    def _goods(self, order: Order) -> Money:
        return _goods(self.rows.sales[order.sale_id])

    def _notified(self, number: str, before: Kiosk, event: Event, made: Step) -> None:
        without = step(before, Tick(), self.world.clock.now())
        added = [act for act in made.acts if act not in without.acts]
        told = replace(made.kiosk, in_flight=without.kiosk.in_flight, hastened=without.kiosk.hastened)
        allowed = all(isinstance(act, Ask | AskRefund | GiveBack) for act in added) and len(added) <= 1
        if made.records != without.records or told != without.kiosk or not allowed:
            raise Violation(f"{event} of {number} did more than bring a question forward: {made.records} {added}")

    def _lied(self, number: str, before: Kiosk, made: Step) -> None:
        row = before.orders.get(number)
        known = self.rows.orders.get(number)
        if row is None or known is None or (known.state in FINALS and known.state is not S.VOID):
            return
        self.lied_about.add(number)
        ends = [r.row.state for r in made.records if isinstance(r.row, Order) and r.row.out_trade_no == number]
        if ends[:1] != [S.ATTENTION]:
            raise Violation(f"{number}: the answer was about something else, and the order is {ends}, not ATTENTION")

    # -- the acts --------------------------------------------------------------------------------------------------

    def before_the_act(self, act: Act, kiosk_now: int) -> None:
        """I1: nothing leaves without its row on the disk; nothing leaves too early, or twice."""
        match act:
            case Charge(order, code):
                self._charge(order, code)
            case Reverse(order, _):
                self._on_disk(order.out_trade_no)
                if self.charging.get((self.world.life, order.out_trade_no)):
                    raise Violation(f"{order.out_trade_no} is reversed while its charge is on its way")
                since = self.world.now - self.world.left_at.get(order.out_trade_no, 0)
                if min(since, kiosk_now - (order.anchor_at or 0)) < 15_000:
                    raise Violation(f"{order.out_trade_no} is reversed within 15 s")
            case Close(order, _):
                self._on_disk(order.out_trade_no)
                if kiosk_now - (order.sent_at or 0) < 5 * 60_000:
                    raise Violation(f"{order.out_trade_no} is closed within 5 minutes")
            case Ask(order, _):
                self._on_disk(order.out_trade_no)
                times = self.asked_at.setdefault(order.out_trade_no, [])
                times.append(self.world.now)
                if len(times) >= ASKS_MOST and times[-ASKS_MOST] > self.world.now - 10_000:
                    raise Violation(f"{order.out_trade_no} is asked for {ASKS_MOST} times within 10 s")
            case Place(order, _):
                self._on_disk(order.out_trade_no)
            case GiveBack(refund, order):
                self._refund(refund, order)
            case CorrectClock():
                if self.ordered_in == self.world.boots:
                    raise Violation("I12: the clock jumps after the first sale")
            case _:
                pass

    def _charge(self, order: Order, code: PaymentCode) -> None:
        row = self._on_disk(order.out_trade_no)
        if code not in self.world.merchant.shown[order.out_trade_no]:
            raise Violation(f"a code held up for another order pays {order.out_trade_no}")
        before = self.codes.get((self.world.boots, code))
        if before in self.world.left_at:
            raise Violation(f"the code that {before} was sent with is sent again with {order.out_trade_no}")
        self.codes[self.world.boots, code] = order.out_trade_no
        self.charging[self.world.life, order.out_trade_no] = True
        if row.state not in (S.ARMED, S.SENT):
            raise Violation(f"{order.out_trade_no} is charged while it is {row.state}")
        if order.out_trade_no in self.charged:
            raise Violation(f"rule 4: {order.out_trade_no} is charged twice")
        self.charged.add(order.out_trade_no)

    def _on_disk(self, number: str) -> Order:
        row = self.rows.orders.get(number)
        if row is None:
            raise Violation(f"I1: a request about {number} leaves and there is no row")
        return row

    def _refund(self, refund: Refund, order: Order) -> None:
        if refund.out_refund_no not in self.rows.refunds:
            raise Violation(f"I1: the refund {refund.out_refund_no} leaves and there is no row")
        if refund.operator is not None and not self.world.right_pins:
            raise Violation(f"the refund {refund.out_refund_no} leaves and nobody has keyed a PIN")
        if refund.called_at is not None:
            return  # the same refund again, not another
        number, now = order.out_trade_no, self.world.now
        other, at = self.refunded_at.get(number, (refund.out_refund_no, 0))
        if other != refund.out_refund_no and now - at < 60_000:
            raise Violation(f"the refund {refund.out_refund_no} leaves {now - at} ms after {other}")
        self.refunded_at[number] = (refund.out_refund_no, now)

    # -- the screen ------------------------------------------------------------------------------------------------

    def of_the_screen(self, view: screens.View, now: int, event: Event | None) -> None:
        """What people see is true, and what they need to know is to be seen."""
        kiosk, screen = self.world.kiosk, view.screen
        self._of_results(screen, event)
        front = in_front(kiosk)
        number = front.out_trade_no if front is not None else ""
        unsettled = sum(1 for name, row in self.rows.orders.items() if row.state in OPEN and name != number)
        if unsettled != view.signs.unresolved:
            raise Violation(f"I10: {unsettled} orders are unresolved and {view.signs.unresolved} are shown")
        if front is None:
            return
        row = self.rows.orders[number]
        if getattr(screen, "money", row.money) != row.money:
            raise Violation(f"{screen} is shown of {number}, which is about {row.money}")
        match screen:
            case screens.PaidScreen():
                self._looks_paid(screen, row)
            case screens.DeclinedScreen() | screens.CancelledScreen():
                self._looks_unpaid(screen, row)
            case screens.AttentionScreen():
                pass
            case screens.ShowingQr(money, code_url, until):
                if code_url != f"weixin://{number}" or money != row.money:
                    raise Violation(f"the QR of {number} is {code_url} for {money}")
                if now >= until:
                    raise Violation(f"the QR of {number} is shown after it has expired")
            case _ if row.state in FINALS and row.state is not S.VOID:
                raise Violation(f"I7: {number} is {row.state} and {type(screen).__name__} does not say so")
            case _:
                pass

    def _of_results(self, screen: screens.Screen, event: Event | None) -> None:
        """A result stays until somebody presses a key, or as long as the owner has set; and it stays the same."""
        before, stays = self.world.screen, self.world.settings.result_ms
        if isinstance(before, screens.PaidScreen) and not isinstance(screen, screens.PaidScreen) and event is not None:
            over = stays and self.world.now - self.paid_since >= stays
            if not isinstance(event, Pressed) and not over:
                raise Violation("the result is gone, and nobody has pressed a key")
        if isinstance(before, screens.DeclinedScreen) and isinstance(screen, screens.CancelledScreen | screens.Cancelling):
            raise Violation("what was declined is now cancelled")
        if isinstance(screen, screens.PaidScreen) and not isinstance(before, screens.PaidScreen):
            self.paid_since = self.world.now

    def _looks_paid(self, screen: screens.PaidScreen, row: Order) -> None:
        number, account = row.out_trade_no, self.bank.accounts.get(row.out_trade_no)
        if row.state is not S.PAID or account is None or account.taken != screen.money.amount or account.total != screen.money:
            raise Violation(f"I3: {number} looks paid; it is {row.state}, the bank took {account and account.taken}")
        if screen.money != self.rows.sales[row.sale_id].money:
            raise Violation(f"I3: {screen.money} looks paid where {self.rows.sales[row.sale_id].money} is owed")
        others = [o for o in self.rows.orders.values() if o.sale_id == row.sale_id and o is not row]
        if any(o.state in (S.REFUNDING, S.REFUNDED) for o in others) and not screen.other_refunded:
            raise Violation(f"{number} is the second payment, the first goes back, and nobody is told")

    def _looks_unpaid(self, screen: screens.DeclinedScreen | screens.CancelledScreen, row: Order) -> None:
        name, number, account = type(screen).__name__, row.out_trade_no, self.bank.accounts.get(row.out_trade_no)
        going_back = isinstance(screen, screens.CancelledScreen) and screen.refunding
        over = row.state in FINALS - {S.PAID, S.ATTENTION} or (row.state is S.REFUNDING and going_back)
        cleaning_up = row.state is S.REVERSING and account is not None and account.state in ("PAYERROR", "REVOKED")
        if not (over or cleaning_up):
            raise Violation(f"I4: {number} looks {name}; it is {row.state}")
        if not going_back and row.state is not S.VOID and account is not None and (account.kept or account.payable):
            raise Violation(f"I4: {number} looks {name}; at the bank it is {account.state}")

    def of_the_undoing(self, number: str, boots: int) -> None:
        """A minute after it left, an order nobody has paid is being undone."""
        row = self.rows.orders[number]
        if not self.world.dark and boots == self.world.boots and row.state in (S.SENT, S.PAYING):
            raise Violation(f"I6: {number} left a minute ago and is still {row.state}")

    def of_the_verdict(self, number: str, boots: int) -> None:
        """A minute after the scan, the cashier knows: paid, not paid, or that it is not known."""
        front = in_front(self.world.kiosk)
        if self.world.dark or boots != self.world.boots or front is None or front.out_trade_no != number:
            return
        if isinstance(self.world.screen, screens.Charging | screens.Password | screens.Cancelling):
            raise Violation(f"I10: {number} was sent a minute ago and {type(self.world.screen).__name__} is no verdict")

    # -- the end ---------------------------------------------------------------------------------------------------

    def of_the_end(self) -> None:
        """When all is quiet: ends everywhere, the bank agrees with each, and no sale keeps more than it owes."""
        kept: dict[str, int] = {}
        net = 0
        for number, row in self.rows.orders.items():
            if self.world.ledger.order(number) != row:
                raise Violation(f"the ledger lost what was committed of {number}")
            if row.state in OPEN:
                raise Violation(f"I9: {number} is still {row.state}")
            if number in self.lied_about or row.state is S.ATTENTION:
                kept[row.sale_id] = -(1 << 60)
                continue
            money = self._end_of(row)
            net += money
            kept[row.sale_id] = kept.get(row.sale_id, 0) + money
        for number, account in self.bank.accounts.items():
            if number not in self.rows.orders:
                raise Violation(f"I1: {number} is forgotten; the bank has {account.state}")
            if account.refused:
                raise Violation(f"more was asked back of {number} than was paid")
        for sale in self.rows.sales.values():
            self._end_of_sale(sale, kept.get(sale.sale_id, 0))
        totals = self.world.ledger.totals(0, 1 << 60)
        if not self.lied_about and sum(total.paid - total.refunded for total in totals) != net:
            raise Violation(f"I8: the day's totals are {totals}, and the bank has {net}")
        self._end_of_shifts()

    def _end_of_shifts(self) -> None:
        """Each payment and each refund is in exactly one Z report, or counted by the shift that is open."""
        ledger = self.world.ledger
        newest = ledger.shifts.one(None)
        paid = back = 0
        for z in range(1, (newest.z if newest is not None else 0) + 1):
            shift = ledger.shifts.one(z)
            if shift is None:
                raise Violation(f"I15: there is no Z {z}")
            counted = tallies(ledger.shifts.counts(shift))
            if not shift.is_open and shift.tallies != counted:
                raise Violation(f"I15: Z {z} says {shift.tallies}, and its rows {counted}")
            paid += sum(tally.sales for tally in counted)
            back += sum(tally.refunds - tally.failed for tally in counted)
        owed = sum(row.money.amount for row in self.rows.orders.values() if row.state is S.PAID)
        if newest is not None and not newest.is_open:  # what was paid after its end is the next one's
            rest = list(ledger.shifts.after(newest))
            paid += sum(tally.sales for tally in tallies(rest))
            back += sum(tally.refunds - tally.failed for tally in tallies(rest))
        given = (row for row in self.rows.refunds.values() if is_given(row) and not row.late)
        if (paid, back) != (owed, sum(row.money.amount for row in given)):
            raise Violation(f"I15: the shifts count {paid} paid and {back} given back, the rows {owed}")

    def _end_of(self, row: Order) -> int:
        number, account = row.out_trade_no, self.bank.accounts.get(row.out_trade_no)
        money = account.kept if account is not None else 0
        refunds = self.rows.refunds_of(number)
        for refund in refunds:
            refused = account is not None and refund.out_refund_no in account.refusals
            if refund.state is not (RefundState.ATTENTION if refused else RefundState.DONE):
                raise Violation(f"I9: the refund {refund.out_refund_no} is {refund.state}: {refund.note}")
        back = sum(refund.money.amount for refund in refunds if refund.state is RefundState.DONE)
        if row.state is S.PAID and money != row.money.amount - back:
            raise Violation(f"I8: {number} is PAID less {back} and the bank keeps {money} of {row.money}")
        if row.state is not S.PAID and money:
            raise Violation(f"I4: {number} is {row.state} and the bank keeps {money}")
        if account is not None and account.payable and (row.tender is Tender.NATIVE or account.state == "NOTPAY"):
            raise Violation(f"I7: {number} is {row.state} and can still be paid")
        return money

    def _end_of_sale(self, sale: Sale, kept: int) -> None:
        orders = [row for row in self.rows.orders.values() if row.sale_id == sale.sale_id]
        if kept < 0:  # somebody lied: a person decides
            return
        if kept > sale.money.amount:
            raise Violation(f"I5: the sale {sale.sale_id} keeps {kept} of {sale.money}")
        paid = [row for row in orders if row.state is S.PAID]
        refunds = [refund for row in paid for refund in self.rows.refunds_of(row.out_trade_no)]
        given = sum(refund.money.amount for refund in refunds if refund.state is RefundState.DONE)
        if sale.state is SaleState.OPEN or (sale.state is SaleState.PAID) != bool(paid and given < sale.money.amount):
            raise Violation(
                f"I8: the sale {sale.sale_id} is {sale.state} and keeps {kept}; its orders are {[r.state for r in orders]}"
            )


def _goods(sale: Sale) -> Money:
    """Without the tip: what was keyed."""
    return Money(sale.money.amount - sale.tip, sale.money.currency)
