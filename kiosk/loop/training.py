"""The training room: a whole till of its own to learn on, in the loop's thread, beside the real one and out of its reach.

Its ledger is thrown away, and its WeChat is a table (core/lessons.py): no lane, no client, no real ledger is known here. What it
would do is played here; or it is heard, scanned or printed, and then it is marked. The real kiosk goes on behind it, with nobody
in front: what is open there is asked for as ever, and nothing new can be sold.
"""

from __future__ import annotations

import logging
from collections.abc import Callable, Iterable
from dataclasses import dataclass, replace
from typing import assert_never

from kiosk.core import lessons
from kiosk.core.commands import (
    Act,
    Announce,
    Ask,
    AskForRefund,
    AskRefund,
    CarryExports,
    Charge,
    CheckPin,
    Close,
    CorrectClock,
    FetchStatement,
    GiveBack,
    Hush,
    KeepPin,
    LookUp,
    MakeBundle,
    Place,
    Play,
    Print,
    Probe,
    ReadPast,
    ReadShift,
    Reply,
    Reverse,
    Sound,
    StartCheckup,
    StartScan,
    StartTraining,
    StopCheckup,
    StopScan,
    TryVoice,
    Warm,
)
from kiosk.core.events import (
    Answered,
    CodeRefused,
    CodeSeen,
    Event,
    Health,
    Key,
    Left,
    Part,
    PinChecked,
    PinKept,
    PinsKnown,
    Pressed,
    Probed,
    ReceiptSeen,
    RefundAnswered,
    Tick,
)
from kiosk.core.lifecycle import SECOND
from kiosk.core.model import Call
from kiosk.core.ports import Ledger
from kiosk.core.screens import View
from kiosk.core.secret import PaymentCode
from kiosk.core.slips import ShiftSlip
from kiosk.core.state import Kiosk, Settings, Step, wake_at
from kiosk.core.step import resume, step
from kiosk.core.till import Idle, Scanning
from kiosk.core.view import view
from kiosk.loop.reading import read

_log = logging.getLogger(__name__)

LEAVES_AFTER = 180 * SECOND  # without a key
KIOSK_ID = "TRAINING"  # in every number: no real kiosk's, as those have their own

Mine = Pressed | CodeSeen | CodeRefused | ReceiptSeen
"""What people do, and the scanner sees: while somebody trains it is the room's, and never the real kiosk's."""

Outward = Play | Hush | StartScan | StopScan | Print
"""What leaves the room. All of it is heard, seen or marked; nothing of it is money."""


@dataclass(frozen=True, slots=True)
class _Later:
    """An event of the lesson, and when it comes (ms)."""

    at: int
    event: Event


class Room:
    """One training. Belongs to the loop's thread. `stays`: it ends with the kiosk alone, as kiosk.toml wants it."""

    def __init__(self, settings: Settings, ledger: Ledger, act: Callable[[Outward], None], now: int, *, stays: bool) -> None:
        """`ledger`: an empty one that nobody keeps."""
        self._ledger = ledger
        self._act = act
        self._stays = stays
        self._coming: list[_Later] = []
        self._offline_until = 0
        self._codes = 0
        self._key_at = now
        self.over = False
        settings = replace(settings, kiosk_id=KIOSK_ID, trial=False, news=None, shifts=None, training=True)
        self._kiosk: Kiosk = self._carry_out(resume(settings, ledger.load(now), {}, now), now)
        self._step(PinsKnown(tuple(one.name for one in settings.operators)), now)

    def takes(self, event: Event) -> bool:
        """Whether this event is for the room, and not for the real kiosk."""
        return isinstance(event, Mine)

    def happen(self, event: Event, now: int) -> None:
        """One event of people or scanner; or a part of the real kiosk that is well or unwell, which is so here, too."""
        if isinstance(event, Pressed):
            self._key_at = now
            if event.key is Key.CANCEL and isinstance(self._kiosk.till, Idle) and not self._stays:
                self.over = True
                return
            if event.key is Key.OK and isinstance(self._kiosk.till, Scanning):
                event = self._pretended(self._kiosk.till.out_trade_no)
        if isinstance(event, Health) and event.part is Part.LEDGER:
            return  # it has one of its own
        self._step(event, now)

    def pass_time(self, now: int) -> None:
        """Let come what is due."""
        for later in sorted((one for one in self._coming if one.at <= now), key=lambda one: one.at):
            self._coming.remove(later)
            self._step(later.event, now)
        self._step(Tick(), now)
        if now - self._key_at >= LEAVES_AFTER and not self._stays:
            self.over = True

    def wake_at(self, now: int) -> int:
        """When `pass_time` must be called at the latest."""
        times = [wake_at(self._kiosk, now), *(later.at for later in self._coming)]
        return min(times) if self._stays else min(*times, self._key_at + LEAVES_AFTER)

    def view(self, now: int) -> View:
        """What people see: marked on every screen."""
        return replace(view(self._kiosk, now), training=True)

    def close(self) -> None:
        """Throw it all away."""
        self._act(StopScan())
        self._act(Hush())
        self._ledger.close()

    def _pretended(self, ticket: str) -> CodeSeen:
        """A code that nobody's phone has shown."""
        self._codes += 1
        return CodeSeen(ticket, PaymentCode(f"10{self._codes:016d}"))

    def _step(self, event: Event, now: int) -> None:
        self._kiosk = self._carry_out(step(self._kiosk, event, now), now)

    def _carry_out(self, made: Step, now: int) -> Kiosk:
        if made.records:
            self._ledger.commit(made.records, now)
        for act in made.acts:
            self._play(act, now)
        return made.kiosk

    def _play(self, act: Act, now: int) -> None:  # noqa: C901, PLR0912  one arm an act
        """What each act comes to here. Nothing is handed on that is not named: whoever adds an act decides."""
        match act:
            case Charge(order) | Place(order):
                call = Call.CHARGE if isinstance(act, Charge) else Call.PLACE
                self._coming.append(_Later(now, Left(order.out_trade_no, call)))
                self._answer(act, order.out_trade_no, call, now)
            case Ask(order):
                self._answer(act, order.out_trade_no, Call.ASK, now)
            case Reverse(order):
                self._answer(act, order.out_trade_no, Call.REVERSE, now)
            case Close(order):
                self._answer(act, order.out_trade_no, Call.CLOSE, now)
            case GiveBack(refund) | AskRefund(refund):
                call = Call.REFUND if isinstance(act, GiveBack) else Call.ASK_REFUND
                played = lessons.play(act, now)
                self._coming.append(_Later(played.at, RefundAnswered(refund.out_refund_no, call, played.answer)))
            case Probe() | Warm():
                at = now + lessons.QUICKLY // 3
                reached = at >= self._offline_until
                self._coming.append(_Later(at, Probed(reached, at if reached else None, at)))
            case LookUp() | ReadPast() | AskForRefund():
                self._coming.append(_Later(now, read(self._ledger, act)))
            case CheckPin(ticket):
                self._coming.append(_Later(now, PinChecked(ticket, right=True)))  # any digits: nobody's PIN is needed here
            case KeepPin(ticket):
                self._coming.append(_Later(now, PinKept(ticket)))  # and none is kept
            case Play(sound):
                self._act(Play(Sound.TRAINING if sound is Sound.PAID else sound))
            case Print(slip):
                if not isinstance(slip, ShiftSlip):  # shifts count what is real
                    self._act(Print(replace(slip, training=True)))
            case StartScan() | StopScan() | Hush():
                self._act(act)
            case Announce() | TryVoice() | CorrectClock() | Reply():
                pass  # nobody was paid
            case StartCheckup() | StopCheckup() | MakeBundle() | CarryExports() | StartTraining():
                pass  # of the kiosk itself: no business of a training
            case ReadShift() | FetchStatement():
                pass  # nor are shifts and books
            case _:
                assert_never(act)

    def _answer(self, act: lessons.Call, number: str, call: Call, now: int) -> None:
        played = lessons.play(act, now)
        if lessons.offline(act):
            self._offline_until = now + lessons.BACK
        answer = played.answer
        if call in (Call.ASK, Call.REVERSE, Call.CLOSE) and played.at < self._offline_until:
            answer = lessons.UNREACHED
        self._coming.append(_Later(played.at, Answered(number, call, answer)))


class Trainings:
    """Whether somebody trains, and what then is for them. Belongs to the loop's thread.

    `practice` opens an empty ledger that nobody keeps; None: nobody can train here. `only`: this kiosk does nothing else.
    """

    def __init__(self, practice: Callable[[], Ledger] | None = None, *, only: bool = False) -> None:
        self.only = only
        self._practice = practice
        self._room: Room | None = None

    def enter(self, settings: Settings, act: Callable[[Outward], None], health: Iterable[Health], now: int) -> None:
        """Open a room, unless there is one. `health`: how the parts are."""
        if self._practice is None or self._room is not None:
            return
        self._room = Room(settings, self._practice(), act, now, stays=self.only)
        for told in health:
            self._room.happen(told, now)
        _log.info("a training begins")

    def hear(self, event: Event, now: int) -> Event:
        """What of this event the real kiosk hears: of what people do while somebody trains, only that time has passed."""
        room = self._room
        if room is None:
            return event
        mine = room.takes(event)
        if mine or isinstance(event, Health):
            room.happen(event, now)
        room.pass_time(now)
        if room.over:
            self.leave()
        return Tick() if mine else event

    def wake_at(self, wake: int, now: int) -> int:
        """When the loop must wake, if the real kiosk wants it at `wake`."""
        return wake if self._room is None else min(wake, self._room.wake_at(now))

    def view(self, now: int) -> View | None:
        """What people see of it; None: nobody trains."""
        return None if self._room is None else self._room.view(now)

    def leave(self) -> None:
        """Throw away what there is."""
        if self._room is not None:
            self._room.close()
            self._room = None
            _log.info("the training is over, and nothing of it is kept")
