"""One day's statement held against the ledger, and what follows: the differences kept, and each asked for until it is settled.

Whose ledger it is, is given: a running kiosk's, read and written between two steps of its loop (reconciler.py), or one that no
kiosk holds (command.py). Rows leave it in slices; reading, matching and counting happen outside (payment/matching.py).
"""

from __future__ import annotations

import logging
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace
from functools import partial
from typing import BinaryIO, Protocol, TypeVar

from kiosk.clock import SteadyClock
from kiosk.config import MerchantConfig
from kiosk.core import recovery, statements
from kiosk.core.commands import Insert, Keep, Record, Update
from kiosk.core.differences import Account, Difference, Elsewhere, Moved, Reconciliation, Source, Standing, What
from kiosk.core.errors import KioskError, LedgerError
from kiosk.core.lifecycle import DAY, MINUTE
from kiosk.core.model import Ended, Order, OrderState, Paid, Pending, Refund, RefundState, Sale, SaleState, Unknown
from kiosk.core.numbers import read_number
from kiosk.core.ports import Provider
from kiosk.core.refunds import left
from kiosk.core.statements import Verdict
from kiosk.loop.rows import LoopRows, of_file
from kiosk.payment import reconciliations
from kiosk.payment.ledger import SqliteLedger
from kiosk.payment.matching import MARGIN_MS, Matching
from kiosk.payment.reconciliations import ASKED_AT_ONCE, Cursor, Ours
from kiosk.payment.statement import Fields, Kind, Mine, Statement, StatementWrong
from kiosk.recovery.walk import Report, Run

_log = logging.getLogger(__name__)
T = TypeVar("T")

OPENED_BEFORE = 2 * DAY  # an order that is paid on a day was opened at most so long before
OPENED_AFTER = 60 * MINUTE
TOLD_AT_ONCE = 200
MOST_DIFFERENCES = 50_000
"""More than twice what a kiosk sells in a day: then it is the wrong ledger, or the wrong merchant's statement."""

Tell = Callable[[float, str], None]
"""How far it has come, 0 to 1, and at what it is."""


class Books(Protocol):
    """The ledger, wherever it is open."""

    def read(self, question: Callable[[SqliteLedger], T]) -> T:
        """What the question yields, asked where the ledger is."""

    def keep(self, rows: tuple[Account, ...]) -> None:
        """Commit these."""

    def commit(self, records: Sequence[Record]) -> None:
        """Commit these: what WeChat has proved, of orders that nothing else looks after."""

    def doubt(self, order: Order, sale: Sale) -> None:
        """Have the order asked for by whoever looks after open ones; nothing when nobody does."""

    def give_back(self, order: Order) -> None:
        """Have all of a paid order refunded."""


@dataclass(frozen=True, slots=True)
class Found:
    """A statement as it is here: its bytes, or None when WeChat says there is none."""

    source: Source
    sha1: str | None
    stream: BinaryIO | None
    size: int = 0


def compare(day: str, found: Found, shop: MerchantConfig, books: Books, now: int, tell: Tell) -> Reconciliation:
    """Hold the day's statement against the ledger, and keep what comes of it. Nothing is kept of a statement that is wrong.

    Raises StatementWrong, LedgerError. Doing it again with the same statement and ledger changes nothing.
    """
    start, end = statements.bounds(day)
    before, after = statements.day_of(start - 1), statements.day_of(end)
    done = {each.day for each in of_file(books, lambda file: reconciliations.days(file, before, after))}
    # The last minutes before midnight are judged with the next day, and that day's first with the one before.
    lo, hi = start - (before in done) * MARGIN_MS, end - (after not in done) * MARGIN_MS
    mine = Mine.of(shop.numbers, shop.kiosk_id)
    with Matching(day, mine.sub_mchid or mine.mchid, lo, hi) as matching:
        rows = others = 0
        currencies: tuple[str, ...] = ()
        if found.stream is not None:
            statement = Statement(found.stream, mine)
            matching.take_statement(_watched(statement, day, found.size, tell), lambda: statement.line)
            rows, others, currencies = statement.rows, statement.others, statement.currencies
        tell(0.5, "ledger")
        for slice_ in _slices(books, start - OPENED_BEFORE, end + OPENED_AFTER):
            matching.take_ours(slice_)
        tell(0.8, "matching")
        matching.judge(
            lambda kind, numbers: _of_numbers(books, kind, numbers), lambda kind, numbers: _stated(books, day, kind, numbers)
        )
        made = Reconciliation(day, now, found.source, found.sha1, rows, others, matching.agreed, matching.sums(currencies))
        _keep(made, matching, books, now)
    tell(1.0, "done")
    return made


def _keep(made: Reconciliation, matching: Matching, books: Books, now: int) -> None:
    """What is new; what has gone is settled; the day itself last, so that a day cut short is compared again."""
    known = {each.key: each for each in _known(books, made.day)}
    there: set[tuple[str, Moved, str]] = set()
    new: list[Account] = []
    for difference in matching.differences():
        there.add(difference.key)
        if len(there) > MOST_DIFFERENCES:
            raise StatementWrong(
                f"more than {MOST_DIFFERENCES} differences: this is another kiosk's ledger, or another merchant's statement"
            )
        if difference.key not in known:
            new.append(replace(difference, noted_at=now))
    for key, difference in known.items():
        brought_back = difference.what is What.ONLY_THEIRS and difference.standing is Standing.ATTENTION
        if key not in there and difference.standing is not Standing.SETTLED and not brought_back:
            new.append(_settled(difference, Verdict(Standing.SETTLED, "a later comparison finds no difference"), now))
    stated = of_file(books, lambda file: reconciliations.elsewhere_on(file, made.day))
    new += [each for each in matching.elsewhere(*statements.bounds(made.day)) if (each.number, each.moved) not in stated]
    for at in range(0, len(new), TOLD_AT_ONCE):
        books.keep(tuple(new[at : at + TOLD_AT_ONCE]))
    before = of_file(books, lambda file: reconciliations.days(file, made.day, made.day))
    if not before or replace(before[0], at=made.at) != made:
        books.keep((made,))
        if not of_file(books, lambda file: reconciliations.days(file, made.day, made.day)):
            raise LedgerError("the ledger did not take what was found; this day is compared again")


def _stated(books: Books, day: str, kind: int, numbers: list[str]) -> list[str]:
    """Those that stand in the statement of another day than this one."""
    found = of_file(books, lambda file: reconciliations.elsewhere(file, kind, numbers))
    return [number for number, each in found.items() if each != day]


def _known(books: Books, day: str) -> Iterator[Difference]:
    """Those that the ledger has of the day already."""
    after = ("", "")
    while found := of_file(books, partial(reconciliations.known, day=day, after=after)):
        yield from found
        after = (found[-1].moved.value, found[-1].number)


def _watched(statement: Statement, day: str, size: int, tell: Tell) -> Iterator[Fields]:
    """Its rows; StatementWrong when a payment is not of this day. What went back may carry the time of its payment."""
    start, end = statements.bounds(day)
    lo, hi, each = start - MINUTE, end + MINUTE, 20_000
    payment = int(Kind.PAYMENT)
    for count, entry in enumerate(statement):
        if not count % each:
            tell(min(0.5, statement.line * 230 / size * 0.5) if size else 0.0, "statement")
        if entry[1] == payment and not lo <= (at := entry[2]) < hi:
            raise StatementWrong(
                f"line {statement.line} of the statement: a payment of {statements.day_of(at)}, and not of {day}"
            )
        yield entry


def _slices(books: Books, start: int, end: int) -> Iterator[list[Ours]]:
    cursor: Cursor | None = Cursor()
    while cursor is not None:
        rows, cursor = of_file(books, partial(reconciliations.slice_of, start=start, end=end, at=cursor))
        yield rows


def _of_numbers(books: Books, kind: int, numbers: list[str]) -> list[Ours]:
    found: list[Ours] = []
    for at in range(0, len(numbers), ASKED_AT_ONCE):
        some = numbers[at : at + ASKED_AT_ONCE]
        found += of_file(books, partial(reconciliations.of_numbers, kind=kind, numbers=some))
    return found


def seen(books: Books, day: str, number: str, now: int) -> int:
    """A person has looked at what waits for one under this number: it is settled. How many there were."""
    found = of_file(books, lambda file: reconciliations.differences(file, day, day, standing=True))
    looked = [each for each in found if number in (each.number, each.out_trade_no) and each.standing is Standing.ATTENTION]
    rows = [_settled(each, Verdict(Standing.SETTLED, f"looked at: {each.note}"), now) for each in looked]
    if rows:
        books.keep(tuple(rows))
    return len(rows)


# -- settling ----------------------------------------------------------------------------------------------------------


class Settler:
    """Asks WeChat about differences that stand open, one after the other, and keeps what it says."""

    def __init__(
        self,
        shop: MerchantConfig,
        books: Books,
        provider: Provider,
        clock: SteadyClock,
        sleep: Callable[[float], None],
        *,
        give_unknown_back: bool,
    ) -> None:
        """`give_unknown_back`: a payment that the ledger never had is refunded, instead of kept for a person to look at."""
        self._shop = shop
        self._books = books
        self._provider = provider
        self._clock = clock
        self._sleep = sleep
        self._give_unknown_back = give_unknown_back

    def settle(self) -> int:
        """One round over all that is open; how many still are. KioskError when WeChat gives no answer at all."""
        left = 0
        for difference in self._open():
            verdict = self._ask(difference)
            if verdict.standing is Standing.OPEN:
                left += 1
                continue
            now = self._clock.now()
            told = {"day": difference.day, "number": difference.number, "what": str(difference.what), "note": verdict.note}
            level = logging.WARNING if verdict.standing is Standing.ATTENTION else logging.INFO
            _log.log(level, "a difference between statement and ledger", extra={**told, "standing": str(verdict.standing)})
            self._books.keep((_settled(difference, verdict, now),))
        return left

    def _open(self) -> list[Difference]:
        found = of_file(self._books, partial(reconciliations.differences, standing=True))
        # Payments first: a refund of an order that is not there yet has nothing to belong to.
        return sorted(
            (each for each in found if each.standing is Standing.OPEN), key=lambda each: each.moved is not Moved.PAYMENT
        )

    def _ask(self, difference: Difference) -> Verdict:
        order, sale, refunds = self._rows(difference.out_trade_no)
        if order is None:
            return self._bring_back(difference)
        refund = next((each for each in refunds if each.out_refund_no == difference.number), None)
        if difference.moved is Moved.REFUND and refund is None:
            return self._take_over(difference, order, refunds)
        self._sleep(0.1)
        answer = self._provider.ask(order) if refund is None else self._provider.ask_refund(refund, order)
        if isinstance(answer.outcome, Unknown) and not answer.reached:
            raise KioskError(f"WeChat cannot be reached ({answer.outcome.why}): what differs is asked for later")
        order, sale, refunds = self._rows(difference.out_trade_no)  # they may have moved on meanwhile
        assert order is not None
        lives = isinstance(answer.outcome, Paid | Pending)
        if statements.is_undone(order) and (order.state is not OrderState.VOID or lives) and sale is not None:
            self._books.doubt(order, sale)
            return statements.WAITS
        return statements.judge(difference, order, refunds, answer, self._shop.numbers)

    def _rows(self, number: str) -> tuple[Order | None, Sale | None, tuple[Refund, ...]]:
        def read(ledger: SqliteLedger) -> tuple[Order | None, Sale | None, tuple[Refund, ...]]:
            order = ledger.order(number)
            return order, None if order is None else ledger.sale(order.sale_id), ledger.refunds_of(number)

        return self._books.read(read)

    def _bring_back(self, difference: Difference) -> Verdict:
        """The ledger never had the order, or lost it: what WeChat says of it is put in."""
        number = read_number(difference.out_trade_no)
        if number is None or number.kiosk_id != self._shop.kiosk_id:
            return Verdict(Standing.ATTENTION, "this is no number that a kiosk makes: look it up in the merchant platform")
        run = Run(
            self._shop, self._provider, LoopRows(self._books), self._clock, lambda _: None, self._sleep, Report([], dry_run=False)
        )
        problem = run.bring_back(number, difference.at, paid=difference.moved is Moved.PAYMENT)
        order, _, _ = self._rows(difference.out_trade_no)
        if problem is not None or order is None:
            return statements.WAITS if problem is None else Verdict(Standing.ATTENTION, problem)
        if order.state is OrderState.ATTENTION:
            return Verdict(Standing.ATTENTION, order.note)
        if difference.moved is not Moved.PAYMENT or order.state is not OrderState.PAID:
            return Verdict(Standing.SETTLED, f"brought back from WeChat as {order.state}")
        losses = self._books.read(lambda ledger: {each.generation for each in ledger.losses()})
        if number.generation in losses:
            return Verdict(Standing.SETTLED, "it was lost with an earlier ledger, and was brought back from WeChat")
        if self._give_unknown_back:
            self._books.give_back(order)
            return Verdict(Standing.SETTLED, "the kiosk never had it; it was brought back from WeChat and is refunded, by rule")
        note = (
            "the kiosk never had this payment; it was brought back from WeChat and counts as paid. "
            f"If the customer got nothing for it: kiosk refund {order.out_trade_no}"
        )
        return Verdict(Standing.ATTENTION, note)

    def _take_over(self, difference: Difference, order: Order, refunds: tuple[Refund, ...]) -> Verdict:
        """A refund that the ledger never had, as one made in the merchant platform is: once WeChat has said so, it is put in."""
        money, now = difference.their_money, self._clock.now()
        rest = left(order, refunds).amount
        if money is None or order.state is not OrderState.PAID or money.amount > rest:
            note = (
                f"a refund made outside this kiosk, of an order that is {order.state} here: look it up in the merchant platform"
            )
            return Verdict(Standing.ATTENTION, note)
        refund = Refund(difference.number, order.out_trade_no, money, difference.at)
        self._sleep(0.1)
        answer = self._provider.ask_refund(refund, order)
        if isinstance(answer.outcome, Unknown):
            return (
                statements.WAITS
                if answer.outcome != recovery.PART
                else Verdict(Standing.ATTENTION, "WeChat has another amount of it")
            )
        if (
            not isinstance(answer.outcome, Ended | Pending)
            or "|" in refund.out_refund_no
            or set("*@") & set(refund.out_refund_no)
        ):
            return Verdict(
                Standing.ATTENTION, "WeChat does not show this refund to the kiosk: look it up in the merchant platform"
            )
        done = isinstance(answer.outcome, Ended)
        state = RefundState.DONE if done else RefundState.ACCEPTED
        made = replace(refund, state=state, refund_id=answer.transaction_id, settled_at=now if done else None)
        _, sale, _ = self._rows(order.out_trade_no)
        records: list[Record] = [Insert(made, "by statement")]
        if money.amount == rest and sale is not None and sale.state is SaleState.PAID:
            records.append(Update(replace(sale, state=SaleState.REFUNDED), "refunded"))
        # The ledger dates it by when it learnt of it: it must not be looked for in that day's statement.
        records.append(Keep(Elsewhere(made.out_refund_no, Moved.REFUND, difference.day)))
        self._books.commit(records)
        return Verdict(Standing.SETTLED, "made outside this kiosk, in the merchant platform, say; it is in the books now")


def _settled(difference: Difference, verdict: Verdict, now: int) -> Difference:
    at = now if verdict.standing is Standing.SETTLED else None
    note = None if verdict.note is None else verdict.note[:1000]
    noted = now if verdict.standing is Standing.ATTENTION else difference.noted_at  # when it came to a person
    return replace(difference, standing=verdict.standing, note=note, settled_at=at, noted_at=noted)
