"""The log's last lines as a supporter may see them: messages that stand in the program's own text, and fields from a list.

A message that was put together, an argument, a traceback's text: none of it is told, only where in the program it was. So what a
customer, a server or a file may have brought into a log stays out, whatever it is.
"""

from __future__ import annotations

import logging
import re
import threading
from collections import deque
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime
from functools import cache
from pathlib import Path

from kiosk.service import fields_of

MOST = 2000  # lines kept in memory: about a megabyte
OUR_OWN = "kiosk"
FIELDS = frozenset(
    (
        *(
            "because_of",
            "call",
            "calls",
            "code",
            "copy",
            "event_type",
            "exit_code",
            "free",
            "hint",
            "language",
            "ms",
            "offset_ms",
        ),
        *(
            "offset_ms",
            "out_trade_no",
            "outcome",
            "part",
            "problem",
            "rows",
            "silent_s",
            "slip",
            "state",
            "status",
            "stopped",
            "tender",
            "unchecked",
            "why",
        ),
        *("sent_at", "settled_at"),
    )
)
"""Fields whose values are told. Not among them: amounts, WeChat's own numbers, folders, files, devices."""
_LONGEST = 200
# A word with a digit of twelve or more: codes, keys, openids, numbers of WeChat's. Ours have dashes between shorter pieces.
_LIKE_A_SECRET = re.compile(r"(?=[A-Za-z+/=_]*[0-9])[0-9A-Za-z+/=_]{12,}", re.ASCII)
_PLAIN = re.compile(r"[^\x20-\x7e]")


@dataclass(frozen=True, slots=True)
class Line:
    """What is kept of one record, before anything of it is judged."""

    at: float
    level: str
    logger: str
    file: str
    line: int
    message: str
    fields: tuple[tuple[str, object], ...] = field(repr=False)
    raised: tuple[str, ...] = ()


class RecentLines(logging.Handler):
    """Keeps the last MOST records of the kiosk's own loggers. Any thread."""

    def __init__(self) -> None:
        super().__init__(logging.INFO)
        self._kept: deque[Line] = deque(maxlen=MOST)
        self._keeping = threading.Lock()

    def emit(self, record: logging.LogRecord) -> None:
        """Keep it; its arguments are not."""
        if record.name.partition(".")[0] != OUR_OWN:
            return
        raised = tuple(_places(record.exc_info[1])) if record.exc_info and record.exc_info[1] is not None else ()
        fields = tuple((name, value) for name, value in fields_of(record).items() if name in FIELDS)
        kept = Line(
            record.created, record.levelname, record.name, record.pathname, record.lineno, str(record.msg), fields, raised
        )
        with self._keeping:
            self._kept.append(kept)

    def text(self) -> str:
        """All of them, oldest first."""
        with self._keeping:
            kept = list(self._kept)
        return "".join(f"{line}\n" for each in kept for line in told(each))


def told(line: Line) -> Iterator[str]:
    """As it may be told; below it the places of what was raised."""
    constant = line.message in _constants(line.file)
    message = line.message if constant else f"(its text is not told: {Path(line.file).name}:{line.line})"
    fields = ", ".join(f"{name}={_value(value)}" for name, value in line.fields)
    at = datetime.fromtimestamp(line.at, UTC)
    yield f"{at:%Y-%m-%dT%H:%M:%SZ} {line.level} {line.logger}: {message}" + (f" ({fields})" if fields else "")
    yield from (f"    {place}" for place in line.raised)


def _value(value: object) -> str:
    return _LIKE_A_SECRET.sub("(left out)", _PLAIN.sub("?", str(value)))[:_LONGEST]


def _places(error: BaseException) -> Iterator[str]:
    """The kind of error and the lines it came by, innermost last; nothing of what it says."""
    yield type(error).__name__
    trace = error.__traceback__
    while trace is not None:
        code = trace.tb_frame.f_code
        yield f"{Path(code.co_filename).name}:{trace.tb_lineno} {code.co_name}"
        trace = trace.tb_next


@cache
def _constants(file: str) -> frozenset[str]:
    """The texts that stand in a file of the program."""
    import ast  # noqa: PLC0415  only a bundle needs it

    try:
        tree = ast.parse(Path(file).read_text("utf-8"))
    except (OSError, ValueError, SyntaxError):
        return frozenset()
    return frozenset(node.value for node in ast.walk(tree) if isinstance(node, ast.Constant) and isinstance(node.value, str))
