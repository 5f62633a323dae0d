"""A day in lines that a person can read: when, what happened, which rows changed and why, what left, what the screen shows."""

from __future__ import annotations

from collections.abc import Iterable

from kiosk.core.commands import Act, Ask, AskRefund, Charge, Close, CorrectClock, GiveBack, Insert, Place, Reverse
from kiosk.core.events import Answered, Event, Pressed, Probed, RefundAnswered
from kiosk.core.model import Answer, Order, Paid, Refund, Sale, Unknown
from kiosk.core.state import Step
from tests.simulation.world import Happening, World

_LEAVES = (Charge, Place, Ask, Reverse, Close, GiveBack, AskRefund)


def trace(world: World) -> list[str]:
    """Every happening, to the letter: what two runs of one seed are compared by."""
    return [f"{h.at} {h.what} {h.event} {h.made and (h.made.records, h.made.acts)} {h.screen}" for h in world.story]


def story(world: World) -> list[str]:
    """The day without what moved nothing that a person would see."""
    lines = []
    screen = ""
    for happening in world.story:
        shown = type(happening.screen).__name__ if happening.screen is not None else ""
        told = _told(happening, screen, shown)
        if told is not None:
            lines.append(f"{(happening.at - world.begin) / 1000:9.3f}  {told}")
        screen = shown or screen
    return lines


def _told(happening: Happening, screen: str, shown: str) -> str | None:
    made = happening.made
    if made is None:
        return f"    {happening.what}"
    parts = [*_rows(made), *_left(made.acts)]
    if shown != screen:
        parts.append(f"[{shown}]")
    if not parts and not isinstance(happening.event, Pressed | Answered | RefundAnswered):
        return None
    return f"{happening.what + _answer(happening.event):44} {'; '.join(parts)}".rstrip()


def _answer(event: Event | None) -> str:
    match event:
        case Answered(_, _, answer) | RefundAnswered(_, _, answer):
            return f" -> {_outcome(answer)}"
        case Probed(reached):
            return " reaches WeChat" if reached else " reaches nobody"
        case _:
            return ""


def _outcome(answer: Answer) -> str:
    outcome = answer.outcome
    name = type(outcome).__name__
    if isinstance(outcome, Unknown):
        return f"{name} ({outcome.why})"
    if isinstance(outcome, Paid):
        return f"{name} {outcome.total}"
    return name


def _rows(made: Step) -> Iterable[str]:
    for record in made.records:
        row = record.row
        new = "new " if isinstance(record, Insert) else ""
        match row:
            case Sale():
                yield f"{new}sale {row.money} {row.state}"
            case Order():
                yield f"{new}{row.out_trade_no[-6:]} {row.state} ({record.why})"
            case Refund():
                yield f"{new}{row.out_refund_no[-9:]} {row.money} {row.state}"


def _left(acts: Iterable[Act]) -> Iterable[str]:
    for act in acts:
        if isinstance(act, _LEAVES):
            yield f"> {type(act).__name__} {act.order.out_trade_no[-6:]}"
        elif isinstance(act, CorrectClock):
            yield f"clock corrected by {act.offset_ms} ms"
