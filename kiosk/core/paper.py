"""What the printer adds to a step: the keys that print, the receipt that is looked for, and how the parts say they are. Pure.

Without a printer in kiosk.toml no key means more than before, and no act of these is made.
"""

from __future__ import annotations

from dataclasses import replace
from typing import assert_never

from kiosk.core import refunds, till
from kiosk.core.books import UNPRINTED_MOST
from kiosk.core.commands import LookUp, Play, Print, Sound
from kiosk.core.events import Health, Key, LookedUp, NotPrinted, Part, ReceiptSeen, ScanHint
from kiosk.core.model import OrderState
from kiosk.core.pause import Pause
from kiosk.core.slips import Bill, Wanted
from kiosk.core.state import in_front
from kiosk.core.till import Stage


class Paper(Pause):
    """The part of a turn that is about paper, and about the parts' health."""

    def paper_key(self, key: Key) -> bool:
        """Do what a key means for the printer; False when it means something else, or nothing."""
        if self.k.settings.receipts is None:
            return False
        match self.k.till, key:
            case till.Front() as front, Key.QR | Key.MENU:
                done = self._print_front(front, key)
            case till.Menu(), Key.OK:
                newest = next((order for order in self.k.recent if order.state is OrderState.PAID), None)
                done = newest is not None and self._want(newest.out_trade_no)
                if done:
                    self.go(till.Menu(self.now + till.MENU_FOR))
            case till.Found(number, order), Key.OK if order is not None and order.state is OrderState.PAID:
                done = self._want(number)
            case till.Menu() | till.Found(), Key.SCAN:
                done = Part.CAMERA not in self.k.problems
                if done:
                    self.go(till.Seeking(f"receipt {self.now}", self.now + till.SCAN_FOR))
            case _:
                return False
        refused = not done and isinstance(self.k.till, till.Menu)  # else the key means what it means without a printer
        if done or refused:
            self.acts.append(Play(Sound.KEY if done else Sound.REFUSED_KEY))
        return done or refused

    def _print_front(self, front: till.Front, key: Key) -> bool:
        order = in_front(self.k)
        assert order is not None
        match till.stage(front, order, self.now), key:
            case Stage.PAID, Key.QR:
                return self._want(order.out_trade_no)
            case Stage.QR, Key.MENU:
                assert front.code_url is not None
                until = order.expires_at or self.now
                self.acts.append(Print(Bill(self.k.settings.shop, order.money, order.out_trade_no, front.code_url, until)))
                return True
        return False

    def _want(self, number: str) -> bool:
        self.acts.append(LookUp(number, Wanted.RECEIPT))
        return True

    def about_paper(self, event: ReceiptSeen | LookedUp | NotPrinted) -> None:
        """What the scanner read, the ledger holds, or the printer gave up."""
        match event:
            case ReceiptSeen(ticket, number):
                if isinstance(self.k.till, till.Seeking) and self.k.till.ticket == ticket:
                    self.acts += [Play(Sound.SCANNED), LookUp(number, Wanted.SALE)]
            case LookedUp():
                self._looked_up(event)
            case NotPrinted(number):
                if number not in self.k.unprinted:
                    self.k.unprinted = (*self.k.unprinted, number)[-UNPRINTED_MOST:]
            case _:
                assert_never(event)

    def _looked_up(self, found: LookedUp) -> None:
        """The rows are as committed: what is printed or shown is never ahead of the ledger."""
        order = found.order
        if found.wanted is Wanted.RECEIPT:
            if order is not None and order.state is OrderState.PAID:
                self.print_receipt(order, found.refunds)
        elif isinstance(self.k.till, till.Seeking):
            back = sum(r.money.amount for r in found.refunds if refunds.is_given(r))
            self.go(till.Found(found.out_trade_no, order, back, self.now + till.MENU_FOR))

    def health(self, told: Health) -> None:
        problems = {p: text for p, text in self.k.problems.items() if p is not told.part}
        if told.problem is not None:
            problems[told.part] = told.problem
        self.k.problems = problems
        if told.part is Part.PRINTER:
            self.k.printer = told.printer
        if told.part is Part.CAMERA and isinstance(self.k.till, till.Scanning):
            hint = (told.hint or ScanHint.NO_CAMERA) if told.problem else None
            self.go(replace(self.k.till, hint=hint, hint_until=None))
