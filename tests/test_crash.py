"""A real kiosk, killed at named points of real sales, keeps its promises; and the books notice when one does not."""

from __future__ import annotations

import json
from copy import deepcopy
from pathlib import Path
from typing import Any

import pytest

from kiosk.payment import ledger_rows
from kiosk.payment.ledger import SqliteLedger
from tests.crash import plug, scanner
from tests.crash.__main__ import run
from tests.crash.books import Books
from tests.crash.counter import Time
from tests.crash.rounds import CASES
from tests.disk.mounted import why_not
from tests.ledger_samples import keyed, paid

POINTS = (  # of the 145 that `python -m tests.crash` comes to
    ("commit within", "armed"),
    ("request left", "charge"),
    ("commit before", "charge: paid"),
    ("screen before", "PaidScreen"),
    ("answer read", "place"),
    ("commit after", "placing"),
)


REASON = why_not()


@pytest.mark.slow
def test_a_kiosk_killed_at_the_worst_moments_keeps_its_promises(tmp_path: Path) -> None:
    """Nothing lost, nothing paid twice, nothing forgotten, nothing falsely shown PAID, at six points and one moment more."""
    seeds = [2 * number for number, case in enumerate(CASES) if (case.point, case.label) in POINTS]
    figures = run(tmp_path, [*seeds, 1], watched=False)
    assert figures["problems"] == []
    assert figures["missed"] == []
    assert (figures["kills"], figures["tracebacks"]) == (7, 0)


@pytest.mark.slow
def test_a_scanner_killed_while_a_customer_stands_there_changes_nothing(tmp_path: Path) -> None:
    """The screen stays, nothing is committed, another scanner comes, and the sale is paid as if nothing had been."""
    figures = scanner.run(tmp_path, kills=1, password_kills=1)
    assert figures["problems"] == []
    assert (figures["kills"], figures["sales_paid"], figures["exit_code"]) == (2, 2, 0)


@pytest.mark.slow
@pytest.mark.skipif(REASON is not None, reason=REASON or "")
def test_a_kiosk_whose_plug_is_pulled_keeps_its_promises(tmp_path: Path) -> None:
    """The same, on a disk that has forgotten what was not synced; `python -m tests.crash.plug` pulls it more often."""
    figures = plug.run(tmp_path, range(2), watched=False)
    assert figures["problems"] == []
    assert figures["cuts"] == 2


class Desk:
    """One paid sale, as the kiosk, its ledger and the bank have it."""

    def __init__(self, folder: Path) -> None:
        self.folder, self.witness, self.time, self.slack_ms = folder / "counter", folder / "witness.jsonl", Time(), 0
        self.folder.mkdir()
        self.ledger = self.folder / "kiosk.db"
        self.at = self.time.now()
        self.line = {"out_trade_no": "K07-260105-aa0001", "sale": "S-1", "amount": 1250, "currency": "HKD", "state": "PAID"}
        self.line |= {"sale_state": "paid", "transaction_id": "42"}
        self.row: dict[str, Any] = {"out_trade_no": "K07-260105-aa0001", "state": "SUCCESS", "total": 1250, "currency": "HKD"}
        self.row |= {"transaction_id": "42", "refunds": [], "entries": [{"what": "payment", "at": self.at, "total": 1250}]}
        self.lines, self.rows = [self.line], [self.row]
        self.seen(what="screen", name="PaidScreen", tail="aa0001", amount=1250)

    def seen(self, **facts: object) -> None:
        """What the witness tells."""
        with self.witness.open("a") as out:
            out.write(json.dumps({"at": self.at, **facts}) + "\n")

    def look(self) -> None:
        """Nothing is due."""

    def bank(self) -> dict[str, Any]:
        return {row["out_trade_no"]: row for row in self.rows}

    def orders(self) -> list[dict[str, Any]]:
        return self.lines

    def found(self) -> set[str]:
        """Which promises the books see broken."""
        books = Books(self)  # type: ignore[arg-type]
        books.settled()
        return {name for name, problems in vars(books.found).items() if problems}


def test_the_books_agree_on_a_sale_that_was_paid(tmp_path: Path) -> None:
    """Otherwise the tests below would prove nothing."""
    assert Desk(tmp_path).found() == set()


def test_an_order_that_only_the_bank_knows_is_forgotten(tmp_path: Path) -> None:
    """Not listed, listed with another end, or still open."""
    desk = Desk(tmp_path)
    desk.rows.append({**deepcopy(desk.row), "out_trade_no": "K07-260105-aa0002", "state": "NOTPAY", "entries": []})
    assert desk.found() == {"forgotten"}
    desk.lines.append(
        {**desk.line, "out_trade_no": "K07-260105-aa0002", "state": "CLOSED", "sale": "S-2", "sale_state": "unpaid"}
    )
    assert desk.found() == {"forgotten"}
    desk.rows[1]["state"] = "CLOSED"
    assert desk.found() == set()
    desk.lines[1]["state"] = "CLOSING"
    assert desk.found() == {"forgotten"}


def test_two_payments_of_one_sale_are_double_until_one_is_given_back(tmp_path: Path) -> None:
    """The second order of the sale is paid too; then it is refunded."""
    desk = Desk(tmp_path)
    desk.rows.append({**deepcopy(desk.row), "out_trade_no": "K07-260105-aa0002"})
    desk.lines.append({**desk.line, "out_trade_no": "K07-260105-aa0002"})
    assert desk.found() == {"double"}
    desk.rows[1] |= {"state": "REFUND", "refunds": [{"refund": 1250, "status": "SUCCESS"}]}
    desk.lines[1]["state"] = "REFUNDED"
    assert desk.found() == set()


def test_a_paid_screen_without_the_money_is_false(tmp_path: Path) -> None:
    """Shown before the money was taken, of another amount, or money that did not stay."""
    desk = Desk(tmp_path)
    desk.row["entries"][0]["at"] += 1
    assert desk.found() == {"false_paid"}
    desk.row["entries"][0]["at"] -= 1
    desk.seen(what="screen", name="PaidScreen", tail="aa0001", amount=1251)
    assert desk.found() == {"false_paid"}
    (tmp_path / "gone").mkdir()
    gone = Desk(tmp_path / "gone")
    gone.row["state"] = "REVOKED"
    gone.row["entries"].append({"what": "reversal", "at": gone.at, "total": 1250})
    gone.line |= {"state": "REVERSED", "sale_state": "unpaid"}
    assert gone.found() == {"false_paid"}


def test_an_acknowledged_row_that_is_not_in_the_file_is_lost(tmp_path: Path) -> None:
    """What was only being written may be there or not, but not by halves."""
    desk = Desk(tmp_path)
    (tmp_path / "scratch").mkdir()
    ledger = SqliteLedger.open(desk.folder / "kiosk.db", generation=lambda: "aa", now=0)
    ledger.commit(keyed(), at=1)
    ledger.close()
    here = [[*ledger_rows.columns(record.row), True] for record in keyed()]
    after = [[*ledger_rows.columns(record.row), False] for record in paid()]

    def lost(*seen: tuple[str, list[Any]]) -> bool:
        desk.witness.write_text("")
        for what, rows in seen:
            desk.seen(what=what, rows=rows)
        books = Books(desk)  # type: ignore[arg-type]
        books.after_kill(tmp_path / "scratch")
        return bool(books.found.lost)

    assert not lost(("written", here))
    assert not lost(("written", here), ("writing", after))
    assert lost(("written", here), ("writing", after), ("written", after))
    assert lost(("written", [here[0], after[0]]))
    assert lost(("writing", [here[0], after[0]]))
    (desk.folder / "kiosk.db").write_bytes((desk.folder / "kiosk.db").read_bytes()[:8192])
    assert lost(("written", here))
