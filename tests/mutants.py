"""Deliberate bugs in a copy of the package, each of which must be noticed: `python -m tests.mutants`, or `make mutants`.

Most are noticed by the simulation alone, within so many seeds; those that only unit tests can see are marked so. The working tree
is never touched. A bug whose old text is no longer found exactly once is reported as stale: rewrite it when the code moves on.
"""

# long: a list

from __future__ import annotations

import argparse
import json
import os
import queue
import re
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from statistics import median

from tests.figures import tell

ROOT = Path(__file__).parent.parent
TESTS = ("lifecycle", "step", "till", "refunds", "view", "money", "secret", "commit_then_act", "step_random", "selling")
DRAWN = "tests/test_lifecycle.py::test_the_diagram_in_the_docs_is_the_table"  # would notice any other arrow for free

LIFE, STEP, BOOKS, STATE = (f"kiosk/core/{name}.py" for name in ("lifecycle", "step", "books", "state"))
TILL, REFUNDS, VIEW, MONEY, SECRET = (f"kiosk/core/{name}.py" for name in ("till", "refunds", "view", "money", "secret"))
DRAFTING = "kiosk/core/drafting.py"
KEYING = "kiosk/core/keying.py"
LOOP, CLOCK = "kiosk/loop/runtime.py", "kiosk/clock.py"
LEDGER, LEDGER_FILE = "kiosk/payment/ledger.py", "kiosk/payment/ledger_file.py"
SEEDS = 2000


@dataclass(frozen=True)
class Mutant:
    """In `file`, `old` (found exactly once) becomes `new`."""

    name: str
    file: str
    old: str
    new: str
    unit: str = ""  # why only unit tests can see it


MUTANTS = (
    # rule 1: commit, then act
    Mutant(
        "sent before it is written",
        LOOP,
        "        if made.records:\n            ledger.commit(made.records, self._clock.now())\n        for act in made.acts:\n"
        "            self._dispatch(act)\n",
        "        for act in made.acts:\n            self._dispatch(act)\n        if made.records:\n"
        "            ledger.commit(made.records, self._clock.now())\n",
        unit="the simulation has its own loop",
    ),
    Mutant(
        "sent although it could not be written",
        LOOP,
        "            ledger.commit(made.records, self._clock.now())\n        for act",
        "            try:\n                ledger.commit(made.records, self._clock.now())\n            except LedgerError:\n"
        "                pass\n        for act",
        unit="the simulation has its own loop",
    ),
    Mutant(
        "the sending is not written down",
        STEP,
        '            self.write(lifecycle.left(order, self.now), "sent")\n',
        "            pass\n",
    ),
    Mutant("dates count from the scan", LIFE, "    if order.sent_at == order.anchor_at:", "    if False:"),
    Mutant("given up while on its way", LIFE, " and not around.charging", "", unit="a lane would have to hang for half a minute"),
    Mutant("the verdict counts from the leaving", TILL, "till.since or order.sent_at", "order.sent_at"),
    Mutant("late money without a row for its refund", BOOKS, '        self.records.append(Insert(refund, "late money"))\n', ""),
    # rule 2: unknown is an outcome
    Mutant(
        "timeout = failed", LIFE, "        Arrow(state, On.UNKNOWN, state),\n", "        Arrow(state, On.UNKNOWN, S.DECLINED),\n"
    ),
    Mutant("timeout = never left", LIFE, "outcome.why is Why.NOT_SENT and first", "first"),
    Mutant("timeout = paid", LIFE, "        Arrow(state, On.UNKNOWN, state),\n", "        Arrow(state, On.UNKNOWN, S.PAID),\n"),
    Mutant(
        "not found = failed",
        LIFE,
        "        Arrow(state, On.NOT_FOUND, S.VOID, When.GRACE_OVER),\n",
        "        Arrow(state, On.NOT_FOUND, S.VOID),\n",
    ),
    Mutant(
        "no answer to a close = closed", LIFE, "Arrow(S.CLOSING, On.UNKNOWN, S.CLOSING)", "Arrow(S.CLOSING, On.UNKNOWN, S.CLOSED)"
    ),
    Mutant(
        "ORDER_PAID to a close = closed",
        LIFE,
        "    outcome = answer.outcome\n    on, learnt",
        "    outcome = answer.outcome\n    if call is Call.CLOSE and outcome == Unknown(Why.ORDER_PAID):\n"
        "        outcome = Ended(S.CLOSED)\n    on, learnt",
    ),
    Mutant(
        "a refused refund = refunded",
        REFUNDS,
        "state=RefundState.ATTENTION, settled_at=now, note=note)\n        case NotFound() if",
        "state=RefundState.DONE, settled_at=now, note=note)\n        case NotFound() if",
    ),
    Mutant(
        "a refund nobody answers = failed",
        REFUNDS,
        "            return noted\n",
        '            return replace(noted, state=RefundState.ATTENTION, settled_at=now, note="?")\n',
    ),
    # undoing
    Mutant(
        "native cancelled without a close",
        LIFE,
        "Arrow(state, on, S.CLOSING, When.NATIVE)",
        "Arrow(state, on, S.CLOSED, When.NATIVE)",
    ),
    Mutant(
        "closed before it was asked for",
        LIFE,
        "        return Due(Call.ASK, sent)\n    if order.last_call is Call.CLOSE",
        "        return Due(Call.CLOSE, may)\n    if order.last_call is Call.CLOSE",
        unit="WeChat refuses to close what is paid, so it does no harm",
    ),
    Mutant("closed within five minutes", LIFE, "NO_CLOSE_BEFORE = 5 * MINUTE", "NO_CLOSE_BEFORE = 4 * MINUTE"),
    Mutant(
        "reversal accepted = reversed",
        LIFE,
        "Arrow(S.REVERSING, On.PENDING, S.REVERSING)",
        "Arrow(S.REVERSING, On.PENDING, S.REVERSED)",
    ),
    Mutant("reversal sent once", LIFE, "    return Due(Call.REVERSE, max(may,", "    return Due(Call.ASK, max(may,"),
    Mutant("reversed within 15 s", LIFE, "NO_REVERSE_BEFORE = 15 * SECOND", "NO_REVERSE_BEFORE = 10 * SECOND"),
    Mutant(
        "reversed within 15 s of a restart",
        LIFE,
        "order.anchor_at if order.anchor_at is not None else order.opened_at) + NO_R",
        "order.sent_at if order.sent_at is not None else order.opened_at) + NO_R",
    ),
    Mutant(
        "cancelled, then paid all the same",
        LIFE,
        "Arrow(S.REVERSING, On.PAID, S.REVERSING)",
        "Arrow(S.REVERSING, On.PAID, S.PAID)",
    ),
    Mutant("never too long", LIFE, "TOO_LONG = 45 * SECOND", "TOO_LONG = 4500 * SECOND"),
    Mutant(
        "a late reversal holds on to a paid order",
        LIFE,
        "            return order.pay_refused or ",
        "            return order.pay_refused and ",
    ),
    Mutant(
        "PAYERROR without a reversal",
        LIFE,
        "        Arrow(state, On.DECLINED, S.REVERSING, When.CLEAN_UP),\n",
        "",
        unit="a clean-up WeChat wants; no money moves",
    ),
    Mutant(
        "PAYERROR told twice spares the reversal",
        LIFE,
        "    Arrow(S.REVERSING, On.DECLINED, S.REVERSING, When.NOT_CLEANED_UP),\n",
        "",
        unit="a clean-up WeChat wants; no money moves",
    ),
    Mutant("a reversed PAYERROR is no decline", LIFE, "    Arrow(S.REVERSING, On.ENDED, S.DECLINED, When.HAD_DECLINED),\n", ""),
    # restart
    Mutant(
        "an armed order is forgotten at a restart",
        LIFE,
        "        order = replace(order, state=S.SENT)\n",
        "        order = replace(order, state=S.VOID, settled_at=now)\n",
    ),
    Mutant(
        "nothing is asked at the start",
        STEP,
        '"restart"))\n    turn.look_after_queue()\n',
        '"restart"))\n',
        unit="the next Tick asks, a moment later",
    ),
    Mutant("paid while the kiosk was dead is undone", LIFE, "    if resumed and (", "    if False and ("),
    Mutant(
        "a QR nobody has seen waits after a restart",
        LIFE,
        "        return cancel(order, now)  # nobody has seen",
        "        return order  # nobody has seen",
        unit="it ends by itself some minutes later",
    ),
    Mutant(
        "asked without a pause after a restart",
        LIFE,
        "        return Due(Call.ASK, sent + done + _slower(order, sent + done))",
        "        return Due(Call.ASK, sent + done)",
    ),
    Mutant(
        "a sale stays open after a restart",
        STEP,
        "if sale.state is SaleState.OPEN and not waiting:",
        "if False:",
        unit="needs a ledger that an older kiosk has left",
    ),
    Mutant(
        "numbers begin anew after a restart",
        STEP,
        "            counters=dict(snapshot.counters),\n",
        "            counters={},\n",
    ),
    # finals
    Mutant(
        "finals may change",
        LIFE,
        "    if order.state in FINALS and order.state is not S.VOID:\n        return order\n    wrong",
        "    wrong",
    ),
    Mutant(
        "a declined order may be paid",
        LIFE,
        "    *_waiting(S.SENT),\n",
        "    *_waiting(S.SENT),\n    *_waiting(S.DECLINED),\n",
        unit="finals are guarded a second time, in merge",
    ),
    Mutant(
        "void is not watched",
        LIFE,
        "    return next((order.settled_at + after for after in WATCH_VOID if after > done), None)",
        "    return None",
    ),
    Mutant(
        "a look that nobody answered counts",
        LIFE,
        'done >= WATCH_VOID[0] and order.last_outcome == "unknown":',
        "False:",
    ),
    Mutant("void and paid is forgotten", LIFE, "Arrow(S.VOID, On.PAID, S.REFUNDING)", "Arrow(S.VOID, On.PAID, S.VOID)"),
    Mutant(
        "a refund overwrites its order's end",
        BOOKS,
        "if number in self.k.parents else self.k.parents",
        "if False else self.k.parents",
    ),
    # what an answer is about
    Mutant("amount not compared", LIFE, "    if total is not None and total != order.money:\n", "    if False:\n"),
    Mutant(
        "number not compared",
        LIFE,
        "    if echo.out_trade_no is not None and echo.out_trade_no != order.out_trade_no:\n",
        "    if False:\n",
    ),
    Mutant("merchant not compared", LIFE, "        if name in ours and ours[name] != value:\n", "        if False:\n"),
    Mutant("currency not compared", LIFE, "total != order.money:", "total.amount != order.money.amount:"),
    Mutant(
        "a notification pays",
        STEP,
        "        if number in self.k.orders or number in self.k.refunds:\n            self.k",
        "        if number in self.k.orders and is_open(self.k.orders[number]):\n"
        "            from kiosk.core.model import Paid\n"
        '            self.answered(number, Call.ASK, Answer(Paid("4", self.k.orders[number].money)))\n            self.k',
    ),
    # one payment a sale
    Mutant(
        "the second payment is kept",
        LIFE,
        "        Arrow(state, On.PAID, S.REFUNDING, When.SALE_PAID),\n",
        "",
        unit="the other orders are being undone before it can come, and the ledger refuses it",
    ),
    Mutant(
        "the second payment of a cancelled QR is kept", LIFE, "    Arrow(S.CLOSING, On.PAID, S.REFUNDING, When.SALE_PAID),\n", ""
    ),
    Mutant("late money is kept", LIFE, "    Arrow(S.CLOSING, On.PAID, S.REFUNDING, When.GONE),\n", ""),
    Mutant(
        "the customer always stands there", BOOKS, "return ended is None or self.now - ended <= till.STANDS_THERE", "return True"
    ),
    Mutant(
        "the other order goes on when one has paid",
        BOOKS,
        "        if after.state is OrderState.PAID:\n            for other",
        "        if False:\n            for other",
    ),
    Mutant("a new order beside the old one", BOOKS, '        self.cancel(old, "tender changed")\n', ""),
    Mutant("a number is used twice", BOOKS, "made.counter}\n", "made.counter - 1}\n"),
    Mutant(
        "the same customer pays twice unasked", DRAFTING, "if Doubt.SAME_CUSTOMER not in draft.sure and any(", "if False and any("
    ),
    # the scan
    Mutant("a late scan pays for the next customer", STEP, " or scanning.out_trade_no != seen.ticket:", ":"),
    Mutant("a used code is sent again", STEP, "        if digest in self.k.used_codes:\n", "        if False:\n"),
    Mutant("charged twice", STEP, "        self.go(till.Front(seen.ticket, since=self.now))\n", ""),
    Mutant(
        "a disk sync between scan and request",
        STEP,
        "        self.keep(order)\n        self.k.used_codes",
        '        self.write(order, "sent")\n        self.k.used_codes',
        unit="only slower",
    ),
    Mutant("the camera is never stopped", BOOKS, "else StopScan())", "else was_scanning or StopScan())", unit="no money moves"),
    Mutant("a code with a newline", SECRET, r"{16}\Z", "{16}$", unit="the scanner's text is not simulated"),
    Mutant(
        "a code with full-width digits",
        SECRET,
        r'r"\A1[0-5][0-9]{16}\Z", re.ASCII',
        r'r"\A1[0-5]\d{16}\Z"',
        unit="the scanner's text is not simulated",
    ),
    Mutant(
        "a code is printed",
        SECRET,
        '        return "<payment code>"\n\n    __str__',
        "        return self.__digits\n\n    __str__",
        unit="logs are not simulated",
    ),
    # the queue and the clock
    Mutant(
        "two calls at once", STATE, "    return not flying or (call is Call.ASK and flying == {Call.CHARGE})", "    return True"
    ),
    Mutant("reversed beside a charge in flight", STATE, "(call is Call.ASK and flying", "(call is not Call.CLOSE and flying"),
    Mutant(
        "woken too late for the end of a wait",
        STATE,
        "        if ends is not None:\n            times.append(ends)\n",
        "",
        unit="a question is due at the same moment",
    ),
    Mutant(
        "woken too late for a refund",
        STATE,
        "not busy(kiosk, refund.out_refund_no):\n            times",
        "False:\n            times",
    ),
    Mutant("woken too late for the verdict", STATE, "(till.verdict_at(front, order), order.expires_at)", "(order.expires_at,)"),
    Mutant(
        "woken too late for scanning's end",
        STATE,
        "            return [until] if hint_until is None else [until, hint_until]",
        "            return []",
        unit="the camera looks for longer; no money moves",
    ),
    Mutant(
        "the network's return hastens nothing",
        STEP,
        "self.k.hastened = self.k.hastened | waiting",
        "pass",
        unit="only slower",
    ),
    Mutant(
        "the clock jumps during sales",
        STEP,
        "        if self.k.clock_known:\n            return\n",
        "",
    ),
    Mutant("sold while offline", BOOKS, "        if self.k.network is not Network.ONLINE:\n", "        if False:\n"),
    Mutant("sold without knowing the time", BOOKS, "        if not self.k.clock_known:\n", "        if False:\n"),
    Mutant("sold with a ledger in trouble", BOOKS, "        if Part.LEDGER in self.k.problems:\n", "        if False:\n"),
    Mutant(
        "the clock follows the wall",
        CLOCK,
        "        return self._base_ms + round(self._monotonic() * 1000)",
        "        return round(self._wall() * 1000)",
    ),
    Mutant("the learnt time is forgotten", CLOCK, "        self._base_ms += offset_ms", "        pass"),
    # the ledger
    Mutant(
        "a ledger goes on after its disk has failed",
        LEDGER_FILE,
        '        self._unfit = self._unfit or f"{failure}; nothing is committed until it was opened again"\n',
        "",
    ),
    Mutant(
        "a restart does not see accepted refunds",
        LEDGER,
        "_REFUND_OPEN = \"state IN ('REQUESTED', 'ACCEPTED')\"",
        "_REFUND_OPEN = \"state IN ('REQUESTED')\"",
    ),
    Mutant(
        "a restart does not see orders being undone",
        LEDGER,
        "'PAYING', 'REVERSING', 'CLOSING', 'REFUNDING')\"",
        "'PAYING', 'REFUNDING')\"",
    ),
    Mutant("a restart does not see late money", LEDGER, "'REVERSING', 'CLOSING', 'REFUNDING')\"", "'REVERSING', 'CLOSING')\""),
    Mutant("a restart does not watch void orders", LEDGER, "        live += self._file.rows(", "        self._file.rows("),
    Mutant("numbers are not counted", LEDGER, "            self._count(record.row)\n", ""),
    # refunds
    Mutant("refunded twice", REFUNDS, "sum(r.money.amount for r in before if r.state is not RefundState.ATTENTION)", "0"),
    Mutant("an open order is refunded", REFUNDS, "    if order.state is not OrderState.PAID:\n", "    if False:\n"),
    Mutant("two refunds within a minute", REFUNDS, "APART = MINUTE", "APART = SECOND"),
    Mutant(
        "two refunds at once", REFUNDS, "                    return None  # its turn comes first\n", "                    pass\n"
    ),
    Mutant(
        "an accepted refund is sent again and again",
        REFUNDS,
        "if refund.state is RefundState.ACCEPTED and not lost:",
        "if False:",
    ),
    Mutant("a lost refund is only asked for", REFUNDS, 'refund.last_outcome == "notfound"', "False"),
    Mutant(
        "the next refund does not wait for one that was refused",
        STEP,
        "        else:\n            self.given_back(parent, after)\n",
        "        elif after.note is None:\n            self.given_back(parent, after)\n",
    ),
    Mutant(
        "the sale of a refund that failed stays refunded",
        BOOKS,
        "SaleState.REFUNDED if given >= order.money.amount else SaleState.PAID",
        "SaleState.REFUNDED if given >= order.money.amount or (sale and sale.state is SaleState.REFUNDED) else SaleState.PAID",
    ),
    Mutant("the sale of a refunded order stays paid", BOOKS, "given >= order.money.amount else", "False else"),
    # people
    Mutant(
        "a password is celebrated",
        TILL,
        "return Stage.PASSWORD if order.state is OrderState.PAYING",
        "return Stage.PAID if order.state is OrderState.PAYING",
    ),
    Mutant("no verdict within a minute", TILL, "VERDICT_AFTER = 55 * SECOND", "VERDICT_AFTER = 75 * SECOND"),
    Mutant(
        "an unresolved sale looks cancelled",
        TILL,
        "return Stage.UNRESOLVED if _overdue(till, order, now) else Stage.CANCELLING",
        "return Stage.CANCELLED",
    ),
    Mutant(
        "a result leaves by itself",
        STATE,
        "order.settled_at is None or kiosk.settings.result_ms == 0",
        "order.settled_at is None",
    ),
    Mutant("a ten-digit amount", KEYING, "if len(str(there.amount)) >= MOST_DIGITS:", "if len(str(there.amount)) > MOST_DIGITS:"),
    Mutant("over the limit", KEYING, "if sum(lines) > rules.limit else None", "if False else None"),
    Mutant(
        "the last amount of a sum is forgotten",
        KEYING,
        "(*there.lines, there.amount) if there.amount else there.lines",
        "there.lines or (there.amount,)",
    ),
    Mutant(
        "a tip nobody chose",
        KEYING,
        "return _with_tip(there, 0)",
        "return _with_tip(there, 1)",
        unit="it was asked for all the same",
    ),
    Mutant("nobody is told of the second payment", VIEW, "other_refunded=twice", "other_refunded=False"),
    Mutant("the order in front counts as unresolved", VIEW, " and order is not front)", ")"),
    Mutant("yen with decimals", MONEY, "    return get_currency_precision(currency)", "    return 2"),
)


@dataclass(frozen=True, slots=True)
class Verdict:
    """Who noticed a mutant: a seed, the how manieth it was, and the promise it saw broken; or a test."""

    seeds: int | None = None
    noticed: str = ""

    def __str__(self) -> str:
        after = f"after {self.seeds} seeds: " if self.seeds else ""
        return after + self.noticed if self.noticed else "ALIVE"


def main() -> int:
    """Exit code 1 when a mutant lives or is stale."""
    wants = argparse.ArgumentParser(prog="python -m tests.mutants", description=__doc__)
    wants.add_argument("names", nargs="*", help="only mutants whose name holds one of these")
    wants.add_argument("--seeds", type=int, default=SEEDS, help="of the simulation, at most, for each mutant")
    wants.add_argument("--simulation", action="store_true", help="only what the simulation alone must notice")
    wants.add_argument("--all", action="store_true", help="let the simulation try those that are left to unit tests, too")
    wants.add_argument("--table", type=Path, help="write what noticed which into this file")
    wants.add_argument("--workers", type=int, default=os.cpu_count() or 1)
    given = wants.parse_args()
    chosen = [m for m in MUTANTS if not given.names or any(part in m.name for part in given.names)]
    if given.simulation:
        chosen = [m for m in chosen if not m.unit]
    verdicts = {}
    with copies(given.workers) as folders, ThreadPoolExecutor(given.workers) as pool:
        for mutant, verdict in pool.map(
            lambda m: (m, judge(folders, m, given.seeds, simulate=given.all, alone=given.simulation)), chosen
        ):
            verdicts[mutant.name] = verdict
            print(f"{mutant.name:50} {verdict}", flush=True)
    dead = [v for v in verdicts.values() if v.noticed]
    seeds = [v.seeds for v in dead if v.seeds]
    print(f"{len(dead)} of {len(chosen)} killed; {summary(seeds)}")
    tell("mutants", bugs=len(chosen), noticed=len(dead), by_simulation=len(seeds), median=median(seeds) if seeds else 0)
    if given.table is not None:
        given.table.write_text(table(verdicts, given.seeds, alone=given.simulation), "utf-8")
    return 0 if len(dead) == len(chosen) else 1


def summary(seeds: list[int]) -> str:
    """How soon the simulation noticed."""
    return (
        f"{len(seeds)} by the simulation alone, after {median(seeds):.0f} seeds (median), {max(seeds)} at most" if seeds else "-"
    )


def table(verdicts: dict[str, Verdict], most: int, *, alone: bool) -> str:
    """docs/mutants.md. The simulation's part is the same on every machine, until the code or the simulation changes."""
    found = [(mutant, verdicts.get(mutant.name, Verdict())) for mutant in MUTANTS]
    by_seeds = [(mutant, verdict) for mutant, verdict in found if verdict.seeds]
    killed = summary([verdict.seeds or 0 for _, verdict in by_seeds])
    lines = [
        "# Deliberate bugs, and what notices them",
        "",
        "Written by `make mutants`; the bugs themselves are in `tests/mutants.py`. The simulation plays the seeds 0, 1, 2 … with",
        f"each of them in turn, {most} at most. Of {len(MUTANTS)} bugs {killed}.",
        "",
        "| bug | in | seeds | the promise it breaks |",
        "| --- | --- | ---: | --- |",
        *(f"| {mutant.name} | `{mutant.file}` | {verdict.seeds} | {_cell(verdict.noticed)} |" for mutant, verdict in by_seeds),
        "",
        "Noticed by unit tests:",
        "",
        "| bug | in | why not by the simulation | the first test that fails |",
        "| --- | --- | --- | --- |",
    ]
    for mutant in MUTANTS:
        verdict = verdicts.get(mutant.name, Verdict())
        if not verdict.seeds:
            why = mutant.unit or f"needs more than {most} seeds"
            test = "not run this time" if alone else _cell(verdict.noticed)
            lines.append(f"| {mutant.name} | `{mutant.file}` | {why} | {test} |")
    return "\n".join(lines) + "\n"


def _cell(text: str) -> str:
    return (text or "**nothing notices it**").replace("|", "\\|").replace("\n", " ")[:160]


@contextmanager
def copies(number: int) -> Iterator[queue.Queue[Path]]:
    """So many copies of the package and its tests to break."""
    with tempfile.TemporaryDirectory() as folder:
        made: queue.Queue[Path] = queue.Queue()
        for which in range(number):
            copy = Path(folder) / str(which)
            for part in ("kiosk", "tests"):
                shutil.copytree(ROOT / part, copy / part, ignore=shutil.ignore_patterns("__pycache__", "out"))
            shutil.copy(ROOT / "pyproject.toml", copy)
            made.put(copy)
        yield made


def judge(folders: queue.Queue[Path], mutant: Mutant, seeds: int, *, simulate: bool, alone: bool) -> Verdict:
    """Break one copy, and see who notices."""
    copy = folders.get()
    file = copy / mutant.file
    before = file.read_text("utf-8")
    try:
        if before.count(mutant.old) != 1:
            print(
                f"stale: the text of {mutant.name!r} is found {before.count(mutant.old)} times in {mutant.file}", file=sys.stderr
            )
            return Verdict()
        file.write_text(before.replace(mutant.old, mutant.new), "utf-8")
        verdict = by_simulation(copy, seeds) if simulate or not mutant.unit else Verdict()
        return verdict if verdict.noticed or alone else by_tests(copy)
    finally:
        file.write_text(before, "utf-8")
        folders.put(copy)


def by_tests(copy: Path) -> Verdict:
    """The first test that fails."""
    files = [f"tests/test_{name}.py" for name in TESTS]
    ended = _run(copy, "pytest", "-x", "-p", "no:cacheprovider", "--hypothesis-seed=0", "--deselect", DRAWN, *files)
    if ended.returncode == 0:
        return Verdict()
    failed = re.search(r"^(?:FAILED|ERROR) tests/(\S+)", ended.stdout, re.MULTILINE)
    return Verdict(None, failed[1] if failed else f"pytest ended with {ended.returncode}: {ended.stdout[-200:]}")


def by_simulation(copy: Path, seeds: int) -> Verdict:
    """The first seed that breaks a promise, or ends in an exception."""
    ended = _run(copy, "tests.simulation", "--seeds", str(seeds), "--most", "1", "--workers", "1", "--json")
    if ended.returncode == 0:
        return Verdict()
    try:
        (broken,) = json.loads(ended.stdout)["violations"]
    except ValueError:
        return Verdict(None, f"the simulation does not run: {(ended.stderr.strip().splitlines() or ['?'])[-1]}")
    return Verdict(broken["seed"] + 1, broken["promise"])


def _run(copy: Path, *module: str) -> subprocess.CompletedProcess[str]:
    env = {**os.environ, "PYTHONDONTWRITEBYTECODE": "1", "PYTHONPATH": str(copy)}
    try:
        return subprocess.run(
            [sys.executable, "-m", *module], cwd=copy, env=env, capture_output=True, text=True, timeout=900, check=False
        )
    except subprocess.TimeoutExpired:
        return subprocess.CompletedProcess(module, 1, "FAILED tests/hangs", "hangs")


if __name__ == "__main__":
    sys.exit(main())
