"""Rows for the ledger's tests, and a child process to open ledgers in. No test of its own."""

from __future__ import annotations

import os
import traceback
from collections.abc import Callable
from dataclasses import replace
from typing import Any

from kiosk.core.commands import Insert, Record, Update
from kiosk.core.model import FINALS, Call, Decline, Order, OrderState, Refund, Sale, SaleState, Tender
from kiosk.core.money import Money

HKD = Money(1250, "HKD")


def number(counter: int, generation: str = "aa", day: str = "260105") -> str:
    """An out_trade_no."""
    return f"K07-{day}-{generation}{counter:04}"


def sale(counter: int = 1, **changes: Any) -> Sale:
    """A sale of 12.50 HKD."""
    return replace(Sale(f"S-{number(counter)}", HKD, opened_at=1_000 * counter), **changes)


def order(counter: int = 1, state: OrderState = OrderState.ARMED, **changes: Any) -> Order:
    """An order of `sale(counter)` with all that its state needs, as a kiosk would have brought it there."""
    at = 1_000 * counter
    tender = Tender.NATIVE if state in (OrderState.CLOSING, OrderState.CLOSED) else Tender.QUICK_PAY
    made = Order(number(counter), f"S-{number(counter)}", tender, HKD, opened_at=at, state=state)
    if state is not OrderState.ARMED:
        made = replace(made, sent_at=at + 1, anchor_at=at + 1)
    if state in (OrderState.PAID, OrderState.REFUNDING, OrderState.REFUNDED):
        made = replace(made, transaction_id=f"42000099992026{counter:014}", paid_at=at + 2)
    if state in FINALS:
        made = replace(made, settled_at=at + 3)
    if state is OrderState.DECLINED:
        made = replace(made, decline=Decline.BALANCE)
    if state is OrderState.ATTENTION:
        made = replace(made, note="WeChat has 12.00 HKD, this kiosk 12.50 HKD")
    return replace(made, **changes)


def refund(counter: int = 1, part: int = 1, **changes: Any) -> Refund:
    """A refund of 5.00 of `order(counter)`."""
    name = number(counter)
    return replace(Refund(f"{name}-R{part}", name, Money(500, "HKD"), opened_at=1_000 * counter + 500 + part), **changes)


def keyed(counter: int = 1, state: OrderState = OrderState.ARMED, **changes: Any) -> list[Record]:
    """A sale and its order, new."""
    made = order(counter, state, **changes)
    return [Insert(sale(counter, money=made.money), "keyed"), Insert(made, "armed")]


def paid(counter: int = 1) -> list[Record]:
    """What turns `keyed(counter)` into a paid sale."""
    after = order(counter, OrderState.PAID, tries=1, last_call=Call.CHARGE, last_outcome="paid", called_at=1_000 * counter + 3)
    return [Update(after, "charge: paid"), Update(sale(counter, state=SaleState.PAID), "paid")]


def child(work: Callable[[Callable[[str], None]], None]) -> tuple[int, int]:
    """Start a process that runs `work(tell)`; returns its id and the end of the pipe that carries the lines it tells."""
    ours, theirs = os.pipe()
    pid = os.fork()
    if pid:
        os.close(theirs)
        return pid, ours
    try:
        os.close(ours)
        work(lambda line: _tell(theirs, line))
        os._exit(0)
    except BaseException:  # noqa: BLE001  the child's top: it must not go on into the parent's tests
        _tell(theirs, traceback.format_exc())
        os._exit(1)


def told(work: Callable[[Callable[[str], None]], None]) -> list[str]:
    """What a process that runs `work(tell)` to its end has told; fails with its words when it failed."""
    pid, pipe = child(work)
    with os.fdopen(pipe) as lines:
        said = lines.read()
    _, status = os.waitpid(pid, 0)
    assert status == 0, said
    return said.splitlines()


def _tell(pipe: int, line: str) -> None:
    os.write(pipe, f"{line}\n".encode())
