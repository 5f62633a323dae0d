"""A shop for tests of the books: the stand-in with a clock that is moved, its client, a ledger in memory; no kiosk.

Sales are made on both sides at once, and a test then spoils one of them.
"""

from __future__ import annotations

import io
import secrets
from collections.abc import Callable, Sequence
from dataclasses import replace
from datetime import datetime
from pathlib import Path
from typing import Any, TypeVar
from zoneinfo import ZoneInfo

from kiosk.books.comparison import Found, Settler, compare
from kiosk.books.statement_files import of_wechat
from kiosk.config import MerchantConfig
from kiosk.core import refunds, statements
from kiosk.core.commands import Insert, Keep, Record, Update
from kiosk.core.differences import Account, Difference, Reconciliation, Source
from kiosk.core.model import Institution, Order, OrderState, Refund, RefundState, Sale, SaleState, Tender
from kiosk.core.money import Money
from kiosk.payment import reconciliations
from kiosk.payment.ledger import SqliteLedger
from kiosk.payment.wechat import open_provider
from kiosk.payment.wechat.statements import NoStatement
from kiosk.sandbox.clock import BEIJING
from tests.sandbox_kit import Stand

T = TypeVar("T")
DAY = "2026-01-05"
NUMBERS = Institution("wx7bc98d929da735fe", "1900007777", "1900008888")
SHOP = MerchantConfig("Harbour Snacks", NUMBERS, "5814", "HKD", "K07", ZoneInfo("Asia/Hong_Kong"))


def beijing(text: str) -> int:
    """Milliseconds of "2026-01-05 12:00:00" in Beijing."""
    return int(datetime.fromisoformat(text).replace(tzinfo=BEIJING).timestamp()) * 1000


def client_of(stand: Stand, folder: Path, clock: Any, nonce: Callable[[], str], kiosk_id: str = SHOP.kiosk_id) -> Any:
    """A client of the stand-in, as the kiosk of this name has one; `folder` has its key."""
    return open_provider(
        merchant=NUMBERS,
        merchant_category_code=SHOP.merchant_category_code,
        hosts=[stand.server.url],
        merchant_key_pem=(folder / "merchant_key.pem").read_bytes(),
        merchant_serial=stand.keys.merchant_serial,
        api_v3_key=stand.api_v3_key.strip(),
        platform_keys="certificates",
        notify_url="https://pay.example.net/wechat/notify",
        description=SHOP.name,
        device_id=kiosk_id,
        clock=clock,
        nonce=nonce,
        certificate_cache=None,
    )


class MemoryBooks:
    """A ledger at hand (reconcile.Books); whom the till is to ask about is noted."""

    def __init__(self, ledger: SqliteLedger, now: Callable[[], int]) -> None:
        self.ledger = ledger
        self.now = now
        self.doubted: list[str] = []
        self.kept: list[Account] = []

    def read(self, question: Callable[[SqliteLedger], T]) -> T:
        return question(self.ledger)

    def keep(self, rows: tuple[Account, ...]) -> None:
        self.kept += rows
        self.ledger.commit([Keep(row) for row in rows], self.now())

    def commit(self, records: Sequence[Record]) -> None:
        self.ledger.commit(records, self.now())

    def doubt(self, order: Order, sale: Sale) -> None:
        assert sale.sale_id == order.sale_id
        self.doubted.append(order.out_trade_no)

    def give_back(self, order: Order) -> None:
        made = refunds.begin(order, self.ledger.refunds_of(order.out_trade_no), None, self.now())
        assert isinstance(made, Refund)
        self.commit([Insert(made, "refund asked")])


class BooksShop:
    """Noon of DAY in Beijing when it opens."""

    def __init__(self, folder: Path, generation: str = "aa") -> None:
        self.stand = Stand(folder)
        self.stand.now.ms = beijing(f"{DAY} 12:00:00")
        self.ledger = SqliteLedger.in_memory(generation)
        self.books = MemoryBooks(self.ledger, self.now)
        self.provider = client_of(self.stand, folder, self, lambda: secrets.token_hex(16))
        self.count = 0

    def now(self) -> int:
        return self.stand.now()

    def correct(self, offset_ms: int) -> None:
        """The clock is true."""

    def close(self) -> None:
        self.provider.stop()
        self.stand.server.stop()

    # -- sales ---------------------------------------------------------------------------------------------------------

    def sell(
        self, amount: int = 1250, state: OrderState = OrderState.PAID, *, native: bool = False, at: str | None = None
    ) -> Order:
        """A sale on both sides. `state`: what the ledger says of it; the stand-in was paid whatever that is."""
        if at is not None:
            self.stand.now.ms = beijing(at)
        self.count += 1
        day = datetime.fromtimestamp(self.now() / 1000, BEIJING).strftime("%y%m%d")
        number = f"K07-{day}-{self.ledger.generation}{self.count:04}"
        self.pay(number, amount, native=native)
        self.stand.now.forward(1)
        return self.write(number, amount, state, native=native)

    def pay(self, number: str, amount: int, *, native: bool = False) -> None:
        """At the stand-in alone."""
        money = {"total": amount, "currency": "HKD"}
        if native:
            self.stand.bank.scan(self.stand.place(number, amount=money).json["code_url"])
            self.stand.bank.approve(number)
        else:
            assert self.stand.charge(number, amount=money).status == 200

    def write(self, number: str, amount: int, state: OrderState, *, native: bool = False, **changed: Any) -> Order:
        """In the ledger alone, as the kiosk would have written it."""
        row = self.stand.bank.book.get(number)
        paid = state in (OrderState.PAID, OrderState.REFUNDED)
        at = self.now()
        order = Order(
            number,
            f"S-{number}",
            Tender.NATIVE if native else Tender.QUICK_PAY,
            Money(amount, "HKD"),
            at - 1500,
            state,
            sent_at=at - 1200,
            anchor_at=at - 1200,
            transaction_id=row.transaction_id if paid and row is not None else "4200009" if paid else None,
            paid_at=(row.success_time if row is not None else at) if paid else None,
            settled_at=at,
            decline=None,
            note=None,
        )
        order = replace(order, **changed)
        sale_state = SaleState.PAID if state is OrderState.PAID else SaleState.UNPAID
        self.ledger.commit(
            [Insert(Sale(order.sale_id, order.money, order.opened_at, sale_state), "keyed"), Insert(order, "armed")], at
        )
        return order

    def refund(self, order: Order, amount: int | None = None, *, part: int = 1, ours: bool = True) -> Refund:
        """On both sides; not `ours`: in the merchant platform."""
        self.stand.now.forward(61)
        money = Money(amount if amount is not None else order.money.amount, "HKD")
        number = f"{order.out_trade_no}-R{part}" if ours else f"PORTAL{part}{order.out_trade_no[-6:]}"
        total = {"refund": money.amount, "total": order.money.amount, "currency": "HKD"}
        assert self.stand.refund(order.out_trade_no, number, amount=total).status == 200
        refund = Refund(number, order.out_trade_no, money, self.now() - 500, RefundState.DONE, settled_at=self.now())
        if ours:
            self.ledger.commit([Insert(refund, "refund asked")], self.now())
        return refund

    # -- the books -----------------------------------------------------------------------------------------------------

    def morning(self, day: str = DAY) -> None:
        """Eleven in Beijing, of the next day."""
        start, end = statements.bounds(day)
        assert start < end
        self.stand.now.ms = max(self.stand.now.ms, end + 11 * 3600 * 1000)

    def compare(self, day: str = DAY) -> Reconciliation | NoStatement:
        """The stand-in's own statement against the ledger."""
        file = io.BytesIO()
        found = of_wechat(self.provider.statement(day, file), file)
        if isinstance(found, NoStatement):
            return found
        return compare(day, found, SHOP, self.books, self.now(), lambda _share, _at: None)

    def compare_file(self, content: bytes, day: str = DAY) -> Reconciliation:
        """Another statement against the ledger."""
        found = Found(Source.FILE, "0" * 40, io.BytesIO(content), len(content))
        return compare(day, found, SHOP, self.books, self.now(), lambda _share, _at: None)

    def settle(self, *, give_back: bool = False) -> int:
        """One round of asking WeChat about what is open; how many still are."""
        settler = Settler(SHOP, self.books, self.provider, self, lambda _: None, give_unknown_back=give_back)  # type: ignore[arg-type]
        return settler.settle()

    def differences(self, first: str = "", last: str = "9999") -> list[Difference]:
        return self.ledger.read(lambda file: reconciliations.differences(file, first, last))

    def days(self) -> list[Reconciliation]:
        return self.ledger.read(reconciliations.days)

    def update(self, order: Order, **changed: Any) -> Order:
        """The ledger's row as it is from now on."""
        after = replace(order, **changed)
        self.ledger.commit([Update(after, "test")], self.now())
        return after
