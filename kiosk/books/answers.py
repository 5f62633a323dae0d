"""What is asked about the books over the control socket, and at the owner's door: days, differences, a comparison to begin."""

from __future__ import annotations

import re
from collections.abc import Callable
from datetime import date
from pathlib import Path
from typing import Any

from kiosk.books.reconciler import Reconciler
from kiosk.control.unix_socket import Answer, Request
from kiosk.core.differences import Difference, Reconciliation
from kiosk.payment import reconciliations
from kiosk.payment.ledger import SqliteLedger

_NAME = re.compile(r"statement-[0-9A-Za-z_]{1,40}\.csv", re.ASCII)


class BooksAnswers:
    """Called from the socket's threads."""

    def __init__(self, reconciler: Reconciler, folder: Path, read: Callable[[Callable[[SqliteLedger], Any]], Any]) -> None:
        """`folder`: where a command puts a statement's file. `read`: asks the ledger in the loop's thread."""
        self._reconciler = reconciler
        self._folder = folder
        self._read = read

    def begin(self, request: Request) -> Answer:
        """Compare a day, with WeChat's own statement or a file that was put beside the ledger."""
        day, name = request.get("day"), request.get("file")
        if not is_day(day) or not (name is None or (isinstance(name, str) and _NAME.fullmatch(name))):
            return {"problem": "reconcile wants a day, as 2026-01-05, and a file's name or nothing"}
        return {"ok": True, "job": self._reconciler.begin(str(day), None if name is None else self._folder / str(name))}

    def look(self, request: Request) -> Answer:
        """How far a comparison has come."""
        job = self._reconciler.job(str(request.get("job")))
        if job is None:
            return {"problem": "no such comparison is known here: the kiosk was restarted, say"}
        over = job.over.is_set()
        return {"ok": True, "share": job.share, "at": job.at, "over": over, "lack": job.lack if over else None}

    def seen(self, request: Request) -> Answer:
        """Somebody has looked at a difference."""
        day, number = request.get("day"), request.get("number")
        if not is_day(day) or not isinstance(number, str):
            return {"problem": "seen wants a day, as 2026-01-05, and the number of an order or refund"}
        return {"ok": True, "count": self._reconciler.seen(str(day), number)}

    def books(self, request: Request) -> Answer:
        """What the ledger has of these days."""
        first, last = request.get("first"), request.get("last")
        if not is_day(first) or not is_day(last):
            return {"problem": "books wants first and last, days as 2026-01-05"}
        return {"ok": True, "books": self._read(lambda ledger: told_of(ledger, str(first), str(last)))}


def told_of(ledger: SqliteLedger, first: str, last: str) -> dict[str, Any]:
    """The books of these days, as `kiosk reconcile --json` prints them."""
    from kiosk.books.report import books  # noqa: PLC0415  asked for now and then; the first screen comes first

    def days(file: Any) -> tuple[list[Reconciliation], dict[tuple[str, str], int], list[Difference]]:  # noqa: ANN401  LedgerFile
        found = reconciliations.differences(file, first, last)
        return reconciliations.days(file, first, last), reconciliations.counts(file, first, last), found

    return books(*ledger.read(days))


def is_day(text: object) -> bool:
    """Whether this is a day, as 2026-01-05."""
    try:
        return (
            isinstance(text, str)
            and re.fullmatch(r"2[0-9]{3}-[0-9]{2}-[0-9]{2}", text, re.ASCII) is not None
            and bool(date.fromisoformat(text))
        )
    except ValueError:
        return False
