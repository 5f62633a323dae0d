"""The part of a turn that looks back: the last sales, a search, one sale with its story, and what else there is. Pure.

What the ledger holds is read from it and comes back as an event, so that nothing shown is ahead of it. The first page stands
in memory and is there at once.
"""

from __future__ import annotations

from dataclasses import replace
from typing import assert_never

from kiosk.core import past, till, trying
from kiosk.core.commands import LookUp, Play, ReadPast, ReadShift, Sound, StartTraining
from kiosk.core.events import Key, LookedUp, Part, PastRead, ReceiptSeen
from kiosk.core.exporting import Exporting
from kiosk.core.model import Order, OrderState
from kiosk.core.past_nouns import END, NEWEST, ByAmount, ByEnd, Cursor, Find, PastOrder
from kiosk.core.past_screens import Entry
from kiosk.core.shifts import Aim, Reading
from kiosk.core.slips import Wanted
from kiosk.core.state import Kiosk, Step


class LookingBack(Exporting):
    """What each key means while somebody looks back, and what was read for them."""

    # -- the keys --------------------------------------------------------------------------------------------------

    def past_key(self, key: Key) -> bool:
        """Do what a key means there; False where nobody looks back."""
        there = self.k.till
        if not isinstance(there, past.There):
            return False
        known = self._past_key(there, key)
        self.heard(known=known)
        if known and self.k.till is there:  # somebody is reading
            self.k.till = replace(there, until=self.now + past.READ_FOR)
        return True

    def _past_key(self, there: past.There, key: Key) -> bool:
        match there:
            case past.Listing():
                return self._list_key(there, key)
            case past.Searching():
                return self._search_key(there, key)
            case past.Opened():
                return self._sale_key(there, key)
            case past.Seeking() | past.Missed():
                if key is Key.SCAN and isinstance(there, past.Missed):
                    return self._seek()
                if key in (Key.CANCEL, Key.MENU):
                    self.look_back()
                return key in (Key.CANCEL, Key.MENU)
            case past.More():
                return self._more_key(key)
            case past.Page():
                if key in (Key.CANCEL, Key.MENU):
                    self.go(past.More(self.now + past.READ_FOR))
                return key in (Key.CANCEL, Key.MENU)
            case past.Exports() | past.Carrying():
                return self.exports_key(there, key)
            case _:
                assert_never(there)

    def _list_key(self, there: past.Listing, key: Key) -> bool:
        match key:
            case Key.D0:
                return self._older(there)
            case Key.CLEAR if there.starts:
                self._list(there.find, there.starts[:-1], there.first, there.rows, more=True)
            case Key.OK:
                self.go(past.Searching(self.now + past.READ_FOR))
            case Key.SCAN:
                return self._seek()
            case Key.MENU:
                self.go(past.More(self.now + past.READ_FOR))
            case Key.CANCEL if there.find is not None:
                self.look_back()
            case Key.CANCEL:
                self.go(till.Idle())
            case _ if key.isdigit() and int(key) <= len(there.rows):
                self._open(there.rows[int(key) - 1].order, there)
            case _:
                return False
        return True

    def _search_key(self, there: past.Searching, key: Key) -> bool:
        digits = there.digits
        match key:
            case Key.OK if digits.strip("0"):
                self._search(there, ByAmount(int(digits)))
            case Key.QR if digits:
                self._search(there, ByEnd(digits[-END:]))
            case Key.SCAN:
                return self._seek()
            case Key.CLEAR if digits:
                self.go(past.Searching(self.now + past.READ_FOR, digits[:-1]))
            case Key.CLEAR_ALL:
                self.go(past.Searching(self.now + past.READ_FOR))
            case Key.CANCEL | Key.MENU:
                self.look_back()
            case _ if key.isdigit() and len(digits) < past.MOST_DIGITS:
                self.go(past.Searching(self.now + past.READ_FOR, digits + key))
            case _:
                return False
        return True

    def _sale_key(self, there: past.Opened, key: Key) -> bool:
        match key:
            case Key.D0 if (pages := len(past.pages(there))) > 0:
                self.go(replace(there, page=(there.page + 1) % (pages + 1), until=self.now + past.READ_FOR))
            case Key.OK if self.k.settings.receipts is not None and there.order.state is OrderState.PAID:
                self.acts.append(LookUp(there.order.out_trade_no, Wanted.RECEIPT))
            case Key.QR if there.order.state is OrderState.PAID:
                return self.want_refund(there)
            case Key.SCAN:
                return self._seek()
            case Key.CANCEL | Key.MENU if there.back is not None:
                self._list(there.back.find, there.back.starts, there.back.first, there.back.rows, more=there.back.more)
            case Key.CANCEL | Key.MENU:
                self.look_back()
            case _:
                return False
        return True

    def _more_key(self, key: Key) -> bool:
        entries = offered(self.k)
        if key is Key.MENU:
            self.look_back()
        elif key is Key.CANCEL:
            self.go(till.Idle())
        elif key.isdigit() and 0 < int(key) <= len(entries):
            self.enter(entries[int(key) - 1])
        else:
            return False
        return True

    def enter(self, entry: Entry) -> None:
        """Open an entry of More. What another part of the turn has to offer, that part opens."""
        match entry:
            case Entry.SHIFT:
                self.acts.append(ReadShift(Reading(Aim.SHOW)))
            case Entry.CHECKUP:
                self.go(trying.begin(self.now))
            case Entry.PAGE:
                self.go(past.Page(self.now + past.PAGE_FOR))
            case Entry.TRAINING:
                self.go(till.Idle())
                self.acts.append(StartTraining())
            case _:
                raise AssertionError(entry)

    def want_refund(self, there: past.Opened) -> bool:
        """Somebody wants money of this order back; whether that means anything. giving_back.py, further down the turn, has it."""
        raise AssertionError(there)

    # -- where they lead -------------------------------------------------------------------------------------------

    def look_back(self) -> None:
        """The last sales: at once what is in memory, then what the ledger has besides."""
        first = tuple(order.out_trade_no for order in self.k.attention)
        others = tuple(order for order in self.k.recent if order.out_trade_no not in first)
        rows = tuple(PastOrder(order) for order in (*self.k.attention, *others))
        self._list(None, (), first, rows[: past.ROWS], more=len(rows) > past.ROWS)

    def _list(
        self,
        find: Find | None,
        starts: tuple[Cursor, ...],
        first: tuple[str, ...],
        rows: tuple[PastOrder, ...],
        *,
        more: bool,
    ) -> None:
        """A page. Until the ledger has told, a moment later, `rows` stand there."""
        ticket = f"past {self.now} {len(starts)}"
        self.go(past.Listing(ticket, self.now + past.READ_FOR, rows, more, find, starts, first))
        self.acts.append(_read(self.k.till))

    def _older(self, there: past.Listing) -> bool:
        if not there.more or len(there.starts) >= past.MOST_PAGES:
            return False
        ordinary = [row.order for row in there.rows if there.starts or row.order.out_trade_no not in there.first]
        last = Cursor(ordinary[-1].opened_at, ordinary[-1].out_trade_no) if ordinary else NEWEST
        self._list(there.find, (*there.starts, last), there.first, there.rows, more=True)
        return True

    def _search(self, there: past.Searching, find: Find) -> None:
        ticket = f"search {self.now}"
        self.k.till = replace(there, until=self.now + past.READ_FOR, ticket=ticket, find=find, missed=False)
        self.acts.append(ReadPast(ticket, past.ROWS, find))

    def _seek(self) -> bool:
        """Let the camera look for a receipt, if there is one."""
        if Part.CAMERA in self.k.problems:
            return False
        self.go(past.Seeking(f"receipt {self.now}", self.now + till.SCAN_FOR))
        return True

    def _open(self, order: Order, back: past.Listing | None) -> None:
        self.go(past.Opened(self.now + past.READ_FOR, order, back=back))
        self.acts.append(LookUp(order.out_trade_no, Wanted.SALE))

    def reopen(self, sale: past.Opened) -> None:
        """Back to an order that was left for a moment, as it is by now."""
        self.go(replace(sale, until=self.now + past.READ_FOR, page=0))
        self.acts.append(LookUp(sale.order.out_trade_no, Wanted.SALE))

    # -- what was read ---------------------------------------------------------------------------------------------

    def about_past(self, event: ReceiptSeen | LookedUp | PastRead) -> None:
        """What the scanner read off a receipt, or the ledger holds."""
        match event:
            case ReceiptSeen():
                self._receipt_seen(event)
            case LookedUp(wanted=Wanted.RECEIPT):
                self.receipt_read(event)
            case LookedUp():
                self._sale_read(event)
            case PastRead():
                self._past_read(event)
            case _:
                assert_never(event)

    def _past_read(self, read: PastRead) -> None:
        """A page of the list, or what a search has found; of another page it is nothing."""
        there = self.k.till
        match there:
            case past.Listing(ticket) if ticket == read.ticket:
                self.k.till = replace(there, rows=read.rows, more=read.more)
            case past.Searching(ticket=ticket, find=find) if ticket == read.ticket and find is not None:
                if not read.rows:
                    self.k.till = replace(there, missed=True, until=self.now + past.READ_FOR)
                elif len(read.rows) == 1:
                    self._open(read.rows[0].order, None)
                else:
                    self.go(past.Listing(read.ticket, self.now + past.READ_FOR, read.rows, read.more, find))

    def _receipt_seen(self, seen: ReceiptSeen) -> None:
        """The scanner read a number off a receipt."""
        if isinstance(self.k.till, past.Seeking) and self.k.till.ticket == seen.ticket:
            self.acts += [Play(Sound.SCANNED), LookUp(seen.out_trade_no, Wanted.SALE)]

    def _sale_read(self, found: LookedUp) -> None:
        """The rows of one sale, as committed."""
        order, there = found.order, self.k.till
        match there:
            case past.Opened() if order is not None and order.out_trade_no == there.order.out_trade_no:
                read = replace(there, order=order, refunds=found.refunds, walked=found.walked)
                self.k.till = replace(read, page=min(read.page, len(past.pages(read))))
            case past.Seeking() if order is None:
                self.go(past.Missed(found.out_trade_no, self.now + past.READ_FOR))
            case past.Seeking() if order is not None:
                self.go(past.Opened(self.now + past.READ_FOR, order, found.refunds, found.walked))

    def past_passes(self) -> None:
        """Nobody has pressed a key for long, or the owner's page is gone."""
        there = self.k.till
        if isinstance(there, past.Page) and (self.now >= there.until or self.k.page is None):
            self.go(past.More(self.now + past.READ_FOR))
        elif isinstance(there, past.Seeking) and self.now >= there.until:
            self.look_back()
        elif isinstance(there, past.There) and self.now >= there.until:
            self.go(till.Idle())

    def done(self) -> Step:
        """What is shown of the ledger is read again when something of it was written."""
        if self.records:
            match self.k.till:
                case past.Listing() as there if not any(isinstance(act, ReadPast) for act in self.acts):
                    self.acts.append(_read(there))
                case past.Opened(order=order) if not any(isinstance(act, LookUp) for act in self.acts):
                    self.acts.append(LookUp(order.out_trade_no, Wanted.SALE))
        return super().done()


def _read(there: till.Till) -> ReadPast:
    """What fills this page."""
    assert isinstance(there, past.Listing)
    after = there.starts[-1] if there.starts else None
    return ReadPast(there.ticket, past.ROWS, there.find, after, there.first)


def offered(kiosk: Kiosk) -> tuple[Entry, ...]:
    """What else there is on this kiosk, now; in a training nothing, as all of it is real."""
    if kiosk.settings.training:
        return ()
    there = {
        Entry.SHIFT: kiosk.settings.shifts is not None,
        Entry.OPERATOR: len(kiosk.settings.operators) > 1 and bool(kiosk.pins),
        Entry.PAGE: kiosk.page is not None,
        Entry.TRAINING: kiosk.settings.selling.trains,
    }
    return tuple(entry for entry in Entry if there.get(entry, True))
