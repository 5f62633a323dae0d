"""The part of a turn that gives money back at the kiosk: who may, how much, why, a second look, and then a refund as any other.

Nothing of it decides about money: the refund is begun by books.py from the rows as committed, and settled by the queue.
"""

from __future__ import annotations

from dataclasses import replace
from typing import assert_never

from kiosk.core import giving, past, refunds, shifts, who
from kiosk.core.commands import AskForRefund, Play, Sound
from kiosk.core.events import Key, RefundAsked
from kiosk.core.identifying import Identifying
from kiosk.core.model import Reason
from kiosk.core.operators import Against, Operator, Role
from kiosk.core.past import MOST_DIGITS
from kiosk.core.refunds import Refusal


class GivingBack(Identifying):
    """What each key means while money is given back."""

    def want_refund(self, there: past.Opened) -> bool:
        """Somebody wants money of this order back: first, whether there can be a refund at all; then, who it is."""
        made = refunds.begin(there.order, there.refunds, None, self.now)
        if isinstance(made, Refusal):
            self.go(giving.Refused(self.now + giving.KEYED_FOR, there, made))
            return True
        rules, everybody = self.k.settings.refunds, self.k.settings.operators
        may = tuple(one for one in everybody if one.role is Role.MANAGER or rules.cashiers)
        known = self.with_pin(may)
        if not known:
            problem = "no PIN is set of anybody who may give money back"
            self.go(giving.Refused(self.now + giving.KEYED_FOR, there, Refusal(Against.NO_PIN, problem)))
            return True
        self.identify(known, who.ToRefund(there))
        return True

    def identified(self, one: Operator, then: who.Then) -> None:
        if isinstance(then, who.ToRefund):
            self.go(giving.Amount(self.now + giving.KEYED_FOR, then.sale, one))
        else:
            super().identified(one, then)

    def giving_key(self, key: Key) -> bool:
        """Do what a key means there; False where no money is given back."""
        there = self.k.till
        if not isinstance(there, giving.There):
            return False
        known = self._giving_key(there, key)
        self.heard(known=known)
        return True

    def _giving_key(self, there: giving.There, key: Key) -> bool:
        until = self.now + giving.KEYED_FOR
        match there:
            case giving.Look(ticket=ticket) if ticket:
                return False  # it is about to be a row
            case giving.Refused():
                if key in (Key.OK, Key.CANCEL, Key.MENU):
                    self.reopen(there.sale)
                return key in (Key.OK, Key.CANCEL, Key.MENU)
            case _ if key is Key.MENU:
                self.reopen(there.sale)
            case giving.Amount():
                return self._amount_key(there, key)
            case giving.Why(_, sale, one, amount):
                if key is Key.CANCEL:
                    self.go(giving.Amount(until, sale, one, amount))
                elif key.isdigit() and 0 < int(key) <= len(giving.REASONS):
                    self.go(giving.Look(until, sale, one, amount, giving.REASONS[int(key) - 1]))
                else:
                    return False
            case giving.Look(_, sale, one, amount, why):
                if key is Key.CANCEL:
                    self.go(giving.Why(until, sale, one, amount))
                elif key is Key.OK:
                    self._ask(there, why)
                else:
                    return False
            case _:
                assert_never(there)
        return True

    def _amount_key(self, there: giving.Amount, key: Key) -> bool:
        until, keyed = self.now + giving.KEYED_FOR, there.keyed or 0
        match key:
            case Key.OK:
                made = refunds.begin(there.sale.order, there.sale.refunds, there.keyed, self.now)
                if not isinstance(made, Refusal):  # the day's limit is known where the rows are read
                    made = refunds.within(made, there.who, self.k.settings.refunds, 0)
                if isinstance(made, Refusal):
                    self.acts.append(Play(Sound.FAILED))
                    self.go(replace(there, until=until, refusal=made))
                else:
                    self.go(giving.Why(until, there.sale, there.who, made.money.amount))
            case Key.CLEAR if there.keyed is not None:
                self.go(replace(there, until=until, keyed=keyed // 10 or None, refusal=None))
            case Key.CLEAR_ALL:
                self.go(replace(there, until=until, keyed=None, refusal=None))
            case Key.CANCEL:
                self.reopen(there.sale)
            case _ if key.isdigit() and len(str(keyed)) < MOST_DIGITS and (keyed or key is not Key.D0):
                self.go(replace(there, until=until, keyed=keyed * 10 + int(key), refusal=None))
            case _:
                return False
        return True

    def _ask(self, there: giving.Look, why: Reason) -> None:
        """The rows are read, and a refund begins in the step that has them; OK again means nothing meanwhile."""
        ticket = f"refund {self.now}"
        self.k.till = replace(there, ticket=ticket)
        zone, starts = self.k.settings.zone, self.k.settings.day_starts
        since, _ = shifts.day_bounds(shifts.business_day(self.now, zone, starts), zone, starts)
        self.acts.append(AskForRefund(ticket, there.sale.order.out_trade_no, there.amount, why, there.who, since))

    def refund_asked(self, asked: RefundAsked) -> Refusal | None:
        refusal = super().refund_asked(asked)
        there = self.k.till
        if isinstance(there, giving.Look) and there.ticket == asked.token:
            if refusal is None:
                self.reopen(there.sale)  # its refund stands there, and what becomes of it
            else:
                self.acts.append(Play(Sound.FAILED))
                self.go(giving.Refused(self.now + giving.KEYED_FOR, there.sale, refusal))
        return refusal
