"""What shifts add to a step: opening, counting and closing them, by a key, by a command or by the time of day. Pure.

By a key, whoever closes one says who they are, where anybody has a PIN: the Z report has their name.

What a report says is read from the ledger between two steps and used by the very next one (loop/runtime.py), so that nothing
lies between what was counted and the commit that closes. No order is touched.
"""

from __future__ import annotations

from kiosk.core import keying, past, shift_till, shifts, who
from kiosk.core.commands import Play, Print, ReadShift, Reply, Sound, Update
from kiosk.core.events import Part, ShiftAsked, ShiftRead
from kiosk.core.identifying import Identifying
from kiosk.core.lifecycle import MINUTE, is_open
from kiosk.core.operators import Operator
from kiosk.core.screens import AmountHint
from kiosk.core.shifts import Aim, Reading, Shift, Waiting
from kiosk.core.slips import ShiftSlip
from kiosk.core.state import closes_at, in_front, is_held, unresolved

PATIENCE = 30 * MINUTE  # so long the time of day waits for unresolved orders; then they are handed over by name
_OFF = "shifts are off: write [shifts] into kiosk.toml"
_NONE = "no shift is open: the next sale opens one, or kiosk shift open"


class Shifts(Identifying):
    """The part of a turn that is about shifts."""

    def want_shift(self, wanted: Reading | shift_till.Open) -> None:
        """Somebody at the kiosk wants this."""
        if isinstance(wanted, Reading) and wanted.aim in (Aim.SHOW, Aim.PRINT):
            self.acts.append(ReadShift(wanted))
            return
        hint = self._obstacle()
        if hint is not None:
            self._hint(hint)
        elif isinstance(wanted, Reading):
            self._read_or_ask_who(wanted)
        else:
            self.open_shift("opened", self.worker)
            self.acts.append(ReadShift(Reading(Aim.SHOW)))

    def identified(self, one: Operator, then: who.Then) -> None:
        if isinstance(then, who.ToClose):
            self.go(shift_till.again(then.report, self.now))
            self.acts.append(ReadShift(Reading(Aim.ASK, by=one.name)))
        else:
            super().identified(one, then)

    def shift_asked(self, asked: ShiftAsked) -> None:
        """A command wants it."""
        problem = None if self.k.settings.shifts is not None else _OFF
        if problem is None and (asked.wanted is None or asked.wanted.aim is Aim.CLOSE):
            problem = self._why_not()
        shift = self.k.shift
        if problem is None and asked.wanted is None and shift is not None and shift.is_open:
            problem = f"shift Z {shift.z} is open already"
        if problem is not None:
            self.acts.append(Reply(asked.token, "", problem))
        elif asked.wanted is not None:
            self.acts.append(ReadShift(asked.wanted))
        else:
            self.open_shift("opened", asked.by)
            assert self.k.shift is not None
            self.acts.append(Reply(asked.token, str(self.k.shift.z)))

    def shift_read(self, read: ShiftRead) -> None:
        """The ledger has counted."""
        wanted, figures = read.wanted, read.figures
        if figures is None:
            if wanted.token:
                self.acts.append(Reply(wanted.token, "", _NONE))
            elif self._is_asking():
                self.go(shift_till.NoShift(self.now + shift_till.REPORT_FOR))
            return
        counted = shifts.report(figures, unresolved(self.k))
        match wanted.aim:
            case Aim.SHOW if self._is_asking():
                self._show(counted)
            case Aim.PRINT:
                self._print(counted, copy=not counted.is_open)
            case Aim.ASK if self._is_asking() and counted.is_open:
                self._ask_whether(counted, wanted)
            case Aim.CLOSE:
                self._close(counted, wanted)
            case _:
                pass  # whoever wanted to see it has left

    def shift_time(self) -> None:
        """Close by the time of day."""
        ends = closes_at(self.k)
        if ends is None or self.now < ends or not self.k.clock_known or self._why_not() is not None:
            return
        if not unresolved(self.k) or self.now >= ends + PATIENCE:
            self.acts.append(ReadShift(Reading(Aim.CLOSE, clock=True)))

    def _close(self, counted: Shift, wanted: Reading) -> None:
        if not counted.is_open:  # closed a moment ago, from elsewhere
            if wanted.token:
                self.acts.append(Reply(wanted.token, "", _NONE))
            elif self._is_asking():
                self._show(counted)
            return
        left = counted.handed_over
        allowed = wanted.hand_over or frozenset()
        if not wanted.clock and any(one.number not in allowed for one in left):
            if wanted.token:
                self.acts.append(Reply(wanted.token, "", _named(left)))
            else:
                self._ask_whether(counted, wanted)
            return
        by_key = not wanted.token and not wanted.clock
        done = shifts.closed(counted, self.now, wanted.by or (self.worker if by_key else None))
        self.k.shift = done
        self.records.append(Update(done, "time of day" if wanted.clock else "closed"))
        self._print(done, copy=False)
        if wanted.token:
            self.acts.append(Reply(wanted.token, str(done.z)))
        elif self._is_asking():
            self._show(done)

    def _read_or_ask_who(self, wanted: Reading) -> None:
        """Before it is asked whether to close a shift: who asks."""
        report, known = self.k.till, self.with_pin(self.k.settings.operators)
        if wanted.aim is Aim.ASK and known and isinstance(report, shift_till.Report):
            self.identify(known, who.ToClose(report))
        else:
            self.acts.append(ReadShift(wanted))

    def _ask_whether(self, counted: Shift, wanted: Reading) -> None:
        self.go(shift_till.Closing(counted, self.now, self.now + shift_till.REPORT_FOR, by=wanted.by))

    def _show(self, counted: Shift) -> None:
        newest = self.k.shift.z if self.k.shift is not None else counted.z
        self.go(shift_till.Report(counted, newest, self.now, self.now + shift_till.REPORT_FOR))

    def _print(self, counted: Shift, *, copy: bool) -> None:
        settings = self.k.settings
        if settings.receipts is not None:
            self.acts.append(Print(ShiftSlip(settings.shop, settings.kiosk_id, counted, self.now, copy=copy)))

    def _is_asking(self) -> bool:
        """Whether somebody still stands where a shift is asked about."""
        return isinstance(self.k.till, past.More | shift_till.There)

    def _obstacle(self) -> AmountHint | None:
        if Part.LEDGER in self.k.problems:
            return AmountHint.LEDGER
        return None if self.k.clock_known else AmountHint.CLOCK

    def _why_not(self) -> str | None:
        """Why no shift can be opened or closed now, in words."""
        front = in_front(self.k)
        if is_held(self.k):
            return "an update is under way: ask again in some minutes"
        if isinstance(self.k.till, keying.There) or (front is not None and is_open(front)):
            return "a sale is in front: ask again when it is over"
        hint = self._obstacle()
        return None if hint is None else "nothing can be stored now" if hint is AmountHint.LEDGER else "the time is not known yet"

    def _hint(self, hint: AmountHint) -> None:
        self.acts.append(Play(Sound.FAILED))
        there = self.k.till
        until = self.now + shift_till.REPORT_FOR
        if isinstance(there, shift_till.Report):
            self.go(shift_till.Report(there.shift, there.newest, there.at, until, there.page, hint))
        elif isinstance(there, shift_till.Closing):
            self.go(shift_till.Report(there.shift, there.shift.z, there.at, until, hint=hint))
        else:
            self.go(shift_till.NoShift(until, hint))


def _named(left: tuple[Waiting, ...]) -> str:
    names = ", ".join(f"{one.number} ({one.money})" for one in left)
    return f"not resolved yet: {names}. Wait for them, or close it all the same: kiosk shift close --hand-over"
