"""`kiosk bundle FILE`: the bundle of a kiosk that runs, from itself; of one that does not, from what lies there."""

from __future__ import annotations

import base64
import time
from collections.abc import Iterator
from dataclasses import asdict
from pathlib import Path

from kiosk import config as configuration
from kiosk import ledgers
from kiosk.config import Config
from kiosk.control.unix_socket import ControlUnavailable, ask
from kiosk.core.checkup import Verdict
from kiosk.core.errors import ConfigError, KioskError, LedgerError
from kiosk.core.expiry import DAY
from kiosk.doctor import command as doctor
from kiosk.doctor.checks import Check
from kiosk.payment.timings import Timings, newest
from kiosk.steward.client import SocketSteward
from kiosk.support import bundle
from kiosk.support.bundle import Part
from kiosk.support.latency import SPEED_DAYS
from kiosk.support.redacted import redacted
from kiosk.written import put_pieces

ANSWER_S = 180.0


def write(path: Path, config_file: Path | None) -> str:
    """Write it to `path`, or into it under a name of its own when it is a folder; returns where. KioskError says why not."""
    at = time.time_ns() // 1_000_000
    config_file = configuration.find(config_file)
    try:
        config = configuration.load(config_file)
    except ConfigError as error:
        name, tar = f"kiosk-{at // 60_000}.tar.gz", _without_config(config_file, error, at)
    else:
        name, tar = bundle.file_name(config, at), _tar(config, at)
    folder, name = (path, name) if path.is_dir() else (path.parent, path.name)
    try:
        put_pieces(folder / name, [bundle.zipped(tar, at)])
    except OSError as error:
        raise KioskError(f"{folder / name} cannot be written ({error.strerror}). Name another place.") from None
    return str(folder / name)


def _tar(config: Config, at: int) -> bytes:
    try:
        answer = ask(config.control.socket, {"do": "bundle", "whole": True}, ANSWER_S)
    except ControlUnavailable:
        return _alone(config, at)
    if "problem" in answer:
        raise KioskError(str(answer["problem"]))
    return base64.b64decode(str(answer["tar"]))


def _alone(config: Config, at: int) -> bytes:
    checks = doctor.examine(config.path)
    orders, timings = [], Timings()
    try:
        with ledgers.to_ask(config) as ledger:
            orders = [asdict(line) for line in ledger.lines(at - bundle.DAYS * DAY, at, include_open=True)]
            timings = newest(lambda before: ledger.scan_to_paid(at - SPEED_DAYS * DAY, before))
    except LedgerError as error:
        checks.append(Check("ledger", Verdict.FAIL, str(error), "See the ledger's own check."))
    found = bundle.parts(config, checks, timings, orders, "No kiosk runs: what it said last is in the journal.\n", at)
    return bundle.packed([*found, *_system()], bundle.secrets_of(config), at)


def _without_config(path: Path, error: ConfigError, at: int) -> bytes:
    """What is left to tell when kiosk.toml is wrong: how many mistakes, in which keys; and what of it may be shown."""
    mistakes = "".join(f"{problem.partition(' = ')[0][:80]}\n" for problem in error.problems)
    found = [Part("mistakes.txt", mistakes.encode("utf-8", "replace")), Part("kiosk.toml", redacted(path).encode()), *_system()]
    return bundle.packed(found, (), at)


def _system() -> Iterator[Part]:
    try:
        yield Part("system.tar", SocketSteward().bundle())
    except KioskError as error:
        yield Part("system-missing.txt", f"{error}\n".encode("utf-8", "replace"))
