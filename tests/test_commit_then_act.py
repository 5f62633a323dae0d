"""Rule 1 in the running loop: what leaves was written down before, and what could not be written down never leaves."""

from __future__ import annotations

import threading
from collections.abc import Iterator, Sequence
from datetime import UTC
from pathlib import Path
from typing import Any, cast

import pytest

from kiosk.core import screens
from kiosk.core.commands import Act, Charge, Place, Record
from kiosk.core.errors import LedgerError
from kiosk.core.events import CodeSeen, Key, Left, Pressed, Probed
from kiosk.core.model import Call, Order, OrderState
from kiosk.core.screens import View
from kiosk.core.secret import PaymentCode
from kiosk.core.state import Kiosk, Settings, in_front
from kiosk.loop import runtime as loop
from kiosk.loop.lanes import Lane
from kiosk.payment.ledger import SqliteLedger
from tests.flow import MERCHANT, START


class StillClock:
    """Time stands."""

    def now(self) -> int:
        return START

    def correct(self, offset_ms: int) -> None:
        raise AssertionError(offset_ms)


class Bench:
    """The real loop over a real file; lanes that only write down what they are given; a ledger that fails when told."""

    def __init__(self, folder: Path) -> None:
        self.path = folder / "kiosk.db"
        self.log: list[str | Act] = []
        self.views: list[View] = []
        self.refuse = False
        settings = Settings(MERCHANT, "Harbour Snacks", "HKD", "K07", UTC)
        self.runtime = loop.Runtime(settings, self._open, StillClock(), self.views.append, lambda _: None)
        lane = cast("Lane", self)
        self.runtime.use(lane, lane)
        self.thread = threading.Thread(target=self.runtime.run, args=(lambda: None,), daemon=True)
        self.thread.start()

    def take(self, act: Act) -> None:
        """As a lane."""
        self.log.append(act)
        if isinstance(act, Charge):
            self.runtime.post(Left(act.order.out_trade_no, Call.CHARGE))

    def front(self) -> Order | None:
        """The order in front when all that was posted so far is done, and what that posted in turn."""
        self.runtime.ask(lambda *_: None)
        return self.runtime.ask(lambda _, kiosk: in_front(kiosk))

    def _open(self) -> SqliteLedger:
        bench = self

        class Failing(SqliteLedger):
            def commit(self, records: Sequence[Record], at: int) -> None:
                if bench.refuse:
                    bench.refuse = False
                    raise LedgerError("disk full: make room")
                super().commit(records, at)
                bench.log += [f"{type(r).__name__} {r.row.state}" for r in records if isinstance(r.row, Order)]

        return Failing.open(self.path, generation=lambda: "aa", now=START)

    def acts(self) -> list[type]:
        """What left, but for probes and warm connections."""
        return [type(entry) for entry in self.log if isinstance(entry, Charge | Place)]


@pytest.fixture
def bench(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Bench]:
    """A kiosk that is online."""
    monkeypatch.setattr(loop, "OPEN_AGAIN_S", 0.0)
    made = Bench(tmp_path)
    assert made.runtime.opened.wait(10)
    made.runtime.post(Probed(reached=True, server_time=START, at=START))
    yield made
    made.runtime.stop()
    made.thread.join(10)
    assert not made.thread.is_alive()


def keys(bench: Bench, line: str) -> None:
    """Press them."""
    for key in line.split():
        bench.runtime.post(Pressed(Key(key)))


def test_a_qr_is_ordered_after_its_row_was_committed(bench: Bench) -> None:
    """The insert returned, then the request left."""
    keys(bench, "5 QR")
    assert bench.front() is not None
    ours = [entry for entry in bench.log if isinstance(entry, str | Place)]
    assert ours[0] == "Insert SENT"
    assert isinstance(ours[1], Place)


def test_a_charge_leaves_after_its_row_was_committed_and_its_sending_is_written_once_it_leaves(bench: Bench) -> None:
    """ARMED on disk, the request on its way, SENT on disk."""
    keys(bench, "5 OK")
    armed = bench.front()
    assert armed is not None
    bench.runtime.post(CodeSeen(armed.out_trade_no, PaymentCode("130000000000000001")))
    bench.front()
    ours = [entry if isinstance(entry, str) else type(entry) for entry in bench.log if isinstance(entry, str | Charge)]
    assert ours == ["Insert ARMED", Charge, "Update SENT"]


def test_what_cannot_be_committed_never_leaves(bench: Bench) -> None:
    """The ledger refuses the row of a QR: no request, no row, "out of order" on the screen, and then the kiosk goes on."""
    keys(bench, "5")
    bench.front()
    bench.refuse = True
    keys(bench, "QR")
    assert bench.front() is None
    assert bench.acts() == []
    assert [view.screen for view in bench.views if isinstance(view.screen, screens.OutOfOrder)]
    assert bench.runtime.ask(lambda ledger, _: ledger.order("K07-260105-aa0001")) is None
    bench.runtime.post(Probed(reached=True, server_time=START, at=START))
    keys(bench, "5 QR")
    order = bench.front()
    assert order is not None
    assert bench.acts() == [Place]


def test_a_sending_that_cannot_be_written_down_is_found_in_the_rows_and_asked_for(bench: Bench) -> None:
    """The disk fails while the charge is on its way: ARMED on disk is taken up as SENT, and never charged again."""
    keys(bench, "5 OK")
    armed = bench.front()
    assert armed is not None
    number = armed.out_trade_no
    bench.refuse = True
    bench.runtime.post(CodeSeen(number, PaymentCode("130000000000000001")))
    assert bench.front() is None
    row: Any = bench.runtime.ask(lambda ledger, _: ledger.order(number))
    assert row.state is OrderState.SENT
    assert bench.runtime.ask(_watched) == [number]
    assert bench.acts() == [Charge]


def _watched(_: object, kiosk: Kiosk) -> list[str]:
    return sorted(kiosk.orders)
