"""How soon the last orders are on the screen after their key, of a kiosk that has sold a million times."""

from __future__ import annotations

import time
from collections.abc import Iterator
from pathlib import Path
from statistics import median, quantiles

import pytest

from kiosk.payment.keeper import remember
from tests.bench.conftest import Table
from tests.bench.desk import Desk, Kiosk, XScreen, quiet, stopping
from tests.large_ledger import A_DAY, DAY, make

SALES = 1_000_000
ROUNDS = 40
PAUSE_S = 0.3
FRAME_MS = 1000 / 60
MOST = 2  # frames


@pytest.fixture(scope="module")
def looks(tmp_path_factory: pytest.TempPathFactory, screen: XScreen) -> Iterator[list[dict[str, int]]]:
    """Each as the kiosk told it; a whole kiosk in its window, whose last sale was yesterday."""
    folder: Path = tmp_path_factory.mktemp("past")
    with stopping(Desk(folder)) as desk:
        today = time.time_ns() // 1_000_000 // DAY * DAY
        ledger = make(folder / "kiosk.db", SALES, begin=today - SALES // A_DAY * DAY)
        remember(ledger.path, "aa")
        with stopping(Kiosk(desk, screen.display)) as kiosk:
            kiosk.look_back()
            found = []
            for _ in range(ROUNDS):
                quiet(PAUSE_S)
                found.append(kiosk.look_back())
            yield found
    ledger.path.unlink()


def test_the_last_orders_come_within_two_frames(looks: list[dict[str, int]], table: Table) -> None:
    """From the key until the list is in the window."""
    _row(table, "key -> last orders", [look["list_at"] - look["menu_at"] for look in looks])


def test_the_older_ones_come_within_two_frames(looks: list[dict[str, int]], table: Table) -> None:
    """They are read from the ledger; the first page stands in memory."""
    _row(table, "key -> older orders", [look["page_at"] - look["older_at"] for look in looks])


def _row(table: Table, what: str, taken_ns: list[int]) -> None:
    taken = [each / 1e6 for each in taken_ns]
    best = quantiles(taken, n=4)[0]
    against = f"a frame {FRAME_MS:.1f} ms"
    table.row("  the same, best quarter of rounds", f"{best:.1f} ms", against, best / FRAME_MS)
    table.row(f"{what}, {SALES:,} sales", f"{median(taken):.1f} ms", against, median(taken) / FRAME_MS, MOST)
