"""One look at a waiting update, and in a quiet hour its trial: `python -m kiosk.release.update`, each few minutes, as root.

Runs from the release in the package, so that the one that judges is never the one that is judged. Whoever ends this process in
the middle leaves a trial behind, and the next look, or the next boot, undoes it.
"""

from __future__ import annotations

import logging
import os
import subprocess
import sys
import time
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, tzinfo
from pathlib import Path
from typing import Protocol

from kiosk import config
from kiosk.config.update import UpdateConfig
from kiosk.control.unix_socket import Answer, ControlFailed, ControlUnavailable, Request, ask
from kiosk.core.errors import KioskError
from kiosk.release.shelf import Shelf
from kiosk.release.trial import LOST, Began, Failed, Healthy, Manifest, ReleaseRefused, State, lacking, may_stage

_log = logging.getLogger(__name__)

CALM_S = 60  # so long nobody has pressed a key
HOLD_S = 120  # the kiosk sells on after that, should nothing come of it
BROKEN_OFF = "the update was broken off"
_STOP_S = 90
_WORDS = {
    "drawn": "draw its screen",
    "ledger": "open its ledger",
    "reached": "reach WeChat Pay",
    "scanner": "look through its camera",
    "started": "start",
    "signed": "ask WeChat Pay a signed question",
}


class Counter(Protocol):
    """The kiosk that is stopped, started and asked."""

    def stop(self) -> None:
        """Until it is down, and its scanner too."""

    def start(self) -> None:
        """Begin to start; it need not come up."""

    def ask(self, request: Request) -> Answer:
        """Its answer over the control socket; a problem when it gives none."""


@dataclass(frozen=True, slots=True)
class Plan:
    """When and of what. `ledger`: the file."""

    quiet: UpdateConfig
    zone: tzinfo
    ledger: Path


@dataclass(frozen=True, slots=True)
class Patience:
    """How long is waited for what, in seconds. `steady_s`: so long all has to be well before it is believed."""

    trial_s: float = 180.0
    steady_s: float = 15.0
    look_s: float = 1.0
    sleep: Callable[[float], None] = time.sleep
    now: Callable[[], float] = time.monotonic


def look(shelf: Shelf, counter: Counter, plan: Plan, patience: Patience) -> str:
    """Try the update that waits, if there is one and the hour is right; in words, what was done."""
    attempt = shelf.record().attempt
    if attempt is not None and attempt.state is State.TRIAL:
        _undo(shelf, counter, BROKEN_OFF)
        return BROKEN_OFF
    if attempt is None or attempt.state is not State.WAITING:
        return "no update waits"
    running = shelf.running()
    new = next((manifest for manifest in shelf.there() if manifest.version == attempt.version), None)
    if new is None:
        shelf.sweep(shelf.happened(Failed(LOST)))
        return LOST
    try:
        may_stage(new, running, shelf.record())
    except ReleaseRefused as error:  # a newer package was installed meanwhile
        shelf.sweep(shelf.happened(Failed(str(error))))
        return str(error)
    well = _list(counter.ask({"do": "health"}).get("well"))
    why = _not_now(counter.ask({"do": "quiet"}), well, plan)
    if why is None and "problem" in (held := counter.ask({"do": "hold", "for_s": HOLD_S})):
        why = str(held["problem"])
    if why is not None:
        return f"{new.version} waits: {why}"
    return _try(shelf, counter, Trial(new, running, well), plan, patience)


@dataclass(frozen=True, slots=True)
class Trial:
    """`well`: what worked under the release before."""

    new: Manifest
    before: Manifest
    well: list[str]


def _try(shelf: Shelf, counter: Counter, trial: Trial, plan: Plan, patience: Patience) -> str:
    version = trial.new.version
    _log.info("an update goes on trial: %s after %s", version, trial.before.version)
    counter.stop()
    shelf.keep_ledger(plan.ledger)
    shelf.happened(Began(migrates=trial.new.ledger != trial.before.ledger))
    counter.start()
    missing = _watch(counter, trial, patience)
    if missing:
        words = ", ".join(_WORDS.get(part, part) for part in missing)
        problem = f"{version} did not {words} within {patience.trial_s:.0f} s"
        _undo(shelf, counter, problem)
        return problem
    shelf.sweep(shelf.happened(Healthy()))
    counter.stop()
    counter.start()  # it sells from now on
    return f"updated to {version}"


def _watch(counter: Counter, trial: Trial, patience: Patience) -> tuple[str, ...]:
    """What a kiosk on trial does not do in time; nothing: it is well, and stayed so for a while."""
    until, since = patience.now() + patience.trial_s, None
    while True:
        answer = counter.ask({"do": "health"})
        itself = answer.get("version") == trial.new.version and answer.get("trial") is True
        missing = lacking(trial.well, _list(answer.get("well"))) if itself else ("started",)
        now = patience.now()
        since = None if missing else now if since is None else since
        if since is not None and now - since >= patience.steady_s:
            return ()
        if now >= until:
            return missing or ("stay well",)
        patience.sleep(patience.look_s)


def _undo(shelf: Shelf, counter: Counter, problem: str) -> None:
    _log.warning("the update is undone: %s", problem)
    counter.stop()
    shelf.end_trial(Failed(problem))
    counter.start()


def _not_now(quiet: Answer, well: list[str], plan: Plan) -> str | None:
    """Why the trial does not begin; None: it may."""
    now_ms, since_s = quiet.get("now"), quiet.get("since_s")
    if not isinstance(now_ms, int) or quiet.get("clock_known") is not True:
        return "the kiosk does not answer, or does not know the time"
    if not plan.quiet.holds(datetime.fromtimestamp(now_ms / 1000, plan.zone).time()):
        return "for the quiet hours"
    if quiet.get("quiet") is not True or not isinstance(since_s, int) or since_s < CALM_S:
        return "somebody uses the kiosk, or an order is open"
    if not {"reached", "signed"} <= set(well):
        return "WeChat Pay is not reached now, and nobody could tell whether the update works"
    return None


def _list(value: object) -> list[str]:
    return [str(item) for item in value] if isinstance(value, list) else []


class SystemdCounter:
    """The kiosk as a unit."""

    def __init__(self, socket: Path) -> None:
        self._socket = socket

    def stop(self) -> None:
        _systemctl("stop", "kiosk.service", "kiosk-scanner.service")

    def start(self) -> None:
        _systemctl("start", "--no-block", "kiosk.service")

    def ask(self, request: Request) -> Answer:
        try:
            return ask(self._socket, request)
        except (ControlUnavailable, ControlFailed) as error:
            return {"problem": str(error)}


def _systemctl(*words: str) -> None:
    """Whatever comes of it: a kiosk that does not start is judged by its silence."""
    subprocess.run(["systemctl", *words], check=False, timeout=_STOP_S)  # noqa: S603, S607  words of our own


def main() -> int:
    """Exit code 1 when the settings or the folder cannot be read."""
    logging.basicConfig(level=logging.INFO, format="%(message)s")
    try:
        quiet, merchant, ledger, control = config.load_update(config.find())
        patience = Patience(trial_s=float(os.environ.get("KIOSK_TRIAL_S", "180")))
        said = look(Shelf(), SystemdCounter(control.socket), Plan(quiet, merchant.time_zone, ledger.path), patience)
    except (OSError, KioskError, subprocess.TimeoutExpired) as error:
        _log.error("no update: %s", error)
        return 1
    _log.info("%s", said)
    return 0


if __name__ == "__main__":
    sys.exit(main())
