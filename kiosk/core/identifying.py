"""The part of a turn that learns who stands there: operators, their PINs, and who works here now. Pure."""

from __future__ import annotations

from dataclasses import replace
from typing import assert_never

from kiosk.core import past, shift_till, till, who
from kiosk.core.commands import CheckPin, KeepPin, Play, Sound
from kiosk.core.events import Key, PinChecked, PinKept, PinsKnown
from kiosk.core.looking_back import LookingBack
from kiosk.core.operators import LEAST_PIN, UNKEYED, NoPin, Operator, PinDigits, Role
from kiosk.core.past_screens import Entry


class Identifying(LookingBack):
    """What each key means while somebody says who they are."""

    # -- beginnings ------------------------------------------------------------------------------------------------

    def identify(self, people: tuple[Operator, ...], then: who.Then) -> None:
        """Learn which of these people it is, by the PIN; whoever works here is asked first."""
        working = self.k.operator
        if working in people and not isinstance(then, who.ToWork):
            people = (working,)
        if len(people) == 1:
            self._chosen(people[0], then)
        else:
            self.go(who.Choosing(self.now + who.KEYED_FOR, people, then))

    def enter(self, entry: Entry) -> None:
        match entry:
            case Entry.OPERATOR:
                self.identify(self.with_pin(self.k.settings.operators), who.ToWork())
            case Entry.PINS:
                if known := self.with_pin(self._managers()):
                    self.identify(known, who.ToPins())
                else:  # the very first: nobody is there yet who could allow it
                    self.identify(self._managers(), who.ToNewPin())
            case Entry.EXPORTS:  # more than a shift's takings: where a manager has a PIN, it wants a manager
                if known := self.with_pin(self._managers()):
                    self.identify(known, who.ToExports())
                else:
                    self.want_exports()
            case _:
                super().enter(entry)

    def identified(self, one: Operator, then: who.Then) -> None:
        """The PIN was right."""
        match then:
            case who.ToWork():
                self.k.operator = one
                self.go(till.Idle())
            case who.ToPins():
                people = self.k.settings.operators
                if len(people) == 1:
                    self.go(who.NewPin(self.now + who.KEYED_FOR, one))
                else:
                    self.go(who.Choosing(self.now + who.KEYED_FOR, people, who.ToNewPin()))
            case who.ToExports():
                self.want_exports()
            case who.ToRefund() | who.ToClose() | who.ToNewPin():
                raise AssertionError(then)  # other parts' of the turn, and nobody is asked for a PIN before the first
            case _:
                assert_never(then)

    def _managers(self) -> tuple[Operator, ...]:
        return tuple(one for one in self.k.settings.operators if one.role is Role.MANAGER)

    def with_pin(self, people: tuple[Operator, ...]) -> tuple[Operator, ...]:
        """Those of them who have one."""
        return tuple(one for one in people if one.name in self.k.pins)

    def _chosen(self, one: Operator, then: who.Then) -> None:
        until = self.now + who.KEYED_FOR
        self.go(who.NewPin(until, one) if isinstance(then, who.ToNewPin) else who.EnteringPin(until, one, then))

    # -- the keys --------------------------------------------------------------------------------------------------

    def who_key(self, key: Key) -> bool:
        """Do what a key means there; False where nobody is asked."""
        there = self.k.till
        if not isinstance(there, who.There):
            return False
        known = self._who_key(there, key)
        self.heard(known=known)
        return True

    def _who_key(self, there: who.There, key: Key) -> bool:
        if key in (Key.CANCEL, Key.MENU):
            self._leave(there)
            return True
        match there:
            case who.Choosing(_, people, then):
                if not key.isdigit() or not 0 < int(key) <= len(people):
                    return False
                self._chosen(people[int(key) - 1], then)
            case who.EnteringPin():
                return self._pin_key(there, key)
            case who.NewPin():
                return self._new_pin_key(there, key)
            case _:
                assert_never(there)
        return True

    def _pin_key(self, there: who.EnteringPin, key: Key) -> bool:
        if there.ticket or self._is_shut(there):
            return False
        if key is Key.OK:
            if len(there.pin) < LEAST_PIN:
                return False
            ticket = f"pin {self.now}"
            self.acts.append(CheckPin(ticket, there.who.name, there.pin))
            self.k.till = replace(there, until=self.now + who.KEYED_FOR, pin=UNKEYED, ticket=ticket, wrong=False)
            return True
        pin = _keyed(there.pin, key)
        if pin is not None:
            self.k.till = replace(there, until=self.now + who.KEYED_FOR, pin=pin, wrong=False, shut_until=None)
        return pin is not None

    def _new_pin_key(self, there: who.NewPin, key: Key) -> bool:
        until = self.now + who.KEYED_FOR
        if there.ticket:
            return False
        if key is not Key.OK:
            pin = _keyed(there.pin, key)
            if pin is not None:
                self.k.till = replace(there, until=until, pin=pin, problem=None)
            return pin is not None
        if len(there.pin) < LEAST_PIN:
            self.k.till = replace(there, until=until, problem=NoPin.FORM)
        elif there.first is None:
            self.k.till = replace(there, until=until, pin=UNKEYED, first=there.pin, problem=None)
        elif there.first != there.pin:
            self.k.till = who.NewPin(until, there.who, problem=NoPin.DIFFERS)
        else:
            ticket = f"pin {self.now}"
            self.acts.append(KeepPin(ticket, there.who.name, there.pin))
            self.k.till = who.NewPin(until, there.who, ticket=ticket)
        return True

    def _is_shut(self, there: who.EnteringPin) -> bool:
        return there.shut_until is not None and self.now < there.shut_until

    def _leave(self, there: who.There) -> None:
        """Back to where it was asked."""
        then = there.then if isinstance(there, who.Choosing | who.EnteringPin) else None
        match then:
            case who.ToRefund(sale):
                self.reopen(sale)
            case who.ToClose(report):
                self.go(shift_till.again(report, self.now))
            case _:
                self.go(past.More(self.now + past.READ_FOR))

    # -- what came of it -------------------------------------------------------------------------------------------

    def about_pins(self, event: PinChecked | PinKept | PinsKnown) -> None:
        """What the keyholder tells."""
        match event:
            case PinsKnown(names):
                self.k.pins = frozenset(names)
            case PinChecked():
                self._pin_checked(event)
            case PinKept():
                self._pin_kept(event)
            case _:
                assert_never(event)

    def _pin_checked(self, checked: PinChecked) -> None:
        """The PIN was looked at, or too many wrong ones came before it."""
        there = self.k.till
        if not isinstance(there, who.EnteringPin) or there.ticket != checked.ticket:
            return
        if checked.right:
            self.identified(there.who, there.then)
            return
        self.acts.append(Play(Sound.FAILED))
        shut_until = self.now + checked.wait_ms if checked.wait_ms else None
        self.k.till = replace(there, until=self.now + who.KEYED_FOR, ticket="", wrong=True, shut_until=shut_until)

    def _pin_kept(self, kept: PinKept) -> None:
        """A new PIN is in force, or none came of it."""
        there = self.k.till
        if not isinstance(there, who.NewPin) or there.ticket != kept.ticket:
            return
        if kept.problem is None:
            self.go(past.More(self.now + past.READ_FOR))
        else:
            self.acts.append(Play(Sound.FAILED))
            self.k.till = who.NewPin(self.now + who.KEYED_FOR, there.who, problem=kept.problem)


def _keyed(pin: PinDigits, key: Key) -> PinDigits | None:
    """What is keyed by now; None when the key is not about that."""
    match key:
        case Key.CLEAR if len(pin):
            return pin.less()
        case Key.CLEAR_ALL:
            return UNKEYED
        case _ if key.isdigit():
            return pin.more(key)
        case _:
            return None
