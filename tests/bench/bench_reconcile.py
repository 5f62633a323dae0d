"""A statement of a million rows against a ledger of a million sales: its memory, and its time beside a plain SQLite import.

Each runs in a process of its own over the same files, by turns; processor time counts. The plain one does what anybody would:
csv.reader into a table of 38 columns, numbers and amounts out of that into a keyed one, the ledger attached, two joins. It checks
no row, keeps no result and knows no refund.
"""

from __future__ import annotations

import json
import os
import shutil
import sqlite3
import subprocess
import sys
from contextlib import closing
from pathlib import Path

import pytest

from kiosk.payment.ledger import SqliteLedger
from tests.bench.conftest import Table
from tests.statement_files import TITLES, row

SALES = int(os.environ.get("KIOSK_BENCH_ROWS", "1000000"))
WRONG_EACH = 1000  # every so many-th row differs, by turns in each of four ways
DAY = "2026-01-05"
START = 1_767_542_400_000  # 00:00 in Beijing
MOST_KIB = 200 * 1024
MOST_RATIO = 2.0
ROUNDS = 2


@pytest.fixture(scope="module")
def files(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, Path]:
    """A ledger and a statement that agree but for every thousandth sale."""
    folder = tmp_path_factory.mktemp("million")
    ledger, statement = folder / "kiosk.db", folder / "statement.csv"
    SqliteLedger.open(ledger, generation=lambda: "aa", now=START, key=None).close()
    with closing(sqlite3.connect(ledger)) as db:
        db.executescript("PRAGMA journal_mode=OFF; PRAGMA synchronous=OFF; PRAGMA cache_size=-200000; PRAGMA foreign_keys=OFF;")
        triggers = db.execute("SELECT name, sql FROM sqlite_schema WHERE type = 'trigger'").fetchall()
        db.executescript("".join(f"DROP TRIGGER {name};" for name, _ in triggers))
        numbers = f"WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < {SALES}) "
        name, at = "printf('K07-260105-aa%07d', i)", f"({START} + i * 85000000 / {SALES})"
        amount, state = "(100 + i * 37 % 20000)", f"iif(i % {WRONG_EACH} = 3, 'VOID', 'PAID')"
        db.execute(
            "INSERT INTO sales (sale_id, amount, currency, opened_at, state) "
            f"{numbers} SELECT 'S-' || {name}, {amount}, 'HKD', {at}, 'paid' FROM n"
        )
        db.execute(
            "INSERT INTO orders (out_trade_no, sale_id, tender, amount, currency, opened_at, state, sent_at, transaction_id, "
            f"paid_at, settled_at, asks, tries, pay_refused) {numbers} "
            f"SELECT {name}, 'S-' || {name}, 'quick_pay', {amount}, 'HKD', {at}, {state}, "
            f"{at} + 5, printf('42%018d', i), {at} + 400, {at} + 500, 0, 1, 0 FROM n WHERE i % {WRONG_EACH} <> 1"
        )
        db.executescript("".join(f"{sql};" for _, sql in triggers))
        db.commit()
    shape = ",".join("`" + value for value in row("{number}", amount="{amount}", time="{time}", told="{told}")) + "\r\n"
    with statement.open("w", encoding="utf-8", newline="") as out:
        out.write("\ufeff" + ",".join(TITLES) + "\r\n")
        for i in range(1, SALES + 1):
            if i % WRONG_EACH == 2:
                continue
            second = (i * 85_000_000 // SALES + 400) // 1000
            time = f"{DAY} {second // 3600:02}:{second // 60 % 60:02}:{second % 60:02}"
            amount = 100 + i * 37 % 20000 + (i % WRONG_EACH == 4)
            out.write(shape.format(number=f"K07-260105-aa{i:07}", amount=f"{amount / 100:.2f}", time=time, told=f"42{i:018}"))
    return ledger, statement


_PEAK = """
def peak():  # not ru_maxrss, which begins with what the parent had
    with open("/proc/self/status") as file:
        return next(int(line.split()[1]) for line in file if line.startswith("VmHWM"))
"""

_OURS = """
import json, sys, time
from pathlib import Path
from kiosk.payment import reconciliations
from kiosk.payment.ledger import SqliteLedger
from kiosk.books.comparison import compare
from kiosk.books.statement_files import from_file
from tests.books_kit import SHOP, MemoryBooks
ledger = SqliteLedger.open(Path(sys.argv[1]), generation=lambda: "aa", now=1, key=None)
began = time.process_time()
with from_file(Path(sys.argv[2])) as found:
    made = compare("2026-01-05", found, SHOP, MemoryBooks(ledger, lambda: 1_767_700_000_000), 1_767_700_000_000, lambda *_: None)
took = time.process_time() - began
counts, after = {}, ("", "")
while some := ledger.read(lambda file: reconciliations.known(file, "2026-01-05", after)):
    for each in some:
        counts[each.what] = counts.get(each.what, 0) + 1
    after = (some[-1].moved, some[-1].number)
print(json.dumps({"s": took, "kib": peak(), "agreed": made.agreed, "counts": counts}))
"""

_PLAIN = """
import csv, json, sqlite3, sys, time
began = time.process_time()
db = sqlite3.connect(sys.argv[3])
db.executescript("PRAGMA journal_mode=OFF; PRAGMA synchronous=OFF; PRAGMA cache_size=-48000;")
db.execute("CREATE TABLE s (" + ", ".join(f"c{i}" for i in range(1, 39)) + ")")
with open(sys.argv[2], encoding="utf-8-sig", newline="") as file:
    rows = csv.reader(file)
    next(rows)
    db.executemany("INSERT INTO s VALUES (" + ", ".join("?" * 38) + ")", rows)
db.execute("CREATE TABLE t (number TEXT PRIMARY KEY, amount INT) WITHOUT ROWID")
db.execute("INSERT INTO t SELECT substr(c7, 2), CAST(round(substr(c25, 2) * 100) AS INT) FROM s")
db.execute("ATTACH ? AS ledger", (sys.argv[1],))
theirs = db.execute(
    "SELECT count(*), sum(o.out_trade_no IS NULL), sum(o.state <> 'PAID'), sum(o.amount <> t.amount) "
    "FROM t LEFT JOIN ledger.orders o ON o.out_trade_no = t.number").fetchone()
ours = db.execute(
    "SELECT count(*) FROM ledger.orders o WHERE NOT EXISTS (SELECT 1 FROM t WHERE t.number = o.out_trade_no)").fetchone()
took = time.process_time() - began
print(json.dumps({"s": took, "kib": peak(), "theirs": theirs, "ours": ours}))
"""


def _child(program: str, *given: str) -> dict[str, object]:
    done = subprocess.run([sys.executable, "-c", _PEAK + program, *given], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    told: dict[str, object] = json.loads(done.stdout)
    return told


def test_a_million_rows_against_a_million_sales(files: tuple[Path, Path], tmp_path: Path, table: Table) -> None:
    """Every difference found, at most 200 MB, at most twice the time of the plain import and join."""
    ledger, statement = files
    ours, plain = [], []
    for turn in range(ROUNDS):
        copy = tmp_path / "copy.db"
        shutil.copyfile(ledger, copy)  # each time a ledger that was never reconciled
        ours.append(_child(_OURS, str(copy), str(statement)))
        plain.append(_child(_PLAIN, str(ledger), str(statement), str(tmp_path / f"plain{turn}.db")))
        (tmp_path / f"plain{turn}.db").unlink()
    each = SALES // WRONG_EACH
    assert ours[0]["counts"] == {"only_ours": each, "only_theirs": each, "amount": each, "state": each}
    assert ours[0]["agreed"] == SALES - 4 * each
    ratio = min(_seconds(ours)) / min(_seconds(plain))
    peak = max(int(str(one["kib"])) for one in ours)
    size = f"{SALES:,} rows against {SALES:,} sales"
    shown = f"{min(_seconds(ours)):.1f} s", f"{min(_seconds(plain)):.1f} s"
    table.row(f"reconcile a statement, {size}", shown[0], f"plain import and join {shown[1]}", ratio, MOST_RATIO)
    table.row(f"memory of reconciling, {size}", f"{peak / 1024:.0f} MB", f"{MOST_KIB // 1024} MB", peak / MOST_KIB, 1)


def _seconds(runs: list[dict[str, object]]) -> list[float]:
    return [float(str(one["s"])) for one in runs]
