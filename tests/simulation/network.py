"""The way to the bank and back: the lanes, which take one call at a time, and what can become of a call."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from kiosk.core.events import Event, Probed
from kiosk.core.model import Answer, Call, Order, Outcome, Paid, Unknown, Why
from kiosk.core.money import Money

if TYPE_CHECKING:
    from tests.simulation.world import World

CLOCK_MOST = 5 * 60_000  # contract C3: a request whose time is further off is refused
DEADLINES = {Call.CHARGE: 15_000, Call.REFUND: 10_000}  # of the client; 6 s for the others
DEADLINE = 6_000
LATEST = 100_000  # of a request that got stuck on the way


@dataclass(frozen=True, slots=True)
class Errand:
    """One call. `ask` is what the bank does when the request arrives there; `event` is what the answer becomes."""

    name: str  # as "a1 ask 2"
    call: Call
    ask: Callable[[int], Answer]
    event: Callable[[Answer], Event]
    begins: Callable[[], None] = lambda: None  # the request begins to leave
    order: Order | None = None


class Lane:
    """A thread that waits for the answer before it takes the next errand, or leaves it to the second. Dies with the process."""

    def __init__(self, world: World, second: Lane | None = None) -> None:
        self.world = world
        self.second = second
        self.waiting: deque[Errand] = deque()
        self.busy = False

    def take(self, errand: Errand) -> None:
        if self.busy and self.second is not None:
            self.second.take(errand)
        elif self.busy:
            self.waiting.append(errand)
        else:
            self.busy = True
            self._send(errand)

    def warm(self) -> None:
        """Have a connection ready: at once when there is one, else as slow as any request."""
        world = self.world
        name = f"warm {world.life}"
        hangs = world.luck.strikes("request lost", name) or world.luck.strikes("answer late", name)
        if hangs or world.outage(world.now):  # else it is too quick to matter
            nothing = Answer(Unknown(Why.TIMEOUT))
            self.take(Errand("warm", Call.ASK, lambda _: nothing, lambda _: Probed(False, None, world.clock.now())))

    def _back(self, errand: Errand, answer: Answer) -> None:
        self.busy = False
        if self.waiting:
            self.take(self.waiting.popleft())
        self.world.happen(errand.event(answer), errand.name)

    def _comes_back(self, errand: Errand, at: int, answer: Answer) -> None:
        world, life = self.world, self.world.life
        world.at(at, lambda: self._back(errand, answer) if life == world.life else None)

    def _send(self, errand: Errand) -> None:
        """What becomes of this call, as the day's luck has it."""
        world, name = self.world, errand.name
        luck, now = world.luck, world.now
        gives_up = now + DEADLINES.get(errand.call, DEADLINE)
        outage = world.outage(now)
        if outage == "cut" or luck.strikes("not sent", name):
            self._comes_back(errand, now + 20, Answer(Unknown(Why.NOT_SENT)))
            return
        errand.begins()
        if outage == "deaf" or luck.strikes("request lost", name):
            world.tell(name, "the request gets lost")
            self._comes_back(errand, gives_up, Answer(Unknown(Why.TIMEOUT)))
            return
        if abs(world.skew) > CLOCK_MOST:
            self._comes_back(errand, now + 60, Answer(Unknown(Why.UNVERIFIED, "SIGNERROR")))
            return
        if luck.strikes("request twice", name):
            again = luck.between(100, LATEST, f"again {name}", 2)
            world.at(now + again, lambda: self._arrives_unheard(errand, "a second time"))
        arrives = now + 30
        if luck.strikes("request late", name):
            arrives += luck.between(0, LATEST, f"how late {name}", 2)
        if arrives >= gives_up:
            world.at(arrives, lambda: self._arrives_unheard(errand, "late"))
            self._comes_back(errand, gives_up, Answer(Unknown(Why.TIMEOUT)))
            return
        life = world.life
        world.at(arrives, lambda: self._arrives(errand, life, gives_up))

    def _arrives_unheard(self, errand: Errand, how: str) -> None:
        """The bank does it, and nobody waits for its answer."""
        self.world.tell(errand.name, f"the request arrives {how}")
        errand.ask(self.world.now)

    def _arrives(self, errand: Errand, life: int, gives_up: int) -> None:
        world, name, luck = self.world, errand.name, self.world.luck
        now = world.now
        back = min(now + (world.slow if errand.call is Call.ASK else 30), gives_up)
        refuses = luck.strikes("trouble there", name)
        if refuses:
            why = luck.pick((Why.SERVER, Why.SERVER, Why.BUSY, Why.MALFORMED, Why.REFUSED), f"which {name}")
            answer = Answer(Unknown(why), reached=why in (Why.MALFORMED, Why.REFUSED))
            if luck.draw(f"done all the same {name}") < 0.5:
                errand.ask(now)
        else:
            answer = errand.ask(now)
        if luck.strikes("answer lost", name):
            cut = luck.draw(f"cut {name}") < 0.3
            answer, back = (Answer(Unknown(Why.CUT)), back) if cut else (Answer(Unknown(Why.TIMEOUT)), gives_up)
        elif luck.strikes("answer forged", name):
            answer = Answer(Unknown(Why.UNVERIFIED))
        elif luck.strikes("answer late", name):
            back = luck.between(back, gives_up, f"how late back {name}")
        if errand.order is not None and answer.echo is not None and luck.strikes("answer lies", name):
            answer = lie(answer, errand.order, luck.draw(f"which lie {name}"))
            world.lies.append(answer)
        if life == world.life:
            self._comes_back(errand, max(back, now), answer)


def lie(answer: Answer, order: Order, which: float) -> Answer:
    """The answer with one thing wrong that a person must look at."""
    assert answer.echo is not None
    echo = answer.echo
    if which < 0.5:
        more, other = Money(order.money.amount + 1, order.money.currency), Money(order.money.amount, "USD")
        total = more if which < 0.25 else other
        outcome: Outcome = replace(answer.outcome, total=total) if isinstance(answer.outcome, Paid) else answer.outcome
        return replace(answer, outcome=outcome, echo=replace(echo, total=total))
    if which < 0.7:
        return replace(answer, echo=replace(echo, out_trade_no=order.out_trade_no[:-1] + "x"))
    numbers = tuple(
        (name, "1900000000" if name == ("mchid", "appid")[which < 0.85] else value) for name, value in echo.merchant_numbers
    )
    return replace(answer, echo=replace(echo, merchant_numbers=numbers))
