"""What must hold of the books, whatever happened: nothing lost, nothing twice, nothing forgotten, nothing falsely shown PAID.

Four books are held against each other: what the witness saw committed, the ledger's file as the dead kiosk left it, what
`kiosk orders` lists, and the stand-in's ledger.
"""

from __future__ import annotations

import contextlib
import json
import shutil
import sqlite3
from collections import defaultdict
from contextlib import closing
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from tests.crash.counter import Counter

# The state at WeChat that each end of ours needs; None: no money there, whatever it is called.
ENDS = {"PAID": "SUCCESS", "DECLINED": None, "CLOSED": "CLOSED", "REVERSED": "REVOKED", "REFUNDED": "REFUND", "VOID": None}
SAME = {"total": "amount", "currency": "currency", "transaction_id": "transaction_id"}  # the bank's name: ours
Row = dict[str, Any]


@dataclass
class Found:
    """What is wrong, in words, each under the promise it breaks."""

    lost: list[str] = field(default_factory=list)
    double: list[str] = field(default_factory=list)
    forgotten: list[str] = field(default_factory=list)
    false_paid: list[str] = field(default_factory=list)

    @property
    def all(self) -> list[str]:
        return self.lost + self.double + self.forgotten + self.false_paid


class Books:
    """Follows the witness; `after_kill` and `settled` add to `found`."""

    def __init__(self, counter: Counter) -> None:
        self.found = Found()
        self.fates: list[Row] = []
        self.screens: dict[str, int] = defaultdict(int)
        self._counter = counter
        self._read = 0
        self._written: dict[tuple[str, str], Row] = {}  # acknowledged
        self._writing: list[list[Any]] = []  # the commit that was under way
        self._paid: list[Row] = []  # paid screens shown

    def after_kill(self, scratch: Path) -> None:
        """No kiosk runs: hold its file against what it had acknowledged, and what it showed against the stand-in."""
        self._follow()
        self._counter.look()
        self._nothing_lost(scratch)
        self._paid_is_paid()

    def running(self) -> None:
        """A kiosk runs: every order the bank knows is listed, and what is final there has the bank's end."""
        bank = dict(self._counter.bank())
        lines = {line["out_trade_no"]: line for line in self._counter.orders()}
        for number in bank:
            if number not in lines:
                self._say(self.found.forgotten, f"{number} is known to the bank and not listed")
        bank = self._counter.bank()  # what is listed as final was so at the bank before
        for number, line in lines.items():
            self._same_end(number, line, bank.get(number), final=False)

    def settled(self) -> None:
        """A kiosk runs and says that nothing is open: now everything must agree."""
        self._follow()
        self._counter.look()
        bank = self._counter.bank()
        lines = {line["out_trade_no"]: line for line in self._counter.orders()}
        for number in bank.keys() - lines.keys():
            self._say(self.found.forgotten, f"{number} is known to the bank and not listed")
        for number, line in lines.items():
            self._same_end(number, line, bank.get(number), final=True)
        self._paid_is_paid()
        for shown in self._paid:
            if not any(row["state"] == "SUCCESS" for row in _fitting(shown, bank)):
                self._say(self.found.false_paid, f"{shown['tail']} was shown PAID, and the money did not stay")
        self._one_payment_a_sale(lines, bank)

    def agree_with_the_command(self) -> None:
        """No kiosk runs: `kiosk orders --json`, a process of its own, says of the last day's orders what was listed before."""
        listed = {line["out_trade_no"]: line for line in self._counter.orders()}
        for line in self._counter.command("orders"):
            if listed.get(line["out_trade_no"]) != line:
                self._say(self.found.forgotten, f"`kiosk orders` says {line}")

    def _follow(self) -> None:
        """Read what the witness has seen since."""
        with self._counter.witness.open("rb") as lines:
            lines.seek(self._read)
            new = lines.read()
        self._read += len(new)
        for line in new.splitlines():
            seen = json.loads(line)
            match seen["what"]:
                case "writing":
                    self._writing = seen["rows"]
                case "written":
                    for table, key, values, _ in seen["rows"]:
                        self._written[table, values[key]] = values
                    self._writing = []
                case "screen":
                    self.screens[seen["name"]] += 1
                    if seen["name"] == "PaidScreen":
                        self._paid.append(seen)
                case "fate":
                    self.fates.append(seen)

    def _nothing_lost(self, scratch: Path) -> None:
        """The file, copied as it lies, is sound and holds every acknowledged row, and of a commit under way all or nothing."""
        ledger = self._counter.ledger
        for file in (ledger, ledger.with_name(f"{ledger.name}-wal")):
            copy = scratch / file.name
            copy.unlink(missing_ok=True)
            if file.exists():
                shutil.copyfile(file, copy)
        if not (scratch / ledger.name).exists():
            if self._written:
                self._say(self.found.lost, "the ledger's file is gone")
            return
        with closing(sqlite3.connect(scratch / ledger.name)) as copy_of_it:
            copy_of_it.row_factory = sqlite3.Row
            try:
                sound = [row[0] for row in copy_of_it.execute("PRAGMA quick_check")]
            except sqlite3.DatabaseError as error:
                sound = [str(error)]
            if sound != ["ok"]:
                self._say(self.found.lost, f"the ledger is damaged: {sound[:3]}")
                return
            intended = {(table, values[key]): values for table, key, values, _ in self._writing}
            intended = {row: values for row, values in intended.items() if values != self._written.get(row)}
            came = set()
            for (table, number), acknowledged in {**intended, **self._written}.items():
                column = {"sales": "sale_id", "orders": "out_trade_no", "refunds": "out_refund_no"}[table]
                row = None
                with contextlib.suppress(sqlite3.OperationalError):  # not even the table is there
                    row = copy_of_it.execute(f"SELECT * FROM {table} WHERE {column} = ?", (number,)).fetchone()
                there = None if row is None else {name: row[name] for name in acknowledged}
                if (table, number) in intended and there == intended[table, number]:
                    came.add(True)
                    self._written[table, number] = intended[table, number]
                elif (table, number) in intended and (there == self._written.get((table, number))):
                    came.add(False)
                elif there != acknowledged:
                    self._say(self.found.lost, f"{number}: {acknowledged} was acknowledged, the file has {there}")
            if len(came) > 1:
                self._say(self.found.lost, f"half a commit is in the file: {sorted(number for _, number in intended)}")
        self._writing = []

    def _paid_is_paid(self) -> None:
        """Each time PAID was shown, the stand-in had taken exactly that amount for an order of that number before."""
        bank = self._counter.bank()
        for shown in self._paid:
            at = self._counter.time.at(shown["at"]) + self._counter.slack_ms
            fitting = _fitting(shown, bank)
            if not any(entry["what"] == "payment" and entry["at"] <= at for row in fitting for entry in row["entries"]):
                self._say(self.found.false_paid, f"{shown['tail']} was shown PAID before any money was taken")

    def _same_end(self, number: str, line: Row, row: Row | None, *, final: bool) -> None:
        state = line["state"]
        if state not in ENDS:
            if state == "ATTENTION" or final:
                self._say(self.found.forgotten, f"{number} is {state} in the kiosk in the end")
            return
        bank = "unknown" if row is None else row["state"]
        wrong = ENDS[state] not in {None, bank}
        if state == "PAID" and (row is None or wrong or any(row[name] != line[ours] for name, ours in SAME.items())):
            self._say(self.found.false_paid, f"{number} is PAID in the kiosk, {bank} at the bank: {line}, {row}")
        elif state != "PAID" and (_kept(row) or wrong):
            self._say(self.found.forgotten, f"{number} is {state} in the kiosk, {bank} at the bank, which has {_kept(row)}")

    def _one_payment_a_sale(self, lines: dict[str, Row], bank: dict[str, Row]) -> None:
        kept: dict[str, int] = defaultdict(int)
        sales: dict[str, Row] = {}
        for number, line in lines.items():
            kept[line["sale"]] += _kept(bank.get(number))
            sales[line["sale"]] = line
        for sale, line in sales.items():
            owed = line["amount"] if line["sale_state"] == "paid" else 0
            if kept[sale] > owed:
                self._say(self.found.double, f"{sale} is {line['sale_state']}, owes {owed}, and the bank kept {kept[sale]}")
            elif kept[sale] < owed:
                self._say(self.found.false_paid, f"{sale} is paid of {owed}, and the bank kept {kept[sale]}")

    @staticmethod
    def _say(where: list[str], words: str) -> None:
        if words not in where:
            where.append(words)


def _fitting(shown: Row, bank: dict[str, Row]) -> list[Row]:
    """The bank's orders that a paid screen may have meant: its last characters and its amount."""
    return [row for number, row in bank.items() if number.endswith(shown["tail"]) and row["total"] == shown["amount"]]


def _kept(row: Row | None) -> int:
    """What the bank took for this order and did not give back."""
    if row is None:
        return 0
    gone = sum(entry["total"] for entry in row["entries"] if entry["what"] == "reversal")
    gone += sum(refund["refund"] for refund in row["refunds"] if refund["status"] != "CLOSED")
    return int(sum(entry["total"] for entry in row["entries"] if entry["what"] == "payment") - gone)
