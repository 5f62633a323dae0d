"""Notifications in the ledger: each is written down once, survives a restart, and is forgotten after 30 days."""

from __future__ import annotations

import contextlib
from dataclasses import replace
from pathlib import Path

import pytest

from kiosk.core.errors import LedgerError
from kiosk.payment.inbox import KEPT_MS, Notification
from kiosk.payment.ledger import SqliteLedger

TOLD = Notification("EV-1", 1_000, "TRANSACTION.SUCCESS", "K07-260105-aa0001", None, 999)


def kept(ledger: SqliteLedger) -> list[str]:
    """The ids that are there."""
    return [row["id"] for row in ledger._file.rows("SELECT id FROM notifications ORDER BY id")]


def test_one_that_is_sent_again_is_known_even_after_a_restart(tmp_path: Path) -> None:
    """The second time nothing is written, whatever else it says."""
    for first in (True, False):
        with contextlib.closing(SqliteLedger.open(tmp_path / "kiosk.db", generation=lambda: "aa", now=1)) as ledger:
            assert ledger.keep_notification(TOLD) is first
            assert ledger.keep_notification(replace(TOLD, received_at=2_000)) is False
            assert ledger._file.rows("SELECT received_at FROM notifications") == [{"received_at": 1_000}]


def test_each_is_kept_for_thirty_days() -> None:
    """What is older goes when the next one comes; a clock that was set back forgets nothing."""
    ledger = SqliteLedger.in_memory()
    ledger.keep_notification(TOLD)
    ledger.keep_notification(replace(TOLD, id="EV-2", received_at=TOLD.received_at + KEPT_MS))
    assert kept(ledger) == ["EV-1", "EV-2"]
    ledger.keep_notification(replace(TOLD, id="EV-3", received_at=0))
    assert kept(ledger) == ["EV-1", "EV-2", "EV-3"]
    ledger.keep_notification(replace(TOLD, id="EV-4", received_at=TOLD.received_at + KEPT_MS + 1))
    assert kept(ledger) == ["EV-2", "EV-4"]


def test_they_are_forgotten_at_a_start_too(tmp_path: Path) -> None:
    """A kiosk that is notified no more does not keep the last ones for ever."""
    found = []
    for now in (1, TOLD.received_at + KEPT_MS, TOLD.received_at + KEPT_MS + 1):
        with contextlib.closing(SqliteLedger.open(tmp_path / "kiosk.db", generation=lambda: "aa", now=now)) as ledger:
            if now == 1:
                ledger.keep_notification(TOLD)
            found.append(kept(ledger))
    assert found == [["EV-1"], ["EV-1"], []]


def test_one_that_cannot_be_kept_is_an_error_and_leaves_nothing() -> None:
    """Then it must not be acknowledged: WeChat sends it again."""
    ledger = SqliteLedger.in_memory()
    with pytest.raises(LedgerError):
        ledger.keep_notification(replace(TOLD, id=""))
    assert kept(ledger) == []
    ledger.close()
    with pytest.raises(LedgerError, match="closed"):
        ledger.keep_notification(TOLD)
