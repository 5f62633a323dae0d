"""The notifications of the last 30 days, in the ledger's file: so that one which is sent again is known, also after a restart.

Knows the table `notifications` and no other. It decides nothing: what a notification is about has its own row, its own query.
"""

from __future__ import annotations

from dataclasses import asdict, dataclass

from kiosk.payment.ledger_file import LedgerFile

KEPT_MS = 30 * 24 * 3600 * 1000  # WeChat sends again for 24 h 4 min (contract 7.5); the rest is for whoever looks into a case


@dataclass(frozen=True, slots=True)
class Notification:
    """What is kept of one; times in ms. The numbers are as notified, and need not be of this kiosk."""

    id: str  # WeChat's, the same each time it is sent again
    received_at: int
    event_type: str
    out_trade_no: str | None
    out_refund_no: str | None
    signed_at: int


def keep(file: LedgerFile, notification: Notification) -> bool:
    """Write it down, synced when this returns, and forget what is too old. False: it was there already.

    LedgerError when it cannot be kept.
    """
    with file.transaction():
        if file.rows("SELECT 1 FROM notifications WHERE id = ?", (notification.id,)):
            return False
        forget(file, notification.received_at)
        file.change(
            "INSERT INTO notifications VALUES (:id, :received_at, :event_type, :out_trade_no, :out_refund_no, :signed_at)",
            asdict(notification),
        )
    return True


def forget(file: LedgerFile, now: int) -> None:
    """Part of a transaction: away with what is older than 30 days."""
    file.change("DELETE FROM notifications WHERE received_at < ?", (now - KEPT_MS,))
