"""Feeds a target with its own mutations: each input watched for what it raises, some for what they cost.

Cost is counted, in lines of Python and bytes of memory, so that a busy machine changes no verdict. The one clock is an alarm
of many seconds for what never returns: a regular expression that goes astray runs no line at all.
"""

from __future__ import annotations

import contextlib
import hashlib
import logging
import signal
import sys
import time
import tracemalloc
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from types import FrameType
from typing import Any

from tests.fuzz.mutate import Mutator
from tests.fuzz.target import Target

HANGS_AFTER_S = 10
WEIGH_EVERY = 50
MOST_FLAWS = 20


@dataclass(frozen=True, slots=True)
class Flaw:
    """An input and what it did. `file` holds the input."""

    what: str
    data: bytes = field(repr=False)


@dataclass(slots=True)
class Report:
    """One target's run."""

    target: str
    inputs: int = 0
    seconds: float = 0.0
    weighed: int = 0
    most_lines: int = 0
    most_memory: int = 0
    flaws: list[Flaw] = field(default_factory=list)


def run(target: Target, *, seed: int = 0, seconds: float | None = None, inputs: int | None = None) -> Report:
    """Feed `inputs` mutations, or as many as `seconds` allow. Flaws of one kind are kept once."""
    report = Report(target.name)
    mutator = Mutator(target.seeds, target.words, seed)
    known: set[str] = set()
    began = time.monotonic()
    with _quiet():
        while (inputs is None or report.inputs < inputs) and (seconds is None or time.monotonic() - began < seconds):
            data = mutator.next()
            weigh = report.inputs % WEIGH_EVERY == 0
            flaw = weighed(target, data, report) if weigh else fed(target, data)
            report.inputs += 1
            if flaw is not None and flaw.what not in known and len(known) < MOST_FLAWS:
                known.add(flaw.what)
                report.flaws.append(flaw)
    report.seconds = time.monotonic() - began
    return report


def fed(target: Target, data: bytes) -> Flaw | None:
    """What is wrong with how the target takes `data`."""
    try:
        with _alarm():
            target.feed(data)
    except (KeyboardInterrupt, GeneratorExit, SystemExit):
        raise
    except BaseException as error:  # noqa: BLE001  whatever comes is what is looked for
        return Flaw(_place(error), data)
    return None


def weighed(target: Target, data: bytes, report: Report | None = None) -> Flaw | None:
    """As `fed`, and whether its lines and its memory stay within what its length allows."""
    tracemalloc.start()
    try:
        before = tracemalloc.get_traced_memory()[0]
        flaw = fed(target, data)
        memory = tracemalloc.get_traced_memory()[1] - before
    finally:
        tracemalloc.stop()
    if flaw is not None:
        return flaw
    lines = _Lines()
    with lines:
        flaw = fed(target, data)
    if report is not None:
        report.weighed += 1
        report.most_lines = max(report.most_lines, lines.counted)
        report.most_memory = max(report.most_memory, memory)
    if lines.counted > target.lines + target.lines_a_byte * len(data):
        return Flaw("too many lines", data)
    if memory > target.memory + target.bytes_a_byte * len(data):
        return Flaw("too much memory", data)
    return flaw


def save(flaw: Flaw, target: str, folder: Path) -> Path:
    """Keep the input for a replay."""
    folder.mkdir(parents=True, exist_ok=True)
    file = folder / f"{target}-{hashlib.sha256(flaw.data).hexdigest()[:12]}.bin"
    file.write_bytes(flaw.data)
    return file


def _place(error: BaseException) -> str:
    """The kind of an exception and where it arose: tells one flaw from another."""
    trace, inner = error.__traceback__, None
    while trace is not None:
        if "/kiosk/" in trace.tb_frame.f_code.co_filename or "/tests/" in trace.tb_frame.f_code.co_filename:
            inner = trace
        trace = trace.tb_next
    at = f"{Path(inner.tb_frame.f_code.co_filename).name}:{inner.tb_lineno}" if inner is not None else "?"
    return (
        f"{type(error).__name__} at {at}: {str(error)[:160]!r}"
        if isinstance(error, AssertionError)
        else f"{type(error).__name__} at {at}"
    )


class _Hangs(BaseException):
    """Nothing catches this on its way."""


@contextlib.contextmanager
def _alarm() -> Iterator[None]:
    def ring(_number: int, _frame: FrameType | None) -> None:
        raise _Hangs(f"no end within {HANGS_AFTER_S} s")

    before = signal.signal(signal.SIGALRM, ring)
    signal.alarm(HANGS_AFTER_S)
    try:
        yield
    finally:
        signal.alarm(0)
        signal.signal(signal.SIGALRM, before)


class _Lines:
    """Counts the lines of Python that run inside."""

    def __init__(self) -> None:
        self.counted = 0
        self._before: Any = None

    def __enter__(self) -> None:
        self._before = sys.gettrace()
        sys.settrace(self._trace)

    def __exit__(self, *_: object) -> None:
        sys.settrace(self._before)

    def _trace(self, _frame: FrameType, event: str, _arg: object) -> Any:
        if event == "line":
            self.counted += 1
        return self._trace


@contextlib.contextmanager
def _quiet() -> Iterator[None]:
    """What is refused is also logged; nobody reads a million lines."""
    before = logging.root.manager.disable
    logging.disable(logging.CRITICAL)
    try:
        yield
    finally:
        logging.disable(before)
