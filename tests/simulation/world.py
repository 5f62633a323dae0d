"""One day of one kiosk in virtual time: the production's step, lifecycle, clock and ledger between a bank and people.

The world moves from event to event and asks no real clock. Everything that can go wrong has a name (luck.py), so that a seed
replays its day to the letter, also with some of it left out.
"""

# long: time, process life and dispatch are one loop, as in the production's runtime

from __future__ import annotations

import functools
import heapq
from collections.abc import Callable, Collection
from dataclasses import dataclass
from datetime import time as of_day
from zoneinfo import ZoneInfo

from kiosk.clock import SteadyClock
from kiosk.core import screens
from kiosk.core.commands import (
    Act,
    Announce,
    Ask,
    AskForRefund,
    AskRefund,
    Charge,
    CheckPin,
    Close,
    CorrectClock,
    GiveBack,
    Hush,
    KeepPin,
    LookUp,
    Place,
    Play,
    Probe,
    ReadPast,
    ReadShift,
    Record,
    Reply,
    Reverse,
    StartScan,
    StopScan,
    Warm,
)
from kiosk.core.errors import LedgerError
from kiosk.core.events import (
    Answered,
    ClockSynchronized,
    Event,
    Health,
    Key,
    Left,
    Notified,
    Part,
    PinChecked,
    PinsKnown,
    Pressed,
    Probed,
    RefundAnswered,
    Tick,
)
from kiosk.core.lifecycle import is_open, is_watched, watched_since
from kiosk.core.model import Answer, Call, Order
from kiosk.core.operators import Operator, RefundRules, Role
from kiosk.core.selling import Offer, Selling
from kiosk.core.state import PROBE_ONLINE, Kiosk, Settings, ShiftHabits, Step, wake_at
from kiosk.core.step import resume, step
from kiosk.core.view import view
from kiosk.loop.reading import Read, read
from tests.simulation.bank import MERCHANT, Bank
from tests.simulation.disk import Disk
from tests.simulation.luck import Luck
from tests.simulation.network import Errand, Lane
from tests.simulation.people import Merchant, answers_the_charge, scans_the_qr, tells_wrongly
from tests.simulation.promises import VERDICT_WITHIN, Promises, Rows, Violation

MINUTE = 60_000
BEGINS = (
    1_767_600_000_000,  # 2026-01-05 08:00 UTC
    1_767_600_000_000,
    1_767_628_750_000,  # 50 s before midnight of the shop and of Beijing
)
CLOSES = (None, of_day(0), of_day(16, 4))  # by the shop's time, a while after it begins
LONGEST_DAY = 11 * MINUTE  # then the bad luck ends, whoever still stands there
FINAL_WITHIN = 30 * MINUTE  # of the calm: orders
DONE_WITHIN = 90 * MINUTE  # of the calm: refunds, which wait for money in the pool
FAILURES_MOST = 4  # crashes, and as many failures of the disk
LIMIT = 20  # in smallest units: small amounts are quickly keyed
PUSHED_MOST = 20_000
ZONE = ZoneInfo("Asia/Hong_Kong")
OPERATORS = (Operator("Mei", Role.CASHIER), Operator("Lee", Role.MANAGER))
RULES = RefundRules(most=15, most_a_day=30, cashiers=True)
PINS = {"Mei": "1357", "Lee": "8642"}


@dataclass(slots=True)
class Happening:
    """A line of the day's story; `screen` is what people saw after it."""

    at: int
    what: str
    made: Step | None = None
    screen: screens.Screen | None = None
    event: Event | None = None


@functools.cache
def _disk() -> Disk:
    return Disk()


class World:
    """Kiosk, bank, network, merchant and customers of one seed. `only`: leave everything out that is not named."""

    def __init__(self, seed: int, only: Collection[str] | None = None) -> None:
        self.seed = seed
        self.luck = Luck(seed, only)
        self.begin = self.now = self.luck.pick(BEGINS, "begin")
        self.calm_at = self.begin + LONGEST_DAY
        self.heap: list[tuple[int, int, Callable[[], None]]] = []
        self.pushed = 0
        self.story: list[Happening] = []
        self.bank = Bank()
        self.rows = Rows()
        self.ledger = _disk().begin()
        stays = self.luck.pick((0, 0, 5000), "stays")
        self.settings = Settings(
            *(MERCHANT, "Shop", "HKD", "K07", ZONE),
            max_amount=LIMIT,
            result_ms=stays,
            selling=self._habits(),
            operators=OPERATORS,
            refunds=RULES,
            shifts=ShiftHabits(self.luck.pick(CLOSES, "shifts close at")),
        )
        self.right_pins = 0
        self.promises = Promises(self)
        self.merchant = Merchant(self)
        self.lies: list[Answer] = []
        self.tags: dict[str, str] = {}
        self.left_at: dict[str, int] = {}  # when a charge began to leave
        self.calls: dict[str, int] = {}
        self.outages = self._outages()
        self.slow = self.luck.pick((30, 2500, 5500, 5500), "slow")  # how long a question's answer is on its way back
        self.kiosk: Kiosk
        self.clock: SteadyClock
        self.wall_skew = 0  # of the machine's wall clock
        self.machine_since = self.now - self.luck.between(20_000, 10 * 86_400_000, "uptime", 2)
        self.life = 0  # answers to an earlier life of the process reach nobody
        self.boots = 0
        self.booted_at = 0
        self.dark = True
        self.kept: list[tuple[Event, str]] | None = None  # what comes in while the ledger is opened afresh
        self.screen: screens.Screen | None = None
        self.signs: screens.Signs | None = None
        self.unwell: Part | None = None
        self.wakes = 0
        self.crashes = self.disk_failures = 0
        self.start()

    # -- the day ---------------------------------------------------------------------------------------------------

    def run(self) -> None:
        """Play the day to its end. Raises Violation at the first broken promise; a kiosk that stops breaks one, too."""
        try:
            self._run()
        except Violation:
            raise
        except Exception as error:
            raise Violation(f"the kiosk stops: {type(error).__name__}: {error}") from error

    def _run(self) -> None:
        self.merchant.look()
        heap = self.heap
        while heap:
            if self.pushed > PUSHED_MOST:
                raise Violation("the kiosk never rests")
            at, _, what = heapq.heappop(heap)
            self.now = max(self.now, at)
            if not self.luck.calm and self.now >= self.calm_at:
                self.luck.calm = True
            what()
            if self.luck.calm and not self.dark and self._at_rest():
                break
        self.promises.of_the_end()

    def last_customer_left(self, later: int) -> None:
        """From now on nobody buys anything; the bad luck goes on for a while."""
        self.calm_at = min(self.calm_at, self.now + later)
        self.at(self.calm_at, lambda: None)

    def _at_rest(self) -> bool:
        """Whether nothing is left that could move by itself, or that must not."""
        since = self.now - self.calm_at
        unsettled = [row for row in self.kiosk.orders.values() if is_open(row)]
        if unsettled and since > FINAL_WITHIN:
            raise Violation(f"I9: {unsettled[0].out_trade_no} is {unsettled[0].state} {since // 1000} s after the calm")
        if self.kiosk.refunds and since > DONE_WITHIN:
            raise Violation(f"I9: the refund {min(self.kiosk.refunds)} is not done {since // 1000} s after the calm")
        if unsettled or self.kiosk.refunds or self.merchant.visit < self.merchant.visits:
            return False
        watched = [row for row in self.kiosk.orders.values() if is_watched(row)]
        looked_at = all(
            (row.called_at or 0) - (row.settled_at or 0) >= 5 * MINUTE and row.last_outcome != "unknown" for row in watched
        )
        return looked_at if self.luck.draw("to the very end") < 0.9 or not watched else False

    def _habits(self) -> Selling:
        """The owner's: half of the shops have none."""
        luck = self.luck
        return Selling(
            quick=luck.pick(({}, {}, {Key.D1: 2, Key.D2: 7}), "quick amounts"),
            memo=luck.draw("memo") < 0.2,
            tips=luck.pick(((), (), (), (Offer(10), Offer(amount=1))), "tips"),
            guard_times=luck.pick((0, 0, 2), "guard"),
            repeat_ms=luck.pick((0, 0, 20_000), "repeats"),
        )

    def _outages(self) -> list[tuple[int, int, str]]:
        found = []
        for time in range(2):
            if self.luck.strikes("outage", f"{time}"):
                begins = self.begin + self.luck.between(0, 5 * MINUTE, f"outage {time}")
                ends = begins + self.luck.between(1000, 8 * MINUTE, f"outage lasts {time}", 2)
                found.append((begins, ends, self.luck.pick(("cut", "deaf"), f"outage is {time}")))
        return found

    def outage(self, now: int) -> str:
        """Tells "cut": nothing can leave; "deaf": nothing gets through; "" for neither."""
        if self.luck.calm:
            return ""
        return next((how for begins, ends, how in self.outages if begins <= now < ends), "")

    # -- the process -----------------------------------------------------------------------------------------------

    def start(self) -> None:
        """The process starts, perhaps with a clock that is wrong until WeChat has answered."""
        luck = self.luck
        if luck.strikes("wrong clock", f"start {self.life}"):
            off = luck.between(1000, luck.pick((10_000, 400_000, 86_400_000, 86_400_000 * 3000), "scale"), "skew")
            self.wall_skew = -off if luck.draw("ahead") < 0.8 else min(off, 86_400_000)
        self.clock = SteadyClock(wall=lambda: (self.now + self.wall_skew) / 1000, monotonic=self._monotonic)
        self.lanes = {True: Lane(self, Lane(self)), False: Lane(self)}
        self.boot()
        if luck.strikes("clock set", f"life {self.life}"):
            self.later(luck.between(0, 90_000, "clock set"), self._set_clock)
        self.unwell = None
        if luck.strikes("part unwell", f"life {self.life}"):
            life = self.life
            self.later(luck.between(0, 60_000, "unwell"), lambda: self._part_fails() if life == self.life else None)

    def _monotonic(self) -> float:
        return (self.now - self.machine_since) / 1000

    def _set_clock(self) -> None:
        """Somebody, or NTP, sets the machine's wall clock while the kiosk runs."""
        ntp = self.luck.draw("ntp") < 0.5
        self.wall_skew = 0 if ntp else self.luck.between(-7_200_000, 7_200_000, "set to")
        self.tell("clock", f"the wall clock is set to {self.wall_skew} ms ahead of the truth")
        if ntp:
            self.happen(ClockSynchronized(self.clock.behind_wall()), "ntp")

    def _part_fails(self) -> None:
        """Camera or ledger report themselves unwell, and well again a while later."""
        part, life = self.luck.pick((Part.LEDGER, Part.CAMERA), "which part"), self.life

        def report(problem: str | None) -> None:
            if life == self.life and not self.dark:
                self.happen(Health(part, problem), f"the {part} is {problem or 'well'}")
                self.unwell = part if problem and not self.dark else None

        report("unwell")
        self.later(self.luck.between(1000, 60_000, "well again"), lambda: report(None))

    def boot(self) -> None:
        """The kiosk takes up what the ledger holds, and then what came in meanwhile."""
        kept, self.kept, self.dark = self.kept or [], None, False
        self.boots += 1
        now = self.booted_at = self.clock.now()
        snapshot = self.ledger.load(watched_since(now, self.ledger.last_opened_at()))
        parents = {}
        for refund in snapshot.refunds:
            order = self.ledger.order(refund.out_trade_no)
            assert order is not None
            parents[order.out_trade_no] = (order, self.ledger.refunds_of(order.out_trade_no))
        made = resume(self.settings, snapshot, parents, now)
        self.story.append(Happening(self.now, "boot", made))
        self._carry_out(made, "boot", None, now)
        self.happen(PinsKnown(tuple(PINS)), "PINs")
        for event, name in kept:
            self.later(0, lambda event=event, name=name: self.happen(event, name))  # type: ignore[misc]

    def happen(self, event: Event, name: str) -> None:
        """One step, unless there is no kiosk to take it."""
        if self.dark:
            if self.kept is not None and not isinstance(event, Pressed):
                self.kept.append((event, name))
            return
        now = self.clock.now()
        made = step(self.kiosk, event, now)
        self.story.append(Happening(self.now, name, made, None, event))
        self.promises.before_the_commit(event, made)
        self._carry_out(made, name, event, now)

    def _carry_out(self, made: Step, name: str, event: Event | None, at: int) -> None:
        """The commit, then the acts, then the screen; the plug may be pulled before, between or after."""
        told = self.story[-1]
        crash_after = -1
        if self.crashes < FAILURES_MOST and event is not None and self.luck.strikes("crash", name):
            crash_after = self.luck.between(0, 2 + len(made.acts), f"where {name}")
            self.crashes += 1
        if crash_after == 0:
            self._crash(name, "before the commit")
            return
        if made.records and not self._commit(made.records, name, at):
            return
        if crash_after == 1:
            self._crash(name, "after the commit")
            return
        self.kiosk = made.kiosk
        for done, act in enumerate(made.acts, 2):
            self.promises.before_the_act(act, at)
            self._dispatch(act, name)
            if crash_after == done:
                self._crash(name, f"after {type(act).__name__}")
                return
        now = self.clock.now()
        shown = view(self.kiosk, now)
        told.screen = shown.screen
        self.promises.of_the_screen(shown, now, event)
        changed = type(shown.screen) is not type(self.screen)
        self.screen, self.signs = shown.screen, shown.signs
        if changed and event is not None and not isinstance(event, Pressed):
            self.merchant.look()
        self._wake(now)

    def _commit(self, records: tuple[Record, ...], name: str, at: int) -> bool:
        """Whether the ledger took it. When its disk fails, nothing leaves, and it is opened afresh while the lanes live on."""
        disk = _disk()
        if self.disk_failures < FAILURES_MOST and self.luck.strikes("disk fails", name):
            self.disk_failures += 1
            disk.fails = self.luck.pick(("kept", "lost"), f"what of {name}")
        try:
            self.ledger.commit(records, at)
        except LedgerError as problem:
            if disk.fails is None:
                raise Violation(f"the ledger refuses: {problem}") from problem
        else:
            self.rows.write(records)
            return True
        self.tell(name, f"the disk fails, what was written is {disk.fails}")
        if disk.fails == "kept":
            self.rows.write(records)
        disk.fails = None  # from now on the disk would take everything again
        try:
            self.ledger.commit(records, at)
        except LedgerError:
            pass
        else:
            raise Violation("I14: a ledger whose disk has failed takes another commit")
        self.dark, self.kept, self.screen, self.signs = True, [], None, None
        self.unwell = None
        life = self.life
        self.later(3000, lambda: self._open_again() if life == self.life else None)
        return False

    def _open_again(self) -> None:
        self.ledger = _disk().open()
        self.boot()
        self.merchant.look()

    def _crash(self, name: str, where: str) -> None:
        """The process is killed, or the plug pulled: then the machine's clocks start anew, too."""
        self.life += 1
        self.dark, self.kept, self.screen, self.signs = True, None, None, None
        self.ledger = _disk().open()
        power_cut = self.luck.draw(f"power {name}") < 0.6
        away = self.luck.between(15_000, 12 * MINUTE, f"dark {name}", 4) if power_cut else 2000
        self.tell(name, f"{'the plug is pulled' if power_cut else 'the process is killed'} {where}, for {away // 1000} s")

        def again() -> None:
            if power_cut:
                self.machine_since = self.now - 12_000
                self.wall_skew -= away * (self.luck.draw(f"no battery {name}") < 0.5)
            self.start()
            self.merchant.look()

        self.at(self.now + away, again)

    def _wake(self, kiosk_now: int) -> None:
        """A Tick when the kiosk wants it. What would only say that nothing is due is left out."""
        self.wakes += 1
        newest = self.wakes
        at = wake_at(self.kiosk, kiosk_now)
        nothing_due = at == kiosk_now + PROBE_ONLINE

        def wake() -> None:
            if newest == self.wakes and not self.dark:
                kiosk_now = self.clock.now()
                if nothing_due and wake_at(self.kiosk, kiosk_now) > kiosk_now:
                    self._wake(kiosk_now)
                else:
                    self.happen(Tick(), "tick")

        self.later(max(at - kiosk_now, 1), wake)

    # -- the acts --------------------------------------------------------------------------------------------------

    def _dispatch(self, act: Act, name: str) -> None:  # noqa: C901, PLR0915  a match over a closed union
        match act:
            case Charge(order, code):
                tag, digits = self.tag(order), code.reveal()
                fate = answers_the_charge(self, act)

                def leaves() -> None:
                    self.left_at[order.out_trade_no] = self.now
                    self.later(VERDICT_WITHIN, lambda: self.promises.of_the_undoing(order.out_trade_no, boots))
                    self.later(1, self._mine(Left(order.out_trade_no, Call.CHARGE), f"{tag} left"))

                boots = self.boots
                self._call(
                    order, Call.CHARGE, lambda now: self.bank.charge(order, digits, fate, now), counter=True, begins=leaves
                )
                self.later(VERDICT_WITHIN, lambda: self.promises.of_the_verdict(order.out_trade_no, boots))
                tells_wrongly(self, order)
            case Place(order, counter):
                self._call(order, Call.PLACE, lambda now: self.bank.place(order, now), counter=counter)
                scans_the_qr(self, act)
            case Ask(order, counter):
                name = f"{self.tag(order)} lag {self.calls.get(order.out_trade_no, 0)}"
                behind = self.luck.between(0, 12_000, name) if self.luck.strikes("lags behind", name) else 0
                self._call(order, Call.ASK, lambda now: self.bank.ask(order, now, behind), counter=counter)
            case Reverse(order, counter):
                busy = self.luck.strikes("busy", f"{self.tag(order)} reverse {order.tries}")
                self._call(
                    order,
                    Call.REVERSE,
                    lambda now: self._at_the_last_moment(order, now, lambda: self.bank.reverse(order, now, busy=busy)),
                    counter=counter,
                )
            case Close(order, counter):
                self._call(
                    order,
                    Call.CLOSE,
                    lambda now: self._at_the_last_moment(order, now, lambda: self.bank.close(order, now)),
                    counter=counter,
                )
            case GiveBack(refund, order):
                times = self._times(refund.out_refund_no)
                poor = self.luck.strikes("poor", times)
                lost = self.luck.strikes("busy", times)
                abnormal = self.luck.strikes("refund refused", times)
                if self.luck.draw(f"told of {times}") < 0.3:
                    self.later(3000, lambda: self.happen(Notified(order.out_trade_no, refund.out_refund_no), f"{times} notified"))
                self.lanes[False].take(
                    Errand(
                        times,
                        Call.REFUND,
                        lambda _: self.bank.refund(refund, order, poor=poor, abnormal=abnormal, lost=lost),
                        lambda answer: RefundAnswered(refund.out_refund_no, Call.REFUND, answer),
                    )
                )
            case AskRefund(refund, order):
                times = self._times(refund.out_refund_no)
                busy = self.luck.strikes("busy", times)
                fails = busy and self.luck.strikes("refund refused", times)
                self.lanes[False].take(
                    Errand(
                        times,
                        Call.ASK_REFUND,
                        lambda _: self.bank.ask_refund(refund, order, busy=busy, abnormal=fails),
                        lambda answer: RefundAnswered(refund.out_refund_no, Call.ASK_REFUND, answer),
                    )
                )
            case Probe():
                self._probe()
            case CorrectClock(offset_ms):
                self.clock.correct(offset_ms)
            case Warm():
                self.lanes[True].warm()
            case LookUp() | ReadPast() | ReadShift() | AskForRefund():  # as the loop does: before anything else happens
                self.at(self.now, lambda: self._read(act))
            case CheckPin(ticket, operator, pin):
                right = pin.reveal() == PINS[operator]
                self.right_pins += right
                shut = 0 if right else self.luck.pick((0, 0, 4000), f"shut {ticket}")
                self.later(150, self._mine(PinChecked(ticket, right, shut), "PIN checked"))
            case KeepPin():
                raise Violation("a new PIN is set without anybody wanting one")
            case StartScan() | StopScan() | Play() | Announce() | Hush() | Reply():
                pass

    def pin_of(self, who: Operator) -> str:
        """What a person knows."""
        return PINS[who.name]

    def _read(self, act: Read) -> None:
        """What the ledger holds, for whoever looks back, counts, or gives back."""
        if not self.dark:
            self.happen(read(self.ledger, act), f"{type(act).__name__}")

    def _call(
        self,
        order: Order,
        call: Call,
        ask: Callable[[int], Answer],
        *,
        counter: bool,
        begins: Callable[[], None] = lambda: None,
    ) -> None:
        number = order.out_trade_no
        self.lanes[counter].take(
            Errand(
                f"{self.tag(order)} {call} {self._times(number)}",
                call,
                ask,
                lambda answer: Answered(number, call, answer),
                begins,
                order,
            )
        )

    def _at_the_last_moment(self, order: Order, now: int, undo: Callable[[], Answer]) -> Answer:
        """A close or reversal arrives, and perhaps the customer was a moment quicker."""
        tag = self.tag(order)
        if self.luck.strikes("pays just then", tag) and self.bank.pay(order.out_trade_no, now):
            self.tell(tag, "the customer pays just then")
        return undo()

    def _times(self, number: str) -> str:
        times = self.calls[number] = self.calls.get(number, 0) + 1
        return f"{self.tags.get(number, number[-7:])}.{times}"

    def _probe(self) -> None:
        """What a probe learns: whether WeChat answers, and its time. When all is calm nobody needs to know for a while."""
        life, name = self.life, f"probe {self.life}"
        up = not self.outage(self.now) and (self.luck.draw(f"far {name}") < 0.7 or not self.luck.strikes("not sent", name))
        known = self.kiosk.clock_known and self.kiosk.network is screens.Network.ONLINE
        late = self.luck.between(0, 6000, f"how late {name}") if self.luck.strikes("answer late", name) else 0
        takes = 40 + late if up and self.kiosk.network is not screens.Network.OFFLINE else 25_000
        if self.luck.calm and known:
            takes = 30 * MINUTE

        def comes_back() -> None:
            if life == self.life:
                server_time = (self.now - late) // 1000 * 1000 if up else None
                self.happen(Probed(up, server_time, self.clock.now()), name)

        self.later(takes, comes_back)

    # -- small parts -----------------------------------------------------------------------------------------------

    @property
    def skew(self) -> int:
        """How far the kiosk's own clock is ahead of the truth."""
        return self.clock.now() - self.now

    @property
    def ticket(self) -> str | None:
        """What the scanner reports with what it sees."""
        return getattr(self.kiosk.till, "out_trade_no", None)

    def tag(self, order: Order) -> str:
        """A short name of an order that does not depend on how many there were before this customer."""
        number = order.out_trade_no
        if number not in self.tags:
            who = self.merchant.name if self.merchant.visit < self.merchant.visits else "z"
            self.tags[number] = f"{who}{sum(tag[0] == who for tag in self.tags.values()) + 1}"
        return self.tags[number]

    def at(self, when: int, what: Callable[[], None]) -> None:
        """Let this happen then; of two at one time the older first."""
        self.pushed += 1
        heapq.heappush(self.heap, (when, self.pushed, what))

    def later(self, ms: int, what: Callable[[], None]) -> None:
        """Let this happen so many ms from now."""
        self.at(self.now + ms, what)

    def _mine(self, event: Event, name: str) -> Callable[[], None]:
        life = self.life
        return lambda: self.happen(event, name) if life == self.life else None

    def tell(self, who: str, what: str) -> None:
        """A line of the story that is no step of the kiosk."""
        self.story.append(Happening(self.now, f"{who}: {what}"))
