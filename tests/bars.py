"""The bars: what the README's table promises, the command that shows each, where its figure is read, and what it may be.

One list, in the README's order; `tests/test_bars.py` holds the two together, and `make check` (`tests/check.py`) the kiosk
against them. A figure comes from what a command tells by `tests/figures.py`, never from what it prints.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from tests.figures import Told


@dataclass(frozen=True, slots=True)
class Figure:
    """What was measured, in words, and whether the bar holds."""

    words: str
    held: bool


Read = Callable[[Told], Figure | None]
"""From what the command told; None when it told nothing of this (what it needs is not on this machine)."""


@dataclass(frozen=True, slots=True)
class Bar:
    """`row`: the README's first cell. `commands`: those of its last cell, of which the last is run; none: it is done by hand.

    `minutes`: about how long the command takes on two slow cores.
    """

    row: str
    commands: tuple[str, ...]
    limit: str
    read: Read
    minutes: float = 1.0

    @property
    def command(self) -> str | None:
        return self.commands[-1] if self.commands else None

    @property
    def quick(self) -> bool:
        return bool(self.commands) and self.minutes <= QUICK_MINUTES


BENCH_MINUTES = 15.0  # all of it, once for all of its rows
QUICK_MINUTES = 15.0  # what takes longer runs only when it is asked for


def _one(of: str, words: str, held: Callable[[dict[str, Any]], bool]) -> Read:
    """Of a command that tells one line: `words` with its facts filled in."""

    def read(told: Told) -> Figure | None:
        lines = [line for line in told if line["of"] == of]
        return Figure(words.format(**lines[-1]), held(lines[-1])) if lines else None

    return read


def _none(*names: str) -> Callable[[dict[str, Any]], bool]:
    return lambda facts: not any(facts[name] for name in names)


def _lab(level: str, checks: int) -> Read:
    """All checks of a level, and no fewer of them than there were."""

    def read(told: Told) -> Figure | None:
        lines = [line for line in told if line["of"] == "lab" and line["level"] == level]
        if not lines or lines[-1]["not_run"]:
            return None
        well, all_, notes = lines[-1]["well"], lines[-1]["checks"], lines[-1]["notes"]
        return Figure(f"{well} of {all_}" + "".join(f"; {note}" for note in notes if "cuts" in note), well == all_ >= checks)

    return read


@dataclass(frozen=True, slots=True)
class Bench:
    """Of `make bench`: the rows of its table that begin so. Each has its own bar there, or none."""

    rows: tuple[str, ...]

    def __call__(self, told: Told) -> Figure | None:
        lines = [line for line in told if line["of"] == "bench"]
        mine = [[line for line in lines if line["what"].startswith(row)] for row in self.rows]
        if not all(mine):
            return None
        found = [line for each in mine for line in each]
        words = [f"{line['kiosk']}, {line['against']}: {line['ratio']:.2f}" for line in found]
        return Figure("; ".join(words), all(line["held"] for line in found))


def _bench(row: str, limit: str, *rows: str) -> Bar:
    return Bar(row, ("make bench",), limit, Bench(rows), BENCH_MINUTES)


FOUR_ZEROS = ("lost", "double", "forgotten", "false_paid")
ZEROS_WORDS = "{lost} lost, {double} double, {forgotten} forgotten, {false_paid} falsely shown PAID"

BARS = (
    Bar(
        "simulated days with lost, late, doubled and false answers, crashes, failing disks, wrong clocks, impatient people",
        ("make test", "make soak SEEDS=200000"),
        "0 broken promises",
        _one("simulation", "{seeds:,} days: {violations} broken promises", _none("violations")),
        minutes=20,
    ),
    Bar(
        "the simulation's speed, 2 cores",
        ("python -m tests.simulation --seeds 4000 --json",),
        "at least 400 days a second",
        _one("simulation", "{seeds_per_s:.0f} days a second", lambda facts: facts["seeds_per_s"] >= 400),
    ),
    Bar(
        "deliberate bugs that the simulation alone notices within 2,000 days",
        ("make mutants",),
        "every bug is noticed, by it or by a unit test",
        _one(
            "mutants",
            "{by_simulation} of {bugs}, after {median:.0f} days (median); {noticed} with the unit tests",
            lambda facts: facts["noticed"] == facts["bugs"],
        ),
        minutes=90,
    ),
    Bar(
        "branches of `kiosk/core` and `kiosk/payment` that no test goes through",
        ("make cover",),
        "0; the exceptions are named in pyproject.toml",
        _one("cover", "{branches} of {of_branches:,}, and {lines} lines", _none("branches", "lines", "failed")),
        minutes=8,
    ),
    Bar(
        "real kiosks killed, 300 times at any moment and 300 times at 145 named points of a sale",
        ("python -m tests.crash --kills 600",),
        "0, four times; all named points met",
        _one("crash", f"{{kills}} kills at {{named_points}} points: {ZEROS_WORDS}", _none(*FOUR_ZEROS, "missed", "tracebacks")),
        minutes=22,
    ),
    Bar(
        "the plug of a whole kiosk pulled, on a disk that forgets what was not synced",
        ("python -m tests.crash.plug --cuts 30",),
        "0, four times",
        _one("plug", f"{{cuts}} cuts: {ZEROS_WORDS}", _none(*FOUR_ZEROS, "tracebacks")),
        minutes=2,
    ),
    Bar(
        "the plug of a virtual machine pulled in the middle of sales, Debian's kernel and systemd in it",
        ("make lab LEVELS=vm KIOSK_LAB_CUTS=100",),
        "0, four times",
        _lab("vm", 11),
        minutes=110,
    ),
    Bar(
        "a Debian without a kiosk: apt, set-up, owner's page in a browser, a sale each way, a pulled plug, "
        "a release that cannot draw, a support bundle",
        ("make lab LEVELS=shop",),
        "17 of 17",
        _lab("shop", 17),
        minutes=20,
    ),
    Bar(
        "the ledger alone on that disk",
        ("python -m tests.disk --cuts 120",),
        "0 lost; with `synchronous=NORMAL` some, or the disk forgets too little",
        _one(
            "disk cuts",
            "{cuts} cuts, {acknowledged:,} commits acknowledged, {lost} lost; {lost_with_normal} lost with NORMAL",
            lambda facts: not facts["lost"] and not facts["problems"] and facts["lost_with_normal"] > 0,
        ),
        minutes=3,
    ),
    Bar(
        "each disk operation failing in turn, with EIO and ENOSPC, five ways",
        ("python -m tests.disk --sweep",),
        "0 lost, 0 corrupt",
        _one("disk sweep", "{runs:,} runs, {lost} lost, {corrupt} corrupt", _none("lost", "corrupt", "problems")),
        minutes=60,
    ),
    Bar(
        "flipped bits in a ledger",
        ("python -m tests.flips --flips 10000 --seed 1",),
        "0 unnoticed",
        _one("flips", "{flips:,}, of which {harmful:,} change a value: {unnoticed} unnoticed", _none("unnoticed")),
        minutes=5,
    ),
    Bar(
        "32 faults of network and server, four calls each",
        ("python -m tests.network_faults",),
        "every one unknown, within its deadline",
        _one(
            "network faults",
            "{faults} faults: {known} of {calls} calls known, {late} late, the slowest {slowest_ms} ms of {deadline_ms}",
            _none("known", "late"),
        ),
    ),
    Bar(
        "back on line after an outage of 5 to 90 s",
        (),
        "open orders asked for within a few seconds",
        lambda _told: None,
    ),
    Bar(
        "merchant's key, APIv3 key, payment codes, openid in logs, ledger, screens, exceptions, processes",
        ('make test ARGS="tests/test_secrets.py"',),
        "0",
        _one("secrets", "{found} in {mb:.1f} MB looked through", lambda facts: facts["found"] == 0 and facts["mb"] > 0.5),
    ),
    Bar(
        "forged signatures and envelopes",
        ("python -m tests.fuzz.signatures --count 1000000",),
        "0 accepted",
        _one("signatures", "{tried:,}, {accepted} accepted", _none("accepted")),
        minutes=3,
    ),
    _bench(
        "decoded code → request on the wire",
        "at most 1.5 × a bare client; no disk sync, no new connection between",
        "decoded code -> request on the wire",
        "disk syncs, decoded code",
        "connections made, OK",
    ),
    _bench(
        "phones read in one live frame, of 200 drawn from easy to hopeless",
        "more than any library or two, 0 wrong; at most 1.2 × the fastest's time",
        "phones read, live frame by frame",
        "phones read, still picture",
        "ms of a frame that is read",
    ),
    _bench("203 photographs from the test sets of public readers", "more than any library or two, 0 wrong", "photographs read"),
    _bench("foreign codes, labels and two phones at once taken for a payment", "0", "foreign codes taken"),
    _bench(
        "first readable frame of an approaching phone → its code is believed, on a processor four times slower",
        "with a QR at most 1 in 100 later than 0.3 s",
        "approaches, with a QR",
        "approaches, barcode alone",
    ),
    Bar(
        "the scanner killed 1,005 times during sales",
        ("python -m tests.crash.scanner --kills 1000",),
        "all paid",
        _one(
            "scanner",
            "{kills} kills: {sales_paid} of {sales} paid; back after {back_ms_median} ms (median), {back_ms_p99} (99 of 100), "
            "{back_ms_most} at most",
            lambda facts: not facts["problems"] and facts["sales_paid"] == facts["sales"],
        ),
        minutes=20,
    ),
    _bench("answer → paid screen", "at most two frames of 60 a second", "answer -> paid screen"),
    _bench(
        "key → the last orders, or the older ones, on the screen, with 1,000,000 sales",
        "at most two frames of 60 a second",
        "key -> last orders",
        "key -> older orders",
    ),
    _bench("start → first usable screen", "at most 2 × a bare pygame window", "start -> idle screen"),
    _bench(
        "the screen's slowest frames (p99) while the camera scans", "at most 1.1 × those while keying", "a frame while scanning"
    ),
    _bench("webcam unplugged → words on the screen; plugged in → well", "within 3 s", "webcam unplugged", "webcam plugged in"),
    _bench("idle", "at most 2 % of a core", "idle ("),
    _bench(
        "memory (RSS) after a sale each way, 60 amounts and a scan in vain, in a window",
        "money process at most 120 MB, scanner and its spare 90 MB",
        "memory of the money process, ",
        "memory of scanner and spare, ",
    ),
    _bench(
        "a statement of 1,000,000 rows held against a ledger of 1,000,000 sales",
        "at most 200 MB; at most 2 × a plain SQLite import and join",
        "reconcile a statement, ",
        "memory of reconciling, ",
    ),
    _bench(
        "what a screen or a report asks of a ledger of 1,000,000 sales",
        "at most 1.2 × the same of 1,000 sales",
        "a ledger of a million sales, ",
    ),
)
