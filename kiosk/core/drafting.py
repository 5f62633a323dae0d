"""The part of a turn before there is a sale: what was keyed becomes one, once nothing is doubtful or missing. Pure."""

from __future__ import annotations

from kiosk.core import keying, till
from kiosk.core.books import Books
from kiosk.core.commands import Insert
from kiosk.core.lifecycle import is_open
from kiosk.core.model import Order, OrderState, Sale, Tender
from kiosk.core.money import Money
from kiosk.core.numbers import sale_id
from kiosk.core.screens import AmountHint
from kiosk.core.selling import Doubt, Draft, unusual


class Drafting(Books):
    """What a draft still needs, and the sale that it becomes."""

    def begin(self, draft: Draft, tender: Tender) -> None:
        """Sell this. What stands in the way is said, what is doubtful and what is missing is asked first."""
        hint = self.obstacle(tender)
        if hint is not None:
            self.go(keying.again(draft, hint))
            if hint is AmountHint.OFFLINE and not self.k.probing:
                self.k.probed_at = None
            return
        ask = self.question(draft, tender)
        if ask is not None:
            self.go(ask)
            return
        number = self.number()
        lines = draft.lines if len(draft.lines) > 1 else ()
        money = Money(draft.total, self.k.settings.currency)
        sale = Sale(sale_id(number), money, self.now, tip=draft.tip or 0, lines=lines)
        self.keep_sale(sale)
        self.records.append(Insert(sale, "keyed"))
        self.open_order(number, sale, tender, draft.memo)

    def question(self, draft: Draft, tender: Tender) -> keying.There | None:
        """The next thing to ask before this is a sale: the merchant first, then the customer."""
        selling = self.k.settings.selling
        same = [o for o in (*self.k.orders.values(), *self.k.recent) if self._goods(o) == draft.goods]
        if Doubt.SAME_CUSTOMER not in draft.sure and any(is_open(o) for o in same):
            return keying.Asking(draft, tender, Doubt.SAME_CUSTOMER)
        newest = max((o.settled_at or 0 for o in same if o.state is OrderState.PAID), default=None)
        if Doubt.REPEATED not in draft.sure and newest is not None and self.now - newest < selling.repeat_ms:
            return keying.Asking(draft, tender, Doubt.REPEATED)
        paid = [o.money.amount for o in self.k.recent if o.state is OrderState.PAID]
        usual = unusual(draft.goods, paid, selling.guard_times)
        if Doubt.UNUSUAL not in draft.sure and usual is not None:
            return keying.Asking(draft, tender, Doubt.UNUSUAL, usual)
        if selling.memo and not draft.noted:
            return keying.Noting(draft, tender, draft.memo)
        if selling.tips and draft.tip is None:
            return keying.Tipping(draft, tender, self.now + keying.TIP_FOR)
        return None

    def _goods(self, order: Order) -> int | None:
        """What was keyed for an order's sale; None in another currency."""
        if order.money.currency != self.k.settings.currency:
            return None
        sale = self.k.sales.get(order.sale_id)
        return order.money.amount - (0 if sale is None else sale.tip)

    def draft_passes(self) -> None:
        """Where nobody answers, it is back where it was."""
        match self.k.till:
            case keying.Tipping(draft, _, until) if self.now >= until:
                self.go(keying.again(draft))
            case keying.Board(until=at) if at is not None and self.now >= at:
                self.go(till.Idle())
            case _:
                pass
