"""What the printer adds to a step: the keys that print, and how the parts say they are. Pure.

Without a printer in kiosk.toml no key means more than before, and no act of these is made.
"""

from __future__ import annotations

from dataclasses import replace

from kiosk.core import till
from kiosk.core.books import UNPRINTED_MOST
from kiosk.core.commands import LookUp, Play, Print, Sound
from kiosk.core.events import Health, Key, LookedUp, Part
from kiosk.core.model import OrderState
from kiosk.core.pause import Pause
from kiosk.core.scanning import ScanHint
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
            case _:
                return False
        if done:  # else the key means what it means without a printer
            self.acts.append(Play(Sound.KEY))
        return done

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

    def receipt_read(self, found: LookedUp) -> None:
        """The rows are as committed: what is printed is never ahead of the ledger."""
        if found.order is not None and found.order.state is OrderState.PAID:
            self.print_receipt(found.order, found.refunds, found.sale)

    def not_printed(self, number: str) -> None:
        """The printer gave up a first receipt."""
        if number not in self.k.unprinted:
            self.k.unprinted = (*self.k.unprinted, number)[-UNPRINTED_MOST:]

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
