"""Updates in real processes: the stand-in for WeChat Pay, a kiosk that is started from its release, and releases that are broken.

Each broken one ends with the release before selling again, and the merchant told once.
"""

from __future__ import annotations

import contextlib
import os
import re
import shutil
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import time as hour
from pathlib import Path
from random import Random
from zoneinfo import ZoneInfo

import pytest

from kiosk import __version__
from kiosk.config.update import UpdateConfig
from kiosk.control.unix_socket import Answer, ControlFailed, ControlUnavailable, Request, ask
from kiosk.release import update
from kiosk.release.shelf import Shelf
from kiosk.release.trial import Staged, State
from kiosk.release.update import Patience, Plan
from tests.crash.counter import HERE, PATIENCE_S, Counter, Kiosk
from tests.crash.sales import SALES, People, pay
from tests.releases import manifest, shelf, tree

pytestmark = pytest.mark.whole

SCHEMA = len(list((HERE / "kiosk/payment/schema").glob("*.sql")))
GOOD = Patience(trial_s=PATIENCE_S, steady_s=1.0, look_s=0.2)
BROKEN = Patience(trial_s=8.0, steady_s=1.0, look_s=0.2)  # for one that starts, and then lacks something
DEAD = Patience(trial_s=3.0, steady_s=1.0, look_s=0.2)  # for one that is waited for in vain, however long
CANNOT_DRAW = ("kiosk/display/__init__.py", "def open_display(", "def _open_display(")


class Unit(Kiosk):
    """The kiosk as systemd keeps it: started from its slot, again whenever it ends, until it is stopped."""

    def __init__(self, counter: Counter, made: Shelf) -> None:
        self._counter, self._socket, self._made = counter, counter.socket, made
        self._line, self._answers = None, None
        self._wanted = threading.Event()
        self._thread: threading.Thread | None = None
        self.process: subprocess.Popen[bytes] | None = None

    @property
    def alive(self) -> bool:
        return self._wanted.is_set()

    def start(self) -> None:
        self._wanted.set()
        self._thread = threading.Thread(target=self._keep, daemon=True)
        self._thread.start()

    def stop(self) -> None:  # type: ignore[override]
        self.down(signal.SIGTERM)

    def down(self, how: signal.Signals) -> None:
        self._wanted.clear()
        assert self._thread is not None
        if self.process is not None:
            with contextlib.suppress(ProcessLookupError):  # one that has just ended by itself
                os.killpg(self.process.pid, how)
            try:
                self.process.wait(10)
            except subprocess.TimeoutExpired:
                os.killpg(self.process.pid, signal.SIGKILL)
        self._thread.join(PATIENCE_S)
        self._hang_up()

    def asked(self, request: Request) -> Answer:
        try:
            return ask(self._socket, request)
        except (ControlUnavailable, ControlFailed) as error:
            return {"problem": str(error)}

    def sells(self, amount: int) -> None:
        self.online()
        assert People(self._counter, self, Random(0)).sell(SALES["native"], amount) == "PaidScreen"

    def _keep(self) -> None:
        while self._wanted.is_set():
            slot = self._made.slot.resolve() if self._made.slot.exists() else self._made.factory
            env = {**os.environ, "PYTHONPATH": str(slot), "PYTHONSAFEPATH": "1", "KIOSK_RELEASES": str(self._made.releases)}
            with self._counter.log.open("ab") as log:
                command = [sys.executable, "-m", "kiosk", "--config", str(self._counter.config), "run"]
                self.process = subprocess.Popen(command, env=env, stdout=log, stderr=log, start_new_session=True, cwd=slot)
            self.process.wait()
            time.sleep(1)  # RestartSec=


class Asked:
    """A Unit as update.py wants it."""

    def __init__(self, unit: Unit) -> None:
        self.stop, self.start, self.ask = unit.stop, unit.start, unit.asked


@pytest.fixture(scope="module")
def shop(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Counter]:
    """One stand-in and one ledger for this file."""
    made = Counter(tmp_path_factory.mktemp("r"))
    made.open()
    yield made
    made.close()


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> Shelf:
    """A package with this very source, called 1.0.0; the releases of each test are newer than those of the tests before it."""
    ours = shelf(tmp_path_factory.mktemp("made"))
    _build(ours.factory, "1.0.0")
    return ours


@pytest.fixture(scope="module")
def started(shop: Counter, made: Shelf) -> Iterator[Unit]:
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(update, "CALM_S", 0)
        kiosk = Unit(shop, made)
        yield kiosk
        if kiosk.alive:
            kiosk.down(signal.SIGTERM)


@pytest.fixture
def unit(started: Unit) -> Unit:
    """It runs, and is on line: as the test before it has left it, or started."""
    if not started.alive:
        started.start()
    started.online()
    return started


@dataclass(frozen=True)
class Update:
    """A release that waits to take the place of another; None: of the package's own."""

    version: str
    before: str | None


def _build(place: Path, version: str, *changes: tuple[str, str, str], of: Path | None = None, migrates: bool = False) -> Path:
    """A release of this very source but for its version and `changes`: a file, a text in it, and what is there instead.

    `of`: another release 1.0.0, with which it shares each file that is the same in both.
    """
    source, copy, was = (HERE, shutil.copy2, __version__) if of is None else (of, os.link, "1.0.0")
    shutil.rmtree(place, ignore_errors=True)
    shutil.copytree(source / "kiosk", place / "kiosk", ignore=shutil.ignore_patterns("sandbox", "*.po"), copy_function=copy)
    if migrates:
        (place / f"kiosk/payment/schema/{SCHEMA + 1:04}.sql").write_text("CREATE TABLE something_new (id INTEGER);\n", "utf-8")
    for name, old, new in (("kiosk/__init__.py", f'"{was}"', f'"{version}"'), *changes):
        text = (place / name).read_text("utf-8")
        assert old in text, (name, old)
        (place / name).unlink()  # it may be the other's file, too
        (place / name).write_text(text.replace(old, new), "utf-8")
    return tree(place, manifest(version, ledger=SCHEMA + migrates), {"vendor/none": ""})


def _stage(made: Shelf, *changes: tuple[str, str, str], migrates: bool = False) -> Update:
    record = made.record()
    newest = record.attempt.version if record.attempt is not None else "1.0.0"
    version = f"1.{int(newest.split('.')[1]) + 1}.0"
    made.shelve(_build(made.releases / ".new", version, *changes, of=made.factory, migrates=migrates), version)
    made.happened(Staged(version))
    return Update(version, record.current)


def _plan(shop: Counter) -> Plan:
    return Plan(UpdateConfig(hour(0), hour(23, 59, 59)), ZoneInfo("Asia/Hong_Kong"), shop.ledger)


def _undone(made: Shelf, unit: Unit, new: Update, said: str) -> None:
    """The release before sells, its package's own unless another was well; the merchant is told, until a key."""
    record = made.record()
    assert record.attempt is not None
    assert (record.current, record.attempt.version) == (new.before, new.version)
    assert (record.attempt.state, record.attempt.problem) == (State.UNDONE, said)
    assert [about.version for about in made.there()] == [version for version in (new.before,) if version is not None]
    unit.online()
    told = unit.asked({"do": "health"})
    assert (told["version"], told["trial"]) == (new.before or "1.0.0", False)
    unit.sells(1300)


def test_a_release_that_works_is_taken(shop: Counter, made: Shelf, unit: Unit) -> None:
    """On trial nothing can be sold; then all can."""
    unit.sells(1100)
    new = _stage(made)
    seen: list[str] = []

    class Watching(Asked):
        def __init__(self) -> None:
            super().__init__(unit)
            self.ask = self._ask  # type: ignore[method-assign]

        def _ask(self, request: Request) -> Answer:
            if request["do"] == "health" and unit.asked({"do": "health"}).get("trial") is True:
                unit.asked({"do": "key", "key": "1"})
                seen.append(str(unit.asked({"do": "state"}).get("screen")))
            return unit.asked(request)

    assert update.look(made, Watching(), _plan(shop), GOOD) == f"updated to {new.version}"
    assert set(seen) <= {"Updating", "None"}
    assert "Updating" in seen
    unit.online()
    assert unit.asked({"do": "health"})["version"] == new.version
    (shop.folder / "update-told").unlink(missing_ok=True)
    unit.sells(1200)
    assert (shop.folder / "update-told").read_text() == f"{new.version} well\n"
    made.boot()
    assert made.slot.resolve() == made.place(new.version).resolve()


BROKEN_ONES = {
    "does not start": ("kiosk/app.py", "def run(config: Config) -> int:", "def _run(config: Config) -> int:"),
    "cannot draw": CANNOT_DRAW,
    "hangs": ("kiosk/app.py", "    app = App(config)\n", "    while True:\n        time.sleep(1)\n"),
    "cannot sign": ("kiosk/payment/wechat/signer.py", '+ body + b"\\n"', "+ body"),
}

WRONG = {
    "cannot sign": "ask WeChat Pay a signed question",
    "cannot draw": "(start|draw its screen.*)",  # asked in the moment before it gives up, it says what it lacks
}


@pytest.mark.parametrize("how", BROKEN_ONES)
def test_a_broken_release_is_undone(shop: Counter, made: Shelf, unit: Unit, how: str) -> None:
    """Whichever way it is broken."""
    (shop.folder / "update-told").unlink(missing_ok=True)
    new = _stage(made, BROKEN_ONES[how])
    patience = BROKEN if how == "cannot sign" else DEAD
    problem = update.look(made, Asked(unit), _plan(shop), patience)
    assert problem is not None
    assert re.fullmatch(rf"{re.escape(new.version)} did not {WRONG.get(how, 'start')} within {patience.trial_s:.0f} s", problem)
    _undone(made, unit, new, problem)
    assert (shop.folder / "update-told").read_text() == f"{new.version} undone\n"


def test_a_release_that_migrates_the_ledger_and_then_fails_leaves_it_as_it_was(shop: Counter, made: Shelf, unit: Unit) -> None:
    """Byte for byte as it was when the kiosk had been stopped; with all that was sold before."""
    unit.sells(1500)
    new = _stage(made, CANNOT_DRAW, migrates=True)
    kept: list[bytes] = []
    after: list[bytes] = []

    class Looking(Asked):
        def __init__(self) -> None:
            super().__init__(unit)
            self.start = self._start  # type: ignore[method-assign]

        def _start(self) -> None:
            (after if kept else kept).append(shop.ledger.read_bytes())
            unit.start()

    problem = update.look(made, Looking(), _plan(shop), DEAD)
    assert kept == after
    assert problem is not None
    _undone(made, unit, new, problem)
    assert [line["state"] for line in shop.orders() if line["amount"] == 1500] == ["PAID"]


def test_a_power_cut_during_a_trial(shop: Counter, made: Shelf, unit: Unit) -> None:
    """The machine's next start undoes it, ledger and all."""
    unit.sells(1600)
    new = _stage(made, migrates=True)

    class Cut(BaseException):
        pass

    class Pulled(Asked):
        def __init__(self) -> None:
            super().__init__(unit)
            self.ask = self._ask  # type: ignore[method-assign]

        def _ask(self, request: Request) -> Answer:
            answer = unit.asked(request)
            if answer.get("trial") is True:
                unit.down(signal.SIGKILL)
                raise Cut
            return answer

    with pytest.raises(Cut):
        update.look(made, Pulled(), _plan(shop), GOOD)
    assert made.record().attempt.state is State.TRIAL  # type: ignore[union-attr]
    made.slot.unlink()  # /run is empty after it
    made.boot()
    unit.start()
    _undone(made, unit, new, "the machine was switched off, or started anew, during the trial")
    assert [line["state"] for line in shop.orders() if line["amount"] == 1600] == ["PAID"]


def test_an_update_waits_for_an_open_order(shop: Counter, made: Shelf, unit: Unit) -> None:
    """And for whoever stands in front; a kiosk that is held sells nothing until it is let go."""
    new = _stage(made)
    unit.key("1", "7", "0", "0", "QR")
    assert unit.until("ShowingQr") == "ShowingQr"
    waits = f"{new.version} waits: somebody uses the kiosk, or an order is open"
    assert update.look(made, Asked(unit), _plan(shop), GOOD) == waits
    assert "sale is in front" in unit.asked({"do": "hold", "for_s": 60})["problem"]
    People(shop, unit, Random(0))._scan()
    pay(shop, 1700, None)
    assert unit.until("PaidScreen") == "PaidScreen"
    assert unit.asked({"do": "quiet"})["quiet"] is False
    unit.key("OK")
    assert unit.asked({"do": "quiet"})["quiet"] is True
    assert unit.asked({"do": "hold", "for_s": 60})["ok"] is True
    assert unit.screen() == "Updating"
    unit.key("1")
    assert unit.screen() == "Updating"
    assert unit.asked({"do": "hold", "for_s": 0})["ok"] is True
    unit.until("Idle")
    night = Plan(UpdateConfig(hour(0), hour(0)), ZoneInfo("Asia/Hong_Kong"), shop.ledger)
    assert update.look(made, Asked(unit), night, GOOD) == f"{new.version} waits: for the quiet hours"
    assert made.record().attempt.state is State.WAITING  # type: ignore[union-attr]
