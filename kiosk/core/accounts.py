"""The part of a turn that is about statements: when one is fetched, what came of it, and what it lets WeChat be asked for. Pure.

Whoever compares a statement with the ledger (kiosk/books/reconciler.py) reads the rows as committed, and tells here what to keep.
"""

from __future__ import annotations

from dataclasses import replace
from typing import assert_never

from kiosk.core import statements
from kiosk.core.commands import FetchStatement, Keep
from kiosk.core.events import Accounted, BooksKnown, Doubted, StatementCame
from kiosk.core.model import OrderState
from kiosk.core.screens import Network
from kiosk.core.signpost import Signpost


class Accounts(Signpost):
    """What statements add to a step."""

    def about_books(self, event: BooksKnown | StatementCame | Accounted | Doubted) -> None:
        """What the ledger has of earlier comparisons, and what comes of a new one."""
        match event:
            case BooksKnown(done, first, attention):
                self.k.statements = statements.Statements(done, first)
                self.k.differing = attention
            case StatementCame(day, how):
                if self.k.statements is not None:
                    self.k.statements = replace(statements.came(self.k.statements, day, how, self.now), look_at=0)
            case Accounted(rows, attention):
                self.records += [Keep(row) for row in rows]
                self.k.differing = attention if attention is not None else self.k.differing
            case Doubted(order, sale):
                number = order.out_trade_no
                if number not in self.k.orders and order.state is OrderState.VOID:
                    # Watched until the statement, and this is it: what WeChat says now may make work for it.
                    self.keep_sale(self.k.sales.get(sale.sale_id, sale))
                    self.keep(order)
                if number in self.k.orders:
                    self.k.hastened = self.k.hastened | {number}
            case _:
                assert_never(event)

    def look_after_statements(self) -> None:
        """Have the next day's statement fetched when its time has come."""
        books = self.k.statements
        if books is None or self.now < books.look_at or not self.k.clock_known or self.k.network is not Network.ONLINE:
            return
        due = statements.next_day(books, self.k.since, self.now)
        if due is not None and due[1] <= self.now:
            self.acts.append(FetchStatement(due[0]))
            self.k.statements = replace(books, asking=due[0], look_at=0)
        elif books.asking is None:
            ready = statements.next_ready(self.now)
            self.k.statements = replace(books, look_at=ready if due is None else min(due[1], ready))
